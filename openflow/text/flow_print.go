package text

import (
	"time"

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
		w.str("n_packets=").uint(f.Packets).str(", n_bytes=").uint(f.Bytes).str(", ")
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
