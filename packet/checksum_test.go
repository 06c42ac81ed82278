package packet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// naiveSum adds one word after the other, as RFC 1071 §1 tells it.
func naiveSum(data []byte) uint16 {
	var sum uint32
	for i := 0; i < len(data); i += 2 {
		word := uint32(data[i]) << 8
		if i+1 < len(data) {
			word |= uint32(data[i+1])
		}
		sum += word
		if sum > 0xffff {
			sum -= 0xffff
		}
	}
	return uint16(sum)
}

// naivePseudo4 is the sum over a pseudo header that is written out.
func naivePseudo4(src, dst uint32, proto uint8, size int) uint16 {
	var h [12]byte
	binary.BigEndian.PutUint32(h[0:], src)
	binary.BigEndian.PutUint32(h[4:], dst)
	h[9] = proto
	binary.BigEndian.PutUint16(h[10:], uint16(size))
	return naiveSum(h[:])
}

func naivePseudo6(src, dst [16]byte, proto uint8, size int) uint16 {
	h := append(append([]byte{}, src[:]...), dst[:]...)
	h = binary.BigEndian.AppendUint32(h, uint32(size))
	return naiveSum(append(h, 0, 0, 0, proto))
}

// newRand is a generator whose seed is printed when the test fails; $VSWITCH_SEED
// gives it back.
func newRand(t testing.TB) *rand.Rand {
	seed, err := strconv.ParseUint(os.Getenv("VSWITCH_SEED"), 0, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %#x", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// testPools are a pool of 2 KiB Bufs with headroom and one of large Bufs
// without; all must be back when the test ends.
func testPools(t testing.TB) (small, spill *Pool) {
	t.Helper()
	return testPool(t, 8192, 2048, Headroom), testPool(t, 64, 65536, 0)
}

func testPool(t testing.TB, slots, slotSize, headroom int) *Pool {
	t.Helper()
	p, err := NewPool(slots, slotSize, headroom)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	return p
}

func TestSumExamples(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want uint16
	}{
		{"nothing", nil, 0},
		{"zeros stay zero", make([]byte, 100), 0},
		{"RFC 1071 section 3", []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}, 0xddf2},
		{"odd byte is the upper half", []byte{0x12}, 0x1200},
		{"a multiple of 0xffff is not zero", []byte{0xff, 0xff, 0xff, 0xff}, 0xffff},
		{"words that cancel are not zero", []byte{0x00, 0x01, 0xff, 0xfe}, 0xffff},
	} {
		if got := Sum(c.data); got != c.want {
			t.Errorf("%s: %#04x, want %#04x", c.name, got, c.want)
		}
	}
}

func TestSumLikeNaive(t *testing.T) {
	r := newRand(t)
	for i := range 20000 {
		n := r.IntN(300)
		if i%100 == 0 {
			n = r.IntN(70000)
		}
		data := randomBytes(r, n+8)[r.IntN(8):]
		if r.IntN(4) == 0 { // many carries
			for j := range data {
				data[j] |= byte(0xff * r.IntN(2))
			}
		}
		if got, want := Sum(data), naiveSum(data); got != want {
			t.Fatalf("%d bytes %x: %#04x, want %#04x", len(data), data, got, want)
		}
	}
}

func TestBufSumAndCRC32cOverSegments(t *testing.T) {
	r := newRand(t)
	pool := testPool(t, 64, 256, 0)
	for range 5000 {
		data := randomBytes(r, 1+r.IntN(200))
		b := chained(t, r, pool, data)
		off := r.IntN(len(data) + 1)
		end := off + r.IntN(len(data)-off+1)
		if got, want := b.Sum(off, end), naiveSum(data[off:end]); got != want {
			t.Fatalf("sum of [%d,%d) of %x: %#04x, want %#04x", off, end, data, got, want)
		}
		table := crc32.MakeTable(crc32.Castagnoli)
		if got, want := b.CRC32c(0, off, end), crc32.Checksum(data[off:end], table); got != want {
			t.Fatalf("CRC32c of [%d,%d) of %x: %#08x, want %#08x", off, end, data, got, want)
		}
		b.Free(pool)
	}
}

// chained is a frame of data cut into segments at random places, empty ones
// among them.
func chained(t testing.TB, r *rand.Rand, pool *Pool, data []byte) *Buf {
	t.Helper()
	var first *Buf
	for len(data) > 0 || first == nil {
		n := r.IntN(min(len(data), 64) + 1)
		seg := pool.Get()
		if seg == nil {
			t.Fatal("pool exhausted")
		}
		copy(seg.Room(), data[:n])
		seg.SetRange(0, n)
		data = data[n:]
		if first == nil {
			first = seg
		} else {
			first.Append(seg)
		}
	}
	return first
}

func TestPseudoSums(t *testing.T) {
	r := newRand(t)
	for range 20000 {
		src, dst := r.Uint32(), r.Uint32()
		proto, size := uint8(r.Uint32()), r.IntN(65536)
		if got, want := PseudoSumIPv4(src, dst, proto, size), naivePseudo4(src, dst, proto, size); got != want {
			t.Fatalf("IPv4 %#x %#x %d %d: %#04x, want %#04x", src, dst, proto, size, got, want)
		}
		src6, dst6 := [16]byte(randomBytes(r, 16)), [16]byte(randomBytes(r, 16))
		size = r.IntN(1 << 20)
		if got, want := PseudoSumIPv6(src6, dst6, proto, size), naivePseudo6(src6, dst6, proto, size); got != want {
			t.Fatalf("IPv6 %x %x %d %d: %#04x, want %#04x", src6, dst6, proto, size, got, want)
		}
	}
}

func TestUpdateChecksumExamples(t *testing.T) {
	for _, c := range []struct {
		name            string
		check, old, new uint16
		want            uint16
	}{
		{"RFC 1624 section 4", 0xdd2f, 0x5555, 0x3285, 0x0000},
		{"no change", 0x1234, 0xabcd, 0xabcd, 0x1234},
		{"no change of a zero checksum", 0x0000, 0xabcd, 0xabcd, 0x0000},
		{"all ones to all zeros", 0x1234, 0xffff, 0x0000, 0x1234},
		{"all zeros to all ones", 0x1234, 0x0000, 0xffff, 0x1234},
	} {
		if got := UpdateChecksum(c.check, c.old, c.new); got != c.want {
			t.Errorf("%s: %#04x, want %#04x", c.name, got, c.want)
		}
	}
}

// TestUpdateChecksumLikeNaive changes a word of a random header and compares
// with a computation from the start, for right checksums and for wrong ones,
// which must stay wrong by the same amount.
func TestUpdateChecksumLikeNaive(t *testing.T) {
	r := newRand(t)
	edge := []uint16{0, 1, 0xfffe, 0xffff}
	for range 200000 {
		var data [8]byte
		for i := 0; i < len(data); i += 2 {
			w := uint16(r.Uint32())
			if r.IntN(2) == 0 {
				w = edge[r.IntN(len(edge))]
			}
			binary.BigEndian.PutUint16(data[i:], w)
		}
		data[1] |= 1 // a header is never all zero
		check := ^naiveSum(data[:])
		at := 2 + 2*r.IntN(3)
		old, new := binary.BigEndian.Uint16(data[at:]), uint16(r.Uint32())
		if r.IntN(2) == 0 {
			new = edge[r.IntN(len(edge))]
		}
		binary.BigEndian.PutUint16(data[at:], new)
		want := ^naiveSum(data[:])
		if got := UpdateChecksum(check, old, new); got != want {
			t.Fatalf("%x, word at %d was %#04x: %#04x, want %#04x", data, at, old, got, want)
		}
		wrong := uint16(r.Uint32())
		after := UpdateChecksum(wrong, old, new)
		if d, e := AddSums(^check, wrong), AddSums(^want, after); d%0xffff != e%0xffff {
			t.Fatalf("checksum wrong by %#04x became wrong by %#04x", d, e)
		}
	}
}

func TestChangeOfWiderWords(t *testing.T) {
	r := newRand(t)
	for range 20000 {
		data := randomBytes(r, 16)
		data[0] |= 1
		check := ^naiveSum(data)
		new := binary.BigEndian.Uint64(randomBytes(r, 8))
		c := change(0).word64(binary.BigEndian.Uint64(data[8:]), new)
		binary.BigEndian.PutUint64(data[8:], new)
		if got, want := c.complete(check), ^naiveSum(data); got != want {
			t.Fatalf("%x: %#04x, want %#04x", data, got, want)
		}
		if got, want := c.partial(^check), naiveSum(data); got%0xffff != want%0xffff {
			t.Fatalf("%x: sum %#04x, want %#04x", data, got, want)
		}
	}
}

func TestChecksumsDoNotAllocate(t *testing.T) {
	small, spill := testPools(t)
	b := FromBytes(make([]byte, 9000), small, spill)
	defer b.Free(small)
	var sum uint16
	var crc uint32
	if n := testing.AllocsPerRun(100, func() {
		sum = b.Sum(3, 8999)
		crc = b.CRC32c(crc, 3, 8999)
		sum += PseudoSumIPv6([16]byte{1}, [16]byte{2}, 6, 1000)
		sum += PseudoSumIPv4(1, 2, 6, 1000)
		sum = UpdateChecksum(sum, 2, 3)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{20, 40, 64, 1460, 65536} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			data := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				Sum(data)
			}
		})
	}
}
