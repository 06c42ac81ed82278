package ofproto

import (
	"cmp"
	"slices"

	"vswitch/flow"
	"vswitch/flow/classifier"
	"vswitch/openflow"
)

// flowMod does what a flow-mod says, or nothing where it returns an error. The
// change is visible at once; Settle makes the datapath follow.
func (b *Bridge) flowMod(m *openflow.FlowMod, v openflow.Version, owner string) error {
	if err := b.checkFlowMod(m, v); err != nil {
		return err
	}
	c := b.change(owner, b.sw.now)
	if err := c.apply(m, v); err != nil {
		c.abort()
		return err
	}
	c.commit()
	return nil
}

// checkFlowMod refuses what no state of the tables could make right.
func (b *Bridge) checkFlowMod(m *openflow.FlowMod, v openflow.Version) error {
	if err := checkFlowModAlone(m, v); err != nil || m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict {
		return err
	}
	return meterError(b.checkSupported(m.Actions), v)
}

// checkFlowModAlone refuses what no state of the bridge could make right.
func checkFlowModAlone(m *openflow.FlowMod, v openflow.Version) error {
	if m.Command > openflow.FlowDeleteStrict {
		return openflow.NewError(openflow.ErrFlowModBadCommand, "command %d", m.Command)
	}
	if m.Table == openflow.TableAll && m.Command <= openflow.FlowModifyStrict && v > openflow.V10 {
		return openflow.NewError(openflow.ErrFlowModBadTableID, "only deletions may name all tables")
	}
	if m.Flags&openflow.FlowEmergency != 0 {
		return openflow.NewError(openflow.ErrFlowModTableFull, "there is no emergency flow table")
	}
	if m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict {
		return nil
	}
	if err := checkTold(m.Actions); err != nil {
		return err
	}
	table := m.Table
	if table == openflow.TableAll {
		table = 0
	}
	return meterError(openflow.CheckActions(m.Actions, &openflow.CheckParams{Version: v, Match: &m.Match.Match, Table: table, Tables: NumTables}), v)
}

// change prepares changes of a bridge's tables for the next version. Until
// commit no packet sees them, and abort leaves the tables as they were. It holds
// Switch.tables until one of the two.
type change struct {
	bridge   *Bridge
	now      int64
	version  uint64
	owner    string
	inserted []*Rule
	vanished []removal
	orphans  []learnKey // whose learners are fewer than before

	// For flow monitors: who makes the change, by which message, and what changed.
	by     *Session
	xid    uint32
	events []flowEvent

	// Of a bundle: other changes join it, what cannot be staged waits, and what was
	// done at once, because later steps depend on it, is undone from the last on.
	bundled bool
	later   []func()
	undo    []func()
}

// change begins a change, or while a bundle is applied joins that. A rule's owner
// replaces it as a whole. The caller holds the control lock.
func (b *Bridge) change(owner string, now int64) *change {
	if b.bundle != nil {
		return b.bundle
	}
	b.sw.tables.Lock()
	c := b.begin(owner, now)
	c.by, c.xid = b.acting, b.actingXID
	return c
}

// begin begins a change. The caller holds Switch.tables.
func (b *Bridge) begin(owner string, now int64) *change {
	return &change{bridge: b, now: now, version: b.sw.nextVersion(), owner: owner}
}

// commit makes the changes visible, all in one step.
func (c *change) commit() {
	if c.bundled {
		return // with the bundle
	}
	defer c.bridge.sw.tables.Unlock()
	c.dropOrphans()
	if len(c.inserted)+len(c.vanished) == 0 {
		return
	}
	c.bridge.sw.removed = append(c.bridge.sw.removed, c.vanished...)
	c.bridge.sw.publish()
	c.checkVacancies()
	c.report()
}

// checkVacancies tells controllers of tables whose free space has changed that much.
func (c *change) checkVacancies() {
	var last *Table
	check := func(t *Table) {
		if t != last {
			t.checkVacancy()
		}
		last = t
	}
	for _, r := range c.inserted {
		check(r.table)
	}
	for i := range c.vanished {
		check(c.vanished[i].table)
	}
}

// abort undoes the changes.
func (c *change) abort() {
	if c.bundled {
		return // with the bundle
	}
	defer c.bridge.sw.tables.Unlock()
	for _, v := range c.vanished {
		v.table.rules.Restore(v.id)
		c.arrived(v.rule)
	}
	for _, r := range c.inserted {
		t := r.table
		t.rules.Remove(r.id, c.version)
		c.left(r)
		// No packet has seen it, but a lookup may be standing on it.
		c.bridge.sw.removed = append(c.bridge.sw.removed, removal{rule: r, table: t, id: r.id})
	}
	for _, f := range slices.Backward(c.undo) {
		f()
	}
}

// watchTimeouts notes that a rule has timeouts, or has other ones than before.
func (b *Bridge) watchTimeouts(r *Rule) {
	if r.timeouts == 0 {
		return
	}
	b.timed[r] = struct{}{}
	if e := r.table.evictor; e != nil {
		e.rekey(r)
	}
}

func (c *change) apply(m *openflow.FlowMod, v openflow.Version) error {
	match, err := m.Match.Resolve(c.bridge.tlvs.Load())
	if err != nil {
		return err
	}
	s := match.Sparse()
	switch m.Command {
	case openflow.FlowAdd:
		return c.add(m, s)
	case openflow.FlowModify, openflow.FlowModifyStrict:
		return c.modify(m, s, v)
	default:
		for _, r := range c.find(m, s) {
			c.remove(r, openflow.RemovedDelete)
		}
	}
	return nil
}

// add adds a flow or replaces the one with the same match and priority.
func (c *change) add(m *openflow.FlowMod, s flow.Sparse) error {
	number := m.Table
	if number == openflow.TableAll {
		number = 0
	}
	t := c.bridge.table(number)
	old := t.find(s, m.Priority, c.version)
	if m.Flags&openflow.FlowCheckOverlap != 0 && t.overlaps(s, m.Priority, c.version) {
		return openflow.NewError(openflow.ErrFlowModOverlap, "table %d has an overlapping flow of priority %d", number, m.Priority)
	}
	if old == nil {
		if err := c.makeRoom(t, m.Importance); err != nil {
			return err
		}
	}
	counts := &ruleCounts{}
	if old != nil && m.Flags&openflow.FlowResetCounts == 0 {
		counts = old.counts
	}
	if old != nil {
		c.replace(old)
	}
	r := c.insert(t, s, Rule{
		priority: m.Priority, flags: m.Flags, // all of them are told (OpenFlow 1.3.5 §7.3.5.2)
		owner: c.owner, cookie: m.Cookie, actions: m.Actions,
		timeouts: makeTimeouts(m.IdleTimeout, m.HardTimeout), importance: m.Importance,
		created: c.now, modified: c.now, counts: counts,
	})
	// A flow that an addition replaces is cleared (OpenFlow 1.4.1 §6.4): this one is new.
	c.tell(flowEvent{kind: openflow.FlowEventAdded, rule: r, old: old})
	return nil
}

// addsMissing reports whether a modification that finds nothing adds the flow: it
// does in OpenFlow 1.0 and 1.1 (§4.6 of both; 1.2 took it away) and in Nicira's form,
// unless it chose flows by their cookies or has no cookie to give.
func addsMissing(m *openflow.FlowMod, v openflow.Version) bool {
	if v == openflow.V11 && !m.Nicira {
		return m.CookieMask == 0 && m.NewCookie != ^uint64(0)
	}
	return m.CookieMask == 0 && m.ModifyCookie
}

// modify gives the flows that m names new actions.
func (c *change) modify(m *openflow.FlowMod, s flow.Sparse, v openflow.Version) error {
	found := c.find(m, s)
	if len(found) == 0 && addsMissing(m, v) {
		added := *m
		added.Cookie = m.NewCookie
		return c.add(&added, s)
	}
	for _, old := range found {
		cookie := old.cookie
		if m.ModifyCookie {
			cookie = m.NewCookie
		}
		r := c.modifyRule(old, m.Actions, cookie)
		if m.Flags&openflow.FlowResetCounts != 0 {
			r.beginAnew()
		}
	}
	return nil
}

// modifyRule replaces a rule by one with other actions, which nobody has seen
// yet.
func (c *change) modifyRule(old *Rule, actions []openflow.Action, cookie uint64) *Rule {
	r := *old
	r.actions, r.cookie, r.modified = actions, cookie, c.now
	match := old.match()
	c.replace(old)
	p := c.insert(old.table, match, r)
	c.tell(flowEvent{kind: openflow.FlowEventModified, rule: p, old: old})
	return p
}

func (c *change) insert(t *Table, s flow.Sparse, r Rule) *Rule {
	id := t.rules.Insert(s, int32(r.priority), c.version, clausesOf(r.actions)...)
	p := t.place(id)
	r.table, r.id, r.actions = t, id, c.bridge.sw.shareActions(r.actions)
	*p = r
	c.inserted = append(c.inserted, p)
	c.arrived(p)
	return p
}

// arrived counts a rule that is in its table from now on.
func (c *change) arrived(r *Rule) {
	r.table.n++
	if r.table.evictor != nil {
		r.table.evictor.enter(r)
	}
	r.table.enterCookie(r)
	c.countLearners(r.actions, 1)
	c.bridge.users.enterFlow(r)
	c.bridge.watchTimeouts(r)
}

// left is the reverse of arrived.
func (c *change) left(r *Rule) {
	r.table.n--
	if r.table.evictor != nil {
		r.table.evictor.strike(r)
	}
	r.table.strikeCookie(r)
	c.countLearners(r.actions, -1)
	c.bridge.users.strikeFlow(r)
	delete(c.bridge.timed, r)
}

// replace takes a rule away for another that stands for the same flow: nobody
// is told.
func (c *change) replace(r *Rule) { c.vanish(r, nil) }

// remove takes a rule away for good.
func (c *change) remove(r *Rule, why openflow.RemovedReason) {
	var notify func(*Rule)
	if r.flags&openflow.FlowSendRemoved != 0 {
		notify = func(r *Rule) { c.bridge.flowRemoved(r, why) }
	}
	c.vanish(r, notify)
	c.tell(flowEvent{kind: openflow.FlowEventRemoved, rule: r, reason: why})
}

func (c *change) vanish(r *Rule, notify func(*Rule)) {
	r.table.rules.Remove(r.id, c.version)
	c.left(r)
	c.vanished = append(c.vanished, removal{r, r.table, r.id, notify})
}

// find lists the rules that a modification or deletion names.
func (c *change) find(m *openflow.FlowMod, s flow.Sparse) (found []*Rule) {
	strict := m.Command == openflow.FlowModifyStrict || m.Command == openflow.FlowDeleteStrict
	remove := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	named := func(r *Rule) bool {
		return (r.cookie^m.Cookie)&m.CookieMask == 0 && (!remove || r.outputs(m.OutPort, m.OutGroup))
	}
	c.bridge.eachTable(m.Table, func(t *Table) {
		if t.n == 0 {
			return
		}
		if strict {
			if r := t.find(s, m.Priority, c.version); r != nil && named(r) {
				found = append(found, r)
			}
			return
		}
		t.someOf(m, c.version, func(r *Rule) {
			if named(r) && s.Covers(r.match()) {
				found = append(found, r)
			}
		})
	})
	return found
}

// someOf calls f for all rules that m may name: for those with its cookie, by their
// priorities, or where it names none for all, in the classifier's order.
func (t *Table) someOf(m *openflow.FlowMod, version uint64, f func(*Rule)) {
	if m.CookieMask == 0 {
		t.all(version, f)
		return
	}
	list := slices.Collect(t.byCookie(m.Cookie, m.CookieMask))
	slices.SortFunc(list, func(a, b *Rule) int { return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id)) })
	for _, r := range list {
		f(r)
	}
}

// eachTable calls f for table n, or for all that exist.
func (b *Bridge) eachTable(n uint8, f func(*Table)) {
	if n != openflow.TableAll {
		if t := b.tables[n].Load(); t != nil {
			f(t)
		}
		return
	}
	for i := range b.tables {
		if t := b.tables[i].Load(); t != nil {
			f(t)
		}
	}
}

// find is the rule with exactly this match and priority, or nil.
func (t *Table) find(s flow.Sparse, priority uint16, version uint64) *Rule {
	if id := t.rules.Find(s, int32(priority), version); id != classifier.None {
		return t.rule(id)
	}
	return nil
}

// overlaps reports whether some other rule of the same priority can match a
// packet that s matches.
func (t *Table) overlaps(s flow.Sparse, priority uint16, version uint64) bool {
	return t.rules.Overlapping(s, int32(priority), version) != classifier.None
}

// ReplaceFlows replaces all flows of an owner by those of mods, in one step for
// packets. An error names the flow-mod by its index and leaves all as it was.
func (b *Bridge) ReplaceFlows(owner string, mods []*openflow.FlowMod, now int64) (failed int, err error) {
	defer b.sw.lock(now)()
	c := b.change(owner, b.sw.now)
	c.drop(owner)
	for i, m := range mods {
		if err = b.checkFlowMod(m, openflow.V10); err == nil {
			err = c.apply(m, openflow.V10)
		}
		if err != nil {
			c.abort()
			return i, err
		}
	}
	c.commit()
	b.sw.settle()
	return 0, nil
}

// drop removes all rules of an owner.
func (c *change) drop(owner string) {
	var old []*Rule
	c.bridge.eachTable(openflow.TableAll, func(t *Table) {
		t.all(c.version, func(r *Rule) {
			if r.owner == owner {
				old = append(old, r)
			}
		})
	})
	for _, r := range old {
		c.remove(r, openflow.RemovedDelete)
	}
}

// expireRules removes rules whose time had come at a time, not more than most, and
// says how many.
func (b *Bridge) expireRules(at int64, most int) (n int) {
	c := b.change("", b.sw.now)
	for r := range b.timed {
		if n == most {
			break
		}
		if why, yes := r.expired(at); yes {
			c.remove(r, why)
			n++
		}
	}
	c.commit()
	return n
}
