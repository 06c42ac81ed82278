package ofproto

import (
	"cmp"
	"slices"

	"vswitch/datapath"
	"vswitch/openflow"
)

// statistics answers multipart requests. Counters are brought up to date first.
//
//size:table
func (s *Session) statistics(h openflow.Header, m openflow.Message) error {
	b := s.bridge
	b.sw.settle()
	b.sw.dp.Fold()
	switch m := m.(type) {
	case *openflow.DescRequest:
		d := b.sw.options.Description
		s.send(h.XID, &openflow.DescReply{Manufacturer: d.Manufacturer, Hardware: d.Hardware, Software: d.Software,
			Serial: d.Serial, Datapath: cmp.Or(b.config.Load().Description, b.Name)})
	case *openflow.FlowStatsRequest:
		return s.flowStats(h.XID, m)
	case *openflow.AggregateRequest:
		return s.aggregate(h.XID, m)
	case *openflow.TableStatsRequest:
		s.send(h.XID, b.tableStats(s.version))
	case *openflow.TableDescRequest:
		s.send(h.XID, b.tableDesc())
	case *openflow.TableFeaturesRequest:
		if err := s.changeFeatures(m); err != nil {
			return err
		}
		s.tableFeatures(h.XID)
	case *openflow.PortStatsRequest:
		return s.portStats(h.XID, m)
	case *openflow.PortDescRequest:
		return s.reply(h.XID, func() (openflow.Message, error) { return b.portDesc(m.Port) })
	case *openflow.QueueStatsRequest:
		if err := b.checkQueue(m.Port, m.Queue); err != nil {
			return err
		}
		s.send(h.XID, &openflow.QueueStatsReply{})
	case *openflow.QueueDescRequest:
		if err := b.checkQueue(m.Port, m.Queue); err != nil {
			return err
		}
		s.send(h.XID, &openflow.QueueDescReply{})
	case *openflow.QueueConfigRequest:
		if err := b.checkQueue(m.Port, openflow.QueueAll); err != nil {
			return err
		}
		s.send(h.XID, &openflow.QueueConfigReply{Port: m.Port})
	case *openflow.GroupStatsRequest:
		s.send(h.XID, b.groupStats(m))
	case *openflow.GroupDescRequest:
		s.send(h.XID, b.groupDesc(m, s.version))
	case *openflow.GroupFeaturesRequest:
		s.send(h.XID, groupFeatures(m))
	case *openflow.MeterStatsRequest:
		return s.reply(h.XID, func() (openflow.Message, error) { return b.meterStats(m.Meter) })
	case *openflow.MeterConfigRequest:
		return s.reply(h.XID, func() (openflow.Message, error) { return b.meterConfig(m.Meter) })
	case *openflow.BundleFeaturesRequest:
		s.send(h.XID, &openflow.BundleFeaturesReply{Capabilities: uint16(openflow.BundleAtomic | openflow.BundleOrdered)})
	case *openflow.MeterFeaturesRequest:
		s.send(h.XID, meterFeatures())
	case *openflow.ControllerStatusRequest:
		s.send(h.XID, b.controllers())
	case *openflow.IPFIXBridgeRequest, *openflow.IPFIXFlowRequest:
		return openflow.NewError(openflow.ErrNXStatsNotConfigured, "there is no IPFIX exporter")
	default:
		code := openflow.ErrRequestBadType
		if m.Kind().Multipart() && h.Type == openflow.StatsRequestType(s.version) { // a reply is no request of an unknown kind
			code = openflow.ErrRequestBadStat
		}
		return openflow.NewError(code, "%s is not supported", h.Name)
	}
	return nil
}

// reply sends what ask returns, unless that is an error.
func (s *Session) reply(xid uint32, ask func() (openflow.Message, error)) error {
	m, err := ask()
	if err == nil {
		s.send(xid, m)
	}
	return err
}

// checkQueue refuses ports that do not exist, and queues, since ports have none.
func (b *Bridge) checkQueue(port openflow.PortNo, queue uint32) error {
	if port != openflow.PortAny && b.ports.Load().byNo[port] == nil {
		return openflow.NewError(openflow.ErrQueueOpBadPort, "bridge %s has no port %v", b.Name, port)
	}
	if queue != openflow.QueueAll {
		return openflow.NewError(openflow.ErrQueueOpBadQueue, "port %v has no queue %d", port, queue)
	}
	return nil
}

// selected lists the flows that a request names, by table, then by falling
// priority, then in order of age.
func (b *Bridge) selected(m *openflow.FlowStatsRequest) ([]*Rule, error) {
	match, err := m.Match.Resolve(b.tlvs.Load())
	if err != nil {
		return nil, err
	}
	filter, version := match.Sparse(), b.sw.version.Load()
	var all []*Rule
	b.eachTable(m.Table, func(t *Table) {
		from := len(all)
		t.all(version, func(r *Rule) {
			if (r.cookie^m.Cookie)&m.CookieMask == 0 && r.outputs(m.OutPort, m.OutGroup) && filter.Covers(r.match()) {
				all = append(all, r)
			}
		})
		slices.SortStableFunc(all[from:], func(x, y *Rule) int {
			return cmp.Or(cmp.Compare(y.priority, x.priority), cmp.Compare(x.created, y.created))
		})
	})
	return all, nil
}

// flowsPerPart bounds how many flows are described at a time.
const flowsPerPart = 256

func (s *Session) flowStats(xid uint32, m *openflow.FlowStatsRequest) error {
	rules, err := s.bridge.selected(m)
	if err != nil {
		return err
	}
	part := &openflow.FlowStatsReply{Nicira: m.Nicira, StatsOnly: m.StatsOnly}
	for {
		n := min(len(rules), flowsPerPart)
		part.Flows = slices.Grow(part.Flows[:0], n)[:n]
		for i, r := range rules[:n] {
			r.stats(&part.Flows[i], s.bridge.sw.now)
		}
		rules = rules[n:]
		s.sendPart(xid, part, len(rules) > 0)
		if len(rules) == 0 {
			return nil
		}
	}
}

// sendPart appends a part of a multipart reply; more says that another follows.
func (s *Session) sendPart(xid uint32, m openflow.Message, more bool) {
	s.mu.Lock()
	from := len(s.out)
	out, err := s.dialect.AppendPart(s.out, s.version, xid, m, more)
	if err != nil {
		s.mu.Unlock()
		s.sendError(xid, err, nil)
		return
	}
	s.out = out
	s.weigh()
	s.countSent(m.Kind())
	s.mu.Unlock()
	s.bridge.snoop(s, out[from:])
	s.notify()
}

func (s *Session) aggregate(xid uint32, m *openflow.AggregateRequest) error {
	rules, err := s.bridge.selected((*openflow.FlowStatsRequest)(m))
	if err != nil {
		return err
	}
	r := &openflow.AggregateReply{Nicira: m.Nicira, Flows: uint32(len(rules))}
	for _, rule := range rules {
		r.Packets, r.Bytes = sum(r.Packets, rule.packets()), sum(r.Bytes, rule.bytes())
	}
	s.send(xid, r)
	return nil
}

// sum adds counts: what is not known of one is not known of all (OpenFlow 1.3.5 §5.8).
func sum(a, b uint64) uint64 {
	if a == openflow.NoCount || b == openflow.NoCount {
		return openflow.NoCount
	}
	return a + b
}

func (s *Session) portStats(xid uint32, m *openflow.PortStatsRequest) error {
	b := s.bridge
	r := &openflow.PortStatsReply{}
	for _, p := range b.ports.Load().ordered {
		if m.Port == openflow.PortAny || m.Port == p.No {
			r.Ports = append(r.Ports, p.stats(b.sw.now))
		}
	}
	if len(r.Ports) == 0 && m.Port != openflow.PortAny {
		return openflow.NewError(openflow.ErrRequestBadPort, "bridge %s has no port %v", b.Name, m.Port)
	}
	s.send(xid, r)
	return nil
}

// portDesc describes all ports, or the one that a request of OpenFlow 1.5 names.
func (b *Bridge) portDesc(no openflow.PortNo) (openflow.Message, error) {
	if no == openflow.PortAny {
		return &openflow.PortDescReply{Ports: b.describePorts()}, nil
	}
	p := b.ports.Load().byNo[no]
	if p == nil {
		return nil, openflow.NewError(openflow.ErrRequestBadPort, "bridge %s has no port %v", b.Name, no)
	}
	return &openflow.PortDescReply{Ports: []openflow.Port{p.describe()}}, nil
}

// stats are the port's counters at time now.
func (p *Port) stats(now int64) openflow.PortStats {
	c := p.Counters()
	return openflow.PortStats{
		Port:      p.No,
		RxPackets: c.RxPackets, RxBytes: c.RxBytes, RxDropped: c.RxRefused() + c.RxMissed, RxErrors: c.RxErrors,
		TxPackets: c.TxPackets, TxBytes: c.TxBytes, TxDropped: c.TxDropped(), TxErrors: c.TxErrors,
		Duration: age(p.created, now),
	}
}

// Counters are the port's counters since it got its present device; a patch
// port's since it was added.
func (p *Port) Counters() datapath.PortCounters {
	s := p.state.Load()
	if s.vlan.Peer != "" {
		c := &p.credit
		return datapath.PortCounters{RxPackets: c.rxPackets.Load(), RxBytes: c.rxBytes.Load(),
			TxPackets: c.txPackets.Load(), TxBytes: c.txBytes.Load()}
	}
	counters, _ := p.Bridge.sw.dp.PortCounters(s.id)
	if s.id == 0 {
		return datapath.PortCounters{}
	}
	return counters
}
