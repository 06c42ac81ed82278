package packet

import "encoding/binary"

// Source routes: while one is not used up, the IP header's destination is the
// next router's, but transport checksums are over the final destination.

// ipv6Route is what the extension headers of an IPv6 packet say.
type ipv6Route struct {
	proto  uint8  // of the header at l4; ProtoNoNext where the headers do not lead there
	routed bool   // a routing header has segments left
	final  []byte // its last address; nil where the routing type is not known
}

// ipv6RouteTo walks the extension headers of packet h up to offset l4.
func ipv6RouteTo(h []byte, l4 int) ipv6Route {
	r := ipv6Route{proto: IPv6(h).NextHeader()}
	at := IPv6Size
	for at < l4 && at+8 <= len(h) && IsIPv6Ext(r.proto) {
		ext := IPv6Ext(h[at:])
		size := ext.Len(r.proto)
		if r.proto == ProtoRouting && ext.SegmentsLeft() > 0 {
			r.routed = true
			r.final = finalSegment(ext[:min(size, len(ext))])
		}
		r.proto = ext.NextHeader()
		at += size
	}
	if at != l4 {
		r.proto = ProtoNoNext
	}
	return r
}

// IPv6 routing types whose addresses are written out.
const (
	routingSource  = 0 // RFC 2460 §4.4
	routingMobile  = 2 // RFC 6275 §6.4
	routingSegment = 4 // RFC 8754 §2
)

// finalSegment is the final destination in routing header ext; nil where that
// cannot be told.
func finalSegment(ext []byte) []byte {
	const listAt = 8
	if len(ext) < listAt+16 {
		return nil
	}
	switch ext[2] {
	case routingSource, routingMobile:
		last := listAt + (len(ext)-listAt)/16*16 - 16
		return ext[last : last+16]
	case routingSegment: // the list is in reverse order
		return ext[listAt : listAt+16]
	}
	return nil
}

// IPv4 options (RFC 791 §3.1).
const (
	ipv4OptEnd         = 0
	ipv4OptNop         = 1
	ipv4OptLooseRoute  = 131
	ipv4OptStrictRoute = 137
)

// ipv4FinalDst is the destination of packet h that its transport checksum is
// over. The second result says whether it is that of a source route and not the
// header's.
func ipv4FinalDst(h []byte) (dst uint32, routed bool) {
	options := h[IPv4Size:max(IPv4Size, min(IPv4(h).HeaderLen(), len(h)))]
	for len(options) >= 2 && options[0] != ipv4OptEnd {
		if options[0] == ipv4OptNop {
			options = options[1:]
			continue
		}
		size := int(options[1])
		if size < 2 || size > len(options) {
			break
		}
		isRoute := options[0] == ipv4OptLooseRoute || options[0] == ipv4OptStrictRoute
		// The pointer counts from 1; behind the end means used up.
		if isRoute && size >= 7 && int(options[2]) <= size-3 {
			return binary.BigEndian.Uint32(options[size-4:]), true
		}
		options = options[size:]
	}
	return IPv4(h).Dst(), false
}
