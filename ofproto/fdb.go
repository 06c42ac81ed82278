package ofproto

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
)

// fdb is a bridge's forwarding database: which port a station was seen on, per
// VLAN. Translation reads it without a lock; it is changed under mu, by workers
// that learn and by the control goroutine that expires.
type fdb struct {
	seed    maphash.Seed
	buckets atomic.Pointer[fdbBuckets]

	mu      sync.Mutex
	n       int
	statics int
	limit   int
	aging   time.Duration
	byPort  map[*Port]*fdbList // learned entries; static ones are not in it
	learned uint64
	moved   uint64
	expired uint64
	evicted uint64
	evicts  func(fdbKey) // told of stations that make room for others, under mu; may be nil
}

// fdbKey is a station: an address in a VLAN, 0 outside of any.
type fdbKey struct {
	mac  flow.MAC
	vlan uint16
}

// fdbEntry is one station. Only used and the list links change once it is
// published: a station that moves gets a new entry.
type fdbEntry struct {
	fdbKey
	port       *Port
	static     bool
	used       atomic.Int64 // when a frame from the station was last seen
	next       atomic.Pointer[fdbEntry]
	prev, succ *fdbEntry // in the port's list
}

// fdbBuckets are chains of stations. There are a power of two of them, at least a
// quarter of the limit, so that chains are short.
type fdbBuckets []atomic.Pointer[fdbEntry]

func newFDBBuckets(limit int) *fdbBuckets {
	n := 4096
	for n < limit/4 {
		n *= 2
	}
	b := make(fdbBuckets, n)
	return &b
}

func newFDB(limit int, aging time.Duration) *fdb {
	f := &fdb{seed: maphash.MakeSeed(), limit: limit, aging: aging, byPort: map[*Port]*fdbList{}}
	f.buckets.Store(newFDBBuckets(limit))
	return f
}

func (f *fdb) bucket(k fdbKey) *atomic.Pointer[fdbEntry] {
	b := *f.buckets.Load()
	return &b[maphash.Comparable(f.seed, k)&uint64(len(b)-1)]
}

// each calls do for all entries, which it may unlink.
func (f *fdb) each(do func(*fdbEntry)) {
	b := *f.buckets.Load()
	for i := range b {
		for e := b[i].Load(); e != nil; e = e.next.Load() {
			do(e)
		}
	}
}

// lookup finds a station, or nil.
func (f *fdb) lookup(k fdbKey) *fdbEntry {
	for e := f.bucket(k).Load(); e != nil; e = e.next.Load() {
		if e.fdbKey == k {
			return e
		}
	}
	return nil
}

// learn notes that station k was seen on port at time now, and reports whether
// that changes where frames to it go. Static entries never move.
func (f *fdb) learn(k fdbKey, port *Port, now int64) (changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.lookup(k)
	switch {
	case e == nil:
		if f.n >= f.limit && !f.evict() {
			return false
		}
		f.learned++
	case e.static:
		return false
	case e.port == port:
		f.refresh(e, now)
		return false
	default:
		f.moved++
		f.unlink(e)
	}
	f.link(&fdbEntry{fdbKey: k, port: port}, now)
	return true
}

// setStatic pins station k to port.
func (f *fdb) setStatic(k fdbKey, port *Port) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.lookup(k); e != nil {
		f.unlink(e)
	}
	f.link(&fdbEntry{fdbKey: k, port: port, static: true}, 0)
}

// touch keeps a learned station alive: it was seen on port at time now.
func (f *fdb) touch(k fdbKey, port *Port, now int64) {
	e := f.lookup(k)
	if e == nil || e.static || e.port != port || e.used.Load() >= now {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lookup(k) == e {
		f.refresh(e, now)
	}
}

func (f *fdb) refresh(e *fdbEntry, now int64) {
	if e.used.Load() < now {
		e.used.Store(now)
		l := f.byPort[e.port]
		l.remove(e)
		l.append(e)
	}
}

// expire forgets stations not seen since before now minus the aging time, and
// returns their tags.
func (f *fdb) expire(now int64, tag func(fdbKey) uint64) (tags uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.byPort {
		for e := l.first(); e != nil && e.used.Load() < now-int64(f.aging); e = l.first() {
			tags |= tag(e.fdbKey)
			f.expired++
			f.unlink(e)
		}
	}
	return tags
}

// flush forgets the entries that drop accepts.
func (f *fdb) flush(drop func(*fdbEntry) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.each(func(e *fdbEntry) {
		if drop(e) {
			f.unlink(e)
		}
	})
}

// forgetPort forgets all of a port's stations, static ones too.
func (f *fdb) forgetPort(p *Port) { f.flush(func(e *fdbEntry) bool { return e.port == p }) }

// configure changes limit and aging time; entries over the limit go.
func (f *fdb) configure(limit int, aging time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit, f.aging = limit, aging
	for f.n > f.limit && f.evict() {
	}
	if b := newFDBBuckets(limit); len(*b) > len(*f.buckets.Load()) {
		f.move(b)
	}
}

// move has all stations in other buckets. Who reads meanwhile finds the old entries.
func (f *fdb) move(to *fdbBuckets) {
	var all []*fdbEntry
	f.each(func(e *fdbEntry) {
		c := &fdbEntry{fdbKey: e.fdbKey, port: e.port, static: e.static}
		c.used.Store(e.used.Load())
		all = append(all, c)
	})
	// In lists the longest unused come first.
	slices.SortStableFunc(all, func(a, b *fdbEntry) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	moved := &fdb{seed: f.seed, byPort: map[*Port]*fdbList{}}
	moved.buckets.Store(to)
	for _, e := range all {
		moved.link(e, e.used.Load())
	}
	f.byPort = moved.byPort
	f.buckets.Store(to)
}

// evict forgets a station for another one: of the port that has most learned ones
// that which was not seen for longest. So a port with senders without number takes
// nothing from others.
func (f *fdb) evict() bool {
	var most *fdbList
	for _, l := range f.byPort {
		if most == nil || l.n > most.n || l.n == most.n && l.first().used.Load() < most.first().used.Load() {
			most = l
		}
	}
	if most == nil {
		return false
	}
	f.evicted++
	e := most.first()
	f.unlink(e)
	if f.evicts != nil {
		f.evicts(e.fdbKey)
	}
	return true
}

func (f *fdb) link(e *fdbEntry, now int64) {
	e.used.Store(now)
	b := f.bucket(e.fdbKey)
	e.next.Store(b.Load())
	b.Store(e)
	if e.static {
		f.statics++
	} else {
		l := f.byPort[e.port]
		if l == nil {
			l = newFDBList()
			f.byPort[e.port] = l
		}
		l.append(e)
	}
	f.n++
}

// unlink takes e out. A reader that stands on e still finds the rest of the
// chain: e.next stays.
func (f *fdb) unlink(e *fdbEntry) {
	p := f.bucket(e.fdbKey)
	for p.Load() != e {
		p = &p.Load().next
	}
	p.Store(e.next.Load())
	if e.static {
		f.statics--
	} else {
		if l := f.byPort[e.port]; l.remove(e) == 0 {
			delete(f.byPort, e.port)
		}
	}
	f.n--
}

// Station is one entry of a forwarding database.
type Station struct {
	Port   *Port
	VLAN   uint16
	MAC    flow.MAC
	Age    time.Duration // since it was last seen; 0 for a static one
	Static bool
}

// list is the database ordered by VLAN and address.
func (f *fdb) list(now int64) []Station {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Station
	f.each(func(e *fdbEntry) {
		s := Station{Port: e.port, VLAN: e.vlan, MAC: e.mac, Static: e.static}
		if !e.static {
			s.Age = time.Duration(now - e.used.Load())
		}
		all = append(all, s)
	})
	slices.SortFunc(all, func(a, b Station) int {
		return cmp.Or(cmp.Compare(a.VLAN, b.VLAN), bytes.Compare(a.MAC[:], b.MAC[:]))
	})
	return all
}

// FDBStats counts what happened to a forwarding database.
type FDBStats struct {
	Entries, Static, Limit           int
	Learned, Moved, Expired, Evicted uint64
}

func (f *fdb) stats() FDBStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return FDBStats{Entries: f.n, Static: f.statics, Limit: f.limit, Learned: f.learned, Moved: f.moved, Expired: f.expired, Evicted: f.evicted}
}

// stationCredit keeps a learned station alive while a megaflow is hit that
// carries its frames. It names the station rather than holding its entry, which
// may not exist yet when the megaflow is made.
type stationCredit struct {
	bridge *Bridge
	key    fdbKey
	port   *Port
}

// Credit implements datapath.Credit.
func (c stationCredit) Credit(h datapath.Hits) { c.bridge.fdb.touch(c.key, c.port, h.Used) }

// fdbList is an intrusive ring of a port's learned entries, the longest unused first.
type fdbList struct {
	root fdbEntry
	n    int
}

func newFDBList() *fdbList {
	l := &fdbList{}
	l.root.prev, l.root.succ = &l.root, &l.root
	return l
}

func (l *fdbList) first() *fdbEntry {
	if l.root.succ == &l.root {
		return nil
	}
	return l.root.succ
}

func (l *fdbList) append(e *fdbEntry) {
	e.prev, e.succ = l.root.prev, &l.root
	e.prev.succ, l.root.prev = e, e
	l.n++
}

// remove takes e out and returns how many are left.
func (l *fdbList) remove(e *fdbEntry) int {
	e.prev.succ, e.succ.prev = e.succ, e.prev
	e.prev, e.succ = nil, nil
	l.n--
	return l.n
}
