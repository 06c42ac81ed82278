package system

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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

// TestGroupsAndMeters sends through groups and a meter, whose counters must agree with
// what arrived.
func TestGroupsAndMeters(t *testing.T) {
	const n = 200
	s := newLab(t, "ping", "tcpdump").run(threeHosts)
	s.reaches("h1", ip2)

	// A copy for h3.
	s.ofctl("add-group", "br0", "group_id=1,type=all,bucket=output:h2,bucket=output:h3")
	s.ofctl("add-flow", "br0", "icmp,in_port=h1,actions=group:1")
	copied := s.capture("h3", "h3", "icmp")
	s.reaches("h1", ip2)
	copied.says(`10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request.* seq 5,`)
	shows(t, s.ofctl("dump-group-stats", "br0", "1"), `packet_count=5,byte_count=490,bucket0:packet_count=5,byte_count=490,bucket1:packet_count=5,`)

	// A way around a port that is down.
	s.ofctl("add-group", "br0", "group_id=2,type=ff,bucket=watch_port:h3,output:h3,bucket=watch_port:h2,output:h2")
	s.ofctl("mod-flows", "br0", "icmp,in_port=h1,actions=group:2")
	s.missesOut("h1", ip2)
	s.ofctl("mod-port", "br0", "h3", "down")
	s.awaitFlags("h3", "NO-CARRIER", true)
	s.reaches("h1", ip2)

	s.ofctl("add-meter", "br0", "meter=1,pktps,burst,stats,bands=type=drop,rate=50,burst_size=20")
	s.ofctl("-O", "OpenFlow13", "mod-flows", "br0", "icmp,in_port=h1,actions=meter:1,output:h2")
	answered := s.ping("h1", ip2, n, "-i", "0.001")
	if answered < 20 || answered == n {
		t.Errorf("%d of %d pings passed a meter of 50 a second with a burst of 20", answered, n)
	}
	stats := s.ofctl("meter-stats", "br0", "meter=1")
	shows(t, stats, fmt.Sprintf(`packet_in_count:%d `, n), fmt.Sprintf(`0: packet_count:%d `, n-answered))
}
