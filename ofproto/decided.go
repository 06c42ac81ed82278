package ofproto

import "vswitch/datapath"

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
func (s *Switch) PortOf(id datapath.PortID) *Port {
	for _, b := range *s.bridges.Load() {
		for _, p := range b.ports.Load().ordered {
			if p.state.Load().id == id && id != 0 {
				return p
			}
		}
	}
	return nil
}

// ID is the datapath's number of the port's device, 0 where it has none.
func (p *Port) ID() datapath.PortID { return p.state.Load().id }
