package dummy

import (
	"errors"
	"fmt"
	"time"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// Engine is an engine for queues without descriptors.
type Engine struct {
	pools   driver.Pools
	notices driver.Notices
	woken   chan struct{} // has a token after Wake
}

var _ ports.Engine = (*Engine)(nil)

// NewEngine makes an engine with pools of the given sizes.
func NewEngine(o driver.PoolOptions) (*Engine, error) {
	pools, err := driver.NewPools(o)
	if err != nil {
		return nil, fmt.Errorf("dummy engine: %w", err)
	}
	return &Engine{pools: pools, woken: make(chan struct{}, 1)}, nil
}

// Pool has buffers of PoolOptions.SmallSize.
func (e *Engine) Pool() *packet.Pool { return e.pools.Small }

// Spill has buffers of PoolOptions.SpillSize.
func (e *Engine) Spill() *packet.Pool { return e.pools.Spill }

// Watch reports q once. It refuses descriptors: nothing here looks at them.
func (e *Engine) Watch(fd int, q ports.RxQueue) error {
	if fd >= 0 {
		return fmt.Errorf("dummy engine: watch descriptor %d: %w", fd, errors.ErrUnsupported)
	}
	e.Notify(q)
	return nil
}

// Unwatch forgets what was to be reported of q.
func (e *Engine) Unwatch(_ int, q ports.RxQueue) error {
	e.notices.Forget(q)
	return nil
}

// Notify reports q at the next call of Ready and ends the current Wait.
func (e *Engine) Notify(q ports.RxQueue) {
	e.notices.Add(q)
	e.Wake()
}

// Ready reports the queues that were notified, in that order.
func (e *Engine) Ready(dst []ports.RxQueue) int { return e.notices.Take(dst) }

// Wait sleeps until there is something to do; see ports.Engine.
func (e *Engine) Wait(d time.Duration) error {
	if d == 0 || e.notices.Any() {
		select {
		case <-e.woken:
		default:
		}
		return nil
	}
	var limit <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-e.woken:
	case <-limit:
	}
	return nil
}

// Wake ends the current or the next Wait.
func (e *Engine) Wake() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

// Close frees the pools; it refuses while buffers are in use.
func (e *Engine) Close() error { return e.pools.Close() }
