package classifier

import "vswitch/flow"

// naive is a table as one would write it without thought: a list of rules,
// every one of which is tried.
type naive struct{ rules []*naiveRule }

type naiveRule struct {
	id                ID
	match             flow.Match
	priority          int32
	appears, vanishes uint64
}

func (r *naiveRule) visible(version uint64) bool { return r.appears <= version && version < r.vanishes }

// lookup is the highest priority of the rules that match, and the rules that
// have it.
func (n *naive) lookup(version uint64, p *flow.Pipeline) (best []*naiveRule) {
	for _, r := range n.rules {
		if !r.visible(version) || !r.match.Matches(p) {
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
