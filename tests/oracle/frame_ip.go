package oracle

import (
	"encoding/binary"
	"hash/crc32"
	"slices"

	"vswitch/flow"
	"vswitch/packet"
)

// fixSCTP corrects a CRC32c so that a right one is right again, and a wrong one
// wrong in the same bits. The CRC of a fragment is over bytes that are elsewhere.
func fixSCTP(new, old []byte, v *view, end int) {
	l4 := int(v.L4)
	if v.IPFrag != 0 || end > len(old) {
		return
	}
	crc := func(s []byte) uint32 {
		h := append([]byte{}, s[l4:end]...)
		copy(h[8:12], []byte{0, 0, 0, 0})
		return crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli))
	}
	was := binary.LittleEndian.Uint32(old[l4+8:])
	binary.LittleEndian.PutUint32(new[l4+8:], was^crc(old)^crc(new))
}

// routed reports whether the checksum is over another destination than that in
// the IP header, since a source route is not used up. h has the IP header and
// all up to the transport header.
func routed(h []byte, ethType uint16) bool {
	if ethType == packet.EthTypeIPv4 {
		for at := 20; at+1 < len(h) && h[at] != 0; {
			if h[at] == 1 {
				at++
				continue
			}
			size := int(h[at+1])
			if size < 2 || at+size > len(h) {
				return false
			}
			if (h[at] == 131 || h[at] == 137) && size >= 7 && int(h[at+2]) <= size-3 {
				return true
			}
			at += size
		}
		return false
	}
	next, at := h[6], 40
	for at+8 <= len(h) {
		if next == packet.ProtoRouting && h[at+3] > 0 {
			return true
		}
		next, at = h[at], at+extSize(h, at, next)
	}
	return false
}

// place is where a field's bits lie in a frame: a number of size bytes at offset
// at, shifted left.
type place struct{ at, size, shift int }

// find is the place of a field that is in the frame's bytes; false where the
// header is not there.
func (v *view) find(f *flow.Field, data []byte) (place, bool) {
	if p, ok := v.findLink(f.ID, data); ok {
		return p, p.at+p.size <= len(data)
	}
	l3, l4 := int(v.L3), int(v.L4)
	if v.hasNetwork() {
		if p, ok := v.findNetwork(f.ID, l3); ok {
			return p, true
		}
	}
	if l4 == 0 {
		return place{}, false
	}
	at := map[flow.FieldID]place{
		flow.FieldTCPSrc: {0, 2, 0}, flow.FieldTCPDst: {2, 2, 0}, flow.FieldUDPSrc: {0, 2, 0}, flow.FieldUDPDst: {2, 2, 0},
		flow.FieldSCTPSrc: {0, 2, 0}, flow.FieldSCTPDst: {2, 2, 0}, flow.FieldICMPType: {0, 1, 0}, flow.FieldICMPCode: {1, 1, 0},
		flow.FieldICMPv6Type: {0, 1, 0}, flow.FieldICMPv6Code: {1, 1, 0}, flow.FieldNDReserved: {4, 4, 0}, flow.FieldNDTarget: {8, 16, 0},
	}
	p, known := at[f.ID]
	p.at += l4
	if !known {
		p = v.findOption(f.ID, data)
	}
	return p, p.size > 0 && p.at+p.size <= v.packetEnd(data)
}

// packetEnd is where the IP packet ends, or the bytes of the frame do.
func (v *view) packetEnd(data []byte) int {
	l3 := int(v.L3)
	if v.EthType == packet.EthTypeIPv4 {
		return min(len(data), l3+int(binary.BigEndian.Uint16(data[l3+2:])))
	}
	return min(len(data), l3+40+int(binary.BigEndian.Uint16(data[l3+4:])))
}

func (v *view) findLink(id flow.FieldID, data []byte) (place, bool) {
	at, _ := behindTags(data)
	if v.PacketType != 0 {
		at = 0
	}
	switch id {
	case flow.FieldEthDst:
		return place{0, 6, 0}, true
	case flow.FieldEthSrc:
		return place{6, 6, 0}, true
	case flow.FieldMPLSLabel:
		return place{at, 4, 12}, true
	case flow.FieldMPLSTC:
		return place{at, 4, 9}, true
	case flow.FieldMPLSBOS:
		return place{at, 4, 8}, true
	case flow.FieldMPLSTTL:
		return place{at, 4, 0}, true
	case flow.FieldPBBISID:
		return place{at, 4, 0}, at+18 <= len(data)
	case flow.FieldPBBUCA:
		return place{at, 4, 27}, at+18 <= len(data)
	}
	return place{}, false
}

func (v *view) findNetwork(id flow.FieldID, l3 int) (place, bool) {
	type key struct {
		id flow.FieldID
		v  uint16
	}
	const v4, v6, arp, nsh = packet.EthTypeIPv4, packet.EthTypeIPv6, packet.EthTypeARP, packet.EthTypeNSH
	ethType := v.EthType
	if ethType == packet.EthTypeRARP {
		ethType = arp
	}
	p, ok := map[key]place{
		{flow.FieldIPSrc, v4}: {12, 4, 0}, {flow.FieldIPDst, v4}: {16, 4, 0}, {flow.FieldIPTOS, v4}: {1, 1, 0},
		{flow.FieldIPDSCP, v4}: {1, 1, 2}, {flow.FieldIPECN, v4}: {1, 1, 0}, {flow.FieldIPTTL, v4}: {8, 1, 0},
		{flow.FieldIPTOS, v6}: {0, 4, 20}, {flow.FieldIPDSCP, v6}: {0, 4, 22}, {flow.FieldIPECN, v6}: {0, 4, 20},
		{flow.FieldIPTTL, v6}: {7, 1, 0}, {flow.FieldIPv6Label, v6}: {0, 4, 0}, {flow.FieldIPv6Src, v6}: {8, 16, 0},
		{flow.FieldIPv6Dst, v6}: {24, 16, 0}, {flow.FieldARPOp, arp}: {6, 2, 0}, {flow.FieldARPSHA, arp}: {8, 6, 0},
		{flow.FieldARPSPA, arp}: {14, 4, 0}, {flow.FieldARPTHA, arp}: {18, 6, 0}, {flow.FieldARPTPA, arp}: {24, 4, 0},
		{flow.FieldNSHFlags, nsh}: {0, 2, 12}, {flow.FieldNSHTTL, nsh}: {0, 2, 6}, {flow.FieldNSHSPI, nsh}: {4, 4, 8},
		{flow.FieldNSHSI, nsh}: {7, 1, 0}, {flow.FieldNSHC1, nsh}: {8, 4, 0}, {flow.FieldNSHC2, nsh}: {12, 4, 0},
		{flow.FieldNSHC3, nsh}: {16, 4, 0}, {flow.FieldNSHC4, nsh}: {20, 4, 0},
	}[key{id, ethType}]
	p.at += l3
	if id >= flow.FieldNSHC1 && id <= flow.FieldNSHC4 && v.NSHMDType != 1 {
		return place{}, false
	}
	return p, ok
}

// findOption is the place of a link-layer address of neighbour discovery.
func (v *view) findOption(id flow.FieldID, data []byte) place {
	end := v.packetEnd(data)
	for at := int(v.L4) + 24; at+8 <= end; {
		size := int(data[at+1]) * 8
		if size == 0 || at+size > end {
			break
		}
		if kind := data[at]; size == 8 && (kind == 1 || kind == 2) {
			switch {
			case id == flow.FieldNDOptionsType:
				return place{at, 1, 0}
			case id == flow.FieldNDSLL && kind == 1 || id == flow.FieldNDTLL && kind == 2:
				return place{at + 2, 6, 0}
			}
		}
		at += size
	}
	return place{}
}

// set writes bits of a field: of the packet's bytes, or of what is beside them.
func (r *Reference) set(f *frame, field *flow.Field, value, mask flow.Value) {
	if int(field.Offset) >= 8*flow.BaseWords || field.ID == flow.FieldPktMark {
		field.Store(&f.meta, value, mask)
		return
	}
	v := r.look(f)
	if !field.Exists(&v.Pipeline, nil) {
		return
	}
	switch field.ID { // their numbers in matches have more bits than the header
	case flow.FieldNSHFlags:
		mask = mask.And(flow.U64(0x03))
	case flow.FieldNSHTTL:
		mask = mask.And(flow.U64(0x3f))
	}
	p, found := v.find(field, f.data)
	if !found {
		f.ghosts = append(slices.Clip(f.ghosts), ghost{field, value, mask})
		return
	}
	r.rewrite(f, func(s []byte) {
		b := s[p.at : p.at+p.size]
		m, val := mask.Shl(p.shift), value.And(mask).Shl(p.shift)
		copy(b, flow.ValueOf(b).AndNot(m).Or(val).AppendBytes(nil, p.size))
	})
}
