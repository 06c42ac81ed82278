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

// Offsets of the checksum in its transport header.
const (
	csumInTCP = 16
	csumInUDP = 6
)

// Decode sets Offload of b from the header that the kernel put before it, or
// Fault where that contradicts the frame. Offsets of h count from shift bytes
// into b: 4 where a VLAN tag was put back in front of them, else 0. Borrows b.
func Decode(h *Header, shift int, b *packet.Buf) {
	if h[0] == 0 && h[1] == gsoNone {
		return
	}
	if !decode(h, shift, b) {
		b.Offload = packet.Offload{}
		b.Fault = packet.FaultBadOffload
	}
}

func decode(h *Header, shift int, b *packet.Buf) bool {
	o := &b.Offload
	o.CsumValid = h[0]&flagDataValid != 0
	if h[0]&flagNeedsCsum != 0 {
		start := int(binary.NativeEndian.Uint16(h[6:])) + shift
		offset := int(binary.NativeEndian.Uint16(h[8:]))
		if start < packet.EthSize || start+offset+2 > len(b.Bytes()) {
			return false
		}
		o.NeedsCsum, o.CsumStart, o.CsumOffset = true, uint16(start), uint16(offset)
	}
	if h[1] != gsoNone {
		// The header's own idea of the header length is only a hint of how much
		// of the frame the sender kept in one piece.
		o.GSO, o.GSOSize = gsoType(h[1]&^gsoECN), binary.NativeEndian.Uint16(h[4:])
		o.ECN = h[1]&gsoECN != 0
		if o.GSO == packet.GSONone || o.ECN && o.GSO == packet.GSOUDP {
			return false
		}
	}
	if h[0]&^(flagNeedsCsum|flagDataValid) != 0 || !packet.ValidateOffload(b) {
		return false
	}
	if o.GSO == packet.GSONone {
		o.ECN, o.GSOSize = false, 0
		if o.NeedsCsum && o.CsumOffset != csumInTCP && o.CsumOffset != csumInUDP {
			// It may be a CRC32c of SCTP, which devices such as veth leave open
			// in the same way; no reader of the header could tell.
			packet.FinishChecksum(b)
			*o = packet.Offload{CsumValid: o.CsumValid}
		}
	}
	return true
}

func gsoType(t byte) packet.GSOType {
	switch t {
	case gsoTCPv4:
		return packet.GSOTCPv4
	case gsoTCPv6:
		return packet.GSOTCPv6
	case gsoUDPL4:
		return packet.GSOUDP
	}
	return packet.GSONone
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

// Prepend writes the header for b into the headroom before it and returns both,
// header and first segment, as the kernel wants them. The frame itself stays as
// it is. It answers false where Encode does. Borrows b.
func Prepend(b *packet.Buf) ([]byte, bool) {
	if b.HeadroomLeft() < HeaderSize {
		// Slow path: many headers were pushed. Push moves the bytes for more.
		if b.Push(HeaderSize) == nil {
			return nil, false
		}
		b.Pull(HeaderSize)
	}
	begin := b.HeadroomLeft() - HeaderSize
	front := b.Room()[begin : begin+HeaderSize+len(b.Bytes())]
	return front, Encode((*Header)(front), &b.Offload)
}
