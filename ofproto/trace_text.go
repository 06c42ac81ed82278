package ofproto

import (
	"fmt"
	"slices"
	"strings"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// describe writes what goes around a trace's story.
func (t *tracing) describe(out *Trace, x *xlate, k *flow.Key) {
	var before flow.Pipeline
	before.Load(k)
	before.OFPort = uint32(t.no)
	o := t.printing()
	out.Flow = flowText(&before, o)
	if final := flowText(&x.p, o); final != out.Flow {
		out.Final = final
	}
	m := openflow.Match{}
	m.Value.Key, m.Mask.Key = *k, x.result.Mask
	m.Mask.InPort, m.Mask.RecircID, m.Mask.PacketType, m.Mask.Present = 0, 0, 0, 0
	m.Value.OFPort, m.Mask.OFPort = before.OFPort, ^uint32(0)
	m.Normalize()
	kind := "eth"
	if k.PacketType != typeEthernet {
		kind = fmt.Sprintf("packet_type=(%d,%#x)", k.PacketType>>16, k.PacketType&0xffff)
	}
	out.Megaflow = fmt.Sprintf("recirc_id=%s,%s,%s", recircText(k.RecircID), kind, text.AppendMatch(nil, &m, o))
	t.like = k
	out.Actions = t.actionsText(x.result.Actions)
}

func recircText(id uint32) string {
	if id == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", id)
}

// flowText is a packet as ovs-ofctl's flows are written: every field that it has
// as a match.
func flowText(p *flow.Pipeline, o text.PrintOptions) string {
	m := openflow.Match{}
	m.Value = *p
	mask := &m.Mask
	mask.OFPort = ^uint32(0)
	for i := range p.Regs {
		if p.Regs[i] != 0 {
			mask.Regs[i] = ^uint32(0)
		}
	}
	for _, id := range []flow.FieldID{flow.FieldMetadata, flow.FieldPktMark, flow.FieldRecircID, flow.FieldDPHash, flow.FieldTunID, flow.FieldTunSrc,
		flow.FieldTunDst, flow.FieldTunIPv6Src, flow.FieldTunIPv6Dst} {
		if f := flow.FieldByID(id); !f.Load(p).IsZero() {
			f.Unwildcard(mask, f.Full())
		}
	}
	maskHeaders(p, mask)
	m.Normalize()
	return string(text.AppendMatch(nil, &m, o))
}

// maskHeaders adds the fields of the headers that a packet has to a mask.
func maskHeaders(p *flow.Pipeline, mask *flow.Mask) {
	for i := range flow.Fields() {
		if f := &flow.Fields()[i]; int(f.Offset) < 8*flow.BaseWords && headerField(f.ID) && f.Exists(p, nil) {
			f.Unwildcard(mask, f.Full())
		}
	}
	mask.InPort, mask.RecircID, mask.Present, mask.PacketType = 0, 0, 0, 0
	if p.PacketType != typeEthernet {
		mask.PacketType = ^uint32(0)
	}
	if p.VLAN[0].TCI != 0 {
		mask.VLAN[1].TCI = 0xffff
	} else {
		mask.VLAN[0].TCI = 0xffff
	}
	if p.IPFrag&flow.FragLater != 0 {
		mask.TPSrc, mask.TPDst, mask.TCPFlags = 0, 0, 0
	}
}

// headerField reports whether a field is one of the headers that are always
// shown.
func headerField(id flow.FieldID) bool {
	switch id {
	case flow.FieldPktMark, flow.FieldDPHash, flow.FieldRecircID, flow.FieldPacketType, flow.FieldIPv6ExtHdr, flow.FieldNDReserved, flow.FieldNDOptionsType:
		return false
	}
	return true
}

// actionsText is a list of datapath actions as Open vSwitch writes them.
func (t *tracing) actionsText(actions []datapath.Action) string {
	if len(actions) == 0 {
		return "drop"
	}
	var words []string
	for i := range actions {
		words = append(words, t.actionText(&actions[i]))
	}
	return strings.Join(words, ",")
}

//size:table
func (t *tracing) actionText(a *datapath.Action) string {
	switch a.Op {
	case datapath.OpOutput:
		if t.o.Names {
			return t.portName(a.Arg)
		}
		return fmt.Sprint(a.Arg)
	case datapath.OpDrop:
		return "drop"
	case datapath.OpUserspace:
		h, ok := a.X.Handle.(*packetInHandle)
		if !ok {
			return "userspace"
		}
		return fmt.Sprintf("userspace(pid=0,controller(reason=%d,dont_send=0,continuation=%d,recirc_id=0,rule_cookie=%#x,controller_id=%d,max_len=%d))",
			h.reason, continues(h), h.cookie, h.id, h.maxLen)
	case datapath.OpPushVLAN:
		tpid := ""
		if a.Arg>>16 != packet.EthTypeVLAN {
			tpid = fmt.Sprintf("tpid=%#x,", a.Arg>>16)
		}
		return fmt.Sprintf("push_vlan(%svid=%d,pcp=%d)", tpid, a.Arg&0xfff, a.Arg>>13&7)
	case datapath.OpPushMPLS:
		return fmt.Sprintf("push_mpls(label=%d,tc=%d,ttl=%d,bos=%d,eth_type=%#x)", a.Arg>>12, a.Arg>>9&7, a.Arg&0xff, a.Arg>>8&1, a.Short)
	case datapath.OpPopMPLS:
		return fmt.Sprintf("pop_mpls(eth_type=%#x)", a.Short)
	case datapath.OpRecirc:
		return fmt.Sprintf("recirc(%#x)", a.Arg)
	case datapath.OpCheckLen:
		return fmt.Sprintf("check_pkt_len(size=%d,gt(recirc(%#x)),le(recirc(%#x)))", a.Short, a.Arg, a.X.Else)
	case datapath.OpHash:
		return fmt.Sprintf("hash(l4(%d))", a.Arg)
	case datapath.OpClone:
		return "clone(" + t.actionsText(a.X.Sub) + ")"
	case datapath.OpSet:
		return t.setText(a.X.Set)
	}
	return a.String()
}

func continues(h *packetInHandle) int {
	if h.rest != nil {
		return 1
	}
	return 0
}

// setText is a rewriting as Open vSwitch writes it, a set for each header. Where it has
// no form, or nothing is known of the packets, it is as in a match.
func (t *tracing) setText(s *datapath.Set) string {
	if s.Headers&(datapath.HdrVLAN|datapath.HdrPBB|datapath.HdrNSH) != 0 || t.like == nil {
		m := openflow.Match{}
		m.Value.Base, m.Mask.Base = s.Value, s.Mask
		return "set(" + string(text.AppendMatch(nil, &m, t.printing())) + ")"
	}
	value, mask := flow.Key{Base: s.Value}, flow.Key{Base: s.Mask}
	value.EthType, value.IPProto = t.like.EthType, t.like.IPProto
	return "set(" + strings.ReplaceAll(string(flow.AppendMegaflow(nil, &value, &mask, "")), "),", ")),set(") + ")"
}

// Text is the trace as `ovs-appctl ofproto/trace` prints it.
func (t *Trace) Text() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

// AllOutputs is what would be sent, recirculated frames too.
func (t *Trace) AllOutputs() []TraceOutput {
	all := slices.Clone(t.Outputs)
	for _, then := range t.Then {
		all = append(all, then.AllOutputs()...)
	}
	return all
}

const traceRule = "==============================================================================="

func (t *Trace) write(b *strings.Builder) {
	fmt.Fprintf(b, "Flow: %s\n", t.Flow)
	writeNodes(b, t.Story, 0)
	final := t.Final
	if final == "" {
		final = "unchanged"
	}
	fmt.Fprintf(b, "\nFinal flow: %s\nMegaflow: %s\nDatapath actions: %s\n", final, t.Megaflow, t.Actions)
	if t.Failed != "" {
		fmt.Fprintf(b, "Translation failed (%s), packet is dropped.\n", t.Failed)
	}
	for _, then := range t.Then {
		fmt.Fprintf(b, "\n%s\nrecirc(%#x)\n%s\n\n", traceRule, then.RecircID, traceRule)
		then.write(b)
	}
}

// writeNodes writes steps at a level. What a step leads to stands behind it, and
// moves to the right only where something follows.
func writeNodes(b *strings.Builder, nodes []*TraceNode, level int) {
	for i, n := range nodes {
		indent := level
		if i < len(nodes)-1 || n.Kind >= TraceAction {
			indent++
		}
		margin := strings.Repeat(" ", 4*indent)
		switch n.Kind {
		case TraceBridge:
			fmt.Fprintf(b, "\n%s%s\n%s%s\n", margin, n.Text, margin, strings.Repeat("-", len(n.Text)))
		case TraceDetail:
			fmt.Fprintf(b, "%s -> %s\n", margin, n.Text)
		case TraceWarning:
			fmt.Fprintf(b, "%s >> %s\n", margin, n.Text)
		case TraceError:
			fmt.Fprintf(b, "%s >>>> %s <<<<\n", margin, n.Text)
		default:
			fmt.Fprintf(b, "%s%s\n", margin, n.Text)
		}
		writeNodes(b, n.Sub, level+2*(indent-level))
	}
}
