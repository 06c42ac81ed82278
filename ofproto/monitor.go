package ofproto

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// monitor is a controller's wish to hear of changes of flows (OpenFlow 1.4.1
// §7.3.5.17; Nicira's and ONF's extensions before that).
type monitor struct {
	openflow.FlowMonitor
	match flow.Sparse
}

// flowEvent is a change of a flow that monitors are told of.
type flowEvent struct {
	kind   openflow.FlowEvent
	rule   *Rule // as it is, or was
	old    *Rule // as it was, or the one that was replaced
	reason openflow.RemovedReason
	xid    uint32 // of the message that made the change
}

// monitorBacklog is how much may wait to be sent to a peer before events are held
// back from it, in bytes.
const monitorBacklog = 128 << 10

// tell notes an event for those who monitor flows.
func (c *change) tell(e flowEvent) {
	if c.bridge.monitored > 0 {
		e.xid = c.xid
		c.events = append(c.events, e)
	}
}

// report sends what was noted. The caller holds Switch.tables.
func (c *change) report() {
	if len(c.events) == 0 {
		return
	}
	for _, s := range *c.bridge.sessions.Load() {
		if len(s.monitors) > 0 {
			s.reportFlows(c.events, s == c.by, c.now)
		}
	}
}

// reportFlows sends the events that the session's monitors want. What the session
// itself has done is told in short, but to monitors that want it in full.
func (s *Session) reportFlows(events []flowEvent, own bool, now int64) {
	reply := &openflow.FlowMonitorReply{}
	short := map[uint32]bool{} // transactions told in short
	for i := range events {
		e := &events[i]
		if s.heldBack(e) {
			continue
		}
		full, abbreviated := s.wantsFlow(e, own)
		switch {
		case full != nil:
			reply.Updates = append(reply.Updates, e.update(full, s.wants.Load().version))
		case abbreviated && !short[e.xid]:
			short[e.xid] = true
			reply.Updates = append(reply.Updates, openflow.FlowUpdate{Event: openflow.FlowEventAbbrev, XID: e.xid})
		}
	}
	if len(reply.Updates) > 0 {
		s.sendAsync(reply)
	}
	if s.pausedAt == 0 && s.backlog() > monitorBacklog {
		s.pausedAt, s.pausedTime = s.bridge.sw.version.Load(), now
		s.sendPause(openflow.FlowEventPaused, &openflow.FlowMonitorPaused{})
	}
}

// wantsFlow is a monitor that wants an event with all its data, or says that some
// want it in short.
func (s *Session) wantsFlow(e *flowEvent, own bool) (full *monitor, abbreviated bool) {
	wanted := map[openflow.FlowEvent]openflow.MonitorFlags{
		openflow.FlowEventAdded: openflow.MonitorAdd, openflow.FlowEventRemoved: openflow.MonitorDelete, openflow.FlowEventModified: openflow.MonitorModify,
	}[e.kind]
	for _, m := range s.monitors {
		if m.Flags&wanted == 0 || !m.covers(e.rule) && (e.old == nil || !m.covers(e.old)) {
			continue
		}
		if own && m.Flags&(openflow.MonitorOwn|openflow.MonitorNoAbbrev) == 0 {
			abbreviated = true
			continue
		}
		if full == nil || m.Flags&openflow.MonitorActions != 0 {
			full = m
		}
	}
	return full, abbreviated
}

// covers reports whether a flow is one of those monitored.
func (m *monitor) covers(r *Rule) bool {
	return (m.Table == openflow.TableAll || m.Table == r.table.number) && r.outputs(m.OutPort, m.OutGroup) && m.match.Covers(r.match())
}

// update describes the event to those who want it as m does. What a flow that was
// removed did is told in the older forms only, as Open vSwitch does (OpenFlow 1.4.1
// §7.3.5.17 has no instructions there).
func (e *flowEvent) update(m *monitor, v openflow.Version) openflow.FlowUpdate {
	r := e.rule
	t := r.loadTimeouts()
	u := openflow.FlowUpdate{Event: e.kind, Reason: e.reason, Priority: r.priority, IdleTimeout: t.idle, HardTimeout: t.hard,
		Table: r.table.number, Cookie: r.cookie, Match: r.describeMatch()}
	if m.Flags&openflow.MonitorActions != 0 && (e.kind != openflow.FlowEventRemoved || v < openflow.V14) {
		u.Actions = r.actions
	}
	return u
}

// heldBack reports whether an event waits until the peer has read what it was
// sent. That a flow went is told nevertheless where it was known: later nobody
// would know.
func (s *Session) heldBack(e *flowEvent) bool {
	return s.pausedAt != 0 && (e.kind != openflow.FlowEventRemoved || e.rule.created >= s.pausedTime)
}

func (s *Session) backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.out)
}

// sendPause says that events are held back, or flow again, as the version has it.
func (s *Session) sendPause(event openflow.FlowEvent, older openflow.Message) {
	if s.wants.Load().version >= openflow.V14 {
		s.sendAsync(&openflow.FlowMonitorReply{Updates: []openflow.FlowUpdate{{Event: event}}})
		return
	}
	s.sendAsync(older)
}

// resumeMonitors goes on where events were held back.
func (b *Bridge) resumeMonitors() {
	for _, s := range *b.sessions.Load() {
		if s.watches.Load() {
			s.resumeMonitors()
		}
	}
}

// resumeMonitors tells a peer that has caught up what it has missed.
func (s *Session) resumeMonitors() {
	s.bridge.sw.tables.Lock()
	defer s.bridge.sw.tables.Unlock()
	if s.pausedAt == 0 || s.backlog() > 0 {
		return
	}
	since, at := s.pausedAt, s.pausedTime
	s.pausedAt = 0
	var events []flowEvent
	s.bridge.eachTable(openflow.TableAll, func(t *Table) {
		t.all(s.bridge.sw.version.Load(), func(r *Rule) {
			if t.rules.Appeared(r.id) <= since {
				return
			}
			kind := openflow.FlowEventModified
			if r.created >= at {
				kind = openflow.FlowEventAdded
			}
			events = append(events, flowEvent{kind: kind, rule: r})
		})
	})
	s.reportFlows(events, false, s.bridge.sw.now)
	if s.pausedAt == 0 {
		s.sendPause(openflow.FlowEventResumed, &openflow.FlowMonitorResumed{})
	}
}

// monitorFlows makes, changes and removes monitors, all that a request names or
// none, and answers with the flows that there are.
func (s *Session) monitorFlows(xid uint32, m *openflow.FlowMonitorRequest) error {
	s.bridge.sw.tables.Lock()
	defer s.bridge.sw.tables.Unlock()
	next := map[uint32]*monitor{}
	for id, old := range s.monitors {
		next[id] = old
	}
	reply := &openflow.FlowMonitorReply{}
	told := map[*Rule]bool{}
	for i := range m.Monitors {
		r := &m.Monitors[i]
		if err := s.checkMonitor(r, next[r.ID]); err != nil {
			return err
		}
		if r.Command == openflow.MonitorCmdDelete {
			delete(next, r.ID)
			continue
		}
		match, err := r.Match.Resolve(s.bridge.tlvs.Load())
		if err != nil {
			return err
		}
		next[r.ID] = &monitor{*r, match.Sparse()}
		if r.Flags&openflow.MonitorInitial != 0 {
			s.initial(reply, next[r.ID], told)
		}
	}
	s.setMonitors(next)
	s.send(xid, reply)
	return nil
}

// initial adds the flows that there are to a reply, each once.
func (s *Session) initial(reply *openflow.FlowMonitorReply, m *monitor, told map[*Rule]bool) {
	s.bridge.eachTable(m.Table, func(t *Table) {
		t.all(s.bridge.sw.version.Load(), func(r *Rule) {
			if !told[r] && m.covers(r) {
				told[r] = true
				e := flowEvent{kind: openflow.FlowEventInitial, rule: r}
				reply.Updates = append(reply.Updates, e.update(m, s.wants.Load().version))
			}
		})
	})
}

// maxMonitors bounds the monitors of a connection.
const maxMonitors = 1024

func (s *Session) checkMonitor(r *openflow.FlowMonitor, old *monitor) error {
	switch {
	case r.Command > openflow.MonitorCmdDelete:
		return openflow.NewError(openflow.ErrMonitorBadCommand, "command %d", r.Command)
	case r.Command == openflow.MonitorCmdAdd && old != nil:
		return openflow.NewError(openflow.ErrMonitorMonitorExists, "monitor %d", r.ID)
	case r.Command != openflow.MonitorCmdAdd && old == nil:
		return openflow.NewError(openflow.ErrMonitorUnknownMonitor, "monitor %d", r.ID)
	case r.Table != openflow.TableAll && r.Table >= NumTables:
		return openflow.NewError(openflow.ErrMonitorBadTableID, "table %d", r.Table)
	case old == nil && len(s.monitors) >= maxMonitors:
		return openflow.NewError(openflow.ErrMonitorUnknown, "%d monitors", len(s.monitors))
	}
	return nil
}

// cancelMonitor ends a monitor.
func (s *Session) cancelMonitor(id uint32) error {
	s.bridge.sw.tables.Lock()
	defer s.bridge.sw.tables.Unlock()
	if s.monitors[id] == nil {
		return openflow.NewError(openflow.ErrMonitorUnknownMonitor, "monitor %d", id)
	}
	next := map[uint32]*monitor{}
	for other, m := range s.monitors {
		if other != id {
			next[other] = m
		}
	}
	s.setMonitors(next)
	return nil
}

// setMonitors replaces the session's monitors. The caller holds Switch.tables.
func (s *Session) setMonitors(next map[uint32]*monitor) {
	s.bridge.monitored += len(next) - len(s.monitors)
	s.monitors = next
	s.watches.Store(len(next) > 0)
}
