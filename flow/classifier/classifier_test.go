package classifier

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"vswitch/flow"
)

func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// someFields are what random matches are made of: few values each, so that
// rules meet.
var someFields = []string{"in_port_oxm", "eth_type", "ip_src", "ip_dst", "reg3", "metadata", "ipv6_src", "ipv6_dst", "tcp_src", "tcp_dst"}

// randomValue differs from others in a field's first bits, and its last.
func randomValue(r *rand.Rand, f *flow.Field) flow.Value {
	return flow.U64(r.Uint64N(4)).Or(flow.U64(r.Uint64N(4)).Shl(f.Bits - 2))
}

func randomMatch(r *rand.Rand) *flow.Match {
	m := new(flow.Match)
	if r.IntN(8) == 0 {
		f := flow.FieldByName("conj_id")
		m.SetField(f, flow.U64(r.Uint64N(3)), f.Full())
	}
	for range r.IntN(4) {
		f := flow.FieldByName(someFields[r.IntN(len(someFields))])
		mask := f.Full()
		switch r.IntN(4) {
		case 0:
			mask = flow.U64(r.Uint64N(4))
		case 1, 2:
			mask = flow.PrefixMask(r.IntN(f.Bits+1), f.Bits)
		}
		m.SetField(f, randomValue(r, f), mask)
	}
	return m
}

// randomClauses makes every other rule a clause of one or two conjunctions.
func randomClauses(r *rand.Rand) (clauses []Clause) {
	if r.IntN(2) == 0 {
		return nil
	}
	for range 1 + r.IntN(2) {
		of := uint8(2 + r.IntN(2))
		clauses = append(clauses, Clause{ID: uint32(1 + r.IntN(2)), Number: uint8(r.IntN(int(of))), Of: of})
	}
	return clauses
}

func randomPacket(r *rand.Rand) *flow.Pipeline {
	p := new(flow.Pipeline)
	for _, name := range someFields {
		f := flow.FieldByName(name)
		f.Store(p, randomValue(r, f), f.Full())
	}
	return p
}

// elsewhere is p with everything changed that mask does not cover: half of the
// bits at random, or values that rules ask for.
func elsewhere(r *rand.Rand, p *flow.Pipeline, mask *flow.Mask) *flow.Pipeline {
	q := randomPacket(r)
	wild := r.IntN(2) == 0
	for i, k := range mask.Words() {
		if wild {
			q.Words()[i] = r.Uint64()
		}
		q.Words()[i] = q.Words()[i]&^k | p.Words()[i]&k
	}
	return q
}

// apart reports whether two packets differ in what both masks cover.
func apart(p, q *flow.Pipeline, pm, qm *flow.Mask) bool {
	for i := range p.Words() {
		if (p.Words()[i]^q.Words()[i])&pm.Words()[i]&qm.Words()[i] != 0 {
			return true
		}
	}
	return false
}

// model drives a Classifier and its twin by the same steps.
type model struct {
	t       *testing.T
	r       *rand.Rand
	c       *Classifier
	n       *naive
	version uint64 // published
	pending []func()
	removed []*naiveRule // vanished by now, not freed
}

func (m *model) insert() {
	match, priority := randomMatch(m.r), int32(m.r.IntN(6)-2)
	if m.n.find(match, priority, m.version+1) != None {
		return
	}
	rule := &naiveRule{match: *match, priority: priority, appears: m.version + 1, vanishes: Never, clauses: randomClauses(m.r)}
	rule.id = m.c.Insert(match.Sparse(), priority, m.version+1, rule.clauses...)
	m.n.rules = append(m.n.rules, rule)
	m.pending = append(m.pending, func() {
		if rule.vanishes == Never {
			rule.vanishes = rule.appears
			m.c.Remove(rule.id, rule.appears)
		}
		m.removed = append(m.removed, rule)
	})
}

func (m *model) remove() {
	var rules []*naiveRule
	for _, r := range m.n.rules {
		if r.vanishes == Never {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return
	}
	rule := rules[m.r.IntN(len(rules))]
	rule.vanishes = m.version + 1
	m.c.Remove(rule.id, rule.vanishes)
	m.pending = append(m.pending, func() {
		rule.vanishes = Never
		m.c.Restore(rule.id)
	})
}

// finish publishes the next version or takes it back, newest step first.
func (m *model) finish() {
	if m.r.IntN(3) == 0 {
		for _, undo := range slices.Backward(m.pending) {
			undo()
		}
	} else {
		m.version++
		for _, r := range m.n.rules {
			if r.vanishes == m.version && !slices.Contains(m.removed, r) {
				m.removed = append(m.removed, r)
			}
		}
	}
	m.pending = nil
}

// free frees some of what has vanished. There are no readers, so all are
// quiescent.
func (m *model) free() {
	for len(m.removed) > 0 && m.r.IntN(4) > 0 {
		i := m.r.IntN(len(m.removed))
		rule := m.removed[i]
		m.removed = slices.Delete(m.removed, i, i+1)
		m.n.rules = slices.DeleteFunc(m.n.rules, func(r *naiveRule) bool { return r == rule })
		m.c.Free(rule.id)
	}
}

// check compares the two at a version that may still be asked for.
func (m *model) check(version uint64) {
	t := m.t
	p := randomPacket(m.r)
	mask := new(flow.Mask)
	got, words := m.c.LookupWords(version, p, mask)
	for i, w := range mask.Words() {
		if w != 0 && !words.Has(i) {
			t.Fatalf("word %d of the mask is %x, and not among those told", i, w)
		}
	}
	want := m.n.lookup(version, p)
	if got == None != (len(want) == 0) || got != None && !slices.ContainsFunc(want, func(r *naiveRule) bool { return r.id == got }) {
		t.Fatalf("version %d: found %d, want one of %d rules", version, got, len(want))
	}
	if got != None {
		rule := want[slices.IndexFunc(want, func(r *naiveRule) bool { return r.id == got })]
		if m.c.Priority(got) != rule.priority || !m.c.Match(got).Equal(rule.match.Sparse()) {
			t.Fatalf("rule %d: match or priority is not what was inserted", got)
		}
	}
	for range 4 {
		q, other := elsewhere(m.r, p, mask), new(flow.Mask)
		if again := m.c.Lookup(version, q, nil); again != got {
			t.Fatalf("version %d: rule %d for a packet, %d for one that is the same under the mask", version, got, again)
		}
		q = randomPacket(m.r)
		m.c.Lookup(version, q, other)
		if *other != *mask && !apart(p, q, mask, other) {
			t.Fatalf("version %d: masks of two packets differ and overlap:\n%v\n%v", version, maskText(mask), maskText(other))
		}
	}
	match, priority := randomMatch(m.r), int32(m.r.IntN(6)-2)
	if got, want := m.c.Find(match.Sparse(), priority, version), m.n.find(match, priority, version); got != want {
		t.Fatalf("version %d: find: %d, want %d", version, got, want)
	}
	if got, want := m.c.Overlapping(match.Sparse(), priority, version), m.n.overlaps(match, priority, version); (got != None) != want {
		t.Fatalf("version %d: overlapping: %d, want %v", version, got, want)
	}
	all := m.n.visible(version)
	seen := map[ID]bool{}
	for id := range m.c.All(version) {
		if seen[id] {
			t.Fatalf("version %d: rule %d twice", version, id)
		}
		seen[id] = true
	}
	if !maps.Equal(seen, all) || m.c.Len(version) != len(all) {
		t.Fatalf("version %d: %d rules seen, %d counted, want %d", version, len(seen), m.c.Len(version), len(all))
	}
}

func TestLikeNaive(t *testing.T) {
	r := newRand(t)
	for range 20 {
		m := &model{t: t, r: r, c: New(r.Uint64()), n: new(naive)}
		for range 150 {
			for range r.IntN(8) {
				if r.IntN(5) < 3 {
					m.insert()
				} else {
					m.remove()
				}
				m.check(m.version)
				m.check(m.version + 1)
			}
			m.finish()
			m.check(m.version)
			if len(m.removed) > 0 {
				m.check(m.version - min(m.version, uint64(r.IntN(2))))
			}
			m.free()
			m.check(m.version)
		}
		if got := m.c.Stats(); got.Rules != len(m.n.rules) {
			t.Fatalf("%d rules in the table, want %d", got.Rules, len(m.n.rules))
		}
	}
}

// TestReadersAndWriter has readers look packets up while the writer changes the
// table. What they must find at a version is worked out before it is published.
func TestReadersAndWriter(t *testing.T) {
	r := newRand(t)
	c, n := New(r.Uint64()), new(naive)
	packets := make([]*flow.Pipeline, 16)
	for i := range packets {
		packets[i] = randomPacket(r)
	}
	type snapshot struct {
		version uint64
		want    []int32 // priority for each packet; -1: no rule
		rules   int
	}
	var current atomic.Pointer[snapshot]
	current.Store(&snapshot{want: slices.Repeat([]int32{-1}, len(packets))})
	var stop atomic.Bool
	var passes [2]atomic.Uint64 // rounds of each reader: it is in no lookup between two
	var readers sync.WaitGroup
	for i := range passes {
		seed := r.Uint64()
		readers.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for !stop.Load() {
				s, at := current.Load(), r.IntN(len(packets))
				var mask flow.Mask
				got := int32(-1)
				p := *packets[at]
				if id := c.Lookup(s.version, &p, &mask); id != None {
					got = c.Priority(id)
					var match flow.Match
					c.Match(id).Expand(&match)
					p.ConjID = match.Value.ConjID // as a conjunction has it, or as it was
					if !match.Matches(&p) {
						t.Error("a rule that does not match")
					}
				}
				if got != s.want[at] {
					t.Errorf("version %d: priority %d, want %d", s.version, got, s.want[at])
				}
				if rules := c.Len(s.version); r.IntN(8) == 0 && rules != s.rules {
					t.Errorf("version %d: %d rules, want %d", s.version, rules, s.rules)
				}
				if passes[i].Add(1)%32 == 0 {
					runtime.Gosched() // let the writer run where there are few processors
				}
			}
		})
	}
	quiesce := func() {
		for i := range passes {
			for start := passes[i].Load(); passes[i].Load() < start+2; {
				runtime.Gosched()
			}
		}
	}
	for version := uint64(1); version < 300 && !t.Failed(); version++ {
		var gone []*naiveRule
		for range r.IntN(20) {
			match, priority := randomMatch(r), int32(r.IntN(50))
			if n.find(match, priority, version) == None {
				clauses := randomClauses(r)
				id := c.Insert(match.Sparse(), priority, version, clauses...)
				n.rules = append(n.rules, &naiveRule{id, *match, priority, version, Never, clauses})
			}
			if rule := n.rules[r.IntN(len(n.rules))]; rule.vanishes == Never {
				rule.vanishes = version
				c.Remove(rule.id, version)
				gone = append(gone, rule)
			}
		}
		s := &snapshot{version: version, rules: len(n.visible(version))}
		for _, p := range packets {
			want := int32(-1)
			if best := n.lookup(version, p); best != nil {
				want = best[0].priority
			}
			s.want = append(s.want, want)
		}
		current.Store(s)
		quiesce()
		for _, rule := range gone {
			c.Free(rule.id)
		}
		n.rules = slices.DeleteFunc(n.rules, func(r *naiveRule) bool { return r.vanishes <= version })
	}
	stop.Store(true)
	readers.Wait()
}

// TestMemoryIsUsedAgain: a table that is filled and emptied again and again
// does not grow.
func TestMemoryIsUsedAgain(t *testing.T) {
	r := newRand(t)
	c := New(1)
	top := ID(0)
	for version := uint64(1); version < 2000; version += 2 {
		var ids []ID
		for i := range 50 {
			m := new(flow.Match)
			m.SetField(flow.FieldByName("reg0"), flow.U64(uint64(i)), flow.U64(uint64(0xff|r.IntN(4)<<8)))
			ids = append(ids, c.Insert(m.Sparse(), int32(i), version))
		}
		for _, id := range ids {
			c.Remove(id, version+1)
			top = max(top, id)
		}
		for _, id := range ids {
			c.Free(id)
		}
	}
	if top > 200 || c.words.top > 1000 {
		t.Errorf("50 rules at a time, and yet ID %d and %d words", top, c.words.top)
	}
	if s := c.Stats(); s != (Stats{}) {
		t.Errorf("empty table: %+v", s)
	}
}

// TestFreedMemoryWaits: what is freed is not used again before a rule is freed
// that was removed after it.
func TestFreedMemoryWaits(t *testing.T) {
	c := New(1)
	m := randomMatch(newRand(t)).Sparse()
	a, b := c.Insert(m, 1, 1), c.Insert(m, 2, 1)
	c.Remove(a, 2)
	c.Remove(b, 2)
	c.Free(a)
	c.Free(b) // removed before a was unlinked: says nothing of a
	if d := c.Insert(m, 3, 3); d == a || d == b {
		t.Error("memory that a reader may still look at is used again")
	} else {
		c.Remove(d, 4)
		c.Free(d)
	}
	if e := c.Insert(m, 4, 5); e != a && e != b {
		t.Errorf("rule %d, though %d and %d can be used again", e, a, b)
	}
}

func TestMisuse(t *testing.T) {
	c := New(1)
	id, twice := c.Insert(flow.Sparse{}, 1, 1), c.Insert(flow.Sparse{}, 2, 1)
	for _, misuse := range []struct {
		name string
		do   func()
	}{
		{"free of a living rule", func() { c.Free(id) }},
		{"restore of a living rule", func() { c.Restore(id) }},
		{"second removal", func() { c.Remove(twice, 2); c.Remove(twice, 2) }},
		{"second free", func() { c.Remove(id, 2); c.Free(id); c.Free(id) }},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", misuse.name)
				}
			}()
			misuse.do()
		}()
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	c, packets := manyRules(1000, 10)
	var mask flow.Mask
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		c.Lookup(1, packets[i%len(packets)], &mask)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a lookup", n)
	}
}

// manyRules is a table of five-tuple rules with masks of different prefix
// lengths, and packets that match some of them.
func manyRules(rules, masks int) (*Classifier, []*flow.Pipeline) {
	r := rand.New(rand.NewPCG(7, 7))
	c := New(r.Uint64())
	var packets []*flow.Pipeline
	for i := range rules {
		m := fiveTuple(r, i%masks)
		c.Insert(m.Sparse(), int32(r.IntN(1000)), 1)
		if i%(rules/4096+1) == 0 {
			p := new(flow.Pipeline)
			*p = m.Value
			packets = append(packets, p)
		}
	}
	return c, packets
}

// fiveTuple is a match on a TCP five-tuple. kind chooses prefix lengths.
func fiveTuple(r *rand.Rand, kind int) *flow.Match {
	m := new(flow.Match)
	set := func(name string, v uint64, mask flow.Value) { m.SetField(flow.FieldByName(name), flow.U64(v), mask) }
	set("eth_type", 0x800, flow.U64(0xffff))
	set("nw_proto", 6, flow.U64(0xff))
	set("ip_src", uint64(r.Uint32()), flow.PrefixMask(32-kind%8, 32))
	set("ip_dst", uint64(r.Uint32()), flow.PrefixMask(32-kind/8, 32))
	set("tcp_src", uint64(r.IntN(65536)), flow.U64(0xffff))
	set("tcp_dst", uint64(r.IntN(65536)), flow.U64(0xffff))
	return m
}

func TestMemoryOfARule(t *testing.T) {
	const rules = 50000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, _ := manyRules(rules, 50)
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := float64(after.HeapAlloc-before.HeapAlloc) / rules
	t.Logf("%.0f bytes a rule, %d of them its entry", size, unsafe.Sizeof(rule{}))
	if size > 320 {
		t.Errorf("%.0f bytes a rule", size)
	}
	runtime.KeepAlive(c)
}

func BenchmarkInsert(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	matches := make([]flow.Sparse, 100000)
	for i := range matches {
		matches[i] = fiveTuple(r, i%50).Sparse()
	}
	c, i := New(1), 0
	for b.Loop() {
		if i%len(matches) == 0 {
			c = New(uint64(i))
		}
		c.Insert(matches[i%len(matches)], int32(i%1000), 1)
		i++
	}
}
