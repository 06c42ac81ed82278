package compat

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// watcher is a monitor or snoop that runs, of ovs-ofctl or of ofctl. It is spoken to
// with ovs-appctl.
type watcher struct {
	*openVSwitch
	socket string
	out    *buffer
	ended  sync.WaitGroup
}

// watchTheirs starts ovs-ofctl, which prints to its standard error.
func (o *openVSwitch) watchTheirs(args ...string) *watcher {
	o.Helper()
	w := &watcher{openVSwitch: o, socket: filepath.Join(o.dir, "theirs.ctl"), out: new(buffer)}
	c := o.command("ovs-ofctl", append([]string{"--unixctl=" + w.socket}, args...)...)
	c.Stdout, c.Stderr = w.out, w.out
	if err := c.Start(); err != nil {
		o.Fatal(err)
	}
	w.ended.Go(func() {
		// What became of it shows in what it has printed.
		_ = c.Wait()
	})
	return w.ready()
}

// watchOurs starts ofctl.
func (o *openVSwitch) watchOurs(args ...string) *watcher {
	o.Helper()
	w := &watcher{openVSwitch: o, socket: filepath.Join(o.dir, "ours.ctl"), out: new(buffer)}
	w.ended.Go(func() {
		o.run(o.stdio(strings.NewReader(""), w.out, w.out), append([]string{"--unixctl=" + w.socket}, args...)...)
	})
	return w.ready()
}

// ready waits until the watcher watches.
func (w *watcher) ready() *watcher {
	w.Helper()
	await(w, "the control socket", func() bool {
		_, err := os.Stat(w.socket)
		return err == nil
	})
	w.Cleanup(w.exit)
	return w
}

// exit ends the watcher, if it has not ended yet.
func (w *watcher) exit() {
	// It may have ended already, and then nobody answers.
	_, _ = w.command("ovs-appctl", "-t", w.socket, "exit").CombinedOutput()
	w.ended.Wait()
}

// ask gives the watcher a control command.
func (w *watcher) ask(args ...string) string {
	w.Helper()
	return w.tool("ovs-appctl", append([]string{"--timeout=20", "-t", w.socket}, args...)...)
}

// frame is an Ethernet frame of an experimental type.
const frame = "02000000000202000000000188b5766f7573"

// sentPacket is a packet that ofctl/packet-out sends, and what it contains, which ofctl
// tells without -m too.
var sentPacket = regexp.MustCompile(`(OFPT_PACKET_OUT.*\n)vlan_tci=.*\n(?:0000.*\n)*`)

// TestMonitorBeside has ovs-ofctl and ofctl monitor the same things on a switch each,
// and wants the same words.
func TestMonitorBeside(t *testing.T) {
	a, b := startOVS(t), startOVS(t)
	for _, c := range []struct{ name, args string }{
		{"OpenFlow10", "-O OpenFlow10 monitor br0 65534 watch:"},
		{"OpenFlow10 standard", "-O OpenFlow10 -P standard monitor br0 100 invalid_ttl"},
		{"OpenFlow10 nxt_packet_in", "-O OpenFlow10 -P nxt_packet_in monitor br0 65534"},
		{"OpenFlow10 own", "-O OpenFlow10 monitor br0 65534 watch:!own,table=0,out_port=2"},
		{"OpenFlow11", "-O OpenFlow11 monitor br0 65534"},
		{"OpenFlow12", "-O OpenFlow12 monitor br0 65534 invalid_ttl"},
		{"OpenFlow13", "-O OpenFlow13 monitor br0 65534 watch:"},
		{"OpenFlow14", "-O OpenFlow14 monitor br0 65534 watch:!actions"},
		{"OpenFlow14 initial", "-O OpenFlow14 monitor br0 65534 watch:!initial,tcp"},
		{"OpenFlow15 resumed", "-O OpenFlow15 -m monitor br0 65534 resume"},
		{"OpenFlow13 standard", "-O OpenFlow13 -P standard --names -m -m monitor br0 65534"},
	} {
		t.Run(c.name, func(t *testing.T) {
			version := strings.Fields(c.args)[1]
			said := map[string]string{}
			for _, o := range []*openVSwitch{a, b} {
				o := &openVSwitch{t, o.dir}
				o.must("-O", version, "del-flows", "br0")
				o.must("-O", version, "add-flow", "br0", "priority=5,udp,actions=2")
				watch := o.watchTheirs
				if o.dir == b.dir {
					watch = o.watchOurs
				}
				w := watch(strings.Fields(c.args)...)
				replies := w.events(version)
				w.exit()
				said[o.dir] = replies + "\n" + w.out.String()
			}
			told := func(o *openVSwitch) string { return sentPacket.ReplaceAllString(steady(said[o.dir]), "$1") }
			if theirs, ours := told(a), told(b); theirs != ours {
				t.Errorf("ovs-ofctl:\n%s\nofctl:\n%s", theirs, ours)
			}
		})
	}
}

// events has something happen that a watcher prints, and returns what its control
// commands have answered.
func (w *watcher) events(version string) (replies string) {
	w.Helper()
	flow := func(args ...string) { w.must(append([]string{"-O", version}, args...)...) }
	replies += w.ask("ofctl/barrier")
	flow("add-flow", "br0", "priority=10,tcp,tp_dst=80,actions=2")
	flow("mod-flows", "br0", "tcp,actions=1")
	flow("add-flow", "br0", "priority=20,dl_type=0x88b5,actions=controller(max_len=65535,userdata=01.02)")
	replies += w.ask("ofctl/barrier")
	flow("packet-out", "br0", "in_port=1 packet="+frame+" actions=TABLE")
	flow("packet-out", "br0", "in_port=2 packet="+frame+" actions=controller(max_len=10)")
	replies += w.ask("ofctl/barrier")
	flow("add-flow", "br0", "priority=30,dl_type=0x88b5,actions=controller(pause),2")
	flow("packet-out", "br0", "in_port=2 packet="+frame+" actions=TABLE")
	replies += w.ask("ofctl/barrier")
	// The port's carrier follows its setting, some time later.
	flow("mod-port", "br0", "p1", "down")
	w.awaitPortStatus(2)
	flow("mod-port", "br0", "p1", "up")
	w.awaitPortStatus(4)
	replies += w.ask("ofctl/packet-out", "in_port=p1 packet="+frame+" actions=2")
	replies += w.ask("ofctl/barrier")
	flow("del-flows", "br0", "tcp")
	replies += w.ask("ofctl/barrier")
	digits := map[string]string{"OpenFlow10": "01", "OpenFlow11": "02", "OpenFlow12": "03", "OpenFlow13": "04", "OpenFlow14": "05", "OpenFlow15": "06"}
	replies += w.ask("ofctl/send", digits[version]+"02000800000077", digits[version]+"05000800000078")
	replies += w.ask("ofctl/barrier")
	replies += w.ask("ofctl/block")
	replies += w.ask("ofctl/block")
	replies += w.ask("ofctl/unblock")
	replies += w.ask("ofctl/barrier")
	replies += w.ask("ofctl/set-output-file", filepath.Join(w.dir, "more.txt"))
	flow("packet-out", "br0", "in_port=2 packet="+frame+" actions=controller")
	replies += w.ask("ofctl/barrier")
	more, err := os.ReadFile(filepath.Join(w.dir, "more.txt"))
	if err != nil {
		w.Error(err)
	}
	return replies + string(more)
}

// awaitPortStatus waits until so many changes of ports have been printed.
func (w *watcher) awaitPortStatus(n int) {
	w.Helper()
	await(w, "changes of ports", func() bool { return strings.Count(w.out.String(), "OFPT_PORT_STATUS") >= n })
}
