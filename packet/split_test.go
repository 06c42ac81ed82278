package packet

import (
	"bytes"
	"fmt"
	"testing"
)

// naiveSplit writes the frames that super-frame f stands for from the start.
func naiveSplit(f *testFrame, size int) [][]byte {
	var frames [][]byte
	for i := 0; i*size < len(f.payload); i++ {
		c := f.clone()
		end := min(len(f.payload), (i+1)*size)
		c.payload = f.payload[i*size : end]
		c.id += uint16(i)
		c.tcp.seq += uint32(i * size)
		if i > 0 {
			c.tcp.flags &^= TCPCwr
		}
		if end < len(f.payload) {
			c.tcp.flags &^= TCPFin | TCPPsh
		}
		frames = append(frames, c.bytes())
	}
	return frames
}

// TestSplitLikeNaive splits random super-frames, with tags, labels, options,
// extension headers and wrong checksums, after random edits.
func TestSplitLikeNaive(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for i := range 3000 {
		payload := 1 + r.IntN(9000)
		if i%50 == 0 {
			payload = 60000 + r.IntN(5000)
		}
		f, kind := randomSuper(r, payload)
		if r.IntN(4) == 0 {
			f.wrongBy = uint16(r.IntN(0x10000))
			f.ipWrong = uint16(r.IntN(0x10000))
		}
		size := max(8+r.IntN(3000), payload/maxUDPSegments+1)
		b := superBuf(t, f, kind, size, pools{small, spill})
		trail := fmt.Sprintf("%d bytes by %d:", payload, size)
		if !ValidateOffload(b) {
			t.Fatalf("%s refused", trail)
		}
		b.Layers, b.InPort = f.layers(), 77
		for range r.IntN(5) {
			e := randomEdit(r, f)
			trail += " " + e.name
			if e.do(b); e.applies {
				e.twin()
			}
		}
		checkSplit(t, b, f, size, trail, pools{small, spill})
	}
}

// checkSplit splits b and compares with the twin's segments.
func checkSplit(t *testing.T, b *Buf, f *testFrame, size int, trail string, p pools) {
	t.Helper()
	want := naiveSplit(f, size)
	n := 0
	lost := Split(b, p.small, p.spill, func(seg *Buf) {
		if n >= len(want) {
			t.Fatalf("%s: more than %d segments", trail, len(want))
		}
		if got := contentOf(seg); !bytes.Equal(got, want[n]) {
			t.Fatalf("%s: segment %d\n got %x\nwant %x", trail, n, got, want[n])
		}
		if seg.Layers != f.layers() || seg.InPort != 77 || seg.Offload.NeedsCsum || seg.Offload.GSO != GSONone {
			t.Fatalf("%s: segment %d: %+v", trail, n, seg.Meta)
		}
		n++
		seg.Free(p.small)
	})
	if n != len(want) || lost != 0 {
		t.Fatalf("%s: %d segments and %d lost, want %d", trail, n, lost, len(want))
	}
}

// TestSplitLikeGopacket has gopacket compute lengths and checksums of the
// segments of plain super-frames.
func TestSplitLikeGopacket(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 200 {
		f, kind := randomSuper(r, 1001+r.IntN(8000))
		f.labels, f.options, f.exts, f.final4, f.final6 = nil, nil, nil, nil, nil
		f.tcp.options, f.tcp.flags = nil, f.tcp.flags&0x1ff
		b := superBuf(t, f, kind, 1000, pools{small, spill})
		if !ValidateOffload(b) {
			t.Fatal("refused")
		}
		payload, flags := f.payload, f.tcp.flags
		lost := Split(b, small, spill, func(seg *Buf) {
			f.payload = payload[:min(1000, len(payload))]
			payload = payload[len(f.payload):]
			f.tcp.flags = flags
			if len(payload) > 0 {
				f.tcp.flags &^= TCPFin | TCPPsh
			}
			if got, want := contentOf(seg), f.gopacketBytes(t); !bytes.Equal(got, want) {
				t.Fatalf("\n got %x\nwant %x", got, want)
			}
			f.id++
			f.tcp.seq += 1000
			flags &^= TCPCwr
			seg.Free(small)
		})
		if lost != 0 || len(payload) != 0 {
			t.Fatalf("%d lost, %d bytes left", lost, len(payload))
		}
	}
}

// TestSplitOfChains feeds super-frames whose payload lies in many segments.
func TestSplitOfChains(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	pool := testPool(t, 1024, 128, 0)
	for range 200 {
		f, kind := randomSuper(r, 2000+r.IntN(6000))
		whole := superBuf(t, f, kind, 700, pools{small, spill})
		if !ValidateOffload(whole) {
			t.Fatal("refused")
		}
		data := contentOf(whole)
		b := FromBytes(data[:whole.Offload.HdrLen], small, nil)
		b.Append(chained(t, r, pool, data[whole.Offload.HdrLen:]))
		b.Meta, b.Layers = whole.Meta, f.layers()
		b.InPort = 77
		whole.Free(small)
		checkSplit(t, b, f, 700, "chain:", pools{small, spill})
	}
}

func TestSplitOfOrdinaryFrames(t *testing.T) {
	small, spill := testPools(t)
	f := &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 100)}
	b := f.buf(t, small, spill)
	f.leaveSum(b)
	var got *Buf
	if lost := Split(b, small, spill, func(f *Buf) { got = f }); lost != 0 || got != b {
		t.Fatalf("%d lost, the same frame %v", lost, got == b)
	}
	if b.Offload.NeedsCsum || !bytes.Equal(contentOf(b), f.bytes()) {
		t.Errorf("checksum not finished: %x", contentOf(b))
	}
	b.Free(small)
	var s Splitter
	if s.Next(small, spill) != nil || s.Left() != 0 {
		t.Error("the zero Splitter made a frame")
	}
}

// TestSplitSaysWhatIsLost runs out of Bufs at each segment, and between the two
// Bufs of one.
func TestSplitSaysWhatIsLost(t *testing.T) {
	source, spill := testPools(t)
	for slots := 1; slots <= 11; slots++ {
		out := testPool(t, slots, 1024, Headroom)
		f := &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 5000)}
		b := superBuf(t, f, GSOTCPv4, 1000, pools{source, spill})
		if !ValidateOffload(b) {
			t.Fatal("refused")
		}
		var held []*Buf
		lost := Split(b, out, nil, func(f *Buf) { held = append(held, f) })
		want := min(slots/2, 5) // 1,054 bytes a segment take two Bufs
		if len(held) != want || lost != 5-want {
			t.Errorf("%d Bufs: %d segments and %d lost", slots, len(held), lost)
		}
		if n := out.Stats().InUse; n != 2*want {
			t.Errorf("%d Bufs: %d in use for %d segments", slots, n, want)
		}
		for _, f := range held {
			f.Free(out)
		}
	}
}

// TestSplitterGoesOn waits for a Buf and continues where it stopped.
func TestSplitterGoesOn(t *testing.T) {
	source, spill := testPools(t)
	out := testPool(t, 1, 2048, Headroom)
	f := &testFrame{version: 6, proto: ProtoUDP, payload: make([]byte, 5000)}
	want := naiveSplit(f, 900)
	b := superBuf(t, f, GSOUDP, 900, pools{source, spill})
	defer b.Free(source)
	if !ValidateOffload(b) {
		t.Fatal("refused")
	}
	var s Splitter
	s.Start(b)
	for i := range want {
		if s.Left() != len(want)-i {
			t.Fatalf("%d left before segment %d", s.Left(), i)
		}
		seg := s.Next(out, nil)
		if s.Next(out, nil) != nil {
			t.Fatal("a segment without a Buf")
		}
		if !bytes.Equal(contentOf(seg), want[i]) {
			t.Fatalf("segment %d", i)
		}
		seg.Free(out)
	}
	if s.Left() != 0 || s.Next(out, nil) != nil {
		t.Error("more than all segments")
	}
}

func TestSplitRefusesScatteredHeaders(t *testing.T) {
	source, spill := testPools(t)
	out := testPool(t, 8, 32, 0)
	f := &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 3000)}
	b := superBuf(t, f, GSOTCPv4, 1000, pools{source, spill})
	if !ValidateOffload(b) {
		t.Fatal("refused")
	}
	if lost := Split(b, out, spill, func(*Buf) { t.Error("a segment without its headers in one piece") }); lost != 3 {
		t.Errorf("%d lost", lost)
	}
}

func TestSplitDoesNotAllocate(t *testing.T) {
	small, spill := testPools(t)
	f := &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 60000)}
	b := superBuf(t, f, GSOTCPv4, 1448, pools{small, spill})
	defer b.Free(small)
	if n := testing.AllocsPerRun(20, func() {
		c := b.Clone(small, spill)
		if !ValidateOffload(c) {
			t.Fatal("refused")
		}
		Split(c, small, spill, func(f *Buf) { f.Free(small) })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSplit(b *testing.B) {
	small, spill := testPools(b)
	f := &testFrame{version: 4, proto: ProtoTCP, payload: make([]byte, 64000)}
	super := f.buf(b, small, spill)
	defer super.Free(small)
	f.leaveSum(super)
	super.Offload.GSO, super.Offload.GSOSize = GSOTCPv4, 1448
	if !ValidateOffload(super) {
		b.Fatal("refused")
	}
	b.SetBytes(int64(super.Size()))
	for b.Loop() {
		var s Splitter
		s.Start(super)
		for seg := s.Next(small, spill); seg != nil; seg = s.Next(small, spill) {
			seg.Free(small)
		}
	}
}
