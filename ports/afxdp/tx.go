package afxdp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/afpacket"
	"vswitch/ports/driver"
)

// txQueue sends one worker's frames: through a socket that the worker receives
// from, or else through AF_PACKET.
type txQueue struct {
	port   *Port
	engine ports.Engine
	lender *rxQueue // whose socket this is; nil without one
	socket *socket  // nil without one
	done   driver.Finished
	other  ports.TxQueue
}

var _ ports.TxQueue = (*txQueue)(nil)

// OpenTx opens the worker's way to send.
func (p *Port) OpenTx(e ports.Engine) (ports.TxQueue, error) {
	sender := afpacket.Sender{Name: p.options.Name, Space: p.space, Index: p.index, Gone: &p.gone, Errors: &p.txErrors}
	other, err := sender.Open(e)
	if err != nil {
		return nil, fmt.Errorf("afxdp %s: %w", p.options.Name, err)
	}
	q := &txQueue{port: p, engine: e, other: other}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.senders = append(p.senders, q)
	p.pair(e)
	return q, nil
}

// pair lends the send queue of a worker the socket of one of its receive queues.
// Called with p.mu held, by the worker.
func (p *Port) pair(e ports.Engine) {
	for _, q := range p.senders {
		if q.engine != e || q.socket != nil {
			continue
		}
		if i := slices.IndexFunc(p.readers, func(r *rxQueue) bool { return r.engine == e }); i >= 0 && p.borrower(p.readers[i].socket) == nil {
			q.lender, q.socket = p.readers[i], p.readers[i].socket
		}
	}
	p.describe()
}

// borrower is the send queue that has socket s, or nil. Called with p.mu held.
func (p *Port) borrower(s *socket) *txQueue {
	for _, q := range p.senders {
		if q.socket == s {
			return q
		}
	}
	return nil
}

// Send takes the frames, and hands them to the kernel with one system call where
// that takes them all.
func (q *txQueue) Send(batch []*packet.Buf) {
	if q.socket == nil {
		q.other.Send(batch)
		return
	}
	for _, b := range batch {
		if result := q.push(b); result != ports.TxSent {
			q.refuse(b, result)
		}
	}
	q.kick()
}

func (q *txQueue) refuse(b *packet.Buf, result ports.TxResult) {
	if result != ports.TxFull && result != ports.TxDown && result != ports.TxGone {
		q.port.txErrors.Add(1)
	}
	q.done.Add(b, result)
}

// push puts a frame into the send ring. Takes b if that is possible, which TxSent
// says.
func (q *txQueue) push(b *packet.Buf) ports.TxResult {
	s, p := q.socket, q.port
	switch size := b.Size(); {
	case p.gone.Load():
		return ports.TxGone
	case p.down.Load():
		return ports.TxDown
	case size < packet.EthSize:
		return ports.TxError
	case size > int(p.mtu.Load())+packet.EthSize+packet.VLANSize:
		return ports.TxTooBig
	}
	parts, here := s.parts(b)
	copied := b
	if !here {
		if parts = (b.Size() + s.pool.Payload() - 1) / s.pool.Payload(); parts > s.mostParts() {
			return ports.TxTooBig
		}
		if copied = s.copy(b); copied == nil {
			return ports.TxFull
		}
	}
	if s.send.room() < parts {
		q.kick()
		s.complete(&q.done)
		if s.send.room() < parts {
			if !here {
				copied.Free(s.pool)
			}
			return ports.TxFull
		}
	}
	last := s.write(copied)
	last.sent = b
	if !here {
		last.buf = copied
	}
	s.send.publish()
	return ports.TxSent
}

// write fills entries of the send ring with the parts of a frame, and returns the
// slot of the last one.
func (s *socket) write(b *packet.Buf) *slot {
	for seg := b; ; seg = seg.Next() {
		at, _ := s.offset(seg)
		d := s.send.descriptor(s.send.next)
		*d = unix.XDPDesc{Addr: at, Len: uint32(len(seg.Bytes()))}
		s.send.next++
		if seg.Next() == nil {
			return &s.slots[at>>s.shift]
		}
		d.Options = unix.XDP_PKT_CONTD
	}
}

// parts is how many entries b takes, and whether it can be sent from where it is.
func (s *socket) parts(b *packet.Buf) (n int, here bool) {
	for seg := b; seg != nil; seg = seg.Next() {
		if _, ours := s.offset(seg); !ours || len(seg.Bytes()) == 0 {
			return 0, false
		}
		n++
	}
	return n, n <= s.mostParts()
}

func (s *socket) mostParts() int {
	if s.grants.parts {
		return maxParts
	}
	return 1
}

// copy copies a frame into the socket's memory; nil where that is full.
func (s *socket) copy(b *packet.Buf) *packet.Buf {
	var frame *packet.Buf
	for off, size := 0, b.Size(); off < size; off += s.pool.Payload() {
		c := s.pool.Get()
		if c == nil {
			if frame != nil {
				frame.Free(s.pool)
			}
			return nil
		}
		c.SetRange(packet.Headroom, packet.Headroom+min(s.pool.Payload(), size-off))
		b.CopyAt(off, c.Bytes())
		if frame == nil {
			frame = c
		} else {
			frame.Append(c)
		}
	}
	return frame
}

// kick has the kernel send what is in the ring. What it cannot take now stays there
// for the next time.
func (q *txQueue) kick() {
	s := q.socket
	for s.send.untaken() && s.send.wantsWakeup() && !q.port.gone.Load() && !q.port.down.Load() {
		before := s.send.room()
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			if s.send.room() == before {
				// The completion ring is full.
				s.complete(&q.done)
				if s.send.untaken() {
					q.engine.Notify(q.lender)
				}
				return
			}
		case unix.EINTR:
		case unix.EBUSY:
			// The device refused one of those that the kernel took; it does not say
			// which.
			s.lost++
		case unix.ENETDOWN, unix.ENXIO:
			return // netlink says the same soon
		default:
			if s.send.room() == before {
				q.engine.Notify(q.lender)
				return
			}
		}
	}
}

// complete moves frames that the kernel is done with into done.
func (s *socket) complete(done *driver.Finished) {
	n := s.completion.unread()
	for range n {
		at := *s.completion.address(s.completion.next)
		s.completion.next++
		here := &s.slots[at>>s.shift]
		if here.sent == nil {
			continue // not the last part of its frame
		}
		result := ports.TxSent
		if s.lost > 0 {
			s.lost--
			result = ports.TxFull
		}
		done.Add(s.take(int(at>>s.shift)), result)
	}
	if n > 0 {
		s.completion.release()
	}
}

// Reap hands out frames that were sent or refused.
func (q *txQueue) Reap(dst []ports.TxDone) int {
	if q.socket != nil {
		q.socket.complete(&q.done)
		q.kick()
	}
	n := q.done.Reap(dst)
	return n + q.other.Reap(dst[n:])
}

// drainTime bounds how long a socket that is to be closed may take to send what it
// has.
const drainTime = 50 * time.Millisecond

// giveBack ends the use of the socket, whose owner closes it.
func (q *txQueue) giveBack() {
	s := q.socket
	for end := time.Now().Add(drainTime); s.sends() && !q.port.gone.Load() && !q.port.down.Load() && time.Now().Before(end); {
		q.kick()
		s.complete(&q.done)
		time.Sleep(50 * time.Microsecond)
	}
	s.complete(&q.done)
	q.port.mu.Lock()
	defer q.port.mu.Unlock()
	q.socket, q.lender = nil, nil
}

// sends says whether the kernel has a frame that is to be sent.
func (s *socket) sends() bool {
	return slices.ContainsFunc(s.slots, func(here slot) bool { return here.sent != nil })
}

// Close frees frames that were not reaped.
func (q *txQueue) Close() error {
	p := q.port
	p.mu.Lock()
	place := slices.Index(p.senders, q)
	if place < 0 {
		p.mu.Unlock()
		return nil
	}
	p.senders = slices.Delete(p.senders, place, place+1)
	p.describe()
	p.mu.Unlock()
	if q.socket != nil {
		q.giveBack()
	}
	q.done.Free(q.engine.Pool())
	return errors.Join(q.other.Close())
}
