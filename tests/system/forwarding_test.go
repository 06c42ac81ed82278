package system

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vswitch/control"
)

// twoTrunked is two bridges with hosts on access ports, and between them a cable of the
// kernel that carries some of the VLANs.
const twoTrunked = `
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, tag: 10, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, tag: 10, address: [10.0.0.2/24]}
      - {name: h3, type: tap, netns: $h3, tag: 20, address: [10.0.0.3/24]}
      - {name: h4, type: tap, netns: $h4, tag: 30, address: [10.0.0.4/24]}
      - {name: near, type: system, trunks: [10, 20-29]}
  - name: br1
    ports:
      - {name: h5, type: tap, netns: $h5, tag: 10, address: [10.0.0.5/24]}
      - {name: h6, type: tap, netns: $h6, tag: 20, address: [10.0.0.6/24]}
      - {name: h7, type: tap, netns: $h7, tag: 30, address: [10.0.0.7/24]}
      - {name: far, type: system}
`

// TestVLANIsolation wants frames to stay in their VLAN, and to cross a trunk to an
// existing device with their tags.
func TestVLANIsolation(t *testing.T) {
	l := newLab(t, "ping", "tcpdump", "iperf3")
	l.in("switch", "ip", "link", "add", "near", "type", "veth", "peer", "name", "far")
	l.in("switch", "ip", "link", "set", "near", "up")
	l.in("switch", "ip", "link", "set", "far", "up")
	s := l.run(twoTrunked)
	other := s.capture("h3", "h3", "arp or icmp")
	s.reaches("h1", ip2)
	s.missesOut("h1", ip3)
	if seen := other.interrupt(); seen != "" {
		t.Errorf("VLAN 20 saw frames of VLAN 10:\n%s", seen)
	}

	trunk := s.capture("switch", "far", "arp or icmp or vlan")
	s.reaches("h1", "10.0.0.5")
	trunk.says(`vlan 10, .*10\.0\.0\.1 > 10\.0\.0\.5: ICMP echo request`)
	trunk.says(`vlan 10, .*10\.0\.0\.5 > 10\.0\.0\.1: ICMP echo reply`)
	s.reaches("h6", ip3)
	s.missesOut("h1", "10.0.0.6")
	s.missesOut("h4", "10.0.0.7") // VLAN 30 is not in the trunk
	s.missesOut("h7", "10.0.0.4") // what the far side sends of it all the same is not let in
	seen := trunk.interrupt()
	if strings.Contains(seen, "tell 10.0.0.4") {
		t.Errorf("the trunk carried VLAN 30:\n%s", seen)
	}
	for line := range strings.Lines(seen) {
		if !strings.Contains(line, "vlan ") {
			t.Errorf("a frame on the trunk has no tag: %s", line)
		}
	}

	// The cable takes super-frames inside the tag.
	before := s.counters("near").Tx
	r := s.iperf("h1", "h5", "10.0.0.5", "-n", "32M")
	assertSuperFrames(t, "near tx", before, s.counters("near").Tx, r.End.SumReceived.Bytes)
	before = s.counters("far").Tx
	r = s.iperf("h1", "h5", "10.0.0.5", "-n", "32M", "-R")
	assertSuperFrames(t, "far tx", before, s.counters("far").Tx, r.End.SumReceived.Bytes)
}

// TestLearning wants the MAC table to show who is where, and unicast to go there only.
func TestLearning(t *testing.T) {
	s := newLab(t, "ping", "tcpdump").run(`
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, mac: "02:00:00:00:00:01", address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, mac: "02:00:00:00:00:02", address: [10.0.0.2/24], tag: 0}
      - {name: h3, type: tap, netns: $h3, ofport: 3, mac: "02:00:00:00:00:03", address: [10.0.0.3/24]}
`)
	s.reaches("h1", ip2)
	third := s.capture("h3", "h3", "icmp")
	s.reaches("h1", ip2)
	s.reaches("h3", ip2) // what this shows is that the capture works
	third.says(`10\.0\.0\.3 > 10\.0\.0\.2: ICMP echo request`)
	if seen := third.interrupt(); strings.Contains(seen, ip1) {
		t.Errorf("frames between h1 and h2 were flooded:\n%s", seen)
	}
	tables := mustAsk[control.FDBReply](s, "fdb", "br0")
	for mac, port := range map[string]string{mac1: "h1", mac2: "h2", "02:00:00:00:00:03": "h3"} {
		found := slices.ContainsFunc(tables[0].Entries, func(e control.FDBEntry) bool {
			return e.MAC == mac && e.Name == port && e.VLAN == 0 && !e.Static
		})
		if !found {
			t.Errorf("%s at %s is not in the table: %+v", mac, port, tables[0])
		}
	}
	s.ofctl("fdb-flush", "br0")
	if text := s.ofctl("fdb", "br0"); strings.Contains(text, mac1) {
		t.Errorf("after fdb-flush:\n%s", text)
	}
}

// TestFlows adds a flow that drops and one that rewrites.
func TestFlows(t *testing.T) {
	s := newLab(t, "ping", "tcpdump").run(twoHosts)
	s.reaches("h1", ip2)

	s.ofctl("add-flow", "br0", "priority=100,icmp,in_port=h1,actions=drop")
	s.missesOut("h1", ip2)
	s.reaches("h1", v62, "-6") // the flow drops no more than it says
	if n := s.packetCount("br0", "icmp,in_port=1"); n != 3 {
		t.Errorf("the flow that drops has matched %d packets, want 3", n)
	}
	if text := s.ofctl("drops", "h1"); !strings.Contains(text, "     3  rx") {
		t.Errorf("drops of h1:\n%s", text)
	}
	s.ofctl("del-flows", "br0", "icmp")
	s.reaches("h1", ip2)

	seen := s.capture("h2", "h2", "icmp")
	s.ofctl("add-flow", "br0", "priority=100,ip,nw_dst=10.0.0.99,actions=set_field:10.0.0.2->nw_dst,mod_nw_tos:32,NORMAL")
	s.ofctl("add-flow", "br0", "priority=100,ip,in_port=h2,nw_dst=10.0.0.1,icmp,actions=set_field:10.0.0.99->nw_src,NORMAL")
	s.neighbour("h1", "h1", "10.0.0.99", mac2)
	s.reaches("h1", "10.0.0.99")
	seen.says(`02:00:00:00:00:01 > 02:00:00:00:00:02, .*10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request`)
}

// TestPatch joins two bridges.
func TestPatch(t *testing.T) {
	s := newLab(t, "ping", "iperf3").run(`
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24, "fd00::1/64"]}
      - {name: to-br1, type: patch, peer: to-br0, ofport: 9}
  - name: br1
    ports:
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24, "fd00::2/64"]}
      - {name: to-br0, type: patch, peer: to-br1, ofport: 8}
`)
	s.reaches("h1", ip2)
	s.reaches("h1", v62, "-6")
	s.iperf("h1", "h2", ip2, "-n", "32M")
	// What leaves by one end has come in by the other. They are not read at one instant.
	s.await("the ends of the patch agree", func() error {
		near, far := s.counters("to-br1"), s.counters("to-br0")
		if near.Tx.Packets == 0 || near.Tx.Packets != far.Rx.Packets || near.Tx.Bytes != far.Rx.Bytes || near.Rx.Packets != far.Tx.Packets {
			return fmt.Errorf("%+v, %+v", near, far)
		}
		return nil
	})
	s.ofctl("add-flow", "br1", "priority=5,in_port=to-br0,actions=drop")
	s.missesOut("h1", ip2)
}

// TestPortDown wants an OpenFlow port-down to take the carrier away inside the
// namespace, and the device's addresses to outlive it.
func TestPortDown(t *testing.T) {
	s := newLab(t, "ping").run(twoHosts)
	s.reaches("h1", ip2)
	s.ofctl("mod-port", "br0", "h1", "down")
	s.awaitFlags("h1", "NO-CARRIER", true)
	s.missesOut("h2", ip1)
	if text := s.ofctl("show", "br0"); !strings.Contains(text, "PORT_DOWN") || !strings.Contains(text, "LINK_DOWN") {
		t.Errorf("show:\n%s", text)
	}
	s.ofctl("mod-port", "br0", "h1", "up")
	s.awaitFlags("h1", "NO-CARRIER", false)
	s.reaches("h2", ip1)
	s.reaches("h2", v61, "-6")
}

// awaitFlags waits until a host's device, named like the host, has a flag or not.
func (s *vswitch) awaitFlags(host, flag string, want bool) {
	s.Helper()
	s.await(host+" "+flag, func() error {
		flags, err := s.linkFlags(host, host)
		if err == nil && slices.Contains(strings.Fields(flags), flag) != want {
			err = errorText("flags: " + flags)
		}
		return err
	})
}

// errorText is an error that is only a text.
type errorText string

func (e errorText) Error() string { return string(e) }
