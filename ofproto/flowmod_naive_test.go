package ofproto

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"vswitch/openflow"
)

// naiveFind looks at all flows of the tables that a deletion names.
func naiveFind(b *Bridge, m *openflow.FlowMod) (found []*Rule) {
	s := m.Match.Match.Sparse()
	b.eachTable(m.Table, func(t *Table) {
		t.all(b.sw.version.Load(), func(r *Rule) {
			if (r.cookie^m.Cookie)&m.CookieMask == 0 && s.Covers(r.match()) && r.outputs(m.OutPort, m.OutGroup) {
				found = append(found, r)
			}
		})
	})
	return found
}

// randomCookies is a flow-mod that has to do with cookies.
func randomCookies(t *testing.T, rng *rand.Rand) *openflow.FlowMod {
	cookie := []uint64{0, 1, 2, 3, 0x10001, 0x10002, 1<<63 + 1}[rng.IntN(7)]
	match := []string{"", ",udp", ",udp,tp_dst=53", ",tcp"}[rng.IntN(4)]
	m := flowOf(t, fmt.Sprintf("add table=%d,priority=%d,cookie=%d%s,actions=output:%d", rng.IntN(2), rng.IntN(10), cookie, match, 1+rng.IntN(2)))
	switch rng.IntN(10) {
	case 0, 1:
		m = flowOf(t, "delete"+match)
		m.Table = []uint8{0, 1, openflow.TableAll}[rng.IntN(3)]
		m.OutPort = []openflow.PortNo{openflow.PortAny, 1}[rng.IntN(2)]
	case 2:
		m = flowOf(t, "modify table=1"+match+",actions=output:2")
	default:
		return m
	}
	m.Cookie = cookie
	m.CookieMask = []uint64{0, ^uint64(0), ^uint64(0), 0xffff, 1 << 63, 0xffff0000}[rng.IntN(6)]
	return m
}

// TestCookiesAgainstNaive has random flows come, go and change, in bundles that fail too,
// and compares which flows a deletion names, and how many have a cookie, with a search.
func TestCookiesAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		j := newJar(t, false)
		b := j.bridge("br0", 2, FailSecure)
		p := j.connect(b, Service, openflow.V13)
		for range 300 {
			switch m := randomCookies(t, rng); {
			case rng.IntN(8) == 0:
				p.bundle(m, randomCookies(t, rng), flowOf(t, "add actions=group:99")) // fails
			case m.Command == openflow.FlowDelete:
				checkDeletion(t, b, m)
				fallthrough
			default:
				p.ask(m)
			}
			checkCookies(t, b.table(0))
			checkCookies(t, b.table(1))
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

// checkDeletion compares the flows that m names with a search.
func checkDeletion(t *testing.T, b *Bridge, m *openflow.FlowMod) {
	t.Helper()
	c := b.change("", b.sw.now)
	got, want := c.find(m, m.Match.Match.Sparse()), naiveFind(b, m)
	c.abort()
	byPlace := func(a, b *Rule) int { return int(a.table.number)<<32 - int(b.table.number)<<32 + int(a.id) - int(b.id) }
	slices.SortFunc(got, byPlace)
	slices.SortFunc(want, byPlace)
	if !slices.Equal(got, want) {
		t.Errorf("cookie %#x/%#x names %d flows, want %d", m.Cookie, m.CookieMask, len(got), len(want))
	}
}

// checkCookies compares how many flows have a cookie with a search.
func checkCookies(t *testing.T, table *Table) {
	t.Helper()
	if table.cookies == nil {
		return
	}
	got, want := map[uint64]int{}, map[uint64]int{}
	for cookie := range table.cookies {
		got[cookie] = table.withCookie(cookie)
	}
	table.all(table.bridge.sw.version.Load(), func(r *Rule) { want[r.cookie]++ })
	if !maps.Equal(got, want) {
		t.Errorf("cookies %v, want %v", got, want)
	}
}
