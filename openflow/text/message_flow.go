package text

import (
	"bytes"
	"encoding/binary"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

// AppendFlowStats appends a flow to dst as dump-flows writes it, without an end
// of line: "cookie=0x0, duration=1.234s, table=0, n_packets=0, n_bytes=0,
// priority=10,ip actions=output:2". Without o.NoStats it begins with no blank.
func AppendFlowStats(dst []byte, f *openflow.FlowStats, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.flowStats(f)
	return w.dst
}

func (w *printer) flowStats(f *openflow.FlowStats) {
	stats := !w.o.NoStats
	if stats || f.Cookie != 0 {
		w.str("cookie=").hex(f.Cookie).str(", ")
	}
	if stats {
		w.str("duration=").duration(f.Duration).str(", ")
	}
	_, tableNamed := w.o.Tables.Name(uint32(f.Table))
	if stats || f.Table != 0 || tableNamed {
		w.str("table=").table(f.Table).str(", ")
	}
	if stats {
		w.str("n_packets=").count(f.Packets).str(", n_bytes=").count(f.Bytes).str(", ")
	}
	if f.IdleTimeout != 0 {
		w.str("idle_timeout=").uint(uint64(f.IdleTimeout)).str(", ")
	}
	if f.HardTimeout != 0 {
		w.str("hard_timeout=").uint(uint64(f.HardTimeout)).str(", ")
	}
	w.flowFlags(f.Flags)
	if f.Importance != 0 {
		w.str("importance=").uint(uint64(f.Importance)).str(", ")
	}
	if stats && f.IdleAge >= 0 {
		w.str("idle_age=").int(int64(f.IdleAge)).str(", ")
	}
	if stats && f.HardAge >= 0 && time.Duration(f.HardAge) != f.Duration/time.Second {
		w.str("hard_age=").int(int64(f.HardAge)).str(", ")
	}
	start := len(w.dst)
	w.match(&f.Match, f.Priority)
	if len(w.dst) != start {
		w.byte(' ')
	}
	w.str("actions=").actionList(f.Actions)
}

// flowFlagNames are the names of flags, the lowest bit first.
var flowFlagNames = [...]string{"send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"}

// flowFlags writes flags, each with a blank behind it.
func (w *printer) flowFlags(f openflow.FlowFlags) {
	f &^= openflow.FlowEmergency
	for i, name := range flowFlagNames {
		if f>>i&1 != 0 {
			w.str(name).byte(' ')
		}
	}
}

// flowCommands are the names of a flow-mod's commands as messages print them.
var flowCommands = [...]string{
	openflow.FlowAdd:          "ADD",
	openflow.FlowModify:       "MOD",
	openflow.FlowModifyStrict: "MOD_STRICT",
	openflow.FlowDelete:       "DEL",
	openflow.FlowDeleteStrict: "DEL_STRICT",
}

// removedReasons are the names of reasons why flows went.
var removedReasons = [...]string{
	openflow.RemovedIdleTimeout: "idle",
	openflow.RemovedHardTimeout: "hard",
	openflow.RemovedDelete:      "delete",
	openflow.RemovedGroupDelete: "group_delete",
	openflow.RemovedMeterDelete: "meter_delete",
	openflow.RemovedEviction:    "eviction",
}

// reason writes a name, or a number where there is none.
func (w *printer) reason(names []string, value int) *printer {
	if value < len(names) && names[value] != "" {
		return w.str(names[value])
	}
	return w.uint(uint64(value))
}

// flowMessages are the rows of messages about flows.
func flowMessages() []messageRow {
	return []messageRow{
		prints((*printer).flowMod),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowRemoved) { w.flowRemoved(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowStatsRequest) { w.flowRequest(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.AggregateRequest) {
			w.flowRequest((*openflow.FlowStatsRequest)(m))
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowStatsReply) {
			noStats := w.o.NoStats
			w.o.NoStats = false
			for i := range m.Flows {
				w.str("\n ").flowStats(&m.Flows[i])
			}
			w.o.NoStats = noStats
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.AggregateReply) {
			w.str(" packet_count=").uint(m.Packets).str(" byte_count=").uint(m.Bytes).str(" flow_count=").uint(uint64(m.Flows))
		}),
	}
}

// resetCountsSince is the version from which on the flag reset_counts travels.
const resetCountsSince = openflow.V12

func (w *printer) flowMod(h *openflow.Header, m *openflow.FlowMod) {
	w.byte(' ')
	if int(m.Command) < len(flowCommands) {
		w.str(flowCommands[m.Command])
	} else {
		w.str("cmd:").uint(uint64(m.Command))
	}
	_, tableNamed := w.o.Tables.Name(uint32(m.Table))
	if m.Table != 0 || tableNamed {
		w.str(" table:").table(m.Table)
	}
	w.byte(' ').match(&m.Match, m.Priority)
	if w.last() != ' ' {
		w.byte(' ')
	}
	given := m.NewCookie
	if m.Command == openflow.FlowAdd {
		given = m.Cookie
	}
	if given != 0 && given != ^uint64(0) {
		w.str("cookie:").hex(given).byte(' ')
	}
	if m.CookieMask != 0 {
		w.str("cookie:").hex(m.Cookie).byte('/').hex(m.CookieMask).byte(' ')
	}
	number := func(name string, n uint16) {
		if n != 0 {
			w.str(name).uint(uint64(n)).byte(' ')
		}
	}
	number("idle:", m.IdleTimeout)
	number("hard:", m.HardTimeout)
	number("importance:", m.Importance)
	if m.Buffer != openflow.NoBuffer {
		w.str("buf:").hex(uint64(m.Buffer)).byte(' ')
	}
	if m.OutPort != openflow.PortAny {
		w.str("out_port:").port(m.OutPort).byte(' ')
	}
	flags := m.Flags
	if h.Version < resetCountsSince {
		flags &^= openflow.FlowResetCounts
	}
	w.flowFlags(flags)
	w.str("actions=").actionList(m.Actions)
}

func (w *printer) flowRemoved(m *openflow.FlowRemoved) {
	w.byte(' ').match(&m.Match, m.Priority)
	w.str(" reason=").reason(removedReasons[:], int(m.Reason))
	if m.Table != openflow.TableAll {
		w.str(" table_id=").table(m.Table)
	}
	if m.Cookie != 0 {
		w.str(" cookie:").hex(m.Cookie)
	}
	w.str(" duration").duration(m.Duration).str(" idle").uint(uint64(m.IdleTimeout))
	if m.HardTimeout != 0 {
		w.str(" hard").uint(uint64(m.HardTimeout))
	}
	w.str(" pkts").uint(m.Packets).str(" bytes").uint(m.Bytes).byte('\n')
}

func (w *printer) flowRequest(m *openflow.FlowStatsRequest) {
	if m.Table != openflow.TableAll {
		w.str(" table=").table(m.Table)
	}
	if m.OutPort != openflow.PortAny {
		w.str(" out_port=").port(m.OutPort)
	}
	w.byte(' ').match(&m.Match, openflow.DefaultPriority)
	w.chomp(' ')
}

// packetMessages are the rows of messages that carry packets.
func packetMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, h *openflow.Header, m *openflow.PacketIn) { w.packetIn(h.Version, m) }),
		prints(func(w *printer, h *openflow.Header, m *openflow.Resume) { w.packetIn(h.Version, &m.PacketIn) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PacketOut) { w.packetOut(m) }),
	}
}

func (w *printer) packetIn(v openflow.Version, m *openflow.PacketIn) {
	_, tableNamed := w.o.Tables.Name(uint32(m.Table))
	if m.Table != 0 || tableNamed {
		w.str(" table_id=").table(m.Table)
	}
	if m.Cookie != ^uint64(0) {
		w.str(" cookie=").hex(m.Cookie)
	}
	w.str(" total_len=").uint(uint64(m.TotalLen)).byte(' ').match(&m.Match, openflow.DefaultPriority)
	w.str(" (via ").packetInReason(m.Reason).str(") data_len=").uint(uint64(len(m.Data)))
	if m.Buffer == openflow.NoBuffer {
		w.str(" (unbuffered)")
		if int(m.TotalLen) != len(m.Data) {
			w.str(" (***total_len != data_len***)")
		}
	} else {
		w.str(" buffer=").hexWidth(uint64(m.Buffer), 8)
		if int(m.TotalLen) < len(m.Data) {
			w.str(" (***total_len < data_len***)")
		}
	}
	w.byte('\n')
	if len(m.UserData) > 0 {
		w.str(" userdata=").bytesHex(m.UserData, ".").byte('\n')
	}
	if c, err := openflow.DecodeContinuation(v, m.Continuation); err == nil {
		w.continuation(c)
	}
	w.packet(m.Data)
}

// continuation writes what a paused packet carries, one line a part.
func (w *printer) continuation(c *openflow.Continuation) {
	if b := &c.Bridge; *b != [16]byte{} {
		// Open vSwitch reads the identifier as four words of its own byte order.
		w.str(" continuation.bridge=")
		for i := range 4 {
			word := uint64(binary.LittleEndian.Uint32(b[4*i:]))
			if i == 1 || i == 2 {
				w.byte('-').digits(word>>16, 4).byte('-').digits(word&0xffff, 4)
			} else {
				w.digits(word, 8)
			}
		}
		w.byte('\n')
	}
	if len(c.Stack) > 0 {
		w.str(" continuation.stack=(top)")
		for _, entry := range c.Stack {
			if entry = bytes.TrimLeft(entry, "\x00"); len(entry) == 0 {
				w.str(" 0")
				continue
			}
			w.byte(' ').hex(uint64(entry[0])).bytesHex(entry[1:], "")
		}
		w.str(" (bottom)\n")
	}
	if c.Mirrors != 0 {
		w.str(" continuation.mirrors=").hex(uint64(c.Mirrors)).byte('\n')
	}
	if c.Conntracked {
		w.str(" continuation.conntracked=true\n")
	}
	w.continuedActions(c.Rest)
	if len(c.ActionSet) > 0 {
		w.str(" continuation.action_set=").actionList(c.ActionSet).byte('\n')
	}
	if c.ODPPort != 0 {
		w.str(" continuation.odp_port=").uint(uint64(c.ODPPort)).byte('\n')
	}
}

func (w *printer) continuedActions(list []openflow.ContinuedActions) {
	for i := range list {
		rest := &list[i]
		if i == 0 {
			w.str(" continuation.actions=")
		} else {
			w.byte(',')
		}
		w.str("unroll_xlate(table=").uint(uint64(rest.Table)).str(", cookie=").uint(rest.Cookie).byte(')')
		if len(rest.Actions) > 0 {
			w.byte(',').actionList(rest.Actions)
		}
	}
	if len(list) > 0 {
		w.byte('\n')
	}
}

// packet writes what a packet contains, and its bytes, as far as they are asked for.
func (w *printer) packet(data []byte) {
	if w.o.PacketSummary != nil && w.o.Verbosity > 0 {
		w.dst = w.o.PacketSummary(w.dst, data)
		w.byte('\n')
	}
	if w.o.Verbosity > 2 {
		w.hexDump(data, false)
	}
}

func (w *printer) packetOut(m *openflow.PacketOut) {
	w.byte(' ')
	match := m.Match
	if port := flow.FieldByID(flow.FieldInPortOXM); match.Mask.OFPort == 0 {
		match.SetField(port, flow.U64(uint64(m.InPort)), port.Full())
	}
	w.match(&match, openflow.DefaultPriority)
	w.str(" actions=").actionList(m.Actions)
	if m.Buffer != openflow.NoBuffer {
		w.str(" buffer=").hexWidth(uint64(m.Buffer), 8)
		return
	}
	w.str(" data_len=").uint(uint64(len(m.Data)))
	if len(m.Data) > 0 {
		w.byte('\n').packet(m.Data)
	}
}

// monitorMessages are the rows of messages about flow monitors.
func monitorMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorRequest) {
			for i := range m.Monitors {
				w.monitor(&m.Monitors[i])
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorReply) {
			for i := range m.Updates {
				w.flowUpdate(&m.Updates[i])
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowMonitorCancel) { w.str(" id=").uint(uint64(m.ID)) }),
		bare(openflow.KindFlowMonitorPaused),
		bare(openflow.KindFlowMonitorResumed),
		prints(func(w *printer, h *openflow.Header, m *openflow.RequestForward) {
			w.str(" reason=")
			switch {
			case m.Group != nil:
				w.str("group_mod").groupMod(h.Version, m.Group)
			case m.Meter != nil:
				w.str("meter_mod").meterMod(m.Meter)
			}
		}),
	}
}

// monitorFlags are the names of flags, the lowest bit first.
var monitorFlags = [...]string{"initial", "add", "delete", "modify", "actions", "no-abbrev", "own"}

func (w *printer) monitor(m *openflow.FlowMonitor) {
	w.str("\n id=").uint(uint64(m.ID))
	if m.Command == openflow.MonitorCmdDelete {
		w.str(" command=delete")
		return
	}
	w.str(" flags=").bits(uint64(m.Flags), monitorFlags[:], ",")
	if m.OutPort != openflow.PortAny {
		w.str(" out_port=").port(m.OutPort)
	}
	if m.OutGroup != openflow.GroupAny {
		w.str(" out_group=").uint(uint64(m.OutGroup))
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
	w.str(" cookie=").hexSharp(u.Cookie).byte(' ').match(&u.Match, openflow.DefaultPriority)
	if len(u.Actions) > 0 {
		if w.last() != ' ' {
			w.byte(' ')
		}
		w.str("actions=").actionList(u.Actions)
	}
}
