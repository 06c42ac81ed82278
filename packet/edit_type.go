package packet

import "encoding/binary"

// SetEthType changes the EtherType behind the tags, or the packet type of a
// frame without an Ethernet header. What lies behind it is found anew by the
// next extraction.
func (b *Buf) SetEthType(ethType uint16) bool {
	if b.PacketType != 0 {
		b.PacketType = PacketTypeOf(ethType)
		b.Layers = Layers{}
		return true
	}
	s := b.Bytes()
	at, old := skipEthernet(s, 0)
	if old < EthTypeMin {
		return false
	}
	binary.BigEndian.PutUint16(s[at-2:], ethType)
	b.Layers = Layers{}
	return true
}

// SetIPProto changes the protocol that an IP header, or the last of its
// extension headers, announces, and the transport checksum of the old one, whose
// pseudo header has it. What lies behind it is found anew by the next
// extraction.
func (b *Buf) SetIPProto(proto uint8) bool {
	h := b.networkHeader()
	var old uint8
	switch {
	case len(h) >= IPv4Size && IPv4(h).Version() == 4:
		old = h[ipv4ProtoAt]
		c := change(0).merge16(h[ipv4TTLAt:], uint16(proto), 0xff)
		sum := h[ipv4SumAt:]
		binary.BigEndian.PutUint16(sum, c.complete(binary.BigEndian.Uint16(sum)))
	case len(h) >= IPv6Size && IPv6(h).Version() == 6:
		at := ipv6ProtoAt(h)
		if at < 0 {
			return false
		}
		old = h[at]
		h[at] = proto
	default:
		return false
	}
	if b.L4 != 0 && old != proto {
		b.addressesChanged(old, change(0).word(uint16(old), uint16(proto)))
	}
	b.L4 = 0
	return true
}

// ipv6ProtoAt is where packet h says what follows its extension headers; -1
// where they are not whole before its end.
func ipv6ProtoAt(h []byte) int {
	h = h[:min(len(h), IPv6Size+int(binary.BigEndian.Uint16(h[4:])))]
	at, next := ipv6NextAt, IPv6Size
	for IsIPv6Ext(h[at]) {
		if next+8 > len(h) {
			return -1
		}
		size := IPv6Ext(h[next:]).Len(h[at])
		if at, next = next, next+size; next > len(h) {
			return -1
		}
	}
	return at
}
