package flow

import (
	"iter"
	"math/bits"
)

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
