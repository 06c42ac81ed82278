package text

import (
	"math"

	"vswitch/flow"
	"vswitch/openflow"
)

// Ethernet types that actions and shorthands name.
const (
	ethTypeIPv4          = 0x0800
	ethTypeARP           = 0x0806
	ethTypeVLAN          = 0x8100
	ethTypeRARP          = 0x8035
	ethTypeIPv6          = 0x86dd
	ethTypeMPLS          = 0x8847
	ethTypeMPLSMulticast = 0x8848
	ethTypeSVLAN         = 0x88a8
	ethTypePBB           = 0x88e7
	ethTypeNSH           = 0x894f
)

// headerActions are the rows of actions that push and pop headers.
func headerActions() []actionRow {
	return []actionRow{
		{"push_vlan", openflow.ActPushVLAN, ethTypeAction("VLAN", func(t uint16) openflow.Action { return openflow.PushVLAN{EthType: t} }, ethTypeVLAN, ethTypeSVLAN),
			writes(func(w *printer, a openflow.PushVLAN) { w.str("push_vlan:").hexWidth(uint64(a.EthType), 4) }), "push_vlan:0x8100"},
		{"strip_vlan", openflow.ActPopVLAN, noValue(openflow.PopVLAN{Strip: true}), writes(writePopVLAN), "strip_vlan"},
		{"pop_vlan", openflow.ActPopVLAN, noValue(openflow.PopVLAN{}), nil, "pop_vlan"},
		{"push_mpls", openflow.ActPushMPLS, ethTypeAction("MPLS", func(t uint16) openflow.Action { return openflow.PushMPLS{EthType: t} }, ethTypeMPLS, ethTypeMPLSMulticast),
			writes(func(w *printer, a openflow.PushMPLS) { w.str("push_mpls:").hexWidth(uint64(a.EthType), 4) }), "push_mpls:0x8847"},
		{"pop_mpls", openflow.ActPopMPLS, number(math.MaxUint16, func(n uint64) openflow.Action { return openflow.PopMPLS{EthType: uint16(n)} }),
			writes(func(w *printer, a openflow.PopMPLS) { w.str("pop_mpls:").hexWidth(uint64(a.EthType), 4) }), "pop_mpls:0x0800"},
		{"push_pbb", openflow.ActPushPBB, ethTypeAction("PBB", func(t uint16) openflow.Action { return openflow.PushPBB{EthType: t} }, ethTypePBB),
			writes(func(w *printer, a openflow.PushPBB) { w.str("push_pbb:").hexWidth(uint64(a.EthType), 4) }), "push_pbb:0x88e7"},
		{"pop_pbb", openflow.ActPopPBB, noValue(openflow.PopPBB{}), word("pop_pbb"), "pop_pbb"},
		{"encap", openflow.ActEncap, readEncap, writes(writeEncap), "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))"},
		{"decap", openflow.ActDecap, readDecap, writes(writeDecap), "decap(packet_type(ns=1,type=0x800))"},
	}
}

// ethTypeAction reads an action whose value is one of some Ethernet types.
func ethTypeAction(what string, make func(t uint16) openflow.Action, allowed ...uint16) readAction {
	return func(p *parser, a *pair) (openflow.Action, error) {
		n, err := p.uint16(a.key.text, a.value)
		if err != nil {
			return nil, err
		}
		list := ""
		for i, t := range allowed {
			if n == t {
				return make(n), nil
			}
			if i > 0 {
				list += " or "
			}
			list += "0x" + hexText(uint64(t))
		}
		return nil, p.fail(a.value, "0x%x is no Ethernet type of %s", n, what).remedy("write %s:%s", a.key.text, list)
	}
}

func writePopVLAN(w *printer, a openflow.PopVLAN) {
	if a.Strip {
		w.str("strip_vlan")
	} else {
		w.str("pop_vlan")
	}
}

// Packet types that encap makes, and the one that decap leaves to the packet.
const (
	packetTypeEthernet = 0
	packetTypeNSH      = 1<<16 | ethTypeNSH
	packetTypeMPLS     = 1<<16 | ethTypeMPLS
	packetTypeMPLSMul  = 1<<16 | ethTypeMPLSMulticast
	packetTypeNext     = 0xfffe
)

// encapHeaders are the headers that encap makes, by name.
var encapHeaders = [...]struct {
	name       string
	packetType uint32
}{
	{"ethernet", packetTypeEthernet},
	{"nsh", packetTypeNSH},
	{"mpls", packetTypeMPLS},
	{"mpls_mc", packetTypeMPLSMul},
}

// Properties of an NSH header.
const (
	encapClassNSH    = 4
	encapNSHMetadata = 1
	encapNSHTLV      = 2
)

func readEncap(p *parser, a *pair) (openflow.Action, error) {
	var h pair
	s := p.scan(a.value)
	switch more := s.next(&h); {
	case s.err != nil:
		return nil, s.err
	case !more:
		return nil, p.fail(a.value, "encap: a header is missing").remedy("write encap(ethernet), encap(nsh), encap(mpls) or encap(mpls_mc)")
	}
	if s.skip(); s.rest.text != "" {
		return nil, p.fail(s.rest, "encap makes one header at a time")
	}
	names := make([]string, len(encapHeaders))
	for i, header := range encapHeaders {
		names[i] = header.name
		if header.name != h.key.text {
			continue
		}
		e := openflow.Encap{PacketType: header.packetType}
		if header.packetType != packetTypeNSH && h.value.text != "" {
			return nil, p.fail(h.value, "%s has no properties", header.name)
		}
		props, err := p.encapProps(h.value)
		e.Props = props
		return e, err
	}
	return nil, p.fail(h.key, "unknown header %q", h.key.text).suggest(nearest(h.key.text, names))
}

// encapProps reads the properties of an NSH header.
func (p *parser) encapProps(v span) ([]openflow.EncapProp, error) {
	var props []openflow.EncapProp
	var b pair
	s := p.scan(v)
	for s.next(&b) {
		prop := openflow.EncapProp{Class: encapClassNSH}
		switch b.key.text {
		case "md_type":
			n, err := p.uint8("md_type", b.value)
			if err != nil {
				return nil, err
			}
			if n != 1 && n != 2 {
				return nil, p.fail(b.value, "md_type is 1 or 2")
			}
			prop.Type, prop.Data = encapNSHMetadata, []byte{n}
		case "tlv":
			data, err := p.encapTLV(b.value)
			if err != nil {
				return nil, err
			}
			prop.Type, prop.Data = encapNSHTLV, data
		default:
			return nil, p.unknownKey(b.key, "nsh", "md_type", "tlv")
		}
		props = append(props, prop)
	}
	return props, s.err
}

// maxEncapTLV is the most bytes of value that a TLV of an NSH header has.
const maxEncapTLV = 124

// encapTLV reads "class,type,value" into the bytes of a property.
func (p *parser) encapTLV(v span) ([]byte, error) {
	args, err := p.list(v)
	if err != nil {
		return nil, err
	}
	if len(args) != 3 {
		return nil, p.fail(v, "a tlv has 3 arguments, not %d", len(args)).remedy("write tlv(CLASS,TYPE,VALUE)")
	}
	class, err := p.uint16("class", args[0])
	if err != nil {
		return nil, err
	}
	typ, err := p.uint8("type", args[1])
	if err != nil {
		return nil, err
	}
	value, _, err := flow.ParseWide(args[2].text)
	if err != nil {
		return nil, p.valueError("tlv", args[2], err)
	}
	if len(value) > maxEncapTLV {
		return nil, p.fail(args[2], "a value has at most %d bytes", maxEncapTLV)
	}
	return append([]byte{byte(class >> 8), byte(class), typ, byte(len(value))}, value...), nil
}

func writeEncap(w *printer, a openflow.Encap) {
	w.str("encap(")
	name := ""
	for _, h := range encapHeaders {
		if h.packetType == a.PacketType {
			name = h.name
		}
	}
	if name == "" {
		name = "0x" + hexText(uint64(a.PacketType))
	}
	w.str(name)
	if len(a.Props) > 0 {
		w.byte('(')
		for i := range a.Props {
			if i > 0 {
				w.byte(',')
			}
			w.encapProp(&a.Props[i])
		}
		w.byte(')')
	}
	w.byte(')')
}

func (w *printer) encapProp(p *openflow.EncapProp) {
	switch {
	case p.Class == encapClassNSH && p.Type == encapNSHMetadata && len(p.Data) == 1:
		w.str("md_type=").uint(uint64(p.Data[0]))
	case p.Class == encapClassNSH && p.Type == encapNSHTLV && len(p.Data) >= 4:
		w.str("tlv(").hexWidth(uint64(p.Data[0])<<8|uint64(p.Data[1]), 4).byte(',').uint(uint64(p.Data[2])).byte(',')
		w.dst = flow.AppendWide(w.dst, p.Data[4:], nil)
		w.byte(')')
	default:
		w.str("property(").uint(uint64(p.Class)).byte(',').uint(uint64(p.Type)).byte(')')
	}
}

func readDecap(p *parser, a *pair) (openflow.Action, error) {
	if a.value.text == "" {
		return openflow.Decap{PacketType: packetTypeNext}, nil
	}
	var h pair
	outer := p.scan(a.value)
	if outer.next(&h); outer.err != nil {
		return nil, outer.err
	}
	if h.key.text != "packet_type" {
		return nil, p.unknownKey(h.key, "decap", "packet_type")
	}
	if outer.skip(); outer.rest.text != "" {
		return nil, p.fail(outer.rest, "decap has one packet_type")
	}
	space, typ, n := uint16(0), uint16(0), 0
	var b pair
	s := p.scan(h.value)
	for ; s.next(&b); n++ {
		var err error
		switch b.key.text {
		case "ns":
			space, err = p.uint16("ns", b.value)
		case "type":
			typ, err = p.uint16("type", b.value)
		default:
			err = p.unknownKey(b.key, "packet_type", "ns", "type")
		}
		if err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	if n != 2 {
		return nil, p.fail(h.value, "packet_type has a namespace and a type").remedy("write packet_type(ns=NAMESPACE,type=TYPE)")
	}
	return openflow.Decap{PacketType: uint32(space)<<16 | uint32(typ)}, nil
}

func writeDecap(w *printer, a openflow.Decap) {
	if a.PacketType == packetTypeNext {
		w.str("decap()")
		return
	}
	w.str("decap(packet_type(ns=").uint(uint64(a.PacketType >> 16)).str(",type=").hexSharp(uint64(a.PacketType & 0xffff)).str("))")
}
