package packet

import "encoding/binary"

// PushMPLS puts a label stack entry before all others, or behind the Ethernet
// header and its tags, and makes ethType the EtherType. A frame without an
// Ethernet header gets it as its first bytes.
func (b *Buf) PushMPLS(ethType uint16, e LSE) bool {
	if b.PacketType != 0 {
		return b.EncapMPLS(ethType, e)
	}
	at, _ := skipEthernet(b.Bytes(), 0)
	if at < EthSize || !b.open(at, MPLSSize) {
		return false
	}
	s := b.Bytes()
	binary.BigEndian.PutUint16(s[at-2:], ethType)
	MPLS(s[at:]).SetLSE(e)
	b.L25 = uint16(at)
	return true
}

// EncapMPLS puts a label stack entry before the frame's first byte, an Ethernet
// header included, and makes the frame one of ethType's packet type.
func (b *Buf) EncapMPLS(ethType uint16, e LSE) bool {
	h := b.Push(MPLSSize)
	if h == nil {
		return false
	}
	MPLS(h).SetLSE(e)
	b.PacketType = PacketTypeOf(ethType)
	b.L25 = 0
	return true
}

// PopMPLS removes the outermost label stack entry and makes ethType the
// EtherType, or the packet type of a frame without an Ethernet header; 0 says
// that such a frame has one inside. What lies behind the last entry is found by
// the next extraction, unless it was known already.
func (b *Buf) PopMPLS(ethType uint16) bool {
	at, h := b.outerMPLS()
	if h == nil {
		return false
	}
	bottom := h.LSE().Bottom()
	if b.PacketType != 0 {
		b.Pull(MPLSSize)
		b.PacketType = 0
		if ethType != 0 {
			b.PacketType = PacketTypeOf(ethType)
		}
		b.L25 = 0
		return true
	}
	binary.BigEndian.PutUint16(b.Bytes()[at-2:], ethType)
	b.cut(at, MPLSSize)
	b.L25 = uint16(at)
	if bottom {
		b.L25 = 0
	}
	return true
}

// SetMPLS changes the masked bits of the outermost label stack entry.
func (b *Buf) SetMPLS(value, mask LSE) bool {
	_, h := b.outerMPLS()
	if h == nil {
		return false
	}
	h.SetLSE(h.LSE()&^mask | value&mask)
	return true
}

// outerMPLS is the outermost label stack entry and its offset, nil where there
// is none.
func (b *Buf) outerMPLS() (int, MPLS) {
	s := b.Bytes()
	at, ethType := 0, uint16(b.PacketType)
	if b.PacketType == 0 {
		at, ethType = skipEthernet(s, 0)
	}
	if !IsMPLS(ethType) || at+MPLSSize > len(s) {
		return 0, nil
	}
	return at, MPLS(s[at:])
}

const pbbSize = EthSize + ITagSize // of a backbone header without tags

// PushPBB makes the frame the customer frame of a backbone frame with the same
// addresses and the I-TAG control information tci (OpenFlow 1.3.5 §5.12.1).
func (b *Buf) PushPBB(tci uint32) bool {
	if b.PacketType != 0 || b.end-b.off < EthSize {
		return false
	}
	h := b.Push(pbbSize)
	if h == nil {
		return false
	}
	copy(h, b.Bytes()[pbbSize:pbbSize+macPairSize])
	Ethernet(h).SetType(EthTypePBB)
	ITag(h[EthSize:]).SetTCI(tci)
	return true
}

// PopPBB removes the I-TAG and the addresses before it: the customer's become
// the frame's. Tags before the I-TAG stay in front.
func (b *Buf) PopPBB() bool {
	at, h := b.itag()
	if h == nil {
		return false
	}
	s := b.Bytes()
	tags := at - EthSize
	addresses := [macPairSize]byte(h.Customer())
	copy(s[pbbSize+macPairSize:], s[macPairSize:macPairSize+tags])
	copy(s[pbbSize:], addresses[:])
	b.Pull(pbbSize)
	return true
}

// SetPBB changes the masked bits of the I-TAG's control information.
func (b *Buf) SetPBB(tci, mask uint32) bool {
	_, h := b.itag()
	if h == nil {
		return false
	}
	h.SetTCI(h.TCI()&^mask | tci&mask)
	return true
}

// itag is the outermost I-TAG and its offset, nil where there is none with a
// whole customer header.
func (b *Buf) itag() (int, ITag) {
	s := b.Bytes()
	if b.PacketType != 0 {
		return 0, nil
	}
	at, ethType := skipEthernet(s, 0)
	if ethType != EthTypePBB || at+ITagSize+EthSize > len(s) {
		return 0, nil
	}
	return at, ITag(s[at:])
}

// NSHFields is the fields of a network service header. SetNSH can change all
// but MDType.
type NSHFields struct {
	Flags   uint8 // 2 bits
	TTL     uint8 // 6 bits
	MDType  uint8 // NSHMD1 or NSHMD2
	SI      uint8
	SPI     uint32    // 24 bits
	Context [4]uint32 // valid iff MDType is NSHMD1
}

// PushNSH puts a network service header before the frame's first byte and makes
// the frame one of that packet type. tlvs is the context headers of metadata
// type 2, padded to 4 bytes each (RFC 8300 §2.5.1). It reports false for a
// frame whose packet type has no NSH next protocol, for fields that no header
// can have, and without room.
func (b *Buf) PushNSH(f *NSHFields, tlvs string) bool {
	next := b.nshNext()
	size := NSHMD1Size
	if f.MDType == NSHMD2 {
		size = NSHBaseSize + len(tlvs)
	}
	if next == 0 || f.MDType != NSHMD1 && f.MDType != NSHMD2 ||
		f.MDType == NSHMD1 && len(tlvs) != 0 || size%4 != 0 || size > NSHMaxSize {
		return false
	}
	h := b.Push(size)
	if h == nil {
		return false
	}
	head := uint32(f.Flags&3)<<28 | uint32(f.TTL&0x3f)<<22 | uint32(size/4)<<16 |
		uint32(f.MDType)<<8 | uint32(next)
	binary.BigEndian.PutUint32(h, head)
	binary.BigEndian.PutUint32(h[4:], f.SPI<<8|uint32(f.SI))
	if f.MDType == NSHMD2 {
		copy(h[NSHBaseSize:], tlvs)
	} else {
		for i, c := range f.Context {
			binary.BigEndian.PutUint32(h[NSHBaseSize+4*i:], c)
		}
	}
	b.PacketType = PacketTypeOf(EthTypeNSH)
	b.Layers = Layers{}
	return true
}

// nshNext is the NSH next protocol for the frame as payload; 0 where there is
// none.
func (b *Buf) nshNext() uint8 {
	switch b.PacketType {
	case 0:
		return NSHNextEthernet
	case PacketTypeOf(EthTypeIPv4):
		return NSHNextIPv4
	case PacketTypeOf(EthTypeIPv6):
		return NSHNextIPv6
	case PacketTypeOf(EthTypeNSH):
		return NSHNextNSH
	case PacketTypeOf(EthTypeMPLS):
		return NSHNextMPLS
	}
	return 0
}

// PopNSH removes the network service header that the frame starts with.
// PacketType then says what was inside; its layers are found by the next
// extraction.
func (b *Buf) PopNSH() bool {
	h := NSH(b.Bytes())
	if b.PacketType != PacketTypeOf(EthTypeNSH) || !h.Valid() {
		return false
	}
	packetType := uint32(0)
	if next := h.NextProtocol(); next != NSHNextEthernet {
		ethType := nshNextEthType(next)
		if ethType == 0 {
			return false
		}
		packetType = PacketTypeOf(ethType)
	}
	b.Pull(h.HeaderLen())
	b.PacketType = packetType
	b.Layers = Layers{}
	return true
}

// SetNSH changes the network service header at L3. Context headers change only
// where the metadata type is 1.
func (b *Buf) SetNSH(value, mask *NSHFields) bool {
	h := NSH(b.networkHeader())
	if !h.Valid() { // which no ARP or IP header is
		return false
	}
	merge16(h, uint16(value.Flags&3)<<12|uint16(value.TTL&0x3f)<<6,
		uint16(mask.Flags&3)<<12|uint16(mask.TTL&0x3f)<<6)
	merge32(h[4:], value.SPI<<8|uint32(value.SI), mask.SPI<<8|uint32(mask.SI))
	if h.MDType() == NSHMD1 {
		for i := range mask.Context {
			merge32(h[NSHBaseSize+4*i:], value.Context[i], mask.Context[i])
		}
	}
	return true
}
