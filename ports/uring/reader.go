package uring

import (
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
)

// SlotsPerReader is how many frames the kernel can read before the worker takes
// the first. It bounds the memory that a port which gets large frames comes to use.
// More would be slower: the kernel goes through them in turn, so all have to be in the
// processor's cache (docs/performance.md).
const SlotsPerReader = 32

// burst is how many single reads are handed in at once after one that brought a
// frame.
const burst = 16

// Reader reads frames from one descriptor.
type Reader struct {
	engine *Engine
	queue  ports.RxQueue // that Ready reports
	number int           // in engine.readers, and of the group of provided buffers
	file   file
	lead   int // bytes before the frame, within the headroom

	memory  []byte // of entries
	entries []bufEntry
	tail    uint16
	slots   [SlotsPerReader]*packet.Buf // out with the kernel; nil where there is none
	vacant  []uint16                    // numbers of slots that are nil

	got      [2 * SlotsPerReader]Read
	first, n int // got[first:first+n], around the end, was read and not taken

	requests int  // reads that the kernel has
	lively   bool // the newest of them brought a frame
	closing  bool
	listed   bool // in engine.ready
}

// Read is what one read brought.
type Read struct {
	Buf   *packet.Buf // the frame's slot, whose Room holds it from Headroom - lead on; nil on error
	Size  int         // bytes that were read, lead included
	Errno unix.Errno
}

// OpenReader reads frames from fd and has Ready report q when some came. lead
// bytes before the frame itself are read into the headroom. The error says why a
// system call must do it.
func (e *Engine) OpenReader(fd, lead int, q ports.RxQueue) (*Reader, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	if e.promised+2*SlotsPerReader > e.options.Frames {
		return nil, fmt.Errorf("io_uring: all %d slots of the worker are taken: %w", e.options.Frames, unix.ENOBUFS)
	}
	number := vacant(&e.readers)
	r := &Reader{engine: e, queue: q, number: number, lead: lead}
	if err := r.provide(); err != nil {
		return nil, fmt.Errorf("io_uring: provide buffers: %w", err)
	}
	r.file = e.files.add(fd)
	e.promised += SlotsPerReader
	e.readers[number] = r
	for i := range r.slots {
		r.vacant = append(r.vacant, uint16(i))
	}
	r.mark() // the first Recv refills
	return r, nil
}

// provide registers the ring through which the kernel gets slots.
func (r *Reader) provide() (err error) {
	size := SlotsPerReader * int(unsafe.Sizeof(bufEntry{}))
	if r.memory, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS); err != nil {
		return err
	}
	r.entries = unsafe.Slice((*bufEntry)(unsafe.Pointer(&r.memory[0])), SlotsPerReader)
	reg := bufReg{ringAddr: uint64(uintptr(unsafe.Pointer(&r.memory[0]))), ringEntries: SlotsPerReader, group: uint16(r.number)}
	if err := r.engine.ring.register(registerPbufRing, unsafe.Pointer(&reg), 1); err != nil {
		_ = unix.Munmap(r.memory)
		return err
	}
	return nil
}

// mark has Ready report the queue.
func (r *Reader) mark() {
	if !r.listed && !r.closing {
		r.listed = true
		r.engine.ready = append(r.engine.ready, r)
	}
}

// complete takes over what the kernel says of a read.
func (r *Reader) complete(c cqe) {
	if c.flags&cqeMore == 0 {
		r.requests--
	}
	r.lively = c.res > 0
	var read Read
	if c.flags&cqeBuffer != 0 {
		slot := uint16(c.flags >> cqeBufferShift)
		read.Buf, r.slots[slot] = r.slots[slot], nil
		r.vacant = append(r.vacant, slot)
	}
	switch errno := unix.Errno(-c.res); {
	case c.res > 0:
		read.Size = int(c.res)
		r.add(read)
	case errno == unix.ENOBUFS || errno == unix.EAGAIN || errno == unix.EINTR || errno == unix.ECANCELED:
		r.free(read.Buf)
	default:
		r.free(read.Buf)
		r.add(Read{Errno: errno})
	}
	r.mark()
}

func (r *Reader) free(b *packet.Buf) {
	if b != nil {
		b.Free(r.engine.frames)
	}
}

func (r *Reader) add(read Read) {
	if r.n == len(r.got) {
		// There are no more slots than half of this, and no more requests than
		// burst: a bug.
		panic("uring: more completions than requests")
	}
	r.got[(r.first+r.n)%len(r.got)] = read
	r.n++
}

// Next is the oldest frame that was read and not taken. The caller owns its Buf.
func (r *Reader) Next() (read Read, ok bool) {
	if r.n == 0 {
		return read, false
	}
	read = r.got[r.first]
	r.got[r.first] = Read{}
	r.first = (r.first + 1) % len(r.got)
	r.n--
	return read, true
}

// Refill gives the kernel slots for those that were taken, and has it read on.
// It is false when the engine has no slots at all for now.
func (r *Reader) Refill() bool {
	if r.closing {
		return true
	}
	// What waits to be taken counts: the bound is for both together.
	for len(r.vacant) > r.n {
		b := r.engine.frames.Get()
		if b == nil {
			break
		}
		slot := r.vacant[len(r.vacant)-1]
		r.vacant = r.vacant[:len(r.vacant)-1]
		r.slots[slot] = b
		room := b.Room()[packet.Headroom-r.lead:]
		entry := &r.entries[r.tail%SlotsPerReader]
		// Not the whole entry: the tail is in one of them.
		entry.addr, entry.len, entry.bid = uint64(uintptr(unsafe.Pointer(&room[0]))), uint32(len(room)), slot
		r.tail++
	}
	if len(r.vacant) == SlotsPerReader {
		return r.n > 0
	}
	r.publish()
	if r.requests == 0 {
		r.request()
	}
	return true
}

// publish shows the kernel the new entries. The tail is the upper half of a word
// whose lower half, the number of the first entry's slot, is ours as well.
func (r *Reader) publish() {
	first := &r.entries[0]
	half := [2]uint16{first.bid, r.tail}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&first.bid)), *(*uint32)(unsafe.Pointer(&half)))
}

// request hands in a read that goes on for ever. Without those, one read waits
// for a frame, and when it has come some try for more without waiting.
func (r *Reader) request() {
	n := 1
	isMultishot := r.engine.features&FeatureMultishot != 0
	if !isMultishot && r.lively {
		n = burst
	}
	for range n {
		s := r.engine.request()
		if s == nil {
			r.mark()
			return
		}
		s.opcode, s.flags, s.off = opRead, sqeBufferSelect, ^uint64(0)
		s.of(r.file)
		s.bufGroup, s.userData = uint16(r.number), userData(kindRead, r.number, 0)
		switch {
		case isMultishot:
			s.opcode = opReadMultishot
		case r.lively:
			s.len, s.opFlags = slotSize, rwfNoWait
		default:
			s.len = slotSize
		}
		r.requests++
	}
}

// Full is the size of a read that did not fit.
func (r *Reader) Full() int { return slotSize - packet.Headroom + r.lead }

// Stop ends reading. What was read before can still be taken.
func (r *Reader) Stop() error {
	e := r.engine
	r.closing = true
	e.ready = slices.DeleteFunc(e.ready, func(x *Reader) bool { return x == r })
	for r.requests > 0 {
		before := r.requests
		if s := e.request(); s != nil {
			s.opcode, s.fd, s.addr, s.opFlags = opAsyncCancel, -1, userData(kindRead, r.number, 0), cancelAll
		}
		if err := e.await("end reading", func() bool { return r.requests < before }); err != nil {
			return err
		}
	}
	return nil
}

// Close ends reading and returns how many frames were read and never taken, which
// are lost.
func (r *Reader) Close() (lost int, err error) {
	e := r.engine
	if e.ring == nil || e.readers[r.number] != r {
		return 0, nil
	}
	if err := r.Stop(); err != nil {
		// The kernel may still write into the slots: they stay out, and the
		// engine's Close will say so.
		return 0, err
	}
	for read, ok := r.Next(); ok; read, ok = r.Next() {
		if read.Buf != nil {
			lost++
			r.free(read.Buf)
		}
	}
	reg := bufReg{group: uint16(r.number)}
	if errno := e.ring.register(unregisterPbufRing, unsafe.Pointer(&reg), 1); errno != nil {
		return lost, fmt.Errorf("io_uring: take buffers back: %w", errno)
	}
	for i, b := range r.slots {
		r.free(b)
		r.slots[i] = nil
	}
	if err := e.files.remove(r.file); err != nil {
		return lost, err
	}
	e.readers[r.number] = nil
	e.promised -= SlotsPerReader
	if errno := unix.Munmap(r.memory); errno != nil {
		return lost, fmt.Errorf("io_uring: unmap buffer ring: %w", errno)
	}
	return lost, nil
}
