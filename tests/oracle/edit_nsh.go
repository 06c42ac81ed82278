package oracle

import (
	"encoding/binary"
	"slices"

	"vswitch/openflow"
	"vswitch/packet"
)

// nextProtocol is what NSH calls the packet behind its header (RFC 8300 §2.2), by packet type.
func nextProtocol(packetType uint32) byte {
	return map[uint32]byte{
		1<<16 | packet.EthTypeIPv4: 1, 1<<16 | packet.EthTypeIPv6: 2, 0: 3, 1<<16 | packet.EthTypeNSH: 4, 1<<16 | packet.EthTypeMPLS: 5,
	}[packetType]
}

// encap puts a header before the whole packet (ovs-actions(7), encap).
func (w *walk) encap(a openflow.Encap) {
	ethType := uint16(w.packetType)
	switch a.PacketType {
	case openflow.PacketTypeEthernet:
		if w.packetType == 0 {
			w.abort()
			return
		}
		w.insert(0, append(make([]byte, 12), byte(ethType>>8), byte(ethType))...)
		w.packetType = 0
	case openflow.PacketTypeNSH:
		next := nextProtocol(w.packetType)
		if next == 0 {
			w.abort()
			return
		}
		kind, body := byte(1), make([]byte, 16)
		for _, p := range a.Props {
			switch {
			case p.Type == 1 && p.Data[0] == 2:
				kind, body = 2, nil
			case p.Type == 2:
				body = append(body, p.Data...)
				body = append(body, make([]byte, (4-len(body)%4)%4)...)
			}
		}
		head := binary.BigEndian.AppendUint16(nil, 63<<6|uint16(8+len(body))/4)
		w.insert(0, slices.Concat(head, []byte{kind, next, 0, 0, 0, 255}, body)...)
		w.packetType = openflow.PacketTypeNSH
	default:
		if w.packetType != 0 && w.packetType>>16 != 1 {
			w.abort()
			return
		}
		v, lse := w.r.look(&w.frame), uint32(0x100)
		switch {
		case packet.IsMPLS(ethType):
			lse = v.MPLS[0] &^ 0x100
		case v.EthType == packet.EthTypeIPv4 || v.EthType == packet.EthTypeIPv6:
			lse |= uint32(v.IPTTL)
		}
		w.insert(0, binary.BigEndian.AppendUint32(nil, lse)...)
		w.packetType = a.PacketType
	}
}

// decap takes the outermost header away (ovs-actions(7), decap).
func (w *walk) decap(a openflow.Decap) {
	v := w.r.look(&w.frame)
	size, next := 0, uint32(openflow.PacketTypeNext)
	switch {
	case w.packetType == 0 && !isTag(w.data) && v.EthType >= packet.EthTypeMin:
		size, next = 14, 1<<16|uint32(v.EthType)
	case w.packetType == openflow.PacketTypeNSH && v.L3 == 0:
		w.unknown("decap of a broken NSH header")
		return
	case w.packetType == openflow.PacketTypeNSH:
		size = int(w.data[1]&0x3f) * 4
		for _, t := range []uint32{0, 1<<16 | packet.EthTypeIPv4, 1<<16 | packet.EthTypeIPv6, openflow.PacketTypeNSH, 1<<16 | packet.EthTypeMPLS} {
			if nextProtocol(t) == w.data[3] {
				next = t
			}
		}
	case w.packetType>>16 == 1 && packet.IsMPLS(uint16(w.packetType)):
		if len(w.data) < 4 {
			w.unknown("decap of a broken label")
			return
		}
		if size, next = 4, w.packetType; w.data[2]&1 != 0 {
			next = a.PacketType
		}
	}
	if next == openflow.PacketTypeNext || a.PacketType != openflow.PacketTypeNext && a.PacketType != next {
		w.abort()
		return
	}
	w.remove(0, size)
	w.packetType = next
	if len(w.data) < packet.EthSize {
		// Where the switch has to look into it again it is a runt to it.
		w.unknown("decap of nearly all that there is")
	}
}

// abort ends all that is done for the packet. What the packet has caused before
// happens only as far as the switch had to look into it again meanwhile.
func (w *walk) abort() {
	if w.parent != nil || w.o.branched || len(w.o.sent)+len(w.o.packetIns)+len(w.o.stations)+len(w.o.learned)+len(w.o.meters) > 0 {
		w.unknown("a header that there is no place for")
		return
	}
	w.drop("packet_type")
	w.dead, w.o.aborted = true, true
}

// encaps are actions that put headers before the packet, or take them away, and in
// the end leave it an Ethernet frame, as a rule.
func (g tables) encaps() (list []openflow.Action) {
	ethernet := openflow.Encap{PacketType: openflow.PacketTypeEthernet}
	nsh := openflow.Encap{PacketType: openflow.PacketTypeNSH, Props: []openflow.EncapProp{{Class: 4, Type: 1, Data: []byte{byte(1 + g.IntN(2))}}}}
	if nsh.Props[0].Data[0] == 2 && g.one(2) {
		nsh.Props = append(nsh.Props, openflow.EncapProp{Class: 4, Type: 2, Data: append([]byte{0x10, 0, 10, 4}, 1, 2, 3, 4)})
	}
	switch g.IntN(6) {
	case 0:
		return []openflow.Action{openflow.Encap{PacketType: 1<<16 | packet.EthTypeMPLS}, ethernet}
	case 1:
		return []openflow.Action{openflow.Decap{PacketType: openflow.PacketTypeNext}, ethernet}
	case 2:
		return []openflow.Action{openflow.Decap{PacketType: openflow.PacketTypeNext}, openflow.Decap{PacketType: openflow.PacketTypeNext}}
	case 3:
		return []openflow.Action{openflow.Decap{PacketType: openflow.PacketTypeNext}, nsh, ethernet}
	case 4:
		return []openflow.Action{nsh, openflow.DecNSHTTL{}, ethernet}
	}
	return []openflow.Action{nsh, ethernet}
}

// nsh is a network service header, and its payload.
func (g frames) nsh(depth int) []byte {
	kind, body := byte(1), g.bytes(16)
	if g.one(3) {
		kind, body = 2, []byte{0x10, 0, 10, 4, 1, 2, 3, 4}[:8*g.IntN(2)]
	}
	next, payload := byte(3), g.ethernet(depth-1)
	if g.one(3) {
		next, payload = 1, g.ipv4(1)
	}
	ttl := []uint16{0, 1, 2, 63}[g.IntN(4)]
	s := binary.BigEndian.AppendUint16(nil, ttl<<6|uint16(8+len(body))/4)
	return slices.Concat(s, []byte{kind, next, 0, 0, byte(g.IntN(3)), byte(g.IntN(3))}, body, payload)
}
