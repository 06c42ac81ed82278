package tap

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/vnet"
)

// rxQueue reads frames from one descriptor.
type rxQueue struct {
	port         *Port
	engine       ports.Engine
	small, spill *packet.Pool
	fd           int
	number       int

	// A frame is read into tail, header first, since one plain read is cheaper
	// than a vector of two. What fits a small buffer is copied to head, of what
	// does not only its beginning, and tail becomes its second segment.
	head, tail *packet.Buf
	room       []byte // what the next frame is read into
}

var _ ports.RxQueue = (*rxQueue)(nil)

// OpenRx opens a receive queue; each number can be open once.
func (p *Port) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed || number < 0 || number >= p.active:
		return nil, fmt.Errorf("tap %s: open receive queue %d of %d: %w", p.options.Name, number, p.active, unix.EINVAL)
	case p.queues[number].owner != nil:
		return nil, fmt.Errorf("tap %s: open receive queue %d: %w", p.options.Name, number, unix.EBUSY)
	}
	q := p.openRing(number, e)
	if q == nil {
		s := &rxQueue{port: p, engine: e, small: e.Pool(), spill: e.Spill(), fd: p.queues[number].fd, number: number}
		if err := e.Watch(s.fd, s); err != nil {
			return nil, fmt.Errorf("tap %s: open receive queue %d: %w", p.options.Name, number, err)
		}
		q = s
	}
	p.queues[number].owner = e
	p.queues[number].users++
	p.readers = append(p.readers, reader{q, e})
	return q, nil
}

// forget takes q out of the open queues. It is false when q was closed before.
func (p *Port) forget(q ports.RxQueue) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.readers)
	p.readers = slices.DeleteFunc(p.readers, func(r reader) bool { return r.queue == q })
	return len(p.readers) < n
}

// closedRx gives back what a receive queue had, which ended with err.
func (p *Port) closedRx(number int, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queues[number].owner = nil
	p.queues[number].users--
	if err := errors.Join(err, p.release(number)); err != nil {
		return fmt.Errorf("tap %s: close receive queue %d: %w", p.options.Name, number, err)
	}
	return nil
}

// maxMisreads bounds how many frames one Recv may lose to errors, so that an
// error which stays cannot stop the worker.
const maxMisreads = 32

// Recv reads one frame with one system call.
func (q *rxQueue) Recv(dst []*packet.Buf) (int, error) {
	if q.port.gone.Load() {
		return 0, io.EOF
	}
	n, misreads := 0, 0
	for n < len(dst) {
		if !q.prepare() || misreads == maxMisreads {
			q.engine.Notify(q)
			return n, nil
		}
		size, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(q.fd), uintptr(unsafe.Pointer(&q.room[0])), uintptr(len(q.room)))
		switch {
		case errno == 0 && size >= vnet.HeaderSize:
			dst[n] = q.take(int(size) - vnet.HeaderSize)
			n++
		case errno == unix.EAGAIN:
			return n, nil
		case isGone(errno):
			q.port.discovered()
			q.engine.Notify(q)
			return n, nil
		case errno != unix.EINTR:
			// The kernel took the frame from its queue and could not deliver it.
			q.port.rxErrors.Add(1)
			misreads++
		}
	}
	return n, nil
}

// isGone says whether an error means that the device does not exist any more.
func isGone(errno unix.Errno) bool {
	return errno == unix.EBADFD || errno == unix.EBADF || errno == unix.ENODEV
}

// prepare has buffers for a frame ready. It is false when there are none.
func (q *rxQueue) prepare() bool {
	if q.head != nil && q.tail != nil {
		return true
	}
	if q.head == nil {
		if q.head = q.small.Get(); q.head == nil {
			return false
		}
	}
	if q.tail == nil {
		q.tail = q.spill.Get()
	}
	if q.tail != nil {
		q.room = q.tail.Room()
	} else {
		// Without a spill, what does not fit counts as truncated.
		q.room = q.head.Room()[packet.Headroom-vnet.HeaderSize:]
	}
	return true
}

// take makes a frame of the size bytes that were read behind the header.
func (q *rxQueue) take(size int) *packet.Buf {
	b, tail := q.head, q.tail
	q.head = nil
	b.RxQueue = uint16(q.number)
	end := vnet.HeaderSize + size
	switch inHead := b.Room()[packet.Headroom:]; {
	case tail == nil:
		b.SetRange(packet.Headroom, packet.Headroom+size)
	case size <= len(inHead):
		copy(inHead, q.room[vnet.HeaderSize:end])
		b.SetRange(packet.Headroom, packet.Headroom+size)
	default:
		copy(inHead, q.room[vnet.HeaderSize:vnet.HeaderSize+packet.MinHead])
		b.SetRange(packet.Headroom, packet.Headroom+packet.MinHead)
		tail.SetRange(vnet.HeaderSize+packet.MinHead, end)
		b.Append(tail)
		q.tail = nil
	}
	if end == len(q.room) {
		q.port.rxErrors.Add(1)
		b.Fault = packet.FaultTruncated
		return b
	}
	vnet.Decode((*vnet.Header)(q.room), 0, b)
	return b
}

// Close gives the descriptor back. Frames that wait in the kernel are still
// there for whoever opens the queue next.
func (q *rxQueue) Close() error {
	if !q.port.forget(q) {
		return nil
	}
	err := q.engine.Unwatch(q.fd, q)
	for _, b := range []*packet.Buf{q.head, q.tail} {
		if b != nil {
			b.Free(q.small)
		}
	}
	q.head, q.tail, q.room = nil, nil, nil
	return q.port.closedRx(q.number, err)
}
