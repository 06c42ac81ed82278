package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
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
			rules = append(rules, RuleName{r.table.bridge.Name, r.table.number, r.priority, r.cookie})
		}
	}
	return rules
}

// PortOf finds the port with a device that the datapath calls id, or nil.
func (s *Switch) PortOf(id datapath.PortID) *Port { return (*s.byID.Load())[id] }

// ID is the datapath's number of the port's device, 0 where it has none.
func (p *Port) ID() datapath.PortID { return p.state.Load().id }

// FlowOf is the flow that a frame which came in by the port is of, as ovs-ofctl would
// write it; of a frame that is cut, what its beginning says. p may be nil.
func (p *Port) FlowOf(frame []byte) string {
	var at flow.Pipeline
	o := text.PrintOptions{}
	if p != nil {
		at.OFPort = uint32(p.No)
		o.Ports = &text.Names{}
		for _, other := range p.Bridge.Ports() {
			o.Ports.Add(uint32(other.No), other.Name)
		}
	}
	flow.Extract(packet.View(frame), &at.Key)
	return flowText(&at, o)
}
