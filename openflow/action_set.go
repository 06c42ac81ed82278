package openflow

import "vswitch/flow"

// setActions are those that OpenFlow 1.2 replaced by set_field: later versions
// still understand them and write set_field (see lower).
//
//size:table
func setActions() []actionRow {
	deprecated := func(row actionRow) actionRow {
		row.from, row.to, row.obsolete = V12, V15, true
		return row
	}
	vid := func(push bool) actionDecoder {
		return arg16(func(n uint16) (Action, error) { return limited(SetVLANVID{n, push}, uint32(n), vlanVIDMask) })
	}
	pcp := func(push bool) actionDecoder {
		return arg8(func(n uint8) (Action, error) { return limited(SetVLANPCP{n, push}, uint32(n), 7) })
	}
	rows := []actionRow{
		{kind: ActSetVLANVID, from: V10, to: V10, code: 1, size: 8, decode: vid(true), encode: put16(func(a SetVLANVID) uint16 { return a.VID })},
		{kind: ActSetVLANPCP, from: V10, to: V10, code: 2, size: 8, decode: pcp(true), encode: put8(func(a SetVLANPCP) uint8 { return a.PCP })},
		{kind: ActSetMPLSLabel, vendor: VendorNicira, from: V10, to: V10, code: 30, size: 16,
			decode: arg32(atNicira, mplsLabel), encode: put32(atNicira, func(a SetMPLSLabel) uint32 { return a.Label })},
		{kind: ActSetMPLSTC, vendor: VendorNicira, from: V10, to: V10, code: 31, size: 16, decode: arg8(mplsTC), encode: put8(func(a SetMPLSTC) uint8 { return a.TC })},
		{kind: ActSetMPLSTTL, vendor: VendorNicira, from: V10, to: V10, code: 25, size: 16, decode: arg8(mplsTTL), encode: put8(func(a SetMPLSTTL) uint8 { return a.TTL })},
		{kind: ActSetMPLSTTL, from: V11, to: V15, code: 15, size: 8, decode: arg8(mplsTTL), encode: put8(func(a SetMPLSTTL) uint8 { return a.TTL })},
		{kind: ActDecMPLSTTL, vendor: VendorNicira, from: V10, to: V10, code: 26, size: 16, decode: constant(DecMPLSTTL{}), encode: noBody},
		{kind: ActDecMPLSTTL, from: V11, to: V15, code: 16, size: 8, decode: constant(DecMPLSTTL{}), encode: noBody},
		{kind: ActCopyTTLOut, from: V11, to: V15, code: 11, size: 8, decode: constant(CopyTTLOut{}), encode: noBody},
		{kind: ActCopyTTLIn, from: V11, to: V15, code: 12, size: 8, decode: constant(CopyTTLIn{}), encode: noBody},
		{kind: ActSetIPTTL, from: V11, to: V15, code: 23, size: 8,
			decode: arg8(func(n uint8) (Action, error) { return SetIPTTL{n}, nil }), encode: put8(func(a SetIPTTL) uint8 { return a.TTL })},
		{kind: ActDecTTL, vendor: VendorNicira, from: V10, to: V10, code: 18, size: 16, decode: constant(DecTTL{}), encode: noBody},
		{kind: ActDecTTL, from: V11, to: V15, code: 24, size: 8, decode: constant(DecTTL{}), encode: noBody},
		{kind: ActDecTTL, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 21, size: 16, variable: true,
			decode: decodeDecTTLIDs, encode: plain(appendDecTTLIDs)},
		{kind: ActDecNSHTTL, vendor: VendorNicira, from: V13, to: V15, code: 48, size: 16, decode: constant(DecNSHTTL{}), encode: noBody},
	}
	// Codes of OpenFlow 1.1, which 1.2 deprecates; those of 1.0 are 1 higher but
	// for transport ports.
	only11 := []actionRow{
		{kind: ActSetVLANVID, code: 1, size: 8, decode: vid(false), encode: put16(func(a SetVLANVID) uint16 { return a.VID })},
		{kind: ActSetVLANPCP, code: 2, size: 8, decode: pcp(false), encode: put8(func(a SetVLANPCP) uint8 { return a.PCP })},
		{kind: ActSetIPECN, code: 8, size: 8,
			decode: arg8(func(n uint8) (Action, error) { return limited(SetIPECN{n}, uint32(n), 3) }), encode: put8(func(a SetIPECN) uint8 { return a.ECN })},
		{kind: ActSetMPLSLabel, code: 13, size: 8, decode: arg32(atStandard, mplsLabel), encode: put32(atStandard, func(a SetMPLSLabel) uint32 { return a.Label })},
		{kind: ActSetMPLSTC, code: 14, size: 8, decode: arg8(mplsTC), encode: put8(func(a SetMPLSTC) uint8 { return a.TC })},
	}
	both := []actionRow{
		{kind: ActSetEthSrc, code: 3, size: 16, decode: macAction(func(m flow.MAC) Action { return SetEthSrc{m} }),
			encode: plain(func(dst []byte, a SetEthSrc) []byte { return append(dst, a.Addr[:]...) })},
		{kind: ActSetEthDst, code: 4, size: 16, decode: macAction(func(m flow.MAC) Action { return SetEthDst{m} }),
			encode: plain(func(dst []byte, a SetEthDst) []byte { return append(dst, a.Addr[:]...) })},
		{kind: ActSetIPSrc, code: 5, size: 8, decode: arg32(atStandard, func(n uint32) (Action, error) { return SetIPSrc{n}, nil }),
			encode: put32(atStandard, func(a SetIPSrc) uint32 { return a.Addr })},
		{kind: ActSetIPDst, code: 6, size: 8, decode: arg32(atStandard, func(n uint32) (Action, error) { return SetIPDst{n}, nil }),
			encode: put32(atStandard, func(a SetIPDst) uint32 { return a.Addr })},
		{kind: ActSetIPDSCP, code: 7, size: 8, decode: arg8(func(n uint8) (Action, error) { return limited(SetIPDSCP{n}, uint32(n), dscpMask) }),
			encode: put8(func(a SetIPDSCP) uint8 { return a.TOS })},
		{kind: ActSetTPSrc, code: 9, size: 8, decode: arg16(func(n uint16) (Action, error) { return SetTPSrc{n}, nil }),
			encode: put16(func(a SetTPSrc) uint16 { return a.Port })},
		{kind: ActSetTPDst, code: 10, size: 8, decode: arg16(func(n uint16) (Action, error) { return SetTPDst{n}, nil }),
			encode: put16(func(a SetTPDst) uint16 { return a.Port })},
	}
	for _, row := range append(only11, both...) {
		row.from, row.to = V11, V11
		rows = append(rows, row, deprecated(row))
	}
	for _, row := range both {
		row.from, row.to = V10, V10
		if row.code < 9 {
			row.code++
		}
		rows = append(rows, row)
	}
	return rows
}

// limited refuses an argument that has bits outside a mask.
func limited(a Action, n, mask uint32) (Action, error) {
	if n&^mask != 0 {
		return nil, NewError(ErrActionBadArgument, "%s of %#x", a.ActionKind(), n)
	}
	return a, nil
}

func mplsLabel(n uint32) (Action, error) { return limited(SetMPLSLabel{n}, n, 0xfffff) }
func mplsTC(n uint8) (Action, error)     { return limited(SetMPLSTC{n}, uint32(n), 7) }
func mplsTTL(n uint8) (Action, error)    { return SetMPLSTTL{n}, nil }

func macAction(f func(flow.MAC) Action) actionDecoder {
	return func(_ context, b []byte) (Action, error) { return f(flow.MAC(b[:6])), nil }
}

func decodeDecTTLIDs(_ context, b []byte) (Action, error) {
	r := reader{b: b}
	n := int(r.u16())
	if !allZero(r.bytes(4)) {
		return nil, ErrNXRequestMustBeZero
	}
	if n*2 > len(r.b) {
		return nil, NewError(ErrActionBadLen, "%d controllers in %d bytes", n, len(r.b))
	}
	a := DecTTL{CountIDs: true}
	for range n {
		a.IDs = append(a.IDs, r.u16())
	}
	return a, nil
}

func appendDecTTLIDs(dst []byte, a DecTTL) []byte {
	dst = zeros(be.AppendUint16(dst, uint16(len(a.IDs))), 4)
	for _, id := range a.IDs {
		dst = be.AppendUint16(dst, id)
	}
	return dst
}
