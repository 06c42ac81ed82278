package openflow

import (
	"fmt"

	"vswitch/flow"
)

// Classes of OXM headers (OpenFlow 1.3.5 §7.2.3.3).
const (
	classNXM0         = 0x0000
	classNXM1         = 0x0001
	classBasic        = 0x8000
	classPacketRegs   = 0x8001
	classExperimenter = 0xffff

	oxmHasMask = 1 << 8 // of a header's first 32 bits
)

// oxmHeader is what stands before a value: which field it is of, whether a mask
// follows, and how long both are.
type oxmHeader struct {
	class        uint16
	code         uint8
	hasMask      bool
	size         int    // bytes of value and mask
	experimenter uint32 // valid iff class is classExperimenter
}

func (h oxmHeader) String() string {
	if h.class == classExperimenter {
		return fmt.Sprintf("field %d of experimenter %#x, %d bytes", h.code, h.experimenter, h.size)
	}
	return fmt.Sprintf("field %d of class %#04x, %d bytes", h.code, h.class, h.size)
}

// parse reads the header at the front of b and says how many bytes it takes. The
// error is ErrMatchBadLen.
func (h *oxmHeader) parse(b []byte) (n int, err error) {
	if len(b) < 4 {
		return 0, NewError(ErrMatchBadLen, "OXM header in %d bytes", len(b))
	}
	h.class, h.code, h.hasMask, h.size = be.Uint16(b), b[2]>>1, b[2]&1 != 0, int(b[3])
	h.experimenter = 0
	if h.class != classExperimenter {
		return 4, nil
	}
	if len(b) < 8 || h.size < 4 {
		return 0, NewError(ErrMatchBadLen, "experimenter OXM header in %d bytes with length %d", len(b), h.size)
	}
	h.experimenter = be.Uint32(b[4:])
	h.size -= 4
	return 8, nil
}

// field is the field that the header names, nil for none. The length must be the
// field's, because another one is another field's: the pseudo field of NXM
// cookies shares its number with mpls_ttl. Options have it for their limit.
func (h *oxmHeader) field() *flow.Field {
	f := fieldOfClass(h.class, h.code)
	if f == nil {
		f = flow.FieldByWire(h.class, h.code, h.experimenter)
	}
	if f == nil {
		return nil
	}
	size := h.size
	if h.hasMask {
		size /= 2
	}
	if size > f.Bytes || !f.Wide() && size != f.Bytes || h.hasMask && h.size&1 != 0 {
		return nil
	}
	return f
}

// exists reports whether there is a field of the header's number, whatever its
// length.
func (h *oxmHeader) exists() bool { return flow.FieldByWire(h.class, h.code, h.experimenter) != nil }

// isCookie reports whether the header is that of the pseudo field of cookies.
func (h *oxmHeader) isCookie() bool {
	size := h.size
	if h.hasMask {
		size /= 2
	}
	return h.class == classNXM1 && h.code == cookieCode && size == cookieSize
}

// fieldOfClass is a field of one of the three great classes.
func fieldOfClass(class uint16, code uint8) *flow.Field {
	switch class {
	case classBasic:
		return oxmFields.basic[code&0x7f]
	case classNXM1:
		return oxmFields.nxm1[code&0x7f]
	case classNXM0:
		return oxmFields.nxm0[code&0x7f]
	}
	return nil
}

// oxmIndex finds the fields of the three great classes without hashing, and the
// header bytes of every field.
type oxmIndex struct {
	basic, nxm0, nxm1 [128]*flow.Field
	// heads are by version, NXM being V10's form, and field.
	heads [numVersions][256]oxmHead
}

// oxmHead is a field's header in one version, without the length.
type oxmHead struct {
	bits         uint32
	experimenter uint32 // 0: none
	bytes        uint8  // that the header takes; 0: the field has no wire form
}

var oxmFields = buildOXMIndex()

func buildOXMIndex() *oxmIndex {
	index := new(oxmIndex)
	for code := range uint8(128) {
		index.basic[code] = flow.FieldByWire(classBasic, code, 0)
		index.nxm0[code] = flow.FieldByWire(classNXM0, code, 0)
		index.nxm1[code] = flow.FieldByWire(classNXM1, code, 0)
	}
	fields := flow.Fields()
	for i := range fields {
		f := &fields[i]
		for v := minVersion; v <= maxVersion; v++ {
			w, found := f.WireFor(uint8(v))
			if !found {
				continue
			}
			h := oxmHead{bits: uint32(w.Class)<<16 | uint32(w.Code)<<9, bytes: 4}
			if w.Class == classExperimenter {
				h.experimenter, h.bytes = w.Experimenter, 8
			}
			index.heads[v][f.ID] = h
		}
	}
	return index
}

// appendOXMHeader appends a field's header in a version's form; nothing for a
// field that has none.
func appendOXMHeader(v Version, dst []byte, f *flow.Field, hasMask bool) []byte {
	return appendHeaderSized(v, dst, f, f.Bytes, hasMask)
}

// appendHeaderSized is appendOXMHeader for a value of size bytes.
func appendHeaderSized(v Version, dst []byte, f *flow.Field, size int, hasMask bool) []byte {
	h := &oxmFields.heads[v][f.ID]
	bits := h.bits
	if hasMask {
		bits |= oxmHasMask
		size *= 2
	}
	switch h.bytes {
	case 0:
		return dst
	case 4:
		return be.AppendUint32(dst, bits|uint32(size))
	}
	return be.AppendUint32(be.AppendUint32(dst, bits|uint32(size+4)), h.experimenter)
}

// appendOXM appends header, value and, unless it is an exact match, mask.
func appendOXM(v Version, dst []byte, f *flow.Field, value, mask flow.Value) []byte {
	exact := mask == f.Full()
	dst = appendOXMHeader(v, dst, f, !exact)
	dst = appendNumber(dst, value, f.Bytes)
	if !exact {
		dst = appendNumber(dst, mask, f.Bytes)
	}
	return dst
}

// hasWire reports whether a field can travel in a version's matches.
func hasWire(v Version, f *flow.Field) bool { return oxmFields.heads[v][f.ID].bytes != 0 }

// oxmEntry is one header with its value and mask, borrowed from the input. mask
// is nil where the header has none.
type oxmEntry struct {
	oxmHeader
	f           *flow.Field // nil: the pseudo field of cookies
	value, mask []byte
}

// parse reads the entry at the front of b and gives what follows. The errors are
// ErrMatchBadField for a field that there is not, whatever its length,
// ErrMatchBadLen for a length that is not the field's or not there (OpenFlow 1.3.5
// §7.4.4.5), ErrMatchBadWildcards for value bits outside the mask.
func (e *oxmEntry) parse(b []byte) (rest []byte, err error) {
	n, err := e.oxmHeader.parse(b)
	if err != nil {
		return nil, err
	}
	b = b[n:]
	e.f = e.field()
	switch {
	case e.f == nil && !e.exists():
		return nil, NewError(ErrMatchBadField, "%s", e.oxmHeader)
	case e.f == nil && !e.isCookie():
		return nil, NewError(ErrMatchBadLen, "%s: the field has another length", e.oxmHeader)
	case e.size > len(b):
		return nil, NewError(ErrMatchBadLen, "%s, of which %d are there", e.oxmHeader, len(b))
	}
	e.value, e.mask, rest = b[:e.size:e.size], nil, b[e.size:]
	if e.hasMask {
		half := e.size / 2
		e.value, e.mask = e.value[:half:half], e.value[half:2*half:2*half]
		for i := range e.value {
			if e.value[i]&^e.mask[i] != 0 {
				return rest, NewError(ErrMatchBadWildcards, "%s: value bits outside the mask", e.oxmHeader)
			}
		}
	}
	return rest, nil
}

// values are the entry's value and mask as numbers.
func (e *oxmEntry) values() (value, mask flow.Value) {
	value, mask = number(e.value), e.f.Full()
	if e.mask != nil {
		if mask = number(e.mask); mask == flow.Ones(8*e.f.Bytes) {
			mask = e.f.Full()
		}
	}
	return value, mask
}

// number is flow.ValueOf, quick for the sizes that most fields have.
func number(b []byte) flow.Value {
	switch {
	case len(b) <= 8:
		return flow.U64(number64(b, uint8(len(b))))
	case len(b) == 16:
		return flow.Value{Hi: be.Uint64(b), Lo: be.Uint64(b[8:])}
	}
	return flow.ValueOf(b)
}

// number64 is the number in the first n bytes of b, at most 8.
func number64(b []byte, n uint8) uint64 {
	if len(b) >= 8 {
		return be.Uint64(b) >> (64 - 8*n)
	}
	return flow.ValueOf(b[:n]).Lo
}

// appendNumber64 appends a number of n bytes, at most 8. It writes 8 and keeps the
// first ones, so that there is nothing to choose.
func appendNumber64(dst []byte, v uint64, n uint8) []byte {
	return be.AppendUint64(dst, v<<(64-8*n))[:len(dst)+int(n)]
}

// appendNumber is flow.Value.AppendBytes, quick for the sizes that most fields
// have.
func appendNumber(dst []byte, v flow.Value, n int) []byte {
	switch {
	case n <= 8:
		return appendNumber64(dst, v.Lo, uint8(n))
	case n == 16:
		return be.AppendUint64(be.AppendUint64(dst, v.Hi), v.Lo)
	}
	return v.AppendBytes(dst, n)
}
