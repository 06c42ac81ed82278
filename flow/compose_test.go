package flow

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"vswitch/packet"
)

func randomMAC(r *rand.Rand) (m MAC) {
	for i := range m {
		m[i] = byte(r.Uint32())
	}
	return m
}

func randomIPv6(r *rand.Rand) (a IPv6) {
	for i := range a {
		a[i] = byte(r.Uint32())
	}
	return a
}

// randomFrameKey is a key that a frame can have: fields of all kinds, each with
// any value.
func randomFrameKey(r *rand.Rand) *Key {
	k := &Key{Base: Base{EthDst: randomMAC(r), EthSrc: randomMAC(r)}}
	if r.IntN(4) == 0 {
		k.VLAN[0] = VLANTag{[]uint16{0x8100, 0x88a8}[r.IntN(2)], uint16(r.Uint32()) | VLANPresent}
		if r.IntN(2) == 0 {
			k.VLAN[1] = VLANTag{0x8100, uint16(r.Uint32()) | VLANPresent}
		}
	}
	switch r.IntN(10) {
	case 0, 1, 2:
		randomIPKey(r, k, 0x0800)
	case 3, 4, 5:
		randomIPKey(r, k, 0x86dd)
	case 6:
		k.EthType = []uint16{0x806, 0x8035}[r.IntN(2)]
		k.ARPOp, k.ARPSHA, k.ARPTHA = uint16(r.Uint32()), randomMAC(r), randomMAC(r)
		k.IPSrc, k.IPDst = r.Uint32(), r.Uint32()
	case 7:
		k.EthType = []uint16{0x8847, 0x8848}[r.IntN(2)]
		for i := range k.MPLS {
			k.MPLS[i] = r.Uint32()
			if k.MPLS[i]&mplsBottom != 0 {
				break
			}
		}
	case 8:
		k.EthType, k.NSHMDType = 0x894f, uint8(1+r.IntN(2))
		k.NSHFlags, k.NSHTTL, k.NSHNP = uint8(r.IntN(4)), uint8(r.IntN(64)), uint8(r.Uint32())
		k.NSHSPI, k.NSHSI = r.Uint32()>>8, uint8(r.Uint32())
		for i := range k.NSHC {
			if k.NSHMDType == 1 {
				k.NSHC[i] = r.Uint32()
			}
		}
	default:
		k.EthType = []uint16{0x88e7, EthTypeNone, 0x88cc, 0x600, 0xffff}[r.IntN(5)]
		if k.EthType == 0x88e7 {
			k.PBB = r.Uint32() >> 7
		}
	}
	if r.IntN(8) == 0 && k.EthType != EthTypeNone && k.VLAN[0].TCI == 0 {
		k.PacketType, k.EthDst, k.EthSrc = packet.PacketTypeOf(k.EthType), MAC{}, MAC{}
	}
	return k
}

func randomIPKey(r *rand.Rand, k *Key, ethType uint16) {
	k.EthType = ethType
	k.IPTOS, k.IPTTL = uint8(r.Uint32()), uint8(r.Uint32())
	k.IPProto = []uint8{1, 2, 6, 6, 17, 17, 58, 58, 132, 253, 255}[r.IntN(11)]
	k.IPFrag = []uint8{0, 0, 0, 0, 1, 3}[r.IntN(6)]
	if ethType == 0x800 {
		k.IPSrc, k.IPDst = r.Uint32(), r.Uint32()
	} else {
		k.IPv6Src, k.IPv6Dst, k.IPv6Label = randomIPv6(r), randomIPv6(r), r.Uint32()>>12
		randomExtensions(r, k)
	}
	if k.IPFrag&FragLater != 0 {
		return
	}
	switch k.IPProto {
	case 6:
		k.TCPFlags = uint16(r.IntN(1 << 12))
		fallthrough
	case 17, 132:
		k.TPSrc, k.TPDst = uint16(r.Uint32()), uint16(r.Uint32())
	case 1, 2, 58:
		k.TPSrc, k.TPDst = uint16(r.IntN(256)), uint16(r.IntN(256))
		if k.IPProto == 2 {
			k.IGMPGroup = r.Uint32()
		}
		if k.IPProto == 58 && r.IntN(2) == 0 {
			k.TPSrc, k.TPDst = uint16(135+r.IntN(2)), 0
		}
		if isND(k) {
			randomND(r, k)
		}
	}
}

func isND(k *Key) bool {
	return k.EthType == 0x86dd && k.IPProto == 58 && (k.TPSrc == 135 || k.TPSrc == 136) && k.TPDst == 0 && k.IPFrag&FragLater == 0
}

func randomExtensions(r *rand.Rand, k *Key) {
	if r.IntN(2) == 0 {
		k.IPv6ExtHdr = uint16(r.Uint32()) & (ExtHop | ExtDest | ExtRouting | ExtFrag | ExtAuth)
	}
	if k.IPFrag != 0 {
		k.IPv6ExtHdr |= ExtFrag
	}
	if k.IPFrag&FragLater != 0 {
		k.IPProto = 44
		k.IPv6ExtHdr &^= ExtAuth
	} else if r.IntN(10) == 0 {
		k.IPProto, k.IPv6ExtHdr = 50, k.IPv6ExtHdr|ExtESP
	} else if r.IntN(10) == 0 {
		k.IPProto, k.IPv6ExtHdr = 59, k.IPv6ExtHdr|ExtNoNext
	}
}

func randomND(r *rand.Rand, k *Key) {
	k.NDReserved, k.NDTarget = r.Uint32(), randomIPv6(r)
	switch r.IntN(5) {
	case 0:
		k.NDOptType, k.ARPSHA = 1, randomMAC(r)
	case 1:
		k.NDOptType, k.ARPTHA = 2, randomMAC(r)
	case 2:
		k.NDOptType, k.ARPSHA, k.ARPTHA = 1, randomMAC(r), randomMAC(r)
	case 3:
		k.NDOptType, k.ARPSHA, k.ARPTHA = 2, randomMAC(r), MAC{}
	}
}

func randomPayload(r *rand.Rand, k *Key) []byte {
	n := r.IntN(64)
	if isND(k) {
		n = r.IntN(8)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestExtractOfCompose is the law that joins the two.
func TestExtractOfCompose(t *testing.T) {
	r := newRand(t)
	pool := newPool(t, 8, 4096)
	for range 50000 {
		k := randomFrameKey(r)
		k.Base.InPort, k.RecircID, k.DPHash, k.PktMark = r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32()
		frame, err := Compose(k, randomPayload(r, k))
		if err != nil {
			t.Fatalf("%v: %+v", err, k.Base)
		}
		b := packet.FromBytes(frame, pool, pool)
		b.InPort, b.RecircID, b.Hash, b.Mark, b.PacketType = k.Base.InPort, k.RecircID, k.DPHash, k.PktMark, k.PacketType
		var got Key
		Extract(b, &got)
		b.Free(pool)
		if *got.Base.Words() != *k.Base.Words() {
			t.Fatalf("frame %x:\n got %+v\nwant %+v", frame, got.Base, k.Base)
		}
	}
}

// TestComposeAcceptsOnlyWhatItBuilds: of keys with anything in them, what is
// accepted still fulfils the law.
func TestComposeAcceptsOnlyWhatItBuilds(t *testing.T) {
	r := newRand(t)
	pool := newPool(t, 8, 4096)
	accepted := 0
	for range 50000 {
		k := randomFrameKey(r)
		w := k.Base.Words()
		for range 1 + r.IntN(2) {
			w[r.IntN(BaseWords)] ^= 1 << r.IntN(64)
		}
		frame, err := Compose(k, nil)
		if err != nil {
			var e *ComposeError
			if !errors.As(err, &e) || e.What == "" {
				t.Fatalf("error %#v", err)
			}
			continue
		}
		accepted++
		b := packet.FromBytes(frame, pool, pool)
		b.InPort, b.RecircID, b.Hash, b.Mark, b.PacketType = k.Base.InPort, k.RecircID, k.DPHash, k.PktMark, k.PacketType
		var got Key
		Extract(b, &got)
		got.Present = k.Present // not in the bytes
		b.Free(pool)
		if *got.Base.Words() != *k.Base.Words() {
			t.Fatalf("frame %x:\n got %+v\nwant %+v", frame, got.Base, k.Base)
		}
	}
	if accepted < 5000 {
		t.Errorf("only %d of 50000 keys accepted", accepted)
	}
}

func TestComposeErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		base Base
		want string
	}{
		{"ports without a protocol", Base{EthType: 0x800, TPDst: 80}, "tcp_dst cannot be in such a frame"},
		{"address of the other version", Base{EthType: 0x86dd, IPProto: 6, IPSrc: 1}, "ip_src cannot be in such a frame"},
		{"flags of 13 bits", Base{EthType: 0x800, IPProto: 6, TCPFlags: 0x1002}, "the inner tag, an inner label or the IGMP group"},
		{"ICMP type of 9 bits", Base{EthType: 0x800, IPProto: 1, TPSrc: 0x108}, "tcp_src cannot be in such a frame"},
		{"a length for a type", Base{EthType: 0x100}, "eth_type 0x100 is an 802.3 length"},
		{"a tag for a type", Base{EthType: 0x8100}, "eth_type 0x8100 is a tag of its own"},
		{"half a tag", Base{VLAN: [2]VLANTag{{TCI: 0x1001}}, EthType: 0x800}, "VLAN tag 0 has TPID 0x0 and TCI 0x1001"},
		{"an inner tag alone", Base{VLAN: [2]VLANTag{{}, {0x8100, 0x1001}}, EthType: 0x800}, "the inner tag"},
		{"an extension for a protocol", Base{EthType: 0x86dd, IPProto: 43}, "nw_proto=43 is an extension header"},
		{"ESP unsaid", Base{EthType: 0x86dd, IPProto: 50}, "ipv6_exthdr=0 cannot be in such a frame"},
		{"fragment without its header", Base{EthType: 0x86dd, IPProto: 6, IPFrag: FragAny}, "ip_frag=first cannot be in such a frame"},
		{"later fragment's protocol", Base{EthType: 0x86dd, IPProto: 6, IPFrag: 3, IPv6ExtHdr: ExtFrag}, "nw_proto of a later IPv6 fragment is 6, not 44"},
		{"header behind a later fragment's", Base{EthType: 0x86dd, IPProto: 44, IPFrag: 3, IPv6ExtHdr: ExtFrag | ExtAuth}, "shows no header"},
		{"packet type", Base{EthType: 0x800, PacketType: 0x186dd}, "packet_type 0x186dd does not go with eth_type 0x800"},
		{"metadata type", Base{EthType: 0x894f, NSHMDType: 3}, "nsh_mdtype=3 is not 1 or 2"},
		{"option unsaid", Base{EthType: 0x86dd, IPProto: 58, TPSrc: 135, ARPSHA: MAC{1}}, "nd_options_type=0 cannot be in such a frame"},
	} {
		_, err := Compose(&Key{Base: c.base}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Compose(&Key{Base: Base{EthType: 0x800}}, make([]byte, 65516)); err == nil {
		t.Error("an IPv4 packet of 65536 bytes was composed")
	}
	nd := Base{EthType: 0x86dd, IPProto: 58, TPSrc: 135}
	if _, err := Compose(&Key{Base: nd}, make([]byte, 8)); err == nil {
		t.Error("a payload that reads as options was composed")
	}
}

// TestComposeChecksums has gopacket decode composed frames and verify their
// checksums.
func TestComposeChecksums(t *testing.T) {
	r := newRand(t)
	checked := map[string]int{}
	for range 5000 {
		k := randomFrameKey(r)
		if k.PacketType != 0 || k.EthType != 0x800 && k.EthType != 0x86dd || k.IPFrag != 0 || k.IPv6ExtHdr != 0 {
			continue
		}
		if k.IPProto == 6 || k.IPProto == 17 {
			k.TPSrc, k.TPDst = 50000, 50001 // nothing that gopacket looks into
		}
		frame, err := Compose(k, randomPayload(r, k))
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
		for _, layer := range p.Layers() {
			checked[layer.LayerType().String()]++
			if l, needs := layer.(interface {
				SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
			}); needs {
				if err := l.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
					t.Fatal(err)
				}
			}
		}
		err, mismatches := p.VerifyChecksums()
		if err != nil {
			t.Fatalf("frame %x: %v", frame, err)
		}
		for _, m := range mismatches {
			t.Fatalf("frame %x: layer %d has a wrong checksum: %+v", frame, m.LayerIndex, m)
		}
	}
	for _, name := range []string{"IPv4", "IPv6", "TCP", "UDP", "ICMPv4", "ICMPv6", "Dot1Q"} {
		if checked[name] == 0 {
			t.Errorf("no frame had a layer %s: %v", name, checked)
		}
	}
}
