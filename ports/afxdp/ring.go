package afxdp

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is one of a socket's four rings, with one writer and one reader of which
// one is the kernel.
type ring struct {
	memory             []byte
	producer, consumer *uint32
	flags              *uint32
	entries            unsafe.Pointer
	size               uint32 // a power of two
	next               uint32 // entry that we write or read next
}

// mapRing maps a ring of size entries of entrySize bytes, which lies at page of
// the socket's file.
func mapRing(fd int, page int64, at unix.XDPRingOffset, size, entrySize int) (ring, error) {
	memory, err := unix.Mmap(fd, page, int(at.Desc)+size*entrySize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return ring{}, fmt.Errorf("map a ring: %w", err)
	}
	word := func(offset uint64) *uint32 { return (*uint32)(unsafe.Pointer(&memory[offset])) }
	return ring{
		memory: memory, size: uint32(size), entries: unsafe.Pointer(&memory[at.Desc]),
		producer: word(at.Producer), consumer: word(at.Consumer), flags: word(at.Flags),
	}, nil
}

func (r *ring) unmap() error {
	if r.memory == nil {
		return nil
	}
	memory := r.memory
	*r = ring{}
	return unix.Munmap(memory)
}

// room is how many entries can be written.
func (r *ring) room() int { return int(r.size - (r.next - atomic.LoadUint32(r.consumer))) }

// unread is how many entries can be read.
func (r *ring) unread() int { return int(atomic.LoadUint32(r.producer) - r.next) }

// untaken says whether the kernel has yet to read something.
func (r *ring) untaken() bool { return atomic.LoadUint32(r.consumer) != r.next }

// address is where entry i of the fill and completion rings lies.
func (r *ring) address(i uint32) *uint64 {
	return (*uint64)(unsafe.Add(r.entries, uintptr(i&(r.size-1))*unsafe.Sizeof(uint64(0))))
}

// descriptor is where entry i of the receive and send rings lies.
func (r *ring) descriptor(i uint32) *unix.XDPDesc {
	return (*unix.XDPDesc)(unsafe.Add(r.entries, uintptr(i&(r.size-1))*unsafe.Sizeof(unix.XDPDesc{})))
}

// publish lets the kernel read what was written.
func (r *ring) publish() { atomic.StoreUint32(r.producer, r.next) }

// release lets the kernel write again over what was read.
func (r *ring) release() { atomic.StoreUint32(r.consumer, r.next) }

// wantsWakeup says whether the kernel looks at the ring only when it is told to.
func (r *ring) wantsWakeup() bool { return atomic.LoadUint32(r.flags)&unix.XDP_RING_NEED_WAKEUP != 0 }
