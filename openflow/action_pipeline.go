package openflow

import "math/bits"

//size:table
func pipelineActions() []actionRow {
	return []actionRow{
		{kind: ActResubmit, vendor: VendorNicira, from: V10, to: V15, code: 1, size: 16,
			decode: arg16(func(n uint16) (Action, error) { return Resubmit{InPort: PortFrom16(n), Table: TableAll}, nil }),
			encode: with(func(_ context, dst []byte, a Resubmit) ([]byte, error) { return appendPortNo(V10, dst, a.InPort) })},
		{kind: ActResubmit, form: resubmitTable, vendor: VendorNicira, from: V10, to: V15, code: 14, size: 16, decode: resubmit(false), encode: with(appendResubmit)},
		{kind: ActResubmit, form: resubmitCT, vendor: VendorNicira, from: V10, to: V15, code: 44, size: 16, decode: resubmit(true), encode: with(appendResubmit)},
		{kind: ActSetTunnel, vendor: VendorNicira, from: V10, to: V11, code: 2, size: 16,
			decode: arg32(atNicira, func(n uint32) (Action, error) { return SetTunnel{ID: uint64(n)}, nil }),
			encode: put32(atNicira, func(a SetTunnel) uint32 { return uint32(a.ID) })},
		{kind: ActSetTunnel, form: 2, vendor: VendorNicira, from: V10, to: V11, code: 9, size: 24,
			decode: func(_ context, b []byte) (Action, error) { return SetTunnel{ID: be.Uint64(b[6:]), Wide: true}, nil },
			encode: plain(func(dst []byte, a SetTunnel) []byte { return be.AppendUint64(zeros(dst, 6), a.ID) })},
		{kind: ActSetTunnel, vendor: VendorNicira, from: V12, to: V15, code: 2, size: 16, obsolete: true,
			decode: arg32(atNicira, func(n uint32) (Action, error) { return SetTunnel{ID: uint64(n)}, nil }),
			encode: put32(atNicira, func(a SetTunnel) uint32 { return uint32(a.ID) })},
		{kind: ActSetTunnel, form: 2, vendor: VendorNicira, from: V12, to: V15, code: 9, size: 24, obsolete: true,
			decode: func(_ context, b []byte) (Action, error) { return SetTunnel{ID: be.Uint64(b[6:]), Wide: true}, nil },
			encode: plain(func(dst []byte, a SetTunnel) []byte { return be.AppendUint64(zeros(dst, 6), a.ID) })},
		{kind: ActSetQueue, vendor: VendorNicira, from: V10, to: V10, code: 4, size: 16,
			decode: arg32(atNicira, setQueue), encode: put32(atNicira, func(a SetQueue) uint32 { return a.Queue })},
		{kind: ActSetQueue, from: V11, to: V15, code: 21, size: 8,
			decode: arg32(atStandard, setQueue), encode: put32(atStandard, func(a SetQueue) uint32 { return a.Queue })},
		{kind: ActPopQueue, vendor: VendorNicira, from: V10, to: V15, code: 5, size: 16, decode: constant(PopQueue{}), encode: noBody},
		{kind: ActNote, vendor: VendorNicira, from: V10, to: V15, code: 8, size: 16, variable: true,
			decode: func(_ context, b []byte) (Action, error) { return Note{Data: clone(b)}, nil },
			encode: plain(func(dst []byte, a Note) []byte { return append(dst, a.Data...) })},
		{kind: ActMultipath, vendor: VendorNicira, from: V10, to: V15, code: 10, size: 32, decode: decodeMultipath, encode: with(appendMultipath)},
		{kind: ActExit, vendor: VendorNicira, from: V10, to: V15, code: 17, size: 16, decode: constant(Exit{}), encode: noBody},
		{kind: ActFinTimeout, vendor: VendorNicira, from: V10, to: V15, code: 19, size: 16, decode: decodeFinTimeout,
			encode: plain(func(dst []byte, a FinTimeout) []byte { return be.AppendUint16(be.AppendUint16(dst, a.Idle), a.Hard) })},
		{kind: ActWriteMetadata, vendor: VendorNicira, from: V10, to: V15, code: 22, size: 32, decode: decodeWriteMetadata,
			encode: plain(func(dst []byte, a WriteMetadata) []byte {
				return be.AppendUint64(be.AppendUint64(zeros(dst, 6), a.Metadata), a.Mask)
			})},
		{kind: ActMeter, from: V15, to: V15, code: 29, size: 8,
			decode: arg32(atStandard, func(n uint32) (Action, error) {
				if n == 0 || n > MeterMax {
					return nil, NewError(ErrActionBadMeter, "meter %#x", n)
				}
				return Meter{ID: n}, nil
			}),
			encode: put32(atStandard, func(a Meter) uint32 { return a.ID })},
		{kind: ActSample, form: 1, vendor: VendorNicira, from: V10, to: V15, code: 29, size: 24, decode: sample(1), encode: with(appendSample)},
		{kind: ActSample, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 38, size: 32, decode: sample(2), encode: with(appendSample)},
		{kind: ActSample, form: 3, vendor: VendorNicira, from: V10, to: V15, code: 41, size: 32, decode: sample(3), encode: with(appendSample)},
		{kind: ActSample, form: 4, vendor: VendorNicira, from: V10, to: V15, code: 51, size: 40, decode: decodeSample4, encode: with(appendSample4)},
		{kind: ActConjunction, vendor: VendorNicira, from: V10, to: V15, code: 34, size: 16, decode: decodeConjunction,
			encode: plain(func(dst []byte, a Conjunction) []byte { return be.AppendUint32(append(dst, a.Clause, a.Of), a.ID) })},
		{kind: ActDebugSlow, vendor: VendorNicira, from: V10, to: V15, code: 254, size: 16, decode: constant(DebugSlow{}), encode: noBody},
		{kind: ActDebugRecirc, vendor: VendorNicira, from: V10, to: V15, code: 255, size: 16, decode: constant(DebugRecirc{}), encode: noBody},
	}
}

// Forms of a Resubmit.
const (
	resubmitTable = 2
	resubmitCT    = 3
)

func (a Resubmit) wireForm() uint8 {
	switch {
	case a.CT:
		return resubmitCT
	case a.Table != TableAll || a.WithTable:
		return resubmitTable
	}
	return 0
}

func resubmit(ct bool) actionDecoder {
	return func(_ context, b []byte) (Action, error) {
		if !allZero(b[3:6]) {
			return nil, ErrActionBadArgument
		}
		return Resubmit{InPort: PortFrom16(be.Uint16(b)), Table: b[2], CT: ct, WithTable: b[2] == TableAll && !ct}, nil
	}
}

func appendResubmit(_ context, dst []byte, a Resubmit) ([]byte, error) {
	dst, err := appendPortNo(V10, dst, a.InPort)
	return append(dst, a.Table), err
}

func setQueue(n uint32) (Action, error) { return SetQueue{Queue: n}, nil }

func decodeMultipath(_ context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	a := Multipath{Fields: HashFields(r.u16()), Basis: r.u16()}
	r.skip(2)
	a.Algorithm, a.MaxLink, a.Arg = MultipathAlgorithm(r.u16()), r.u16(), r.u32()
	r.skip(2)
	a.Dst.Ofs, a.Dst.Bits = ofsBits(r.u16())
	if a.Dst.Field, err = decodeField32(r.u32()); err != nil {
		return nil, err
	}
	switch {
	case a.Fields > HashSymmetricL3:
		return nil, NewError(ErrActionBadArgument, "hash fields %d", a.Fields)
	case a.Algorithm > MultipathIterHash:
		return nil, NewError(ErrActionBadArgument, "multipath algorithm %d", a.Algorithm)
	case int(a.Dst.Bits) < bits.Len16(a.MaxLink):
		return nil, NewError(ErrActionBadArgument, "%d links in %d bits", int(a.MaxLink)+1, a.Dst.Bits)
	}
	return a, a.Dst.checkDst()
}

func appendMultipath(c context, dst []byte, a Multipath) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint16(dst, uint16(a.Fields)), a.Basis)
	dst = be.AppendUint16(zeros(dst, 2), uint16(a.Algorithm))
	dst = be.AppendUint32(be.AppendUint16(dst, a.MaxLink), a.Arg)
	return appendField32(c, be.AppendUint16(zeros(dst, 2), a.Dst.ofsBits()), a.Dst.Field)
}

func decodeFinTimeout(_ context, b []byte) (Action, error) {
	if be.Uint16(b[4:]) != 0 {
		return nil, ErrNXRequestMustBeZero
	}
	return FinTimeout{Idle: be.Uint16(b), Hard: be.Uint16(b[2:])}, nil
}

func decodeWriteMetadata(_ context, b []byte) (Action, error) {
	if !allZero(b[:6]) {
		return nil, ErrNXRequestMustBeZero
	}
	return WriteMetadata{Metadata: be.Uint64(b[6:]), Mask: be.Uint64(b[14:])}, nil
}

// sampleForm is the least form that says all: subfields need the fourth, a
// direction the third, a port the second.
func (a Sample) wireForm() uint8 {
	form := max(a.Form, 1)
	switch {
	case a.ObsDomainField.Bits != 0 || a.ObsPointField.Bits != 0:
		form = max(form, 4)
	case a.Direction != SampleDefault:
		form = max(form, 3)
	case a.Port != PortAny:
		form = max(form, 2)
	}
	return form
}

func sample(form uint8) actionDecoder {
	return func(_ context, b []byte) (Action, error) {
		r := reader{b: b}
		a := Sample{Form: form, Port: PortAny}
		a.Probability, a.CollectorSet, a.ObsDomain, a.ObsPoint = r.u16(), r.u32(), r.u32(), r.u32()
		if form > 1 {
			a.Port, a.Direction = PortFrom16(r.u16()), SampleDirection(r.u8())
		}
		return a.checked(&r)
	}
}

// checked refuses a probability of 0 and what is reserved.
func (a Sample) checked(r *reader) (Action, error) {
	switch {
	case a.Probability == 0:
		return nil, NewError(ErrActionBadArgument, "sample of no packets")
	case a.Direction > SampleEgress || a.Form < 3 && a.Direction != SampleDefault:
		return nil, NewError(ErrActionBadArgument, "sample direction %d", a.Direction)
	case a.Form > 1 && !allZero(r.b):
		return nil, ErrNXRequestMustBeZero
	}
	return a, nil
}

func appendSample(_ context, dst []byte, a Sample) ([]byte, error) {
	dst = be.AppendUint32(be.AppendUint16(dst, a.Probability), a.CollectorSet)
	dst = be.AppendUint32(be.AppendUint32(dst, a.ObsDomain), a.ObsPoint)
	if a.wireForm() == 1 {
		return dst, nil
	}
	dst, err := appendPortNo(V10, dst, a.Port)
	return append(dst, byte(a.Direction)), err
}

func decodeSample4(_ context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	a := Sample{Form: 4}
	a.Probability, a.CollectorSet = r.u16(), r.u32()
	if a.ObsDomain, a.ObsDomainField, err = r.sampleID(); err != nil {
		return nil, err
	}
	if a.ObsPoint, a.ObsPointField, err = r.sampleID(); err != nil {
		return nil, err
	}
	a.Port, a.Direction = PortFrom16(r.u16()), SampleDirection(r.u8())
	return a.checked(&r)
}

// sampleID reads a number, or a field that has it.
func (r *reader) sampleID() (id uint32, from Subfield, err error) {
	header := r.u32()
	if header == 0 {
		return r.u32(), from, nil
	}
	from.Ofs, from.Bits = ofsBits(r.u16())
	r.skip(2)
	if from.Field, err = decodeField32(header); err != nil {
		return 0, from, err
	}
	if from.Bits > 32 {
		return 0, from, NewError(ErrActionBadSetLen, "%d bits for a number of 32", from.Bits)
	}
	return 0, from, from.checkSrc()
}

func appendSampleID(c context, dst []byte, id uint32, from Subfield) ([]byte, error) {
	if from.Bits == 0 {
		return be.AppendUint32(zeros(dst, 4), id), nil
	}
	dst, err := appendField32(c, dst, from.Field)
	return zeros(be.AppendUint16(dst, from.ofsBits()), 2), err
}

func appendSample4(c context, dst []byte, a Sample) ([]byte, error) {
	dst = be.AppendUint32(be.AppendUint16(dst, a.Probability), a.CollectorSet)
	dst, err := appendSampleID(c, dst, a.ObsDomain, a.ObsDomainField)
	if err != nil {
		return dst, err
	}
	if dst, err = appendSampleID(c, dst, a.ObsPoint, a.ObsPointField); err != nil {
		return dst, err
	}
	dst, err = appendPortNo(V10, dst, a.Port)
	return append(dst, byte(a.Direction)), err
}

// maxClauses is the most dimensions that a conjunction may have.
const maxClauses = 64

func decodeConjunction(_ context, b []byte) (Action, error) {
	a := Conjunction{Clause: b[0], Of: b[1], ID: be.Uint32(b[2:])}
	if a.Of < 2 || a.Of > maxClauses || a.Clause >= a.Of {
		return nil, NewError(ErrNXActionBadConjunction, "clause %d of %d", int(a.Clause)+1, a.Of)
	}
	return a, nil
}
