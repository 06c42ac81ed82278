package flow

import (
	"unsafe"
)

// The access functions read and write a field's bits where the table says they
// are. The offsets come from unsafe.Offsetof in the table's rows, and a test
// walks every row, so the pointer arithmetic stays inside Pipeline.

func (f *Field) container(p *Pipeline) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(p), f.Offset)
}

// Load is the field's value in p. A Wide field reads as zero.
func (f *Field) Load(p *Pipeline) Value {
	at := f.container(p)
	switch f.layout {
	case layoutBytes:
		return ValueOf(unsafe.Slice((*byte)(at), f.Size))
	case layoutRegs:
		return loadRegs(at, int(f.Size)/4)
	case layoutPort10:
		return U64(uint64(Port32To16(*(*uint32)(at))))
	case layoutWide:
		return Value{}
	}
	return Value{Lo: loadUint(at, f.Size) >> f.Shift}.And(f.full)
}

// Store writes the bits of v that mask selects, and no others, into the field's
// place in p. Bits of mask beyond the field are ignored. It knows nothing of
// what a field implies for others: storing vlan_pcp makes no tag.
func (f *Field) Store(p *Pipeline, v, mask Value) {
	mask = mask.And(f.full)
	at := f.container(p)
	switch f.layout {
	case layoutBytes, layoutRegs, layoutPort10:
		f.storeWhole(p, f.Load(p).AndNot(mask).Or(v.And(mask)))
	case layoutUint:
		c := loadUint(at, f.Size)
		storeUint(at, f.Size, c&^(mask.Lo<<f.Shift)|(v.Lo&mask.Lo)<<f.Shift)
	}
}

// storeWhole replaces the field's container by v.
func (f *Field) storeWhole(p *Pipeline, v Value) {
	at := f.container(p)
	switch f.layout {
	case layoutBytes:
		var b [16]byte
		copy(unsafe.Slice((*byte)(at), f.Size), v.AppendBytes(b[:0], int(f.Size)))
	case layoutRegs:
		regs := unsafe.Slice((*uint32)(at), f.Size/4)
		for i := len(regs) - 1; i >= 0; i-- {
			regs[i], v = uint32(v.Lo), v.Shr(32)
		}
	case layoutPort10:
		*(*uint32)(at) = Port16To32(uint16(v.Lo))
	}
}

// Unwildcard adds bits of the field to a mask.
func (f *Field) Unwildcard(m *Mask, bits Value) {
	if f.layout == layoutPort10 {
		// One bit of the 16-bit view depends on all 32.
		if !bits.IsZero() {
			m.OFPort = ^uint32(0)
		}
		return
	}
	f.Store((*Pipeline)(m), bits, bits)
}

// loadMask is the part of a mask that lies on the field.
func (f *Field) loadMask(m *Mask) Value {
	if f.layout == layoutPort10 {
		if m.OFPort != 0 {
			return f.full
		}
		return Value{}
	}
	return f.Load((*Pipeline)(m)).And(f.full)
}

// firstPort16 is the least reserved port of OpenFlow 1.0. The 16 numbers and
// more from there on stand for the same last numbers of the 32-bit range.
const firstPort16 = 0xff00

// Port32To16 is an OpenFlow 1.1+ port as OpenFlow 1.0 numbers it, 0xffff (NONE)
// where it has no number for it.
func Port32To16(port uint32) uint16 {
	if port >= firstPort16 && port < 0xffff0000|firstPort16 {
		return 0xffff
	}
	return uint16(port)
}

// Port16To32 is an OpenFlow 1.0 port as later versions number it.
func Port16To32(port uint16) uint32 {
	if port >= firstPort16 {
		return 0xffff0000 | uint32(port)
	}
	return uint32(port)
}

func loadUint(at unsafe.Pointer, size uint8) uint64 {
	switch size {
	case 1:
		return uint64(*(*uint8)(at))
	case 2:
		return uint64(*(*uint16)(at))
	case 4:
		return uint64(*(*uint32)(at))
	default:
		return *(*uint64)(at)
	}
}

func storeUint(at unsafe.Pointer, size uint8, v uint64) {
	switch size {
	case 1:
		*(*uint8)(at) = uint8(v)
	case 2:
		*(*uint16)(at) = uint16(v)
	case 4:
		*(*uint32)(at) = uint32(v)
	default:
		*(*uint64)(at) = v
	}
}

func loadRegs(at unsafe.Pointer, n int) (v Value) {
	for _, r := range unsafe.Slice((*uint32)(at), n) {
		v = v.Shl(32).Or(U64(uint64(r)))
	}
	return v
}

// LoadBytes appends the field's value in p, most significant byte first, to
// dst: f.Bytes of them, or as many as the TLV table gives a Wide field, for
// which it fails where the table has no such option.
func (f *Field) LoadBytes(dst []byte, p *Pipeline, tlvs *TLVTable) ([]byte, error) {
	if !f.Wide() {
		return f.Load(p).AppendBytes(dst, f.Bytes), nil
	}
	tlv, err := tlvs.mapped(f)
	if err != nil {
		return dst, err
	}
	return append(dst, p.TunMetadata[tlv.Offset:][:tlv.Len]...), nil
}

// StoreBytes writes the bits of value that mask selects into the field's place
// in p; nil mask is all of them. Shorter slices are right-aligned, longer ones
// an error. Storing a Wide field makes the option present.
func (f *Field) StoreBytes(p *Pipeline, value, mask []byte, tlvs *TLVTable) error {
	size := f.Bytes
	var tlv TLV
	if f.Wide() {
		var err error
		if tlv, err = tlvs.mapped(f); err != nil {
			return err
		}
		size = int(tlv.Len)
	}
	if len(value) > size || len(mask) > size {
		return &SizeError{Field: f, Size: max(len(value), len(mask)), Max: size}
	}
	if !f.Wide() {
		m := f.full
		if mask != nil {
			m = ValueOf(mask)
		}
		f.Store(p, ValueOf(value), m)
		return nil
	}
	option := p.TunMetadata[tlv.Offset:][:size]
	for i := range option {
		m := byte(0xff)
		if mask != nil {
			m = byteFromRight(mask, size-i)
		}
		option[i] = option[i]&^m | byteFromRight(value, size-i)&m
	}
	p.TunMetadataPresent |= 1 << tlv.Index
	return nil
}

// byteFromRight is the n-th byte of b counted from its end, from 1; zero before
// its beginning.
func byteFromRight(b []byte, n int) byte {
	if n > len(b) {
		return 0
	}
	return b[len(b)-n]
}
