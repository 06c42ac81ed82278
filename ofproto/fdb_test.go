package ofproto

import (
	"math/rand/v2"
	"testing"
	"time"

	"vswitch/flow"
)

// naiveStation is an entry of the naive twin.
type naiveStation struct {
	port *Port
	used int64
}

// naiveVictim is what has to go for another station: of the port with most entries the
// one not seen for longest, of two such ports that whose entry is the older.
func naiveVictim(all map[fdbKey]naiveStation) (victim fdbKey) {
	count := map[*Port]int{}
	for _, e := range all {
		count[e.port]++
	}
	first := true
	for k, e := range all {
		v := all[victim]
		if first || count[e.port] > count[v.port] || count[e.port] == count[v.port] && e.used < v.used {
			victim, first = k, false
		}
	}
	return victim
}

// TestFDBLikeNaive learns, moves, expires and evicts at random beside a map.
func TestFDBLikeNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const limit, aging = 20, 1000
	f := newFDB(limit, aging)
	twin := map[fdbKey]naiveStation{}
	ports := []*Port{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	var now int64
	for i := range 20_000 {
		now += 1 + r.Int64N(20)
		for k, e := range twin {
			if e.used < now-aging {
				delete(twin, k)
			}
		}
		f.expire(now, func(fdbKey) uint64 { return 0 })
		if i%3000 == 2999 {
			f.move(newFDBBuckets(4 * 8192)) // which a higher limit does
		}
		k := fdbKey{flow.MAC{5: byte(r.IntN(60))}, uint16(r.IntN(2))}
		port := ports[min(r.IntN(8), 2)] // c has most
		old, known := twin[k]
		if !known && len(twin) == limit {
			delete(twin, naiveVictim(twin))
		}
		twin[k] = naiveStation{port, now}
		if changed := f.learn(k, port, now); changed != (!known || old.port != port) {
			t.Fatalf("step %d: learning said changed: %v", i, changed)
		}
		got := f.list(now)
		if len(got) != len(twin) {
			t.Fatalf("step %d: %d entries, want %d", i, len(got), len(twin))
		}
		for _, s := range got {
			if e := twin[fdbKey{s.MAC, s.VLAN}]; e.port != s.Port || now-e.used != int64(s.Age) {
				t.Fatalf("step %d: %+v, want %+v at %d", i, s, e, now)
			}
		}
	}
}

// TestFDBFlood has one port learn without end: what others have learned stays.
func TestFDBFlood(t *testing.T) {
	f := newFDB(100, time.Hour)
	quiet, loud := &Port{Name: "quiet"}, &Port{Name: "loud"}
	for i := range 30 {
		f.learn(fdbKey{mac: flow.MAC{0, 1, byte(i)}}, quiet, int64(i))
	}
	for i := range 10_000 {
		f.learn(fdbKey{mac: flow.MAC{0, 2, byte(i >> 8), byte(i)}}, loud, int64(1000+i))
	}
	n := map[*Port]int{}
	for _, s := range f.list(20_000) {
		n[s.Port]++
	}
	if n[quiet] != 30 || n[loud] != 70 {
		t.Errorf("%d of 30 are left of the quiet port, %d of the loud one", n[quiet], n[loud])
	}
}

// TestEvictedStationIsLearnedAgain has a station make room for others while the caches
// know its frames: they ask again, so that it is learned from the next one.
func TestEvictedStationIsLearnedAgain(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 3, FailStandalone)
	c := b.Config()
	c.MACTableSize = 1
	b.Configure(c, j.now)
	station := fdbKey{mac: flow.MAC{2, 0, 0, 0, 0, 1}}
	other := byte(20)
	for b.stationTag(fdbKey{mac: flow.MAC{2, 0, 0, 0, 0, other}}) == b.stationTag(station) {
		other++
	}
	for range 3 {
		j.send("br0p1", udp(1, 9, nil))
	}
	j.send("br0p1", udp(other, 9, nil))
	if b.fdb.lookup(station) != nil {
		t.Fatal("it was not evicted")
	}
	j.send("br0p1", udp(1, 9, nil))
	if b.fdb.lookup(station) == nil {
		t.Error("it is not learned")
	}
}

// TestFDBOfMany raises the limit of a database: its chains stay short.
func TestFDBOfMany(t *testing.T) {
	f := newFDB(100, time.Hour)
	port := &Port{Name: "p"}
	for i := range uint32(50_000) {
		if i == 50 {
			f.setStatic(fdbKey{vlan: 7}, port)
			f.configure(1<<20, time.Hour)
		}
		f.learn(fdbKey{mac: flow.MAC{0, 1, byte(i >> 16), byte(i >> 8), byte(i)}}, port, int64(i))
	}
	if e := f.lookup(fdbKey{vlan: 7}); e == nil || !e.static || f.n != 50_001 || f.statics != 1 {
		t.Errorf("%d stations, %d static; %+v", f.n, f.statics, e)
	}
	buckets := *f.buckets.Load()
	for i := range buckets {
		n := 0
		for e := buckets[i].Load(); e != nil; e = e.next.Load() {
			n++
		}
		if n > 8 {
			t.Fatalf("a chain has %d stations of %d", n, f.n)
		}
	}
}
