package text

import (
	"vswitch/flow"
	"vswitch/openflow"
)

func readLearn(p *parser, a *pair) (openflow.Action, error) {
	l := openflow.Learn{Table: 1, Priority: openflow.DefaultPriority}
	var b pair
	s := p.scan(a.value)
	for s.next(&b) {
		option, err := p.learnOption(&l, &b)
		if err != nil {
			return nil, err
		}
		if option {
			continue
		}
		spec, err := p.learnSpec(&b)
		if err != nil {
			return nil, err
		}
		l.Specs = append(l.Specs, spec)
	}
	return l, s.err
}

// learnOptions are the keywords of learn that are not fields.
var learnOptions = []string{"table", "priority", "idle_timeout", "hard_timeout", "fin_idle_timeout", "fin_hard_timeout",
	"cookie", "send_flow_rem", "delete_learned", "limit", "result_dst", "load", "output"}

// learnOption reads what says how the learned flow is; false is for what it
// matches and does.
func (p *parser) learnOption(l *openflow.Learn, b *pair) (option bool, err error) {
	switch b.key.text {
	case "table":
		l.Table, err = p.table(b.value, false)
	case "priority":
		l.Priority, err = p.uint16("priority", b.value)
	case "idle_timeout":
		l.IdleTimeout, err = p.uint16("idle_timeout", b.value)
	case "hard_timeout":
		l.HardTimeout, err = p.uint16("hard_timeout", b.value)
	case "fin_idle_timeout":
		l.FinIdle, err = p.uint16("fin_idle_timeout", b.value)
	case "fin_hard_timeout":
		l.FinHard, err = p.uint16("fin_hard_timeout", b.value)
	case "cookie":
		l.Cookie, err = p.bits64("cookie", b.value)
	case "send_flow_rem":
		l.Flags |= openflow.LearnSendFlowRemoved
	case "delete_learned":
		l.Flags |= openflow.LearnDeleteLearned
	case "limit":
		l.Limit, err = p.uint32("limit", b.value)
	case "result_dst":
		l.Flags |= openflow.LearnWriteResult
		l.ResultDst, err = p.target(b.value)
		if err == nil && l.ResultDst.Bits != 1 {
			err = p.fail(b.value, "result_dst is one bit, not %d", l.ResultDst.Bits)
		}
	default:
		return false, nil
	}
	return true, err
}

// learnSpec reads one match field or action of the learned flow.
func (p *parser) learnSpec(b *pair) (openflow.LearnSpec, error) {
	switch b.key.text {
	case "load":
		return p.learnLoad(b)
	case "output":
		src, err := p.subfield(b.value)
		return openflow.LearnSpec{Dst: openflow.LearnOutput, Bits: src.Bits, From: true, SrcField: src}, err
	}
	name, _, isPart := b.key.cut("[")
	if flow.FieldByName(name.text) == nil {
		e := p.fail(b.key, "learn has no %q", b.key.text)
		return openflow.LearnSpec{}, e.suggest(nearestField(name.text, learnOptions...))
	}
	dst, err := p.subfield(b.key)
	if err != nil {
		return openflow.LearnSpec{}, err
	}
	spec := openflow.LearnSpec{Dst: openflow.LearnMatch, Bits: dst.Bits, DstField: dst}
	f := flow.FieldByID(dst.Field)
	switch {
	case len(f.Wires) == 0:
		return spec, p.fail(b.key, "learn cannot match %s", f.Name).suggest(withWire(f))
	case b.value.text == "" && b.delim == 0:
		spec.From, spec.SrcField = true, dst
		return spec, nil
	case isSubfield(b.value):
		return spec, p.learnFrom(&spec, b.value)
	case isPart:
		return spec, p.learnNumber(&spec, b.value)
	}
	return spec, p.learnValue(&spec, f, b.value)
}

// withWire is the field to use instead of one that has no wire form.
func withWire(f *flow.Field) string {
	switch f.ID {
	case flow.FieldDLVLAN:
		return "vlan_vid"
	case flow.FieldDLVLANPCP:
		return "vlan_pcp"
	}
	return ""
}

// learnFrom makes a field of the packet the source.
func (p *parser) learnFrom(spec *openflow.LearnSpec, v span) (err error) {
	spec.From = true
	if spec.SrcField, err = p.subfield(v); err != nil {
		return err
	}
	if spec.SrcField.Bits != spec.Bits {
		return p.fail(v, "learn: %s has %d bits, %d are needed", v.text, spec.SrcField.Bits, spec.Bits)
	}
	return nil
}

// learnNumber makes a number the source.
func (p *parser) learnNumber(spec *openflow.LearnSpec, v span) error {
	if flow.FieldByID(spec.DstField.Field).Wide() && int(spec.Bits) > 128 {
		return p.learnWide(spec, v)
	}
	n, err := p.wideNumber(v, int(spec.Bits))
	spec.Value = n
	return err
}

func (p *parser) learnWide(spec *openflow.LearnSpec, v span) error {
	value, mask, err := flow.ParseWide(v.text)
	if err == nil && (mask != nil || len(value) == 0) {
		return p.fail(v, "learn: a number is needed")
	}
	if err != nil {
		return p.valueError("learn", v, err)
	}
	spec.Wide = value
	return nil
}

// learnValue makes a value in the field's own syntax the source.
func (p *parser) learnValue(spec *openflow.LearnSpec, f *flow.Field, v span) error {
	if f.Wide() {
		return p.learnWide(spec, v)
	}
	value, mask, err := f.ParseValue(v.text, p.ports())
	switch {
	case err != nil:
		return p.valueError(f.Name, v, err)
	case mask != f.Full():
		return p.fail(v, "learn: a value without a mask is needed")
	}
	spec.Value = value
	return nil
}

// learnLoad reads "load:VALUE->FIELD".
func (p *parser) learnLoad(b *pair) (openflow.LearnSpec, error) {
	spec := openflow.LearnSpec{Dst: openflow.LearnLoad}
	from, to, err := p.splitArrow(b)
	if err != nil {
		return spec, err
	}
	if spec.DstField, err = p.target(to); err != nil {
		return spec, err
	}
	spec.Bits = spec.DstField.Bits
	if isSubfield(from) {
		return spec, p.learnFrom(&spec, from)
	}
	return spec, p.learnNumber(&spec, from)
}

func writeLearn(w *printer, a openflow.Learn) {
	w.str("learn(table=").table(a.Table)
	number := func(name string, n uint64) {
		if n != 0 {
			w.byte(',').str(name).byte('=').uint(n)
		}
	}
	number("idle_timeout", uint64(a.IdleTimeout))
	number("hard_timeout", uint64(a.HardTimeout))
	number("fin_idle_timeout", uint64(a.FinIdle))
	number("fin_hard_timeout", uint64(a.FinHard))
	if a.Priority != openflow.DefaultPriority {
		w.str(",priority=").uint(uint64(a.Priority))
	}
	if a.Flags&openflow.LearnSendFlowRemoved != 0 {
		w.str(",send_flow_rem")
	}
	if a.Flags&openflow.LearnDeleteLearned != 0 {
		w.str(",delete_learned")
	}
	if a.Cookie != 0 {
		w.str(",cookie=").hex(a.Cookie)
	}
	number("limit", uint64(a.Limit))
	if a.Flags&openflow.LearnWriteResult != 0 {
		w.str(",result_dst=").subfield(a.ResultDst)
	}
	for i := range a.Specs {
		w.byte(',').learnSpec(&a.Specs[i])
	}
	w.byte(')')
}

func (w *printer) learnSpec(s *openflow.LearnSpec) {
	switch {
	case s.Dst == openflow.LearnOutput:
		w.str("output:").subfield(s.SrcField)
	case s.Dst == openflow.LearnLoad:
		w.str("load:")
		w.learnSource(s)
		w.str("->").subfield(s.DstField)
	case s.From:
		w.subfield(s.DstField)
		if s.SrcField.Field != s.DstField.Field || s.SrcField.Ofs != s.DstField.Ofs {
			w.byte('=').subfield(s.SrcField)
		}
	default:
		w.learnMatch(s)
	}
}

// learnMatch writes a match of a value: of a whole field in its own syntax.
func (w *printer) learnMatch(s *openflow.LearnSpec) {
	f := flow.FieldByID(s.DstField.Field)
	if f == nil || s.DstField.Ofs != 0 || int(s.DstField.Bits) != f.Bits {
		w.subfield(s.DstField)
		w.byte('=').learnSource(s)
		return
	}
	w.str(f.Name).byte('=')
	if f.Wide() {
		w.learnSource(s)
		return
	}
	w.dst = f.AppendValue(w.dst, s.Value, f.Full(), ports{w.o.Ports})
}

// learnSource writes where the bits come from: a field, or a number.
func (w *printer) learnSource(s *openflow.LearnSpec) *printer {
	switch {
	case s.From:
		w.subfield(s.SrcField)
	case len(s.Wide) > 0:
		w.dst = flow.AppendWide(w.dst, s.Wide, nil)
	default:
		w.value(s.Value)
	}
	return w
}
