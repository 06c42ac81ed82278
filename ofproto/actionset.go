package ofproto

import (
	"slices"

	"vswitch/openflow"
)

// setActionSet makes a packet's action set consist of what the lists write.
func (x *xlate) setActionSet(written [][]openflow.Action) {
	x.actionSet, x.p.ActsetOutput = written, uint32(actsetOutput(written))
}

// actsetOutput is the port that an action set outputs to: the one that was written
// last, where no group takes its place (OpenFlow 1.5.1, OFPXMT_OFB_ACTSET_OUTPUT).
func actsetOutput(written [][]openflow.Action) openflow.PortNo {
	port := openflow.PortUnset
	for _, list := range written {
		for _, a := range list {
			switch a := a.(type) {
			case openflow.Output:
				port = a.Port
			case openflow.Group:
				return openflow.PortUnset
			}
		}
	}
	return port
}

// orderActionSet puts an action set into the order of OpenFlow 1.3.5 §5.10. Of
// each kind the last one written counts, but that all which set or move a field are
// done one after the other (as in Open vSwitch): of a field the last one counts then
// too, and those that set parts of a field add up, as which older versions say one
// that has a mask.
func orderActionSet(written [][]openflow.Action) []openflow.Action {
	type slot struct {
		rank int
		id   int // tells those that set a field apart; place among the pops
	}
	last := map[slot]openflow.Action{}
	var order []slot
	for _, a := range slices.Concat(written...) {
		s := slot{rank: actionSetRank(a)}
		switch s.rank {
		case rankSet:
			s.id = 1 + len(order)
		case rankPop:
			s.id = 1 + slices.Index(popOrder, a.ActionKind())
		}
		if _, seen := last[s]; seen {
			order = slices.DeleteFunc(order, func(o slot) bool { return o == s })
		}
		last[s] = a
		order = append(order, s)
	}
	slices.SortStableFunc(order, func(a, b slot) int {
		if a.rank == rankPop && b.rank == rankPop {
			return a.id - b.id
		}
		return a.rank - b.rank
	})
	var set []openflow.Action
	for _, s := range order {
		if s.rank == rankOutput && slices.ContainsFunc(order, func(o slot) bool { return o.rank == rankGroup }) {
			continue // output is ignored where there is a group
		}
		set = append(set, last[s])
	}
	return set
}

// popOrder is the order of the pops, all of which a set may have: outer tags first.
var popOrder = []openflow.ActionKind{openflow.ActPopVLAN, openflow.ActPopPBB, openflow.ActPopMPLS, openflow.ActDecap}

// Ranks of the action set that orderActionSet names.
const (
	rankPop    = 1
	rankSet    = 9
	rankGroup  = 12
	rankOutput = 13
)

// actionSetRank is an action's place in the action set.
//
//size:table
func actionSetRank(a openflow.Action) int {
	switch a.ActionKind() {
	case openflow.ActCopyTTLIn:
		return 0
	case openflow.ActPopVLAN, openflow.ActPopMPLS, openflow.ActPopPBB, openflow.ActDecap:
		return rankPop
	case openflow.ActPushMPLS:
		return 2
	case openflow.ActPushPBB:
		return 3
	case openflow.ActEncap:
		return 4
	case openflow.ActPushVLAN:
		return 5
	case openflow.ActCopyTTLOut:
		return 6
	case openflow.ActDecTTL:
		return 7
	case openflow.ActDecMPLSTTL, openflow.ActDecNSHTTL:
		return 8
	case openflow.ActMeter: // OpenFlow 1.5.1 §5.6: with the other QoS actions
		return rankGroup - 2
	case openflow.ActSetQueue:
		return rankGroup - 1
	case openflow.ActGroup, openflow.ActCT:
		return rankGroup
	case openflow.ActOutput, openflow.ActResubmit, openflow.ActOutputReg, openflow.ActOutputTrunc,
		openflow.ActEnqueue, openflow.ActController:
		return rankOutput
	}
	return rankSet
}
