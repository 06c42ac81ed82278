package datapath

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vswitch/packet"
	"vswitch/ports"
)

// maxPorts bounds PortID, so that per-worker tables stay small.
const maxPorts = 65535

// PortOptions say how the datapath treats a port.
type PortOptions struct {
	// Join are the protocols whose frames, when they came in by the port, leave
	// joined to super-frames by ports that take those (GRO).
	Join packet.Kinds
	// Affinity has the worker of each receive queue; nil lets the datapath choose.
	Affinity []int
	// Coalesce holds for a worker as far as all ports allow that it receives from.
	Coalesce Coalesce
}

// AddPort opens a port's queues and returns its number. Receive queues get workers
// as place says; every worker can send. The datapath owns p afterwards, also when
// there is an error.
func (d *Datapath) AddPort(p ports.Port, o PortOptions) (PortID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok := d.freeID()
	if !ok {
		return 0, errors.Join(fmt.Errorf("port %s: the datapath has %d ports, which is all it can have", p.Name(), maxPorts), p.Close())
	}
	s := &port{id: id, driver: p, affinity: o.Affinity}
	if err := d.open(s, p.Info(), o); err != nil {
		d.each(func(w *Worker) { w.removePort(id) })
		return 0, errors.Join(fmt.Errorf("port %s: %w", p.Name(), err), p.Close())
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	d.ports[id] = s
	return id, nil
}

// SetOptions changes how a port is treated. It is false where a queue would have to
// move to another worker and cannot: the port has to be opened anew for that.
func (d *Datapath) SetOptions(id PortID, o PortOptions) (done bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.ports[id]; s != nil {
		s.affinity = o.Affinity
		done = d.settle(s) == nil
	}
	d.each(func(w *Worker) {
		if p := w.port(uint32(id)); p != nil {
			p.join, p.coalesce = o.Join, o.Coalesce
			w.regather()
		}
	})
	return done
}

// open opens a port's queues: first those that receive, since a driver may let
// each worker send where it receives.
func (d *Datapath) open(s *port, info ports.Info, o PortOptions) error {
	d.each(func(w *Worker) { w.addPort(s, info, o) })
	for _, w := range d.workers {
		s.tallies = append(s.tallies, w.ports[s.id].tally)
	}
	s.queues = make([]*queueTally, max(info.RxQueues, 1))
	for q := range s.queues {
		w, err := d.place(s, q)
		if err == nil {
			d.on(w, func(w *Worker) { s.queues[q], err = w.addQueue(s, q) })
		}
		if err != nil {
			return fmt.Errorf("receive queue %d: %w", q, err)
		}
	}
	errs := make([]error, len(d.workers))
	d.each(func(w *Worker) { errs[w.id] = w.openTx(s) })
	return errors.Join(errs...)
}

// freeID finds a number that was not in use recently: it goes on upward from
// the last one and wraps at the end.
func (d *Datapath) freeID() (PortID, bool) {
	for range maxPorts {
		id := d.next
		d.next++
		if d.next > maxPorts {
			d.next = 1
		}
		if d.ports[id] == nil {
			return id, true
		}
	}
	return 0, false
}

// RemovePort closes a port and its queues. Its number is not used again soon.
func (d *Datapath) RemovePort(id PortID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.ports[id]
	if p == nil || id == 0 {
		return fmt.Errorf("port %d: no such port", id)
	}
	d.each(func(w *Worker) { w.removePort(id) })
	d.reading.Lock()
	delete(d.ports, id)
	d.reading.Unlock()
	return p.driver.Close()
}

// SetInfo tells the workers a port's new state.
func (d *Datapath) SetInfo(id PortID, info ports.Info) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.each(func(w *Worker) {
		if p := w.port(uint32(id)); p != nil {
			p.info = info
		}
	})
}

// Ports lists the ports in order of their numbers.
func (d *Datapath) Ports() []PortID {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []PortID
	for id := range d.ports {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// PortCounters are a port's counters, exact when its frames have come to rest.
// Port 0 has the drops that no port can be charged with. It waits for no worker.
func (d *Datapath) PortCounters(id PortID) (c PortCounters, ok bool) {
	d.reading.RLock()
	defer d.reading.RUnlock()
	p := d.ports[id]
	if p == nil {
		return c, false
	}
	for _, t := range p.tallies {
		t.addTo(&c)
	}
	for _, q := range p.queues {
		c.Queues = append(c.Queues, QueueCounters{q.packets.Load(), q.bytes.Load(), q.worker, time.Duration(q.busy.Load())})
	}
	if p.driver != nil {
		s := p.driver.Stats()
		c.RxMissed, c.RxErrors, c.TxErrors = s.RxMissed, s.RxErrors, s.TxErrors
	}
	return c, true
}

// addPort makes s known to the worker.
func (w *Worker) addPort(s *port, info ports.Info, o PortOptions) {
	for len(w.ports) <= int(s.id) {
		w.ports = append(w.ports, nil)
	}
	w.ports[s.id] = &workerPort{id: s.id, info: info, join: o.Join, coalesce: o.Coalesce, tally: &tally{}}
}

// openTx makes the worker able to send on s.
func (w *Worker) openTx(s *port) error {
	tx, err := s.driver.OpenTx(w.engine)
	if err != nil {
		return fmt.Errorf("worker %d: transmit queue: %w", w.id, err)
	}
	w.ports[s.id].tx = tx
	return nil
}

// addQueue binds receive queue number q of s to the worker.
func (w *Worker) addQueue(s *port, q int) (*queueTally, error) {
	rx, err := s.driver.OpenRx(q, w.engine)
	if err != nil {
		return nil, err
	}
	t := &queueTally{worker: w.id}
	// It is active at first: what came before the engine watched it has no edge.
	r := &rxQueue{queue: rx, port: w.ports[s.id], number: uint16(q), counts: t}
	w.receive = append(w.receive, r)
	w.activate(r)
	w.regather()
	return t, nil
}

// removePort closes the worker's queues of port id and forgets it.
func (w *Worker) removePort(id PortID) {
	p := w.port(uint32(id))
	if p == nil {
		return
	}
	gone := func(q *rxQueue) bool { return q.port == p }
	for _, q := range w.receive {
		if gone(q) {
			// The descriptor is given up either way.
			_ = q.queue.Close()
		}
	}
	w.receive = slices.DeleteFunc(w.receive, gone)
	w.active = slices.DeleteFunc(w.active, gone)
	w.regather()
	w.flush()
	if p.tx != nil {
		_ = p.tx.Close()
		w.reap(p)
	}
	w.stats.now[wHeld] -= uint64(p.held)
	w.stats.now[wDropped] += uint64(p.held)
	w.touch(p)
	p.tally.now[cDrops+int(DropTxGone)] += uint64(p.held)
	p.held = 0
	w.holding = slices.DeleteFunc(w.holding, func(x *workerPort) bool { return x == p })
	w.publish()
	w.ports[id] = nil
}
