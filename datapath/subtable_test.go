package datapath

import (
	"math/rand/v2"
	"testing"
	"unsafe"

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

// TestMegaflowLines keeps what every packet needs within three lines of 64 bytes.
func TestMegaflowLines(t *testing.T) {
	var m Megaflow
	if a, b, c := unsafe.Offsetof(m.mask), unsafe.Offsetof(m.packets), unsafe.Offsetof(m.many); a != 64 || b != 128 || c > 192 {
		t.Errorf("to execute from %d, to count from %d to %d", a, b, c)
	}
	if n := unsafe.Sizeof(m); n > 256 || n <= 240 { // of the size class whose objects begin with a line
		t.Errorf("%d bytes", n)
	}
}

// TestSubtableLikeNaive adds, finds and removes megaflows at random, beside a map. Few bits
// of their hashes differ, so that they are in one another's way.
func TestSubtableLikeNaive(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 5))
		words := []wordMask{{8, ^uint64(0)}}
		table, naive := &subtable{words: words}, map[uint64]*Megaflow{}
		table.resize(16)
		hash := func(v uint64) uint64 { return v%7*3 + v%3<<48 }
		for range 2000 {
			k := &flow.Key{}
			v := r.Uint64N(200)
			k.Words()[8] = v
			if got := table.find(hash(v), k); got != naive[v] {
				t.Fatalf("seed %d: found %v, want %v", seed, got, naive[v])
			}
			if at := table.candidate(hash(v)); naive[v] != nil && (at < 0 || tagOf(table.flows[at].hash) != tagOf(hash(v))) {
				t.Fatalf("seed %d: slot %d is candidate", seed, at)
			}
			switch m := naive[v]; {
			case m != nil:
				table.remove(m)
				delete(naive, v)
			case len(naive) < 60:
				m = &Megaflow{mask: table, hash: hash(v)}
				m.few[0] = v
				table.add(m)
				naive[v] = m
			}
			if table.n != len(naive) {
				t.Fatalf("seed %d: %d megaflows, want %d", seed, table.n, len(naive))
			}
		}
	}
}

// TestLookupAllLikeLookup looks batches of keys of several ports up, together and one by one.
// Some of the megaflows match fields of a segment that not every key has.
func TestLookupAllLikeLookup(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 6))
		c := newCache(seed, 64)
		random := func(k *flow.Key) {
			k.InPort, k.EthType, k.IPSrc, k.TPSrc = r.Uint32N(4), 0x0800, r.Uint32N(8), uint16(r.UintN(4))
			if k.Present = uint16(r.UintN(2)) * flow.PresentTunnel; k.Present != 0 {
				k.TunID = r.Uint64N(2)
			}
		}
		for range 40 {
			var k, mask flow.Key
			random(&k)
			mask.IPSrc, mask.TPSrc, mask.TunID = r.Uint32N(8), uint16(r.UintN(4)), r.Uint64N(2)
			finishMask(&mask, &k)
			if c.lookup(&k) == nil { // where there are several they must say the same, and here they do not
				c.insert(&Megaflow{}, &k, &mask)
			}
		}
		var b batch
		for range 20 {
			var todo []int
			for i := range b.keys {
				b.keys[i], b.flows[i] = flow.Key{}, nil
				random(&b.keys[i])
				b.hashes[i] = b.keys[i].Hash(c.secret)
				todo = append(todo, i)
			}
			for len(todo) > 0 {
				todo = c.lookupAll(&b, todo)
			}
			for i := range b.keys {
				got, want := b.flows[i], c.lookup(&b.keys[i])
				if (got == nil) != (want == nil) || got != nil && !got.has(&b.keys[i]) {
					t.Fatalf("seed %d: %v, one by one %v", seed, got, want)
				}
				if got != nil && c.guess(b.hashes[i]) == nil {
					t.Fatalf("seed %d: what was found is not remembered", seed)
				}
			}
		}
	}
}
