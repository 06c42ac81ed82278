package openflow

import (
	"math/bits"

	"vswitch/flow"
)

// Sizes of the fixed match structures.
const (
	matchSize10 = 40
	matchSize11 = 88
)

// Wildcards of OpenFlow 1.0 (OFPFW_*).
const (
	wild10InPort   = 1 << 0
	wild10VLAN     = 1 << 1
	wild10EthSrc   = 1 << 2
	wild10EthDst   = 1 << 3
	wild10EthType  = 1 << 4
	wild10IPProto  = 1 << 5
	wild10TPSrc    = 1 << 6
	wild10TPDst    = 1 << 7
	wild10IPSrc    = 8  // shift of a count of wildcarded bits
	wild10IPDst    = 14 // shift of a count of wildcarded bits
	wild10VLANPCP  = 1 << 20
	wild10TOS      = 1 << 21
	wild10IPBits   = 0x3f
	vlanNone       = 0xffff // OFP_VLAN_NONE, OFPVID_NONE of OpenFlow 1.1: no tag
	vlanAny11      = 0xfffe // OFPVID_ANY: a tag, whatever its VLAN id
	dscpMask       = 0xfc
	exactMAC       = "\xff\xff\xff\xff\xff\xff"
	exactIP        = 0xffffffff
	fixedMatchType = matchTypeStandard
)

// decodeMatch10 reads OpenFlow 1.0's match. Fields whose prerequisites are not
// there count as wildcarded (OpenFlow 1.0.1 §3.4).
func decodeMatch10(b []byte, m *Match) error {
	r := reader{b: b}
	wild := r.u32()
	if port := r.u16(); wild&wild10InPort == 0 {
		m.Value.OFPort, m.Mask.OFPort = uint32(PortFrom16(port)), exactIP
	}
	setMAC(&m.Value.EthSrc, &m.Mask.EthSrc, r.bytes(6), wild&wild10EthSrc == 0)
	setMAC(&m.Value.EthDst, &m.Mask.EthDst, r.bytes(6), wild&wild10EthDst == 0)
	vid, pcp := r.u16(), r.u8()
	r.skip(1)
	setVLAN10(m, wild, vid, pcp)
	if ethType := r.u16(); wild&wild10EthType == 0 {
		m.Value.EthType, m.Mask.EthType = ethType, 0xffff
	}
	f := fixedL3{tos: r.u8(), proto: r.u8()}
	r.skip(2)
	f.src, f.dst = r.u32(), r.u32()
	f.tpSrc, f.tpDst = r.u16(), r.u16()
	f.hasTOS, f.hasProto = wild&wild10TOS == 0, wild&wild10IPProto == 0
	f.hasTPSrc, f.hasTPDst = wild&wild10TPSrc == 0, wild&wild10TPDst == 0
	f.srcMask, f.dstMask = prefix10(wild>>wild10IPSrc), prefix10(wild>>wild10IPDst)
	if err := f.checkICMP(m.Value.EthType); err != nil {
		return err
	}
	f.store(m)
	return nil
}

// prefix10 is the mask of an address of which the low bits by count are
// wildcarded.
func prefix10(count uint32) uint32 {
	return uint32(uint64(exactIP) << (count & wild10IPBits))
}

func setMAC(value, mask *flow.MAC, b []byte, exact bool) {
	if exact {
		copy(value[:], b)
		copy(mask[:], exactMAC)
	}
}

// setVLAN10 reads the tag. With OFP_VLAN_NONE a priority would contradict it, and
// is left out, as old versions of Open vSwitch did.
func setVLAN10(m *Match, wild uint32, vid uint16, pcp uint8) {
	tag, mask := &m.Value.VLAN[0].TCI, &m.Mask.VLAN[0].TCI
	if wild&wild10VLAN == 0 && vid == vlanNone {
		*tag, *mask = 0, 0xffff
		return
	}
	if wild&wild10VLAN == 0 {
		*tag |= vid & vlanVIDMask
		*mask |= vlanVIDMask | flow.VLANPresent
	}
	if wild&wild10VLANPCP == 0 {
		*tag |= uint16(pcp) << 13
		*mask |= vlanPCPMask | flow.VLANPresent
	}
	*tag |= *mask & flow.VLANPresent
}

// fixedL3 is what the fixed matches say of layers 3 and 4, whose meaning depends
// on the Ethernet type and the protocol.
type fixedL3 struct {
	tos, proto                           uint8
	src, dst, srcMask, dstMask           uint32
	tpSrc, tpDst                         uint16
	hasTOS, hasProto, hasTPSrc, hasTPDst bool
}

// checkICMP refuses a type or code of ICMP that no packet can have: cut to a byte
// it would be another one.
func (f *fixedL3) checkICMP(ethType uint16) error {
	if ethType == flow.EthTypeIPv4 && f.hasProto && f.proto == flow.ProtoICMP &&
		(f.hasTPSrc && f.tpSrc > 0xff || f.hasTPDst && f.tpDst > 0xff) {
		return NewError(ErrMatchBadField, "ICMP type %d code %d", f.tpSrc, f.tpDst)
	}
	return nil
}

// store puts into m what applies.
func (f *fixedL3) store(m *Match) {
	arp := false
	switch m.Value.EthType {
	case flow.EthTypeARP, flow.EthTypeRARP:
		arp = true
		fallthrough
	case flow.EthTypeIPv4:
		m.Value.IPSrc, m.Mask.IPSrc = f.src&f.srcMask, f.srcMask
		m.Value.IPDst, m.Mask.IPDst = f.dst&f.dstMask, f.dstMask
	case flow.EthTypeIPv6:
	default:
		return
	}
	if arp {
		if f.hasProto {
			m.Value.ARPOp, m.Mask.ARPOp = uint16(f.proto), 0xffff
		}
		return
	}
	if f.hasTOS {
		m.Value.IPTOS, m.Mask.IPTOS = f.tos&dscpMask, dscpMask
	}
	if !f.hasProto {
		return
	}
	m.Value.IPProto, m.Mask.IPProto = f.proto, 0xff
	var limit uint16
	switch {
	case f.proto == flow.ProtoTCP || f.proto == flow.ProtoUDP || f.proto == flow.ProtoSCTP:
		limit = 0xffff
	case f.proto == flow.ProtoICMP && m.Value.EthType == flow.EthTypeIPv4,
		f.proto == flow.ProtoICMPv6 && m.Value.EthType == flow.EthTypeIPv6:
		limit = 0xff
	default:
		return
	}
	if f.hasTPSrc {
		m.Value.TPSrc, m.Mask.TPSrc = f.tpSrc&limit, limit
	}
	if f.hasTPDst {
		m.Value.TPDst, m.Mask.TPDst = f.tpDst&limit, limit
	}
}

// load is the reverse of store: what of m the fixed structures can say.
func (f *fixedL3) load(m *Match) {
	f.tos, f.hasTOS = m.Value.IPTOS&dscpMask, m.Mask.IPTOS&dscpMask == dscpMask
	f.src, f.srcMask = m.Value.IPSrc, m.Mask.IPSrc
	f.dst, f.dstMask = m.Value.IPDst, m.Mask.IPDst
	f.proto, f.hasProto = m.Value.IPProto, m.Mask.IPProto == 0xff
	if m.Value.EthType == flow.EthTypeARP || m.Value.EthType == flow.EthTypeRARP {
		f.proto, f.hasProto = uint8(m.Value.ARPOp), m.Mask.ARPOp == 0xffff
	}
	full := uint16(0xffff)
	if f.proto == flow.ProtoICMP || f.proto == flow.ProtoICMPv6 {
		full = 0xff
	}
	f.tpSrc, f.hasTPSrc = m.Value.TPSrc, m.Mask.TPSrc&full == full
	f.tpDst, f.hasTPDst = m.Value.TPDst, m.Mask.TPDst&full == full
}

// appendMatch10 appends OpenFlow 1.0's match, leaving out what it cannot say (see
// fitsFixed).
func appendMatch10(dst []byte, m *Match) []byte {
	var f fixedL3
	f.load(m)
	wild := uint32(bits.TrailingZeros32(f.srcMask))<<wild10IPSrc | uint32(bits.TrailingZeros32(f.dstMask))<<wild10IPDst
	set := func(exact bool, bit uint32) {
		if !exact {
			wild |= bit
		}
	}
	port, ok := PortNo(m.Value.OFPort).To16()
	set(m.Mask.OFPort != 0 && ok, wild10InPort)
	set(string(m.Mask.EthSrc[:]) == exactMAC, wild10EthSrc)
	set(string(m.Mask.EthDst[:]) == exactMAC, wild10EthDst)
	set(m.Mask.EthType == 0xffff, wild10EthType)
	set(f.hasProto, wild10IPProto)
	set(f.hasTPSrc, wild10TPSrc)
	set(f.hasTPDst, wild10TPDst)
	set(f.hasTOS, wild10TOS)
	tag, mask := m.Value.VLAN[0].TCI, m.Mask.VLAN[0].TCI
	vid := tag & vlanVIDMask
	if untagged(m) {
		vid, tag = vlanNone, 0
	} else {
		set(mask&vlanVIDMask == vlanVIDMask, wild10VLAN)
		set(mask&vlanPCPMask == vlanPCPMask, wild10VLANPCP)
	}
	exact := func(n uint32, bit uint32) uint32 {
		if wild&bit != 0 {
			return 0
		}
		return n
	}
	dst = be.AppendUint32(dst, wild)
	dst = be.AppendUint16(dst, uint16(exact(uint32(port), wild10InPort)))
	dst = appendMAC(dst, m.Value.EthSrc, wild&wild10EthSrc == 0)
	dst = appendMAC(dst, m.Value.EthDst, wild&wild10EthDst == 0)
	dst = be.AppendUint16(dst, uint16(exact(uint32(vid), wild10VLAN)))
	dst = append(dst, byte(exact(uint32(tag>>13), wild10VLANPCP)), 0)
	dst = be.AppendUint16(dst, uint16(exact(uint32(m.Value.EthType), wild10EthType)))
	dst = append(dst, byte(exact(uint32(f.tos), wild10TOS)), byte(exact(uint32(f.proto), wild10IPProto)), 0, 0)
	dst = be.AppendUint32(dst, f.src)
	dst = be.AppendUint32(dst, f.dst)
	dst = be.AppendUint16(dst, uint16(exact(uint32(f.tpSrc), wild10TPSrc)))
	return be.AppendUint16(dst, uint16(exact(uint32(f.tpDst), wild10TPDst)))
}

func appendMAC(dst []byte, mac flow.MAC, exact bool) []byte {
	if !exact {
		return zeros(dst, len(mac))
	}
	return append(dst, mac[:]...)
}

// Wildcards of OpenFlow 1.1 (OFPFW_*).
const (
	wild11InPort    = 1 << 0
	wild11VLAN      = 1 << 1
	wild11VLANPCP   = 1 << 2
	wild11EthType   = 1 << 3
	wild11TOS       = 1 << 4
	wild11IPProto   = 1 << 5
	wild11TPSrc     = 1 << 6
	wild11TPDst     = 1 << 7
	wild11MPLSLabel = 1 << 8
	wild11MPLSTC    = 1 << 9
	wild11All       = 1<<10 - 1
)

// decodeMatch11 reads OpenFlow 1.1's match, whose masks have ones where a bit does
// not count.
func decodeMatch11(b []byte, m *Match) error {
	r := reader{b: b[matchHeadSize:]}
	port, wild := r.u32(), r.u32()
	if wild&^wild11All != 0 {
		return NewError(ErrMatchBadWildcards, "wildcards %#x", wild)
	}
	if wild&wild11InPort == 0 {
		m.Value.OFPort, m.Mask.OFPort = port, exactIP
	}
	setMaskedMAC(&m.Value.EthSrc, &m.Mask.EthSrc, r.bytes(12))
	setMaskedMAC(&m.Value.EthDst, &m.Mask.EthDst, r.bytes(12))
	vid, pcp := r.u16(), r.u8()
	r.skip(1)
	if err := setVLAN11(m, wild, vid, pcp); err != nil {
		return err
	}
	if ethType := r.u16(); wild&wild11EthType == 0 {
		m.Value.EthType, m.Mask.EthType = ethType, 0xffff
	}
	f := fixedL3{tos: r.u8(), proto: r.u8()}
	f.src, f.srcMask = r.u32(), ^r.u32()
	f.dst, f.dstMask = r.u32(), ^r.u32()
	f.tpSrc, f.tpDst = r.u16(), r.u16()
	f.hasTOS, f.hasProto = wild&wild11TOS == 0, wild&wild11IPProto == 0
	f.hasTPSrc, f.hasTPDst = wild&wild11TPSrc == 0, wild&wild11TPDst == 0
	if m.Value.EthType == flow.EthTypeIPv4 {
		if f.hasTOS && f.tos&^dscpMask != 0 {
			return NewError(ErrMatchBadValue, "nw_tos %#x", f.tos)
		}
	}
	if err := f.checkICMP(m.Value.EthType); err != nil {
		return err
	}
	if m.Value.EthType != flow.EthTypeIPv6 { // OpenFlow 1.1 knows no IPv6
		f.store(m)
	}
	label, tc := r.u32(), r.u8()
	r.skip(3)
	if err := setMPLS11(m, wild, label, tc); err != nil {
		return err
	}
	m.Value.Metadata = r.u64()
	m.Mask.Metadata = ^r.u64()
	m.Value.Metadata &= m.Mask.Metadata
	return nil
}

func setMaskedMAC(value, mask *flow.MAC, b []byte) {
	for i := range value {
		mask[i] = ^b[6+i]
		value[i] = b[i] & mask[i]
	}
}

func setVLAN11(m *Match, wild uint32, vid uint16, pcp uint8) error {
	if wild&wild11VLAN != 0 {
		return nil
	}
	tag, mask := &m.Value.VLAN[0].TCI, &m.Mask.VLAN[0].TCI
	switch {
	case vid == vlanNone:
		*tag, *mask = 0, 0xffff
		return nil
	case vid == vlanAny11:
		*tag, *mask = flow.VLANPresent, flow.VLANPresent
	case vid <= vlanVIDMask:
		*tag, *mask = vid|flow.VLANPresent, vlanVIDMask|flow.VLANPresent
	default:
		return NewError(ErrMatchBadValue, "dl_vlan %#x", vid)
	}
	if wild&wild11VLANPCP == 0 {
		if pcp > 7 {
			return NewError(ErrMatchBadValue, "dl_vlan_pcp %d", pcp)
		}
		*tag |= uint16(pcp) << 13
		*mask |= vlanPCPMask
	}
	return nil
}

const (
	mplsLabelShift = 12
	mplsLabelMax   = 1<<20 - 1
	mplsTCShift    = 9
	mplsTCMax      = 7
)

func setMPLS11(m *Match, wild uint32, label uint32, tc uint8) error {
	if m.Value.EthType != flow.EthTypeMPLS && m.Value.EthType != flow.EthTypeMPLSMul {
		return nil
	}
	if wild&wild11MPLSLabel == 0 {
		if label > mplsLabelMax {
			return NewError(ErrMatchBadValue, "mpls_label %#x", label)
		}
		m.Value.MPLS[0] |= label << mplsLabelShift
		m.Mask.MPLS[0] |= mplsLabelMax << mplsLabelShift
	}
	if wild&wild11MPLSTC == 0 {
		if tc > mplsTCMax {
			return NewError(ErrMatchBadValue, "mpls_tc %d", tc)
		}
		m.Value.MPLS[0] |= uint32(tc) << mplsTCShift
		m.Mask.MPLS[0] |= mplsTCMax << mplsTCShift
	}
	return nil
}

// appendMatch11 appends OpenFlow 1.1's match, leaving out what it cannot say (see
// fitsFixed).
func appendMatch11(dst []byte, m *Match) []byte {
	var f fixedL3
	f.load(m)
	var wild uint32
	set := func(exact bool, bit uint32, n uint32) uint32 {
		if exact {
			return n
		}
		wild |= bit
		return 0
	}
	port := set(m.Mask.OFPort != 0, wild11InPort, m.Value.OFPort)
	tag, mask := m.Value.VLAN[0].TCI, m.Mask.VLAN[0].TCI
	var vid, pcp uint32
	switch {
	case mask&flow.VLANPresent == 0:
		wild |= wild11VLAN | wild11VLANPCP
	case tag&flow.VLANPresent == 0:
		vid, wild = vlanNone, wild|wild11VLANPCP
	default:
		vid = vlanAny11
		if mask&vlanVIDMask == vlanVIDMask {
			vid = uint32(tag & vlanVIDMask)
		}
		pcp = set(mask&vlanPCPMask == vlanPCPMask, wild11VLANPCP, uint32(tag>>13))
	}
	ethType := set(m.Mask.EthType == 0xffff, wild11EthType, uint32(m.Value.EthType))
	tos, proto := set(f.hasTOS, wild11TOS, uint32(f.tos)), set(f.hasProto, wild11IPProto, uint32(f.proto))
	tpSrc, tpDst := set(f.hasTPSrc, wild11TPSrc, uint32(f.tpSrc)), set(f.hasTPDst, wild11TPDst, uint32(f.tpDst))
	lse, lseMask := m.Value.MPLS[0], m.Mask.MPLS[0]
	label := set(lseMask>>mplsLabelShift == mplsLabelMax, wild11MPLSLabel, lse>>mplsLabelShift)
	tc := set(lseMask>>mplsTCShift&mplsTCMax == mplsTCMax, wild11MPLSTC, lse>>mplsTCShift&mplsTCMax)

	dst = be.AppendUint16(dst, fixedMatchType)
	dst = be.AppendUint16(dst, matchSize11)
	dst = be.AppendUint32(dst, port)
	dst = be.AppendUint32(dst, wild)
	dst = appendMaskedMAC(dst, m.Value.EthSrc, m.Mask.EthSrc)
	dst = appendMaskedMAC(dst, m.Value.EthDst, m.Mask.EthDst)
	dst = be.AppendUint16(dst, uint16(vid))
	dst = append(dst, byte(pcp), 0)
	dst = be.AppendUint16(dst, uint16(ethType))
	dst = append(dst, byte(tos), byte(proto))
	for _, n := range [4]uint32{f.src, ^f.srcMask, f.dst, ^f.dstMask} {
		dst = be.AppendUint32(dst, n)
	}
	dst = be.AppendUint16(dst, uint16(tpSrc))
	dst = be.AppendUint16(dst, uint16(tpDst))
	dst = be.AppendUint32(dst, label)
	dst = zeros(append(dst, byte(tc)), 3)
	dst = be.AppendUint64(dst, m.Value.Metadata)
	return be.AppendUint64(dst, ^m.Mask.Metadata)
}

func appendMaskedMAC(dst []byte, value, mask flow.MAC) []byte {
	dst = append(dst, value[:]...)
	for _, b := range mask {
		dst = append(dst, ^b)
	}
	return dst
}
