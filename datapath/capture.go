package datapath

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"vswitch/flow"
	"vswitch/packet"
)

// CapturePoint is where on its way a frame is captured.
type CapturePoint uint8

// Capture points.
const (
	CaptureReceive  CapturePoint = 1 << iota // its fate was decided, and it is as it came in
	CaptureTransmit                          // a port has sent it
	CaptureDrop                              // it was dropped
)

// CaptureOptions say which frames to capture.
type CaptureOptions struct {
	Ports   []PortID     // of the frame's point: came in by, was sent by, is charged; nil: all
	Points  CapturePoint // a set; 0: all
	Snaplen int          // bytes of each frame; 0: all
	Filter  *CaptureFilter
	// Match, where not nil, says whether to capture a frame of size bytes. It borrows the frame, and
	// is called by all workers.
	Match func(frame []byte, size int) bool
}

// CaptureFilter lets through frames whose headers equal Value in the bits of Mask.
type CaptureFilter struct{ Value, Mask flow.Base }

func (f *CaptureFilter) matches(k *flow.Key) bool {
	value, mask, w := f.Value.Words(), f.Mask.Words(), k.Base.Words()
	for i := range w {
		if (w[i]^value[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}

// Overlaps reports whether some packets could pass the filter that m is about.
func (f *CaptureFilter) Overlaps(m *Megaflow) bool {
	key, narrowed := m.Key(), CaptureFilter{Value: f.Value}
	mask := m.Mask()
	for i, w := range mask.Base.Words() {
		narrowed.Mask.Words()[i] = f.Mask.Words()[i] & w
	}
	return narrowed.matches(&key)
}

// Captured is a captured frame. Data is valid until Capture.Read's function returns.
type Captured struct {
	Point   CapturePoint
	Reason  DropReason // valid iff Point is CaptureDrop
	Port    PortID
	Queue   uint16
	Time    int64 // nanoseconds of the worker's clock
	Size    int   // of the whole frame
	Offload packet.Offload
	Actions []Action // decided at CaptureReceive
	Credits []Credit // of the decision that the frame's fate comes from; nil where that is not known
	Data    []byte
}

// Sizes of what waits for the reader of a capture, a worker.
const (
	captureSlots = 1 << 14
	captureBytes = 8 << 20
)

// Capture copies frames as they pass. What the reader does not take in time is counted
// and left out: a capture keeps no frame waiting.
type Capture struct {
	dp      *Datapath
	options CaptureOptions
	ports   map[PortID]bool // nil: all
	rings   []*captureRing  // by worker
	ready   chan struct{}   // something may be there
	end     sync.Once
}

// captureRing has one writer, the worker, and one reader. Positions count up and are
// taken modulo the size.
type captureRing struct {
	room   []byte // for frames in several segments, while they are looked at; the worker's
	slots  [captureSlots]Captured
	starts [captureSlots]uint64 // where in bytes a slot's data begin
	bytes  [captureBytes]byte

	written, read atomic.Uint64 // slots
	end           uint64        // of the data; the worker's
	free          atomic.Uint64 // data before this have been read
	missed        atomic.Uint64
}

// StartCapture captures until the capture is closed.
func (d *Datapath) StartCapture(o CaptureOptions) *Capture {
	if o.Points == 0 {
		o.Points = CaptureReceive | CaptureTransmit | CaptureDrop
	}
	c := &Capture{dp: d, options: o, ready: make(chan struct{}, 1)}
	if o.Ports != nil {
		c.ports = map[PortID]bool{}
		for _, id := range o.Ports {
			c.ports[id] = true
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for range d.workers {
		c.rings = append(c.rings, new(captureRing))
	}
	d.each(func(w *Worker) { w.captures = append(w.captures, c) })
	return c
}

// Close ends the capture. Read gives what is left.
func (c *Capture) Close() {
	c.end.Do(func() {
		c.dp.mu.Lock()
		defer c.dp.mu.Unlock()
		c.dp.each(func(w *Worker) {
			for i, o := range w.captures {
				if o == c {
					w.captures = append(w.captures[:i:i], w.captures[i+1:]...)
					return
				}
			}
		})
	})
}

// Ready is readable when there may be something to read.
func (c *Capture) Ready() <-chan struct{} { return c.ready }

// Missed is how many frames found no room.
func (c *Capture) Missed() (n uint64) {
	for _, r := range c.rings {
		n += r.missed.Load()
	}
	return n
}

// Read gives what was captured to f, each worker's frames in their order, until f
// reports an error.
func (c *Capture) Read(f func(*Captured) error) error {
	for _, r := range c.rings {
		for at := r.read.Load(); at < r.written.Load(); at++ {
			slot := &r.slots[at%captureSlots]
			err := f(slot)
			r.free.Store(r.starts[at%captureSlots] + uint64(len(slot.Data)))
			*slot = Captured{}
			r.read.Store(at + 1)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// capture copies b, of which at says where it is and what is decided. k is its key,
// nil where that is not known.
func (w *Worker) capture(at Captured, b *packet.Buf, k *flow.Key) {
	var key flow.Key
	at.Queue, at.Time, at.Size, at.Offload = b.RxQueue, w.now, b.Size(), b.Offload
	for _, c := range w.captures {
		o := &c.options
		if o.Points&at.Point == 0 || c.ports != nil && !c.ports[at.Port] {
			continue
		}
		if o.Filter != nil {
			if k == nil {
				k = &key
				layers := b.Layers
				flow.Extract(b, k)
				b.Layers = layers
			}
			if !o.Filter.matches(k) {
				continue
			}
		}
		if o.Match != nil && !o.Match(c.rings[w.id].whole(b), at.Size) {
			continue
		}
		c.rings[w.id].put(at, b, o.Snaplen)
		select {
		case c.ready <- struct{}{}:
		default:
		}
	}
}

// whole is b in one piece. Valid until the next call.
func (r *captureRing) whole(b *packet.Buf) []byte {
	if b.Size() == len(b.Bytes()) {
		return b.Bytes()
	}
	if len(r.room) < b.Size() {
		r.room = make([]byte, b.Size())
	}
	b.CopyTo(r.room[:b.Size()])
	return r.room[:b.Size()]
}

// put copies what fits.
func (r *captureRing) put(slot Captured, b *packet.Buf, snaplen int) {
	at := r.written.Load()
	size := slot.Size
	if snaplen > 0 {
		size = min(size, snaplen)
	}
	start := r.end
	if start%captureBytes+uint64(size) > captureBytes {
		start += captureBytes - start%captureBytes // data lie in one piece
	}
	if at-r.read.Load() == captureSlots || start+uint64(size)-r.free.Load() > captureBytes {
		r.missed.Add(1)
		return
	}
	slot.Data = r.bytes[start%captureBytes:][:size:size]
	b.CopyTo(slot.Data)
	r.slots[at%captureSlots], r.starts[at%captureSlots] = slot, start
	r.end = start + uint64(size)
	r.written.Store(at + 1)
}

// lastSize is how much is kept of the last frame of a queue: the headers of most.
const lastSize = 128

// LastFrame is the frame that a port received last.
type LastFrame struct {
	Time int64 // nanoseconds of the worker's clock
	Size int
	Head []byte // its first bytes
}

// lastFrame is that of one queue. It is noted once a batch, of which it is the last.
type lastFrame struct {
	time int64
	size int
	kept int
	head [lastSize]byte
}

func (l *lastFrame) note(b *packet.Buf, now int64) {
	l.time, l.size = now, b.Size()
	l.kept = copy(l.head[:], b.Bytes())
}

// LastFrame is the frame that port id received last, if there was one.
func (d *Datapath) LastFrame(id PortID) (last LastFrame, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := make([]lastFrame, len(d.workers))
	d.each(func(w *Worker) {
		for _, q := range w.receive {
			if q.port.id == id && q.last.time > newest[w.id].time {
				newest[w.id] = q.last
			}
		}
	})
	l := slices.MaxFunc(newest, func(a, b lastFrame) int { return cmp.Compare(a.time, b.time) })
	return LastFrame{l.time, l.size, l.head[:l.kept]}, l.time > 0
}
