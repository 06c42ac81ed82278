package packet

import "testing"

// benchmarkEdit repeats an edit of a TCP frame.
func benchmarkEdit(b *testing.B, version uint8, edit func(f *Buf, i uint32)) {
	small, spill := testPools(b)
	frame := (&testFrame{version: version, proto: ProtoTCP, payload: make([]byte, 64)}).buf(b, small, spill)
	defer frame.Free(small)
	i := uint32(0)
	for b.Loop() {
		i++
		edit(frame, i)
	}
}

func BenchmarkSetIPv4(b *testing.B) {
	mask := IPv4Fields{Src: ^uint32(0), Dst: ^uint32(0), TTL: 0xff}
	benchmarkEdit(b, 4, func(f *Buf, i uint32) {
		f.SetIPv4(&IPv4Fields{Src: i, Dst: ^i, TTL: uint8(i)}, &mask)
	})
}

func BenchmarkSetIPv6(b *testing.B) {
	mask := IPv6Fields{Src: [16]byte{15: 0xff}, Dst: [16]byte{15: 0xff}, HopLimit: 0xff}
	benchmarkEdit(b, 6, func(f *Buf, i uint32) {
		f.SetIPv6(&IPv6Fields{Src: [16]byte{15: uint8(i)}, Dst: [16]byte{15: uint8(i)}, HopLimit: uint8(i)}, &mask)
	})
}

func BenchmarkSetTCP(b *testing.B) {
	mask := PortFields{0xffff, 0xffff}
	benchmarkEdit(b, 4, func(f *Buf, i uint32) {
		f.SetTCP(&PortFields{uint16(i), uint16(i >> 8)}, &mask)
	})
}

func BenchmarkSetEth(b *testing.B) {
	mask := EthFields{[6]byte{255, 255, 255, 255, 255, 255}, [6]byte{255, 255, 255, 255, 255, 255}}
	benchmarkEdit(b, 4, func(f *Buf, i uint32) {
		f.SetEth(&EthFields{Dst: [6]byte{uint8(i)}, Src: [6]byte{1: uint8(i)}}, &mask)
	})
}

func BenchmarkPushPopVLAN(b *testing.B) {
	benchmarkEdit(b, 4, func(f *Buf, i uint32) {
		f.PushVLAN(EthTypeVLAN, uint16(i))
		f.PopVLAN()
	})
}

func BenchmarkPushPopMPLS(b *testing.B) {
	benchmarkEdit(b, 4, func(f *Buf, i uint32) {
		f.PushMPLS(EthTypeMPLS, LSE(i))
		f.PopMPLS(EthTypeIPv4)
	})
}
