package openflow

import "vswitch/flow"

//size:table
func conntrackActions() []actionRow {
	return []actionRow{
		{kind: ActCT, vendor: VendorNicira, from: V10, to: V15, code: 35, size: 24, variable: true, decode: decodeCT, encode: with(appendCT)},
		{kind: ActNAT, vendor: VendorNicira, from: V10, to: V15, code: 36, size: 16, variable: true, decode: decodeNAT, encode: plain(appendNAT)},
		{kind: ActCTClear, vendor: VendorNicira, from: V10, to: V15, code: 43, size: 16, decode: constant(CTClear{}), encode: noBody},
	}
}

const ctFlagsAll = CTCommit | CTForce

func decodeCT(c context, b []byte) (_ Action, err error) {
	r := reader{b: b}
	a := CT{Flags: r.u16()}
	src := r.u32()
	zone := r.u16()
	a.Table = r.u8()
	pad := r.bytes(3)
	a.ALG = r.u16()
	switch {
	case a.Flags&^ctFlagsAll != 0 || a.Flags == CTForce:
		return nil, NewError(ErrActionBadArgument, "ct flags %#x", a.Flags)
	case a.ALG != 0 && a.ALG != portFTP && a.ALG != portTFTP:
		return nil, NewError(ErrActionBadArgument, "ct helper of port %d", a.ALG)
	case !allZero(pad):
		return nil, ErrNXRequestMustBeZero
	case src == 0:
		a.Zone = zone
	default:
		a.ZoneSrc.Ofs, a.ZoneSrc.Bits = ofsBits(zone)
		if a.ZoneSrc.Field, err = decodeField32(src); err != nil {
			return nil, err
		}
		if err := a.ZoneSrc.checkSrc(); err != nil {
			return nil, err
		}
		if a.ZoneSrc.Bits != 16 {
			return nil, NewError(ErrActionBadSetLen, "ct zone of %d bits", a.ZoneSrc.Bits)
		}
	}
	if a.Actions, err = decodeActions(c.inside(ActCT), r.b, nil); err != nil {
		return nil, err
	}
	return a, checkCTActions(&a)
}

// checkCTActions refuses what cannot be done in a connection's context: all but
// NAT and changes of ct_mark and ct_label, and those where nothing is committed.
func checkCTActions(a *CT) error {
	for _, inner := range a.Actions {
		var field flow.FieldID
		switch inner := inner.(type) {
		case NAT:
			if a.Flags&CTCommit == 0 && inner.Flags != 0 {
				return NewError(ErrActionBadArgument, "nat of a kind without commit")
			}
			continue
		case SetField:
			field = inner.Field
		case Move:
			field = inner.Dst.Field
		default:
			return NewError(ErrActionBadArgument, "%s inside ct", inner.ActionKind())
		}
		if field != flow.FieldCTMark && field != flow.FieldCTLabel {
			return NewError(ErrActionBadSetArgument, "setting %s inside ct", flow.FieldByID(field))
		}
		if a.Flags&CTCommit == 0 {
			return NewError(ErrActionBadArgument, "ct exec without commit")
		}
	}
	return nil
}

func appendCT(c context, dst []byte, a CT) (_ []byte, err error) {
	dst = be.AppendUint16(dst, a.Flags)
	if a.ZoneSrc.Bits == 0 {
		dst = be.AppendUint16(zeros(dst, 4), a.Zone)
	} else {
		if dst, err = appendField32(c, dst, a.ZoneSrc.Field); err != nil {
			return dst, err
		}
		dst = be.AppendUint16(dst, a.ZoneSrc.ofsBits())
	}
	dst = zeros(append(dst, a.Table), 3)
	return appendActions(c, be.AppendUint16(dst, a.ALG), a.Actions)
}

const natFlagsAll = NATSrc | NATDst | NATPersistent | NATHash | NATRandom

func decodeNAT(_ context, b []byte) (Action, error) {
	r := reader{b: b}
	pad := r.u16()
	a := NAT{Flags: r.u16(), Range: r.u16()}
	switch {
	case pad != 0:
		return nil, ErrNXRequestMustBeZero
	case a.Flags&^natFlagsAll != 0, a.Flags&NATSrc != 0 && a.Flags&NATDst != 0,
		a.Flags&NATHash != 0 && a.Flags&NATRandom != 0,
		a.Range != 0 && a.Flags&(NATSrc|NATDst) == 0:
		return nil, NewError(ErrActionBadArgument, "nat flags %#x range %#x", a.Flags, a.Range)
	}
	for bit := uint16(NATRangeIPv4Min); bit <= NATRangeProtoMax; bit <<= 1 {
		if a.Range&bit == 0 {
			continue
		}
		switch bit {
		case NATRangeIPv4Min:
			a.IPv4Min = r.u32()
		case NATRangeIPv4Max:
			a.IPv4Max = r.u32()
		case NATRangeIPv6Min:
			copy(a.IPv6Min[:], r.bytes(16))
		case NATRangeIPv6Max:
			copy(a.IPv6Max[:], r.bytes(16))
		case NATRangeProtoMin:
			a.PortMin = r.u16()
		case NATRangeProtoMax:
			a.PortMax = r.u16()
		}
	}
	if r.short {
		return nil, NewError(ErrActionBadLen, "nat range %#x in %d bytes", a.Range, len(b)-6)
	}
	if !allZero(r.b) {
		return nil, ErrNXRequestMustBeZero
	}
	return a, a.checkRange()
}

// checkRange refuses ranges that have an end and no beginning, or run backwards.
func (a *NAT) checkRange() error {
	const (
		v4, v4Max       = NATRangeIPv4Min, NATRangeIPv4Max
		v6, v6Max       = NATRangeIPv6Min, NATRangeIPv6Max
		proto, protoMax = NATRangeProtoMin, NATRangeProtoMax
	)
	has := func(bits uint16) bool { return a.Range&bits != 0 }
	switch {
	case has(v4|v4Max) && has(v6|v6Max), a.Range&^(2*protoMax-1) != 0,
		has(v4Max) && (!has(v4) || a.IPv4Max < a.IPv4Min),
		has(v6Max) && (!has(v6) || string(a.IPv6Max[:]) < string(a.IPv6Min[:])),
		has(protoMax) && (!has(proto) || a.PortMax < a.PortMin):
		return NewError(ErrActionBadArgument, "nat range %#x", a.Range)
	}
	return nil
}

func appendNAT(dst []byte, a NAT) []byte {
	dst = be.AppendUint16(be.AppendUint16(zeros(dst, 2), a.Flags), a.Range)
	if a.Range&NATRangeIPv4Min != 0 {
		dst = be.AppendUint32(dst, a.IPv4Min)
	}
	if a.Range&NATRangeIPv4Max != 0 {
		dst = be.AppendUint32(dst, a.IPv4Max)
	}
	if a.Range&NATRangeIPv6Min != 0 {
		dst = append(dst, a.IPv6Min[:]...)
	}
	if a.Range&NATRangeIPv6Max != 0 {
		dst = append(dst, a.IPv6Max[:]...)
	}
	if a.Range&NATRangeProtoMin != 0 {
		dst = be.AppendUint16(dst, a.PortMin)
	}
	if a.Range&NATRangeProtoMax != 0 {
		dst = be.AppendUint16(dst, a.PortMax)
	}
	return dst
}
