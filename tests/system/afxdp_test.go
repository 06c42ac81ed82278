package system

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// express is a switch that hosts f1 and f2 reach by AF_XDP, in the driver and behind
// it.
const express = `
bridges:
  - name: br0
    ports:
      - {name: p1, type: afxdp, queues: 2, xdp_mode: native}
      - {name: p2, type: afxdp, queues: 2, xdp_mode: generic}
`

// layExpress makes hosts f1 and f2, whose cables have two queues.
func (l *lab) layExpress() {
	l.Helper()
	for _, n := range []string{"1", "2"} {
		l.makeHost("f" + n)
		l.in("switch", "ip", "link", "add", "p"+n, "numrxqueues", "2", "numtxqueues", "2", "type", "veth",
			"peer", "name", "eth0", "numrxqueues", "2", "numtxqueues", "2", "netns", "$f"+n)
		l.in("switch", "ethtool", "-L", "p"+n, "rx", "2", "tx", "2")
		l.in("switch", "ip", "link", "set", "p"+n, "up")
		l.in("f"+n, "ethtool", "-L", "eth0", "rx", "2", "tx", "2")
		l.in("f"+n, "ip", "link", "set", "eth0", "up")
		l.in("f"+n, "ip", "address", "add", "10.0.0."+n+"/24", "dev", "eth0")
	}
}

// TestAFXDP wants what the hosts leave to a card that there is not to be named, and
// everything to cross once status was heeded.
func TestAFXDP(t *testing.T) {
	l := newLab(t, "ethtool", "iperf3", "ping")
	l.layExpress()
	s := l.run(express)
	for port, mode := range map[string]string{"p1": "native", "p2": "generic"} {
		p, err := s.portStatus(port)
		if err != nil || !strings.HasPrefix(p.IO, "xdp "+mode+", copy, need-wakeup") || !strings.Contains(strings.Join(p.Notes, ";"), "ethtool -K DEVICE tx off") {
			t.Errorf("port %s: %v, I/O %q, notes %q", port, err, p.IO, p.Notes)
		}
	}
	s.reaches("f1", "10.0.0.2")
	c := call{from: s.space("f1"), to: s.space("f2"), version: 4, host: 2, port: 9001, listens: 9001}
	if _, err := s.tryIn("f1", "iperf3", "-c", "10.0.0.2", "--connect-timeout", "300"); err == nil {
		t.Error("TCP crosses with unfinished checksums")
	}
	if drops := s.ofctl("drops"); !strings.Contains(drops, "unfinished_checksum") {
		t.Errorf("drops: %s", drops)
	}
	for _, host := range []string{"f1", "f2"} {
		s.in(host, "ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off", "txvlan", "off")
	}
	c.tcp(t, 4<<20)
	c.udp(t, 20, 1200, false)
	if got := s.counters("p1"); got.Rx.Packets == 0 || got.Tx.Packets == 0 {
		t.Errorf("counters: %+v", got)
	}
}

// TestKilledSwitchLeavesNoProgram kills a switch, which takes its programs off the
// devices: the next one can have them.
func TestKilledSwitchLeavesNoProgram(t *testing.T) {
	l := newLab(t, "ethtool", "ping")
	l.layExpress()
	has := func() bool { return strings.Contains(l.in("switch", "ip", "-d", "link", "show", "p1"), "xdp") }
	file := l.write(configFile, express)
	first := l.spawn("switch", binaries+"/vswitchd", "-c", file, "--rundir", l.dir)
	first.says("msg=ready")
	if !has() {
		t.Error("ip shows no XDP program")
	}
	first.signal(syscall.SIGKILL)
	if err := first.wait(); err == nil {
		t.Error("killed, and no error")
	}
	l.await("the program is gone", func() error {
		if has() {
			return errors.New("it is there")
		}
		return nil
	})
	s := l.run(express)
	s.reaches("f1", "10.0.0.2")
}
