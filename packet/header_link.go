package packet

import "encoding/binary"

// A header view is the bytes from the header's first one on, and may be longer
// than the header. The caller has checked that at least the header's Size bytes
// are there; accessors panic where they are not. Numbers are in host order,
// addresses in wire order, but for IPv4 addresses, which are numbers.

// Sizes of link-layer headers, in bytes.
const (
	EthSize     = 14
	VLANSize    = 4
	MPLSSize    = 4
	ITagSize    = 4 // I-TAG TCI behind EtherType 0x88e7
	ARPSize     = 28
	ethTypeAt   = 12 // of the first EtherType or TPID
	macPairSize = 12
	arpHeadIPv4 = 0x0001_0800_0604 // Ethernet, IPv4, address sizes 6 and 4
	arpOpAt     = 6
	arpSHAAt    = 8
	arpSPAAt    = 14
	arpTHAAt    = 18
	arpTPAAt    = 24
)

// Ethernet is a view of an Ethernet header.
type Ethernet []byte

// Dst is the destination address.
func (h Ethernet) Dst() [6]byte { return [6]byte(h[0:6]) }

// Src is the source address.
func (h Ethernet) Src() [6]byte { return [6]byte(h[6:12]) }

// Type is the EtherType, the TPID of the first tag, or an 802.3 length.
func (h Ethernet) Type() uint16 { return binary.BigEndian.Uint16(h[ethTypeAt:]) }

// SetDst writes the destination address.
func (h Ethernet) SetDst(a [6]byte) { copy(h[0:6], a[:]) }

// SetSrc writes the source address.
func (h Ethernet) SetSrc(a [6]byte) { copy(h[6:12], a[:]) }

// SetType writes the EtherType.
func (h Ethernet) SetType(t uint16) { binary.BigEndian.PutUint16(h[ethTypeAt:], t) }

// VLAN is a view of a tag: its TCI and the EtherType of what follows. The TPID
// is the EtherType before it.
type VLAN []byte

// TCI is the tag control information: PCP, DEI and VID.
func (h VLAN) TCI() uint16 { return binary.BigEndian.Uint16(h) }

// VID is the VLAN identifier.
func (h VLAN) VID() uint16 { return h.TCI() & 0xfff }

// PCP is the priority code point.
func (h VLAN) PCP() uint8 { return h[0] >> 5 }

// DEI says whether the frame may be dropped first.
func (h VLAN) DEI() bool { return h[0]&0x10 != 0 }

// Type is the EtherType of what follows the tag.
func (h VLAN) Type() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// SetTCI writes the tag control information.
func (h VLAN) SetTCI(tci uint16) { binary.BigEndian.PutUint16(h, tci) }

// MPLS is a view of a label stack, outermost entry first (RFC 3032 §2.1).
type MPLS []byte

// LSE is the outermost label stack entry as a number.
func (h MPLS) LSE() LSE { return LSE(binary.BigEndian.Uint32(h)) }

// SetLSE writes the outermost label stack entry.
func (h MPLS) SetLSE(e LSE) { binary.BigEndian.PutUint32(h, uint32(e)) }

// LSE is an MPLS label stack entry as a number (RFC 3032 §2.1, RFC 5462).
type LSE uint32

// MakeLSE puts an entry together.
func MakeLSE(label uint32, tc uint8, bottom bool, ttl uint8) LSE {
	e := label<<12 | uint32(tc&7)<<9 | uint32(ttl)
	if bottom {
		e |= 1 << 8
	}
	return LSE(e)
}

// Label is the 20-bit label.
func (e LSE) Label() uint32 { return uint32(e) >> 12 }

// TC is the 3-bit traffic class.
func (e LSE) TC() uint8 { return uint8(e>>9) & 7 }

// Bottom says whether the entry is the last of its stack.
func (e LSE) Bottom() bool { return e&(1<<8) != 0 }

// TTL is the time to live.
func (e LSE) TTL() uint8 { return uint8(e) }

// ITag is a view of a provider backbone bridge's service tag, from the byte
// behind EtherType 0x88e7 on: TCI, customer addresses, customer EtherType (IEEE
// 802.1ah §9.7).
type ITag []byte

// Bits of an I-TAG TCI.
const (
	ITagPCPShift = 29
	ITagDEI      = 1 << 28
	ITagUCA      = 1 << 27 // use customer address
	ITagSIDMask  = 0xffffff
)

// TCI is the I-TAG's control information: I-PCP, I-DEI, UCA and I-SID.
func (h ITag) TCI() uint32 { return binary.BigEndian.Uint32(h) }

// SID is the 24-bit service instance identifier.
func (h ITag) SID() uint32 { return h.TCI() & ITagSIDMask }

// SetTCI writes the control information.
func (h ITag) SetTCI(tci uint32) { binary.BigEndian.PutUint32(h, tci) }

// Customer is the customer's frame.
func (h ITag) Customer() Ethernet { return Ethernet(h[ITagSize:]) }

// ARP is a view of an ARP or RARP packet for IPv4 over Ethernet.
type ARP []byte

// Valid says whether the packet is whole and for IPv4 over Ethernet.
func (h ARP) Valid() bool {
	return len(h) >= ARPSize && binary.BigEndian.Uint64(h)>>16 == arpHeadIPv4
}

// Op is the operation.
func (h ARP) Op() uint16 { return binary.BigEndian.Uint16(h[arpOpAt:]) }

// SHA is the sender's hardware address.
func (h ARP) SHA() [6]byte { return [6]byte(h[arpSHAAt:arpSPAAt]) }

// SPA is the sender's protocol address.
func (h ARP) SPA() uint32 { return binary.BigEndian.Uint32(h[arpSPAAt:]) }

// THA is the target's hardware address.
func (h ARP) THA() [6]byte { return [6]byte(h[arpTHAAt:arpTPAAt]) }

// TPA is the target's protocol address.
func (h ARP) TPA() uint32 { return binary.BigEndian.Uint32(h[arpTPAAt:]) }
