package ofproto

import (
	"errors"
	"iter"

	"vswitch/flow"
	"vswitch/openflow"
)

// tlvTableMod changes which Geneve options are which tun_metadata fields, or
// nothing where it returns an error (ovs-ofctl(8), add-tlv-map).
func (b *Bridge) tlvTableMod(m *openflow.TLVTableMod) error {
	next := *b.tlvs.Load()
	switch m.Command {
	case openflow.TLVClear:
		m.Maps = nil
		for row := range b.tlvs.Load().All() {
			m.Maps = append(m.Maps, openflow.TLVMap{Class: row.Class, Type: row.Type, Len: row.Len, Index: uint16(row.Index)})
		}
		fallthrough
	case openflow.TLVDelete:
		for i := range m.Maps {
			if err := b.removeTLV(&next, &m.Maps[i]); err != nil {
				return err
			}
		}
	case openflow.TLVAdd:
		for _, t := range m.Maps {
			if t.Index >= flow.NumTunMetadata {
				return openflow.NewError(openflow.ErrTLVTableBadFieldIdx, "tun_metadata%d", t.Index)
			}
			if err := next.Add(flow.TLV{Class: t.Class, Type: t.Type, Len: t.Len, Index: uint8(t.Index)}); err != nil {
				return tlvError(err)
			}
		}
	default:
		return openflow.NewError(openflow.ErrTLVTableBadCommand, "command %d", m.Command)
	}
	b.tlvs.Store(&next)
	b.sw.touch(settingsTag)
	return nil
}

// removeTLV unmaps an option that is mapped just so and that no flow uses.
func (b *Bridge) removeTLV(t *flow.TLVTable, m *openflow.TLVMap) error {
	row, found := t.Lookup(uint8(min(m.Index, flow.NumTunMetadata)))
	if !found || row.Class != m.Class || row.Type != m.Type || row.Len != m.Len {
		return openflow.NewError(openflow.ErrTLVTableInvalidTLVDel, "tun_metadata%d is not mapped to that option", m.Index)
	}
	used := false
	b.eachTable(openflow.TableAll, func(t *Table) {
		t.all(b.sw.version.Load(), func(r *Rule) {
			used = used || matchesTLV(r.match(), row.Index) || usesField(r.actions, flow.FieldTunMetadata0+flow.FieldID(row.Index))
		})
	})
	if used {
		return openflow.NewError(openflow.ErrTLVTableInvalidTLVDel, "a flow uses tun_metadata%d", row.Index)
	}
	t.Remove(row.Index)
	return nil
}

func matchesTLV(s flow.Sparse, index uint8) bool {
	var m flow.Match
	s.Expand(&m)
	return m.Mask.TunMetadataPresent>>index&1 != 0
}

// usesField reports whether actions name a tun_metadata field.
func usesField(actions []openflow.Action, id flow.FieldID) bool {
	for a := range everyAction(actions) {
		for s := range subfields(a) {
			if s.Field == id {
				return true
			}
		}
	}
	return false
}

// subfields are the parts of fields that an action reads or writes, but for the
// actions in it that everyAction goes through.
func subfields(a openflow.Action) iter.Seq[openflow.Subfield] {
	return func(yield func(openflow.Subfield) bool) {
		switch a := a.(type) {
		case openflow.SetField:
			yield(openflow.Subfield{Field: a.Field, Bits: wideBits(a.Wide, a.WideMask)})
		case openflow.DeleteField:
			yield(openflow.Subfield{Field: a.Field})
		case openflow.Move:
			_ = yield(a.Src) && yield(a.Dst)
		case openflow.StackPush:
			yield(a.Src)
		case openflow.StackPop:
			yield(a.Dst)
		case openflow.OutputReg:
			yield(a.Src)
		case openflow.Multipath:
			yield(a.Dst)
		case openflow.Bundle:
			yield(a.Dst)
		case openflow.CheckPktLarger:
			yield(a.Dst)
		case openflow.Sample:
			_ = yield(a.ObsDomainField) && yield(a.ObsPointField)
		case openflow.CT:
			if !yield(a.ZoneSrc) {
				return
			}
			for _, inner := range a.Actions {
				for s := range subfields(inner) {
					if !yield(s) {
						return
					}
				}
			}
		case openflow.Learn:
			if !yield(a.ResultDst) {
				return
			}
			for i := range a.Specs {
				if !yield(a.Specs[i].DstField) || !yield(a.Specs[i].SrcField) {
					return
				}
			}
		}
	}
}

// checkMapped refuses a tun_metadata field that is no option, and bits that the
// option does not have.
func (b *Bridge) checkMapped(s openflow.Subfield) error {
	f := flow.FieldByID(s.Field)
	if f == nil || !f.Wide() {
		return nil
	}
	row, found := b.tlvs.Load().Lookup(uint8(s.Field - flow.FieldTunMetadata0))
	switch {
	case !found:
		return openflow.NewError(openflow.ErrNXFlowModInvalidTLVField, "%v", &flow.UnmappedError{Field: f})
	case int(s.Ofs)+int(s.Bits) > 8*int(row.Len):
		return openflow.NewError(openflow.ErrActionBadSetLen, "bits %d to %d of %s, which has %d", s.Ofs, s.Ofs+s.Bits-1, f.Name, 8*row.Len)
	}
	return nil
}

// wideBits is how many bits a value and a mask of a wide field reach.
func wideBits(value, mask []byte) uint16 {
	if mask == nil {
		mask = value
	}
	for len(mask) > 0 && mask[0] == 0 {
		mask = mask[1:]
	}
	return uint16(8 * len(mask))
}

// tlvError is OpenFlow's error for an option that cannot be mapped.
func tlvError(err error) error {
	var e *flow.TLVError
	if !errors.As(err, &e) {
		return err
	}
	code := map[flow.TLVFault]openflow.ErrorCode{
		flow.TLVBadIndex: openflow.ErrTLVTableBadFieldIdx, flow.TLVBadLength: openflow.ErrTLVTableBadOptLen,
		flow.TLVIndexTaken: openflow.ErrTLVTableAlreadyMapped, flow.TLVTypeTaken: openflow.ErrTLVTableDupEntry,
		flow.TLVFull: openflow.ErrTLVTableTableFull,
	}[e.Fault]
	return openflow.NewError(code, "%v", err)
}

// tlvTable describes the map.
func (b *Bridge) tlvTable() *openflow.TLVTableReply {
	r := &openflow.TLVTableReply{MaxSpace: uint32(len(flow.Tunnel{}.TunMetadata)), MaxFields: flow.NumTunMetadata}
	for row := range b.tlvs.Load().All() {
		r.Maps = append(r.Maps, openflow.TLVMap{Class: row.Class, Type: row.Type, Len: row.Len, Index: uint16(row.Index)})
	}
	return r
}
