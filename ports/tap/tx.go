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

// sender is what both kinds of send queues have.
type sender struct {
	port   *Port
	pool   *packet.Pool
	number int // of the descriptor in port.queues
	closed bool
	done   driver.Finished
}

// txQueue writes one worker's frames, with one system call each.
type txQueue struct {
	sender
	fd    int
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
	fd := p.queues[number].fd
	p.queues[number].users++
	base := sender{port: p, pool: e.Pool(), number: number}
	if w := p.openRingWriter(fd, e); w != nil {
		return &ringTx{sender: base, writer: w}, nil
	}
	return &txQueue{sender: base, fd: fd, parts: make([]unix.Iovec, 0, 8)}, nil
}

// Send writes each frame with one system call, and is then done with it.
func (q *txQueue) Send(batch []*packet.Buf) {
	for _, b := range batch {
		q.done.Add(b, q.write(b))
	}
}

// prepare returns the header of b with b's first segment, or why it cannot be sent.
func (s *sender) prepare(b *packet.Buf) ([]byte, ports.TxResult) {
	switch {
	case s.port.gone.Load():
		return nil, ports.TxGone
	case s.port.cut.Load():
		return nil, ports.TxDown
	}
	front, ok := vnet.Prepend(b)
	if !ok {
		s.port.txErrors.Add(1)
		return nil, ports.TxError
	}
	return front, ports.TxSent
}

func (q *txQueue) write(b *packet.Buf) ports.TxResult {
	front, result := q.prepare(b)
	if front == nil {
		return result
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

// refused counts an error of writing and says what it means for a frame.
func (s *sender) refused(errno unix.Errno) ports.TxResult {
	s.port.txErrors.Add(1)
	switch errno {
	case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
		return ports.TxFull
	case unix.EIO, unix.ENETDOWN:
		return ports.TxDown
	case unix.EBADFD, unix.EBADF, unix.ENODEV:
		s.port.discovered()
		return ports.TxGone
	case unix.EMSGSIZE:
		return ports.TxTooBig
	}
	return ports.TxError
}

// Reap hands out frames that were written or refused.
func (s *sender) Reap(dst []ports.TxDone) int { return s.done.Reap(dst) }

// Close frees frames that were not reaped and gives the descriptor back.
func (s *sender) Close() error {
	s.done.Free(s.pool)
	p := s.port
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	p.queues[s.number].users--
	return p.release(s.number)
}
