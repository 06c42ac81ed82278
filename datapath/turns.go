package datapath

// lead is how much more of a worker's time a queue may have had than another one
// that has frames too, in nanoseconds.
const lead = 100_000

// Queues that have frames share a worker's time, not its breaths: one whose frames
// are expensive (each is of a new flow, or flooded to a hundred ports) has its turn
// less often, and others keep their part. A queue that had nothing to do for a while,
// or was never there, has not saved up for it.

// least is how much time the queue had that had least, of those that have frames, or
// of those that had some last.
func (w *Worker) least() int64 {
	if len(w.active) == 0 {
		return w.reached
	}
	n := w.active[0].spent
	for _, q := range w.active[1:] {
		n = min(n, q.spent)
	}
	w.reached = n
	return n
}

// activate puts q among the queues that may have frames.
func (w *Worker) activate(q *rxQueue) {
	q.listed = true
	q.spent = max(q.spent, w.least())
	w.active = append(w.active, q)
}

// serveAll gives those queues a turn whose turn it is, and reports whether there may
// be more to do.
func (w *Worker) serveAll() (busy bool) {
	isShared := len(w.active) > 1 && w.clock != nil
	least, begin := int64(0), int64(0)
	if isShared {
		least, begin = w.least(), w.clock()
	}
	w.served = nil
	kept := w.active[:0]
	for _, q := range w.active {
		if isShared && q.spent > least+lead {
			kept, busy = append(kept, q), true
			continue
		}
		if q.listed = w.serve(q); q.listed {
			kept, busy = append(kept, q), true
		}
		if isShared {
			w.flush() // is part of the turn
			now := w.clock()
			q.spent += now - begin
			q.spend(uint64(now - begin))
			begin = now
		} else {
			w.served = q
		}
	}
	clear(w.active[len(kept):])
	w.active = kept
	return busy
}
