package openflow

import (
	"math/bits"
	"slices"

	"vswitch/flow"
)

// fieldPlace is a field and where its bits lie in a mask: in one to three words.
// Unused entries look at no bits.
type fieldPlace struct {
	f     *flow.Field
	words [3]uint8
	bits  [3]uint64
	// plain: the field is a number in one word, shift bits up, and to set it
	// implies nothing for other fields. Most are, and need no more than a shift.
	plain bool
	shift uint8
	// grants: prerequisite classes depend on the field.
	grants bool
	// special: at its place in the order another field may be written.
	special bool
	// narrow: Open vSwitch writes the field with a mask even where all its bits are
	// matched, because they are not all of the bits that travel.
	narrow bool
}

// grantFields are the fields that Match.classes looks at.
var grantFields = []flow.FieldID{
	flow.FieldPacketType, flow.FieldEthType, flow.FieldVLANTCI, flow.FieldVLANVID, flow.FieldIPProto, flow.FieldIPFrag,
	flow.FieldICMPv6Type, flow.FieldICMPv6Code, flow.FieldCTState, flow.FieldCTNWProto,
}

func placeOf(id flow.FieldID) fieldPlace {
	p := fieldPlace{f: flow.FieldByID(id), grants: slices.Contains(grantFields, id)}
	p.special = slices.Contains(specialPlaces, id) || id >= flow.FieldReg0 && id < flow.FieldReg0+flow.NumRegs
	p.narrow = id == flow.FieldTunFlags || id >= flow.FieldTunERSPANVer && id <= flow.FieldTunERSPANHWID
	if p.f == nil || p.f.Wide() {
		return p
	}
	var m flow.Mask
	p.f.Unwildcard(&m, p.f.Full())
	n := 0
	for word, bits := range m.Words() {
		if bits != 0 {
			p.words[n], p.bits[n] = uint8(word), bits
			n++
		}
	}
	p.setPlain()
	return p
}

// setPlain finds out whether the field is plain by setting it.
func (p *fieldPlace) setPlain() {
	full := p.f.Full()
	if p.bits[1] != 0 || full.Hi != 0 {
		return
	}
	shift := bits.TrailingZeros64(p.bits[0]) - bits.TrailingZeros64(full.Lo)
	for _, n := range [2]uint64{full.Lo, 0x0102030405060708 & full.Lo} {
		var m, want flow.Match
		m.SetField(p.f, flow.U64(n), full)
		want.Value.Words()[p.words[0]] = n << shift
		want.Mask.Words()[p.words[0]] = p.bits[0]
		if !m.Equal(&want) {
			return
		}
	}
	p.plain, p.shift = true, uint8(shift)
}

// in reports whether a mask has any of the field's bits.
func (p *fieldPlace) in(mask *[flow.PipelineWords]uint64) bool {
	return mask[p.words[0]]&p.bits[0]|mask[p.words[1]]&p.bits[1]|mask[p.words[2]]&p.bits[2] != 0
}

// load is what m says of the field.
func (p *fieldPlace) load(m *flow.Match) (value, mask flow.Value) {
	if p.plain {
		word, bits := p.words[0], p.bits[0]
		return flow.U64(m.Value.Words()[word] & bits >> p.shift), flow.U64(m.Mask.Words()[word] & bits >> p.shift)
	}
	value, mask, _ = m.Field(p.f)
	return value, mask
}

// store makes m, which said nothing of the field, fix the bits of mask to value's.
func (p *fieldPlace) store(m *flow.Match, value, mask flow.Value) {
	if p.plain {
		word := p.words[0]
		m.Value.Words()[word] |= value.Lo & mask.Lo << p.shift
		m.Mask.Words()[word] |= mask.Lo << p.shift
		return
	}
	m.SetField(p.f, value, mask)
}

// fieldPlaces are by FieldID. Wide fields have no bits.
var fieldPlaces = buildFieldPlaces()

func buildFieldPlaces() (places [256]fieldPlace) {
	for id := range places {
		places[id] = placeOf(flow.FieldID(id))
	}
	return places
}

// plainField is what is needed to read and write a plain field, in little memory.
type plainField struct {
	bits     uint64 // in the word
	word     uint8
	shift    uint8
	bytes    uint8 // on the wire; 0: no such field
	prereq   flow.Prereq
	maskable bool
	grants   bool // see fieldPlace
}

// plainField is the place in less memory.
func (p *fieldPlace) plainField() plainField {
	return plainField{bits: p.bits[0], word: p.words[0], shift: p.shift, bytes: uint8(p.f.Bytes),
		prereq: p.f.Prereq, maskable: p.f.Maskable, grants: p.grants}
}

// orderedFields are the plain fields by their places in matchOrder, and orderedHeads
// their headers by version, 0 where a field is not plain or the header is not the usual one.
var (
	orderedFields = buildOrderedFields(matchOrder)
	orderedHeads  = buildOrderedHeads(matchOrder)
)

func buildOrderedFields(order []fieldPlace) (fields [128]plainField) {
	for i, p := range order {
		fields[i] = p.plainField()
	}
	return fields
}

func buildOrderedHeads(order []fieldPlace) (heads [numVersions][128]uint32) {
	for v := range heads {
		for i, p := range order {
			if h := oxmFields.heads[v][p.f.ID]; h.bytes == 4 && p.plain && !p.special && !p.narrow {
				heads[v][i] = h.bits | uint32(p.f.Bytes)
			}
		}
	}
	return heads
}

// plainFields are the plain fields all of whose values are valid, by class and code.
var plainFields = buildPlainFields()

func buildPlainFields() (fields [3][128]plainField) {
	for i, class := range [3]*[128]*flow.Field{&oxmFields.nxm0, &oxmFields.nxm1, &oxmFields.basic} {
		for code, f := range class {
			if f == nil || !fieldPlaces[f.ID].plain || f.ID == flow.FieldNSHMDType || f.ID == flow.FieldNSHTTL {
				continue
			}
			fields[i][code] = fieldPlaces[f.ID].plainField()
		}
	}
	return fields
}

// plainOf is the plain field that the first four bytes of an entry name, nil for another.
func plainOf(head uint32) *plainField {
	code := head >> 9 & 0x7f
	switch head >> 16 {
	case classNXM0:
		return &plainFields[0][code]
	case classNXM1:
		return &plainFields[1][code]
	case classBasic:
		return &plainFields[2][code]
	}
	return nil
}

// placeSet is a set of places in matchOrder.
type placeSet [2]uint64

func (s *placeSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *placeSet) union(o *placeSet) { s[0], s[1] = s[0]|o[0], s[1]|o[1] }

func (s *placeSet) intersect(o *placeSet) { s[0], s[1] = s[0]&o[0], s[1]&o[1] }

// Places in the order at which something else is done than writing a field of
// that number.
const (
	orderInPort = flow.FieldInPort       // in_port in NXM, in_port_oxm in OXM
	orderVLAN   = flow.FieldVLANTCI      // vlan_tci in NXM, vlan_vid and vlan_pcp in OXM
	orderTOS    = flow.FieldIPTOS        // nw_tos in NXM, ip_dscp in OXM
	orderWide   = flow.FieldTunMetadata0 // all tunnel options, which lie beside the mask
)

var specialPlaces = []flow.FieldID{orderInPort, orderVLAN, orderTOS, orderWide}

// matchOrder is the order in which Open vSwitch writes fields, which controllers
// and tests are used to, though OpenFlow only asks for prerequisites first.
// packet_type is not in it: it goes before all others. wordPlaces are the places
// that have bits in a word of a mask, by word.
var (
	matchOrder = buildMatchOrder()
	widePlace  = placeIn(matchOrder, orderWide)
	wordPlaces = buildWordPlaces(matchOrder)
)

// classPlaces are the places of the fields of a prerequisite class: fields that
// share bits are told apart by those.
var classPlaces = buildClassPlaces(matchOrder)

func buildClassPlaces(order []fieldPlace) (classes [32]placeSet) {
	for i, p := range order {
		classes[p.f.Prereq].add(i)
	}
	return classes
}

// places are those of the fields whose prerequisites hold.
func (s classSet) places() (places placeSet) {
	for ; s != 0; s &= s - 1 {
		places.union(&classPlaces[bits.TrailingZeros32(uint32(s))])
	}
	return places
}

func placeIn(order []fieldPlace, id flow.FieldID) int {
	return slices.IndexFunc(order, func(p fieldPlace) bool { return p.f.ID == id })
}

// wordPlace is a place in matchOrder with the bits that its field has in a word.
type wordPlace struct {
	bits  uint64
	place int
}

func buildWordPlaces(order []fieldPlace) (words [flow.PipelineWords][]wordPlace) {
	for i, p := range order {
		for k, word := range p.words {
			if p.bits[k] != 0 {
				words[word] = append(words[word], wordPlace{p.bits[k], i})
			}
		}
	}
	return words
}

// optionWords are the words of a mask that hold the values of tunnel options.
// They are no concern of messages' matches, which have the options as bytes.
var optionWords = buildOptionWords()

func buildOptionWords() (words [flow.PipelineWords]bool) {
	var m flow.Mask
	for i := range m.TunMetadata {
		m.TunMetadata[i] = 0xff
	}
	for word, bits := range m.Words() {
		words[word] = bits != 0
	}
	return words
}

func buildMatchOrder() (order []fieldPlace) { //size:table
	add := func(ids ...flow.FieldID) {
		for _, id := range ids {
			order = append(order, placeOf(id))
		}
	}
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
	add(orderWide)
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
