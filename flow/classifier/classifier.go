package classifier

import (
	"sync/atomic"

	"vswitch/flow"
)

// Classifier is a table of rules.
type Classifier struct {
	seed    uint64
	rules   slab
	words   arena
	tries   [numTries]trie
	clauses clauseSets

	listed        atomic.Pointer[list]
	byNumber      atomic.Pointer[[]*subtable]
	live          atomic.Int64  // rules that have not been removed
	newestVersion atomic.Uint64 // the latest that a rule was inserted or removed at

	// The writer's.
	byMask   map[uint64][]*subtable // by hash of the mask
	numbers  []uint32               // of byNumber, unused
	ages     uint64
	limbo    []unlinked    // oldest first
	unlinked uint32        // rules ever unlinked; wraps
	scratch  flow.Pipeline // zero
	prefixes []rulePrefix  // of the rule in work
}

// unlinked is a freed rule, or a node of a trie, whose memory readers may still
// look at.
type unlinked struct {
	stamp  uint32 // Classifier.unlinked when it was unlinked
	number uint32
	words  uint8 // size of a rule's match
	node   bool  // of a trie:
	field  uint8 // which
	epoch  uint8 // trie.epoch
}

// New makes an empty table. seed should be random: whoever knows it can choose
// matches that collide.
func New(seed uint64) *Classifier {
	c := &Classifier{seed: seed, byMask: make(map[uint64][]*subtable)}
	for i := range c.tries {
		c.tries[i].width = trieWidth(i)
	}
	c.listed.Store(new(list))
	c.byNumber.Store(new([]*subtable))
	return c
}

// Insert adds a rule that is visible from version on, which must not be
// published yet. match is copied. A rule with clauses is part of conjunctions.
func (c *Classifier) Insert(match flow.Sparse, priority int32, version uint64, clauses ...Clause) ID {
	t := c.subtableFor(match)
	id := c.rules.get()
	r := c.rules.at(id)
	r.appears = version
	r.vanishes.Store(Never)
	r.priority = priority
	r.subtable = t.number
	r.clauses = c.clauses.intern(clauses)
	r.values = c.words.get(len(t.masks))
	copy(c.valuesOf(t, r), match.Values())
	c.note(version)
	c.live.Add(1)
	c.link(t, id, r)
	t.priorities.add(priority)
	c.list(t)
	return id
}

// Remove makes a rule vanish at version, which must not be published yet. At
// earlier versions it stays. A rule inserted at the same version is never
// visible then: that is how Insert is undone. Versions are greater than 0.
func (c *Classifier) Remove(id ID, version uint64) {
	r := c.rules.at(id)
	if r.vanishes.Load() != Never {
		panic("classifier: removal of a rule that is removed")
	}
	c.note(version)
	c.live.Add(-1)
	r.stamp = c.unlinked
	r.vanishes.Store(version)
}

// Restore undoes Remove while the version that it was given is not published.
func (c *Classifier) Restore(id ID) {
	r := c.rules.at(id)
	mustBeRemoved(r)
	c.live.Add(1)
	r.vanishes.Store(Never)
}

// Free gives a removed rule's memory and ID back. The caller says by it that
// since the call of Remove the version given there was published, or given up,
// and every reader has left the table at least once.
func (c *Classifier) Free(id ID) {
	r := c.rules.at(id)
	mustBeRemoved(r)
	c.reclaim(r.stamp)
	t := (*c.byNumber.Load())[r.subtable]
	c.unlink(t, id, r)
	c.clauses.release(r.clauses)
	t.priorities.remove(r.priority)
	r.vanishes.Store(freed)
	c.limbo = append(c.limbo, unlinked{stamp: c.unlinked, number: uint32(id), words: uint8(len(t.masks))})
	c.unlinked++
	if t.priorities.empty() {
		c.drop(t)
	} else {
		c.list(t)
	}
}

// Appeared is the version at which a rule that was not freed became visible.
func (c *Classifier) Appeared(id ID) uint64 { return c.rules.at(id).appears }

// Visible reports whether a rule that was not freed is visible at version.
func (c *Classifier) Visible(id ID, version uint64) bool { return c.rules.at(id).visible(version) }

// reclaim makes memory usable again that was unlinked before a rule was removed
// with this stamp: whoever could look at it was gone when that rule is freed.
func (c *Classifier) reclaim(stamp uint32) {
	n := 0
	for ; n < len(c.limbo) && int32(c.limbo[n].stamp-stamp) < 0; n++ {
		switch u := c.limbo[n]; {
		case u.node:
			if t := &c.tries[u.field]; t.epoch == u.epoch {
				t.free = append(t.free, u.number)
			}
		default:
			c.words.put(c.rules.at(ID(u.number)).values, int(u.words))
			c.rules.free = append(c.rules.free, ID(u.number))
		}
	}
	if n > 0 {
		c.limbo = append(c.limbo[:0], c.limbo[n:]...)
	}
}

// freed is the version at which a freed rule vanishes: it is visible at none.
const freed = 0

// mustBeRemoved panics for a rule that is not between Remove and Free.
func mustBeRemoved(r *rule) {
	if v := r.vanishes.Load(); v == Never || v == freed {
		panic("classifier: restoration or free of a rule that is not removed")
	}
}

// note remembers that version has changes.
func (c *Classifier) note(version uint64) {
	if version > c.newestVersion.Load() {
		c.newestVersion.Store(version)
	}
}
