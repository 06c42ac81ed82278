package ofproto

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// frozen is a translation that goes on after the datapath has looked into the
// packet again. It is immutable once it has an id.
type frozen struct {
	id   uint32
	hash uint64 // of what packets of one flow can have different
	frozenState
	work      []frame // without branches: those stay with the first half
	actionSet [][]openflow.Action
	stack     []flow.Value
	tunnel    *flow.Match // fields of the tunnel that were set; nil: none

	used atomic.Int64
}

// frozenState is what two translations that go on alike have equal, but for lists.
type frozenState struct {
	bridge   *Bridge
	in       *Port
	depth    int
	table    uint8
	rule     *Rule
	regs     [32]uint32
	metadata uint64
	ofPort   uint32
	conj     uint32
	priority uint32
	trunc    uint32
	hashFor  uint32 // group that goes on with the packet's dp_hash, plus 1; 0: none
	result   pendingWrite
}

// pendingWrite is a bit that is written when a translation goes on: what the
// datapath found out meanwhile. Bits of the zero value are 0.
type pendingWrite struct {
	dst openflow.Subfield
	bit uint64
}

// Credit implements datapath.Credit: a state lives while a megaflow leads to it.
func (f *frozen) Credit(h datapath.Hits) { f.used.Store(h.Used) }

// same reports whether two states go on alike, so that one id serves both.
func (f *frozen) same(o *frozen) bool {
	return f.frozenState == o.frozenState &&
		(f.tunnel == o.tunnel || f.tunnel != nil && o.tunnel != nil && f.tunnel.Equal(o.tunnel)) &&
		slices.EqualFunc(f.work, o.work, sameFrame) && slices.EqualFunc(f.actionSet, o.actionSet, sameList) && slices.Equal(f.stack, o.stack)
}

func sameFrame(a, b frame) bool {
	return a.next == b.next && a.kind == b.kind && a.table == b.table && a.rule == b.rule && a.lookup == b.lookup && a.set == b.set && a.group == b.group &&
		(sameList(a.actions, b.actions) || a.set && reflect.DeepEqual(a.actions, b.actions))
}

// sameList reports whether two lists are one. Lists of rules do not change, and
// a rule that is made anew has a new one.
func sameList(a, b []openflow.Action) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// maxFrozen bounds the states: a sender whose every packet makes another, as flows
// that copy addresses into registers have it, must not take all memory.
const maxFrozen = 1 << 17

// recircTable knows the frozen states by their ids.
type recircTable struct {
	seed maphash.Seed

	mu     sync.Mutex
	next   uint32
	states map[uint32]*frozen
	alike  referrers[uint64, *frozen] // by their hash: those that may share an id
	byRule referrers[*Rule, *frozen]  // that go on in what the rule says
}

func (t *recircTable) init() {
	t.seed, t.next = maphash.MakeSeed(), 1
	t.states, t.alike, t.byRule = map[uint32]*frozen{}, referrers[uint64, *frozen]{}, referrers[*Rule, *frozen]{}
}

// hashOf is the same for states that go on alike. It covers all that packets of one
// flow can have different.
func (t *recircTable) hashOf(f *frozen) uint64 {
	h := maphash.Comparable(t.seed, f.frozenState)
	for _, v := range f.stack {
		h = h*31 + maphash.Comparable(t.seed, v)
	}
	if f.tunnel != nil {
		h = h*31 + maphash.Comparable(t.seed, f.tunnel.Value.Tunnel)
	}
	return h
}

// intern gives a state its id: that of an equal one, or a new one. It returns nil
// where there are maxFrozen others.
func (t *recircTable) intern(f *frozen) *frozen {
	f.hash = t.hashOf(f)
	t.mu.Lock()
	defer t.mu.Unlock()
	for o := range t.alike[f.hash] {
		if o.same(f) {
			return o
		}
	}
	if len(t.states) >= maxFrozen {
		return nil
	}
	for t.states[t.next] != nil || t.next == 0 {
		t.next++
	}
	f.id = t.next
	t.next++
	t.states[f.id] = f
	t.alike.enter(f.hash, f)
	f.eachRule(func(r *Rule) { t.byRule.enter(r, f) })
	return f
}

// eachRule calls do for the rules in whose actions the state goes on, for some of them
// more than once.
func (f *frozen) eachRule(do func(*Rule)) {
	do(f.rule)
	for i := range f.work {
		do(f.work[i].rule)
	}
}

func (t *recircTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.states)
}

func (t *recircTable) lookup(id uint32) *frozen {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.states[id]
}

// recircIdle is how long a state outlives the last megaflow that leads to it, so
// that frames under way find it.
const recircIdle = 10 * time.Second

// sweep forgets states that no megaflow leads to any more.
func (t *recircTable) sweep(flows []*datapath.Megaflow, now int64) {
	if t.len() == 0 {
		return
	}
	live := map[*frozen]bool{}
	for _, m := range flows {
		for _, c := range m.Credits() {
			if f, ok := c.(*frozen); ok {
				live[f] = true
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.states {
		if live[f] {
			f.used.Store(now)
			continue
		}
		if now-f.used.Load() > int64(recircIdle) {
			t.drop(f)
		}
	}
}

// forget drops the states of rules that are gone: nothing leads to them.
func (t *recircTable) forget(gone []removal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range gone {
		for f := range t.byRule[r.rule] {
			t.drop(f)
		}
	}
}

// drop deletes one state. The caller holds mu.
func (t *recircTable) drop(f *frozen) {
	delete(t.states, f.id)
	t.alike.strike(f.hash, f)
	f.eachRule(func(r *Rule) { t.byRule.strike(r, f) })
}

// freeze ends this half of the translation, or of the branch it is in: the rest
// goes on when the datapath has looked into the packet again.
func (x *xlate) freeze() {
	f := x.capture(pendingWrite{})
	if f == nil {
		return
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpRecirc, Arg: f.id})
	x.unwind()
}

// checkLarger goes on with a bit that says whether the packet is larger than a
// size, which is for the datapath to see (ovs-actions(7), check_pkt_larger).
func (x *xlate) checkLarger(a openflow.CheckPktLarger) {
	larger, other := x.capture(pendingWrite{a.Dst, 1}), x.capture(pendingWrite{a.Dst, 0})
	if larger == nil || other == nil {
		return
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpCheckLen, Short: a.Len, Arg: larger.id, X: &datapath.Extra{Else: other.id}})
	x.unwind()
}

// branchAt is the place of the first frame of the branch in work.
func (x *xlate) branchAt() int {
	from := len(x.work)
	for from > 0 && x.work[from-1].kind != frameBranch {
		from--
	}
	return from
}

// capture keeps what the rest of the branch in work needs to go on. Where there are too
// many that do, it ends the translation and returns nil.
func (x *xlate) capture(result pendingWrite) *frozen {
	f := &frozen{
		frozenState: frozenState{
			bridge: x.bridge, in: x.in, depth: x.depth, table: x.table, rule: x.rule,
			regs: x.p.Regs, metadata: x.p.Metadata, ofPort: x.p.OFPort, conj: x.p.ConjID, priority: x.p.Priority,
			trunc: x.trunc, hashFor: x.hashFor, result: result,
		},
		work:      forgetStories(slices.Clone(x.work[x.branchAt():])),
		actionSet: slices.Clip(x.actionSet), stack: slices.Clip(x.stack), tunnel: x.writtenTunnel(),
	}
	f.used.Store(x.now)
	if f = x.sw.recircs.intern(f); f == nil {
		x.abort(datapath.DropRecircFull)
		x.result.NoCache = true // the next one may find room
		return nil
	}
	x.result.Credits = append(x.result.Credits, f)
	return f
}

// writtenTunnel is what was set of the tunnel, which the frame does not carry.
func (x *xlate) writtenTunnel() *flow.Match {
	if x.known.Tunnel == (flow.Tunnel{}) {
		return nil
	}
	m := &flow.Match{}
	m.Value.Tunnel, m.Mask.Tunnel = x.p.Tunnel, x.known.Tunnel
	m.Normalize()
	return m
}

// unwind gives up the branch in work.
func (x *xlate) unwind() {
	x.cut(x.branchAt())
	x.actionSet = nil
}

// thaw takes up a frozen translation.
func (x *xlate) thaw(id uint32) error {
	f := x.sw.recircs.lookup(id)
	if f == nil {
		return fmt.Errorf("recirculation id %d: unknown", id)
	}
	x.bridge, x.in, x.depth, x.table, x.rule = f.bridge, f.in, f.depth, f.table, f.rule
	x.p.Regs, x.p.Metadata, x.p.OFPort, x.p.ConjID, x.p.Priority = f.regs, f.metadata, f.ofPort, f.conj, f.priority
	x.trunc, x.hashFor = f.trunc, f.hashFor
	x.stack = f.stack
	x.setActionSet(f.actionSet)
	x.know()
	x.work = append(x.work, f.work...)
	if f.tunnel != nil {
		v, m, known := x.p.Words(), f.tunnel.Mask.Words(), x.known.Words()
		for i, w := range f.tunnel.Value.Words() {
			v[i] = v[i]&^m[i] | w
			known[i] |= m[i]
		}
	}
	if f.result.dst.Bits != 0 {
		x.writeSubfield(f.result.dst, flow.U64(f.result.bit))
	}
	return nil
}
