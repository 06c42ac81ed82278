package oracle

import (
	"math/rand/v2"
	"os"
	"runtime"
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
	var next, judged, aside atomic.Uint64
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
			trial := &Trial{Modes: []harness.Mode{harness.CacheOff, harness.CacheOn}}
			for judged.Load() < total && !t.Failed() {
				n := next.Add(1) - 1
				trial.Judged, trial.SetAside = 0, 0
				c := RandomCase(r, rand.New(rand.NewPCG(seed, n)), Options{Packets: packets})
				if err := trial.Run(c); err != nil {
					t.Errorf("VSWITCH_SEED=%d VSWITCH_CASE=%d: %v", seed, n, c.Explain(err, func() error { return trial.Run(c) }))
					return
				}
				judged.Add(uint64(trial.Judged))
				aside.Add(uint64(trial.SetAside))
			}
		}()
	}
	wait.Wait()
	t.Logf("%d packets in %d cases, %d cases cut short", judged.Load(), next.Load(), aside.Load())
}
