package ofproto

import (
	"vswitch/flow/classifier"
	"vswitch/openflow"
)

// clausesOf is what a flow with these actions is a clause of. Its conjunctions
// stand alone but for notes (openflow.CheckActions sees to it), so such a flow is
// never executed and its counters stay as they are.
func clausesOf(actions []openflow.Action) (clauses []classifier.Clause) {
	for _, a := range actions {
		if c, ok := a.(openflow.Conjunction); ok {
			clauses = append(clauses, classifier.Clause{ID: c.ID, Number: c.Clause, Of: c.Of})
		}
	}
	return clauses
}
