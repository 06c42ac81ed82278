package datapath

import (
	"cmp"
	"slices"

	"vswitch/packet"
)

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
