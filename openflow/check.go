package openflow

import (
	"errors"

	"vswitch/flow"
)

// CheckParams is what actions are checked against.
type CheckParams struct {
	Version Version
	Match   *flow.Match // of the flow; nil: it is not known, and nothing contradicts it
	Table   uint8       // of the flow; TableAll: not checked
	Tables  int         // how many tables the switch has; 0: not checked
}

// CheckActions checks a flow's list of actions and instructions against its
// match, as Open vSwitch does: that fields which actions use exist in the
// packets at that point (ErrActionMatchInconsistent), that tags fit, that a
// goto_table leads forward (ErrInstructionBadTableID). It follows what earlier
// actions do to the packet. OpenFlow 1.0 lets actions stand that apply to no
// packet, as long as they do no harm. Ports, groups and meters are not looked
// up.
func CheckActions(list []Action, p *CheckParams) error {
	if err := checkOrder(p.Version, list); err != nil {
		return err
	}
	if err := checkConjunction(list); err != nil {
		return err
	}
	c := checker{p: p}
	if p.Match != nil {
		c.m.Match = *p.Match
	}
	return c.list(list)
}

// checkConjunction refuses other actions beside conjunctions, but for notes.
func checkConjunction(list []Action) error {
	conjunctions, others := 0, 0
	for _, a := range list {
		switch a.ActionKind() {
		case ActConjunction:
			conjunctions++
		case ActNote:
		default:
			others++
		}
	}
	if conjunctions > 0 && others > 0 {
		return NewError(ErrNXActionBadConjunction, "conjunction beside other actions")
	}
	return nil
}

// checker walks a list. m is the flow's match, changed as the actions before
// change the packet.
type checker struct {
	p       *CheckParams
	m       Match
	depth   int
	lenient bool // in an action set
}

func (c *checker) list(list []Action) error {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > MaxActionDepth {
		return NewError(ErrActionBadArgument, "actions nest deeper than %d", MaxActionDepth)
	}
	for _, a := range list {
		err := c.action(a)
		if c.p.Match == nil && errors.Is(err, ErrActionMatchInconsistent) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nested checks the list of an action, behind which the packet is what it was.
func (c *checker) nested(list []Action) error {
	before := c.m
	err := c.list(list)
	c.m = before
	return err
}

// inconsistent is the error for an action that its packets do not allow, which
// OpenFlow 1.0 does not mind.
func (c *checker) inconsistent(a Action) error {
	if c.p.Version == V10 || c.lenient {
		return nil
	}
	return NewError(ErrActionMatchInconsistent, "%s needs a match that says there is what it changes", a.ActionKind())
}

// need is inconsistent unless the packets are of a class.
func (c *checker) need(a Action, class flow.Prereq) error {
	if c.m.classes().has(class) {
		return nil
	}
	return c.inconsistent(a)
}

// action checks one action and follows what it does.
//
//size:table
func (c *checker) action(a Action) error {
	switch a := a.(type) {
	case Output:
		return checkOutPort(a.Port)
	case OutputReg:
		return c.src(a.Src)
	case Bundle:
		if a.Load {
			return c.dst(a.Dst)
		}
	case SetVLANVID:
		return c.setTag(a, a.PushIfAbsent)
	case SetVLANPCP:
		return c.setTag(a, a.PushIfAbsent)
	case PushVLAN:
		return c.pushTag(a)
	case PopVLAN:
		return c.popTag(a)
	case SetIPSrc, SetIPDst:
		return c.need(a, flow.PrereqIPv4)
	case SetIPDSCP, SetIPECN, SetIPTTL, DecTTL:
		return c.need(a, flow.PrereqIP)
	case SetTPSrc, SetTPDst:
		return c.transport(a)
	case FinTimeout:
		return c.need(a, flow.PrereqTCP)
	case SetMPLSLabel, SetMPLSTC, SetMPLSTTL, DecMPLSTTL:
		return c.need(a, flow.PrereqMPLS)
	case DecNSHTTL:
		return c.need(a, flow.PrereqNSH)
	case PushMPLS:
		err := c.need(a, flow.PrereqEthernet)
		c.setEthType(a.EthType)
		return err
	case PopMPLS:
		return c.popMPLS(a)
	case PushPBB:
		c.setEthType(a.EthType)
	case PopPBB:
		err := c.need(a, flow.PrereqPBB)
		c.unknownEthType()
		return err
	case Encap:
		c.encap(a)
	case Decap:
		c.decap()
	case SetField:
		return c.setField(a)
	case Move:
		return c.move(a)
	case StackPush:
		return c.src(a.Src)
	case StackPop:
		return c.dst(a.Dst)
	case CheckPktLarger:
		return a.Dst.checkDst()
	case SetEthSrc, SetEthDst:
		return c.need(a, flow.PrereqEthernet)
	case Multipath:
		return c.dst(a.Dst)
	case Sample:
		return c.sample(a)
	case Resubmit:
		if a.CT && !c.m.classes().has(flow.PrereqCT) {
			return NewError(ErrActionMatchInconsistent, "resubmit with ct needs ct_state=+trk-inv")
		}
	case CT:
		return c.ct(a)
	case NAT:
		return c.nat(a)
	case Learn:
		return c.learn(a)
	case Clone:
		return c.nested(a.Actions)
	case WriteActions:
		return c.actionSet(a)
	case Meter:
		if a.ID == 0 || a.ID > MeterMax {
			return NewError(ErrMeterModInvalidMeter, "meter %#x", a.ID)
		}
	case GotoTable:
		return c.gotoTable(a)
	}
	return nil
}

func (c *checker) gotoTable(a GotoTable) error {
	if c.p.Table != TableAll && a.Table <= c.p.Table || c.p.Tables != 0 && int(a.Table) >= c.p.Tables {
		return NewError(ErrInstructionBadTableID, "goto_table:%d from table %d of %d", a.Table, c.p.Table, c.p.Tables)
	}
	return nil
}

// src checks a subfield that is read: it is one, and the packets have it.
func (c *checker) src(s Subfield) error {
	if err := s.checkSrc(); err != nil {
		return err
	}
	return checkExists(&c.m, s.Field)
}

func (c *checker) dst(s Subfield) error {
	if err := s.checkDst(); err != nil {
		return err
	}
	return checkExists(&c.m, s.Field)
}

// checkExists refuses a field that not all packets of a match have.
func checkExists(m *Match, id flow.FieldID) error {
	f, classes := flow.FieldByID(id), m.classes()
	if !classes.has(f.Prereq) {
		return &Error{Code: ErrActionMatchInconsistent, Detail: m.CheckPrereqs(id).Error()}
	}
	if f.Prereq == flow.PrereqVLAN && !classes.has(flow.PrereqEthernet) {
		return NewError(ErrActionMatchInconsistent, "%s of packets without an Ethernet header", f.Name)
	}
	return nil
}

func (c *checker) setField(a SetField) error {
	f := flow.FieldByID(a.Field)
	switch {
	case f == nil:
		return ErrActionBadSetType
	case !f.Writable:
		return NewError(ErrActionBadSetArgument, "%s is read-only", f.Name)
	}
	if err := checkExists(&c.m, a.Field); err != nil {
		return err
	}
	switch a.Field {
	case flow.FieldVLANVID:
		if !c.tagged() {
			return NewError(ErrActionMatchInconsistent, "set_field of vlan_vid on packets without a tag")
		}
	case flow.FieldVLANTCI:
		c.setTCI(uint16(a.Value.Lo))
	case flow.FieldEthType:
		c.setEthType(uint16(a.Value.Lo))
	case flow.FieldIPProto:
		c.m.Value.IPProto, c.m.Mask.IPProto = uint8(a.Value.Lo), 0xff
	}
	return nil
}

func (c *checker) move(a Move) error {
	if err := c.src(a.Src); err != nil {
		return err
	}
	return c.dst(a.Dst)
}

func (c *checker) sample(a Sample) error {
	for _, s := range [2]Subfield{a.ObsDomainField, a.ObsPointField} {
		if s.Bits == 0 {
			continue
		}
		if err := c.src(s); err != nil {
			return err
		}
	}
	return nil
}

// Ports of the protocols that connection tracking has helpers for.
const (
	portFTP  = 21
	portTFTP = 69
)

// ct is strict in OpenFlow 1.0 too, because what goes to connection tracking is
// not merely left alone where it does not fit.
func (c *checker) ct(a CT) error {
	proto := c.m.Value.IPProto & c.m.Mask.IPProto
	invalid := c.m.Value.CTState & c.m.Mask.CTState & flow.CTInvalid
	switch {
	case !c.m.classes().has(flow.PrereqIP):
		return NewError(ErrActionMatchInconsistent, "ct needs ip or ipv6")
	case a.Flags&CTCommit != 0 && invalid != 0:
		return NewError(ErrActionMatchInconsistent, "ct(commit) of invalid packets")
	case a.ALG == portFTP && proto != flow.ProtoTCP, a.ALG == portTFTP && proto != flow.ProtoUDP:
		return NewError(ErrActionMatchInconsistent, "ct helper of port %d with protocol %d", a.ALG, proto)
	}
	if a.ZoneSrc.Bits != 0 {
		if err := c.src(a.ZoneSrc); err != nil {
			return err
		}
	}
	if err := checkCTActions(&a); err != nil {
		return err
	}
	return c.nested(a.Actions)
}

func (c *checker) nat(a NAT) error {
	classes := c.m.classes()
	v4, v6 := a.Range&NATRangeIPv4Min != 0, a.Range&NATRangeIPv6Min != 0
	if !classes.has(flow.PrereqIP) || v4 && !classes.has(flow.PrereqIPv4) || v6 && !classes.has(flow.PrereqIPv6) {
		return NewError(ErrActionMatchInconsistent, "nat of another address family")
	}
	return nil
}

// learn follows the learned flow's match, in which later specifications' fields
// may have their prerequisites.
func (c *checker) learn(a Learn) error {
	var learned Match
	for _, s := range a.Specs {
		if s.From {
			if err := c.src(s.SrcField); err != nil {
				return err
			}
		}
		switch s.Dst {
		case LearnMatch:
			if err := s.DstField.checkSrc(); err != nil {
				return err
			}
			if err := checkExists(&learned, s.DstField.Field); err != nil {
				return err
			}
			learned.learn(&s)
		case LearnLoad:
			if err := s.DstField.checkDst(); err != nil {
				return err
			}
			if err := checkExists(&learned, s.DstField.Field); err != nil {
				return err
			}
		}
	}
	if a.Flags&LearnWriteResult != 0 {
		return c.dst(a.ResultDst)
	}
	return nil
}

// learn makes m match what a specification with an immediate value says.
func (m *Match) learn(s *LearnSpec) {
	f := flow.FieldByID(s.DstField.Field)
	if s.From || f.Wide() {
		return
	}
	value, mask, _ := m.Match.Field(f)
	bits := flow.Ones(int(s.Bits)).Shl(int(s.DstField.Ofs))
	m.SetField(f, value.AndNot(bits).Or(s.Value.Shl(int(s.DstField.Ofs)).And(bits)), mask.Or(bits))
}

// actionSet checks write_actions. What the packets are when the set is executed
// is not known, so that little in it is inconsistent.
func (c *checker) actionSet(a WriteActions) error {
	if err := checkActionSet(a.Actions); err != nil {
		return err
	}
	c.lenient = true
	err := c.nested(a.Actions)
	c.lenient = false
	return err
}
