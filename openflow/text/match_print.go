package text

import (
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// AppendMatch appends a match to dst as ovs-ofctl writes it: nothing for one
// that matches all packets.
func AppendMatch(dst []byte, m *openflow.Match, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.match(m, openflow.DefaultPriority)
	return w.dst
}

// match writes a match, before it the priority unless it is the default one.
func (w *printer) match(m *openflow.Match, priority uint16) {
	start := len(w.dst)
	if priority != openflow.DefaultPriority {
		w.str("priority=").uint(uint64(priority)).byte(',')
	}
	k := &m.Mask
	w.fields(&m.Match, flow.FieldPktMark, flow.FieldRecircID, flow.FieldDPHash, flow.FieldConjID, flow.FieldSKBPriority, flow.FieldActsetOutput)
	if k.Conn != (flow.Conn{}) {
		w.fields(&m.Match, flow.FieldCTState, flow.FieldCTZone, flow.FieldCTMark, flow.FieldCTLabel, flow.FieldCTNWSrc, flow.FieldCTNWDst,
			flow.FieldCTIPv6Src, flow.FieldCTIPv6Dst, flow.FieldCTNWProto, flow.FieldCTTPSrc, flow.FieldCTTPDst)
	}
	named := w.protocol(&m.Match)
	if k.Regs != [flow.NumRegs]uint32{} {
		for i := range k.Regs {
			if k.Regs[i] != 0 {
				w.field(&m.Match, flow.FieldReg0+flow.FieldID(i))
			}
		}
	}
	if k.Tunnel != (flow.Tunnel{}) {
		w.fields(&m.Match, flow.FieldTunID, flow.FieldTunSrc, flow.FieldTunDst, flow.FieldTunIPv6Src, flow.FieldTunIPv6Dst,
			flow.FieldTunGBPID, flow.FieldTunGBPFlags, flow.FieldTunTOS, flow.FieldTunTTL,
			flow.FieldTunERSPANVer, flow.FieldTunERSPANIdx, flow.FieldTunERSPANDir, flow.FieldTunERSPANHWID)
		w.fieldAs(&m.Match, flow.FieldTunGTPUFlags, "gtpu_flags")
		w.fieldAs(&m.Match, flow.FieldTunGTPUMsgType, "gtpu_msgtype")
		w.field(&m.Match, flow.FieldTunFlags)
	}
	for i := range m.Wide {
		w.wide(&m.Wide[i])
	}
	w.fields(&m.Match, flow.FieldMetadata, flow.FieldInPortOXM)
	w.vlan(&m.Match)
	w.fields(&m.Match, flow.FieldEthSrc, flow.FieldEthDst)
	w.layers(&m.Match, named)
	if len(w.dst) > start {
		w.chomp(',')
	}
}

// fields writes those fields of a match that it says something of.
func (w *printer) fields(m *flow.Match, ids ...flow.FieldID) {
	for _, id := range ids {
		w.field(m, id)
	}
}

// field writes "name=value,".
func (w *printer) field(m *flow.Match, id flow.FieldID) {
	w.fieldAs(m, id, flow.FieldByID(id).MatchName)
}

// fieldAs is field under another name.
func (w *printer) fieldAs(m *flow.Match, id flow.FieldID, name string) {
	f := flow.FieldByID(id)
	value, mask, kind := m.Field(f)
	if kind == flow.MatchNone {
		return
	}
	w.str(name).byte('=')
	if f.ID == flow.FieldRecircID {
		w.hexSharp(value.Lo).byte(',')
		return
	}
	w.dst = f.AppendMatch(w.dst, value, mask, ports{w.o.Ports})
	w.byte(',')
}

// wide writes a tun_metadata field: its name alone where the match is on the
// option's being there.
func (w *printer) wide(f *openflow.WideField) {
	w.fieldName(f.Field)
	if len(f.Value) > 0 && (f.Mask == nil || slices.ContainsFunc(f.Mask, func(b byte) bool { return b != 0 })) {
		w.dst = flow.AppendWide(append(w.dst, '='), f.Value, f.Mask)
	}
	w.byte(',')
}

// layerNames are what a match's first word says of the layers, so that dl_type
// and nw_proto need not.
type layerNames struct{ ethType, proto bool }

// protocol writes the packet type, and the word for the Ethernet type and the
// protocol where there is one.
func (w *printer) protocol(m *flow.Match) (named layerNames) {
	switch {
	case m.Value.PacketType == packetTypeEthernet && m.Mask.RecircID != 0 && matchesLayer2(m):
		// Elsewhere Ethernet goes without saying.
		w.str("eth,")
	case m.Value.PacketType != packetTypeEthernet:
		w.field(m, flow.FieldPacketType)
		named.ethType = m.Value.PacketType>>16 == 1
	}
	if m.Mask.EthType != 0xffff {
		return named
	}
	ethType := m.Value.EthType
	exactProto := m.Mask.IPProto == 0xff
	best := -1
	for i := range shorthands {
		s := &shorthands[i]
		switch {
		case s.ethType != ethType:
		case s.proto == 0 && best < 0:
			best = i
		case s.proto != 0 && s.proto != protoIGMP && exactProto && s.proto == m.Value.IPProto:
			best = i
		}
	}
	if best < 0 {
		return named
	}
	w.str(shorthands[best].name).byte(',')
	return layerNames{ethType: true, proto: shorthands[best].proto != 0}
}

// matchesLayer2 reports whether a match looks at what only Ethernet frames have.
func matchesLayer2(m *flow.Match) bool {
	k := &m.Mask
	return k.EthType != 0 || k.EthSrc != (flow.MAC{}) || k.EthDst != (flow.MAC{}) || k.VLAN[0].TCI != 0
}

// matchedEthType is the Ethernet type that a match fixes, 0 for none.
func matchedEthType(m *flow.Match) uint16 {
	if m.Mask.EthType == 0xffff {
		return m.Value.EthType
	}
	if m.Mask.PacketType == 0xffffffff && m.Value.PacketType>>16 == 1 {
		return uint16(m.Value.PacketType)
	}
	return 0
}

const (
	vlanVIDMask = 0x0fff
	vlanPCPMask = 0xe000
)

// vlan writes what the match says of tags.
func (w *printer) vlan(m *flow.Match) {
	for i := range m.Mask.VLAN {
		value, mask := m.Value.VLAN[i].TCI, m.Mask.VLAN[i].TCI
		if mask == 0 {
			return
		}
		suffix := ""
		if i > 0 {
			suffix = "1"
		}
		vid, pcp := mask&vlanVIDMask, mask&vlanPCPMask
		tagged := mask&flow.VLANPresent != 0 && value&flow.VLANPresent != 0
		if tagged && (vid == 0 || vid == vlanVIDMask) && (pcp == 0 || pcp == vlanPCPMask) && vid|pcp != 0 {
			if vid != 0 {
				w.str("dl_vlan").str(suffix).byte('=').uint(uint64(value & vlanVIDMask)).byte(',')
			}
			if pcp != 0 {
				w.str("dl_vlan_pcp").str(suffix).byte('=').uint(uint64(value >> 13)).byte(',')
			}
			continue
		}
		w.str("vlan_tci").str(suffix).byte('=').hexWidth(uint64(value), 4)
		if mask != 0xffff {
			w.byte('/').hexWidth(uint64(mask), 4)
		}
		w.byte(',')
	}
}

// layers writes the Ethernet type unless it was named, and what lies behind it.
func (w *printer) layers(m *flow.Match, named layerNames) {
	ethType := matchedEthType(m)
	if !named.ethType {
		w.field(m, flow.FieldEthType)
	}
	arp := ethType == ethTypeARP || ethType == ethTypeRARP
	switch {
	case ethType == ethTypeIPv6:
		w.fields(m, flow.FieldIPv6Src, flow.FieldIPv6Dst, flow.FieldIPv6Label)
	case arp:
		w.fields(m, flow.FieldARPSPA, flow.FieldARPTPA)
	case ethType == ethTypeNSH:
		w.fields(m, flow.FieldNSHFlags, flow.FieldNSHTTL, flow.FieldNSHMDType, flow.FieldNSHNP, flow.FieldNSHSPI, flow.FieldNSHSI,
			flow.FieldNSHC1, flow.FieldNSHC2, flow.FieldNSHC3, flow.FieldNSHC4)
	default:
		w.fields(m, flow.FieldIPSrc, flow.FieldIPDst)
	}
	if arp {
		w.fields(m, flow.FieldARPOp, flow.FieldARPSHA, flow.FieldARPTHA)
	} else if !named.proto {
		w.field(m, flow.FieldIPProto)
	}
	w.fields(m, flow.FieldIPTOS, flow.FieldIPECN, flow.FieldIPTTL, flow.FieldIPv6ExtHdr, flow.FieldPBBISID, flow.FieldPBBUCA,
		flow.FieldMPLSLabel, flow.FieldMPLSTC, flow.FieldMPLSTTL, flow.FieldMPLSBOS, flow.FieldIPFrag)
	w.transport(m, ethType)
}

// transport writes ports, or types and codes.
func (w *printer) transport(m *flow.Match, ethType uint16) {
	proto := m.Value.IPProto & m.Mask.IPProto
	switch {
	case ethType == ethTypeIPv4 && proto == protoICMP:
		w.fields(m, flow.FieldICMPType, flow.FieldICMPCode)
	case ethType == ethTypeIPv6 && proto == protoICMPv6:
		w.fields(m, flow.FieldICMPv6Type, flow.FieldICMPv6Code, flow.FieldNDTarget, flow.FieldNDSLL, flow.FieldNDTLL,
			flow.FieldNDReserved, flow.FieldNDOptionsType)
	default:
		w.fields(m, flow.FieldTCPSrc, flow.FieldTCPDst)
	}
	w.field(m, flow.FieldTCPFlags)
}
