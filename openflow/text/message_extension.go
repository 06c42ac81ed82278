package text

import (
	"vswitch/openflow"
)

// extensionMessages are the rows of Nicira's messages that have no other place.
func extensionMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.SetFlowFormat) {
			w.str(" format=").reason(flowFormats[:], int(m.Format))
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.FlowModTableID) {
			if m.On {
				w.str(" enable")
			} else {
				w.str(" disable")
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.SetPacketInFormat) {
			w.str(" format=").reason(packetInFormats[:], int(m.Format))
		}),
		bare(openflow.KindFlowAge),
		prints(func(w *printer, _ *openflow.Header, m *openflow.SetControllerID) { w.str(" id=").uint(uint64(m.ID)) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.TLVTableMod) {
			w.str("\n ").nameOr([]string{"ADD", "DEL", "CLEAR"}, int(m.Command), "")
			if m.Command != openflow.TLVClear {
				w.tlvMaps(m.Maps)
			}
		}),
		bare(openflow.KindTLVTableRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.TLVTableReply) { w.tlvTable(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.CTFlushZone) { w.str(" zone_id=").uint(uint64(m.Zone)) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.CTFlush) { w.ctFlush(m) }),
		bare(openflow.KindIPFIXBridgeRequest),
		bare(openflow.KindIPFIXFlowRequest),
		unflagged(prints(func(w *printer, _ *openflow.Header, m *openflow.IPFIXBridgeReply) {
			w.str("\n  bridge ipfix: ").ipfix(&m.IPFIXStats, "                ")
		})),
		unflagged(prints(func(w *printer, _ *openflow.Header, m *openflow.IPFIXFlowReply) {
			w.byte(' ').uint(uint64(len(m.Exporters))).str(" ids\n")
			for i := range m.Exporters {
				e := &m.Exporters[i]
				w.str("  id ").padded(uint64(e.CollectorSetID), 3).str(": ").ipfix(e, "          ")
			}
		})),
	}
}

var (
	flowFormats     = [...]string{openflow.FlowFormatOpenFlow10: "openflow10", openflow.FlowFormatNXM: "nxm"}
	packetInFormats = [...]string{openflow.PacketInStandard: "standard", openflow.PacketInNXT: "nxt_packet_in", openflow.PacketInNXT2: "nxt_packet_in2"}
)

// AppendTLVTable appends the map of tunnel options to dst as dump-tlv-map writes
// it.
func AppendTLVTable(dst []byte, m *openflow.TLVTableReply, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.tlvTable(m)
	return w.dst
}

func (w *printer) tlvTable(m *openflow.TLVTableReply) {
	used := uint64(0)
	for _, t := range m.Maps {
		used += uint64(t.Len)
	}
	w.str("\n max option space=").uint(uint64(m.MaxSpace)).str(" max fields=").uint(uint64(m.MaxFields))
	w.str("\n allocated option space=").uint(used).str("\n\n").tlvMaps(m.Maps)
}

func (w *printer) tlvMaps(maps []openflow.TLVMap) {
	w.str(" mapping table:\n  class  type  length  match field\n ------  ----  ------  --------------\n")
	for _, m := range maps {
		w.byte(' ').right(hexSharpText(uint64(m.Class)), 6).str("  ").right(hexSharpText(uint64(m.Type)), 4)
		w.str("  ").padded(uint64(m.Len), 6).str("  tun_metadata").uint(uint64(m.Index)).byte('\n')
	}
}

// right writes text at the right end of a field of width.
func (w *printer) right(s string, width int) *printer {
	for i := len(s); i < width; i++ {
		w.byte(' ')
	}
	return w.str(s)
}

func hexSharpText(n uint64) string {
	if n == 0 {
		return "0"
	}
	return "0x" + hexText(n)
}

// ipfix writes an exporter's counters on two lines, the second one indented.
func (w *printer) ipfix(s *openflow.IPFIXStats, indent string) {
	w.counters(counter{"flows", s.TotalFlows}, counter{"current flows", s.CurrentFlows}, counter{"sampled pkts", s.Packets},
		counter{"ipv4 ok", s.IPv4Packets}, counter{"ipv6 ok", s.IPv6Packets}, counter{"tx pkts", s.TxPackets}).byte('\n')
	w.str(indent).counters(counter{"pkts errs", s.ErrorPackets}, counter{"ipv4 errs", s.IPv4ErrorPackets},
		counter{"ipv6 errs", s.IPv6ErrorPackets}, counter{"tx errs", s.TxErrors}).byte('\n')
}

// ctFlush writes which connections are forgotten.
func (w *printer) ctFlush(m *openflow.CTFlush) {
	if m.HasZone {
		w.str(" zone=").uint(uint64(m.Zone))
	}
}
