package dummy

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// rxQueue receives what was injected into one queue of a port.
type rxQueue struct {
	port   *Port
	engine ports.Engine
	number int
}

var _ ports.RxQueue = (*rxQueue)(nil)

// OpenRx opens a receive queue; each number can be open once.
func (p *Port) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || number < 0 || number >= len(p.queues) {
		return nil, fmt.Errorf("dummy %s: open receive queue %d of %d: %w", p.name, number, len(p.queues), unix.EINVAL)
	}
	if p.queues[number].reader != nil {
		return nil, fmt.Errorf("dummy %s: open receive queue %d: %w", p.name, number, unix.EBUSY)
	}
	q := &rxQueue{port: p, engine: e, number: number}
	if err := e.Watch(-1, q); err != nil {
		return nil, fmt.Errorf("dummy %s: open receive queue %d: %w", p.name, number, err)
	}
	p.queues[number].reader = q
	return q, nil
}

// Recv copies waiting frames into buffers of the engine.
func (q *rxQueue) Recv(dst []*packet.Buf) (int, error) {
	p := q.port
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Absent() {
		return 0, io.EOF
	}
	waiting := &p.queues[q.number]
	small, spill := q.engine.Pool(), q.engine.Spill()
	n := 0
	for n < len(dst) {
		if waiting.next == len(waiting.frames) {
			if waiting.repeat == 0 {
				break
			}
			waiting.repeat--
			waiting.next = 0
		}
		f := &waiting.frames[waiting.next]
		b := packet.FromBytes(f.Data, small, spill)
		if b == nil {
			q.engine.Notify(q)
			break
		}
		b.Offload, b.Fault, b.RxQueue = f.Meta.Offload, f.Meta.Fault, uint16(q.number)
		if b.Fault == packet.FaultNone && !packet.ValidateOffload(b) {
			b.Fault = packet.FaultBadOffload // as any driver says of a lie
		}
		dst[n] = b
		n++
		waiting.next++
	}
	return n, nil
}

// Close lets another worker open the queue. What waits there stays.
func (q *rxQueue) Close() error {
	q.port.mu.Lock()
	q.port.queues[q.number].reader = nil
	q.port.mu.Unlock()
	return q.engine.Unwatch(-1, q)
}

// txQueue sends one worker's frames.
type txQueue struct {
	port *Port
	pool *packet.Pool
	done driver.Finished
}

var _ ports.TxQueue = (*txQueue)(nil)

// OpenTx opens a worker's way to send.
func (p *Port) OpenTx(e ports.Engine) (ports.TxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("dummy %s: open send queue: %w", p.name, unix.EBADF)
	}
	return &txQueue{port: p, pool: e.Pool()}, nil
}

// Send keeps a copy of each frame, or hands it to the peer.
func (q *txQueue) Send(batch []*packet.Buf) {
	p := q.port
	info := p.state.Info()
	p.mu.Lock()
	peer, passed := p.peer, []Frame(nil)
	for _, b := range batch {
		result := p.judge(b, &info)
		switch {
		case result != ports.TxSent:
		case p.discard:
			p.count++
		default:
			f := Frame{Data: make([]byte, b.Size()), Meta: b.Meta}
			b.CopyTo(f.Data)
			p.count++
			if peer == nil {
				p.sent = append(p.sent, f)
			} else {
				f.Meta = packet.Meta{Offload: b.Offload}
				passed = append(passed, f)
			}
		}
		q.done.Add(b, result)
	}
	p.mu.Unlock()
	if len(passed) > 0 {
		peer.inject(0, passed)
	}
}

// frameOverhead is what a device takes above its MTU: an Ethernet header and two
// VLAN tags.
const frameOverhead = 14 + 2*4

// judge says what becomes of a frame. Called with p.mu held.
func (p *Port) judge(b *packet.Buf, info *ports.Info) ports.TxResult {
	o := &b.Offload
	size := b.Size()
	if o.GSO != packet.GSONone {
		size = int(o.HdrLen) + int(o.GSOSize)
	}
	switch {
	case info.Absent != "":
		return ports.TxGone
	case !info.Carrier || !info.AdminUp:
		return ports.TxDown
	case !takes(info.Offloads, o):
		p.stats.TxErrors++
		return ports.TxError
	case info.MTU != 0 && size > info.MTU+frameOverhead:
		p.stats.TxErrors++
		return ports.TxTooBig
	case p.capacity > 0 && len(p.sent) >= p.capacity:
		return ports.TxFull
	}
	return ports.TxSent
}

// takes reports that a port with offloads may get a frame as unfinished as o.
func takes(offloads ports.Offloads, o *packet.Offload) bool {
	super := true
	switch o.GSO {
	case packet.GSOTCPv4:
		super = offloads.TSO4 && o.NeedsCsum
	case packet.GSOTCPv6:
		super = offloads.TSO6 && o.NeedsCsum
	case packet.GSOUDP:
		super = offloads.USO && o.NeedsCsum
	}
	return super && (offloads.Csum || !o.NeedsCsum) && (offloads.ECN || !o.ECN)
}

// Reap hands out finished frames, unless the port is told to hold them.
func (q *txQueue) Reap(dst []ports.TxDone) int {
	q.port.mu.Lock()
	defer q.port.mu.Unlock()
	if q.port.holding {
		return 0
	}
	return q.done.Reap(dst)
}

// Close frees frames that were not reaped.
func (q *txQueue) Close() error {
	q.done.Free(q.pool)
	return nil
}
