package classifier

import (
	"iter"

	"vswitch/flow"
)

// Lookup is the rule of highest priority that matches p and is visible at
// version, or None. It adds to mask, where that is not nil, the bits of p that
// the answer depends on: every packet that equals p in them has the same
// answer. Of rules with the same priority it is any one, the same for all these
// packets until the table changes. No other goroutine may look at p meanwhile.
func (c *Classifier) Lookup(version uint64, p *flow.Pipeline, mask *flow.Mask) ID {
	l := lookup{c: c, version: version, p: p, mask: mask}
	return l.run()
}

// LookupWords is Lookup that also says to which words of mask it added bits: few,
// as a rule.
func (c *Classifier) LookupWords(version uint64, p *flow.Pipeline, mask *flow.Mask) (ID, flow.WordSet) {
	l := lookup{c: c, version: version, p: p, mask: mask}
	id := l.run()
	return id, l.words
}

// lookup is a search for one packet.
type lookup struct {
	c       *Classifier
	version uint64
	p       *flow.Pipeline
	mask    *flow.Mask   // nil: nobody asks
	words   flow.WordSet // of mask, that have got bits
	way     way
	walks   [numTries]walk // through the tries, as far as they were needed

	alone bool // passes over clauses of conjunctions

	// Neighbours in the list often have the same first stage: its hash, and
	// whether it is in mask, is kept from one to the next.
	first  *step
	hash   uint64
	tag    uint64
	masked bool
}

// run is the rule that the packet matches.
func (l *lookup) run() ID {
	best, highest := None, int32(0)
	l.way.ahead = *l.c.listed.Load()
	for t := l.next(best, highest); t != nil; t = l.next(best, highest) {
		id := l.probe(t)
		if id == None {
			continue
		}
		r := l.c.rules.at(id)
		if r.clauses != 0 {
			best = l.conjunctive(id, best)
			break
		}
		if best == None || r.priority > highest {
			best, highest = id, r.priority
		}
	}
	l.finish()
	return best
}

// runAlone is run among the rules that are no clauses.
func (l *lookup) runAlone() ID {
	l.alone = true
	return l.run()
}

// finish adds the bits to mask that the tries have told packets apart by.
func (l *lookup) finish() {
	if l.mask == nil {
		return
	}
	for i := range l.walks {
		if n := l.walks[i].needed; n > 0 {
			unwildcardPrefix(i, n, l.mask)
			l.words = l.words.Or(trieWords(i))
		}
	}
}

// probe is the rule of highest priority in t that matches the packet and is
// visible, or None. It goes stage by stage, and adds to mask what it has looked
// at until then, which is where the bits of a Lookup come from. It ends at a
// stage where a prefix of the packet, or its words up to there, is none that a
// rule has.
func (l *lookup) probe(t *subtable) ID {
	if len(t.stages) == 0 {
		return l.find(t, flow.FinishHash(l.c.seed))
	}
	words, h, before := l.p.Words(), l.enter(&t.stages[0]), uint64(0)
	last := len(t.stages) - 1
	for i := range t.stages {
		s := &t.stages[i]
		if s.nTries > 0 && !s.portTries() && l.fails(s.prefixes()) {
			l.unwildcard(t.stages[:i])
			return None
		}
		if i > 0 {
			h = s.hash(h, words)
		}
		if i == last-1 && (t.stages[last].nTries == 0 || t.stages[last].portTries()) {
			before = flow.FinishHash(h)
		} else if i < last && !s.seen.has(tagOf(flow.FinishHash(h))) {
			l.unwildcard(t.stages[:i+1])
			return None
		}
	}
	id := l.find(t, flow.FinishHash(h))
	l.unwildcard(t.stages[:l.stagesToTell(t, id, before)])
	return id
}

// stagesToTell is how many stages of t say that id is what was found in it. The
// last two are looked at together, since often there is a rule, and apart only
// where there is none. before is the hash without the last stage, or 0 where that
// is known to be some rule's.
func (l *lookup) stagesToTell(t *subtable, id ID, before uint64) int {
	n := len(t.stages)
	switch {
	case id != None:
		return n
	case before != 0 && !t.stages[n-2].seen.has(tagOf(before)):
		return n - 1
	}
	// The ports' first bits may be enough; the way to them is long, so it comes last.
	if s := &t.stages[n-1]; s.portTries() && l.mask != nil && l.fails(s.prefixes()) {
		return n - 1
	}
	return n
}

// enter is the packet's hash after the first stage.
func (l *lookup) enter(s *stage) uint64 {
	if first := &s.steps[0]; first != l.first {
		l.first, l.hash, l.masked = first, s.hash(l.c.seed, l.p.Words()), l.mask == nil
		l.tag = tagOf(flow.FinishHash(l.hash))
	}
	return l.hash
}

// unwildcard adds the masks of stages, of which the first is the one entered.
func (l *lookup) unwildcard(stages []stage) {
	if len(stages) == 0 || l.mask == nil {
		return
	}
	if l.masked {
		stages = stages[1:]
	}
	l.masked = true
	for i := range stages {
		stages[i].unwildcard(l.mask)
		l.words = l.words.Or(stages[i].words)
	}
}

// fails reports whether no rule has the packet's prefixes of some fields, and then
// notes the bits that say so.
func (l *lookup) fails(prefixes []prefix) bool {
	for i, p := range prefixes {
		if l.walk(int(p.field)).has(p.size) {
			continue
		}
		// The prefixes that it has count too: megaflows are not to overlap.
		for _, p := range prefixes[:i+1] {
			l.walks[p.field].need(p.size)
		}
		return true
	}
	return false
}

// walk is the packet's way through a field's trie.
func (l *lookup) walk(field int) *walk {
	w := &l.walks[field]
	if !w.done {
		k := keyOf(field, l.p)
		l.c.tries[field].lookup(&k, w)
	}
	return w
}

// find is the first visible rule with the packet's words, or None. h is their
// hash.
func (l *lookup) find(t *subtable, h uint64) ID {
	words, slots := l.p.Words(), *t.slots.Load()
	for at := int(h) & (len(slots) - 1); ; at = (at + 1) & (len(slots) - 1) {
		slot := slots[at].Load()
		if slot == 0 {
			return None
		}
		if slot>>32 != h>>32 || slot == dead {
			continue
		}
		first := ID(slot)
		if t.equals(l.c.words.block(l.c.rules.at(first).values, len(t.masks)), words) {
			return l.visible(first)
		}
	}
}

// visible is the first rule of a chain, from id on, that the lookup can see, or
// None.
func (l *lookup) visible(id ID) ID {
	for id != None {
		r := l.c.rules.at(id)
		if r.visible(l.version) && !(l.alone && r.clauses != 0) {
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
		for l := range c.listed.Load().all() {
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
	return flow.SparseOf(t.set, c.words.block(r.values, len(t.masks)), t.masks)
}

// Priority is a rule's priority.
func (c *Classifier) Priority(id ID) int32 { return c.rules.at(id).priority }
