package datapath

import (
	"math/rand/v2"
	"testing"
)

// TestPauses says of each mode, after frames at certain times, when a worker that
// finds nothing goes to sleep.
func TestPauses(t *testing.T) {
	const spin = 100
	for _, c := range []struct {
		name   string
		mode   PollMode
		frames []int64 // times
		sleeps int64   // after the last frame; -1: never
	}{
		{"interrupt", PollInterrupt, []int64{1000, 1010}, 0},
		{"busy", PollBusy, []int64{1000, 9000}, -1},
		{"adaptive, at first", PollAdaptive, nil, 0},
		{"adaptive, the first frame", PollAdaptive, []int64{1000}, 0},
		{"adaptive, soon another", PollAdaptive, []int64{1000, 1100}, spin},
		{"adaptive, then a rare one", PollAdaptive, []int64{1000, 1100, 1201}, 0},
		{"adaptive, and soon again", PollAdaptive, []int64{1000, 1100, 1201, 1300}, spin},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, now := pauses{mode: c.mode, spin: spin}, int64(900)
			for _, at := range c.frames {
				p.sleeps(now)
				p.worked(at)
				now = at
			}
			for d := int64(0); d <= 2*spin; d++ {
				if got, want := p.sleeps(now+d), c.sleeps >= 0 && d >= c.sleeps; got != want {
					t.Fatalf("%d after the last frame: sleeps %v, want %v", d, got, want)
				}
			}
		})
	}
}

// TestPausesCost holds adaptive polling to its promise: whatever the frames do, it
// spins no longer than the frames that came soon kept it waiting, and one spin
// time for each time that they stopped coming soon.
func TestPausesCost(t *testing.T) {
	const spin = 50
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := pauses{mode: PollAdaptive, spin: spin}
		var now, spun, allowed int64
		before := int64(spin + 1)
		for range 1000 {
			gap := 1 + r.Int64N(1+r.Int64N(3*spin))
			for d := int64(0); d < gap && !p.sleeps(now+d); d++ {
				spun++
			}
			p.sleeps(now)
			if gap <= spin {
				allowed += gap
			} else if before <= spin {
				allowed += spin
			}
			before, now = gap, now+gap
			p.worked(now)
		}
		if spun > allowed {
			t.Fatalf("seed %d: spun for %d, of %d at most", seed, spun, allowed)
		}
	}
}
