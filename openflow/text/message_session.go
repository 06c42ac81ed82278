package text

import (
	"net/netip"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// sessionMessages are the rows of messages that set a connection up and keep it.
func sessionMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.Hello) {
			w.str("\n version bitmap: ")
			for i, v := range m.Versions.List() {
				if i > 0 {
					w.str(", ")
				}
				w.hexWidth(uint64(v), 2)
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.Error) { w.errorMessage(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.EchoRequest) { w.echo(m.Data) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.EchoReply) { w.echo(m.Data) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.Experimenter) {
			w.str(" vendor=").hex(uint64(m.Vendor)).str(" type=").uint(uint64(m.ExpType)).byte('\n').hexDump(m.Data, true)
		}),
		bare(openflow.KindFeaturesRequest),
		prints(func(w *printer, h *openflow.Header, m *openflow.FeaturesReply) { w.features(h.Version, m) }),
		bare(openflow.KindGetConfigRequest),
		prints(func(w *printer, h *openflow.Header, m *openflow.GetConfigReply) {
			w.switchConfig(h.Version, &m.SwitchConfig)
		}),
		prints(func(w *printer, h *openflow.Header, m *openflow.SetConfig) {
			w.switchConfig(h.Version, &m.SwitchConfig)
		}),
		bare(openflow.KindBarrierRequest),
		bare(openflow.KindBarrierReply),
		prints(func(w *printer, _ *openflow.Header, m *openflow.RoleRequest) { w.roleMessage(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.RoleReply) { w.roleMessage((*openflow.RoleRequest)(m)) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.RoleStatus) {
			w.role(m.Role, m.GenerationID, m.GenerationID != noGeneration)
			w.str(" reason=").nameOr(roleReasons[:], int(m.Reason), "(unknown)")
		}),
		bare(openflow.KindGetAsyncRequest),
		prints(func(w *printer, h *openflow.Header, m *openflow.GetAsyncReply) {
			w.asyncConfig(h.Version, m.AsyncConfig)
		}),
		prints(func(w *printer, h *openflow.Header, m *openflow.SetAsync) { w.asyncConfig(h.Version, m.AsyncConfig) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.ControllerStatus) {
			w.controllerState(&m.ControllerState)
		}),
		bare(openflow.KindControllerStatusRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.ControllerStatusReply) {
			for i := range m.Controllers {
				w.str("\n ").controllerState(&m.Controllers[i])
			}
		}),
		bare(openflow.KindDescRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.DescReply) {
			w.str("\nManufacturer: ").str(m.Manufacturer).str("\nHardware: ").str(m.Hardware).str("\nSoftware: ").str(m.Software)
			w.str("\nSerial Num: ").str(m.Serial).str("\nDP Description: ").str(m.Datapath).byte('\n')
		}),
	}
}

// errorMessage writes an error's name, and the message that it is about.
func (w *printer) errorMessage(m *openflow.Error) {
	w.byte(' ')
	if m.Code == openflow.ErrUnknown {
		if m.Vendor != 0 {
			w.str("vendor ").hex(uint64(m.Vendor)).byte(' ')
		}
		w.str("type ").uint(uint64(m.Type)).str(" code ").uint(uint64(m.Number))
	} else {
		w.str(m.Code.String())
	}
	w.byte('\n')
	switch {
	case m.Code == openflow.ErrHelloIncompatible || m.Code == openflow.ErrHelloPermission:
		w.escaped(m.Data)
	case w.depth >= maxMessageDepth:
		w.hexDump(m.Data, true)
	default:
		// What an error is about is written without its bytes, however much is
		// asked for.
		verbosity := w.o.Verbosity
		w.o.Verbosity = 0
		w.depth++
		w.wire(m.Data)
		w.depth--
		w.o.Verbosity = verbosity
	}
}

// maxMessageDepth bounds messages in messages: an error about a bundle's message
// about an error …
const maxMessageDepth = 8

// escaped writes text, what is not printable, and quotation marks, as octal numbers.
func (w *printer) escaped(b []byte) {
	for _, c := range b {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			w.byte('\\').octal(c)
		} else {
			w.byte(c)
		}
	}
}

func (w *printer) octal(c byte) *printer {
	return w.byte('0' + c>>6).byte('0' + c>>3&7).byte('0' + c&7)
}

func (w *printer) echo(data []byte) {
	w.byte(' ').uint(uint64(len(data))).str(" bytes of payload\n")
	if w.o.Verbosity > 1 {
		w.hexDump(data, true)
	}
}

// capabilities are the names of capabilities in the order of printing.
var capabilities = [...]struct {
	bit  openflow.Capabilities
	name string
}{
	{openflow.CapFlowStats, "FLOW_STATS"},
	{openflow.CapTableStats, "TABLE_STATS"},
	{openflow.CapPortStats, "PORT_STATS"},
	{openflow.CapSTP, "STP"},
	{openflow.CapGroupStats, "GROUP_STATS"},
	{openflow.CapIPReassembly, "IP_REASM"},
	{openflow.CapQueueStats, "QUEUE_STATS"},
	{openflow.CapARPMatchIP, "ARP_MATCH_IP"},
	{openflow.CapPortBlocked, "PORT_BLOCKED"},
	{openflow.CapBundles, "BUNDLES"},
	{openflow.CapFlowMonitor, "FLOW_MONITORING"},
}

func (w *printer) features(v openflow.Version, m *openflow.FeaturesReply) {
	w.str(" dpid:").digits(m.DatapathID, 16).str("\nn_tables:").uint(uint64(m.Tables)).str(", n_buffers:").uint(uint64(m.Buffers))
	if m.Auxiliary != 0 {
		w.str(", auxiliary_id:").uint(uint64(m.Auxiliary))
	}
	w.str("\ncapabilities: ")
	rest, first := m.Capabilities, true
	for _, c := range capabilities {
		if rest&c.bit == 0 {
			continue
		}
		if !first {
			w.byte(' ')
		}
		first = false
		w.str(c.name)
		rest &^= c.bit
	}
	switch {
	case first && rest == 0:
		w.byte('0')
	case rest != 0:
		if !first {
			w.byte(' ')
		}
		w.hex(uint64(rest))
	}
	w.byte('\n')
	if v == openflow.V10 && m.Actions != (openflow.ActionSet{}) {
		w.str("actions: ").actionSet(m.Actions).byte('\n')
	}
	if v < openflow.V13 {
		w.ports(v, m.Ports)
	}
}

// fragments are the names of the treatments of fragments.
var fragments = [...]string{
	openflow.FragNormal:  "normal",
	openflow.FragDrop:    "drop",
	openflow.FragReasm:   "reassemble",
	openflow.FragNXMatch: "nx-match",
}

// FragName is the name that get-frags and set-frags have for a treatment of
// fragments.
func FragName(f openflow.FragHandling) string {
	if int(f) < len(fragments) {
		return fragments[f]
	}
	return ""
}

// ParseFrag reads the name of a treatment of fragments, in any case of letters.
func ParseFrag(name string) (f openflow.FragHandling, found bool) {
	for i, n := range fragments {
		if strings.EqualFold(n, name) {
			return openflow.FragHandling(i), true
		}
	}
	return 0, false
}

func (w *printer) switchConfig(v openflow.Version, c *openflow.SwitchConfig) {
	w.str(" frags=").nameOf(fragments[:], int(c.Frag))
	if c.InvalidTTL && v < openflow.V13 {
		w.str(" invalid_ttl_to_controller")
	}
	w.str(" miss_send_len=").uint(uint64(c.MissSendLen)).byte('\n')
}

// noGeneration is the generation id of a role's change without one.
const noGeneration = ^uint64(0)

var (
	roles = [...]string{
		openflow.RoleNoChange:  "nochange",
		openflow.RoleEqual:     "equal",
		openflow.RolePrimary:   "primary",
		openflow.RoleSecondary: "secondary",
	}
	roleReasons = [...]string{
		openflow.RoleReasonPrimaryRequest: "primary_request",
		openflow.RoleReasonConfig:         "configuration_changed",
		openflow.RoleReasonExperimenter:   "experimenter_data_changed",
	}
)

// nameOr writes the name of a value, or another text where it has none.
func (w *printer) nameOr(names []string, value int, other string) *printer {
	if value < len(names) && names[value] != "" {
		return w.str(names[value])
	}
	return w.str(other)
}

func (w *printer) roleMessage(m *openflow.RoleRequest) {
	w.role(m.Role, m.GenerationID, m.HasGenerationID)
	if m.ShortID != 0 {
		w.str(" short_id=").uint(uint64(m.ShortID))
	}
}

func (w *printer) role(r openflow.Role, generation uint64, has bool) {
	w.str(" role=").nameOf(roles[:], int(r))
	if has {
		w.str(" generation_id=").uint(generation)
	}
}

func (w *printer) controllerState(c *openflow.ControllerState) {
	w.str(" id=").uint(uint64(c.ShortID)).str(" role=").nameOf(roles[:], int(c.Role)).str(" reason=").uint(uint64(c.Reason))
	w.str(" channel=").nameOf([]string{"up", "down"}, int(c.ChannelStatus))
	for _, uri := range c.URIs {
		w.str(" uri=").str(uri)
	}
}

// asyncNames are the names of asynchronous messages, and of the reasons for
// which they are sent: reason i is bit i.
var asyncNames = [openflow.NumAsync]struct {
	name    string
	reasons []string
}{
	openflow.AsyncPacketIn:       {"PACKET_IN", packetInReasons[:]},
	openflow.AsyncPortStatus:     {"PORT_STATUS", []string{"add", "delete", "modify"}},
	openflow.AsyncFlowRemoved:    {"FLOW_REMOVED", removedReasons[:]},
	openflow.AsyncRoleStatus:     {"ROLE_STATUS", roleReasons[:]},
	openflow.AsyncTableStatus:    {"TABLE_STATUS", []string{3: "vacancy_down", 4: "vacancy_up"}},
	openflow.AsyncRequestForward: {"REQUESTFORWARD", []string{"group_mod_request", "meter_mod_request"}},
	openflow.AsyncFlowStats:      {"FLOW_STATS", nil},
	openflow.AsyncContStatus:     {"CONT_STATUS", nil},
}

// asyncWidth is the width that the names of asynchronous messages are written in.
const asyncWidth = 16

// reasons13 are the reasons of packet-ins that masks up to OpenFlow 1.3 have.
const reasons13 = 1<<openflow.ReasonNoMatch | 1<<openflow.ReasonAction | 1<<openflow.ReasonInvalidTTL

func (w *printer) asyncConfig(v openflow.Version, c openflow.AsyncConfig) {
	if v < openflow.V14 {
		c.Primary.Reasons[openflow.AsyncPacketIn] &= reasons13
		c.Secondary.Reasons[openflow.AsyncPacketIn] &= reasons13
	}
	w.str("\n primary:\n").asyncMask(&c.Primary)
	w.str("\n secondary:\n").asyncMask(&c.Secondary)
}

// asyncMask writes what is sent. Open vSwitch knows no messages of OpenFlow 1.5:
// they are shown where the configuration mentions them.
func (w *printer) asyncMask(m *openflow.AsyncMask) {
	for i, a := range asyncNames {
		if openflow.AsyncMessage(i) >= openflow.AsyncFlowStats && m.Set>>i&1 == 0 {
			continue
		}
		for range asyncWidth - len(a.name) {
			w.byte(' ')
		}
		w.str(a.name).byte(':')
		for bit := range 32 {
			if m.Reasons[i]>>bit&1 == 0 {
				continue
			}
			w.byte(' ')
			if bit < len(a.reasons) && a.reasons[bit] != "" {
				w.str(a.reasons[bit])
			} else {
				w.uint(uint64(bit))
			}
		}
		if m.Reasons[i] == 0 {
			w.str(" (off)")
		}
		w.byte('\n')
	}
}

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
		prints(func(w *printer, _ *openflow.Header, m *openflow.IPFIXBridgeReply) {
			w.str("\n  bridge ipfix: ").ipfix(&m.IPFIXStats, "                ")
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.IPFIXFlowReply) {
			w.byte(' ').uint(uint64(len(m.Exporters))).str(" ids\n")
			for i := range m.Exporters {
				e := &m.Exporters[i]
				w.str("  id ").padded(uint64(e.CollectorSetID), 3).str(": ").ipfix(e, "          ")
			}
		}),
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
	w.str(" zone=").uint(uint64(m.Zone))
	if m.HasMark {
		w.str(" mark=").hexSharp(uint64(m.Mark))
		if m.MarkMask != 0 {
			w.byte('/').hexSharp(uint64(m.MarkMask))
		}
	}
	if m.HasLabel {
		w.str(" labels=").value(m.Label)
		if !m.LabelMask.IsZero() {
			w.byte('/').value(m.LabelMask)
		}
	}
	ipv4 := isMapped(m.Orig.Src) || isMapped(m.Orig.Dst) || isMapped(m.Reply.Src) || isMapped(m.Reply.Dst)
	icmp := m.Proto == protoICMP || m.Proto == protoICMPv6
	w.str(" '").ctTuple(&m.Orig, ipv4, icmp).str(",ct_nw_proto=").uint(uint64(m.Proto)).str("' '").ctTuple(&m.Reply, ipv4, icmp).byte('\'')
}

// isMapped reports whether an address is an IPv4 one.
func isMapped(a flow.IPv6) bool { return netip.AddrFrom16(a).Is4In6() }

// ctTuple writes all parts of a tuple, those that restrict nothing as zero.
func (w *printer) ctTuple(t *openflow.CTTuple, ipv4, icmp bool) *printer {
	family := "ct_ipv6_"
	if ipv4 {
		family = "ct_nw_"
	}
	w.str(family).str("src=").addr(netip.AddrFrom16(t.Src).Unmap())
	w.byte(',').str(family).str("dst=").addr(netip.AddrFrom16(t.Dst).Unmap())
	if icmp {
		w.str(",icmp_id=").uint(uint64(t.ICMPID)).str(",icmp_type=").uint(uint64(t.ICMPType)).str(",icmp_code=").uint(uint64(t.ICMPCode))
		return w
	}
	return w.str(",ct_tp_src=").uint(uint64(t.SrcPort)).str(",ct_tp_dst=").uint(uint64(t.DstPort))
}
