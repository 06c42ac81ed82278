package openflow

import (
	"errors"
	"testing"

	"vswitch/flow"
)

// matchOf makes a match of fields and their values.
func matchOf(pairs ...any) *flow.Match {
	var m Match
	for i := 0; i < len(pairs); i += 2 {
		setOf(&m, pairs[i].(flow.FieldID), uint64(pairs[i+1].(int)))
	}
	return &m.Match
}

func TestCheckActions(t *testing.T) {
	unknown := matchOf()
	ip := matchOf(flow.FieldEthType, flow.EthTypeIPv4)
	ipv6 := matchOf(flow.FieldEthType, flow.EthTypeIPv6)
	tcp := matchOf(flow.FieldEthType, flow.EthTypeIPv4, flow.FieldIPProto, flow.ProtoTCP)
	udp := matchOf(flow.FieldEthType, flow.EthTypeIPv4, flow.FieldIPProto, flow.ProtoUDP)
	later := matchOf(flow.FieldEthType, flow.EthTypeIPv4, flow.FieldIPProto, flow.ProtoTCP, flow.FieldIPFrag, 3)
	arp := matchOf(flow.FieldEthType, flow.EthTypeARP)
	mpls := matchOf(flow.FieldEthType, flow.EthTypeMPLS)
	tagged := matchOf(flow.FieldDLVLAN, 5)
	invalid := matchOf(flow.FieldEthType, flow.EthTypeIPv4, flow.FieldCTState, flow.CTTracked|flow.CTInvalid)
	tracked := matchOf(flow.FieldEthType, flow.EthTypeIPv4, flow.FieldCTState, flow.CTTracked|flow.CTNew)

	tpDst := set(flow.FieldTCPDst, 80)
	tests := []struct {
		name    string
		match   *flow.Match
		actions []Action
		want    ErrorCode // 0: fine
	}{
		{"no actions", unknown, nil, 0},
		{"TTL of an unknown packet", unknown, []Action{DecTTL{}}, ErrActionMatchInconsistent},
		{"TTL of IPv6", ipv6, []Action{DecTTL{}}, 0},
		{"port of TCP", tcp, []Action{tpDst}, 0},
		{"port of an unknown packet", ip, []Action{tpDst}, ErrActionMatchInconsistent},
		{"TCP's port of UDP", udp, []Action{tpDst}, ErrActionMatchInconsistent},
		{"any transport port", udp, []Action{SetTPDst{80}}, 0},
		{"port of a later fragment", later, []Action{SetTPDst{80}}, ErrActionMatchInconsistent},
		{"IPv4 address of ARP", arp, []Action{set(flow.FieldIPSrc, 1)}, ErrActionMatchInconsistent},
		{"ARP's address", arp, []Action{set(flow.FieldARPSPA, 1)}, 0},
		{"read-only field", ip, []Action{set(flow.FieldIPFrag, 1)}, ErrActionBadSetArgument},
		{"move from what is not there", ip, []Action{Move{Src: Whole(flow.FieldTCPSrc), Dst: Subfield{flow.FieldReg0, 0, 16}}}, ErrActionMatchInconsistent},
		{"move beyond a field", ip, []Action{Move{Src: Subfield{flow.FieldIPSrc, 20, 16}, Dst: Subfield{flow.FieldReg0, 0, 16}}}, ErrActionBadSetLen},
		{"output to a field", tcp, []Action{OutputReg{Src: Whole(flow.FieldTCPDst)}}, 0},

		{"MPLS after push", ip, []Action{PushMPLS{flow.EthTypeMPLS}, SetMPLSLabel{5}, set(flow.FieldMPLSLabel, 5)}, 0},
		{"IP under a new label", ip, []Action{PushMPLS{flow.EthTypeMPLS}, DecTTL{}}, ErrActionMatchInconsistent},
		{"IP after pop", mpls, []Action{PopMPLS{flow.EthTypeIPv4}, DecTTL{}}, 0},
		{"pop of no label", ip, []Action{PopMPLS{flow.EthTypeIPv4}}, ErrActionMatchInconsistent},
		{"PBB", ip, []Action{PushPBB{flow.EthTypePBB}, set(flow.FieldPBBISID, 5), PopPBB{}}, 0},

		{"tag of an unknown packet", unknown, []Action{PopVLAN{}}, ErrActionMatchInconsistent},
		{"tag of a tagged packet", tagged, []Action{PopVLAN{}}, 0},
		{"second tag of one", tagged, []Action{PopVLAN{}, PopVLAN{}}, ErrActionMatchInconsistent},
		{"two tags", unknown, []Action{PushVLAN{flow.EthTypeVLAN}, PushVLAN{flow.EthTypeSVLAN}, PopVLAN{}, PopVLAN{}}, 0},
		{"three tags", unknown, []Action{PushVLAN{flow.EthTypeVLAN}, PushVLAN{flow.EthTypeVLAN}, PushVLAN{flow.EthTypeVLAN}}, ErrActionBadTag},
		{"vlan_vid of no tag", unknown, []Action{set(flow.FieldVLANVID, 0x1005)}, ErrActionMatchInconsistent},
		{"vlan_vid after push", unknown, []Action{PushVLAN{flow.EthTypeVLAN}, set(flow.FieldVLANVID, 0x1005)}, 0},
		{"mod_vlan_vid pushes", unknown, []Action{SetVLANVID{5, true}, SetVLANPCP{PCP: 3}}, 0},
		{"set_vlan_vid does not", unknown, []Action{SetVLANVID{5, false}}, ErrActionMatchInconsistent},
		{"vlan_tci makes a tag", unknown, []Action{set(flow.FieldVLANTCI, 0x1005), set(flow.FieldVLANPCP, 3)}, 0},

		{"NSH after encap", ip, []Action{Encap{PacketType: PacketTypeNSH}, DecNSHTTL{}, set(flow.FieldNSHSPI, 5)}, 0},
		{"IP under NSH", ip, []Action{Encap{PacketType: PacketTypeNSH}, DecTTL{}}, ErrActionMatchInconsistent},
		{"IP without Ethernet", ip, []Action{Decap{PacketTypeNext}, DecTTL{}}, 0},
		{"Ethernet without Ethernet", ip, []Action{Decap{PacketTypeNext}, set(flow.FieldEthSrc, 5)}, ErrActionMatchInconsistent},
		{"tag without Ethernet", ip, []Action{Decap{PacketTypeNext}, PushVLAN{flow.EthTypeVLAN}}, ErrActionMatchInconsistent},
		{"MPLS without Ethernet", mpls, []Action{Decap{PacketTypeNext}, DecMPLSTTL{}}, 0},
		{"pop_mpls without Ethernet", mpls, []Action{Decap{PacketTypeNext}, PopMPLS{flow.EthTypeIPv4}}, ErrActionMatchInconsistent},
		{"pop_mpls of a new Ethernet header", mpls, []Action{Decap{PacketTypeNext}, Encap{PacketType: PacketTypeEthernet}, PopMPLS{flow.EthTypeIPv4}}, 0},

		{"ct of an unknown packet", unknown, []Action{CT{}}, ErrActionMatchInconsistent},
		{"ct", ip, []Action{CT{Flags: CTCommit, Actions: []Action{NAT{Flags: NATSrc, Range: NATRangeIPv4Min}}}}, 0},
		{"IPv4 nat of IPv6", ipv6, []Action{CT{Flags: CTCommit, Actions: []Action{NAT{Flags: NATSrc, Range: NATRangeIPv4Min}}}}, ErrActionMatchInconsistent},
		{"commit of invalid packets", invalid, []Action{CT{Flags: CTCommit}}, ErrActionMatchInconsistent},
		{"FTP over UDP", udp, []Action{CT{ALG: 21}}, ErrActionMatchInconsistent},
		{"ct(exec) on a register", ip, []Action{CT{Flags: CTCommit, Actions: []Action{set(flow.FieldReg0, 5)}}}, ErrActionBadSetArgument},
		{"ct(exec) without commit", ip, []Action{CT{Actions: []Action{set(flow.FieldCTMark, 5)}}}, ErrActionBadArgument},
		{"resubmit with ct", ip, []Action{Resubmit{Table: 2, CT: true}}, ErrActionMatchInconsistent},
		{"resubmit with ct of a tracked packet", tracked, []Action{Resubmit{Table: 2, CT: true}}, 0},

		{"learn without prerequisites", ip, []Action{Learn{Specs: []LearnSpec{
			{Dst: LearnMatch, Bits: 32, From: true, SrcField: Whole(flow.FieldIPSrc), DstField: Whole(flow.FieldIPDst)},
		}}}, ErrActionMatchInconsistent},
		{"learn", ip, []Action{Learn{Specs: []LearnSpec{
			{Dst: LearnMatch, Bits: 16, Value: flow.U64(flow.EthTypeIPv4), DstField: Whole(flow.FieldEthType)},
			{Dst: LearnMatch, Bits: 32, From: true, SrcField: Whole(flow.FieldIPSrc), DstField: Whole(flow.FieldIPDst)},
		}}}, 0},

		{"goto_table forward", unknown, []Action{GotoTable{4}}, 0},
		{"goto_table to itself", unknown, []Action{GotoTable{3}}, ErrInstructionBadTableID},
		{"goto_table beyond the last", unknown, []Action{GotoTable{10}}, ErrInstructionBadTableID},
		{"goto_table before an action", unknown, []Action{GotoTable{4}, Output{Port: 1}}, ErrActionUnsupportedOrder},
		{"instruction twice", unknown, []Action{ClearActions{}, ClearActions{}}, ErrActionUnsupportedOrder},
		{"meter after an action", unknown, []Action{Output{Port: 1}, Meter{ID: 1}}, ErrActionUnsupportedOrder},
		{"meter 0", unknown, []Action{Meter{}}, ErrMeterModInvalidMeter},
		{"conjunction", unknown, []Action{Conjunction{Of: 2}, Note{}}, 0},
		{"conjunction beside an output", unknown, []Action{Conjunction{Of: 2}, Output{Port: 1}}, ErrNXActionBadConjunction},
		{"reserved port", unknown, []Action{Output{Port: 0xffffff01}}, ErrActionBadOutPort},
		{"action set", unknown, []Action{WriteActions{[]Action{DecTTL{}, PopVLAN{}}}}, 0},
		{"field in an action set", unknown, []Action{WriteActions{[]Action{tpDst}}}, ErrActionMatchInconsistent},
		{"note in an action set", unknown, []Action{WriteActions{[]Action{Note{}}}}, ErrActionBadType},
		{"clone keeps the packet", ip, []Action{Clone{[]Action{PushMPLS{flow.EthTypeMPLS}}}, DecTTL{}}, 0},
		{"clone", unknown, []Action{Clone{[]Action{DecTTL{}}}}, ErrActionMatchInconsistent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := CheckActions(test.actions, &CheckParams{Version: V13, Match: test.match, Table: 3, Tables: 10})
			switch {
			case test.want == 0 && err != nil:
				t.Error(err)
			case test.want != 0 && !errors.Is(err, test.want):
				t.Errorf("%v, want %s", err, test.want)
			}
			if test.want == ErrActionMatchInconsistent || test.want == 0 {
				err := CheckActions(test.actions, &CheckParams{Version: V10, Match: test.match, Table: 3, Tables: 10})
				if err != nil && test.want == 0 {
					t.Errorf("in OpenFlow 1.0: %v", err)
				}
			}
		})
	}
}

// TestOpenFlow10MindsLess: actions that apply to no packet may stand there.
func TestOpenFlow10MindsLess(t *testing.T) {
	for _, a := range []Action{DecTTL{}, PopVLAN{Strip: true}, SetIPSrc{1}, SetTPDst{80}, FinTimeout{}, SetMPLSLabel{5}} {
		if err := CheckActions([]Action{a}, &CheckParams{Version: V10, Match: matchOf(), Table: TableAll}); err != nil {
			t.Errorf("%s: %v", a.ActionKind(), err)
		}
	}
}

// TestNoMatchContradictsNothing is for packet-outs and groups, whose packets are
// not known.
func TestNoMatchContradictsNothing(t *testing.T) {
	p := &CheckParams{Version: V13, Table: TableAll}
	many := make([]Action, 0, 2*MaxActionDepth)
	for range cap(many) {
		many = append(many, Clone{[]Action{DecTTL{}}}, set(flow.FieldTCPDst, 80))
	}
	if err := CheckActions(many, p); err != nil {
		t.Error(err)
	}
	if err := CheckActions([]Action{Output{Port: 0xffffff01}}, p); !errors.Is(err, ErrActionBadOutPort) {
		t.Errorf("output to a reserved port: %v", err)
	}
}

func TestCheckActionsIsBounded(t *testing.T) {
	list := []Action{Output{Port: 1}}
	for range 100 {
		list = []Action{Clone{Actions: list}}
	}
	if err := CheckActions(list, &CheckParams{Version: V13, Table: TableAll}); !errors.Is(err, ErrActionBadArgument) {
		t.Errorf("%v, want a refusal", err)
	}
}

// TestSetVLANWithoutPresent: a load of a tag's VLAN id need not name the bit that
// says there is a tag; OpenFlow 1.5's set_field, which tells of it, has to.
func TestSetVLANWithoutPresent(t *testing.T) {
	load := SetField{Field: flow.FieldVLANVID, Form: FormLoad, Value: flow.U64(3), Mask: flow.U64(0xfff)}
	for v := V10; v <= V15; v++ {
		b, err := Append(nil, v, 1, &FlowMod{Buffer: NoBuffer, OutPort: PortAny, OutGroup: GroupAny, Actions: []Action{load}})
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		_, m, err := Decode(b)
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		if a := m.(*FlowMod).Actions[0].(SetField); a.Field != flow.FieldVLANVID || a.Value.Lo&0xfff != 3 || a.Mask.Lo&0xfff != 0xfff {
			t.Errorf("%v: %+v", v, a)
		}
	}
}
