package openflow

// errorDataLen is how much of an offending message goes back with an error: all
// of it, so that its sender can tell which it was, unless the error would be too
// long for a message. At least 64 bytes are asked for (OpenFlow 1.3.5 §7.4.4).
const errorDataLen = MaxLen - 20

// wireFor is the error's numbers in a version.
func (c ErrorCode) wireFor(v Version) (errorWire, bool) {
	if int(c) < numErrorCodes {
		for _, w := range errorTable[c].wires {
			if w.from <= v && v <= w.to {
				return w, true
			}
		}
	}
	return errorWire{}, false
}

// Wire is the type and code of an error in a version. found is false where the
// version has no numbers for it; vendor is 0 for a standard error.
func (c ErrorCode) Wire(v Version) (vendor uint32, typ, code uint16, found bool) {
	w, found := c.wireFor(v)
	return w.vendor, w.typ, w.code, found
}

// older are errors of later versions with what an earlier one would say, whose
// specification has words for the case (OpenFlow 1.1 §6.4 of groups, 1.0 §5.4.4 of
// lists of actions) or a more general error.
var older = map[ErrorCode]ErrorCode{
	ErrRequestUnknown:         ErrFlowModUnknown,
	ErrFlowModUnknown:         ErrRequestBadType,
	ErrActionUnsupportedOrder: ErrFlowModUnsupported,
	ErrActionBadTag:           ErrFlowModUnsupported,
	ErrInstructionBadLen:      ErrRequestBadLen,
	ErrMatchBadType:           ErrNXRequestNXMInvalid,
	ErrMatchBadLen:            ErrNXRequestNXMInvalid,
	ErrFlowModBadTableID:      ErrRequestBadTableID,
	ErrGroupModBadType:        ErrGroupModInvalidGroup,
	ErrGroupModBadCommand:     ErrGroupModInvalidGroup,
	ErrGroupModBadBucket:      ErrGroupModInvalidGroup,
	ErrGroupModBadWatch:       ErrGroupModInvalidGroup,
	ErrGroupModChainedGroup:   ErrGroupModInvalidGroup,
	ErrGroupModUnknownBucket:  ErrGroupModBadBucket,
	ErrGroupModBucketExists:   ErrGroupModBadBucket,
	ErrBundleBadVersion:       ErrRequestBadVersion,
	ErrMonitorBadTableID:      ErrRequestBadTableID,
	ErrMonitorBadOut:          ErrRequestBadPort,
	ErrInstructionPermission:  ErrRequestPermission,
	ErrMatchPermission:        ErrRequestPermission,
	ErrGroupModPermission:     ErrRequestPermission,
	ErrPortModPermission:      ErrRequestPermission,
	ErrTableModPermission:     ErrRequestPermission,
	ErrSwitchConfigPermission: ErrRequestPermission,
}

// In is the error itself where a version has it, else what the version says
// instead; where it has nothing to say, ErrNXRequestUnencodableError.
func (c ErrorCode) In(v Version) ErrorCode {
	for e, more := c, true; more; e, more = older[e] {
		if _, found := e.wireFor(v); found {
			return e
		}
	}
	return ErrNXRequestUnencodableError
}

// errorKey is what an error looks like on the wire of one version.
type errorKey struct {
	v      Version
	vendor uint32
	typ    uint16
	code   uint16
}

var errorIndex = indexErrors()

// indexErrors maps wire numbers to the first row that has them.
func indexErrors() map[errorKey]ErrorCode {
	index := make(map[errorKey]ErrorCode)
	for c := range errorTable {
		for _, w := range errorTable[c].wires {
			for v := w.from; v <= w.to; v++ {
				key := errorKey{v, w.vendor, w.typ, w.code}
				if _, taken := index[key]; !taken {
					index[key] = ErrorCode(c)
				}
			}
		}
	}
	return index
}

// decodeError reads an error message.
func decodeError(c context, b []byte, m *Error) error {
	r := reader{b: b}
	m.Type, m.Number = r.u16(), r.u16()
	switch {
	case m.Type == errTypeNicira && c.v <= V11:
		m.Vendor, m.Type, m.Number = r.u32(), r.u16(), r.u16()
	case m.Type == errTypeExperimenter && c.v >= V12:
		m.Vendor = r.u32()
	}
	if r.short {
		return ErrRequestBadLen
	}
	m.Code = errorIndex[errorKey{c.v, m.Vendor, m.Type, m.Number}]
	m.Data = clone(r.b)
	return nil
}

// appendError writes an error message. A received error keeps its numbers; an
// error that the version has no number for goes as another one (see In), so that
// the sender still learns that its request failed.
func appendError(c context, dst []byte, m *Error) ([]byte, error) {
	w := errorWire{vendor: m.Vendor, typ: m.Type, code: m.Number}
	if errorIndex[errorKey{c.v, w.vendor, w.typ, w.code}] != m.Code || m.Code != ErrUnknown && w == (errorWire{}) {
		w, _ = m.Code.In(c.v).wireFor(c.v)
	}
	switch {
	case w.vendor == 0 && (w.typ != errTypeExperimenter || c.v <= V11):
		dst = be.AppendUint16(dst, w.typ)
		dst = be.AppendUint16(dst, w.code)
	case c.v <= V11:
		dst = be.AppendUint16(dst, errTypeNicira)
		dst = be.AppendUint16(dst, 0)
		dst = be.AppendUint32(dst, w.vendor)
		dst = be.AppendUint16(dst, w.typ)
		dst = be.AppendUint16(dst, w.code)
	default:
		dst = be.AppendUint16(dst, errTypeExperimenter)
		dst = be.AppendUint16(dst, w.code)
		dst = be.AppendUint32(dst, w.vendor)
	}
	return append(dst, m.Data...), nil
}

// AsError makes an OpenFlow error of any error: the *Error or ErrorCode in its
// chain, or ErrRequestUnknown (ErrFlowModUnknown before 1.5, which has no
// general one) with the error's text as detail.
func AsError(err error) *Error {
	for e := err; e != nil; {
		switch t := e.(type) {
		case *Error:
			return t
		case ErrorCode:
			return &Error{Code: t, Detail: detailOf(err, t)}
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	return &Error{Code: ErrRequestUnknown, Detail: err.Error()}
}

func detailOf(err error, c ErrorCode) string {
	if err == error(c) {
		return ""
	}
	return err.Error()
}

// AppendError appends the error message that answers a message which failed.
// offending is the whole message as it was received; it goes with the error, cut
// only where both would not fit, unless err has Data of its own.
func AppendError(dst []byte, v Version, xid uint32, err error, offending []byte) []byte {
	e := *AsError(err)
	e.Vendor, e.Type, e.Number = 0, 0, 0
	if e.Data == nil {
		e.Data = offending[:min(len(offending), errorDataLen)]
	}
	if !v.Valid() {
		v = V10
	}
	out, _ := Append(dst, v, xid, &e)
	return out
}
