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
			writes(func(w *printer, a openflow.SetMPLSLabel) { w.str("set_mpls_label(").uint(uint64(a.Label)).byte(')') }), "set_mpls_label(10)"},
		{"set_mpls_tc", openflow.ActSetMPLSTC, number(7, func(n uint64) openflow.Action { return openflow.SetMPLSTC{TC: uint8(n)} }),
			writes(func(w *printer, a openflow.SetMPLSTC) { w.str("set_mpls_tc(").uint(uint64(a.TC)).byte(')') }), "set_mpls_tc(3)"},
		{"set_mpls_ttl", openflow.ActSetMPLSTTL, number(math.MaxUint8, func(n uint64) openflow.Action { return openflow.SetMPLSTTL{TTL: uint8(n)} }),
			writes(func(w *printer, a openflow.SetMPLSTTL) { w.str("set_mpls_ttl(").uint(uint64(a.TTL)).byte(')') }), "set_mpls_ttl(64)"},
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
	if size, field, found := a.value.cut("->"); a.delim != '(' && found {
		a.value, a.arrow = size, field
	}
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

// arrow splits "source->destination".
func (p *parser) splitArrow(a *pair) (from, to span, err error) {
	from, to, found := a.value.cut("->")
	if !found || from.text == "" || to.text == "" {
		return from, to, p.fail(a.value, "%s: a value and a field are needed", a.key.text).
			remedy("write %s:VALUE->FIELD", a.key.text)
	}
	return from, to, nil
}

func readSetField(p *parser, a *pair) (openflow.Action, error) {
	value, name, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	f, err := p.field(name)
	if err != nil {
		e := err.(*Error)
		if base, _, found := name.cut("["); found && flow.FieldByName(base.text) != nil {
			e.Msg, e.Remedy = "set_field sets a field, not a part of it", "write load:VALUE->"+name.text+", or give set_field a mask: set_field:VALUE/MASK->"+base.text
		}
		return nil, e
	}
	if err := p.checkWritable(name, f); err != nil {
		return nil, err
	}
	if len(f.Wires) == 0 {
		return nil, p.fail(name, "%s cannot be set", f.Name).suggest(withWire(f))
	}
	set := openflow.SetField{Field: f.ID}
	if f.Wide() {
		if set.Wide, set.WideMask, err = flow.ParseWide(value.text); err != nil {
			return nil, p.valueError(f.Name, value, err)
		}
		return set, p.checkWide(value, &set)
	}
	if set.Value, set.Mask, err = f.ParseValue(value.text, p.ports()); err != nil {
		return nil, p.valueError(f.Name, value, err)
	}
	return set, p.checkSet(value, f, &set)
}

// checkSet refuses what cannot be set: nothing at all, and a VLAN id that would
// take the tag away.
func (p *parser) checkSet(value span, f *flow.Field, set *openflow.SetField) error {
	switch {
	case set.Mask.IsZero():
		return p.fail(value, "set_field: the mask has no bits: nothing would be set")
	case f.ID == flow.FieldVLANVID && set.Mask.Lo&flow.VLANPresent != 0 && set.Value.Lo&flow.VLANPresent == 0:
		return p.fail(value, "vlan_vid: the bit %#x, that there is a tag, must be set", flow.VLANPresent).
			remedy("write set_field:%#x->vlan_vid, or mod_vlan_vid:%d", set.Value.Lo|flow.VLANPresent, set.Value.Lo)
	}
	return nil
}

// checkWide refuses value bits outside the mask and masks of another size.
func (p *parser) checkWide(value span, set *openflow.SetField) error {
	if len(set.Wide) == 0 {
		return p.fail(value, "a value is missing")
	}
	if set.WideMask == nil {
		return nil
	}
	set.Wide, set.WideMask = sameSize(set.Wide, set.WideMask)
	for i, m := range set.WideMask {
		if set.Wide[i]&^m != 0 {
			return p.fail(value, "the value has bits outside its mask")
		}
	}
	return nil
}

// sameSize pads the shorter one of two numbers with leading zeros.
func sameSize(a, b []byte) ([]byte, []byte) {
	pad := func(s []byte, n int) []byte { return append(make([]byte, n-len(s)), s...) }
	n := max(len(a), len(b))
	return pad(a, n), pad(b, n)
}

func readLoad(p *parser, a *pair) (openflow.Action, error) {
	value, name, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	dst, err := p.target(name)
	if err != nil {
		return nil, err
	}
	f := flow.FieldByID(dst.Field)
	set := openflow.SetField{Field: f.ID, Form: openflow.FormLoad}
	if f.Wide() {
		return p.loadWide(set, value, dst)
	}
	n, err := p.wideNumber(value, int(dst.Bits))
	if err != nil {
		return nil, err
	}
	set.Value, set.Mask = n.Shl(int(dst.Ofs)), flow.Ones(int(dst.Bits)).Shl(int(dst.Ofs))
	return set, nil
}

// wideNumber reads a number of at most so many bits, up to 128.
func (p *parser) wideNumber(v span, bits int) (flow.Value, error) {
	if n, ok := parseUint(v.text); ok {
		if flow.U64(n).Len() > bits {
			return flow.Value{}, p.fail(v, "value does not fit %d bits", bits)
		}
		return flow.U64(n), nil
	}
	b, mask, err := flow.ParseWide(v.text)
	if err != nil {
		return flow.Value{}, p.valueError("load", v, err)
	}
	n := flow.ValueOf(b)
	if mask != nil || len(b) == 0 {
		return n, p.fail(v, "not a number")
	}
	for len(b) > 16 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > 16 || n.Len() > bits {
		return n, p.fail(v, "value does not fit %d bits", bits)
	}
	return n, nil
}

// loadWide makes a masked set_field of a load into a part of a tun_metadata
// field, and an exact one of a load into all of it.
func (p *parser) loadWide(set openflow.SetField, v span, dst openflow.Subfield) (openflow.Action, error) {
	value, mask, err := flow.ParseWide(v.text)
	if err != nil {
		return nil, p.valueError("load", v, err)
	}
	if mask != nil || len(value) == 0 {
		return nil, p.fail(v, "not a number")
	}
	set.Wide = value
	if dst.Ofs == 0 && int(dst.Bits) == flow.FieldByID(dst.Field).Bits {
		return set, nil
	}
	n, err := p.wideNumber(v, min(int(dst.Bits), 128))
	if err != nil {
		return nil, err
	}
	set.WideMask = shiftBytes(onesBytes(int(dst.Bits)), int(dst.Ofs))
	set.Wide, set.WideMask = sameSize(shiftBytes(n.AppendBytes(nil, 16), int(dst.Ofs)), set.WideMask)
	for len(set.Wide) > 1 && set.WideMask[0] == 0 {
		set.Wide, set.WideMask = set.Wide[1:], set.WideMask[1:]
	}
	return set, nil
}

// onesBytes is the number whose n low bits are set.
func onesBytes(n int) []byte {
	b := make([]byte, (n+7)/8)
	for i := range b {
		b[i] = 0xff
	}
	if n%8 != 0 {
		b[0] = 0xff >> (8 - n%8)
	}
	return b
}

// shiftBytes is the number shifted left by n bits, with room for all of it.
func shiftBytes(b []byte, n int) []byte {
	out := make([]byte, len(b)+1+n/8)
	for i, c := range b {
		wide := uint16(c) << (n % 8)
		out[i] |= byte(wide >> 8)
		out[i+1] |= byte(wide)
	}
	return out
}

func writeSetField(w *printer, a openflow.SetField) {
	f := flow.FieldByID(a.Field)
	switch {
	case f == nil:
		w.str("set_field:<unknown>")
	case f.Wide():
		w.str("set_field:")
		w.dst = flow.AppendWide(w.dst, a.Wide, a.WideMask)
		w.str("->").str(f.Name)
	case a.Form == openflow.FormLoad:
		w.loads(f, &a)
	default:
		w.str("set_field:")
		w.dst = f.AppendValue(w.dst, a.Value, a.Mask, ports{w.o.Ports})
		w.str("->").str(f.Name)
	}
}

// loads writes a load for each run of ones of the mask.
func (w *printer) loads(f *flow.Field, a *openflow.SetField) {
	mask := a.Mask.And(flow.Ones(f.Bits))
	for ofs, first := 0, true; ofs < f.Bits; {
		if mask.Shr(ofs).Lo&1 == 0 {
			ofs++
			continue
		}
		n := 1
		for ofs+n < f.Bits && mask.Shr(ofs+n).Lo&1 != 0 {
			n++
		}
		if !first {
			w.byte(',')
		}
		first = false
		w.str("load:").value(a.Value.Shr(ofs).And(flow.Ones(n)))
		w.str("->").subfield(openflow.Subfield{Field: f.ID, Ofs: uint16(ofs), Bits: uint16(n)})
		ofs += n
	}
}

// value writes a number of up to 128 bits: 0x and digits, a bare 0 for zero.
func (w *printer) value(v flow.Value) *printer {
	var b [16]byte
	w.dst = flow.AppendWide(w.dst, v.AppendBytes(b[:0], len(b)), nil)
	return w
}

func readMove(p *parser, a *pair) (openflow.Action, error) {
	from, to, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	var m openflow.Move
	if m.Src, err = p.subfield(from); err != nil {
		return nil, err
	}
	if m.Dst, err = p.target(to); err != nil {
		return nil, err
	}
	if m.Src.Bits != m.Dst.Bits {
		return nil, p.fail(a.value, "move: %s has %d bits, %s has %d", from.text, m.Src.Bits, to.text, m.Dst.Bits)
	}
	return m, nil
}

func writeMove(w *printer, a openflow.Move) {
	w.str("move:").subfield(a.Src)
	w.str("->").subfield(a.Dst)
}
