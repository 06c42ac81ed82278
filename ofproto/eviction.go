package ofproto

import (
	"cmp"

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
		k.expires = r.expiry()
	}
	k.used, k.modified = r.used(), r.modified
	return k
}

// evictor knows which flow of a table that may evict goes next: it is a heap with the
// least key at its front. What a rule counts only makes its key greater, so the key
// that is noted is at most the true one, and a rule in front whose two are the same is
// the one. It belongs to its table; guarded by Switch.tables.
type evictor struct {
	flags uint32
	heap  []evictee
	asked bool // for a victim since renew was called last
	at    int  // where renew goes on
}

type evictee struct {
	rule *Rule
	key  evictionKey
}

// evictorTries bounds how many rules a victim is searched among for one flow's sake,
// which may be a packet's that waits. Where so many have been used since their keys
// were noted, it is the best of them. evictorRenews is how many keys are noted anew
// at a time by the control side, half a second apart, to keep that from happening.
const (
	evictorTries  = 64
	evictorRenews = 1 << 16
)

// followSettings makes or drops what the table needs to evict as its settings say.
func (t *Table) followSettings() {
	switch e := t.evictor; {
	case !t.settings.evicts():
		t.evictor = nil
	case e == nil || e.flags != t.settings.evictionFlags:
		t.evictor = newEvictor(t)
	}
}

func newEvictor(t *Table) *evictor {
	e := &evictor{flags: t.settings.evictionFlags, heap: make([]evictee, 0, t.n)}
	t.all(t.bridge.sw.nextVersion(), func(r *Rule) {
		e.heap = append(e.heap, evictee{r, r.evictionKey(e.flags)})
	})
	for i := range e.heap {
		e.heap[i].rule.evictAt = int32(i)
	}
	for i := len(e.heap)/2 - 1; i >= 0; i-- {
		e.down(i)
	}
	return e
}

// victim is the rule that goes next, or nil.
func (e *evictor) victim() (best *Rule) {
	e.asked = true
	var least evictionKey
	for range evictorTries {
		if len(e.heap) == 0 {
			return nil
		}
		first := &e.heap[0]
		r, k := first.rule, first.rule.evictionKey(e.flags)
		if k.compare(first.key) <= 0 {
			return r
		}
		if best == nil || k.compare(least) < 0 {
			best, least = r, k
		}
		first.key = k
		e.down(0)
	}
	return best
}

// renew notes the keys of some rules anew, where somebody has asked for victims.
func (e *evictor) renew() {
	if !e.asked {
		return
	}
	end := min(e.at+evictorRenews, len(e.heap))
	for i := end - 1; i >= e.at; i-- { // from behind: what goes down is not looked at again
		if k := e.heap[i].rule.evictionKey(e.flags); k.compare(e.heap[i].key) > 0 {
			e.heap[i].key = k
			e.down(i)
		}
	}
	if e.at = end; end == len(e.heap) {
		e.at, e.asked = 0, false
	}
}

// enter adds a rule that has come.
func (e *evictor) enter(r *Rule) {
	e.heap = append(e.heap, evictee{r, r.evictionKey(e.flags)})
	e.up(len(e.heap) - 1)
}

// strike removes a rule that has gone.
func (e *evictor) strike(r *Rule) {
	i, last := int(r.evictAt), len(e.heap)-1
	moved := e.heap[last]
	e.heap[last] = evictee{}
	if e.heap = e.heap[:last]; i < last {
		e.heap[i] = moved
		e.fix(i)
	}
}

// rekey notes that a rule's key may have become less.
func (e *evictor) rekey(r *Rule) {
	e.heap[r.evictAt].key = r.evictionKey(e.flags)
	e.fix(int(r.evictAt))
}

// fix moves what is at i to where it belongs.
func (e *evictor) fix(i int) {
	e.up(i)
	e.down(i)
}

func (e *evictor) up(i int) {
	x := e.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if e.heap[parent].key.compare(x.key) <= 0 {
			break
		}
		e.put(i, e.heap[parent])
		i = parent
	}
	e.put(i, x)
}

func (e *evictor) down(i int) {
	x := e.heap[i]
	for child := 2*i + 1; child < len(e.heap); child = 2*i + 1 {
		if other := child + 1; other < len(e.heap) && e.heap[other].key.compare(e.heap[child].key) < 0 {
			child = other
		}
		if x.key.compare(e.heap[child].key) <= 0 {
			break
		}
		e.put(i, e.heap[child])
		i = child
	}
	e.put(i, x)
}

func (e *evictor) put(i int, x evictee) {
	e.heap[i] = x
	x.rule.evictAt = int32(i)
}

// renewEvictors keeps the keys of tables that evict near the truth.
func (b *Bridge) renewEvictors() {
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	b.eachTable(openflow.TableAll, func(t *Table) {
		if t.evictor != nil {
			t.evictor.renew()
		}
	})
}

// makeRoom makes room in t for a flow of an importance, where the table may evict
// others for it, or says that it is full.
func (c *change) makeRoom(t *Table, importance uint16) error {
	for t.n >= t.settings.limit {
		full := openflow.NewError(openflow.ErrFlowModTableFull, "table %d has %d flows, as many as it takes", t.number, t.n)
		if !t.settings.evicts() {
			return full
		}
		r := t.evictor.victim()
		if r == nil || t.settings.evictionFlags&evictImportance != 0 && r.importance > importance {
			return full
		}
		c.remove(r, openflow.RemovedEviction)
	}
	return nil
}
