package packet

import "encoding/binary"

// Sizes of network-layer headers and where their fields lie, in bytes.
const (
	IPv4Size = 20 // without options
	IPv6Size = 40

	ipv4TOSAt   = 1
	ipv4LenAt   = 2
	ipv4IDAt    = 4
	ipv4FragAt  = 6
	ipv4TTLAt   = 8
	ipv4ProtoAt = 9
	ipv4SumAt   = 10
	ipv4SrcAt   = 12
	ipv4DstAt   = 16

	ipv6LenAt  = 4
	ipv6NextAt = 6
	ipv6HopAt  = 7
	ipv6SrcAt  = 8
	ipv6DstAt  = 24

	// IPv6FragSize is the size of an IPv6 fragment header.
	IPv6FragSize = 8
)

// Bits of the IPv4 field that has flags and fragment offset.
const (
	IPv4DontFragment  = 0x4000
	IPv4MoreFragments = 0x2000
	IPv4OffsetMask    = 0x1fff // in units of 8 bytes
)

// IPv4 is a view of an IPv4 header.
type IPv4 []byte

// Version is the version that the first byte claims, 4 or 6 for IP.
func (h IPv4) Version() uint8 { return h[0] >> 4 }

// HeaderLen is the size of the header, options included, in bytes.
func (h IPv4) HeaderLen() int { return int(h[0]&0xf) * 4 }

// TOS is DSCP and ECN.
func (h IPv4) TOS() uint8 { return h[ipv4TOSAt] }

// TotalLen is the size of header and payload, in bytes.
func (h IPv4) TotalLen() int { return int(binary.BigEndian.Uint16(h[ipv4LenAt:])) }

// ID is the identification of the datagram's fragments.
func (h IPv4) ID() uint16 { return binary.BigEndian.Uint16(h[ipv4IDAt:]) }

// Frag is the field with flags and fragment offset.
func (h IPv4) Frag() uint16 { return binary.BigEndian.Uint16(h[ipv4FragAt:]) }

// IsFragment says whether the packet is a part of a datagram.
func (h IPv4) IsFragment() bool { return h.Frag()&(IPv4MoreFragments|IPv4OffsetMask) != 0 }

// IsLaterFragment says whether the packet lacks the datagram's beginning.
func (h IPv4) IsLaterFragment() bool { return h.Frag()&IPv4OffsetMask != 0 }

// TTL is the time to live.
func (h IPv4) TTL() uint8 { return h[ipv4TTLAt] }

// Protocol is the protocol of the payload.
func (h IPv4) Protocol() uint8 { return h[ipv4ProtoAt] }

// Checksum is the header checksum.
func (h IPv4) Checksum() uint16 { return binary.BigEndian.Uint16(h[ipv4SumAt:]) }

// Src is the source address.
func (h IPv4) Src() uint32 { return binary.BigEndian.Uint32(h[ipv4SrcAt:]) }

// Dst is the destination address.
func (h IPv4) Dst() uint32 { return binary.BigEndian.Uint32(h[ipv4DstAt:]) }

// IPv6 is a view of an IPv6 header.
type IPv6 []byte

// Version is the version that the first byte claims.
func (h IPv6) Version() uint8 { return h[0] >> 4 }

// TrafficClass is DSCP and ECN.
func (h IPv6) TrafficClass() uint8 { return uint8(binary.BigEndian.Uint16(h) >> 4) }

// FlowLabel is the 20-bit flow label.
func (h IPv6) FlowLabel() uint32 { return binary.BigEndian.Uint32(h) & 0xfffff }

// PayloadLen is the size of all that follows the 40 bytes, in bytes.
func (h IPv6) PayloadLen() int { return int(binary.BigEndian.Uint16(h[ipv6LenAt:])) }

// NextHeader is the protocol of what follows the 40 bytes.
func (h IPv6) NextHeader() uint8 { return h[ipv6NextAt] }

// HopLimit is the time to live.
func (h IPv6) HopLimit() uint8 { return h[ipv6HopAt] }

// Src is the source address.
func (h IPv6) Src() [16]byte { return [16]byte(h[ipv6SrcAt:ipv6DstAt]) }

// Dst is the destination address.
func (h IPv6) Dst() [16]byte { return [16]byte(h[ipv6DstAt:IPv6Size]) }

// IPv6Ext is a view of an IPv6 extension header.
type IPv6Ext []byte

// IsIPv6Ext says whether proto is an extension header behind which another
// header can be found (RFC 8200 §4, RFC 7045; not ESP, whose end is encrypted).
func IsIPv6Ext(proto uint8) bool {
	switch proto {
	case ProtoHopByHop, ProtoRouting, ProtoFragment, ProtoAH, ProtoDestOptions,
		ProtoMobility, ProtoHIP, ProtoShim6:
		return true
	}
	return false
}

// NextHeader is the protocol of what follows.
func (h IPv6Ext) NextHeader() uint8 { return h[0] }

// Len is the size in bytes of the extension header, which is of protocol proto.
func (h IPv6Ext) Len(proto uint8) int {
	switch proto {
	case ProtoFragment:
		return IPv6FragSize
	case ProtoAH: // in 4-byte units (RFC 4302 §2.2)
		return (int(h[1]) + 2) * 4
	}
	return (int(h[1]) + 1) * 8
}

// SegmentsLeft is the number of nodes that a routing header still lists before
// the final destination.
func (h IPv6Ext) SegmentsLeft() uint8 { return h[3] }

// IPv6Frag is a view of a fragment header.
type IPv6Frag []byte

// NextHeader is the protocol of the first header of the fragmented part.
func (h IPv6Frag) NextHeader() uint8 { return h[0] }

// IsLaterFragment says whether the packet lacks the datagram's beginning.
func (h IPv6Frag) IsLaterFragment() bool { return binary.BigEndian.Uint16(h[2:])>>3 != 0 }

// More says whether other fragments follow.
func (h IPv6Frag) More() bool { return h[3]&1 != 0 }

// IsFragment says whether the packet is a part of a datagram; it is not where
// the header stands without need (RFC 6946).
func (h IPv6Frag) IsFragment() bool { return h.IsLaterFragment() || h.More() }
