package system

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// crossing is two bridges with a cable between them, over which frames travel with as
// many tags as the flows put on. Whoever calls .99 is sent to .2, and from port 8000 to
// 9000.
const crossing = `
bridges:
  - name: br0
    fail_mode: secure
    ports:
      - {name: p1, $p1}
      - {name: x0, type: $cable}
  - name: br1
    fail_mode: secure
    ports:
      - {name: x1, type: $cable}
      - {name: p2, $p2}
`

// MACs of the hosts, which need not ask for each other's.
const (
	matrixMAC1 = "02:00:00:00:00:01"
	matrixMAC2 = "02:00:00:00:00:02"
)

// TestMatrix sends every protocol over every kind of device, with no, one and two tags
// between the bridges, rewritten and not, with checksums that are complete or left to the
// card, and as super-frames. What arrives is what was sent, and no kernel has seen a wrong
// checksum. By AF_XDP only complete frames can cross.
func TestMatrix(t *testing.T) {
	for _, device := range []string{"tap", "veth", "afxdp"} {
		t.Run(device, func(t *testing.T) {
			l := newLab(t, "ethtool")
			s := l.crossing(device)
			lefts := []string{"nothing", "checksums", "super-frames"}
			if device == "afxdp" {
				lefts = lefts[:1]
				s.leave("m2", "nothing")
			}
			for tags := range 3 {
				s.setTags(tags)
				for _, left := range lefts {
					s.leave("m1", left)
					for _, version := range []int{4, 6} {
						for _, isRewritten := range []bool{false, true} {
							t.Run(fmt.Sprintf("%d tags, %s left, IPv%d, rewritten %v", tags, left, version, isRewritten), func(t *testing.T) {
								s.transferAll(t, version, isRewritten, left)
							})
						}
					}
				}
			}
			for _, host := range []string{"m1", "m2"} {
				if n := s.badChecksums(host); len(n) > 0 {
					t.Errorf("host %s has seen wrong checksums: %v", host, n)
				}
			}
		})
	}
}

// crossing makes hosts m1 and m2 with a switch between them, on devices of a kind.
func (l *lab) crossing(device string) *vswitch {
	l.Helper()
	l.in("switch", "ip", "link", "add", "x0", "mtu", "1600", "type", "veth", "peer", "name", "x1", "mtu", "1600")
	l.in("switch", "ip", "link", "set", "x0", "up")
	l.in("switch", "ip", "link", "set", "x1", "up")
	config, existing := crossing, "system"
	if device == "afxdp" {
		existing = device
	}
	config = strings.ReplaceAll(config, "$cable", existing)
	for i, mac := range []string{matrixMAC1, matrixMAC2} {
		n := strconv.Itoa(i + 1)
		port := "type: " + existing
		if device == "tap" {
			l.makeHost("m" + n)
			port = "type: tap, netns: $m" + n + ", ifname: eth0, address: [10.0.0." + n + "/24, \"fd00::" + n + "/64\"], mac: \"" + mac + "\""
		} else {
			l.makeHost("m" + n)
			l.in("switch", "ip", "link", "add", "p"+n, "type", "veth", "peer", "name", "eth0", "address", mac, "netns", "$m"+n)
			l.in("switch", "ip", "link", "set", "p"+n, "up")
			l.in("m"+n, "ip", "link", "set", "eth0", "up")
			l.in("m"+n, "ip", "address", "add", "10.0.0."+n+"/24", "dev", "eth0")
			l.in("m"+n, "ip", "address", "add", "fd00::"+n+"/64", "dev", "eth0", "nodad")
		}
		config = strings.Replace(config, "$p"+n, port, 1)
	}
	s := l.run(config)
	for _, other := range []string{"2", "99"} {
		l.neighbour("m1", "eth0", "10.0.0."+other, matrixMAC2)
		l.neighbour("m1", "eth0", "fd00::"+other, matrixMAC2)
	}
	l.neighbour("m2", "eth0", "10.0.0.1", matrixMAC1)
	l.neighbour("m2", "eth0", "fd00::1", matrixMAC1)
	return s
}

// setTags has frames cross the cable with so many tags.
func (s *vswitch) setTags(tags int) {
	s.Helper()
	push := []string{"push_vlan:0x8100,set_field:4106->vlan_vid,", "push_vlan:0x88a8,set_field:4116->vlan_vid,"}
	pushes := strings.Join(push[:tags], "")
	const pop = "table=5,vlan_tci=0x1000/0x1000,actions=pop_vlan,goto_table:6\ntable=5,priority=1,actions=goto_table:7\n" +
		"table=6,vlan_tci=0x1000/0x1000,actions=pop_vlan,goto_table:7\ntable=6,priority=1,actions=goto_table:7\n"
	var there, back strings.Builder
	for _, v := range []struct{ ip, addr, host, called, suffix string }{
		{"ip", "nw", "10.0.0.2", "10.0.0.99", ""}, {"ipv6", "ipv6", "fd00::2", "fd00::99", "6"},
	} {
		for _, proto := range []string{"tcp", "udp", "sctp", "icmp"} {
			to, from := "", ""
			if proto != "icmp" {
				to, from = ",set_field:9000->"+proto+"_dst", ",set_field:8000->"+proto+"_src"
			}
			fmt.Fprintf(&there, "table=1,priority=10,%s%s,%s_dst=%s,actions=set_field:%s->%s_dst%s,goto_table:3\n",
				proto, v.suffix, v.addr, v.called, v.host, v.addr, to)
			if proto == "icmp" {
				continue
			}
			fmt.Fprintf(&back, "table=7,priority=10,%s%s,%s_src=9000,actions=set_field:%s->%s_src%s,output:p1\n",
				proto, v.suffix, proto, v.called, v.addr, from)
		}
	}
	s.write("br0.flows", "in_port=p1,actions=goto_table:1\nin_port=x0,actions=goto_table:5\n"+there.String()+back.String()+pop+
		"table=1,priority=0,actions=goto_table:3\ntable=3,actions="+pushes+"output:x0\ntable=7,priority=0,actions=output:p1\n")
	s.write("br1.flows", "in_port=x1,actions=goto_table:5\n"+pop+"table=7,actions=output:p2\nin_port=p2,actions="+pushes+"output:x1\n")
	for _, b := range []string{"br0", "br1"} {
		s.ofctl("replace-flows", b, "$dir/"+b+".flows")
	}
}

// leave says what a host leaves to its network card.
func (s *vswitch) leave(host, what string) {
	s.Helper()
	on := map[bool]string{true: "on", false: "off"}
	checksums, super := what != "nothing", what == "super-frames"
	s.in(host, "ethtool", "-K", "eth0", "tx", on[checksums])
	s.in(host, "ethtool", "-K", "eth0", "tso", on[super], "gso", on[super])
}

// transferAll has m1 call m2 by every protocol.
func (s *vswitch) transferAll(t *testing.T, version int, isRewritten bool, left string) {
	c := call{from: s.space("m1"), to: s.space("m2"), version: version, host: 2, port: 9001, listens: 9001}
	if isRewritten {
		c.host, c.port, c.listens = 99, 8000, 9000
	}
	before := s.counters("x0").Tx
	c.tcp(t, 300_000)
	if after := s.counters("x0").Tx; left == "super-frames" && after.Segments-before.Segments <= after.Packets-before.Packets {
		t.Errorf("TCP crossed without super-frames: %+v, %+v", before, after)
	}
	c.udp(t, 20, 1200, false)
	if left == "super-frames" {
		before := s.counters("x0").Tx
		c.udp(t, 20, 1200, true)
		if after := s.counters("x0").Tx; after.Segments-before.Segments <= after.Packets-before.Packets {
			t.Errorf("UDP crossed without super-frames: %+v, %+v", before, after)
		}
	}
	c.sctp(t, 1000)
	if !isRewritten {
		c.echo(t, 1000)
	}
}

// badChecksums are the kernel's counts of wrong checksums in a host, those that are not 0.
func (s *vswitch) badChecksums(host string) (bad []string) {
	s.Helper()
	for line := range strings.Lines(s.in(host, "cat", "/proc/self/net/snmp6")) {
		if f := strings.Fields(line); strings.HasSuffix(f[0], "InCsumErrors") && f[1] != "0" {
			bad = append(bad, f[0]+" "+f[1])
		}
	}
	for _, file := range []string{"snmp", "netstat"} {
		lines := strings.Split(strings.TrimSpace(s.in(host, "cat", "/proc/self/net/"+file)), "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
			for k, name := range names {
				if name == "InCsumErrors" && values[k] != "0" {
					bad = append(bad, names[0]+name+" "+values[k])
				}
			}
		}
	}
	return bad
}
