package flow

import (
	"strings"

	"vswitch/packet"
)

// ParseMegaflow reads which packets a megaflow is about: what AppendMegaflow writes, and
// Open vSwitch's `ovs-appctl dpif/dump-flows`, but for the flags and options of tunnels.
// port finds the datapath's number of a port by its name. The error is a *TextError.
func ParseMegaflow(text string, port func(name string) (uint32, error)) (*Match, error) {
	p := megaflowParser{in: text, port: port, match: new(Match)}
	p.list(0, len(text))
	if p.err != nil {
		return nil, p.err
	}
	// A packet without an Ethernet header has its type in packet_type alone.
	if k := &p.match.Value.Key; k.PacketType>>16 == 1 && p.match.Mask.EthType == 0 {
		k.EthType, p.match.Mask.EthType = uint16(k.PacketType), 0xffff
	}
	return p.match, nil
}

// megaflowParser reads parts such as tcp(src=1,dst=2) into a match. The first error
// stays.
type megaflowParser struct {
	in     string
	port   func(name string) (uint32, error)
	match  *Match
	tags   int // seen so far
	inside int // parts encap
	err    error
}

func (p *megaflowParser) fail(at int, msg string) {
	if p.err == nil {
		p.err = &TextError{In: p.in, Msg: msg, At: at}
	}
}

// megaflowSingles are the parts that hold one value.
var megaflowSingles = map[string]FieldID{
	"skb_mark": FieldPktMark, "ct_state": FieldCTState, "ct_zone": FieldCTZone, "ct_mark": FieldCTMark, "ct_label": FieldCTLabel,
	"dp_hash": FieldDPHash, "eth_type": FieldEthType, "ipv6_exthdr": FieldIPv6ExtHdr, "tcp_flags": FieldTCPFlags,
}

// megaflowGroups are the parts that hold labelled values.
var megaflowGroups = map[string]map[string]FieldID{
	"tunnel": {"tun_id": FieldTunID, "src": FieldTunSrc, "dst": FieldTunDst, "ipv6_src": FieldTunIPv6Src, "ipv6_dst": FieldTunIPv6Dst,
		"tos": FieldTunTOS, "ttl": FieldTunTTL, "gbp_id": FieldTunGBPID, "gbp_flags": FieldTunGBPFlags, "flags": FieldTunFlags},
	"ct_tuple4": {"src": FieldCTNWSrc, "dst": FieldCTNWDst, "proto": FieldCTNWProto, "tp_src": FieldCTTPSrc, "tp_dst": FieldCTTPDst},
	"ct_tuple6": {"src": FieldCTIPv6Src, "dst": FieldCTIPv6Dst, "proto": FieldCTNWProto, "tp_src": FieldCTTPSrc, "tp_dst": FieldCTTPDst},
	"ct_tuple":  {"proto": FieldCTNWProto, "tp_src": FieldCTTPSrc, "tp_dst": FieldCTTPDst},
	"eth":       {"src": FieldEthSrc, "dst": FieldEthDst},
	"ipv4":      {"src": FieldIPSrc, "dst": FieldIPDst, "proto": FieldIPProto, "ttl": FieldIPTTL},
	"ipv6":      {"src": FieldIPv6Src, "dst": FieldIPv6Dst, "label": FieldIPv6Label, "proto": FieldIPProto, "hlimit": FieldIPTTL},
	"arp":       {"sip": FieldARPSPA, "tip": FieldARPTPA, "op": FieldARPOp, "sha": FieldARPSHA, "tha": FieldARPTHA},
	"tcp":       {"src": FieldTCPSrc, "dst": FieldTCPDst},
	"udp":       {"src": FieldUDPSrc, "dst": FieldUDPDst},
	"sctp":      {"src": FieldSCTPSrc, "dst": FieldSCTPDst},
	"icmp":      {"type": FieldICMPType, "code": FieldICMPCode},
	"icmpv6":    {"type": FieldICMPv6Type, "code": FieldICMPv6Code},
	"nd":        {"target": FieldNDTarget, "sll": FieldNDSLL, "tll": FieldNDTLL},
	"nd_ext":    {"nd_reserved": FieldNDReserved, "nd_options_type": FieldNDOptionsType},
	"pbb":       {"isid": FieldPBBISID, "uca": FieldPBBUCA},
	"nsh": {"flags": FieldNSHFlags, "ttl": FieldNSHTTL, "mdtype": FieldNSHMDType, "np": FieldNSHNP,
		"spi": FieldNSHSPI, "si": FieldNSHSI, "c1": FieldNSHC1, "c2": FieldNSHC2, "c3": FieldNSHC3, "c4": FieldNSHC4},
}

// list reads parts, separated by commas, from and to places of the text.
func (p *megaflowParser) list(from, to int) {
	for at := from; p.err == nil; at++ {
		for at < to && p.in[at] == ' ' {
			at++
		}
		open := strings.IndexAny(p.in[at:to], "(,)")
		if open <= 0 || p.in[at+open] != '(' {
			p.fail(at, "a part is written name(value)")
			return
		}
		name := strings.TrimSpace(p.in[at : at+open])
		end := p.closing(at+open, to)
		if end < 0 {
			p.fail(at+open, "the parenthesis is not closed")
			return
		}
		p.part(name, at, at+open+1, end)
		if at = end + 1; at == to {
			return
		}
		if p.in[at] != ',' {
			p.fail(at, "a comma is missing")
		}
	}
}

// closing is where the parenthesis that opens at is closed, -1 if it is not.
func (p *megaflowParser) closing(at, to int) int {
	depth := 0
	for i := at; i < to; i++ {
		switch p.in[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// part reads one part, which begins at; its content is from and to places.
func (p *megaflowParser) part(name string, at, from, to int) {
	if id, found := megaflowSingles[name]; found {
		p.field(id, from, to)
		return
	}
	switch name {
	case "encap":
		p.encap(from, to)
	case "recirc_id":
		p.match.Value.RecircID, p.match.Mask.RecircID = uint32(p.number(from, to, 32)), ^uint32(0)
	case "in_port":
		p.inPort(from, to)
	case "skb_priority":
		if p.number(from, to, 32) != 0 {
			p.fail(from, "packets have no priority before the switch gives them one")
		}
	case "vlan":
		p.vlan(from, to)
	case "packet_type", "mpls", "igmp":
		p.pairs(name, from, to)
	default:
		if megaflowGroups[name] == nil {
			p.fail(at, "unknown part")
			return
		}
		p.pairs(name, from, to)
	}
}

// pairs reads label=value, separated by commas.
func (p *megaflowParser) pairs(part string, from, to int) {
	for at := from; at < to && p.err == nil; {
		end := to
		if comma := strings.IndexByte(p.in[at:to], ','); comma >= 0 {
			end = at + comma
		}
		label, _, found := strings.Cut(p.in[at:end], "=")
		if !found {
			p.fail(at, part+" has label=value")
			return
		}
		p.pair(part, label, at, end)
		at = end + 1
	}
}

// pair reads the value of a label that begins at.
func (p *megaflowParser) pair(part, label string, at, end int) {
	value := at + len(label) + 1
	k, m := &p.match.Value.Key, &p.match.Mask.Key
	if id, found := megaflowGroups[part][label]; found {
		p.field(id, value, end)
		return
	}
	switch part + "." + label {
	case "packet_type.ns":
		k.PacketType |= uint32(p.number(value, end, 16)) << 16
		m.PacketType = ^uint32(0)
	case "packet_type.id":
		k.PacketType |= uint32(p.number(value, end, 16))
		m.PacketType = ^uint32(0)
	case "vlan.vid", "vlan.pcp", "vlan.cfi":
		p.tag(label, value, end)
	case "ipv4.tos", "ipv6.tclass":
		v, mask := p.masked(value, end, 8)
		k.IPTOS, m.IPTOS = uint8(v), uint8(mask)
	case "ipv4.frag", "ipv6.frag":
		kinds := map[string]uint8{"no": 0, "first": FragAny, "later": FragAny | FragLater}
		kind, known := kinds[p.in[value:end]]
		if !known {
			p.fail(value, "unknown kind of fragment: the kinds are no first later")
		}
		k.IPFrag, m.IPFrag = kind, FragAny|FragLater
	case "igmp.type", "igmp.code":
		v, mask := p.masked(value, end, 16)
		if label == "type" {
			k.TPSrc, m.TPSrc = uint16(v), uint16(mask)
		} else {
			k.TPDst, m.TPDst = uint16(v), uint16(mask)
		}
	case "igmp.group":
		v, mask := p.value(FieldByID(FieldIPSrc), value, end)
		k.IGMPGroup, m.IGMPGroup = uint32(v.Lo), uint32(mask.Lo)
	default:
		if part != "mpls" || !p.label(label, value, end) {
			p.fail(at, part+" has no such label")
		}
	}
}

// label reads a field of an entry of the label stack: label, tc, ttl or bos, with the
// entry's number behind it where there are several. It is false for another name.
func (p *megaflowParser) label(name string, from, to int) bool {
	entry, field := 0, strings.TrimRight(name, "0123456789")
	if number := name[len(field):]; number != "" {
		if len(number) > 1 || int(number[0]-'0') >= len(p.match.Value.MPLS) {
			return false
		}
		entry = int(number[0] - '0')
	}
	place, known := map[string]struct{ at, bits int }{"label": {12, 20}, "tc": {9, 3}, "ttl": {0, 8}, "bos": {8, 1}}[field]
	if !known {
		return false
	}
	v, mask := p.masked(from, to, place.bits)
	p.match.Value.MPLS[entry] |= uint32(v) << place.at
	p.match.Mask.MPLS[entry] |= uint32(mask) << place.at
	return true
}

// vlan reads a tag, or that there is none.
func (p *megaflowParser) vlan(from, to int) {
	tci, isTCI := strings.CutPrefix(p.in[from:to], "tci=")
	if !isTCI {
		p.beginTag(from)
		p.pairs("vlan", from, to)
		return
	}
	v, mask := p.masked(to-len(tci), to, 16)
	at := p.tags
	if v&VLANPresent != 0 {
		p.beginTag(from)
	} else if at == len(p.match.Value.VLAN) {
		return // nobody looks there
	}
	if p.err == nil {
		p.match.Value.VLAN[at].TCI, p.match.Mask.VLAN[at].TCI = uint16(v), uint16(mask)
	}
}

// beginTag makes one tag more. The Ethernet type before it is the tag's.
func (p *megaflowParser) beginTag(at int) {
	k, m := &p.match.Value.Key, &p.match.Mask.Key
	if p.tags == len(k.VLAN) {
		p.fail(at, "more tags than the switch looks at")
		return
	}
	k.VLAN[p.tags], m.VLAN[p.tags] = VLANTag{packet.EthTypeVLAN, VLANPresent}, VLANTag{0xffff, VLANPresent}
	if m.EthType != 0 {
		k.VLAN[p.tags].TPID, k.EthType, m.EthType = k.EthType, 0, 0
	}
	p.tags++
}

// tag reads a field of the tag that was seen last.
func (p *megaflowParser) tag(label string, from, to int) {
	place := map[string]struct{ at, bits int }{"vid": {0, 12}, "cfi": {12, 1}, "pcp": {13, 3}}[label]
	v, mask := p.masked(from, to, place.bits)
	if label == "cfi" && v != 1 {
		p.fail(from, "the switch keeps no tags without CFI")
	}
	if p.err == nil {
		p.match.Value.VLAN[p.tags-1].TCI |= uint16(v) << place.at
		p.match.Mask.VLAN[p.tags-1].TCI |= uint16(mask) << place.at
	}
}

// encap reads what is behind a tag, which had no part of its own if only its being
// there is matched.
func (p *megaflowParser) encap(from, to int) {
	if m := &p.match.Mask.Key; m.EthType != 0 {
		p.beginTag(from)
	}
	if p.inside++; p.inside > len(p.match.Value.VLAN) {
		p.fail(from, "more tags than the switch looks at")
	}
	if p.err == nil && strings.TrimSpace(p.in[from:to]) != "" {
		p.list(from, to)
	}
}

func (p *megaflowParser) inPort(from, to int) {
	name := p.in[from:to]
	k, m := &p.match.Value.Base, &p.match.Mask.Base
	m.InPort = ^uint32(0)
	if c := name + " "; '0' <= c[0] && c[0] <= '9' {
		k.InPort = uint32(p.number(from, to, 32))
		return
	}
	var err error
	if k.InPort, err = p.port(name); err != nil {
		p.fail(from, err.Error())
	}
}

// field reads the value of a field, with or without a mask.
func (p *megaflowParser) field(id FieldID, from, to int) {
	f := FieldByID(id)
	v, mask := p.value(f, from, to)
	if p.err == nil {
		p.match.SetField(f, v, mask)
	}
}

// value is field's value and mask. Megaflows have masks of fields that flows match whole
// or not at all.
func (p *megaflowParser) value(f *Field, from, to int) (v, mask Value) {
	slash := strings.IndexByte(p.in[from:to], '/')
	if f.Maskable || slash < 0 {
		slash = to - from
	}
	v, mask, err := f.ParseValue(p.in[from:from+slash], nil)
	if e, ok := err.(*TextError); ok {
		p.fail(from+e.At, e.Msg)
	}
	if at := from + slash + 1; at <= to {
		mask = U64(p.number(at, to, f.Bits)).And(f.full)
		v = v.And(mask)
	}
	return v, mask
}

// masked reads a number of so many bits, with or without a mask.
func (p *megaflowParser) masked(from, to, width int) (v, mask uint64) {
	text, m, found := strings.Cut(p.in[from:to], "/")
	v, mask = p.number(from, from+len(text), width), 1<<width-1
	if found {
		mask = p.number(to-len(m), to, width)
	}
	return v & mask, mask
}

func (p *megaflowParser) number(from, to, width int) uint64 {
	n := valueParser{in: p.in[from:to]}
	v := n.number(n.in, 0)
	if e, ok := n.err.(*TextError); ok {
		p.fail(from+e.At, e.Msg)
	} else if v.Len() > width {
		p.fail(from, "number is too large")
	}
	return v.Lo
}
