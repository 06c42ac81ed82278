package flow

import (
	"iter"
	"math/bits"
	"slices"
)

// Sparse is a Match in the form in which it is kept: only the words that its
// mask has bits in. Equal matches have equal Sparse forms. It is a view of two
// slices, to be treated as a value: nobody writes to them.
type Sparse struct {
	set    WordSet
	values []uint64 // one for each word of set, ascending; no bit outside masks
	masks  []uint64 // the same; none is zero
}

// Sparse is the match in sparse form.
func (m *Match) Sparse() Sparse {
	var s Sparse
	k := m.Mask.Words()
	for i, w := range k {
		if w != 0 {
			s.set.Add(i)
		}
	}
	n := s.set.Len()
	words := make([]uint64, 2*n)
	s.values, s.masks = words[:n:n], words[n:]
	at := 0
	for i := range s.set.All() {
		s.masks[at] = k[i]
		s.values[at] = m.Value.Words()[i] & k[i]
		at++
	}
	return s
}

// SparseOf makes a view of a match that is kept in pieces. values and masks
// have set.Len() words each and fulfil what the fields of Sparse say.
func SparseOf(set WordSet, values, masks []uint64) Sparse { return Sparse{set, values, masks} }

// Set is the numbers of the words that count.
func (s Sparse) Set() WordSet { return s.set }

// Values are the words of Set, in ascending order. Borrowed.
func (s Sparse) Values() []uint64 { return s.values }

// Masks are the masks of Values. Borrowed.
func (s Sparse) Masks() []uint64 { return s.masks }

// Clone is a copy that shares nothing with s.
func (s Sparse) Clone() Sparse {
	n := len(s.values)
	words := append(slices.Clip(append(make([]uint64, 0, 2*n), s.values...)[:n:2*n]), s.masks...)
	return Sparse{s.set, words[:n:n], words[n:]}
}

// Expand makes m the match that s is.
func (s Sparse) Expand(m *Match) {
	*m = Match{}
	at := 0
	for i := range s.set.All() {
		m.Value.Words()[i], m.Mask.Words()[i] = s.values[at], s.masks[at]
		at++
	}
}

// Equal reports whether s and o are the same match.
func (s Sparse) Equal(o Sparse) bool {
	return s.set == o.set && slices.Equal(s.values, o.values) && slices.Equal(s.masks, o.masks)
}

// Hash is a hash of the match: of its mask and its values.
func (s Sparse) Hash(seed uint64) uint64 {
	h := HashWords(s.masks, mix(seed^s.set.lo, s.set.hi))
	return HashWords(s.values, h)
}

// Matches reports whether packet p is one of those matched.
func (s Sparse) Matches(p *Pipeline) bool {
	at, w := 0, p.Words()
	for i := range s.set.All() {
		if (w[i]^s.values[at])&s.masks[at] != 0 {
			return false
		}
		at++
	}
	return true
}

// Covers reports whether every packet that o matches, s matches too, because o
// fixes whatever s fixes and to the same values. It is what makes a rule fall
// under a non-strict modify or delete (OpenFlow 1.3.5 §6.4).
func (s Sparse) Covers(o Sparse) bool {
	if !o.set.Covers(s.set) {
		return false
	}
	at := 0
	for i := range s.set.All() {
		other := o.set.rank(i)
		if s.masks[at]&^o.masks[other] != 0 || (s.values[at]^o.values[other])&s.masks[at] != 0 {
			return false
		}
		at++
	}
	return true
}

// Overlaps reports whether one packet can be matched by both (OpenFlow 1.3.5
// §6.4, OFPFF_CHECK_OVERLAP).
func (s Sparse) Overlaps(o Sparse) bool {
	for i := range s.set.And(o.set).All() {
		a, b := s.set.rank(i), o.set.rank(i)
		if (s.values[a]^o.values[b])&s.masks[a]&o.masks[b] != 0 {
			return false
		}
	}
	return true
}

// WordSet is a set of word numbers of a Pipeline, 0 to 127.
type WordSet struct{ lo, hi uint64 }

// Add puts word i into the set.
func (s *WordSet) Add(i int) {
	if i < 64 {
		s.lo |= 1 << i
	} else {
		s.hi |= 1 << (i - 64)
	}
}

// Has reports whether word i is in the set.
func (s WordSet) Has(i int) bool {
	if i < 64 {
		return s.lo>>i&1 != 0
	}
	return s.hi>>(i-64)&1 != 0
}

// Len is the number of words in the set.
func (s WordSet) Len() int { return bits.OnesCount64(s.lo) + bits.OnesCount64(s.hi) }

// And is the words that both sets have.
func (s WordSet) And(o WordSet) WordSet { return WordSet{s.lo & o.lo, s.hi & o.hi} }

// Or is the words that either set has.
func (s WordSet) Or(o WordSet) WordSet { return WordSet{s.lo | o.lo, s.hi | o.hi} }

// Covers reports whether all words of o are in s.
func (s WordSet) Covers(o WordSet) bool { return o.lo&^s.lo|o.hi&^s.hi == 0 }

// rank is the number of words in the set that are less than i.
func (s WordSet) rank(i int) int {
	if i < 64 {
		return bits.OnesCount64(s.lo & (1<<i - 1))
	}
	return bits.OnesCount64(s.lo) + bits.OnesCount64(s.hi&(1<<(i-64)-1))
}

// All walks the words in ascending order.
func (s WordSet) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w := s.lo; w != 0; w &= w - 1 {
			if !yield(bits.TrailingZeros64(w)) {
				return
			}
		}
		for w := s.hi; w != 0; w &= w - 1 {
			if !yield(64 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}
