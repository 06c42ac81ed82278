package classifier

import (
	"sync/atomic"

	"vswitch/flow"
)

// maxWords is the most words that a match can have.
const maxWords = flow.PipelineWords

// subtable holds the rules of one mask. Readers use what is fixed, the stages'
// hashes and slots.
type subtable struct {
	number uint32 // in Classifier.byNumber
	age    uint64 // tells subtables of the same priority apart, older ones first
	set    flow.WordSet
	masks  []uint64 // of the words of set
	stages []stage  // that have words, in order
	slots  atomic.Pointer[[]atomic.Uint64]

	// The writer's.
	used       int // slots that are not empty, dead ones included
	matches    int // slots that are neither
	priorities priorities
	listed     bool  // in Classifier.listed
	bound      int32 // its priority there
}

// A slot is 0 (empty), dead, or the upper 32 bits of a match's hash over the ID
// of the first of the rules with that match.
const dead = 1<<32 - 1

const minSlots = 4

func newSubtable(match flow.Sparse) *subtable {
	t := &subtable{set: match.Set(), masks: append([]uint64(nil), match.Masks()...), stages: stagesOf(match)}
	slots := make([]atomic.Uint64, minSlots)
	t.slots.Store(&slots)
	return t
}

// hashValues is the hash of a match's words.
func (t *subtable) hashValues(values []uint64, seed uint64) uint64 {
	h := seed
	for i := range t.stages {
		h = t.stages[i].hashValues(h, values)
	}
	return flow.FinishHash(h)
}

// equals reports whether a packet's words under the mask are values.
func (t *subtable) equals(values []uint64, words *[maxWords]uint64) bool {
	for i := range t.stages {
		for _, s := range t.stages[i].steps {
			if words[s.word]&s.mask != values[s.at] {
				return false
			}
		}
	}
	return true
}

// grow makes room for one more match, if need be by a new table without the
// dead slots. At most half of the slots are used, so a probe for what is not
// there ends soon. hashOf is the hash of a slot's match.
func (t *subtable) grow(hashOf func(first ID) uint64) {
	old := *t.slots.Load()
	if (t.used+1)*8 <= len(old)*5 {
		return
	}
	size := minSlots
	for (t.matches+1)*2 > size {
		size *= 2
	}
	slots := make([]atomic.Uint64, size)
	for i := range old {
		slot := old[i].Load()
		if slot == 0 || slot == dead {
			continue
		}
		h := hashOf(ID(slot))
		for at := int(h) & (size - 1); ; at = (at + 1) & (size - 1) {
			if slots[at].Load() == 0 {
				slots[at].Store(slot)
				break
			}
		}
	}
	t.used = t.matches
	t.slots.Store(&slots)
}

// priorities is the multiset of the priorities in a subtable, of which the
// highest is asked for.
type priorities struct {
	count map[int32]uint32
	heap  []int32 // every key of count once, highest first as heaps go
}

func (p *priorities) highest() int32 { return p.heap[0] }

func (p *priorities) has(priority int32) bool { return p.count[priority] > 0 }

func (p *priorities) empty() bool { return len(p.heap) == 0 }

func (p *priorities) add(priority int32) {
	if p.count == nil {
		p.count = make(map[int32]uint32, 1)
	}
	n, known := p.count[priority]
	p.count[priority] = n + 1
	if known {
		return
	}
	p.heap = append(p.heap, priority)
	for i := len(p.heap) - 1; i > 0 && p.heap[(i-1)/2] < p.heap[i]; i = (i - 1) / 2 {
		p.heap[i], p.heap[(i-1)/2] = p.heap[(i-1)/2], p.heap[i]
	}
}

// remove takes a priority out once. Those that are gone stay in the heap until
// they are its top.
func (p *priorities) remove(priority int32) {
	p.count[priority]--
	for len(p.heap) > 0 && p.count[p.heap[0]] == 0 {
		delete(p.count, p.heap[0])
		last := len(p.heap) - 1
		p.heap[0] = p.heap[last]
		p.heap = p.heap[:last]
		p.sift()
	}
}

// sift lets the top sink to its place.
func (p *priorities) sift() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(p.heap) {
			return
		}
		if child+1 < len(p.heap) && p.heap[child+1] > p.heap[child] {
			child++
		}
		if p.heap[i] >= p.heap[child] {
			return
		}
		p.heap[i], p.heap[child] = p.heap[child], p.heap[i]
		i = child
	}
}
