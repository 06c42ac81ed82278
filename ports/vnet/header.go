package vnet

import (
	"encoding/binary"

	"vswitch/packet"
)

// HeaderSize is the number of bytes of the header without the count of merged
// buffers (struct virtio_net_hdr, Virtual I/O Device 1.2 §5.1.6).
const HeaderSize = 10

// Header is struct virtio_net_hdr in the machine's byte order, which is what
// TUN and AF_PACKET use unless told otherwise.
//
//	0 flags · 1 GSO type · 2 header length · 4 GSO size · 6 checksum start · 8 checksum offset
type Header [HeaderSize]byte

// Values of the flags and of the GSO type (Virtual I/O Device 1.2 §5.1.6).
const (
	flagNeedsCsum = 1
	flagDataValid = 2

	gsoNone  = 0
	gsoTCPv4 = 1
	gsoTCPv6 = 4
	gsoUDPL4 = 5
	gsoECN   = 0x80
)

// Decode reads the header that came with a frame of size bytes whose first
// segment is head. Offsets of h count from shift bytes into head: 4 where a VLAN
// tag was put back in front of them, else 0.
//
// A super-frame whose checksum the kernel vouches for gets the pseudo-header sum
// in its place, because that is the only form in which one can be sent on. One
// that is not longer than a segment is an ordinary frame. Whatever contradicts
// the frame is packet.FaultBadOffload.
func Decode(h *Header, shift int, head []byte, size int) (packet.Offload, packet.Fault) {
	if h[0] == 0 && h[1] == gsoNone {
		return packet.Offload{}, packet.FaultNone
	}
	o := packet.Offload{CsumValid: h[0]&flagDataValid != 0}
	if h[0]&flagNeedsCsum != 0 {
		start := int(binary.NativeEndian.Uint16(h[6:])) + shift
		offset := int(binary.NativeEndian.Uint16(h[8:]))
		if start < ethernetSize || start+offset+2 > len(head) {
			return packet.Offload{}, packet.FaultBadOffload
		}
		o.NeedsCsum, o.CsumStart, o.CsumOffset = true, uint16(start), uint16(offset)
	}
	if h[0]&^(flagNeedsCsum|flagDataValid) != 0 || h[1] != gsoNone && !superFrame(&o, h, head, size) {
		return packet.Offload{}, packet.FaultBadOffload
	}
	return o, packet.FaultNone
}

// superFrame fills in what o says of a super-frame, or finds h a liar. The
// header's own idea of the header length is only a hint of how much of the frame
// the sender kept in one piece, so the length comes from the frame.
func superFrame(o *packet.Offload, h *Header, head []byte, size int) bool {
	ip, ok := findTransport(head)
	if !ok {
		return false
	}
	csumAt := csumInTCP
	switch h[1] &^ gsoECN {
	case gsoTCPv4:
		ok = ip.version == 4 && ip.proto == protoTCP
		o.GSO = packet.GSOTCPv4
	case gsoTCPv6:
		ok = ip.version == 6 && ip.proto == protoTCP
		o.GSO = packet.GSOTCPv6
	case gsoUDPL4:
		ok = ip.proto == protoUDP && h[1]&gsoECN == 0
		o.GSO = packet.GSOUDP
		csumAt = csumInUDP
	default:
		return false
	}
	end, whole := ip.transportEnd(head)
	gsoSize := binary.NativeEndian.Uint16(h[4:])
	if !ok || !whole || gsoSize == 0 {
		return false
	}
	if !o.NeedsCsum {
		if !o.CsumValid {
			return false
		}
		o.NeedsCsum, o.CsumStart, o.CsumOffset = true, uint16(ip.l4), uint16(csumAt)
		binary.BigEndian.PutUint16(head[ip.l4+csumAt:], ip.pseudoSum(head, size-ip.l4))
	}
	if int(o.CsumStart) != ip.l4 || int(o.CsumOffset) != csumAt {
		return false
	}
	if size-end <= int(gsoSize) {
		o.GSO = packet.GSONone
		return true
	}
	o.ECN, o.GSOSize, o.HdrLen = h[1]&gsoECN != 0, gsoSize, uint16(end)
	return true
}

// Encode writes what o says into h. It answers false for a super-frame without
// a partial checksum, which no kernel takes: Linux would finish a checksum that
// nobody vouches for.
func Encode(h *Header, o *packet.Offload) bool {
	*h = Header{}
	if o.NeedsCsum {
		h[0] = flagNeedsCsum
		binary.NativeEndian.PutUint16(h[6:], o.CsumStart)
		binary.NativeEndian.PutUint16(h[8:], o.CsumOffset)
	}
	switch o.GSO {
	case packet.GSONone:
		return true
	case packet.GSOTCPv4:
		h[1] = gsoTCPv4
	case packet.GSOTCPv6:
		h[1] = gsoTCPv6
	case packet.GSOUDP:
		h[1] = gsoUDPL4
	}
	if o.ECN {
		h[1] |= gsoECN
	}
	binary.NativeEndian.PutUint16(h[2:], o.HdrLen)
	binary.NativeEndian.PutUint16(h[4:], o.GSOSize)
	return o.NeedsCsum
}

// WantsCRC32c reports that the partial checksum of o is not an internet checksum
// but the CRC32c of SCTP (RFC 9260 §6.8), which the header cannot say: devices
// that can compute it, veth among them, leave it open in the same way.
func WantsCRC32c(o *packet.Offload, head []byte) bool {
	if !o.NeedsCsum || o.CsumOffset != csumInSCTP {
		return false
	}
	ip, ok := findTransport(head)
	return ok && ip.proto == protoSCTP && ip.l4 == int(o.CsumStart)
}
