package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vswitch/control"
	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/openflow"
)

// cmdMegaflows answers megaflows: what the caches have remembered of packets that came
// in by ports, the most used first.
func (d *Daemon) cmdMegaflows(args []string) (control.Reply, error) {
	var filter *datapath.CaptureFilter
	if len(args) > 0 {
		if words, isFilter := strings.CutPrefix(args[0], "--filter="); isFilter {
			var err error
			if filter, err = readFilter("--filter", words); err != nil {
				return nil, err
			}
			args = args[1:]
		}
	}
	wanted, err := d.portsNamed(args)
	if err != nil {
		return nil, err
	}
	r, now := control.MegaflowsReply{}, d.clock()
	for _, m := range d.dp.Megaflows() {
		if filter != nil && !filter.Overlaps(m) {
			continue
		}
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

// cmdDumpFlows answers dpif/dump-flows.
func (d *Daemon) cmdDumpFlows(args []string) (control.Reply, error) {
	names, bridge := false, ""
	for _, a := range args {
		switch {
		case a == "-m": // shows no more: all that is not shown is not looked at
		case a == "--names" || a == "--no-names":
			names = a == "--names"
		case strings.HasPrefix(a, "-"):
			return nil, fmt.Errorf("%s: unknown option: there are -m, --names and --no-names", a)
		case bridge != "":
			return nil, fmt.Errorf("%s: one bridge at a time", a)
		default:
			bridge = a
		}
	}
	b := d.sw.Bridge(bridge)
	if b == nil {
		return nil, errors.New("no such bridge")
	}
	return control.DatapathFlowsReply{Flows: d.datapathFlows(names, func(m *datapath.Megaflow) bool {
		p := d.sw.PortOf(datapath.PortID(m.Key().InPort))
		return p != nil && p.Bridge == b
	})}, nil
}

// cmdDumpAllFlows answers dpctl/dump-flows.
func (d *Daemon) cmdDumpAllFlows(args []string) (control.Reply, error) {
	var filter *datapath.CaptureFilter
	names, worker := false, -1
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		var err error
		switch {
		case a == "-m" || a == control.DatapathName:
		case a == "--names":
			names = true
		case key == "filter":
			filter, err = readFilter(key, value)
		case key == "pmd":
			if worker, err = strconv.Atoi(value); err != nil {
				err = fmt.Errorf("%s: give the number of a worker", a)
			}
		default:
			err = fmt.Errorf("%s: there are -m, --names, filter=FLOW, pmd=WORKER, and the datapath %s", a, control.DatapathName)
		}
		if err != nil {
			return nil, err
		}
	}
	return control.DatapathFlowsReply{Workers: true, Flows: d.datapathFlows(names, func(m *datapath.Megaflow) bool {
		return (filter == nil || filter.Overlaps(m)) && (worker < 0 || worker == m.Worker())
	})}, nil
}

// datapathFlows lists megaflows by worker, the most used first.
func (d *Daemon) datapathFlows(names bool, wanted func(*datapath.Megaflow) bool) (list control.List[control.DatapathFlow]) {
	now := d.clock()
	for _, m := range d.dp.Megaflows() {
		if !wanted(m) {
			continue
		}
		t, hits := d.sw.DescribeAsOVS(m, names), m.Hits()
		list = append(list, control.DatapathFlow{Worker: m.Worker(), Match: t.Match, Actions: t.Actions, Packets: hits.Packets, Bytes: hits.Bytes,
			Used: float64(max(0, now-hits.Used)) / 1e9})
	}
	slices.SortFunc(list, func(a, b control.DatapathFlow) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Match, b.Match))
	})
	return list
}

// cmdDatapaths answers dpif/show.
func (d *Daemon) cmdDatapaths([]string) (control.Reply, error) {
	r := control.DatapathReply{}
	for _, w := range d.dp.WorkerCounters() {
		r.Hits += w.SignatureHits + w.MegaflowHits
		r.Misses += w.Misses
	}
	for _, b := range d.report().Bridges {
		bridge := d.sw.Bridge(b.Name)
		if bridge == nil { // gone meanwhile
			continue
		}
		one := control.DatapathBridge{Name: b.Name}
		for _, p := range b.Ports {
			port := control.DatapathPort{Name: p.Name, Number: ovsNumber(p.OFPort), Type: p.Type, Peer: p.Peer}
			if open := bridge.Port(p.Name); open != nil {
				port.Device = uint32(open.ID())
			}
			one.Ports = append(one.Ports, port)
		}
		slices.SortFunc(one.Ports, func(a, b control.DatapathPort) int { return cmp.Compare(a.Name, b.Name) })
		r.Bridges = append(r.Bridges, one)
	}
	slices.SortFunc(r.Bridges, func(a, b control.DatapathBridge) int { return cmp.Compare(a.Name, b.Name) })
	return r, nil
}

// ovsNumber is a port's number as Open vSwitch shows it: in OpenFlow 1.0, where it has one.
func ovsNumber(no uint32) uint32 {
	if n, ok := openflow.PortNo(no).To16(); ok {
		return uint32(n)
	}
	return no
}

// cmdListBridges answers ofproto/list.
func (d *Daemon) cmdListBridges([]string) (control.Reply, error) {
	var names []string
	for _, b := range d.sw.Bridges() {
		names = append(names, b.Name+"\n")
	}
	slices.Sort(names)
	return control.Plain(strings.Join(names, "")), nil
}

// cmdUpcalls answers upcall/show.
func (d *Daemon) cmdUpcalls([]string) (control.Reply, error) {
	c := d.dp.Census()
	r := control.UpcallsReply{Current: c.Now, Average: c.Average, Most: c.Most, Limit: c.Limit, Took: c.Took.Seconds()}
	for _, w := range d.dp.WorkerCounters() {
		r.Workers = append(r.Workers, w.Megaflows)
	}
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
