package ofproto

import (
	"slices"

	"vswitch/datapath"
	"vswitch/flow"
)

// branch runs enter, and all that it puts into work, with packet and state saved:
// what they change ends with them.
func (x *xlate) branch(enter func()) {
	s := &saved{state: x.state, bridge: x.bridge, in: x.in, known: x.known, stale: x.stale, out: x.out, told: x.told()}
	s.actionSet = slices.Clip(x.actionSet)
	s.stack = slices.Clip(x.stack)
	x.commit()
	x.out = &s.branch
	n := len(x.work)
	x.work = append(x.work, frame{kind: frameBranch, saved: s, table: x.table, rule: x.rule})
	enter()
	x.loop(n)
}

// leave ends a branch. Where it changed the packet it worked on a copy.
func (x *xlate) leave(s *saved) {
	if x.trace != nil {
		x.trace.place = s.told
	}
	if x.aborted {
		return
	}
	x.dirty, x.stale = flow.Mask{}, s.stale
	x.state, x.bridge, x.in, x.known, x.out = s.state, s.bridge, s.in, s.known, s.out
	if len(s.branch) == 0 {
		return
	}
	if edits(s.branch) {
		x.emit(datapath.Action{Op: datapath.OpClone, X: &datapath.Extra{Sub: s.branch}})
		return
	}
	*x.out = append(*x.out, s.branch...)
}

// edits reports whether actions change the frame they work on, or end it.
func edits(actions []datapath.Action) bool {
	for i := range actions {
		switch actions[i].Op {
		case datapath.OpOutput, datapath.OpUserspace, datapath.OpClone:
		default:
			return true
		}
	}
	return false
}

// emit adds a datapath action.
func (x *xlate) emit(a datapath.Action) {
	if x.aborted {
		return
	}
	if x.emitted++; x.emitted > maxActions {
		x.abort(datapath.DropTooManyActions)
		return
	}
	*x.out = append(*x.out, a)
}

// drop notes why a packet that nothing else happens to is dropped. The first
// reason counts.
func (x *xlate) drop(r datapath.DropReason) {
	if x.trace != nil && r != datapath.DropFlow && r != datapath.DropTableMiss {
		x.note(TraceWarning, "%s: %s", r, r.Info().Help)
	}
	if x.dropped == datapath.DropNone {
		x.dropped = r
	}
}

// abort ends the whole translation: nothing of it happens. What is still in work
// goes on in vain until its lists end.
func (x *xlate) abort(r datapath.DropReason) {
	x.note(TraceError, "%s", r.Info().Help)
	clear(x.work)
	x.work = x.work[:0]
	x.aborted, x.dropped = true, r
}

// finish completes the result: a copy that comes last is the packet itself, and
// a packet that nothing happens to is dropped for a reason.
func (x *xlate) finish() {
	r := &x.result
	if x.aborted {
		r.Actions, r.Effects = r.Actions[:0], r.Effects[:0]
	}
	for n := len(r.Actions); n > 0 && r.Actions[n-1].Op == datapath.OpClone; n = len(r.Actions) {
		sub := r.Actions[n-1].X.Sub
		r.Actions = append(r.Actions[:n-1], sub...)
	}
	if !lasting(r.Actions) {
		reason := x.dropped
		if reason == datapath.DropNone {
			reason = datapath.DropNoOutput
		}
		r.Actions = append(r.Actions, datapath.Drop(reason))
	} else {
		r.Actions = trimTail(r.Actions)
	}
	r.Mask = x.mask.Key
	r.NoCache = r.NoCache || x.emitted > maxKept && !x.aborted
}

// lasting reports whether actions send, hand up or keep the frame anywhere.
func lasting(actions []datapath.Action) bool {
	for i := range actions {
		switch actions[i].Op {
		case datapath.OpOutput, datapath.OpUserspace, datapath.OpRecirc, datapath.OpCheckLen, datapath.OpDrop:
			return true
		case datapath.OpClone:
			if lasting(actions[i].X.Sub) {
				return true
			}
		}
	}
	return false
}

// trimTail cuts the edits that come after the last action that needs the frame.
func trimTail(actions []datapath.Action) []datapath.Action {
	n := len(actions)
	for n > 0 {
		switch actions[n-1].Op {
		case datapath.OpOutput, datapath.OpUserspace, datapath.OpRecirc, datapath.OpCheckLen, datapath.OpDrop, datapath.OpClone, datapath.OpMeter:
			return actions[:n]
		}
		n--
	}
	return actions[:n]
}
