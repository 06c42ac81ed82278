package classifier

import (
	"math/rand/v2"
	"testing"

	"vswitch/flow"
)

// oneByOne is Lookup by subtables each for itself, in a table without clauses.
func (c *Classifier) oneByOne(p *flow.Pipeline, mask *flow.Mask) ID {
	l := lookup{c: c, version: 1, p: p, mask: mask}
	best := None
	for g := range c.listed.Load().all() {
		if best != None && g.highest <= c.Priority(best) {
			break
		}
		if id := l.probe(g.subtable); id != None && (best == None || c.Priority(id) > c.Priority(best)) {
			best = id
		}
	}
	l.finish()
	return best
}

// TestRuns: lookups that pass over subtables by the dozen find what lookups find
// that do not, and look at the same bits.
func TestRuns(t *testing.T) {
	r := newRand(t)
	for range 30 {
		c, rules, priorities := New(r.Uint64()), 1+r.IntN(1000), 1+r.IntN(40)
		masks := 1 + r.IntN(200)
		for range rules {
			kind := rand.New(rand.NewPCG(1, uint64(r.IntN(masks))))
			m := addresses(kind, r)
			if priority := int32(r.IntN(priorities)); c.Find(m.Sparse(), priority, 1) == None {
				c.Insert(m.Sparse(), priority, 1)
			}
		}
		for range 300 {
			p := new(flow.Pipeline)
			*p = addresses(r, r).Value
			got, want := new(flow.Mask), new(flow.Mask)
			id, plain := c.Lookup(1, p, got), c.oneByOne(p, want)
			if (id == None) != (plain == None) || id != None && c.Priority(id) != c.Priority(plain) {
				t.Fatalf("rule %d, %d by subtables each for itself", id, plain)
			}
			if *got != *want {
				t.Fatalf("mask\n%v, by subtables each for itself\n%v", maskText(got), maskText(want))
			}
		}
	}
}

// addresses is a match on prefixes of few addresses, whose fields and lengths
// kind chooses.
func addresses(kind, r *rand.Rand) *flow.Match {
	m := new(flow.Match)
	set := func(name string, first uint64, size int) {
		f := flow.FieldByName(name)
		v := flow.U64(first << 24)
		if f.Bits == 128 {
			v = flow.Value{Hi: first << 56}
		}
		m.SetField(f, v, flow.PrefixMask(size, f.Bits))
	}
	exact := func(name string, v uint64) {
		m.SetField(flow.FieldByName(name), flow.U64(v), flow.FieldByName(name).Full())
	}
	src, dst, ethType, width := "ip_src", "ip_dst", uint64(0x800), 32
	if kind.IntN(4) == 0 {
		src, dst, ethType, width = "ipv6_src", "ipv6_dst", 0x86dd, 128
	}
	exact("eth_type", ethType)
	if kind.IntN(8) == 0 {
		exact("in_port", uint64(r.IntN(3)))
	}
	for _, name := range []string{src, dst} {
		if kind.IntN(4) > 0 {
			set(name, uint64(r.IntN(8))<<5, 1+kind.IntN(width))
		}
	}
	if kind.IntN(2) == 0 {
		exact("nw_proto", 6+uint64(r.IntN(2))*11)
		if kind.IntN(2) == 0 {
			exact("tp_dst", uint64(r.IntN(4)))
		}
	}
	return m
}
