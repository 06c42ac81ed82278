package daemon

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"vswitch/config"
	"vswitch/control"
	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/ports"
)

// report describes the switch for the status command.
func (d *Daemon) report() control.StatusReply {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := control.StatusReply{Version: d.options.Version, PID: os.Getpid(), Uptime: time.Since(d.started).Seconds(),
		Ready: d.isReady.Load(), Config: d.options.File, Notes: d.tlsNotes(time.Now())}
	for _, w := range d.dp.WorkerCounters() {
		r.Workers = append(r.Workers, control.WorkerStatus{Worker: w.Worker, Engine: "syscall", Coalesce: coalesceText(w.Coalesce)})
	}
	for _, s := range d.status.Troubles() {
		r.Troubles = append(r.Troubles, control.Trouble{Object: s.Object.String(), State: string(s.State), Reason: s.Reason})
	}
	for i := range d.have.Bridges {
		r.Bridges = append(r.Bridges, d.reportBridge(&d.have.Bridges[i], &r))
	}
	return r
}

// coalesceText says what is in force; "" when nothing is.
func coalesceText(c datapath.Coalesce) string {
	switch {
	case c.Delay == 0:
		return ""
	case c.Frames == 0:
		return c.Delay.String()
	}
	return fmt.Sprintf("%s or %d frames", c.Delay, c.Frames)
}

func (d *Daemon) reportBridge(c *config.Bridge, r *control.StatusReply) control.BridgeStatus {
	b := d.bridges[c.Name].bridge
	s := control.BridgeStatus{Name: c.Name, DatapathID: hex16(b.Config().DatapathID), FailMode: string(c.FailMode),
		Flows: b.Flows(), MACs: b.FDBStats().Entries}
	listening := slices.Clone(d.bridges[c.Name].mgmt)
	for _, e := range c.Listen {
		s.Listen = append(s.Listen, e.String())
		if l := d.bridges[c.Name].listeners[e.String()]; l != nil {
			listening = append(listening, l)
		}
	}
	for _, l := range listening {
		if text := l.refused.text(); text != "" {
			r.Notes = append(r.Notes, fmt.Sprintf("bridge %s: %s has %s", c.Name, l.endpoint, text))
		}
	}
	for target, x := range d.bridges[c.Name].dialers {
		s.Controllers = append(s.Controllers, x.status(target, d.clock()))
	}
	slices.SortFunc(s.Controllers, func(a, b control.ControllerStatus) int { return strings.Compare(a.Target, b.Target) })
	for _, p := range b.Ports() {
		status, lost := d.reportPort(c, p, r)
		s.Ports = append(s.Ports, status)
		if lost != "" {
			r.Troubles = append(r.Troubles, control.Trouble{Object: "port " + p.Name, State: "absent", Reason: lost})
		}
	}
	return s
}

// reportPort describes a port; lost says why its device is gone.
func (d *Daemon) reportPort(c *config.Bridge, p *ofproto.Port, r *control.StatusReply) (s control.PortStatus, lost string) {
	s = control.PortStatus{Name: p.Name, OFPort: uint32(p.No), State: "ok", Type: "internal"}
	if configured := c.Port(p.Name); configured != nil {
		s.Type, s.Peer = string(configured.Type), configured.Peer
	}
	dev := d.devices[portKey{c.Name, p.Name}]
	if dev == nil {
		s.Carrier, s.AdminUp = p.Info().Carrier, p.Info().AdminUp
		return s, ""
	}
	i := dev.driver.Info()
	if i.Name != p.Name {
		s.Device = i.Name
	}
	s.Netns, s.MAC, s.MTU, s.Queues = i.Netns, mac(i.MAC), i.MTU, i.RxQueues
	s.Carrier, s.AdminUp, s.Notes = i.Carrier, i.AdminUp, i.Notes
	for _, a := range i.Address {
		s.Address = append(s.Address, a.String())
	}
	s.Offloads, s.IO = offloadNames(i.Offloads), i.IO
	if i.Absent != "" {
		s.State, s.Reason = "absent", i.Absent
	}
	counters, _ := d.dp.PortCounters(dev.id)
	for q, counts := range counters.Queues {
		w := &r.Workers[counts.Worker]
		w.Queues = append(w.Queues, fmt.Sprintf("%s:%d", p.Name, q))
		if strings.HasPrefix(i.IO, "uring") {
			w.Engine = "uring"
		}
	}
	return s, i.Absent
}

func offloadNames(o ports.Offloads) (names []string) {
	for _, x := range []struct {
		name string
		has  bool
	}{{"csum", o.Csum}, {"tso4", o.TSO4}, {"tso6", o.TSO6}, {"ecn", o.ECN}, {"uso", o.USO}} {
		if x.has {
			names = append(names, x.name)
		}
	}
	return names
}

func (d *Daemon) cmdDrops(args []string) (control.Reply, error) {
	list, err := d.portsNamed(args)
	if err != nil {
		return nil, err
	}
	r := control.DropsReply{}
	if len(args) == 0 {
		c, _ := d.dp.PortCounters(0)
		if counts := dropCounts(&c); len(counts) > 0 {
			r = append(r, control.PortDrops{Reasons: counts})
		}
	}
	for _, p := range list {
		c := p.Counters()
		if counts := dropCounts(&c); len(counts) > 0 {
			r = append(r, control.PortDrops{Bridge: p.Bridge.Name, Port: p.Name, Reasons: counts})
		}
	}
	return r, nil
}

func dropCounts(c *datapath.PortCounters) (list []control.DropCount) {
	for reason, n := range c.Drops {
		if n == 0 {
			continue
		}
		i := datapath.DropReason(reason).Info()
		direction := "rx"
		if i.Tx {
			direction = "tx"
		}
		list = append(list, control.DropCount{Reason: i.Name, Frames: n, Direction: direction, Meaning: i.Help})
	}
	return list
}

func (d *Daemon) cmdPorts(args []string) (control.Reply, error) {
	list, err := d.portsNamed(args)
	if err != nil {
		return nil, err
	}
	d.dp.Fold() // patch ports count by it
	r, workers := control.PortsReply{}, d.dp.WorkerCounters()
	for _, p := range list {
		c := p.Counters()
		pc := control.PortCounters{Bridge: p.Bridge.Name, Port: p.Name, OFPort: uint32(p.No),
			Rx: control.Counters{Packets: c.RxPackets, Bytes: c.RxBytes, Segments: c.RxSegments, Multicast: c.RxMulticast,
				Broadcast: c.RxBroadcast, Dropped: c.RxDropped(), Errors: c.RxErrors, Missed: c.RxMissed},
			Tx: control.Counters{Packets: c.TxPackets, Bytes: c.TxBytes, Segments: c.TxSegments, Multicast: c.TxMulticast,
				Broadcast: c.TxBroadcast, Dropped: c.TxDropped(), Errors: c.TxErrors}}
		for q, n := range c.Queues {
			share := 0.0
			if busy := workers[n.Worker].Busy; busy > 0 {
				share = min(1, n.Busy.Seconds()/busy.Seconds())
			}
			pc.Queues = append(pc.Queues, control.QueueCounters{Queue: q, Worker: n.Worker, Packets: n.Packets, Bytes: n.Bytes,
				Busy: n.Busy.Seconds(), Share: share})
		}
		r = append(r, pc)
	}
	return r, nil
}

func (d *Daemon) cmdWorkers([]string) (control.Reply, error) {
	r := control.WorkersReply{}
	for _, w := range d.dp.WorkerCounters() {
		r = append(r, control.WorkerCounters{Worker: w.Worker, ExactHits: w.SignatureHits, MegaflowHits: w.MegaflowHits,
			Misses: w.Misses, SubtablesProbed: w.SubtablesProbed, Recirculations: w.Recirculations, Upcalls: w.Upcalls,
			Breaths: w.Breaths, Busy: w.Busy.Seconds(), Panics: w.Panics, FlowLimitHits: w.FlowLimit, Megaflows: w.Megaflows, Narrowed: w.Narrowed,
			Subtables: w.Subtables, BuffersInUse: w.BuffersInUse, Buffers: w.Buffers})
	}
	return r, nil
}

func (d *Daemon) cmdLedger([]string) (control.Reply, error) {
	l := d.dp.Ledger()
	return control.LedgerReply{Received: l.Received, Cloned: l.Cloned, Originated: l.Originated, Split: l.Split,
		Sent: l.Sent, Dropped: l.Dropped, Consumed: l.Consumed, Merged: l.Merged, Held: l.Held, Imbalance: l.Imbalance()}, nil
}
