package classifier

import (
	"math/rand/v2"
	"testing"

	"vswitch/flow"
)

// BenchmarkLookup looks random packets up in 100,000 five-tuple rules of 50
// masks: ones that a rule matches, ones that none does, and ones that a rule
// would match but for their port.
func BenchmarkLookup(b *testing.B) {
	const rules, masks = 100_000, 50
	c, hits := manyRules(rules, masks)
	r := rand.New(rand.NewPCG(3, 3))
	var misses, near []*flow.Pipeline
	for _, p := range hits {
		miss, q := *p, *p
		miss.IPSrc, miss.IPDst, miss.TPSrc, miss.TPDst = r.Uint32(), r.Uint32(), uint16(r.Uint32()), uint16(r.Uint32())
		q.TPDst ^= 1
		misses, near = append(misses, &miss), append(near, &q)
	}
	for _, bench := range []struct {
		name    string
		packets []*flow.Pipeline
	}{{"hit", hits}, {"miss", misses}, {"near", near}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			var mask flow.Mask
			i := 0
			for b.Loop() {
				c.Lookup(1, bench.packets[i], &mask)
				if i++; i == len(bench.packets) {
					i = 0
				}
			}
		})
	}
}
