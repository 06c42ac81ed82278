package openflow

import (
	"vswitch/flow"
)

// actionMakers make a random action of each kind.
var actionMakers = [numActionKinds]func(g *generator) Action{}

func init() {
	b := func(g *generator) bool { return g.IntN(2) == 0 }
	u8 := func(g *generator) uint8 { return uint8(g.Uint32()) }
	u16 := func(g *generator) uint16 { return uint16(g.Uint32()) }
	mac := func(g *generator) flow.MAC { return flow.MAC{2, u8(g), u8(g), u8(g), u8(g), u8(g)} }
	actionMakers = [numActionKinds]func(g *generator) Action{
		ActOutput:       func(g *generator) Action { return Output{g.port(), u16(g)} },
		ActOutputReg:    func(g *generator) Action { return OutputReg{Src: g.subfield(true, 32), MaxLen: u16(g), Wide: b(g)} },
		ActOutputTrunc:  func(g *generator) Action { return OutputTrunc{PortNo(1 + g.IntN(100)), 14 + g.Uint32N(100)} },
		ActController:   makeController,
		ActEnqueue:      func(g *generator) Action { return Enqueue{PortNo(1 + g.IntN(100)), g.Uint32()} },
		ActBundle:       makeBundle,
		ActGroup:        func(g *generator) Action { return Group{g.Uint32N(1000)} },
		ActPushVLAN:     func(g *generator) Action { return PushVLAN{flow.EthTypeSVLAN} },
		ActPopVLAN:      func(g *generator) Action { return PopVLAN{Strip: g.v == V10} },
		ActPushMPLS:     func(g *generator) Action { return PushMPLS{flow.EthTypeMPLS} },
		ActPopMPLS:      func(g *generator) Action { return PopMPLS{u16(g)} },
		ActPushPBB:      func(*generator) Action { return PushPBB{flow.EthTypePBB} },
		ActPopPBB:       func(*generator) Action { return PopPBB{} },
		ActEncap:        makeEncap,
		ActDecap:        func(g *generator) Action { return Decap{g.Uint32()} },
		ActSetField:     makeSetField,
		ActMove:         makeMove,
		ActSetVLANVID:   func(g *generator) Action { return SetVLANVID{u16(g) & vlanVIDMask, g.v == V10} },
		ActSetVLANPCP:   func(g *generator) Action { return SetVLANPCP{u8(g) & 7, g.v == V10} },
		ActSetEthSrc:    func(g *generator) Action { return SetEthSrc{mac(g)} },
		ActSetEthDst:    func(g *generator) Action { return SetEthDst{mac(g)} },
		ActSetIPSrc:     func(g *generator) Action { return SetIPSrc{g.Uint32()} },
		ActSetIPDst:     func(g *generator) Action { return SetIPDst{g.Uint32()} },
		ActSetIPDSCP:    func(g *generator) Action { return SetIPDSCP{u8(g) & dscpMask} },
		ActSetIPECN:     func(g *generator) Action { return SetIPECN{u8(g) & 3} },
		ActSetIPTTL:     func(g *generator) Action { return SetIPTTL{u8(g)} },
		ActSetTPSrc:     func(g *generator) Action { return SetTPSrc{u16(g)} },
		ActSetTPDst:     func(g *generator) Action { return SetTPDst{u16(g)} },
		ActDecTTL:       makeDecTTL,
		ActCopyTTLOut:   func(*generator) Action { return CopyTTLOut{} },
		ActCopyTTLIn:    func(*generator) Action { return CopyTTLIn{} },
		ActSetMPLSLabel: func(g *generator) Action { return SetMPLSLabel{g.Uint32N(1 << 20)} },
		ActSetMPLSTC:    func(g *generator) Action { return SetMPLSTC{u8(g) & 7} },
		ActSetMPLSTTL:   func(g *generator) Action { return SetMPLSTTL{u8(g)} },
		ActDecMPLSTTL:   func(*generator) Action { return DecMPLSTTL{} },
		ActDecNSHTTL:    func(*generator) Action { return DecNSHTTL{} },
		ActCheckPktLarger: func(g *generator) Action {
			s := g.subfield(true, 1)
			return CheckPktLarger{u16(g), s}
		},
		ActDeleteField: func(g *generator) Action { return DeleteField{flow.FieldTunMetadata0 + flow.FieldID(g.IntN(64))} },
		ActSetTunnel: func(g *generator) Action {
			if b(g) {
				return SetTunnel{g.Uint64(), true}
			}
			return SetTunnel{uint64(g.Uint32()), false}
		},
		ActSetQueue:   func(g *generator) Action { return SetQueue{g.Uint32()} },
		ActPopQueue:   func(*generator) Action { return PopQueue{} },
		ActCT:         makeCT,
		ActNAT:        makeNAT,
		ActCTClear:    func(*generator) Action { return CTClear{} },
		ActLearn:      makeLearn,
		ActFinTimeout: func(g *generator) Action { return FinTimeout{u16(g), u16(g)} },
		ActResubmit:   makeResubmit,
		ActClone:      func(g *generator) Action { return Clone{[]Action{Output{Port: g.port()}, Clone{[]Action{Group{5}}}}} },
		ActStackPush:  func(g *generator) Action { return StackPush{g.subfield(true, 128)} },
		ActStackPop:   func(g *generator) Action { return StackPop{g.subfield(true, 128)} },
		ActExit:       func(*generator) Action { return Exit{} },
		ActMultipath: func(g *generator) Action {
			s := g.subfield(false, 32)
			return Multipath{HashSymmetricL4, u16(g), MultipathHRW, uint16(1)<<min(s.Bits, 15) - 1, g.Uint32(), s}
		},
		ActConjunction:   func(g *generator) Action { return Conjunction{g.Uint32(), u8(g) & 7, 8} },
		ActNote:          func(g *generator) Action { return Note{[]byte{1, 2, 3, 4, u8(g), 6}} },
		ActSample:        makeSample,
		ActDebugRecirc:   func(*generator) Action { return DebugRecirc{} },
		ActDebugSlow:     func(*generator) Action { return DebugSlow{} },
		ActMeter:         func(g *generator) Action { return Meter{1 + g.Uint32N(100)} },
		ActClearActions:  func(*generator) Action { return ClearActions{} },
		ActWriteActions:  func(g *generator) Action { return WriteActions{[]Action{Group{g.Uint32N(100)}, Output{Port: 1}}} },
		ActWriteMetadata: func(g *generator) Action { return WriteMetadata{g.Uint64(), g.Uint64()} },
		ActGotoTable:     func(g *generator) Action { return GotoTable{u8(g)} },
	}
}

func makeController(g *generator) Action {
	a := Controller{MaxLen: uint16(g.Uint32()), ID: uint16(g.Uint32()), Reason: PacketInReason(g.IntN(3))}
	if g.IntN(2) == 0 {
		a.Extended, a.UserData, a.Pause, a.Meter = true, []byte{1, 2, 3}, true, g.Uint32()
	}
	return a
}

func makeBundle(g *generator) Action {
	a := Bundle{Fields: HashSymmetricL3, Basis: uint16(g.Uint32()), Algorithm: BundleHRW, Members: []PortNo{1, PortLocal, PortNo(1 + g.IntN(100))}}
	if g.IntN(2) == 0 {
		a.Load, a.Dst = true, Whole(flow.FieldReg0+flow.FieldID(g.IntN(16)))
	}
	return a
}

func makeEncap(g *generator) Action {
	if g.IntN(2) == 0 {
		return Encap{PacketType: PacketTypeEthernet}
	}
	return Encap{PacketType: PacketTypeNSH, Props: []EncapProp{
		{EncapPropNSH, EncapPropNSHMDType, []byte{2}},
		{EncapPropNSH, EncapPropNSHTLV, []byte{0x10, 0, 5, 4, 1, 2, 3, byte(g.Uint32())}},
	}}
}

// makeSetField makes the action in each form, with masks where they keep the form.
func makeSetField(g *generator) Action {
	f := flow.FieldByID(outFields[g.IntN(len(outFields))])
	value := flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}.And(f.Full())
	switch {
	case g.v >= V15:
		mask := flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}.And(f.Full())
		return SetField{Field: f.ID, Value: value.And(mask), Mask: mask}
	case g.IntN(3) == 0:
		s := g.subfield(false, 64)
		for !hasField32(s.Field) {
			s = g.subfield(false, 64)
		}
		return LoadInto(s, value.And(flow.Ones(int(s.Bits))))
	case g.IntN(2) == 0 || g.v < V12:
		return SetField{Field: f.ID, Form: FormLoad2, Value: value, Mask: f.Full()}
	}
	return SetField{Field: f.ID, Value: value, Mask: f.Full()}
}

func makeMove(g *generator) Action {
	src, dst := g.subfield(true, 16), g.subfield(true, 16)
	dst.Bits = min(src.Bits, dst.Bits)
	src.Bits = dst.Bits
	return Move{Src: src, Dst: dst, CopyField: (g.v == V13 || g.v == V14) && g.IntN(2) == 0}
}

func makeDecTTL(g *generator) Action {
	if g.IntN(2) == 0 {
		return DecTTL{}
	}
	return DecTTL{CountIDs: true, IDs: []uint16{1, uint16(g.Uint32())}}
}

func makeCT(g *generator) Action {
	a := CT{Flags: CTCommit, Table: uint8(g.Uint32()), ALG: 21}
	if g.IntN(2) == 0 {
		a.Zone = uint16(g.Uint32())
	} else {
		a.ZoneSrc = Subfield{flow.FieldReg0, 3, 16}
	}
	if g.IntN(2) == 0 {
		a.Actions = append(a.Actions, makeNAT(g))
	}
	if g.IntN(2) == 0 {
		a.Actions = append(a.Actions, Move{Src: Whole(flow.FieldReg0), Dst: Whole(flow.FieldCTMark)})
	}
	return a
}

func makeNAT(g *generator) Action {
	switch g.IntN(4) {
	case 0:
		return NAT{}
	case 1:
		return NAT{Flags: NATDst | NATHash, Range: NATRangeIPv6Min, IPv6Min: flow.IPv6{0xfd, 15: byte(g.Uint32())}}
	}
	return NAT{
		Flags: NATSrc | NATRandom | NATPersistent, Range: NATRangeIPv4Min | NATRangeIPv4Max | NATRangeProtoMin | NATRangeProtoMax,
		IPv4Min: 5, IPv4Max: 5 + g.Uint32N(9), PortMin: 80, PortMax: 80 + uint16(g.IntN(5)),
	}
}

func makeResubmit(g *generator) Action {
	a := Resubmit{InPort: g.port(), Table: uint8(g.IntN(255))}
	switch g.IntN(3) {
	case 0:
		a.CT = true
	case 1:
		a.Table = TableAll
	}
	return a
}

func makeSample(g *generator) Action {
	a := Sample{
		Form: uint8(1 + g.IntN(4)), Probability: uint16(1 + g.IntN(65535)), CollectorSet: g.Uint32(),
		ObsDomain: g.Uint32(), ObsPoint: g.Uint32(), Port: PortAny,
	}
	if a.Form > 1 {
		a.Port = g.port()
	}
	if a.Form > 2 {
		a.Direction = SampleEgress
	}
	if a.Form > 3 && g.IntN(2) == 0 {
		a.ObsDomain, a.ObsDomainField = 0, Subfield{flow.FieldReg0, 1, 16}
	}
	return a
}

func makeLearn(g *generator) Action {
	out := g.subfield(true, 16)
	a := Learn{
		Table: uint8(g.IntN(254)), IdleTimeout: uint16(g.Uint32()), HardTimeout: uint16(g.Uint32()), Priority: uint16(g.Uint32()),
		Cookie: g.Uint64(), Flags: LearnSendFlowRemoved, FinIdle: 1, FinHard: 2,
		Specs: []LearnSpec{
			{Dst: LearnMatch, Bits: 16, Value: flow.U64(flow.EthTypeIPv4), DstField: Whole(flow.FieldEthType)},
			{Dst: LearnMatch, Bits: 32, From: true, SrcField: Whole(flow.FieldIPSrc), DstField: Whole(flow.FieldIPDst)},
			{Dst: LearnLoad, Bits: 7, Value: flow.U64(5), DstField: Subfield{flow.FieldReg0, 3, 7}},
			{Dst: LearnOutput, Bits: out.Bits, From: true, SrcField: out},
		},
	}
	if g.IntN(2) == 0 {
		a.Extended, a.Limit = true, g.Uint32()
		a.Flags |= LearnWriteResult
		a.ResultDst = g.subfield(true, 1)
	}
	return a
}
