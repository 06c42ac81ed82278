package classifier

import (
	"math/rand/v2"
	"testing"

	"vswitch/flow"
)

// fiveTuples are packets without what is the same in all.
type fiveTuples []struct {
	src, dst         uint32
	srcPort, dstPort uint16
}

// BenchmarkLookup looks random packets up in 100,000 five-tuple rules of 50
// masks: ones that a rule matches, ones that none does, and ones that a rule
// would match but for their port. The packet is at hand, as it is in a
// translation; what it finds is not.
func BenchmarkLookup(b *testing.B) {
	const rules, masks = 100_000, 50
	c, packets := manyRules(rules, masks)
	r := rand.New(rand.NewPCG(3, 3))
	hits, misses, near := make(fiveTuples, len(packets)), make(fiveTuples, len(packets)), make(fiveTuples, len(packets))
	for i, p := range packets {
		h, m, n := &hits[i], &misses[i], &near[i]
		h.src, h.dst, h.srcPort, h.dstPort = p.IPSrc, p.IPDst, p.TPSrc, p.TPDst
		m.src, m.dst, m.srcPort, m.dstPort = r.Uint32(), r.Uint32(), uint16(r.Uint32()), uint16(r.Uint32())
		*n = *h
		n.dstPort ^= 1
	}
	for _, bench := range []struct {
		name   string
		tuples fiveTuples
	}{{"hit", hits}, {"miss", misses}, {"near", near}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			var mask flow.Mask
			p, i := *packets[0], 0
			for b.Loop() {
				t := &bench.tuples[i]
				p.IPSrc, p.IPDst, p.TPSrc, p.TPDst = t.src, t.dst, t.srcPort, t.dstPort
				c.Lookup(1, &p, &mask)
				if i++; i == len(bench.tuples) {
					i = 0
				}
			}
		})
	}
}
