package uring

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/epoll"
)

// Options size an engine's pools and leave out what tests want to be without.
type Options struct {
	driver.PoolOptions
	Frames int      // slots of 64 KiB for all readers and what they have read; 0: DefaultFrames
	Refuse Features // as if the kernel had them not
}

// DefaultFrames is the number of slots of an engine. Pages of memory that were
// never used cost address space only.
const DefaultFrames = 4096

// slotSize takes the largest super-frame behind its headroom, with slack so that
// a read which fills it is a frame that did not fit. An odd number of cache lines
// spreads the beginnings of the slots over the cache.
const slotSize = packet.Headroom + driver.DefaultSpillSize + 576

// Engine is one worker's engine.
type Engine struct {
	*epoll.Engine // what waits and wakes; all there is until a Reader or Writer is opened
	options       Options

	ring     *ring // nil until then
	refused  error // why there is none and will be none
	features Features
	asked    sync.Once // whether the ring is the quickest
	slower   error     // why it is not
	files    files
	frames   *packet.Pool
	promised int // slots that readers may have out

	readers []*Reader // by number; nil where there is none
	writers []*Writer
	ready   []*Reader // to be reported
	look    bool      // something may wait in the epoll engine
	polling bool      // the ring reports when that becomes so
}

var _ ports.Engine = (*Engine)(nil)

// New makes an engine.
func New(o Options) (*Engine, error) {
	if o.Frames == 0 {
		o.Frames = DefaultFrames
	}
	inner, err := epoll.New(o.PoolOptions)
	if err != nil {
		return nil, err
	}
	return &Engine{Engine: inner, options: o}, nil
}

// Features are what the engine's ring uses; 0 while it has none.
func (e *Engine) Features() Features { return e.features }

// open makes the ring when it is first needed, since the kernel binds it to the
// thread that does.
func (e *Engine) open() error {
	if e.ring != nil || e.refused != nil {
		return e.refused
	}
	r, err := openRing(e.options.Refuse)
	if err != nil {
		e.refused = err
		return err
	}
	if e.features, err = r.probeFeatures(e.options.Refuse); err == nil {
		if e.features&FeatureFiles != 0 {
			e.files = files{ring: r, inUse: make([]bool, maxFiles)}
		}
		e.frames, err = packet.NewPool(e.options.Frames, slotSize, packet.Headroom)
	}
	if err != nil {
		e.features = 0
		e.refused = errors.Join(err, r.close())
		return e.refused
	}
	e.ring, e.look = r, true
	e.pollInner()
	return nil
}

// Kinds of requests, the top byte of their user data.
const (
	kindNone  = iota // whose completion means nothing
	kindEpoll        // the epoll engine has events
	kindRead
	kindWrite
)

// userData is kind, the number of the reader or writer, and of its slot.
func userData(kind, number, slot int) uint64 {
	return uint64(kind)<<56 | uint64(number)<<24 | uint64(slot)
}

// request is an empty request. It is nil when the kernel takes nothing more.
func (e *Engine) request() *sqe {
	if s := e.ring.next(); s != nil {
		return s
	}
	if e.ring.submit() != nil {
		return nil
	}
	return e.ring.next()
}

// pollInner has the ring report that the epoll engine has events.
func (e *Engine) pollInner() {
	s := e.request()
	if s == nil {
		// The next harvest tries again.
		return
	}
	s.opcode, s.fd, s.opFlags, s.len = opPollAdd, int32(e.Engine.Descriptor()), pollIn, pollMulti
	s.userData = userData(kindEpoll, 0, 0)
	e.polling = true
}

// enter hands in what was prepared, without waiting, and sorts completions.
func (e *Engine) enter() error {
	err := e.ring.submit()
	e.harvest()
	return err
}

// harvest sorts the completions that wait.
func (e *Engine) harvest() {
	for c, ok := e.ring.take(); ok; c, ok = e.ring.take() {
		number, slot := int(c.userData>>24)&0xffffffff, int(c.userData)&0xffffff
		switch c.userData >> 56 {
		case kindEpoll:
			e.look = true
			e.polling = c.flags&cqeMore != 0
		case kindRead:
			e.readers[number].complete(c)
		case kindWrite:
			e.writers[number].complete(slot, c.res)
		}
	}
	if !e.polling {
		e.pollInner()
	}
}

// Ready reports queues that became ready: those of readers first, which cost no
// system call to find.
func (e *Engine) Ready(dst []ports.RxQueue) int {
	if e.ring == nil {
		return e.Engine.Ready(dst)
	}
	if e.ring.due() {
		// An error stays and is what Wait answers.
		_ = e.ring.submit()
	}
	e.harvest()
	n := 0
	for ; n < len(dst) && n < len(e.ready); n++ {
		dst[n] = e.ready[n].queue
		e.ready[n].listed = false
	}
	e.ready = slices.Delete(e.ready, 0, n)
	if !e.look {
		return n + e.Engine.Noticed(dst[n:])
	}
	n += e.Engine.Ready(dst[n:])
	e.look = n == len(dst)
	return n
}

// Wait sleeps until there is something to do; see ports.Engine.
func (e *Engine) Wait(d time.Duration) error {
	if e.ring == nil {
		return e.Engine.Wait(d)
	}
	isBusy := d == 0 || len(e.ready) > 0 || e.look || e.ring.arrived()
	if !e.Engine.LieDown(isBusy) {
		return nil
	}
	err := e.ring.wait(d)
	e.Engine.GetUp()
	if err != nil {
		return fmt.Errorf("io_uring engine: wait: %w", err)
	}
	e.harvest()
	return nil
}

// vacant is the first place of list that has nothing, which may be a new one.
func vacant[T any](list *[]*T) int {
	for i, x := range *list {
		if x == nil {
			return i
		}
	}
	*list = append(*list, nil)
	return len(*list) - 1
}

// patience bounds how long a Close waits for the kernel to let go.
const patience = 5 * time.Second

// await enters the kernel until done. It is an error if that takes long.
func (e *Engine) await(what string, done func() bool) error {
	for end := time.Now().Add(patience); ; {
		if err := e.enter(); err != nil || done() {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return fmt.Errorf("io_uring: %s: not done after %v: %w", what, patience, unix.ETIMEDOUT)
		}
		if err := e.ring.wait(left); err != nil {
			return err
		}
	}
}

// Close frees what the engine holds. Its queues are closed before.
func (e *Engine) Close() error {
	var errs []error
	if e.ring != nil {
		if errs = append(errs, e.frames.Close()); errs[0] == nil {
			errs = append(errs, e.ring.close())
			e.ring, e.refused = nil, unix.EBADF
		}
	}
	return errors.Join(append(errs, e.Engine.Close())...)
}
