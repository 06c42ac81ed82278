package text

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// packetMessages are the rows of messages that carry packets.
func packetMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.PacketIn) { w.packetIn(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.Resume) { w.packetIn(&m.PacketIn) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PacketOut) { w.packetOut(m) }),
	}
}

func (w *printer) packetIn(m *openflow.PacketIn) {
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
	w.packet(m.Data)
}

// packet writes what a packet contains, and its bytes where they are asked for.
func (w *printer) packet(data []byte) {
	if w.o.PacketSummary != nil {
		w.dst = w.o.PacketSummary(w.dst, data)
		w.byte('\n')
	}
	if w.o.Verbosity > 1 {
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
		if w.o.PacketSummary != nil {
			w.byte('\n')
		}
		w.packet(m.Data)
	}
}
