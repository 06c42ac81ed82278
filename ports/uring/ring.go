package uring

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of a ring.
const (
	sqEntries = 256
	cqEntries = 8192
)

// ring is one io_uring, its memory and what has not been submitted yet.
type ring struct {
	fd       int
	memory   []byte // both rings
	requests []byte // memory of sqes
	sqes     []sqe

	sqHead, sqTail, sqFlags *uint32 // shared with the kernel
	cqHead, cqTail          *uint32
	array                   []uint32
	cqes                    []cqe
	tail                    uint32 // sqTail with what was prepared and not published
	taken                   uint32 // cqHead, which only we move

	deferred bool // the kernel runs completions when this thread asks for them
	lets     bool // the kernel lets go of a registered descriptor when it is taken back
	arg      geteventsArg
	limit    unix.Timespec
}

// openRing makes a ring for the calling thread. refuse leaves features out.
func openRing(refuse Features) (*ring, error) {
	if refuse&FeatureRing != 0 {
		return nil, fmt.Errorf("io_uring_setup: %w", unix.EPERM)
	}
	const common = setupCQSize | setupSubmitAll | setupTaskrunFlag
	var r *ring
	err := error(unix.EINVAL)
	if refuse&FeatureDeferred == 0 {
		r, err = setupRing(common | setupSingleIssuer | setupDeferTaskrun)
	}
	if errors.Is(err, unix.EINVAL) {
		// Linux before 6.1.
		r, err = setupRing(common | setupCoopTaskrun)
	}
	return r, explainSetup(err)
}

func explainSetup(err error) error {
	switch {
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%w: needs Linux 5.19", err)
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%w: this kernel has no io_uring", err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: forbidden by a seccomp filter or by /proc/sys/kernel/io_uring_disabled", err)
	}
	return err
}

func setupRing(flags uint32) (*ring, error) {
	p := params{flags: flags, cqEntries: cqEntries}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, sqEntries, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("io_uring_setup: %w", errno)
	}
	r := &ring{fd: int(fd), deferred: flags&setupDeferTaskrun != 0, lets: p.features&featRWAttr != 0}
	unix.CloseOnExec(r.fd)
	if err := r.mapMemory(&p); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *ring) mapMemory(p *params) (err error) {
	const need = featSingleMmap | featNoDrop | featExtArg
	if p.features&need != need {
		return fmt.Errorf("io_uring has features %#x, and %#x are needed: %w", p.features, need, unix.EINVAL)
	}
	size := max(p.sq.array+p.sqEntries*4, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(cqe{})))
	const access, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	if r.memory, err = unix.Mmap(r.fd, offRings, int(size), access, flags); err != nil {
		return fmt.Errorf("io_uring: map rings: %w", err)
	}
	if r.requests, err = unix.Mmap(r.fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), access, flags); err != nil {
		return fmt.Errorf("io_uring: map requests: %w", err)
	}
	at := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.memory[off])) }
	r.sqHead, r.sqTail, r.sqFlags, r.array = at(p.sq.head), at(p.sq.tail), at(p.sq.flags), unsafe.Slice(at(p.sq.array), p.sqEntries)
	r.cqHead, r.cqTail = at(p.cq.head), at(p.cq.tail)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.memory[p.cq.cqes])), p.cqEntries)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.requests[0])), p.sqEntries)
	for i := range r.array {
		r.array[i] = uint32(i)
	}
	return nil
}

func (r *ring) close() error {
	var errs []error
	for _, m := range []*[]byte{&r.requests, &r.memory} {
		if *m != nil {
			errs = append(errs, unix.Munmap(*m))
			*m = nil
		}
	}
	if r.fd >= 0 {
		errs = append(errs, unix.Close(r.fd))
		r.fd = -1
	}
	return errors.Join(errs...)
}

// next is an empty request, or nil when the ring is full: submit, then.
func (r *ring) next() *sqe {
	if r.tail-atomic.LoadUint32(r.sqHead) == uint32(len(r.sqes)) {
		return nil
	}
	s := &r.sqes[r.tail&uint32(len(r.sqes)-1)]
	*s = sqe{}
	r.tail++
	return s
}

// unsubmitted is the number of requests that the kernel has not taken.
func (r *ring) unsubmitted() uint32 { return r.tail - atomic.LoadUint32(r.sqHead) }

// due says whether entering the kernel would bring something.
func (r *ring) due() bool {
	return r.unsubmitted() != 0 || atomic.LoadUint32(r.sqFlags)&(sqTaskrun|sqCQOverflow) != 0
}

// arrived says whether a completion waits.
func (r *ring) arrived() bool { return r.taken != atomic.LoadUint32(r.cqTail) }

// submit hands in what was prepared and collects completions without waiting.
func (r *ring) submit() error {
	atomic.StoreUint32(r.sqTail, r.tail)
	for {
		// Raw, though a collection that wants the worker has to wait for the batch:
		// else the Go runtime's monitor wakes for each of them.
		_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.unsubmitted()), 0, enterGetEvents, 0, 0)
		switch errno {
		case 0, unix.EAGAIN, unix.EBUSY:
			// The kernel is short of memory or of room for completions. What it
			// did not take stays for the next time.
			return nil
		case unix.EINTR:
		default:
			return fmt.Errorf("io_uring_enter: %w", errno)
		}
	}
}

// wait hands in what was prepared and sleeps until a completion waits or d has
// passed; d < 0 waits without limit.
func (r *ring) wait(d time.Duration) error {
	atomic.StoreUint32(r.sqTail, r.tail)
	var end time.Time
	if d > 0 {
		end = time.Now().Add(d)
	}
	for !r.arrived() {
		flags, arg, size := uintptr(enterGetEvents), unsafe.Pointer(nil), uintptr(0)
		if d > 0 {
			r.limit = unix.NsecToTimespec(int64(max(0, time.Until(end))))
			r.arg.limit = uint64(uintptr(unsafe.Pointer(&r.limit)))
			flags, arg, size = flags|enterExtArg, unsafe.Pointer(&r.arg), unsafe.Sizeof(r.arg)
		}
		_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.unsubmitted()), 1, flags, uintptr(arg), size)
		switch errno {
		case 0, unix.EINTR, unix.EAGAIN, unix.EBUSY:
		case unix.ETIME:
			return nil
		default:
			return fmt.Errorf("io_uring_enter: %w", errno)
		}
	}
	return nil
}

// take is the oldest completion. It is false when none waits.
func (r *ring) take() (c cqe, ok bool) {
	if !r.arrived() {
		return c, false
	}
	c = r.cqes[r.taken&uint32(len(r.cqes)-1)]
	r.taken++
	atomic.StoreUint32(r.cqHead, r.taken)
	return c, true
}

// register is io_uring_register.
func (r *ring) register(what uintptr, arg unsafe.Pointer, n int) error {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), what, uintptr(arg), uintptr(n), 0, 0)
	runtime.KeepAlive(arg)
	if errno != 0 {
		return errno
	}
	return nil
}
