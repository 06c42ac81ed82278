package packet

import (
	"bytes"
	"encoding/binary"
)

// Kinds is a set of kinds of super-frames.
type Kinds uint8

// KindsOf is the set of the given kinds.
func KindsOf(kinds ...GSOType) (set Kinds) {
	for _, k := range kinds {
		set |= 1 << k
	}
	return set
}

// Has reports whether k is in the set.
func (s Kinds) Has(k GSOType) bool { return s>>k&1 != 0 }

const (
	maxJoining   = 8  // flows that are joined side by side
	maxJoined    = 64 // frames in one super-frame
	maxIPPacket  = 0xffff
	joinPortsLen = 4 // both ports, at the start of TCP's and UDP's headers
)

// Joiner makes super-frames of the segments of flows, the reverse of Splitter. It
// joins what splitting would give back exactly, but for a constant IPv4
// identification of packets that may not be fragmented, which means nothing (RFC
// 6864 §4.1). A checksum that nobody vouches for is
// verified; one that is wrong keeps its frame apart. The zero value is ready.
type Joiner struct {
	open [maxJoining]joining
	n    int
}

// joining is a super-frame that grows.
type joining struct {
	segment
	super   *Buf
	last    *Buf // its last segment in memory
	frames  int
	sound   bool // the first frame's checksums were verified
	sameID  bool // all IPv4 identifications are the same; valid from the second frame on
	payload int  // bytes of all frames
}

// segment is a frame as the Joiner sees it.
type segment struct {
	kind    GSOType
	l3, l4  int
	headers int  // bytes of all headers
	size    int  // payload bytes behind them
	last    bool // nothing may follow it in a super-frame
	good    bool // it may be joined; if not, what follows it must not be joined with what came before
}

// Join joins frames that stand in the order in which they are to be sent, and
// moves what remains to the front: it returns how many remain. Frames are joined
// if takes and their Join have their kind. No flow's frames change their order.
// Emptied memory goes to local. Layers must be set.
func (j *Joiner) Join(frames []*Buf, takes Kinds, local *Pool) int {
	kept := 0
	for _, b := range frames {
		if !j.add(b, takes&b.Join, local) {
			frames[kept] = b
			kept++
		}
	}
	for j.n > 0 {
		j.close(j.n - 1)
	}
	return kept
}

// add reports whether b became part of a super-frame.
func (j *Joiner) add(b *Buf, kinds Kinds, local *Pool) bool {
	if kinds == 0 && j.n == 0 {
		return false
	}
	s := segmentOf(b)
	if s.kind == GSONone {
		return false
	}
	s.good = s.good && kinds.Has(s.kind)
	i := j.find(b, &s)
	if i >= 0 {
		o := &j.open[i]
		if s.good && o.fits(b, &s) && o.verify() && verify(b, &s) {
			o.take(b, &s, local)
			if s.last || s.size < o.size || o.frames == maxJoined {
				j.close(i)
			}
			return true
		}
		j.close(i)
	}
	if s.good && !s.last && (s.kind == GSOUDP || s.size >= minTCPSegment) {
		if j.n == maxJoining {
			j.close(0)
		}
		j.open[j.n] = joining{segment: s, super: b, last: lastOf(b), frames: 1, payload: s.size}
		j.n++
	}
	return false
}

// find is the place of the flow that b is of, or -1.
func (j *Joiner) find(b *Buf, s *segment) int {
	h := b.Bytes()
	for i := range j.open[:j.n] {
		o := &j.open[i]
		first := o.super.Bytes()
		if o.kind == s.kind && h[s.l3]>>4 == first[o.l3]>>4 && bytes.Equal(s.addresses(h), o.addresses(first)) &&
			bytes.Equal(h[s.l4:s.l4+joinPortsLen], first[o.l4:o.l4+joinPortsLen]) {
			return i
		}
	}
	return -1
}

// addresses are those of the IP header.
func (s *segment) addresses(h []byte) []byte {
	if h[s.l3]>>4 == 6 {
		return h[s.l3+ipv6SrcAt : s.l3+IPv6Size]
	}
	return h[s.l3+ipv4SrcAt : s.l3+IPv4Size]
}

// close ends super-frame i, and has its headers say what they stand for.
func (j *Joiner) close(i int) {
	if o := &j.open[i]; o.frames > 1 {
		o.finish()
	}
	j.n--
	copy(j.open[i:j.n], j.open[i+1:j.n+1])
	j.open[j.n] = joining{}
}

// segmentOf finds out what b is: a TCP segment or a UDP datagram behind Ethernet,
// tags and an IP header without options, or of no interest.
func segmentOf(b *Buf) (s segment) {
	h := b.Bytes()
	s.l3, s.l4 = int(b.L3), int(b.L4)
	if s.l3 < EthSize || s.l4 <= s.l3 || b.PacketType != 0 || b.L25 != 0 || s.l4+UDPSize > len(h) {
		return s
	}
	ip := h[s.l3:]
	var proto uint8
	size := 0 // of the IP packet
	switch binary.BigEndian.Uint16(h[s.l3-2:]) {
	case EthTypeIPv4:
		proto, size = IPv4(ip).Protocol(), IPv4(ip).TotalLen()
		s.kind, s.good = GSOTCPv4, s.l4-s.l3 == IPv4Size && !IPv4(ip).IsFragment()
	case EthTypeIPv6:
		if s.l4-s.l3 < IPv6Size {
			return s
		}
		proto, size = IPv6(ip).NextHeader(), IPv6(ip).PayloadLen()+IPv6Size
		s.kind, s.good = GSOTCPv6, s.l4-s.l3 == IPv6Size
	default:
		return s
	}
	s.good = s.good && b.Offload.GSO == GSONone && s.l3+size == b.Size() && isBehindTags(h, s.l3)
	switch proto {
	case ProtoTCP:
		s.lookTCP(h[s.l4:])
	case ProtoUDP:
		s.kind, s.headers = GSOUDP, s.l4+UDPSize
		s.good = s.good && s.l4+UDP(h[s.l4:]).Len() == b.Size() && binary.BigEndian.Uint16(h[s.l4+udpSumAt:]) != 0
	default:
		s.kind = GSONone
		return s
	}
	s.size = b.Size() - s.headers
	s.good = s.good && s.size > 0 && s.headers <= len(h)
	return s
}

// isBehindTags reports whether nothing but VLAN tags stands between the addresses of
// an Ethernet header and the type before offset l3. The kernel splits no other
// super-frames: it would lose one behind a backbone header, or an 802.3 length.
func isBehindTags(h []byte, l3 int) bool {
	for at := ethTypeAt; at < l3-2; at += VLANSize {
		if !IsVLAN(binary.BigEndian.Uint16(h[at:])) {
			return false
		}
	}
	return true
}

func (s *segment) lookTCP(h []byte) {
	const dataFlags = TCPAck | TCPPsh | TCPFin | TCPEce
	if len(h) < TCPSize {
		s.kind = GSONone
		return
	}
	s.headers = s.l4 + max(TCP(h).HeaderLen(), TCPSize)
	s.last = h[tcpFlagsAt]&(TCPPsh|TCPFin) != 0
	s.good = s.good && TCP(h).HeaderLen() >= TCPSize && TCP(h).Flags()&^dataFlags == 0 && TCP(h).Flags()&TCPAck != 0
}

// fits reports whether b goes on where o ends, with headers that splitting would
// give it.
func (o *joining) fits(b *Buf, s *segment) bool {
	h, first := b.Bytes(), o.super.Bytes()
	total := o.headers - o.l3 + o.payload + s.size
	if s.l3 != o.l3 || s.headers != o.headers || s.size > o.size || total > maxIPPacket || o.super.Priority != b.Priority ||
		!bytes.Equal(h[:s.l3], first[:s.l3]) {
		return false
	}
	ip, firstIP := h[s.l3:s.l4], first[s.l3:s.l4]
	if ip[0]>>4 == 4 {
		if !o.fitsIPv4(ip, firstIP) {
			return false
		}
	} else if !bytes.Equal(ip[:ipv6LenAt], firstIP[:ipv6LenAt]) || ip[ipv6HopAt] != firstIP[ipv6HopAt] {
		return false
	}
	return o.kind == GSOUDP || fitsTCP(h[s.l4:s.headers], first[s.l4:s.headers], o.payload)
}

// fitsIPv4 compares all but lengths, checksums and addresses.
func (o *joining) fitsIPv4(ip, first []byte) bool {
	id := IPv4(ip).ID() - IPv4(first).ID()
	same := id == 0 && IPv4(ip).Frag() == IPv4DontFragment && (o.frames == 1 || o.sameID)
	if !same && (id != uint16(o.frames) || o.sameID) {
		return false
	}
	o.sameID = same
	return ip[0] == first[0] && ip[ipv4TOSAt] == first[ipv4TOSAt] && bytes.Equal(ip[ipv4FragAt:ipv4SumAt], first[ipv4FragAt:ipv4SumAt])
}

// fitsTCP compares headers of one length: the sequence numbers are payload bytes
// apart, and all else is the same but checksums, FIN and PSH.
func fitsTCP(h, first []byte, payload int) bool {
	const mayDiffer = TCPFin | TCPPsh
	return TCP(h).Seq() == TCP(first).Seq()+uint32(payload) && bytes.Equal(h[8:tcpFlagsAt], first[8:tcpFlagsAt]) &&
		(h[tcpFlagsAt]^first[tcpFlagsAt])&^mayDiffer == 0 && bytes.Equal(h[14:tcpSumAt], first[14:tcpSumAt]) &&
		bytes.Equal(h[18:], first[18:])
}

// verify looks at the checksums of the first frame, once.
func (o *joining) verify() bool {
	if !o.sound {
		o.sound = verify(o.super, &o.segment)
	}
	return o.sound
}

// verify reports whether the checksums of b are right, or left to be finished.
func verify(b *Buf, s *segment) bool {
	h := b.Bytes()
	if h[s.l3]>>4 == 4 && Sum(h[s.l3:s.l4]) != 0xffff {
		return false
	}
	pseudo, at := s.pseudoSum(h, b.Size()-s.l4), s.sumAt()
	o := &b.Offload
	switch {
	case o.NeedsCsum:
		return int(o.CsumStart) == s.l4 && int(o.CsumOffset) == at && binary.BigEndian.Uint16(h[s.l4+at:]) == pseudo
	case o.CsumValid:
		return true
	}
	return AddSums(pseudo, b.Sum(s.l4, b.Size())) == 0xffff
}

func (s *segment) sumAt() int {
	if s.kind == GSOUDP {
		return udpSumAt
	}
	return tcpSumAt
}

// pseudoSum is the sum of the pseudo header for size bytes of transport.
func (s *segment) pseudoSum(h []byte, size int) uint16 {
	proto := uint8(ProtoTCP)
	if s.kind == GSOUDP {
		proto = ProtoUDP
	}
	if ip := h[s.l3:]; ip[0]>>4 == 6 {
		return PseudoSumIPv6(IPv6(ip).Src(), IPv6(ip).Dst(), proto, size)
	}
	return PseudoSumIPv4(IPv4(h[s.l3:]).Src(), IPv4(h[s.l3:]).Dst(), proto, size)
}

// take appends b's payload.
func (o *joining) take(b *Buf, s *segment, local *Pool) {
	super := o.super.Bytes()
	if o.kind != GSOUDP {
		super[o.l4+tcpFlagsAt] |= b.Bytes()[o.l4+tcpFlagsAt] & (TCPFin | TCPPsh)
	}
	o.frames++
	o.payload += s.size
	o.super.rest += s.size
	b.off += s.headers
	if b.off < b.end {
		o.last.next = b
	} else {
		o.last.next, b.next = b.next, nil
		b.Free(local)
	}
	o.last = lastOf(o.last)
}

func lastOf(b *Buf) *Buf {
	for b.next != nil {
		b = b.next
	}
	return b
}

// finish makes the headers those of a super-frame.
func (o *joining) finish() {
	h := o.super.Bytes()
	longer := uint16(o.payload - o.size)
	if ip := h[o.l3:]; ip[0]>>4 == 4 {
		shortenIPv4(ip, -longer, 0)
	} else {
		subtract16(ip[ipv6LenAt:], -longer)
	}
	if o.kind == GSOUDP {
		subtract16(h[o.l4+udpLenAt:], -longer)
	}
	at := o.sumAt()
	binary.BigEndian.PutUint16(h[o.l4+at:], o.pseudoSum(h, o.super.Size()-o.l4))
	o.super.Offload = Offload{
		NeedsCsum: true, CsumStart: uint16(o.l4), CsumOffset: uint16(at),
		GSO: o.kind, GSOSize: uint16(o.size), HdrLen: uint16(o.headers), IPStart: uint16(o.l3),
	}
}
