package openflow

import "vswitch/flow"

// Match is a match as messages carry it. Tunnel options lie beside the fields
// of fixed size, as bytes, because only a switch's TLV table says what they are
// and where a flow.Match keeps them.
type Match struct {
	// Wide are the tun_metadata fields, ascending and without duplicates.
	Wide []WideField
	// Match is all other fields. It is large and has no pointers: it comes last, here
	// and in messages, so that the collector need not look at it.
	flow.Match
}

// WideField is a match on, or the value of, a tun_metadata field.
type WideField struct {
	Field flow.FieldID
	Value []byte // most significant byte first; shorter ones than the option are right-aligned
	Mask  []byte // of the same size, or nil: all bits; both empty: the option is there
}

// MatchOf makes the match of messages from a flow's, the switch's TLV table
// being tlvs.
func MatchOf(m *flow.Match, tlvs *flow.TLVTable) Match {
	out := Match{Match: *m}
	for _, p := range [2]*flow.Pipeline{&out.Value, (*flow.Pipeline)(&out.Mask)} {
		p.TunMetadata, p.TunMetadataPresent = [len(p.TunMetadata)]byte{}, 0
	}
	for row := range tlvs.All() {
		f := flow.FieldByID(flow.FieldTunMetadata0 + flow.FieldID(row.Index))
		value, mask, kind := m.FieldBytes(f, tlvs)
		switch kind {
		case flow.MatchNone:
			continue
		case flow.MatchExact:
			mask = nil
		}
		out.Wide = append(out.Wide, WideField{Field: f.ID, Value: value, Mask: mask})
	}
	return out
}

// Resolve puts the tunnel options into their places. Where there are none the
// match is m's own. The error is ErrNXFlowModInvalidTLVField with the reason: an
// option that tlvs does not map, or too many bytes for it.
func (m *Match) Resolve(tlvs *flow.TLVTable) (*flow.Match, error) {
	if len(m.Wide) == 0 {
		return &m.Match, nil
	}
	out := new(flow.Match)
	*out = m.Match
	for _, w := range m.Wide {
		if err := out.SetBytes(flow.FieldByID(w.Field), w.Value, w.Mask, tlvs); err != nil {
			return nil, &Error{Code: ErrNXFlowModInvalidTLVField, Detail: err.Error()}
		}
	}
	return out, nil
}
