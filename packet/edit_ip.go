package packet

import "encoding/binary"

// IPv4Fields is the fields of an IPv4 header that SetIPv4 can change.
type IPv4Fields struct {
	Src, Dst uint32
	TOS, TTL uint8
}

// SetIPv4 changes an IPv4 header, its checksum and the transport checksum that
// covers the addresses.
func (b *Buf) SetIPv4(value, mask *IPv4Fields) bool {
	h := b.networkHeader()
	if len(h) < IPv4Size || IPv4(h).Version() != 4 {
		return false
	}
	var small, addresses change
	if mask.TOS|mask.TTL != 0 {
		small = small.merge16(h, uint16(value.TOS), uint16(mask.TOS))
		small = small.merge16(h[ipv4TTLAt:], uint16(value.TTL)<<8, uint16(mask.TTL)<<8)
	}
	src := change(0).merge32(h[ipv4SrcAt:], value.Src, mask.Src)
	dst := change(0).merge32(h[ipv4DstAt:], value.Dst, mask.Dst)
	if addresses = src + dst; addresses|small == 0 {
		return true
	}
	sum := h[ipv4SumAt:]
	binary.BigEndian.PutUint16(sum, (small + addresses).complete(binary.BigEndian.Uint16(sum)))
	if addresses == 0 || b.L4 == 0 {
		return true
	}
	// Slow path: options, among which there may be a source route.
	if dst != 0 && IPv4(h).HeaderLen() > IPv4Size {
		if _, routed := ipv4FinalDst(h); routed {
			addresses = src
		}
	}
	b.addressesChanged(IPv4(h).Protocol(), addresses)
	return true
}

// IPv6Fields is the fields of an IPv6 header that SetIPv6 can change.
type IPv6Fields struct {
	Src, Dst     [16]byte
	Label        uint32 // 20 bits
	TrafficClass uint8
	HopLimit     uint8
}

// SetIPv6 changes an IPv6 header and the transport checksum that covers the
// addresses.
func (b *Buf) SetIPv6(value, mask *IPv6Fields) bool {
	h := b.networkHeader()
	if len(h) < IPv6Size || IPv6(h).Version() != 6 {
		return false
	}
	merge32(h, uint32(value.TrafficClass)<<20|value.Label&0xfffff,
		uint32(mask.TrafficClass)<<20|mask.Label&0xfffff)
	h[ipv6HopAt] = h[ipv6HopAt]&^mask.HopLimit | value.HopLimit&mask.HopLimit
	src := change(0).merge128(h[ipv6SrcAt:], &value.Src, &mask.Src)
	dst := change(0).merge128(h[ipv6DstAt:], &value.Dst, &mask.Dst)
	if src|dst == 0 || b.L4 == 0 {
		return true
	}
	route := ipv6RouteTo(h, int(b.L4)-int(b.L3))
	if route.routed {
		dst = 0
	}
	b.addressesChanged(route.proto, src+dst)
	return true
}

// merge16 changes the masked bits of a word and adds what that does to a sum.
func (c change) merge16(dst []byte, value, mask uint16) change {
	old := binary.BigEndian.Uint16(dst)
	new := old&^mask | value&mask
	if new == old {
		return c
	}
	binary.BigEndian.PutUint16(dst, new)
	return c.word(old, new)
}

// merge32 is merge16 for two words.
func (c change) merge32(dst []byte, value, mask uint32) change {
	old := binary.BigEndian.Uint32(dst)
	new := old&^mask | value&mask
	if new == old {
		return c
	}
	binary.BigEndian.PutUint32(dst, new)
	return c.word32(old, new)
}

// merge64 is merge16 for four words.
func (c change) merge64(dst []byte, value, mask uint64) change {
	old := binary.BigEndian.Uint64(dst)
	new := old&^mask | value&mask
	if new == old {
		return c
	}
	binary.BigEndian.PutUint64(dst, new)
	return c.word64(old, new)
}

// merge128 is merge16 for an IPv6 address.
func (c change) merge128(dst []byte, value, mask *[16]byte) change {
	return c.
		merge64(dst[0:8], binary.BigEndian.Uint64(value[0:8]), binary.BigEndian.Uint64(mask[0:8])).
		merge64(dst[8:16], binary.BigEndian.Uint64(value[8:16]), binary.BigEndian.Uint64(mask[8:16]))
}

// merge48 is merge16 for an Ethernet address.
func (c change) merge48(dst []byte, value, mask *[6]byte) change {
	return c.
		merge32(dst[0:4], binary.BigEndian.Uint32(value[0:4]), binary.BigEndian.Uint32(mask[0:4])).
		merge16(dst[4:6], binary.BigEndian.Uint16(value[4:6]), binary.BigEndian.Uint16(mask[4:6]))
}

// addressesChanged corrects the checksum of the transport header, which is of
// protocol proto, after edits of what its pseudo header has.
func (b *Buf) addressesChanged(proto uint8, c change) {
	offset := sumOffset(proto)
	at := int(b.L4) + int(offset)
	s := b.Bytes()
	if offset == 0 || at+2 > min(len(s), b.packetEnd()) {
		return
	}
	if field := s[at : at+2]; b.leavesSum(at) {
		binary.BigEndian.PutUint16(field, c.partial(binary.BigEndian.Uint16(field)))
	} else {
		correctSum(field, proto, c)
	}
}

// payloadChanged corrects the checksum at offset at of the transport header,
// which is of protocol proto, after edits of what it covers but the pseudo
// header. A checksum that is still to be computed needs no correction.
func (b *Buf) payloadChanged(at int, proto uint8, c change) {
	if c == 0 || b.leavesSum(at) {
		return
	}
	correctSum(b.Bytes()[at:], proto, c)
}

// leavesSum says whether the checksum at offset at is left to the network card.
func (b *Buf) leavesSum(at int) bool {
	o := &b.Offload
	return o.NeedsCsum && int(o.CsumStart)+int(o.CsumOffset) == at
}

// correctSum corrects a complete checksum. In UDP 0 stands for none, and is
// never the result (RFC 768).
func correctSum(field []byte, proto uint8, c change) {
	check := binary.BigEndian.Uint16(field)
	if proto == ProtoUDP && check == 0 {
		return
	}
	check = c.complete(check)
	if check == 0 && (proto == ProtoUDP || proto == ProtoUDPLite) {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(field, check)
}
