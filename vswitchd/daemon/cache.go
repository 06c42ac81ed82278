package daemon

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"vswitch/control"
	"vswitch/datapath"
	"vswitch/ofproto"
)

// cmdMegaflows answers megaflows: what the caches have remembered of packets that came
// in by ports, the most used first.
func (d *Daemon) cmdMegaflows(args []string) (control.Reply, error) {
	wanted, err := d.portsNamed(args)
	if err != nil {
		return nil, err
	}
	r, now := control.MegaflowsReply{}, d.clock()
	for _, m := range d.dp.Megaflows() {
		t := d.sw.DescribeMegaflow(m)
		if len(args) > 0 && (t.Port == nil || !slices.Contains(wanted, t.Port)) {
			continue
		}
		hits := m.Hits()
		one := control.Megaflow{Worker: m.Worker(), Match: t.Match, Actions: t.Actions, Packets: hits.Packets, Bytes: hits.Bytes,
			Used: float64(now-hits.Used) / 1e9, Narrowed: m.Narrowed()}
		if t.Port != nil {
			one.Bridge, one.Port = t.Port.Bridge.Name, t.Port.Name
		}
		for _, f := range t.Rules {
			one.Flows = append(one.Flows, control.FlowName(f))
		}
		r = append(r, one)
	}
	slices.SortFunc(r, func(a, b control.Megaflow) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Match, b.Match))
	})
	return r, nil
}

// cmdFlows answers flows: those that packets met lately, the most used first.
func (d *Daemon) cmdFlows(args []string) (control.Reply, error) {
	const defaultSeconds, most = 10, 1000
	seconds := float64(defaultSeconds)
	if len(args) > 0 {
		var err error
		if seconds, err = strconv.ParseFloat(args[0], 64); err != nil || !(seconds > 0) || seconds > 1e6 {
			return nil, fmt.Errorf("%s: use a number of seconds: 2", args[0])
		}
	}
	r := control.FlowsReply{}
	for _, f := range d.sw.ActiveFlows(d.clock()-int64(seconds*1e9), most) {
		r = append(r, control.FlowActivity{FlowName: control.FlowName(f.RuleName), Match: f.Match, Packets: f.Packets, Bytes: f.Bytes})
	}
	return r, nil
}

// cmdCache answers cache: how well the caches do.
func (d *Daemon) cmdCache([]string) (control.Reply, error) {
	r := control.CacheReply{}
	for _, w := range d.dp.WorkerCounters() {
		r.Workers = append(r.Workers, control.CacheCounters{Worker: w.Worker, ExactHits: w.SignatureHits, MegaflowHits: w.MegaflowHits,
			Misses: w.Misses, Probed: w.SubtablesProbed, Megaflows: w.Megaflows, Masks: w.Subtables, Narrowed: w.Narrowed, NotKept: w.FlowLimit})
	}
	for _, m := range d.dp.Masks() {
		one := control.CacheMask{Worker: m.Worker, Fields: ofproto.MaskText(&m.Mask, &m.Example), Megaflows: m.Megaflows, Hits: m.Hits}
		if p := d.sw.PortOf(datapath.PortID(m.Port)); p != nil {
			one.Bridge, one.Port = p.Bridge.Name, p.Name
		}
		r.Masks = append(r.Masks, one)
	}
	return r, nil
}
