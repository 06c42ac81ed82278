package ofproto

import (
	"iter"
	"sync/atomic"

	"vswitch/datapath"
	"vswitch/flow/classifier"
)

// MaxRules is the most flows that a table takes.
const MaxRules = 1_000_000

// Table is one flow table. Rules live in chunks that do not move, at the place
// that their number in the classifier says, so that a lookup finds a rule
// without a map and without a lock.
type Table struct {
	number uint8
	bridge *Bridge
	rules  *classifier.Classifier
	chunks atomic.Pointer[[]*[ruleChunk]Rule]
	n      int // rules that have not vanished; guarded by Switch.tables

	cookies map[uint64]cookieFlows // once somebody has asked; guarded by Switch.tables

	settings   tableSettings
	missConfig atomic.Uint32 // openflow.TableMiss
	evictor    *evictor      // of a table that may evict, else nil; guarded by Switch.tables

	lookups, matched atomic.Uint64
	hit, miss        tableCredit
}

const ruleChunk = 1024

func newTable(b *Bridge, number uint8) *Table {
	t := &Table{number: number, bridge: b, rules: classifier.New(b.sw.options.Seed)}
	t.settings = tableSettings{limit: MaxRules, evictionFlags: evictAll}
	t.chunks.Store(&[]*[ruleChunk]Rule{})
	t.hit, t.miss = tableCredit{t, true}, tableCredit{t, false}
	return t
}

// tableCredit counts a lookup in a table.
type tableCredit struct {
	table   *Table
	matched bool
}

// Credit implements datapath.Credit.
func (c *tableCredit) Credit(h datapath.Hits) {
	c.table.lookups.Add(h.Packets)
	if c.matched {
		c.table.matched.Add(h.Packets)
	}
}

// rule is the rule that the classifier calls id.
func (t *Table) rule(id classifier.ID) *Rule {
	return &(*t.chunks.Load())[id/ruleChunk][id%ruleChunk]
}

// place makes room for rule id and returns it. The rule must not be visible yet.
func (t *Table) place(id classifier.ID) *Rule {
	chunks := *t.chunks.Load()
	for int(id/ruleChunk) >= len(chunks) {
		grown := append(chunks[:len(chunks):len(chunks)], new([ruleChunk]Rule))
		t.chunks.Store(&grown)
		chunks = grown
	}
	return &chunks[id/ruleChunk][id%ruleChunk]
}

// free gives a rule's place back. Nobody may know the rule any more.
func (t *Table) free(id classifier.ID) {
	*t.rule(id) = Rule{}
	t.rules.Free(id)
}

// all calls f for each rule that is in the table now, in the classifier's order.
// f must not change the table.
func (t *Table) all(version uint64, f func(*Rule)) {
	for id := range t.rules.All(version) {
		f(t.rule(id))
	}
}

// cookieFlows are the flows of a table that have one cookie: a list by Rule.siblings.
type cookieFlows struct {
	first *Rule
	n     int
}

// siblings are a rule's neighbours among those with its cookie.
type siblings struct{ before, after *Rule }

// indexCookies has the table know its flows by cookie from now on. Flows cost more to
// add then, so it waits for the first question. The caller holds Switch.tables.
func (t *Table) indexCookies() {
	if t.cookies == nil {
		t.cookies = map[uint64]cookieFlows{}
		t.all(t.bridge.sw.nextVersion(), t.enterCookie)
	}
}

// withCookie is the number of flows with a cookie. The caller holds Switch.tables.
func (t *Table) withCookie(cookie uint64) int {
	t.indexCookies()
	return t.cookies[cookie].n
}

// byCookie goes through the flows whose cookies have the bits of cookie that mask has,
// in no order. The caller holds Switch.tables.
func (t *Table) byCookie(cookie, mask uint64) iter.Seq[*Rule] {
	t.indexCookies()
	return func(yield func(*Rule) bool) {
		if mask == ^uint64(0) {
			t.cookies[cookie].all(yield)
			return
		}
		for c, flows := range t.cookies {
			if (c^cookie)&mask == 0 && !flows.all(yield) {
				return
			}
		}
	}
}

func (c cookieFlows) all(yield func(*Rule) bool) bool {
	for r := c.first; r != nil; r = r.siblings.after {
		if !yield(r) {
			return false
		}
	}
	return true
}

// enterCookie notes a flow that has come.
func (t *Table) enterCookie(r *Rule) {
	if t.cookies == nil {
		return
	}
	c := t.cookies[r.cookie]
	if r.siblings = (siblings{after: c.first}); c.first != nil {
		c.first.siblings.before = r
	}
	t.cookies[r.cookie] = cookieFlows{r, c.n + 1}
}

// strikeCookie notes that a flow has gone.
func (t *Table) strikeCookie(r *Rule) {
	if t.cookies == nil {
		return
	}
	c, s := t.cookies[r.cookie], r.siblings
	if r.siblings = (siblings{}); s.after != nil {
		s.after.siblings.before = s.before
	}
	if s.before != nil {
		s.before.siblings.after = s.after
	} else {
		c.first = s.after
	}
	if c.n--; c.n == 0 {
		delete(t.cookies, r.cookie)
	} else {
		t.cookies[r.cookie] = c
	}
}
