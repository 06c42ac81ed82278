package tap

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/vnet"
)

// maxSegments is the length of the longest vector that the kernel writes
// (UIO_MAXIOV).
const maxSegments = 1024

// txQueue writes one worker's frames.
type txQueue struct {
	port   *Port
	pool   *packet.Pool
	fd     int
	number int // of the descriptor in port.queues
	closed bool

	done   driver.Finished
	header vnet.Header
	plain  bool // header is all zero
	iov    []unix.Iovec
}

var _ ports.TxQueue = (*txQueue)(nil)

// OpenTx opens the worker's way to send: over the descriptor that it also reads,
// or else over the next one in turn.
func (p *Port) OpenTx(e ports.Engine) (ports.TxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("tap %s: open send queue: %w", p.options.Name, unix.EBADF)
	}
	number := p.senders % p.active
	p.senders++
	for i := range p.active {
		if p.queues[i].owner == e {
			number = i
			break
		}
	}
	q := &txQueue{port: p, pool: e.Pool(), fd: p.queues[number].fd, number: number, plain: true, iov: make([]unix.Iovec, 1, 8)}
	q.iov[0] = unix.Iovec{Base: &q.header[0], Len: vnet.HeaderSize}
	p.queues[number].users++
	return q, nil
}

// Send writes each frame with one system call, and is then done with it.
func (q *txQueue) Send(batch []*packet.Buf) {
	for _, b := range batch {
		q.done.Add(b, q.write(b))
	}
}

func (q *txQueue) write(b *packet.Buf) ports.TxResult {
	switch {
	case q.port.gone.Load():
		return ports.TxGone
	case q.port.cut.Load():
		return ports.TxDown
	case !q.gather(b):
		q.port.txErrors.Add(1)
		return ports.TxError
	}
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(q.fd), uintptr(unsafe.Pointer(&q.iov[0])), uintptr(len(q.iov)))
		switch errno {
		case 0:
			return ports.TxSent
		case unix.EINTR:
		default:
			q.port.txErrors.Add(1)
			return q.refused(errno)
		}
	}
}

// gather points iov at the header for b and at its segments. It is false for a
// frame that cannot be written.
func (q *txQueue) gather(b *packet.Buf) bool {
	if b.Offload.NeedsCsum || b.Offload.GSO != packet.GSONone {
		q.plain = false
		if !vnet.Encode(&q.header, &b.Offload) {
			return false
		}
	} else if !q.plain {
		q.header, q.plain = vnet.Header{}, true
	}
	q.iov = q.iov[:1]
	for seg := b; seg != nil; seg = seg.Next() {
		bytes := seg.Bytes()
		part := unix.Iovec{Base: unsafe.SliceData(bytes)}
		part.SetLen(len(bytes))
		q.iov = append(q.iov, part)
	}
	return len(q.iov) <= maxSegments
}

// refused says what an error of writing means for a frame.
func (q *txQueue) refused(errno unix.Errno) ports.TxResult {
	switch errno {
	case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
		return ports.TxFull
	case unix.EIO, unix.ENETDOWN:
		return ports.TxDown
	case unix.EBADFD, unix.EBADF, unix.ENODEV:
		q.port.discovered()
		return ports.TxGone
	case unix.EMSGSIZE:
		return ports.TxTooBig
	}
	return ports.TxError
}

// Reap hands out frames that were written or refused.
func (q *txQueue) Reap(dst []ports.TxDone) int { return q.done.Reap(dst) }

// Close frees frames that were not reaped and gives the descriptor back.
func (q *txQueue) Close() error {
	q.done.Free(q.pool)
	p := q.port
	p.mu.Lock()
	defer p.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	p.queues[q.number].users--
	return p.release(q.number)
}
