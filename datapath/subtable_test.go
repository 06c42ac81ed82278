package datapath

import (
	"math/rand/v2"
	"testing"

	"vswitch/flow"
	"vswitch/ports/dummy"
)

// TestMaskLimit asks for a mask of its own for each of a thousand packets of port 1.
// It gets as many as there may be, and one more for whole keys; each packet goes where
// its verdict says, the second time by the cache; and port 2 has masks left.
func TestMaskLimit(t *testing.T) {
	const limit, n = 10, 1000
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(PortID(3+u.Key.IPSrc&1)))
		v.Mask.IPSrc, v.Mask.TPSrc = ^uint32(0), u.Key.TPSrc
		return nil
	})
	j := newJar(t, slow, 4, Options{MaskLimit: limit}, dummy.Options{})
	for range 2 {
		for i := range n {
			j.ports[0].Inject(0, frame(i))
			j.step()
		}
	}
	w := j.dp.WorkerCounters()[0]
	if w.Subtables != limit+1 || w.Megaflows > n || w.Upcalls > n || w.Narrowed < n/2 {
		t.Errorf("%+v", w)
	}
	even, odd := len(j.ports[2].Sent()), len(j.ports[3].Sent())
	if even != n || odd != n {
		t.Errorf("%d and %d frames were sent", even, odd)
	}
	j.ports[1].Inject(0, frame(1))
	j.step()
	if after := j.dp.WorkerCounters()[0]; after.Subtables != limit+2 || after.Narrowed != w.Narrowed {
		t.Errorf("the other port got no mask: %+v", after)
	}
	// A decision that looks at less than its narrowed megaflow is the same decision.
	for _, m := range j.dp.Megaflows() {
		k := m.Key()
		mask := flow.Key{}
		mask.IPSrc, mask.TPSrc = ^uint32(0), k.TPSrc
		if k.InPort == 1 && m.narrowed && !m.MaskIs(&mask) {
			t.Fatal("a narrowed megaflow would be thrown away when it is looked over")
		}
	}
}

// TestNarrowedLikeNaive compares the outputs of random decisions, of which each looks
// at other bits, with and without a cache of few masks.
func TestNarrowedLikeNaive(t *testing.T) {
	for seed := range uint64(20) {
		// A decision tree: from each node the value of one bit leads on.
		r := rand.New(rand.NewPCG(seed, 3))
		bits := make([]int, 64)
		for i := range bits {
			bits[i] = r.IntN(16)
		}
		slow := slowFunc(func(u *Upcall, v *Verdict) error {
			at := 1
			for at < len(bits) {
				bit := uint16(1) << bits[at]
				v.Mask.TPSrc |= bit
				at *= 2
				if u.Key.TPSrc&bit != 0 {
					at++
				}
			}
			v.Actions = append(v.Actions, Output(PortID(2+at&1)))
			return nil
		})
		run := func(o Options) [2]int {
			j := newJar(t, slow, 3, o, dummy.Options{})
			r := rand.New(rand.NewPCG(seed, 4))
			for range 2000 {
				j.ports[0].Inject(0, frame(r.IntN(60000)))
				j.step()
			}
			if o.NoCache {
				return [2]int{len(j.ports[1].Sent()), len(j.ports[2].Sent())}
			}
			if w := j.dp.WorkerCounters()[0]; w.Narrowed == 0 || w.MegaflowHits == 0 {
				t.Errorf("seed %d: nothing was narrowed, or hit: %+v", seed, w)
			}
			return [2]int{len(j.ports[1].Sent()), len(j.ports[2].Sent())}
		}
		if got, want := run(Options{MaskLimit: 3}), run(Options{NoCache: true}); got != want {
			t.Fatalf("seed %d: %v frames on the ports, want %v", seed, got, want)
		}
	}
}
