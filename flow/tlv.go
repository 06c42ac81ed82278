package flow

import (
	"fmt"
	"iter"
)

// MaxTLVLen is the most bytes that the value of a tunnel option may have.
const MaxTLVLen = 124

// TLV is a row of the TLV table: tunnel option {Class, Type} is the field
// tun_metadata<Index>.
type TLV struct {
	Class  uint16
	Type   uint8
	Len    uint8 // bytes of value: a multiple of 4, 4 to MaxTLVLen
	Index  uint8 // less than NumTunMetadata
	Offset uint8 // where the value lies in Tunnel.TunMetadata
}

// TLVTable says which tunnel options are the fields tun_metadata0 to
// tun_metadata63, and where they lie. It maps nothing at first; nil does so
// for ever.
type TLVTable struct {
	rows [NumTunMetadata]TLV // Len is 0 where nothing is mapped
}

// TLVFault says why an option cannot be mapped (the codes of OpenFlow's
// NXTTMFC errors).
type TLVFault uint8

// Reasons why an option cannot be mapped.
const (
	TLVBadIndex   TLVFault = iota // no such tun_metadata field
	TLVBadLength                  // not a multiple of 4 from 4 to MaxTLVLen
	TLVIndexTaken                 // the field stands for another option
	TLVTypeTaken                  // the option is another field
	TLVFull                       // no room left in Tunnel.TunMetadata
)

// TLVError is the refusal to map an option.
type TLVError struct {
	TLV   TLV
	Fault TLVFault
}

func (e *TLVError) Error() string {
	what := [...]string{"no such field", "length is not a multiple of 4 from 4 to 124", "field is in use",
		"option is another field already", "no room left"}[e.Fault]
	return fmt.Sprintf("tun_metadata%d: map option class %#x type %#x length %d: %s",
		e.TLV.Index, e.TLV.Class, e.TLV.Type, e.TLV.Len, what)
}

// UnmappedError is the use of a tun_metadata field that the TLV table maps to
// no option.
type UnmappedError struct{ Field *Field }

func (e *UnmappedError) Error() string {
	return e.Field.Name + ": not in the TLV table: add the option with add-tlv-map first"
}

// SizeError is a value that has too many bytes for its field.
type SizeError struct {
	Field     *Field
	Size, Max int
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s: value of %d bytes: at most %d fit", e.Field.Name, e.Size, e.Max)
}

// Add maps option {t.Class, t.Type} of t.Len bytes to field t.Index; it chooses
// t.Offset itself. The error is a *TLVError. Packets and matches made with the
// table stay right: a row never moves.
func (t *TLVTable) Add(tlv TLV) error {
	refuse := func(f TLVFault) error { return &TLVError{tlv, f} }
	switch {
	case tlv.Index >= NumTunMetadata:
		return refuse(TLVBadIndex)
	case tlv.Len == 0 || tlv.Len%4 != 0 || tlv.Len > MaxTLVLen:
		return refuse(TLVBadLength)
	case t.rows[tlv.Index].Len != 0:
		return refuse(TLVIndexTaken)
	}
	var used [len(Tunnel{}.TunMetadata)]bool
	for row := range t.All() {
		if row.Class == tlv.Class && row.Type == tlv.Type {
			return refuse(TLVTypeTaken)
		}
		for i := range int(row.Len) {
			used[int(row.Offset)+i] = true
		}
	}
	free := 0
	for at, taken := range used {
		free++
		if taken {
			free = 0
		}
		if free == int(tlv.Len) {
			tlv.Offset = uint8(at + 1 - free)
			t.rows[tlv.Index] = tlv
			return nil
		}
	}
	return refuse(TLVFull)
}

// Remove unmaps field tun_metadata<index>. No match and no packet in flight may
// use it.
func (t *TLVTable) Remove(index uint8) {
	if index < NumTunMetadata {
		t.rows[index] = TLV{}
	}
}

// Lookup is the row of field tun_metadata<index>.
func (t *TLVTable) Lookup(index uint8) (row TLV, found bool) {
	if t == nil || index >= NumTunMetadata || t.rows[index].Len == 0 {
		return TLV{}, false
	}
	return t.rows[index], true
}

// All walks the rows in the order of their fields.
func (t *TLVTable) All() iter.Seq[TLV] {
	return func(yield func(TLV) bool) {
		if t == nil {
			return
		}
		for _, row := range t.rows {
			if row.Len != 0 && !yield(row) {
				return
			}
		}
	}
}

// mapped is the row of a Wide field, or an *UnmappedError.
func (t *TLVTable) mapped(f *Field) (TLV, error) {
	row, found := t.Lookup(uint8(f.ID - FieldTunMetadata0))
	if !found {
		return TLV{}, &UnmappedError{f}
	}
	return row, nil
}
