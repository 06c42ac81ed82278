package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vswitch/config"
	"vswitch/datapath"
	"vswitch/ofproto"
)

// Source is what there is to see. Its functions wait for nobody who may wait for
// a worker.
type Source struct {
	Version     string
	Datapath    *datapath.Datapath
	Switch      *ofproto.Switch
	State       func() State
	Controllers func() []Controller
	Cookies     []config.Cookie // flows whose counts are wanted
}

// State is that of the configuration.
type State struct {
	Ready       bool
	Troubles    int
	Certificate time.Time // when it ends; zero without one
}

// Controller is a connection that a bridge keeps up.
type Controller struct {
	Bridge, Target string
	Connected      bool
	Role           string        // valid iff Connected
	Since          time.Duration // in this state
	Connections    uint64
	Received, Sent uint64 // messages
}

// collector reads a source at each scrape.
type collector struct {
	source Source
	descs  [numFamilies]*prometheus.Desc
}

var _ prometheus.Collector = (*collector)(nil)

func newCollector(s Source) *collector {
	c := &collector{source: s}
	for i, f := range families {
		c.descs[i] = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	o := output{c, to}
	state := c.source.State()
	o.put(fBuild, 1, c.source.Version)
	o.put(fReady, truth(state.Ready))
	o.put(fTroubles, float64(state.Troubles))
	if !state.Certificate.IsZero() {
		o.put(fCertificate, float64(state.Certificate.Unix()))
	}
	none, _ := c.source.Datapath.PortCounters(0)
	o.drops("", "", &none)
	for _, b := range c.source.Switch.Bridges() {
		for _, p := range b.Ports() {
			o.port(p)
		}
		o.bridge(b)
	}
	for _, w := range c.source.Datapath.WorkerCounters() {
		o.worker(&w)
	}
	o.ledger(c.source.Datapath.Ledger())
	for _, x := range c.source.Controllers() {
		o.controller(&x)
	}
}

// output takes the values of one scrape.
type output struct {
	c  *collector
	to chan<- prometheus.Metric
}

func (o output) put(f family, v float64, labels ...string) {
	o.to <- prometheus.MustNewConstMetric(o.c.descs[f], families[f].Kind, v, labels...)
}

// count is put for what has no fraction.
func (o output) count(f family, n uint64, labels ...string) { o.put(f, float64(n), labels...) }

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (o output) port(p *ofproto.Port) {
	bridge, c, i := p.Bridge.Name, p.Counters(), p.Info()
	o.put(fPortInfo, 1, bridge, p.Name, p.No.String())
	o.put(fPortUp, truth(i.Carrier && i.AdminUp && i.Present), bridge, p.Name)
	for _, x := range []struct {
		family family
		count  uint64
	}{
		{fRxPackets, c.RxPackets}, {fRxBytes, c.RxBytes}, {fRxSegments, c.RxSegments}, {fRxMulticast, c.RxMulticast},
		{fRxBroadcast, c.RxBroadcast}, {fRxErrors, c.RxErrors}, {fRxMissed, c.RxMissed},
		{fTxPackets, c.TxPackets}, {fTxBytes, c.TxBytes}, {fTxSegments, c.TxSegments}, {fTxMulticast, c.TxMulticast},
		{fTxBroadcast, c.TxBroadcast}, {fTxErrors, c.TxErrors},
	} {
		o.count(x.family, x.count, bridge, p.Name)
	}
	o.drops(bridge, p.Name, &c)
	for i, q := range c.Queues {
		queue, worker := strconv.Itoa(i), strconv.Itoa(q.Worker)
		o.count(fQueuePackets, q.Packets, bridge, p.Name, queue, worker)
		o.count(fQueueBytes, q.Bytes, bridge, p.Name, queue, worker)
	}
}

func (o output) drops(bridge, port string, c *datapath.PortCounters) {
	for reason, n := range c.Drops {
		if n == 0 {
			continue
		}
		i := datapath.DropReason(reason).Info()
		direction := "receive"
		if i.Tx {
			direction = "transmit"
		}
		o.count(fDrops, n, bridge, port, direction, i.Name)
	}
}

func (o output) bridge(b *ofproto.Bridge) {
	for _, t := range b.TableCounters() {
		table := strconv.Itoa(int(t.Table))
		o.put(fTableFlows, float64(t.Flows), b.Name, table)
		o.count(fTableLookups, t.Lookups, b.Name, table)
		o.count(fTableMatches, t.Matched, b.Name, table)
	}
	if cookies := o.c.source.Cookies; len(cookies) > 0 {
		list := make([]ofproto.CookieMatch, len(cookies))
		for i, c := range cookies {
			list[i] = ofproto.CookieMatch(c)
		}
		for i, s := range b.SumFlows(list) {
			cookie := cookies[i].String()
			o.put(fCookieFlows, float64(s.Flows), b.Name, cookie)
			o.count(fCookiePackets, s.Packets, b.Name, cookie)
			o.count(fCookieBytes, s.Bytes, b.Name, cookie)
		}
	}
	m := b.FDBStats()
	o.put(fMACs, float64(m.Entries-m.Static), b.Name, "learned")
	o.put(fMACs, float64(m.Static), b.Name, "static")
	o.put(fMACLimit, float64(m.Limit), b.Name)
	o.count(fMACEvents, m.Learned, b.Name, "learned")
	o.count(fMACEvents, m.Moved, b.Name, "moved")
	o.count(fMACEvents, m.Expired, b.Name, "expired")
	o.count(fMACEvents, m.Evicted, b.Name, "evicted")
	for _, n := range b.Messages() {
		direction := "in"
		if n.Sent {
			direction = "out"
		}
		o.count(fMessages, n.Count, b.Name, direction, n.Name)
	}
	o.count(fMessagesDropped, b.Dropped(), b.Name)
	for _, q := range b.PacketInQueues() {
		o.put(fPacketInsWaiting, float64(q.Waiting), b.Name, q.Port, q.Reason)
		o.count(fPacketInsDropped, q.Dropped, b.Name, q.Port, q.Reason)
	}
	sessions := [3]int{}
	for _, s := range b.Sessions() {
		sessions[s.Kind]++
	}
	for kind, name := range map[ofproto.SessionKind]string{ofproto.Controller: "controller", ofproto.Service: "service", ofproto.Snoop: "snoop"} {
		o.put(fSessions, float64(sessions[kind]), b.Name, name)
	}
}

func (o output) worker(w *datapath.WorkerCounters) {
	n := strconv.Itoa(w.Worker)
	o.count(fLookups, w.SignatureHits, n, "exact")
	o.count(fLookups, w.MegaflowHits, n, "megaflow")
	o.count(fLookups, w.Misses, n, "miss")
	o.count(fMasksProbed, w.SubtablesProbed, n)
	o.put(fMegaflows, float64(w.Megaflows), n)
	o.put(fMasks, float64(w.Subtables), n)
	o.count(fNotKept, w.FlowLimit, n)
	o.count(fNarrowed, w.Narrowed, n)
	o.count(fBreaths, w.Breaths, n)
	o.count(fUpcalls, w.Upcalls, n)
	o.put(fBusy, w.Busy.Seconds(), n)
	o.count(fRecirculations, w.Recirculations, n)
	o.count(fPanics, w.Panics, n)
	o.put(fBuffers, float64(w.Buffers), n, "frame")
	o.put(fBuffers, float64(w.Spills), n, "spill")
	o.put(fBuffersInUse, float64(w.BuffersInUse), n, "frame")
	o.put(fBuffersInUse, float64(w.SpillsInUse), n, "spill")
}

func (o output) ledger(l datapath.Ledger) {
	for account, n := range map[string]uint64{
		"received": l.Received, "cloned": l.Cloned, "originated": l.Originated, "split": l.Split,
		"sent": l.Sent, "dropped": l.Dropped, "consumed": l.Consumed, "merged": l.Merged,
	} {
		o.count(fFrames, n, account)
	}
	o.count(fHeld, l.Held)
	o.put(fImbalance, float64(l.Imbalance()))
}

func (o output) controller(x *Controller) {
	o.put(fControllerConnected, truth(x.Connected), x.Bridge, x.Target)
	o.count(fControllerConnections, x.Connections, x.Bridge, x.Target)
	o.put(fControllerSince, x.Since.Seconds(), x.Bridge, x.Target)
	if x.Connected {
		o.put(fControllerRole, 1, x.Bridge, x.Target, x.Role)
	}
	o.count(fControllerMessages, x.Received, x.Bridge, x.Target, "in")
	o.count(fControllerMessages, x.Sent, x.Bridge, x.Target, "out")
}
