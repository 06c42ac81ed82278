package flow

import "testing"

func TestAppendKey(t *testing.T) {
	tcp := Key{Base: Base{
		InPort: 1, EthSrc: MAC{0, 0, 0, 0, 0, 1}, EthDst: MAC{0, 0, 0, 0, 0, 2}, EthType: 0x800,
		IPSrc: 0x0a000001, IPDst: 0x0a000002, IPProto: 6, IPTTL: 64, TPSrc: 1024, TPDst: 80, TCPFlags: 0x12,
	}}
	tagged := tcp
	tagged.VLAN[0] = VLANTag{0x88a8, 0x1000 | 3<<13 | 10}
	tagged.VLAN[1] = VLANTag{0x8100, 0x1014}
	tagged.Present, tagged.Conn = PresentConn, Conn{CTState: 0x22, CTZone: 5}
	arp := Key{Base: Base{EthType: 0x806, ARPOp: 1, IPSrc: 0x0a000001}}
	absent := tcp
	absent.Conn.CTState = 99 // stale: the segment is not present
	for _, c := range []struct {
		name string
		key  *Key
		mask *KeyMask
		want string
	}{
		{"all of a TCP packet", &tcp, nil,
			"recirc_id(0),in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x0800)," +
				"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=1024,dst=80),tcp_flags(syn|ack)"},
		{"two tags and a connection", &tagged, nil,
			"recirc_id(0),ct(state=est|trk,zone=5,mark=0,label=0),in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02)," +
				"eth_type(0x88a8),vlan(vid=10,pcp=3),encap(eth_type(0x8100),vlan(vid=20,pcp=0),encap(eth_type(0x0800)," +
				"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=1024,dst=80),tcp_flags(syn|ack)))"},
		{"a megaflow", &tcp, &KeyMask{Base: Base{InPort: ^uint32(0), RecircID: ^uint32(0), EthType: 0xffff, IPDst: 0xffffff00,
			IPProto: 0xff, IPFrag: 3, TPDst: 0xfff0, VLAN: [2]VLANTag{{TCI: 0x1fff}}}},
			"recirc_id(0),in_port(1),vlan(tci=0x0000/0x1fff),eth_type(0x0800),ipv4(dst=10.0.0.0/24,proto=6,frag=no),tcp(dst=0x50/0xfff0)"},
		{"part of a tag", &tagged, &KeyMask{Base: Base{VLAN: [2]VLANTag{{TCI: 0x100f}}, EthType: 0xffff}},
			"vlan(vid=10/0xf),encap(eth_type(0x0800))"},
		{"an absent segment is zero", &absent, &KeyMask{Conn: Conn{CTState: 0x20}}, "ct(state=-trk)"},
		{"ARP", &arp, &KeyMask{Base: Base{EthType: 0xffff, ARPOp: 0xffff, IPSrc: ^uint32(0)}}, "eth_type(0x0806),arp(sip=10.0.0.1,op=1)"},
		{"nothing", &tcp, &KeyMask{}, ""},
	} {
		if got := string(AppendKey(nil, c.key, c.mask)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
