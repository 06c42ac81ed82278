package top

import (
	"cmp"
	"slices"
	"time"

	"vswitch/control"
)

// Sample is one look at a switch's counters.
type Sample struct {
	At      time.Time
	Status  control.StatusReply
	Ports   control.PortsReply
	Flows   control.FlowsReply
	Drops   control.DropsReply
	Workers control.WorkersReply
}

// View is what happened between two samples. Rates are per second.
type View struct {
	Seconds     float64  `json:"seconds"` // between the samples
	Version     string   `json:"version"`
	Uptime      float64  `json:"uptime"` // seconds
	Bridges     int      `json:"bridges"`
	Flows       int      `json:"flows"`
	MACs        int      `json:"macs"`
	Controllers int      `json:"controllers"`
	Connected   int      `json:"connected"` // controllers
	Troubles    int      `json:"troubles"`
	Ports       []Port   `json:"ports"`
	Busiest     []Flow   `json:"busiest_flows"`
	Drops       []Drop   `json:"drops"`
	Workers     []Worker `json:"workers"`
}

// Port is what a port does. Dropped is by the switch, Lost what the kernel or the
// device lost.
type Port struct {
	Bridge    string  `json:"bridge"`
	Port      string  `json:"port"`
	RxPackets float64 `json:"rx_packets"`
	RxBits    float64 `json:"rx_bits"`
	TxPackets float64 `json:"tx_packets"`
	TxBits    float64 `json:"tx_bits"`
	Dropped   float64 `json:"dropped"`
	Lost      float64 `json:"lost"`
}

// Flow is how much a flow is used.
type Flow struct {
	control.FlowName
	Match   string  `json:"match"`
	Packets float64 `json:"packets"`
	Bits    float64 `json:"bits"`
}

// Drop is a reason for which a port drops. Bridge and Port are "" for no port.
type Drop struct {
	Bridge    string  `json:"bridge"`
	Port      string  `json:"port"`
	Direction string  `json:"direction"`
	Reason    string  `json:"reason"`
	Packets   float64 `json:"packets"`
	Total     uint64  `json:"total"` // since the port was opened
}

// Worker is what a forwarding thread does. Exact and Megaflow are the parts of its
// lookups that its caches answered, from 0 to 1.
type Worker struct {
	Worker    int     `json:"worker"`
	Busy      float64 `json:"busy"` // part of the time in which it had frames to work on
	Lookups   float64 `json:"lookups"`
	Exact     float64 `json:"exact"`
	Megaflow  float64 `json:"megaflow"`
	Upcalls   float64 `json:"upcalls"`
	Megaflows int     `json:"megaflows"`
	Masks     int     `json:"masks"`
	InUse     int     `json:"buffers_in_use"`
	Buffers   int     `json:"buffers"`
}

// Order is what ports and flows are sorted by, largest first.
type Order string

// Orders. ByName sorts ports by bridge and name, and flows by bridge, table and
// priority.
const (
	ByPackets Order = "packets"
	ByBits    Order = "bits"
	ByDrops   Order = "drops" // ports; flows are sorted by packets
	ByName    Order = "name"
)

// Orders are all of them.
func Orders() []Order { return []Order{ByPackets, ByBits, ByDrops, ByName} }

// Between makes a view of two samples, before and after.
func Between(before, after *Sample, by Order) *View {
	seconds := after.At.Sub(before.At).Seconds()
	r := rates{1 / max(seconds, 1e-9)}
	s := &after.Status
	v := &View{Seconds: seconds, Version: s.Version, Uptime: s.Uptime, Bridges: len(s.Bridges), Troubles: len(s.Troubles)}
	for i := range s.Bridges {
		b := &s.Bridges[i]
		v.Flows += b.Flows
		v.MACs += b.MACs
		v.Controllers += len(b.Controllers)
		for _, c := range b.Controllers {
			if c.Connected {
				v.Connected++
			}
		}
	}
	v.Ports = r.ports(before.Ports, after.Ports)
	v.Busiest = r.flows(before.Flows, after.Flows)
	v.Drops = r.drops(before.Drops, after.Drops)
	v.Workers = r.workers(before.Workers, after.Workers)
	v.sort(by)
	return v
}

// sort brings what is worth looking at to the top. Lists come in a fixed order, which
// equals keep.
func (v *View) sort(by Order) {
	slices.SortStableFunc(v.Drops, func(a, b Drop) int { return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(b.Total, a.Total)) })
	if by == ByName {
		return
	}
	slices.SortStableFunc(v.Ports, func(a, b Port) int { return cmp.Compare(b.size(by), a.size(by)) })
	slices.SortStableFunc(v.Busiest, func(a, b Flow) int {
		if by == ByBits {
			return cmp.Compare(b.Bits, a.Bits)
		}
		return cmp.Compare(b.Packets, a.Packets)
	})
}

func (p *Port) size(by Order) float64 {
	switch by {
	case ByBits:
		return p.RxBits + p.TxBits
	case ByDrops:
		return p.Dropped + p.Lost
	}
	return p.RxPackets + p.TxPackets
}

// rates are counts in a time.
type rates struct{ perSecond float64 }

// of is the rate of a counter.
func (r rates) of(before, after uint64) float64 { return float64(since(before, after)) * r.perSecond }

// since is how much a counter has counted since before.
func since(before, after uint64) uint64 {
	if after < before {
		return after
	}
	return after - before
}

// portName names a port: two bridges may have ports of one name.
type portName struct{ bridge, port string }

func (r rates) ports(before, after control.PortsReply) []Port {
	old := map[portName]*control.PortCounters{}
	for i := range before {
		old[portName{before[i].Bridge, before[i].Port}] = &before[i]
	}
	list := []Port{}
	for i := range after {
		c := &after[i]
		o := old[portName{c.Bridge, c.Port}]
		if o == nil {
			o = &control.PortCounters{}
		}
		list = append(list, Port{
			Bridge: c.Bridge, Port: c.Port,
			RxPackets: r.of(o.Rx.Packets, c.Rx.Packets), RxBits: 8 * r.of(o.Rx.Bytes, c.Rx.Bytes),
			TxPackets: r.of(o.Tx.Packets, c.Tx.Packets), TxBits: 8 * r.of(o.Tx.Bytes, c.Tx.Bytes),
			Dropped: r.of(o.Rx.Dropped, c.Rx.Dropped) + r.of(o.Tx.Dropped, c.Tx.Dropped),
			Lost:    r.of(o.Rx.Missed, c.Rx.Missed) + r.of(o.Rx.Errors, c.Rx.Errors) + r.of(o.Tx.Errors, c.Tx.Errors),
		})
	}
	slices.SortFunc(list, func(a, b Port) int { return cmp.Or(cmp.Compare(a.Bridge, b.Bridge), cmp.Compare(a.Port, b.Port)) })
	return list
}

// flowKey tells flows apart.
type flowKey struct {
	name  control.FlowName
	match string
}

// flows are those of which it is known how much they were used: a flow that was not
// among the ones in use before may have counted for long.
func (r rates) flows(before, after control.FlowsReply) []Flow {
	old := map[flowKey]*control.FlowActivity{}
	for i := range before {
		old[flowKey{before[i].FlowName, before[i].Match}] = &before[i]
	}
	list := []Flow{}
	for i := range after {
		f := &after[i]
		o := old[flowKey{f.FlowName, f.Match}]
		if o == nil {
			continue
		}
		if packets := r.of(o.Packets, f.Packets); packets > 0 {
			list = append(list, Flow{f.FlowName, f.Match, packets, 8 * r.of(o.Bytes, f.Bytes)})
		}
	}
	slices.SortFunc(list, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Bridge, b.Bridge), cmp.Compare(a.Table, b.Table), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Match, b.Match))
	})
	return list
}

type dropKey struct {
	portName
	reason string
}

func (r rates) drops(before, after control.DropsReply) []Drop {
	old := map[dropKey]uint64{}
	for i := range before {
		for _, d := range before[i].Reasons {
			old[dropKey{portName{before[i].Bridge, before[i].Port}, d.Reason}] = d.Frames
		}
	}
	list := []Drop{}
	for i := range after {
		p := &after[i]
		for _, d := range p.Reasons {
			n := old[dropKey{portName{p.Bridge, p.Port}, d.Reason}]
			list = append(list, Drop{p.Bridge, p.Port, d.Direction, d.Reason, r.of(n, d.Frames), d.Frames})
		}
	}
	return list
}

func (r rates) workers(before, after control.WorkersReply) []Worker {
	list := []Worker{}
	for i := range after {
		w := &after[i]
		o := &control.WorkerCounters{}
		if i < len(before) {
			o = &before[i]
		}
		exact, megaflow := since(o.ExactHits, w.ExactHits), since(o.MegaflowHits, w.MegaflowHits)
		lookups := exact + megaflow + since(o.Misses, w.Misses)
		part := 1 / float64(max(lookups, 1))
		list = append(list, Worker{
			Worker: w.Worker, Busy: min(1, max(0, w.Busy-o.Busy)*r.perSecond), Lookups: float64(lookups) * r.perSecond,
			Exact: float64(exact) * part, Megaflow: float64(megaflow) * part, Upcalls: r.of(o.Upcalls, w.Upcalls),
			Megaflows: w.Megaflows, Masks: w.Subtables, InUse: w.BuffersInUse, Buffers: w.Buffers,
		})
	}
	return list
}
