package oracle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"vswitch/tests/harness"
)

// RandomCase makes the case of a seed and a number.
func randomCase(r *Reference, seed, number uint64, packets int) *Case {
	rng := rand.New(rand.NewPCG(seed, number))
	f := frames{rng}
	var samples [][]byte
	g := tables{Rand: rng}
	for range 24 {
		s := f.frame()
		samples = append(samples, s)
		v := r.look(&frame{data: s})
		g.samples = append(g.samples, v)
	}
	c := &Case{Groups: g.groups(), Flows: g.flows(10 + rng.IntN(40)), Flows1: g.flows(4 + rng.IntN(10))}
	ports := []string{"p1", "p2", "p3", "p4", "q1", "q2"}
	for range packets {
		s := append([]byte{}, samples[rng.IntN(len(samples))]...)
		switch rng.IntN(4) {
		case 0:
			s = f.frame()
		case 1:
			s[rng.IntN(len(s))] ^= 1 << rng.IntN(8)
		}
		c.Packets = append(c.Packets, Packet{ports[rng.IntN(len(ports))], s})
	}
	return c
}

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
	seed := number(t, "VSWITCH_SEED", rand.Uint64())
	total := number(t, "VSWITCH_ORACLE", 200_000)
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
				c := randomCase(r, seed, n, packets)
				if err := trial.Run(c); err != nil {
					t.Errorf("VSWITCH_SEED=%d VSWITCH_CASE=%d: %v", seed, n, explain(c, err))
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

// explain makes a failing case small.
func explain(c *Case, err error) string {
	for _, part := range []*[]Packet{&c.Packets} {
		shrink(c, part, &err)
	}
	for _, part := range []*[]string{&c.Flows1, &c.Groups, &c.Flows} {
		shrink(c, part, &err)
	}
	shrink(c, &c.Packets, &err)
	shrink(c, &c.Flows, &err)
	return fmt.Sprintf("%v\n%v", err, c)
}

// shrink leaves out of a part what the failure does not need.
func shrink[T any](c *Case, part *[]T, err *error) {
	trial := &Trial{Modes: []harness.Mode{harness.CacheOff, harness.CacheOn}}
	for size := max(1, len(*part)/2); size > 0; size /= 2 {
		for at := 0; at+size <= len(*part); {
			all := *part
			*part = append(append([]T{}, all[:at]...), all[at+size:]...)
			if fault := trial.Run(c); fault != nil {
				*err = fault
				continue
			}
			*part = all
			at += size
		}
	}
}
