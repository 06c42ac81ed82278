package openflow

import (
	"testing"

	"vswitch/flow"
)

// TestFeaturesOfManyPorts: of ports that are too many for a features reply, which is
// one message, the first are told.
func TestFeaturesOfManyPorts(t *testing.T) {
	for v, most := range map[Version]int{V10: 1364, V11: 1023, V12: 1023, V13: 0} {
		for _, n := range []int{most, most + 1, 3000} {
			m := &FeaturesReply{Ports: make([]Port, n)}
			for i := range m.Ports {
				m.Ports[i] = Port{No: PortNo(i + 1), Name: "p"}
			}
			b, err := Append([]byte("before"), v, 1, m)
			if err != nil {
				t.Errorf("%s: %d ports: %v", v, n, err)
				continue
			}
			_, got, err := Decode(b[len("before"):])
			if err != nil {
				t.Errorf("%s: %d ports: %v", v, n, err)
			} else if ports := got.(*FeaturesReply).Ports; len(ports) != min(n, most) {
				t.Errorf("%s: of %d ports %d are told, want %d", v, n, len(ports), most)
			}
		}
	}
}

// TestActionsBound: no version needs more for a list of actions than its bound.
func TestActionsBound(t *testing.T) {
	g := newGenerator(t)
	for range 5000 {
		for g.v = minVersion; g.v <= maxVersion; g.v++ {
			list := g.actions()
			for v := minVersion; v <= maxVersion; v++ {
				b, err := appendInstructions(tellingContext(v), nil, list)
				if bound := actionsBound(list); err == nil && len(b) > bound {
					t.Fatalf("%s: %+v: %d bytes, bound %d", v, list, len(b), bound)
				}
			}
		}
	}
}

// TestMatchesLeaveRoom: what actions that fit leave is enough for a flow's counters
// and a match on everything.
func TestMatchesLeaveRoom(t *testing.T) {
	var m Match
	fields := flow.Fields()
	for i := range fields {
		f := &fields[i]
		if mask := f.Full().AndNot(flow.U64(1)); f.Maskable && !f.Wide() {
			m.SetField(f, mask, mask)
		}
	}
	for i := range 64 { // which share 256 bytes
		m.Wide = append(m.Wide, WideField{Field: flow.FieldTunMetadata0 + flow.FieldID(i), Value: make([]byte, 4), Mask: make([]byte, 4)})
	}
	actions := []Action{Note{make([]byte, 60000)}}
	for v := minVersion; v <= maxVersion; v++ {
		c := tellingContext(v)
		b, _ := appendInstructions(c, nil, actions)
		for _, nicira := range []bool{false, true} {
			row, err := codec.rowFor(v, &FlowStatsReply{Nicira: nicira})
			if err != nil {
				continue
			}
			m := &FlowStatsReply{Flows: []FlowStats{{Match: m, Actions: actions}}}
			entry, err := row.list.entry(c, nil, m, 0)
			if err != nil {
				t.Errorf("%s: %v", v, err)
			} else if rest := len(entry) - len(b); rest > maxFlowRest {
				t.Errorf("%s: match and counters have %d bytes", v, rest)
			}
		}
	}
}

// outputs are so many outputs, which have 8 bytes in OpenFlow 1.0 and 16 later.
func outputs(n int) []Action {
	list := make([]Action, n)
	for i := range list {
		list[i] = Output{Port: 1}
	}
	return list
}

func TestActionsFit(t *testing.T) {
	tests := []struct {
		name string
		list []Action
		fits bool
	}{
		{"none", nil, true},
		{"most outputs", outputs((MaxActionBytes - 8) / 16), true},
		{"one output more", outputs((MaxActionBytes-8)/16 + 1), false},
		{"as many as OpenFlow 1.0 has room for", outputs(8180), false},
		{"written", []Action{WriteActions{outputs(4000)}}, false},
		{"a long note", []Action{Note{make([]byte, 61000)}}, true},
		{"two notes", []Action{Note{make([]byte, 31000)}, Note{make([]byte, 31000)}}, false},
		{"a clone whose outputs only OpenFlow 1.0 has room for", []Action{Clone{outputs(5000)}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ActionsFit(test.list); got != test.fits {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestGroupFits(t *testing.T) {
	group := func(buckets, actions int) *GroupDesc {
		g := &GroupDesc{Type: GroupTypeSelect, Group: 1, Buckets: make([]Bucket, buckets), Props: GroupProps{Method: "hash"}}
		for i := range g.Buckets {
			g.Buckets[i] = Bucket{ID: uint32(i), Weight: 1, WatchPort: 1, WatchGroup: 1, Actions: outputs(actions)}
		}
		return g
	}
	tests := []struct {
		name string
		g    *GroupDesc
		fits bool
	}{
		{"empty", group(0, 0), true},
		{"many buckets", group(1300, 1), true},
		{"too many buckets", group(1400, 1), false},
		{"many actions", group(1, 4000), true},
		{"too many actions", group(2, 2100), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := GroupFits(test.g); got != test.fits {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestRepliesLeaveOutWhatNoMessageHolds: a flow or group that is too large for any
// message does not hide the others.
func TestRepliesLeaveOutWhatNoMessageHolds(t *testing.T) {
	large, small := outputs(9000), outputs(1)
	flows := &FlowStatsReply{Flows: []FlowStats{{Priority: 1, Actions: small}, {Priority: 2, Actions: large}, {Priority: 3, Actions: small}}}
	groups := &GroupDescReply{}
	for i, list := range [][]Action{large, small, small} {
		groups.Groups = append(groups.Groups, GroupDesc{Group: uint32(i), Buckets: []Bucket{{WatchPort: PortAny, WatchGroup: GroupAny, Actions: list}}})
	}
	for v := minVersion; v <= maxVersion; v++ {
		for _, m := range []Message{flows, groups} {
			b, err := Append(nil, v, 1, m)
			if err != nil {
				t.Errorf("%s: %v", v, err)
				continue
			}
			_, got, err := Decode(b)
			if err != nil {
				t.Errorf("%s: %v", v, err)
				continue
			}
			switch got := got.(type) {
			case *FlowStatsReply:
				if len(got.Flows) != 2 || got.Flows[0].Priority != 1 || got.Flows[1].Priority != 3 {
					t.Errorf("%s: %d flows", v, len(got.Flows))
				}
			case *GroupDescReply:
				if len(got.Groups) != 2 || got.Groups[0].Group != 1 || got.Groups[1].Group != 2 {
					t.Errorf("%s: %d groups", v, len(got.Groups))
				}
			}
		}
	}
}
