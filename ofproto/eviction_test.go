package ofproto

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

// naiveFlow is what TestEvictionAgainstNaive knows of a flow.
type naiveFlow struct {
	priority, importance uint16
	expires, added       int64
}

// TestEvictionAgainstNaive adds random flows to a full table, deletes some, and
// compares what is left with a list that is searched from end to end each time.
func TestEvictionAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 10 {
		flags := uint32(rng.IntN(8))
		limit := 1 + rng.IntN(40)
		j := newJar(t, false)
		b := j.bridge("br0", 1, FailSecure)
		c := b.Config()
		c.Tables = []TableConfig{{Table: 0, Limit: limit}}
		b.Configure(c, j.now)
		p := j.connect(b, Service, openflow.V14)
		p.ask(&openflow.TableMod{Table: 0, Eviction: openflow.On, Vacancy: openflow.Off, EvictionFlags: flags})
		var flows []naiveFlow
		order := func(a, b naiveFlow) int {
			if flags&evictImportance != 0 && a.importance != b.importance {
				return cmp.Compare(a.importance, b.importance)
			}
			if flags&evictLifetime != 0 && a.expires != b.expires {
				return cmp.Compare(a.expires, b.expires)
			}
			return cmp.Compare(a.added, b.added)
		}
		for i := range uint16(200) {
			j.now += int64(time.Millisecond)
			if rng.IntN(10) == 0 && len(flows) > 0 {
				k := rng.IntN(len(flows))
				p.ask(flowOf(t, fmt.Sprintf("delete_strict priority=%d", flows[k].priority)))
				flows = slices.Delete(flows, k, k+1)
				continue
			}
			f := naiveFlow{priority: i, importance: uint16(rng.IntN(4)), expires: math.MaxInt64, added: j.now}
			text := fmt.Sprintf("add priority=%d,importance=%d,", f.priority, f.importance)
			if rng.IntN(2) == 0 {
				seconds := 1000 + rng.IntN(1000)
				f.expires = j.now + int64(seconds)*int64(time.Second)
				text += fmt.Sprintf("hard_timeout=%d,", seconds)
			}
			if len(flows) == limit {
				victim := slices.MinFunc(flows, order)
				if flags&evictImportance != 0 && victim.importance > f.importance {
					p.fails(openflow.ErrFlowModTableFull, flowOf(t, text+"actions=drop"))
					continue
				}
				flows = slices.DeleteFunc(flows, func(o naiveFlow) bool { return o == victim })
			}
			if got := p.ask(flowOf(t, text+"actions=drop")); len(got) != 0 {
				t.Fatal(describeAll(got))
			}
			flows = append(flows, f)
		}
		var got, want []uint16
		b.table(0).all(b.sw.version.Load(), func(r *Rule) { got = append(got, r.priority) })
		for _, f := range flows {
			want = append(want, f.priority)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, flags %d, limit %d: left are\n%v, want\n%v", seed, flags, limit, got, want)
		}
	}
}

// BenchmarkEviction adds flows to a full table of 100,000. longest-ms is what one that
// comes at a bad moment waits.
func BenchmarkEviction(b *testing.B) {
	const limit = 100_000
	j := newJar(b, false)
	br := j.bridge("br0", 1, FailSecure)
	c := br.Config()
	c.Tables = []TableConfig{{Table: 0, Limit: limit, Evict: true}}
	br.Configure(c, j.now)
	add := func(i int) {
		m := &openflow.FlowMod{Command: openflow.FlowAdd, Priority: uint16(i), Importance: uint16(i % 7), OutPort: openflow.PortAny, OutGroup: openflow.GroupAny, Buffer: openflow.NoBuffer}
		dst := flow.FieldByID(flow.FieldEthDst)
		m.Match.Match.SetField(dst, flow.U64(uint64(i)), dst.Full())
		defer br.sw.lock(j.now)()
		if err := br.flowMod(m, openflow.V14, ""); err != nil {
			b.Fatal(err)
		}
	}
	for i := range limit {
		add(i)
	}
	longest := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		add(limit + i*7 + 6)
		longest = max(longest, time.Since(begin))
		if i%1000 == 0 {
			j.settle()
		}
	}
	b.ReportMetric(float64(longest)/float64(time.Millisecond), "longest-ms")
}
