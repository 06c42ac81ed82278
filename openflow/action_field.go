package openflow

import "vswitch/flow"

//size:table
func fieldActions() []actionRow {
	return []actionRow{
		{kind: ActSetField, from: V12, to: V15, code: 25, size: 8, variable: true, decode: decodeSetField, encode: with(appendSetField)},
		{kind: ActSetField, form: uint8(FormLoad), vendor: VendorNicira, from: V10, to: V14, code: 7, size: 24, decode: decodeLoad, encode: with(appendLoad)},
		{kind: ActSetField, form: uint8(FormLoad2), vendor: VendorNicira, from: V10, to: V14, code: 33, size: 16, variable: true,
			decode: decodeLoad2, encode: with(appendLoad2)},
		{kind: ActMove, vendor: VendorNicira, from: V10, to: V14, code: 6, size: 24, variable: true, decode: decodeMove, encode: with(appendMove)},
		{kind: ActMove, form: 2, vendor: VendorONF, from: V13, to: V14, code: 3200, size: 24, variable: true,
			decode: decodeCopyFieldONF, encode: with(appendCopyFieldONF)},
		{kind: ActMove, from: V15, to: V15, code: 28, size: 16, variable: true, decode: decodeCopyField, encode: with(appendCopyField)},
		{kind: ActCheckPktLarger, vendor: VendorNicira, from: V10, to: V15, code: 49, size: 24, variable: true,
			decode: decodeCheckPktLarger, encode: with(appendCheckPktLarger)},
		{kind: ActDeleteField, vendor: VendorNicira, from: V10, to: V15, code: 50, size: 24, decode: decodeDeleteField, encode: with(appendDeleteField)},
		{kind: ActStackPush, vendor: VendorNicira, from: V10, to: V15, code: 27, size: 24,
			decode: func(_ context, b []byte) (Action, error) {
				s, err := decodeStack(b)
				if err != nil {
					return nil, err
				}
				return StackPush{Src: s}, s.checkSrc()
			},
			encode: with(func(_ context, dst []byte, a StackPush) ([]byte, error) { return appendStack(dst, a.Src) })},
		{kind: ActStackPop, vendor: VendorNicira, from: V10, to: V15, code: 28, size: 24,
			decode: func(_ context, b []byte) (Action, error) {
				s, err := decodeStack(b)
				if err != nil {
					return nil, err
				}
				return StackPop{Dst: s}, s.checkDst()
			},
			encode: with(func(_ context, dst []byte, a StackPop) ([]byte, error) { return appendStack(dst, a.Dst) })},
	}
}

// decodeSetField reads OFPAT_SET_FIELD, which has a mask since OpenFlow 1.5. Behind
// its one OXM entry are at most 7 bytes, all zero (OpenFlow 1.3.5 §7.2.5): what else
// stands there, such as a second entry, would be taken and not done.
func decodeSetField(c context, b []byte) (Action, error) {
	a, rest, err := decodeSetOXM(c, b, c.v >= V15)
	if err != nil {
		return nil, err
	}
	f := flow.FieldByID(a.Field)
	const present = flow.VLANPresent
	switch {
	case !allZero(rest):
		return nil, NewError(ErrActionBadSetArgument, "set_field of %s and more", f.Name)
	case len(rest) > 7:
		return nil, NewError(ErrActionBadSetLen, "set_field of %s with %d bytes of padding", f.Name, len(rest))
	case f.ID == flow.FieldInPortOXM:
		return nil, NewError(ErrActionBadSetArgument, "in_port cannot be set by set_field")
	case f.ID == flow.FieldVLANVID && (a.Mask.Lo&present == 0 || a.Value.Lo&present == 0):
		return nil, NewError(ErrActionBadSetArgument, "vlan_vid without OFPVID_PRESENT")
	}
	return a, nil
}

func decodeLoad2(c context, b []byte) (Action, error) {
	a, rest, err := decodeSetOXM(c, b, true)
	if err != nil {
		return nil, err
	}
	if !allZero(rest) {
		return nil, ErrNXRequestMustBeZero
	}
	a.Form = FormLoad2
	return a, nil
}

// setFault is the error of an action for what is wrong with its OXM entry. Masks
// have one of their own from OpenFlow 1.3 on.
func setFault(v Version, err error) error {
	e := *AsError(err)
	switch {
	case e.Code == ErrMatchBadField:
		e.Code = ErrActionBadSetType
	case e.Code == ErrMatchBadLen:
		e.Code = ErrActionBadSetLen
	case e.Code == ErrMatchBadWildcards && v < V13:
		e.Code = ErrActionBadSetArgument
	case e.Code == ErrMatchBadWildcards:
		e.Code = ErrActionBadSetMask
	}
	return &e
}

// decodeSetOXM reads the OXM entry of set_field and reg_load2.
func decodeSetOXM(c context, b []byte, maskable bool) (a SetField, rest []byte, err error) {
	var e oxmEntry
	if rest, err = e.parse(b); err != nil {
		return a, nil, setFault(c.v, err)
	}
	id, err := actionField(e.oxmHeader)
	if err != nil {
		return a, nil, err
	}
	switch {
	case !e.hasMask || maskable:
	case c.v == V12: // which has no error of its own for masks
		return a, nil, NewError(ErrActionBadSetType, "set_field of %s with a mask", e.f.Name)
	default:
		return a, nil, NewError(ErrActionBadSetMask, "set_field of %s", e.f.Name)
	}
	a.Field = id
	if e.f.Wide() {
		if len(e.value) > flow.MaxTLVLen {
			return a, nil, ErrActionBadSetLen
		}
		a.Wide, a.WideMask = clone(e.value), clone(e.mask)
		return a, rest, nil
	}
	if !e.f.Writable {
		return a, nil, NewError(ErrActionBadSetArgument, "%s is read-only", e.f.Name)
	}
	a.Value, a.Mask = e.values()
	if !a.Value.AndNot(e.f.Full()).IsZero() || !validValue(id, a.Value) {
		return a, nil, NewError(ErrActionBadSetArgument, "value too large for %s", e.f.Name)
	}
	return a, rest, nil
}

// decodeLoad reads NXAST_REG_LOAD: a value for a run of a field's bits.
func decodeLoad(_ context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	var dst Subfield
	dst.Ofs, dst.Bits = ofsBits(r.u16())
	if dst.Field, err = decodeField32(r.u32()); err != nil {
		return nil, err
	}
	value := flow.U64(r.u64())
	if err := dst.checkDst(); err != nil {
		return nil, err
	}
	if value.Len() > int(dst.Bits) {
		return nil, NewError(ErrActionBadArgument, "load of %#x into %d bits", value.Lo, dst.Bits)
	}
	return LoadInto(dst, value), nil
}

// LoadInto is the action that "load:value->dst" names.
func LoadInto(dst Subfield, value flow.Value) SetField {
	a := SetField{Field: dst.Field, Form: FormLoad}
	ones := flow.Ones(int(dst.Bits))
	if f := flow.FieldByID(dst.Field); !f.Wide() {
		a.Value, a.Mask = value.And(ones).Shl(int(dst.Ofs)), ones.Shl(int(dst.Ofs))
		return a
	}
	size := (int(dst.Ofs) + int(dst.Bits) + 7) / 8
	a.Wide, a.WideMask = make([]byte, size), make([]byte, size)
	for bit := range int(dst.Bits) {
		at := int(dst.Ofs) + bit
		a.WideMask[size-1-at/8] |= 1 << (at % 8)
		if value.Shr(bit).Lo&1 != 0 {
			a.Wide[size-1-at/8] |= 1 << (at % 8)
		}
	}
	return a
}

// exact reports whether the action sets all bits of its field.
func (a *SetField) exact() bool {
	if a.Wide == nil {
		return a.Mask == flow.FieldByID(a.Field).Full()
	}
	for _, b := range a.WideMask {
		if b != 0xff {
			return false
		}
	}
	return true
}

func appendSetField(c context, dst []byte, a SetField) ([]byte, error) {
	if a.Field == flow.FieldInPortOXM {
		return dst, unencodable(c.v, "setting port %d", a.Value.Lo)
	}
	return a.appendEntry(c.v, dst)
}

// appendEntry appends the OXM entry of the action.
func (a *SetField) appendEntry(v Version, dst []byte) ([]byte, error) {
	f := flow.FieldByID(a.Field)
	if f == nil || !hasWire(v, f) {
		return dst, unencodable(v, "setting %v", f)
	}
	if f.Wide() {
		dst = appendHeaderSized(v, dst, f, len(a.Wide), a.WideMask != nil)
		return append(append(dst, a.Wide...), a.WideMask...), nil
	}
	return appendOXM(v, dst, f, a.Value, a.Mask), nil
}

func appendLoad2(_ context, dst []byte, a SetField) ([]byte, error) {
	return a.appendEntry(V10, dst)
}

// appendLoad writes what loadSegments made: one run of bits.
func appendLoad(c context, dst []byte, a SetField) ([]byte, error) {
	run, value, rest := nextRun(a.Value, a.Mask)
	if !rest.IsZero() || run.Bits == 0 {
		return dst, unencodable(c.v, "a load of separate bits")
	}
	run.Field = a.Field
	dst, err := appendField32(c, be.AppendUint16(dst, run.ofsBits()), a.Field)
	return be.AppendUint64(dst, value), err
}

// nextRun is the lowest run of a mask's ones, at most 64, the value's bits there,
// and the mask without them.
func nextRun(value, mask flow.Value) (run Subfield, bits uint64, rest flow.Value) {
	if mask.IsZero() {
		return run, 0, mask
	}
	for mask.Shr(int(run.Ofs)).Lo&1 == 0 {
		run.Ofs++
	}
	shifted := mask.Shr(int(run.Ofs))
	for run.Bits < 64 && shifted.Shr(int(run.Bits)).Lo&1 != 0 {
		run.Bits++
	}
	ones := flow.Ones(int(run.Bits))
	return run, value.Shr(int(run.Ofs)).And(ones).Lo, mask.AndNot(ones.Shl(int(run.Ofs)))
}

// loadSegments makes a load for each run of the action's bits.
func (a *SetField) loadSegments() (out []Action) {
	for mask := a.Mask; !mask.IsZero(); {
		run, value, rest := nextRun(a.Value, mask)
		run.Field = a.Field
		out = append(out, LoadInto(run, flow.U64(value)))
		mask = rest
	}
	return out
}

// check refuses a move between subfields that are none or differ in width.
func (a *Move) check() error {
	if err := a.Src.checkSrc(); err != nil {
		return err
	}
	return a.Dst.checkDst()
}

// decoded reads the two headers that end a move, and the zeros behind them: a third
// header would be taken and not used.
func (a Move) decoded(r *reader) (_ Action, err error) {
	a.Dst.Bits = a.Src.Bits
	if a.Src.Field, err = r.field(); err != nil {
		return nil, err
	}
	if a.Dst.Field, err = r.field(); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	if !allZero(r.b) {
		return nil, ErrNXRequestMustBeZero
	}
	return a, nil
}

func decodeMove(_ context, b []byte) (Action, error) {
	r := reader{b: b}
	a := Move{}
	a.Src.Bits, a.Src.Ofs, a.Dst.Ofs = r.u16(), r.u16(), r.u16()
	return a.decoded(&r)
}

func (a *Move) appendOffsets(dst []byte) []byte {
	dst = be.AppendUint16(dst, a.Src.Bits)
	dst = be.AppendUint16(dst, a.Src.Ofs)
	return be.AppendUint16(dst, a.Dst.Ofs)
}

func (a *Move) appendFields(v Version, dst []byte) ([]byte, error) {
	dst, err := appendField(v, dst, a.Src.Field)
	if err != nil {
		return dst, err
	}
	return appendField(v, dst, a.Dst.Field)
}

func appendMove(_ context, dst []byte, a Move) ([]byte, error) {
	return a.appendFields(V10, a.appendOffsets(dst))
}

func decodeCopyField(_ context, b []byte) (Action, error) {
	r := reader{b: b}
	a := Move{}
	a.Src.Bits, a.Src.Ofs, a.Dst.Ofs = r.u16(), r.u16(), r.u16()
	r.skip(2)
	return a.decoded(&r)
}

func appendCopyField(c context, dst []byte, a Move) ([]byte, error) {
	return a.appendFields(c.v, zeros(a.appendOffsets(dst), 2))
}

func decodeCopyFieldONF(_ context, b []byte) (Action, error) {
	r := reader{b: b}
	a := Move{CopyField: true}
	r.skip(2)
	a.Src.Bits, a.Src.Ofs, a.Dst.Ofs = r.u16(), r.u16(), r.u16()
	r.skip(2)
	return a.decoded(&r)
}

func appendCopyFieldONF(c context, dst []byte, a Move) ([]byte, error) {
	return a.appendFields(c.v, zeros(a.appendOffsets(zeros(dst, 2)), 2))
}

func decodeStack(b []byte) (s Subfield, err error) {
	r := reader{b: b}
	s.Ofs = r.u16()
	if s.Field, err = r.field(); err != nil {
		return s, err
	}
	s.Bits = r.u16()
	if !allZero(r.b) || r.short {
		return s, ErrNXRequestMustBeZero
	}
	return s, nil
}

func appendStack(dst []byte, s Subfield) ([]byte, error) {
	dst, err := appendField(V10, be.AppendUint16(dst, s.Ofs), s.Field)
	return be.AppendUint16(dst, s.Bits), err
}

func decodeCheckPktLarger(_ context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	a := CheckPktLarger{Len: r.u16()}
	a.Dst.Ofs, a.Dst.Bits = r.u16(), 1
	if a.Dst.Field, err = r.field(); err != nil {
		return nil, err
	}
	if !allZero(r.b) {
		return nil, ErrNXRequestMustBeZero
	}
	return a, a.Dst.checkDst()
}

func appendCheckPktLarger(_ context, dst []byte, a CheckPktLarger) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint16(dst, a.Len), a.Dst.Ofs)
	return appendField(V10, dst, a.Dst.Field)
}

func decodeDeleteField(_ context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	a := DeleteField{}
	if a.Field, err = r.field(); err != nil {
		return nil, err
	}
	if !allZero(r.b) {
		return nil, ErrNXRequestMustBeZero
	}
	if !flow.FieldByID(a.Field).Wide() {
		return nil, NewError(ErrActionBadArgument, "delete_field of %s", flow.FieldByID(a.Field).Name)
	}
	return a, nil
}

func appendDeleteField(_ context, dst []byte, a DeleteField) ([]byte, error) {
	return appendField(V10, dst, a.Field)
}
