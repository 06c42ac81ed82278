package packet

import "encoding/binary"

// Splitter makes the frames that a super-frame stands for, one after the other.
// The zero value has nothing to split.
type Splitter struct {
	super  *Buf
	rest   int // bytes of the super-frame that are in no segment yet
	left   int // segments to make
	number int // of the next segment
}

// Start prepares to split b, whose offload ValidateOffload has found good. An
// ordinary frame is split into nothing. Borrows b until the last Next; b must
// not change meanwhile.
func (s *Splitter) Start(b *Buf) {
	*s = Splitter{super: b}
	if o := &b.Offload; o.GSO != GSONone {
		s.rest = b.Size() - int(o.HdrLen)
		s.left = (s.rest + int(o.GSOSize) - 1) / int(o.GSOSize)
	}
}

// Left is the number of frames that Next has still to make.
func (s *Splitter) Left() int { return s.left }

// Next makes a frame that is complete, checksums included, laid out as FromBytes
// does. The caller owns it. The result is nil when none is left, and when a pool
// is exhausted: Left then counts those that are lost unless Next is called again
// later.
func (s *Splitter) Next(small, spill *Pool) *Buf {
	if s.left == 0 {
		return nil
	}
	super := s.super
	hdrLen := int(super.Offload.HdrLen)
	if hdrLen > small.Payload() || hdrLen > len(super.Bytes()) {
		return nil // the headers do not lie in one piece
	}
	seg := small.Get()
	if seg == nil {
		return nil
	}
	seg.end += copy(seg.mem[seg.off:], super.Bytes()[:hdrLen])
	size := min(s.rest, int(super.Offload.GSOSize))
	from := super.Size() - s.rest
	if !seg.extendFrom(super, from, from+size, small, spill) {
		seg.Free(small)
		return nil
	}
	seg.Meta, seg.Layers = super.Meta, super.Layers
	s.left--
	s.rest -= size
	s.fixHeaders(seg)
	s.number++
	return seg
}

// fixHeaders turns the copied headers of a segment into its own. Header fields
// are corrected by what the segment is shorter than the super-frame, and not
// computed anew, so that a sender's mistake stays one.
func (s *Splitter) fixHeaders(seg *Buf) {
	o := &s.super.Offload
	h := seg.Bytes()
	ip, transport := h[o.IPStart:], h[o.CsumStart:]
	shorter := uint16(s.super.Size() - seg.Size())
	if ip[0]>>4 == 4 {
		shortenIPv4(ip, shorter, uint16(s.number))
	} else {
		subtract16(ip[ipv6LenAt:], shorter)
	}
	if o.GSO == GSOUDP {
		subtract16(transport[udpLenAt:], shorter)
	} else {
		fixTCP(transport, uint32(s.number)*uint32(o.GSOSize), s.number == 0, s.left == 0)
	}
	// The partial checksum holds the sum of the pseudo header, the transport
	// size included.
	size := uint16(s.super.Size() - int(o.CsumStart))
	sum := transport[o.CsumOffset:]
	c := change(0).word(size, size-shorter)
	binary.BigEndian.PutUint16(sum, c.partial(binary.BigEndian.Uint16(sum)))
	seg.Offload = Offload{NeedsCsum: true, CsumStart: o.CsumStart, CsumOffset: o.CsumOffset}
	FinishChecksum(seg)
}

// shortenIPv4 gives a header its length and the identification that is n after
// the super-frame's. A wrong header checksum stays wrong.
func shortenIPv4(h []byte, shorter, n uint16) {
	size, id := uint16(IPv4(h).TotalLen()), IPv4(h).ID()
	c := change(0).word(size, size-shorter).word(id, id+n)
	binary.BigEndian.PutUint16(h[ipv4LenAt:], size-shorter)
	binary.BigEndian.PutUint16(h[ipv4IDAt:], id+n)
	binary.BigEndian.PutUint16(h[ipv4SumAt:], c.complete(IPv4(h).Checksum()))
}

// fixTCP gives the header of a segment, whose payload starts skip bytes into
// the super-frame's, its sequence number and flags: FIN and PSH belong to the
// last byte, CWR to one segment only (RFC 3168 §6.1.2).
func fixTCP(h []byte, skip uint32, first, last bool) {
	binary.BigEndian.PutUint32(h[tcpSeqAt:], TCP(h).Seq()+skip)
	if !first {
		h[tcpFlagsAt] &^= TCPCwr
	}
	if !last {
		h[tcpFlagsAt] &^= TCPFin | TCPPsh
	}
}

func subtract16(field []byte, n uint16) {
	binary.BigEndian.PutUint16(field, binary.BigEndian.Uint16(field)-n)
}

// Split gives the frames that b stands for to emit, which owns them: the
// segments of a super-frame, or b itself; in either case with complete
// checksums. Takes b. It returns how many frames could not be made because a
// pool was exhausted.
func Split(b *Buf, small, spill *Pool, emit func(*Buf)) (lost int) {
	if b.Offload.GSO == GSONone {
		FinishChecksum(b)
		emit(b)
		return 0
	}
	var s Splitter
	s.Start(b)
	for f := s.Next(small, spill); f != nil; f = s.Next(small, spill) {
		emit(f)
	}
	b.Free(small)
	return s.Left()
}
