package system

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"vswitch/control"
)

const metricsConfig = `
metrics: {listen: "127.0.0.1:%d", cookies: [0x5, 0x10/0xf0]}
datapath: {workers: 2}
bridges:
  - name: br0
    controllers: ["tcp:127.0.0.1:1"]
    flows: |
      cookie=0x5,priority=5,icmp,actions=NORMAL
      cookie=0x11,priority=4,udp,tp_dst=9,actions=drop
      priority=0,actions=NORMAL
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, address: [10.0.0.2/24]}
`

// scrape is the metrics at a moment. It must be what Prometheus can read.
type scrape map[string]*dto.MetricFamily

func (s *vswitch) curl(words ...string) string {
	s.Helper()
	return s.in("switch", append([]string{"curl", "-sS", "--max-time", "20"}, words...)...)
}

func (s *vswitch) scrape(port int) scrape {
	s.Helper()
	page := s.curl("--fail", fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		s.Fatalf("%v in\n%s", err, page)
	}
	// Debian's package prometheus is large for one word of advice; where it is
	// installed it is asked.
	if _, err := exec.LookPath("promtool"); err == nil {
		file := s.write("metrics", page)
		if out, err := s.exec("sh", "-c", "promtool check metrics <"+file); err != nil {
			s.Errorf("promtool: %v: %s", err, out)
		}
	}
	return families
}

// value is that of the one series with these labels, "name=value".
func (f scrape) value(s *vswitch, name string, labels ...string) float64 {
	s.Helper()
	if f[name] == nil {
		s.Fatalf("no %s", name)
	}
	for _, m := range f[name].GetMetric() {
		n := 0
		for _, l := range m.GetLabel() {
			for _, want := range labels {
				if want == l.GetName()+"="+l.GetValue() {
					n++
				}
			}
		}
		if n == len(labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return 0
}

// TestMetrics scrapes while packets cross, and compares with what ofctl says.
func TestMetrics(t *testing.T) {
	l := newLab(t, "ping", "curl")
	l.makeQuietHost("h1")
	l.makeQuietHost("h2")
	s := l.run(fmt.Sprintf(metricsConfig, 9475))
	flood := s.spawn("h1", "ping", "-n", "-q", "-f", "-i", "0.0005", ip2)
	crossed := func(at float64) {
		t.Helper()
		s.await("the counters go up", func() error {
			if v := s.scrape(9475).value(s, "vswitch_cookie_packets", "bridge=br0", "cookie=0x5"); v <= at {
				return fmt.Errorf("%v packets", v)
			}
			return nil
		})
	}
	crossed(100)
	before := s.scrape(9475)
	crossed(before.value(s, "vswitch_cookie_packets", "cookie=0x5") + 1000)
	flood.interrupt()
	s.in("h1", "bash", "-c", "echo x >/dev/udp/10.0.0.2/9")
	s.await("the drop is counted", func() error {
		if n := s.scrape(9475).value(s, "vswitch_port_drops_total", "port=h1", "reason=flow", "direction=receive"); n != 1 {
			return fmt.Errorf("%v drops", n)
		}
		return nil
	})
	now := s.scrape(9475)
	for _, p := range mustAsk[control.PortsReply](s, "appctl", "ports") {
		for name, want := range map[string]uint64{
			"receive_packets": p.Rx.Packets, "receive_bytes": p.Rx.Bytes, "receive_segments": p.Rx.Segments,
			"transmit_packets": p.Tx.Packets, "transmit_bytes": p.Tx.Bytes, "transmit_multicast": p.Tx.Multicast,
		} {
			if got := now.value(s, "vswitch_port_"+name+"_total", "bridge=br0", "port="+p.Port); got != float64(want) {
				t.Errorf("port %s: %s: %v, and ofctl says %d", p.Port, name, got, want)
			}
		}
	}
	for _, w := range mustAsk[control.WorkersReply](s, "appctl", "workers") {
		worker := fmt.Sprintf("worker=%d", w.Worker)
		if got := now.value(s, "vswitch_cache_lookups_total", worker, "result=exact"); got != float64(w.ExactHits) {
			t.Errorf("worker %d: %v hits, and ofctl says %d", w.Worker, got, w.ExactHits)
		}
	}
	ledger := mustAsk[control.LedgerReply](s, "appctl", "ledger")
	if got := now.value(s, "vswitch_frames_total", "account=received"); got != float64(ledger.Received) || got < 1000 {
		t.Errorf("%v frames received, and the ledger says %d", got, ledger.Received)
	}
	for _, x := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"vswitch_frames_imbalance", nil, 0},
		{"vswitch_ready", nil, 1},
		{"vswitch_troubles", nil, 0},
		{"vswitch_cookie_flows", []string{"cookie=0x10/0xf0"}, 1},
		{"vswitch_table_flows", []string{"table=0"}, 3},
		{"vswitch_mac_entries", []string{"kind=learned"}, 2},
		{"vswitch_controller_connected", []string{"target=tcp:127.0.0.1:1"}, 0},
		{"vswitch_port_up", []string{"port=h1"}, 1},
	} {
		if got := now.value(s, x.name, x.labels...); got != x.want {
			t.Errorf("%s %v: %v, want %v", x.name, x.labels, got, x.want)
		}
	}
	if text := s.curl("--fail", "http://127.0.0.1:9475/healthz"); text != "ok: 2 workers\n" {
		t.Errorf("health: %q", text)
	}
}

// TestMetricsReload moves the address while the switch runs, to one that is taken
// and to one that is free.
func TestMetricsReload(t *testing.T) {
	l := newLab(t, "curl", python)
	s := l.launch(fmt.Sprintf(metricsConfig, 9475))
	other := s.spawn("switch", python, "-m", "http.server", "--bind", "127.0.0.1", "9476")
	s.await("the address is taken", func() error {
		if text := s.in("switch", "ss", "-Hltn", "sport = 9476"); !strings.Contains(text, "9476") {
			return fmt.Errorf("%q", text)
		}
		return nil
	})
	s.faulty = true
	s.write(configFile, fmt.Sprintf(metricsConfig, 9476))
	s.ofctl("reload")
	trouble, err := s.trouble("setting metrics")
	if err != nil || trouble.State != "failed" || !strings.Contains(trouble.Reason, "address already in use") {
		t.Errorf("an address that is taken: %+v, %v", trouble, err)
	}
	s.scrape(9475) // the old one goes on
	other.interrupt()
	s.ofctl("reload")
	s.scrape(9476)
	if out, err := s.tryIn("switch", "curl", "-sS", "http://127.0.0.1:9475/"); err == nil {
		t.Errorf("the old address still answers: %s", out)
	}
	s.write(configFile, strings.Replace(fmt.Sprintf(metricsConfig, 9476), "cookies:", "pprof: true, cookies:", 1))
	s.ofctl("reload")
	if text := s.curl("--fail", "http://127.0.0.1:9476/debug/pprof/goroutine?debug=1"); !strings.Contains(text, "vswitch/vswitchd/daemon") {
		t.Errorf("goroutines:\n%s", text)
	}
}
