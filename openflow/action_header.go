package openflow

import "vswitch/flow"

//size:table
func headerActions() []actionRow {
	return []actionRow{
		{kind: ActPopVLAN, form: 0, from: V10, to: V10, code: 3, size: 8, decode: constant(PopVLAN{Strip: true}), encode: noBody},
		{kind: ActPopVLAN, from: V11, to: V15, code: 18, size: 8, decode: constant(PopVLAN{}), encode: noBody},
		{kind: ActPushVLAN, from: V11, to: V15, code: 17, size: 8, decode: arg16(pushVLAN), encode: put16(func(a PushVLAN) uint16 { return a.EthType })},
		{kind: ActPushMPLS, vendor: VendorNicira, from: V10, to: V10, code: 23, size: 16, decode: arg16(pushMPLS), encode: put16(func(a PushMPLS) uint16 { return a.EthType })},
		{kind: ActPushMPLS, from: V11, to: V15, code: 19, size: 8, decode: arg16(pushMPLS), encode: put16(func(a PushMPLS) uint16 { return a.EthType })},
		{kind: ActPopMPLS, vendor: VendorNicira, from: V10, to: V10, code: 24, size: 16, decode: arg16(popMPLS), encode: put16(func(a PopMPLS) uint16 { return a.EthType })},
		{kind: ActPopMPLS, from: V11, to: V15, code: 20, size: 8, decode: arg16(popMPLS), encode: put16(func(a PopMPLS) uint16 { return a.EthType })},
		{kind: ActPushPBB, from: V13, to: V15, code: 26, size: 8, decode: arg16(pushPBB), encode: put16(func(a PushPBB) uint16 { return a.EthType })},
		{kind: ActPopPBB, from: V13, to: V15, code: 27, size: 8, decode: constant(PopPBB{}), encode: noBody},
		{kind: ActEncap, vendor: VendorNicira, from: V13, to: V15, code: 46, size: 16, variable: true, decode: decodeEncap, encode: plain(appendEncap)},
		{kind: ActDecap, vendor: VendorNicira, from: V13, to: V15, code: 47, size: 16, variable: true,
			decode: arg32(atNicira, func(n uint32) (Action, error) { return Decap{PacketType: n}, nil }),
			encode: put32(atNicira, func(a Decap) uint32 { return a.PacketType })},
	}
}

func pushVLAN(ethType uint16) (Action, error) {
	if ethType != flow.EthTypeVLAN && ethType != flow.EthTypeSVLAN {
		return nil, NewError(ErrActionBadArgument, "push_vlan of type %#x", ethType)
	}
	return PushVLAN{EthType: ethType}, nil
}

func pushMPLS(ethType uint16) (Action, error) {
	if ethType != flow.EthTypeMPLS && ethType != flow.EthTypeMPLSMul {
		return nil, NewError(ErrActionBadArgument, "push_mpls of type %#x", ethType)
	}
	return PushMPLS{EthType: ethType}, nil
}

func popMPLS(ethType uint16) (Action, error) { return PopMPLS{EthType: ethType}, nil }

func pushPBB(ethType uint16) (Action, error) {
	if ethType != flow.EthTypePBB {
		return nil, NewError(ErrActionBadArgument, "push_pbb of type %#x", ethType)
	}
	return PushPBB{EthType: ethType}, nil
}

// Packet types that headers can be pushed of.
const (
	PacketTypeEthernet = 0
	PacketTypeMPLS     = 1<<16 | flow.EthTypeMPLS
	PacketTypeMPLSMul  = 1<<16 | flow.EthTypeMPLSMul
	PacketTypeNSH      = 1<<16 | flow.EthTypeNSH
	PacketTypeNext     = 0xfffe // Decap: what the header says
)

// Properties of a new NSH header.
const (
	EncapPropNSH       = 4 // class
	EncapPropNSHMDType = 1
	EncapPropNSHTLV    = 2
)

func decodeEncap(_ context, b []byte) (Action, error) {
	a := Encap{HeaderSize: be.Uint16(b), PacketType: be.Uint32(b[2:])}
	switch a.PacketType {
	case PacketTypeEthernet, PacketTypeMPLS, PacketTypeMPLSMul, PacketTypeNSH:
	default:
		return nil, NewError(ErrNXActionBadHeaderType, "packet type (%d,%#x)", a.PacketType>>16, a.PacketType&0xffff)
	}
	for b = b[6:]; len(b) > 0; {
		if len(b) < 4 {
			return nil, ErrNXActionBadEDProp
		}
		n := int(b[3])
		if n < 4 || roundUp8(n) > len(b) {
			return nil, NewError(ErrActionBadLen, "encap property of %d bytes in %d", n, len(b))
		}
		p := EncapProp{Class: be.Uint16(b), Type: b[2], Data: clone(b[4:n])}
		if err := p.check(); err != nil {
			return nil, err
		}
		a.Props = append(a.Props, p)
		b = b[roundUp8(n):]
	}
	return a, nil
}

// check refuses properties that are none, and cuts the padding off a TLV, which
// its length counts.
func (p *EncapProp) check() error {
	switch {
	case p.Class != EncapPropNSH:
		return NewError(ErrNXActionUnknownEDProp, "class %d", p.Class)
	case p.Type == EncapPropNSHMDType:
		if len(p.Data) != 1 || p.Data[0] != 1 && p.Data[0] != 2 {
			return NewError(ErrNXActionBadEDProp, "NSH metadata type % x", p.Data)
		}
	case p.Type == EncapPropNSHTLV:
		if len(p.Data) < 4 || 4+int(p.Data[3]) > len(p.Data) {
			return NewError(ErrNXActionBadEDProp, "NSH TLV of %d bytes", len(p.Data))
		}
		p.Data = p.Data[:4+int(p.Data[3])]
	default:
		return NewError(ErrNXActionUnknownEDProp, "NSH property %d", p.Type)
	}
	return nil
}

func appendEncap(dst []byte, a Encap) []byte {
	dst = be.AppendUint16(dst, a.HeaderSize)
	dst = be.AppendUint32(dst, a.PacketType)
	for _, p := range a.Props {
		start, n := len(dst), 4+len(p.Data)
		if p.Type == EncapPropNSHTLV {
			n = roundUp8(n)
		}
		dst = append(be.AppendUint16(dst, p.Class), p.Type, byte(n))
		dst = pad8(append(dst, p.Data...), start)
	}
	return dst
}
