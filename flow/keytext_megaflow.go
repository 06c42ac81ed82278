package flow

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"

	"vswitch/packet"
)

// AppendMegaflow appends which packets a megaflow is about, those that equal key under
// mask, to dst as Open vSwitch's `dpif/dump-flows` writes it:
//
//	recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(dst=10.0.0.0/255.255.255.0,frag=no)
//
// port is the name of the port that they come in by; "" shows its number.
func AppendMegaflow(dst []byte, key, mask *Key, port string) []byte {
	w := megaflowWriter{ethType: key.EthType, ipProto: key.IPProto}
	w.value, w.mask = *key, *mask
	for i, m := range mask.Words() {
		w.value.Words()[i] &= m
	}
	if port == "" {
		port = fmt.Sprint(w.value.Base.InPort)
	}
	w.metadata(port)
	v, m := &w.value, &w.mask
	w.part("eth", macPart("src", v.EthSrc, m.EthSrc), macPart("dst", v.EthDst, m.EthDst))
	depth := w.tags()
	if m.EthType != 0 {
		w.parts = append(w.parts, fmt.Sprintf("eth_type(%#04x)", v.EthType))
	}
	w.layers()
	return append(append(dst, w.text()...), strings.Repeat(")", depth)...)
}

// megaflowWriter collects what stands between commas.
type megaflowWriter struct {
	value, mask Key
	ethType     uint16 // whose headers there are, matched or not
	ipProto     uint8
	before      string // of what is open: "…,encap("
	parts       []string
}

func (w *megaflowWriter) text() string { return w.before + strings.Join(w.parts, ",") }

// part adds name(fields) where some of the fields are not "".
func (w *megaflowWriter) part(name string, fields ...string) {
	var there []string
	for _, f := range fields {
		if f != "" {
			there = append(there, f)
		}
	}
	if there != nil {
		w.parts = append(w.parts, name+"("+strings.Join(there, ",")+")")
	}
}

// fields adds a part of rows of the field table, by their labels in turn.
func (w *megaflowWriter) fields(name string, pairs ...any) {
	m := Match{}
	m.Value.Key, m.Mask.Key = w.value, w.mask
	var texts []string
	for i := 0; i < len(pairs); i += 2 {
		f := FieldByID(pairs[i+1].(FieldID))
		if value, mask, kind := m.Field(f); kind != MatchNone {
			texts = append(texts, pairs[i].(string)+string(f.AppendMatch(nil, value, mask, nil)))
		}
	}
	w.part(name, texts...)
}

func (w *megaflowWriter) metadata(port string) {
	v, m := &w.value, &w.mask
	w.fields("tunnel", "tun_id=", FieldTunID, "src=", FieldTunSrc, "dst=", FieldTunDst, "ipv6_src=", FieldTunIPv6Src, "ipv6_dst=", FieldTunIPv6Dst,
		"tos=", FieldTunTOS, "ttl=", FieldTunTTL, "gbp_id=", FieldTunGBPID, "gbp_flags=", FieldTunGBPFlags, "flags=", FieldTunFlags)
	w.part("skb_mark", hexPart("", uint64(v.PktMark), uint64(m.PktMark), 32))
	w.fields("ct_state", "", FieldCTState)
	w.part("ct_zone", hexPart("", uint64(v.CTZone), uint64(m.CTZone), 16))
	w.fields("ct_mark", "", FieldCTMark)
	w.fields("ct_label", "", FieldCTLabel)
	w.fields("ct_tuple4", "src=", FieldCTNWSrc, "dst=", FieldCTNWDst)
	w.fields("ct_tuple6", "src=", FieldCTIPv6Src, "dst=", FieldCTIPv6Dst)
	w.fields("ct_tuple", "proto=", FieldCTNWProto, "tp_src=", FieldCTTPSrc, "tp_dst=", FieldCTTPDst)
	w.part("recirc_id", hexPart("", uint64(v.RecircID), uint64(m.RecircID), 32))
	w.part("dp_hash", hexPart("", uint64(v.DPHash), uint64(m.DPHash), 32))
	if m.Base.InPort != 0 {
		w.part("in_port", port)
	}
	if m.PacketType != 0 {
		w.part("packet_type", fmt.Sprintf("ns=%d,id=%s", v.PacketType>>16, hexNumber(uint64(v.PacketType&0xffff))))
	}
}

// tags writes VLAN tags and opens an encap( for each; it says how many are open. That
// there is no tag says the Ethernet type, and where that is not matched (Open vSwitch
// always does) vlan(tci=0).
func (w *megaflowWriter) tags() (depth int) {
	for i, tag := range w.value.VLAN {
		mask := w.mask.VLAN[i]
		if tag.TCI&VLANPresent == 0 {
			if w.mask.EthType == 0 {
				w.part("vlan", hexPart("tci", uint64(tag.TCI), uint64(mask.TCI), 16))
			}
			break
		}
		tpid := tag.TPID
		if mask.TPID == 0 {
			tpid = packet.EthTypeVLAN
		}
		w.parts = append(w.parts, fmt.Sprintf("eth_type(%#04x)", tpid))
		w.part("vlan", masked("vid", mask.TCI&0xfff, 0xfff, fmt.Sprint(tag.TCI&0xfff), fmt.Sprintf("%#x", mask.TCI&0xfff)),
			masked("pcp", mask.TCI>>13, 7, fmt.Sprint(tag.TCI>>13), fmt.Sprintf("%#x", mask.TCI>>13)))
		w.before, w.parts = w.text()+",encap(", nil
		depth++
	}
	return depth
}

// layers writes what comes behind the Ethernet header.
func (w *megaflowWriter) layers() {
	v, m := &w.value, &w.mask
	switch w.ethType {
	case packet.EthTypeIPv4:
		w.part("ipv4", ipv4Part("src", v.IPSrc, m.IPSrc), ipv4Part("dst", v.IPDst, m.IPDst), bytePart("proto", v.IPProto, m.IPProto),
			hexPart("tos", uint64(v.IPTOS), uint64(m.IPTOS), 8), bytePart("ttl", v.IPTTL, m.IPTTL), w.fragment())
		w.transport()
	case packet.EthTypeIPv6:
		w.part("ipv6", ipv6Part("src", v.IPv6Src, m.IPv6Src), ipv6Part("dst", v.IPv6Dst, m.IPv6Dst), hexPart("label", uint64(v.IPv6Label), uint64(m.IPv6Label), 20),
			bytePart("proto", v.IPProto, m.IPProto), hexPart("tclass", uint64(v.IPTOS), uint64(m.IPTOS), 8), bytePart("hlimit", v.IPTTL, m.IPTTL), w.fragment())
		w.fields("ipv6_exthdr", "", FieldIPv6ExtHdr)
		w.transport()
	case packet.EthTypeARP, packet.EthTypeRARP:
		w.part("arp", ipv4Part("sip", v.IPSrc, m.IPSrc), ipv4Part("tip", v.IPDst, m.IPDst), decimalPart("op", v.ARPOp, m.ARPOp),
			macPart("sha", v.ARPSHA, m.ARPSHA), macPart("tha", v.ARPTHA, m.ARPTHA))
	case packet.EthTypeMPLS, packet.EthTypeMPLSMulticast:
		w.labels()
	case packet.EthTypePBB:
		w.fields("pbb", "isid=", FieldPBBISID, "uca=", FieldPBBUCA)
	case packet.EthTypeNSH:
		w.fields("nsh", "flags=", FieldNSHFlags, "ttl=", FieldNSHTTL, "mdtype=", FieldNSHMDType, "np=", FieldNSHNP,
			"spi=", FieldNSHSPI, "si=", FieldNSHSI, "c1=", FieldNSHC1, "c2=", FieldNSHC2, "c3=", FieldNSHC3, "c4=", FieldNSHC4)
	}
}

// labels writes the entries of the label stack that are matched, each with all its masks
// unless every bit is.
func (w *megaflowWriter) labels() {
	n := len(w.mask.MPLS)
	for n > 0 && w.mask.MPLS[n-1] == 0 {
		n--
	}
	var texts []string
	for i := range n {
		v, m, suffix := w.value.MPLS[i], w.mask.MPLS[i], ""
		if n > 1 {
			suffix = fmt.Sprint(i)
		}
		for _, f := range []struct {
			name, mask string
			at, bits   int
		}{{"label", "0x%x", 12, 20}, {"tc", "%x", 9, 3}, {"ttl", "0x%x", 0, 8}, {"bos", "%x", 8, 1}} {
			full := uint32(1)<<f.bits - 1
			t := fmt.Sprintf("%s%s=%d", f.name, suffix, v>>f.at&full)
			if m != ^uint32(0) {
				t += fmt.Sprintf("/"+f.mask, m>>f.at&full)
			}
			texts = append(texts, t)
		}
	}
	w.part("mpls", texts...)
}

func (w *megaflowWriter) fragment() string {
	switch w.value.IPFrag {
	case 0:
		if w.mask.IPFrag == 0 {
			return ""
		}
		return "frag=no"
	case FragAny:
		return "frag=first"
	}
	return "frag=later"
}

func (w *megaflowWriter) transport() {
	v, m := &w.value, &w.mask
	first, second := decimalPart("src", v.TPSrc, m.TPSrc), decimalPart("dst", v.TPDst, m.TPDst)
	switch w.ipProto {
	case packet.ProtoTCP:
		w.part("tcp", first, second)
		w.fields("tcp_flags", "", FieldTCPFlags)
	case packet.ProtoUDP:
		w.part("udp", first, second)
	case packet.ProtoSCTP:
		w.part("sctp", first, second)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		name := map[uint8]string{packet.ProtoICMP: "icmp", packet.ProtoICMPv6: "icmpv6"}[w.ipProto]
		w.part(name, bytePart("type", uint8(v.TPSrc), uint8(m.TPSrc)), bytePart("code", uint8(v.TPDst), uint8(m.TPDst)))
		w.part("nd", ipv6Part("target", v.NDTarget, m.NDTarget), macPart("sll", v.ARPSHA, m.ARPSHA), macPart("tll", v.ARPTHA, m.ARPTHA))
		w.fields("nd_ext", "nd_reserved=", FieldNDReserved, "nd_options_type=", FieldNDOptionsType)
	case packet.ProtoIGMP:
		w.part("igmp", decimalPart("type", v.TPSrc, m.TPSrc), decimalPart("code", v.TPDst, m.TPDst), ipv4Part("group", v.IGMPGroup, m.IGMPGroup))
	}
}

// Parts of a header, each "" where no bit is matched.

func bytePart(name string, value, mask uint8) string {
	return masked(name, mask, ^uint8(0), fmt.Sprint(value), fmt.Sprintf("%#x", mask))
}

func decimalPart(name string, value, mask uint16) string {
	return masked(name, mask, ^uint16(0), fmt.Sprint(value), fmt.Sprintf("%#x", mask))
}

func hexPart(name string, value, mask uint64, width int) string {
	return masked(name, bits.OnesCount64(mask), width, hexNumber(value), hexNumber(mask))
}

func hexNumber(n uint64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", n)
}

func macPart(name string, value, mask MAC) string {
	colons := func(m MAC) string { return strings.ReplaceAll(fmt.Sprintf("% x", m[:]), " ", ":") }
	return masked(name, mask, MAC{255, 255, 255, 255, 255, 255}, colons(value), colons(mask))
}

func ipv4Part(name string, value, mask uint32) string {
	dotted := func(a uint32) string { return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, a))).String() }
	return masked(name, mask, ^uint32(0), dotted(value), dotted(mask))
}

func ipv6Part(name string, value, mask IPv6) string {
	full := IPv6{}
	for i := range full {
		full[i] = 0xff
	}
	return masked(name, mask, full, netip.AddrFrom16(value).String(), netip.AddrFrom16(mask).String())
}

func masked[M comparable](name string, mask, full M, value, bits string) string {
	var none M
	if name != "" {
		name += "="
	}
	switch mask {
	case none:
		return ""
	case full:
		return name + value
	}
	return name + value + "/" + bits
}
