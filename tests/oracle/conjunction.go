package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// clauses are what a flow is a clause of: it is never what a lookup finds.
func (r *rule) clauses() (list []openflow.Conjunction) {
	for _, a := range r.Actions {
		if c, ok := a.(openflow.Conjunction); ok {
			list = append(list, c)
		}
	}
	return list
}

// bestOf is what a packet finds among rules (ovs-fields(7), Conjunctive Match
// Fields): going down through the priorities, a flow, or what a conjunction finds
// that clauses of this priority make complete.
func bestOf(all []*rule, p flow.Pipeline) *rule {
	rules := slices.DeleteFunc(slices.Clone(all), func(r *rule) bool { return !r.Match.Matches(&p) })
	slices.SortStableFunc(rules, func(a, b *rule) int { return int(b.Priority) - int(a.Priority) })
	for i, r := range rules {
		if len(r.clauses()) == 0 {
			return r
		}
		if i > 0 && rules[i-1].Priority == r.Priority {
			continue
		}
		for _, id := range complete(rules, r.Priority) {
			again := p
			again.ConjID = id
			if found := alone(all, again); found != nil {
				return found
			}
		}
	}
	return nil
}

// alone is the flow of highest priority that is no clause.
func alone(rules []*rule, p flow.Pipeline) (best *rule) {
	for _, r := range rules {
		if len(r.clauses()) == 0 && r.Match.Matches(&p) && (best == nil || r.Priority > best.Priority) {
			best = r
		}
	}
	return best
}

// complete are the conjunctions of which all clauses are there at a priority.
func complete(rules []*rule, priority uint16) (ids []uint32) {
	type conjunction struct {
		id uint32
		of uint8
	}
	have := map[conjunction]map[uint8]bool{}
	for _, r := range rules {
		for _, c := range r.clauses() {
			k := conjunction{c.ID, c.Of}
			if r.Priority != priority {
				continue
			}
			if have[k] == nil {
				have[k] = map[uint8]bool{}
			}
			if have[k][c.Clause] = true; len(have[k]) == int(c.Of) {
				ids = append(ids, c.ID)
			}
		}
	}
	slices.SortFunc(ids, cmp.Compare)
	return ids
}

// conjunctions are flows of a conjunction for a table: the alternatives of each
// clause, all of one priority, and flows for the whole, as lines of ovs-ofctl's
// syntax with cookies from first on.
func (g tables) conjunctions(table, first int, priorities []int) (lines []string) {
	id, of := 1+g.IntN(3), 2+g.IntN(2)
	cookie := first
	add := func(priority int, match, actions string) {
		line := fmt.Sprintf("table=%d,priority=%d,cookie=%d%s,actions=%s", table, priority, cookie, match, actions)
		if _, err := text.ParseFlow(line, text.Options{}); err == nil {
			lines = append(lines, line)
			cookie++
		}
	}
	seen := map[string]bool{} // a second flow of the same match would replace the first
	for clause := 1; clause <= of; clause++ {
		for range 1 + g.IntN(3) {
			match := ""
			if s := text.AppendMatch(nil, &openflow.Match{Match: *g.match()}, text.PrintOptions{}); len(s) > 0 {
				match = "," + string(s)
			}
			if seen[match] {
				continue
			}
			seen[match] = true
			actions := fmt.Sprintf("conjunction(%d,%d/%d)", id, clause, of)
			if g.one(4) {
				actions += fmt.Sprintf(",conjunction(%d,%d/2)", id+1, 1+g.IntN(2))
			}
			add(priorities[0], match, actions)
		}
	}
	for i := range 1 + g.IntN(2) {
		add(priorities[1+i], fmt.Sprintf(",conj_id=%d", id+i), fmt.Sprintf("output:%d", 1+g.IntN(4)))
	}
	return lines
}
