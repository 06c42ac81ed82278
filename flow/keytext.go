package flow

import (
	"strconv"

	"vswitch/packet"
)

// AppendKey appends all that a packet has to dst in the style of ovs-dpctl:
//
//	recirc_id(0),in_port(1),eth(src=..,dst=..),eth_type(0x0800),ipv4(src=10.0.0.1,proto=6),tcp(dst=80)
func AppendKey(dst []byte, k *Key) []byte {
	var m Match
	m.Value.Load(k)
	m.Mask.Key = Key(*existingFields(&m.Value))
	w := keyWriter{dst: dst, match: &m, start: len(dst)}
	w.metadata()
	w.group("eth", "src", FieldEthSrc, "dst", FieldEthDst)
	depth := w.tags()
	w.single("eth_type", FieldEthType)
	w.layers()
	for range depth {
		w.dst = append(w.dst, ')')
	}
	return w.dst
}

// existingFields is a mask of the fields that packet p has. What is nearly
// always zero counts only where it is not.
func existingFields(p *Pipeline) *KeyMask {
	m := new(Mask)
	for i := range fields {
		if f := &fields[i]; f.Exists(p, nil) {
			f.Unwildcard(m, f.full)
		}
	}
	for i := range p.VLAN {
		m.VLAN[i] = VLANTag{0, 0}
		if p.VLAN[i].TCI != 0 {
			m.VLAN[i] = VLANTag{0xffff, 0xffff}
		}
	}
	if p.Present&PresentTunnel == 0 {
		m.Tunnel = Tunnel{}
	}
	if p.Present&PresentConn == 0 {
		m.Conn = Conn{}
	} else if p.CTProto == 0 {
		m.Conn = Conn{CTState: m.CTState, CTZone: m.CTZone, CTMark: m.CTMark, CTLabel: m.CTLabel}
	}
	for _, rare := range []struct {
		value uint32
		mask  *uint32
	}{{p.DPHash, &m.DPHash}, {p.PktMark, &m.PktMark}, {p.PacketType, &m.PacketType}} {
		if rare.value == 0 {
			*rare.mask = 0
		}
	}
	m.Base.InPort = ^uint32(0)
	return m.KeyMask()
}

// keyWriter writes groups of fields, separated by commas.
type keyWriter struct {
	dst   []byte
	match *Match
	start int // where a group needs no comma before it
}

func (w *keyWriter) comma() {
	if len(w.dst) > w.start {
		w.dst = append(w.dst, ',')
	}
}

// single writes name(value) if the field is matched.
func (w *keyWriter) single(name string, id FieldID) {
	f := FieldByID(id)
	value, mask, kind := w.match.Field(f)
	if kind == MatchNone {
		return
	}
	w.comma()
	w.dst = append(append(w.dst, name...), '(')
	w.dst = append(f.AppendMatch(w.dst, value, mask, nil), ')')
}

// group writes name(label=value,...) of the fields that are matched, if there
// is one. pairs are labels and FieldIDs in turn.
func (w *keyWriter) group(name string, pairs ...any) {
	open := false
	for i := 0; i < len(pairs); i += 2 {
		f := FieldByID(pairs[i+1].(FieldID))
		value, mask, kind := w.match.Field(f)
		if kind == MatchNone {
			continue
		}
		if w.comma(); !open {
			w.dst, open = append(append(w.dst, name...), '('), true
		}
		w.dst = append(append(w.dst, pairs[i].(string)...), '=')
		w.dst = f.AppendMatch(w.dst, value, mask, nil)
	}
	if open {
		w.dst = append(w.dst, ')')
	}
}

// metadata writes what the packet has beside its bytes.
func (w *keyWriter) metadata() {
	m := w.match
	if m.Mask.RecircID != 0 {
		w.comma()
		w.dst = append(strconv.AppendUint(append(w.dst, "recirc_id("...), uint64(m.Value.RecircID), 10), ')')
	}
	w.single("dp_hash", FieldDPHash)
	w.group("tunnel", "tun_id", FieldTunID, "src", FieldTunSrc, "dst", FieldTunDst,
		"ipv6_src", FieldTunIPv6Src, "ipv6_dst", FieldTunIPv6Dst, "tos", FieldTunTOS, "ttl", FieldTunTTL,
		"gbp_id", FieldTunGBPID, "gbp_flags", FieldTunGBPFlags, "flags", FieldTunFlags)
	w.group("ct", "state", FieldCTState, "zone", FieldCTZone, "mark", FieldCTMark, "label", FieldCTLabel)
	w.group("ct_tuple4", "src", FieldCTNWSrc, "dst", FieldCTNWDst)
	w.group("ct_tuple6", "src", FieldCTIPv6Src, "dst", FieldCTIPv6Dst)
	w.group("ct_tuple", "proto", FieldCTNWProto, "tp_src", FieldCTTPSrc, "tp_dst", FieldCTTPDst)
	w.single("skb_mark", FieldPktMark)
	if m.Mask.Base.InPort != 0 {
		w.comma()
		w.dst = append(strconv.AppendUint(append(w.dst, "in_port("...), uint64(m.Value.Base.InPort), 10), ')')
	}
	w.single("packet_type", FieldPacketType)
}

// tags writes VLAN tags and opens an encap( for each; it says how many are
// open.
func (w *keyWriter) tags() (depth int) {
	for _, tag := range w.match.Value.VLAN {
		if tag.TCI&VLANPresent == 0 {
			break
		}
		w.comma()
		w.dst = append(appendHex(append(w.dst, "eth_type("...), U64(uint64(tag.TPID)), 4), "),vlan(vid="...)
		w.dst = append(strconv.AppendUint(w.dst, uint64(tag.TCI&0xfff), 10), ",pcp="...)
		w.dst = append(strconv.AppendUint(w.dst, uint64(tag.TCI>>13), 10), "),encap("...)
		w.start = len(w.dst)
		depth++
	}
	return depth
}

// layers writes what comes behind the Ethernet header.
func (w *keyWriter) layers() {
	switch w.match.ethType() {
	case packet.EthTypeIPv4:
		w.ip("ipv4", FieldIPSrc, FieldIPDst)
	case packet.EthTypeIPv6:
		w.ip("ipv6", FieldIPv6Src, FieldIPv6Dst)
	case packet.EthTypeARP, packet.EthTypeRARP:
		w.group("arp", "sip", FieldARPSPA, "tip", FieldARPTPA, "op", FieldARPOp, "sha", FieldARPSHA, "tha", FieldARPTHA)
	case packet.EthTypeMPLS, packet.EthTypeMPLSMulticast:
		w.group("mpls", "label", FieldMPLSLabel, "tc", FieldMPLSTC, "ttl", FieldMPLSTTL, "bos", FieldMPLSBOS)
	case packet.EthTypePBB:
		w.group("pbb", "isid", FieldPBBISID, "uca", FieldPBBUCA)
	case packet.EthTypeNSH:
		w.group("nsh", "flags", FieldNSHFlags, "ttl", FieldNSHTTL, "mdtype", FieldNSHMDType, "np", FieldNSHNP,
			"spi", FieldNSHSPI, "si", FieldNSHSI, "c1", FieldNSHC1, "c2", FieldNSHC2, "c3", FieldNSHC3, "c4", FieldNSHC4)
	}
}

func (w *keyWriter) ip(name string, src, dst FieldID) {
	w.group(name, "src", src, "dst", dst, "label", FieldIPv6Label, "proto", FieldIPProto, "tos", FieldIPTOS,
		"ecn", FieldIPECN, "ttl", FieldIPTTL, "frag", FieldIPFrag, "exthdr", FieldIPv6ExtHdr)
	switch w.match.Value.IPProto & w.match.Mask.IPProto {
	case packet.ProtoTCP:
		w.group("tcp", "src", FieldTCPSrc, "dst", FieldTCPDst)
		w.single("tcp_flags", FieldTCPFlags)
	case packet.ProtoUDP:
		w.group("udp", "src", FieldUDPSrc, "dst", FieldUDPDst)
	case packet.ProtoSCTP:
		w.group("sctp", "src", FieldSCTPSrc, "dst", FieldSCTPDst)
	case packet.ProtoICMP:
		w.group("icmp", "type", FieldICMPType, "code", FieldICMPCode)
	case packet.ProtoICMPv6:
		w.group("icmpv6", "type", FieldICMPv6Type, "code", FieldICMPv6Code)
		w.group("nd", "target", FieldNDTarget, "sll", FieldNDSLL, "tll", FieldNDTLL,
			"reserved", FieldNDReserved, "option", FieldNDOptionsType)
	}
}
