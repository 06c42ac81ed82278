package classifier

import (
	"sync/atomic"

	"vswitch/flow"
)

// stage is the part of a subtable's mask that lies in one layer of the packet.
type stage struct {
	steps  []step
	words  flow.WordSet // of steps
	nTries uint8
	tries  [maxStageTries]prefix
	seen   hashes // of the rules' words up to the end of the stage; unused in the last one
}

// maxStageTries is the most fields with tries in one stage.
const maxStageTries = 4

// step is a word of a stage.
type step struct {
	mask uint64
	word uint8 // of the pipeline
	at   uint8 // among the match's words
}

// prefix says that the subtable's rules have a prefix of a field.
type prefix struct{ field, size uint8 }

// stagesOf divides a match's mask into stages.
func stagesOf(match flow.Sparse) []stage {
	var all [numStages]stage
	var mask flow.Mask
	at := uint8(0)
	for i := range match.Set().All() {
		m := match.Masks()[at]
		s := &all[stageOf(i)]
		s.steps = append(s.steps, step{m, uint8(i), at})
		s.words.Add(i)
		mask.Words()[i] = m
		at++
	}
	for field := range numTries {
		if size := prefixSize(field, &mask); size > 0 {
			s := &all[trieStage(field)]
			s.tries[s.nTries] = prefix{uint8(field), size}
			s.nTries++
		}
	}
	// What is looked at together lies together.
	steps := make([]step, 0, at)
	stages := make([]stage, 0, numStages)
	for i := range all {
		if n := len(steps); len(all[i].steps) > 0 {
			steps = append(steps, all[i].steps...)
			stages = append(stages, stage{steps: steps[n:len(steps):len(steps)], words: all[i].words, nTries: all[i].nTries, tries: all[i].tries})
		}
	}
	return stages
}

func (s *stage) prefixes() []prefix { return s.tries[:s.nTries] }

// portTries reports whether the stage's tries are those of transport ports.
func (s *stage) portTries() bool { return s.nTries > 0 && s.tries[0].field >= trieTPSrc }

// hash adds a packet's words of the stage to a running hash.
func (s *stage) hash(h uint64, words *[maxWords]uint64) uint64 {
	for i := range s.steps {
		h = flow.MixWord(h, words[s.steps[i].word]&s.steps[i].mask)
	}
	return h
}

// hashValues is hash for a match's words.
func (s *stage) hashValues(h uint64, values []uint64) uint64 {
	for i := range s.steps {
		h = flow.MixWord(h, values[s.steps[i].at])
	}
	return h
}

// unwildcard adds the stage's part of the mask to m.
func (s *stage) unwildcard(m *flow.Mask) {
	words := m.Words()
	for i := range s.steps {
		words[s.steps[i].word] |= s.steps[i].mask
	}
}

// hashes is a multiset of hashes: which ones rules have. While there is only
// one, it stands in only; from then on all are in slots.
type hashes struct {
	only  atomic.Uint64
	slots atomic.Pointer[[]atomic.Uint64]
	used  int // slots that are not empty
	alive int // of these, with a count
}

// A slot, and only, is 0 (empty), or a tag over the number of rules that have
// it. A tag is odd, so that one without rules is not empty.
func tagOf(h uint64) uint64 { return h>>32 | 1 }

// slot is the tag's slot, or the empty one where it would be.
func slot(slots []atomic.Uint64, tag uint64) *atomic.Uint64 {
	for at := int(tag>>1) & (len(slots) - 1); ; at = (at + 1) & (len(slots) - 1) {
		if s := slots[at].Load(); s == 0 || s>>32 == tag {
			return &slots[at]
		}
	}
}

// has reports whether a rule may have a hash with this tag.
func (s *hashes) has(tag uint64) bool {
	if slots := s.slots.Load(); slots != nil {
		return uint32(slot(*slots, tag).Load()) != 0
	}
	one := s.only.Load()
	return one>>32 == tag && uint32(one) != 0
}

// place is where tag is counted, or is to be.
func (s *hashes) place(tag uint64) *atomic.Uint64 {
	if slots := s.slots.Load(); slots != nil {
		return slot(*slots, tag)
	}
	return &s.only
}

// add counts one rule more with h.
func (s *hashes) add(h uint64) {
	tag := tagOf(h)
	p := s.place(tag)
	old := p.Load()
	if old>>32 != tag {
		if p != &s.only || uint32(old) != 0 {
			s.grow()
			p = s.place(tag)
			s.used++
		}
		old = 0
	}
	if uint32(old) == 0 {
		s.alive++
	}
	p.Store(tag<<32 | uint64(uint32(old)+1))
}

// remove counts one rule less with h.
func (s *hashes) remove(h uint64) {
	p := s.place(tagOf(h))
	n := p.Load() - 1
	p.Store(n)
	if uint32(n) == 0 {
		s.alive--
	}
}

// grow makes room for one more, if need be in new slots without those that no
// rule has any more.
func (s *hashes) grow() {
	var old []atomic.Uint64
	if p := s.slots.Load(); p != nil {
		old = *p
	}
	if (s.used+1)*4 <= len(old)*3 {
		return
	}
	size := minSlots
	for (s.alive+1)*2 > size {
		size *= 2
	}
	slots := make([]atomic.Uint64, size)
	move := func(o uint64) {
		if uint32(o) != 0 {
			slot(slots, o>>32).Store(o)
		}
	}
	for i := range old {
		move(old[i].Load())
	}
	if old == nil {
		move(s.only.Load())
	}
	s.used = s.alive
	s.slots.Store(&slots)
}
