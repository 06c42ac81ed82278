package classifier

import (
	"iter"
	"slices"

	"vswitch/flow"
)

// All of this file is the writer's.

// maskHash is the hash of a match's mask.
func (c *Classifier) maskHash(match flow.Sparse) uint64 {
	h := c.seed
	for i := range match.Set().All() {
		h = flow.MixWord(h, uint64(i))
	}
	return flow.HashWords(match.Masks(), h)
}

// findSubtable is the subtable of a match's mask, nil where there is none. h is
// the mask's hash.
func (c *Classifier) findSubtable(match flow.Sparse, h uint64) *subtable {
	for _, t := range c.byMask[h] {
		if t.set == match.Set() && slices.Equal(t.masks, match.Masks()) {
			return t
		}
	}
	return nil
}

// subtableFor is the subtable of a match's mask, made where there is none yet.
func (c *Classifier) subtableFor(match flow.Sparse) *subtable {
	h := c.maskHash(match)
	if t := c.findSubtable(match, h); t != nil {
		return t
	}
	t := newSubtable(match)
	c.shareFirst(t)
	t.age = c.ages
	c.ages++
	c.byMask[h] = append(c.byMask[h], t)
	numbered := c.byNumber.Load()
	if n := len(c.numbers); n > 0 {
		t.number = c.numbers[n-1]
		c.numbers = c.numbers[:n-1]
		changed := slices.Clone(*numbered)
		changed[t.number] = t
		c.byNumber.Store(&changed)
		return t
	}
	t.number = uint32(len(*numbered))
	grown := appendCopy(numbered, t)
	c.byNumber.Store(&grown)
	return t
}

// shareFirst gives t's first stage the steps of another subtable whose first
// stage has the same: lookups then see that they are the same.
func (c *Classifier) shareFirst(t *subtable) {
	for l := range c.listed.Load().all() {
		if o := l.subtable; len(t.stages) > 0 && len(o.stages) > 0 && slices.Equal(t.stages[0].steps, o.stages[0].steps) {
			t.stages[0].steps = o.stages[0].steps
			return
		}
	}
}

// list puts t where its highest priority belongs, in a new list.
func (c *Classifier) list(t *subtable) {
	highest := t.priorities.highest()
	if t.listed && t.bound == highest {
		return
	}
	list := *c.listed.Load()
	if t.listed {
		list = list.without(listing{t.bound, t})
	}
	t.listed, t.bound = true, highest
	list = list.with(listing{highest, t})
	c.listed.Store(&list)
}

// drop forgets a subtable that has no rules. Readers that still have it find
// nothing in it.
func (c *Classifier) drop(t *subtable) {
	list := (*c.listed.Load()).without(listing{t.bound, t})
	c.listed.Store(&list)
	h := c.maskHash(flow.SparseOf(t.set, nil, t.masks))
	if same := slices.DeleteFunc(c.byMask[h], func(o *subtable) bool { return o == t }); len(same) > 0 {
		c.byMask[h] = same
	} else {
		delete(c.byMask, h)
	}
	c.numbers = append(c.numbers, t.number)
}

// valuesOf is the words of a rule's match in its subtable.
func (c *Classifier) valuesOf(t *subtable, r *rule) []uint64 {
	return c.words.block(r.values, len(t.masks))
}

// earlyStages goes through the stages of a subtable but the last, each with the
// hash of the words up to it.
func (c *Classifier) earlyStages(t *subtable, values []uint64) iter.Seq2[*stage, uint64] {
	return func(yield func(*stage, uint64) bool) {
		h := c.seed
		for i := range t.stages[:max(0, len(t.stages)-1)] {
			s := &t.stages[i]
			h = s.hashValues(h, values)
			if !yield(s, flow.FinishHash(h)) {
				return
			}
		}
	}
}

// register makes the words of a rule's match known to the stages' hashes and to
// the tries.
func (c *Classifier) register(t *subtable, values []uint64) {
	for s, h := range c.earlyStages(t, values) {
		s.seen.add(h)
	}
	for i := range c.prefixesOf(t, values) {
		p := &c.prefixes[i]
		c.tries[p.field].insert(&p.key, p.size)
	}
}

// unregister undoes register.
func (c *Classifier) unregister(t *subtable, values []uint64) {
	for s, h := range c.earlyStages(t, values) {
		s.seen.remove(h)
	}
	for i := range c.prefixesOf(t, values) {
		p := &c.prefixes[i]
		c.tries[p.field].remove(&p.key, p.size, func(n uint32) {
			c.limbo = append(c.limbo, unlinked{stamp: c.unlinked, number: n, node: true, field: p.field, epoch: c.tries[p.field].epoch})
		})
	}
}

// rulePrefix is a prefix that a rule has of a field.
type rulePrefix struct {
	prefix
	key prefixKey
}

// prefixesOf is the prefixes that a match's words have, in a slice that the next
// call uses again.
func (c *Classifier) prefixesOf(t *subtable, values []uint64) []rulePrefix {
	c.prefixes = c.prefixes[:0]
	for i := range t.stages {
		s := &t.stages[i]
		if s.nTries == 0 {
			continue
		}
		for _, step := range s.steps {
			c.scratch.Words()[step.word] = values[step.at]
		}
		for _, p := range s.prefixes() {
			c.prefixes = append(c.prefixes, rulePrefix{p, keyOf(int(p.field), &c.scratch)})
		}
		for _, step := range s.steps {
			c.scratch.Words()[step.word] = 0
		}
	}
	return c.prefixes
}

// slotOf is the slot of the chain for a match's values in t. Where there is
// none, found is false and the slot is one to put it in.
func (c *Classifier) slotOf(t *subtable, values []uint64) (slot int, h uint64, found bool) {
	h = t.hashValues(values, c.seed)
	slots, room := *t.slots.Load(), -1
	for at := int(h) & (len(slots) - 1); ; at = (at + 1) & (len(slots) - 1) {
		switch s := slots[at].Load(); {
		case s == 0 && room >= 0:
			return room, h, false
		case s == 0:
			return at, h, false
		case s == dead:
			if room < 0 {
				room = at
			}
		case s>>32 == h>>32 && slices.Equal(c.valuesOf(t, c.rules.at(ID(s))), values):
			return at, h, true
		}
	}
}

// link makes rule id, whose fields are set, visible to readers.
func (c *Classifier) link(t *subtable, id ID, r *rule) {
	t.grow(func(first ID) uint64 { return t.hashValues(c.valuesOf(t, c.rules.at(first)), c.seed) })
	values := c.valuesOf(t, r)
	c.register(t, values)
	at, h, found := c.slotOf(t, values)
	slot := &(*t.slots.Load())[at]
	if !found {
		if slot.Load() == 0 {
			t.used++
		}
		t.matches++
		r.next.Store(uint32(None))
		slot.Store(h>>32<<32 | uint64(id))
		return
	}
	before, after := None, ID(slot.Load())
	for after != None && c.rules.at(after).priority > r.priority {
		before, after = after, ID(c.rules.at(after).next.Load())
	}
	r.next.Store(uint32(after))
	if before == None {
		slot.Store(h>>32<<32 | uint64(id))
	} else {
		c.rules.at(before).next.Store(uint32(id))
	}
}

// unlink takes rule id out of its chain. Its own link stays for readers that
// are at it.
func (c *Classifier) unlink(t *subtable, id ID, r *rule) {
	values := c.valuesOf(t, r)
	c.unregister(t, values)
	at, h, _ := c.slotOf(t, values)
	slot, next := &(*t.slots.Load())[at], r.next.Load()
	if before := ID(slot.Load()); before != id {
		for ID(c.rules.at(before).next.Load()) != id {
			before = ID(c.rules.at(before).next.Load())
		}
		c.rules.at(before).next.Store(next)
		return
	}
	if next != uint32(None) {
		slot.Store(h>>32<<32 | uint64(next))
		return
	}
	slot.Store(dead)
	t.matches--
}

// Find is the rule with exactly this match and priority that is visible at
// version, or None.
func (c *Classifier) Find(match flow.Sparse, priority int32, version uint64) ID {
	t := c.findSubtable(match, c.maskHash(match))
	if t == nil {
		return None
	}
	at, _, found := c.slotOf(t, match.Values())
	if !found {
		return None
	}
	for id := ID((*t.slots.Load())[at].Load()); id != None; id = ID(c.rules.at(id).next.Load()) {
		if r := c.rules.at(id); r.priority == priority && r.visible(version) {
			return id
		}
	}
	return None
}

// Overlapping is a rule of the same priority, visible at version, such that one
// packet can match both it and match; None where there is none. It looks at all
// rules of the subtables that have the priority.
func (c *Classifier) Overlapping(match flow.Sparse, priority int32, version uint64) ID {
	for l := range c.listed.Load().all() {
		if l.highest < priority {
			break
		}
		if !l.subtable.priorities.has(priority) {
			continue
		}
		slots := *l.subtable.slots.Load()
		for i := range slots {
			slot := slots[i].Load()
			if slot == dead || slot == 0 || !c.Match(ID(slot)).Overlaps(match) {
				continue
			}
			for id := ID(slot); id != None; id = ID(c.rules.at(id).next.Load()) {
				if r := c.rules.at(id); r.priority == priority && r.visible(version) {
					return id
				}
			}
		}
	}
	return None
}

// Stats says how a table is made.
type Stats struct {
	Rules     int // inserted and not freed, whatever version they are visible at
	Subtables int // masks
}

// Stats is the table's state now.
func (c *Classifier) Stats() Stats {
	var s Stats
	for l := range c.listed.Load().all() {
		s.Subtables++
		for _, n := range l.subtable.priorities.count {
			s.Rules += int(n)
		}
	}
	return s
}
