package datapath

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vswitch/ports"
)

// Options configure a Datapath. Zero values take the defaults named.
type Options struct {
	Workers      int                                          // 1
	NewEngine    func(worker int) (ports.Engine, error)       // must be set
	Clock        func() int64                                 // monotonic nanoseconds; nil: Step says the time
	Poll         PollMode                                     // PollAdaptive
	Spin         time.Duration                                // of PollAdaptive: how long to look for frames before sleeping
	Waited       func() time.Duration                         // for how long any thread has waited for a processor, in all; nil: not known
	Budget       int                                          // frames a queue may take per turn: BatchSize
	UpcallBudget int                                          // decisions a port may ask for per turn: BatchSize
	FlowLimit    int                                          // megaflows in all: 200,000
	MaskLimit    int                                          // masks of the megaflows of one port and worker: 64
	Rebalance    time.Duration                                // how often Rebalance looks at the workers' loads; 0: never
	NoCache      bool                                         // ask about every packet (tests)
	Seed         uint64                                       // of the caches' hashes
	OnPanic      func(worker int, v any, frame, stack []byte) // told of a caught panic
}

// Datapath is a set of workers that share ports and one slow path.
type Datapath struct {
	options Options
	slow    SlowPath
	workers []*Worker
	flows   registry
	running sync.WaitGroup
	started bool

	mu      sync.Mutex
	next    PortID
	balance balance

	// reading guards workers and ports for those who only read counters or ask for
	// a trial, and must not wait for a worker: whoever changes one of the two holds
	// mu as well. Taken after mu.
	reading sync.RWMutex
	ports   map[PortID]*port
}

// port is what the datapath as a whole knows of a port.
type port struct {
	id       PortID
	driver   ports.Port
	tallies  []*tally
	queues   []*queueTally
	affinity []int
	adrift   []*rxQueue // closed, and with no worker: see Datapath.move
}

// New makes a datapath with its workers. They do not run before Start; until
// then Step makes them breathe.
func New(slow SlowPath, o Options) (*Datapath, error) {
	o.Workers = max(o.Workers, 1)
	defaultTo(&o.Budget, BatchSize)
	defaultTo(&o.UpcallBudget, BatchSize)
	defaultTo(&o.FlowLimit, 200_000)
	defaultTo(&o.MaskLimit, 64)
	o.Budget = min(o.Budget, BatchSize)
	d := &Datapath{options: o, slow: slow, ports: map[PortID]*port{}, next: 1}
	d.flows.limit = o.FlowLimit
	nowhere := &port{}
	d.ports[0] = nowhere
	for i := range o.Workers {
		e, err := o.NewEngine(i)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("worker %d: engine: %w", i, err), d.Close())
		}
		w := &Worker{id: i, dp: d, engine: e}
		w.cache = newCache(o.Seed, o.MaskLimit)
		w.pauses = pauses{mode: o.Poll, spin: int64(o.Spin), crowd: crowd{waited: o.Waited}}
		w.ports = []*workerPort{{tally: &tally{}}}
		nowhere.tallies = append(nowhere.tallies, w.ports[0].tally)
		d.workers = append(d.workers, w)
	}
	return d, nil
}

func defaultTo(v *int, d int) {
	if *v == 0 {
		*v = d
	}
}

// Start gives each worker its goroutine. Options.Clock must be set.
func (d *Datapath) Start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started = true
	for _, w := range d.workers {
		d.running.Add(1)
		go w.run(d.options.Clock)
	}
}

// Step makes every worker breathe once at time now and reports whether there
// may be more to do at once. It is for a datapath that was not started.
func (d *Datapath) Step(now int64) (busy bool) {
	for _, w := range d.workers {
		busy = w.breathe(now) || busy
	}
	return busy
}

// Close stops the workers and closes every port. Frames that queues still hold
// are counted as dropped.
func (d *Datapath) Close() error {
	var errs []error
	for _, p := range d.Ports() {
		errs = append(errs, d.RemovePort(p))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started {
		d.each(func(w *Worker) { w.stopped = true })
		d.running.Wait()
		d.started = false
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	for _, w := range d.workers {
		errs = append(errs, w.engine.Close())
	}
	d.workers = nil
	return errors.Join(errs...)
}

// each runs f on every worker, between two breaths, and returns when all are
// done: each worker has passed a quiescent point. The caller holds d.mu.
func (d *Datapath) each(f func(*Worker)) { d.among(d.workers, f) }

// on is each for one worker: the others are not waited for.
func (d *Datapath) on(w *Worker, f func(*Worker)) { d.among([]*Worker{w}, f) }

func (d *Datapath) among(workers []*Worker, f func(*Worker)) {
	if !d.started {
		for _, w := range workers {
			f(w)
			w.flush()
			w.publish()
		}
		return
	}
	var done sync.WaitGroup
	for _, w := range workers {
		done.Add(1)
		w.mail.put(func(w *Worker) {
			f(w)
			w.flush()
			w.publish()
			done.Done()
		})
		w.engine.Wake()
	}
	done.Wait()
}

// Synchronize returns after every worker has passed a quiescent point: frames
// received later see all that was published before the call.
func (d *Datapath) Synchronize() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started {
		awake := func(w *Worker) bool { return !w.asleep.Load() }
		if !slices.ContainsFunc(d.workers, awake) {
			return
		}
	}
	d.each(func(*Worker) {})
}

// Origin is a frame that the switch itself originates.
type Origin struct {
	Frame  []byte // is copied
	InPort PortID // may be 0
	Handle any    // for the slow path
	Err    error  // of Inject: why the frame was not forwarded
}

// Inject forwards frames in their order. The slow path gets each as UpcallPacketOut
// with its handle and says how. After a frame for which enough is true the rest is
// left; n frames have gone their way when it returns, or have an Err.
func (d *Datapath) Inject(list []Origin, enough func() bool) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on(d.workers[0], func(w *Worker) {
		for n < len(list) && (n == 0 || !enough()) {
			w.originate(&list[n])
			n++
		}
	})
	return n
}

// Ledger is the conservation account (design law 5), exact between breaths. It
// waits for nobody.
func (d *Datapath) Ledger() (l Ledger) {
	d.reading.RLock()
	defer d.reading.RUnlock()
	for _, w := range d.workers {
		w.stats.addTo(&l)
	}
	return l
}

// WorkerCounters describes the workers' work, exact between breaths. It waits for
// nobody.
func (d *Datapath) WorkerCounters() []WorkerCounters {
	d.reading.RLock()
	defer d.reading.RUnlock()
	all := make([]WorkerCounters, len(d.workers))
	for i, w := range d.workers {
		all[i] = w.stats.counters(i)
	}
	return all
}
