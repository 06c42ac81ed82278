package text

import "vswitch/openflow"

// monitorMessages are the rows of messages about flow monitors.
func monitorMessages() []messageRow {
	return []messageRow{
		unflagged(prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorRequest) {
			for i := range m.Monitors {
				w.monitor(&m.Monitors[i])
			}
		})),
		unflagged(prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorReply) {
			for i := range m.Updates {
				w.flowUpdate(&m.Updates[i])
			}
		})),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorCancel) { w.str(" id=").uint(uint64(m.ID)) }),
		bare(openflow.KindFlowMonitorPaused),
		bare(openflow.KindFlowMonitorResumed),
		prints(func(w *printer, _ *openflow.Header, m *openflow.RequestForward) {
			w.str(" reason=")
			switch {
			case m.Group != nil:
				w.str("group_mod").groupMod(openflow.V14, m.Group)
			case m.Meter != nil:
				w.str("meter_mod").meterMod(m.Meter)
			}
		}),
	}
}

// monitorFlags are the names of flags, the lowest bit first.
var monitorFlags = [...]string{"initial", "add", "delete", "modify", "actions", "own", "only-own"}

func (w *printer) monitor(m *openflow.FlowMonitor) {
	w.str("\n id=").uint(uint64(m.ID)).str(" flags=").bits(uint64(m.Flags), monitorFlags[:], ",")
	if m.OutPort != openflow.PortAny {
		w.str(" out_port=").port(m.OutPort)
	}
	if m.Table != openflow.TableAll {
		w.str(" table=").table(m.Table)
	}
	w.byte(' ').match(&m.Match, openflow.DefaultPriority)
	w.chomp(' ')
}

func (w *printer) flowUpdate(u *openflow.FlowUpdate) {
	w.str("\n event=")
	switch u.Event {
	case openflow.FlowEventInitial:
		w.str("INITIAL")
	case openflow.FlowEventAdded:
		w.str("ADDED")
	case openflow.FlowEventRemoved:
		w.str("DELETED reason=").reason(removedReasons[:], int(u.Reason))
	case openflow.FlowEventModified:
		w.str("MODIFIED")
	case openflow.FlowEventAbbrev:
		w.str("ABBREV xid=").hex(uint64(u.XID))
		return
	case openflow.FlowEventPaused:
		w.str("PAUSED")
		return
	case openflow.FlowEventResumed:
		w.str("RESUMED")
		return
	default:
		w.uint(uint64(u.Event))
		return
	}
	w.str(" table=").table(u.Table)
	if u.IdleTimeout != 0 {
		w.str(" idle_timeout=").uint(uint64(u.IdleTimeout))
	}
	if u.HardTimeout != 0 {
		w.str(" hard_timeout=").uint(uint64(u.HardTimeout))
	}
	w.str(" cookie=").hexSharp(u.Cookie).byte(' ').match(&u.Match, u.Priority)
	if len(u.Actions) > 0 {
		if w.last() != ' ' {
			w.byte(' ')
		}
		w.str("actions=").actionList(u.Actions)
	}
}
