package datapath

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/flow"
	"vswitch/packet"
	"vswitch/ports"
)

// BatchSize is the most frames that are handled as one batch.
const BatchSize = 64

// Worker owns receive queues, caches and counters, and breathes: receive,
// classify, execute, send, reap. All but its mailbox belongs to its goroutine.
type Worker struct {
	id     int
	dp     *Datapath
	engine ports.Engine
	clock  func() int64 // nil where Step says the time
	now    int64        // of the current breath

	ports     []*workerPort // by PortID; nil where there is none
	receive   []*rxQueue
	active    []*rxQueue    // queues that may have frames
	reached   int64         // what of active had had least time when that was last looked at
	sending   []*workerPort // with frames to be sent in this breath
	holding   []*workerPort // whose queues have frames that are not reaped yet
	dirty     []*workerPort // whose tallies changed in this breath
	cache     cache
	pending   int           // frames of the scratch batch that are still in work
	searching bool          // they are looked up
	recirc    []*packet.Buf // to be looked up again in the next round
	again     []*packet.Buf // to be looked up again in this round
	rounds    int           // recirculations of the batch in work
	relooks   int           // frames that they were of
	current   *packet.Buf   // what a panic is blamed on
	stats     workerTally
	verdict   Verdict
	upcall    Upcall
	mail      mailbox
	asleep    atomic.Bool // in Wait, or about to be
	trials    trials
	pauses    pauses
	gathers   gathering
	working   bool     // since began there was something to do in every breath
	began     int64    // valid iff working
	served    *rxQueue // in this breath; nil where several were
	sole      *rxQueue // served in the breath that began then
	captures  []*Capture
	credits   []Credit // of the decision in work
	above     *Meter   // whose rate the frame that is dropped exceeds
	stopped   bool
	scratch   batch
	ready     [BatchSize]ports.RxQueue
	done      [BatchSize]ports.TxDone
	splitter  packet.Splitter
	joiner    packet.Joiner
}

// batch holds the arrays that a batch is classified in. Entry i of all but the lists is
// frame i's.
type batch struct {
	bufs   [BatchSize]*packet.Buf
	keys   [BatchSize]flow.Key
	hashes [BatchSize]uint64 // of keys
	flows  [BatchSize]*Megaflow

	todo    [BatchSize]int    // a list of frames without a guess,
	mine    [BatchSize]int    // of those that are looked up together,
	found   [BatchSize]int    // and of those that a megaflow was found for
	masked  [BatchSize]uint64 // hashes of keys under the mask in work
	touched [BatchSize]uint64 // written only: see cache.lookupAll
}

// rxQueue is a receive queue of a port, bound to this worker.
type rxQueue struct {
	queue   ports.RxQueue
	port    *workerPort
	number  uint16
	listed  bool   // in Worker.active
	spent   int64  // of the worker's time; see serveAll
	busy    uint64 // nanoseconds that the worker has spent on it
	ended   bool   // answered io.EOF
	packets uint64
	bytes   uint64
	counts  *queueTally
	last    lastFrame
}

type queueTally struct {
	worker               int
	packets, bytes, busy atomic.Uint64
}

// workerPort is what one worker knows of a port.
type workerPort struct {
	id       PortID
	tx       ports.TxQueue
	info     ports.Info
	join     packet.Kinds // of what came in by it
	coalesce Coalesce
	out      []*packet.Buf // to be sent at the end of the breath
	held     int           // sent and not reaped yet
	waiting  bool          // in Worker.holding
	tally    *tally
	upcall   int // decisions asked for in this breath
	samples  [NumDropReasons]*DropSample
}

// mailbox takes work from other goroutines to the worker's.
type mailbox struct {
	mu     sync.Mutex
	work   []func(*Worker)
	filled atomic.Bool
}

func (m *mailbox) put(f func(*Worker)) {
	m.mu.Lock()
	m.work = append(m.work, f)
	m.filled.Store(true)
	m.mu.Unlock()
}

// take removes what waits. It costs one load when nothing does.
func (m *mailbox) take() []func(*Worker) {
	if !m.filled.Load() {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.work
	m.work = nil
	m.filled.Store(false)
	return w
}

// run breathes until the worker is stopped. It is the worker's goroutine.
func (w *Worker) run(clock func() int64) {
	defer w.dp.running.Done()
	// The thread ends with the goroutine: it is not as others are any more.
	runtime.LockOSThread()
	shorten()
	w.clock = clock
	// Without it the kernel may let the thread sleep 50 µs longer than it asked for.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	for !w.stopped {
		if w.breathe(clock()) || w.stopped {
			continue
		}
		w.rest(clock)
		if w.pauses.sleeps(w.now) {
			w.sleep(clock)
		} else {
			w.pauses.crowd.yield(clock)
		}
	}
}

// rest ends a time in which there was something to do. Where the next breath follows
// at once, its own time serves, so a worker that has much to do reads the clock no
// more often for it.
func (w *Worker) rest(clock func() int64) {
	if w.working {
		w.charge(uint64(clock() - w.began))
		w.working = false
	}
}

// sleep waits for something to do. A worker that sleeps is at a quiescent point:
// whatever is published before it wakes, it sees.
func (w *Worker) sleep(clock func() int64) {
	w.asleep.Store(true)
	// An error of Wait is an engine that is being closed, or a bug that must not
	// turn into a busy loop.
	if err := w.engine.Wait(-1); err != nil {
		time.Sleep(time.Millisecond)
	}
	if w.gathers.limit.Delay > 0 && !w.mail.filled.Load() {
		w.gather(clock())
	}
	w.asleep.Store(false)
}

// breathe does one turn and reports whether there may be more to do at once.
func (w *Worker) breathe(now int64) (busy bool) {
	w.now = now
	w.stats.now[wBreaths]++
	received := w.stats.now[wReceived]
	w.collectReady()
	busy = w.serveAll()
	if w.stats.now[wReceived] != received {
		w.pauses.worked(now)
		w.work(now)
	}
	w.flush()
	for _, f := range w.mail.take() {
		f(w)
		busy = true
	}
	w.publish()
	return busy
}

// work notes that there was something to do in the breath that began at now.
func (w *Worker) work(now int64) {
	if w.working {
		w.charge(uint64(now - w.began))
	}
	w.working, w.began, w.sole = true, now, w.served
}

// charge counts time in which there was something to do. What queues shared of it
// serveAll has counted.
func (w *Worker) charge(time uint64) {
	w.stats.now[wBusy] += time
	if w.sole != nil {
		w.sole.spend(time)
	}
}

func (q *rxQueue) spend(time uint64) {
	q.busy += time
	q.counts.busy.Store(q.busy)
}

func (w *Worker) collectReady() {
	for {
		n := w.engine.Ready(w.ready[:])
		for _, r := range w.ready[:n] {
			for _, q := range w.receive {
				if q.queue == r && !q.listed && !q.ended {
					w.activate(q)
				}
			}
		}
		if n < len(w.ready) {
			return
		}
	}
}

// serve takes up to a budget of frames from q and forwards them. It reports
// whether q may have more.
func (w *Worker) serve(q *rxQueue) bool {
	budget := w.dp.options.Budget
	n, err := q.queue.Recv(w.scratch.bufs[:budget])
	if n > 0 {
		w.account(q, n)
		w.forward(n)
	}
	if err != nil {
		q.ended = errors.Is(err, io.EOF)
		return false
	}
	return n == budget
}

// account counts n received frames and completes their metadata.
func (w *Worker) account(q *rxQueue, n int) {
	p := q.port
	t := &p.tally.now
	w.touch(p)
	var bytes, onWire uint64
	for _, b := range w.scratch.bufs[:n] {
		b.InPort, b.RxQueue, b.Time, b.Join = uint32(p.id), q.number, w.now, p.join
		b.RecircID, b.Hash, b.Mark, b.Priority = 0, 0, 0, 0
		size := b.Size()
		bytes += uint64(size)
		onWire += segments(b)
		if head := b.Bytes(); len(head) >= 6 && head[0]&1 != 0 {
			if isBroadcast(head) {
				t[cRxBroadcast]++
			} else {
				t[cRxMulticast]++
			}
		}
	}
	q.last.note(w.scratch.bufs[n-1], w.now)
	t[cRxPackets] += uint64(n)
	t[cRxBytes] += bytes
	t[cRxSegments] += onWire
	q.packets += uint64(n)
	q.bytes += bytes
	q.counts.packets.Store(q.packets)
	q.counts.bytes.Store(q.bytes)
	w.stats.now[wReceived] += uint64(n)
}

func isBroadcast(mac []byte) bool {
	return mac[0]&mac[1]&mac[2]&mac[3]&mac[4]&mac[5] == 0xff
}

// touch notes that p's tally changes in this breath.
func (w *Worker) touch(p *workerPort) {
	if !p.tally.dirty {
		p.tally.dirty = true
		w.dirty = append(w.dirty, p)
	}
}

// publish makes the breath's counts visible to readers.
func (w *Worker) publish() {
	for _, p := range w.dirty {
		p.tally.publish()
		p.upcall = 0
	}
	w.dirty = w.dirty[:0]
	n, small, spill := &w.stats.now, w.engine.Pool().Stats(), w.engine.Spill().Stats()
	n[wProbed], n[wMegaflows], n[wSubtables] = w.cache.probed, uint64(w.cache.n), uint64(w.cache.masks)
	n[wNarrowed], n[wMegaflowHits] = w.cache.narrowed, w.cache.found
	n[wDelay], n[wEnough] = uint64(w.gathers.limit.Delay), uint64(w.gathers.limit.Frames)
	n[wBuffers], n[wBuffersInUse] = uint64(small.Capacity), uint64(small.InUse)
	n[wSpills], n[wSpillsInUse] = uint64(spill.Capacity), uint64(spill.InUse)
	w.stats.publish()
}

// port is what the worker knows of port id, or nil.
func (w *Worker) port(id uint32) *workerPort {
	if int(id) >= len(w.ports) {
		return nil
	}
	return w.ports[id]
}

// portOrNone is port id, or the entry that is charged where there is no port.
func (w *Worker) portOrNone(id uint32) *workerPort {
	if p := w.port(id); p != nil {
		return p
	}
	return w.ports[0]
}

// drop ends a frame's way; the reason says which port is charged. Takes b.
func (w *Worker) drop(b *packet.Buf, r DropReason) { w.dropAt(b, b.InPort, r) }

// dropAt ends a frame's way at port id. Takes b.
func (w *Worker) dropAt(b *packet.Buf, id uint32, r DropReason) {
	if len(w.captures) > 0 {
		w.capture(Captured{Point: CaptureDrop, Port: PortID(id), Reason: r, Credits: w.credits}, b, nil)
	}
	p := w.portOrNone(id)
	w.touch(p)
	p.tally.now[cDrops+int(r)]++
	w.stats.now[wDropped]++
	w.sample(p, b, r)
	b.Free(w.engine.Pool())
}
