package oracle

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Options say what random cases are like.
type Options struct {
	Packets int // of a case
	// Compatible: packets are well-formed, and flows are made of what Open vSwitch
	// does in the same way, as far as that does not depend on hashes.
	Compatible bool
}

// RandomCase makes a case.
func RandomCase(r *Reference, rng *rand.Rand, o Options) *Case {
	f := frames{Rand: rng, whole: o.Compatible}
	var samples [][]byte
	g := tables{Rand: rng, compatible: o.Compatible, sets: rng.IntN(2) == 0}
	for range 24 {
		s := f.frame()
		samples = append(samples, s)
		v := r.look(&frame{data: s})
		g.samples = append(g.samples, v)
	}
	c := &Case{Groups: g.groups()}
	if !o.Compatible && g.one(3) {
		c.Meters = g.meters()
	}
	g.metered = len(c.Meters) > 0
	c.Flows = g.flows(10 + rng.IntN(40))
	g.metered = false
	c.Flows1 = g.flows(4 + rng.IntN(10))
	if o.Compatible {
		// A packet that a table misses is dropped, its action set too; Open vSwitch
		// executes that.
		for table := range numTables + 1 {
			last := fmt.Sprintf("table=%d,priority=0,cookie=%d,actions=drop", table, 500+table)
			c.Both = append(c.Both, last)
		}
	}
	ports := []string{"p1", "p2", "p3", "p4", "q1", "q2"}
	for range o.Packets {
		s := append([]byte{}, samples[rng.IntN(len(samples))]...)
		switch rng.IntN(4) {
		case 0:
			s = f.frame()
		case 1:
			if !o.Compatible {
				s[rng.IntN(len(s))] ^= 1 << rng.IntN(8)
			}
		}
		p := Packet{Port: ports[rng.IntN(len(ports))], Data: s}
		if len(c.Meters) > 0 {
			p.Wait = time.Duration(rng.Int64N(int64(40 * time.Millisecond)))
		}
		if !o.Compatible && g.one(10) {
			g.packetOut(&p)
		}
		c.Packets = append(c.Packets, p)
	}
	return c
}
