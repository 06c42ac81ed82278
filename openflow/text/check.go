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
	match *flow.Match
	owned bool  // match is the pipeline's own: it may change
	table uint8 // TableAll: any
}

// own makes the match one that may change.
func (s *pipeline) own() {
	if !s.owned {
		m := *s.match
		s.match, s.owned = &m, true
	}
}

// checkAction refuses an action that cannot be done to the packets that reach it,
// as a switch would (OFPBAC_MATCH_INCONSISTENT), and notes what it makes of them.
func (p *parser) checkAction(a *pair, action openflow.Action) error {
	if p.pipeline == nil {
		return nil
	}
	needs := fieldsNeeded(action)
	if needs == (anyField{}) && p.o.Version >= openflow.V11 {
		needs = fieldsNeeded11(action)
	}
	if err := p.need(a, needs); err != nil {
		return err
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

// anyField are fields of which a packet must have one. Without any, nothing is
// needed.
type anyField [3]flow.FieldID

// fieldsNeeded are what a packet must have for an action to make sense.
//
//size:table
func fieldsNeeded(action openflow.Action) anyField {
	switch action := action.(type) {
	case openflow.CT, openflow.SetIPECN, openflow.SetIPTTL:
		return anyField{flow.FieldIPProto}
	case openflow.Resubmit:
		return unless(!action.CT, flow.FieldCTNWProto)
	case openflow.SetField:
		if action.Field == flow.FieldVLANVID && action.Form != openflow.FormLoad {
			return anyField{flow.FieldVLANPCP}
		}
		return anyField{action.Field}
	case openflow.OutputReg:
		return anyField{action.Src.Field}
	case openflow.StackPush:
		return anyField{action.Src.Field}
	case openflow.StackPop:
		return anyField{action.Dst.Field}
	case openflow.Multipath:
		return anyField{action.Dst.Field}
	case openflow.CheckPktLarger:
		return anyField{action.Dst.Field}
	case openflow.Bundle:
		return unless(!action.Load, action.Dst.Field)
	}
	return anyField{}
}

// fieldsNeeded11 are those that actions need from OpenFlow 1.1 on. In 1.0 they do
// nothing to a packet without the header that they change.
func fieldsNeeded11(action openflow.Action) anyField {
	switch action := action.(type) {
	case openflow.SetVLANVID:
		return unless(action.PushIfAbsent, flow.FieldVLANPCP)
	case openflow.SetVLANPCP:
		return unless(action.PushIfAbsent, flow.FieldVLANPCP)
	case openflow.PopVLAN:
		return anyField{flow.FieldVLANPCP}
	case openflow.SetIPSrc, openflow.SetIPDst:
		return anyField{flow.FieldIPSrc}
	case openflow.SetIPDSCP, openflow.DecTTL:
		return anyField{flow.FieldIPProto}
	case openflow.SetTPSrc, openflow.SetTPDst:
		return anyField{flow.FieldTCPSrc, flow.FieldUDPSrc, flow.FieldSCTPSrc}
	case openflow.FinTimeout:
		return anyField{flow.FieldTCPSrc}
	case openflow.PopMPLS, openflow.SetMPLSLabel, openflow.SetMPLSTC, openflow.SetMPLSTTL, openflow.DecMPLSTTL:
		return anyField{flow.FieldMPLSLabel}
	case openflow.DecNSHTTL:
		return anyField{flow.FieldNSHTTL}
	case openflow.PopPBB:
		return anyField{flow.FieldPBBISID}
	}
	return anyField{}
}

func unless(not bool, id flow.FieldID) anyField {
	if not {
		return anyField{}
	}
	return anyField{id}
}

// need checks that packets have one of the fields.
func (p *parser) need(a *pair, ids anyField) error {
	if ids == (anyField{}) {
		return nil
	}
	var first *flow.PrereqError
	for _, id := range ids {
		if id == flow.FieldNone {
			break
		}
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
	if err := p.need(a, anyField{src.Field}); err != nil {
		return err
	}
	return p.need(a, anyField{dst.Field})
}

func (p *parser) checkCT(a *pair, ct *openflow.CT) error {
	const ftp, tftp = 21, 69
	if ct.Flags&openflow.CTCommit != 0 && p.pipeline.match.Value.CTState&flow.CTInvalid != 0 {
		return p.fail(a.key, "ct(commit) does not go with ct_state=+inv: the packet has no connection")
	}
	if ct.ZoneSrc.Bits != 0 {
		if err := p.need(a, anyField{ct.ZoneSrc.Field}); err != nil {
			return err
		}
	}
	helper := map[uint16]flow.FieldID{ftp: flow.FieldTCPSrc, tftp: flow.FieldUDPSrc}[ct.ALG]
	if helper != flow.FieldNone {
		if err := p.need(a, anyField{helper}); err != nil {
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
			if err := p.need(a, anyField{id}); err != nil {
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
			if err := p.need(a, anyField{s.SrcField.Field}); err != nil {
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
	switch action := action.(type) {
	case openflow.SetVLANVID, openflow.SetVLANPCP, openflow.PushVLAN, openflow.PopVLAN, openflow.PushMPLS, openflow.PopMPLS,
		openflow.PushPBB, openflow.Decap, openflow.Encap:
	case openflow.SetField:
		if action.Field != flow.FieldVLANTCI && action.Field != flow.FieldEthType && action.Field != flow.FieldIPProto {
			return
		}
	default:
		return
	}
	s.own()
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
		switch action.Field {
		case flow.FieldVLANTCI:
			// A switch takes the written bits for the whole tag (Open vSwitch does,
			// and openflow.CheckActions), so without the present bit there is none.
			v.VLAN[0].TCI, k.VLAN[0].TCI = uint16(action.Value.Lo), 0xffff
		case flow.FieldEthType:
			ethType(uint16(action.Value.Lo))
		case flow.FieldIPProto:
			v.IPProto, k.IPProto = uint8(action.Value.Lo), 0xff
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
		// Both go on from the same match, so neither may change it in place.
		before.owned = false
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
