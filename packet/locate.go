package packet

import "encoding/binary"

// ipPlace is where the outermost IP header of a frame lies and what it holds.
// Offsets count from the frame's first byte.
type ipPlace struct {
	l3       int   // IP header
	l4       int   // header behind the IP and extension headers
	end      int   // first byte behind the IP packet, as its length has it
	version  uint8 // 4 or 6
	proto    uint8 // of the header at l4
	fragment bool  // a part of a datagram
}

// locateIP finds the IP header by walking over what may stand before it: an
// Ethernet header, tags, labels, PBB and NSH. It reads the first segment only
// and does not use Layers, so drivers may call it too. The second result is
// false where there is none, or its headers do not lie in the first segment.
func locateIP(b *Buf) (ipPlace, bool) {
	s := b.Bytes()
	at, ethType := 0, uint16(b.PacketType)
	if b.PacketType == 0 {
		at, ethType = skipEthernet(s, 0)
	}
	for {
		switch ethType {
		case EthTypeIPv4:
			return placeIPv4(s, at)
		case EthTypeIPv6:
			return placeIPv6(s, at)
		case EthTypeMPLS, EthTypeMPLSMulticast:
			at, ethType = skipMPLS(s, at)
		case EthTypePBB:
			at, ethType = skipEthernet(s, at+ITagSize)
		case EthTypeNSH:
			at, ethType = skipNSH(s, at)
		default:
			return ipPlace{}, false
		}
	}
}

// The skip functions go from a header at offset at to the next one: its offset
// and the EtherType that it has or would have; 0 where there is none to find.
// Each goes forward, so a walk ends.

func skipEthernet(s []byte, at int) (int, uint16) {
	if at+EthSize > len(s) {
		return at, 0
	}
	return skipTags(s, at+EthSize, binary.BigEndian.Uint16(s[at+ethTypeAt:]))
}

// skipTags goes over the tags at at, the first of which has TPID ethType.
func skipTags(s []byte, at int, ethType uint16) (int, uint16) {
	for IsVLAN(ethType) {
		if at+VLANSize > len(s) {
			return at, 0
		}
		ethType = VLAN(s[at:]).Type()
		at += VLANSize
	}
	return at, ethType
}

func skipMPLS(s []byte, at int) (int, uint16) {
	for at+MPLSSize < len(s) {
		bottom := MPLS(s[at:]).LSE().Bottom()
		at += MPLSSize
		if bottom {
			// Nothing announces what is behind the stack but its first bits
			// (RFC 4928 §2).
			switch s[at] >> 4 {
			case 4:
				return at, EthTypeIPv4
			case 6:
				return at, EthTypeIPv6
			}
			break
		}
	}
	return at, 0
}

func skipNSH(s []byte, at int) (int, uint16) {
	if at > len(s) || !NSH(s[at:]).Valid() {
		return at, 0
	}
	next := NSH(s[at:]).NextProtocol()
	at += NSH(s[at:]).HeaderLen()
	if next == NSHNextEthernet {
		return skipEthernet(s, at)
	}
	return at, nshNextEthType(next)
}

// nshNextEthType is the EtherType that stands for NSH next protocol next; 0
// where there is none.
func nshNextEthType(next uint8) uint16 {
	switch next {
	case NSHNextIPv4:
		return EthTypeIPv4
	case NSHNextIPv6:
		return EthTypeIPv6
	case NSHNextNSH:
		return EthTypeNSH
	case NSHNextMPLS:
		return EthTypeMPLS
	}
	return 0
}

func placeIPv4(s []byte, at int) (ipPlace, bool) {
	if at+IPv4Size > len(s) {
		return ipPlace{}, false
	}
	h := IPv4(s[at:])
	n := h.HeaderLen()
	if h.Version() != 4 || n < IPv4Size || n > len(h) || h.TotalLen() < n {
		return ipPlace{}, false
	}
	return ipPlace{
		l3: at, l4: at + n, end: at + h.TotalLen(),
		version: 4, proto: h.Protocol(), fragment: h.IsFragment(),
	}, true
}

func placeIPv6(s []byte, at int) (ipPlace, bool) {
	if at+IPv6Size > len(s) || IPv6(s[at:]).Version() != 6 {
		return ipPlace{}, false
	}
	h := IPv6(s[at:])
	p := ipPlace{
		l3: at, l4: at + IPv6Size, end: at + IPv6Size + h.PayloadLen(),
		version: 6, proto: h.NextHeader(),
	}
	for IsIPv6Ext(p.proto) {
		if p.l4+8 > len(s) { // the least size of an extension header
			return ipPlace{}, false
		}
		ext := IPv6Ext(s[p.l4:])
		if p.proto == ProtoFragment {
			p.fragment = p.fragment || IPv6Frag(ext).IsFragment()
			if IPv6Frag(ext).IsLaterFragment() {
				return ipPlace{}, false
			}
		}
		p.l4 += ext.Len(p.proto)
		p.proto = ext.NextHeader()
	}
	return p, p.l4 <= min(len(s), p.end)
}
