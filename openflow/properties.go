package openflow

// Types of properties that carry a vendor's identifier.
const (
	propExperimenterMiss = 0xfffe // table features only
	propExperimenter     = 0xffff
)

// properties walks a list of properties (OpenFlow 1.4 §7.2.2 and table features
// of 1.3): each has a type, a length that counts both and the body, and padding
// to 8 bytes.
//
//	for props.next() { … props.typ, props.body … }
//	return props.err
type properties struct {
	b    []byte
	typ  uint16
	body []byte // without type and length
	err  error
	seen uint64 // bits of the types that once has been asked about
}

func (p *properties) next() bool {
	if len(p.b) == 0 || p.err != nil {
		return false
	}
	if len(p.b) < 4 {
		p.err = NewError(ErrPropertyBadLen, "%d bytes left", len(p.b))
		return false
	}
	n := int(be.Uint16(p.b[2:]))
	if n < 4 || roundUp8(n) > len(p.b) {
		p.err = NewError(ErrPropertyBadLen, "length %d in %d bytes", n, len(p.b))
		return false
	}
	p.typ, p.body = be.Uint16(p.b), p.b[4:n:n]
	p.b = p.b[roundUp8(n):]
	return true
}

// once refuses a property of a type below 64 that stands for the second time, since
// only one of the two could be meant (OFPBPC_DUP_TYPE, OpenFlow 1.4.1 §7.5.4).
func (p *properties) once() error {
	if p.seen>>p.typ&1 != 0 {
		return NewError(ErrPropertyDupType, "type %d", p.typ)
	}
	p.seen |= 1 << p.typ
	return nil
}

// onceOf32 is once for a property whose body has 4 bytes.
func (p *properties) onceOf32() error {
	if len(p.body) != 4 {
		return NewError(ErrPropertyBadLen, "type %d with %d bytes", p.typ, len(p.body))
	}
	return p.once()
}

// experimenter splits an experimenter property's body: vendor, type, data.
func (p *properties) experimenter() (vendor, expType uint32, data []byte, found bool) {
	if p.typ != propExperimenter || len(p.body) < 8 {
		return 0, 0, nil, false
	}
	return be.Uint32(p.body), be.Uint32(p.body[4:]), p.body[8:], true
}

// unknown is the error for a property that the message cannot have.
func (p *properties) unknown() error {
	switch vendor, expType, _, found := p.experimenter(); {
	case !found:
		return NewError(ErrPropertyBadType, "type %d", p.typ)
	case vendor == VendorNicira || vendor == VendorONF:
		return NewError(ErrPropertyBadExpType, "vendor %#x type %d", vendor, expType)
	default:
		return NewError(ErrPropertyBadExperimenter, "vendor %#x", vendor)
	}
}

// appendPropertyHead appends the type and length of a property.
func appendPropertyHead(dst []byte, typ uint16, n int) []byte {
	dst = be.AppendUint16(dst, typ)
	return be.AppendUint16(dst, uint16(n))
}

// beginProperty appends a property's head, whose length endProperty writes.
func beginProperty(dst []byte, typ uint16) []byte { return appendPropertyHead(dst, typ, 0) }

// endProperty writes the length of the property that starts at start, and pads.
func endProperty(dst []byte, start int) []byte {
	setLen16(dst, start+2, start)
	return pad8(dst, start)
}

// entryLen reads the 16-bit length at offset at of a list's first entry, which
// has at least size bytes and lies within b.
func entryLen(b []byte, at, size int) (int, error) {
	if len(b) < size {
		return 0, NewError(ErrRequestBadLen, "entry of %d bytes needs %d", len(b), size)
	}
	n := int(be.Uint16(b[at:]))
	if n < size || n > len(b) {
		return 0, NewError(ErrRequestBadLen, "entry says %d bytes of %d left, needs %d", n, len(b), size)
	}
	return n, nil
}

// countEntries is how many entries, whose 16-bit lengths come first, a list has up
// to the first one that is broken.
func countEntries(b []byte) (n int) {
	for len(b) >= 8 {
		size := int(be.Uint16(b))
		if size < 8 || size > len(b) {
			return n
		}
		n++
		b = b[size:]
	}
	return n
}

// beginExperimenter appends the head of an experimenter property.
func beginExperimenter(dst []byte, vendor, expType uint32) []byte {
	dst = beginProperty(dst, propExperimenter)
	dst = be.AppendUint32(dst, vendor)
	return be.AppendUint32(dst, expType)
}

// keep is the property as it came.
func (p *properties) keep() Property { return Property{Type: p.typ, Data: clone(p.body)} }

// decodeProperties keeps properties as they came.
func decodeProperties(b []byte) (list []Property, err error) {
	props := properties{b: b}
	for props.next() {
		list = append(list, props.keep())
	}
	return list, props.err
}

// noProperties refuses properties where a version has no room for them.
func noProperties(v Version, list []Property) error {
	if len(list) > 0 {
		return unencodable(v, "property %d", list[0].Type)
	}
	return nil
}

func appendProperties(dst []byte, list []Property) []byte {
	for _, p := range list {
		dst = appendPropBytes(dst, p.Type, p.Data)
	}
	return dst
}

// Properties of one number or of bytes, with their padding.
func appendProp8(dst []byte, typ uint16, n uint8) []byte {
	return zeros(append(appendPropertyHead(dst, typ, 5), n), 3)
}

func appendProp16(dst []byte, typ uint16, n uint16) []byte {
	return zeros(be.AppendUint16(appendPropertyHead(dst, typ, 8), n), 2)
}

func appendPropBytes(dst []byte, typ uint16, b []byte) []byte {
	start := len(dst)
	return endProperty(append(beginProperty(dst, typ), b...), start)
}
