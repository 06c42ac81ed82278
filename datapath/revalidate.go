package datapath

import "time"

// Revalidate asks keep about every megaflow that depends on one of tags (all
// bits: every one), and removes those that it refuses. version is the slow
// path's state that keep judges by: verdicts from an older one, still under
// way in a worker, are used once and not remembered.
//
// When it returns, no worker uses a removed megaflow any more, and all that
// they counted is folded. keep is called without any lock held.
func (d *Datapath) Revalidate(version, tags uint64, keep func(*Megaflow) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flows.raise(version)
	var stale []*Megaflow
	for _, m := range d.flows.snapshot() {
		if m.tags&tags != 0 && !keep(m) {
			stale = append(stale, m)
		}
	}
	d.evict(stale)
}

// Expire removes megaflows that were not used since before now-idle.
func (d *Datapath) Expire(now int64, idle time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	begin := d.time()
	defer func() { d.flows.count(d.time() - begin) }()
	var stale []*Megaflow
	for _, m := range d.flows.snapshot() {
		if m.used.Load() < now-int64(idle) {
			stale = append(stale, m)
		}
	}
	d.evict(stale)
}

// Purge removes all megaflows: every flow of packets is decided anew.
func (d *Datapath) Purge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.evict(d.flows.snapshot())
}

// Census says how many megaflows there are and were, as of Expire.
func (d *Datapath) Census() Census { return d.flows.counted() }

// time is the workers' clock, 0 where Step says the time.
func (d *Datapath) time() int64 {
	if d.options.Clock == nil {
		return 0
	}
	return d.options.Clock()
}

// Fold brings every credit up to date with what the megaflows have counted.
func (d *Datapath) Fold() { d.flows.fold() }

// Megaflows lists what the caches hold, in no order. The entries are live.
func (d *Datapath) Megaflows() []*Megaflow { return d.flows.snapshot() }

// evict takes megaflows out of their workers' caches and folds them.
// The caller holds d.mu.
func (d *Datapath) evict(stale []*Megaflow) {
	if len(stale) == 0 {
		return
	}
	d.flows.retire(stale)
	byWorker := make([][]*Megaflow, len(d.workers))
	for _, m := range stale {
		byWorker[m.worker] = append(byWorker[m.worker], m)
	}
	d.each(func(w *Worker) {
		for _, m := range byWorker[w.id] {
			w.cache.remove(m)
		}
	})
	d.flows.settle()
}
