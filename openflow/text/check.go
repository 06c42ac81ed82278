package text

import (
	"errors"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// pipeline is what is known of the packets that reach an action: at first what
// the flow's match says, then what the actions before made of it. It is nil where
// nothing is known, and after what makes it so.
type pipeline struct {
	match flow.Match
	table uint8 // TableAll: any
}

// checkAction refuses an action that cannot be done to the packets that reach it,
// as a switch would (OFPBAC_MATCH_INCONSISTENT), and notes what it makes of them.
func (p *parser) checkAction(a *pair, action openflow.Action) error {
	if p.pipeline == nil {
		return nil
	}
	needs := fieldsNeeded(action)
	if needs == nil && p.o.Version >= openflow.V11 {
		needs = fieldsNeeded11(action)
	}
	if needs != nil {
		if err := p.need(a, needs...); err != nil {
			return err
		}
	}
	switch action := action.(type) {
	case openflow.Move:
		return p.needBoth(a, action.Src, action.Dst)
	case openflow.CT:
		return p.checkCT(a, &action)
	case openflow.Learn:
		return p.checkLearn(a, &action)
	case openflow.GotoTable:
		if p.pipeline.table != openflow.TableAll && action.Table <= p.pipeline.table {
			return p.fail(a.value, "goto_table goes to later tables only: this flow is in table %d", p.pipeline.table)
		}
	case openflow.PushVLAN:
		if p.pipeline.tagged(1) {
			return p.fail(a.key, "packets here have two tags already, which is the most")
		}
	}
	if _, is := action.(openflow.Decap); is && p.pipeline.tagged(0) {
		return p.fail(a.key, "packets here have a tag").remedy("write pop_vlan before decap")
	}
	if p.pipeline.unknownAfter(action) {
		p.pipeline = nil
		return nil
	}
	p.pipeline.act(action)
	return nil
}

// fieldsNeeded are fields of which a packet must have one for an action to make
// sense. nil: nothing is needed.
//
//size:table
func fieldsNeeded(action openflow.Action) []flow.FieldID {
	switch action := action.(type) {
	case openflow.CT, openflow.SetIPECN, openflow.SetIPTTL:
		return []flow.FieldID{flow.FieldIPProto}
	case openflow.Resubmit:
		return unless(!action.CT, flow.FieldCTNWProto)
	case openflow.SetField:
		if action.Field == flow.FieldVLANVID && action.Form != openflow.FormLoad {
			return []flow.FieldID{flow.FieldVLANPCP}
		}
		return []flow.FieldID{action.Field}
	case openflow.OutputReg:
		return []flow.FieldID{action.Src.Field}
	case openflow.StackPush:
		return []flow.FieldID{action.Src.Field}
	case openflow.StackPop:
		return []flow.FieldID{action.Dst.Field}
	case openflow.Multipath:
		return []flow.FieldID{action.Dst.Field}
	case openflow.CheckPktLarger:
		return []flow.FieldID{action.Dst.Field}
	case openflow.Bundle:
		return unless(!action.Load, action.Dst.Field)
	}
	return nil
}

// fieldsNeeded11 are those that actions need from OpenFlow 1.1 on. In 1.0 they do
// nothing to a packet without the header that they change.
func fieldsNeeded11(action openflow.Action) []flow.FieldID {
	switch action := action.(type) {
	case openflow.SetVLANVID:
		return unless(action.PushIfAbsent, flow.FieldVLANPCP)
	case openflow.SetVLANPCP:
		return unless(action.PushIfAbsent, flow.FieldVLANPCP)
	case openflow.PopVLAN:
		return []flow.FieldID{flow.FieldVLANPCP}
	case openflow.SetIPSrc, openflow.SetIPDst:
		return []flow.FieldID{flow.FieldIPSrc}
	case openflow.SetIPDSCP, openflow.DecTTL:
		return []flow.FieldID{flow.FieldIPProto}
	case openflow.SetTPSrc, openflow.SetTPDst:
		return []flow.FieldID{flow.FieldTCPSrc, flow.FieldUDPSrc, flow.FieldSCTPSrc}
	case openflow.FinTimeout:
		return []flow.FieldID{flow.FieldTCPSrc}
	case openflow.PopMPLS, openflow.SetMPLSLabel, openflow.SetMPLSTC, openflow.SetMPLSTTL, openflow.DecMPLSTTL:
		return []flow.FieldID{flow.FieldMPLSLabel}
	case openflow.DecNSHTTL:
		return []flow.FieldID{flow.FieldNSHTTL}
	case openflow.PopPBB:
		return []flow.FieldID{flow.FieldPBBISID}
	}
	return nil
}

func unless(not bool, id flow.FieldID) []flow.FieldID {
	if not {
		return nil
	}
	return []flow.FieldID{id}
}

// need checks that packets have one of the fields.
func (p *parser) need(a *pair, ids ...flow.FieldID) error {
	var first *flow.PrereqError
	for _, id := range ids {
		err := p.pipeline.match.CheckPrereqs(id)
		if err == nil {
			return nil
		}
		if first == nil {
			errors.As(err, &first)
		}
	}
	e := p.fail(a.key, "%s needs %s in the match", a.key.text, first.Keyword)
	e.Err = first
	if p.corrected != nil {
		if text := p.corrected(first.Keyword); text != "" {
			return e.remedy("write %s", text)
		}
	}
	return e
}

func (p *parser) needBoth(a *pair, src, dst openflow.Subfield) error {
	if err := p.need(a, src.Field); err != nil {
		return err
	}
	return p.need(a, dst.Field)
}

func (p *parser) checkCT(a *pair, ct *openflow.CT) error {
	const ftp, tftp = 21, 69
	if ct.Flags&openflow.CTCommit != 0 && p.pipeline.match.Value.CTState&flow.CTInvalid != 0 {
		return p.fail(a.key, "ct(commit) does not go with ct_state=+inv: the packet has no connection")
	}
	if ct.ZoneSrc.Bits != 0 {
		if err := p.need(a, ct.ZoneSrc.Field); err != nil {
			return err
		}
	}
	helper := map[uint16]flow.FieldID{ftp: flow.FieldTCPSrc, tftp: flow.FieldUDPSrc}[ct.ALG]
	if helper != flow.FieldNone {
		if err := p.need(a, helper); err != nil {
			return err
		}
	}
	for _, nested := range ct.Actions {
		nat, isNAT := nested.(openflow.NAT)
		if !isNAT {
			continue
		}
		id := flow.FieldNone
		switch {
		case nat.Range&openflow.NATRangeIPv4Min != 0:
			id = flow.FieldIPSrc
		case nat.Range&openflow.NATRangeIPv6Min != 0:
			id = flow.FieldIPv6Src
		}
		if id != flow.FieldNone {
			if err := p.need(a, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLearn checks that packets have the fields that are copied, and that the
// learned flow's match fixes what its own fields need.
func (p *parser) checkLearn(a *pair, l *openflow.Learn) error {
	var learned flow.Match
	for i := range l.Specs {
		s := &l.Specs[i]
		if s.From {
			if err := p.need(a, s.SrcField.Field); err != nil {
				return err
			}
		}
		if s.Dst == openflow.LearnOutput {
			continue
		}
		f := flow.FieldByID(s.DstField.Field)
		if err := learned.CheckPrereqs(f.ID); err != nil {
			e := p.fail(a.key, "learn: the learned flow lacks what it needs: %v", err)
			e.Err = err
			return e
		}
		if s.Dst == openflow.LearnMatch && !s.From && !f.Wide() {
			ofs, bits := int(s.DstField.Ofs), flow.Ones(int(s.Bits))
			_, was, _ := learned.Field(f)
			old, _, _ := learned.Field(f)
			mask := bits.Shl(ofs).Or(was)
			learned.SetField(f, s.Value.Shl(ofs).Or(old), mask)
		}
	}
	return nil
}

// tagged reports whether packets are known to have more than n tags.
func (s *pipeline) tagged(n int) bool { return s.match.Value.VLAN[n].TCI&flow.VLANPresent != 0 }

// act notes what an action makes of the packets.
func (s *pipeline) act(action openflow.Action) {
	v, k := &s.match.Value, &s.match.Mask
	tag := func() { v.VLAN[0].TCI |= flow.VLANPresent; k.VLAN[0].TCI |= flow.VLANPresent }
	ethType := func(t uint16) {
		v.EthType, k.EthType = t, 0xffff
		v.PacketType, k.PacketType = 0, 0
	}
	switch action := action.(type) {
	case openflow.SetVLANVID, openflow.SetVLANPCP:
		tag()
	case openflow.PushVLAN:
		v.VLAN[1], k.VLAN[1] = v.VLAN[0], k.VLAN[0]
		v.VLAN[0], k.VLAN[0] = flow.VLANTag{}, flow.VLANTag{}
		tag()
	case openflow.PopVLAN:
		v.VLAN[0], k.VLAN[0] = v.VLAN[1], k.VLAN[1]
		v.VLAN[1], k.VLAN[1] = flow.VLANTag{}, flow.VLANTag{}
	case openflow.SetField:
		if action.Field == flow.FieldVLANTCI {
			v.VLAN[0].TCI = v.VLAN[0].TCI&^uint16(action.Mask.Lo) | uint16(action.Value.Lo)
			k.VLAN[0].TCI |= uint16(action.Mask.Lo)
		}
	case openflow.PushMPLS:
		ethType(action.EthType)
		// What lies behind the label is no longer seen.
		v.IPProto, k.IPProto = 0, 0
	case openflow.PopMPLS:
		ethType(action.EthType)
	case openflow.PushPBB:
		ethType(action.EthType)
	case openflow.Decap:
		v.PacketType, k.PacketType = 1<<16|uint32(v.EthType), ^uint32(0)
	case openflow.Encap:
		if action.PacketType>>16 == 1 {
			ethType(uint16(action.PacketType))
		}
	}
}

// unknownAfter reports whether an action leaves packets of which nothing is known:
// those behind a header that does not say what follows.
func (s *pipeline) unknownAfter(action openflow.Action) bool {
	switch action.(type) {
	case openflow.Decap:
		return s.match.Value.PacketType != packetTypeEthernet || s.match.Mask.EthType == 0
	case openflow.PopPBB:
		return true
	}
	return false
}

// nested reads a list of actions that works on a copy of the packet.
func (p *parser) nested(v span) ([]openflow.Action, error) {
	before := p.pipeline
	if before != nil {
		branch := *before
		p.pipeline = &branch
	}
	list, err := p.actionList(v, contextList)
	p.pipeline = before
	return list, err
}

// withMatch is the flow's text with a keyword in front of its match, "" if it
// would not read.
func (r *flowReader) withMatch(keyword string) string {
	if r.noRemedy {
		return ""
	}
	body := strings.TrimLeft(r.in[r.matchAt:], separators)
	text := r.in[:len(r.in)-len(body)] + keyword + "," + body
	if !r.wouldRead(text) {
		return ""
	}
	return strings.TrimSpace(text)
}

// conjunctions refuses what stands beside conjunctions but notes.
type conjunctions struct {
	some  bool
	other span
}

func (c *conjunctions) add(p *parser, key span, k openflow.ActionKind) error {
	switch k {
	case openflow.ActConjunction:
		c.some = true
	case openflow.ActNote:
	default:
		c.other = key
	}
	if c.some && c.other.text != "" {
		return p.fail(key, "conjunctions stand alone, or beside notes: not beside %s", c.other.text)
	}
	return nil
}
