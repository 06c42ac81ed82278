package text

import (
	"math"

	"vswitch/openflow"
)

// controlActions are the rows of actions that steer the pipeline.
//
//size:table
func controlActions() []actionRow {
	return []actionRow{
		{"learn", openflow.ActLearn, readLearn, writes(writeLearn), "learn(table=1,idle_timeout=10,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x1->NXM_NX_REG0[],output:NXM_OF_IN_PORT[])"},
		{"fin_timeout", openflow.ActFinTimeout, readFinTimeout, writes(writeFinTimeout), "fin_timeout(idle_timeout=5,hard_timeout=7)"},
		{"resubmit", openflow.ActResubmit, readResubmit, writes(writeResubmit), "resubmit(1,2)"},
		{"clone", openflow.ActClone, readClone,
			writes(func(w *printer, a openflow.Clone) { w.str("clone(").actionList(a.Actions).byte(')') }), "clone(set_field:0x1->reg0,output:1)"},
		{"push", openflow.ActStackPush, readPush,
			writes(func(w *printer, a openflow.StackPush) { w.str("push:").subfield(a.Src) }), "push:NXM_NX_REG0[5..8]"},
		{"pop", openflow.ActStackPop, readPop,
			writes(func(w *printer, a openflow.StackPop) { w.str("pop:").subfield(a.Dst) }), "pop:NXM_NX_REG0[]"},
		{"exit", openflow.ActExit, noValue(openflow.Exit{}), word("exit"), "exit"},
		{"multipath", openflow.ActMultipath, readMultipath, writes(writeMultipath), "multipath(symmetric_l4,50,hrw,10,0,NXM_NX_REG0[0..3])"},
		{"conjunction", openflow.ActConjunction, readConjunction, writes(writeConjunction), "conjunction(5,1/2)"},
		{"note", openflow.ActNote, readNote,
			writes(func(w *printer, a openflow.Note) { w.str("note:").bytesHex(a.Data, ".") }), "note:00.11.22.33.44.55"},
		{"sample", openflow.ActSample, readSample, writes(writeSample), "sample(probability=5,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=4,egress)"},
		{"debug_recirc", openflow.ActDebugRecirc, noValue(openflow.DebugRecirc{}), word("debug_recirc"), "debug_recirc"},
		{"debug_slow", openflow.ActDebugSlow, noValue(openflow.DebugSlow{}), word("debug_slow"), "debug_slow"},
	}
}

// instructions are the rows of instructions.
func instructions() []actionRow {
	return []actionRow{
		{"meter", openflow.ActMeter, readMeterAction,
			writes(func(w *printer, a openflow.Meter) { w.str("meter:").uint(uint64(a.ID)) }), "meter:5"},
		{"clear_actions", openflow.ActClearActions, noValue(openflow.ClearActions{}), word("clear_actions"), "clear_actions"},
		{"write_actions", openflow.ActWriteActions, readWriteActions,
			writes(func(w *printer, a openflow.WriteActions) { w.str("write_actions(").actionList(a.Actions).byte(')') }), "write_actions(group:1,output:2)"},
		{"write_metadata", openflow.ActWriteMetadata, readWriteMetadata, writes(writeWriteMetadata), "write_metadata:0x5/0xf"},
		{"goto_table", openflow.ActGotoTable, readGotoTable,
			writes(func(w *printer, a openflow.GotoTable) { w.str("goto_table:").table(a.Table) }), "goto_table:5"},
	}
}

func readFinTimeout(p *parser, a *pair) (openflow.Action, error) {
	var f openflow.FinTimeout
	var b pair
	s := p.scan(a.value)
	for s.next(&b) {
		var err error
		switch b.key.text {
		case "idle_timeout":
			f.Idle, err = p.uint16("idle_timeout", b.value)
		case "hard_timeout":
			f.Hard, err = p.uint16("hard_timeout", b.value)
		default:
			err = p.unknownKey(b.key, "fin_timeout", "idle_timeout", "hard_timeout")
		}
		if err != nil {
			return nil, err
		}
	}
	return f, s.err
}

func writeFinTimeout(w *printer, a openflow.FinTimeout) {
	w.str("fin_timeout(")
	if a.Idle != 0 {
		w.str("idle_timeout=").uint(uint64(a.Idle)).byte(',')
	}
	if a.Hard != 0 {
		w.str("hard_timeout=").uint(uint64(a.Hard)).byte(',')
	}
	w.chomp(',').byte(')')
}

func readResubmit(p *parser, a *pair) (openflow.Action, error) {
	r := openflow.Resubmit{InPort: openflow.PortInPort, Table: openflow.TableAll}
	port, rest, _ := a.value.cut(",")
	table, flag, _ := rest.cut(",")
	port, table, flag = port.trim(), table.trim(), flag.trim()
	var err error
	if port.text != "" {
		if r.InPort, err = p.port(port); err != nil {
			return nil, err
		}
	}
	if table.text != "" {
		if r.Table, err = p.table(table, true); err != nil {
			return nil, err
		}
	}
	if r.InPort == openflow.PortInPort && r.Table == openflow.TableAll {
		return nil, p.fail(a.value, "resubmit: another port or a table is needed").remedy("write resubmit(PORT,TABLE), resubmit(,TABLE) or resubmit:PORT")
	}
	switch flag.text {
	case "":
	case "ct":
		r.CT = true
	default:
		return nil, p.unknownKey(flag, "resubmit", "ct")
	}
	return r, nil
}

func writeResubmit(w *printer, a openflow.Resubmit) {
	if a.InPort != openflow.PortInPort && a.Table == openflow.TableAll && !a.CT {
		w.str("resubmit:").port(a.InPort)
		return
	}
	w.str("resubmit(")
	if a.InPort != openflow.PortInPort {
		w.port(a.InPort)
	}
	w.byte(',')
	if a.Table != openflow.TableAll {
		w.table(a.Table)
	}
	if a.CT {
		w.str(",ct")
	}
	w.byte(')')
}

func readClone(p *parser, a *pair) (openflow.Action, error) {
	list, err := p.nested(a.value)
	return openflow.Clone{Actions: list}, err
}

func readPush(p *parser, a *pair) (openflow.Action, error) {
	src, err := p.subfield(a.value)
	return openflow.StackPush{Src: src}, err
}

func readPop(p *parser, a *pair) (openflow.Action, error) {
	dst, err := p.target(a.value)
	return openflow.StackPop{Dst: dst}, err
}

// maxClauses is the most clauses that a conjunction has.
const maxClauses = 64

func readConjunction(p *parser, a *pair) (openflow.Action, error) {
	id, clauses, found := a.value.cut(",")
	k, n, ofFound := clauses.cut("/")
	if !found || !ofFound {
		return nil, p.fail(a.value, "conjunction: an id and a clause are needed").remedy("write conjunction(ID,CLAUSE/CLAUSES)")
	}
	var c openflow.Conjunction
	var err error
	if c.ID, err = p.uint32("id", id.trim()); err != nil {
		return nil, err
	}
	clause, err := p.uint8("clause", k.trim())
	if err != nil {
		return nil, err
	}
	if c.Of, err = p.uint8("number of clauses", n.trim()); err != nil {
		return nil, err
	}
	switch {
	case c.Of < 2 || c.Of > maxClauses:
		return nil, p.fail(n, "conjunction: 2 to %d clauses are possible", maxClauses)
	case clause < 1 || clause > c.Of:
		return nil, p.fail(k, "conjunction: the clauses are 1 to %d", c.Of)
	}
	c.Clause = clause - 1
	return c, nil
}

func writeConjunction(w *printer, a openflow.Conjunction) {
	w.str("conjunction(").uint(uint64(a.ID)).byte(',').uint(uint64(a.Clause) + 1).byte('/').uint(uint64(a.Of)).byte(')')
}

func readNote(p *parser, a *pair) (openflow.Action, error) {
	data, err := p.hexBytes("note", a.value)
	return openflow.Note{Data: data}, err
}

func readSample(p *parser, a *pair) (openflow.Action, error) {
	s := openflow.Sample{Port: openflow.PortAny}
	var b pair
	sc := p.scan(a.value)
	for sc.next(&b) {
		if err := p.sampleOption(&s, &b); err != nil {
			return nil, err
		}
	}
	if sc.err != nil {
		return nil, sc.err
	}
	if s.Probability == 0 {
		return nil, p.fail(a.value, "sample: probability is missing").remedy("write probability=1 to 65535")
	}
	return s, nil
}

func (p *parser) sampleOption(s *openflow.Sample, b *pair) (err error) {
	switch b.key.text {
	case "probability":
		s.Probability, err = p.uint16("probability", b.value)
		if err == nil && s.Probability == 0 {
			err = p.fail(b.value, "probability: 0 samples nothing")
		}
	case "collector_set_id":
		s.CollectorSet, err = p.uint32("collector_set_id", b.value)
	case "obs_domain_id":
		s.ObsDomain, s.ObsDomainField, err = p.sampleID("obs_domain_id", b.value)
	case "obs_point_id":
		s.ObsPoint, s.ObsPointField, err = p.sampleID("obs_point_id", b.value)
	case "sampling_port":
		s.Port, err = p.port(b.value)
	case "ingress":
		s.Direction = openflow.SampleIngress
	case "egress":
		s.Direction = openflow.SampleEgress
	default:
		return p.unknownKey(b.key, "sample", "probability", "collector_set_id", "obs_domain_id", "obs_point_id", "sampling_port", "ingress", "egress")
	}
	return err
}

// sampleID reads a number, or the field that has it.
func (p *parser) sampleID(what string, v span) (n uint32, f openflow.Subfield, err error) {
	if !isSubfield(v) {
		n, err = p.uint32(what, v)
		return n, f, err
	}
	if f, err = p.subfield(v); err == nil && f.Bits > 32 {
		err = p.fail(v, "%s: at most 32 bits fit, %s has %d", what, v.text, f.Bits)
	}
	return 0, f, err
}

func writeSample(w *printer, a openflow.Sample) {
	id := func(n uint32, f openflow.Subfield) {
		if f.Bits != 0 {
			w.subfield(f)
		} else {
			w.uint(uint64(n))
		}
	}
	w.str("sample(probability=").uint(uint64(a.Probability)).str(",collector_set_id=").uint(uint64(a.CollectorSet))
	w.str(",obs_domain_id=")
	id(a.ObsDomain, a.ObsDomainField)
	w.str(",obs_point_id=")
	id(a.ObsPoint, a.ObsPointField)
	if a.Port != openflow.PortAny {
		w.str(",sampling_port=").port(a.Port)
	}
	switch a.Direction {
	case openflow.SampleIngress:
		w.str(",ingress")
	case openflow.SampleEgress:
		w.str(",egress")
	}
	w.byte(')')
}

func readMeterAction(p *parser, a *pair) (openflow.Action, error) {
	id, err := p.uint("meter", a.value, math.MaxUint32)
	if err == nil && (id == 0 || id > openflow.MeterMax) {
		err = p.fail(a.value, "meter: the numbers are 1 to %d", openflow.MeterMax)
	}
	return openflow.Meter{ID: uint32(id)}, err
}

func readWriteActions(p *parser, a *pair) (openflow.Action, error) {
	list, err := p.nested(a.value)
	return openflow.WriteActions{Actions: list}, err
}

func readWriteMetadata(p *parser, a *pair) (openflow.Action, error) {
	value, mask, found := a.value.cut("/")
	m := openflow.WriteMetadata{Mask: math.MaxUint64}
	var err error
	if m.Metadata, err = p.uint64("write_metadata", value); err != nil {
		return nil, err
	}
	if found {
		m.Mask, err = p.uint64("write_metadata", mask)
	}
	return m, err
}

func writeWriteMetadata(w *printer, a openflow.WriteMetadata) {
	w.str("write_metadata:").hexSharp(a.Metadata)
	if a.Mask != math.MaxUint64 {
		w.byte('/').hexSharp(a.Mask)
	}
}

func readGotoTable(p *parser, a *pair) (openflow.Action, error) {
	table, err := p.table(a.value, false)
	return openflow.GotoTable{Table: table}, err
}
