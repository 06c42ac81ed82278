package packet

import "encoding/binary"

// ttlPlace is a header that has a TTL.
type ttlPlace struct {
	at   int
	kind ttlKind
}

type ttlKind uint8

const (
	ttlNone ttlKind = iota
	ttlMPLS
	ttlIPv4
	ttlIPv6
)

// CopyTTLOut copies the TTL from the header with one that is next to the
// outermost to the outermost: from label to label, from IP to label, from IP to
// IP (OpenFlow 1.3.5 §5.12).
func (b *Buf) CopyTTLOut() bool {
	outer, inner := b.ttlPlaces()
	if inner.kind == ttlNone {
		return false
	}
	outer.set(b.Bytes(), inner.get(b.Bytes()))
	return true
}

// CopyTTLIn is the reverse of CopyTTLOut.
func (b *Buf) CopyTTLIn() bool {
	outer, inner := b.ttlPlaces()
	if inner.kind == ttlNone {
		return false
	}
	inner.set(b.Bytes(), outer.get(b.Bytes()))
	return true
}

// ttlPlaces finds the two outermost headers that have a TTL.
func (b *Buf) ttlPlaces() (outer, inner ttlPlace) {
	s := b.Bytes()
	at, ethType := 0, uint16(b.PacketType)
	if b.PacketType == 0 {
		at, ethType = skipEthernet(s, 0)
	}
	if !IsMPLS(ethType) {
		if outer = ipTTL(s, at, ethType); outer.kind != ttlNone {
			inner = tunneledTTL(b)
		}
		return outer, inner
	}
	if at+MPLSSize > len(s) {
		return outer, inner
	}
	outer = ttlPlace{at, ttlMPLS}
	if next := at + MPLSSize; !MPLS(s[at:]).LSE().Bottom() {
		if next+MPLSSize <= len(s) {
			inner = ttlPlace{next, ttlMPLS}
		}
		return outer, inner
	}
	at, ethType = skipMPLS(s, at)
	return outer, ipTTL(s, at, ethType)
}

// ipTTL is the IP header of type ethType at offset at, if it is one.
func ipTTL(s []byte, at int, ethType uint16) ttlPlace {
	switch {
	case ethType == EthTypeIPv4 && at+IPv4Size <= len(s) && IPv4(s[at:]).Version() == 4:
		return ttlPlace{at, ttlIPv4}
	case ethType == EthTypeIPv6 && at+IPv6Size <= len(s) && IPv6(s[at:]).Version() == 6:
		return ttlPlace{at, ttlIPv6}
	}
	return ttlPlace{}
}

// tunneledTTL is the IP header behind the outermost one.
func tunneledTTL(b *Buf) ttlPlace {
	p, ok := locateIP(b)
	if !ok || p.fragment {
		return ttlPlace{}
	}
	switch p.proto {
	case protoIPv4:
		return ipTTL(b.Bytes(), p.l4, EthTypeIPv4)
	case protoIPv6:
		return ipTTL(b.Bytes(), p.l4, EthTypeIPv6)
	}
	return ttlPlace{}
}

// IP in IP (RFC 2003, RFC 2473).
const (
	protoIPv4 = 4
	protoIPv6 = 41
)

func (p ttlPlace) get(s []byte) uint8 {
	switch p.kind {
	case ttlMPLS:
		return MPLS(s[p.at:]).LSE().TTL()
	case ttlIPv4:
		return s[p.at+ipv4TTLAt]
	default:
		return s[p.at+ipv6HopAt]
	}
}

func (p ttlPlace) set(s []byte, ttl uint8) {
	h := s[p.at:]
	switch p.kind {
	case ttlMPLS:
		MPLS(h).SetLSE(MPLS(h).LSE()&^0xff | LSE(ttl))
	case ttlIPv4:
		c := change(0).merge16(h[ipv4TTLAt:], uint16(ttl)<<8, 0xff00)
		sum := h[ipv4SumAt:]
		binary.BigEndian.PutUint16(sum, c.complete(binary.BigEndian.Uint16(sum)))
	default:
		h[ipv6HopAt] = ttl
	}
}
