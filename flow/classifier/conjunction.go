package classifier

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync/atomic"
)

// Clause says that a rule is one of the alternatives of a clause of a
// conjunctive match (ovs-fields(7), Conjunctive Match Fields). Such a rule is
// never what Lookup finds. A packet that matches, at one priority, a rule of each
// clause of a conjunction is looked up again with conj_id as the conjunction's
// ID, among the rules that are not clauses.
type Clause struct {
	ID     uint32 // of the conjunction
	Number uint8  // of the clause, from 0
	Of     uint8  // clauses of the conjunction, 2 to 64
}

func compareClauses(a, b Clause) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Of, b.Of), cmp.Compare(a.Number, b.Number))
}

// clauseSets holds what rules are clauses of, every set once and by number, since
// the rules of a clause are many and say the same. 0 is the empty set.
type clauseSets struct {
	list atomic.Pointer[[]atomic.Pointer[clauseSet]]

	// The writer's.
	numbers map[string]uint32 // by content
	free    []uint32
}

type clauseSet struct {
	clauses []Clause
	key     string
	rules   int // that have it; the writer's
}

// at is a set that some visible rule has.
func (s *clauseSets) at(n uint32) []Clause { return (*s.list.Load())[n].Load().clauses }

// intern gives out the number of a set for one rule more.
func (s *clauseSets) intern(clauses []Clause) uint32 {
	if len(clauses) == 0 {
		return 0
	}
	set := &clauseSet{clauses: slices.Clone(clauses)}
	slices.SortFunc(set.clauses, compareClauses)
	set.clauses = slices.Compact(set.clauses)
	var key []byte
	for _, c := range set.clauses {
		key = append(binary.BigEndian.AppendUint32(key, c.ID), c.Number, c.Of)
	}
	set.key = string(key)
	n, known := s.numbers[set.key]
	if !known {
		n = s.number()
		(*s.list.Load())[n].Store(set)
		if s.numbers == nil {
			s.numbers = map[string]uint32{}
		}
		s.numbers[set.key] = n
	}
	(*s.list.Load())[n].Load().rules++
	return n
}

// number is one that no set has.
func (s *clauseSets) number() uint32 {
	if last := len(s.free) - 1; last >= 0 {
		n := s.free[last]
		s.free = s.free[:last]
		return n
	}
	n := len(s.numbers) + 1
	old := s.list.Load()
	if old != nil && n < len(*old) {
		return uint32(n)
	}
	grown := make([]atomic.Pointer[clauseSet], 2*n)
	if old != nil {
		for i := range *old {
			grown[i].Store((*old)[i].Load())
		}
	}
	s.list.Store(&grown)
	return uint32(n)
}

// release takes back what intern gave, for a rule that nobody sees any more.
func (s *clauseSets) release(n uint32) {
	if n == 0 {
		return
	}
	set := (*s.list.Load())[n].Load()
	if set.rules--; set.rules == 0 {
		delete(s.numbers, set.key)
		s.free = append(s.free, n)
	}
}

// conjunctive goes on with a lookup that has found a clause. hard is the best rule
// before it that is none.
func (l *lookup) conjunctive(clause, hard ID) ID {
	var room [64]ID
	soft := append(room[:0], clause)
	for t := l.next(hard, l.priority(hard)); t != nil; t = l.next(hard, l.priority(hard)) {
		id := l.probe(t)
		switch {
		case id == None:
		case l.c.rules.at(id).clauses != 0:
			soft = append(soft, id)
		case hard == None || l.priority(id) > l.priority(hard):
			hard = id
		}
	}
	for {
		soft = slices.DeleteFunc(soft, func(id ID) bool { return hard != None && l.priority(id) <= l.priority(hard) })
		if len(soft) == 0 {
			return hard
		}
		top := l.priority(slices.MaxFunc(soft, func(a, b ID) int { return cmp.Compare(l.priority(a), l.priority(b)) }))
		if id := l.complete(soft, top); id != None {
			return id
		}
		soft, hard = l.lower(soft, hard, top)
	}
}

func (l *lookup) priority(id ID) int32 { return l.c.rules.at(id).priority }

// complete is what the packet matches as one of the conjunctions that clauses of
// priority top make complete. Of several it is the one of the lowest ID with a rule.
func (l *lookup) complete(soft []ID, top int32) ID {
	var room [64]Clause
	all := room[:0]
	for _, id := range soft {
		if r := l.c.rules.at(id); r.priority == top {
			all = append(all, l.c.clauses.at(r.clauses)...)
		}
	}
	slices.SortFunc(all, compareClauses)
	have := uint64(0)
	for i, c := range all {
		if i > 0 && (all[i-1].ID != c.ID || all[i-1].Of != c.Of) {
			have = 0
		}
		before := have
		have |= 1 << c.Number
		if have == 1<<c.Of-1 && before != have {
			if id := l.again(c.ID); id != None {
				return id
			}
		}
	}
	return None
}

// again looks the packet up with a conj_id, among the rules that are no clauses.
// The packet's own conj_id is back in place at the end: a copy of the packet
// would cost an allocation.
func (l *lookup) again(conj uint32) ID {
	old := l.p.ConjID
	l.p.ConjID = conj
	second := lookup{c: l.c, version: l.version, p: l.p, mask: l.mask}
	id := second.runAlone()
	l.words = l.words.Or(second.words)
	l.p.ConjID = old
	return id
}

// lower replaces clauses of priority top by what comes below them in their
// subtables.
func (l *lookup) lower(soft []ID, hard ID, top int32) (_ []ID, best ID) {
	kept := soft[:0]
	for _, id := range soft {
		if l.priority(id) == top {
			id = l.visible(ID(l.c.rules.at(id).next.Load()))
		}
		switch {
		case id == None:
		case l.c.rules.at(id).clauses != 0:
			kept = append(kept, id)
		case hard == None || l.priority(id) > l.priority(hard):
			hard = id
		}
	}
	return kept, hard
}
