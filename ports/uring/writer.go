package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
)

// Bounds of what is handed in at once.
const (
	maxWrites = 128       // frames that a Writer can have in the ring
	maxBytes  = 256 << 10 // after which it does not wait for Flush: a collection waits for a submission
)

// Writer writes frames to one descriptor, in the order in which it gets them.
type Writer struct {
	engine *Engine
	number int // in engine.writers
	file   file
	bytes  int // of what was prepared since the last Flush
	slots  [maxWrites]write
	vacant []uint8 // numbers of slots without a frame
	done   []Written
	taken  int // done[:taken] were reported
}

// write is a frame that the ring has.
type write struct {
	buf   *packet.Buf
	parts []unix.Iovec // of a frame of several segments
}

// Written is the end of a frame's way through a Writer.
type Written struct {
	Buf   *packet.Buf
	Errno unix.Errno // 0: written
}

// OpenWriter writes frames to fd. The error says why a system call must do it.
func (e *Engine) OpenWriter(fd int) (*Writer, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	w := &Writer{engine: e, number: vacant(&e.writers), file: e.files.add(fd)}
	for i := range w.slots {
		w.vacant = append(w.vacant, uint8(i))
	}
	e.writers[w.number] = w
	return w, nil
}

// Write prepares one write of front, which is b's first segment with what goes
// before it, and of b's other segments. It is false, and b still the caller's,
// while the ring is full. Takes b.
func (w *Writer) Write(b *packet.Buf, front []byte) bool {
	if len(w.vacant) == 0 {
		w.Flush()
		if len(w.vacant) == 0 {
			return false
		}
	}
	s := w.engine.request()
	if s == nil {
		return false
	}
	slot := w.vacant[len(w.vacant)-1]
	w.vacant = w.vacant[:len(w.vacant)-1]
	place := &w.slots[slot]
	place.buf = b
	s.opcode, s.off, s.opFlags = opWrite, ^uint64(0), rwfNoWait
	s.of(w.file)
	s.addr, s.len = uint64(uintptr(unsafe.Pointer(&front[0]))), uint32(len(front))
	s.userData = userData(kindWrite, w.number, int(slot))
	if b.Next() != nil {
		place.gather(front)
		s.opcode, s.addr, s.len = opWritev, uint64(uintptr(unsafe.Pointer(&place.parts[0]))), uint32(len(place.parts))
	}
	if w.bytes += b.Size(); w.bytes > maxBytes {
		w.Flush()
	}
	return true
}

// gather points parts at front and the segments after the first.
func (p *write) gather(front []byte) {
	p.parts = append(p.parts[:0], vector(front))
	for seg := p.buf.Next(); seg != nil; seg = seg.Next() {
		p.parts = append(p.parts, vector(seg.Bytes()))
	}
}

func vector(data []byte) unix.Iovec {
	v := unix.Iovec{Base: unsafe.SliceData(data)}
	v.SetLen(len(data))
	return v
}

// Flush hands the prepared writes to the kernel, which does them at once as a rule.
func (w *Writer) Flush() {
	w.bytes = 0
	// What an error leaves behind is tried again by whoever enters next.
	_ = w.engine.enter()
}

func (w *Writer) complete(slot int, res int32) {
	var errno unix.Errno
	if res < 0 {
		errno = unix.Errno(-res)
	}
	w.done = append(w.done, Written{w.slots[slot].buf, errno})
	w.slots[slot].buf = nil
	w.vacant = append(w.vacant, uint8(slot))
}

// Next reports a frame that was written or refused. The caller owns it again.
func (w *Writer) Next() (d Written, ok bool) {
	if w.taken == len(w.done) {
		w.done, w.taken = w.done[:0], 0
		return d, false
	}
	d = w.done[w.taken]
	w.taken++
	return d, true
}

// Close drains the ring of the writer's frames. Those that Next did not report
// are freed into local, the pool of the worker.
func (w *Writer) Close(local *packet.Pool) error {
	e := w.engine
	if e.ring == nil || e.writers[w.number] != w {
		return nil
	}
	err := e.await("drain writes", func() bool { return len(w.vacant) == maxWrites })
	if err != nil {
		return err
	}
	for d, ok := w.Next(); ok; d, ok = w.Next() {
		d.Buf.Free(local)
	}
	e.writers[w.number] = nil
	return e.files.remove(w.file)
}
