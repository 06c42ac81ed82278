package classifier

import (
	"testing"

	"vswitch/flow"
)

// conjunctions is a table like the example of ovs-fields(7): 64 sources and 64
// destinations, and what becomes of packets between them.
func conjunctions() (c *Classifier, met, unmet *flow.Pipeline, found ID) {
	c = New(1)
	set := func(name string, v uint64) flow.Sparse {
		m := new(flow.Match)
		f := flow.FieldByName("eth_type")
		m.SetField(f, flow.U64(0x800), f.Full())
		f = flow.FieldByName(name)
		m.SetField(f, flow.U64(v), f.Full())
		return m.Sparse()
	}
	for i := range uint64(64) {
		c.Insert(set("ip_src", 0x0a000000+i), 10, 1, Clause{7, 0, 2})
		c.Insert(set("ip_dst", 0x0b000000+i), 10, 1, Clause{7, 1, 2})
	}
	found = c.Insert(set("conj_id", 7), 1, 1)
	met = new(flow.Pipeline)
	met.EthType, met.IPSrc, met.IPDst = 0x800, 0x0a000005, 0x0b000009
	unmet = new(flow.Pipeline)
	*unmet = *met
	unmet.IPDst = 0x0c000009
	return c, met, unmet, found
}

func TestConjunction(t *testing.T) {
	c, met, unmet, want := conjunctions()
	var mask flow.Mask
	if got := c.Lookup(1, met, &mask); got != want {
		t.Errorf("rule %d, want %d", got, want)
	}
	if mask.IPSrc != ^uint32(0) || mask.IPDst != ^uint32(0) {
		t.Errorf("mask %s", maskText(&mask))
	}
	mask = flow.Mask{}
	if got := c.Lookup(1, unmet, &mask); got != None {
		t.Errorf("rule %d for a packet without its second clause", got)
	}
	if mask.IPDst != 0xfc000000 { // 11 and 12 part at their sixth bit
		t.Errorf("mask %s", maskText(&mask))
	}
}

func TestConjunctionDoesNotAllocate(t *testing.T) {
	c, met, _, _ := conjunctions()
	var mask flow.Mask
	if n := testing.AllocsPerRun(1000, func() { c.Lookup(1, met, &mask) }); n != 0 {
		t.Errorf("%v allocations a lookup", n)
	}
}

// TestClauseSets: sets are kept once, and forgotten with their last rule.
func TestClauseSets(t *testing.T) {
	var s clauseSets
	a := s.intern([]Clause{{1, 0, 2}, {2, 1, 3}})
	if b := s.intern([]Clause{{2, 1, 3}, {1, 0, 2}, {1, 0, 2}}); b != a {
		t.Errorf("the same set has numbers %d and %d", a, b)
	}
	b := s.intern([]Clause{{1, 0, 2}})
	if b == a || len(s.at(a)) != 2 || len(s.at(b)) != 1 {
		t.Errorf("set %d %v, set %d %v", a, s.at(a), b, s.at(b))
	}
	s.release(a)
	s.release(a)
	if c := s.intern([]Clause{{9, 0, 2}}); c != a {
		t.Errorf("number %d, though %d is free", c, a)
	}
	for i := range uint32(100) {
		if n := s.intern([]Clause{{100 + i, 0, 2}}); s.at(n)[0].ID != 100+i || s.at(b)[0].ID != 1 {
			t.Fatalf("set %d: %v", n, s.at(n))
		}
	}
}
