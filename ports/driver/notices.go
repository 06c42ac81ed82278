package driver

import (
	"slices"
	"sync"
	"sync/atomic"

	"vswitch/ports"
)

// Notices are the queues that an engine was told to report. Unlike the rest of
// an engine they may be used by any goroutine.
type Notices struct {
	pending atomic.Int32 // len(queues), for a look without the lock

	mu     sync.Mutex
	queues []ports.RxQueue
}

// Add has q reported, once even if it is added again before.
func (n *Notices) Add(q ports.RxQueue) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.queues, q) {
		n.queues = append(n.queues, q)
		n.pending.Store(int32(len(n.queues)))
	}
}

// Any says whether there is something to take.
func (n *Notices) Any() bool { return n.pending.Load() != 0 }

// Take moves the oldest queues into dst and returns how many.
func (n *Notices) Take(dst []ports.RxQueue) int {
	if !n.Any() {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := copy(dst, n.queues)
	n.queues = slices.Delete(n.queues, 0, taken)
	n.pending.Store(int32(len(n.queues)))
	return taken
}

// Forget drops q.
func (n *Notices) Forget(q ports.RxQueue) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queues = slices.DeleteFunc(n.queues, func(other ports.RxQueue) bool { return other == q })
	n.pending.Store(int32(len(n.queues)))
}
