package openflow

//size:table
func monitorMessages() []messageRow {
	requests := listOf(func(m *FlowMonitorRequest) []FlowMonitor { return m.Monitors },
		func(c context, dst []byte, _ *FlowMonitorRequest, e *FlowMonitor) ([]byte, error) {
			return appendMonitor(c, dst, e)
		})
	updates := listOf(func(m *FlowMonitorReply) []FlowUpdate { return m.Updates },
		func(c context, dst []byte, _ *FlowMonitorReply, e *FlowUpdate) ([]byte, error) {
			return appendUpdate(c, dst, e)
		})
	cancel := messageRow{kind: KindFlowMonitorCancel, size: 4,
		decode: to(func(_ context, b []byte, m *FlowMonitorCancel) error { m.ID = be.Uint32(b); return nil }),
		encode: from(func(_ context, dst []byte, m *FlowMonitorCancel) ([]byte, error) {
			return be.AppendUint32(dst, m.ID), nil
		})}
	paused := messageRow{kind: KindFlowMonitorPaused, decode: toEmpty[FlowMonitorPaused], encode: fromEmpty}
	resumed := messageRow{kind: KindFlowMonitorResumed, decode: toEmpty[FlowMonitorResumed], encode: fromEmpty}
	request := messageRow{kind: KindFlowMonitorRequest, extra: 8, decode: to(decodeMonitors), list: requests}
	reply := messageRow{kind: KindFlowMonitorReply, extra: 8, decode: to(decodeUpdates), list: updates}

	var rows []messageRow
	as := func(row messageRow, name string, cl class, from, to Version, code uint32) {
		row.name, row.class, row.from, row.to, row.code = name, cl, from, to, code
		rows = append(rows, row)
	}
	as(request, "NXST_FLOW_MONITOR request", classNiciraRequest, V10, V12, 2)
	as(request, "ONFST_FLOW_MONITOR request", classONFRequest, V13, V13, 1870)
	as(request, "OFPST_FLOW_MONITOR request", classRequest, V14, V15, 16)
	as(reply, "NXST_FLOW_MONITOR reply", classNiciraReply, V10, V12, 2)
	as(reply, "ONFST_FLOW_MONITOR reply", classONFReply, V13, V13, 1870)
	as(reply, "OFPST_FLOW_MONITOR reply", classReply, V14, V15, 16)
	as(cancel, "NXT_FLOW_MONITOR_CANCEL", classNicira, V10, V12, 21)
	as(cancel, "ONFT_FLOW_MONITOR_CANCEL", classONF, V13, V13, 1870)
	as(paused, "NXT_FLOW_MONITOR_PAUSED", classNicira, V10, V12, 22)
	as(paused, "ONFT_FLOW_MONITOR_PAUSED", classONF, V13, V13, 1871)
	as(resumed, "NXT_FLOW_MONITOR_RESUMED", classNicira, V10, V12, 23)
	as(resumed, "ONFT_FLOW_MONITOR_RESUMED", classONF, V13, V13, 1872)
	return rows
}

// Flags of the older forms, where the sender's own changes have bit 5.
const (
	monitorSame     = MonitorInitial | MonitorAdd | MonitorDelete | MonitorModify | MonitorActions
	monitorEvents   = MonitorAdd | MonitorDelete | MonitorModify
	monitorOwnOld   = 1 << 5
	monitorHeadSize = 16
)

func monitorFlagsFrom(v Version, wire uint16) (MonitorFlags, error) {
	flags := MonitorFlags(wire)
	rest := flags &^ (monitorSame | MonitorNoAbbrev | MonitorOwn)
	if v < V14 {
		rest = flags &^ (monitorSame | monitorOwnOld)
		flags &= monitorSame
		if wire&monitorOwnOld != 0 {
			flags |= MonitorOwn
		}
	}
	told := monitorEvents
	if v >= V14 {
		told |= MonitorInitial // a monitor may be about the flows that there are
	}
	if rest != 0 || flags&told == 0 {
		return 0, NewError(ErrMonitorBadFlags, "flags %#x", wire)
	}
	return flags, nil
}

func (f MonitorFlags) wire(v Version) uint16 {
	if v >= V14 {
		return uint16(f)
	}
	wire := uint16(f & monitorSame)
	if f&MonitorOwn != 0 {
		wire |= monitorOwnOld
	}
	return wire
}

func decodeMonitors(c context, b []byte, m *FlowMonitorRequest) error {
	for len(b) > 0 {
		if len(b) < monitorHeadSize {
			return NewError(ErrRequestBadLen, "%d bytes left", len(b))
		}
		f := FlowMonitor{OutGroup: GroupAny}
		var err error
		switch {
		case c.v < V13:
			b, err = f.decodeNX(b)
		case c.v == V13:
			b, err = f.decodeONF(c, b)
		default:
			b, err = f.decode14(c, b)
		}
		if err != nil {
			return err
		}
		m.Monitors = append(m.Monitors, f)
	}
	return nil
}

func (f *FlowMonitor) decodeNX(b []byte) (rest []byte, err error) {
	r := reader{b: b}
	f.ID = r.u32()
	if f.Flags, err = monitorFlagsFrom(V10, r.u16()); err != nil {
		return nil, err
	}
	f.OutPort = PortFrom16(r.u16())
	n := int(r.u16())
	f.Table = r.u8()
	if !allZero(r.bytes(5)) {
		return nil, ErrNXRequestMustBeZero
	}
	return decodeNXM(r.b, n, &f.Match, nil)
}

func (f *FlowMonitor) decodeONF(c context, b []byte) (rest []byte, err error) {
	r := reader{b: b}
	f.ID = r.u32()
	if f.Flags, err = monitorFlagsFrom(c.v, r.u16()); err != nil {
		return nil, err
	}
	n := int(r.u16())
	f.OutPort, f.Table = PortNo(r.u32()), r.u8()
	if !allZero(r.bytes(3)) {
		return nil, ErrNXRequestMustBeZero
	}
	// Open vSwitch has the match whole here, os-ken only its fields.
	if b := r.b; len(b) < matchHeadSize || be.Uint16(b) != matchTypeOXM || int(be.Uint16(b[2:])) != n {
		return decodeNXM(b, n, &f.Match, nil)
	}
	return decodeMatch(c, r.b, &f.Match)
}

func (f *FlowMonitor) decode14(c context, b []byte) (rest []byte, err error) {
	r := reader{b: b}
	f.ID, f.OutPort, f.OutGroup = r.u32(), PortNo(r.u32()), r.u32()
	flags := r.u16()
	f.Table, f.Command = r.u8(), MonitorCommand(r.u8())
	switch {
	case f.Command > MonitorCmdDelete:
		return nil, NewError(ErrMonitorBadCommand, "command %d", f.Command)
	case f.Command == MonitorCmdDelete:
		f.Flags = MonitorFlags(flags)
		if len(r.b) == 0 {
			return nil, nil
		}
	default:
		if f.Flags, err = monitorFlagsFrom(c.v, flags); err != nil {
			return nil, err
		}
	}
	return decodeMatch(c, r.b, &f.Match)
}

func appendMonitor(c context, dst []byte, f *FlowMonitor) (_ []byte, err error) {
	if c.v >= V14 {
		for _, n := range [3]uint32{f.ID, uint32(f.OutPort), f.OutGroup} {
			dst = be.AppendUint32(dst, n)
		}
		dst = append(be.AppendUint16(dst, f.Flags.wire(c.v)), f.Table, byte(f.Command))
		if f.Command == MonitorCmdDelete {
			return dst, nil
		}
		return appendMatch(c, dst, &f.Match)
	}
	if f.Command != MonitorCmdAdd || f.OutGroup != GroupAny {
		return dst, unencodable(c.v, "a flow monitor's command or group")
	}
	dst = be.AppendUint16(be.AppendUint32(dst, f.ID), f.Flags.wire(c.v))
	at := len(dst)
	if c.v == V13 {
		dst = zeros(append(be.AppendUint32(zeros(dst, 2), uint32(f.OutPort)), f.Table), 3)
		start := len(dst)
		if dst, err = appendMatch(c, dst, &f.Match); err == nil {
			copy(dst[at:at+2], dst[start+2:start+4])
		}
		return dst, err
	}
	if dst, err = appendPortNo(V10, dst, f.OutPort); err != nil {
		return dst, err
	}
	at = len(dst)
	dst, n, err := appendNXM(c, zeros(append(zeros(dst, 2), f.Table), 5), &f.Match, cookieMatch{})
	if err == nil {
		be.PutUint16(dst[at:], uint16(n))
	}
	return dst, err
}

// Events of the older forms (NXFME_*) in the order of their numbers.
var flowEventsOld = [...]FlowEvent{FlowEventAdded, FlowEventRemoved, FlowEventModified, FlowEventAbbrev}

const updateSize = 24

func decodeUpdates(c context, b []byte, m *FlowMonitorReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 0, 8)
		if err != nil {
			return err
		}
		if n%8 != 0 {
			return ErrRequestBadLen
		}
		event := be.Uint16(b[2:])
		u := FlowUpdate{Event: FlowEvent(event)}
		if c.v < V14 {
			if int(event) >= len(flowEventsOld) {
				return NewError(ErrNXRequestFMBadEvent, "event %d", event)
			}
			u.Event = flowEventsOld[event]
		}
		if err := u.decode(c, b[:n]); err != nil {
			return err
		}
		m.Updates = append(m.Updates, u)
		b = b[n:]
	}
	return nil
}

// decode reads an entry whose event is known.
func (u *FlowUpdate) decode(c context, b []byte) error {
	switch u.Event {
	case FlowEventAbbrev, FlowEventPaused, FlowEventResumed:
		if len(b) != 8 {
			return ErrRequestBadLen
		}
		if u.Event == FlowEventAbbrev {
			u.XID = be.Uint32(b[4:])
		}
		return nil
	case FlowEventInitial, FlowEventAdded, FlowEventRemoved, FlowEventModified:
	default:
		return NewError(ErrNXRequestFMBadEvent, "event %d", u.Event)
	}
	if len(b) < updateSize {
		return ErrRequestBadLen
	}
	r := reader{b: b[4:]}
	n := 0
	if c.v >= V14 {
		u.Table, u.Reason = r.u8(), RemovedReason(r.u8())
		u.IdleTimeout, u.HardTimeout, u.Priority = r.u16(), r.u16(), r.u16()
		r.skip(4)
	} else {
		u.Reason, u.Priority = RemovedReason(r.u16()), r.u16()
		u.IdleTimeout, u.HardTimeout = r.u16(), r.u16()
		n = int(r.u16())
		u.Table = r.u8()
		r.skip(1)
	}
	u.Cookie = r.u64()
	rest := r.b
	var err error
	if c.v < V13 {
		rest, err = decodeNXM(rest, n, &u.Match, nil)
	} else {
		rest, err = decodeMatch(c, rest, &u.Match)
	}
	if err != nil {
		return err
	}
	if c.v < V13 {
		u.Actions, err = decodeActions(c, rest, nil)
	} else {
		u.Actions, err = decodeInstructions(c, rest)
	}
	return err
}

// wire is the event as the version numbers it.
func (e FlowEvent) wire(v Version) (uint16, error) {
	if v >= V14 {
		return uint16(e), nil
	}
	if e == FlowEventInitial {
		e = FlowEventAdded
	}
	for i, old := range flowEventsOld {
		if old == e {
			return uint16(i), nil
		}
	}
	return 0, unencodable(v, "flow event %d", e)
}

func appendUpdate(c context, dst []byte, u *FlowUpdate) ([]byte, error) {
	start := len(dst)
	event, err := u.Event.wire(c.v)
	if err != nil {
		return dst, err
	}
	dst = be.AppendUint16(zeros(dst, 2), event)
	switch u.Event {
	case FlowEventAbbrev, FlowEventPaused, FlowEventResumed:
		dst = be.AppendUint32(dst, u.XID)
	default:
		if dst, err = u.appendFull(c, dst); err != nil {
			return dst, err
		}
	}
	if len(dst)-start > MaxLen {
		return dst, unencodable(c.v, "a flow update of %d bytes", len(dst)-start)
	}
	setLen16(dst, start, start)
	return dst, nil
}

func (u *FlowUpdate) appendFull(c context, dst []byte) (_ []byte, err error) {
	if c.v >= V14 {
		dst = append(dst, u.Table, u.Reason.wire(c.v))
		for _, n := range [3]uint16{u.IdleTimeout, u.HardTimeout, u.Priority} {
			dst = be.AppendUint16(dst, n)
		}
		dst = be.AppendUint64(zeros(dst, 4), u.Cookie)
		if dst, err = appendMatch(c, dst, &u.Match); err != nil {
			return dst, err
		}
		return appendInstructions(c.following(&u.Match), dst, u.Actions)
	}
	for _, n := range [4]uint16{uint16(u.Reason.wire(c.v)), u.Priority, u.IdleTimeout, u.HardTimeout} {
		dst = be.AppendUint16(dst, n)
	}
	at := len(dst)
	dst = be.AppendUint64(append(zeros(dst, 2), u.Table, 0), u.Cookie)
	if c.v == V13 {
		start := len(dst)
		if dst, err = appendMatch(c, dst, &u.Match); err != nil {
			return dst, err
		}
		copy(dst[at:at+2], dst[start+2:start+4])
		return appendInstructions(c.following(&u.Match), dst, u.Actions)
	}
	dst, n, err := appendNXM(c, dst, &u.Match, cookieMatch{})
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return appendActions(c.following(&u.Match), dst, u.Actions)
}
