package vnet

import "encoding/binary"

// Protocol numbers (IANA).
const (
	protoHopByHop = 0
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoDestOpts = 60
	protoSCTP     = 132

	ethertypeIPv4     = 0x0800
	ethertypeIPv6     = 0x86dd
	ethertypeVLAN     = 0x8100
	ethertypeQinQ     = 0x88a8
	ethertypeMPLS     = 0x8847
	ethertypeMPLSMult = 0x8848
)

// Sizes of headers in bytes.
const (
	ethernetSize = 14
	vlanSize     = 4
	mplsSize     = 4
	ipv4Size     = 20
	ipv6Size     = 40
	tcpSize      = 20
	udpSize      = 8
)

// Offsets of the checksum in its transport header.
const (
	csumInTCP  = 16
	csumInUDP  = 6
	csumInSCTP = 8
)

// transport is where a frame's transport header lies and what carries it.
type transport struct {
	version int // of IP
	l3, l4  int // bytes from the frame's start
	proto   uint8
}

// findTransport walks the headers at the front of a frame: VLAN tags, MPLS
// labels, IP. It finds nothing in a fragment, because no checksum and no
// super-frame can be unfinished there.
func findTransport(head []byte) (transport, bool) {
	if len(head) < ethernetSize {
		return transport{}, false
	}
	at, ethertype := ethernetSize, binary.BigEndian.Uint16(head[12:])
	for ethertype == ethertypeVLAN || ethertype == ethertypeQinQ {
		if at+vlanSize > len(head) {
			return transport{}, false
		}
		ethertype = binary.BigEndian.Uint16(head[at+2:])
		at += vlanSize
	}
	if ethertype == ethertypeMPLS || ethertype == ethertypeMPLSMult {
		for bottom := false; !bottom; at += mplsSize {
			if at+mplsSize >= len(head) {
				return transport{}, false
			}
			bottom = head[at+2]&1 != 0
		}
		ethertype = ethertypeIPv4
		if head[at]>>4 == 6 {
			ethertype = ethertypeIPv6
		}
	}
	switch ethertype {
	case ethertypeIPv4:
		return inIPv4(head, at)
	case ethertypeIPv6:
		return inIPv6(head, at)
	}
	return transport{}, false
}

func inIPv4(head []byte, l3 int) (transport, bool) {
	if l3+ipv4Size > len(head) || head[l3]>>4 != 4 {
		return transport{}, false
	}
	l4 := l3 + int(head[l3]&15)*4
	const moreFragmentsAndOffset = 0x3fff
	fragment := binary.BigEndian.Uint16(head[l3+6:])&moreFragmentsAndOffset != 0
	ok := l4 >= l3+ipv4Size && l4 <= len(head) && !fragment
	return transport{version: 4, l3: l3, l4: l4, proto: head[l3+9]}, ok
}

func inIPv6(head []byte, l3 int) (transport, bool) {
	if l3+ipv6Size > len(head) || head[l3]>>4 != 6 {
		return transport{}, false
	}
	l4, proto := l3+ipv6Size, head[l3+6]
	for proto == protoHopByHop || proto == protoRouting || proto == protoDestOpts {
		if l4+2 > len(head) {
			return transport{}, false
		}
		proto, l4 = head[l4], l4+8+int(head[l4+1])*8
	}
	return transport{version: 6, l3: l3, l4: l4, proto: proto}, l4 <= len(head)
}

// transportEnd is where the payload of TCP or UDP begins, if the whole header
// lies in head.
func (t transport) transportEnd(head []byte) (end int, whole bool) {
	if t.proto == protoUDP {
		end = t.l4 + udpSize
		return end, end <= len(head)
	}
	if t.l4+tcpSize > len(head) {
		return 0, false
	}
	size := int(head[t.l4+12]>>4) * 4
	return t.l4 + size, size >= tcpSize && t.l4+size <= len(head)
}

// pseudoSum is the sum over the pseudo-header of size bytes of transport header
// and payload, not complemented (RFC 9293 §3.1, RFC 8200 §8.1).
func (t transport) pseudoSum(head []byte, size int) uint16 {
	addresses := head[t.l3+12 : t.l3+20]
	if t.version == 6 {
		addresses = head[t.l3+8 : t.l3+40]
	}
	sum := uint32(t.proto) + uint32(size>>16) + uint32(size&0xffff)
	for ; len(addresses) > 0; addresses = addresses[2:] {
		sum += uint32(binary.BigEndian.Uint16(addresses))
	}
	sum = sum&0xffff + sum>>16
	return uint16(sum + sum>>16)
}
