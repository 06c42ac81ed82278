package packet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// contentOf is the frame's bytes, read segment by segment.
func contentOf(b *Buf) []byte {
	var s []byte
	for seg := b; seg != nil; seg = seg.Next() {
		s = append(s, seg.Bytes()...)
	}
	return s
}

// TestChainsLikeNaive runs random operations on a chain and on a byte slice.
func TestChainsLikeNaive(t *testing.T) {
	r := newRand(t)
	small, spill := testPool(t, 200, 192, 64), testPool(t, 50, 1000, 0)
	for range 3000 {
		twin := randomBytes(r, r.IntN(600))
		b := FromBytes(twin, small, spill)
		trail := fmt.Sprintf("FromBytes(%d)", len(twin))
		for range 12 {
			trail += chainStep(t, r, &b, &twin, pools{small, spill})
			if got := contentOf(b); !bytes.Equal(got, twin) || b.Size() != len(twin) {
				t.Fatalf("%s: size %d\n got %x\nwant %x", trail, b.Size(), got, twin)
			}
			for seg := b.Next(); seg != nil; seg = seg.Next() {
				if seg.Size() < len(seg.Bytes()) {
					t.Fatalf("%s: segment size", trail)
				}
			}
		}
		b.Free(small)
	}
}

type pools struct{ small, spill *Pool }

// chainStep does one random operation on frame *b and on its twin.
func chainStep(t *testing.T, r *rand.Rand, b **Buf, twin *[]byte, p pools) string {
	t.Helper()
	size := len(*twin)
	switch r.IntN(8) {
	case 0:
		n := r.IntN(40)
		if front := (*b).Push(n); front != nil {
			copy(front, randomBytes(r, n))
			*twin = append(append([]byte{}, front...), *twin...)
			return fmt.Sprintf(" Push(%d)", n)
		}
		return " Push refused"
	case 1:
		n := r.IntN(60)
		if pulled := (*b).Pull(n); pulled {
			*twin = (*twin)[n:]
		} else if n <= len((*b).Bytes()) {
			t.Fatalf("Pull(%d) of %d bytes refused", n, len((*b).Bytes()))
		}
		return fmt.Sprintf(" Pull(%d)", n)
	case 2:
		data := randomBytes(r, r.IntN(200))
		(*b).Append(FromBytes(data, p.small, p.spill))
		*twin = append(*twin, data...)
		return fmt.Sprintf(" Append(%d)", len(data))
	case 3:
		n := r.IntN(size + 20)
		(*b).Trim(n, p.small)
		*twin = (*twin)[:min(n, size)]
		return fmt.Sprintf(" Trim(%d)", n)
	case 4:
		n := r.IntN(220)
		ok := (*b).PullUp(n, p.small)
		if want := n <= size && n <= 192 || n <= len((*b).Bytes()); ok != want {
			t.Fatalf("PullUp(%d) of %d: %v", n, size, ok)
		}
		if ok && len((*b).Bytes()) < n {
			t.Fatalf("PullUp(%d) left %d", n, len((*b).Bytes()))
		}
		return fmt.Sprintf(" PullUp(%d)", n)
	case 5:
		c := (*b).Clone(p.small, p.spill)
		(*b).Free(p.small)
		*b = c
		return " Clone"
	case 6:
		data := randomBytes(r, r.IntN(300))
		if !(*b).Extend(data, p.small, p.spill) {
			t.Fatal("pool exhausted")
		}
		*twin = append(*twin, data...)
		return fmt.Sprintf(" Extend(%d)", len(data))
	}
	off, data := r.IntN(size+10), randomBytes(r, r.IntN(100))
	n := (*b).WriteAt(off, data)
	copied := 0
	if off < size {
		copied = copy((*twin)[off:], data)
	}
	got := make([]byte, len(data))
	if m := (*b).CopyAt(off, got); n != copied || m != copied || !bytes.Equal(got[:m], data[:m]) {
		t.Fatalf("WriteAt(%d, %d bytes) wrote %d, CopyAt read %d, want %d", off, len(data), n, m, copied)
	}
	return fmt.Sprintf(" WriteAt(%d,%d)", off, n)
}

func TestFromBytesLayout(t *testing.T) {
	small, spill := testPools(t)
	head := small.Payload()
	for _, c := range []struct {
		name     string
		size     int
		spill    *Pool
		segments []int
	}{
		{"empty", 0, spill, []int{0}},
		{"fits", head, spill, []int{head}},
		{"spills", head + 1, spill, []int{head, 1}},
		{"64 KiB", 65550, spill, []int{head, 65550 - head}},
		{"larger than a spill Buf", head + 65536 + 7, spill, []int{head, 65536, 7}},
		{"without spill", 2*head + 7, nil, []int{head, head, 7}},
	} {
		b := FromBytes(make([]byte, c.size), small, c.spill)
		var got []int
		for seg := b; seg != nil; seg = seg.Next() {
			got = append(got, len(seg.Bytes()))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.segments) || b.HeadroomLeft() != Headroom {
			t.Errorf("%s: %v, want %v", c.name, got, c.segments)
		}
		b.Free(small)
	}
}

func TestCloneIsDeep(t *testing.T) {
	small, spill := testPools(t)
	b := FromBytes(bytes.Repeat([]byte("original"), 1000), small, spill)
	b.Meta = Meta{Time: 1, InPort: 2, Mark: 3, Offload: Offload{CsumValid: true}}
	b.Layers = Layers{1, 2, 3}
	c := b.Clone(small, spill)
	if c.Meta != b.Meta || c.Layers != b.Layers || !bytes.Equal(contentOf(c), contentOf(b)) {
		t.Error("the copy differs")
	}
	c.WriteAt(0, make([]byte, 8000))
	b.Free(small)
	if want := make([]byte, 8000); !bytes.Equal(contentOf(c), want) {
		t.Error("the copy shares bytes")
	}
	c.Free(small)
}

// TestExhaustedPoolsLeakNothing makes copies with every number of Bufs left.
func TestExhaustedPoolsLeakNothing(t *testing.T) {
	source := testPool(t, 64, 1024, 0)
	data := make([]byte, 5000)
	frame := FromBytes(data, source, nil)
	defer frame.Free(source)
	for slots := 1; slots <= 4; slots++ {
		p := testPool(t, slots, 1024, 0)
		if b := FromBytes(data, p, nil); b != nil {
			t.Errorf("FromBytes out of %d Bufs", slots)
		}
		if b := frame.Clone(p, nil); b != nil {
			t.Errorf("Clone out of %d Bufs", slots)
		}
		if n := p.Stats().InUse; n != 0 {
			t.Errorf("%d of %d Bufs leaked", n, slots)
		}
	}
	p := testPool(t, 5, 1024, 0)
	b := FromBytes(data, p, nil)
	if b == nil {
		t.Fatal("five Bufs are enough")
	}
	if FromBytes(nil, p, nil) != nil || b.Clone(p, nil) != nil {
		t.Error("a Buf of an exhausted pool")
	}
	b.Free(p)
}

func TestTrimEndsOffloads(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 200 {
		f := randomPlainFrame(r)
		if f.sumPlace() == 0 || f.proto == ProtoSCTP {
			continue
		}
		b := f.buf(t, small, spill)
		f.leaveSum(b)
		b.Offload.GSO = GSOTCPv4
		size := r.IntN(b.Size())
		b.Trim(size, small)
		if b.Offload.NeedsCsum || b.Offload.GSO != GSONone {
			t.Fatalf("%+v", b.Offload)
		}
		if !bytes.Equal(contentOf(b), f.bytes()[:size]) {
			t.Fatal("not the beginning of the frame with its checksum complete")
		}
		b.Free(small)
	}
}

func BenchmarkClone(b *testing.B) {
	small, spill := testPools(b)
	for _, size := range []int{64, 1514, 65000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			frame := FromBytes(make([]byte, size), small, spill)
			b.SetBytes(int64(size))
			for b.Loop() {
				frame.Clone(small, spill).Free(small)
			}
			frame.Free(small)
		})
	}
}
