package flow

import "iter"

// Match says which packets it matches: those whose bits equal Value's wherever
// Mask has ones. The zero Match matches every packet.
type Match struct {
	Value Pipeline
	Mask  Mask
}

// MatchKind says how far a match fixes a field.
type MatchKind uint8

// Kinds of matching on a field.
const (
	MatchNone   MatchKind = iota // any value
	MatchExact                   // one value
	MatchMasked                  // some bits
)

// NoVLAN is the value of dl_vlan that stands for a packet without a tag
// (OFP_VLAN_NONE of OpenFlow 1.0).
const NoVLAN = 0xffff

// SetField makes the match fix the bits of the field that mask selects to those
// of value, and leave the field's other bits open. f.Check says beforehand
// whether a controller may ask for that. dl_vlan, dl_vlan_pcp and vlan_pcp also
// fix that there is a tag; dl_vlan=NoVLAN fixes that there is none. Wide fields
// take SetBytes.
func (m *Match) SetField(f *Field, value, mask Value) {
	tag := &f.full
	switch f.ID {
	case FieldDLVLAN:
		if value.Lo == NoVLAN {
			tag, f, value, mask = nil, FieldByID(FieldVLANTCI), Value{}, U64(0xffff)
		}
	case FieldDLVLANPCP, FieldVLANPCP:
	default:
		tag = nil
	}
	value = value.And(mask)
	if f.layout == layoutPort10 {
		m.Value.OFPort, m.Mask.OFPort = 0, 0
		if !mask.IsZero() {
			m.Value.OFPort, m.Mask.OFPort = Port16To32(uint16(value.Lo)), ^uint32(0)
		}
		return
	}
	f.Store(&m.Value, value, f.full)
	f.Store((*Pipeline)(&m.Mask), mask, f.full)
	if tag != nil && !mask.IsZero() {
		m.Value.VLAN[0].TCI |= VLANPresent
		m.Mask.VLAN[0].TCI |= VLANPresent
	}
}

// SetBytes is SetField for values as they are on the wire, most significant
// byte first; nil mask is an exact match. It is how Wide fields are set: the
// error is then an *UnmappedError where tlvs has no such option. An empty value
// of a Wide field fixes that the option is there. A value or mask of too many
// bytes is a *SizeError.
func (m *Match) SetBytes(f *Field, value, mask []byte, tlvs *TLVTable) error {
	if f.Wide() {
		row, err := tlvs.mapped(f)
		if err != nil {
			return err
		}
		exact := [MaxTLVLen]byte{}
		if mask == nil && len(value) > 0 {
			mask = exact[:row.Len]
			for i := range mask {
				mask[i] = 0xff
			}
		}
		if err := f.StoreBytes((*Pipeline)(&m.Mask), mask, nil, tlvs); err != nil {
			return err
		}
		if err := f.StoreBytes(&m.Value, value, nil, tlvs); err != nil {
			return err
		}
		for i := int(row.Offset); i < int(row.Offset)+int(row.Len); i++ {
			m.Value.TunMetadata[i] &= m.Mask.TunMetadata[i]
		}
		return nil
	}
	if len(value) > f.Bytes || len(mask) > f.Bytes {
		return &SizeError{Field: f, Size: max(len(value), len(mask)), Max: f.Bytes}
	}
	bits := f.full
	if mask != nil {
		bits = ValueOf(mask)
	}
	m.SetField(f, ValueOf(value), bits)
	return nil
}

// Field is what the match says of a field's bits. It reads only those: a match
// on vlan_tci fixes dl_vlan too.
func (m *Match) Field(f *Field) (value, mask Value, kind MatchKind) {
	mask = f.loadMask(&m.Mask)
	switch mask {
	case Value{}:
		return Value{}, mask, MatchNone
	case f.full:
		kind = MatchExact
	default:
		kind = MatchMasked
	}
	return f.Load(&m.Value).And(mask), mask, kind
}

// FieldBytes is what the match says of a field, as bytes; for a Wide field,
// whose option may be matched by being there alone, kind can then be
// MatchMasked with a mask of zeros. A Wide field that is not mapped is not
// matched.
func (m *Match) FieldBytes(f *Field, tlvs *TLVTable) (value, mask []byte, kind MatchKind) {
	if !f.Wide() {
		v, k, kind := m.Field(f)
		return v.AppendBytes(nil, f.Bytes), k.AppendBytes(nil, f.Bytes), kind
	}
	row, err := tlvs.mapped(f)
	if err != nil || m.Mask.TunMetadataPresent&(1<<row.Index) == 0 {
		return nil, nil, MatchNone
	}
	value = append(value, m.Value.TunMetadata[row.Offset:][:row.Len]...)
	mask = append(mask, m.Mask.TunMetadata[row.Offset:][:row.Len]...)
	kind = MatchExact
	for _, b := range mask {
		if b != 0xff {
			kind = MatchMasked
		}
	}
	return value, mask, kind
}

// Fields walks a smallest set of fields that together say all that the match
// says, in the order of the table: of fields that share bits, those whose
// prerequisites hold, and of these the first. The tag is told by vlan_tci, the
// port by in_port_oxm, registers by reg<n>. Wide fields are left out.
func (m *Match) Fields() iter.Seq[*Field] {
	return func(yield func(*Field) bool) {
		var told Mask
		for i := range fields {
			f := &fields[i]
			if f.ID == FieldInPort || f.Wide() {
				continue
			}
			mask := f.loadMask(&m.Mask).AndNot(f.loadMask(&told))
			if mask.IsZero() || !m.prereqsHold(f) {
				continue
			}
			if !yield(f) {
				return
			}
			f.Unwildcard(&told, mask)
		}
	}
}

// Normalize clears the value bits outside the mask, which every Match keeps
// zero, after its fields were written directly.
func (m *Match) Normalize() {
	v, k := m.Value.Words(), m.Mask.Words()
	for i := range v {
		v[i] &= k[i]
	}
}

// Matches reports whether packet p is one of those matched.
func (m *Match) Matches(p *Pipeline) bool {
	v, k, w := m.Value.Words(), m.Mask.Words(), p.Words()
	for i := range v {
		if (v[i]^w[i])&k[i] != 0 {
			return false
		}
	}
	return true
}

// Equal reports whether two matches are the same.
func (m *Match) Equal(o *Match) bool {
	return *m.Value.Words() == *o.Value.Words() && *m.Mask.Words() == *o.Mask.Words()
}
