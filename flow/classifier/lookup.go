package classifier

import (
	"iter"

	"vswitch/flow"
)

// Lookup is the rule of highest priority that matches p and is visible at
// version, or None. It adds to mask, where that is not nil, the bits of p that
// the answer depends on: every packet that equals p in them has the same
// answer. Of rules with the same priority it is any one, the same for all these
// packets until the table changes.
func (c *Classifier) Lookup(version uint64, p *flow.Pipeline, mask *flow.Mask) ID {
	best, highest := None, int32(0)
	list := *c.listed.Load()
	for i := range list {
		if best != None && list[i].highest <= highest {
			break
		}
		id := c.probe(list[i].subtable, version, p, mask)
		if id == None {
			continue
		}
		if r := c.rules.at(id); best == None || r.priority > highest {
			best, highest = id, r.priority
		}
	}
	return best
}

// probe is the rule of highest priority in t that matches p and is visible at
// version, or None. The bits that it looks at are those of t's mask: this is
// where they are added to mask.
func (c *Classifier) probe(t *subtable, version uint64, p *flow.Pipeline, mask *flow.Mask) ID {
	if mask != nil {
		t.unwildcard(mask)
	}
	words := p.Words()
	h := t.hash(words, c.seed)
	slots := *t.slots.Load()
	for at := int(h) & (len(slots) - 1); ; at = (at + 1) & (len(slots) - 1) {
		slot := slots[at].Load()
		if slot == 0 {
			return None
		}
		if slot>>32 != h>>32 || slot == dead {
			continue
		}
		first := ID(slot)
		if !t.equals(c.words.block(c.rules.at(first).values, len(t.index)), words) {
			continue
		}
		return c.newest(first, version)
	}
}

// newest is the first rule of a chain that is visible at version, or None.
func (c *Classifier) newest(id ID, version uint64) ID {
	for id != None {
		r := c.rules.at(id)
		if r.visible(version) {
			return id
		}
		id = ID(r.next.Load())
	}
	return None
}

// All walks the rules that are visible at version, in no order. Rules may be
// removed, and others inserted at later versions, meanwhile.
func (c *Classifier) All(version uint64) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for _, l := range *c.listed.Load() {
			slots := *l.subtable.slots.Load()
			for i := range slots {
				slot := slots[i].Load()
				if slot == dead {
					continue
				}
				for id := ID(slot); id != None; id = ID(c.rules.at(id).next.Load()) {
					if c.rules.at(id).visible(version) && !yield(id) {
						return
					}
				}
			}
		}
	}
}

// Len is the number of rules that are visible at version. It is quick for the
// newest version that rules were inserted or removed at, and later ones.
func (c *Classifier) Len(version uint64) int {
	// The writer raises newest before it changes live, so live belongs to
	// version if newest is still no later.
	n := c.live.Load()
	if c.newestVersion.Load() <= version {
		return int(n)
	}
	n = 0
	for range c.All(version) {
		n++
	}
	return int(n)
}

// Match is a rule's match. It is a view: valid until the rule is freed.
func (c *Classifier) Match(id ID) flow.Sparse {
	r := c.rules.at(id)
	t := (*c.byNumber.Load())[r.subtable]
	return flow.SparseOf(t.set, c.words.block(r.values, len(t.index)), t.masks)
}

// Priority is a rule's priority.
func (c *Classifier) Priority(id ID) int32 { return c.rules.at(id).priority }
