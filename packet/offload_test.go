package packet

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// randomSuper is a TCP or UDP frame with payload bytes of payload and what its
// kind of super-frame is.
func randomSuper(r *rand.Rand, payload int) (*testFrame, GSOType) {
	for {
		f := randomFrame(r)
		if f.fragment {
			continue
		}
		f.pad, f.noSum, f.wrongBy, f.ipWrong = 0, false, 0, 0
		f.payload = randomBytes(r, payload)
		switch {
		case f.version != 0 && f.proto == ProtoUDP:
			return f, GSOUDP
		case f.version == 4 && f.proto == ProtoTCP:
			return f, GSOTCPv4
		case f.version == 6 && f.proto == ProtoTCP:
			return f, GSOTCPv6
		}
	}
}

// superBuf is f as the super-frame of segments with size bytes of payload that a
// kernel gives: partial checksum, header length a hint.
func superBuf(t *testing.T, f *testFrame, kind GSOType, size int, p pools) *Buf {
	t.Helper()
	b := f.buf(t, p.small, p.spill)
	f.leaveSum(b)
	b.Offload.GSO, b.Offload.GSOSize, b.Offload.HdrLen = kind, uint16(size), 40
	return b
}

func TestValidateOffloadAccepts(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 2000 {
		f, kind := randomSuper(r, 2000)
		b := superBuf(t, f, kind, 100+r.IntN(1000), pools{small, spill})
		want := b.Offload
		want.IPStart = b.L3
		want.HdrLen = b.L4 + UDPSize
		if f.proto == ProtoTCP {
			want.HdrLen = b.L4 + TCPSize + uint16(len(f.tcp.options))
		}
		b.Offload.HdrLen = uint16(r.IntN(b.Size() + 1)) // a hint that may say anything
		b.Layers = Layers{}                             // drivers come before extraction
		if !ValidateOffload(b) || b.Offload != want {
			t.Fatalf("%+v, want %+v, in %x", b.Offload, want, f.bytes()[:100])
		}
		b.Free(small)
	}
}

func TestValidateOffloadRefuses(t *testing.T) {
	small, spill := testPools(t)
	tcp := func() *testFrame {
		return &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 3000)}
	}
	udp := func() *testFrame {
		return &testFrame{version: 6, proto: ProtoUDP, payload: make([]byte, 3000)}
	}
	for _, c := range []struct {
		name  string
		frame *testFrame
		kind  GSOType
		lie   func(*Buf)
	}{
		{"checksum start beyond the frame", tcp(), GSONone, func(b *Buf) { b.Offload.CsumStart = 3100 }},
		{"checksum half beyond the frame", tcp(), GSONone, func(b *Buf) { b.Offload.CsumOffset = uint16(b.Size()-34) - 1 }},
		{"largest numbers", tcp(), GSONone, func(b *Buf) { b.Offload.CsumStart, b.Offload.CsumOffset = 0xffff, 0xffff }},
		{"segment size 0", tcp(), GSOTCPv4, func(b *Buf) { b.Offload.GSOSize = 0 }},
		{"header length beyond the frame", tcp(), GSOTCPv4, func(b *Buf) { b.Offload.HdrLen = uint16(b.Size()) + 1 }},
		{"unknown kind", tcp(), 99, func(*Buf) {}},
		{"TCP said to be over IPv6", tcp(), GSOTCPv6, func(*Buf) {}},
		{"TCP said to be UDP", tcp(), GSOUDP, func(*Buf) {}},
		{"UDP said to be TCP", udp(), GSOTCPv6, func(*Buf) {}},
		{"no IP packet", &testFrame{}, GSOTCPv4, func(b *Buf) { b.Offload.NeedsCsum = false }},
		{"checksum of another header", tcp(), GSOTCPv4, func(b *Buf) { b.Offload.CsumStart = 14 }},
		{"checksum elsewhere in the header", tcp(), GSOTCPv4, func(b *Buf) { b.Offload.CsumOffset = 6 }},
		{"a fragment", tcp(), GSOTCPv4, func(b *Buf) { b.Bytes()[14+6] = 0x20 }},
		{"IP packet shorter than the frame", tcp(), GSOTCPv4, func(b *Buf) { b.Bytes()[14+3]-- }},
		{"IP packet longer than the frame", tcp(), GSOTCPv4, func(b *Buf) { b.Bytes()[14+3]++ }},
		{"TCP header too short", tcp(), GSOTCPv4, func(b *Buf) { b.Bytes()[34+12] = 0x40 }},
		{"UDP length of another packet", udp(), GSOUDP, func(b *Buf) { b.Bytes()[54+4]++ }},
		{"thousands of tiny segments", tcp(), GSOTCPv4, func(b *Buf) { b.Offload.GSOSize = 7 }},
		{"129 datagrams", udp(), GSOUDP, func(b *Buf) { b.Offload.GSOSize = 23 }},
	} {
		b := c.frame.buf(t, small, spill)
		if c.frame.version != 0 {
			c.frame.leaveSum(b)
		}
		b.Offload.GSO, b.Offload.GSOSize, b.Offload.HdrLen = c.kind, 1000, 54
		if c.frame.version != 0 && c.kind < 4 && c.name != "TCP said to be over IPv6" &&
			c.name != "TCP said to be UDP" && c.name != "UDP said to be TCP" {
			before := b.Offload
			if !ValidateOffload(b) {
				t.Errorf("%s: refused without the lie", c.name)
			}
			b.Offload = before
		}
		c.lie(b)
		if ValidateOffload(b) {
			t.Errorf("%s: accepted", c.name)
		}
		b.Free(small)
	}
}

func TestValidateOffloadLimits(t *testing.T) {
	small, spill := testPools(t)
	for _, c := range []struct {
		name    string
		frame   *testFrame
		kind    GSOType
		size    int
		accepts bool
		want    GSOType
	}{
		{"least TCP segment", &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 3000)}, GSOTCPv4, 8, true, GSOTCPv4},
		{"128 datagrams", &testFrame{version: 4, proto: ProtoUDP, payload: make([]byte, 1280)}, GSOUDP, 10, true, GSOUDP},
		{"one segment is an ordinary frame", &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 1000)}, GSOTCPv4, 1000, true, GSONone},
		{"no payload too", &testFrame{version: 6, proto: ProtoTCP}, GSOTCPv6, 1000, true, GSONone},
		{"headers beyond MinHead", &testFrame{version: 6, proto: ProtoTCP, payload: make([]byte, 2000),
			exts: []testExt{{ProtoDestOptions, append([]byte{0, 63}, make([]byte, 510)...)}}}, GSOTCPv6, 1000, false, GSOTCPv6},
	} {
		b := superBuf(t, c.frame, c.kind, c.size, pools{small, spill})
		if ValidateOffload(b) != c.accepts || b.Offload.GSO != c.want || !b.Offload.NeedsCsum {
			t.Errorf("%s: %+v", c.name, b.Offload)
		}
		b.Free(small)
	}
}

// TestSuperFramesWithCompleteChecksum become partial only if the checksum is
// right or somebody vouches for it.
func TestSuperFramesWithCompleteChecksum(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for i := range 1000 {
		f, kind := randomSuper(r, 2000)
		wrong, vouched := i%2 == 0, i%3 == 0
		if wrong {
			f.wrongBy = uint16(1 + r.IntN(0xfffe))
		}
		b := f.buf(t, small, spill)
		b.Offload = Offload{GSO: kind, GSOSize: 500, CsumValid: vouched}
		accepted := ValidateOffload(b)
		if accepted != (!wrong || vouched) {
			t.Fatalf("wrong %v, vouched for %v: accepted %v", wrong, vouched, accepted)
		}
		if accepted {
			f.wrongBy = 0
			place := int(f.layers().L4) + f.sumPlace()
			got := binary.BigEndian.Uint16(b.Bytes()[place:])
			if want := f.pseudo(b.Size() - int(f.layers().L4)); got%0xffff != want%0xffff {
				t.Fatalf("partial checksum %#04x, want %#04x", got, want)
			}
			if !b.Offload.NeedsCsum || int(b.Offload.CsumStart+b.Offload.CsumOffset) != place {
				t.Fatalf("%+v", b.Offload)
			}
		}
		b.Free(small)
	}
}

func TestFinishChecksumLikeNaive(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	n := 0
	for n < 5000 {
		f := randomFrame(r)
		f.pad, f.noSum = 0, false
		if f.sumPlace() == 0 || f.version == 0 || f.later {
			continue
		}
		n++
		if f.proto == ProtoSCTP {
			f.wrongBy = 0
		}
		b := f.buf(t, small, spill)
		f.leaveSum(b)
		if !ValidateOffload(b) {
			t.Fatal("refused")
		}
		checkFrame(t, b, f, true, "finish")
		before := contentOf(b)
		FinishChecksum(b)
		if string(contentOf(b)) != string(before) {
			t.Fatal("finished twice")
		}
		b.Free(small)
	}
}

// TestFinishUDPChecksumOfZero finds a payload whose checksum computes to 0,
// which must be written as 0xffff.
func TestFinishUDPChecksumOfZero(t *testing.T) {
	small, spill := testPools(t)
	f := &testFrame{version: 4, proto: ProtoUDP, ports: PortFields{1, 2}, payload: make([]byte, 2)}
	check := binary.BigEndian.Uint16(f.bytes()[14+20+6:])
	binary.BigEndian.PutUint16(f.payload, check)
	b := f.buf(t, small, spill)
	defer b.Free(small)
	f.leaveSum(b)
	FinishChecksum(b)
	if got := UDP(b.Bytes()[34:]).Checksum(); got != 0xffff {
		t.Errorf("%#04x", got)
	}
}

// TestFinishChecksumBeyondTheFirstSegment finishes a checksum whose field lies
// in a later segment, and across two.
func TestFinishChecksumBeyondTheFirstSegment(t *testing.T) {
	r := newRand(t)
	pool := testPool(t, 2048, 64, 0)
	small, spill := testPools(t)
	for range 300 {
		f := randomPlainFrame(r)
		if f.sumPlace() == 0 {
			continue
		}
		whole := f.buf(t, small, spill)
		f.leaveSum(whole)
		data := contentOf(whole)
		b := chained(t, r, pool, data[:min(len(data), 1000)])
		if len(data) > 1000 {
			b.Append(chained(t, r, pool, data[1000:]))
		}
		b.Offload = whole.Offload
		if f.proto == ProtoSCTP && len(b.Bytes()) < int(whole.L4)+SCTPSize {
			b.PullUp(int(whole.L4)+SCTPSize, pool)
		}
		if !ValidateOffload(b) {
			t.Fatal("refused")
		}
		if f.proto != ProtoSCTP || len(b.Bytes()) >= int(whole.L4)+SCTPSize {
			FinishChecksum(b)
			if string(contentOf(b)) != string(f.bytes()) {
				t.Fatalf("\n got %x\nwant %x", contentOf(b), f.bytes())
			}
		}
		b.Free(pool)
		whole.Free(small)
	}
}

// TestUnfinishedChecksumsAreTold takes random frames without, with a whole and
// with a wrong checksum, of which only the first kind is unfinished.
func TestUnfinishedChecksumsAreTold(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for n := 0; n < 5000; {
		f := randomFrame(r)
		if f.sumPlace() == 0 || f.version == 0 || f.proto == ProtoSCTP || f.proto == ProtoICMP || f.fragment || f.later || f.noSum {
			continue
		}
		n++
		f.wrongBy = uint16(r.IntN(2) * r.IntN(0xffff))
		b := f.buf(t, small, spill)
		if HasUnfinishedChecksum(b) {
			// A wrong one may happen to look so, once in 65,536.
			if f.wrongBy == 0 {
				t.Fatalf("a whole checksum taken for an unfinished one: %x", contentOf(b))
			}
			b.Free(small)
			continue
		}
		f.wrongBy = 0
		f.leaveSum(b)
		// An unfinished one may happen to be right, as often.
		if !HasUnfinishedChecksum(b) && string(contentOf(b)) != string(f.bytes()) {
			t.Fatalf("an unfinished checksum not seen: %x", contentOf(b))
		}
		b.Free(small)
	}
}

// TestWholeChecksumThatLooksUnfinished lets a datagram's checksum be what its
// pseudo header sums up to, and right.
func TestWholeChecksumThatLooksUnfinished(t *testing.T) {
	small, spill := testPools(t)
	f := &testFrame{version: 4, proto: ProtoUDP, ports: PortFields{1, 2}, payload: make([]byte, 2)}
	b := f.buf(t, small, spill)
	defer b.Free(small)
	f.leaveSum(b)
	s := b.Bytes()[14+20:]
	pseudo := UDP(s).Checksum()
	// The sum over pseudo header, field and the rest must be 0xffff.
	rest := AddSums(AddSums(pseudo, pseudo), Sum(s[:6]))
	binary.BigEndian.PutUint16(s[8:], ^rest)
	if HasUnfinishedChecksum(b) {
		t.Error("a right checksum was taken for an unfinished one")
	}
	s[8]++
	if !HasUnfinishedChecksum(b) {
		t.Error("an unfinished checksum was not seen")
	}
}
