package flow

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// port4 is a switch with one port that has a name.
func port4(name string) (uint32, error) {
	if name != "p4" {
		return 0, errors.New("no such port in the datapath")
	}
	return 4, nil
}

// TestParseMegaflow reads lines of Open vSwitch's documentation and of its dpif/dump-flows.
func TestParseMegaflow(t *testing.T) {
	tcp := Base{EthSrc: MAC{0x50, 0x54, 0, 0, 0, 5}, EthDst: MAC{0x50, 0x54, 0, 0, 0, 7}, EthType: 0x800, InPort: 1,
		IPSrc: 0xc0a80001, IPDst: 0xc0a80002, IPProto: 6, IPTOS: 0, IPTTL: 128, TPSrc: 8, TPDst: 10, TCPFlags: 0x12}
	tagged := tcp
	tagged.InPort = 4
	tagged.VLAN = [2]VLANTag{{0x88a8, 0x1000 | 3<<13 | 10}, {0x8100, 0x1014}}
	const inner = "ipv4(src=192.168.0.1,dst=192.168.0.2,proto=6,tos=0,ttl=128,frag=no),tcp(src=8,dst=10),tcp_flags(0x12)"
	const macs = "eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07)"
	for _, c := range []struct {
		text string
		want Base
	}{
		{"recirc_id(0),in_port(1)," + macs + ",eth_type(0x0800)," + inner, tcp},
		{"in_port(1), " + macs + ", eth_type(0x0800), " + inner, tcp},
		{"skb_priority(0),skb_mark(0),packet_type(ns=0,id=0),in_port(p4)," + macs +
			",eth_type(0x88a8),vlan(vid=10,pcp=3),encap(eth_type(0x8100),vlan(vid=20,pcp=0,cfi=1),encap(eth_type(0x0800)," + inner + "))", tagged},
		{"in_port(1),eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::/32,proto=58,tclass=0x3,hlimit=255,frag=later)", Base{InPort: 1, EthType: 0x86dd,
			IPv6Src: IPv6{0xfd, 15: 1}, IPv6Dst: IPv6{0xfd}, IPProto: 58, IPTOS: 3, IPTTL: 255, IPFrag: FragAny | FragLater}},
		{"in_port(1),eth_type(0x8847),mpls(label0=7,tc0=1,ttl0=64,bos0=0,label1=8/0xff,tc1=0,ttl1=2,bos1=1)", Base{InPort: 1, EthType: 0x8847,
			MPLS: [3]uint32{7<<12 | 1<<9 | 64, 8<<12 | 1<<8 | 2}}},
		{"in_port(1),eth(src=00:01:02:03:04:05/ff:ff:ff:ff:ff:f0),eth_type(0x1234/0xfff0)", Base{InPort: 1, EthType: 0x1230, EthSrc: MAC{0, 1, 2, 3, 4, 0}}},
		{"eth_type(0x0800),ipv4(proto=5/0xf0,tos=0x80/0xf0,ttl=128/0xf0,frag=first),icmp(type=17/0xf0,code=2)", Base{EthType: 0x800, IPTOS: 0x80, IPTTL: 128,
			IPFrag: FragAny, TPSrc: 16, TPDst: 2}},
		{"in_port(1),vlan(tci=0/0x1000)", Base{InPort: 1}},
		{"in_port(1),eth_type(0x88a8),encap()", Base{InPort: 1, VLAN: [2]VLANTag{{0x88a8, 0x1000}}}},
		{"in_port(1),vlan(tci=0x1005),encap(vlan(tci=0x0))", Base{InPort: 1, VLAN: [2]VLANTag{{0x8100, 0x1005}}}},
		{"eth_type(0x8100),vlan(vid=99/0xff0,pcp=7/0x6),encap(eth_type(0x0806),arp(op=17/0xf0))", Base{EthType: 0x806, ARPOp: 16, VLAN: [2]VLANTag{{0x8100, 0x1000 | 6<<13 | 96}}}},
		{"eth_type(0x0806),arp(sip=1.2.3.4,tip=5.6.7.8,op=1,sha=02:00:00:00:00:01)", Base{EthType: 0x806, IPSrc: 0x01020304, IPDst: 0x05060708, ARPOp: 1, ARPSHA: MAC{2, 5: 1}}},
		{"in_port(1),vlan(tci=0),eth_type(0x0800),ipv4(src=10.1.2.3/255.255.0.0,frag=no),igmp(type=22,code=0,group=224.0.0.1)",
			Base{InPort: 1, EthType: 0x800, IPSrc: 0x0a010000, TPSrc: 22, IGMPGroup: 0xe0000001}},
	} {
		m, err := ParseMegaflow(c.text, port4)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if m.Value.Base != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.text, AppendKey(nil, &m.Value.Key), AppendKey(nil, &Key{Base: c.want}))
		}
	}
}

func TestParseMegaflowErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                          `"": a part is written name(value)`,
		"in_port":                   `"in_port": a part is written name(value)`,
		"in_port(1":                 `"in_port(1": the parenthesis is not closed at "(1"`,
		"in_port(1)eth_type(0x800)": `"in_port(1)eth_type(0x800)": a comma is missing at "eth_type(0x800)"`,
		"in_port(1),":               `"in_port(1),": a part is written name(value)`,
		"in_port(h9)":               `"in_port(h9)": no such port in the datapath at "h9)"`,
		"ipv5(src=1)":               `"ipv5(src=1)": unknown part`,
		"ipv4(from=1)":              `"ipv4(from=1)": ipv4 has no such label at "from=1)"`,
		"ipv4(1.2.3.4)":             `"ipv4(1.2.3.4)": ipv4 has label=value at "1.2.3.4)"`,
		"ipv4(src=1.2.3)":           `"ipv4(src=1.2.3)": not an IPv4 address at "1.2.3)"`,
		"ipv4(frag=maybe)":          `"ipv4(frag=maybe)": unknown kind of fragment: the kinds are no first later at "maybe)"`,
		"eth_type(0x10000)":         `"eth_type(0x10000)": value does not fit 16 bits at "0x10000)"`,
		"eth_type(0x8100),encap(eth_type(0x8100),encap(encap()))": `"eth_type(0x8100),encap(eth_type(0x8100),encap(encap()))": more tags than the switch looks at at ")))"`,
		"vlan(vid=4096)":                      `"vlan(vid=4096)": number is too large at "4096)"`,
		"vlan(vid=1),vlan(vid=1),vlan(vid=1)": `"vlan(vid=1),vlan(vid=1),vlan(vid=1)": more tags than the switch looks at at "vid=1)"`,
		"mpls(label9=1)":                      `"mpls(label9=1)": mpls has no such label at "label9=1)"`,
		"tunnel(geneve({class=1}))":           `"tunnel(geneve({class=1}))": tunnel has no such label at "geneve({class=1}))"`,
		"in_port(1),packets:0":                `"in_port(1),packets:0": a part is written name(value) at "packets:0"`,
	} {
		if _, err := ParseMegaflow(text, port4); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestMegaflowTextComesBack writes all that random frames have, or no more than their
// tags or that there is none, and reads it.
func TestMegaflowTextComesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 20000 {
		k := randomFrameKey(r)
		if k.PacketType>>16 == 1 { // whose Ethernet type is not shown
			continue
		}
		var p Pipeline
		p.Load(k)
		mask := Key(*existingFields(&p))
		if r.IntN(2) == 0 {
			mask = Key{Base: Base{InPort: ^uint32(0), EthSrc: MAC{0xff, 0xff}}}
		}
		tagged := true
		for i := range k.VLAN {
			tci := []uint16{VLANPresent, VLANPresent | 0xfff, 0xffff, VLANPresent | 0xe00f}[r.IntN(4)]
			if tagged || mask.EthType == 0 && k.VLAN[max(i-1, 0)].TCI != 0 {
				mask.VLAN[i] = VLANTag{0xffff, tci}
			}
			tagged = k.VLAN[i].TCI != 0
		}
		first := string(AppendMegaflow(nil, k, &mask, ""))
		m, err := ParseMegaflow(first, port4)
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if again := string(AppendMegaflow(nil, &m.Value.Key, &m.Mask.Key, "")); again != first {
			t.Fatalf("%s\nbecame\n%s", first, again)
		}
	}
}

func FuzzParseMegaflow(f *testing.F) {
	f.Add("recirc_id(0),in_port(1),eth(src=50:54:00:00:00:05),eth_type(0x8100),vlan(vid=1/0xff),encap(eth_type(0x0800),ipv4(frag=no),tcp_flags(+syn))")
	f.Add("eth_type(0x8847),mpls(label0=7,tc0=1/1,ttl1=64,bos2=0),packet_type(ns=0,id=0x800),tunnel(tun_id=0x7,src=1.1.1.1,flags(-df))")
	f.Add("ct_state(+trk),ct_tuple6(src=::1,proto=6),nd(target=::,sll=02:00:00:00:00:01),igmp(group=224.0.0.1),in_port(p4),vlan(tci=0)")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMegaflow(text, port4)
		if err == nil {
			AppendMegaflow(nil, &m.Value.Key, &m.Mask.Key, "")
		}
	})
}
