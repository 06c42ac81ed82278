package oracle

import (
	"encoding/binary"

	"vswitch/packet"
)

func (w *walk) pushVLAN(tpid uint16) {
	if w.packetType != 0 {
		return
	}
	tci := uint16(0)
	if isTag(w.data) {
		tci = binary.BigEndian.Uint16(w.data[14:]) &^ 0x1000
	}
	w.insert(12, byte(tpid>>8), byte(tpid), byte(tci>>8), byte(tci))
}

// pushMPLS puts a label behind the tags: a copy of what was outermost, or one
// with the IP header's TTL and else zeros.
func (w *walk) pushMPLS(ethType uint16) {
	if w.packetType != 0 {
		return
	}
	v := w.r.look(&w.frame)
	var lse uint32
	switch v.EthType {
	case packet.EthTypeMPLS, packet.EthTypeMPLSMulticast:
		lse = v.MPLS[0] &^ 0x100
	case packet.EthTypeIPv4, packet.EthTypeIPv6:
		lse = 0x100 | uint32(v.IPTTL)
	default:
		lse = 0x100
	}
	at, _ := behindTags(w.data)
	w.insert(at, binary.BigEndian.AppendUint32(nil, lse)...)
	binary.BigEndian.PutUint16(w.data[at-2:], ethType)
}

func (w *walk) popMPLS(ethType uint16) {
	v := w.r.look(&w.frame)
	if !packet.IsMPLS(v.EthType) {
		return
	}
	at, _ := behindTags(w.data)
	if w.packetType != 0 {
		w.unknown("pop_mpls of a packet without Ethernet header")
		return
	}
	if at+4 > len(w.data) {
		w.dead = true
		w.drop("unsupported")
		return
	}
	w.remove(at, 4)
	binary.BigEndian.PutUint16(w.data[at-2:], ethType)
}

// pushPBB makes the frame a customer's.
func (w *walk) pushPBB() {
	if w.packetType != 0 {
		return
	}
	v := w.r.look(&w.frame)
	var tci uint32
	if v.EthType == packet.EthTypePBB {
		tci = v.PBB & 0xffffff
	}
	if isTag(w.data) {
		tci |= uint32(w.data[14]>>5) << 29
	}
	head := append([]byte{}, w.data[:12]...)
	head = append(head, 0x88, 0xe7)
	w.insert(0, binary.BigEndian.AppendUint32(head, tci)...)
}

// popPBB takes the I-TAG and the backbone addresses away. Tags stay in front.
func (w *walk) popPBB() {
	v := w.r.look(&w.frame)
	if w.packetType != 0 || v.EthType != packet.EthTypePBB {
		return
	}
	at, ethType := behindTags(w.data)
	if ethType != packet.EthTypePBB || at+18 > len(w.data) {
		w.dead = true
		w.drop("unsupported")
		return
	}
	s := append([]byte{}, w.data[at+4:at+16]...)
	s = append(s, w.data[12:at-2]...)
	w.data, w.resized = append(s, w.data[at+16:]...), true
}

// ttl is where a TTL stands, and for IPv4 the checksum over it.
type ttl struct{ at, sum int }

// copyTTL copies between the two outermost headers with a TTL.
func (w *walk) copyTTL(outwards bool) {
	if w.packetType != 0 {
		w.unknown("copy_ttl of a packet without Ethernet header")
		return
	}
	found := ttls(w.data)
	if len(found) < 2 {
		return
	}
	from, to := found[1], found[0]
	if !outwards {
		from, to = to, from
	}
	w.frame = w.frame.clone()
	old := append([]byte{}, w.data...)
	w.data[to.at] = w.data[from.at]
	if to.sum != 0 {
		adjust(w.data[to.sum:], difference(old[to.at:to.at+2], w.data[to.at:to.at+2], -1))
	}
}

// ttls are the two outermost TTLs: of labels, or of the IP header behind the last
// one, or of two IP headers.
func ttls(s []byte) (found []ttl) {
	at, ethType := behindTags(s)
	if packet.IsMPLS(ethType) {
		for at+4 <= len(s) && len(found) < 2 {
			found = append(found, ttl{at: at + 3})
			bottom := s[at+2]&1 != 0
			if at += 4; bottom {
				break
			}
		}
		if len(found) != 1 || at >= len(s) || s[at-2]&1 == 0 {
			return found
		}
		ethType = map[byte]uint16{4: packet.EthTypeIPv4, 6: packet.EthTypeIPv6}[s[at]>>4]
	}
	for len(found) < 2 {
		t, next, nextType := ipTTL(s, at, ethType)
		if t.at == 0 {
			break
		}
		found = append(found, t)
		at, ethType = next, nextType
	}
	return found
}

// ipTTL is the TTL of the IP header at offset at, and where the next IP header is.
func ipTTL(s []byte, at int, ethType uint16) (t ttl, next int, nextType uint16) {
	inside := map[uint8]uint16{packet.ProtoIPv4: packet.EthTypeIPv4, packet.ProtoIPv6: packet.EthTypeIPv6}
	switch {
	case ethType == packet.EthTypeIPv4 && at+20 <= len(s) && s[at]>>4 == 4:
		t, next = ttl{at + 8, at + 10}, at+int(s[at]&15)*4
		total := int(binary.BigEndian.Uint16(s[at+2:]))
		if next >= at+20 && next <= len(s) && total >= next-at && binary.BigEndian.Uint16(s[at+6:])&0x3fff == 0 {
			nextType = inside[s[at+9]]
		}
	case ethType == packet.EthTypeIPv6 && at+40 <= len(s) && s[at]>>4 == 6:
		t = ttl{at: at + 7}
		payload := int(binary.BigEndian.Uint16(s[at+4:]))
		if last, end := lastNext(s, at); last > 0 && end <= at+40+payload && !hasFragment(s, at, last) {
			next, nextType = end, inside[s[last]]
		}
	}
	return t, next, nextType
}

// hasFragment reports whether an extension header before offset last is a fragment
// header of a part of a datagram.
func hasFragment(s []byte, at, last int) bool {
	next, from := s[at+6], at+40
	for from <= last && from+8 <= len(s) {
		if next == packet.ProtoFragment && binary.BigEndian.Uint16(s[from+2:])&0xfff9 != 0 {
			return true
		}
		next, from = s[from], from+extSize(s, from, next)
	}
	return false
}
