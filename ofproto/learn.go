package ofproto

import (
	"reflect"
	"slices"
	"sync/atomic"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// learnFlow makes a flow of the packet (ovs-actions(7), learn). A flow that is
// there already, just so, is kept alive by every packet that would make it.
func (x *xlate) learnFlow(a openflow.Learn) {
	m := x.flowOf(&a)
	s := m.Match.Sparse()
	b := x.bridge
	if !x.sw.tables.TryLock() {
		// A large change is under way, which a packet does not wait for: the next
		// one of the flow learns.
		x.result.NoCache = true
		return
	}
	old, own, room := b.findLearned(m, s, x.version), x.learnedBefore(m, s), true
	isNew := old == nil && own == nil
	if isNew && a.Limit > 0 {
		room = b.table(m.Table).withCookie(m.Cookie)+x.learnedNew(m) < int(a.Limit)
	}
	x.sw.tables.Unlock()
	if a.Flags&openflow.LearnWriteResult != 0 {
		done := flow.Value{}
		if !isNew || room {
			done = flow.U64(1)
		}
		x.writeSubfield(a.ResultDst, done)
	}
	switch {
	case own != nil && own.flow.Cookie == m.Cookie && reflect.DeepEqual(own.flow.Actions, m.Actions):
	case own == nil && old != nil && old.cookie == m.Cookie && reflect.DeepEqual(old.actions, m.Actions):
		x.result.Credits = append(x.result.Credits, refresh{old})
	case len(x.learned) == maxLearned:
		x.abort(datapath.DropTooManyActions)
	case !isNew || room:
		e := &learnEffect{bridge: b, flow: m, match: s, limit: a.Limit, isNew: isNew}
		x.result.Effects = append(x.result.Effects, e)
		x.learned = append(x.learned, e)
		// A packet that says one thing and then another says both every time.
		x.result.NoCache = x.result.NoCache || own != nil
	}
}

// learnedBefore is the flow of m's match and priority that this very packet has
// learned, as it is after the last time.
func (x *xlate) learnedBefore(m *openflow.FlowMod, s flow.Sparse) (found *learnEffect) {
	for _, e := range x.learned {
		if e.bridge == x.bridge && e.flow.Table == m.Table && e.flow.Priority == m.Priority && e.match.Equal(s) {
			found = e
		}
	}
	return found
}

// learnedNew is the number of flows with m's cookie that this very packet adds.
func (x *xlate) learnedNew(m *openflow.FlowMod) (n int) {
	for _, e := range x.learned {
		if e.isNew && e.bridge == x.bridge && e.flow.Table == m.Table && e.flow.Cookie == m.Cookie {
			n++
		}
	}
	return n
}

// taught is the flow that the packet itself has just made in table n, where it
// comes before the rule that the packet would match there. Such a verdict is the
// packet's alone.
func (x *xlate) taught(n uint8, r *Rule) *learnEffect {
	var found *learnEffect
	for _, e := range x.learned {
		if e.bridge != x.bridge || e.flow.Table != n || !e.match.Matches(&x.p) {
			continue
		}
		if found != nil && found.flow.Priority > e.flow.Priority {
			continue
		}
		if r == nil || r.priority < e.flow.Priority || r.priority == e.flow.Priority && r.match().Equal(e.match) {
			found = e
		}
	}
	if found != nil {
		x.result.NoCache = true
	}
	return found
}

// refresh keeps a learned rule alive: its hard timeout counts from the last hit.
type refresh struct{ rule *Rule }

// Credit implements datapath.Credit.
func (r refresh) Credit(h datapath.Hits) {
	if c := r.rule.counts; c.refreshed.Load() < h.Used {
		c.refreshed.Store(h.Used)
	}
}

// flowOf is the flow that a learn action makes of the packet.
func (x *xlate) flowOf(a *openflow.Learn) *openflow.FlowMod {
	m := &openflow.FlowMod{
		Command: openflow.FlowAdd, Table: a.Table, Priority: a.Priority, Cookie: a.Cookie,
		IdleTimeout: a.IdleTimeout, HardTimeout: a.HardTimeout,
		Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny,
	}
	if a.Flags&openflow.LearnSendFlowRemoved != 0 {
		m.Flags |= openflow.FlowSendRemoved
	}
	if a.FinIdle|a.FinHard != 0 {
		m.Actions = append(m.Actions, openflow.FinTimeout{Idle: a.FinIdle, Hard: a.FinHard})
	}
	for i := range a.Specs {
		x.learnSpec(m, &a.Specs[i])
	}
	return m
}

// learnSpec adds one match field or action to a learned flow.
func (x *xlate) learnSpec(m *openflow.FlowMod, s *openflow.LearnSpec) {
	v := s.Value
	if s.From {
		v = x.read(s.SrcField)
	}
	switch s.Dst {
	case openflow.LearnOutput:
		m.Actions = append(m.Actions, openflow.Output{Port: portOf(v), MaxLen: noLimit})
		return
	case openflow.LearnLoad:
		m.Actions = append(m.Actions, openflow.SetField{Field: s.DstField.Field, Form: openflow.FormLoad,
			Value: v.Shl(int(s.DstField.Ofs)), Mask: flow.Ones(int(s.Bits)).Shl(int(s.DstField.Ofs))})
		return
	}
	f := flow.FieldByID(s.DstField.Field)
	_, mask, _ := m.Match.Field(f)
	old, _, _ := m.Match.Field(f)
	bits := flow.Ones(int(s.Bits)).Shl(int(s.DstField.Ofs))
	m.Match.SetField(f, old.AndNot(bits).Or(v.Shl(int(s.DstField.Ofs)).And(bits)), mask.Or(bits))
}

// findLearned is the rule that a learned flow is or replaces. The caller holds
// Switch.tables.
func (b *Bridge) findLearned(m *openflow.FlowMod, s flow.Sparse, version uint64) *Rule {
	if t := b.tables[m.Table].Load(); t != nil {
		return t.find(s, m.Priority, version)
	}
	return nil
}

// learnEffect adds a learned flow, or changes the one that there is.
type learnEffect struct {
	bridge *Bridge
	flow   *openflow.FlowMod
	match  flow.Sparse
	limit  uint32
	isNew  bool        // for all that the translation knows
	counts *ruleCounts // of the rule that was made
}

// Credit implements datapath.Credit: the packet that makes a flow may be its
// first.
func (e *learnEffect) Credit(h datapath.Hits) {
	if e.counts != nil {
		e.counts.add(h)
	}
}

func (e *learnEffect) commit(s *Switch, now int64) {
	if !s.tables.TryLock() {
		s.touch(settingsTag) // so that the next packet of the flow learns
		return
	}
	c := e.bridge.begin("", now)
	var err error
	switch old := e.bridge.findLearned(e.flow, e.match, c.version); {
	case old != nil:
		e.counts = c.modifyRule(old, e.flow.Actions, e.flow.Cookie).counts
		e.counts.refreshed.Store(now)
	case e.limit == 0 || e.bridge.table(e.flow.Table).withCookie(e.flow.Cookie) < int(e.limit):
		if err = c.add(e.flow, e.match); err == nil {
			e.counts = c.inserted[len(c.inserted)-1].counts
		}
	}
	if err != nil { // a full table: the next packet tries again
		c.abort()
		return
	}
	c.commit()
	s.wake()
}

// learnKey is what flows learned with delete_learned are known by.
type learnKey struct {
	table  uint8
	cookie uint64
}

// countLearners notes that a flow with these actions came or went.
func (c *change) countLearners(actions []openflow.Action, by int) {
	for a := range everyAction(actions) {
		learn, is := a.(openflow.Learn)
		if !is || learn.Flags&openflow.LearnDeleteLearned == 0 {
			continue
		}
		k := learnKey{learn.Table, learn.Cookie}
		if c.bridge.learners[k] += by; c.bridge.learners[k] == 0 {
			delete(c.bridge.learners, k)
		}
		if by < 0 && !slices.Contains(c.orphans, k) {
			c.orphans = append(c.orphans, k)
		}
	}
}

// dropOrphans removes what was learned by flows that are gone now, the last of
// their kind. What goes may have learned in its turn.
func (c *change) dropOrphans() {
	for len(c.orphans) > 0 {
		k := c.orphans[0]
		c.orphans = c.orphans[1:]
		if c.bridge.learners[k] > 0 {
			continue
		}
		t := c.bridge.tables[k.table].Load()
		if t == nil {
			continue
		}
		var gone []*Rule
		t.all(c.version, func(r *Rule) {
			if r.cookie == k.cookie {
				gone = append(gone, r)
			}
		})
		for _, r := range gone {
			c.remove(r, openflow.RemovedDelete)
		}
	}
}

// finTimeout lowers the timeouts of the packet's flow at the end of a TCP
// connection (ovs-actions(7), fin_timeout).
func (x *xlate) finTimeout(a openflow.FinTimeout) {
	f := flow.FieldByID(flow.FieldTCPFlags)
	if x.rule == nil || !x.exists(f) {
		return
	}
	const finOrRST = 1 | 4
	x.lookBits(f, flow.U64(finOrRST))
	if x.p.TCPFlags&finOrRST == 0 {
		return
	}
	e := finEffect{x.rule, a}
	if old := x.rule.loadTimeouts(); e.lowered(old) != old {
		x.result.Effects = append(x.result.Effects, e)
	}
}

type finEffect struct {
	rule *Rule
	to   openflow.FinTimeout
}

func (e finEffect) lowered(t timeouts) timeouts {
	lower := func(old, to uint16) uint16 {
		if to != 0 && (old == 0 || old > to) {
			return to
		}
		return old
	}
	return timeouts{lower(t.idle, e.to.Idle), lower(t.hard, e.to.Hard)}
}

func (e finEffect) commit(s *Switch, _ int64) {
	if !s.tables.TryLock() {
		s.touch(settingsTag)
		return
	}
	defer s.tables.Unlock()
	r := e.rule
	if !r.table.rules.Visible(r.id, s.version.Load()) {
		return // it went meanwhile
	}
	t := e.lowered(r.loadTimeouts())
	atomic.StoreUint32(&r.timeouts, makeTimeouts(t.idle, t.hard))
	r.table.bridge.watchTimeouts(r)
}
