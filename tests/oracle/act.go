package oracle

import (
	"fmt"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// do does one action. False: the pipeline has ended.
//
//size:table
func (w *walk) do(a openflow.Action) bool {
	switch a := a.(type) {
	case openflow.Output:
		w.output(a.Port, 0)
	case openflow.OutputReg:
		w.output(portOf(w.read(a.Src)), 0)
	case openflow.OutputTrunc:
		w.output(a.Port, int(a.MaxLen))
	case openflow.Enqueue:
		w.output(a.Port, 0)
	case openflow.Controller:
		w.toController()
	case openflow.Group:
		w.group(a.ID)
	case openflow.Meter:
		w.meter(a.ID)
	case openflow.Resubmit:
		return w.resubmit(a)
	case openflow.GotoTable:
		return w.lookup(a.Table, w.meta.OFPort, false)
	case openflow.Clone:
		w.branch(func(c *walk) { c.run(a.Actions) })
	case openflow.WriteActions:
		w.set = append(w.set, a.Actions)
	case openflow.ClearActions:
		w.set = nil
	case openflow.WriteMetadata:
		w.meta.Metadata = w.meta.Metadata&^a.Mask | a.Metadata&a.Mask
	case openflow.Exit:
		return false
	case openflow.StackPush:
		w.stack = append(w.stack, w.read(a.Src))
	case openflow.StackPop:
		if n := len(w.stack); n > 0 {
			w.write(a.Dst, w.stack[n-1])
			w.stack = w.stack[:n-1]
		}
	case openflow.Move:
		v := w.r.look(&w.frame)
		if flow.FieldByID(a.Src.Field).Exists(&v.Pipeline, nil) {
			w.write(a.Dst, w.read(a.Src))
		}
	case openflow.SetField:
		w.setField(a.Field, a.Value, a.Mask)
	case openflow.DecTTL:
		return w.decrement(flow.FieldIPTTL)
	case openflow.DecMPLSTTL:
		return w.decrement(flow.FieldMPLSTTL)
	case openflow.DecNSHTTL:
		return w.decrement(flow.FieldNSHTTL)
	case openflow.Multipath:
		w.write(a.Dst, flow.U64(uint64(w.spread(int(a.MaxLink)+1))))
	case openflow.Bundle:
		w.bundle(a)
	case openflow.Learn:
		w.learn(&a)
	case openflow.CheckPktLarger:
		w.lookAgain()
		size := len(w.data)
		if w.packetType == 0 && isTag(w.data) {
			size -= 4
		}
		w.write(a.Dst, flow.U64(map[bool]uint64{true: 1}[size > int(a.Len)]))
	case openflow.SetQueue, openflow.PopQueue, openflow.Note, openflow.Sample, openflow.FinTimeout, openflow.DebugRecirc:
	case openflow.SetTunnel:
		w.meta.TunID = a.ID
	default:
		w.edit(a)
	}
	return true
}

// read is the value of a subfield.
func (w *walk) read(s openflow.Subfield) flow.Value {
	v := w.r.look(&w.frame)
	return flow.FieldByID(s.Field).Load(&v.Pipeline).Shr(int(s.Ofs)).And(flow.Ones(int(s.Bits)))
}

// write gives a subfield a value.
func (w *walk) write(s openflow.Subfield, v flow.Value) {
	bits := flow.Ones(int(s.Bits))
	w.setField(s.Field, v.And(bits).Shl(int(s.Ofs)), bits.Shl(int(s.Ofs)))
}

func (w *walk) resubmit(a openflow.Resubmit) bool {
	port, table := w.meta.OFPort, a.Table
	if a.InPort != openflow.PortInPort {
		port = uint32(a.InPort)
	}
	if table == openflow.TableAll {
		table = w.table
	}
	last := w.last
	goesOn := w.lookup(table, port, true)
	w.missed, w.last = false, last
	return goesOn
}

// portOf is the port that a number names, in OpenFlow 1.0's 16 bits or in 32.
func portOf(v flow.Value) openflow.PortNo {
	if v.Lo >= 0xff00 && v.Lo <= 0xffff {
		return openflow.PortNo(v.Lo | 0xffff0000)
	}
	return openflow.PortNo(v.Lo)
}

// output sends the packet, at most limit bytes of it where limit is not 0.
func (w *walk) output(no openflow.PortNo, limit int) {
	if limit > 0 && len(w.data) > limit {
		w.branch(func(c *walk) {
			if c.isPatch(no) {
				c.unknown("a cut packet over a patch port")
			}
			c.data = c.data[:limit]
			c.output(no, 0)
		})
		return
	}
	switch no {
	case openflow.PortInPort:
		w.toPort(openflow.PortNo(w.meta.OFPort))
	case openflow.PortNormal:
		w.normal()
	case openflow.PortTable:
		w.branch(func(c *walk) { c.start() })
	case openflow.PortFlood, openflow.PortAll:
		for _, p := range w.bridge.ports {
			if uint32(p.No) != w.meta.OFPort {
				w.send(p)
			}
		}
	case openflow.PortController:
		w.toController()
	case openflow.PortAny:
	default:
		if uint32(no) == w.meta.OFPort {
			w.drop("input_port_output")
			return
		}
		w.toPort(no)
	}
}

func (w *walk) toPort(no openflow.PortNo) {
	if p := w.bridge.port(no); p != nil {
		w.send(p)
		return
	}
	w.drop("port_unknown")
}

func (w *walk) send(p *port) {
	switch {
	case w.metered && p.peer != nil:
		// The lookups on the other side count, as the whole way does, but only as far
		// as the switch does not look into the packet again.
		w.unknown("a patch port behind a meter")
	case w.dead:
	case p.peer != nil:
		w.branch(func(c *walk) { c.enter(p.peer) })
	case p.Peer != "":
		w.drop("port_unknown")
	case w.packetType != 0:
		w.drop("packet_type")
	default:
		w.o.sent = append(w.o.sent, fmt.Sprintf("%s %x", p.Name, w.data))
	}
}

// toController sends the packet to the controllers.
func (w *walk) toController() {
	if w.metered {
		return
	}
	if w.dead {
		w.unknown("a packet-in of a packet that could not be changed")
		return
	}
	cookie := ^uint64(0)
	if w.rule != nil && !w.shared {
		cookie = w.rule.Cookie
	}
	w.o.packetIns = append(w.o.packetIns, fmt.Sprintf("%s table %d cookie %s in_port %d %x", w.bridge.name, w.table, cookieText(cookie), w.meta.OFPort, w.data))
}

func (w *walk) group(id uint32) {
	g := w.bridge.groups[id]
	if w.dead {
		w.unknown("a group for a packet that could not be changed")
		return
	}
	if g == nil || len(g.Buckets) == 0 {
		if g != nil {
			w.o.groups = append(w.o.groups, g)
		}
		w.drop("group_no_bucket")
		return
	}
	w.o.groups = append(w.o.groups, g)
	var live []int
	for i := range g.Buckets {
		if w.live(g, i) && (g.Type != openflow.GroupTypeSelect || g.Buckets[i].Weight > 0) {
			live = append(live, i)
		}
	}
	switch {
	case g.Type == openflow.GroupTypeAll || g.Type == openflow.GroupTypeIndirect:
		for i := range g.Buckets {
			w.bucket(g, i)
		}
	case len(live) == 0:
		w.drop("group_no_bucket")
	case g.Type == openflow.GroupTypeFF:
		w.bucket(g, live[0])
	default:
		w.bucket(g, live[w.spread(len(live))])
	}
}

// spread is one of n, which the switch chooses by a hash.
func (w *walk) spread(n int) int {
	if n > 1 {
		w.lookAgain()
	}
	return w.o.choose(n)
}

// lookAgain has the switch read the packet anew, perhaps: it forgets then what was
// written to headers that are broken.
func (w *walk) lookAgain() {
	if len(w.ghosts) > 0 {
		w.unknown("a second look into headers that are broken")
	}
}

// live reports whether a bucket is live: all ports there are are.
func (w *walk) live(g *group, i int) bool {
	b := &g.Buckets[i]
	if b.WatchPort == openflow.PortAny && b.WatchGroup == openflow.GroupAny {
		return true
	}
	if w.bridge.port(b.WatchPort) != nil {
		return true
	}
	if to := w.bridge.groups[b.WatchGroup]; to != nil {
		return slices.ContainsFunc(to.Buckets, func(openflow.Bucket) bool { return true })
	}
	return false
}

func (w *walk) bucket(g *group, i int) {
	w.o.buckets = append(w.o.buckets, bucketHit{g, i})
	if w.depth > 50 {
		w.unknown("limits of groups")
	}
	w.branch(func(c *walk) {
		c.depth++
		c.shared = true
		c.run(actionSet([][]openflow.Action{g.Buckets[i].Actions}))
	})
}

func (w *walk) bundle(a openflow.Bundle) {
	var live []openflow.PortNo
	for _, no := range a.Members {
		if w.bridge.port(no) != nil {
			live = append(live, no)
		}
	}
	chosen := openflow.PortAny
	if len(live) > 0 {
		chosen = live[0]
		if a.Algorithm == openflow.BundleHRW {
			chosen = live[w.spread(len(live))]
		}
	}
	switch {
	case a.Load:
		w.write(a.Dst, flow.U64(uint64(uint16(chosen))))
	case chosen != openflow.PortAny:
		w.output(chosen, 0)
	}
}

// isPatch reports whether a port is a patch port, or may stand for one.
func (w *walk) isPatch(no openflow.PortNo) bool {
	p := w.bridge.port(no)
	return no >= openflow.PortMax || p != nil && p.Peer != ""
}

// cookieText is a packet-in's cookie. A flow that the packet itself has just made
// may have none yet.
func cookieText(cookie uint64) string {
	if cookie >= learnedCookie {
		return "of a learned flow or none"
	}
	return fmt.Sprint(cookie)
}
