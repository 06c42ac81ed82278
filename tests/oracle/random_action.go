package oracle

import (
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// action is an action of a flow of a table.
func (g tables) action(table int) openflow.Action {
	for {
		a := g.anyAction(table)
		// Open vSwitch loses a tag where there are two already, and a packet-out does
		// not find the flow that it teaches itself.
		late := a.ActionKind() == openflow.ActPushVLAN || a.ActionKind() == openflow.ActLearn
		if !g.compatible || (!late || table == numTables-1) && alike(a) && (a.ActionKind() != openflow.ActClone || !g.sets) {
			return a
		}
	}
}

// alike reports whether an action means the same in Open vSwitch 3.1. What does
// not is in docs/compatibility.md.
func alike(a openflow.Action) bool {
	switch a := a.(type) {
	case openflow.PushMPLS, openflow.DecMPLSTTL, openflow.Multipath, openflow.CheckPktLarger,
		openflow.SetTPSrc, openflow.SetTPDst, openflow.OutputTrunc:
		return false
	case openflow.Clone:
		return alike(a.Actions[0])
	case openflow.Learn:
		return a.Table == numTables-1 && a.Limit == 0
	case openflow.PopMPLS:
		return !packet.IsMPLS(a.EthType)
	case openflow.SetField:
		switch a.Field {
		case flow.FieldVLANTCI, flow.FieldEthType, flow.FieldIPProto, flow.FieldMPLSBOS:
			return false
		}
	case openflow.Move:
		return a.Dst.Field != flow.FieldVLANTCI
	case openflow.StackPop:
		return a.Dst.Field != flow.FieldVLANTCI
	case openflow.Bundle:
		return a.Algorithm == openflow.BundleActiveBackup
	}
	return true
}

// anyAction is an action of any kind.
//
//size:table
func (g tables) anyAction(table int) openflow.Action {
	switch g.IntN(34) {
	case 0, 1, 2, 3, 4, 5:
		return g.setField()
	case 6, 7:
		return openflow.PushVLAN{EthType: []uint16{packet.EthTypeVLAN, packet.EthTypeSVLAN}[g.IntN(2)]}
	case 8, 9:
		return openflow.PopVLAN{}
	case 10:
		return openflow.PushMPLS{EthType: []uint16{packet.EthTypeMPLS, packet.EthTypeMPLSMulticast}[g.IntN(2)]}
	case 11, 12:
		return openflow.PopMPLS{EthType: ethTypes[g.IntN(len(ethTypes))]}
	case 13:
		return openflow.PushPBB{EthType: packet.EthTypePBB}
	case 14:
		return openflow.PopPBB{}
	case 15, 16:
		return openflow.DecTTL{}
	case 17:
		return openflow.DecMPLSTTL{}
	case 18:
		return []openflow.Action{openflow.CopyTTLIn{}, openflow.CopyTTLOut{}}[g.IntN(2)]
	case 19, 20:
		return g.move()
	case 21:
		return openflow.StackPush{Src: g.subfield(1 + g.IntN(16))}
	case 22:
		return openflow.StackPop{Dst: g.target(1 + g.IntN(16))}
	case 23, 24:
		return openflow.Resubmit{InPort: openflow.PortInPort, Table: uint8(min(table+1+g.IntN(2), numTables)), WithTable: true}
	case 25, 26:
		return openflow.Clone{Actions: []openflow.Action{g.simple(table), openflow.Output{Port: g.port(), MaxLen: 0xffff}}}
	case 27, 28:
		return openflow.Group{ID: uint32(1 + g.IntN(4))}
	case 29:
		return g.learn()
	case 30:
		return openflow.Multipath{Fields: openflow.HashFields(g.IntN(5)), Basis: uint16(g.IntN(9)), Algorithm: openflow.MultipathAlgorithm(g.IntN(4)),
			MaxLink: uint16(g.IntN(3)), Dst: openflow.Subfield{Field: flow.FieldReg0 + flow.FieldID(g.IntN(2)), Bits: 4}}
	case 31:
		return openflow.Bundle{Fields: openflow.HashFields(g.IntN(5)), Algorithm: openflow.BundleAlgorithm(g.IntN(2)), Members: []openflow.PortNo{77, 2, 3}}
	case 32:
		return openflow.CheckPktLarger{Len: uint16(40 + g.IntN(60)), Dst: openflow.Subfield{Field: flow.FieldReg0, Ofs: uint16(g.IntN(3)), Bits: 1}}
	}
	return g.simple(table)
}

// simple is an action that older versions of OpenFlow have too, or an output.
func (g tables) simple(int) openflow.Action {
	switch g.IntN(14) {
	case 0:
		return openflow.SetEthSrc{Addr: flow.MAC{2, 0, 0, 0, 0, byte(g.IntN(6))}}
	case 1:
		return openflow.SetEthDst{Addr: flow.MAC{2, 0, 0, 0, 1, byte(g.IntN(6))}}
	case 2:
		return openflow.SetIPSrc{Addr: 0x0a000000 + g.Uint32N(8)}
	case 3:
		return openflow.SetIPDst{Addr: 0x0a000000 + g.Uint32N(8)}
	case 4:
		return openflow.SetIPDSCP{TOS: uint8(g.IntN(4) * 4)}
	case 5:
		return openflow.SetTPSrc{Port: uint16(998 + g.IntN(4))}
	case 6:
		return openflow.SetTPDst{Port: uint16(1998 + g.IntN(4))}
	case 7:
		return openflow.SetVLANVID{VID: uint16(g.least() + g.IntN(4)), PushIfAbsent: !g.compatible}
	case 8:
		return openflow.SetVLANPCP{PCP: uint8(g.IntN(8)), PushIfAbsent: !g.compatible}
	case 9:
		return openflow.Controller{MaxLen: 0xffff, Reason: openflow.ReasonAction}
	case 10:
		return openflow.OutputReg{Src: openflow.Subfield{Field: flow.FieldReg0, Bits: 3}, MaxLen: 0xffff}
	case 11:
		return openflow.OutputTrunc{Port: openflow.PortNo(1 + g.IntN(4)), MaxLen: uint32(14 + g.IntN(60))}
	case 12:
		return openflow.SetTunnel{ID: uint64(g.IntN(4))}
	}
	return openflow.Output{Port: g.port(), MaxLen: 0xffff}
}

// least is the least VLAN id that is set.
func (g tables) least() int {
	if g.compatible {
		return 1 // NORMAL treats priority tags in other ways
	}
	return 0
}

// writable are the fields that random actions set.
func writable() (ids []flow.FieldID) {
	for _, id := range append(matchFields(), flow.FieldReg0, flow.FieldReg0+1, flow.FieldMetadata, flow.FieldPktMark, flow.FieldTunID, flow.FieldIPDSCP) {
		if flow.FieldByID(id).Writable {
			ids = append(ids, id)
		}
	}
	return ids
}

// field is a field, most often one that the sample has.
func (g tables) field(ids []flow.FieldID, v *view) *flow.Field {
	f := flow.FieldByID(ids[g.IntN(len(ids))])
	for tries := 0; !f.Exists(&v.Pipeline, nil) && tries < 10; tries++ {
		f = flow.FieldByID(ids[g.IntN(len(ids))])
	}
	return f
}

func (g tables) setField() openflow.Action {
	v, other := &g.samples[g.IntN(len(g.samples))], &g.samples[g.IntN(len(g.samples))]
	f := g.field(writable(), v)
	value := f.Load(&other.Pipeline)
	switch {
	case f.ID == flow.FieldEthType:
		return openflow.SetField{Field: f.ID, Value: flow.U64(uint64(ethTypes[g.IntN(len(ethTypes))])), Mask: f.Full()}
	case g.one(3):
		value = flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}
	}
	mask := g.mask(f)
	if f.ID == flow.FieldVLANVID {
		mask = flow.U64(0xfff)
		value = flow.U64(uint64(g.IntN(5)))
	}
	a := openflow.SetField{Field: f.ID, Value: value.And(mask), Mask: mask}
	if g.one(2) {
		// A load is taken also where the match does not say that the packet has the
		// field. It has the bits of a run.
		size := min(f.Bits, 64)
		from := g.IntN(size)
		a.Form, a.Mask = openflow.FormLoad, flow.Ones(1+g.IntN(size-from)).Shl(from).And(f.Full())
		a.Value = value.And(a.Mask)
	}
	return a
}

// subfield is bits of a field.
func (g tables) subfield(bits int) openflow.Subfield {
	return g.part(append(matchFields(), flow.FieldReg0, flow.FieldReg0+1, flow.FieldMetadata), bits)
}

// target is bits of a field that can be written.
func (g tables) target(bits int) openflow.Subfield {
	ids := writable()
	for i, id := range ids {
		switch id {
		case flow.FieldEthType, flow.FieldIPProto, flow.FieldVLANTCI, flow.FieldVLANVID:
			ids[i] = flow.FieldReg0
		}
	}
	return g.part(ids, bits)
}

func (g tables) part(ids []flow.FieldID, bits int) openflow.Subfield {
	v := &g.samples[g.IntN(len(g.samples))]
	for tries := 0; ; tries++ {
		f := g.field(ids, v)
		if tries == 50 {
			f = flow.FieldByID(flow.FieldReg0)
		}
		if f.Bits >= bits && f.ID != flow.FieldIPTOS {
			return openflow.Subfield{Field: f.ID, Ofs: uint16(g.IntN(f.Bits - bits + 1)), Bits: uint16(bits)}
		}
		if bits > 1 {
			bits--
		}
	}
}

func (g tables) move() openflow.Action {
	src := g.subfield(1 + g.IntN(32))
	for {
		if dst := g.target(int(src.Bits)); dst.Bits == src.Bits {
			if src.Field == dst.Field {
				src = openflow.Subfield{Field: flow.FieldMetadata, Bits: src.Bits}
			}
			return openflow.Move{Src: src, Dst: dst}
		}
		src = g.subfield(1 + g.IntN(8))
	}
}

// learnedCookie is the least cookie of learned flows.
const learnedCookie = 1000

// learn makes flows of table numTables, where no others are, and of the last one
// of the others.
func (g tables) learn() openflow.Action {
	a := openflow.Learn{Table: uint8(numTables - 1 + g.IntN(2)), Priority: uint16(2000 + g.IntN(5000)), Cookie: uint64(learnedCookie + g.IntN(3))}
	if g.one(3) {
		a.Limit = uint32(1 + g.IntN(3))
		a.Extended = true
	}
	whole := func(id flow.FieldID) openflow.Subfield { return openflow.Whole(id) }
	for _, ids := range [][2]flow.FieldID{{flow.FieldEthSrc, flow.FieldEthDst}, {flow.FieldEthDst, flow.FieldEthDst}} {
		if g.one(2) {
			a.Specs = append(a.Specs, openflow.LearnSpec{Dst: openflow.LearnMatch, Bits: 48, From: true, SrcField: whole(ids[0]), DstField: whole(ids[1])})
			break
		}
	}
	if g.one(3) {
		bits := uint16(1 + g.IntN(8))
		s := openflow.Subfield{Field: flow.FieldReg0, Bits: bits}
		a.Specs = append(a.Specs, openflow.LearnSpec{Dst: openflow.LearnMatch, Bits: bits, From: true, SrcField: s, DstField: s})
	}
	if g.one(2) {
		s := openflow.Subfield{Field: flow.FieldReg0, Ofs: 16, Bits: 4}
		a.Specs = append(a.Specs, openflow.LearnSpec{Dst: openflow.LearnLoad, Bits: 4, Value: flow.U64(uint64(g.IntN(16))), DstField: s})
	}
	src := openflow.Subfield{Field: flow.FieldInPort, Bits: 16}
	a.Specs = append(a.Specs, openflow.LearnSpec{Dst: openflow.LearnOutput, Bits: 16, From: true, SrcField: src})
	return a
}
