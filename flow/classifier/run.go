package classifier

import (
	"iter"
	"math/bits"
	"slices"
	"sort"
)

// listing is a subtable and a bound of the priorities in it.
type listing struct {
	highest  int32
	subtable *subtable
}

// before reports whether lookups come to l before they come to o.
func (l listing) before(o listing) bool {
	return l.highest > o.highest || l.highest == o.highest && l.subtable.age < o.subtable.age
}

// run is neighbours in the list that share their first stage, whose hashes are
// then a gate, or that have none to share. Prefixes in their second stages are
// known by length, so that one look at what prefixes a packet has of a field
// tells for all subtables of the run.
type run struct {
	listings []listing
	gated    bool
	fields   []runField // in the order that stages have them
}

// runField is the subtables of a run that have a prefix of a field.
type runField struct {
	field   uint8
	lengths []runLength // longest first
}

// runLength is those that have one of this length: bit i is listing i.
type runLength struct {
	size    uint8
	members uint64
}

// maxRun is the most subtables of a run: a bit each.
const maxRun = 64

// gate is the stage whose hashes say whether t is worth looking at, nil where
// there is none.
func (t *subtable) gate() *stage {
	if len(t.stages) > 1 && t.stages[0].nTries == 0 {
		return &t.stages[0]
	}
	return nil
}

// sharesGate reports whether t and o can be in a run.
func (t *subtable) sharesGate(o *subtable) bool {
	g, h := t.gate(), o.gate()
	return g == nil && h == nil || g != nil && h != nil && &g.steps[0] == &h.steps[0]
}

func newRun(listings ...listing) *run {
	r := &run{listings: listings, gated: listings[0].subtable.gate() != nil}
	if !r.gated {
		return r
	}
	for i := range listings {
		if s := &listings[i].subtable.stages[1]; !s.portTries() {
			for _, p := range s.prefixes() {
				r.fieldOf(p.field).add(p.size, i)
			}
		}
	}
	return r
}

// shares reports whether a subtable can be in the run.
func (r *run) shares(t *subtable) bool { return r.listings[0].subtable.sharesGate(t) }

// list is the subtables that have rules, in the order in which lookups go over
// them. It does not change; another takes its place.
type list []*run

// all goes over the subtables without regard to runs.
func (l list) all() iter.Seq[listing] {
	return func(yield func(listing) bool) {
		for _, r := range l {
			for _, g := range r.listings {
				if !yield(g) {
					return
				}
			}
		}
	}
}

// place is the first run that ends with g or behind it, and where in it g is or
// belongs.
func (l list) place(g listing) (run, at int) {
	run = sort.Search(len(l), func(i int) bool { return !l[i].listings[len(l[i].listings)-1].before(g) })
	if run < len(l) {
		at = sort.Search(len(l[run].listings), func(i int) bool { return !l[run].listings[i].before(g) })
	}
	return run, at
}

// without is the list without g, which is in it.
func (l list) without(g listing) list {
	run, at := l.place(g)
	rest := slices.Delete(slices.Clone(l[run].listings), at, at+1)
	if len(rest) > 0 {
		return l.replaced(run, 1, newRun(rest...))
	}
	if l = l.replaced(run, 1); run == 0 || run == len(l) {
		return l
	}
	before, behind := l[run-1].listings, l[run].listings
	if len(before)+len(behind) > maxRun || !l[run].shares(before[0].subtable) {
		return l
	}
	return l.replaced(run-1, 2, newRun(slices.Concat(before, behind)...))
}

// with is the list with g, which is not in it.
func (l list) with(g listing) list {
	run, at := l.place(g)
	if at == 0 && run > 0 && l[run-1].shares(g.subtable) {
		run--
		at = len(l[run].listings)
	}
	switch {
	case run == len(l) || at == 0 && !l[run].shares(g.subtable):
		return l.replaced(run, 0, newRun(g))
	case !l[run].shares(g.subtable):
		parted := l[run].listings
		return l.replaced(run, 1, newRun(parted[:at]...), newRun(g), newRun(parted[at:]...))
	}
	longer := slices.Insert(slices.Clone(l[run].listings), at, g)
	if half := len(longer) / 2; len(longer) > maxRun {
		return l.replaced(run, 1, newRun(longer[:half]...), newRun(longer[half:]...))
	}
	return l.replaced(run, 1, newRun(longer...))
}

// replaced is the list with others in place of n runs.
func (l list) replaced(from, n int, by ...*run) list {
	return slices.Concat(l[:from], by, l[from+n:])
}

// fieldOf is the run's entry for a field, made where there is none.
func (r *run) fieldOf(field uint8) *runField {
	at := 0
	for ; at < len(r.fields) && r.fields[at].field <= field; at++ {
		if r.fields[at].field == field {
			return &r.fields[at]
		}
	}
	r.fields = append(r.fields, runField{})
	copy(r.fields[at+1:], r.fields[at:])
	r.fields[at] = runField{field: field}
	return &r.fields[at]
}

// add notes that listing i has a prefix of size bits.
func (f *runField) add(size uint8, i int) {
	at := 0
	for ; at < len(f.lengths) && f.lengths[at].size >= size; at++ {
		if f.lengths[at].size == size {
			f.lengths[at].members |= 1 << i
			return
		}
	}
	f.lengths = append(f.lengths, runLength{})
	copy(f.lengths[at+1:], f.lengths[at:])
	f.lengths[at] = runLength{size, 1 << i}
}

// way is how far a lookup has come in the list.
type way struct {
	ahead  []*run
	run    *run                  // the one it is in, nil before and behind one
	at     int                   // in run: what it has not come to yet
	left   uint64                // from there on: whose prefixes the packet has
	failed [maxStageTries]uint64 // whose prefix of the run's field the packet has not, but of those before it
}

// next is the next subtable that may have a rule which the packet matches, and
// one above highest where there is a best already; nil at the end. What the
// packet was told apart by from those in between is added to the mask. It has to
// be called until it is nil.
func (l *lookup) next(best ID, highest int32) *subtable {
	w := &l.way
	for {
		if w.run == nil {
			if len(w.ahead) == 0 {
				return nil
			}
			w.run, w.ahead, w.at = w.ahead[0], w.ahead[1:], 0
			if best != None && w.run.listings[0].highest <= highest {
				return l.leave(0)
			}
			l.enterRun(w.run)
		}
		listings := w.run.listings
		to := min(bits.TrailingZeros64(w.left), len(listings)-1)
		if best != None && to >= w.at && listings[to].highest <= highest {
			for listings[w.at].highest > highest {
				w.at++
			}
			return l.leave(w.at)
		}
		if w.left == 0 {
			l.tellFailed(len(listings))
			w.run = nil
			continue
		}
		w.left &= w.left - 1
		w.at = to + 1
		if t := listings[to].subtable; !w.run.gated || t.stages[0].seen.has(l.tag) {
			return t
		}
	}
}

// leave ends the way before a listing of the run.
func (l *lookup) leave(before int) *subtable {
	l.tellFailed(before)
	l.way = way{}
	return nil
}

// enterRun finds out whose prefixes the packet has, if any gate is open.
func (l *lookup) enterRun(r *run) {
	w := &l.way
	w.left, w.failed = ^uint64(0)>>(maxRun-len(r.listings)), [maxStageTries]uint64{}
	if !r.gated {
		return
	}
	gate := r.listings[0].subtable.stages[:1]
	l.enter(&gate[0])
	l.unwildcard(gate)
	if len(r.fields) == 0 {
		return
	}
	if !l.open(r, w.left) {
		w.left = 0
		return
	}
	for i := range r.fields {
		f := &r.fields[i]
		if w.left == 0 {
			return
		}
		walk := l.walk(int(f.field))
		for _, length := range f.lengths {
			if !walk.has(length.size) {
				w.failed[i] |= length.members & w.left
			}
		}
		w.left &^= w.failed[i]
	}
}

// open reports whether a gate of members lets the packet through.
func (l *lookup) open(r *run, members uint64) bool {
	for ; members != 0; members &= members - 1 {
		if r.listings[bits.TrailingZeros64(members)].subtable.stages[0].seen.has(l.tag) {
			return true
		}
	}
	return false
}

// tellFailed notes the bits that told the packet apart from those before a
// listing of the run whose prefixes it has not. The prefixes that it has count
// too: megaflows are not to overlap.
func (l *lookup) tellFailed(before int) {
	if l.mask == nil {
		return
	}
	r, failed := l.way.run, uint64(0)
	for i := len(r.fields) - 1; i >= 0; i-- {
		failed |= l.way.failed[i] & (1<<before - 1)
		if failed == 0 {
			continue
		}
		for _, length := range r.fields[i].lengths {
			if l.open(r, length.members&failed) {
				l.walks[r.fields[i].field].need(length.size)
				break
			}
		}
	}
}
