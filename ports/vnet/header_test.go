package vnet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
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

// Protocol numbers, shorter.
const (
	tcpProto  = packet.ProtoTCP
	udpProto  = packet.ProtoUDP
	sctpProto = packet.ProtoSCTP
)

func ethernet(ethertype uint16) []byte {
	return binary.BigEndian.AppendUint16(make([]byte, 12), ethertype)
}

func vlan(ethertype uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0, 7}, ethertype) }

// ipv4 is a packet of size bytes with header words; its transport header begins
// as given.
func ipv4(words, proto byte, size int, transport ...byte) []byte {
	p := make([]byte, size)
	p[0], p[8], p[9] = 0x40|words, 64, proto
	binary.BigEndian.PutUint16(p[2:], uint16(size))
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	copy(p[4*int(words):], transport)
	return p
}

func ipv6(next byte, size int, transport ...byte) []byte {
	p := make([]byte, size)
	p[0], p[6], p[7], p[23], p[39] = 0x60, next, 64, 1, 2
	binary.BigEndian.PutUint16(p[4:], uint16(size-40))
	copy(p[40:], transport)
	return p
}

func tcp(words byte) []byte {
	h := make([]byte, 20)
	h[12] = words << 4
	return h
}

func udp(size int) []byte { return binary.BigEndian.AppendUint16(make([]byte, 4), uint16(size)) }

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func pools(t testing.TB) (small, spill *packet.Pool) {
	t.Helper()
	small, err := packet.NewPool(4, 2048, packet.Headroom)
	if err != nil {
		t.Fatal(err)
	}
	if spill, err = packet.NewPool(4, 1<<17, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(small.Close(), spill.Close()); err != nil {
			t.Error(err)
		}
	})
	return small, spill
}

const (
	needsCsum = flagNeedsCsum
	dataValid = flagDataValid
)

//size:table
func TestDecode(t *testing.T) {
	const size = 9000
	tcp4 := concat(ethernet(packet.EthTypeIPv4), ipv4(5, tcpProto, size, tcp(8)...))
	tcp6 := concat(ethernet(packet.EthTypeIPv6), ipv6(tcpProto, size, tcp(5)...))
	udp4 := concat(ethernet(packet.EthTypeIPv4), ipv4(5, udpProto, size, udp(size-20)...))
	double := concat(ethernet(packet.EthTypeSVLAN), vlan(packet.EthTypeVLAN), vlan(packet.EthTypeIPv4), ipv4(6, tcpProto, size, tcp(5)...))
	fragment := bytes.Clone(tcp4)
	fragment[20] = 0x20
	partial := func(start, offset uint16) packet.Offload {
		return packet.Offload{NeedsCsum: true, CsumStart: start, CsumOffset: offset}
	}
	super := func(kind packet.GSOType, size, ip, start, offset, end uint16) packet.Offload {
		o := partial(start, offset)
		o.GSO, o.GSOSize, o.IPStart, o.HdrLen = kind, size, ip, end
		return o
	}
	withECN := super(packet.GSOTCPv4, 1448, 14, 34, 16, 66)
	withECN.ECN = true
	for _, test := range []struct {
		name  string
		h     *Header
		shift int
		frame []byte
		want  packet.Offload
		fault packet.Fault
	}{
		{"nothing", header(0, 0, 9, 9, 9, 9), 0, tcp4, packet.Offload{}, packet.FaultNone},
		{"runt", header(0, 0, 0, 0, 0, 0), 0, nil, packet.Offload{}, packet.FaultNone},
		{"vouched for", header(dataValid, 0, 0, 0, 0, 0), 0, tcp4, packet.Offload{CsumValid: true}, packet.FaultNone},
		{"partial", header(needsCsum, 0, 0, 0, 34, 16), 0, tcp4, partial(34, 16), packet.FaultNone},
		{"partial behind a restored tag", header(needsCsum, 0, 0, 0, 34, 16), 4, tcp4, partial(38, 16), packet.FaultNone},
		{"partial at the very end", header(needsCsum, 0, 0, 0, 48, 16), 0, tcp4[:66], partial(48, 16), packet.FaultNone},
		{"partial beyond the end", header(needsCsum, 0, 0, 0, 49, 16), 0, tcp4[:66], packet.Offload{}, packet.FaultBadOffload},
		{"partial beyond all", header(needsCsum, 0, 0, 0, 0xffff, 0xffff), 4, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"partial beyond the first segment", header(needsCsum, 0, 0, 0, 1776, 16), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"partial in the Ethernet header", header(needsCsum, 0, 0, 0, 13, 0), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"partial in a runt", header(needsCsum, 0, 0, 0, 0, 0), 0, nil, packet.Offload{}, packet.FaultBadOffload},
		{"unknown flag", header(0x10, 0, 0, 0, 0, 0), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"unknown type", header(needsCsum, 2, 0, 1448, 34, 16), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"ECN alone", header(needsCsum, gsoECN, 0, 1448, 34, 16), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"UFO", header(needsCsum, 3, 0, 1448, 34, 6), 0, udp4, packet.Offload{}, packet.FaultBadOffload},
		{"TSO", header(needsCsum, gsoTCPv4, 1234, 1448, 34, 16), 0, tcp4, super(packet.GSOTCPv4, 1448, 14, 34, 16, 66), packet.FaultNone},
		{"TSO with ECN", header(needsCsum, gsoTCPv4|gsoECN, 0, 1448, 34, 16), 0, tcp4, withECN, packet.FaultNone},
		{"TSO6", header(needsCsum, gsoTCPv6, 0, 1428, 54, 16), 0, tcp6, super(packet.GSOTCPv6, 1428, 14, 54, 16, 74), packet.FaultNone},
		{"TSO behind two tags and an option", header(needsCsum, gsoTCPv4, 0, 1400, 46, 16), 0, double, super(packet.GSOTCPv4, 1400, 22, 46, 16, 66), packet.FaultNone},
		{"USO", header(needsCsum, gsoUDPL4, 0, 1000, 34, 6), 0, udp4, super(packet.GSOUDP, 1000, 14, 34, 6, 42), packet.FaultNone},
		{"USO with ECN", header(needsCsum, gsoUDPL4|gsoECN, 0, 1000, 34, 6), 0, udp4, packet.Offload{}, packet.FaultBadOffload},
		{"segment size 0", header(needsCsum, gsoTCPv4, 0, 0, 34, 16), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"other IP version", header(needsCsum, gsoTCPv6, 0, 1448, 34, 16), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"other protocol", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, udp4, packet.Offload{}, packet.FaultBadOffload},
		{"other start", header(needsCsum, gsoTCPv4, 0, 1448, 35, 15), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
		{"fragment", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, fragment, packet.Offload{}, packet.FaultBadOffload},
		{"cut", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, tcp4[:5000], packet.Offload{}, packet.FaultBadOffload},
		{"not IP", header(needsCsum, gsoTCPv4, 0, 1448, 34, 16), 0, concat(ethernet(0x0806), tcp4[14:]), packet.Offload{}, packet.FaultBadOffload},
		{"one segment", header(needsCsum, gsoTCPv4|gsoECN, 0, size, 34, 16), 0, tcp4, partial(34, 16), packet.FaultNone},
		{"a wrong checksum that nobody vouches for", header(0, gsoTCPv4, 0, 1448, 0, 0), 0, tcp4, packet.Offload{}, packet.FaultBadOffload},
	} {
		t.Run(test.name, func(t *testing.T) {
			small, spill := pools(t)
			b := packet.FromBytes(test.frame, small, spill)
			defer b.Free(small)
			Decode(test.h, test.shift, b)
			if b.Offload != test.want || b.Fault != test.fault {
				t.Errorf("got %+v fault %d\nwant %+v fault %d", b.Offload, b.Fault, test.want, test.fault)
			}
		})
	}
}

// TestDecodeFinishesCRC32c wants SCTP's checksum (RFC 9260 appendix A) where a
// device left it open.
func TestDecodeFinishesCRC32c(t *testing.T) {
	small, spill := pools(t)
	const size = 5000
	frame := concat(ethernet(packet.EthTypeIPv4), ipv4(5, sctpProto, size, 1, 2, 3, 4, 5, 6, 7, 8))
	b := packet.FromBytes(frame, small, spill)
	defer b.Free(small)
	Decode(header(needsCsum, 0, 0, 0, 34, 8), 0, b)
	if b.Offload != (packet.Offload{}) || b.Fault != packet.FaultNone {
		t.Errorf("got %+v fault %d", b.Offload, b.Fault)
	}
	want := crc32.Checksum(frame[34:], crc32.MakeTable(crc32.Castagnoli))
	if got := binary.LittleEndian.Uint32(b.Bytes()[42:]); got != want {
		t.Errorf("checksum %#x, want %#x", got, want)
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

func TestPrepend(t *testing.T) {
	small, spill := pools(t)
	frame := concat(ethernet(packet.EthTypeIPv4), ipv4(5, tcpProto, 60, tcp(5)...))
	offload := packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16}
	for _, headroom := range []int{packet.Headroom, HeaderSize, HeaderSize - 1, 0} {
		b := packet.FromBytes(frame, small, spill)
		copy(b.Room()[headroom:], frame)
		b.SetRange(headroom, headroom+len(frame))
		b.Offload, b.L3, b.L4 = offload, 14, 34
		front, ok := Prepend(b)
		want := header(needsCsum, 0, 0, 0, 34, 16)
		if !ok || !bytes.Equal(front, concat(want[:], frame)) {
			t.Errorf("headroom %d: %v, %x", headroom, ok, front)
		}
		if !bytes.Equal(b.Bytes(), frame) || b.Offload != offload || b.L3 != 14 || b.L4 != 34 {
			t.Errorf("headroom %d: the frame changed: %+v %+v %x", headroom, b.Offload, b.Layers, b.Bytes())
		}
		b.Free(small)
	}
	full := packet.FromBytes(frame, small, spill)
	defer full.Free(small)
	full.SetRange(0, len(full.Room()))
	if _, ok := Prepend(full); ok {
		t.Error("a header before a frame that leaves no room")
	}
}

// FuzzDecode wants every accepted header to be consistent with its frame, and to
// survive being written and read again.
func FuzzDecode(f *testing.F) {
	for _, head := range [][]byte{
		concat(ethernet(packet.EthTypeIPv4), ipv4(5, tcpProto, 300, tcp(8)...)),
		concat(ethernet(packet.EthTypeSVLAN), vlan(packet.EthTypeVLAN), vlan(packet.EthTypeIPv6), ipv6(udpProto, 300, udp(260)...)),
		concat(ethernet(packet.EthTypeMPLS), []byte{0, 1, 1, 64}, ipv4(5, tcpProto, 300, tcp(5)...)),
		ethernet(packet.EthTypeMPLS),
		nil,
	} {
		f.Add(header(needsCsum, gsoTCPv4, 66, 100, 34, 16)[:], head, 0)
		f.Add(header(needsCsum, gsoUDPL4, 0, 100, 62, 6)[:], head, 0)
		f.Add(header(needsCsum, gsoTCPv4, 0, 100, 34, 16)[:], head, 4)
		f.Add(header(dataValid, gsoTCPv4, 0, 100, 0, 0)[:], head, 0)
	}
	small, spill := pools(f)
	f.Fuzz(func(t *testing.T, raw, frame []byte, shift int) {
		if len(raw) != HeaderSize || len(frame) > 1<<16 || shift != 0 && shift != 4 {
			t.Skip()
		}
		h := Header(raw)
		b := packet.FromBytes(frame, small, spill)
		defer b.Free(small)
		Decode(&h, shift, b)
		o := b.Offload
		if b.Fault != packet.FaultNone {
			if o != (packet.Offload{}) {
				t.Fatalf("a fault with %+v", o)
			}
			return
		}
		size, head := b.Size(), len(b.Bytes())
		if o.NeedsCsum && (o.CsumStart < packet.EthSize || int(o.CsumStart)+int(o.CsumOffset)+2 > head) {
			t.Fatalf("checksum at %d+%d of %d bytes", o.CsumStart, o.CsumOffset, head)
		}
		if o.GSO == packet.GSONone {
			return
		}
		if !o.NeedsCsum || o.GSOSize == 0 || int(o.HdrLen) > head || o.HdrLen <= o.CsumStart || int(o.HdrLen)+int(o.GSOSize) >= size {
			t.Fatalf("a super-frame of %d bytes, %d in one piece: %+v", size, head, o)
		}
		var again Header
		if !Encode(&again, &o) {
			t.Fatalf("cannot be written: %+v", o)
		}
		before := bytes.Clone(b.Bytes())
		o.CsumValid, b.Offload = false, packet.Offload{}
		if Decode(&again, 0, b); b.Offload != o || b.Fault != packet.FaultNone || !bytes.Equal(before, b.Bytes()) {
			t.Fatalf("read back %+v fault %d, want %+v and the frame as it was", b.Offload, b.Fault, o)
		}
	})
}

func superFrame(t testing.TB) (*packet.Buf, *Header) {
	small, spill := pools(t)
	b := packet.FromBytes(concat(ethernet(packet.EthTypeIPv4), ipv4(5, tcpProto, 9000, tcp(8)...)), small, spill)
	t.Cleanup(func() { b.Free(small) })
	return b, header(needsCsum, gsoTCPv4, 66, 1448, 34, 16)
}

func TestNothingIsAllocated(t *testing.T) {
	b, h := superFrame(t)
	if n := testing.AllocsPerRun(100, func() {
		Decode(h, 0, b)
		Encode(h, &b.Offload)
	}); n != 0 || b.Fault != packet.FaultNone {
		t.Errorf("%v allocations a turn, fault %d; want 0", n, b.Fault)
	}
}

func BenchmarkDecodePlain(b *testing.B) {
	frame, _ := superFrame(b)
	h := header(0, 0, 0, 0, 0, 0)
	for b.Loop() {
		Decode(h, 0, frame)
	}
}

func BenchmarkDecodeSuper(b *testing.B) {
	frame, h := superFrame(b)
	for b.Loop() {
		Decode(h, 0, frame)
	}
}
