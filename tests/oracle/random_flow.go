package oracle

import (
	"fmt"
	"math/rand/v2"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// tables makes random flows and groups about some sample packets.
type tables struct {
	*rand.Rand
	samples    []view
	compatible bool // with Open vSwitch
	sets       bool // compatible: action sets, and no clones
	metered    bool // there are meters
}

func (g tables) one(n int) bool { return g.IntN(n) == 0 }

// numTables is how many tables random flows use.
const numTables = 6

// flows are n flows as lines of ovs-ofctl's syntax, for tables of one bridge.
func (g tables) flows(n int) []string {
	order := g.Perm(10*n + 30)
	var lines []string
	for i := range n {
		table := 0
		if i >= n/3 {
			table = g.IntN(numTables)
		}
		m := g.match()
		line := fmt.Sprintf("table=%d,priority=%d,cookie=%d", table, 10+order[i], i+1)
		if s := text.AppendMatch(nil, &openflow.Match{Match: *m}, text.PrintOptions{}); len(s) > 0 {
			line += "," + string(s)
		}
		for tries := 0; ; tries++ {
			actions := text.AppendActions(nil, g.program(table), text.PrintOptions{})
			// What needs something of the match that is not in it is refused.
			if _, err := text.ParseFlow(line+",actions="+string(actions), text.Options{}); err == nil {
				lines = append(lines, line+",actions="+string(actions))
				break
			}
			if tries == 50 { // of the match itself, then
				break
			}
		}
	}
	if !g.compatible && g.one(3) {
		for i := range 1 + g.IntN(3) {
			p := []int{10 + order[n+3*i], 10 + order[n+3*i+1], 10 + order[n+3*i+2]}
			lines = append(lines, g.conjunctions([]int{0, 0, g.IntN(numTables)}[g.IntN(3)], n+1+20*i, p)...)
		}
	}
	return lines
}

// matchFields are the fields of a packet that are matched.
func matchFields() (ids []flow.FieldID) {
	for id := flow.FieldEthSrc; id <= flow.FieldNSHC4; id++ {
		switch id {
		case flow.FieldIPDSCP, flow.FieldDLVLAN, flow.FieldDLVLANPCP:
			// the same bits have another name
		default:
			ids = append(ids, id)
		}
	}
	return ids
}

// match is a match that some samples fulfil.
func (g tables) match() *flow.Match {
	m := &flow.Match{}
	v := &g.samples[g.IntN(len(g.samples))]
	if g.one(4) {
		f := flow.FieldByID(flow.FieldInPortOXM)
		m.SetField(f, flow.U64(uint64(1+g.IntN(4))), f.Full())
	}
	if g.one(5) {
		f := flow.FieldByID([]flow.FieldID{flow.FieldReg0, flow.FieldReg0 + 1, flow.FieldMetadata, flow.FieldTunID, flow.FieldPktMark}[g.IntN(5)])
		mask := g.mask(f)
		m.SetField(f, flow.U64(uint64(g.IntN(4))).And(mask), mask)
	}
	ids := matchFields()
	for range g.IntN(4) {
		f := flow.FieldByID(ids[g.IntN(len(ids))])
		for tries := 0; !f.Exists(&v.Pipeline, nil) && tries < 20; tries++ {
			f = flow.FieldByID(ids[g.IntN(len(ids))])
		}
		if f.Exists(&v.Pipeline, nil) {
			g.matchOn(m, f, v)
		}
	}
	return m
}

// matchOn adds a field to a match, and what it needs.
func (g tables) matchOn(m *flow.Match, f *flow.Field, v *view) {
	exact := func(id flow.FieldID) {
		f := flow.FieldByID(id)
		m.SetField(f, f.Load(&v.Pipeline), f.Full())
	}
	if f.Prereq != flow.PrereqNone && f.Prereq != flow.PrereqEthernet && f.Prereq != flow.PrereqVLAN {
		exact(flow.FieldEthType)
	}
	switch f.Prereq {
	case flow.PrereqVLAN:
		tci := flow.FieldByID(flow.FieldVLANTCI)
		m.SetField(tci, flow.U64(0x1000), flow.U64(0x1000))
	case flow.PrereqNDAdvert, flow.PrereqNDSolicit, flow.PrereqND:
		exact(flow.FieldICMPv6Type)
		exact(flow.FieldICMPv6Code)
		exact(flow.FieldIPProto)
	case flow.PrereqTCP, flow.PrereqUDP, flow.PrereqSCTP, flow.PrereqICMPv4, flow.PrereqICMPv6:
		exact(flow.FieldIPProto)
	}
	if _, _, kind := m.Field(f); kind != flow.MatchNone {
		return
	}
	value := f.Load(&v.Pipeline)
	if g.one(6) {
		value.Lo ^= 1 << g.IntN(max(1, min(f.Bits, 63)))
	}
	mask := g.mask(f)
	if tci := value.And(mask).Lo; f.ID == flow.FieldVLANTCI && tci&flow.VLANPresent == 0 && tci&0xfff != 0 {
		value.Lo |= flow.VLANPresent // without it no packet could match, and flow-mods are refused
	}
	m.SetField(f, value.And(mask), mask)
}

// mask is a mask that the field can have.
func (g tables) mask(f *flow.Field) flow.Value {
	full := f.Full()
	if !f.Maskable || g.one(3) {
		return full
	}
	m := flow.Value{Hi: g.Uint64(), Lo: g.Uint64()}
	switch {
	case g.one(3): // a prefix
		m = flow.Ones(f.Bits).AndNot(flow.Ones(g.IntN(f.Bits)))
	case g.one(3):
		m = m.And(flow.Value{Hi: g.Uint64(), Lo: g.Uint64()})
	}
	if m = m.And(full); m.IsZero() {
		return full
	}
	if f.ID == flow.FieldVLANTCI {
		// OpenFlow 1.5 tells of vlan_vid and vlan_pcp, and of the latter all or none.
		return flow.U64([]uint64{0xffff, 0x1fff, 0x1000, 0xf000}[g.IntN(4)])
	}
	return m
}

// groups are groups 1 to 4 as lines of ovs-ofctl's syntax. A group leads only to
// ones before it.
func (g tables) groups() (lines []string) {
	for id := 1; id <= 4; id++ {
		kind := []string{"all", "select", "indirect", "ff"}[g.IntN(4)]
		if g.compatible && kind == "select" {
			kind = "all" // the hash is each switch's own
		}
		line := fmt.Sprintf("group_id=%d,type=%s", id, kind)
		n := 1
		if kind != "indirect" {
			n = g.IntN(4)
		}
		for range n {
			line += ",bucket="
			if kind == "select" {
				line += fmt.Sprintf("weight:%d,", g.IntN(3))
			}
			if kind == "ff" || g.one(8) && kind == "select" {
				line += fmt.Sprintf("watch_port:%d,", []int{1, 2, 77}[g.IntN(3)])
			}
			var actions []openflow.Action
			for range g.IntN(3) {
				if a := g.action(0); inActionSet(a) && a.ActionKind() != openflow.ActGroup && !(g.compatible && a.ActionKind() == openflow.ActPushVLAN) {
					actions = append(actions, a)
				}
			}
			if id > 1 && g.one(4) {
				actions = append(actions, openflow.Group{ID: uint32(1 + g.IntN(id-1))})
			} else {
				actions = append(actions, openflow.Output{Port: g.port(), MaxLen: 0xffff})
			}
			line += "actions=" + string(text.AppendActions(nil, actions, text.PrintOptions{}))
		}
		if _, err := text.ParseGroup(line, openflow.GroupAdd, text.Options{}); err == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

func (g tables) port() openflow.PortNo {
	switch g.IntN(14) {
	case 0:
		if !g.compatible { // it may loop, and ends at a limit
			return openflow.PortInPort
		}
	case 1:
		return openflow.PortFlood
	case 2:
		return openflow.PortAll
	case 3, 4:
		return openflow.PortNormal
	case 5:
		return 77
	case 6:
		return openflow.PortController
	case 7:
		return 5 // the patch port
	}
	return openflow.PortNo(1 + g.IntN(4))
}

// program is the actions and instructions of a flow of a table.
func (g tables) program(table int) (list []openflow.Action) {
	if g.metered && g.one(5) {
		// What comes after a packet that a meter drops is the switch's own matter, so
		// not much does here.
		list = append(list, openflow.Meter{ID: uint32(1 + g.IntN(numMeters))})
		for range g.IntN(3) {
			list = append(list, g.setField())
		}
		return append(list, openflow.Output{Port: openflow.PortNo(1 + g.IntN(4)), MaxLen: 0xffff})
	}
	for range g.IntN(5) {
		a := g.action(table)
		if !g.compatible && g.one(40) {
			list = append(list, g.encaps()...)
		}
		list = append(list, a)
		if a.ActionKind() == openflow.ActPushVLAN && g.compatible {
			// What a new tag starts with differs.
			list = append(list, openflow.SetVLANVID{VID: uint16(1 + g.IntN(4))}, openflow.SetVLANPCP{PCP: uint8(g.IntN(8))})
		}
	}
	if g.one(2) {
		list = append(list, openflow.Output{Port: g.port(), MaxLen: 0xffff})
	}
	if g.one(30) {
		return append(list, openflow.Exit{})
	}
	if g.one(12) && !g.compatible {
		list = append(list, openflow.ClearActions{})
	}
	if g.one(5) && (g.sets || !g.compatible) {
		set := []openflow.Action{openflow.Output{Port: g.port(), MaxLen: 0xffff}}
		if g.compatible {
			set[0] = openflow.Output{Port: openflow.PortNo(1 + g.IntN(5)), MaxLen: 0xffff}
		}
		for range g.IntN(4) {
			if a := g.action(table); inActionSet(a) && !(g.compatible && a.ActionKind() == openflow.ActPushVLAN) {
				set = append(set, a)
			}
		}
		list = append(list, openflow.WriteActions{Actions: set})
	}
	if g.one(5) {
		mask := uint64(g.IntN(8))
		list = append(list, openflow.WriteMetadata{Metadata: g.Uint64() & mask, Mask: mask})
	}
	if table < numTables-1 && !g.one(3) {
		list = append(list, openflow.GotoTable{Table: uint8(table + 1 + g.IntN(numTables-1-table))})
	}
	return list
}

// inActionSet reports whether the action may be in an action set.
func inActionSet(a openflow.Action) bool {
	switch a.(type) {
	case openflow.SetField, openflow.PushVLAN, openflow.PopVLAN, openflow.PushMPLS, openflow.PopMPLS, openflow.DecTTL,
		openflow.Move, openflow.SetEthSrc, openflow.SetIPDSCP, openflow.SetVLANVID, openflow.SetTPDst, openflow.DecMPLSTTL, openflow.Group, openflow.PushPBB, openflow.PopPBB, openflow.CopyTTLIn, openflow.CopyTTLOut:
		return true
	}
	return false
}

// types are EtherTypes that packets are given.
var ethTypes = []uint16{packet.EthTypeIPv4, packet.EthTypeIPv6, packet.EthTypeARP, packet.EthTypeMPLS, 0x1234}
