package classifier

import (
	"maps"
	"slices"

	"vswitch/flow"
)

// naive is a table as one would write it without thought: a list of rules,
// every one of which is tried.
type naive struct{ rules []*naiveRule }

type naiveRule struct {
	id                ID
	match             flow.Match
	priority          int32
	appears, vanishes uint64
	clauses           []Clause
}

func (r *naiveRule) visible(version uint64) bool { return r.appears <= version && version < r.vanishes }

// lookup is the rules of which one is what a packet matches. Priorities are gone
// through from the highest: a rule by itself ends the search, a conjunction where
// the packet, with its conj_id, matches a rule by itself.
func (n *naive) lookup(version uint64, p *flow.Pipeline) []*naiveRule {
	levels := map[int32][]*naiveRule{}
	for _, r := range n.rules {
		if r.visible(version) && r.match.Matches(p) {
			levels[r.priority] = append(levels[r.priority], r)
		}
	}
	for _, priority := range slices.Backward(slices.Sorted(maps.Keys(levels))) {
		var hard []*naiveRule
		clauses := map[Clause]bool{}
		for _, r := range levels[priority] {
			if len(r.clauses) == 0 {
				hard = append(hard, r)
			}
			for _, c := range r.clauses {
				clauses[c] = true
			}
		}
		if len(hard) > 0 {
			return hard
		}
		for _, c := range slices.SortedFunc(maps.Keys(clauses), compareClauses) {
			complete := true
			for number := range c.Of {
				complete = complete && clauses[Clause{c.ID, number, c.Of}]
			}
			if !complete {
				continue
			}
			q := *p
			q.ConjID = c.ID
			if found := n.alone(version, &q); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// alone is the rules of highest priority among those by themselves that match.
func (n *naive) alone(version uint64, p *flow.Pipeline) (best []*naiveRule) {
	for _, r := range n.rules {
		if len(r.clauses) > 0 || !r.visible(version) || !r.match.Matches(p) {
			continue
		}
		if len(best) > 0 && r.priority > best[0].priority {
			best = best[:0]
		}
		if len(best) == 0 || r.priority == best[0].priority {
			best = append(best, r)
		}
	}
	return best
}

func (n *naive) find(m *flow.Match, priority int32, version uint64) ID {
	for _, r := range n.rules {
		if r.visible(version) && r.priority == priority && r.match.Equal(m) {
			return r.id
		}
	}
	return None
}

func (n *naive) overlaps(m *flow.Match, priority int32, version uint64) bool {
	for _, r := range n.rules {
		if !r.visible(version) || r.priority != priority {
			continue
		}
		differ := false
		for i, k := range m.Mask.Words() {
			differ = differ || (m.Value.Words()[i]^r.match.Value.Words()[i])&k&r.match.Mask.Words()[i] != 0
		}
		if !differ {
			return true
		}
	}
	return false
}

func (n *naive) visible(version uint64) map[ID]bool {
	ids := map[ID]bool{}
	for _, r := range n.rules {
		if r.visible(version) {
			ids[r.id] = true
		}
	}
	return ids
}
