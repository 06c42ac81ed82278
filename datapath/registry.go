package datapath

import (
	"sync"
	"time"
)

// registry knows the megaflows of all workers: those who read counters,
// revalidate and expire find them here. Workers come here only when they
// install, never for a hit.
type registry struct {
	mu      sync.Mutex
	flows   []*Megaflow // those in caches, in no order
	leaving []*Megaflow // out of the list, perhaps still in their worker's cache
	limit   int
	version uint64 // megaflows of an older version are not added any more
	census  Census // as of the last look over all
}

// Census says how many megaflows there are.
type Census struct {
	Now, Limit    int
	Average, Most int           // of the looks over all, the average with more weight on the last ones
	Took          time.Duration // the last look; 0 where there is no clock
}

// count notes how many there are, and how long it took to look at all.
func (r *registry) count(took int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.flows)
	r.census.Average, r.census.Most, r.census.Took = (r.census.Average+n)/2, max(r.census.Most, n), time.Duration(took)
}

func (r *registry) counted() Census {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.census
	c.Now, c.Limit = len(r.flows), r.limit
	c.Most = max(c.Most, c.Now)
	return c
}

// add registers m, or reports that it must not be kept: the version of its verdict has been
// revalidated away, or there are too many, and it is full.
func (r *registry) add(m *Megaflow, version uint64) (kept, full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version < r.version {
		return false, false
	}
	if len(r.flows) >= r.limit {
		return false, true
	}
	m.index = int32(len(r.flows))
	r.flows = append(r.flows, m)
	return true, false
}

// credit counts a hit that no megaflow remembers.
func (r *registry) credit(credits []Credit, h Hits) {
	if len(credits) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range credits {
		c.Credit(h)
	}
}

// fold gives every credit what its megaflows have counted since the last time.
func (r *registry) fold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.flows {
		m.fold()
	}
	for _, m := range r.leaving {
		m.fold()
	}
}

func (m *Megaflow) fold() {
	now := m.Hits()
	d := Hits{now.Packets - m.folded.Packets, now.Bytes - m.folded.Bytes, now.Used}
	if d.Packets == 0 {
		return
	}
	m.folded = now
	for _, c := range m.credits {
		c.Credit(d)
	}
}

// snapshot lists the megaflows that are in caches.
func (r *registry) snapshot() []*Megaflow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Megaflow(nil), r.flows...)
}

// raise refuses megaflows older than version from now on.
func (r *registry) raise(version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = max(r.version, version)
}

// retire moves megaflows out of the list. Their counts stay within reach until
// settle.
func (r *registry) retire(flows []*Megaflow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range flows {
		last := len(r.flows) - 1
		r.flows[m.index] = r.flows[last]
		r.flows[m.index].index = m.index
		r.flows[last] = nil
		r.flows = r.flows[:last]
	}
	r.leaving = append(r.leaving, flows...)
}

// settle folds, for the last time, megaflows that no worker uses any more.
func (r *registry) settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.leaving {
		m.fold()
	}
	r.leaving = nil
}
