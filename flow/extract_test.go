package flow

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"vswitch/packet"
)

func newPool(t testing.TB, slots, size int) *packet.Pool {
	t.Helper()
	pool, err := packet.NewPool(slots, size, packet.Headroom)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const tcpFrame = "ffffffffffff 000000000001 0800 4500002800000000 40060000 0a000001 0a000002 0400 0050 00000000 00000000 5012 0000 0000 0000"

const (
	toFrom = "ffffffffffff 000000000001 "
	v6Pair = "fd000000000000000000000000000001 fd000000000000000000000000000002 "
	v4Pair = "0a000001 0a000002 "
)

// TestExtractGolden has frames whose reading was checked with the trace of
// Open vSwitch 3.1; those marked "ours" are the differences that Extract's
// comment names.
func TestExtractGolden(t *testing.T) {
	pool := newPool(t, 8, 2048)
	for _, c := range []struct{ name, frame, want, layers string }{
		{"TCP", tcpFrame, "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=1024,dst=80),tcp_flags(syn|ack)", "L3=14 L4=34"},
		{"TCP header cut short", toFrom + "0800 4500002700000000 40060000" + v4Pair + "0400 0050 00000000 00000000 5012 0000 0000 00",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=0,dst=0),tcp_flags(0)", "L3=14 L4=0"},
		{"TCP data offset 4", toFrom + "0800 4500002800000000 40060000" + v4Pair + "0400 0050 00000000 00000000 4012 0000 0000 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=0,dst=0),tcp_flags(0)", "L3=14 L4=0"},
		{"TCP data offset beyond the end", toFrom + "0800 4500002800000000 40060000" + v4Pair + "0400 0050 00000000 00000000 f012 0000 0000 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ecn=0,ttl=64,frag=no),tcp(src=0,dst=0),tcp_flags(0)", "L3=14 L4=0"},
		{"total length beyond the end", toFrom + "0800 4500002900000000 40060000" + v4Pair + "0400 0050 00000000 00000000 5012 0000 0000 0000",
			"eth_type(0x0800),ipv4(src=0.0.0.0,dst=0.0.0.0,proto=0,tos=0,ecn=0,ttl=0,frag=no)", "L3=0 L4=0"},
		{"total length short, bytes behind it are padding", toFrom + "0800 4500001400000000 40110000" + v4Pair + "0400 0050 0008 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=no),udp(src=0,dst=0)", "L3=14 L4=0"},
		{"padding", toFrom + "0800 4500001c00000000 40110000" + v4Pair + "0400 0050 0008 0000 ffffffffffff",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=no),udp(src=1024,dst=80)", "L3=14 L4=34"},
		{"ours: version 6 in an IPv4 frame", toFrom + "0800 6500002800000000 40060000" + v4Pair + "0400 0050 00000000 00000000 5012 0000 0000 0000",
			"eth_type(0x0800),ipv4(src=0.0.0.0,dst=0.0.0.0,proto=0,tos=0,ecn=0,ttl=0,frag=no)", "L3=0 L4=0"},
		{"options", toFrom + "0800 4600002000000000 40110000" + v4Pair + "01010101 0400 0050 0008 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=no),udp(src=1024,dst=80)", "L3=14 L4=38"},
		{"unknown protocol", toFrom + "0800 4500001500000000 40ff0000" + v4Pair + "00",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=255,tos=0,ecn=0,ttl=64,frag=no)", "L3=14 L4=34"},
		{"first fragment", toFrom + "0800 4500001c00002000 40110000" + v4Pair + "0400 0050 0008 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=first),udp(src=1024,dst=80)", "L3=14 L4=34"},
		{"later fragment", toFrom + "0800 4500001c00000001 40110000" + v4Pair + "0400 0050 0008 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=later)", "L3=14 L4=0"},
		{"neighbour solicitation", toFrom + "86dd 6000000000203a40" + v6Pair + "87000000 00000005 00112233445566778899aabbccddeeff 0101aabbccddeeff",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=58,tos=0,ecn=0,ttl=64,frag=no,exthdr=0),icmpv6(type=135,code=0)," +
				"nd(target=11:2233:4455:6677:8899:aabb:ccdd:eeff,sll=aa:bb:cc:dd:ee:ff,reserved=5,option=1)", "L3=14 L4=54"},
		{"the same option twice", toFrom + "86dd 6000000000283a40" + v6Pair + "87000000 00000005 00112233445566778899aabbccddeeff 0101aabbccddeeff 0101aabbccddeeff",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=58,tos=0,ecn=0,ttl=64,frag=no,exthdr=0),icmpv6(type=135,code=0)," +
				"nd(target=::,sll=00:00:00:00:00:00,reserved=5,option=0)", "L3=14 L4=54"},
		{"ICMPv6 without a body", toFrom + "86dd 6000000000043a40" + v6Pair + "80000000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=58,tos=0,ecn=0,ttl=64,frag=no,exthdr=0),icmpv6(type=0,code=0)", "L3=14 L4=0"},
		{"later IPv6 fragment", toFrom + "86dd 6000000000102c40" + v6Pair + "0600000800000001 0400005000000000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=44,tos=0,ecn=0,ttl=64,frag=later,exthdr=0x10)", "L3=14 L4=0"},
		{"ours: reserved bits of a fragment header", toFrom + "86dd 6000000000102c40" + v6Pair + "1100000600000001 0400005000080000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=17,tos=0,ecn=0,ttl=64,frag=no,exthdr=0x10),udp(src=1024,dst=80)", "L3=14 L4=62"},
		{"extension header beyond the end", toFrom + "86dd 6000000000080040" + v6Pair + "0605000000000000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=0,tos=0,ecn=0,ttl=0,frag=no,exthdr=0x40)", "L3=14 L4=0"},
		{"no next header", toFrom + "86dd 6000000000083b40" + v6Pair + "0000000000000000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=59,tos=0,ecn=0,ttl=64,frag=no,exthdr=0x1)", "L3=14 L4=54"},
		{"authentication header", toFrom + "86dd 6000000000143340" + v6Pair + "3a01000000000000 00000000 8000000000000000",
			"eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0x00000,proto=58,tos=0,ecn=0,ttl=64,frag=no,exthdr=0x4),icmpv6(type=128,code=0)", "L3=14 L4=66"},
		{"ARP", toFrom + "0806 0001 0800 0604 0001 000000000001 0a000001 000000000000 0a000002",
			"eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=00:00:00:00:00:01,tha=00:00:00:00:00:00)", "L3=14 L4=0"},
		{"ARP for other hardware", toFrom + "0806 0006 0800 0604 0001 000000000001 0a000001 000000000000 0a000002",
			"eth_type(0x0806),arp(sip=0.0.0.0,tip=0.0.0.0,op=0,sha=00:00:00:00:00:00,tha=00:00:00:00:00:00)", "L3=0 L4=0"},
		{"802.3", toFrom + "0003 ffff03", "eth_type(0x05ff)", "L3=0 L4=0"},
		{"SNAP", toFrom + "0024 aaaa03000000 0800 4500001c00000000 40110000" + v4Pair + "0400 0050 0008 0000",
			"eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ecn=0,ttl=64,frag=no),udp(src=1024,dst=80)", "L3=22 L4=42"},
		{"SNAP with a number that is no EtherType", toFrom + "0008 aaaa03000000 0003", "eth_type(0x0003)", "L3=0 L4=0"},
		{"SNAP of another organization", toFrom + "0008 aaaa03000001 0800", "eth_type(0x05ff)", "L3=0 L4=0"},
		{"tag cut short", toFrom + "8100 0001", "eth_type(0x8100)", "L3=0 L4=0"},
		{"two tags", toFrom + "88a8 6002 8100 0001 0800",
			"eth_type(0x88a8),vlan(vid=2,pcp=3),encap(eth_type(0x8100),vlan(vid=1,pcp=0),encap(eth_type(0x0800),ipv4(src=0.0.0.0,dst=0.0.0.0,proto=0,tos=0,ecn=0,ttl=0,frag=no)))", "L3=0 L4=0"},
		{"three tags", toFrom + "88a8 6002 8100 0001 8100 0003",
			"eth_type(0x88a8),vlan(vid=2,pcp=3),encap(eth_type(0x8100),vlan(vid=1,pcp=0),encap(eth_type(0x8100)))", "L3=0 L4=0"},
		{"MPLS", toFrom + "8847 00065140 00065141 00065140", "eth_type(0x8847),mpls(label=101,tc=0,ttl=64,bos=1)", "L3=0 L4=0"},
		{"NSH", toFrom + "894f 0fc60103 00000102 00000001 00000002 00000003 00000004 45 00",
			"eth_type(0x894f),nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1,si=2,c1=0x1,c2=0x2,c3=0x3,c4=0x4)", "L3=14 L4=0"},
		{"PBB", toFrom + "88e7 28123456 ffffffffffff 000000000001 0800", "eth_type(0x88e7),pbb(isid=0x123456,uca=1)", "L3=0 L4=0"},
		{"no Ethernet header", "ffffffffffff 000000000001 08", "eth_type(0x0000)", "L3=0 L4=0"},
		{"nothing", "", "eth_type(0x0000)", "L3=0 L4=0"},
	} {
		frame := fromHex(t, c.frame)
		if c.name == "MPLS" {
			frame[16] = frame[16] | 1 // bottom of stack
		}
		b := packet.FromBytes(frame, pool, pool)
		if b == nil {
			b = pool.Get()
		}
		var k Key
		Extract(b, &k)
		_, text, _ := strings.Cut(string(AppendKey(nil, &k)), "eth(")
		_, text, _ = strings.Cut(text, "),")
		layers := "L3=" + itoa(b.L3) + " L4=" + itoa(b.L4)
		if text != c.want || layers != c.layers {
			t.Errorf("%s:\n got %s %s\nwant %s %s", c.name, text, layers, c.want, c.layers)
		}
		b.Free(pool)
	}
}

func itoa(n uint16) string { return strconv.Itoa(int(n)) }

func BenchmarkExtractTCP(b *testing.B) {
	pool := newPool(b, 4, 2048)
	buf := packet.FromBytes(fromHex(b, tcpFrame), pool, pool)
	var k Key
	for b.Loop() {
		Extract(buf, &k)
	}
}

// mutate damages a frame: bits, length, or what lies behind it.
func mutate(r *rand.Rand, frame []byte) []byte {
	for range r.IntN(4) {
		if len(frame) == 0 {
			break
		}
		switch at := r.IntN(len(frame)); r.IntN(6) {
		case 0:
			frame = frame[:at]
		case 1:
			frame = append(frame, make([]byte, r.IntN(40))...)
		case 2:
			frame[at] = byte(r.Uint32())
		case 3:
			frame[at] = []byte{0, 1, 4, 5, 6, 17, 43, 44, 50, 51, 58, 59, 60, 132, 255}[r.IntN(15)]
		default:
			frame[at] ^= 1 << r.IntN(8)
		}
	}
	return frame
}

func checkExtract(t *testing.T, pool *packet.Pool, meta packet.Meta, frame []byte) {
	t.Helper()
	b := packet.FromBytes(frame, pool, pool)
	if b == nil {
		b = pool.Get()
	}
	defer b.Free(pool)
	b.Meta = meta
	b.Layers = packet.Layers{L25: 1, L3: 2, L4: 3}
	k := Key{Base: Base{NSHSPI: 99, Present: PresentConn, TPSrc: 5}} // stale
	Extract(b, &k)
	base, layers := naiveExtract(meta, frame)
	if *k.Base.Words() != *base.Words() || b.Layers != layers {
		t.Fatalf("frame %x, packet type %#x:\n got %+v %+v\nwant %+v %+v", frame, meta.PacketType, k.Base, b.Layers, base, layers)
	}
	if k.EthType == packet.EthTypeIPv4 && k.IPProto != packet.ProtoIGMP {
		checkHashIsWhole(t, &k)
	}
}

// checkHashIsWhole changes each bit that k has: the hash of an IPv4 packet leaves words out.
func checkHashIsWhole(t *testing.T, k *Key) {
	t.Helper()
	h := k.Hash(secret)
	for i, w := range k.Base.Words() {
		for ; w != 0; w &= w - 1 {
			k.Base.Words()[i] ^= w & -w
			if k.Hash(secret) == h {
				t.Fatalf("bit %#x of word %d does not count: %+v", w&-w, i, k.Base)
			}
			k.Base.Words()[i] ^= w & -w
		}
	}
}

func TestExtractLikeNaive(t *testing.T) {
	r := newRand(t)
	pool := newPool(t, 8, 4096)
	for range 60000 {
		k := randomFrameKey(r)
		frame, err := Compose(k, randomPayload(r, k))
		if err != nil {
			t.Fatalf("%v: %+v", err, k.Base)
		}
		meta := packet.Meta{InPort: r.Uint32(), RecircID: r.Uint32(), Hash: r.Uint32(), Mark: r.Uint32(), PacketType: k.PacketType}
		checkExtract(t, pool, meta, mutate(r, frame))
	}
}

// TestExtensionChains has the walk over extension headers go everywhere: random
// chains, with lengths that are wrong now and then.
func TestExtensionChains(t *testing.T) {
	r := newRand(t)
	pool := newPool(t, 8, 4096)
	kinds := []byte{0, 43, 44, 51, 60, 50, 59, 6}
	for range 40000 {
		frame := fromHex(t, toFrom+"86dd 6000000000000040"+v6Pair)
		next := 20
		for n := r.IntN(6) * r.IntN(7); n >= 0; n-- {
			kind := kinds[r.IntN(len(kinds)-3)]
			if n == 0 {
				kind = kinds[r.IntN(len(kinds))]
			}
			frame[next] = kind
			next = len(frame)
			h := make([]byte, 8+8*r.IntN(2))
			h[1] = byte(len(h)/8 - 1)
			if kind == 51 {
				h[1] = byte(len(h)/4 - 2)
			}
			if kind == 44 {
				h = h[:8]
				h[3] = []byte{0, 0, 0, 1, 6, 8}[r.IntN(6)]
			}
			if r.IntN(50) == 0 {
				h[1] = byte(r.Uint32())
			}
			frame = append(frame, h...)
		}
		frame = append(frame, make([]byte, 24)...)
		size := len(frame) - 54
		frame[18], frame[19] = byte(size>>8), byte(size)
		if r.IntN(10) == 0 {
			frame = frame[:14+r.IntN(len(frame)-14)]
		}
		checkExtract(t, pool, packet.Meta{}, frame)
	}
}

// TestExtractFirstSegment: headers lie in the first segment, lengths are those
// of the whole frame.
func TestExtractFirstSegment(t *testing.T) {
	pool := newPool(t, 64, packet.Headroom+packet.MinHead)
	k := Key{Base: Base{EthType: 0x86dd, IPProto: 6, IPTTL: 9, TPSrc: 1, TPDst: 2, IPv6ExtHdr: ExtHop}}
	frame, err := Compose(&k, make([]byte, 9000))
	if err != nil {
		t.Fatal(err)
	}
	b := packet.FromBytes(frame, pool, pool)
	if len(b.Bytes()) != packet.MinHead || b.Size() != len(frame) {
		t.Fatalf("first segment %d of %d bytes", len(b.Bytes()), b.Size())
	}
	var got Key
	Extract(b, &got)
	if *got.Base.Words() != *k.Base.Words() || b.L4 != 14+40+8 {
		t.Errorf("got %+v, layers %+v", got.Base, b.Layers)
	}
}

func TestExtractDoesNotAllocate(t *testing.T) {
	r := newRand(t)
	pool := newPool(t, 4, 4096)
	for range 200 {
		frame, err := Compose(randomFrameKey(r), nil)
		if err != nil {
			t.Fatal(err)
		}
		b := packet.FromBytes(frame, pool, pool)
		var k Key
		if n := testing.AllocsPerRun(5, func() { Extract(b, &k) }); n != 0 {
			t.Fatalf("%v allocations for %x", n, frame)
		}
		b.Free(pool)
	}
}

func FuzzExtract(f *testing.F) {
	for _, seed := range []string{tcpFrame, toFrom + "86dd 6000000000203a40" + v6Pair + "87000000 00000005 00112233445566778899aabbccddeeff 0101aabbccddeeff",
		toFrom + "88a8 6002 8100 0001 0806 0001 0800 0604 0001 000000000001 0a000001 000000000000 0a000002",
		toFrom + "86dd 6000000000102c40" + v6Pair + "1100000600000001 0400005000080000",
		toFrom + "894f 0fc60103 00000102 00000001 00000002 00000003 00000004 45 00", toFrom + "8847 00065040 00065140",
		toFrom + "0024 aaaa03000000 0800 4500001c00000000 40110000" + v4Pair + "0400 0050 0008 0000"} {
		f.Add(uint32(0), fromHex(f, seed))
		f.Add(uint32(0x10800), fromHex(f, seed)[14:])
	}
	pool := newPool(f, 64, 4096)
	f.Fuzz(func(t *testing.T, packetType uint32, frame []byte) {
		if len(frame) > 3800 {
			return
		}
		checkExtract(t, pool, packet.Meta{PacketType: packetType}, frame)
	})
}
