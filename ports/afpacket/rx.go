package afpacket

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

// batchSize is how many frames one system call reads or writes.
const batchSize = 32

// message is struct mmsghdr: one frame of recvmmsg and sendmmsg.
type message struct {
	header unix.Msghdr
	size   uint32 // bytes transferred
}

// control is the one control message that a receive socket delivers.
type control struct {
	header unix.Cmsghdr
	data   unix.TpacketAuxdata
}

// slot is what one frame of a batch is read into: head, with the virtio network
// header in its headroom, then tail. A tail that stays empty is used again.
type slot struct {
	head, tail *packet.Buf
	parts      [2]unix.Iovec
	control    control
}

// headerAt is where the virtio network header of a frame lies in its head.
const headerAt = packet.Headroom - vnet.HeaderSize

// rxQueue reads batches of frames from one socket.
type rxQueue struct {
	port         *Port
	engine       ports.Engine
	small, spill *packet.Pool
	fd           int
	number       int

	messages [batchSize]message
	slots    [batchSize]slot
}

var _ ports.RxQueue = (*rxQueue)(nil)

// OpenRx opens a receive queue; each number can be open once.
func (p *Port) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed || number < 0 || number >= len(p.sockets):
		return nil, fmt.Errorf("system %s: open receive queue %d of %d: %w", p.options.Name, number, len(p.sockets), unix.EINVAL)
	case p.sockets[number].open:
		return nil, fmt.Errorf("system %s: open receive queue %d: %w", p.options.Name, number, unix.EBUSY)
	}
	q := &rxQueue{port: p, engine: e, small: e.Pool(), spill: e.Spill(), fd: p.sockets[number].fd, number: number}
	for i := range q.slots {
		s := &q.slots[i]
		q.messages[i].header.Iov = &s.parts[0]
		q.messages[i].header.Control = (*byte)(unsafe.Pointer(&s.control))
		q.messages[i].header.SetControllen(int(unsafe.Sizeof(s.control)))
	}
	if err := e.Watch(q.fd, q); err != nil {
		return nil, fmt.Errorf("system %s: open receive queue %d: %w", p.options.Name, number, err)
	}
	p.sockets[number].open = true
	p.readers = append(p.readers, q)
	return q, nil
}

// maxMisreads bounds how many errors one Recv takes, so that one which stays
// cannot stop the worker.
const maxMisreads = 32

// Recv reads up to batchSize frames with one system call.
func (q *rxQueue) Recv(dst []*packet.Buf) (int, error) {
	if q.port.gone.Load() {
		return 0, io.EOF
	}
	n, misreads := 0, 0
	for n < len(dst) {
		ready := q.prepare(min(len(dst)-n, batchSize))
		if ready == 0 || misreads == maxMisreads {
			q.engine.Notify(q)
			return n, nil
		}
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(q.fd), uintptr(unsafe.Pointer(&q.messages)), uintptr(ready),
			unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			for i := range int(got) {
				dst[n] = q.take(i)
				n++
			}
		case unix.EAGAIN:
			return n, nil
		case unix.EINTR:
		case unix.ENETDOWN:
			// Said once when the device goes down; netlink tells us too.
			misreads++
		default:
			// The kernel took the frame from its queue and could not deliver it.
			q.port.rxErrors.Add(1)
			misreads++
		}
	}
	return n, nil
}

// prepare has buffers for up to want frames ready and returns for how many.
func (q *rxQueue) prepare(want int) int {
	for i := range want {
		s := &q.slots[i]
		if s.head != nil && s.tail != nil {
			continue
		}
		if s.head == nil {
			if s.head = q.small.Get(); s.head == nil {
				return i
			}
			s.parts[0] = vector(s.head.Room()[headerAt:])
		}
		parts := 1 // a frame that does not fit counts as truncated
		if s.tail == nil {
			s.tail = q.spill.Get()
		}
		if s.tail != nil {
			s.parts[1] = vector(s.tail.Room())
			parts = 2
		}
		q.messages[i].header.SetIovlen(parts)
	}
	return want
}

func vector(data []byte) unix.Iovec {
	v := unix.Iovec{Base: unsafe.SliceData(data)}
	v.SetLen(len(data))
	return v
}

// take makes a frame of what was read into slot i.
func (q *rxQueue) take(i int) *packet.Buf {
	m, s := &q.messages[i], &q.slots[i]
	b, room := s.head, len(s.head.Room())-packet.Headroom
	header := vnet.Header(s.head.Room()[headerAt:])
	size := max(int(m.size)-vnet.HeaderSize, 0)
	s.head = nil
	b.RxQueue = uint16(q.number)
	b.SetRange(packet.Headroom, packet.Headroom+min(size, room))
	shift := 0
	if tag, tagged := vlanTag(s, int(m.header.Controllen)); tagged {
		restoreTag(b, tag)
		shift = packet.VLANSize
	}
	if size > room {
		s.tail.SetRange(0, size-room)
		b.Append(s.tail)
		s.tail = nil
	}
	truncated := m.header.Flags&unix.MSG_TRUNC != 0
	m.header.Flags = 0
	m.header.SetControllen(int(unsafe.Sizeof(s.control)))
	if truncated {
		q.port.rxErrors.Add(1)
		b.Fault = packet.FaultTruncated
		return b
	}
	vnet.Decode(&header, shift, b)
	return b
}

// tag is a VLAN tag.
type tag struct{ tpid, tci uint16 }

// vlanTag is the tag that the kernel took out of a frame, if it did.
func vlanTag(s *slot, controlLen int) (tag, bool) {
	c := &s.control
	if controlLen < unix.CmsgLen(int(unsafe.Sizeof(c.data))) || c.header.Level != unix.SOL_PACKET || c.header.Type != unix.PACKET_AUXDATA ||
		c.data.Status&unix.TP_STATUS_VLAN_VALID == 0 {
		return tag{}, false
	}
	t := tag{packet.EthTypeVLAN, c.data.Vlan_tci}
	if c.data.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		t.tpid = c.data.Vlan_tpid
	}
	return t, true
}

// restoreTag puts a tag back behind the addresses, into the headroom. The first
// segment is the only one so far.
func restoreTag(b *packet.Buf, t tag) {
	const addresses = 12
	room, size := b.Room(), len(b.Bytes())
	if size < addresses {
		return
	}
	begin := packet.Headroom - packet.VLANSize
	copy(room[begin:], room[packet.Headroom:packet.Headroom+addresses])
	restored := room[begin+addresses : begin+addresses+packet.VLANSize]
	restored[0], restored[1] = byte(t.tpid>>8), byte(t.tpid)
	restored[2], restored[3] = byte(t.tci>>8), byte(t.tci)
	b.SetRange(begin, packet.Headroom+size)
}

// Close gives the socket back. Frames that wait there are for whoever opens the
// queue next.
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
	for i := range q.slots {
		s := &q.slots[i]
		for _, b := range []*packet.Buf{s.head, s.tail} {
			if b != nil {
				b.Free(q.small)
			}
		}
		s.head, s.tail = nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sockets[q.number].open = false
	if err := errors.Join(append(errs, p.release(q.number))...); err != nil {
		return fmt.Errorf("system %s: close receive queue %d: %w", p.options.Name, q.number, err)
	}
	return nil
}
