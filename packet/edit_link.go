package packet

import "encoding/binary"

// An edit changes a header in place, or adds or removes one, and keeps Layers,
// Offload and all checksums right. It borrows b, never allocates, and reports
// whether the frame has the header that it is about; b is as it was if not.
//
// Set functions take a value and a mask of the same shape: bits that are 1 in
// the mask are taken from the value, the others stay. Both are borrowed.

// EthFields is the fields of an Ethernet header that SetEth can change.
type EthFields struct{ Dst, Src [6]byte }

// SetEth changes the addresses.
func (b *Buf) SetEth(value, mask *EthFields) bool {
	s := b.Bytes()
	if b.PacketType != 0 || len(s) < EthSize {
		return false
	}
	merge6(s[0:6], &value.Dst, &mask.Dst)
	merge6(s[6:12], &value.Src, &mask.Src)
	return true
}

// merge6 changes the masked bits of an Ethernet address.
func merge6(dst []byte, value, mask *[6]byte) {
	_ = dst[5]
	for i := range mask {
		dst[i] = dst[i]&^mask[i] | value[i]&mask[i]
	}
}

// PushVLAN puts a tag before all others. tci is written as it is: the bit that
// a flow key keeps in the place of the DEI must be cleared by the caller. It
// reports false too when there is no room.
func (b *Buf) PushVLAN(tpid, tci uint16) bool {
	if b.PacketType != 0 || b.end-b.off < EthSize || !b.open(ethTypeAt, VLANSize) {
		return false
	}
	tag := b.Bytes()[ethTypeAt:]
	binary.BigEndian.PutUint16(tag, tpid)
	binary.BigEndian.PutUint16(tag[2:], tci)
	return true
}

// PopVLAN removes the outermost tag.
func (b *Buf) PopVLAN() bool {
	if b.outerTag() == nil {
		return false
	}
	b.cut(ethTypeAt, VLANSize)
	return true
}

// SetVLAN changes the masked bits of the outermost tag's TCI. The DEI stays
// whatever the mask says, since flow keys use its place.
func (b *Buf) SetVLAN(tci, mask uint16) bool {
	tag := b.outerTag()
	if tag == nil {
		return false
	}
	mask &^= 0x1000
	tag.SetTCI(tag.TCI()&^mask | tci&mask)
	return true
}

// outerTag is the outermost tag, nil where there is none.
func (b *Buf) outerTag() VLAN {
	s := b.Bytes()
	if b.PacketType != 0 || len(s) < EthSize+VLANSize || !IsVLAN(Ethernet(s).Type()) {
		return nil
	}
	return VLAN(s[EthSize:])
}

// PushEth puts an Ethernet header before a frame that has none. Its EtherType
// is the one that PacketType stands for.
func (b *Buf) PushEth(dst, src [6]byte) bool {
	ethType := uint16(b.PacketType)
	if b.PacketType == 0 {
		return false
	}
	h := Ethernet(b.Push(EthSize))
	if h == nil {
		return false
	}
	b.PacketType = 0
	h.SetDst(dst)
	h.SetSrc(src)
	h.SetType(ethType)
	return true
}

// PopEth removes the Ethernet header of a frame without tags. PacketType then
// says what the frame starts with.
func (b *Buf) PopEth() bool {
	s := b.Bytes()
	if b.PacketType != 0 || len(s) < EthSize {
		return false
	}
	ethType := Ethernet(s).Type()
	if IsVLAN(ethType) || ethType < EthTypeMin {
		return false
	}
	b.Pull(EthSize)
	b.PacketType = PacketTypeOf(ethType)
	return true
}

// ARPFields is the fields of an ARP packet that SetARP can change.
type ARPFields struct {
	Op       uint16
	SPA, TPA uint32
	SHA, THA [6]byte
}

// SetARP changes an ARP or RARP packet for IPv4 over Ethernet.
func (b *Buf) SetARP(value, mask *ARPFields) bool {
	h := b.networkHeader()
	if !ARP(h).Valid() {
		return false
	}
	merge16(h[arpOpAt:], value.Op, mask.Op)
	merge6(h[arpSHAAt:], &value.SHA, &mask.SHA)
	merge32(h[arpSPAAt:], value.SPA, mask.SPA)
	merge6(h[arpTHAAt:], &value.THA, &mask.THA)
	merge32(h[arpTPAAt:], value.TPA, mask.TPA)
	return true
}

func merge16(dst []byte, value, mask uint16) {
	binary.BigEndian.PutUint16(dst, binary.BigEndian.Uint16(dst)&^mask|value&mask)
}

func merge32(dst []byte, value, mask uint32) {
	binary.BigEndian.PutUint32(dst, binary.BigEndian.Uint32(dst)&^mask|value&mask)
}

// networkHeader is the bytes from the L3 header on, nil where there is none.
func (b *Buf) networkHeader() []byte {
	s := b.Bytes()
	if b.L3 == 0 && !b.beginsWithNetwork() || int(b.L3) > len(s) {
		return nil
	}
	return s[b.L3:]
}

// beginsWithNetwork reports whether a network header is the first of the frame's, one
// that flow.Extract would read: no offset can say of a header at byte 0 that it is broken.
func (b *Buf) beginsWithNetwork() bool {
	s := b.Bytes()
	switch ethType := uint16(b.PacketType); {
	case b.PacketType == 0 || IsMPLS(ethType):
		return false
	case ethType == EthTypeIPv4:
		p, found := placeIPv4(s, 0)
		return found && p.end <= b.Size()
	case ethType == EthTypeIPv6:
		return len(s) >= IPv6Size && IPv6(s).Version() == 6 && IPv6Size+IPv6(s).PayloadLen() <= b.Size()
	}
	return true
}

// open makes a gap of n bytes at offset at: what was there and its layers move
// back. It reports whether at lies in the first segment and there was room.
func (b *Buf) open(at, n int) bool {
	if at > b.end-b.off || b.Push(n) == nil {
		return false
	}
	s := b.Bytes()
	copy(s[:at], s[n:n+at])
	return true
}

// cut removes n bytes at offset at, which the first segment must have.
func (b *Buf) cut(at, n int) {
	s := b.Bytes()
	copy(s[n:n+at], s[:at])
	b.Pull(n)
}
