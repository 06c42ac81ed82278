package packet

import "encoding/binary"

// PortFields is the ports of a TCP, UDP or SCTP header.
type PortFields struct{ Src, Dst uint16 }

// SetTCP changes the ports of a TCP header.
func (b *Buf) SetTCP(value, mask *PortFields) bool {
	h := b.transportHeader(ProtoTCP, TCPSize)
	if h == nil {
		return false
	}
	b.payloadChanged(int(b.L4)+tcpSumAt, ProtoTCP, setPorts(h, value, mask))
	return true
}

// SetUDP changes the ports of a UDP header.
func (b *Buf) SetUDP(value, mask *PortFields) bool {
	h := b.transportHeader(ProtoUDP, UDPSize)
	if h == nil {
		return false
	}
	b.payloadChanged(int(b.L4)+udpSumAt, ProtoUDP, setPorts(h, value, mask))
	return true
}

// setPorts changes two ports and returns what that does to a sum over them.
func setPorts(h []byte, value, mask *PortFields) change {
	return change(0).merge32(h, uint32(value.Src)<<16|uint32(value.Dst),
		uint32(mask.Src)<<16|uint32(mask.Dst))
}

// SetSCTP changes the ports of an SCTP header. A wrong CRC32c stays wrong by the
// same bits. That of the first fragment of a datagram cannot be kept: it is over
// bytes that are elsewhere, and is left as it is.
func (b *Buf) SetSCTP(value, mask *PortFields) bool {
	h := b.transportHeader(ProtoSCTP, SCTPSize)
	if h == nil {
		return false
	}
	end := b.packetEnd()
	at := int(b.L4) + sctpSumAt
	if b.leavesSum(at) || b.isFragment() || end > b.Size() {
		setPorts(h, value, mask)
		return true
	}
	start := int(b.L4)
	before := b.CRC32c(0, start, end)
	if setPorts(h, value, mask) == 0 {
		return true
	}
	// A CRC is linear: which of its bits a change of the ports turns over does
	// not depend on the other bytes. So the field itself may be left in place
	// while the difference is taken, although the real CRC is over zeros there.
	sum := h[sctpSumAt:]
	binary.LittleEndian.PutUint32(sum, binary.LittleEndian.Uint32(sum)^before^b.CRC32c(0, start, end))
	return true
}

// ICMPFields is the fields of an ICMP or ICMPv6 header that SetICMP can change.
type ICMPFields struct{ Type, Code uint8 }

// SetICMP changes type and code of an ICMP message over IPv4, or of an ICMPv6
// message over IPv6.
func (b *Buf) SetICMP(value, mask *ICMPFields) bool {
	proto := uint8(ProtoICMP)
	h := b.transportHeader(proto, ICMPSize)
	if h == nil {
		proto = ProtoICMPv6
		if h = b.transportHeader(proto, ICMPv6Size); h == nil {
			return false
		}
	}
	c := change(0).merge16(h, uint16(value.Type)<<8|uint16(value.Code),
		uint16(mask.Type)<<8|uint16(mask.Code))
	b.payloadChanged(int(b.L4)+icmpSumAt, proto, c)
	return true
}

// NDFields is the fields of a neighbour solicitation or advertisement that
// SetND can change.
type NDFields struct {
	Target   [16]byte
	SLL, TLL [6]byte // addresses in the source and target link-layer address options
	Reserved uint32
	OptType  uint8 // type of the first link-layer address option
}

// SetND changes a neighbour solicitation or advertisement. Options that the
// message lacks are not added; SLL and TLL go by the option types from before, and
// of several options of a type to the first.
func (b *Buf) SetND(value, mask *NDFields) bool {
	h := b.transportHeader(ProtoICMPv6, ndOptionsAt)
	if h == nil || h[0] != ICMPv6NeighborSolicit && h[0] != ICMPv6NeighborAdvert {
		return false
	}
	c := change(0).
		merge32(h[ndReservedAt:], value.Reserved, mask.Reserved).
		merge128(h[ndTargetAt:], &value.Target, &mask.Target)
	sllMask, tllMask, optTypeMask := mask.SLL, mask.TLL, mask.OptType
	for option, rest := ND(h).Options().Next(); option != nil; option, rest = rest.Next() {
		if !option.IsLinkAddr() {
			continue
		}
		if option.Type() == NDOptSourceLinkAddr {
			c = c.merge48(option[2:], &value.SLL, &sllMask)
			sllMask = [6]byte{}
		} else {
			c = c.merge48(option[2:], &value.TLL, &tllMask)
			tllMask = [6]byte{}
		}
		c = c.merge16(option, uint16(value.OptType)<<8, uint16(optTypeMask)<<8)
		optTypeMask = 0
	}
	b.payloadChanged(int(b.L4)+icmpSumAt, ProtoICMPv6, c)
	return true
}

// transportHeader is the bytes from L4 to the end of the IP packet, or of the
// first segment; nil where the transport protocol is not proto, where the packet
// is a later fragment, and where the bytes are fewer than size.
func (b *Buf) transportHeader(proto uint8, size int) []byte {
	h := b.networkHeader()
	if b.L4 == 0 || len(h) < IPv4Size {
		return nil
	}
	switch h[0] >> 4 {
	case 4:
		if IPv4(h).Protocol() != proto {
			return nil
		}
	case 6:
		if len(h) < IPv6Size || ipv6RouteTo(h, int(b.L4)-int(b.L3)).proto != proto {
			return nil
		}
	default:
		return nil
	}
	s := b.Bytes()
	end := min(b.packetEnd(), len(s))
	if int(b.L4)+size > end {
		return nil
	}
	return s[b.L4:end]
}

// packetEnd is the offset of the first byte behind the IP packet at L3, which is
// there, as its header has it.
func (b *Buf) packetEnd() int {
	h := b.networkHeader()
	if h[0]>>4 == 4 {
		return int(b.L3) + IPv4(h).TotalLen()
	}
	return int(b.L3) + IPv6Size + IPv6(h).PayloadLen()
}

// isFragment says whether the IP packet at L3, which is there, is a part of a
// datagram.
func (b *Buf) isFragment() bool {
	h := b.networkHeader()
	if h[0]>>4 == 4 {
		return IPv4(h).IsFragment()
	}
	p, found := placeIPv6(h, 0)
	return !found || p.fragment
}
