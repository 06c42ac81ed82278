package datapath

import (
	"math/big"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// naiveMeter does what Meter does with token buckets of exact fractions.
type naiveMeter struct {
	bands  []MeterBand
	tokens []*big.Rat
	last   int64
}

func newNaiveMeter(bands []MeterBand) *naiveMeter {
	m := &naiveMeter{bands: bands}
	for i := range bands {
		if m.bands[i].Burst == 0 {
			m.bands[i].Burst = m.bands[i].Rate
		}
		m.tokens = append(m.tokens, rat(m.bands[i].Burst))
	}
	return m
}

func rat(n uint64) *big.Rat { return new(big.Rat).SetInt(new(big.Int).SetUint64(n)) }

// pass is Meter.Pass. It also says whether a band was so near its limit that a
// rounding of 10^-6 of a frame decides.
func (m *naiveMeter) pass(now int64, frames, bytes uint64) (exceeded int, close bool) {
	exceeded = -1
	elapsed := big.NewRat(now-m.last, 1_000_000_000)
	m.last = now
	for i, b := range m.bands {
		burst, cost := rat(b.Burst), rat(bytes*8)
		if b.Packets {
			cost = rat(frames)
		}
		t := m.tokens[i]
		if t.Add(t, new(big.Rat).Mul(elapsed, rat(b.Rate))); t.Cmp(burst) > 0 {
			t.Set(burst)
		}
		needs := cost
		if cost.Cmp(burst) > 0 {
			needs = burst
		}
		diff := new(big.Rat).Sub(t, needs)
		if new(big.Rat).Abs(diff).Cmp(new(big.Rat).Mul(cost, big.NewRat(1, 1_000_000))) <= 0 {
			close = true
		}
		if diff.Sign() >= 0 {
			t.Sub(t, cost)
		} else if exceeded < 0 || b.Rate > m.bands[exceeded].Rate {
			exceeded = i
		}
	}
	return exceeded, close
}

// TestMeterAgainstNaive compares each decision over random meters and traffic in
// virtual time, until one depends on less than a millionth of a frame.
func TestMeterAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	compared := 0
	for round := range 300 {
		var bands []MeterBand
		packets := rng.IntN(3) == 0
		for range 1 + rng.IntN(4) {
			b := MeterBand{Packets: packets, Kind: BandKind(rng.IntN(2))}
			if packets {
				b.Rate = 1 + rng.Uint64N(10_000_000)>>rng.IntN(23)
				b.Burst = rng.Uint64N(2000)
			} else {
				b.Rate = 1000 * (1 + rng.Uint64N(40_000_000)>>rng.IntN(25)) // 1 kb/s to 40 Gb/s
				b.Burst = 1000 * (rng.Uint64N(1_000_000) >> rng.IntN(20))
			}
			bands = append(bands, b)
		}
		m, n := NewMeter(bands), newNaiveMeter(append([]MeterBand(nil), bands...))
		fastest := bands[rng.IntN(len(bands))].Rate
		now := rng.Int64N(1 << 50)
		n.last = now
		for i := range 400 {
			size, frames := 64+rng.Uint64N(9000-64), uint64(1)
			if rng.IntN(20) == 0 {
				frames = 1 + rng.Uint64N(45)
				size = frames * 1500
			}
			tokens := size * 8
			if packets {
				tokens = frames
			}
			// Around the rate of one of the bands, with pauses now and then.
			now += int64(float64(tokens) / float64(fastest) * 1e9 * rng.Float64() * 2)
			if rng.IntN(200) == 0 {
				now += rng.Int64N(1 << 46) // hours
			}
			got := m.Pass(now, frames, size)
			want, close := n.pass(now, frames, size)
			if close {
				break
			}
			compared++
			if got != want {
				t.Fatalf("seed %d, round %d: frame %d of %d bytes at %d: band %d, want %d of %+v", seed, round, i, size, now, got, want, bands)
			}
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d decisions were compared", compared)
	}
}

// TestMeterExtremes: the slowest and the fastest rates and the largest bursts that
// OpenFlow can say are kept to within a thousandth.
func TestMeterExtremes(t *testing.T) {
	for _, c := range []struct {
		name string
		band MeterBand
		size uint64
	}{
		{"1 kb/s, 9000 bytes", MeterBand{Rate: 1000, Burst: 8 * 9000}, 9000},
		{"4 Tb/s, 64 bytes", MeterBand{Rate: 0xffffffff * 1000, Burst: 64_000}, 64},
		{"4 G packets/s", MeterBand{Packets: true, Rate: 0xffffffff, Burst: 100}, 64},
		{"1 packet/s", MeterBand{Packets: true, Rate: 1, Burst: 1}, 1500},
		{"the largest burst", MeterBand{Rate: 1000, Burst: 0xffffffff * 1000}, 0x1000000},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := NewMeter([]MeterBand{c.band})
			tokens := float64(c.size * 8)
			if c.band.Packets {
				tokens = 1
			}
			const n = 40_000
			gap := min(tokens/float64(c.band.Rate)*1e9/2, 1e13)
			passed := 0.0
			for i := range n {
				if m.Pass(int64(float64(i)*gap), 1, c.size) < 0 {
					passed++
				}
			}
			elapsed := float64(n-1) * gap / 1e9
			want := min(n, (float64(c.band.Burst)+elapsed*float64(c.band.Rate))/tokens)
			if passed < want*0.999-1 || passed > want*1.001+1 {
				t.Errorf("%.0f frames passed, want %.0f", passed, want)
			}
		})
	}
}

// TestMeterShared: several workers that share a meter get its rate together, and
// what it counts is exact.
func TestMeterShared(t *testing.T) {
	m := NewMeter([]MeterBand{{Packets: true, Rate: 1000, Burst: 100}})
	var clock atomic.Int64
	var passed atomic.Uint64
	var workers sync.WaitGroup
	const each, nWorkers = 50_000, 4
	for range nWorkers {
		workers.Go(func() {
			for range each {
				if m.Pass(clock.Add(50_000), 1, 100) < 0 {
					passed.Add(1)
				}
			}
		})
	}
	workers.Wait()
	// 200,000 frames in 10 s.
	if want := uint64(100 + 10*1000); passed.Load() < want-10 || passed.Load() > want {
		t.Errorf("%d frames passed, want %d", passed.Load(), want)
	}
	c := m.Counters()
	if c.Packets != each*nWorkers || c.Bytes != 100*each*nWorkers || c.Bands[0].Packets != each*nWorkers-passed.Load() {
		t.Errorf("%+v, %d passed", c, passed.Load())
	}
}
