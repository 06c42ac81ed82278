package ofproto

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/openflow"
)

// naiveVictims are the rules that may go next: those with the least key of all.
func naiveVictims(t *Table) (list []*Rule) {
	var least evictionKey
	t.all(t.bridge.sw.version.Load(), func(r *Rule) {
		k := r.evictionKey(t.settings.evictionFlags)
		if len(list) == 0 || k.compare(least) < 0 {
			list, least = nil, k
		}
		if k == least {
			list = append(list, r)
		}
	})
	return list
}

// TestVictimAgainstNaive has random flows come, go, change and be used, in bundles that
// fail too, and compares the flow that would go next with what a search finds.
func TestVictimAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 8 {
		j := newJar(t, false)
		b := j.bridge("br0", 1, FailSecure)
		p := j.connect(b, Service, openflow.V14)
		for range 300 {
			j.now += int64(time.Millisecond)
			randomEviction(p, b.table(0), rng)
			e := b.table(0).evictor
			if e == nil {
				continue
			}
			want := naiveVictims(b.table(0))
			if got := e.victim(); got == nil && len(want) > 0 || got != nil && !slices.Contains(want, got) {
				t.Fatalf("the victim is %+v, want one of %d: %+v", got, len(want), want)
			}
			if len(e.heap) != b.table(0).n {
				t.Fatalf("%d of %d flows are known", len(e.heap), b.table(0).n)
			}
			for i := range e.heap {
				if int(e.heap[i].rule.evictAt) != i {
					t.Fatalf("the flow at %d is believed to be at %d", i, e.heap[i].rule.evictAt)
				}
			}
		}
	}
}

// randomEviction does something that has to do with eviction.
func randomEviction(p *peer, table *Table, rng *rand.Rand) {
	now, sw := p.j.now, p.j.sw
	var rules []*Rule
	table.all(sw.version.Load(), func(r *Rule) { rules = append(rules, r) })
	mod := func() *openflow.TableMod {
		to := []openflow.Tristate{openflow.On, openflow.On, openflow.Off}[rng.IntN(3)]
		return &openflow.TableMod{Table: 0, Eviction: to, Vacancy: openflow.Off, EvictionFlags: rng.Uint32N(8)}
	}
	switch do := rng.IntN(20); {
	case do < 10 || len(rules) == 0:
		p.ask(randomFlow(p, rng))
	case do < 14:
		rules[rng.IntN(len(rules))].Credit(datapath.Hits{Packets: 1, Used: now})
	case do == 14:
		refresh{rules[rng.IntN(len(rules))]}.Credit(datapath.Hits{Used: now})
	case do == 15:
		to := openflow.FinTimeout{Idle: uint16(rng.IntN(40)), Hard: uint16(rng.IntN(40))}
		finEffect{rules[rng.IntN(len(rules))], to}.commit(sw, now)
	case do == 16:
		p.ask(mod())
	case do == 17:
		sw.Run(now)
	default:
		last := flowOf(p.t, "add actions=drop")
		if rng.IntN(2) == 0 {
			last = flowOf(p.t, "add actions=group:99") // there is none, so nothing is done
		}
		p.bundle(randomFlow(p, rng), mod(), randomFlow(p, rng), last)
	}
}

// randomFlow adds, changes or deletes flows.
func randomFlow(p *peer, rng *rand.Rand) *openflow.FlowMod {
	var m *openflow.FlowMod
	switch rng.IntN(5) {
	case 0:
		m = flowOf(p.t, fmt.Sprintf("modify cookie=%d/-1,actions=drop", rng.IntN(5)))
	case 1:
		m = flowOf(p.t, fmt.Sprintf("delete_strict priority=%d", rng.IntN(40)))
	default:
		m = flowOf(p.t, fmt.Sprintf("add priority=%d,cookie=%d,importance=%d,idle_timeout=%d,hard_timeout=%d,actions=drop",
			rng.IntN(40), rng.IntN(5), rng.IntN(3), 50*rng.IntN(3), 60*rng.IntN(3)))
	}
	if rng.IntN(3) == 0 {
		m.Flags |= openflow.FlowResetCounts
	}
	return m
}

// TestVictimOfManyUsed: where many flows were used since their keys were noted, a
// victim is found quickly all the same, and the right one soon after.
func TestVictimOfManyUsed(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	p := j.connect(b, Service, openflow.V14)
	const n = 10 * evictorTries
	var flows []openflow.Message
	for i := range n {
		flows = append(flows, flowOf(t, fmt.Sprintf("add priority=%d,importance=%d,actions=drop", i, 1+i%2)))
	}
	p.ask(flows...)
	p.ask(&openflow.TableMod{Table: 0, Eviction: openflow.On, Vacancy: openflow.Off, EvictionFlags: evictAll})
	var idle *Rule
	b.table(0).all(j.sw.version.Load(), func(r *Rule) {
		if r.priority == n-2 { // among those of less importance
			idle = r
			return
		}
		r.Credit(datapath.Hits{Packets: 1, Used: j.now + int64(r.priority)})
	})
	e := b.table(0).evictor
	if r := e.victim(); r == nil || r.importance != 1 {
		t.Errorf("the victim is %+v", r)
	}
	j.now += int64(runInterval)
	j.sw.Run(j.now)
	if r := e.victim(); r != idle {
		t.Errorf("the victim is %+v, want %+v", r, idle)
	}
}
