package epoll

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// Options size an engine's pools. Zero means the default.
type Options = driver.PoolOptions

// States of the worker as those who wake it see it.
const (
	awake    uint32 = iota
	sleeping        // in Wait, or about to be: whoever wakes writes to the eventfd
	woken           // somebody called Wake since the last Wait
)

// maxEvents is how many descriptors one look at epoll reports.
const maxEvents = 64

// Engine is the system-call engine of one worker.
type Engine struct {
	pools   driver.Pools
	notices driver.Notices
	epfd    int

	watched  []watch
	vacant   []int32 // numbers of watched that are free
	events   []unix.EpollEvent
	early    []unix.EpollEvent // events that Wait found; a part of earlyBuf
	earlyBuf [maxEvents]unix.EpollEvent
	limit    unix.Timespec

	state atomic.Uint32

	wakeMu sync.Mutex // for who writes to wakefd, and who closes it
	wakefd int
	one    [8]byte // the number 1, which a wake-up adds to the eventfd
}

var _ ports.Engine = (*Engine)(nil)

// watch is one descriptor that epoll looks at. Events name its place in the
// table and its turn, so that a late event of an earlier user of the place is
// told apart.
type watch struct {
	fd   int
	turn int32
	q    ports.RxQueue // nil while the place is vacant
}

// wakeSlot marks the eventfd among the events.
const wakeSlot int32 = -1

// New makes an engine.
func New(o Options) (*Engine, error) {
	e := &Engine{epfd: -1, wakefd: -1, events: make([]unix.EpollEvent, maxEvents)}
	binary.NativeEndian.PutUint64(e.one[:], 1)
	if err := e.open(o); err != nil {
		return nil, errors.Join(fmt.Errorf("epoll engine: %w", err), e.Close())
	}
	return e, nil
}

func (e *Engine) open(o Options) (err error) {
	if e.pools, err = driver.NewPools(o); err != nil {
		return err
	}
	if e.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create: %w", err)
	}
	if e.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	// Edge-triggered, so that nobody needs to read the count back: it would
	// take centuries of wake-ups to overflow.
	return e.control(unix.EPOLL_CTL_ADD, e.wakefd, wakeSlot, 0)
}

func (e *Engine) control(op, fd int, slot, turn int32) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET&0xffffffff, Fd: slot, Pad: turn}
	if err := unix.EpollCtl(e.epfd, op, fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: descriptor %d: %w", fd, err)
	}
	return nil
}

// Pool has buffers of Options.SmallSize.
func (e *Engine) Pool() *packet.Pool { return e.pools.Small }

// Spill has buffers of Options.SpillSize.
func (e *Engine) Spill() *packet.Pool { return e.pools.Spill }

// Watch reports q once, and then at each edge of fd.
func (e *Engine) Watch(fd int, q ports.RxQueue) error {
	if fd < 0 {
		e.Notify(q)
		return nil
	}
	slot := int32(len(e.watched))
	if n := len(e.vacant); n > 0 {
		slot, e.vacant = e.vacant[n-1], e.vacant[:n-1]
	} else {
		e.watched = append(e.watched, watch{})
	}
	w := &e.watched[slot]
	w.turn++
	if err := e.control(unix.EPOLL_CTL_ADD, fd, slot, w.turn); err != nil {
		e.vacant = append(e.vacant, slot)
		return err
	}
	w.fd, w.q = fd, q
	e.Notify(q)
	return nil
}

// Unwatch ends Watch and forgets what was to be reported of q.
func (e *Engine) Unwatch(fd int, q ports.RxQueue) error {
	e.notices.Forget(q)
	if fd < 0 {
		return nil
	}
	for slot := range e.watched {
		if w := &e.watched[slot]; w.q == q && w.fd == fd {
			w.q = nil
			e.vacant = append(e.vacant, int32(slot))
			return e.control(unix.EPOLL_CTL_DEL, fd, 0, 0)
		}
	}
	return fmt.Errorf("epoll engine: unwatch descriptor %d: %w", fd, unix.ENOENT)
}

// Notify reports q at the next call of Ready and ends the current Wait.
func (e *Engine) Notify(q ports.RxQueue) {
	e.notices.Add(q)
	e.Wake()
}

// Ready reports queues that became ready, those that were notified first.
func (e *Engine) Ready(dst []ports.RxQueue) int {
	n := e.notices.Take(dst)
	for len(e.early) > 0 && n < len(dst) {
		n = e.report(dst, n, &e.early[0])
		e.early = e.early[1:]
	}
	if room := min(len(dst)-n, len(e.events)); room > 0 {
		for i := range e.look(e.events[:room]) {
			n = e.report(dst, n, &e.events[i])
		}
	}
	return n
}

// report adds the queue that event is about to dst[:n].
func (e *Engine) report(dst []ports.RxQueue, n int, event *unix.EpollEvent) int {
	if event.Fd == wakeSlot {
		return n
	}
	w := &e.watched[event.Fd]
	if w.q == nil || w.turn != event.Pad {
		return n
	}
	dst[n] = w.q
	return n + 1
}

// look takes events without waiting, and so without telling the Go scheduler.
func (e *Engine) look(events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.epfd),
		uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// Wait sleeps until there is something to do; see ports.Engine.
func (e *Engine) Wait(d time.Duration) error {
	if !e.LieDown(d == 0) {
		return nil
	}
	n, err := e.sleep(d)
	e.GetUp()
	if err != nil {
		return fmt.Errorf("epoll engine: wait: %w", err)
	}
	e.early = e.earlyBuf[:n]
	return nil
}

// LieDown is what Wait does before it sleeps, for an engine that has this one in
// it and sleeps its own way. It is false, and nobody may sleep, when there is
// something to do, which isBusy adds to. From then on Wake and Notify make
// Descriptor readable.
func (e *Engine) LieDown(isBusy bool) bool {
	if isBusy || len(e.early) > 0 || e.notices.Any() || !e.state.CompareAndSwap(awake, sleeping) {
		e.state.Store(awake)
		return false
	}
	return true
}

// GetUp ends what LieDown began: who wakes from here on leaves a mark for the next
// time.
func (e *Engine) GetUp() { e.state.Store(awake) }

// Descriptor becomes readable when a watched one does, and when Wake ends a sleep.
// Ready makes it unreadable.
func (e *Engine) Descriptor() int { return e.epfd }

// Noticed is Ready for queues that were notified alone, without a system call.
func (e *Engine) Noticed(dst []ports.RxQueue) int { return e.notices.Take(dst) }

// sleep is the one call that blocks. It goes through the scheduler, so that a
// garbage collection need not wait for a packet.
func (e *Engine) sleep(d time.Duration) (int, error) {
	var limit *unix.Timespec
	var end time.Time
	if d > 0 {
		end = time.Now().Add(d)
		limit = &e.limit
	}
	for {
		if limit != nil {
			*limit = unix.NsecToTimespec(int64(max(0, time.Until(end))))
		}
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(e.epfd), uintptr(unsafe.Pointer(&e.earlyBuf[0])),
			maxEvents, uintptr(unsafe.Pointer(limit)), 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM:
			// Linux before 5.11, or a container that does not know the call.
			return e.sleepMilliseconds(end)
		default:
			return 0, errno
		}
	}
}

// sleepMilliseconds is sleep for a kernel whose finest wait is a millisecond.
func (e *Engine) sleepMilliseconds(end time.Time) (int, error) {
	for {
		limit := -1
		if !end.IsZero() {
			const roundUp = time.Millisecond - 1
			limit = int((max(0, time.Until(end)) + roundUp) / time.Millisecond)
		}
		n, err := unix.EpollWait(e.epfd, e.earlyBuf[:], limit)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// Wake ends the current or the next Wait.
func (e *Engine) Wake() {
	if e.state.Swap(woken) != sleeping {
		return
	}
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	if e.wakefd >= 0 {
		_, _ = unix.Write(e.wakefd, e.one[:])
	}
}

// Close frees what the engine holds. Notify and Wake have no effect any more.
func (e *Engine) Close() error {
	errs := []error{e.pools.Close()}
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	for _, fd := range []*int{&e.epfd, &e.wakefd} {
		if *fd >= 0 {
			errs = append(errs, unix.Close(*fd))
			*fd = -1
		}
	}
	return errors.Join(errs...)
}
