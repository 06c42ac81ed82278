package ofproto

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/flow/classifier"
	"vswitch/openflow"
)

// Options configure a Switch.
type Options struct {
	Seed         uint64        // of hashes
	MegaflowIdle time.Duration // unused megaflows go after it: 10 s
	Description  Description   // what OFPST_DESC says
	// PortDown is called when a controller sets a port's administrative state; the
	// daemon then changes the carrier of its device. May be nil.
	PortDown func(p *Port, down bool)
	Wake     func() // called, by workers too, when Run has something to do now; may be nil
	// Clock tells how long something has taken that others wait for, in monotonic
	// nanoseconds; nil: nothing takes any time.
	Clock func() int64
}

// Description identifies the switch to controllers.
type Description struct{ Manufacturer, Hardware, Software, Serial string }

// Switch is a set of bridges over one datapath. It is the datapath's SlowPath.
type Switch struct {
	options Options
	dp      Datapath
	version atomic.Uint64 // of the flow tables
	epoch   atomic.Uint64 // of everything that translation reads
	commits atomic.Uint64 // of bundles; odd while one becomes visible, which takes several stores
	bridges atomic.Pointer[map[string]*Bridge]
	byID    atomic.Pointer[map[datapath.PortID]*Port]
	recircs recircTable
	stale   atomic.Uint64 // tags of what changed since the last Settle
	xlates  sync.Pool     // of *xlate

	// What peers have the switch keep for them, and how much of it there may be: see
	// maxWaiting.
	waiting      atomic.Int64 // bytes that are to be sent
	mostWaiting  int64
	gathered     int // bytes of what is not complete; guarded by mu
	mostGathered int

	mu      sync.Mutex // the control lock
	now     int64
	next    int64 // when Run looks again at what time brings
	overdue int64 // flows whose time had come then are still being removed; 0: none are

	// tables guards what changes of the flow tables write: see Bridge.change.
	// Workers take it too, where a packet makes a flow, so it is never held while
	// the datapath is called. Taken after mu.
	tables  sync.Mutex
	removed []removal                             // rules to report and free at the next Settle
	outputs map[openflow.Output][]openflow.Action // see shareActions
}

// Datapath is what the switch needs of the datapath. *datapath.Datapath has it.
type Datapath interface {
	Revalidate(version, tags uint64, keep func(*datapath.Megaflow) bool)
	Expire(now int64, idle time.Duration)
	Fold()
	Synchronize()
	Inject(list []datapath.Origin, enough func() bool) int
	PortCounters(datapath.PortID) (datapath.PortCounters, bool)
	Megaflows() []*datapath.Megaflow
}

var _ Datapath = (*datapath.Datapath)(nil)
var _ datapath.SlowPath = (*Switch)(nil)

// New makes a switch without bridges. SetDatapath must follow before any packet.
func New(o Options) *Switch {
	if o.MegaflowIdle == 0 {
		o.MegaflowIdle = 10 * time.Second
	}
	s := &Switch{options: o, mostWaiting: maxWaiting, mostGathered: maxGathered}
	s.version.Store(1)
	s.epoch.Store(1)
	s.bridges.Store(&map[string]*Bridge{})
	s.byID.Store(&map[datapath.PortID]*Port{})
	s.recircs.init()
	s.xlates.New = func() any { return newXlate() }
	return s
}

// SetDatapath says which datapath the switch decides for.
func (s *Switch) SetDatapath(d Datapath) { s.dp = d }

// lock takes the control lock and sets the time.
func (s *Switch) lock(now int64) func() {
	s.mu.Lock()
	s.now = max(s.now, now)
	return s.mu.Unlock
}

// clock is the time by the clock that Options has.
func (s *Switch) clock() int64 {
	if s.options.Clock == nil {
		return 0
	}
	return s.options.Clock()
}

// touch notes that something that translation reads has changed, and is
// visible. Megaflows that depend on one of tags go or are made anew at the next
// Settle. Workers call it too.
func (s *Switch) touch(tags uint64) {
	s.epoch.Add(1)
	for old := s.stale.Load(); !s.stale.CompareAndSwap(old, old|tags); old = s.stale.Load() {
	}
}

// publish makes the prepared version of the tables visible.
func (s *Switch) publish() {
	s.version.Add(1)
	s.touch(settingsTag)
}

// nextVersion is the version that publish will make visible.
func (s *Switch) nextVersion() uint64 { return s.version.Load() + 1 }

// Settle makes the datapath agree with everything that was changed before: when
// it returns, every frame received later sees the new state, removed rules are
// reported with their last counts, and their memory is free.
func (s *Switch) Settle(now int64) {
	defer s.lock(now)()
	s.settle()
}

func (s *Switch) settle() {
	// Taken first, since workers remove rules too: what is freed below was gone
	// from the tables before the caches are looked over.
	gone := s.takeRemoved()
	if tags := s.stale.Swap(0); tags != 0 {
		s.dp.Revalidate(s.epoch.Load(), tags, s.keep)
	}
	if len(gone) == 0 {
		return
	}
	s.dp.Synchronize()
	s.recircs.forget(gone)
	for _, r := range gone {
		if r.notify != nil {
			r.notify(r.rule)
		}
	}
	s.tables.Lock()
	defer s.tables.Unlock()
	for _, r := range gone {
		r.table.free(r.id)
	}
}

func (s *Switch) takeRemoved() (gone []removal) {
	s.tables.Lock()
	defer s.tables.Unlock()
	gone, s.removed = s.removed, nil
	return gone
}

// RevalidateAll translates every megaflow again, as if everything had changed.
func (s *Switch) RevalidateAll(now int64) {
	s.touch(settingsTag)
	s.Settle(now)
}

// keep says whether a megaflow's verdict is still what translation says. One whose
// translation would now cause an effect (its sender moved away and is to be
// learned again) has to go, so that the next packet causes it.
func (s *Switch) keep(m *datapath.Megaflow) bool {
	k := m.Key()
	x := s.getXlate()
	defer s.putXlate(x)
	if err := x.run(s, &k); err != nil {
		return false
	}
	return !x.result.NoCache && len(x.result.Effects) == 0 && m.MaskIs(&x.result.Mask) &&
		datapath.ActionsEqual(x.result.Actions, m.Actions(), sameHandle) &&
		slices.Equal(x.result.Credits, m.Credits())
}

// Run does what time brings: flows and stations that expire, unused megaflows,
// what workers left to be revalidated. It returns when it wants to be called
// again.
func (s *Switch) Run(now int64) (next int64) {
	defer s.lock(now)()
	for _, b := range *s.bridges.Load() {
		b.resumeMonitors()
	}
	if now >= s.next {
		s.next, s.overdue = now+int64(runInterval), now
		s.expire(now)
	}
	if s.overdue != 0 && s.expireSome() {
		s.overdue = 0
		s.next = min(s.next, max(s.soonestExpiry(), now+int64(runPause)))
	}
	s.settle()
	if s.overdue != 0 {
		return now // others come first
	}
	return s.next
}

// NextRun says when Run is to be called again that took from begin to end and asked for
// next. Where it took long, it rests for as long, whoever wakes it: workers that learn
// without end (a flood of MAC addresses) would otherwise have every change looked over
// at once, which takes a processor and the caches from those who forward.
func NextRun(begin, end, next int64) (at int64, rests bool) {
	const long, most = int64(200 * time.Microsecond), int64(50 * time.Millisecond)
	if took := end - begin; took > long {
		return end + min(took, most), true
	}
	return next, false
}

// runInterval is how late an expiry may be noticed; of flows, where there are no more
// than fewTimed with a timeout, it is runPause.
const (
	runInterval = 500 * time.Millisecond
	runPause    = 100 * time.Millisecond
	fewTimed    = 1000
)

// soonestExpiry is when the first flow has outlived its time if nothing hits it any
// more. Where there are many it does not look.
func (s *Switch) soonestExpiry() int64 {
	soonest, n := int64(math.MaxInt64), 0
	for _, b := range *s.bridges.Load() {
		if n += len(b.timed); n > fewTimed {
			return math.MaxInt64
		}
		for r := range b.timed {
			soonest = min(soonest, r.expiry())
		}
	}
	return soonest
}

// expiresAtOnce is how many flows Run removes in one go: telling controllers of each
// takes long, and many may have been added together.
const expiresAtOnce = 1000

// expireSome removes flows that had outlived their time when counts were folded last,
// and reports whether they were all.
func (s *Switch) expireSome() bool {
	room := expiresAtOnce
	for _, b := range s.sorted() {
		if room -= b.expireRules(s.overdue, room); room == 0 {
			return false
		}
	}
	return true
}

// expire removes what has outlived its time, but for flows, of which there may be many.
func (s *Switch) expire(now int64) {
	s.dp.Expire(now, s.options.MegaflowIdle)
	s.dp.Fold() // says what is still used
	for _, b := range s.sorted() {
		b.renewEvictors()
		for _, session := range *b.sessions.Load() {
			session.expireBundles(now)
		}
		b.standAlone(now)
		if tags := b.fdb.expire(now, b.stationTag); tags != 0 {
			s.touch(tags)
		}
	}
	s.recircs.sweep(s.dp.Megaflows(), now)
}

// Bridge finds a bridge by name, or nil.
func (s *Switch) Bridge(name string) *Bridge { return (*s.bridges.Load())[name] }

// Bridges lists the bridges by name.
func (s *Switch) Bridges() []*Bridge { return s.sorted() }

func (s *Switch) sorted() []*Bridge {
	all := *s.bridges.Load()
	list := make([]*Bridge, 0, len(all))
	for _, b := range all {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *Bridge) int { return compareNames(a.Name, b.Name) })
	return list
}

// AddBridge makes a bridge with its LOCAL port, which has no device yet.
func (s *Switch) AddBridge(name string, c BridgeConfig, now int64) (*Bridge, error) {
	defer s.lock(now)()
	all := *s.bridges.Load()
	if all[name] != nil {
		return nil, fmt.Errorf("bridge %s: there is one of that name", name)
	}
	b := newBridge(s, name, c)
	m := cloneMap(all)
	m[name] = b
	s.bridges.Store(&m)
	b.addPort(PortConfig{Name: name, No: portLocal}, 0, PortInfo{MAC: c.localMAC()})
	b.standAlone(now)
	s.touch(settingsTag)
	return b, nil
}

// RemoveBridge removes a bridge, whose ports must be gone from the datapath.
func (s *Switch) RemoveBridge(name string, now int64) error {
	defer s.lock(now)()
	all := *s.bridges.Load()
	b := all[name]
	if b == nil {
		return fmt.Errorf("bridge %s: no such bridge", name)
	}
	for _, p := range b.ports.Load().ordered {
		b.removePort(p)
	}
	m := cloneMap(all)
	delete(m, name)
	s.bridges.Store(&m)
	b.close()
	s.touch(settingsTag)
	s.settle()
	return nil
}

// setID notes which port stands behind a datapath port, or with nil that none
// does any more.
func (s *Switch) setID(id datapath.PortID, p *Port) {
	m := cloneMap(*s.byID.Load())
	if p == nil {
		delete(m, id)
	} else {
		m[id] = p
	}
	s.byID.Store(&m)
}

// removal is a rule that has vanished from the tables and waits for the last
// packets that knew it.
type removal struct {
	rule   *Rule
	table  *Table
	id     classifier.ID
	notify func(*Rule) // sends flow-removed; nil where nobody wants it
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	c := make(map[K]V, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

// Stations lists a bridge's forwarding database.
func (b *Bridge) Stations(now int64) []Station {
	b.sw.dp.Fold()
	return b.fdb.list(now)
}

// stationTag is the Bloom bit of translations that looked station k up.
func (b *Bridge) stationTag(k fdbKey) uint64 {
	h := uint64(flowHash(k)) ^ b.tagSeed
	return 1 << (h % 63)
}

// settingsTag is the Bloom bit that every translation depends on: ports, rules
// and settings. The other 63 are for stations.
const settingsTag = 1 << 63

func flowHash(k fdbKey) uint64 {
	var h uint64
	for _, c := range k.mac {
		h = h*0x100000001b3 + uint64(c)
	}
	return (h*0x100000001b3 + uint64(k.vlan)) * 0x9e3779b97f4a7c15 >> 32
}

func macString(m flow.MAC) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}
