package oracle

import (
	"bytes"
	"encoding/binary"

	"vswitch/flow"
	"vswitch/packet"
)

// frame is a packet under way: its bytes, and what is known of it beside them.
type frame struct {
	data       []byte
	packetType uint32
	meta       flow.Pipeline // registers, metadata, tunnel, mark, in_port
	// dead: an action could not be done, and the packet ends there.
	dead    bool
	metered bool // by a meter
	resized bool // since it came in
	// ghosts are fields that were written and have no place in the bytes.
	ghosts []ghost
}

// ghost is a field of a header that is broken or cut short. The packet stays as
// it is, but until something changes its headers lookups see the field.
type ghost struct {
	field       *flow.Field
	value, mask flow.Value
}

func (f frame) clone() frame {
	f.data = bytes.Clone(f.data)
	return f
}

// view is the frame as lookups see it.
type view struct {
	flow.Pipeline
	packet.Layers
}

// look reads the frame from its first byte on.
func (r *Reference) look(f *frame) (v view) {
	b := packet.FromBytes(f.data, r.pool, r.pool)
	if b == nil {
		panic("oracle: the pool is empty")
	}
	b.PacketType = f.packetType
	var k flow.Key
	flow.Extract(b, &k)
	v.Layers = b.Layers
	b.Free(r.pool)
	v.Pipeline = f.meta
	mark := f.meta.PktMark
	v.Base = k.Base
	v.PktMark = mark
	for _, g := range f.ghosts {
		g.field.Store(&v.Pipeline, g.value, g.mask)
	}
	return v
}

// hasNetwork reports whether the frame has the header that L3 points to.
func (v *view) hasNetwork() bool {
	return v.L3 != 0 || v.PacketType>>16 == 1 && !packet.IsMPLS(uint16(v.PacketType))
}

// behindTags is the offset behind the Ethernet header and all its tags, and the
// type there, which may be an 802.3 length.
func behindTags(s []byte) (at int, ethType uint16) {
	if len(s) < 14 {
		return 0, 0
	}
	at, ethType = 14, binary.BigEndian.Uint16(s[12:])
	for ethType == 0x8100 || ethType == 0x88a8 {
		if at+4 > len(s) {
			return at, 0
		}
		ethType = binary.BigEndian.Uint16(s[at+2:])
		at += 4
	}
	return at, ethType
}

// insert puts bytes into the frame.
func (f *frame) insert(at int, b ...byte) {
	f.data, f.resized = append(append(bytes.Clone(f.data[:at]), b...), f.data[at:]...), true
}

// remove takes bytes out of the frame.
func (f *frame) remove(at, n int) {
	f.data, f.resized = append(bytes.Clone(f.data[:at]), f.data[at+n:]...), true
}

// rewrite changes bytes of headers, and the checksums over them by what changed.
func (r *Reference) rewrite(f *frame, change func(s []byte)) {
	v := r.look(f)
	old := bytes.Clone(f.data)
	f.data = bytes.Clone(f.data)
	change(f.data)
	if !v.hasNetwork() || bytes.Equal(old, f.data) {
		return
	}
	l3 := int(v.L3)
	ip := len(old) >= l3+20 && (v.EthType == packet.EthTypeIPv4 || v.EthType == packet.EthTypeIPv6)
	if !ip {
		return
	}
	if old[l3]>>4 == 4 && v.EthType == packet.EthTypeIPv4 {
		adjust(f.data[l3+10:], difference(old[l3:l3+20], f.data[l3:l3+20], 10))
	}
	if v.L4 != 0 {
		r.fixTransport(f, old, &v)
	}
}

// difference is what changed words add to a sum in ones' complement: the new
// ones, and the old ones inverted. The word at offset skip does not count.
func difference(old, new []byte, skip int) (d uint64) {
	for i := 0; i < len(old); i += 2 {
		a, b := uint64(old[i])<<8, uint64(new[i])<<8
		if i+1 < len(old) {
			a |= uint64(old[i+1])
			b |= uint64(new[i+1])
		}
		if a != b && i != skip {
			d += (a ^ 0xffff) + b
		}
	}
	return d
}

// adjust corrects a checksum by a difference (RFC 1624 eqn. 3).
func adjust(field []byte, d uint64) {
	if d == 0 {
		return
	}
	sum := uint64(^binary.BigEndian.Uint16(field)) + d
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(field, ^uint16(sum))
}

// fixTransport corrects the checksum of the transport header after a change.
func (r *Reference) fixTransport(f *frame, old []byte, v *view) {
	l3, l4 := int(v.L3), int(v.L4)
	at := map[uint8]int{packet.ProtoTCP: 16, packet.ProtoUDP: 6, packet.ProtoUDPLite: 6, packet.ProtoDCCP: 6,
		packet.ProtoICMPv6: 2, packet.ProtoICMP: 2, packet.ProtoSCTP: 8, packet.ProtoIGMP: 2}[v.IPProto]
	addresses, end := [2]int{12, 20}, 0
	if v.EthType == packet.EthTypeIPv4 {
		end = l3 + int(binary.BigEndian.Uint16(old[l3+2:]))
	} else {
		addresses, end = [2]int{8, 40}, l3+40+int(binary.BigEndian.Uint16(old[l3+4:]))
	}
	if v.IPProto == packet.ProtoSCTP {
		fixSCTP(f.data, old, v, end)
		return
	}
	end = min(end, len(old))
	if at == 0 || l4+at+2 > end {
		return
	}
	field := f.data[l4+at:]
	if v.IPProto == packet.ProtoUDP && binary.BigEndian.Uint16(field) == 0 {
		return
	}
	d := difference(old[l4:end], f.data[l4:end], at)
	if v.IPProto != packet.ProtoICMP && v.IPProto != packet.ProtoIGMP {
		half := (addresses[1] - addresses[0]) / 2
		from, middle, to := l3+addresses[0], l3+addresses[0]+half, l3+addresses[1]
		d += difference(old[from:middle], f.data[from:middle], -1)
		if !routed(old[l3:l4], v.EthType) {
			d += difference(old[middle:to], f.data[middle:to], -1)
		}
		proto := l3 + 9
		if v.EthType == packet.EthTypeIPv6 {
			proto, _ = lastNext(old, l3)
		}
		if now := f.data[proto]; now != v.IPProto {
			d += uint64(^uint16(v.IPProto)) + uint64(now)
		}
	}
	adjust(field, d)
	if d != 0 && (v.IPProto == packet.ProtoUDP || v.IPProto == packet.ProtoUDPLite) && binary.BigEndian.Uint16(field) == 0 {
		field[0], field[1] = 0xff, 0xff
	}
}
