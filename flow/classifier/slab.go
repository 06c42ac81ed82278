package classifier

import "sync/atomic"

// ID names a rule of one Classifier. IDs are small numbers, used again after
// Free, so that a caller can keep what belongs to a rule in a slab of its own.
type ID uint32

// None is no rule.
const None ID = 0

// Never is the version at which a rule vanishes that has not been removed.
const Never = ^uint64(0)

// rule is an entry of the slab. Fields that are not atomic do not change while
// a reader can reach the rule.
type rule struct {
	appears  uint64
	vanishes atomic.Uint64
	next     atomic.Uint32 // ID of the next rule with the same match, of no higher priority
	values   uint32        // the match's words in the arena
	subtable uint32        // its number
	clauses  uint32        // what it is a clause of, in Classifier.clauses; 0: a rule by itself
	priority int32
	stamp    uint32 // Classifier.unlinked when it was removed; the writer's
}

func (r *rule) visible(version uint64) bool {
	return r.appears <= version && version < r.vanishes.Load()
}

// slab holds rules by ID in chunks that never move.
type slab struct {
	chunks atomic.Pointer[[]*ruleChunk]
	top    ID   // the first ID never given out
	free   []ID // to be given out again
}

const chunkRules = 512

type ruleChunk [chunkRules]rule

func (s *slab) at(id ID) *rule {
	return &(*s.chunks.Load())[id/chunkRules][id%chunkRules]
}

// get gives out an ID.
func (s *slab) get() ID {
	if n := len(s.free); n > 0 {
		id := s.free[n-1]
		s.free = s.free[:n-1]
		return id
	}
	chunks := s.chunks.Load()
	if s.top == None {
		s.top = 1 // 0 is None
	}
	if chunks == nil || int(s.top/chunkRules) == len(*chunks) {
		grown := appendCopy(chunks, new(ruleChunk))
		s.chunks.Store(&grown)
	}
	id := s.top
	s.top++
	return id
}

// arena holds the words of matches in blocks, in chunks that never move.
type arena struct {
	chunks atomic.Pointer[[]*wordChunk]
	top    uint32               // the first word never given out
	free   [maxWords + 1]uint32 // by size: a block whose first word is the next one; 0: none
}

const chunkWords = 4096

type wordChunk [chunkWords]uint64

// block is the n words at place.
func (a *arena) block(place uint32, n int) []uint64 {
	if n == 0 {
		return nil
	}
	chunk := (*a.chunks.Load())[place/chunkWords]
	at := place % chunkWords
	return chunk[at : int(at)+n : int(at)+n]
}

// get gives out n words of undefined content.
func (a *arena) get(n int) uint32 {
	if n == 0 {
		return 0
	}
	if place := a.free[n]; place != 0 {
		a.free[n] = uint32(a.block(place, 1)[0])
		return place
	}
	if left := chunkWords - a.top%chunkWords; left < uint32(n) {
		a.top += left // a block does not span chunks
	}
	if a.top == 0 {
		a.top = 1 // 0 is the end of a free list
	}
	chunks := a.chunks.Load()
	if chunks == nil || int(a.top/chunkWords) == len(*chunks) {
		grown := appendCopy(chunks, new(wordChunk))
		a.chunks.Store(&grown)
	}
	place := a.top
	a.top += uint32(n)
	return place
}

// put takes a block of n words back.
func (a *arena) put(place uint32, n int) {
	if n == 0 {
		return
	}
	a.block(place, 1)[0] = uint64(a.free[n])
	a.free[n] = place
}

// appendCopy is *list and v in a slice that readers of *list do not see grow.
// Room is shared: readers look at no more than the length that they loaded.
func appendCopy[T any](list *[]T, v T) []T {
	if list == nil {
		return []T{v}
	}
	return append(*list, v)
}
