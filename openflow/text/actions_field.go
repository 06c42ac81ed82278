package text

import (
	"math"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// fieldActions are the rows of actions that change fields.
//
//size:table
func fieldActions() []actionRow {
	return []actionRow{
		{"set_field", openflow.ActSetField, readSetField, writes(writeSetField), "set_field:0x5->reg0"},
		{"load", openflow.ActSetField, readLoad, nil, "load:0x5->NXM_NX_REG0[0..7]"},
		{"move", openflow.ActMove, readMove, writes(writeMove), "move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31]"},
		{"mod_vlan_vid", openflow.ActSetVLANVID, number(maxVID, func(n uint64) openflow.Action { return openflow.SetVLANVID{VID: uint16(n), PushIfAbsent: true} }),
			writes(func(w *printer, a openflow.SetVLANVID) {
				w.str(vlanVerb(a.PushIfAbsent)).str("_vlan_vid:").uint(uint64(a.VID))
			}), "mod_vlan_vid:5"},
		{"set_vlan_vid", openflow.ActSetVLANVID, number(maxVID, func(n uint64) openflow.Action { return openflow.SetVLANVID{VID: uint16(n)} }), nil, "set_vlan_vid:5"},
		{"mod_vlan_pcp", openflow.ActSetVLANPCP, number(7, func(n uint64) openflow.Action { return openflow.SetVLANPCP{PCP: uint8(n), PushIfAbsent: true} }),
			writes(func(w *printer, a openflow.SetVLANPCP) {
				w.str(vlanVerb(a.PushIfAbsent)).str("_vlan_pcp:").uint(uint64(a.PCP))
			}), "mod_vlan_pcp:5"},
		{"set_vlan_pcp", openflow.ActSetVLANPCP, number(7, func(n uint64) openflow.Action { return openflow.SetVLANPCP{PCP: uint8(n)} }), nil, "set_vlan_pcp:5"},
		{"mod_dl_src", openflow.ActSetEthSrc, macAction(func(m flow.MAC) openflow.Action { return openflow.SetEthSrc{Addr: m} }),
			writes(func(w *printer, a openflow.SetEthSrc) { w.str("mod_dl_src:").mac(a.Addr) }), "mod_dl_src:00:11:22:33:44:55"},
		{"mod_dl_dst", openflow.ActSetEthDst, macAction(func(m flow.MAC) openflow.Action { return openflow.SetEthDst{Addr: m} }),
			writes(func(w *printer, a openflow.SetEthDst) { w.str("mod_dl_dst:").mac(a.Addr) }), "mod_dl_dst:00:11:22:33:44:55"},
		{"mod_nw_src", openflow.ActSetIPSrc, ipAction(func(a uint32) openflow.Action { return openflow.SetIPSrc{Addr: a} }),
			writes(func(w *printer, a openflow.SetIPSrc) { w.str("mod_nw_src:").ipv4(a.Addr) }), "mod_nw_src:1.2.3.4"},
		{"mod_nw_dst", openflow.ActSetIPDst, ipAction(func(a uint32) openflow.Action { return openflow.SetIPDst{Addr: a} }),
			writes(func(w *printer, a openflow.SetIPDst) { w.str("mod_nw_dst:").ipv4(a.Addr) }), "mod_nw_dst:1.2.3.4"},
		{"mod_nw_tos", openflow.ActSetIPDSCP, readTOS,
			writes(func(w *printer, a openflow.SetIPDSCP) { w.str("mod_nw_tos:").uint(uint64(a.TOS)) }), "mod_nw_tos:252"},
		{"mod_nw_ecn", openflow.ActSetIPECN, number(3, func(n uint64) openflow.Action { return openflow.SetIPECN{ECN: uint8(n)} }),
			writes(func(w *printer, a openflow.SetIPECN) { w.str("mod_nw_ecn:").uint(uint64(a.ECN)) }), "mod_nw_ecn:2"},
		{"mod_nw_ttl", openflow.ActSetIPTTL, number(math.MaxUint8, func(n uint64) openflow.Action { return openflow.SetIPTTL{TTL: uint8(n)} }),
			writes(func(w *printer, a openflow.SetIPTTL) { w.str("mod_nw_ttl:").uint(uint64(a.TTL)) }), "mod_nw_ttl:64"},
		{"mod_tp_src", openflow.ActSetTPSrc, number(math.MaxUint16, func(n uint64) openflow.Action { return openflow.SetTPSrc{Port: uint16(n)} }),
			writes(func(w *printer, a openflow.SetTPSrc) { w.str("mod_tp_src:").uint(uint64(a.Port)) }), "mod_tp_src:80"},
		{"mod_tp_dst", openflow.ActSetTPDst, number(math.MaxUint16, func(n uint64) openflow.Action { return openflow.SetTPDst{Port: uint16(n)} }),
			writes(func(w *printer, a openflow.SetTPDst) { w.str("mod_tp_dst:").uint(uint64(a.Port)) }), "mod_tp_dst:80"},
		{"dec_ttl", openflow.ActDecTTL, readDecTTL, writes(writeDecTTL), "dec_ttl(1,2)"},
		{"copy_ttl_out", openflow.ActCopyTTLOut, noValue(openflow.CopyTTLOut{}), word("copy_ttl_out"), "copy_ttl_out"},
		{"copy_ttl_in", openflow.ActCopyTTLIn, noValue(openflow.CopyTTLIn{}), word("copy_ttl_in"), "copy_ttl_in"},
		{"set_mpls_label", openflow.ActSetMPLSLabel, number(1<<20-1, func(n uint64) openflow.Action { return openflow.SetMPLSLabel{Label: uint32(n)} }),
			writes(func(w *printer, a openflow.SetMPLSLabel) { w.str("set_mpls_label:").uint(uint64(a.Label)) }), "set_mpls_label:10"},
		{"set_mpls_tc", openflow.ActSetMPLSTC, number(7, func(n uint64) openflow.Action { return openflow.SetMPLSTC{TC: uint8(n)} }),
			writes(func(w *printer, a openflow.SetMPLSTC) { w.str("set_mpls_tc:").uint(uint64(a.TC)) }), "set_mpls_tc:3"},
		{"set_mpls_ttl", openflow.ActSetMPLSTTL, number(math.MaxUint8, func(n uint64) openflow.Action { return openflow.SetMPLSTTL{TTL: uint8(n)} }),
			writes(func(w *printer, a openflow.SetMPLSTTL) { w.str("set_mpls_ttl:").uint(uint64(a.TTL)) }), "set_mpls_ttl:64"},
		{"dec_mpls_ttl", openflow.ActDecMPLSTTL, noValue(openflow.DecMPLSTTL{}), word("dec_mpls_ttl"), "dec_mpls_ttl"},
		{"dec_nsh_ttl", openflow.ActDecNSHTTL, noValue(openflow.DecNSHTTL{}), word("dec_nsh_ttl"), "dec_nsh_ttl"},
		{"check_pkt_larger", openflow.ActCheckPktLarger, readCheckPktLarger, writes(writeCheckPktLarger), "check_pkt_larger(1500)->NXM_NX_REG0[0]"},
		{"delete_field", openflow.ActDeleteField, readDeleteField,
			writes(func(w *printer, a openflow.DeleteField) { w.str("delete_field:").fieldName(a.Field) }), "delete_field:tun_metadata0"},
		{"set_tunnel", openflow.ActSetTunnel, readSetTunnel, writes(writeSetTunnel), "set_tunnel:0x5"},
		{"set_tunnel64", openflow.ActSetTunnel, readSetTunnel, nil, "set_tunnel64:0x5"},
		{"set_queue", openflow.ActSetQueue, number(math.MaxUint32, func(n uint64) openflow.Action { return openflow.SetQueue{Queue: uint32(n)} }),
			writes(func(w *printer, a openflow.SetQueue) { w.str("set_queue:").uint(uint64(a.Queue)) }), "set_queue:5"},
		{"pop_queue", openflow.ActPopQueue, noValue(openflow.PopQueue{}), word("pop_queue"), "pop_queue"},
	}
}

const maxVID = 0xfff

// vlanVerb is how an action that also adds a tag is told from one that does not.
func vlanVerb(pushIfAbsent bool) string {
	if pushIfAbsent {
		return "mod"
	}
	return "set"
}

func (w *printer) mac(m flow.MAC) *printer { return w.bytesHex(m[:], ":") }

func (w *printer) ipv4(a uint32) *printer {
	return w.uint(uint64(a >> 24)).byte('.').uint(uint64(a >> 16 & 0xff)).byte('.').uint(uint64(a >> 8 & 0xff)).byte('.').uint(uint64(a & 0xff))
}

func (w *printer) fieldName(id flow.FieldID) *printer {
	if f := flow.FieldByID(id); f != nil {
		return w.str(f.Name)
	}
	return w.str("<unknown>")
}

func macAction(make func(m flow.MAC) openflow.Action) readAction {
	return func(p *parser, a *pair) (openflow.Action, error) {
		m, err := p.mac(a.key.text, a.value)
		return make(m), err
	}
}

func ipAction(make func(addr uint32) openflow.Action) readAction {
	return func(p *parser, a *pair) (openflow.Action, error) {
		f := flow.FieldByID(flow.FieldIPSrc)
		v, mask, err := f.ParseValue(a.value.text, nil)
		if err == nil && mask != f.Full() {
			return nil, p.fail(a.value, "%s takes no mask", a.key.text)
		}
		if err != nil {
			return nil, p.valueError(a.key.text, a.value, err)
		}
		return make(uint32(v.Lo)), nil
	}
}

func readTOS(p *parser, a *pair) (openflow.Action, error) {
	tos, err := p.uint8(a.key.text, a.value)
	if err == nil && tos&3 != 0 {
		err = p.fail(a.value, "mod_nw_tos: %d is not a multiple of 4", tos).remedy("mod_nw_ecn sets the two low bits")
	}
	return openflow.SetIPDSCP{TOS: tos}, err
}

func readDecTTL(p *parser, a *pair) (openflow.Action, error) {
	items, err := p.list(a.value)
	if err != nil || len(items) == 0 {
		return openflow.DecTTL{}, err
	}
	d := openflow.DecTTL{CountIDs: true}
	for _, item := range items {
		id, err := p.uint16("dec_ttl", item)
		if err != nil {
			return nil, err
		}
		d.IDs = append(d.IDs, id)
	}
	return d, nil
}

func writeDecTTL(w *printer, a openflow.DecTTL) {
	w.str("dec_ttl")
	if !a.CountIDs {
		return
	}
	w.byte('(')
	for i, id := range a.IDs {
		if i > 0 {
			w.byte(',')
		}
		w.uint(uint64(id))
	}
	w.byte(')')
}

func readCheckPktLarger(p *parser, a *pair) (openflow.Action, error) {
	if a.arrow.text == "" {
		return nil, p.fail(a.value, "check_pkt_larger: a field is missing").remedy("write check_pkt_larger(BYTES)->FIELD[BIT]")
	}
	n, err := p.uint16("check_pkt_larger", a.value)
	if err != nil {
		return nil, err
	}
	dst, err := p.target(a.arrow)
	if err == nil && dst.Bits != 1 {
		err = p.fail(a.arrow, "check_pkt_larger sets one bit, not %d", dst.Bits).remedy("write %s[0]", strings.TrimSuffix(a.arrow.text, "[]"))
	}
	return openflow.CheckPktLarger{Len: n, Dst: dst}, err
}

func writeCheckPktLarger(w *printer, a openflow.CheckPktLarger) {
	w.str("check_pkt_larger(").uint(uint64(a.Len)).str(")->").subfield(a.Dst)
}

func readDeleteField(p *parser, a *pair) (openflow.Action, error) {
	f, err := p.field(a.value)
	if err == nil && !f.Wide() {
		err = p.fail(a.value, "only tun_metadata fields can be deleted")
	}
	if err != nil {
		return nil, err
	}
	return openflow.DeleteField{Field: f.ID}, nil
}

func readSetTunnel(p *parser, a *pair) (openflow.Action, error) {
	id, err := p.bits64(a.key.text, a.value)
	return openflow.SetTunnel{ID: id, Wide: a.key.text == "set_tunnel64" || id > math.MaxUint32}, err
}

func writeSetTunnel(w *printer, a openflow.SetTunnel) {
	w.str("set_tunnel")
	if a.Wide || a.ID > math.MaxUint32 {
		w.str("64")
	}
	w.byte(':').hexSharp(a.ID)
}
