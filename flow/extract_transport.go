package flow

import (
	"encoding/binary"

	"vswitch/packet"
)

// extractTransport reads the header of base.IPProto at offset at. s ends where
// the IP packet ends, or the first segment.
func extractTransport(b *packet.Buf, s []byte, at int, base *Base) {
	if at >= len(s) {
		return
	}
	h := s[at:]
	size := packet.ICMPSize // and of UDP, IGMP, ICMPv6
	switch base.IPProto {
	case packet.ProtoTCP:
		size = packet.TCPSize
		if len(h) >= size {
			size = int(h[12]>>4) * 4
			if size < packet.TCPSize {
				return
			}
		}
	case packet.ProtoSCTP:
		size = packet.SCTPSize
	case packet.ProtoUDP:
	case packet.ProtoICMP, packet.ProtoIGMP, packet.ProtoICMPv6:
		extractMessage(b, h, at, base)
		return
	default:
		size = 0
	}
	if size > len(h) {
		return
	}
	b.L4 = uint16(at)
	if size == 0 {
		return
	}
	base.TPSrc = binary.BigEndian.Uint16(h)
	base.TPDst = binary.BigEndian.Uint16(h[2:])
	if base.IPProto == packet.ProtoTCP {
		base.TCPFlags = binary.BigEndian.Uint16(h[12:]) & 0xfff
	}
}

// extractMessage reads an ICMP, IGMP or ICMPv6 header.
func extractMessage(b *packet.Buf, h []byte, at int, base *Base) {
	if len(h) < packet.ICMPSize {
		return
	}
	b.L4 = uint16(at)
	base.TPSrc, base.TPDst = uint16(h[0]), uint16(h[1])
	switch base.IPProto {
	case packet.ProtoIGMP:
		base.IGMPGroup = binary.BigEndian.Uint32(h[4:])
	case packet.ProtoICMPv6:
		isND := h[0] == packet.ICMPv6NeighborSolicit || h[0] == packet.ICMPv6NeighborAdvert
		if isND && h[1] == 0 && base.EthType == packet.EthTypeIPv6 {
			extractND(h, base)
		}
	}
}

// extractND reads a neighbour solicitation or advertisement. One that has the
// same address option twice has no target and no addresses.
func extractND(h []byte, base *Base) {
	const target, options = 8, 24
	base.NDReserved = binary.BigEndian.Uint32(h[4:])
	if len(h) < options {
		return
	}
	base.NDTarget = IPv6(h[target:options])
	for h = h[options:]; len(h) >= 8; {
		size := int(h[1]) * 8
		if size == 0 || size > len(h) {
			return
		}
		if kind := h[0]; size == 8 && (kind == packet.NDOptSourceLinkAddr || kind == packet.NDOptTargetLinkAddr) {
			place := &base.ARPSHA
			if kind == packet.NDOptTargetLinkAddr {
				place = &base.ARPTHA
			}
			if *place != (MAC{}) {
				base.NDTarget, base.ARPSHA, base.ARPTHA, base.NDOptType = IPv6{}, MAC{}, MAC{}, 0
				return
			}
			*place = MAC(h[2:8])
			if base.NDOptType == 0 {
				base.NDOptType = kind
			}
		}
		h = h[size:]
	}
}
