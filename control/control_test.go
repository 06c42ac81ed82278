package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// serve answers over one end of a pipe until the test ends, and returns the other.
func serve(t *testing.T, s *Server) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- s.Serve(there)
		there.Close()
	}()
	t.Cleanup(func() {
		here.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return here
}

var testHandlers = map[Method]Handler{
	Version: func([]string) (Reply, error) {
		return VersionReply{"vswitchd", "v1", "go1", []string{"OpenFlow10"}}, nil
	},
	Exit:  func(args []string) (Reply, error) { return Plain("bye " + strings.Join(args, ",")), nil },
	Drops: func([]string) (Reply, error) { return DropsReply(nil), nil },
	FDBShow: func(args []string) (Reply, error) {
		if args[0] != "br0" {
			return nil, errors.New("no such bridge")
		}
		return FDBReply{{"br0", []FDBEntry{{1, "h1", 5, "50:54:00:00:00:09", 0, true}}}}, nil
	},
}

func TestClientAndServer(t *testing.T) {
	c := NewClient(serve(t, NewServer(testHandlers)))
	for _, want := range []string{"vswitchd (vswitch) v1\n", "vswitchd (vswitch) v1\n"} {
		if text, err := c.Text(Version); text != want || err != nil {
			t.Errorf("%q, %v, want %q", text, err, want)
		}
		v, err := Ask[VersionReply](c, Version)
		if want := (VersionReply{"vswitchd", "v1", "go1", []string{"OpenFlow10"}}); !reflect.DeepEqual(v, want) || err != nil {
			t.Errorf("%+v, %v, want %+v", v, err, want)
		}
	}
	if raw, err := c.JSON(Exit, "--cleanup"); string(raw) != `{"reply-format":"plain","reply":"bye --cleanup\n"}` || err != nil {
		t.Errorf("%s, %v", raw, err)
	}
	if p, err := Ask[Plain](c, Exit); p != "bye \n" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if raw, err := c.JSON(Drops); string(raw) != "[]" || err != nil {
		t.Errorf("an empty list is %s, %v", raw, err)
	}
	list, err := Ask[CommandList](c, ListCommands)
	var names []string
	for _, l := range list {
		names = append(names, string(l.Method))
	}
	if want := []string{"drops", "exit", "fdb/show", "list-commands", "set-options", "version"}; !slices.Equal(names, want) || err != nil {
		t.Errorf("commands %q, %v, want %q", names, err, want)
	}
}

func TestRemoteErrors(t *testing.T) {
	c := NewClient(serve(t, NewServer(testHandlers)))
	for _, call := range []struct {
		method Method
		args   []string
		want   string
	}{
		{"foo", nil, `"foo" is not a valid command (use "list-commands" to see a list of valid commands)`},
		{Reload, nil, `"reload" is not a valid command (use "list-commands" to see a list of valid commands)`},
		{FDBShow, nil, `"fdb/show" command requires at least 1 arguments`},
		{Version, []string{"x"}, `"version" command takes at most 0 arguments`},
		{FDBShow, []string{"br9"}, "no such bridge"},
		{SetOptions, []string{"--format", "xml"}, `"set-options" command: unknown format "xml": use text or json`},
		{SetOptions, []string{"--loud"}, `"set-options" command: unknown option "--loud": use --format text or --format json`},
	} {
		_, err := c.Text(call.method, call.args...)
		if !IsRemote(err) || err.Error() != call.want {
			t.Errorf("%s %q: %v, want %q", call.method, call.args, err, call.want)
		}
	}
}

// duplex joins two directions into a stream.
type duplex struct {
	io.Reader
	io.Writer
}

// exchange sends a text to a server and returns what comes back before it hangs up.
func exchange(s *Server, text string) (string, error) {
	var out bytes.Buffer
	err := s.Serve(duplex{strings.NewReader(text), &out})
	return out.String(), err
}

// TestServerBytes wants replies to the byte, and the end of the connection on what is
// no request.
func TestServerBytes(t *testing.T) {
	const version = `{"id":0,"result":"vswitchd (vswitch) v1\n","error":null}`
	for _, c := range []struct{ name, in, out, err string }{
		{"request", `{"id":0,"method":"version","params":[]}`, version, ""},
		{"two at once", `{"id":0,"method":"version","params":[]}{"id":0,"method":"version","params":[]}`, version + version, ""},
		{"any id", `{"id":{"a":[1]},"method":"foo/bar","params":[]}`,
			`{"id":{"a":[1]},"result":null,"error":"\"foo/bar\" is not a valid command (use \"list-commands\" to see a list of valid commands)\n"}`, ""},
		{"arguments that are no strings", `{"id":0,"method":"exit","params":[5]}`, `{"id":0,"result":null,"error":"\"exit\" command takes only strings as arguments\n"}`, ""},
		{"format as one word", `{"id":0,"method":"set-options","params":["--format=json"]}{"id":1,"method":"drops","params":[]}`,
			`{"id":0,"result":{"reply-format":"plain","reply":""},"error":null}{"id":1,"result":[],"error":null}`, ""},
		{"notification", `{"id":null,"method":"version","params":[]}`, "", "received a notification"},
		{"reply", `{"id":0,"result":1,"error":null}`, "", "received a result"},
		{"array", `[1]`, "", "not a JSON object"},
		{"no parameters", `{"id":0,"method":"version"}`, "", `must have "params"`},
		{"end within a message", `{"id":0,`, "", "unexpected EOF"},
		{"too large", `{"id":"` + strings.Repeat("x", maxRequest), "", "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := exchange(NewServer(testHandlers), c.in)
			if out != c.out {
				t.Errorf("answered %s\nwant %s", out, c.out)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// TestClientDistrusts feeds a client with replies that no server should send.
func TestClientDistrusts(t *testing.T) {
	for _, c := range []struct{ reply, want string }{
		{`{"id":7,"result":"x","error":null}`, "the reply is to another request"},
		{`{"id":0,"result":5,"error":null}`, "the result is not a string"},
		{`{"id":0,"method":"version","params":[]}`, "received a request instead of a reply"},
		{`{"id":0,"result":`, "unexpected EOF"},
		{``, "EOF"},
	} {
		client := NewClient(duplex{strings.NewReader(c.reply), io.Discard})
		if _, err := client.Text(Version); err == nil || IsRemote(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.reply, err, c.want)
		}
	}
	client := NewClient(duplex{strings.NewReader(`{"id":0,"result":null,"error":{"a":1}}`), io.Discard})
	if _, err := client.Text(Version); !IsRemote(err) || err.Error() != `{"a":1}` {
		t.Errorf("an error that is no string: %v", err)
	}
}

func TestTable(t *testing.T) {
	list := Commands()
	if !slices.IsSortedFunc(list, func(a, b Command) int { return strings.Compare(string(a.Method), string(b.Method)) }) {
		t.Error("the table is not sorted")
	}
	for _, c := range list {
		if c.Least > c.Most || c.Summary == "" || (c.Usage == "") != (c.Most == 0) {
			t.Errorf("%+v", c)
		}
	}
	for _, m := range []Method{"no-such", ListCommands, SetOptions} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a handler for %q was accepted", m)
				}
			}()
			NewServer(map[Method]Handler{m: func([]string) (Reply, error) { return Plain(""), nil }})
		}()
	}
}

// TestAppctl lets the real ovs-appctl ask.
func TestAppctl(t *testing.T) {
	tool, err := exec.LookPath("ovs-appctl")
	if err != nil {
		t.Skip("ovs-appctl is not installed (Debian: openvswitch-common)")
	}
	path := filepath.Join(t.TempDir(), "vswitchd.ctl")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(testHandlers)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if err := server.Serve(conn); err != nil {
				t.Errorf("serve: %v", err)
			}
			conn.Close()
		}
	}()
	defer func() {
		listener.Close()
		<-done
	}()
	for _, c := range []struct {
		args   string
		out    string
		errors string
	}{
		{"version", "vswitchd (vswitch) v1\n", ""},
		{"exit --cleanup", "bye --cleanup\n", ""},
		{"fdb/show br0", " port  VLAN  MAC                Age\n    1     5  50:54:00:00:00:09  static\n", ""},
		{"list-commands", "The available commands are:\n  drops                   [bridge|port]...\n  exit                    [--cleanup]\n" +
			"  fdb/show                bridge...\n  list-commands\n  set-options             [--format text|json]\n  version\n", ""},
		{"fdb/show br9", "", "no such bridge\novs-appctl: " + path + ": server returned an error\n"},
	} {
		var out, errs bytes.Buffer
		cmd := exec.Command(tool, append([]string{"-t", path}, strings.Fields(c.args)...)...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		if out.String() != c.out || errs.String() != c.errors || (err == nil) != (c.errors == "") {
			t.Errorf("ovs-appctl %s: %v\n%q %q\nwant %q %q", c.args, err, out.String(), errs.String(), c.out, c.errors)
		}
	}
}

// FuzzServer wants a server to answer each request of a stream once, with its id,
// whatever else the stream holds.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		`{"id":0,"method":"version","params":[]}{"id":1,"method":"fdb/show","params":["br0"]}`,
		`{"id":"x","method":"set-options","params":["--format","json"]}{"id":0,"method":"exit","params":["a"]}`,
		`{"id":0,"method":"fdb/show","params":[null]}`, `{"method":"x","params":[]}`, `{"id":0`,
	} {
		f.Add([]byte(s))
	}
	server := NewServer(testHandlers)
	f.Fuzz(func(t *testing.T, text []byte) {
		out, err := exchange(server, string(text))
		d := json.NewDecoder(strings.NewReader(out))
		n := 0
		for ; ; n++ {
			var reply map[string]any
			if errReply := d.Decode(&reply); errors.Is(errReply, io.EOF) {
				break
			} else if errReply != nil || len(reply) != 3 || reply["id"] == nil || (reply["result"] == nil) == (reply["error"] == nil) {
				t.Fatalf("%q: reply %v, %v", text, reply, errReply)
			}
		}
		if err == nil && bytes.Count(text, []byte(`"id"`)) < n {
			t.Fatalf("%q: %d replies", text, n)
		}
	})
}

// TestNoNullLists wants every list of every reply to be a list when it is empty.
func TestNoNullLists(t *testing.T) {
	for _, r := range []Reply{StatusReply{Bridges: []BridgeStatus{{}}}, ReloadReply{}, FDBReply{{}}, DropsReply{{}}, PortsReply{{}}, VersionReply{}} {
		text, err := json.Marshal(r)
		if err != nil || bytes.Contains(text, []byte("null")) {
			t.Errorf("%T: %s, %v", r, text, err)
		}
	}
}

func ExampleStatusReply_Text() {
	fmt.Print(StatusReply{
		Version: "v1", PID: 42, Uptime: 63.7, Ready: true, Config: "switch.yaml",
		Workers:  []WorkerStatus{{0, "syscall", []string{"h1:0", "up:0"}, ""}, {1, "syscall", nil, "50µs or 32 frames"}},
		Troubles: []Trouble{{"port up", "failed", "no device eth9: make it or correct ifname"}},
		Notes:    []string{"huge pages are not used"},
		Bridges: []BridgeStatus{{
			Name: "br0", DatapathID: "0000000000000001", FailMode: "secure", Flows: 3, MACs: 2, Listen: []string{"ptcp:6654"},
			Controllers: []ControllerStatus{
				{"tcp:127.0.0.1:6653", true, 5, "OpenFlow13", "master", ""},
				{"unix:/c", false, 3700, "", "", "connection refused"},
			},
			Ports: []PortStatus{
				{Name: "br0", OFPort: 0xfffffffe, Type: "internal", State: "ok", MAC: "02:00:00:00:00:01", MTU: 1500, Carrier: true, AdminUp: true, Queues: 1},
				{Name: "h1", OFPort: 1, Type: "tap", State: "ok", Netns: "h1", Device: "eth0", Address: []string{"10.0.0.1/24", "fd00::1/64"},
					Queues: 2, AdminUp: true, Offloads: []string{"csum", "tso4"}, Notes: []string{"USO is not supported by this kernel"}},
				{Name: "p0", OFPort: 2, Type: "patch", State: "ok", Peer: "p1", Carrier: true, AdminUp: true},
				{Name: "up", OFPort: 3, Type: "system", State: "failed", Reason: "no device eth9: make it or correct ifname"},
			},
		}},
	}.Text())
	// Output:
	// vswitchd v1, pid 42, ready, up 1m3s
	// configuration: switch.yaml
	// FAILED: port up: no device eth9: make it or correct ifname
	// note: huge pages are not used
	// worker 0: syscall, queues: h1:0 up:0
	// worker 1: syscall, waits for 50µs or 32 frames, queues: none
	// bridge br0: datapath 0000000000000001, secure, 3 flows, 2 MACs
	//   listens on ptcp:6654
	//   controller tcp:127.0.0.1:6653: connected for 5s, OpenFlow13, role master
	//   controller unix:/c: not connected for 1h1m40s: connection refused
	//   port br0: ok; LOCAL internal, 02:00:00:00:00:01, mtu 1500
	//   port h1: ok; 1 tap, device eth0, in namespace h1, 10.0.0.1/24 fd00::1/64, 2 queues, no carrier, offloads csum tso4
	//     note: USO is not supported by this kernel
	//   port p0: ok; 2 patch, peer p1
	//   port up: failed: no device eth9: make it or correct ifname; 3 system
}

func ExamplePortsReply_Text() {
	fmt.Print(PortsReply{{Bridge: "br0", Port: "h1", OFPort: 1,
		Rx:     Counters{10, 640, 10, 1, 2, 3, 4, 5},
		Tx:     Counters{20, 1280, 20, 1, 2, 3, 4, 0},
		Queues: []QueueCounters{{0, 0, 6, 384, 1.5, 0.62}, {1, 1, 4, 256, 0, 0}}}}.Text())
	fmt.Print(DropsReply{{"br0", "h1", []DropCount{{"table_miss", 7, "rx", "no flow matched"}}}, {"", "", []DropCount{{"no_buffers", 1, "rx", "memory ran out"}}}}.Text())
	fmt.Print(DropsReply(nil).Text())
	// Output:
	// port h1 of bridge br0 (1)
	//   rx: packets=10, bytes=640, segments=10, multicast=1, broadcast=2, dropped=3, errors=4, missed=5
	//   tx: packets=20, bytes=1280, segments=20, multicast=1, broadcast=2, dropped=3, errors=4
	//   queue 0: packets=6, bytes=384, worker 0, 62 % of its busy time
	//   queue 1: packets=4, bytes=256, worker 1, 0 % of its busy time
	// port h1 of bridge br0
	//              7  rx  table_miss             no flow matched
	// no port
	//              1  rx  no_buffers             memory ran out
	// no drops
}

func ExampleFDBReply_Text() {
	entries := []FDBEntry{{1, "h1", 0, "02:00:00:00:00:01", 12.9, false}, {0xfffffffe, "br0", 10, "02:00:00:00:00:02", 300, false}}
	fmt.Print(FDBReply{{"br0", entries}}.Text())
	fmt.Print(FDBReply{{"br0", entries[:1]}, {"br1", nil}}.Text())
	fmt.Print(FDBStatsReply{"br0", 2, 8192, 1, 3, 4, 5, 6}.Text())
	// Output:
	//  port  VLAN  MAC                Age
	//     1     0  02:00:00:00:00:01   12
	// LOCAL    10  02:00:00:00:00:02  300
	// bridge br0
	//  port  VLAN  MAC                Age
	//     1     0  02:00:00:00:00:01   12
	// bridge br1
	//  port  VLAN  MAC                Age
	// Statistics for bridge "br0":
	//   Current/maximum MAC entries in the table: 2/8192
	//   Current static MAC entries in the table : 1
	//   Total number of learned MAC entries     : 3
	//   Total number of expired MAC entries     : 4
	//   Total number of evicted MAC entries     : 5
	//   Total number of port moved MAC entries  : 6
}

func ExampleReloadReply_Text() {
	fmt.Print(ReloadReply{}.Text())
	fmt.Print(ReloadReply{[]string{"add port h1"}, []Trouble{{"setting rundir", "restart", "takes effect at the next start"}}}.Text())
	fmt.Print(LedgerReply{Received: 3, Cloned: 1, Sent: 2, Dropped: 2}.Text())
	fmt.Print(WorkersReply{{Worker: 0, ExactHits: 5, Megaflows: 2, Buffers: 64}}.Text())
	// Output:
	// nothing has changed
	// add port h1
	// RESTART: setting rundir: takes effect at the next start
	// in:  received=3, cloned=1, originated=0, split=0
	// out: sent=2, dropped=2, consumed=0, merged=0, held=0
	// imbalance: 0
	// worker 0
	//   lookups: exact=5, megaflow=0, missed=0, subtables probed=0
	//   cache: megaflows=2, subtables=0, over the limit=0, narrowed=0
	//   work: upcalls=0, recirculations=0, breaths=0, panics=0, busy=0.000s
	//   buffers: 0 of 64 in use
}

func ExampleVlogReply_Text() {
	fmt.Print(VlogReply{{"config", "info"}, {"controller", "dbg"}}.Text())
	// Output:
	//                  console    syslog    file
	//                  -------    ------    ------
	// config            INFO        OFF        OFF
	// controller         DBG        OFF        OFF
}
