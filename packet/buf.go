package packet

// Headroom is the room that a fresh Buf keeps before its first byte, so that a
// tag or a tunnel header is a pointer move.
const Headroom = 256

// MinHead is the least number of a frame's first bytes that lie in its first
// segment (or the whole frame, where that is shorter).
const MinHead = 512

// Buf is one segment of a frame. The first segment of a frame carries what
// belongs to the whole of it: Meta, Layers and the size.
//
//	mem   |<-- headroom -->|<------ Bytes ------>|<-- tailroom -->|
//	      0               off                   end          len(mem)
type Buf struct {
	Meta
	Layers

	mem      []byte
	off, end int

	next *Buf  // following segment of the same frame; of the list while the Buf is free
	rest int   // bytes in the following segments; valid in the first segment
	home *Pool // where the memory goes back to
}

// Layers are offsets into the frame's bytes, set by flow.Extract. Zero means
// that the layer is absent, but for Ethernet, which starts at byte 0, and for
// the first header of a frame whose PacketType is not Ethernet.
type Layers struct {
	L25 uint16 // first MPLS label stack entry
	L3  uint16 // ARP, IPv4, IPv6 or NSH header
	L4  uint16 // transport, ICMP or IGMP header; 0 in a later fragment
}

// Meta is what rides with a frame beside its bytes.
type Meta struct {
	Time     int64  // when the worker's breath began, in nanoseconds of the worker's clock
	InPort   uint32 // datapath port that the frame came in by
	RecircID uint32 // 0 for a frame from a port
	Hash     uint32 // dp_hash, once a hash action computed it
	Mark     uint32 // pkt_mark
	Priority uint32 // queue chosen by set_queue, plus 1; 0 is the default queue

	// PacketType says what the frame's first byte begins: 0 an Ethernet header,
	// PacketTypeOf(e) the header that EtherType e stands for (OpenFlow 1.5.1
	// §7.2.3.11). In the second case the offset of that header is 0 and yet the
	// layer is there.
	PacketType uint32

	RxQueue uint16 // receive queue of InPort
	Join    Kinds  // what a port that takes super-frames may get it joined to
	Fault   Fault  // why the frame cannot be forwarded; set by the driver
	Offload Offload
}

// PacketTypeOf is the packet type of a frame that starts with the header of
// EtherType ethType, without an Ethernet header before it.
func PacketTypeOf(ethType uint16) uint32 { return 1<<16 | uint32(ethType) }

// Fault is what was wrong with a frame when a driver received it. The datapath
// drops such a frame and counts it by reason.
type Fault uint8

// Faults.
const (
	FaultNone           Fault = iota
	FaultTruncated            // longer than the buffer it was read into
	FaultBadOffload           // the offload header contradicts the frame
	FaultUnfinishedCsum       // the sender left the checksum to a network card that there is not
)

// GSOType says which protocol's segments a super-frame stands for.
type GSOType uint8

// Kinds of super-frames.
const (
	GSONone  GSOType = iota
	GSOTCPv4         // TCP over IPv4
	GSOTCPv6         // TCP over IPv6
	GSOUDP           // UDP datagrams of equal size (UDP_SEGMENT, USO)
)

// Offload is what the sender left to the network card: a checksum to finish,
// a super-frame to split. All offsets count from the frame's first byte.
type Offload struct {
	NeedsCsum  bool    // the checksum over [CsumStart, end) is still to be put at CsumStart+CsumOffset
	CsumValid  bool    // the receiver's hardware or kernel vouches for the transport checksum
	ECN        bool    // TCP with ECN: only the first segment carries CWR
	GSO        GSOType // GSONone: an ordinary frame
	CsumStart  uint16  // valid iff NeedsCsum
	CsumOffset uint16  // valid iff NeedsCsum
	GSOSize    uint16  // payload bytes a segment; valid iff GSO != GSONone
	HdrLen     uint16  // bytes up to the end of the transport header; valid iff GSO != GSONone
	IPStart    uint16  // IP header of the super-frame, set by ValidateOffload; valid iff GSO != GSONone
}

// View is a Buf over a frame of the caller's, to look at. It is of no pool:
// nobody may free, push or queue it.
func View(frame []byte) *Buf { return &Buf{mem: frame, end: len(frame)} }

// Bytes is the segment's content. It is borrowed: valid until the Buf moves.
func (b *Buf) Bytes() []byte { return b.mem[b.off:b.end] }

// Size is the number of bytes in the whole frame that starts with b.
func (b *Buf) Size() int { return b.end - b.off + b.rest }

// Next is the segment after b, or nil.
func (b *Buf) Next() *Buf { return b.next }

// Room is the segment's whole memory, headroom and tailroom included. Drivers
// read into it and then call SetRange.
func (b *Buf) Room() []byte { return b.mem }

// SetRange makes mem[off:end] of Room the segment's content. It must be called
// before the segment is appended to another.
func (b *Buf) SetRange(off, end int) { _ = b.mem[off:end]; b.off, b.end = off, end }

// HeadroomLeft is the number of bytes that Push can give without moving what is
// there.
func (b *Buf) HeadroomLeft() int { return b.off }

// Push makes the frame n bytes longer at the front and returns the new bytes,
// whose content is undefined. Layers and Offload go on pointing at the headers
// that they pointed at. The result is nil, and b as it was, when the first
// segment's memory has no room for n more bytes.
func (b *Buf) Push(n int) []byte {
	if n > b.off && !b.slide(n) {
		return nil
	}
	if !b.shift(n) {
		return nil
	}
	b.off -= n
	return b.mem[b.off : b.off+n]
}

// Pull takes the first n bytes away. A layer, a partial checksum or a
// super-frame whose header was there is gone. Pull reports whether the first
// segment had n bytes; b is as it was if not.
func (b *Buf) Pull(n int) bool {
	if n > b.end-b.off {
		return false
	}
	b.off += n
	b.unshift(n)
	return true
}

// slide moves the first segment's bytes within its memory so that the headroom
// becomes at least n. What is left over is shared between both ends.
//
// Slow path: a fresh Buf has Headroom bytes, which are enough for all the tags
// and tunnel headers that one packet gets in practice.
func (b *Buf) slide(n int) bool {
	size := b.end - b.off
	spare := len(b.mem) - size - n
	if spare < 0 {
		return false
	}
	off := n + spare/2
	copy(b.mem[off:], b.mem[b.off:b.end])
	b.off, b.end = off, off+size
	return true
}

// shift adds n to all offsets that are in use. It reports whether they stay
// within 16 bits; b is as it was if not.
func (b *Buf) shift(n int) bool {
	l, o := &b.Layers, &b.Offload
	last := max(l.L25, l.L3, l.L4)
	if o.NeedsCsum {
		last = max(last, o.CsumStart)
	}
	if o.GSO != GSONone {
		last = max(last, o.HdrLen)
	}
	if int(last)+n > 0xffff {
		return false
	}
	d := uint16(n)
	if l.L25 != 0 {
		l.L25 += d
	}
	if l.L3 != 0 {
		l.L3 += d
	}
	if l.L4 != 0 {
		l.L4 += d
	}
	if o.NeedsCsum {
		o.CsumStart += d
	}
	if o.GSO != GSONone {
		o.HdrLen += d
		o.IPStart += d
	}
	if b.PacketType != 0 {
		b.shiftFirst(d)
	}
	return true
}

// shiftFirst gives an offset to the header at byte 0 of a frame without an
// Ethernet header, now that d bytes come before it.
func (b *Buf) shiftFirst(d uint16) {
	switch {
	case IsMPLS(uint16(b.PacketType)):
		b.L25 = d
	case b.beginsWithNetwork():
		b.L3 = d
	}
}

// unshift subtracts n from all offsets that are in use.
func (b *Buf) unshift(n int) {
	b.L25 = less(b.L25, n)
	b.L3 = less(b.L3, n)
	b.L4 = less(b.L4, n)
	o := &b.Offload
	if o.NeedsCsum {
		o.NeedsCsum = int(o.CsumStart) >= n
		o.CsumStart = less(o.CsumStart, n)
	}
	if o.GSO != GSONone {
		if int(o.IPStart) < n {
			o.GSO = GSONone
		}
		o.HdrLen = less(o.HdrLen, n)
		o.IPStart = less(o.IPStart, n)
	}
}

// less is offset off after n bytes before it went away; 0 where it went too.
func less(off uint16, n int) uint16 {
	if int(off) < n {
		return 0
	}
	return off - uint16(n)
}
