package flow

import (
	"bytes"
	"testing"
)

func TestAppendKey(t *testing.T) {
	tcp := Key{Base: Base{
		InPort: 1, EthSrc: MAC{0, 0, 0, 0, 0, 1}, EthDst: MAC{0, 0, 0, 0, 0, 2}, EthType: 0x800,
		IPSrc: 0x0a000001, IPDst: 0x0a000002, IPProto: 6, IPTTL: 64, TPSrc: 1024, TPDst: 80, TCPFlags: 0x12,
	}}
	tagged := tcp
	tagged.VLAN[0] = VLANTag{0x88a8, 0x1000 | 3<<13 | 10}
	tagged.VLAN[1] = VLANTag{0x8100, 0x1014}
	tagged.Present, tagged.Conn = PresentConn, Conn{CTState: 0x22, CTZone: 5}
	for _, c := range []struct {
		name string
		key  *Key
		want string
	}{
		{"all of a TCP packet", &tcp,
			"recirc_id(0),in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x0800)," +
				"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=1024,dst=80),tcp_flags(syn|ack)"},
		{"two tags and a connection", &tagged,
			"recirc_id(0),ct(state=est|trk,zone=5,mark=0,label=0),in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02)," +
				"eth_type(0x88a8),vlan(vid=10,pcp=3),encap(eth_type(0x8100),vlan(vid=20,pcp=0),encap(eth_type(0x0800)," +
				"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=1024,dst=80),tcp_flags(syn|ack)))"},
	} {
		if got := string(AppendKey(nil, c.key)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestAppendMegaflow compares with what Open vSwitch's dpif/dump-flows prints, which
// tests/compat asks it for.
func TestAppendMegaflow(t *testing.T) {
	tcp := Key{Base: Base{
		InPort: 1, EthSrc: MAC{2, 0, 0, 0, 0, 1}, EthDst: MAC{2, 0, 0, 0, 0, 2}, EthType: 0x800,
		IPSrc: 0x0a000001, IPDst: 0x0a000002, IPProto: 6, IPTTL: 64, TPSrc: 1024, TPDst: 80, TCPFlags: 0x12,
	}}
	tagged := tcp
	tagged.VLAN[0] = VLANTag{0x88a8, 0x1000 | 3<<13 | 10}
	tagged.VLAN[1] = VLANTag{0x8100, 0x1014}
	neighbour := Key{Base: Base{EthType: 0x86dd, IPProto: 58, IPv6Dst: IPv6{0xfd}, IPTTL: 255, TPSrc: 135, NDTarget: IPv6{0xfd, 15: 1}, ARPSHA: MAC{2}}}
	all, always := ^uint32(0), Base{InPort: ^uint32(0), RecircID: ^uint32(0), PacketType: ^uint32(0), EthType: 0xffff}
	with := func(edit func(b *Base)) *Key {
		k := &Key{Base: always}
		edit(&k.Base)
		return k
	}
	const begin = "recirc_id(0),in_port(1),packet_type(ns=0,id=0),"
	for _, c := range []struct {
		name      string
		key, mask *Key
		want      string
	}{
		{"IPv4", &tcp, with(func(b *Base) {
			b.EthSrc, b.IPDst, b.IPProto, b.IPFrag, b.IPTOS, b.TPDst = MAC{255, 255, 255, 255, 255, 0}, 0xffffff00, 0xff, 3, 0xfc, 0xfffc
		}), begin + "eth(src=02:00:00:00:00:00/ff:ff:ff:ff:ff:00),eth_type(0x0800),ipv4(dst=10.0.0.0/255.255.255.0,proto=6,tos=0/0xfc,frag=no),tcp(dst=80/0xfffc)"},
		{"flags, and no tag", &tcp, with(func(b *Base) { b.IPProto, b.IPTTL, b.TCPFlags, b.VLAN[0] = 0xff, 0xff, 0x12, VLANTag{0, 0x1fff} }),
			begin + "eth_type(0x0800),ipv4(proto=6,ttl=64),tcp_flags(+syn+ack)"},
		{"two tags", &tagged, with(func(b *Base) { b.VLAN = [2]VLANTag{{0xffff, 0x1fff}, {0xffff, 0xffff}} }),
			begin + "eth_type(0x88a8),vlan(vid=10),encap(eth_type(0x8100),vlan(vid=20,pcp=0),encap(eth_type(0x0800)))"},
		{"neighbour discovery", &neighbour, with(func(b *Base) {
			b.InPort, b.IPv6Dst, b.IPProto, b.IPTTL, b.TPSrc, b.NDTarget, b.ARPSHA = 0, IPv6{255, 255}, 0xff, 0xff, 0xffff, IPv6(bytes.Repeat([]byte{255}, 16)), MAC{255, 255, 255, 255, 255, 255}
		}), "recirc_id(0),packet_type(ns=0,id=0),eth_type(0x86dd),ipv6(dst=fd00::/ffff::,proto=58,hlimit=255),icmpv6(type=135),nd(target=fd00::1,sll=02:00:00:00:00:00)"},
		{"a type of ICMP, which has eight bits", &Key{Base: Base{EthType: 0x800, IPProto: 1, TPSrc: 8, TPDst: 3}}, with(func(b *Base) { b.IPProto, b.TPSrc, b.TPDst = 0xff, 0xff, 0x3 }),
			"recirc_id(0),in_port(0),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(proto=1),icmp(type=8,code=3/0x3)"},
		{"a label", &Key{Base: Base{EthType: 0x8847, MPLS: [3]uint32{100<<12 | 1<<8 | 64}}}, &Key{Base: Base{EthType: 0xffff, MPLS: [3]uint32{0xfffff000}}},
			"eth_type(0x8847),mpls(label=100/0xfffff,tc=0/0,ttl=0/0x0,bos=0/0)"},
		{"recirculated", &Key{Base: Base{RecircID: 0x1f, DPHash: 5, PktMark: 7, PacketType: 0x10800, EthType: 0x800}},
			&Key{Base: Base{RecircID: all, DPHash: 0xff, PktMark: all, PacketType: all, EthType: 0xffff}},
			"skb_mark(0x7),recirc_id(0x1f),dp_hash(0x5/0xff),packet_type(ns=1,id=0x800),eth_type(0x0800)"},
		{"no tag, whatever the type", &tcp, &Key{Base: Base{VLAN: [2]VLANTag{{TCI: 0x1fff}}}}, "vlan(tci=0/0x1fff)"},
		{"nothing", &tcp, &Key{}, ""},
	} {
		if got := string(AppendMegaflow(nil, c.key, c.mask, "")); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if got, want := string(AppendMegaflow(nil, &tcp, &Key{Base: Base{InPort: all}}, "h1")), "in_port(h1)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
