package openflow

import "vswitch/flow"

// Whole is the subfield that is all of a field.
func Whole(id flow.FieldID) Subfield {
	return Subfield{Field: id, Bits: uint16(flow.FieldByID(id).Bits)}
}

// Subfields travel as (ofs << 6) | (bits - 1), or as two numbers of 16 bits.
func ofsBits(n uint16) (ofs, bits uint16) { return n >> 6, n&0x3f + 1 }

func (s Subfield) ofsBits() uint16 { return s.Ofs<<6 | (s.Bits - 1) }

// checkSrc refuses a subfield that is none: bits beyond its field, or no bits.
func (s Subfield) checkSrc() error {
	f := flow.FieldByID(s.Field)
	switch {
	case f == nil:
		return ErrActionBadSetType
	case s.Bits == 0:
		return NewError(ErrActionBadSetLen, "no bits of %s", f.Name)
	case int(s.Ofs)+int(s.Bits) > f.Bits:
		return NewError(ErrActionBadSetLen, "bits %d to %d of %s, which has %d", s.Ofs, int(s.Ofs)+int(s.Bits)-1, f.Name, f.Bits)
	}
	return nil
}

// checkDst is checkSrc for a subfield that is written to.
func (s Subfield) checkDst() error {
	if err := s.checkSrc(); err != nil {
		return err
	}
	if f := flow.FieldByID(s.Field); !f.Writable {
		return NewError(ErrActionBadSetArgument, "%s is read-only", f.Name)
	}
	return nil
}

// decodeField32 is the field that a 32-bit NXM header names.
func decodeField32(header uint32) (flow.FieldID, error) {
	var b [4]byte
	be.PutUint32(b[:], header)
	var h oxmHeader
	if _, err := h.parse(b[:]); err != nil {
		return flow.FieldNone, ErrActionBadSetType
	}
	return actionField(h)
}

// actionField is the field that a header in an action names.
func actionField(h oxmHeader) (flow.FieldID, error) {
	f := h.field()
	switch {
	case f == nil && h.exists():
		return flow.FieldNone, NewError(ErrActionBadSetLen, "%s", h)
	case f == nil:
		return flow.FieldNone, NewError(ErrActionBadSetType, "%s", h)
	}
	return f.ID, nil
}

// field reads an OXM header in an action, which names a field without a mask.
func (r *reader) field() (flow.FieldID, error) {
	var h oxmHeader
	n, err := h.parse(r.b)
	if err != nil {
		r.b, r.short = nil, true
		return flow.FieldNone, ErrActionBadSetLen
	}
	r.skip(n)
	id, err := actionField(h)
	if err == nil && h.hasMask {
		return flow.FieldNone, NewError(ErrMatchBadMask, "%s with a mask where a field is named", flow.FieldByID(id).Name)
	}
	return id, err
}

// appendField32 appends a field's 32-bit NXM header.
func appendField32(c context, dst []byte, id flow.FieldID) ([]byte, error) {
	f := flow.FieldByID(id)
	if !hasField32(id) {
		return dst, unencodable(c.v, "%s where there is room for 32 bits of field header", f.Name)
	}
	return appendOXMHeader(V10, dst, f, false), nil
}

// hasField32 reports whether a field's NXM header has 32 bits.
func hasField32(id flow.FieldID) bool { return oxmFields.heads[V10][id].bytes == 4 }

// appendField appends a field's header in a version's form, V10 being NXM.
func appendField(v Version, dst []byte, id flow.FieldID) ([]byte, error) {
	f := flow.FieldByID(id)
	if f == nil || !hasWire(v, f) {
		return dst, unencodable(v, "the field %v", f)
	}
	return appendOXMHeader(v, dst, f, false), nil
}
