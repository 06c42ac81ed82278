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

	// The next frame is read into header, head and tail, which iov points at. A
	// tail that stays empty is used again.
	head, tail *packet.Buf
	header     vnet.Header
	iov        [3]unix.Iovec
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
	q := &rxQueue{port: p, engine: e, small: e.Pool(), spill: e.Spill(), fd: p.queues[number].fd, number: number}
	q.iov[0] = unix.Iovec{Base: &q.header[0], Len: vnet.HeaderSize}
	if err := e.Watch(q.fd, q); err != nil {
		return nil, fmt.Errorf("tap %s: open receive queue %d: %w", p.options.Name, number, err)
	}
	p.queues[number].owner = e
	p.queues[number].users++
	p.readers = append(p.readers, q)
	return q, nil
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
		segments := q.prepare()
		if segments == 0 || misreads == maxMisreads {
			q.engine.Notify(q)
			return n, nil
		}
		size, _, errno := unix.RawSyscall(unix.SYS_READV, uintptr(q.fd), uintptr(unsafe.Pointer(&q.iov)), segments)
		switch {
		case errno == 0 && size >= vnet.HeaderSize:
			dst[n] = q.take(int(size) - vnet.HeaderSize)
			n++
		case errno == unix.EAGAIN:
			return n, nil
		case errno == unix.EBADFD || errno == unix.EBADF || errno == unix.ENODEV:
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

// prepare has buffers for a frame ready and returns the number of parts of iov
// to read into, or 0 when there is no buffer.
func (q *rxQueue) prepare() uintptr {
	if q.head == nil {
		if q.head = q.small.Get(); q.head == nil {
			return 0
		}
		room := q.head.Room()[packet.Headroom:]
		q.iov[1].Base = unsafe.SliceData(room)
		q.iov[1].SetLen(len(room))
	}
	if q.tail == nil {
		if q.tail = q.spill.Get(); q.tail == nil {
			return 2 // a frame that fills this will count as truncated
		}
		room := q.tail.Room()
		q.iov[2].Base = unsafe.SliceData(room)
		q.iov[2].SetLen(len(room))
	}
	return 3
}

// take makes a frame of the size bytes that were read.
func (q *rxQueue) take(size int) *packet.Buf {
	b, room := q.head, int(q.iov[1].Len)
	q.head = nil
	b.RxQueue = uint16(q.number)
	if size < room {
		b.SetRange(packet.Headroom, packet.Headroom+size)
	} else {
		b.SetRange(packet.Headroom, packet.Headroom+room)
		if rest := size - room; rest > 0 {
			if rest == int(q.iov[2].Len) {
				b.Fault = packet.FaultTruncated
			}
			q.tail.SetRange(0, rest)
			b.Append(q.tail)
			q.tail = nil
		} else if q.tail == nil {
			b.Fault = packet.FaultTruncated
		}
	}
	if b.Fault != packet.FaultNone {
		q.port.rxErrors.Add(1)
		return b
	}
	vnet.Decode(&q.header, 0, b)
	return b
}

// Close gives the descriptor back. Frames that wait in the kernel are still
// there for whoever opens the queue next.
func (q *rxQueue) Close() error {
	p := q.port
	p.mu.Lock()
	place := slices.Index(p.readers, q)
	if place < 0 {
		p.mu.Unlock()
		return nil
	}
	p.readers = slices.Delete(p.readers, place, place+1)
	p.mu.Unlock()
	errs := []error{q.engine.Unwatch(q.fd, q)}
	for _, b := range []*packet.Buf{q.head, q.tail} {
		if b != nil {
			b.Free(q.small)
		}
	}
	q.head, q.tail = nil, nil
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queues[q.number].owner = nil
	p.queues[q.number].users--
	if err := errors.Join(append(errs, p.release(q.number))...); err != nil {
		return fmt.Errorf("tap %s: close receive queue %d: %w", p.options.Name, q.number, err)
	}
	return nil
}
