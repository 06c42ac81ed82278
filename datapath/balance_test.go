package datapath

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// TestRelief says of loads which queue is moved, if any.
func TestRelief(t *testing.T) {
	q := func(port PortID, worker int, load float64) queueLoad {
		return queueLoad{port: port, worker: worker, load: load}
	}
	fixed := func(l queueLoad) queueLoad { l.isFixed = true; return l }
	for _, c := range []struct {
		name  string
		loads []queueLoad
		want  Move // without a port: none
	}{
		{"nothing to do", []queueLoad{q(1, 0, 0), q(2, 0, 0), q(3, 1, 0)}, Move{}},
		{"not busy enough", []queueLoad{q(1, 0, 0.3), q(2, 0, 0.3), q(3, 1, 0)}, Move{}},
		{"one queue alone", []queueLoad{q(1, 0, 0.9), q(2, 1, 0)}, Move{}},
		{"two alike", []queueLoad{q(1, 0, 0.4), q(2, 0, 0.4), q(3, 1, 0)}, Move{1, 0, 0, 1, 0.4, nil}},
		{"the one that evens most", []queueLoad{q(1, 1, 0.1), q(2, 1, 0.3), q(3, 1, 0.6), q(4, 0, 0.2), q(5, 2, 0.3)}, Move{2, 0, 1, 0, 0.3, nil}},
		{"to the idlest of three", []queueLoad{q(1, 0, 0.5), q(2, 0, 0.4), q(3, 1, 0.3), q(4, 2, 0.1)}, Move{2, 0, 0, 2, 0.4, nil}},
		{"all of them busy", []queueLoad{q(1, 0, 0.5), q(2, 0, 0.5), q(3, 1, 0.9), q(4, 2, 0.9)}, Move{}},
		{"not worth it", []queueLoad{q(1, 0, 0.1), q(2, 0, 0.9), q(3, 1, 0.2), q(4, 2, 0.9)}, Move{}},
		{"fixed", []queueLoad{fixed(q(1, 0, 0.4)), fixed(q(2, 0, 0.4)), q(3, 1, 0)}, Move{}},
		{"one fixed", []queueLoad{fixed(q(1, 0, 0.4)), q(2, 0, 0.4), q(3, 1, 0)}, Move{2, 0, 0, 1, 0.4, nil}},
	} {
		got, pays := relief(c.loads, 3)
		if got != c.want || pays != (c.want.Port != 0) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, pays, c.want)
		}
	}
	if m, pays := relief([]queueLoad{q(1, 0, 0.5), q(2, 0, 0.5)}, 1); pays {
		t.Errorf("a worker alone: %+v", m)
	}
}

// workersOf are the workers of a port's queues.
func (j *jar) workersOf(id PortID) (list []int) {
	j.t.Helper()
	c, ok := j.dp.PortCounters(id)
	if !ok {
		j.t.Fatalf("no port %d", id)
	}
	for _, q := range c.Queues {
		list = append(list, q.Worker)
	}
	return list
}

// TestPlaces gives queues to the workers with fewest, or as ports say.
func TestPlaces(t *testing.T) {
	j := newJar(t, toPort(1), 2, Options{Workers: 3}, dummy.Options{Queues: 2})
	check := func(id PortID, want ...int) {
		t.Helper()
		if got := j.workersOf(id); !slices.Equal(got, want) {
			t.Errorf("queues of port %d: workers %v, want %v", id, got, want)
		}
	}
	check(1, 0, 1)
	check(2, 2, 0)
	if err := j.dp.RemovePort(1); err != nil {
		t.Fatal(err)
	}
	add := func(queues int, affinity ...int) (PortID, error) {
		return j.dp.AddPort(dummy.New(dummy.Options{Name: "more", Queues: queues}), PortOptions{Affinity: affinity})
	}
	id, err := add(1)
	if err != nil {
		t.Fatal(err)
	}
	check(id, 1) // which had one that is gone
	if id, err = add(2, 2, 2); err != nil {
		t.Fatal(err)
	}
	check(id, 2, 2)
	if !j.dp.SetOptions(id, PortOptions{Affinity: []int{0, 1}}) {
		t.Error("the queues cannot be moved")
	}
	check(id, 0, 1)
	if j.dp.SetOptions(id, PortOptions{Affinity: []int{0, 3}}) {
		t.Error("a queue was given to a worker that does not exist")
	}
	check(id, 0, 1)
	for _, affinity := range [][]int{{0}, {0, 3}, {-1, 0}} {
		if id, err := add(2, affinity...); err == nil {
			t.Errorf("affinity %v: port %d", affinity, id)
		}
	}
}

// TestLoadOfReturnedQueue has a queue away and back between two looks: its worker has
// spent nothing on it since, and not less than nothing.
func TestLoadOfReturnedQueue(t *testing.T) {
	const every = 1_000_000_000
	j := newJar(t, toPort(1), 1, Options{Workers: 2, Rebalance: every}, dummy.Options{})
	for _, q := range j.dp.workers[0].receive {
		q.spend(every / 2)
	}
	j.dp.Rebalance(1)
	for _, worker := range []int{1, 0} {
		if !j.dp.SetOptions(1, PortOptions{Affinity: []int{worker}}) {
			t.Fatal("the queue cannot be moved")
		}
	}
	j.dp.Rebalance(1 + every)
	for _, l := range j.dp.balance.loads {
		if l.load != 0 {
			t.Errorf("queue %d of port %d: load %v", l.queue, l.port, l.load)
		}
	}
}

// TestRebalance has two queues that keep one worker busy and one with nothing to do.
func TestRebalance(t *testing.T) {
	const every = 1_000_000_000
	j := newJar(t, toPort(1), 3, Options{Workers: 2, Rebalance: every}, dummy.Options{Discard: true})
	if got := []int{j.workersOf(1)[0], j.workersOf(2)[0], j.workersOf(3)[0]}; !slices.Equal(got, []int{0, 1, 0}) {
		t.Fatalf("workers %v", got)
	}
	now := int64(1)
	// look has ports 1 and 3 cost their worker so much of a second before it looks.
	look := func(first, third float64, want *Move) {
		t.Helper()
		for _, w := range j.dp.workers {
			for _, q := range w.receive {
				switch q.port.id {
				case 1:
					q.spend(uint64(first * every))
				case 3:
					q.spend(uint64(third * every))
				}
			}
		}
		next, m := j.dp.Rebalance(now)
		if next != now+every || (m == nil) != (want == nil) || m != nil && *m != *want {
			t.Errorf("at %d: %+v, next look at %d; want %+v", now, m, next, want)
		}
		if next, m := j.dp.Rebalance(now + every/2); next != now+every || m != nil {
			t.Errorf("between two looks: %+v, %d", m, next)
		}
		now += every
	}
	look(0.5, 0.4, nil) // of an unknown time
	look(0.5, 0.25, nil)
	look(0.1, 0.1, nil)
	look(0.5, 0.25, nil)
	look(0.5, 0.25, &Move{Port: 1, From: 0, To: 1, Load: 0.5})
	if w := j.workersOf(1)[0]; w != 1 {
		t.Errorf("queue 0 of port 1 is with worker %d", w)
	}
	look(0.5, 0.25, nil)
	look(0.5, 0.25, nil)
	if c, _ := j.dp.PortCounters(1); c.Queues[0].Busy != time.Second {
		t.Errorf("the worker that has the queue now has spent %v on it since, want two times 0.5 s", c.Queues[0].Busy)
	}
}

// flaky is a port whose receive queues cannot be opened some times.
type flaky struct {
	*dummy.Port
	fails int
}

func (f *flaky) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	if f.fails > 0 {
		f.fails--
		return nil, errors.New("no descriptor left")
	}
	return f.Port.OpenRx(number, e)
}

// TestQueueOfNobody has a queue that neither the worker that is to have it nor the one
// that had it can open: that is told, and tried again at the next look.
func TestQueueOfNobody(t *testing.T) {
	const every = 1_000_000_000
	j := newJar(t, toPort(1), 3, Options{Workers: 2, Rebalance: every}, dummy.Options{})
	p := &flaky{Port: dummy.New(dummy.Options{Name: "flaky"})}
	id, err := j.dp.AddPort(p, PortOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now := int64(1)
	look := func(fails int) *Move {
		for _, w := range j.dp.workers {
			for _, q := range w.receive {
				q.spend(map[PortID]uint64{1: every / 10, 2: every * 6 / 10, id: every * 3 / 10}[q.port.id])
			}
		}
		p.fails = fails
		_, m := j.dp.Rebalance(now)
		now += every
		return m
	}
	look(0)
	look(0)
	if m := look(2); m == nil || m.Err == nil || m.Port != id {
		t.Errorf("a queue that no worker has: %+v", m)
	}
	p.Inject(0, frame(1))
	if j.step(); p.Waiting(0) != 1 {
		t.Fatal("some worker has the queue")
	}
	if look(1); p.Waiting(0) != 1 {
		t.Fatal("some worker has the queue")
	}
	look(0)
	if j.step(); p.Waiting(0) != 0 || len(j.ports[0].Sent()) != 1 {
		t.Error("the queue was not opened again")
	}
}

// TestMoveKeepsOrder moves a queue between running workers while its frames come, all
// of one flow.
func TestMoveKeepsOrder(t *testing.T) {
	const n, moves = 50_000, 100
	var clock atomic.Int64
	o := Options{Workers: 2, Clock: func() int64 { return clock.Add(1000) }, Poll: PollAdaptive,
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }}
	dp, err := New(toPort(2), o)
	if err != nil {
		t.Fatal(err)
	}
	in, out := dummy.New(dummy.Options{Name: "in"}), dummy.New(dummy.Options{Name: "out"})
	for _, p := range []*dummy.Port{in, out} {
		if _, err := dp.AddPort(p, PortOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = frame(1)
		binary.BigEndian.PutUint32(frames[i][len(frames[i])-4:], uint32(i))
	}
	dp.Start()
	for i := range moves {
		in.Inject(0, frames[i*n/moves:(i+1)*n/moves]...)
		if !dp.SetOptions(1, PortOptions{Affinity: []int{i % 2}}) {
			t.Fatal("the queue was not moved")
		}
	}
	for dp.Ledger().Sent < n {
		dp.Synchronize()
	}
	c, _ := dp.PortCounters(1)
	if err := dp.Close(); err != nil {
		t.Error(err)
	}
	if c.Queues[0].Packets != n {
		t.Errorf("the queue counts %d packets of %d", c.Queues[0].Packets, n)
	}
	for i, f := range out.Sent() {
		if got := binary.BigEndian.Uint32(f.Data[len(f.Data)-4:]); got != uint32(i) {
			t.Fatalf("frame %d comes as number %d", got, i)
		}
	}
}
