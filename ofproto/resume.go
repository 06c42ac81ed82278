package ofproto

import (
	"encoding/binary"
	"slices"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// A controller action that pauses ends the packet's way with a packet-in that
// carries all that is left to do (ovs-actions(7), controller). The switch keeps
// nothing: NXT_RESUME brings it back.

// pause is what is left to do of the branch in work.
func (x *xlate) pause() *openflow.Continuation {
	c := &openflow.Continuation{Bridge: x.bridge.uuid(), ODPPort: x.p.InPort, HasODPPort: true}
	for _, v := range x.stack {
		b := v.AppendBytes(nil, 16)
		for len(b) > 1 && b[0] == 0 {
			b = b[1:]
		}
		c.Stack = append(c.Stack, b)
	}
	work := slices.Clone(x.work[x.branchAt():])
	set := x.actionSet
	slices.Reverse(work) // innermost first
	pipeline := false
	for i := range work {
		f := &work[i]
		pipeline = pipeline || f.kind == frameList
		rest := openflow.ContinuedActions{Table: f.table}
		switch {
		case f.rule != nil:
			rest.Cookie = f.rule.cookie
		case f.paused != nil:
			rest.Cookie = f.paused.Cookie
		}
		rest.Actions, set = continued(f.actions[f.next:], set)
		if len(rest.Actions) > 0 {
			c.Rest = append(c.Rest, rest)
		}
	}
	if pipeline {
		c.ActionSet = orderActionSet(set)
	}
	return c
}

// continued is a list as a continuation can carry it: actions only. What changes
// the action set is done at once, since hardly anything but the end of the pipeline
// looks at it.
func continued(list []openflow.Action, set [][]openflow.Action) ([]openflow.Action, [][]openflow.Action) {
	var out []openflow.Action
	for _, a := range list {
		switch a := a.(type) {
		case openflow.ClearActions:
			set = nil
		case openflow.WriteActions:
			set = append(slices.Clip(set), a.Actions)
		case openflow.GotoTable:
			out = append(out, openflow.Resubmit{InPort: openflow.PortInPort, Table: a.Table, WithTable: true})
		default:
			out = append(out, a)
		}
	}
	return out, set
}

// uuid names the bridge in continuations.
func (b *Bridge) uuid() (u [16]byte) {
	binary.BigEndian.PutUint64(u[:], b.config.Load().DatapathID)
	binary.BigEndian.PutUint64(u[8:], b.tagSeed)
	return u
}

// resumed is a packet that a controller gives back.
type resumed struct {
	bridge *Bridge
	in     *Port
	match  *flow.Match
	rest   *openflow.Continuation
}

// resume lets a paused packet go on. It returns when the packet has gone its way.
func (b *Bridge) resume(m *openflow.Resume, v openflow.Version) error {
	c, err := openflow.DecodeContinuation(v, m.Continuation)
	if err != nil {
		return err
	}
	if c.Bridge != b.uuid() {
		return openflow.NewError(openflow.ErrResumeStale, "the packet was paused by another bridge, or before this one was made anew")
	}
	for _, list := range append(c.Rest, openflow.ContinuedActions{Actions: c.ActionSet}) {
		if list.Table >= NumTables {
			return openflow.NewError(openflow.ErrRequestBadTableID, "the packet was paused in table %d, which there is not", list.Table)
		}
		err := openflow.CheckActions(list.Actions, &openflow.CheckParams{Version: v, Table: openflow.TableAll, Tables: NumTables})
		if err == nil {
			err = b.checkSupported(list.Actions)
		}
		if err != nil {
			return err
		}
	}
	if len(m.Data) < 14 {
		return openflow.NewError(openflow.ErrRequestBadPacket, "%d bytes are no Ethernet frame", len(m.Data))
	}
	match, err := m.Match.Resolve(b.tlvs.Load())
	if err != nil {
		return err
	}
	r := &resumed{bridge: b, match: match, rest: c}
	if r.in = (*b.sw.byID.Load())[datapath.PortID(c.ODPPort)]; r.in != nil && r.in.Bridge != b {
		r.in = nil
	}
	var id datapath.PortID
	if r.in != nil {
		id = r.in.state.Load().id
	}
	return b.inject(datapath.Origin{Frame: m.Data, InPort: id, Handle: r})
}

// resume translates what is left to do of a paused packet.
func (x *xlate) resume(s *Switch, k *flowKey, r *resumed) error {
	x.reset(s, k)
	x.bridge, x.in = r.bridge, r.in
	x.know()
	x.setMetadata(r.match)
	for _, b := range r.rest.Stack {
		x.stack = append(x.stack, flow.ValueOf(b))
	}
	var set [][]openflow.Action
	if len(r.rest.ActionSet) > 0 {
		set = append(set, r.rest.ActionSet)
	}
	x.setActionSet(set)
	x.work = append(x.work, frame{}) // the end of the pipeline
	for i := len(r.rest.Rest) - 1; i >= 0; i-- {
		f := &r.rest.Rest[i]
		x.work = append(x.work, frame{actions: f.Actions, kind: frameNested, table: f.Table, paused: f})
	}
	x.loop(0)
	x.finish()
	x.result.NoCache = true
	return nil
}

// setMetadata gives the packet what a message says of it beside its bytes.
func (x *xlate) setMetadata(m *flow.Match) {
	x.p.OFPort = m.Value.OFPort
	x.p.Regs, x.p.Metadata = m.Value.Regs, m.Value.Metadata
	x.p.Tunnel, x.known.Tunnel = m.Value.Tunnel, m.Mask.Tunnel
	if f := flow.FieldByID(flow.FieldPktMark); m.Mask.PktMark != 0 {
		x.write(f, flow.U64(uint64(m.Value.PktMark)), flow.U64(uint64(m.Mask.PktMark)))
	}
}
