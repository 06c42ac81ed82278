package oracle

import (
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"vswitch/tests/harness"
)

func number(t testing.TB, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// maxAside is how many percent of the packets may be set aside: those that the
// reference cannot judge, and all that follow them in their cases.
const maxAside = 10

// TestOracle has random packets go through random tables.
func TestOracle(t *testing.T) {
	total := number(t, "VSWITCH_ORACLE", 200_000)
	// `make test` does the same every time; to find what is new is for `make oracle`.
	seed := uint64(1)
	if os.Getenv("VSWITCH_ORACLE") != "" {
		seed = rand.Uint64()
	}
	seed = number(t, "VSWITCH_SEED", seed)
	t.Logf("VSWITCH_SEED=%d", seed)
	const packets = 200
	var next, judged, left atomic.Uint64
	var mu sync.Mutex
	aside := map[string]int{} // under mu
	next.Store(number(t, "VSWITCH_CASE", 0))
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			r, err := NewReference()
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			trial := &Trial{Modes: []harness.Mode{harness.CacheOff, harness.CacheOn}, SetAside: map[string]int{}}
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				for why, n := range trial.SetAside {
					aside[why] += n
				}
			}()
			for judged.Load() < total && !t.Failed() {
				n := next.Add(1) - 1
				trial.Judged, trial.Left = 0, 0
				c := RandomCase(r, rand.New(rand.NewPCG(seed, n)), Options{Packets: packets})
				if err := trial.Run(c); err != nil {
					t.Errorf("VSWITCH_SEED=%d VSWITCH_CASE=%d: %v", seed, n, c.Explain(err, func() error { return trial.Run(c) }))
					return
				}
				// A run that is stopped has said how far it came.
				if now := judged.Add(uint64(trial.Judged)); now/1_000_000 != (now-uint64(trial.Judged))/1_000_000 {
					t.Logf("%d packets judged up to case %d", now, n)
				}
				left.Add(uint64(trial.Left))
			}
		}()
	}
	wait.Wait()
	report(t, judged.Load(), left.Load(), aside)
}

// report tells how much of the packets was judged, and why the others were not.
func report(t *testing.T, judged, left uint64, aside map[string]int) {
	percent := 100 * float64(left) / float64(max(judged+left, 1))
	t.Logf("%d packets judged, %d (%.2f %%) set aside", judged, left, percent)
	for _, why := range slices.Sorted(maps.Keys(aside)) {
		t.Logf("%6d cases cut short: %s", aside[why], why)
	}
	if percent > maxAside {
		t.Errorf("more than %d %% set aside", maxAside)
	}
}
