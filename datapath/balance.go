package datapath

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vswitch/ports"
)

// Which worker has which receive queue: those with an affinity the worker that it
// names, others at first the worker with the fewest queues. Rebalance moves one from
// a worker that has too much to do to one that has less, as Open vSwitch's
// pmd-auto-lb does.
//
// A flow's order is kept: a queue changes hands between two breaths, after the
// frames that its worker has taken from it have left the switch.

// Move is a receive queue that another worker has now.
type Move struct {
	Port     PortID
	Queue    int
	From, To int     // workers
	Load     float64 // part of a worker's time that the queue took
	Err      error   // why neither could open the queue: it is tried again at each look
}

// balance is what Rebalance remembers.
type balance struct {
	at     int64 // when loads were taken last
	loads  []queueLoad
	wanted Move // a move that paid then; one without a port where none did
}

// queueLoad is what a receive queue costs.
type queueLoad struct {
	port    PortID
	queue   int
	worker  int
	isFixed bool
	busy    uint64  // that the worker has spent on it so far
	load    float64 // part of the worker's time that it took
}

// place chooses the worker of receive queue q of s, whose queues before q are open.
func (d *Datapath) place(s *port, q int) (*Worker, error) {
	if s.affinity != nil {
		return d.fixed(s, q)
	}
	queues := make([]int, len(d.workers))
	count := func(s *port) {
		for _, t := range s.queues {
			if t != nil {
				queues[t.worker]++
			}
		}
	}
	for _, p := range d.ports {
		count(p)
	}
	count(s)
	return d.workers[slices.Index(queues, slices.Min(queues))], nil
}

// fixed is the worker that the affinity of s names for its queue q.
func (d *Datapath) fixed(s *port, q int) (*Worker, error) {
	if q >= len(s.affinity) {
		return nil, fmt.Errorf("affinity names workers for %d queues alone: name one for each", len(s.affinity))
	}
	w := s.affinity[q]
	if w < 0 || w >= len(d.workers) {
		return nil, fmt.Errorf("affinity: no worker %d: use 0 to %d, or start more", w, len(d.workers)-1)
	}
	return d.workers[w], nil
}

// settle moves the queues of s to the workers that its affinity names.
func (d *Datapath) settle(s *port) error {
	if s.affinity == nil {
		return nil
	}
	for q, t := range s.queues {
		to, err := d.fixed(s, q)
		if err == nil && to.id != t.worker {
			err = d.move(s, q, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// move gives receive queue q of s to another worker. The caller holds d.mu.
func (d *Datapath) move(s *port, q int, to *Worker) (err error) {
	if m, ok := s.driver.(ports.Movable); !ok || !m.Movable() {
		return errors.ErrUnsupported
	}
	from, r := d.workers[s.queues[q].worker], (*rxQueue)(nil)
	d.on(from, func(w *Worker) { r, err = w.giveUp(s.id, q) })
	if r == nil {
		return fmt.Errorf("worker %d has no queue %d", from.id, q)
	}
	if err == nil && !d.drained(from) {
		err = fmt.Errorf("worker %d has frames that do not leave", from.id)
	}
	if err == nil {
		d.on(to, func(w *Worker) { err = w.take(s, r) })
	}
	if err == nil {
		d.reading.Lock()
		s.queues[q].worker = to.id
		d.reading.Unlock()
		return nil
	}
	var again error
	d.on(from, func(w *Worker) { again = w.take(s, r) })
	if again == nil {
		return err
	}
	s.adrift = append(s.adrift, r)
	return fmt.Errorf("%w: %w; and by worker %d again: %w", errAdrift, err, from.id, again)
}

// errAdrift is that of a move after which no worker has the queue.
var errAdrift = errors.New("no worker can open the queue")

// regain has the workers that had them last open queues that nobody has.
func (d *Datapath) regain() {
	for _, s := range d.ports {
		s.adrift = slices.DeleteFunc(s.adrift, func(r *rxQueue) (done bool) {
			d.on(d.workers[s.queues[r.number].worker], func(w *Worker) { done = w.take(s, r) == nil })
			return done
		})
	}
}

// drained waits until what the worker has sent has left, for a few breaths.
func (d *Datapath) drained(w *Worker) (done bool) {
	for range 100 {
		if d.on(w, func(w *Worker) { done = len(w.sending)+len(w.holding) == 0 }); done {
			return true
		}
	}
	return false
}

// giveUp takes a queue from the worker, which has it closed when it has forwarded what
// the queue has read. It is nil where the worker has none such.
func (w *Worker) giveUp(id PortID, number int) (*rxQueue, error) {
	i := slices.IndexFunc(w.receive, func(q *rxQueue) bool { return q.port.id == id && int(q.number) == number })
	if i < 0 {
		return nil, nil
	}
	q := w.receive[i]
	w.receive = slices.Delete(w.receive, i, i+1)
	w.active = slices.DeleteFunc(w.active, func(x *rxQueue) bool { return x == q })
	if w.sole == q {
		w.sole = nil // the time of this breath is not charged to it any more
	}
	w.served = nil
	w.regather()
	var err error
	if s, ok := q.queue.(ports.Stopper); ok {
		err = s.Stop()
		for w.serve(q) {
		}
	}
	return q, errors.Join(err, q.queue.Close())
}

// take opens a queue that another worker gave up. Its counts go on.
func (w *Worker) take(s *port, q *rxQueue) error {
	rx, err := s.driver.OpenRx(int(q.number), w.engine)
	if err != nil {
		return err
	}
	q.queue, q.port, q.spent, q.ended, q.busy = rx, w.ports[s.id], 0, false, 0
	q.counts.busy.Store(0)
	w.receive = append(w.receive, q)
	w.activate(q)
	w.regather()
	return nil
}

// Rebalance moves a queue if that would have paid at two looks in a row, and says when
// it wants to be called again. A look takes what queues cost since the one before.
// moved is nil where nothing was.
func (d *Datapath) Rebalance(now int64) (next int64, moved *Move) {
	every := int64(d.options.Rebalance)
	d.mu.Lock()
	defer d.mu.Unlock()
	if every == 0 || len(d.workers) < 2 {
		return math.MaxInt64, nil
	}
	b := &d.balance
	if b.at != 0 && now < b.at+every {
		return b.at + every, nil
	}
	d.regain()
	loads := d.loads(now)
	m, pays := relief(loads, len(d.workers))
	isLasting := pays && m.Port == b.wanted.Port && m.Queue == b.wanted.Queue && m.To == b.wanted.To
	b.at, b.loads, b.wanted = now, loads, m
	if !isLasting {
		return now + every, nil
	}
	err := d.move(d.ports[m.Port], m.Queue, d.workers[m.To])
	if err != nil && !errors.Is(err, errAdrift) {
		return now + every, nil
	}
	m.Err, b.wanted = err, Move{}
	return now + every, &m
}

// loads is what the queues have cost since they were last looked at.
func (d *Datapath) loads(now int64) []queueLoad {
	var list []queueLoad
	for id, s := range d.ports {
		m, ok := s.driver.(ports.Movable)
		isFixed := s.affinity != nil || !ok || !m.Movable()
		for q, t := range s.queues {
			list = append(list, queueLoad{port: id, queue: q, worker: t.worker, isFixed: isFixed, busy: t.busy.Load()})
		}
	}
	slices.SortFunc(list, func(a, b queueLoad) int { return compareQueues(&a, &b) })
	for i := range list {
		l := &list[i]
		before, found := slices.BinarySearchFunc(d.balance.loads, l, func(a queueLoad, b *queueLoad) int { return compareQueues(&a, b) })
		if !found || d.balance.loads[before].worker != l.worker || l.busy < d.balance.loads[before].busy {
			continue // what it cost is of another time
		}
		l.load = float64(l.busy-d.balance.loads[before].busy) / float64(now-d.balance.at)
	}
	return list
}

func compareQueues(a, b *queueLoad) int {
	if a.port != b.port {
		return int(a.port) - int(b.port)
	}
	return a.queue - b.queue
}

// Bounds of what Rebalance does: a worker below much is left alone, and a move that
// leaves the busiest of the two with more than gain of what there was is not worth it.
const (
	much = 0.7
	gain = 0.8
)

// relief is the move from the busiest worker to the one with least to do that leaves
// both with the least.
func relief(loads []queueLoad, workers int) (best Move, pays bool) {
	sums := make([]float64, workers)
	for _, l := range loads {
		sums[l.worker] += l.load
	}
	most, least := slices.Max(sums), slices.Min(sums)
	if most < much {
		return Move{}, false
	}
	from, to := slices.Index(sums, most), slices.Index(sums, least)
	left := most * gain
	for _, l := range loads {
		if after := max(most-l.load, least+l.load); l.worker == from && !l.isFixed && after < left {
			left, pays = after, true
			best = Move{Port: l.port, Queue: l.queue, From: from, To: to, Load: l.load}
		}
	}
	return best, pays
}
