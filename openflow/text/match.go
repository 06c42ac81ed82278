package text

import (
	"errors"
	"slices"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// ParseMatch reads a match: "tcp,nw_dst=10.0.0.0/8,tp_dst=80". No text matches
// all packets. The error is an *Error.
func ParseMatch(text string, o Options) (openflow.Match, error) {
	r := flowReader{parser: parser{in: text, o: &o, actions: actionKeywords}}
	var fm openflow.FlowMod
	r.fm = &fm
	err := r.read(span{text: text})
	return fm.Match, err
}

// shorthand is a keyword for a protocol. Of several for the same one the first is
// printed.
type shorthand struct {
	name    string
	ethType uint16
	proto   uint8 // 0: any
}

var shorthands = [...]shorthand{
	{"ip", ethTypeIPv4, 0}, {"ipv4", ethTypeIPv4, 0}, {"ip4", ethTypeIPv4, 0},
	{"ipv6", ethTypeIPv6, 0}, {"ip6", ethTypeIPv6, 0},
	{"arp", ethTypeARP, 0}, {"rarp", ethTypeRARP, 0},
	{"icmp", ethTypeIPv4, protoICMP}, {"icmp6", ethTypeIPv6, protoICMPv6}, {"igmp", ethTypeIPv4, protoIGMP},
	{"tcp", ethTypeIPv4, protoTCP}, {"tcp6", ethTypeIPv6, protoTCP},
	{"udp", ethTypeIPv4, protoUDP}, {"udp6", ethTypeIPv6, protoUDP},
	{"sctp", ethTypeIPv4, protoSCTP}, {"sctp6", ethTypeIPv6, protoSCTP},
	{"mpls", ethTypeMPLS, 0}, {"mplsm", ethTypeMPLSMulticast, 0},
}

// IP protocols with names of their own.
const (
	protoICMP   = 1
	protoIGMP   = 2
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132
)

// term is one field of a match as it was written.
type term struct {
	field       *flow.Field
	key, text   span
	value, mask flow.Value
	part        bool // "field[0..7]=value": other parts may follow
}

// shorthand reads a protocol's keyword.
func (r *flowReader) shorthand(a *pair, s *shorthand) error {
	if a.delim != 0 {
		return r.fail(a.value, "%s takes no value", a.key.text).remedy("it stands for itself: %s,...", a.key.text)
	}
	fixed := func(id flow.FieldID, value uint64) {
		f := flow.FieldByID(id)
		r.terms = append(r.terms, term{field: f, key: a.key, text: a.key, value: flow.U64(value), mask: f.Full()})
	}
	fixed(flow.FieldEthType, uint64(s.ethType))
	if s.proto != 0 {
		fixed(flow.FieldIPProto, uint64(s.proto))
	}
	return nil
}

// matchField reads "field=value".
func (r *flowReader) matchField(a *pair, f *flow.Field) error {
	if f.Wide() {
		return r.wideField(a, f)
	}
	if a.delim == 0 || a.value.text == "" {
		return r.fail(a.key, "%s: a value is missing", a.key.text).remedy("write %s=VALUE", a.key.text)
	}
	value, mask, err := f.ParseValue(a.value.text, r.ports())
	if err != nil {
		return r.valueError(a.key.text, a.value, err)
	}
	if err := r.checkVID(a, f, value, mask); err != nil {
		return err
	}
	r.terms = append(r.terms, term{field: f, key: a.key, text: a.value, value: value, mask: mask})
	return nil
}

// checkVID refuses a VLAN id that no packet has: one of more than 12 bits, and in
// OpenFlow's own form one without the bit that says that there is a tag.
func (r *flowReader) checkVID(a *pair, f *flow.Field, value, mask flow.Value) error {
	written, _ := parseUint(a.value.text)
	switch {
	case f.ID == flow.FieldDLVLAN && written > maxVID && written != flow.NoVLAN:
		return r.fail(a.value, "dl_vlan: value does not fit 12 bits").remedy("%#x matches packets without a tag", flow.NoVLAN)
	case f.ID == flow.FieldVLANVID && mask == f.Full() && value.Lo != 0 && value.Lo&flow.VLANPresent == 0:
		return r.fail(a.value, "vlan_vid: the bit %#x says that there is a tag", flow.VLANPresent).
			remedy("write vlan_vid=%#x, or dl_vlan=%d", value.Lo|flow.VLANPresent, value.Lo)
	}
	return nil
}

// matchPart reads "field[0..7]=value".
func (r *flowReader) matchPart(a *pair) error {
	s, err := r.subfield(a.key)
	if err != nil {
		return err
	}
	f := flow.FieldByID(s.Field)
	full := int(s.Bits) == f.Bits
	switch {
	case f.Wide():
		return r.fail(a.key, "a part of %s cannot be matched so", f.Name).remedy("write %s=VALUE/MASK", f.Name)
	case !f.Maskable && !full:
		return r.fail(a.key, "%s is matched in full or not at all", f.Name)
	}
	n, err := r.wideNumber(a.value, int(s.Bits))
	if err != nil {
		return err
	}
	mask := flow.Ones(int(s.Bits)).Shl(int(s.Ofs))
	r.terms = append(r.terms, term{field: f, key: a.key, text: a.value, value: n.Shl(int(s.Ofs)), mask: mask, part: true})
	return nil
}

// wideField reads a match on a tun_metadata field; without a value it is on the
// option's being there.
func (r *flowReader) wideField(a *pair, f *flow.Field) error {
	value, mask, err := flow.ParseWide(a.value.text)
	if err != nil {
		return r.valueError(a.key.text, a.value, err)
	}
	if a.value.text == "" {
		value, mask = []byte{}, []byte{}
	}
	if mask != nil {
		value, mask = sameSize(value, mask)
		for i := range value {
			if value[i]&^mask[i] != 0 {
				return r.fail(a.value, "%s: value has bits outside its mask", f.Name)
			}
		}
	}
	wide := openflow.WideField{Field: f.ID, Value: value, Mask: mask}
	at, found := slices.BinarySearchFunc(r.fm.Match.Wide, wide, func(a, b openflow.WideField) int { return int(a.Field) - int(b.Field) })
	if found {
		return r.fail(a.key, "%s stands twice", f.Name)
	}
	r.fm.Match.Wide = slices.Insert(r.fm.Match.Wide, at, wide)
	return nil
}

// fillMatch makes the match of the terms that were read.
func (r *flowReader) fillMatch() error {
	m := &r.fm.Match.Match
	// The layer that other names depend on comes first, wherever it stands.
	for _, id := range [...]flow.FieldID{flow.FieldPacketType, flow.FieldEthType, flow.FieldIPProto} {
		for i := range r.terms {
			if r.terms[i].field.ID == id {
				if err := r.apply(m, &r.terms[i]); err != nil {
					return err
				}
			}
		}
	}
	for i := range r.terms {
		switch t := &r.terms[i]; t.field.ID {
		case flow.FieldPacketType, flow.FieldEthType, flow.FieldIPProto:
		default:
			if err := r.apply(m, t); err != nil {
				return err
			}
		}
	}
	for i := range r.terms {
		if err := r.checkTerm(m, &r.terms[i]); err != nil {
			return err
		}
	}
	return nil
}

// meanings are names that mean another field beside some protocols: the old
// names of transport ports, ICMP's beside ICMPv6, and those of IP beside ARP, as
// OpenFlow 1.0 has them.
var meanings = map[flow.FieldID]struct{ udp, sctp, icmp, icmp6, arp flow.FieldID }{
	flow.FieldTCPSrc:   {udp: flow.FieldUDPSrc, sctp: flow.FieldSCTPSrc, icmp: flow.FieldICMPType, icmp6: flow.FieldICMPv6Type},
	flow.FieldTCPDst:   {udp: flow.FieldUDPDst, sctp: flow.FieldSCTPDst, icmp: flow.FieldICMPCode, icmp6: flow.FieldICMPv6Code},
	flow.FieldICMPType: {icmp6: flow.FieldICMPv6Type},
	flow.FieldICMPCode: {icmp6: flow.FieldICMPv6Code},
	flow.FieldIPSrc:    {arp: flow.FieldARPSPA},
	flow.FieldIPDst:    {arp: flow.FieldARPTPA},
	flow.FieldIPProto:  {arp: flow.FieldARPOp},
}

// meant is the field that a name means in a match. tcp_src is TCP's always,
// tp_src that of whichever protocol the match is on.
func meant(m *flow.Match, name string, f *flow.Field) *flow.Field {
	other, found := meanings[f.ID]
	if !found {
		return f
	}
	id := flow.FieldNone
	ethType := matchedEthType(m)
	proto := m.Value.IPProto & m.Mask.IPProto
	anyPort := strings.HasPrefix(name, "tp_")
	switch {
	case ethType == 0:
	case ethType == ethTypeARP || ethType == ethTypeRARP:
		if strings.HasPrefix(name, "nw_") {
			id = other.arp
		}
	case ethType == ethTypeIPv6 && proto == protoICMPv6 && (anyPort || strings.HasPrefix(name, "icmp_")):
		id = other.icmp6
	case !anyPort:
	case ethType == ethTypeIPv4 && proto == protoICMP:
		id = other.icmp
	case proto == protoUDP:
		id = other.udp
	case proto == protoSCTP:
		id = other.sctp
	}
	if id == flow.FieldNone {
		return f
	}
	return flow.FieldByID(id)
}

// apply sets a term's bits, and refuses those that an earlier term set to
// something else.
func (r *flowReader) apply(m *flow.Match, t *term) error {
	f := meant(m, t.key.text, t.field)
	if f != t.field {
		if err := r.convert(t, f); err != nil {
			return err
		}
	}
	value, mask := t.value, t.mask
	if f.ID == flow.FieldDLVLAN && value.Lo == flow.NoVLAN {
		f, value, mask = flow.FieldByID(flow.FieldVLANTCI), flow.Value{}, flow.U64(0xffff)
	}
	was, wasMask, kind := m.Field(f)
	if kind != flow.MatchNone {
		both := wasMask.And(mask)
		if was.And(both) != value.And(both) {
			return r.fail(t.key, "%s contradicts what stands before it", t.whole(r.in))
		}
		value, mask = value.Or(was), mask.Or(wasMask)
	}
	m.SetField(f, value, mask)
	return nil
}

// convert makes the term one of the field that its name means here.
func (r *flowReader) convert(t *term, f *flow.Field) error {
	exact := t.mask == t.field.Full()
	switch {
	case t.value.Len() > f.Bits:
		return r.fail(t.text, "%s: value does not fit %d bits", f.Name, f.Bits)
	case exact:
		t.mask = f.Full()
	case !f.Maskable:
		return r.fail(t.text, "%s takes no mask", f.Name)
	}
	t.field = f
	return nil
}

// whole is the term as it was written.
func (t *term) whole(in string) string { return in[t.key.at : t.text.at+len(t.text.text)] }

// checkTerm checks a term's prerequisites, and says how the flow should be
// written.
func (r *flowReader) checkTerm(m *flow.Match, t *term) error {
	err := m.CheckPrereqs(t.field.ID)
	if err == nil || t.mask.IsZero() {
		return nil
	}
	var missing *flow.PrereqError
	if !errors.As(err, &missing) {
		return err
	}
	e := r.fail(t.key, "%s needs %s", t.key.text, missing.Keyword)
	e.Err = err
	if r.noRemedy {
		return e
	}
	corrections := []string{
		r.in[:t.key.at] + missing.Keyword + "," + r.in[t.key.at:],
		r.in[:t.key.at] + t.field.MatchName + r.in[t.key.at+len(t.key.text):],
	}
	for _, text := range corrections {
		if text != r.in && r.wouldRead(text) {
			return e.remedy("write %s", strings.TrimSpace(text))
		}
	}
	return e
}
