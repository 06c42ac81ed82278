package oracle

import (
	"fmt"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// walk is one packet's way. A branch, which gives back what it changed, is a
// walk of its own.
type walk struct {
	r    *Reference
	o    *outcome
	size int // of the packet as it came in
	frame
	bridge *bridge
	in     *port
	set    [][]openflow.Action // what write_actions wrote
	stack  []flow.Value
	table  uint8
	rule   *rule
	shared bool // what is done belongs to no single flow: an action set, a bucket
	depth  int
	last   struct { // where the pipeline was last
		table uint8
		rule  *rule
	}
	missed bool // a table that the pipeline went on to had no flow for it
	parent *walk
}

// branch runs f on a copy.
func (w *walk) branch(f func(*walk)) {
	if w.o.unknown != "" {
		return
	}
	c := *w
	c.parent = w
	c.frame = w.frame.clone()
	c.set, c.stack = slices.Clone(w.set), slices.Clone(w.stack)
	before := len(w.o.lookups)
	f(&c)
	w.o.branched = w.o.branched || len(w.o.lookups) > before
}

// precedes reports whether what w did comes before what other does, which is w
// or a copy of it.
func (w *walk) precedes(other *walk) bool {
	for ; other != nil; other = other.parent {
		if other == w {
			return true
		}
	}
	return false
}

func (w *walk) drop(reason string) { w.o.reasons[reason] = true }

func (w *walk) unknown(format string, args ...any) {
	if w.o.unknown == "" {
		w.o.unknown = fmt.Sprintf(format, args...)
	}
}

// enter starts the pipeline of a port's bridge.
func (w *walk) enter(p *port) {
	w.bridge, w.in = p.bridge, p
	w.meta.Regs, w.meta.Metadata, w.meta.ConjID = [32]uint32{}, 0, 0
	w.meta.OFPort, w.meta.ActsetOutput = uint32(p.No), uint32(openflow.PortUnset)
	w.set, w.stack, w.rule, w.table = nil, nil, nil, 0
	w.start()
}

// start starts the pipeline with the packet as it is.
func (w *walk) start() {
	w.missed = false
	if !w.lookup(0, w.meta.OFPort, false) || w.missed {
		return // a packet that a table misses is dropped, its action set too
	}
	w.runSet()
}

// runSet does the action set, for the flow where the pipeline was last.
func (w *walk) runSet() {
	w.table, w.rule = w.last.table, w.last.rule
	set := actionSet(w.set)
	w.set, w.shared = nil, true
	w.run(set)
}

// lookup finds the packet's flow in a table and does what it says. False: the
// pipeline has ended.
func (w *walk) lookup(n uint8, port uint32, resubmit bool) bool {
	if w.dead {
		w.unknown("a lookup of a packet that could not be changed")
		return false
	}
	if w.depth++; w.depth > 60 || len(w.o.lookups) > 4000 {
		w.unknown("limits of resubmit")
		return false
	}
	defer func() { w.depth-- }()
	v := w.r.look(&w.frame)
	v.OFPort = port
	if v.IPFrag != 0 {
		v.TPSrc, v.TPDst = 0, 0 // fragments are all alike (OFPC_FRAG_NORMAL)
	}
	t := w.bridge.table(n)
	best := w.find(t, n, &v)
	w.o.lookups = append(w.o.lookups, lookup{t, best != nil})
	w.o.searches = append(w.o.searches, search{w, t, v.Pipeline, best})
	if best == nil {
		if !resubmit {
			w.drop("table_miss")
			w.drop("secure_mode")
			w.missed = true
		}
		return true
	}
	if len(best.Actions) == 0 {
		w.drop("flow")
	}
	w.o.hits = append(w.o.hits, hit{best, w.size, !w.resized})
	w.table, w.rule, w.shared = n, best, false
	w.last.table, w.last.rule = n, best
	return w.run(best.Actions)
}

// find is the flow that the packet finds in the table, or one that it has itself
// made. Whether a copy sees what another one makes depends on which of them has to
// be looked into again, and a cache may know the packet from before.
func (w *walk) find(t *table, n uint8, v *view) *rule {
	all, certain, sure := t.rules, t.rules, true
	for _, l := range w.o.learned {
		if l.bridge != w.bridge || l.rule.Table != n {
			continue
		}
		all = with(all, l.rule)
		if sure = sure && l.by.precedes(w); sure {
			certain = all
		}
	}
	ways := []*rule{bestOf(all, v.Pipeline)}
	if other := bestOf(certain, v.Pipeline); !sure && other != ways[0] {
		ways = append(ways, other)
	}
	fresh := len(ways)
	if old := bestOf(t.rules, v.Pipeline); !slices.Contains(ways, old) {
		ways = append(ways, old)
	}
	w.o.taught = w.o.taught || len(ways) > 1
	i := w.o.choose(len(ways))
	w.o.lags = w.o.lags || i >= fresh
	return ways[i]
}

// with is rules with one that replaces another of its match and priority.
func with(rules []*rule, n *rule) []*rule {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r *rule) bool { return r.Priority == n.Priority && r.Match.Equal(&n.Match.Match) })
	return append(rules, n)
}

// run does a list of actions. False: the pipeline has ended.
func (w *walk) run(list []openflow.Action) bool {
	table, rule, shared := w.table, w.rule, w.shared
	for _, a := range list {
		if w.o.unknown != "" || !w.do(a) || w.o.aborted {
			return false
		}
		w.table, w.rule, w.shared = table, rule, shared
	}
	return true
}

// actionSet is the action set that lists of write_actions make (OpenFlow 1.3.5
// §5.10): one action of each kind, the last written counts, but all that set a
// field; in the specification's order.
func actionSet(written [][]openflow.Action) []openflow.Action {
	var set []openflow.Action
	for _, a := range slices.Concat(written...) {
		set = slices.DeleteFunc(set, func(o openflow.Action) bool { return sameSlot(o, a) })
		set = append(set, a)
	}
	slices.SortStableFunc(set, func(x, y openflow.Action) int {
		if setOrder(x) == 1 && setOrder(y) == 1 {
			return popOrder(x) - popOrder(y)
		}
		return setOrder(x) - setOrder(y)
	})
	if slices.ContainsFunc(set, func(a openflow.Action) bool { return setOrder(a) == orderGroup }) {
		set = slices.DeleteFunc(set, func(a openflow.Action) bool { return setOrder(a) == orderOutput })
	}
	return set
}

func sameSlot(a, b openflow.Action) bool {
	return setOrder(a) == setOrder(b) && setOrder(a) != orderSet && (setOrder(a) != 1 || a.ActionKind() == b.ActionKind())
}

const (
	orderSet    = 8
	orderQueue  = 9
	orderGroup  = 10
	orderOutput = 11
)

func setOrder(a openflow.Action) int {
	switch a.(type) {
	case openflow.CopyTTLIn:
		return 0
	case openflow.PopVLAN, openflow.PopPBB, openflow.PopMPLS:
		return 1 // each of them; outer tags first
	case openflow.PushMPLS:
		return 2
	case openflow.PushPBB:
		return 3
	case openflow.PushVLAN:
		return 4
	case openflow.CopyTTLOut:
		return 5
	case openflow.DecTTL:
		return 6
	case openflow.DecMPLSTTL, openflow.DecNSHTTL:
		return 7
	case openflow.SetQueue:
		return orderQueue
	case openflow.Group:
		return orderGroup
	case openflow.Output, openflow.OutputReg, openflow.OutputTrunc, openflow.Controller, openflow.Enqueue, openflow.Resubmit:
		return orderOutput
	}
	return orderSet
}

func popOrder(a openflow.Action) int {
	switch a.(type) {
	case openflow.PopVLAN:
		return 0
	case openflow.PopPBB:
		return 1
	}
	return 2
}
