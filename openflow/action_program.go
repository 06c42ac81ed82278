package openflow

import "vswitch/flow"

//size:table
func programActions() []actionRow {
	return []actionRow{
		{kind: ActClone, vendor: VendorNicira, from: V10, to: V15, code: 42, size: 16, variable: true, decode: decodeClone,
			encode: with(func(c context, dst []byte, a Clone) ([]byte, error) {
				return appendActions(c, zeros(dst, 6), a.Actions)
			})},
		{kind: ActLearn, vendor: VendorNicira, from: V10, to: V15, code: 16, size: 32, variable: true, decode: learn(false), encode: with(appendLearn)},
		{kind: ActLearn, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 45, size: 40, variable: true, decode: learn(true), encode: with(appendLearn)},
	}
}

func decodeClone(c context, b []byte) (_ Action, err error) {
	if !allZero(b[:6]) {
		return nil, ErrNXRequestMustBeZero
	}
	a := Clone{}
	a.Actions, err = decodeActions(c.inside(ActClone), b[6:], nil)
	return a, err
}

const (
	learnFlags1 = LearnSendFlowRemoved | LearnDeleteLearned
	learnFlags2 = learnFlags1 | LearnWriteResult
)

// learn reads NXAST_LEARN, or with extended NXAST_LEARN2.
func learn(extended bool) actionDecoder {
	return func(_ context, b []byte) (_ Action, err error) {
		r := reader{b: b}
		a := Learn{Extended: extended}
		a.IdleTimeout, a.HardTimeout, a.Priority, a.Cookie = r.u16(), r.u16(), r.u16(), r.u64()
		a.Flags, a.Table = LearnFlags(r.u16()), r.u8()
		pad := r.u8()
		a.FinIdle, a.FinHard = r.u16(), r.u16()
		known := learnFlags1
		if extended {
			known = learnFlags2
		}
		if a.Flags&^known != 0 || a.Table == TableAll || pad != 0 {
			return nil, NewError(ErrActionBadArgument, "learn flags %#x into table %d", a.Flags, a.Table)
		}
		if extended {
			if err := a.decodeLimit(&r); err != nil {
				return nil, err
			}
		}
		for {
			more, err := a.decodeSpec(&r)
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
		}
		if !allZero(r.b) {
			return nil, ErrActionBadArgument
		}
		return a, nil
	}
}

// decodeLimit reads what NXAST_LEARN2 has in addition.
func (a *Learn) decodeLimit(r *reader) (err error) {
	a.Limit, a.ResultDst.Ofs = r.u32(), r.u16()
	if r.u16() != 0 {
		return ErrActionBadArgument
	}
	if a.Flags&LearnWriteResult == 0 {
		if a.ResultDst.Ofs != 0 {
			return ErrActionBadArgument
		}
		return nil
	}
	a.ResultDst.Bits = 1
	if a.ResultDst.Field, err = r.field(); err != nil {
		return err
	}
	return a.ResultDst.checkDst()
}

// Parts of a learn specification's header (NX_LEARN_*).
const (
	learnBitsMask  = 0x3ff
	learnDstShift  = 11
	learnDstMask   = 3
	learnImmediate = 1 << 13
	learnReserved  = 3<<14 | 1<<10
)

// decodeSpec reads one specification, false at the end of the list.
func (a *Learn) decodeSpec(r *reader) (more bool, err error) {
	if len(r.b) < 2 {
		return false, nil
	}
	h := r.u16()
	if h == 0 {
		return false, nil
	}
	s := LearnSpec{Dst: LearnDst(h >> learnDstShift & learnDstMask), Bits: h & learnBitsMask, From: h&learnImmediate == 0}
	switch {
	case s.Dst > LearnOutput || h&learnReserved != 0:
		return false, NewError(ErrActionBadArgument, "learn specification %#x", h)
	case s.Bits == 0:
		return false, NewError(ErrActionBadSetLen, "learn specification of no bits")
	}
	if s.From {
		if s.SrcField, err = r.learnField(s.Bits); err != nil {
			return false, err
		}
		if err := s.SrcField.checkSrc(); err != nil {
			return false, err
		}
	} else if err := s.decodeImmediate(r); err != nil {
		return false, err
	}
	if s.Dst != LearnOutput {
		if s.DstField, err = r.learnField(s.Bits); err != nil {
			return false, err
		}
		if err := s.checkDst(); err != nil {
			return false, err
		}
	}
	if r.short {
		return false, ErrActionBadLen
	}
	a.Specs = append(a.Specs, s)
	return true, nil
}

func (s *LearnSpec) checkDst() error {
	if s.Dst == LearnLoad {
		return s.DstField.checkDst()
	}
	return s.DstField.checkSrc()
}

// learnField reads a field header and the offset of the bits in it.
func (r *reader) learnField(bits uint16) (s Subfield, err error) {
	if len(r.b) < 6 {
		return s, NewError(ErrActionBadLen, "learn specification cut off")
	}
	s.Bits = bits
	if s.Field, err = r.field(); err != nil {
		return s, err
	}
	s.Ofs = r.u16()
	if r.short {
		return s, ErrActionBadLen
	}
	return s, nil
}

// immediateSize is how many bytes an immediate value takes: whole 16-bit words.
func immediateSize(bits uint16) int { return (int(bits) + 15) / 16 * 2 }

// decodeImmediate reads a value of the specification's bits, right-aligned. Those
// of more than 128 bits are for wide fields.
func (s *LearnSpec) decodeImmediate(r *reader) error {
	b := r.bytes(immediateSize(s.Bits))
	if r.short {
		return NewError(ErrActionBadLen, "learn immediate of %d bits", s.Bits)
	}
	if s.Bits > 128 {
		s.Wide = clone(b)
		return nil
	}
	s.Value = flow.ValueOf(b)
	if s.Value.Len() > int(s.Bits) {
		return NewError(ErrActionBadArgument, "learn immediate wider than %d bits", s.Bits)
	}
	return nil
}

func appendLearn(_ context, dst []byte, a Learn) (_ []byte, err error) {
	dst = be.AppendUint16(be.AppendUint16(dst, a.IdleTimeout), a.HardTimeout)
	dst = be.AppendUint64(be.AppendUint16(dst, a.Priority), a.Cookie)
	dst = append(be.AppendUint16(dst, uint16(a.Flags)), a.Table, 0)
	dst = be.AppendUint16(be.AppendUint16(dst, a.FinIdle), a.FinHard)
	if formOfAction(a) == 2 {
		dst = zeros(be.AppendUint16(be.AppendUint32(dst, a.Limit), a.ResultDst.Ofs), 2)
		if a.Flags&LearnWriteResult != 0 {
			if dst, err = appendField(V10, dst, a.ResultDst.Field); err != nil {
				return dst, err
			}
		}
	}
	for i := range a.Specs {
		if dst, err = appendSpec(dst, &a.Specs[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendSpec(dst []byte, s *LearnSpec) (_ []byte, err error) {
	h := s.Bits | uint16(s.Dst)<<learnDstShift
	if !s.From {
		h |= learnImmediate
	}
	dst = be.AppendUint16(dst, h)
	switch {
	case s.From:
		if dst, err = appendField(V10, dst, s.SrcField.Field); err != nil {
			return dst, err
		}
		dst = be.AppendUint16(dst, s.SrcField.Ofs)
	case s.Wide != nil:
		dst = append(dst, s.Wide...)
	default:
		dst = s.Value.AppendBytes(dst, immediateSize(s.Bits))
	}
	if s.Dst == LearnOutput {
		return dst, nil
	}
	if dst, err = appendField(V10, dst, s.DstField.Field); err != nil {
		return dst, err
	}
	return be.AppendUint16(dst, s.DstField.Ofs), nil
}
