package openflow

import (
	"math/rand/v2"
	"reflect"
	"time"

	"vswitch/flow"
)

// generator makes random values that are valid in a version.
type generator struct {
	*rand.Rand
	v     Version
	depth int
	ovs   bool // only what Open vSwitch 3.1 knows
}

// limits are how many values the enumerations have, by type; the values are the
// numbers from 0 on, or from the second number where there is one.
var limits = map[reflect.Type][2]uint64{
	reflect.TypeFor[FlowModCommand]():     {5},
	reflect.TypeFor[RemovedReason]():      {6},
	reflect.TypeFor[PacketInReason]():     {6},
	reflect.TypeFor[PacketInFormat]():     {3},
	reflect.TypeFor[PortReason]():         {3},
	reflect.TypeFor[FragHandling]():       {4},
	reflect.TypeFor[Role]():               {3, 1},
	reflect.TypeFor[RoleReason]():         {3},
	reflect.TypeFor[GroupType]():          {4},
	reflect.TypeFor[MeterModCommand]():    {3},
	reflect.TypeFor[MeterBandType]():      {2, 1},
	reflect.TypeFor[BundleControlType]():  {8},
	reflect.TypeFor[BundleFlags]():        {4},
	reflect.TypeFor[MonitorCommand]():     {2},
	reflect.TypeFor[TLVTableCommand]():    {3},
	reflect.TypeFor[Tristate]():           {2, 1},
	reflect.TypeFor[TableCommand]():       {4},
	reflect.TypeFor[HashFields]():         {7},
	reflect.TypeFor[BundleAlgorithm]():    {2},
	reflect.TypeFor[MultipathAlgorithm](): {4},
	reflect.TypeFor[SampleDirection]():    {3},
	reflect.TypeFor[LearnFlags]():         {4},
	reflect.TypeFor[ErrorCode]():          {uint64(numErrorCodes) - 1, 1},
}

// fill makes a random value of any type of the package.
func (g *generator) fill(v reflect.Value) {
	if special, found := g.special(v.Type()); found {
		v.Set(reflect.ValueOf(special))
		return
	}
	if l, found := limits[v.Type()]; found {
		v.SetUint(l[1] + g.Uint64N(l[0]))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(g.Uint64() >> g.IntN(64) & (1<<(v.Type().Bits()-1)<<1 - 1))
	case reflect.Int32:
		v.SetInt(int64(g.IntN(1000)))
	case reflect.String:
		v.SetString("abcdefghijklmno"[:g.IntN(15)])
	case reflect.Array:
		for i := range v.Len() {
			g.fill(v.Index(i))
		}
	case reflect.Slice:
		n := g.IntN(4)
		if n == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			g.fill(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			g.fill(v.Field(i))
		}
	case reflect.Pointer:
	default:
		panic("generator: no values of " + v.Type().String())
	}
}

// special makes values whose parts depend on each other.
func (g *generator) special(t reflect.Type) (any, bool) {
	switch t {
	case reflect.TypeFor[Match]():
		return g.match(), true
	case reflect.TypeFor[[]Action]():
		return g.actions(), true
	case reflect.TypeFor[PortNo]():
		return g.port(), true
	case reflect.TypeFor[time.Duration]():
		return durationOf(g.Uint32(), g.Uint32N(1e9)), true
	case reflect.TypeFor[Subfield]():
		return g.subfield(false, 32), true
	case reflect.TypeFor[FieldSet]():
		return FieldSet{flow.FieldEthDst, flow.FieldIPSrc}, true
	case reflect.TypeFor[ActionSet]():
		var set ActionSet
		set.Add(ActOutput)
		return set, true
	case reflect.TypeFor[InstructionSet]():
		return InstructionSet(1<<instGotoTable | 1<<instApplyActions), true
	case reflect.TypeFor[FlowFlags]():
		return g.flags(), true
	case reflect.TypeFor[MeterFlags]():
		return MeterKbps | MeterFlags(g.IntN(2))*MeterBurst | MeterFlags(g.IntN(2))*MeterStatistics, true
	case reflect.TypeFor[MonitorFlags]():
		return MonitorInitial | MonitorAdd | MonitorFlags(g.IntN(2))*MonitorActions | MonitorFlags(g.IntN(2))*MonitorOwn, true
	case reflect.TypeFor[TLVMap]():
		return TLVMap{Class: uint16(g.Uint32()), Type: uint8(g.Uint32()), Len: uint8(4 + 4*g.IntN(31)), Index: uint16(g.IntN(64))}, true
	case reflect.TypeFor[MeterConfig]():
		return g.meter(), true
	case reflect.TypeFor[GroupProps]():
		return g.groupProps(), true
	case reflect.TypeFor[TableSet]():
		return TableSet{g.Uint64(), g.Uint64(), g.Uint64(), g.Uint64() >> 1}, true
	case reflect.TypeFor[TableDesc]():
		return TableDesc{Table: uint8(g.Uint32()), Eviction: On, EvictionFlags: g.Uint32N(8), Vacancy: Off}, true
	case reflect.TypeFor[[]Property]():
		if g.v < V14 || g.ovs || g.IntN(2) == 0 {
			return []Property(nil), true
		}
		return []Property{{Type: propExperimenter, Data: []byte{0x12, 0x34, 0x56, 0x78, 0, 0, 0, byte(g.Uint32())}}}, true
	case reflect.TypeFor[[]TableMatchField]():
		return []TableMatchField{
			{Field: flow.FieldIPSrc, Maskable: g.IntN(2) == 0, Wildcard: true}, {Field: flow.FieldTCPDst},
			{Field: flow.FieldEthType}, {Field: flow.FieldIPProto},
		}, true
	case reflect.TypeFor[Message]():
		return Message(&PortMod{Port: 3, Config: PortDown, Mask: PortDown}), true
	}
	return nil, false
}

func (g *generator) flags() (flags FlowFlags) {
	for _, f := range flowFlags {
		if f.from <= g.v && g.v <= f.to && g.IntN(2) == 0 {
			flags |= f.flag
		}
	}
	return flags
}

func (g *generator) meter() MeterConfig {
	m := MeterConfig{Meter: 1 + g.Uint32N(100), Flags: MeterKbps | MeterBurst}
	for range g.IntN(3) {
		m.Bands = append(m.Bands, MeterBand{Type: BandDSCPRemark, Rate: g.Uint32(), Burst: g.Uint32(), PrecLevel: 2})
		m.Bands = append(m.Bands, MeterBand{Type: BandDrop, Rate: g.Uint32(), Burst: g.Uint32()})
	}
	return m
}

func (g *generator) groupProps() (p GroupProps) {
	if !groups15(g.v) || g.IntN(2) == 0 {
		return p
	}
	return GroupProps{Method: "hash", Param: g.Uint64(), Fields: []FieldMask{
		{Field: flow.FieldIPSrc, Mask: flow.U64(0xffffff00)},
		{Field: flow.FieldTCPDst, Mask: flow.U64(0xffff)},
	}}
}

func (g *generator) port() PortNo {
	switch g.IntN(8) {
	case 0:
		return PortLocal
	case 1:
		return PortInPort
	}
	return PortNo(1 + g.IntN(0xfe00))
}

// outFields are fields that any action may read and write.
var outFields = []flow.FieldID{
	flow.FieldReg0, flow.FieldReg0 + 3, flow.FieldReg0 + 15, flow.FieldXReg0 + 1, flow.FieldXXReg0, flow.FieldMetadata, flow.FieldTunID, flow.FieldPktMark,
}

// subfield is a run of at most most bits; experimenter: of a field whose header
// is an experimenter's too.
func (g *generator) subfield(experimenter bool, most int) Subfield {
	ids := outFields
	if experimenter && !g.ovs {
		ids = append(ids[:len(ids):len(ids)], flow.FieldReg0+20, flow.FieldReg0+31)
	}
	id := ids[g.IntN(len(ids))]
	width := flow.FieldByID(id).Bits
	n := 1 + g.IntN(min(most, width))
	return Subfield{Field: id, Ofs: uint16(g.IntN(width - n + 1)), Bits: uint16(n)}
}

// match is a random match whose prerequisites hold.
func (g *generator) match() Match {
	var m Match
	fields := flow.Fields()
	for _, id := range [...]flow.FieldID{flow.FieldEthType, flow.FieldIPProto, flow.FieldCTState} {
		if g.IntN(3) > 0 {
			g.setField(&m, flow.FieldByID(id))
		}
	}
	for range g.IntN(8) {
		f := &fields[g.IntN(len(fields))]
		if f.ID >= flow.FieldXReg0 && f.ID < flow.FieldXXReg0+flow.NumXXRegs || f.ID == flow.FieldInPort ||
			f.ID == flow.FieldPacketType || f.ID == flow.FieldVLANTCI || g.ovs && newerField(f.ID) || fieldPlaces[f.ID].in(m.Mask.Words()) {
			continue // told by other fields
		}
		g.setField(&m, f)
	}
	return m
}

// newerField reports whether Open vSwitch 3.1 does not have a field.
func newerField(id flow.FieldID) bool {
	return id >= flow.FieldReg0+16 && id < flow.FieldReg0+flow.NumRegs ||
		id == flow.FieldPBBISID || id == flow.FieldPBBUCA || id == flow.FieldIPv6ExtHdr
}

// newerAction reports whether Open vSwitch 3.1 does not have an action, or has it
// for its own tests only.
func newerAction(a Action) bool {
	switch a := a.(type) {
	case PushPBB, PopPBB, CopyTTLOut, CopyTTLIn, DebugSlow, DebugRecirc:
		return true
	case Sample:
		return a.Form > 3
	}
	return false
}

// fixedMatch is a random match that OpenFlow 1.0's fixed structure can say.
func (g *generator) fixedMatch() (m Match) {
	m.setInPort(g.port())
	for _, id := range [...]flow.FieldID{flow.FieldEthType, flow.FieldIPProto, flow.FieldTCPDst, flow.FieldEthSrc} {
		if f := flow.FieldByID(id); m.classes().has(f.Prereq) {
			m.SetField(f, map[flow.FieldID]flow.Value{
				flow.FieldEthType: flow.U64(flow.EthTypeIPv4), flow.FieldIPProto: flow.U64(flow.ProtoTCP),
				flow.FieldTCPDst: flow.U64(80), flow.FieldEthSrc: flow.U64(g.Uint64() >> 16),
			}[id], f.Full())
		}
	}
	return m
}

// setField adds a field with a random value, if its prerequisites hold and it has
// a wire form.
func (g *generator) setField(m *Match, f *flow.Field) {
	if f.Wide() {
		for i := range m.Wide {
			if m.Wide[i].Field >= f.ID {
				return
			}
		}
		m.Wide = append(m.Wide, WideField{Field: f.ID, Value: []byte{1, 2, 3, byte(g.Uint32())}})
		return
	}
	if !m.classes().has(f.Prereq) || len(f.Wires) == 0 {
		return
	}
	value := flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}.And(f.Full())
	mask := f.Full()
	switch f.ID {
	case flow.FieldEthType:
		value = flow.U64([]uint64{flow.EthTypeIPv4, flow.EthTypeIPv6, flow.EthTypeARP, flow.EthTypeMPLS, flow.EthTypeNSH}[g.IntN(5)])
	case flow.FieldIPProto:
		value = flow.U64([]uint64{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoICMP, flow.ProtoICMPv6, flow.ProtoSCTP}[g.IntN(5)])
	case flow.FieldCTState:
		value = flow.U64(flow.CTTracked | flow.CTNew)
	case flow.FieldInPortOXM, flow.FieldActsetOutput:
		value = flow.U64(uint64(g.port()))
	case flow.FieldNSHMDType:
		value = flow.U64(1 + g.Uint64N(nshMDTypeMax))
	case flow.FieldNSHTTL:
		value = flow.U64(g.Uint64N(nshTTLMax + 1))
	case flow.FieldARPOp:
		if g.ovs {
			value = value.And(flow.U64(0xff)) // of which Open vSwitch matches one byte
		}
	case flow.FieldVLANVID:
		value = value.Or(flow.U64(flow.VLANPresent))
	default:
		if f.Maskable && g.IntN(2) == 0 {
			mask = flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}.And(f.Full()).Or(flow.U64(1))
		}
	}
	m.SetField(f, value.And(mask), mask)
}

// actions is a random list that may stand anywhere.
func (g *generator) actions() (list []Action) {
	g.depth++
	defer func() { g.depth-- }()
	for range g.IntN(4) {
		makers := actionMakers
		kind := ActionKind(g.IntN(len(makers)))
		if kind >= ActMeter || makers[kind] == nil || kind == ActNAT || g.depth > 2 && (kind == ActClone || kind == ActCT) {
			continue
		}
		a := makers[kind](g)
		if g.ovs && newerAction(a) || !writable(g.v, a) || checkConjunction(append(list[:len(list):len(list)], a)) != nil {
			continue
		}
		list = append(list, a)
	}
	return list
}

// consistent leaves out of a list what does not fit a match.
func (g *generator) consistent(list []Action, m *Match) (out []Action) {
	for _, a := range list {
		more := append(out[:len(out):len(out)], a)
		if CheckActions(more, &CheckParams{Version: V13, Match: &m.Match, Table: TableAll}) == nil {
			out = more
		}
	}
	return out
}

// writable reports whether a version has the action, or others that do the same.
func writable(v Version, a Action) bool {
	_, err := appendActions(context{v: v, dialect: plainDialect, t: codec}, nil, []Action{a})
	return err == nil
}
