package afpacket

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/netdev"
	"vswitch/ports/vnet"
)

// Sender says over which device a send queue sends, and where it counts.
type Sender struct {
	Name   string // of the port, for errors
	Space  *netdev.Namespace
	Index  int            // of the device in Space
	Gone   *atomic.Bool   // the device no longer exists
	Errors *atomic.Uint64 // frames that the system refused
}

// txQueue sends one worker's frames over a socket of its own.
type txQueue struct {
	Sender
	pool *packet.Pool
	fd   int

	done     driver.Finished
	messages [batchSize]message
	parts    [batchSize][]unix.Iovec // of each frame
}

var _ ports.TxQueue = (*txQueue)(nil)

// OpenTx opens the worker's way to send.
func (p *Port) OpenTx(e ports.Engine) (ports.TxQueue, error) {
	s := Sender{Name: p.options.Name, Space: p.space, Index: p.index, Gone: &p.gone, Errors: &p.txErrors}
	q, err := s.Open(e)
	if err != nil {
		return nil, fmt.Errorf("system %s: %w", p.options.Name, err)
	}
	return q, nil
}

// Open opens a worker's way to send, also on a device that another driver
// receives from.
func (s Sender) Open(e ports.Engine) (ports.TxQueue, error) {
	q := &txQueue{Sender: s, pool: e.Pool()}
	err := s.Space.Do(func() (err error) {
		q.fd, err = openSender(s.Index)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open send queue: %w", err)
	}
	for i := range q.parts {
		q.parts[i] = make([]unix.Iovec, 0, 4)
	}
	return q, nil
}

// Send sends up to batchSize frames with one system call, and is then done with
// them.
func (q *txQueue) Send(batch []*packet.Buf) {
	for len(batch) > 0 {
		n := 0
		for n < min(len(batch), batchSize) && q.gather(n, batch[n]) {
			n++
		}
		q.write(batch[:n])
		if batch = batch[n:]; len(batch) > 0 && n < batchSize {
			// The frame that ended the gathering cannot be sent.
			q.refuse(batch[0], ports.TxError)
			batch = batch[1:]
		}
	}
}

// gather points message i at frame b. It is false for a frame that cannot be
// sent.
func (q *txQueue) gather(i int, b *packet.Buf) bool {
	front, ok := vnet.Prepend(b)
	if !ok {
		return false
	}
	parts := append(q.parts[i][:0], vector(front))
	for seg := b.Next(); seg != nil; seg = seg.Next() {
		parts = append(parts, vector(seg.Bytes()))
	}
	q.parts[i] = parts
	q.messages[i].header.Iov = &parts[0]
	q.messages[i].header.SetIovlen(len(parts))
	return true
}

// write sends the frames that were gathered.
func (q *txQueue) write(frames []*packet.Buf) {
	for first := 0; first < len(frames); {
		if q.Gone.Load() {
			for _, b := range frames[first:] {
				q.done.Add(b, ports.TxGone)
			}
			return
		}
		sent, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(q.fd), uintptr(unsafe.Pointer(&q.messages[first])),
			uintptr(len(frames)-first), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			for _, b := range frames[first : first+int(sent)] {
				q.done.Add(b, ports.TxSent)
			}
			first += int(sent)
		case unix.EINTR:
		default:
			// The call says so only of the first frame that it tries.
			q.refuse(frames[first], meaning(errno))
			first++
		}
	}
}

func (q *txQueue) refuse(b *packet.Buf, result ports.TxResult) {
	q.Errors.Add(1)
	q.done.Add(b, result)
}

// meaning says what an error of sending means for a frame.
func meaning(errno unix.Errno) ports.TxResult {
	switch errno {
	case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
		return ports.TxFull
	case unix.ENETDOWN:
		return ports.TxDown
	case unix.ENXIO, unix.ENODEV:
		return ports.TxGone
	case unix.EMSGSIZE:
		return ports.TxTooBig
	}
	return ports.TxError
}

// Reap hands out frames that were sent or refused.
func (q *txQueue) Reap(dst []ports.TxDone) int { return q.done.Reap(dst) }

// Close frees frames that were not reaped and closes the socket.
func (q *txQueue) Close() error {
	q.done.Free(q.pool)
	if q.fd < 0 {
		return nil
	}
	fd := q.fd
	q.fd = -1
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("port %s: close send queue: %w", q.Name, err)
	}
	return nil
}
