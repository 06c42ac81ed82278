package classifier

import (
	"sync/atomic"

	"vswitch/flow"
)

// Classifier is a table of rules.
type Classifier struct {
	seed  uint64
	rules slab
	words arena

	listed        atomic.Pointer[[]listing] // subtables with rules, as Lookup goes over them
	byNumber      atomic.Pointer[[]*subtable]
	live          atomic.Int64  // rules that have not been removed
	newestVersion atomic.Uint64 // the latest that a rule was inserted or removed at

	// The writer's.
	byMask   map[uint64][]*subtable // by hash of the mask
	numbers  []uint32               // of byNumber, unused
	ages     uint64
	limbo    []unlinkedRule // oldest first
	unlinked uint32         // rules ever unlinked
}

// unlinkedRule is a freed rule whose memory readers may still look at.
type unlinkedRule struct {
	id   ID
	size int // of its match in words
}

// listing is a subtable and a bound of the priorities in it.
type listing struct {
	highest  int32
	subtable *subtable
}

// New makes an empty table. seed should be random: whoever knows it can choose
// matches that collide.
func New(seed uint64) *Classifier {
	c := &Classifier{seed: seed, byMask: make(map[uint64][]*subtable)}
	c.listed.Store(new([]listing))
	c.byNumber.Store(new([]*subtable))
	return c
}

// Insert adds a rule that is visible from version on, which must not be
// published yet. match is copied.
func (c *Classifier) Insert(match flow.Sparse, priority int32, version uint64) ID {
	t := c.subtableFor(match)
	id := c.rules.get()
	r := c.rules.at(id)
	r.appears = version
	r.vanishes.Store(Never)
	r.priority = priority
	r.subtable = t.number
	r.values = c.words.get(len(t.index))
	copy(c.words.block(r.values, len(t.index)), match.Values())
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
	// Rules that were unlinked before this one was removed cannot be looked at
	// any more either. Counted from the end, because unlinked wraps.
	young := c.unlinked - r.stamp
	if n := len(c.limbo) - int(young); n > 0 {
		for _, old := range c.limbo[:n] {
			c.words.put(c.rules.at(old.id).values, old.size)
			c.rules.free = append(c.rules.free, old.id)
		}
		c.limbo = append(c.limbo[:0], c.limbo[n:]...)
	}
	t := (*c.byNumber.Load())[r.subtable]
	c.unlink(t, id, r)
	t.priorities.remove(r.priority)
	c.unlinked++
	r.vanishes.Store(freed)
	c.limbo = append(c.limbo, unlinkedRule{id, len(t.index)})
	if t.priorities.empty() {
		c.drop(t)
	} else {
		c.list(t)
	}
}

// Visible reports whether a rule that was not freed is visible at version.
func (c *Classifier) Visible(id ID, version uint64) bool { return c.rules.at(id).visible(version) }

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
