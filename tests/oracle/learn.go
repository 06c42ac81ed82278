package oracle

import (
	"reflect"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// learn makes a flow of the packet.
func (w *walk) learn(a *openflow.Learn) {
	if w.dead {
		w.unknown("learn of a packet that could not be changed")
		return
	}
	n := &rule{FlowMod: openflow.FlowMod{Table: a.Table, Priority: a.Priority, Cookie: a.Cookie}}
	for i := range a.Specs {
		w.learnSpec(&n.FlowMod, &a.Specs[i])
	}
	old := w.standing(n)
	room := old != nil || a.Limit == 0 || w.learnedWith(a) < int(a.Limit)
	if old == nil && a.Limit != 0 && w.learnedNow(a) {
		// Which flow gets the room depends on which copy of the packet is looked
		// into again.
		w.unknown("learn twice under a limit")
	}
	if a.Flags&openflow.LearnWriteResult != 0 {
		w.write(a.ResultDst, flow.U64(map[bool]uint64{true: 1}[room]))
	}
	if room {
		if i := slices.IndexFunc(w.o.learned, func(l learned) bool { return l.rule == old }); i >= 0 {
			if w.o.learned[i].by != w && !reflect.DeepEqual(old.Actions, n.Actions) {
				// What stays is of the copy that comes last, and copies that are looked
				// into again come later than the reference has them.
				w.unknown("two copies that learn one flow differently")
			}
			old.Actions, old.Cookie = n.Actions, n.Cookie
			return
		}
		if w.foundBy(n) {
			w.unknown("a copy may see what is learned after it")
		}
		w.o.learned = append(w.o.learned, learned{w.bridge, n, w})
	}
}

// foundBy reports whether a copy that the packet has sent before finds the new flow if it
// is looked into again, which comes after all that the packet does.
func (w *walk) foundBy(n *rule) bool {
	t := w.bridge.table(n.Table)
	return slices.ContainsFunc(w.o.searches, func(s search) bool {
		return s.table == t && !s.by.precedes(w) && n.Match.Matches(&s.view) && (s.found == nil || s.found.Priority <= n.Priority)
	})
}

// standing is the flow that the new one replaces.
func (w *walk) standing(n *rule) *rule {
	for _, l := range w.o.learned {
		if l.bridge == w.bridge && l.rule.Table == n.Table && l.rule.Priority == n.Priority && l.rule.Match.Equal(&n.Match.Match) {
			return l.rule
		}
	}
	for _, r := range w.bridge.table(n.Table).rules {
		if r.Priority == n.Priority && r.Match.Equal(&n.Match.Match) {
			return r
		}
	}
	return nil
}

// learnedWith is the number of flows with the cookie in the table.
func (w *walk) learnedWith(a *openflow.Learn) (n int) {
	for _, r := range w.bridge.table(a.Table).rules {
		if r.Cookie == a.Cookie {
			n++
		}
	}
	for _, l := range w.o.learned {
		if l.bridge == w.bridge && l.rule.Table == a.Table && l.rule.Cookie == a.Cookie {
			n++
		}
	}
	return n
}

// learnedNow reports whether the packet has learned a flow that counts toward a's
// limit.
func (w *walk) learnedNow(a *openflow.Learn) bool {
	return slices.ContainsFunc(w.o.learned, func(l learned) bool {
		return l.bridge == w.bridge && l.rule.Table == a.Table && l.rule.Cookie == a.Cookie
	})
}

func (w *walk) learnSpec(m *openflow.FlowMod, s *openflow.LearnSpec) {
	v := s.Value
	if s.From {
		v = w.read(s.SrcField)
	}
	bits := flow.Ones(int(s.Bits))
	switch s.Dst {
	case openflow.LearnOutput:
		m.Actions = append(m.Actions, openflow.Output{Port: portOf(v), MaxLen: 0xffff})
		return
	case openflow.LearnLoad:
		ofs := int(s.DstField.Ofs)
		m.Actions = append(m.Actions, openflow.SetField{Field: s.DstField.Field, Value: v.Shl(ofs), Mask: bits.Shl(ofs), Form: openflow.FormLoad})
		return
	}
	f := flow.FieldByID(s.DstField.Field)
	f.Store(&m.Match.Value, v.Shl(int(s.DstField.Ofs)), bits.Shl(int(s.DstField.Ofs)))
	f.Unwildcard(&m.Match.Mask, bits.Shl(int(s.DstField.Ofs)))
	if f.ID == flow.FieldDLVLAN || f.ID == flow.FieldDLVLANPCP || f.ID == flow.FieldVLANPCP {
		w.unknown("learn of a tag")
	}
}
