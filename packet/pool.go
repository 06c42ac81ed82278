package packet

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Pool gives out Bufs of one size. One goroutine owns it and calls its methods;
// others give Bufs back with Buf.Free.
type Pool struct {
	bufs     []Buf  // one a slot
	memory   []byte // the mapping that all slots lie in
	slotSize int
	headroom int

	free  *Buf // most recently freed first: its memory is most likely cached
	fresh int  // bufs[fresh:] were never given out, their memory never touched
	gets  uint64
	frees uint64 // by the owner

	_        [64]byte // keeps what others write off the owner's cache lines
	returned atomic.Pointer[Buf]
	returns  atomic.Uint64
	_        [48]byte
}

// PoolStats says how full a pool is, in Bufs.
type PoolStats struct {
	Capacity int
	InUse    int
}

// slotAlign keeps two slots off one cache line.
const slotAlign = 64

// NewPool maps memory for slots Bufs of slotSize bytes each, of which a fresh
// Buf keeps headroom bytes before its first byte. Pages are not touched before
// they are used, so a generous pool costs address space only.
func NewPool(slots, slotSize, headroom int) (*Pool, error) {
	if slots <= 0 || headroom < 0 || slotSize <= headroom {
		return nil, fmt.Errorf("packet pool: %d slots of %d bytes with %d of headroom: %w",
			slots, slotSize, headroom, unix.EINVAL)
	}
	stride := (slotSize + slotAlign - 1) &^ (slotAlign - 1)
	memory, err := unix.Mmap(-1, 0, slots*stride, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("packet pool: map %d bytes: %w", slots*stride, err)
	}
	return &Pool{
		bufs:     make([]Buf, slots),
		memory:   memory,
		slotSize: slotSize,
		headroom: headroom,
	}, nil
}

// Get takes an empty Buf with reset metadata, or nil when all are in use.
func (p *Pool) Get() *Buf {
	b := p.free
	if b == nil {
		if b = p.refill(); b == nil {
			return nil
		}
	}
	p.free = b.next
	p.gets++
	b.Meta = Meta{}
	b.Layers = Layers{}
	b.off, b.end = p.headroom, p.headroom
	b.next = nil
	return b
}

// Payload is the number of bytes that a fresh Buf takes behind its headroom.
func (p *Pool) Payload() int { return p.slotSize - p.headroom }

// Memory is the mapping that all slots lie in, one every stride bytes. A driver
// has the kernel write into Bufs through it; nothing else may touch it.
func (p *Pool) Memory() (memory []byte, stride int) {
	return p.memory, len(p.memory) / max(len(p.bufs), 1)
}

// Stats is exact while no other goroutine is inside Buf.Free.
func (p *Pool) Stats() PoolStats {
	return PoolStats{
		Capacity: len(p.bufs),
		InUse:    int(p.gets - p.frees - p.returns.Load()),
	}
}

// Close unmaps the memory. It refuses, and nothing changes, while Bufs are in
// use: whoever holds one would write into somebody else's memory.
func (p *Pool) Close() error {
	if n := p.Stats().InUse; n != 0 {
		return fmt.Errorf("packet pool: close: %d buffers in use: %w", n, unix.EBUSY)
	}
	if p.memory == nil {
		return nil
	}
	if err := unix.Munmap(p.memory); err != nil {
		return fmt.Errorf("packet pool: unmap: %w", err)
	}
	p.memory, p.bufs, p.free, p.fresh = nil, nil, nil, 0
	p.returned.Store(nil)
	return nil
}

// Free gives all segments of the frame back to the pools they came from. Takes
// b. local is the pool that the calling goroutine owns, or nil: its own
// segments need no atomic operation.
func (b *Buf) Free(local *Pool) {
	for b != nil {
		next := b.next
		home := b.home
		if b.off < 0 {
			panic("packet: Buf freed twice")
		}
		// A freed Buf has no valid range, so that a late user panics instead
		// of reading another frame.
		b.off = -1
		b.rest = 0
		if home == local {
			b.next = home.free
			home.free = b
			home.frees++
		} else {
			home.takeBack(b)
		}
		b = next
	}
}

// takeBack puts b on the return list. Any goroutine may call it.
func (p *Pool) takeBack(b *Buf) {
	for {
		head := p.returned.Load()
		b.next = head
		if p.returned.CompareAndSwap(head, b) {
			break
		}
	}
	p.returns.Add(1)
}

// refill finds Bufs when the free list is empty: those that others returned,
// all at once, or else one that was never used. It returns the head of a list.
func (p *Pool) refill() *Buf {
	if p.returned.Load() != nil {
		// Taking the whole list leaves no room for the ABA problem.
		return p.returned.Swap(nil)
	}
	if p.fresh == len(p.bufs) {
		return nil
	}
	b := &p.bufs[p.fresh]
	start := p.fresh * (len(p.memory) / len(p.bufs))
	b.mem = p.memory[start : start+p.slotSize : start+p.slotSize]
	b.home = p
	p.fresh++
	return b
}
