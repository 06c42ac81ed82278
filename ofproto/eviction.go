package ofproto

import (
	"cmp"
	"math"
	"slices"
	"time"

	"vswitch/openflow"
)

// How a table chooses the flows that make room for others (OFPTMPEF_*, OpenFlow
// 1.4.1 §7.3.4.3).
const (
	evictOther      = 1 << 0 // those that were not used for longest
	evictImportance = 1 << 1 // those of the lowest importance first
	evictLifetime   = 1 << 2 // then those that expire first
	evictAll        = evictOther | evictImportance | evictLifetime
)

// evictionKey orders flows: the least goes first.
type evictionKey struct {
	importance              uint16
	expires, used, modified int64
}

func (k evictionKey) compare(o evictionKey) int {
	return cmp.Or(cmp.Compare(k.importance, o.importance), cmp.Compare(k.expires, o.expires), cmp.Compare(k.used, o.used), cmp.Compare(k.modified, o.modified))
}

// evictionKey is the rule's place in the order that flags say.
func (r *Rule) evictionKey(flags uint32) (k evictionKey) {
	if flags&evictImportance != 0 {
		k.importance = r.importance
	}
	if flags&evictLifetime != 0 {
		k.expires = math.MaxInt64
		t := r.loadTimeouts()
		if t.idle > 0 {
			k.expires = r.used() + int64(t.idle)*int64(time.Second)
		}
		if t.hard > 0 {
			k.expires = min(k.expires, r.refreshed()+int64(t.hard)*int64(time.Second))
		}
	}
	k.used, k.modified = r.used(), r.modified
	return k
}

// evictor knows which flows of a full table go next. It looks at all of them now
// and then, and keeps the first ones in order; rules that come and go in between
// are entered and struck out. It belongs to its table.
type evictor struct {
	flags   uint32
	scanned int64
	serial  int
	next    []evictee
	entered map[*Rule]int // serial of the entry that counts
}

type evictee struct {
	rule   *Rule
	serial int
	key    evictionKey
}

// What an evictor keeps, and for how long it trusts the times of last use in it.
const (
	evictorKeeps = 1024
	evictorAge   = int64(time.Second)
)

// victim is the rule that goes next, or nil.
func (t *Table) victim(now int64, version uint64) *Rule {
	e := t.evictor
	if e == nil || e.flags != t.settings.evictionFlags || now-e.scanned >= evictorAge || !e.trim() {
		e = &evictor{flags: t.settings.evictionFlags, scanned: now, entered: map[*Rule]int{}}
		t.evictor = e
		e.scan(t, version)
	}
	if !e.trim() {
		return nil
	}
	return e.next[0].rule
}

// scan looks at all rules of the table.
func (e *evictor) scan(t *Table, version uint64) {
	keep := func() {
		slices.SortFunc(e.next, func(a, b evictee) int { return a.key.compare(b.key) })
		e.next = e.next[:min(len(e.next), evictorKeeps)]
	}
	t.all(version, func(r *Rule) {
		e.next = append(e.next, evictee{rule: r, key: r.evictionKey(e.flags)})
		if len(e.next) == 2*evictorKeeps {
			keep()
		}
	})
	keep()
	for i := range e.next {
		e.serial++
		e.next[i].serial, e.entered[e.next[i].rule] = e.serial, e.serial
	}
}

// trim removes what was struck out from the front, and reports whether something
// is left.
func (e *evictor) trim() bool {
	for len(e.next) > 0 && e.entered[e.next[0].rule] != e.next[0].serial {
		e.next = e.next[1:]
	}
	return len(e.next) > 0
}

// enter adds a rule that has come, where it is one of the first.
func (e *evictor) enter(r *Rule) {
	k := r.evictionKey(e.flags)
	if len(e.next) == 0 || k.compare(e.next[len(e.next)-1].key) >= 0 {
		return
	}
	e.serial++
	at, _ := slices.BinarySearchFunc(e.next, k, func(x evictee, k evictionKey) int { return x.key.compare(k) })
	e.next = slices.Insert(e.next, at, evictee{r, e.serial, k})
	e.entered[r] = e.serial
}

// strike removes a rule that has gone.
func (e *evictor) strike(r *Rule) { delete(e.entered, r) }

// makeRoom makes room in t for a flow of an importance, where the table may evict
// others for it, or says that it is full.
func (c *change) makeRoom(t *Table, importance uint16) error {
	for t.n >= t.settings.limit {
		full := openflow.NewError(openflow.ErrFlowModTableFull, "table %d has %d flows, as many as it takes", t.number, t.n)
		if !t.settings.evicts() {
			return full
		}
		r := t.victim(c.now, c.version)
		if r == nil || t.settings.evictionFlags&evictImportance != 0 && r.importance > importance {
			return full
		}
		c.remove(r, openflow.RemovedEviction)
	}
	return nil
}
