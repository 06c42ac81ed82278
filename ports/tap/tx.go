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

// txQueue writes one worker's frames.
type txQueue struct {
	port   *Port
	pool   *packet.Pool
	fd     int
	number int // of the descriptor in port.queues
	closed bool

	done  driver.Finished
	parts []unix.Iovec // of a frame of several segments
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
	q := &txQueue{port: p, pool: e.Pool(), fd: p.queues[number].fd, number: number, parts: make([]unix.Iovec, 0, 8)}
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
	}
	front, ok := vnet.Prepend(b)
	if !ok {
		q.port.txErrors.Add(1)
		return ports.TxError
	}
	call, at, n := uintptr(unix.SYS_WRITE), unsafe.Pointer(&front[0]), len(front)
	if b.Next() != nil {
		q.gather(front, b)
		call, at, n = unix.SYS_WRITEV, unsafe.Pointer(&q.parts[0]), len(q.parts)
	}
	for {
		switch _, _, errno := unix.RawSyscall(call, uintptr(q.fd), uintptr(at), uintptr(n)); errno {
		case 0:
			return ports.TxSent
		case unix.EINTR:
		default:
			q.port.txErrors.Add(1)
			return q.refused(errno)
		}
	}
}

// gather points parts at front, which is the header and b's first segment, and
// at the other segments. More than the kernel takes are an error of the call.
func (q *txQueue) gather(front []byte, b *packet.Buf) {
	q.parts = append(q.parts[:0], vector(front))
	for seg := b.Next(); seg != nil; seg = seg.Next() {
		q.parts = append(q.parts, vector(seg.Bytes()))
	}
}

func vector(data []byte) unix.Iovec {
	v := unix.Iovec{Base: unsafe.SliceData(data)}
	v.SetLen(len(data))
	return v
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
