package yaml

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"vswitch/config"
)

// load reads text as s.yaml, with one file of flows beside it.
func load(text string) (config.Config, error) {
	return Source{Name: "s.yaml", Text: []byte(text), ReadFile: func(name string) ([]byte, error) {
		switch name {
		case "flows.txt":
			return []byte("actions=drop\n"), nil
		case "key.pem", "cert.pem", "ca.pem":
			return []byte("in " + name), nil
		}
		return nil, fmt.Errorf("%s: no such file", name)
	}}.Load(nil)
}

const whole = `
rundir: /run/other
log: {level: warn, format: json, modules: {controller: debug, port: error}}
metrics: {listen: "127.0.0.1:9475", pprof: true, cookies: [0x10, 7, 0x20/0xf0, 0xffffffffffffffff]}
tls: {private_key: key.pem, certificate: cert.pem, ca_cert: ca.pem}
datapath: {workers: 2, poll: busy, spin: 20us, rebalance: 1m, coalesce: {usecs: 50, frames: 32}, io: uring, budget: 32, upcall_budget: 16, flow_limit: 1000, mask_limit: 12}
reload: watch
bridges:
  - name: br0
    datapath_id: 0000000000000010
    fail_mode: secure
    protocols: [OpenFlow10, OpenFlow13]
    controllers:
      - tcp:127.0.0.1
      - {target: "unix:/c", inactivity_probe: 0, max_backoff: 1m, rate_limit: 1000, burst_limit: 50, queue_size: 30}
    listen: ["ptcp:6654:127.0.0.1"]
    flows: |
      priority=0,actions=NORMAL
    mac_aging: 60
    mac_table_size: 100
    static_macs: [{mac: "02:00:00:00:00:09", vlan: 10, port: h1}]
    tables: [{table: 0, name: edge, limit: 1000, overflow: evict}, {table: 7}]
    address: [10.0.0.9/24]
    mac: "02:00:00:00:00:08"
    mtu: 9000
    ports:
      - {name: h1, type: tap, netns: &ns h1, ifname: eth0.100, address: [10.0.0.1/24, "fd00::1/64"], ofport: 1, tag: 10}
      - {name: h2, type: tap, netns: *ns, ofport: 2, mtu: 9000, queues: 2, io: syscall, coalesce: {usecs: 0}, affinity: [1, 0], mac: "02:00:00:00:00:02"}
      - {name: up, type: system, trunks: [10, 20-29], tag: 5, vlan_mode: native-untagged, share_with_host: true}
      - {name: fast, type: afxdp, netns: h1, ifname: eth1, mtu: 3000, queues: 4, xdp_mode: generic}
      - {name: p0, type: patch, peer: p1}
  - name: br1
    local: true
    flows_file: flows.txt
    ports:
      - {name: p1, type: patch, peer: p0}
      - {name: c, type: pcap, file: in.pcap, record: out.pcap}
`

func TestLoadWhole(t *testing.T) {
	got, err := load(whole)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.RunDir, want.StateDir, want.Reload = "/run/other", "/run/other", config.ReloadWatch
	want.Log = config.Log{Level: config.LogWarn, Format: config.LogJSON,
		Modules: map[string]config.LogLevel{"controller": config.LogDebug, "port": config.LogError}}
	want.TLS = config.TLS{PrivateKey: config.TLSFile{Path: "key.pem", Text: "in key.pem"},
		Certificate: config.TLSFile{Path: "cert.pem", Text: "in cert.pem"}, CACert: config.TLSFile{Path: "ca.pem", Text: "in ca.pem"}}
	want.Metrics = config.Metrics{Listen: "127.0.0.1:9475", Pprof: true,
		Cookies: []config.Cookie{{Value: 0x10, Mask: ^uint64(0)}, {Value: 7, Mask: ^uint64(0)}, {Value: 0x20, Mask: 0xf0}, {Value: ^uint64(0), Mask: ^uint64(0)}}}
	want.Datapath = config.Datapath{Workers: 2, Poll: config.PollBusy, Spin: 20 * time.Microsecond,
		Rebalance: time.Minute, Coalesce: config.Coalesce{Given: true, Usecs: 50, Frames: 32}, IO: config.IOUring, Budget: 32, UpcallBudget: 16, FlowLimit: 1000, MaskLimit: 12}
	br0, br1 := config.NewBridge("br0"), config.NewBridge("br1")
	br0.DatapathID, br0.FailMode, br0.Protocols = 16, config.FailSecure, config.OpenFlow10|config.OpenFlow13
	br0.Controllers = []config.Controller{
		config.NewController(config.Endpoint{Scheme: config.TCP, Host: "127.0.0.1", Port: 6653}),
		{Target: config.Endpoint{Scheme: config.Unix, Path: "/c"}, MaxBackoff: time.Minute, RateLimit: 1000, BurstLimit: 50, QueueSize: 30},
	}
	br0.Listen = []config.Endpoint{{Scheme: config.PassiveTCP, Host: "127.0.0.1", Port: 6654}}
	br0.Flows = "priority=0,actions=NORMAL\n"
	br0.MACAging, br0.MACTableSize = time.Minute, 100
	br0.StaticMACs = []config.StaticMAC{{MAC: config.MAC{2, 0, 0, 0, 0, 9}, VLAN: 10, Port: "h1"}}
	br0.Tables = []config.Table{{Name: "edge", Limit: 1000, Overflow: config.OverflowEvict}, {Table: 7, Overflow: config.OverflowRefuse}}
	br0.Address, br0.MAC, br0.MTU = []netip.Prefix{netip.MustParsePrefix("10.0.0.9/24")}, config.MAC{2, 0, 0, 0, 0, 8}, 9000
	up := config.Port{Name: "up", Type: config.System, ShareWithHost: true,
		VLAN: config.VLAN{Mode: config.VLANNativeUntagged, Tag: 5, HasTag: true}}
	for _, s := range []string{"10", "20-29"} {
		if err := up.VLAN.Trunks.AddText(s); err != nil {
			t.Fatal(err)
		}
	}
	br0.Ports = []config.Port{
		{Name: "h1", Type: config.Tap, Netns: "h1", IfName: "eth0.100", OFPort: 1, VLAN: config.VLAN{Tag: 10, HasTag: true},
			Address: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("fd00::1/64")}},
		{Name: "h2", Type: config.Tap, Netns: "h1", OFPort: 2, MTU: 9000, Queues: 2, IO: config.IOSyscall, Coalesce: config.Coalesce{Given: true}, Affinity: []int{1, 0},
			MAC: config.MAC{2, 0, 0, 0, 0, 2}},
		up,
		{Name: "fast", Type: config.AFXDP, Netns: "h1", IfName: "eth1", MTU: 3000, Queues: 4, XDPMode: config.XDPGeneric},
		{Name: "p0", Type: config.Patch, Peer: "p1"},
	}
	br1.Local, br1.Flows, br1.FlowsFile = true, "actions=drop\n", "flows.txt"
	br1.Ports = []config.Port{
		{Name: "p1", Type: config.Patch, Peer: "p0"},
		{Name: "c", Type: config.Pcap, File: "in.pcap", Record: "out.pcap"},
	}
	want.Bridges = []config.Bridge{br0, br1}
	if want = want.Complete(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestLoadNothing(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "{}"} {
		c, err := load(text)
		if err != nil || !reflect.DeepEqual(c, config.Default().Complete()) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

// TestLoadErrors wants each complaint to the letter, with its line and column.
func TestLoadErrors(t *testing.T) {
	const (
		b = "bridges:\n  - name: br0\n    "         // column 5 of line 3 comes next
		p = b + "ports:\n      - {name: h1, type: " // column 26 of line 4
	)
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", p + "tap, tagg: 1}", `s.yaml:4:31: unknown key "tagg" in a port: did you mean "tag"?`},
		{"unknown key, swapped letters", b + "psrots: []", `s.yaml:3:5: unknown key "psrots" in a bridge: did you mean "ports"?`},
		{"unknown key like no other", "frobnicate: 1", `s.yaml:1:1: unknown key "frobnicate" in the configuration: it can have rundir, statedir, log, metrics, tls, datapath, reload, bridges`},
		{"case matters", "Bridges: []", `s.yaml:1:1: unknown key "Bridges" in the configuration: did you mean "bridges"?`},
		{"key twice", "reload: watch\nreload: signal", `s.yaml:2:1: key "reload" is given twice: first in line 1`},
		{"merge key", "log: &l {level: info}\nmetrics: {<<: *l}", `s.yaml:2:11: a merge key (<<): repeat the keys, or use an alias for a whole value`},
		{"no value", "bridges:\n", `s.yaml:1:9: bridges has no value: give it one or leave the key out`},
		{"empty text", b + `fail_mode: ""`, `s.yaml:3:16: fail_mode is empty: give it a value or leave the key out`},
		{"two documents", "reload: watch\n---\nreload: watch\n", `s.yaml:2:1: a second document: a configuration is one`},
		{"list for a mapping", "log: [a]", `s.yaml:1:6: log is a list: use a mapping, key: value`},
		{"text for the whole", "hello", `s.yaml:1:1: the configuration is the text "hello": use a mapping, key: value`},
		{"mapping for a list", "bridges: {br0: {}}", `s.yaml:1:10: bridges is a mapping: use a list, [a, b]`},
		{"text for a list", p + "tap, address: 10.0.0.1/24}", `s.yaml:4:40: address is the text "10.0.0.1/24": use a list, [a, b]`},
		{"number for a text", p + "tap, netns: 7}", `s.yaml:4:38: netns is the number 7: use a text, in quotes if it looks like something else`},
		{"text for a number", p + `tap, mtu: "9000"}`, `s.yaml:4:36: mtu is the text "9000": use a number`},
		{"list for a number", p + `tap, mtu: [1]}`, `s.yaml:4:36: mtu is a list: use a number`},
		{"zero", p + "tap, mtu: 0}", `s.yaml:4:36: mtu 0: use a decimal number from 1`},
		{"octal", p + "tap, queues: 010}", `s.yaml:4:39: queues 010: use a decimal number from 1`},
		{"VLAN with a sign", p + "tap, tag: +5}", `s.yaml:4:36: tag +5: use 0 to 4095`},
		{"hexadecimal", p + "tap, ofport: 0x10}", `s.yaml:4:39: ofport 0x10: use a decimal number from 1`},
		{"huge", p + "tap, ofport: 99999999999}", `s.yaml:4:39: ofport 99999999999: use a decimal number from 1`},
		{"truth value", b + "local: 1", `s.yaml:3:12: local is the number 1: use true or false`},
		{"workers", "datapath: {workers: many}", `s.yaml:1:21: workers is the text "many": use auto or a number`},
		{"duration", b + "mac_aging: soon", `s.yaml:3:16: mac_aging "soon": use a time such as 300s or 5m, or a number of seconds`},
		{"datapath identifier", b + "datapath_id: 12", `s.yaml:3:18: datapath_id "12": use 16 hexadecimal digits such as "0000000000000001", not all zero`},
		{"datapath identifier zero", b + "datapath_id: 0000000000000000", `s.yaml:3:18: datapath_id "0000000000000000": use 16 hexadecimal digits such as "0000000000000001", not all zero`},
		{"protocol", b + "protocols: [OpenFlow16]", `s.yaml:3:17: protocols: unknown version "OpenFlow16": use OpenFlow10, OpenFlow11, OpenFlow12, OpenFlow13, OpenFlow14, OpenFlow15`},
		{"no protocol", b + "protocols: []", `s.yaml:3:16: protocols is empty: use some of OpenFlow10, OpenFlow11, OpenFlow12, OpenFlow13, OpenFlow14, OpenFlow15, or leave the key out for all`},
		{"controller", b + "controllers: [tls]", `s.yaml:3:19: controllers[0]: "tls" is not an address here: use tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH`},
		{"controller without a target", b + "controllers: [{max_backoff: 1s}]", `s.yaml:3:19: a controller has no target: use target: tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH`},
		{"listener", b + `listen: ["tcp:1"]`, `s.yaml:3:14: listen[0]: "tcp:1" is not an address here: use ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH`},
		{"flows twice", b + "flows: a\n    flows_file: flows.txt", `s.yaml:4:17: flows_file: flows are given too: use one of them`},
		{"flows file", b + "flows_file: none.txt", `s.yaml:3:17: flows_file: none.txt: no such file`},
		{"address", p + "tap, address: [10.0.0.1]}", `s.yaml:4:41: address[0]: "10.0.0.1" is not an address with its length: use for instance 10.0.0.1/24 or fd00::1/64`},
		{"MAC", p + `tap, mac: "2:0"}`, `s.yaml:4:36: mac: "2:0" is not a MAC address: use six bytes such as 02:00:00:00:00:01`},
		{"zero MAC", p + `tap, mac: "00:00:00:00:00:00"}`, `s.yaml:4:36: mac: 00:00:00:00:00:00 is the address of nobody: leave the key out to let the switch choose`},
		{"tag", p + "tap, tag: 4096}", `s.yaml:4:36: tag 4096: use 0 to 4095`},
		{"trunks", p + "tap, trunks: [20-10]}", `s.yaml:4:40: trunks: VLAN range 20-10: its end is below its start`},
		{"date for a text", p + "tap, netns: 2001-01-01}", `s.yaml:4:38: netns is of type !!timestamp: use a text, in quotes if it looks like something else`},
		{"validation has places", p + "tap, mtu: 20}", `s.yaml:4:36: port h1: mtu 20: out of range: use 68 to 65521`},
		{"validation of a word", p + "tup}", `s.yaml:4:26: port h1: type "tup": unknown: use tap, system, afxdp, internal, patch, dummy, pcap`},
		{"validation of what is missing", p + "patch}", `s.yaml:4:9: port h1: peer: a patch port needs one: use the name of the patch port at the other end`},
		{"validation in a mapping", "log: {level: loud}", `s.yaml:1:14: level "loud": unknown: use debug, info, warn, error`},
		{"several at once", b + "foo: 1\n    mac_table_size: x", "s.yaml:3:5: unknown key \"foo\" in a bridge: it can have name, datapath_id, fail_mode, protocols, controllers, listen, flows, flows_file, mac_aging, mac_table_size, static_macs, tables, local, address, mac, mtu, ports\ns.yaml:4:21: mac_table_size is the text \"x\": use a number"},
		{"TLS without an authority", "tls: {private_key: key.pem, certificate: cert.pem}", `s.yaml:1:6: ca_cert: not given: name a file in PEM: private_key, certificate and ca_cert go together`},
		{"TLS file that is not there", "tls: {private_key: no.pem}", `s.yaml:1:20: private_key: no.pem: no such file`},
		{"controller by TLS that is not set up", "bridges:\n  - name: b\n    controllers: [ssl:h]", `s.yaml:3:19: bridge b: controllers "ssl:h:6653": TLS is not set up: give the switch tls: {private_key: FILE, certificate: FILE, ca_cert: FILE}`},
		{"listener by TLS that is not set up", "bridges:\n  - name: b\n    listen: [pssl:]", `s.yaml:3:14: bridge b: listen "pssl:6653": TLS is not set up: give the switch tls: {private_key: FILE, certificate: FILE, ca_cert: FILE}`},
		{"unknown module", "log: {modules: {contoller: debug}}", `s.yaml:1:17: unknown key "contoller" in log.modules: did you mean "controller"?`},
		{"unknown level of a module", "log: {modules: {port: loud}}", `s.yaml:1:23: port "loud": unknown: use debug, info, warn, error`},
		{"cookie that is none", "metrics: {cookies: [0x1g]}", `s.yaml:1:21: cookies[0]: "0x1g" is not a cookie: use a number such as 0x10, or 0x10/0xf0 with a mask`},
		{"cookie with a sign", "metrics: {cookies: [-1]}", `s.yaml:1:21: cookies[0]: "-1" is not a cookie: use a number such as 0x10, or 0x10/0xf0 with a mask`},
		{"cookie beyond its mask", "metrics: {cookies: [0x11/0xf0]}", `s.yaml:1:21: cookies[0]: "0x11/0xf0" has bits that its mask does not have: no flow is like this`},
		{"cookie given twice", "metrics: {cookies: [16, 0x10]}", `s.yaml:1:25: cookies "0x10": given twice: remove one`},
		{"alias of a wrong value", "log: &l {level: info}\nmetrics: *l", `s.yaml:1:10: unknown key "level" in metrics: it can have listen, pprof, cookies`},
		{"alias within itself", "bridges: &b [*b]", `s.yaml:1:10: a bridge is a list: use a mapping, key: value`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(c.text)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestLoadSyntax wants broken YAML to be told with its line.
func TestLoadSyntax(t *testing.T) {
	for _, text := range []string{"a: [", "a: b: c", "\ta: b", "a: *none", "reload: watch\n--- [", "\x00"} {
		_, err := load(text)
		var list Errors
		if !errors.As(err, &list) || !strings.HasPrefix(err.Error(), "s.yaml:") || !strings.Contains(err.Error(), "not YAML: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestLoadIsBounded multiplies values with aliases: a few lines stand for 10^9.
func TestLoadIsBounded(t *testing.T) {
	list := func(name, element string) string {
		return name + ": [" + strings.Repeat(element+", ", 999) + element + "]"
	}
	text := "bridges:\n  - name: br0\n    ports:\n      - &p {name: x, type: tap, " + list("address", "10.0.0.1/24") + "}\n" +
		strings.Repeat("      - *p\n", 2000)
	_, err := load(text)
	var list2 Errors
	if !errors.As(err, &list2) || !strings.Contains(list2[0].Msg, "more than 1000000 values") || len(list2) > maxErrors {
		t.Errorf("%.200v", err)
	}
	many := "bridges: [" + strings.Repeat("1, ", 10000) + "1]"
	if _, err := load(many); !errors.As(err, &list2) || len(list2) != maxErrors {
		t.Errorf("%d errors, want %d", len(list2), maxErrors)
	}
}

func TestLoadFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("s.yaml", "bridges: [{name: br0, flows_file: f.txt}]")
	if _, err := Load(file, nil); err == nil || !strings.HasSuffix(err.Error(), "s.yaml:1:35: flows_file: "+filepath.Join(dir, "f.txt")+": no such file or directory") {
		t.Errorf("without the file of flows: %v", err)
	}
	write("f.txt", "actions=drop\n")
	c, err := Load(file, nil)
	if err != nil || c.Bridges[0].Flows != "actions=drop\n" {
		t.Errorf("flows %+v, %v", c.Bridges, err)
	}
	if _, err := Load(filepath.Join(dir, "none"), nil); err == nil || !strings.HasSuffix(err.Error(), "none: no such file or directory") {
		t.Errorf("without the file: %v", err)
	}
}

// TestLoadNoFiles: what the configuration names and is no regular file is refused,
// and not waited for.
func TestLoadNoFiles(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "s.yaml")
	for _, name := range []string{"pipe", ".", "/dev/zero"} {
		for at, text := range map[string]string{"1:35: flows_file": "bridges: [{name: br0, flows_file: %s}]", "1:20: private_key": "tls: {private_key: %s}"} {
			if err := os.WriteFile(file, fmt.Appendf(nil, text, name), 0o644); err != nil {
				t.Fatal(err)
			}
			loaded := make(chan error, 1)
			go func() {
				_, err := Load(file, nil)
				loaded <- err
			}()
			path := name
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			select {
			case err := <-loaded:
				if want := file + ":" + at + ": " + path + ": no regular file: use one"; err == nil || err.Error() != want {
					t.Errorf("%s: %v, want %s", name, err, want)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s of %s is waited for", at, name)
			}
		}
	}
}

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("examples %q: %v", files, err)
	}
	for _, file := range files {
		if _, err := Load(file, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestOverlay(t *testing.T) {
	flags := pflag.NewFlagSet("vswitchd", pflag.ContinueOnError)
	AddFlags(flags)
	if err := flags.Parse([]string{"--rundir", "rel", "--log-level=debug"}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VSWITCH_LOG_LEVEL", "error")
	t.Setenv("VSWITCH_LOG_FORMAT", "json")
	t.Setenv("VSWITCH_METRICS_LISTEN", "")
	t.Setenv("VSWITCH_STATEDIR", "/s")
	s := Source{Name: "s.yaml", Text: []byte("rundir: /a\nmetrics: {listen: \"h:1\"}\nreload: watch")}
	c, err := s.Load(flags)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Abs("rel")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.RunDir, want.StateDir, want.Reload = rel, "/s", config.ReloadWatch
	want.Log = config.Log{Level: config.LogDebug, Format: config.LogJSON}
	want.Metrics.Listen = "h:1"
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestOverlayErrors(t *testing.T) {
	flags := pflag.NewFlagSet("vswitchd", pflag.ContinueOnError)
	AddFlags(flags)
	if err := flags.Parse([]string{"--reload=never"}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VSWITCH_LOG_LEVEL", "loud")
	_, err := Source{Name: "s.yaml", Text: []byte("log: {format: odd}")}.Load(flags)
	want := "$VSWITCH_LOG_LEVEL: level \"loud\": unknown: use debug, info, warn, error\n" +
		"s.yaml:1:15: format \"odd\": unknown: use text, json\n" +
		"--reload: reload \"never\": unknown: use signal, watch"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestReference wants docs/reference/switch.yaml.md to have exactly the keys that
// are read, mapping by mapping.
func TestReference(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/switch.yaml.md")
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{at: map[string]*yaml.Node{}}
	mappings := map[string][]key{
		"The top level": topKeys(d, &config.Config{}),
		"log":           logKeys(d, &config.Log{}),
		"metrics":       metricsKeys(d, &config.Metrics{}),
		"tls":           tlsKeys(d, &config.TLS{}),
		"datapath":      datapathKeys(d, &config.Datapath{}),
		"A bridge":      bridgeKeys(d, &config.Bridge{}),
		"A controller":  controllerKeys(d, &config.Controller{}),
		"A static MAC":  staticMACKeys(d, &config.StaticMAC{}),
		"A flow table":  tableKeys(d, &config.Table{}),
		"A port":        portKeys(d, &config.Port{}),
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		keys, found := mappings[title]
		if !found {
			t.Errorf("section %q describes no mapping", title)
		}
		delete(mappings, title)
		// Further tables of a section describe values.
		table, _, _ := strings.Cut(body[strings.Index(body, "| key |"):], "\n\n")
		var documented, read []string
		for _, m := range row.FindAllStringSubmatch(table, -1) {
			documented = append(documented, m[1])
		}
		for _, k := range keys {
			read = append(read, k.name)
		}
		slices.Sort(documented)
		slices.Sort(read)
		if !slices.Equal(documented, read) {
			t.Errorf("section %q describes %q, but %q are read", title, documented, read)
		}
	}
	for title := range mappings {
		t.Errorf("no section %q", title)
	}
}
