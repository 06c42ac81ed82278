package vnet

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"testing"

	"vswitch/packet"
)

// header makes a virtio network header.
func header(flags, gso byte, hdrLen, gsoSize, start, offset uint16) *Header {
	h := &Header{flags, gso}
	for i, v := range []uint16{hdrLen, gsoSize, start, offset} {
		binary.NativeEndian.PutUint16(h[2+2*i:], v)
	}
	return h
}

// join concatenates headers.
func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func ethernet(ethertype uint16) []byte {
	return binary.BigEndian.AppendUint16(make([]byte, 12), ethertype)
}

func vlan(ethertype uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0, 7}, ethertype) }

func mpls(bottom byte) []byte { return []byte{0, 1, bottom, 64} }

func ipv4(words, proto byte, fragment uint16) []byte {
	h := make([]byte, 4*int(words))
	h[0], h[8], h[9] = 0x40|words, 64, proto
	binary.BigEndian.PutUint16(h[6:], fragment)
	copy(h[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	return h
}

func ipv6(next byte) []byte {
	h := make([]byte, 40)
	h[0], h[6], h[7], h[23], h[39] = 0x60, next, 64, 1, 2
	return h
}

func tcp(words byte) []byte {
	h := make([]byte, 4*int(words))
	h[12] = words << 4
	return h
}

const (
	needsCsum = flagNeedsCsum
	dataValid = flagDataValid
)

func TestDecode(t *testing.T) {
	tcp4 := join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(8))
	tcp6 := join(ethernet(ethertypeIPv6), ipv6(protoTCP), tcp(5))
	udp4 := join(ethernet(ethertypeIPv4), ipv4(5, protoUDP, 0), make([]byte, 8))
	extended := join(ethernet(ethertypeIPv6), ipv6(protoDestOpts), []byte{protoTCP, 1}, make([]byte, 14), tcp(5))
	double := join(ethernet(ethertypeQinQ), vlan(ethertypeVLAN), vlan(ethertypeIPv4), ipv4(6, protoTCP, 0), tcp(5))
	labels := join(ethernet(ethertypeMPLS), mpls(0), mpls(1), ipv6(protoTCP), tcp(5))
	partial := func(start, offset uint16) packet.Offload {
		return packet.Offload{NeedsCsum: true, CsumStart: start, CsumOffset: offset}
	}
	super := func(kind packet.GSOType, size, end, start, offset uint16) packet.Offload {
		o := partial(start, offset)
		o.GSO, o.GSOSize, o.HdrLen = kind, size, end
		return o
	}
	withECN := super(packet.GSOTCPv4, 1448, 66, 34, 16)
	withECN.ECN = true
	for _, test := range []struct {
		name  string
		h     *Header
		shift int
		head  []byte
		size  int
		want  packet.Offload
		fault packet.Fault
	}{
		{"nothing", header(0, 0, 9, 9, 9, 9), 0, tcp4, 66, packet.Offload{}, packet.FaultNone},
		{"runt", header(0, 0, 0, 0, 0, 0), 0, nil, 0, packet.Offload{}, packet.FaultNone},
		{"vouched for", header(dataValid, 0, 0, 0, 0, 0), 0, tcp4, 66, packet.Offload{CsumValid: true}, packet.FaultNone},
		{"partial", header(needsCsum, 0, 0, 0, 34, 16), 0, tcp4, 66, partial(34, 16), packet.FaultNone},
		{"partial behind a restored tag", header(needsCsum, 0, 0, 0, 34, 16), 4, join(tcp4, tcp4), 132, partial(38, 16), packet.FaultNone},
		{"partial at the very end", header(needsCsum, 0, 0, 0, 48, 16), 0, tcp4, 66, partial(48, 16), packet.FaultNone},
		{"partial beyond the end", header(needsCsum, 0, 0, 0, 49, 16), 0, tcp4, 66, packet.Offload{}, packet.FaultBadOffload},
		{"partial beyond all", header(needsCsum, 0, 0, 0, 0xffff, 0xffff), 0, tcp4, 66, packet.Offload{}, packet.FaultBadOffload},
		{"partial in the Ethernet header", header(needsCsum, 0, 0, 0, 13, 0), 0, tcp4, 66, packet.Offload{}, packet.FaultBadOffload},
		{"unknown flag", header(0x10, 0, 0, 0, 0, 0), 0, tcp4, 66, packet.Offload{}, packet.FaultBadOffload},
		{"unknown type", header(needsCsum, 2, 0, 1448, 34, 16), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"UFO", header(needsCsum, 3, 0, 1448, 34, 6), 0, udp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"TSO", header(needsCsum, gsoTCPv4, 1234, 1448, 34, 16), 0, tcp4, 9000, super(packet.GSOTCPv4, 1448, 66, 34, 16), packet.FaultNone},
		{"TSO with ECN", header(needsCsum, gsoTCPv4|gsoECN, 0, 1448, 34, 16), 0, tcp4, 9000, withECN, packet.FaultNone},
		{"TSO6", header(needsCsum, gsoTCPv6, 0, 1428, 54, 16), 0, tcp6, 9000, super(packet.GSOTCPv6, 1428, 74, 54, 16), packet.FaultNone},
		{"TSO6 behind an extension header", header(needsCsum, gsoTCPv6, 0, 1400, 70, 16), 0, extended, 9000, super(packet.GSOTCPv6, 1400, 90, 70, 16), packet.FaultNone},
		{"TSO behind two tags and an option", header(needsCsum, gsoTCPv4, 0, 1400, 46, 16), 0, double, 9000, super(packet.GSOTCPv4, 1400, 66, 46, 16), packet.FaultNone},
		{"TSO6 behind labels", header(needsCsum, gsoTCPv6, 0, 1400, 62, 16), 0, labels, 9000, super(packet.GSOTCPv6, 1400, 82, 62, 16), packet.FaultNone},
		{"USO", header(needsCsum, gsoUDPL4, 0, 1000, 34, 6), 0, udp4, 9000, super(packet.GSOUDP, 1000, 42, 34, 6), packet.FaultNone},
		{"USO with ECN", header(needsCsum, gsoUDPL4|gsoECN, 0, 1000, 34, 6), 0, udp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"segment size 0", header(needsCsum, gsoTCPv4, 0, 0, 34, 16), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"other IP version", header(needsCsum, gsoTCPv6, 0, 1448, 34, 16), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"other protocol", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, udp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"other start", header(needsCsum, gsoTCPv4, 0, 1448, 35, 15), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"other offset", header(needsCsum, gsoTCPv4, 0, 1448, 34, 18), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
		{"TCP header cut", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, tcp4[:60], 9000, packet.Offload{}, packet.FaultBadOffload},
		{"TCP header too short", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0,
			join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), append(make([]byte, 12), 4<<4, 0, 0, 0, 0, 0, 0, 0)), 9000, packet.Offload{}, packet.FaultBadOffload},
		{"fragment", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0,
			join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0x2000), tcp(5)), 9000, packet.Offload{}, packet.FaultBadOffload},
		{"not IP", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, join(ethernet(0x0806), tcp4[14:]), 9000, packet.Offload{}, packet.FaultBadOffload},
		{"one segment", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, tcp4, 66 + 1448, partial(34, 16), packet.FaultNone},
		{"one byte more", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, tcp4, 66 + 1449, super(packet.GSOTCPv4, 1448, 66, 34, 16), packet.FaultNone},
		{"TSO with a checksum that nobody vouches for", header(0, gsoTCPv4, 0, 1448, 0, 0), 0, tcp4, 9000, packet.Offload{}, packet.FaultBadOffload},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, fault := Decode(test.h, test.shift, bytes.Clone(test.head), test.size)
			if got != test.want || fault != test.fault {
				t.Errorf("got %+v fault %d\nwant %+v fault %d", got, fault, test.want, test.fault)
			}
		})
	}
}

// TestDecodeMakesAChecksumPartial wants the pseudo-header sum in the place of a
// checksum that the kernel vouches for.
func TestDecodeMakesAChecksumPartial(t *testing.T) {
	for _, test := range []struct {
		name  string
		head  []byte
		gso   byte
		start int
		sum   uint16 // addresses and protocol, added by hand, without the length
	}{
		{"IPv4", join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(5)), gsoTCPv4, 34, 0x0a00 + 1 + 0x0a00 + 2 + protoTCP},
		{"IPv6", join(ethernet(ethertypeIPv6), ipv6(protoTCP), tcp(5)), gsoTCPv6, 54, 1 + 2 + protoTCP},
	} {
		t.Run(test.name, func(t *testing.T) {
			const size = 9000
			field := test.head[test.start+csumInTCP:]
			binary.BigEndian.PutUint16(field, 0xbeef)
			o, fault := Decode(header(dataValid, test.gso, 0, 1448, 0, 0), 0, test.head, size)
			if fault != packet.FaultNone || !o.NeedsCsum || int(o.CsumStart) != test.start || o.CsumOffset != csumInTCP {
				t.Fatalf("got %+v fault %d", o, fault)
			}
			if got, want := binary.BigEndian.Uint16(field), test.sum+uint16(size-test.start); got != want {
				t.Errorf("field %#x, want %#x", got, want)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		name string
		o    packet.Offload
		want *Header
		ok   bool
	}{
		{"nothing", packet.Offload{}, header(0, 0, 0, 0, 0, 0), true},
		{"vouched for", packet.Offload{CsumValid: true}, header(0, 0, 0, 0, 0, 0), true},
		{"partial", packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16}, header(needsCsum, 0, 0, 0, 34, 16), true},
		{"TSO with ECN", packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16, GSO: packet.GSOTCPv4, GSOSize: 1448, HdrLen: 66, ECN: true},
			header(needsCsum, gsoTCPv4|gsoECN, 66, 1448, 34, 16), true},
		{"TSO6", packet.Offload{NeedsCsum: true, CsumStart: 54, CsumOffset: 16, GSO: packet.GSOTCPv6, GSOSize: 1428, HdrLen: 74},
			header(needsCsum, gsoTCPv6, 74, 1428, 54, 16), true},
		{"USO", packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 6, GSO: packet.GSOUDP, GSOSize: 1000, HdrLen: 42},
			header(needsCsum, gsoUDPL4, 42, 1000, 34, 6), true},
		{"super-frame with a finished checksum", packet.Offload{GSO: packet.GSOTCPv4, GSOSize: 1448, HdrLen: 66},
			header(0, gsoTCPv4, 66, 1448, 0, 0), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &Header{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
			if ok := Encode(h, &test.o); ok != test.ok || *h != *test.want {
				t.Errorf("got %v %v, want %v %v", *h, ok, *test.want, test.ok)
			}
		})
	}
}

func TestWantsCRC32c(t *testing.T) {
	sctp := join(ethernet(ethertypeIPv4), ipv4(5, protoSCTP, 0), make([]byte, 12))
	partial := packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: csumInSCTP}
	for _, test := range []struct {
		name string
		o    packet.Offload
		head []byte
		want bool
	}{
		{"SCTP", partial, sctp, true},
		{"finished", packet.Offload{}, sctp, false},
		{"other protocol", partial, join(ethernet(ethertypeIPv4), ipv4(5, protoUDP, 0), make([]byte, 12)), false},
		{"other place", packet.Offload{NeedsCsum: true, CsumStart: 36, CsumOffset: csumInSCTP}, sctp, false},
		{"other offset", packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 6}, sctp, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := WantsCRC32c(&test.o, test.head); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// FuzzDecode wants every accepted header to be consistent with its frame, and to
// survive being written and read again.
func FuzzDecode(f *testing.F) {
	for _, head := range [][]byte{
		join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(8)),
		join(ethernet(ethertypeQinQ), vlan(ethertypeVLAN), vlan(ethertypeIPv6), ipv6(protoDestOpts), []byte{protoUDP, 0}, make([]byte, 6+8)),
		join(ethernet(ethertypeMPLS), mpls(1), ipv4(5, protoTCP, 0), tcp(5)),
		ethernet(ethertypeMPLS),
		nil,
	} {
		f.Add(header(needsCsum, gsoTCPv4, 66, 1448, 34, 16)[:], head, 9000, 0)
		f.Add(header(needsCsum, gsoUDPL4, 0, 100, 70, 6)[:], head, 5000, 4)
		f.Add(header(dataValid, gsoTCPv4, 0, 100, 0, 0)[:], head, 5000, 0)
	}
	f.Fuzz(func(t *testing.T, raw, head []byte, more, shift int) {
		if len(raw) != HeaderSize || more < 0 || more > 1<<17 || shift != 0 && shift != 4 {
			t.Skip()
		}
		h, size := Header(raw), len(head)+more
		o, fault := Decode(&h, shift, head, size)
		if fault != packet.FaultNone {
			if o != (packet.Offload{}) {
				t.Fatalf("a fault with %+v", o)
			}
			return
		}
		if o.NeedsCsum && (o.CsumStart < ethernetSize || int(o.CsumStart)+int(o.CsumOffset)+2 > len(head)) {
			t.Fatalf("checksum at %d+%d of %d bytes", o.CsumStart, o.CsumOffset, len(head))
		}
		if o.GSO == packet.GSONone {
			return
		}
		if !o.NeedsCsum || o.GSOSize == 0 || int(o.HdrLen) > len(head) || o.HdrLen <= o.CsumStart || int(o.HdrLen)+int(o.GSOSize) >= size {
			t.Fatalf("a super-frame of %d bytes, %d in one piece: %+v", size, len(head), o)
		}
		var again Header
		if !Encode(&again, &o) {
			t.Fatalf("cannot be written: %+v", o)
		}
		o.CsumValid = false
		sum := fnv.New64a()
		sum.Write(head)
		before := sum.Sum64()
		back, fault := Decode(&again, 0, head, size)
		sum.Reset()
		sum.Write(head)
		if back != o || fault != packet.FaultNone || sum.Sum64() != before {
			t.Fatalf("read back %+v fault %d, want %+v and the frame as it was", back, fault, o)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	head := join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(8))
	h := header(needsCsum, gsoTCPv4, 66, 1448, 34, 16)
	if n := testing.AllocsPerRun(100, func() {
		o, _ := Decode(h, 0, head, 9000)
		Encode(h, &o)
		WantsCRC32c(&o, head)
	}); n != 0 {
		t.Errorf("%v allocations a turn, want 0", n)
	}
}

func BenchmarkDecodePlain(b *testing.B) {
	head, h := join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(8)), header(0, 0, 0, 0, 0, 0)
	for b.Loop() {
		Decode(h, 0, head, 66)
	}
}

func BenchmarkDecodeSuper(b *testing.B) {
	head, h := join(ethernet(ethertypeIPv4), ipv4(5, protoTCP, 0), tcp(8)), header(needsCsum, gsoTCPv4, 66, 1448, 34, 16)
	for b.Loop() {
		Decode(h, 0, head, 9000)
	}
}
