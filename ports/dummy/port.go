package dummy

import (
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// Frame is a frame outside of the switch: its bytes, and what rides with it. Of
// Meta, an injected frame brings Offload and Fault; a sent one shows all that
// the worker had.
type Frame struct {
	Data []byte
	Meta packet.Meta
}

// Options say what port to make.
type Options struct {
	Name     string
	Queues   int // receive queues; 0: 1
	MAC      [6]byte
	MTU      int // 0: no limit
	Offloads ports.Offloads
	// Capacity is how many sent frames the port keeps until Sent takes them;
	// more are refused as TxFull. 0: no limit.
	Capacity int
	// Discard has sent frames counted and forgotten, where nobody asks for them.
	Discard bool
}

// Port is a port in memory.
type Port struct {
	name     string
	capacity int
	discard  bool
	state    *driver.State

	mu      sync.Mutex
	queues  []queue
	sent    []Frame
	count   uint64 // frames sent since New
	peer    *Port
	holding bool
	stats   ports.Stats
	closed  bool
}

var (
	_ ports.Port    = (*Port)(nil)
	_ ports.Movable = (*Port)(nil)
)

// queue is what waits to be received. It outlives the RxQueue that reads it.
type queue struct {
	frames []Frame
	repeat int // times that frames is still to be received, beyond this one
	next   int // frames[next:] were not received yet
	reader *rxQueue
}

// New makes a port with carrier, up.
func New(o Options) *Port {
	queues := max(o.Queues, 1)
	return &Port{
		name: o.Name, capacity: o.Capacity, discard: o.Discard, queues: make([]queue, queues),
		state: driver.NewState(ports.Info{
			Name: o.Name, MAC: o.MAC, MTU: o.MTU, RxQueues: queues, Carrier: true, AdminUp: true,
			Offloads: o.Offloads, Driver: "dummy",
		}),
	}
}

// Movable is true: what waits stays with the port.
func (p *Port) Movable() bool { return true }

// Join connects two ports by a cable, instead of keeping what they send.
func Join(a, b *Port) {
	for _, end := range [][2]*Port{{a, b}, {b, a}} {
		end[0].mu.Lock()
		end[0].peer = end[1]
		end[0].mu.Unlock()
	}
}

// Inject has frames received on a queue, in a copy.
func (p *Port) Inject(number int, frames ...[]byte) {
	list := make([]Frame, len(frames))
	for i, data := range frames {
		list[i].Data = slices.Clone(data)
	}
	p.inject(number, list)
}

// InjectFrames is Inject for frames with unfinished checksums, super-frames and
// faulty ones.
func (p *Port) InjectFrames(number int, frames ...Frame) {
	list := slices.Clone(frames)
	for i := range list {
		list[i].Data = slices.Clone(list[i].Data)
	}
	p.inject(number, list)
}

// inject takes frames. Without carrier they are lost.
func (p *Port) inject(number int, frames []Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if info := p.state.Info(); info.Absent != "" || !info.Carrier || !info.AdminUp {
		p.stats.RxMissed += uint64(len(frames))
		return
	}
	q := &p.queues[number]
	if q.next == len(q.frames) && q.repeat == 0 {
		q.frames, q.next = q.frames[:0], 0
	}
	q.frames = append(q.frames, frames...)
	p.notify(number)
}

// Repeat has frames received times over on a queue, in turn, without being kept
// more than once. Nothing else may wait there.
func (p *Port) Repeat(number, times int, frames ...[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.queues[number]
	q.frames, q.next, q.repeat = q.frames[:0], 0, times-1
	for _, data := range frames {
		q.frames = append(q.frames, Frame{Data: slices.Clone(data)})
	}
	p.notify(number)
}

// Waiting is how many frames were injected into a queue and not yet received.
func (p *Port) Waiting(number int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.queues[number]
	return len(q.frames)*(q.repeat+1) - q.next
}

// notify tells the reader of a queue that something waits. Called with p.mu held.
func (p *Port) notify(number int) {
	if r := p.queues[number].reader; r != nil {
		r.engine.Notify(r)
	}
}

// Sent takes the frames that were sent since the last call, oldest first.
func (p *Port) Sent() []Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

// Count is how many frames were sent since New.
func (p *Port) Count() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Hold has the send queues keep finished frames to themselves, as a device that
// sends later does, until it is called with false.
func (p *Port) Hold(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holding = on
}

// Change edits the port's state and publishes it: carrier, MTU, offloads.
// It must replace slices, not edit them, and leave RxQueues and Absent alone.
func (p *Port) Change(f func(*ports.Info)) { p.state.Change(f) }

// SetMTU changes the MTU.
func (p *Port) SetMTU(mtu int) error {
	p.Change(func(i *ports.Info) { i.MTU = mtu })
	return nil
}

// SetMAC changes the address.
func (p *Port) SetMAC(mac [6]byte) error {
	p.Change(func(i *ports.Info) { i.MAC = mac })
	return nil
}

// Vanish makes the port absent, as when its device is deleted. What waited to be
// received is lost.
func (p *Port) Vanish(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Change(func(i *ports.Info) { i.Absent, i.Carrier, i.AdminUp = why, false, false })
	for number := range p.queues {
		q := &p.queues[number]
		p.stats.RxMissed += uint64(len(q.frames)*(q.repeat+1) - q.next)
		q.frames, q.next, q.repeat = nil, 0, 0
		p.notify(number)
	}
}

// Name is the port's name in the switch.
func (p *Port) Name() string { return p.name }

// Info is the port's state now.
func (p *Port) Info() ports.Info { return p.state.Info() }

// Changes publishes the state when it changes.
func (p *Port) Changes() <-chan ports.Info { return p.state.Changes() }

// Stats counts what was injected without carrier and what was refused.
func (p *Port) Stats() ports.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close ends the port. It refuses while receive queues are open.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for number := range p.queues {
		if p.queues[number].reader != nil {
			return fmt.Errorf("dummy %s: close: receive queue %d is open: %w", p.name, number, unix.EBUSY)
		}
	}
	p.closed = true
	p.state.Close()
	return nil
}
