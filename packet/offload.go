package packet

import "encoding/binary"

// Limits on what a sender may ask to be split, so that one frame cannot become
// tens of thousands: the kernel sets the same.
const (
	minTCPSegment  = 8   // payload bytes (least MSS 48 minus 40 of options)
	maxUDPSegments = 128 // UDP_MAX_SEGMENTS
)

// ValidateOffload checks the offload state that a driver took from a frame's
// sender against the frame, and says whether it can be believed; where not, the
// frame's Fault should be FaultBadOffload. What the sender may leave open is
// brought to one form: HdrLen and IPStart become exact, a super-frame of one
// segment an ordinary frame, and the checksum of a super-frame partial. Borrows
// b.
func ValidateOffload(b *Buf) bool {
	o := &b.Offload
	if o.NeedsCsum && int(o.CsumStart)+int(o.CsumOffset)+2 > b.Size() {
		return false
	}
	if o.GSO == GSONone {
		return true
	}
	p, found := locateIP(b)
	if !found || o.GSOSize == 0 || int(o.HdrLen) > b.Size() || !p.carries(o.GSO) ||
		p.fragment || p.end != b.Size() {
		return false
	}
	hdrLen := superHeaderLen(b, p)
	if hdrLen == 0 || hdrLen > MinHead {
		return false
	}
	if o.NeedsCsum {
		if int(o.CsumStart) != p.l4 || o.CsumOffset != sumOffset(p.proto) {
			return false
		}
	} else if !makePartial(b, p) {
		return false
	}
	payload := b.Size() - hdrLen
	if payload <= int(o.GSOSize) {
		o.GSO = GSONone
		return true
	}
	o.HdrLen, o.IPStart = uint16(hdrLen), uint16(p.l3)
	if o.GSO == GSOUDP {
		return payload <= maxUDPSegments*int(o.GSOSize)
	}
	return o.GSOSize >= minTCPSegment
}

// carries says whether the packet's protocols are those of super-frames t.
func (p ipPlace) carries(t GSOType) bool {
	switch t {
	case GSOTCPv4:
		return p.version == 4 && p.proto == ProtoTCP
	case GSOTCPv6:
		return p.version == 6 && p.proto == ProtoTCP
	case GSOUDP:
		return p.proto == ProtoUDP
	}
	return false
}

// superHeaderLen is the number of bytes of a super-frame that each segment
// repeats; 0 where the transport header is malformed or not in b's first
// segment.
func superHeaderLen(b *Buf, p ipPlace) int {
	h := b.Bytes()[p.l4:]
	if p.proto == ProtoUDP {
		if len(h) < UDPSize || UDP(h).Len() != p.end-p.l4 {
			return 0
		}
		return p.l4 + UDPSize
	}
	if len(h) < TCPSize || TCP(h).HeaderLen() < TCPSize || TCP(h).HeaderLen() > len(h) {
		return 0
	}
	return p.l4 + TCP(h).HeaderLen()
}

// makePartial leaves the checksum of a super-frame to be finished, for what its
// segments get to be computed. It refuses where that would repair a checksum
// that is wrong and that nobody vouches for.
func makePartial(b *Buf, p ipPlace) bool {
	pseudo := pseudoSum(b, p)
	if !b.Offload.CsumValid && AddSums(pseudo, b.Sum(p.l4, p.end)) != 0xffff {
		return false
	}
	offset := sumOffset(p.proto)
	binary.BigEndian.PutUint16(b.Bytes()[p.l4+int(offset):], pseudo)
	b.Offload.NeedsCsum = true
	b.Offload.CsumStart, b.Offload.CsumOffset = uint16(p.l4), offset
	return true
}

// pseudoSum is the sum of the pseudo header of the packet at p.
func pseudoSum(b *Buf, p ipPlace) uint16 {
	h := b.Bytes()[p.l3:]
	size := p.end - p.l4
	if p.version == 4 {
		dst, _ := ipv4FinalDst(h)
		return PseudoSumIPv4(IPv4(h).Src(), dst, p.proto, size)
	}
	dst := IPv6(h).Dst()
	if r := ipv6RouteTo(h, p.l4-p.l3); r.final != nil {
		dst = [16]byte(r.final)
	}
	return PseudoSumIPv6(IPv6(h).Src(), dst, p.proto, size)
}

// sumOffset is the place of the checksum in a transport header whose checksum
// covers a pseudo header; 0 for other protocols.
func sumOffset(proto uint8) uint16 {
	switch proto {
	case ProtoTCP:
		return tcpSumAt
	case ProtoUDP, ProtoUDPLite:
		return udpSumAt
	case ProtoDCCP:
		return dccpSumAt
	case ProtoICMPv6:
		return icmpSumAt
	}
	return 0
}

// FinishChecksum puts the checksum in place that the sender left to the network
// card, if there is one to finish. It must not be called for a super-frame,
// whose segments have checksums of their own. Borrows b.
func FinishChecksum(b *Buf) {
	o := &b.Offload
	if !o.NeedsCsum {
		return
	}
	o.NeedsCsum = false
	start, at := int(o.CsumStart), int(o.CsumStart)+int(o.CsumOffset)
	var field [4]byte
	if o.CsumOffset == sctpSumAt && isSCTP(b, start) {
		b.WriteAt(at, field[:])
		binary.LittleEndian.PutUint32(field[:], b.CRC32c(0, start, b.Size()))
		b.WriteAt(at, field[:])
		return
	}
	// The field holds the sum of the pseudo header and is summed with the rest.
	sum := ^b.Sum(start, b.Size())
	if sum == 0 && o.CsumOffset == udpSumAt {
		sum = 0xffff // 0 would say that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(field[:], sum)
	b.WriteAt(at, field[:2])
}

// HasUnfinishedChecksum says whether the transport checksum of b is as a sender
// leaves it to a network card: the sum of the pseudo header alone. It is for frames
// that arrive without a word about that. Borrows b.
func HasUnfinishedChecksum(b *Buf) bool {
	p, found := locateIP(b)
	if !found || p.fragment {
		return false
	}
	offset := sumOffset(p.proto)
	at := p.l4 + int(offset)
	if s := b.Bytes(); offset == 0 || at+2 > len(s) || binary.BigEndian.Uint16(s[at:]) != pseudoSum(b, p) {
		return false
	}
	// One finished checksum in 65,536 looks like that too, and is right.
	return AddSums(pseudoSum(b, p), b.Sum(p.l4, min(p.end, b.Size()))) != 0xffff
}

// isSCTP says whether the header at offset l4 is an SCTP header.
func isSCTP(b *Buf, l4 int) bool {
	p, found := locateIP(b)
	return found && p.l4 == l4 && p.proto == ProtoSCTP && l4+SCTPSize <= len(b.Bytes())
}
