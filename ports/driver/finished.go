package driver

import (
	"vswitch/packet"
	"vswitch/ports"
)

// Finished holds frames that a queue is done with until its worker reaps them.
type Finished struct {
	done  []ports.TxDone
	taken int // done[:taken] were reaped
}

// Add takes b.
func (f *Finished) Add(b *packet.Buf, result ports.TxResult) {
	f.done = append(f.done, ports.TxDone{Buf: b, Result: result})
}

// Reap moves up to len(dst) frames into dst, oldest first.
func (f *Finished) Reap(dst []ports.TxDone) int {
	n := copy(dst, f.done[f.taken:])
	if f.taken += n; 2*f.taken >= len(f.done) {
		// Each frame is moved here at most once, since at least as many as are
		// moved were taken before.
		f.done = f.done[:copy(f.done, f.done[f.taken:])]
		f.taken = 0
	}
	return n
}

// Free frees what was not reaped into local, the pool of the calling worker.
func (f *Finished) Free(local *packet.Pool) {
	for _, d := range f.done[f.taken:] {
		d.Buf.Free(local)
	}
	f.done, f.taken = nil, 0
}
