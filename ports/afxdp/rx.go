package afxdp

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
)

// fewest is how many Bufs a socket gets to receive into however many others the
// worker has.
const fewest = 32

// rxQueue receives from one socket.
type rxQueue struct {
	port   *Port
	engine ports.Engine
	socket *socket
	number int
}

var _ ports.RxQueue = (*rxQueue)(nil)

// OpenRx opens a receive queue; each number can be open once.
func (p *Port) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	q, err := p.openRx(number, e)
	if err != nil {
		return nil, fmt.Errorf("afxdp %s: open receive queue %d of %d: %w", p.options.Name, number, p.options.Queues, err)
	}
	return q, nil
}

func (p *Port) openRx(number int, e ports.Engine) (*rxQueue, error) {
	if err := p.reserve(number); err != nil {
		return nil, err
	}
	q := &rxQueue{port: p, engine: e, number: number}
	err := p.space.Do(func() (err error) {
		q.socket, err = openSocket(p.index, number, e.Pool(), p.program.mode == ModeNative)
		return err
	})
	if err == nil {
		if err = q.begin(); err != nil {
			err = errors.Join(err, q.socket.close(nil))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.taken[number] = false
		return nil, err
	}
	p.readers = append(p.readers, q)
	p.pair(e)
	return q, nil
}

// reserve takes a number for a queue that is about to be opened.
func (p *Port) reserve(number int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed || number < 0 || number >= len(p.taken):
		return unix.EINVAL
	case p.taken[number]:
		return unix.EBUSY
	}
	p.taken[number] = true
	return nil
}

// begin has frames arrive.
func (q *rxQueue) begin() error {
	if err := q.port.fits(q.socket); err != nil {
		return err
	}
	q.refill()
	if err := q.engine.Watch(q.socket.fd, q); err != nil {
		return err
	}
	if err := q.port.program.hand(q.number, q.socket.fd); err != nil {
		return errors.Join(err, q.engine.Unwatch(q.socket.fd, q))
	}
	return nil
}

// fits refuses a socket that could not receive every frame of the device.
func (p *Port) fits(s *socket) error {
	mtu, payload := p.state.Info().MTU, s.pool.Payload()
	if most := mtu + packet.EthSize + packet.VLANSize; most > payload && !s.grants.parts {
		return fmt.Errorf("a frame has up to %d bytes at MTU %d, and the kernel hands over at most %d (more from Linux 6.6 on): set mtu to at most %d, or use type: system: %w",
			most, mtu, payload, payload-packet.EthSize-packet.VLANSize, unix.EMSGSIZE)
	}
	return nil
}

// Recv takes frames from the ring, without a system call.
func (q *rxQueue) Recv(dst []*packet.Buf) (int, error) {
	if q.port.gone.Load() {
		return 0, io.EOF
	}
	ring, n := &q.socket.receive, 0
	for unread := ring.unread(); n < len(dst); n++ {
		parts := wholeFrame(ring, unread)
		if parts == 0 {
			break
		}
		unread -= parts
		dst[n] = q.take(parts)
	}
	if n > 0 {
		ring.release()
	}
	q.refill()
	return n, nil
}

// wholeFrame is how many of the unread entries are the next frame; 0 where there
// is no whole one.
func wholeFrame(r *ring, unread int) int {
	for i := range unread {
		if r.descriptor(r.next+uint32(i)).Options&unix.XDP_PKT_CONTD == 0 {
			return i + 1
		}
	}
	return 0
}

// take makes a frame of the next entries of the ring.
func (q *rxQueue) take(parts int) *packet.Buf {
	s := q.socket
	var frame *packet.Buf
	for range parts {
		d := s.receive.descriptor(s.receive.next)
		s.receive.next++
		at := &s.slots[d.Addr>>s.shift]
		b := at.buf
		at.buf = nil
		begin := int(d.Addr & (1<<s.shift - 1))
		b.SetRange(begin, begin+int(d.Len))
		if frame == nil {
			frame = b
		} else {
			frame.Append(b)
		}
	}
	s.filled -= parts
	frame.RxQueue = uint16(q.number)
	if packet.HasUnfinishedChecksum(frame) {
		frame.Fault = packet.FaultUnfinishedCsum
	}
	return frame
}

// refill gives the kernel Bufs to receive into, as long as the worker keeps half of
// its own for others.
func (q *rxQueue) refill() {
	s := q.socket
	want := s.depth - s.filled
	if want < s.depth/8 && s.filled >= fewest {
		return
	}
	stats := s.pool.Stats()
	want = min(want, max(stats.Capacity/2-stats.InUse, fewest-s.filled))
	given := 0
	for ; given < want; given++ {
		b := s.pool.Get()
		if b == nil {
			break
		}
		at, _ := s.offset(b)
		at &^= 1<<s.shift - 1
		s.slots[at>>s.shift].buf = b
		*s.fill.address(s.fill.next) = at
		s.fill.next++
	}
	s.filled += given
	if given > 0 {
		s.fill.publish()
		if s.fill.wantsWakeup() {
			_, _, _ = unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		}
	}
	if s.filled == 0 {
		// Nothing can arrive that would make the descriptor readable.
		q.engine.Notify(q)
	}
}

// Close ends the socket. What waits there is lost.
func (q *rxQueue) Close() error {
	p := q.port
	p.mu.Lock()
	place := slices.Index(p.readers, q)
	if place < 0 {
		p.mu.Unlock()
		return nil
	}
	p.readers = slices.Delete(p.readers, place, place+1)
	p.missed += q.socket.missed()
	borrower := p.borrower(q.socket)
	p.mu.Unlock()
	errs := []error{q.engine.Unwatch(q.socket.fd, q)}
	if borrower != nil {
		borrower.giveBack()
		errs = append(errs, q.socket.close(&borrower.done))
	} else {
		errs = append(errs, q.socket.close(nil))
	}
	p.mu.Lock()
	p.taken[q.number] = false
	p.pair(q.engine)
	p.mu.Unlock()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("afxdp %s: close receive queue %d: %w", p.options.Name, q.number, err)
	}
	return nil
}
