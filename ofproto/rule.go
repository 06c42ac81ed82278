package ofproto

import (
	"iter"
	"math"
	"sync/atomic"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/flow/classifier"
	"vswitch/openflow"
)

// Rule is a flow in a table. It does not change once its version is published,
// but for its cookie and what it counts: a modified flow is a new rule that
// takes the counts along.
type Rule struct {
	table    *Table
	id       classifier.ID
	priority uint16
	flags    openflow.FlowFlags
	owner    string // who replaces it as a whole: configuration; "" for OpenFlow
	cookie   uint64
	siblings siblings // where Table.cookies are known; guarded by Switch.tables
	actions  []openflow.Action

	timeouts   uint32 // see timeouts; atomic, since fin_timeout lowers them
	importance uint16
	evictAt    int32 // the place in Table.evictor, where there is one; guarded by Switch.tables
	created    int64 // when the flow was added
	modified   int64 // when its actions were last changed
	counts     *ruleCounts
	before     *ruleCounts // what counts were until they were reset: megaflows may still tell of hits; or nil
}

// ruleCounts are folded from megaflows; see datapath.Credit.
type ruleCounts struct {
	packets, bytes atomic.Uint64
	used           atomic.Int64 // last hit
	refreshed      atomic.Int64 // when a learn action last would have made the rule
}

// Credit implements datapath.Credit.
func (r *Rule) Credit(h datapath.Hits) { r.counts.add(h) }

func (c *ruleCounts) add(h datapath.Hits) {
	c.packets.Add(h.Packets)
	c.bytes.Add(h.Bytes)
	if c.used.Load() < h.Used {
		c.used.Store(h.Used)
	}
}

// beginAnew forgets what the rule has counted, but not when it was last hit or learned,
// or one in use would seem to have been idle since it was added.
func (r *Rule) beginAnew() {
	if c := r.counts; r.before != nil {
		c.used.Store(max(c.used.Load(), r.before.used.Load()))
		c.refreshed.Store(max(c.refreshed.Load(), r.before.refreshed.Load()))
	}
	r.before, r.counts = r.counts, &ruleCounts{}
}

// used is when the rule was last hit, or added.
func (r *Rule) used() int64 {
	used := max(r.counts.used.Load(), r.created)
	if r.before != nil {
		used = max(used, r.before.used.Load())
	}
	return used
}

// refreshed is when the rule was added, or made again by a learn action: its hard
// timeout counts from then. Modifications leave it (OpenFlow 1.3.5 §6.4).
func (r *Rule) refreshed() int64 {
	at := max(r.counts.refreshed.Load(), r.created)
	if r.before != nil {
		at = max(at, r.before.refreshed.Load())
	}
	return at
}

// timeouts are a rule's idle and hard timeouts in seconds, 0 for none.
type timeouts struct{ idle, hard uint16 }

func makeTimeouts(idle, hard uint16) uint32 { return uint32(idle)<<16 | uint32(hard) }

// loadTimeouts are the rule's timeouts now.
func (r *Rule) loadTimeouts() timeouts {
	t := atomic.LoadUint32(&r.timeouts)
	return timeouts{uint16(t >> 16), uint16(t)}
}

// age is the time since then, in the milliseconds that the switch answers for.
func age(then, now int64) time.Duration { return time.Duration(now - then).Truncate(time.Millisecond) }

// stats describes the rule at time now.
func (r *Rule) stats(s *openflow.FlowStats, now int64) {
	t := r.loadTimeouts()
	*s = openflow.FlowStats{
		Table:       r.table.number,
		Priority:    r.priority,
		Flags:       r.flags,
		Cookie:      r.cookie,
		Duration:    age(r.created, now),
		IdleTimeout: t.idle,
		HardTimeout: t.hard,
		Importance:  r.importance,
		IdleAge:     int32((now - r.used()) / int64(time.Second)),
		HardAge:     int32((now - max(r.refreshed(), r.modified)) / int64(time.Second)),
		Packets:     r.packets(),
		Bytes:       r.bytes(),
		Actions:     r.actions,
	}
	s.Match = r.describeMatch()
}

// describeMatch is the rule's match as messages have it.
func (r *Rule) describeMatch() (m openflow.Match) {
	r.match().Expand(&m.Match)
	if m.Mask.TunMetadataPresent != 0 {
		m = openflow.MatchOf(&m.Match, r.table.bridge.tlvs.Load())
	}
	return m
}

// packets is the packet count as OpenFlow shows it.
func (r *Rule) packets() uint64 {
	if r.flags&openflow.FlowNoPktCounts != 0 {
		return openflow.NoCount
	}
	return r.counts.packets.Load()
}

// bytes is the byte count as OpenFlow shows it.
func (r *Rule) bytes() uint64 {
	if r.flags&openflow.FlowNoByteCounts != 0 {
		return openflow.NoCount
	}
	return r.counts.bytes.Load()
}

func (r *Rule) match() flow.Sparse { return r.table.rules.Match(r.id) }

// expired says whether the rule has outlived a timeout at time now.
func (r *Rule) expired(now int64) (openflow.RemovedReason, bool) {
	switch idle, hard := r.deadlines(); {
	case now >= hard:
		return openflow.RemovedHardTimeout, true
	case now >= idle:
		return openflow.RemovedIdleTimeout, true
	}
	return 0, false
}

// expiry is when the rule outlives a timeout, if nothing hits it any more; math.MaxInt64
// without one.
func (r *Rule) expiry() int64 {
	idle, hard := r.deadlines()
	return min(idle, hard)
}

// deadlines are when the rule outlives each timeout, math.MaxInt64 for one that it does
// not have.
func (r *Rule) deadlines() (idle, hard int64) {
	t := r.loadTimeouts()
	idle, hard = math.MaxInt64, math.MaxInt64
	if t.idle != 0 {
		idle = r.used() + int64(t.idle)*int64(time.Second)
	}
	if t.hard != 0 {
		hard = r.refreshed() + int64(t.hard)*int64(time.Second)
	}
	return idle, hard
}

// outputs reports whether the rule's actions output to port (PortAny: any) and
// use group (GroupAny: any).
func (r *Rule) outputs(port openflow.PortNo, group uint32) bool {
	return (port == openflow.PortAny || usesPort(r.actions, port)) &&
		(group == openflow.GroupAny || usesGroup(r.actions, group))
}

// everyAction goes through actions and those inside clone and write_actions.
func everyAction(actions []openflow.Action) iter.Seq[openflow.Action] {
	return func(yield func(openflow.Action) bool) { yieldActions(actions, yield) }
}

func yieldActions(actions []openflow.Action, yield func(openflow.Action) bool) bool {
	for _, a := range actions {
		var more bool
		switch a := a.(type) {
		case openflow.WriteActions:
			more = yieldActions(a.Actions, yield)
		case openflow.Clone:
			more = yieldActions(a.Actions, yield)
		default:
			more = yield(a)
		}
		if !more {
			return false
		}
	}
	return true
}

func usesPort(actions []openflow.Action, port openflow.PortNo) bool {
	for a := range everyAction(actions) {
		var to openflow.PortNo
		switch a := a.(type) {
		case openflow.Output:
			to = a.Port
		case openflow.OutputTrunc:
			to = a.Port
		case openflow.Enqueue:
			to = a.Port
		case openflow.Controller:
			to = openflow.PortController
		default:
			continue
		}
		if to == port {
			return true
		}
	}
	return false
}

func usesGroup(actions []openflow.Action, group uint32) bool {
	for a := range everyAction(actions) {
		if g, is := a.(openflow.Group); is && g.ID == group {
			return true
		}
	}
	return false
}
