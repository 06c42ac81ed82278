package oracle

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"

	"vswitch/packet"
)

// frames makes random frames, of few values, so that they fall together.
type frames struct {
	*rand.Rand
	whole bool // no broken ones
}

// one reports true once in n times.
func (g frames) one(n int) bool { return g.IntN(n) == 0 }

func (g frames) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

func (g frames) mac() []byte {
	if g.one(12) {
		return []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	return []byte{2, 0, 0, 0, byte(g.IntN(2)), byte(g.IntN(5))}
}

// frame is a frame of any kind; one in some is broken.
func (g frames) frame() []byte {
	s := g.ethernet(2)
	if g.one(4) {
		s = append(s, make([]byte, g.IntN(50))...)
	}
	switch {
	case g.whole:
	case g.one(20):
		s = s[:14+g.IntN(len(s)-13)]
	case g.one(25):
		s[12+g.IntN(len(s)-12)] = byte(g.Uint32())
	}
	return s
}

// ethernet is a frame with at most depth frames inside.
func (g frames) ethernet(depth int) []byte {
	src, dst := g.mac(), g.mac()
	if src[0] == 0xff {
		src = []byte{2, 0, 0, 0, 0, 9}
	}
	if [6]byte(src) == [6]byte(dst) {
		dst[3]++
	}
	s := append(dst, src...)
	tags := []int{0, 0, 0, 0, 1, 1, 1, 2, 2, 3}[g.IntN(10)]
	if g.whole {
		tags = min(tags, 1)
	}
	for range tags {
		tpid := []uint16{packet.EthTypeVLAN, packet.EthTypeVLAN, packet.EthTypeSVLAN}[g.IntN(3)]
		s = binary.BigEndian.AppendUint16(s, tpid)
		tci := uint16(g.IntN(5)) | uint16(g.IntN(8))<<13
		if g.one(10) && !g.whole {
			tci |= 0x1000
		}
		if g.whole && tci&0xfff == 0 {
			tci++
		}
		s = binary.BigEndian.AppendUint16(s, tci)
	}
	ethType, payload := g.payload(depth)
	if ethType == 0 {
		s = binary.BigEndian.AppendUint16(s, uint16(len(payload)))
		return append(s, payload...)
	}
	s = binary.BigEndian.AppendUint16(s, ethType)
	return append(s, payload...)
}

// payload is what an Ethernet header has inside, and its type.
func (g frames) payload(depth int) (ethType uint16, payload []byte) {
	switch n := g.IntN(40); {
	case n < 18:
		return packet.EthTypeIPv4, g.ipv4(1)
	case n < 27:
		return packet.EthTypeIPv6, g.ipv6(1)
	case n < 31:
		return g.arp()
	case n < 36:
		return g.mpls()
	case n < 38 && depth > 0:
		tci := uint32(g.IntN(3)) | uint32(g.IntN(8))<<27
		return packet.EthTypePBB, append(binary.BigEndian.AppendUint32(nil, tci), g.ethernet(depth-1)...)
	case n == 39 && depth > 0 && !g.whole:
		return packet.EthTypeNSH, g.nsh(depth)
	case n == 38:
		return 0, append([]byte{0x42, 0x42, 3}, g.bytes(20)...)
	}
	return 0x1234, g.bytes(g.IntN(30))
}

func (g frames) arp() (uint16, []byte) {
	s := []byte{0, 1, 8, 0, 6, 4, 0, byte(1 + g.IntN(2))}
	s = append(append(s, g.mac()...), 10, 0, 0, byte(g.IntN(8)))
	s = append(append(s, g.mac()...), 10, 0, 0, byte(g.IntN(8)))
	if g.one(6) {
		return packet.EthTypeRARP, s
	}
	return packet.EthTypeARP, s
}

func (g frames) mpls() (uint16, []byte) {
	var s []byte
	n := 1 + g.IntN(4)
	if g.whole {
		n = 1
	}
	for i := range n {
		e := uint32(9+g.IntN(3))<<12 | uint32(g.IntN(2))<<9 | []uint32{0, 1, 2, 64}[g.IntN(4)]
		if i == n-1 && (g.whole || !g.one(8)) {
			e |= 0x100
		}
		s = binary.BigEndian.AppendUint32(s, e)
	}
	switch g.IntN(5) {
	case 0:
		s = append(s, g.ipv6(1)...)
	case 1:
		s = append(s, g.bytes(g.IntN(20))...)
	default:
		s = append(s, g.ipv4(1)...)
	}
	if g.one(6) {
		return packet.EthTypeMPLSMulticast, s
	}
	return packet.EthTypeMPLS, s
}

// ipv4 is a packet, with at most depth packets inside.
func (g frames) ipv4(depth int) []byte {
	var options []byte
	if g.one(8) && !g.whole {
		options = [][]byte{{1, 1, 1, 0}, {131, 7, 4, 10, 0, 0, 7, 0}, {131, 7, 8, 10, 0, 0, 7, 0}, {7, 0, 0, 0}}[g.IntN(4)]
	}
	src, dst := []byte{10, 0, 0, byte(g.IntN(8))}, []byte{10, 0, byte(g.IntN(2)), byte(g.IntN(8))}
	frag := uint16(0)
	if g.one(8) {
		frag = []uint16{0x4000, 0x2000, 0x2010, 0x0010}[g.IntN(4)]
		if g.whole {
			frag &= 0x6000
		}
	}
	pseudo := append(append([]byte{}, src...), dst...)
	if len(options) == 8 && options[2] == 4 {
		pseudo = append(append([]byte{}, src...), options[3:7]...)
	}
	proto, inside := g.transport(4, pseudo, depth)
	if frag&0x1fff != 0 {
		inside = g.bytes(8 + g.IntN(20))
	}
	size := 20 + len(options)
	s := []byte{0x40 | byte(size/4), g.tos()}
	s = binary.BigEndian.AppendUint16(s, uint16(size+len(inside)))
	s = binary.BigEndian.AppendUint16(s, uint16(g.IntN(3)))
	s = binary.BigEndian.AppendUint16(s, frag)
	s = append(s, g.ttl(), proto, 0, 0)
	s = append(append(append(s, src...), dst...), options...)
	if g.one(30) && !g.whole {
		s[2+g.IntN(2)] = byte(g.Uint32())
	}
	binary.BigEndian.PutUint16(s[10:], ^sum(s))
	if g.one(20) {
		s[10] = byte(g.Uint32())
	}
	return append(s, inside...)
}

// tos is a type of service, one in two of them with a class that meters remark.
func (g frames) tos() byte {
	if g.one(2) {
		return byte(g.IntN(16))
	}
	return []byte{0x28, 0x30, 0x98, 0x20, 0xe1, 0xb8}[g.IntN(6)]
}

func (g frames) ttl() byte {
	if g.whole {
		return byte(60 + g.IntN(5)) // never at its end
	}
	return []byte{0, 1, 2, 3, 64, 255}[g.IntN(6)]
}

// ipv6 is a packet, perhaps with extension headers.
func (g frames) ipv6(depth int) []byte {
	src, dst := make([]byte, 16), make([]byte, 16)
	src[0], dst[0], src[15], dst[15], dst[1] = 0xfd, 0xfd, byte(g.IntN(4)), byte(g.IntN(4)), byte(g.IntN(2))
	final := dst
	type ext struct {
		proto byte
		body  []byte
	}
	var exts []ext
	later := false
	for g.one(3) && len(exts) < 4 && !g.whole {
		switch g.IntN(5) {
		case 0:
			exts = append(exts, ext{packet.ProtoHopByHop, append([]byte{0, 0}, g.bytes(6)...)})
		case 1:
			exts = append(exts, ext{packet.ProtoDestOptions, append([]byte{0, 1}, g.bytes(14)...)})
		case 2:
			body := append([]byte{0, 2, 0, byte(g.IntN(2)), 0, 0, 0, 0}, g.bytes(16)...)
			if body[3] > 0 {
				final = body[8:24]
			}
			exts = append(exts, ext{packet.ProtoRouting, body})
		case 3:
			off := []uint16{0, 1, 1, 0x11}[g.IntN(4)]
			later = later || off>>3 != 0
			exts = append(exts, ext{packet.ProtoFragment, append(binary.BigEndian.AppendUint16([]byte{0, 0}, off), g.bytes(4)...)})
		case 4:
			exts = append(exts, ext{packet.ProtoAH, append([]byte{0, 4}, g.bytes(22)...)})
		}
		if later {
			break
		}
	}
	proto, inside := g.transport(6, append(append([]byte{}, src...), final...), depth)
	if later {
		inside = g.bytes(8 + g.IntN(20))
	}
	if g.one(25) {
		proto, inside = packet.ProtoNoNext, nil
	}
	next := proto
	for i := len(exts) - 1; i >= 0; i-- {
		exts[i].body[0], next = next, exts[i].proto
		inside = append(append([]byte{}, exts[i].body...), inside...)
	}
	s := binary.BigEndian.AppendUint32(nil, 6<<28|uint32(g.tos())<<20|uint32(g.IntN(3)))
	s = binary.BigEndian.AppendUint16(s, uint16(len(inside)))
	s = append(append(append(s, next, g.ttl()), src...), dst...)
	if g.one(30) && !g.whole {
		s[5] = byte(g.Uint32())
	}
	return append(s, inside...)
}

// transport is what an IP packet has inside. addresses are those of the pseudo
// header.
func (g frames) transport(version int, addresses []byte, depth int) (proto byte, s []byte) {
	ports := binary.BigEndian.AppendUint16(nil, uint16(998+g.IntN(4)))
	ports = binary.BigEndian.AppendUint16(ports, uint16(1998+g.IntN(4)))
	data := g.bytes(g.IntN(20))
	at, pseudo := 0, true
	switch n := g.IntN(12); {
	case n < 4:
		proto, at = packet.ProtoUDP, 6
		s = append(append(binary.BigEndian.AppendUint16(ports, uint16(8+len(data))), 0, 0), data...)
	case n < 7:
		proto, at = packet.ProtoTCP, 16
		s = append(append(ports, g.bytes(8)...), 0x50|byte(g.IntN(2)), byte(g.IntN(64)), 1, 0, 0, 0, 0, 0)
		s = append(s, data...)
	case n == 7:
		s = append(append(ports, 1, 2, 3, 4, 0, 0, 0, 0), data...)
		binary.LittleEndian.PutUint32(s[8:], crc32.Checksum(s, crc32.MakeTable(crc32.Castagnoli)))
		return packet.ProtoSCTP, s
	case n < 10:
		proto, at, s = packet.ProtoICMP, 2, append([]byte{byte(g.IntN(3)) * 8, byte(g.IntN(2)), 0, 0, 0, 1, 0, 1}, data...)
		pseudo = false
		if version == 6 {
			proto, pseudo = packet.ProtoICMPv6, true
			s = g.icmp6(s)
		}
	case n == 10 && depth > 0:
		if g.one(2) {
			return packet.ProtoIPv4, g.ipv4(depth - 1)
		}
		return packet.ProtoIPv6, g.ipv6(depth - 1)
	default:
		proto = []byte{packet.ProtoIGMP, packet.ProtoGRE, 255, 99, packet.ProtoUDPLite, packet.ProtoDCCP}[g.IntN(6)]
		if g.whole {
			proto = packet.ProtoGRE
		}
		return proto, append(append(ports, 0, 8, 0x12, 0x34), g.bytes(12)...)
	}
	total := sum(s)
	if pseudo {
		total = add(add(total, sum(addresses)), add(uint16(proto), uint16(len(s))))
	}
	if total = ^total; total == 0 && proto == packet.ProtoUDP {
		total = 0xffff
	}
	switch {
	case g.one(15):
		total = uint16(g.Uint32())
	case g.one(10) && proto == packet.ProtoUDP:
		total = 0
	}
	binary.BigEndian.PutUint16(s[at:], total)
	return proto, s
}

// icmp6 is an ICMPv6 message in the place of s: itself or neighbour discovery.
func (g frames) icmp6(s []byte) []byte {
	if g.one(3) {
		return s
	}
	s = []byte{byte(135 + g.IntN(2)), 0, 0, 0, 0, 0, 0, byte(g.IntN(2))}
	target := make([]byte, 16)
	target[0], target[15] = 0xfd, byte(g.IntN(4))
	s = append(s, target...)
	for range g.IntN(3) {
		s = append(append(s, byte(1+g.IntN(3)), 1), g.mac()...)
	}
	return s
}

// sum is the sum of 16-bit words in ones' complement.
func sum(s []byte) (total uint16) {
	for i := 0; i < len(s); i += 2 {
		word := uint16(s[i]) << 8
		if i+1 < len(s) {
			word |= uint16(s[i+1])
		}
		total = add(total, word)
	}
	return total
}

func add(a, b uint16) uint16 {
	s := uint32(a) + uint32(b)
	return uint16(s>>16 + s)
}
