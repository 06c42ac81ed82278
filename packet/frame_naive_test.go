package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// testFrame is a frame as fields. Its bytes are always written from the start,
// each checksum computed over all that it covers: the naive twin of all edits.
type testFrame struct {
	eth    EthFields
	tags   []testTag
	itag   *uint32 // backbone tag over inner
	inner  *testFrame
	labels []LSE

	version uint8 // 4, 6; 0: ARP
	arp     ARPFields
	ip4     IPv4Fields
	id      uint16
	frag    uint16
	options []byte // IPv4 options, a multiple of 4 bytes
	ip6     IPv6Fields
	exts    []testExt
	final4  *uint32   // destination of an IPv4 source route
	final6  *[16]byte // destination of a routing header

	proto    uint8
	fragment bool
	later    bool // a later fragment: payload only
	ports    PortFields
	tcp      testTCP
	icmp     ICMPFields
	nd       *testND
	payload  []byte
	noSum    bool   // UDP without a checksum
	wrongBy  uint16 // added to the transport checksum's sum
	ipWrong  uint16 // added to the IPv4 header checksum's sum
	pad      int    // bytes behind the IP packet
}

type testTag struct{ tpid, tci uint16 }

type testExt struct {
	proto uint8
	body  []byte // with a next-header byte to be written first
}

type testTCP struct {
	seq, ack uint32
	flags    uint16
	window   uint16
	options  []byte
}

type testND struct {
	fields  NDFields
	options []NDOption
}

// bytes writes the whole frame.
func (f *testFrame) bytes() []byte {
	s := append(append([]byte{}, f.eth.Dst[:]...), f.eth.Src[:]...)
	for _, tag := range f.tags {
		s = binary.BigEndian.AppendUint16(s, tag.tpid)
		s = binary.BigEndian.AppendUint16(s, tag.tci)
	}
	if f.itag != nil {
		s = binary.BigEndian.AppendUint16(s, EthTypePBB)
		s = binary.BigEndian.AppendUint32(s, *f.itag)
		return append(s, f.inner.bytes()...)
	}
	s = binary.BigEndian.AppendUint16(s, f.ethType())
	for _, e := range f.labels {
		s = binary.BigEndian.AppendUint32(s, uint32(e))
	}
	s = append(s, f.packet()...)
	return append(s, make([]byte, f.pad)...)
}

func (f *testFrame) ethType() uint16 {
	if len(f.labels) > 0 {
		return EthTypeMPLS
	}
	return f.l3Type()
}

func (f *testFrame) l3Type() uint16 {
	switch f.version {
	case 4:
		return EthTypeIPv4
	case 6:
		return EthTypeIPv6
	}
	return EthTypeARP
}

// layers is where the headers lie.
func (f *testFrame) layers() Layers {
	at := EthSize + VLANSize*len(f.tags)
	if f.itag != nil {
		l := f.inner.layers()
		d := uint16(at + ITagSize)
		if l.L25 != 0 {
			l.L25 += d
		}
		if l.L4 != 0 {
			l.L4 += d
		}
		l.L3 += d
		return l
	}
	var l Layers
	if len(f.labels) > 0 {
		l.L25 = uint16(at)
	}
	at += MPLSSize * len(f.labels)
	l.L3 = uint16(at)
	if f.version == 0 || f.later {
		return l
	}
	l.L4 = uint16(at + f.ipHeaderLen())
	return l
}

func (f *testFrame) ipHeaderLen() int {
	if f.version == 4 {
		return IPv4Size + len(f.options)
	}
	n := IPv6Size
	for _, e := range f.exts {
		n += len(e.body)
	}
	return n
}

// packet is the network-layer packet.
func (f *testFrame) packet() []byte {
	switch f.version {
	case 4:
		return f.packet4()
	case 6:
		return f.packet6()
	}
	s := []byte{0, 1, 8, 0, 6, 4}
	s = binary.BigEndian.AppendUint16(s, f.arp.Op)
	s = append(s, f.arp.SHA[:]...)
	s = binary.BigEndian.AppendUint32(s, f.arp.SPA)
	s = append(s, f.arp.THA[:]...)
	return binary.BigEndian.AppendUint32(s, f.arp.TPA)
}

func (f *testFrame) packet4() []byte {
	transport := f.transport()
	s := []byte{0x40 | byte(f.ipHeaderLen()/4), f.ip4.TOS}
	s = binary.BigEndian.AppendUint16(s, uint16(f.ipHeaderLen()+len(transport)))
	s = binary.BigEndian.AppendUint16(s, f.id)
	s = binary.BigEndian.AppendUint16(s, f.frag)
	s = append(s, f.ip4.TTL, f.proto, 0, 0)
	s = binary.BigEndian.AppendUint32(s, f.ip4.Src)
	s = binary.BigEndian.AppendUint32(s, f.ip4.Dst)
	s = append(s, f.options...)
	binary.BigEndian.PutUint16(s[10:], ^AddSums(naiveSum(s), f.ipWrong))
	return append(s, transport...)
}

func (f *testFrame) packet6() []byte {
	transport := f.transport()
	var exts []byte
	next := f.proto
	for i := len(f.exts) - 1; i >= 0; i-- {
		body := append([]byte{}, f.exts[i].body...)
		body[0] = next
		next = f.exts[i].proto
		exts = append(body, exts...)
	}
	word := 6<<28 | uint32(f.ip6.TrafficClass)<<20 | f.ip6.Label
	s := binary.BigEndian.AppendUint32(nil, word)
	s = binary.BigEndian.AppendUint16(s, uint16(len(exts)+len(transport)))
	s = append(s, next, f.ip6.HopLimit)
	s = append(s, f.ip6.Src[:]...)
	s = append(s, f.ip6.Dst[:]...)
	return append(append(s, exts...), transport...)
}

// pseudo is the sum of the pseudo header of a transport segment of size bytes.
func (f *testFrame) pseudo(size int) uint16 {
	if f.version == 4 {
		dst := f.ip4.Dst
		if f.final4 != nil {
			dst = *f.final4
		}
		return naivePseudo4(f.ip4.Src, dst, f.proto, size)
	}
	dst := f.ip6.Dst
	if f.final6 != nil {
		dst = *f.final6
	}
	return naivePseudo6(f.ip6.Src, dst, f.proto, size)
}

// transport is the transport segment with its checksum.
func (f *testFrame) transport() []byte {
	if f.later {
		return f.payload
	}
	ports := binary.BigEndian.AppendUint16(nil, f.ports.Src)
	ports = binary.BigEndian.AppendUint16(ports, f.ports.Dst)
	switch f.proto {
	case ProtoTCP:
		s := binary.BigEndian.AppendUint32(ports, f.tcp.seq)
		s = binary.BigEndian.AppendUint32(s, f.tcp.ack)
		s = binary.BigEndian.AppendUint16(s, uint16(TCPSize+len(f.tcp.options))/4<<12|f.tcp.flags)
		s = binary.BigEndian.AppendUint16(s, f.tcp.window)
		s = append(append(s, 0, 0, 0, 0), f.tcp.options...)
		return f.summed(append(s, f.payload...), 16, true)
	case ProtoUDP:
		s := binary.BigEndian.AppendUint16(ports, uint16(UDPSize+len(f.payload)))
		return f.summed(append(append(s, 0, 0), f.payload...), 6, true)
	case ProtoUDPLite, ProtoDCCP:
		return f.summed(append(append(ports, 0, 8, 0, 0), f.payload...), 6, true)
	case ProtoSCTP:
		s := append(append(ports, 1, 2, 3, 4, 0, 0, 0, 0), f.payload...)
		crc := crc32.Checksum(s, crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(s[8:], crc^uint32(f.wrongBy))
		return s
	case ProtoICMP, ProtoICMPv6:
		s := []byte{f.icmp.Type, f.icmp.Code, 0, 0}
		if f.nd != nil {
			s = binary.BigEndian.AppendUint32(s, f.nd.fields.Reserved)
			s = append(s, f.nd.fields.Target[:]...)
			for _, o := range f.nd.options {
				s = append(s, o...)
			}
			return f.summed(s, 2, true)
		}
		return f.summed(append(append(s, 0, 7, 0, 9), f.payload...), 2, f.proto == ProtoICMPv6)
	}
	return append(ports, f.payload...)
}

// summed puts the checksum over s, and a pseudo header, at offset at.
func (f *testFrame) summed(s []byte, at int, pseudo bool) []byte {
	if f.noSum {
		return s
	}
	sum := naiveSum(s)
	if pseudo {
		sum = AddSums(sum, f.pseudo(len(s)))
	}
	check := ^AddSums(sum, f.wrongBy)
	if check == 0 && (f.proto == ProtoUDP || f.proto == ProtoUDPLite) {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(s[at:], check)
	return s
}

// sumPlace is the offset of the transport checksum from the transport header;
// 0 where there is none that a network card finishes.
func (f *testFrame) sumPlace() int {
	switch f.proto {
	case ProtoTCP:
		return 16
	case ProtoUDP, ProtoUDPLite, ProtoDCCP:
		return 6
	case ProtoSCTP:
		return 8
	case ProtoICMPv6:
		return 2
	}
	return 0
}

// buf is the frame in a Buf, layers set.
func (f *testFrame) buf(t testing.TB, small, spill *Pool) *Buf {
	t.Helper()
	b := FromBytes(f.bytes(), small, spill)
	if b == nil {
		t.Fatal("pool exhausted")
	}
	b.Layers = f.layers()
	return b
}

// leaveSum turns the transport checksum of b, which holds the frame, into one
// that a network card has to finish.
func (f *testFrame) leaveSum(b *Buf) {
	place := f.sumPlace()
	b.Offload.NeedsCsum = true
	b.Offload.CsumStart, b.Offload.CsumOffset = b.L4, uint16(place)
	field := b.Bytes()[int(b.L4)+place:]
	if f.proto == ProtoSCTP {
		binary.BigEndian.PutUint32(field, 0xdeadbeef)
		return
	}
	size := b.Size() - f.pad - int(b.L4)
	binary.BigEndian.PutUint16(field, AddSums(f.pseudo(size), f.wrongBy))
}

// clone is a copy that shares nothing which an edit changes.
func (f *testFrame) clone() *testFrame {
	c := *f
	c.tags = append([]testTag(nil), f.tags...)
	c.labels = append([]LSE(nil), f.labels...)
	return &c
}

// randomFrame is an IP or ARP frame of any kind that edits must keep right.
func randomFrame(r *rand.Rand) *testFrame {
	f := &testFrame{
		eth:  EthFields{randomMAC(r), randomMAC(r)},
		id:   uint16(r.Uint32()),
		ip4:  IPv4Fields{r.Uint32(), r.Uint32(), uint8(r.Uint32()), uint8(r.Uint32())},
		arp:  ARPFields{uint16(r.Uint32()), r.Uint32(), r.Uint32(), randomMAC(r), randomMAC(r)},
		ip6:  IPv6Fields{randomIPv6(r), randomIPv6(r), r.Uint32() & 0xfffff, uint8(r.Uint32()), uint8(r.Uint32())},
		pad:  r.IntN(2) * r.IntN(20),
		tags: nil,
	}
	for range r.IntN(3) {
		f.tags = append(f.tags, testTag{EthTypeVLAN + uint16(r.IntN(2)*0x7a8), uint16(r.Uint32())})
	}
	if r.IntN(5) == 0 {
		for range 1 + r.IntN(3) {
			f.labels = append(f.labels, MakeLSE(r.Uint32()&0xfffff, uint8(r.IntN(8)), false, uint8(r.Uint32())))
		}
		f.labels[len(f.labels)-1] |= 1 << 8
	}
	f.version = []uint8{4, 6, 4, 6, 4, 6, 4, 6, 0}[r.IntN(9)]
	f.randomTransport(r)
	if r.IntN(4) == 0 {
		f.randomOptions(r)
	}
	if r.IntN(8) == 0 {
		f.wrongBy = uint16(r.Uint32())
	}
	if r.IntN(16) == 0 {
		f.ipWrong = uint16(r.Uint32())
	}
	return f
}

func (f *testFrame) randomTransport(r *rand.Rand) {
	protos := []uint8{ProtoTCP, ProtoUDP, ProtoSCTP, ProtoICMP, ProtoUDPLite, ProtoDCCP, ProtoGRE}
	if f.version == 6 {
		protos[3] = ProtoICMPv6
	}
	f.proto = protos[r.IntN(len(protos))]
	f.ports = PortFields{uint16(r.Uint32()), uint16(r.Uint32())}
	f.icmp = ICMPFields{uint8(r.Uint32()), uint8(r.Uint32())}
	f.tcp = testTCP{r.Uint32(), r.Uint32(), uint16(r.Uint32()) & 0xfff, uint16(r.Uint32()), nil}
	f.tcp.options = randomBytes(r, 4*r.IntN(11))
	f.payload = randomBytes(r, r.IntN(120))
	if r.IntN(20) == 0 {
		f.payload = randomBytes(r, 1800+r.IntN(9000))
	}
	f.noSum = f.proto == ProtoUDP && r.IntN(6) == 0
	if f.proto == ProtoICMPv6 && r.IntN(2) == 0 {
		f.randomND(r)
	}
	if r.IntN(8) == 0 {
		f.randomFragment(r)
	}
}

// randomFragment makes the packet a first or a later fragment.
func (f *testFrame) randomFragment(r *rand.Rand) {
	f.fragment = true
	offset := uint16(0)
	if f.later = f.proto == ProtoSCTP || r.IntN(2) == 0; f.later {
		offset = 1 + uint16(r.IntN(0x1fff))
	}
	if f.version == 4 {
		f.frag = IPv4MoreFragments | offset
		return
	}
	body := binary.BigEndian.AppendUint16([]byte{0, 0}, offset<<3|1)
	f.exts = []testExt{{ProtoFragment, append(body, randomBytes(r, 4)...)}}
}

func (f *testFrame) randomND(r *rand.Rand) {
	f.icmp = ICMPFields{uint8(ICMPv6NeighborSolicit + r.IntN(2)), 0}
	f.nd = &testND{fields: NDFields{Target: randomIPv6(r), Reserved: r.Uint32()}}
	for range r.IntN(4) {
		size := 1 + r.IntN(2)
		o := append([]byte{uint8(1 + r.IntN(4)), uint8(size)}, randomBytes(r, 8*size-2)...)
		f.nd.options = append(f.nd.options, o)
	}
}

// randomOptions adds IPv4 options or IPv6 extension headers, source routes among
// them.
func (f *testFrame) randomOptions(r *rand.Rand) {
	if f.version == 4 {
		final := r.Uint32()
		route := []byte{ipv4OptNop, ipv4OptLooseRoute, 11, 4, 1, 2, 3, 4}
		f.options = binary.BigEndian.AppendUint32(route, final)
		if r.IntN(2) == 0 {
			f.options[3] = 12 // used up
		} else {
			f.final4 = &final
		}
		return
	}
	for range 1 + r.IntN(3) {
		size := 8 * (1 + r.IntN(3))
		body := append([]byte{0, uint8(size/8 - 1)}, randomBytes(r, size-2)...)
		f.exts = append(f.exts, testExt{ProtoDestOptions, body})
	}
	if r.IntN(2) == 0 {
		final := randomIPv6(r)
		body := append([]byte{0, 4, routingSource, uint8(r.IntN(2)), 0, 0, 0, 0}, randomBytes(r, 16)...)
		body = append(body, final[:]...)
		if body[3] > 0 {
			f.final6 = &final
		}
		f.exts = append(f.exts, testExt{ProtoRouting, body})
	}
	if r.IntN(3) == 0 {
		f.exts = append(f.exts, testExt{ProtoAH, append([]byte{0, 4}, randomBytes(r, 22)...)})
	}
}

func randomMAC(r *rand.Rand) [6]byte { return [6]byte(randomBytes(r, 6)) }

func randomIPv6(r *rand.Rand) [16]byte { return [16]byte(randomBytes(r, 16)) }
