package text

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// arrow splits "source->destination".
func (p *parser) splitArrow(a *pair) (from, to span, err error) {
	from, to, found := a.value.cut("->")
	if !found || from.text == "" || to.text == "" {
		return from, to, p.fail(a.value, "%s: a value and a field are needed", a.key.text).
			remedy("write %s:VALUE->FIELD", a.key.text)
	}
	return from, to, nil
}

func readSetField(p *parser, a *pair) (openflow.Action, error) {
	value, name, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	f, err := p.field(name)
	if err != nil {
		e := err.(*Error)
		if base, _, found := name.cut("["); found && flow.FieldByName(base.text) != nil {
			e.Msg, e.Remedy = "set_field sets a field, not a part of it", "write load:VALUE->"+name.text+", or give set_field a mask: set_field:VALUE/MASK->"+base.text
		}
		return nil, e
	}
	if err := p.checkWritable(name, f); err != nil {
		return nil, err
	}
	set := openflow.SetField{Field: f.ID}
	if f.Wide() {
		if set.Wide, set.WideMask, err = flow.ParseWide(value.text); err != nil {
			return nil, p.valueError(f.Name, value, err)
		}
		return set, p.checkWide(value, &set)
	}
	if set.Value, set.Mask, err = f.ParseValue(value.text, p.ports()); err != nil {
		return nil, p.valueError(f.Name, value, err)
	}
	return set, p.checkSet(value, f, &set)
}

// checkSet refuses what cannot be set: nothing at all, and a VLAN id that would
// take the tag away.
func (p *parser) checkSet(value span, f *flow.Field, set *openflow.SetField) error {
	switch {
	case set.Mask.IsZero():
		return p.fail(value, "set_field: the mask has no bits: nothing would be set")
	case f.ID == flow.FieldVLANVID && set.Mask.Lo&flow.VLANPresent != 0 && set.Value.Lo&flow.VLANPresent == 0:
		return p.fail(value, "vlan_vid: the bit %#x, that there is a tag, must be set", flow.VLANPresent).
			remedy("write set_field:%#x->vlan_vid, or mod_vlan_vid:%d", set.Value.Lo|flow.VLANPresent, set.Value.Lo)
	}
	return nil
}

// checkWide refuses value bits outside the mask and masks of another size.
func (p *parser) checkWide(value span, set *openflow.SetField) error {
	if len(set.Wide) == 0 {
		return p.fail(value, "a value is missing")
	}
	if set.WideMask == nil {
		return nil
	}
	set.Wide, set.WideMask = sameSize(set.Wide, set.WideMask)
	for i, m := range set.WideMask {
		if set.Wide[i]&^m != 0 {
			return p.fail(value, "the value has bits outside its mask")
		}
	}
	return nil
}

// sameSize pads the shorter one of two numbers with leading zeros.
func sameSize(a, b []byte) ([]byte, []byte) {
	pad := func(s []byte, n int) []byte { return append(make([]byte, n-len(s)), s...) }
	n := max(len(a), len(b))
	return pad(a, n), pad(b, n)
}

func readLoad(p *parser, a *pair) (openflow.Action, error) {
	value, name, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	dst, err := p.target(name)
	if err != nil {
		return nil, err
	}
	f := flow.FieldByID(dst.Field)
	set := openflow.SetField{Field: f.ID, Form: openflow.FormLoad}
	if f.Wide() {
		return p.loadWide(set, value, dst)
	}
	n, err := p.wideNumber(value, int(dst.Bits))
	if err != nil {
		return nil, err
	}
	set.Value, set.Mask = n.Shl(int(dst.Ofs)), flow.Ones(int(dst.Bits)).Shl(int(dst.Ofs))
	return set, nil
}

// wideNumber reads a number of at most so many bits, up to 128.
func (p *parser) wideNumber(v span, bits int) (flow.Value, error) {
	b, mask, err := flow.ParseWide(v.text)
	if err != nil {
		return flow.Value{}, p.valueError("load", v, err)
	}
	n := flow.ValueOf(b)
	if mask != nil || len(b) == 0 {
		return n, p.fail(v, "not a number")
	}
	for len(b) > 16 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > 16 || n.Len() > bits {
		return n, p.fail(v, "value does not fit %d bits", bits)
	}
	return n, nil
}

// loadWide makes a masked set_field of a load into a part of a tun_metadata
// field, and an exact one of a load into all of it.
func (p *parser) loadWide(set openflow.SetField, v span, dst openflow.Subfield) (openflow.Action, error) {
	value, mask, err := flow.ParseWide(v.text)
	if err != nil {
		return nil, p.valueError("load", v, err)
	}
	if mask != nil || len(value) == 0 {
		return nil, p.fail(v, "not a number")
	}
	set.Wide = value
	if dst.Ofs == 0 && int(dst.Bits) == flow.FieldByID(dst.Field).Bits {
		return set, nil
	}
	n, err := p.wideNumber(v, min(int(dst.Bits), 128))
	if err != nil {
		return nil, err
	}
	set.WideMask = shiftBytes(onesBytes(int(dst.Bits)), int(dst.Ofs))
	set.Wide, set.WideMask = sameSize(shiftBytes(n.AppendBytes(nil, 16), int(dst.Ofs)), set.WideMask)
	for len(set.Wide) > 1 && set.WideMask[0] == 0 {
		set.Wide, set.WideMask = set.Wide[1:], set.WideMask[1:]
	}
	return set, nil
}

// onesBytes is the number whose n low bits are set.
func onesBytes(n int) []byte {
	b := make([]byte, (n+7)/8)
	for i := range b {
		b[i] = 0xff
	}
	if n%8 != 0 {
		b[0] = 0xff >> (8 - n%8)
	}
	return b
}

// shiftBytes is the number shifted left by n bits, with room for all of it.
func shiftBytes(b []byte, n int) []byte {
	out := make([]byte, len(b)+1+n/8)
	for i, c := range b {
		wide := uint16(c) << (n % 8)
		out[i] |= byte(wide >> 8)
		out[i+1] |= byte(wide)
	}
	return out
}

func writeSetField(w *printer, a openflow.SetField) {
	f := flow.FieldByID(a.Field)
	switch {
	case f == nil:
		w.str("set_field:<unknown>")
	case f.Wide():
		w.str("set_field:")
		w.dst = flow.AppendWide(w.dst, a.Wide, a.WideMask)
		w.str("->").str(f.Name)
	case a.Form == openflow.FormLoad:
		w.loads(f, &a)
	default:
		w.str("set_field:")
		w.dst = f.AppendValue(w.dst, a.Value, a.Mask, ports{w.o.Ports})
		w.str("->").str(f.Name)
	}
}

// maxLoadBits is how much one load carries.
const maxLoadBits = 64

// loads writes a load for each run of ones of the mask.
func (w *printer) loads(f *flow.Field, a *openflow.SetField) {
	mask := a.Mask
	if mask == f.Full() {
		// vlan_vid counts a bit more than it has.
		mask = flow.Ones(f.Bits)
	}
	for ofs, first := 0, true; ofs < f.Bits; {
		if mask.Shr(ofs).Lo&1 == 0 {
			ofs++
			continue
		}
		n := 0
		for n < maxLoadBits && ofs+n < f.Bits && mask.Shr(ofs+n).Lo&1 != 0 {
			n++
		}
		if !first {
			w.byte(',')
		}
		first = false
		w.str("load:").hexSharp(a.Value.Shr(ofs).And(flow.Ones(n)).Lo)
		w.str("->").subfield(openflow.Subfield{Field: f.ID, Ofs: uint16(ofs), Bits: uint16(n)})
		ofs += n
	}
}

func readMove(p *parser, a *pair) (openflow.Action, error) {
	from, to, err := p.splitArrow(a)
	if err != nil {
		return nil, err
	}
	var m openflow.Move
	if m.Src, err = p.subfield(from); err != nil {
		return nil, err
	}
	if m.Dst, err = p.target(to); err != nil {
		return nil, err
	}
	if m.Src.Bits != m.Dst.Bits {
		return nil, p.fail(a.value, "move: %s has %d bits, %s has %d", from.text, m.Src.Bits, to.text, m.Dst.Bits)
	}
	return m, nil
}

func writeMove(w *printer, a openflow.Move) {
	w.str("move:").subfield(a.Src)
	w.str("->").subfield(a.Dst)
}
