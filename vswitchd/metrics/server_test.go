package metrics

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vswitch/config"
	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// holdable is a slow path that can be held.
type holdable struct {
	datapath.SlowPath
	hold, held, goOn chan struct{}
}

func (h *holdable) Upcall(u *datapath.Upcall, v *datapath.Verdict) error {
	select {
	case <-h.hold:
		close(h.held)
		<-h.goOn
	default:
	}
	return h.SlowPath.Upcall(u, v)
}

// bench is a running switch with two dummy ports and a server.
type bench struct {
	*testing.T
	slow   *holdable
	source Source
	ports  []*dummy.Port
	server *Server
}

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	b := &bench{T: t, slow: &holdable{hold: make(chan struct{}, 1), held: make(chan struct{}), goOn: make(chan struct{})}}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) + 1 }
	sw := ofproto.New(ofproto.Options{})
	b.slow.SlowPath = sw
	dp, err := datapath.New(b.slow, datapath.Options{Workers: 2, Clock: now,
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }})
	if err != nil {
		t.Fatal(err)
	}
	sw.SetDatapath(dp)
	dp.Start()
	bridge, err := sw.AddBridge("br0", ofproto.BridgeConfig{DatapathID: 1, FailMode: ofproto.FailSecure}, now())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p1", "p2"} {
		p := dummy.New(dummy.Options{Name: name})
		id, err := dp.AddPort(p, datapath.PortOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bridge.AddPort(ofproto.PortConfig{Name: name}, id, ofproto.PortInfo{Carrier: true, AdminUp: true, Present: true}, now()); err != nil {
			t.Fatal(err)
		}
		b.ports = append(b.ports, p)
	}
	var flows []*openflow.FlowMod
	for _, line := range []string{"cookie=0x11,in_port=1,actions=output:2", "cookie=0x12,in_port=2,actions=drop", "cookie=0x21,priority=40000,dl_type=0x88b6,actions=controller"} {
		f, err := text.ParseFlow(line, text.Options{})
		if err != nil {
			t.Fatal(err)
		}
		flows = append(flows, f)
	}
	if _, err := bridge.ReplaceFlows("test", flows, now()); err != nil {
		t.Fatal(err)
	}
	session := bridge.NewSession(ofproto.SessionOptions{Kind: ofproto.Controller, Name: "c", PacketIns: ofproto.PacketInLimits{Rate: 1, Burst: 1, Queue: 1}}, now())
	hello, err := openflow.Append(nil, openflow.V13, 1, &openflow.Hello{Versions: openflow.Versions(openflow.V13), Bitmap: true})
	if err != nil {
		t.Fatal(err)
	}
	session.Input(hello, now())
	b.source = Source{Version: "1", Datapath: dp, Switch: sw, Cookies: []config.Cookie{{Value: 0x10, Mask: 0xf0}, {Value: 0x12, Mask: ^uint64(0)}},
		State: func() State { return State{Ready: true, Troubles: 3, Certificate: began} },
		Controllers: func() []Controller {
			return []Controller{{Bridge: "br0", Target: "tcp:127.0.0.1:6653", Connected: true, Role: "equal", Since: 5 * time.Second, Connections: 1}}
		}}
	o.Listen, o.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	if b.server, err = Listen(o, b.source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		session.Close(now())
		if err := errors.Join(b.server.Close(), dp.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// get asks for a path, and wants a code. Any goroutine.
func (b *bench) get(path string, code int) string {
	b.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + b.server.Address() + path)
	if err != nil {
		b.Error(err)
		return ""
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != code {
		b.Errorf("%s: %s, %v:\n%s", path, r.Status, err, body)
	}
	return string(body)
}

// frame is a frame that nobody knows.
func frame() []byte {
	return append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5"), make([]byte, 46)...)
}

// TestFamilies wants every family of the table to have series, and what comes to be
// what the table says.
func TestFamilies(t *testing.T) {
	b := newBench(t, Options{})
	b.ports[0].Inject(0, frame())
	b.ports[1].Inject(0, frame())
	asking := frame()
	asking[13]++
	for range 3 { // one goes, one waits, and there is no room for both of them
		b.ports[0].Inject(0, asking)
	}
	for range 2 { // the workers may have been in a turn already
		b.source.Datapath.Trial(t.Context())
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(newCollector(b.source)); err != nil {
		t.Fatal(err)
	}
	got, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range got {
		seen[f.GetName()] = true
	}
	for _, f := range Families() {
		if !seen[f.Name] {
			t.Errorf("%s has no series", f.Name)
		}
		if f.Kind == prometheus.CounterValue != strings.HasSuffix(f.Name, "_total") {
			t.Errorf("%s: only what only grows ends in _total", f.Name)
		}
		for _, ending := range []string{"_count", "_sum", "_bucket"} { // which mean something else to promtool
			if strings.HasSuffix(f.Name, ending) {
				t.Errorf("%s ends in %s", f.Name, ending)
			}
		}
	}
	page := b.get("/metrics", http.StatusOK)
	for _, line := range []string{
		`vswitch_port_receive_packets_total{bridge="br0",port="p1"} 4`,
		`vswitch_port_transmit_bytes_total{bridge="br0",port="p2"} 60`,
		`vswitch_port_drops_total{bridge="br0",direction="receive",port="p2",reason="flow"} 1`,
		`vswitch_port_info{bridge="br0",ofport="LOCAL",port="br0"} 1`,
		`vswitch_cookie_flows{bridge="br0",cookie="0x10/0xf0"} 2`,
		`vswitch_cookie_flows{bridge="br0",cookie="0x12"} 1`,
		`vswitch_table_flows{bridge="br0",table="0"} 3`,
		`vswitch_openflow_messages_total{bridge="br0",direction="out",type="OFPT_HELLO"} 1`,
		`vswitch_packet_ins_waiting{bridge="br0",port="p1",reason="action"} 1`,
		`vswitch_packet_ins_dropped_total{bridge="br0",port="p1",reason="action"} 1`,
		`vswitch_controller_role{bridge="br0",role="equal",target="tcp:127.0.0.1:6653"} 1`,
		`vswitch_frames_imbalance 0`,
		`vswitch_troubles 3`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("no line %s in\n%s", line, page)
		}
	}
	for _, prefix := range []string{"\ngo_goroutines ", "\nprocess_open_fds "} {
		if !strings.Contains(page, prefix) {
			t.Errorf("nothing begins with %q", prefix)
		}
	}
}

// TestHealth holds a worker: it must be named, and the metrics must still be there.
func TestHealth(t *testing.T) {
	b := newBench(t, Options{})
	if text := b.get("/healthz", http.StatusOK); text != "ok: 2 workers\n" {
		t.Errorf("a healthy switch says %q", text)
	}
	b.slow.hold <- struct{}{}
	b.ports[0].Inject(0, frame())
	<-b.slow.held
	if text := b.get("/healthz", http.StatusServiceUnavailable); text != "not healthy: 2 workers\nworker 0: hangs: the frame did not come back within 1s\n" {
		t.Errorf("a switch whose worker hangs says %q", text)
	}
	var h Health
	if err := json.Unmarshal([]byte(b.get("/healthz?format=json", http.StatusServiceUnavailable)), &h); err != nil {
		t.Fatal(err)
	}
	if h.Healthy || !h.Ready || len(h.Workers) != 2 || h.Workers[0].Error == "" || h.Workers[1].Error != "" {
		t.Errorf("as JSON: %+v", h)
	}
	if page := b.get("/metrics", http.StatusOK); !strings.Contains(page, "vswitch_cache_lookups_total") {
		t.Errorf("metrics meanwhile:\n%s", page)
	}
	close(b.slow.goOn)
	b.get("/healthz", http.StatusOK)
}

// TestClients has more peers connect than may, who say nothing or half a request,
// and wants a scrape to be answered all the same, and those that are too many to be
// closed.
func TestClients(t *testing.T) {
	b := newBench(t, Options{})
	closed := make(chan struct{}, maxConnections+20)
	for i := range maxConnections + 20 {
		c, err := net.Dial("tcp", b.server.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i%2 == 0 {
			if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				closed <- struct{}{}
			}
		}()
	}
	done := make(chan struct{})
	for range 8 {
		go func() {
			b.get("/metrics", http.StatusOK)
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	for range 20 {
		<-closed
	}
	b.get("/nothing", http.StatusNotFound)
	r, err := http.Post("http://"+b.server.Address()+"/metrics", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Body.Close(); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", r.Status)
	}
}

// TestPprof wants profiles only where they were asked for, also after a change.
func TestPprof(t *testing.T) {
	b := newBench(t, Options{})
	b.get("/debug/pprof/", http.StatusNotFound)
	if err := b.server.Change(Options{Pprof: true}, b.source); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile:", "/debug/pprof/cmdline": "metrics"} {
		if text := b.get(path, http.StatusOK); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in\n%.300s", path, want, text)
		}
	}
	if _, err := Listen(Options{Listen: b.server.Address(), Log: slog.New(slog.DiscardHandler)}, b.source); err == nil {
		t.Error("a second server at one address")
	}
}
