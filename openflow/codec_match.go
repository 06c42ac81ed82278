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
	for len(b) > 0 {
		rest, err := e.parse(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case e.f != nil && e.f.Wide():
			err = m.addWide(&e)
		case e.f != nil:
			err = m.add(&e)
		case cookie != nil && e.class == classNXM1 && e.code == cookieCode && len(e.value) == cookieSize:
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

// add makes m match what the entry says, with the checks that OpenFlow 1.3.5
// §7.2.3.6 and Open vSwitch make.
func (m *Match) add(e *oxmEntry) error {
	value, mask := e.values()
	if err := e.f.Check(value, mask); err != nil {
		var v *flow.ValueError
		errors.As(err, &v)
		return &Error{Code: matchFaults[v.Fault], Detail: err.Error()}
	}
	if !validValue(e.f.ID, value) {
		return NewError(ErrMatchBadValue, "%s of %d", e.f.Name, value.Lo)
	}
	if p := e.f.Prereq; p != flow.PrereqNone && !m.classes().has(p) {
		return &Error{Code: ErrMatchBadPrereq, Detail: m.CheckPrereqs(e.f.ID).Error()}
	}
	if fieldPlaces[e.f.ID].in(m.Mask.Words()) {
		return NewError(ErrMatchDupField, "%s", e.f.Name)
	}
	m.SetField(e.f, value, mask)
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
	words := m.Mask.Words()
	for _, word := range strayWords {
		w.left += bits.OnesCount64(words[word])
	}
	w.packetType()
	for i := range matchOrder {
		g := &matchOrder[i]
		if !g.in(words) {
			if g.wide {
				w.wide()
			}
			continue
		}
		for _, word := range g.own {
			w.left += bits.OnesCount64(words[word])
		}
		for k := range g.fields {
			if g.fields[k].in(words) {
				w.field(g.fields[k].id)
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

// field writes one field or what stands at its place, if the match says anything
// of it and its prerequisites hold: fields that share bits are told apart by
// those.
func (w *oxmWriter) field(id flow.FieldID) {
	f := flow.FieldByID(id)
	switch id {
	case orderInPort:
		w.inPort()
		return
	case orderVLAN:
		w.vlan()
		return
	case orderTOS:
		if !w.nxm {
			f = flow.FieldByID(flow.FieldIPDSCP)
		}
	}
	value, mask, kind := w.m.Match.Field(f)
	if kind == flow.MatchNone || !w.classes.has(f.Prereq) {
		return
	}
	if id >= flow.FieldReg0 && id < flow.FieldReg0+flow.NumRegs && w.v >= V15 {
		// OpenFlow 1.5 has registers by pairs, which its first one tells of.
		if id&1 != flow.FieldReg0&1 && !w.firstOfPair(id) {
			return
		}
		f = flow.FieldByID(flow.FieldXReg0 + (id-flow.FieldReg0)/2)
		value, mask, _ = w.m.Match.Field(f)
	}
	w.put(f, value, mask)
}

// firstOfPair reports whether the register before id, of the same pair, is not
// matched, so that id tells of the pair.
func (w *oxmWriter) firstOfPair(id flow.FieldID) bool {
	_, _, kind := w.m.Match.Field(flow.FieldByID(id - 1))
	return kind == flow.MatchNone
}

func (w *oxmWriter) put(f *flow.Field, value, mask flow.Value) {
	if !hasWire(w.v, f) || !f.Maskable && mask != f.Full() {
		return
	}
	if narrow(f.ID) {
		w.dst = appendOXMHeader(w.v, w.dst, f, true)
		w.dst = mask.AppendBytes(value.AppendBytes(w.dst, f.Bytes), f.Bytes)
	} else {
		w.dst = appendOXM(w.v, w.dst, f, value, mask)
	}
	w.left -= maskBits(mask)
}

// narrow reports whether Open vSwitch writes a field with a mask even where all
// its bits are matched, because they are not all of the bits that travel.
func narrow(id flow.FieldID) bool {
	return id == flow.FieldTunFlags || id >= flow.FieldTunERSPANVer && id <= flow.FieldTunERSPANHWID
}

// packetType goes first, unless it is Ethernet's and fields that imply it follow
// (OpenFlow 1.5.1 §7.2.3.11).
func (w *oxmWriter) packetType() {
	f := flow.FieldByID(flow.FieldPacketType)
	value, mask, kind := w.m.Match.Field(f)
	if kind == flow.MatchNone {
		return
	}
	if value.IsZero() && impliesEthernet(w.m) {
		w.left -= maskBits(mask)
		return
	}
	w.put(f, value, mask)
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
		f := flow.FieldByID(flow.FieldInPortOXM)
		value, mask, _ := w.m.Match.Field(f)
		w.put(f, value, mask)
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
