package system

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// ovsPort is where the bridge listens for ovs-ofctl, in the switch's namespace.
const ovsPort = "16654"

// TestOVSOfctl runs the ovs-ofctl of the distribution, as it is, in all versions of
// OpenFlow, and in two of them by all ways to the switch: the bridge's name, TCP, and a
// socket that the configuration names.
func TestOVSOfctl(t *testing.T) {
	s := newLab(t, "ovs-ofctl", "ping", "tcpdump").run(strings.Replace(twoHosts, "ports:",
		"listen: [\"ptcp:"+ovsPort+":127.0.0.1\", \"punix:$dir/of.sock\"]\n    ports:", 1))
	for _, version := range []string{"OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"} {
		targets := []string{"br0"}
		if version == "OpenFlow10" || version == "OpenFlow13" {
			targets = append(targets, "tcp:127.0.0.1:"+ovsPort, "unix:$dir/of.sock")
		}
		for _, target := range targets {
			transport, _, _ := strings.Cut(target, ":")
			t.Run(version+" "+transport, func(t *testing.T) {
				o := ovs{vswitch: s, version: version, target: target}
				o.testDescriptions(t)
				o.testFlows(t)
				o.testPackets(t)
				o.testPause(t)
				o.testWatch(t)
				if version >= "OpenFlow13" {
					o.testBundles(t)
				}
			})
		}
	}
}

// ovs is ovs-ofctl on its way to a switch.
type ovs struct {
	*vswitch
	version, target string
}

// run runs a command on the switch.
func (o *ovs) run(t *testing.T, command string, operands ...string) string {
	t.Helper()
	words := []string{"ovs-ofctl", "-O", o.version}
	if strings.HasPrefix(command, "--") {
		words, command, operands = append(words, command), operands[0], operands[1:]
	}
	out, err := o.tryIn("switch", append(append(words, command, o.target), operands...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shows wants what a command prints to match patterns, each of them.
func shows(t testing.TB, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(text) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func (o *ovs) testDescriptions(t *testing.T) {
	shows(t, o.run(t, "show"), `dpid:[0-9a-f]{16}`, `n_tables:25[45]`, `OFPT_GET_CONFIG_REPLY`)
	shows(t, o.run(t, "dump-ports-desc"), `1\(h1\): addr:`, `2\(h2\): addr:`, `LOCAL\(br0\): addr:`)
	shows(t, o.run(t, "dump-desc"), `Manufacturer: vswitch`)
	shows(t, o.run(t, "dump-tables"), `table 0`)
	o.reaches("h1", ip2)
	text := o.run(t, "dump-ports")
	shows(t, text, `port +"?(h1|1)"?: rx pkts=[1-9]\d*, bytes=[1-9]\d*, drop=\d+, errs=0`, `port +"?(h2|2)"?: rx pkts=[1-9]`, `(?m)^ +tx pkts=[1-9]`)
	shows(t, o.run(t, "dump-ports", "1"), `1 ports`)
}

func (o *ovs) testFlows(t *testing.T) {
	o.run(t, "add-flow", "cookie=0x77,priority=40,icmp,nw_src=10.0.0.0/24,nw_dst=10.0.0.2,idle_timeout=600,actions=mod_nw_tos:16,output:2")
	shows(t, o.run(t, "dump-flows"),
		`cookie=0x77, duration=[\d.]+s, table=0, n_packets=0, n_bytes=0, idle_timeout=600, .*priority=40,icmp,nw_src=10\.0\.0\.0/24,nw_dst=10\.0\.0\.2 actions=(mod_nw_tos:16|set_field:4->ip_dscp),output:"?(2|h2)"?`,
		`priority=0 actions=NORMAL`)
	const n = 5
	o.reaches("h1", ip2)
	shows(t, o.run(t, "dump-flows", "cookie=0x77/-1"), fmt.Sprintf(`n_packets=%d, n_bytes=%d,`, n, n*98))
	shows(t, o.run(t, "dump-aggregate", "cookie=0x77/-1"), fmt.Sprintf(`packet_count=%d byte_count=%d flow_count=1`, n, n*98))
	o.run(t, "mod-flows", "icmp,actions=drop")
	o.missesOut("h1", ip2)
	o.run(t, "del-flows", "icmp")
	o.reaches("h1", ip2)
	if text := o.run(t, "dump-flows"); strings.Contains(text, "icmp") {
		t.Errorf("the flow is still there:\n%s", text)
	}
	// ovs-ofctl's own list, in one transaction where the version has them.
	file := o.write("flows.txt", "priority=7,arp,actions=NORMAL\npriority=8,ip,tcp,tp_dst=22,actions=drop\n")
	o.run(t, "add-flows", file)
	shows(t, o.run(t, "dump-flows"), `priority=7,arp actions=NORMAL`, `priority=8,tcp,tp_dst=22 actions=drop`)
	o.run(t, "del-flows", "priority=7,arp", "--strict")
	o.run(t, "del-flows", "tcp")
}

// testPackets sends a packet out through the switch, and has one sent to the monitor.
func (o *ovs) testPackets(t *testing.T) {
	const (
		frame = mac2hex + mac1hex + "88b5" + "766f7573" // an experimental type, and a few bytes
		seen  = "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype Unknown \\(0x88b5\\)"
	)
	atHost := o.capture("h2", "h2", "ether proto 0x88b5")
	monitor := o.spawn("switch", "ovs-ofctl", "-O", o.version, "monitor", o.target, "65534")
	o.run(t, "packet-out", "in_port=controller packet="+frame+" actions=output:2")
	atHost.says(seen)
	atHost.interrupt()

	o.run(t, "add-flow", "priority=60,dl_type=0x88b5,actions=controller:65535")
	o.await("a packet reaches the monitor", func() error {
		// The monitor may not have told the switch yet that it wants packets.
		o.run(t, "packet-out", "in_port=1 packet="+frame+" actions=TABLE")
		if !strings.Contains(monitor.out.String()+monitor.log.String(), "PACKET_IN") {
			return errorText(monitor.log.String())
		}
		return nil
	})
	monitor.says(`PACKET_IN.*(cookie=0x0|total_len=18)[^\n]*in_port="?(1|h1)"?`)
	monitor.says(`dl_type=0x88b5`)
	monitor.interrupt()
	o.run(t, "del-flows", "dl_type=0x88b5")
}

// testPause has a packet paused, and ovs-ofctl give it back.
func (o *ovs) testPause(t *testing.T) {
	const frame = mac2hex + mac1hex + "88b6" + "766f7573"
	o.run(t, "add-flow", "priority=60,dl_type=0x88b6,actions=mod_dl_src:02:00:00:00:00:77,controller(pause,userdata=0a.0b),output:2")
	atHost := o.capture("h2", "h2", "ether proto 0x88b6")
	monitor := o.spawn("switch", "ovs-ofctl", "-O", o.version, "-P", "nxt_packet_in2", "monitor", o.target, "resume")
	o.await("a packet is paused", func() error {
		o.run(t, "packet-out", "in_port=1 packet="+frame+" actions=TABLE")
		if !strings.Contains(monitor.out.String()+monitor.log.String(), "NXT_PACKET_IN2") {
			return errorText(monitor.log.String())
		}
		return nil
	})
	monitor.says(`userdata=0a.0b`)
	monitor.says(`continuation\.actions=.*output:"?(2|h2)"?`)
	atHost.says("02:00:00:00:00:77 > 02:00:00:00:00:02, ethertype Unknown \\(0x88b6\\)")
	monitor.interrupt()
	atHost.interrupt()
	o.run(t, "del-flows", "dl_type=0x88b6")
}

// testBundles changes flows all at once, or not at all, and replaces them.
func (o *ovs) testBundles(t *testing.T) {
	file := o.write("bundle.txt", "priority=21,arp,actions=NORMAL\npriority=22,udp,actions=drop\n")
	o.run(t, "--bundle", "add-flows", file)
	shows(t, o.run(t, "dump-flows"), `priority=21,arp actions=NORMAL`, `priority=22,udp actions=drop`)
	bad := o.write("bad.txt", "priority=23,icmp,actions=drop\npriority=24,icmp,actions=group:99\n")
	out, err := o.tryIn("switch", "ovs-ofctl", "-O", o.version, "--bundle", "add-flows", o.target, bad)
	if err == nil || !strings.Contains(out+err.Error(), "OFPBAC_BAD_OUT_GROUP") {
		t.Errorf("a bundle with a flow to no group: %v\n%s", err, out)
	}
	if flows := o.run(t, "dump-flows"); strings.Contains(flows, "icmp") {
		t.Errorf("half of a bundle was done:\n%s", flows)
	}
	mixed := o.write("mixed.txt", "group group_id=9,type=all,bucket=actions=output:2\nflow add priority=25,sctp,actions=group:9\n")
	if o.version >= "OpenFlow14" {
		o.run(t, "bundle", mixed)
		shows(t, o.run(t, "dump-flows"), `priority=25,sctp actions=group:9`)
		o.run(t, "del-groups")
	}
	o.run(t, "--bundle", "replace-flows", o.write("base.txt", "priority=0,actions=NORMAL\n"))
	if flows := o.run(t, "dump-flows"); strings.Contains(flows, "udp") || !strings.Contains(flows, "actions=NORMAL") {
		t.Errorf("replaced flows are\n%s", flows)
	}
}

// testWatch has ovs-ofctl told of changes of flows.
func (o *ovs) testWatch(t *testing.T) {
	monitor := o.spawn("switch", "ovs-ofctl", "-O", o.version, "monitor", o.target, "watch:")
	monitor.says(`event=(INITIAL|ADDED) table=0 cookie=0[^\n]*actions=NORMAL`)
	o.run(t, "add-flow", "priority=31,udp,cookie=0x7,actions=output:2")
	monitor.says(`event=ADDED table=0 cookie=0x7 [^\n]*udp[^\n]*actions=output:`)
	o.run(t, "mod-flows", "cookie=0x7,udp,actions=drop")
	monitor.says(`event=MODIFIED table=0 cookie=0x7 [^\n]*udp`)
	o.run(t, "del-flows", "udp")
	monitor.says(`event=DELETED reason=delete table=0 cookie=0x7`)
	monitor.interrupt()
}

const mac1hex, mac2hex = "020000000001", "020000000002"

// TestOVSAppctl runs ovs-appctl on the control socket.
func TestOVSAppctl(t *testing.T) {
	s := newLab(t, "ovs-appctl", "ping").run(twoHosts)
	s.reaches("h1", ip2)
	tryAppctl := func(target string, words ...string) (string, error) {
		return s.tryIn("switch", append([]string{"ovs-appctl", "-t", target}, words...)...)
	}
	appctl := func(words ...string) string {
		t.Helper()
		return s.must(tryAppctl(s.path(controlSocket(s)), words...))
	}
	shows(t, appctl("list-commands"), `(?m)^The available commands are:$`, `(?m)^  fdb/show +`, `(?m)^  version$`)
	shows(t, appctl("version"), `vswitchd \(vswitch\) `)
	shows(t, appctl("fdb/show", "br0"), `(?m)^ port  VLAN  MAC                Age$`, `(?m)^    1     0  `+mac1+` +\d+$`, `(?m)^    2     0  `+mac2)
	shows(t, appctl("fdb/stats-show", "br0"), `Total number of learned MAC entries     : 2`)
	appctl("fdb/flush", "br0")
	s.reaches("h1", ip2)
	const megaflow = `, packets:\d+, bytes:\d+, used:\d+\.\d{3}s, actions:`
	shows(t, appctl("dpif/dump-flows", "br0"), `(?m)^recirc_id\(0\),in_port\(\d+\),packet_type\(ns=0,id=0\),eth\(src=`+mac1+`,dst=`+mac2+`\).*`+megaflow+`\d+$`)
	shows(t, appctl("dpif/dump-flows", "--names", "br0"), `(?m)^recirc_id\(0\),in_port\(h1\).*`+megaflow+`h2$`)
	const filter = "icmp,dl_src=" + mac2
	for _, some := range []string{appctl("dpctl/dump-flows", "--names", "filter="+filter), s.ofctl("megaflows", "--filter", filter)} {
		shows(t, some, `src=`+mac2)
		if strings.Contains(some, "src="+mac1) {
			t.Errorf("with a filter for %s:\n%s", filter, some)
		}
	}
	shows(t, appctl("dpctl/dump-flows"), `(?m)^flow-dump from worker: \d+\nrecirc_id\(0\),in_port\(\d\)`, `eth\(src=`+mac1)
	shows(t, appctl("upcall/show"), `^vswitch@vswitch:\n  flows         : \(current \d+\) \(avg \d+\) \(max \d+\) \(limit 200000\)\n  dump duration : \d+ms\n  ufid enabled : false\n\n  0: \(keys \d+\)\n`)
	shows(t, appctl("dpif/show"), `^vswitch@vswitch: hit:\d+ missed:\d+\n  br0:\n    br0 65534/none: \(internal\)\n    h1 1/\d+: \(tap\)\n    h2 2/\d+: \(tap\)\n$`)
	if got := appctl("ofproto/list"); got != "br0\n" {
		t.Errorf("bridges: %q", got)
	}
	shows(t, appctl("ofproto/trace", "vswitch@vswitch", "in_port(h1),eth_type(0x0806)"), `Flow: arp,in_port=1,`)
	s.await("the cache is empty", func() error { // but for what hosts say of themselves meanwhile
		appctl("revalidator/purge")
		if out := appctl("dpif/dump-flows", "br0"); out != "" {
			return errors.New(out)
		}
		return nil
	})
	out, err := tryAppctl(s.path(controlSocket(s)), "dpif/dump-flows", "br7")
	s.fails(out, err, "no such bridge")
	out, err = tryAppctl(s.path(controlSocket(s)), "fdb/show", "br7")
	s.fails(out, err, "br7")
	out, err = tryAppctl(s.path(controlSocket(s)), "no/such")
	s.fails(out, err, `"no/such" is not a valid command`)
	// By the name of the program it looks at who holds the lock on the pid file.
	out, err = tryAppctl("vswitchd", "version")
	shows(t, s.must(out, err), `vswitchd \(vswitch\) `)
}

// TestOVSAppctlVlog has ovs-appctl change how much parts of the switch log, and a
// reload of the file undo it.
func TestOVSAppctlVlog(t *testing.T) {
	l := newLab(t, "ovs-appctl")
	s := l.run(twoHosts)
	vlog := func(words ...string) string {
		t.Helper()
		return s.in("switch", append([]string{"ovs-appctl", "-t", s.path(controlSocket(s))}, words...)...)
	}
	reloads := func() int { return strings.Count(s.log.String(), "configuration loaded again") }
	shows(t, vlog("vlog/list"), `(?m)^config            INFO        OFF        OFF$`)
	vlog("vlog/set", "config:console:off", "port:dbg")
	shows(t, vlog("vlog/list"), `(?m)^config             OFF `, `(?m)^port               DBG `, `(?m)^main              INFO `)
	s.ofctl("reload")
	s.ofctl("log", "config:info")
	s.ofctl("reload")
	s.says(`level=INFO msg="configuration loaded again" module=config`)
	if n := reloads(); n != 1 {
		t.Errorf("%d of two reloads are in the log, want the second", n)
	}
	s.write(configFile, "log: {level: warn, modules: {config: debug}}\n"+twoHosts)
	s.ofctl("reload")
	shows(t, s.ofctl("log"), `(?m)^config             DBG `, `(?m)^port              WARN `)
	out, err := s.tryOfctl("log", "nobody:dbg")
	s.fails(out, err, `no destination, level, or module "nobody"`, "controller")
}
