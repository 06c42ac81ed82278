package openflow

import "vswitch/flow"

//size:table
func extensionMessages() []messageRow {
	return []messageRow{
		{kind: KindTLVTableMod, name: "NXT_TLV_TABLE_MOD", class: classNicira, from: V10, to: V15, code: 24, size: 8, extra: tlvMapSize,
			decode: to(decodeTLVTableMod), encode: from(appendTLVTableMod)},
		{kind: KindTLVTableRequest, name: "NXT_TLV_TABLE_REQUEST", class: classNicira, from: V10, to: V15, code: 25,
			decode: toEmpty[TLVTableRequest], encode: fromEmpty},
		{kind: KindTLVTableReply, name: "NXT_TLV_TABLE_REPLY", class: classNicira, from: V10, to: V15, code: 26, size: 16, extra: tlvMapSize,
			decode: to(decodeTLVTableReply), encode: from(appendTLVTableReply)},
		{kind: KindCTFlushZone, name: "NXT_CT_FLUSH_ZONE", class: classNicira, from: V10, to: V15, code: 29, size: 8,
			decode: to(decodeCTFlushZone),
			encode: from(func(_ context, dst []byte, m *CTFlushZone) ([]byte, error) {
				return be.AppendUint16(zeros(dst, 6), m.Zone), nil
			})},
		{kind: KindCTFlush, name: "NXT_CT_FLUSH", class: classNicira, from: V10, to: V15, code: 32, size: 8, extra: 8,
			decode: to(decodeCTFlush), encode: from(appendCTFlush)},
	}
}

const tlvMapSize = 8

func decodeTLVMaps(b []byte) (maps []TLVMap, err error) {
	for ; len(b) > 0; b = b[tlvMapSize:] {
		m := TLVMap{Class: be.Uint16(b), Type: b[2], Len: b[3], Index: be.Uint16(b[4:])}
		switch {
		case m.Len%4 != 0 || m.Len > flow.MaxTLVLen:
			return nil, NewError(ErrTLVTableBadOptLen, "option of %d bytes", m.Len)
		case int(m.Index) >= flow.NumTunMetadata:
			return nil, NewError(ErrTLVTableBadFieldIdx, "tun_metadata%d", m.Index)
		}
		maps = append(maps, m)
	}
	return maps, nil
}

func appendTLVMaps(dst []byte, maps []TLVMap) []byte {
	for _, m := range maps {
		dst = append(be.AppendUint16(dst, m.Class), m.Type, m.Len)
		dst = zeros(be.AppendUint16(dst, m.Index), 2)
	}
	return dst
}

func decodeTLVTableMod(_ context, b []byte, m *TLVTableMod) (err error) {
	m.Command = TLVTableCommand(be.Uint16(b))
	if m.Command > TLVClear {
		return NewError(ErrTLVTableBadCommand, "command %d", m.Command)
	}
	m.Maps, err = decodeTLVMaps(b[8:])
	return err
}

func appendTLVTableMod(_ context, dst []byte, m *TLVTableMod) ([]byte, error) {
	return appendTLVMaps(zeros(be.AppendUint16(dst, uint16(m.Command)), 6), m.Maps), nil
}

func decodeTLVTableReply(_ context, b []byte, m *TLVTableReply) (err error) {
	m.MaxSpace, m.MaxFields = be.Uint32(b), be.Uint16(b[4:])
	if m.Maps, err = decodeTLVMaps(b[16:]); err != nil {
		return err
	}
	for _, t := range m.Maps {
		if t.Index >= m.MaxFields {
			return NewError(ErrTLVTableBadFieldIdx, "tun_metadata%d of %d", t.Index, m.MaxFields)
		}
	}
	return nil
}

func appendTLVTableReply(_ context, dst []byte, m *TLVTableReply) ([]byte, error) {
	return appendTLVMaps(zeros(be.AppendUint16(be.AppendUint32(dst, m.MaxSpace), m.MaxFields), 10), m.Maps), nil
}

func decodeCTFlushZone(_ context, b []byte, m *CTFlushZone) error {
	if !allZero(b[:6]) {
		return ErrNXRequestMustBeZero
	}
	m.Zone = be.Uint16(b[6:])
	return nil
}

// Types of the properties of NXT_CT_FLUSH, and of those nested in the tuples.
const (
	ctFlushOrig      = 0
	ctFlushReply     = 1
	ctFlushZoneID    = 2
	ctFlushMark      = 3
	ctFlushMarkMask  = 4
	ctFlushLabel     = 5
	ctFlushLabelMask = 6

	ctTupleSrc      = 0
	ctTupleDst      = 1
	ctTupleSrcPort  = 2
	ctTupleDstPort  = 3
	ctTupleICMPID   = 4
	ctTupleICMPType = 5
	ctTupleICMPCode = 6
)

func decodeCTFlush(_ context, b []byte, m *CTFlush) (err error) {
	m.Proto = b[0]
	if !allZero(b[1:8]) {
		return ErrNXRequestMustBeZero
	}
	props := properties{b: b[8:]}
	for props.next() && err == nil {
		r := reader{b: props.body}
		switch props.typ {
		case ctFlushOrig:
			err = m.Orig.decode(r.nested())
		case ctFlushReply:
			err = m.Reply.decode(r.nested())
		case ctFlushZoneID:
			m.Zone, m.HasZone = r.u16(), true
		case ctFlushMark:
			m.Mark, m.HasMark = r.u32(), true
		case ctFlushMarkMask:
			m.MarkMask = r.u32()
		case ctFlushLabel:
			m.Label, m.HasLabel = number(r.bytes(16)), true
		case ctFlushLabelMask:
			m.LabelMask = number(r.bytes(16))
		default:
			err = props.unknown()
		}
		if err == nil && r.short {
			err = ErrPropertyBadLen
		}
	}
	if err != nil {
		return err
	}
	return props.err
}

// nested is the list of properties in a property: it begins 4 bytes later, at a
// multiple of 8.
func (r *reader) nested() []byte {
	r.skip(4)
	return r.b
}

func (t *CTTuple) decode(b []byte) error {
	props := properties{b: b}
	for props.next() {
		r := reader{b: props.body}
		switch props.typ {
		case ctTupleSrc:
			copy(t.Src[:], r.bytes(16))
			t.HasSrc = true
		case ctTupleDst:
			copy(t.Dst[:], r.bytes(16))
			t.HasDst = true
		case ctTupleSrcPort:
			t.SrcPort, t.HasSrcPort = r.u16(), true
		case ctTupleDstPort:
			t.DstPort, t.HasDstPort = r.u16(), true
		case ctTupleICMPID:
			t.ICMPID, t.HasICMPID = r.u16(), true
		case ctTupleICMPType:
			t.ICMPType, t.HasICMPType = r.u8(), true
		case ctTupleICMPCode:
			t.ICMPCode, t.HasICMPCode = r.u8(), true
		default:
			return props.unknown()
		}
		if r.short {
			return ErrPropertyBadLen
		}
	}
	return props.err
}

func appendCTFlush(_ context, dst []byte, m *CTFlush) ([]byte, error) {
	dst = zeros(append(dst, m.Proto), 7)
	dst = m.Orig.append(dst, ctFlushOrig)
	dst = m.Reply.append(dst, ctFlushReply)
	if m.HasZone {
		dst = appendProp16(dst, ctFlushZoneID, m.Zone)
	}
	if m.HasMark {
		dst = be.AppendUint32(appendPropertyHead(dst, ctFlushMark, 8), m.Mark)
	}
	if m.MarkMask != 0 {
		dst = be.AppendUint32(appendPropertyHead(dst, ctFlushMarkMask, 8), m.MarkMask)
	}
	if m.HasLabel {
		dst = appendPropBytes(dst, ctFlushLabel, m.Label.AppendBytes(nil, 16))
	}
	if !m.LabelMask.IsZero() {
		dst = appendPropBytes(dst, ctFlushLabelMask, m.LabelMask.AppendBytes(nil, 16))
	}
	return dst, nil
}

// append appends the tuple as a property, nothing for one that restricts
// nothing.
func (t *CTTuple) append(dst []byte, typ uint16) []byte {
	start := len(dst)
	dst = zeros(beginProperty(dst, typ), 4)
	head := len(dst)
	if t.HasSrc {
		dst = appendPropBytes(dst, ctTupleSrc, t.Src[:])
	}
	if t.HasDst {
		dst = appendPropBytes(dst, ctTupleDst, t.Dst[:])
	}
	if t.HasSrcPort {
		dst = appendProp16(dst, ctTupleSrcPort, t.SrcPort)
	}
	if t.HasDstPort {
		dst = appendProp16(dst, ctTupleDstPort, t.DstPort)
	}
	if t.HasICMPID {
		dst = appendProp16(dst, ctTupleICMPID, t.ICMPID)
	}
	if t.HasICMPType {
		dst = appendProp8(dst, ctTupleICMPType, t.ICMPType)
	}
	if t.HasICMPCode {
		dst = appendProp8(dst, ctTupleICMPCode, t.ICMPCode)
	}
	if len(dst) == head {
		return dst[:start]
	}
	return endProperty(dst, start)
}
