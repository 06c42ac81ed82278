package openflow

import (
	"errors"
	"math/bits"

	"vswitch/flow"
)

// cookieCode and cookieSize are those of NXM_NX_COOKIE, a pseudo field by which
// Nicira's flow-mod and statistics requests carry a cookie's mask.
const (
	cookieCode = 30
	cookieSize = 8
)

// decodeOXM reads OXM or NXM entries into m. With cookie, the pseudo field of
// cookies is allowed and filled in.
func decodeOXM(b []byte, m *Match, cookie *cookieMatch) error {
	var e oxmEntry
	classes := m.classes()
	for len(b) > 0 {
		if n := m.addPlain(b, &classes); n > 0 {
			b = b[n:]
			continue
		}
		rest, err := e.parse(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case e.f != nil && e.f.Wide():
			err = m.addWide(&e)
		case e.f != nil:
			err = m.add(&e, &classes)
		case cookie != nil:
			err = cookie.set(&e)
		default:
			err = NewError(ErrMatchBadField, "%s", e.oxmHeader)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cookieMatch is a restriction to flows by their cookies.
type cookieMatch struct{ value, mask uint64 }

func (c *cookieMatch) set(e *oxmEntry) error {
	if c.mask != 0 {
		return NewError(ErrMatchDupField, "cookie")
	}
	c.value, c.mask = be.Uint64(e.value), ^uint64(0)
	if e.mask != nil {
		c.mask = be.Uint64(e.mask)
	}
	return nil
}

// matchFaults are the errors for what flow finds wrong with a value.
var matchFaults = map[flow.ValueFault]ErrorCode{
	flow.FaultTooWide:     ErrMatchBadValue,
	flow.FaultOutsideMask: ErrMatchBadWildcards,
	flow.FaultMaskRefused: ErrMatchBadMask,
}

// addPlain is add for most entries: those of a plain field. It gives the bytes
// that the entry at the front of b takes, 0 where it is another one or has a
// fault, which add tells.
func (m *Match) addPlain(b []byte, classes *classSet) int {
	if len(b) < 4 {
		return 0
	}
	head := be.Uint32(b)
	p := plainOf(head)
	if p == nil || p.bytes == 0 {
		return 0
	}
	n, size := int(p.bytes), int(head&0xff)
	if head&oxmHasMask != 0 {
		n *= 2
	}
	if n != size || len(b) < 4+n {
		return 0
	}
	value, full := number64(b[4:], p.bytes), p.bits>>p.shift
	mask := full
	if head&oxmHasMask != 0 {
		mask = number64(b[4+p.bytes:], p.bytes)
	}
	word := &m.Mask.Words()[p.word]
	if value&^mask|mask&^full|*word&p.bits != 0 || mask != full && !p.maskable || !classes.has(p.prereq) {
		return 0
	}
	*word |= mask << p.shift
	m.Value.Words()[p.word] |= value << p.shift
	if p.grants {
		*classes = m.classes()
	}
	return 4 + n
}

// add makes m match what the entry says, with the checks that OpenFlow 1.3.5
// §7.2.3.6 and Open vSwitch make. classes are m's, before and after.
func (m *Match) add(e *oxmEntry, classes *classSet) error {
	p := &fieldPlaces[e.f.ID]
	value, mask := e.values()
	if err := e.f.Check(value, mask); err != nil {
		var v *flow.ValueError
		errors.As(err, &v)
		return &Error{Code: matchFaults[v.Fault], Detail: err.Error()}
	}
	if !validValue(e.f.ID, value) {
		return NewError(ErrMatchBadValue, "%s of %d", e.f.Name, value.Lo)
	}
	if !classes.has(e.f.Prereq) {
		return &Error{Code: ErrMatchBadPrereq, Detail: m.CheckPrereqs(e.f.ID).Error()}
	}
	if p.in(m.Mask.Words()) {
		return NewError(ErrMatchDupField, "%s", e.f.Name)
	}
	p.store(&m.Match, value, mask)
	if p.grants {
		*classes = m.classes()
	}
	return nil
}

// Limits of NSH fields whose values are fewer than their bits (RFC 8300 §2.2).
const (
	nshMDTypeMax = 2
	nshTTLMax    = 63
)

// validValue refuses values that fit a field's bits and that it cannot have.
func validValue(id flow.FieldID, value flow.Value) bool {
	switch id {
	case flow.FieldNSHMDType:
		return value.Lo >= 1 && value.Lo <= nshMDTypeMax
	case flow.FieldNSHTTL:
		return value.Lo <= nshTTLMax
	}
	return true
}

// addWide makes m match a tunnel option.
func (m *Match) addWide(e *oxmEntry) error {
	at := len(m.Wide)
	for i := range m.Wide {
		if m.Wide[i].Field == e.f.ID {
			return NewError(ErrMatchDupField, "%s", e.f.Name)
		}
		if m.Wide[i].Field > e.f.ID && at == len(m.Wide) {
			at = i
		}
	}
	if len(e.value) > flow.MaxTLVLen {
		return NewError(ErrMatchBadLen, "%s", e.oxmHeader)
	}
	m.Wide = append(m.Wide, WideField{})
	copy(m.Wide[at+1:], m.Wide[at:])
	w := WideField{Field: e.f.ID, Value: append([]byte{}, e.value...)}
	if e.hasMask {
		w.Mask = append([]byte{}, e.mask...)
	}
	m.Wide[at] = w
	return nil
}

// maskBits counts the bits of a mask.
func maskBits(v flow.Value) int { return bits.OnesCount64(v.Hi) + bits.OnesCount64(v.Lo) }

// appendOXMFields appends the entries of a match in a version's form, or with nxm
// in the older one, which has the port of OpenFlow 1.0, the tag's TCI and the
// whole DSCP byte. It is an error where the match says more than the fields can;
// what they can say has been appended all the same.
func appendOXMFields(v Version, nxm bool, dst []byte, m *Match) ([]byte, error) {
	w := oxmWriter{v: v, nxm: nxm, m: m, dst: dst, classes: m.classes()}
	places := w.scan(m.Mask.Words())
	if len(m.Wide) > 0 {
		places.add(widePlace)
	}
	possible := w.classes.places()
	places.intersect(&possible)
	w.packetType()
	heads := &orderedHeads[v]
	for k, set := range places {
		for ; set != 0; set &= set - 1 {
			i := 64*k + bits.TrailingZeros64(set)
			if head := heads[i]; head != 0 {
				w.plain(&orderedFields[i], head)
			} else if p := &matchOrder[i]; p.special {
				w.special(p)
			} else {
				w.field(p)
			}
		}
	}
	if w.left != 0 {
		return w.dst, w.leftOver()
	}
	return w.dst, nil
}

// oxmWriter writes a match. left is how many bits of its mask are not told yet.
type oxmWriter struct {
	v    Version
	nxm  bool
	m    *Match
	dst  []byte
	left int

	classes classSet // whose prerequisites the match fulfils
}

// scan counts the bits of a mask, by eight words since most have none, and gives
// the places of the fields that have them.
func (w *oxmWriter) scan(words *[flow.PipelineWords]uint64) (places placeSet) {
	const group = 8
	at := 0
	for rest := words[:]; len(rest) >= group; rest, at = rest[group:], at+group {
		g := (*[group]uint64)(rest)
		if g[0]|g[1]|g[2]|g[3]|g[4]|g[5]|g[6]|g[7] != 0 {
			w.scanWords(rest[:group], at, &places)
		}
	}
	w.scanWords(words[at:], at, &places)
	return places
}

// scanWords is scan for a few words, of which the first one is number at.
func (w *oxmWriter) scanWords(words []uint64, at int, places *placeSet) {
	for i, word := range words {
		if word != 0 && !optionWords[at+i] {
			w.left += bits.OnesCount64(word)
			for _, p := range wordPlaces[at+i] {
				if word&p.bits != 0 {
					places.add(p.place)
				}
			}
		}
	}
}

// special writes what stands at a special place in the order.
func (w *oxmWriter) special(p *fieldPlace) {
	switch id := p.f.ID; {
	case id == orderInPort:
		w.inPort()
		return
	case id == orderVLAN:
		w.vlan()
		return
	case id == orderWide:
		w.wide()
		return
	case id == orderTOS && !w.nxm:
		p = &fieldPlaces[flow.FieldIPDSCP]
	case id >= flow.FieldReg0 && id < flow.FieldReg0+flow.NumRegs && w.v >= V15:
		// OpenFlow 1.5 has registers by pairs, which its first one tells of.
		if id&1 != flow.FieldReg0&1 && !w.firstOfPair(id) {
			return
		}
		p = &fieldPlaces[flow.FieldXReg0+(id-flow.FieldReg0)/2]
	}
	if p.in(w.m.Mask.Words()) {
		w.field(p)
	}
}

// plain writes a plain field of which the match says something. Its header without a
// mask is head.
func (w *oxmWriter) plain(p *plainField, head uint32) {
	mask := w.m.Mask.Words()[p.word] & p.bits
	masked := mask != p.bits
	if masked && !p.maskable {
		return
	}
	w.left -= bits.OnesCount64(mask)
	value := w.m.Value.Words()[p.word] & p.bits >> p.shift
	if !masked {
		w.dst = appendNumber64(be.AppendUint32(w.dst, head), value, p.bytes)
		return
	}
	w.dst = be.AppendUint32(w.dst, head+uint32(p.bytes)|oxmHasMask)
	w.dst = appendNumber64(appendNumber64(w.dst, value, p.bytes), mask>>p.shift, p.bytes)
}

// field writes a field of which the match says something.
func (w *oxmWriter) field(p *fieldPlace) {
	value, mask := p.load(&w.m.Match)
	w.put(p.f, value, mask)
}

// firstOfPair reports whether the register before id, of the same pair, is not
// matched, so that id tells of the pair.
func (w *oxmWriter) firstOfPair(id flow.FieldID) bool {
	_, _, kind := w.m.Match.Field(flow.FieldByID(id - 1))
	return kind == flow.MatchNone
}

func (w *oxmWriter) put(f *flow.Field, value, mask flow.Value) {
	exact := mask == f.Full()
	if !hasWire(w.v, f) || !f.Maskable && !exact {
		return
	}
	masked := !exact || fieldPlaces[f.ID].narrow
	w.dst = appendNumber(appendOXMHeader(w.v, w.dst, f, masked), value, f.Bytes)
	if masked {
		w.dst = appendNumber(w.dst, mask, f.Bytes)
	}
	w.left -= maskBits(mask)
}

// packetType goes first, unless it is Ethernet's and fields that imply it follow
// (OpenFlow 1.5.1 §7.2.3.11).
func (w *oxmWriter) packetType() {
	p := &fieldPlaces[flow.FieldPacketType]
	value, mask := p.load(&w.m.Match)
	if mask.IsZero() {
		return
	}
	if value.IsZero() && impliesEthernet(w.m) {
		w.left -= maskBits(mask)
		return
	}
	w.put(p.f, value, mask)
}

// impliesEthernet reports whether the match fixes any field that only Ethernet
// packets have.
func impliesEthernet(m *Match) bool {
	k := &m.Mask
	return k.EthType|k.VLAN[0].TCI != 0 || k.EthSrc != flow.MAC{} || k.EthDst != flow.MAC{}
}

func (w *oxmWriter) inPort() {
	if w.m.Mask.OFPort == 0 {
		return
	}
	if !w.nxm {
		w.field(&fieldPlaces[flow.FieldInPortOXM])
		return
	}
	if port, ok := PortNo(w.m.Value.OFPort).To16(); ok {
		f := flow.FieldByID(flow.FieldInPort)
		w.dst = appendOXM(w.v, w.dst, f, flow.U64(uint64(port)), f.Full())
		w.left -= 32
	}
}

const (
	vlanVIDMask = 0x0fff
	vlanPCPMask = 0xe000
)

// vlan tells of the tag: NXM by its TCI, OXM by VLAN id and priority.
func (w *oxmWriter) vlan() {
	value, mask := w.m.Value.VLAN[0].TCI, w.m.Mask.VLAN[0].TCI
	switch {
	case mask == 0:
		return
	case w.nxm:
		f := flow.FieldByID(flow.FieldVLANTCI)
		w.put(f, flow.U64(uint64(value)), flow.U64(uint64(mask)))
		return
	}
	const vid = vlanVIDMask | flow.VLANPresent
	if mask&vid != 0 {
		w.put(flow.FieldByID(flow.FieldVLANVID), flow.U64(uint64(value&vid)), flow.U64(uint64(mask&vid)))
	}
	if mask&vlanPCPMask == 0 {
		return
	}
	if mask&flow.VLANPresent != 0 && value&flow.VLANPresent == 0 {
		w.left -= bits.OnesCount16(mask & vlanPCPMask) // no tag: vlan_vid said it all
		return
	}
	if value&vid != 0 {
		w.put(flow.FieldByID(flow.FieldVLANPCP), flow.U64(uint64(value>>13)), flow.U64(uint64(mask>>13)))
	}
}

// wide writes the tunnel options.
func (w *oxmWriter) wide() {
	for i := range w.m.Wide {
		o := &w.m.Wide[i]
		w.dst = appendHeaderSized(w.v, w.dst, flow.FieldByID(o.Field), len(o.Value), o.Mask != nil)
		w.dst = append(append(w.dst, o.Value...), o.Mask...)
	}
}

// leftOver names what of the match could not be written.
func (w *oxmWriter) leftOver() error {
	for f := range w.m.Fields() {
		_, mask, _ := w.m.Match.Field(f)
		switch {
		case f.ID == flow.FieldInPortOXM && w.nxm:
			return unencodable(w.v, "port %d", w.m.Value.OFPort)
		case !hasWire(w.v, f) && f.ID != flow.FieldVLANTCI:
			return unencodable(w.v, "a match on %s", f.Name)
		case !f.Maskable && mask != f.Full() || f.ID == flow.FieldVLANTCI:
			return unencodable(w.v, "a mask of %s", f.Name)
		}
	}
	return unencodable(w.v, "a match on fields without their prerequisites")
}
