package ofproto

import "vswitch/openflow"

// maxShared bounds how many lists are remembered to be shared.
const maxShared = 1 << 12

// shareActions is actions, or a list with the same content that other rules have.
// Nobody writes to either. Most flows of large tables do no more than output to
// one of a few ports; without lists and values of their own they take less
// memory, and the collector has half as much to mark. The caller holds
// Switch.tables.
func (s *Switch) shareActions(actions []openflow.Action) []openflow.Action {
	if len(actions) != 1 {
		return actions
	}
	output, ok := actions[0].(openflow.Output)
	if !ok {
		return actions
	}
	if shared := s.outputs[output]; shared != nil {
		return shared
	}
	if s.outputs == nil || len(s.outputs) >= maxShared {
		s.outputs = map[openflow.Output][]openflow.Action{}
	}
	s.outputs[output] = actions
	return actions
}
