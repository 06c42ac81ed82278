package afxdp

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// Entries of the rings. What the kernel holds of one socket is bounded by them.
const (
	receiveRing    = 1024 // and fill ring
	sendRing       = 512
	completionRing = 1024
)

// maxParts is how many Bufs one sent frame may have (MAX_SKB_FRAGS).
const maxParts = 17

// sendBuffer is what the kernel may keep of sent frames, in bytes before it doubles
// them for its own overhead.
const sendBuffer = 4 << 20

// slot is what the kernel has of one slot of the pool.
type slot struct {
	buf  *packet.Buf // to receive into, or the copy that is sent
	sent *packet.Buf // the frame whose last part lies here, until it is sent
}

// socket is an AF_XDP socket on one receive queue of the device, whose memory is
// the pool of a worker.
type socket struct {
	fd     int
	pool   *packet.Pool
	base   uintptr // of the pool's memory
	size   uintptr
	shift  int // log2 of the size of a slot
	slots  []slot
	grants grants

	receive, send, fill, completion ring

	depth  int // Bufs that the kernel should have to receive into
	filled int // Bufs that it has
	lost   int // frames that it took and did not send, not yet reported
}

// grants are what the kernel agreed to.
type grants struct{ zeroCopy, wakeup, parts bool }

func (g grants) String() string {
	words := []string{"copy"}
	if g.zeroCopy {
		words[0] = "zero-copy"
	}
	if g.wakeup {
		words = append(words, "need-wakeup")
	}
	if g.parts {
		words = append(words, "multi-buffer")
	}
	return strings.Join(words, ", ")
}

// openSocket makes a socket for queue of device index of the calling thread's
// namespace.
func openSocket(index, queue int, pool *packet.Pool, native bool) (*socket, error) {
	memory, stride := pool.Memory()
	if pool.Payload()+packet.Headroom != stride || stride&(stride-1) != 0 || stride < 2048 || stride > unix.Getpagesize() {
		return nil, fmt.Errorf("the worker's buffers have %d bytes, AF_XDP takes 2048 or 4096: %w", stride, unix.EINVAL)
	}
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, unix.EAFNOSUPPORT) {
			err = fmt.Errorf("%w: the kernel is built without CONFIG_XDP_SOCKETS", err)
		}
		return nil, fmt.Errorf("make an XDP socket: %w%s", err, hint(err))
	}
	s := &socket{
		fd: fd, pool: pool, base: uintptr(unsafe.Pointer(&memory[0])), size: uintptr(len(memory)),
		shift: bits.TrailingZeros(uint(stride)), slots: make([]slot, len(memory)/stride),
	}
	s.depth = min(receiveRing, len(s.slots)/8)
	if err := s.prepare(memory, stride); err != nil {
		return nil, errors.Join(err, s.close(nil))
	}
	if err := s.bind(index, queue, native); err != nil {
		return nil, errors.Join(err, s.close(nil))
	}
	return s, nil
}

// prepare registers the memory and makes the rings.
func (s *socket) prepare(memory []byte, stride int) error {
	region := unix.XDPUmemReg{Addr: uint64(s.base), Len: uint64(len(memory)), Size: uint32(stride)}
	if err := s.set(unix.XDP_UMEM_REG, unsafe.Pointer(&region), unsafe.Sizeof(region)); err != nil {
		if errors.Is(err, unix.ENOBUFS) {
			err = fmt.Errorf("%w: more than RLIMIT_MEMLOCK allows (ulimit -l): raise it, or give vswitchd CAP_IPC_LOCK", err)
		}
		return fmt.Errorf("register %d bytes: %w", len(memory), err)
	}
	for _, r := range []struct{ option, entries int }{
		{unix.XDP_UMEM_FILL_RING, receiveRing}, {unix.XDP_UMEM_COMPLETION_RING, completionRing},
		{unix.XDP_RX_RING, receiveRing}, {unix.XDP_TX_RING, sendRing},
	} {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_XDP, r.option, r.entries); err != nil {
			return fmt.Errorf("make a ring of %d: %w", r.entries, err)
		}
	}
	var at unix.XDPMmapOffsets
	size := uint32(unsafe.Sizeof(at))
	if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_XDP, unix.XDP_MMAP_OFFSETS,
		uintptr(unsafe.Pointer(&at)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
		return fmt.Errorf("ask where the rings are: %w", errno)
	}
	if uintptr(size) != unsafe.Sizeof(at) {
		return fmt.Errorf("the kernel is too old for need-wakeup (Linux 5.4): %w", unix.EOPNOTSUPP)
	}
	for _, r := range []struct {
		to          *ring
		page        int64
		at          unix.XDPRingOffset
		size, entry int
	}{
		{&s.receive, unix.XDP_PGOFF_RX_RING, at.Rx, receiveRing, int(unsafe.Sizeof(unix.XDPDesc{}))},
		{&s.send, unix.XDP_PGOFF_TX_RING, at.Tx, sendRing, int(unsafe.Sizeof(unix.XDPDesc{}))},
		{&s.fill, unix.XDP_UMEM_PGOFF_FILL_RING, at.Fr, receiveRing, 8},
		{&s.completion, unix.XDP_UMEM_PGOFF_COMPLETION_RING, at.Cr, completionRing, 8},
	} {
		var err error
		if *r.to, err = mapRing(s.fd, r.page, r.at, r.size, r.entry); err != nil {
			return err
		}
	}
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	}
	// Before Linux 6.17 a call sends 32 frames at most.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_XDP, unix.XDP_MAX_TX_SKB_BUDGET, sendRing)
	return nil
}

func (s *socket) set(option int, value unsafe.Pointer, size uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(s.fd), unix.SOL_XDP, uintptr(option), uintptr(value), size, 0); errno != 0 {
		return errno
	}
	return nil
}

// bindPatience is how long a queue may stay taken by a socket that was closed: the
// kernel lets go of it later, in some milliseconds. The worker waits for it, so
// where somebody else has the queue its other ports wait as long.
const bindPatience = 100 * time.Millisecond

// bind asks for the best that the kernel grants.
func (s *socket) bind(index, queue int, native bool) error {
	var errs []error
	for _, g := range []grants{
		{true, true, true}, {true, true, false}, {false, true, true}, {false, true, false},
	} {
		if g.zeroCopy && !native {
			continue
		}
		a := &unix.SockaddrXDP{Flags: unix.XDP_USE_NEED_WAKEUP | unix.XDP_COPY, Ifindex: uint32(index), QueueID: uint32(queue)}
		if g.zeroCopy {
			a.Flags ^= unix.XDP_COPY | unix.XDP_ZEROCOPY
		}
		if g.parts {
			a.Flags |= unix.XDP_USE_SG
		}
		err := unix.Bind(s.fd, a)
		for end := time.Now().Add(bindPatience); errors.Is(err, unix.EBUSY) && time.Now().Before(end); err = unix.Bind(s.fd, a) {
			time.Sleep(time.Millisecond)
		}
		if err == nil {
			s.grants = g
			return nil
		}
		errs = append(errs, err)
		if errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("bind: %w: another AF_XDP socket has the queue", err)
		}
	}
	return fmt.Errorf("bind: %w", errs[len(errs)-1])
}

// missed asks how many frames the kernel dropped for want of room.
func (s *socket) missed() uint64 {
	var stats unix.XDPStatistics
	size := uint32(unsafe.Sizeof(stats))
	if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_XDP, unix.XDP_STATISTICS,
		uintptr(unsafe.Pointer(&stats)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
		return 0
	}
	return stats.Rx_dropped + stats.Rx_ring_full
}

// offset is where in the memory the bytes of b lie; false for a Buf of another
// pool.
func (s *socket) offset(b *packet.Buf) (uint64, bool) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b.Bytes()))) - s.base
	return uint64(at), at < s.size
}

// close gives back all that the kernel had. Frames that were to be sent go to done,
// or are freed where that is nil.
func (s *socket) close(done *driver.Finished) error {
	// From here on the kernel writes nothing any more.
	errs := []error{unix.Close(s.fd)}
	for _, r := range []*ring{&s.receive, &s.send, &s.fill, &s.completion} {
		errs = append(errs, r.unmap())
	}
	for i := range s.slots {
		sent := s.take(i)
		switch {
		case sent == nil:
		case done != nil:
			done.Add(sent, ports.TxGone)
		default:
			sent.Free(s.pool)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close an XDP socket: %w", err)
	}
	return nil
}

// take empties slot i, whose Buf it frees, and returns the frame that was sent
// from it.
func (s *socket) take(i int) *packet.Buf {
	here := s.slots[i]
	s.slots[i] = slot{}
	if here.buf != nil {
		here.buf.Free(s.pool)
	}
	return here.sent
}
