package text

import (
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// field finds a field by its name.
func (p *parser) field(name span) (*flow.Field, error) {
	f := flow.FieldByName(name.text)
	switch {
	case f != nil:
		return f, nil
	case name.text == "":
		return nil, p.fail(name, "a field is missing")
	}
	return nil, p.fail(name, "no such field: %q", name.text).suggest(flow.NearestField(name.text))
}

// target is a field or subfield that an action may write.
func (p *parser) target(v span) (openflow.Subfield, error) {
	s, err := p.subfield(v)
	if err != nil {
		return s, err
	}
	return s, p.checkWritable(v, flow.FieldByID(s.Field))
}

func (p *parser) checkWritable(v span, f *flow.Field) error {
	if !f.Writable {
		return p.fail(v, "%s can be matched but not changed", f.Name)
	}
	return nil
}

// subfield reads "field", "field[]", "field[5]" or "field[0..15]".
func (p *parser) subfield(v span) (openflow.Subfield, error) {
	name, inner, found := v.cut("[")
	f, err := p.field(name)
	if err != nil {
		return openflow.Subfield{}, err
	}
	s := openflow.Subfield{Field: f.ID, Bits: uint16(f.Bits)}
	if !found {
		return s, nil
	}
	if !strings.HasSuffix(inner.text, "]") {
		return s, p.fail(v, "a bracket is not closed").remedy("write %s[FIRST..LAST]", name.text)
	}
	if inner = inner.slice(0, len(inner.text)-1); inner.text == "" {
		return s, nil
	}
	low, high, isRange := inner.cut("..")
	if !isRange {
		high = low
	}
	first, err := p.bit(f, low)
	if err != nil {
		return s, err
	}
	last, err := p.bit(f, high)
	if err != nil {
		return s, err
	}
	if last < first {
		return s, p.fail(inner, "the first bit is %d, the last %d", first, last).remedy("write %s[%d..%d]", name.text, last, first)
	}
	s.Ofs, s.Bits = first, last-first+1
	return s, nil
}

// bit reads the number of a field's bit.
func (p *parser) bit(f *flow.Field, v span) (uint16, error) {
	n, err := p.uint("bit number", v, 1<<16-1)
	if err == nil && n >= uint64(f.Bits) {
		return 0, p.fail(v, "%s has the bits 0 to %d", f.Name, f.Bits-1)
	}
	return uint16(n), err
}

// isSubfield reports whether text looks like a field rather than a number.
func isSubfield(v span) bool {
	name, _, _ := v.cut("[")
	return flow.FieldByName(name.text) != nil
}

// subfield writes a subfield with the name that its wire form has.
func (w *printer) subfield(s openflow.Subfield) {
	f := flow.FieldByID(s.Field)
	if f == nil {
		w.str("<unknown>")
		return
	}
	name := f.Name
	if len(f.Wires) > 0 {
		name = f.Wires[0].Name
	}
	w.str(name)
	switch {
	case s.Ofs == 0 && int(s.Bits) == f.Bits:
		w.str("[]")
	case s.Bits == 1:
		w.str("[").uint(uint64(s.Ofs)).str("]")
	default:
		w.str("[").uint(uint64(s.Ofs)).str("..").uint(uint64(s.Ofs + s.Bits - 1)).str("]")
	}
}
