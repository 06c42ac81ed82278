package datapath

import (
	"time"

	"golang.org/x/sys/unix"
)

// PollMode says what a worker does when there is nothing to do.
type PollMode uint8

// Poll modes.
const (
	PollAdaptive  PollMode = iota // looks for frames for a while where that has paid, then sleeps
	PollBusy                      // never sleeps
	PollInterrupt                 // sleeps at once
)

// pauses decides whether a worker that has nothing to do sleeps or looks on.
// Whether the next frame comes soon it guesses from how long the last one kept it
// waiting: after a pause longer than the spin time it sleeps at once, so that
// rare frames cost nothing, and never does it look for longer than it would have
// had to wait. Where threads wait for processors it does not look on either: the
// frame that it looks for may have to be made by one of them.
type pauses struct {
	mode  PollMode
	spin  int64 // nanoseconds
	crowd crowd
	last  int64 // when there was something to do
	idle  bool  // since then nothing
	short bool  // the last pause was within the spin time
}

// worked notes that there was something to do at now.
func (p *pauses) worked(now int64) {
	if p.idle {
		p.idle, p.short = false, now-p.last <= p.spin
	}
	p.last = now
}

// sleeps reports whether to sleep, at now, when there is nothing to do.
func (p *pauses) sleeps(now int64) bool {
	p.idle = true
	switch p.mode {
	case PollBusy:
		return false
	case PollInterrupt:
		return true
	}
	return !p.short || now-p.last >= p.spin || p.crowd.isThere(now)
}

// crowd is whether threads wait for processors, as seen lately.
type crowd struct {
	waited  func() time.Duration // for how long any has, in all; nil: not known
	looked  int64                // when
	total   time.Duration        // what waited said then
	isDense bool
}

// A crowd is dense while some thread waits for a quarter of the time. Two hosts
// that ping each other through a switch make 3 to 7 %; a TCP stream that two
// processors are too few for, 30 to 90 %. Looking costs 3 µs.
//
// A worker that yields and gets the processor back late need not look: it has lost
// it to a thread that computes, and would again until the kernel's next tick. One
// that sleeps is preferred to such a thread when it wakes.
const (
	crowdPeriod = int64(10 * time.Millisecond)
	crowdPart   = 4
	lateReturn  = int64(100 * time.Microsecond)
	blindPeriod = int64(100 * time.Millisecond) // how long that is believed where waited is not known
)

// isThere reports whether others want the processor that a worker could spin on.
func (c *crowd) isThere(now int64) bool {
	passed := now - c.looked
	switch {
	case c.waited == nil:
		c.isDense = c.isDense && passed < blindPeriod
	case passed >= crowdPeriod:
		total := c.waited()
		c.isDense = c.looked != 0 && int64(total-c.total) > passed/crowdPart
		c.looked, c.total = now, total
	}
	return c.isDense
}

// yield lets others have the processor.
func (c *crowd) yield(clock func() int64) {
	began := clock()
	yield()
	c.returned(began, clock())
}

// returned notes that others had the processor from began until now.
func (c *crowd) returned(began, now int64) {
	if now-began < lateReturn {
		return
	}
	c.looked, c.isDense = now, true
	if c.waited != nil {
		c.total = c.waited()
	}
}

// Coalesce says how long the frame that wakes a worker may wait for others. Zero
// keeps no frame waiting.
type Coalesce struct {
	Delay  time.Duration // at most
	Frames int           // how many frames are enough; 0: nothing but Delay ends the wait
}

// least is what both c and d allow.
func (c Coalesce) least(d Coalesce) Coalesce {
	if d.Frames > 0 && (c.Frames == 0 || d.Frames < c.Frames) {
		c.Frames = d.Frames
	}
	c.Delay = min(c.Delay, d.Delay)
	return c
}

// gathering decides how long a worker that was woken lets frames gather before it
// works on any. It hears nothing meanwhile, since being told of each frame is what
// it saves; so when there are enough it guesses from how fast they came since it
// was woken last. A wrong guess lasts for one wait, and never longer than Delay.
type gathering struct {
	limit  Coalesce
	woken  int64  // when the worker was woken last
	frames uint64 // received until then
	nap    unix.Timespec
}

// wait is how long to wait for a worker that was woken at now and has received so
// many frames in all.
func (g *gathering) wait(now int64, received uint64) time.Duration {
	passed, came := now-g.woken, int64(received-g.frames)
	g.woken, g.frames = now, received
	if g.limit.Frames == 0 || came == 0 {
		return g.limit.Delay
	}
	pace := min(g.limit.Delay, time.Duration(passed/came))
	return min(g.limit.Delay, pace*time.Duration(g.limit.Frames-1))
}

// regather notes how long the worker may wait: as long as all of its queues allow.
func (w *Worker) regather() {
	w.gathers.limit = Coalesce{}
	for i, q := range w.receive {
		if i == 0 {
			w.gathers.limit = q.port.coalesce
		}
		w.gathers.limit = w.gathers.limit.least(q.port.coalesce)
	}
}

// gather waits until frames have gathered. A signal ends it early, which does no harm.
func (w *Worker) gather(now int64) {
	if d := w.gathers.wait(now, w.stats.now[wReceived]); d > 0 {
		w.gathers.nap = unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&w.gathers.nap, nil)
	}
}

// yield is sched_yield. It returns as soon as a goroutine that was preempted would,
// so the runtime need not know of it.
func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// slice is how long the kernel lets a worker run before it looks who is next.
const slice = 100 * time.Microsecond

// shorten makes the thread's slice of processor time a short one, as Linux can from
// 6.12 on. It has no more time for it, but when it wakes it need not wait until a
// thread that computes, such as one that collects garbage, has used up its own slice.
// A thread with a real-time policy, which has no slices, is left alone.
func shorten() {
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil || a.Policy != unix.SCHED_NORMAL {
		return
	}
	a.Runtime = uint64(slice)
	// Where it is not allowed, the worker is as prompt as any other thread.
	_ = unix.SchedSetAttr(0, a, 0)
}
