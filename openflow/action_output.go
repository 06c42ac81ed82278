package openflow

//size:table
func outputActions() []actionRow {
	return []actionRow{
		{kind: ActOutput, from: V10, to: V10, code: 0, size: 8, decode: decodeOutput10, encode: with(appendOutput10)},
		{kind: ActOutput, from: V11, to: V15, code: 0, size: 16, decode: decodeOutput11, encode: plain(appendOutput11)},
		{kind: ActOutputReg, vendor: VendorNicira, from: V10, to: V15, code: 15, size: 24, decode: decodeOutputReg, encode: with(appendOutputReg)},
		{kind: ActOutputReg, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 32, size: 24, decode: decodeOutputReg2, encode: with(appendOutputReg2)},
		{kind: ActOutputTrunc, vendor: VendorNicira, from: V10, to: V15, code: 39, size: 16, decode: decodeOutputTrunc, encode: with(appendOutputTrunc)},
		{kind: ActController, vendor: VendorNicira, from: V10, to: V15, code: 20, size: 16, decode: decodeController, encode: plain(appendController)},
		{kind: ActController, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 37, size: 16, variable: true,
			decode: decodeController2, encode: plain(appendController2)},
		{kind: ActEnqueue, from: V10, to: V10, code: 11, size: 16, decode: decodeEnqueue, encode: with(appendEnqueue)},
		{kind: ActBundle, vendor: VendorNicira, from: V10, to: V15, code: 12, size: 32, variable: true,
			decode: decodeBundle, encode: with(appendBundle)},
		{kind: ActBundle, form: 2, vendor: VendorNicira, from: V10, to: V15, code: 13, size: 32, variable: true,
			decode: decodeBundleLoad, encode: with(appendBundle)},
		{kind: ActGroup, vendor: VendorNicira, from: V10, to: V10, code: 40, size: 16,
			decode: arg32(atNicira, group), encode: put32(atNicira, func(a Group) uint32 { return a.ID })},
		{kind: ActGroup, from: V11, to: V15, code: 22, size: 8,
			decode: arg32(atStandard, group), encode: put32(atStandard, func(a Group) uint32 { return a.ID })},
	}
}

func group(id uint32) (Action, error) { return Group{ID: id}, nil }

// checkOutPort refuses numbers that no version gives a port or a meaning.
func checkOutPort(p PortNo) error {
	if p >= PortMax && p < PortInPort || p == PortAny {
		return NewError(ErrActionBadOutPort, "port %s", p)
	}
	return nil
}

func decodeOutput10(_ context, b []byte) (Action, error) {
	a := Output{Port: PortFrom16(be.Uint16(b)), MaxLen: be.Uint16(b[2:])}
	return a, checkOutPort(a.Port)
}

func appendOutput10(c context, dst []byte, a Output) ([]byte, error) {
	dst, err := appendPortNo(c.v, dst, a.Port)
	return be.AppendUint16(dst, a.MaxLen), err
}

func decodeOutput11(_ context, b []byte) (Action, error) {
	a := Output{Port: PortNo(be.Uint32(b)), MaxLen: be.Uint16(b[4:])}
	if a.isUsual() {
		return usualLists[a.Port][0], nil
	}
	return a, checkOutPort(a.Port)
}

// usualLists have one output each, the only action of most flows. Those flows share
// them instead of having one each in memory.
var usualLists = buildUsualLists()

const numUsual = 256

func (a Output) isUsual() bool { return a.MaxLen == 0 && a.Port < numUsual }

func buildUsualLists() (lists [numUsual][]Action) {
	for port := range lists {
		lists[port] = []Action{Output{Port: PortNo(port)}}
	}
	return lists
}

func appendOutput11(dst []byte, a Output) []byte {
	return be.AppendUint16(be.AppendUint32(dst, uint32(a.Port)), a.MaxLen)
}

func decodeOutputReg(_ context, b []byte) (a Action, err error) {
	r := reader{b: b}
	o := OutputReg{}
	o.Src.Ofs, o.Src.Bits = ofsBits(r.u16())
	if o.Src.Field, err = decodeField32(r.u32()); err != nil {
		return nil, err
	}
	o.MaxLen = r.u16()
	if !allZero(r.b) {
		return nil, ErrActionBadArgument
	}
	return o, o.Src.checkSrc()
}

func appendOutputReg(c context, dst []byte, a OutputReg) ([]byte, error) {
	dst, err := appendField32(c, be.AppendUint16(dst, a.Src.ofsBits()), a.Src.Field)
	return be.AppendUint16(dst, a.MaxLen), err
}

func decodeOutputReg2(_ context, b []byte) (a Action, err error) {
	r := reader{b: b}
	o := OutputReg{Wide: true}
	o.Src.Ofs, o.Src.Bits = ofsBits(r.u16())
	o.MaxLen = r.u16()
	if o.Src.Field, err = r.field(); err != nil {
		return nil, err
	}
	if !allZero(r.b) {
		return nil, ErrNXRequestMustBeZero
	}
	return o, o.Src.checkSrc()
}

func appendOutputReg2(_ context, dst []byte, a OutputReg) ([]byte, error) {
	dst = be.AppendUint16(dst, a.Src.ofsBits())
	return appendField(V10, be.AppendUint16(dst, a.MaxLen), a.Src.Field)
}

func decodeOutputTrunc(_ context, b []byte) (Action, error) {
	a := OutputTrunc{Port: PortFrom16(be.Uint16(b)), MaxLen: be.Uint32(b[2:])}
	if a.MaxLen < minTruncLen {
		return nil, NewError(ErrActionBadArgument, "truncation to %d bytes", a.MaxLen)
	}
	switch a.Port {
	case PortAny, PortAll, PortNormal, PortController, PortFlood, PortTable:
		return nil, NewError(ErrActionBadOutPort, "truncated output to %s", a.Port)
	}
	return a, checkOutPort(a.Port)
}

// minTruncLen is the size of an Ethernet header: less of a packet is none.
const minTruncLen = 14

func appendOutputTrunc(_ context, dst []byte, a OutputTrunc) ([]byte, error) {
	dst, err := appendPortNo(V10, dst, a.Port)
	return be.AppendUint32(dst, a.MaxLen), err
}

func decodeController(_ context, b []byte) (Action, error) {
	if b[5] != 0 {
		return nil, ErrNXRequestMustBeZero
	}
	return Controller{MaxLen: be.Uint16(b), ID: be.Uint16(b[2:]), Reason: PacketInReason(b[4])}, nil
}

func appendController(dst []byte, a Controller) []byte {
	dst = be.AppendUint16(dst, a.MaxLen)
	return append(be.AppendUint16(dst, a.ID), byte(a.Reason))
}

// Types of the properties of NXAST_CONTROLLER2.
const (
	ctrlMaxLen   = 0
	ctrlID       = 1
	ctrlReason   = 2
	ctrlUserData = 3
	ctrlPause    = 4
	ctrlMeter    = 5
)

func decodeController2(_ context, b []byte) (Action, error) {
	if !allZero(b[:6]) {
		return nil, ErrNXRequestMustBeZero
	}
	a := Controller{MaxLen: 0xffff, Reason: ReasonAction, Extended: true}
	props := properties{b: b[6:]}
	for props.next() {
		r := reader{b: props.body}
		switch props.typ {
		case ctrlMaxLen:
			a.MaxLen = r.u16()
		case ctrlID:
			a.ID = r.u16()
		case ctrlReason:
			a.Reason = PacketInReason(r.u8())
		case ctrlUserData:
			a.UserData = clone(props.body)
		case ctrlPause:
			a.Pause = true
		case ctrlMeter:
			a.Meter = r.u32()
		default:
			return nil, props.unknown()
		}
		if r.short || props.typ == ctrlMeter && len(r.b) > 0 {
			return nil, ErrPropertyBadLen
		}
	}
	return a, props.err
}

func appendController2(dst []byte, a Controller) []byte {
	dst = zeros(dst, 6)
	if a.MaxLen != 0xffff {
		dst = appendProp16(dst, ctrlMaxLen, a.MaxLen)
	}
	if a.ID != 0 {
		dst = appendProp16(dst, ctrlID, a.ID)
	}
	if a.Reason != ReasonAction {
		dst = appendProp8(dst, ctrlReason, byte(a.Reason))
	}
	if len(a.UserData) > 0 {
		dst = appendPropBytes(dst, ctrlUserData, a.UserData)
	}
	if a.Pause {
		dst = zeros(appendPropertyHead(dst, ctrlPause, 4), 4)
	}
	if a.Meter != 0 {
		dst = be.AppendUint32(appendPropertyHead(dst, ctrlMeter, 8), a.Meter)
	}
	return dst
}

func decodeEnqueue(_ context, b []byte) (Action, error) {
	a := Enqueue{Port: PortFrom16(be.Uint16(b)), Queue: be.Uint32(b[8:])}
	if a.Port >= PortMax && a.Port != PortInPort && a.Port != PortLocal {
		return nil, NewError(ErrActionBadOutPort, "queue of port %s", a.Port)
	}
	return a, nil
}

func appendEnqueue(c context, dst []byte, a Enqueue) ([]byte, error) {
	dst, err := appendPortNo(c.v, dst, a.Port)
	return be.AppendUint32(zeros(dst, 6), a.Queue), err
}

// maxMembers is the most members that a Bundle may have.
const maxMembers = 2048

// memberType is NXM_OF_IN_PORT: what members are.
const memberType = 0x00000002

func decodeBundle(_ context, b []byte) (Action, error) {
	a, dst, err := decodeBundleCommon(b)
	if err == nil && dst != (bundleDst{}) {
		err = NewError(ErrActionBadArgument, "bundle with a destination")
	}
	return a, err
}

func decodeBundleLoad(_ context, b []byte) (Action, error) {
	a, dst, err := decodeBundleCommon(b)
	if err != nil {
		return nil, err
	}
	a.Load = true
	a.Dst.Ofs, a.Dst.Bits = ofsBits(dst.ofsBits)
	if a.Dst.Field, err = decodeField32(dst.header); err != nil {
		return nil, err
	}
	if a.Dst.Bits < 16 {
		return nil, NewError(ErrActionBadArgument, "bundle_load into %d bits", a.Dst.Bits)
	}
	return a, a.Dst.checkDst()
}

type bundleDst struct {
	ofsBits uint16
	header  uint32
}

func decodeBundleCommon(b []byte) (a Bundle, dst bundleDst, err error) {
	r := reader{b: b}
	a.Algorithm, a.Fields, a.Basis = BundleAlgorithm(r.u16()), HashFields(r.u16()), r.u16()
	typ, n := r.u32(), int(r.u16())
	dst = bundleDst{r.u16(), r.u32()}
	switch zero := r.u32(); {
	case a.Fields > HashSymmetricL3:
		return a, dst, NewError(ErrActionBadArgument, "hash fields %d", a.Fields)
	case n > maxMembers:
		return a, dst, NewError(ErrActionBadArgument, "%d members", n)
	case a.Algorithm > BundleHRW:
		return a, dst, NewError(ErrActionBadArgument, "bundle algorithm %d", a.Algorithm)
	case typ != memberType || zero != 0:
		return a, dst, NewError(ErrActionBadArgument, "member type %#x", typ)
	case n*2 > len(r.b):
		return a, dst, NewError(ErrActionBadLen, "%d members in %d bytes", n, len(r.b))
	}
	for range n {
		a.Members = append(a.Members, PortFrom16(r.u16()))
	}
	for _, p := range a.Members {
		if !MayBeMember(p) {
			return a, dst, NewError(ErrActionBadOutPort, "member port %s", p)
		}
	}
	return a, dst, nil
}

// MayBeMember reports whether a bundle action can choose a port; PortAny drops.
func MayBeMember(p PortNo) bool {
	return p < PortMax || p == PortInPort || p == PortLocal || p == PortAny
}

func appendBundle(c context, dst []byte, a Bundle) (_ []byte, err error) {
	dst = be.AppendUint16(dst, uint16(a.Algorithm))
	dst = be.AppendUint16(dst, uint16(a.Fields))
	dst = be.AppendUint16(dst, a.Basis)
	dst = be.AppendUint32(dst, memberType)
	dst = be.AppendUint16(dst, uint16(len(a.Members)))
	if a.Load {
		if dst, err = appendField32(c, be.AppendUint16(dst, a.Dst.ofsBits()), a.Dst.Field); err != nil {
			return dst, err
		}
	} else {
		dst = zeros(dst, 6)
	}
	dst = zeros(dst, 4)
	for _, p := range a.Members {
		if dst, err = appendPortNo(V10, dst, p); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
