package datapath

import "golang.org/x/sys/unix"

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
// had to wait.
type pauses struct {
	mode  PollMode
	spin  int64 // nanoseconds
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
	return !p.short || now-p.last >= p.spin
}

// yield lets others have the processor, those that make the next frame among
// them. It returns as soon as a goroutine that was preempted would, so the
// runtime need not know of it.
func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
