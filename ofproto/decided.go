package ofproto

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// RuleName names a flow of a bridge to people.
type RuleName struct {
	Bridge   string
	Table    uint8
	Priority uint16
	Cookie   uint64
}

// DecidedBy are the flows that a decision of the datapath came from, in the order in
// which the packet matched them. A flow that was removed meanwhile may be missing, or
// another one in its place.
func (s *Switch) DecidedBy(credits []datapath.Credit) (rules []RuleName) {
	s.tables.Lock()
	defer s.tables.Unlock()
	for _, c := range credits {
		if r, isRule := c.(*Rule); isRule && r.table != nil {
			rules = append(rules, r.name())
		}
	}
	return rules
}

// Culprit is what dropped a packet and is no flow: a table without a flow for it, a
// group without a bucket, or a meter.
type Culprit struct {
	Bridge string
	Kind   string // "table", "group", "meter"
	Name   string // its number; "slowpath" for the meter of packets that are to be decided about
}

// CulpritOf is what dropped a sample, where that was no flow: nil where it was one or
// is not known, since it is gone.
func (s *Switch) CulpritOf(d *datapath.DropSample) *Culprit {
	in := s.PortOf(d.InPort)
	switch d.Reason {
	case datapath.DropTableMiss, datapath.DropSecureMiss:
		for _, c := range slices.Backward(d.Credits) {
			if t, isTable := c.(*tableCredit); isTable && !t.matched {
				return &Culprit{t.table.bridge.Name, "table", fmt.Sprint(t.table.number)}
			}
		}
	case datapath.DropNoBucket:
		for _, c := range slices.Backward(d.Credits) {
			if b, id, found := s.groupThat(func(g *Group) bool { return g.counts == c }); found {
				return &Culprit{b.Name, "group", fmt.Sprint(id)}
			}
		}
	case datapath.DropMeter:
		if d.Meter == nil && in != nil {
			return &Culprit{in.Bridge.Name, "meter", "slowpath"}
		}
		for _, b := range *s.bridges.Load() {
			for _, e := range b.meters.published() {
				if e.meter == d.Meter {
					return &Culprit{b.Name, "meter", fmt.Sprint(e.Meter)}
				}
			}
		}
	}
	return nil
}

// groupThat finds a group of any bridge.
func (s *Switch) groupThat(is func(*Group) bool) (b *Bridge, id uint32, found bool) {
	for _, b := range *s.bridges.Load() {
		for id, g := range b.groups.published() {
			if is(g) {
				return b, id, true
			}
		}
	}
	return nil, 0, false
}

// PortOf finds the port with a device that the datapath calls id, or nil.
func (s *Switch) PortOf(id datapath.PortID) *Port { return (*s.byID.Load())[id] }

// ID is the datapath's number of the port's device, 0 where it has none.
func (p *Port) ID() datapath.PortID { return p.state.Load().id }

// FlowOf is the flow that a frame of size bytes which came in by the port is of, as
// ovs-ofctl would write it. Of a frame that is cut, head is the beginning; what
// follows is taken for zeros, since a packet longer than its frame has no fields. p
// may be nil.
func (p *Port) FlowOf(head []byte, size int) string {
	var at flow.Pipeline
	o := text.PrintOptions{}
	if p != nil {
		at.OFPort = uint32(p.No)
		o = p.telling().printing()
	}
	frame := make([]byte, max(size, len(head)))
	copy(frame, head)
	flow.Extract(packet.View(frame), &at.Key)
	return flowText(&at, o)
}

// MegaflowText is a cached decision in words.
type MegaflowText struct {
	Port    *Port  // that its packets come in by; nil for none
	Match   string // all packets that it holds for
	Actions string // of the datapath
	Rules   []RuleName
}

// DescribeMegaflow says what a megaflow matches and does, and where it comes from.
func (s *Switch) DescribeMegaflow(m *datapath.Megaflow) MegaflowText {
	key, mask := m.Key(), m.Mask()
	p := s.PortOf(datapath.PortID(key.InPort))
	return MegaflowText{p, p.megaflowMatch(&key, &mask), p.actions(m.Actions(), &key, true), s.DecidedBy(m.Credits())}
}

// DescribeAsOVS is DescribeMegaflow in the form of Open vSwitch's `dpif/dump-flows`,
// with names of ports or the datapath's numbers.
func (s *Switch) DescribeAsOVS(m *datapath.Megaflow, names bool) MegaflowText {
	key, mask := m.Key(), m.Mask()
	p, name := s.PortOf(datapath.PortID(key.InPort)), ""
	if p != nil && names {
		name = p.Name
	}
	return MegaflowText{p, string(flow.AppendMegaflow(nil, &key, &mask, name)), p.actions(m.Actions(), &key, names), nil}
}

// DescribeActions are datapath actions as `ofproto/trace` writes them, with names of
// ports. p is one of the bridge that they are of, or nil.
func (p *Port) DescribeActions(list []datapath.Action) string { return p.actions(list, nil, true) }

// actions describes actions for packets like one; nil where nothing is known of them.
func (p *Port) actions(list []datapath.Action, like *flow.Key, names bool) string {
	if p == nil {
		return fmt.Sprint(list)
	}
	t := p.telling()
	t.like, t.o.Names = like, names
	return t.actionsText(list)
}

// telling writes with the names of ports.
func (p *Port) telling() *tracing {
	return &tracing{bridge: p.Bridge, in: p, o: TraceOptions{Names: true}}
}

// megaflowMatch is which packets a megaflow is about.
func (p *Port) megaflowMatch(key, mask *flow.Key) string {
	m := matchOfKey(key, mask)
	o := text.PrintOptions{}
	if p != nil {
		o = p.telling().printing()
		m.Value.OFPort, m.Mask.OFPort = uint32(p.No), ^uint32(0)
	}
	match := string(text.AppendMatch(nil, m, o))
	if key.RecircID != 0 {
		match = "recirc_id=" + recircText(key.RecircID) + "," + match
	}
	return match
}

// matchOfKey matches what a key has under a mask, but for what only the datapath knows.
func matchOfKey(key, mask *flow.Key) *openflow.Match {
	m := &openflow.Match{}
	m.Value.Key, m.Mask.Key = *key, *mask
	m.Mask.InPort, m.Mask.RecircID, m.Mask.Present = 0, 0, 0
	if key.PacketType == typeEthernet {
		m.Mask.PacketType = 0
	}
	m.Normalize()
	return m
}

// MaskText are the fields of a mask, each with the bits that count where those are not
// all: "eth_type, ip_dst/0xffffff00". example is a key of which the mask is.
func MaskText(mask, example *flow.Key) string {
	m := matchOfKey(example, mask)
	var words []string
	for f := range m.Fields() {
		word := f.Name
		if _, bits, kind := m.Match.Field(f); kind == flow.MatchMasked {
			word = string(f.AppendValue([]byte(word+"/"), bits, f.Full(), nil))
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// FlowActivity is what a flow has counted.
type FlowActivity struct {
	RuleName
	Match          string
	Packets, Bytes uint64
}

// ActiveFlows are the flows that decisions came from which were used since then, those
// with the most packets first, at most limit. It goes through the caches and not the
// tables, which may have a million flows of which few are in use.
func (s *Switch) ActiveFlows(since int64, limit int) (list []FlowActivity) {
	seen := map[*Rule]bool{}
	for _, m := range s.dp.Megaflows() {
		if m.Hits().Used < since {
			continue
		}
		for _, c := range m.Credits() {
			if r, isRule := c.(*Rule); isRule {
				seen[r] = true
			}
		}
	}
	s.dp.Fold()
	type usedRule struct {
		rule    *Rule
		packets uint64
	}
	var used []usedRule
	for some := range slices.Chunk(slices.Collect(maps.Keys(seen)), 1000) { // others want the tables too
		s.tables.Lock()
		for _, r := range some {
			if r.table != nil {
				used = append(used, usedRule{r, r.counts.packets.Load()})
			}
		}
		s.tables.Unlock()
	}
	slices.SortFunc(used, func(a, b usedRule) int { return cmp.Compare(b.packets, a.packets) })
	s.tables.Lock()
	defer s.tables.Unlock()
	for _, u := range used[:min(limit, len(used))] {
		if r := u.rule; r.table != nil {
			list = append(list, FlowActivity{r.name(), r.matchText(), r.counts.packets.Load(), r.counts.bytes.Load()})
		}
	}
	return list
}

// name names the rule. The caller holds Switch.tables.
func (r *Rule) name() RuleName {
	return RuleName{r.table.bridge.Name, r.table.number, r.priority, r.cookie}
}

// matchText is the rule's match with names of ports. The caller holds Switch.tables.
func (r *Rule) matchText() string {
	m := openflow.Match{}
	r.match().Expand(&m.Match)
	t := &tracing{bridge: r.table.bridge, o: TraceOptions{Names: true}}
	return string(text.AppendMatch(nil, &m, t.printing()))
}
