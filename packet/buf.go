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

	next *Buf  // following segment of the same frame
	rest int   // bytes in the following segments; valid in the first segment
	home *Pool // where the memory goes back to
	link *Buf  // free list or return list; nil while the Buf is in use
}

// Layers are offsets into the frame's bytes, set by flow.Extract. Zero means
// that the layer is absent, but for Ethernet, which starts at byte 0.
type Layers struct {
	L25 uint16 // first MPLS label stack entry
	L3  uint16 // ARP, IPv4, IPv6 or NSH header
	L4  uint16 // transport or ICMP header; 0 in a later fragment
}

// Meta is what rides with a frame beside its bytes.
type Meta struct {
	Time     int64  // when the worker's breath began, in nanoseconds of the worker's clock
	InPort   uint32 // datapath port that the frame came in by
	RecircID uint32 // 0 for a frame from a port
	Hash     uint32 // dp_hash, once a hash action computed it
	Mark     uint32 // pkt_mark
	Priority uint32 // queue chosen by set_queue, plus 1; 0 is the default queue
	RxQueue  uint16 // receive queue of InPort
	Fault    Fault  // why the frame cannot be forwarded; set by the driver
	Offload  Offload
}

// Fault is what was wrong with a frame when a driver received it. The datapath
// drops such a frame and counts it by reason.
type Fault uint8

// Faults.
const (
	FaultNone       Fault = iota
	FaultTruncated        // longer than the buffer it was read into
	FaultBadOffload       // the offload header contradicts the frame
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
}

// Bytes is the segment's content. It is borrowed: valid until the Buf moves.
func (b *Buf) Bytes() []byte { return b.mem[b.off:b.end] }

// Size is the number of bytes in the whole frame that starts with b.
func (b *Buf) Size() int { return b.end - b.off + b.rest }

// Next is the segment after b, or nil.
func (b *Buf) Next() *Buf { return b.next }

// Room is the segment's whole memory, headroom and tailroom included. Drivers
// read into it and then call SetRange.
func (b *Buf) Room() []byte { return b.mem }

// SetRange makes mem[off:end] of Room the segment's content.
func (b *Buf) SetRange(off, end int) { _ = b.mem[off:end]; b.off, b.end = off, end }

// HeadroomLeft is the number of bytes that Push can still give.
func (b *Buf) HeadroomLeft() int { return b.off }
