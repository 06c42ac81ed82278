package openflow

import "vswitch/flow"

// fieldPlace is a field and where its bits lie in a mask: in one to three words.
// Unused entries look at no bits.
type fieldPlace struct {
	id    flow.FieldID
	words [3]uint8
	bits  [3]uint64
}

func placeOf(id flow.FieldID) fieldPlace {
	p := fieldPlace{id: id}
	f := flow.FieldByID(id)
	if f == nil || f.Wide() {
		return p
	}
	var m flow.Mask
	f.Unwildcard(&m, f.Full())
	n := 0
	for word, bits := range m.Words() {
		if bits != 0 {
			p.words[n], p.bits[n] = uint8(word), bits
			n++
		}
	}
	return p
}

// in reports whether a mask has any of the field's bits.
func (p *fieldPlace) in(mask *[flow.PipelineWords]uint64) bool {
	return mask[p.words[0]]&p.bits[0]|mask[p.words[1]]&p.bits[1]|mask[p.words[2]]&p.bits[2] != 0
}

// fieldPlaces are by FieldID. Wide fields have no bits.
var fieldPlaces = buildFieldPlaces()

func buildFieldPlaces() (places [256]fieldPlace) {
	for id := range places {
		places[id] = placeOf(flow.FieldID(id))
	}
	return places
}

// matchGroup is a run of fields in the order in which Open vSwitch writes them,
// which controllers and tests are used to, though OpenFlow only asks for
// prerequisites first.
type matchGroup struct {
	fields []fieldPlace
	words  []uint8 // of a mask, one of which has bits where any of the fields is there
	own    []uint8 // those that are no earlier group's
	wide   bool    // the place of tunnel options
}

// in reports whether a mask may have bits of the group's fields.
func (g *matchGroup) in(mask *[flow.PipelineWords]uint64) bool {
	var any uint64
	for _, word := range g.words {
		any |= mask[word]
	}
	return any != 0
}

// Places in the order at which something else is done than writing a field of
// that number.
const (
	orderInPort = flow.FieldInPort  // in_port in NXM, in_port_oxm in OXM
	orderVLAN   = flow.FieldVLANTCI // vlan_tci in NXM, vlan_vid and vlan_pcp in OXM
	orderTOS    = flow.FieldIPTOS   // nw_tos in NXM, ip_dscp in OXM
)

// matchOrder is the order of all fields but packet_type, which goes first.
// strayWords are the words in which no field of it lies; those of tunnel options
// are left out but for the one that says which there are.
var (
	matchOrder = buildMatchOrder()
	strayWords = buildStrayWords(matchOrder)
)

func buildStrayWords(order []matchGroup) (stray []uint8) {
	var options flow.Mask
	for i := range options.TunMetadata {
		options.TunMetadata[i] = 0xff
	}
	covered := *options.Words()
	for _, g := range order {
		for _, word := range g.own {
			covered[word] = ^uint64(0)
		}
	}
	for word, bits := range covered {
		if bits == 0 {
			stray = append(stray, uint8(word))
		}
	}
	return stray
}

// makeGroup makes a group of fields; taken are the words of earlier groups, to
// which its own are added.
func makeGroup(ids []flow.FieldID, taken map[uint8]bool) (g matchGroup) {
	seen := make(map[uint8]bool)
	for _, id := range ids {
		p := placeOf(id)
		g.fields = append(g.fields, p)
		for i, word := range p.words {
			if p.bits[i] == 0 || seen[word] {
				continue
			}
			seen[word] = true
			g.words = append(g.words, word)
			if !taken[word] {
				taken[word] = true
				g.own = append(g.own, word)
			}
		}
	}
	return g
}

func buildMatchOrder() (order []matchGroup) { //size:table
	taken := make(map[uint8]bool)
	add := func(ids ...flow.FieldID) { order = append(order, makeGroup(ids, taken)) }
	run := func(first flow.FieldID, n int) (ids []flow.FieldID) {
		for i := range n {
			ids = append(ids, first+flow.FieldID(i))
		}
		return ids
	}
	add(flow.FieldDPHash, flow.FieldRecircID)
	add(flow.FieldConjID, orderInPort, flow.FieldActsetOutput)
	add(flow.FieldEthSrc, flow.FieldEthDst, flow.FieldEthType, orderVLAN)
	add(flow.FieldPBBISID, flow.FieldPBBUCA)
	add(flow.FieldMPLSTC, flow.FieldMPLSBOS, flow.FieldMPLSTTL, flow.FieldMPLSLabel)
	add(flow.FieldIPSrc, flow.FieldIPDst)
	add(flow.FieldIPv6Src, flow.FieldIPv6Dst)
	add(flow.FieldIPFrag, orderTOS, flow.FieldIPECN, flow.FieldIPTTL, flow.FieldIPv6Label, flow.FieldIPv6ExtHdr, flow.FieldIPProto)
	add(flow.FieldTCPSrc, flow.FieldTCPDst, flow.FieldTCPFlags, flow.FieldUDPSrc, flow.FieldUDPDst, flow.FieldSCTPSrc, flow.FieldSCTPDst,
		flow.FieldICMPType, flow.FieldICMPCode, flow.FieldICMPv6Type, flow.FieldICMPv6Code)
	add(flow.FieldNDTarget, flow.FieldNDReserved, flow.FieldNDOptionsType, flow.FieldNDSLL, flow.FieldNDTLL)
	add(flow.FieldARPOp, flow.FieldARPSPA, flow.FieldARPTPA, flow.FieldARPSHA, flow.FieldARPTHA)
	add(flow.FieldTunID, flow.FieldTunFlags, flow.FieldTunSrc, flow.FieldTunDst, flow.FieldTunIPv6Src, flow.FieldTunIPv6Dst,
		flow.FieldTunGBPID, flow.FieldTunGBPFlags)
	order = append(order, matchGroup{wide: true})
	add(flow.FieldTunERSPANIdx, flow.FieldTunERSPANVer, flow.FieldTunERSPANDir, flow.FieldTunERSPANHWID,
		flow.FieldTunGTPUFlags, flow.FieldTunGTPUMsgType)
	add(flow.FieldNSHFlags, flow.FieldNSHTTL, flow.FieldNSHMDType, flow.FieldNSHNP, flow.FieldNSHSPI, flow.FieldNSHSI,
		flow.FieldNSHC1, flow.FieldNSHC1+1, flow.FieldNSHC1+2, flow.FieldNSHC1+3)
	add(run(flow.FieldReg0, flow.NumRegs)...)
	add(flow.FieldPktMark)
	add(flow.FieldCTState, flow.FieldCTZone, flow.FieldCTMark, flow.FieldCTLabel, flow.FieldCTNWSrc, flow.FieldCTIPv6Src,
		flow.FieldCTNWDst, flow.FieldCTIPv6Dst, flow.FieldCTNWProto, flow.FieldCTTPSrc, flow.FieldCTTPDst)
	add(flow.FieldMetadata)
	return order
}
