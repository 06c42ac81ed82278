package system

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"vswitch/control"
)

// TestReload reloads while pings cross at a high rate. Ports that did not change lose
// none of them, and flows that somebody added stay with their counters.
func TestReload(t *testing.T) {
	const config = `
bridges:
  - name: br0
    flows: |
      priority=%d,actions=NORMAL
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, address: [10.0.0.2/24]}
      - {name: %s, type: tap, netns: $%[2]s, address: [10.0.0.3/24]}
`
	s := newLab(t, "ping").run(fmt.Sprintf(config, 1, "h3"))
	s.ofctl("add-flow", "br0", "cookie=0x5,priority=50,icmp,in_port=h1,nw_dst=10.0.0.2,actions=output:h2")
	s.reaches("h1", ip3)
	before := s.echoReplies("h1")
	pings := s.spawn("h1", "ping", "-n", "-q", "-i", "0.001", ip2)
	crossed := func(n int) {
		t.Helper()
		s.await(fmt.Sprintf("%d pings cross", n), func() error {
			if got := s.packetCount("br0", "cookie=0x5/-1"); got < n {
				return fmt.Errorf("%d have", got)
			}
			return nil
		})
	}
	crossed(100)
	for range 3 {
		s.reload(fmt.Sprintf(config, 2, "h4"))
		s.reload(fmt.Sprintf(config, 1, "h3"))
	}
	s.reload(fmt.Sprintf(config, 2, "h4"))
	crossed(s.packetCount("br0", "cookie=0x5/-1") + 100)
	said := pings.interrupt()
	found := pinged.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("ping said:\n%s", said)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	s.awaitReplies("h1", before+n) // not one is lost
	if got := s.packetCount("br0", "cookie=0x5/-1"); got != n {
		t.Errorf("the flow that was there before has counted %d packets of %d", got, n)
	}
	s.ofctl("del-flows", "br0", "cookie=0x5/-1")
	s.in("h1", "ip", "neigh", "flush", "dev", "h1") // the address has moved from h3 to h4
	s.reaches("h1", ip3)
	if s.hasSpace("h3") {
		t.Error("the namespace of the removed port, which the switch made, is still there")
	}
	if text := s.ofctl("dump-flows", "br0"); strings.Contains(text, "priority=1 ") || !strings.Contains(text, "priority=2 ") {
		t.Errorf("flows of the file after the reload:\n%s", text)
	}
}

// TestTypoAtReload wants a configuration that is wrong to change nothing, and the
// error to say where it is wrong and what would be right.
func TestTypoAtReload(t *testing.T) {
	s := newLab(t, "ping").run(twoHosts)
	s.faulty = true
	s.reaches("h1", ip2)
	before := s.ofctl("dump-flows", "br0", "--no-stats")
	file := s.write(configFile, strings.Replace(twoHosts, "address", "adress", 1))
	out, err := s.tryOfctl("reload")
	s.fails(out, err, file+":5", "adress", "address")
	s.signal(syscall.SIGHUP)
	s.says(`level=ERROR.*` + file + `:5`)
	s.reaches("h1", ip2)
	if after := s.ofctl("dump-flows", "br0", "--no-stats"); after != before {
		t.Errorf("flows were %s and are %s", before, after)
	}
	s.write(configFile, twoHosts)
	if r := mustAsk[control.ReloadReply](s, "reload"); len(r.Troubles) > 0 || len(r.Steps) > 0 {
		t.Errorf("reload of what was loaded before: %+v", r)
	}
}

// TestDeviceAndNamespaceDeleted deletes behind the switch's back. The status must name
// the port and the reason, others go on, and a reload makes it anew.
func TestDeviceAndNamespaceDeleted(t *testing.T) {
	l := newLab(t, "ping")
	l.makeHost("h1") // so that it is ours to delete the device in it
	s := l.run(twoHosts + `
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24]}
`)
	s.reaches("h1", ip2)
	for _, test := range []struct {
		what, port, other, otherIP string
		remove                     []string
	}{
		{"device", "h1", "h2", ip3, []string{"ip", "-n", "$h1", "link", "del", "h1"}},
		{"namespace", "h2", "h1", ip3, []string{"ip", "netns", "del", "$h2"}},
	} {
		s.must(s.exec(test.remove...))
		s.await(test.what+" deleted", func() error {
			trouble, err := s.trouble("port " + test.port)
			if err == nil && (trouble.State != "absent" || trouble.Reason == "") {
				err = fmt.Errorf("%+v", trouble)
			}
			return err
		})
		if text := s.ofctl("status"); !strings.Contains(text, "ABSENT: port "+test.port+": ") {
			t.Errorf("status after the %s was deleted:\n%s", test.what, text)
		}
		s.reaches(test.other, test.otherIP)
		s.reload(twoHosts + `
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24]}
`)
		s.awaitPort(test.port, "ok again", func(p control.PortStatus) bool { return p.State == "ok" && p.Carrier })
		s.reaches("h1", ip2)
	}
}

// TestBadPort wants a port that cannot be made to be named with its reason, and the
// others to work; once it can be made, a reload does it.
func TestBadPort(t *testing.T) {
	const config = twoHosts + `
      - {name: missing, type: system}
`
	l := newLab(t, "ping")
	s := l.launch(config)
	s.reaches("h1", ip2)
	trouble, err := s.trouble("port missing")
	if err != nil || trouble.State != "failed" || !strings.Contains(trouble.Reason, "missing") {
		t.Errorf("trouble: %+v, %v", trouble, err)
	}
	if p, err := s.portStatus("missing"); err == nil && p.State == "ok" {
		t.Errorf("the missing port is reported as %+v", p)
	}
	s.in("switch", "ip", "link", "add", "missing", "type", "veth", "peer", "name", "other")
	s.in("switch", "ip", "link", "set", "missing", "up")
	s.reload(config)
	s.awaitPort("missing", "ok", func(p control.PortStatus) bool { return p.State == "ok" })
	if troubles := s.status().Troubles; len(troubles) > 0 {
		t.Errorf("troubles: %+v", troubles)
	}
}

// TestTakenName wants the name of a device that exists to be refused, and the device
// to stay.
func TestTakenName(t *testing.T) {
	l := newLab(t)
	l.makeHost("h1")
	l.in("h1", "ip", "link", "add", "h1", "type", "veth", "peer", "name", "other")
	s := l.launch(twoHosts)
	trouble, err := s.trouble("port h1")
	if err != nil || trouble.State != "failed" {
		t.Errorf("trouble: %+v, %v", trouble, err)
	}
	if kind := l.in("h1", "ip", "-d", "link", "show", "h1"); !strings.Contains(kind, "veth") {
		t.Errorf("the device that was there before: %s", kind)
	}
}

// TestKept wants numbers and addresses that the switch has chosen to survive a restart,
// also when the file names the ports in another order.
func TestKept(t *testing.T) {
	const first, second = "{name: h1, type: tap, netns: $h1}", "{name: h2, type: tap, netns: $h2}"
	l := newLab(t)
	start := func(ports string) (s *vswitch, b control.BridgeStatus) {
		s = l.run("bridges: [{name: br0, local: true, ports: [" + ports + "]}]")
		b = s.status().Bridges[0]
		slices.SortFunc(b.Ports, func(x, y control.PortStatus) int { return strings.Compare(x.Name, y.Name) })
		return s, b
	}
	s, before := start(first + ", " + second)
	s.audit()
	s.end()
	_, after := start("{name: h0, type: tap, netns: $h0}, " + second + ", " + first)
	if before.DatapathID != after.DatapathID {
		t.Errorf("the datapath was %s and is %s", before.DatapathID, after.DatapathID)
	}
	for _, p := range before.Ports {
		i := slices.IndexFunc(after.Ports, func(q control.PortStatus) bool { return q.Name == p.Name })
		if q := after.Ports[i]; q.MAC != p.MAC || q.MAC == "" || q.OFPort != p.OFPort {
			t.Errorf("port %s was %d, %s and is %d, %s", p.Name, p.OFPort, p.MAC, q.OFPort, q.MAC)
		}
	}
	if text := l.in("switch", "ip", "link", "show", "br0"); !strings.Contains(text, before.DatapathID[4:6]+":"+before.DatapathID[6:8]+":") {
		t.Errorf("the device of LOCAL has not the address of datapath %s: %s", before.DatapathID, text)
	}
}

// TestEnd wants SIGTERM to remove the devices, the namespaces that the switch made and
// no others, the sockets and the pid file.
func TestEnd(t *testing.T) {
	l := newLab(t, "ping")
	l.makeHost("h1")
	s := l.run(strings.Replace(twoHosts, "ports:", "local: true\n    ports:", 1))
	s.reaches("h1", ip2)
	for _, file := range []string{"br0.mgmt", "br0.snoop", "vswitchd.pid", fmt.Sprintf("vswitchd.%d.ctl", s.command.Process.Pid)} {
		if _, err := os.Stat(s.path(file)); err != nil {
			t.Error(err)
		}
	}
	s.in("switch", "ip", "link", "show", "br0")
	s.audit()
	s.end()
	if s.hasSpace("h2") {
		t.Error("the namespace that the switch made is still there")
	}
	if !s.hasSpace("h1") {
		t.Fatal("the namespace that was there before is gone")
	}
	for host, device := range map[string]string{"h1": "h1", "switch": "br0"} {
		if flags, err := s.linkFlags(host, device); err == nil {
			t.Errorf("%s still has a device %s: %s", host, device, flags)
		}
	}
}

// TestExit wants the command that ends the switch to do what SIGTERM does.
func TestExit(t *testing.T) {
	s := newLab(t).run(twoHosts)
	s.audit()
	s.ofctl("exit")
	if err := s.wait(); err != nil {
		t.Errorf("vswitchd ended: %v", err)
	}
	s.end()
	if s.hasSpace("h1") || s.hasSpace("h2") {
		t.Error("a namespace that the switch made is still there")
	}
}

// TestKilled wants a switch that was killed to leave nothing that keeps the next one
// from starting.
func TestKilled(t *testing.T) {
	t.Run("syscall", func(t *testing.T) { testKilled(t, twoHosts) })
	t.Run("uring", func(t *testing.T) { testKilled(t, "datapath: {io: uring}\n"+twoHosts) })
}

func testKilled(t *testing.T, config string) {
	l := newLab(t, "ping")
	l.makeHost("h1")
	l.makeHost("h2")
	file := l.write(configFile, config)
	first := l.spawn("switch", binaries+"/vswitchd", "-c", file, "--rundir", l.dir)
	first.says("msg=ready")
	first.signal(syscall.SIGKILL)
	if err := first.wait(); err == nil {
		t.Error("killed, and no error")
	}
	s := l.run(config)
	s.reaches("h1", ip2)
}

// TestKilledLeavesNothing kills the switch that has made namespaces: the next one
// with its run directory removes them at its end, those too that its configuration
// has no more, but not one that has got the name of one of them.
func TestKilledLeavesNothing(t *testing.T) {
	l := newLab(t, "ping")
	file := l.write(configFile, strings.ReplaceAll(twoHosts, "ports:", "ports:\n      - {name: h3, type: tap, netns: $h3}\n      - {name: h4, type: tap, netns: $h4}"))
	first := l.spawn("switch", binaries+"/vswitchd", "-c", file, "--rundir", l.dir)
	first.says("msg=ready")
	first.signal(syscall.SIGKILL)
	if err := first.wait(); err == nil {
		t.Error("killed, and no error")
	}
	l.must(l.exec("ip", "netns", "del", l.space("h2")))
	l.makeHost("h2")
	l.must(l.exec("ip", "netns", "del", l.space("h4")))
	l.makeHost("h4")
	s := l.run(twoHosts)
	s.reaches("h1", ip2)
	s.end()
	for host, want := range map[string]bool{"h1": false, "h2": true, "h3": false, "h4": true} {
		if got := l.hasSpace(host); got != want {
			t.Errorf("namespace of %s: there: %v, want %v", host, got, want)
		}
	}
}

// TestSecondSwitch wants a second switch with the run directory of a running one to
// refuse, and the first to go on.
func TestSecondSwitch(t *testing.T) {
	s := newLab(t, "ping").run(twoHosts)
	file := s.write("second.yaml", "bridges: [{name: br0}]")
	out, err := s.tryIn("switch", "timeout", "5", binaries+"/vswitchd", "-c", file, "--rundir", s.dir)
	s.fails(out, err, "exit status 1", s.dir)
	s.reaches("h1", ip2)
	s.status()
}
