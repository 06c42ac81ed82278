package oracle

import (
	"fmt"
	"maps"
	"slices"

	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/packet"
)

// Reference is the second switch.
type Reference struct {
	bridges map[string]*bridge
	ports   map[string]*port // of all bridges
	now     float64          // in seconds
	pool    *packet.Pool
}

type bridge struct {
	name     string
	ports    []*port // by number
	tables   [256]*table
	groups   map[uint32]*group
	meters   map[uint32]*meter
	stations map[station]*port
}

// port is a port; a patch port has a peer.
type port struct {
	ofproto.PortConfig
	bridge *bridge
	peer   *port
}

type station struct {
	bridge *bridge
	mac    flow.MAC
	vlan   uint16
}

type table struct {
	rules            []*rule
	unsure           bool
	lookups, matched uint64
}

type rule struct {
	openflow.FlowMod
	packets, bytes uint64
	inexact        bool // bytes: packets came that had changed their size before
	unsure         bool // packets: some may have taken another way
}

type group struct {
	openflow.GroupMod
	unsure  bool
	packets uint64
	buckets []uint64 // packets of each
}

// NewReference is a switch without bridges.
func NewReference() (*Reference, error) {
	pool, err := packet.NewPool(8, 16<<10, packet.Headroom)
	if err != nil {
		return nil, err
	}
	return &Reference{bridges: map[string]*bridge{}, ports: map[string]*port{}, pool: pool}, nil
}

// Close frees the memory for frames.
func (r *Reference) Close() error { return r.pool.Close() }

// AddPort adds a port, and its bridge where that is new.
func (r *Reference) AddPort(to string, c ofproto.PortConfig) {
	b := r.bridges[to]
	if b == nil {
		b = &bridge{name: to, groups: map[uint32]*group{}, meters: map[uint32]*meter{}, stations: map[station]*port{}}
		r.bridges[to] = b
	}
	p := &port{PortConfig: c, bridge: b}
	b.ports = append(b.ports, p)
	slices.SortFunc(b.ports, func(x, y *port) int { return int(x.No) - int(y.No) })
	r.ports[c.Name] = p
	if peer := r.ports[c.Peer]; peer != nil && peer.Peer == c.Name {
		p.peer, peer.peer = peer, p
	}
}

// AddFlow adds a flow that the switch has accepted. It replaces one of the same
// match and priority.
func (r *Reference) AddFlow(to string, m *openflow.FlowMod) {
	t := r.bridges[to].table(m.Table)
	t.rules = slices.DeleteFunc(t.rules, func(old *rule) bool {
		return old.Priority == m.Priority && old.Match.Equal(&m.Match.Match)
	})
	t.rules = append(t.rules, &rule{FlowMod: *m})
}

// AddGroup adds a group that the switch has accepted.
func (r *Reference) AddGroup(to string, m *openflow.GroupMod) {
	r.bridges[to].groups[m.Group] = &group{GroupMod: *m, buckets: make([]uint64, len(m.Buckets))}
}

func (b *bridge) table(n uint8) *table {
	if b.tables[n] == nil {
		b.tables[n] = &table{}
	}
	return b.tables[n]
}

func (b *bridge) port(no openflow.PortNo) *port {
	for _, p := range b.ports {
		if p.No == no {
			return p
		}
	}
	return nil
}

// outcome is what happens because of one packet. Nothing has changed before
// commit.
type outcome struct {
	sent      []string // "port bytes"
	packetIns []string
	reasons   map[string]bool // why a packet that goes nowhere is dropped: one of these
	// unknown says why the reference cannot tell what has to happen.
	unknown string
	// loops: the packet came back, and its sender seems to have moved. What its
	// copies then find depends on which of them goes first.
	loops bool
	// taught: the packet came by a flow or to a station of which it has told itself.
	// A copy that is looked into again may still find the megaflow of an earlier packet.
	taught bool
	// lags: a cache has not heard yet of what the packet taught. Without one that
	// does not happen.
	lags bool

	hits     []hit
	lookups  []lookup
	searches []search // the same ones, told apart
	groups   []*group
	buckets  []bucketHit
	stations map[station]*port
	asks     []ask
	meters   map[*meter]*meter // as the packet leaves them
	learned  []learned

	branched bool // a copy was looked up
	aborted  bool // nothing more is done

	choices []int // the choices to take, each one of
	options []int // so many
}

type hit struct {
	rule *rule
	size int
	same bool // the packet had its size from the beginning
}

type lookup struct {
	table   *table
	matched bool
}

// search is a lookup: who looked for what, and found which flow.
type search struct {
	by    *walk
	table *table
	view  flow.Pipeline
	found *rule
}

type bucketHit struct {
	group  *group
	bucket int
}

// ask is a copy's question for a station, and the answer.
type ask struct {
	by      *walk
	station station
	to      *port
}

// learned is a flow that the packet makes, or makes anew.
type learned struct {
	bridge *bridge
	rule   *rule
	by     *walk // the copy
}

// choose is one of n.
func (o *outcome) choose(n int) int {
	if n <= 1 {
		return 0
	}
	at := len(o.options)
	o.options = append(o.options, n)
	if at == len(o.choices) {
		o.choices = append(o.choices, 0)
	}
	return o.choices[at]
}

// next moves on to choices not tried before; false after the last.
func (o *outcome) next() (choices []int, more bool) {
	c := slices.Clone(o.choices[:len(o.options)])
	for i := len(c) - 1; i >= 0; i-- {
		if c[i]++; c[i] < o.options[i] {
			return c[:i+1], true
		}
	}
	return nil, false
}

// maxOutcomes bounds how many choices are tried, maxEffort how many lookups and
// frames they may have in all: each has its own record in memory.
const (
	maxOutcomes = 512
	maxEffort   = 20_000
)

// Outcomes are all that may happen to a packet, that comes in by a port or with a
// packet-out.
func (r *Reference) Outcomes(p Packet, out *openflow.PacketOut) []*outcome {
	var all []*outcome
	var choices []int
	effort := 0
	for more := true; more; {
		o := &outcome{reasons: map[string]bool{}, stations: map[station]*port{}, meters: map[*meter]*meter{}, choices: choices}
		if out != nil {
			r.packetOut(o, p, out)
		} else {
			r.receive(o, p.Port, p.Data)
		}
		all = append(all, o)
		choices, more = o.next()
		effort += len(o.lookups) + len(o.sent) + len(o.packetIns)
		if more && (len(all) == maxOutcomes || effort > maxEffort) {
			o.unknown = "too many ways"
			return []*outcome{o}
		}
	}
	return all
}

// receive walks one packet through the switch.
func (r *Reference) receive(o *outcome, in string, data []byte) {
	if len(data) < packet.EthSize {
		o.reasons["runt"] = true
		return
	}
	w := &walk{r: r, o: o, size: len(data), frame: frame{data: data}}
	w.enter(r.ports[in])
}

// Commit makes what happened to a packet the state that the next one finds.
func (r *Reference) Commit(o *outcome) {
	for _, h := range o.hits {
		h.rule.packets++
		h.rule.bytes += uint64(h.size)
		h.rule.inexact = h.rule.inexact || !h.same
	}
	for _, l := range o.lookups {
		l.table.lookups++
		if l.matched {
			l.table.matched++
		}
	}
	for _, g := range o.groups {
		g.packets++
	}
	for _, b := range o.buckets {
		b.group.buckets[b.bucket]++
	}
	for m, after := range o.meters {
		*m = *after
	}
	for s, p := range o.stations {
		p.bridge.stations[s] = p
	}
	for _, l := range o.learned {
		l.bridge.learn(l.rule)
	}
}

// Unsure notes that the packet may as well have taken o, which looks the same.
func (r *Reference) Unsure(o *outcome) {
	for _, h := range o.hits {
		h.rule.unsure = true
	}
	for _, l := range o.lookups {
		l.table.unsure = true
	}
	for _, g := range o.groups {
		g.unsure = true
	}
	for _, b := range o.buckets {
		b.group.unsure = true
	}
	for m := range o.meters {
		m.unsure = true
	}
	for _, l := range o.learned {
		for _, old := range l.bridge.table(l.rule.Table).rules {
			old.unsure = old.unsure || old.Priority == l.rule.Priority && old.Match.Equal(&l.rule.Match.Match)
		}
	}
}

// way is all that an outcome counts toward and makes, as text.
func (o *outcome) way() string {
	return fmt.Sprint(o.hits, o.lookups, o.groups, o.buckets) + o.lesson()
}

// lesson is what an outcome leaves behind for the next packets, as text.
func (o *outcome) lesson() string {
	s := fmt.Sprint(o.stations)
	for _, m := range slices.SortedFunc(maps.Values(o.meters), func(a, b *meter) int { return int(a.Meter) - int(b.Meter) }) {
		s += fmt.Sprint(m.Meter, m.packets, m.bytes, m.bands)
	}
	for _, l := range o.learned {
		s += fmt.Sprint(l.bridge.name, l.rule.FlowMod)
	}
	return s
}

// learn puts a learned flow in the place of the one that it replaces, whose
// counters it takes over.
func (b *bridge) learn(n *rule) {
	t := b.table(n.Table)
	for _, old := range t.rules {
		if old.Priority == n.Priority && old.Match.Equal(&n.Match.Match) {
			old.Actions, old.Cookie = n.Actions, n.Cookie
			old.packets += n.packets
			old.bytes += n.bytes
			old.inexact = old.inexact || n.inexact
			return
		}
	}
	t.rules = append(t.rules, n)
}
