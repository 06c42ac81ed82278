package openflow

import "vswitch/flow"

const (
	// maxEntry is how large an entry of a multipart reply may be: the head of Nicira's
	// statistics is the largest one.
	maxEntry = MaxLen - 24
	// maxFlowRest is more than anything but the instructions takes in a flow's
	// statistics: counters, and a match on all fields and options.
	maxFlowRest = 4096
	// MaxActionBytes is how many bytes of instructions a flow may have in every
	// version, so that its statistics are an entry that can be told.
	MaxActionBytes = maxEntry - maxFlowRest

	// maxPlain is more than an action without anything of variable length takes in
	// any version, with those that lower makes of it and its instruction's head.
	maxPlain = 96
	// segmentSize is the size of a load, of which a masked set_field may need one for
	// each bit.
	segmentSize = 24
)

// ActionsFit reports whether every version can tell of a flow with a list of
// actions, whatever its match. What cannot be told must not be there: it would be a
// flow that no dump shows.
func ActionsFit(list []Action) bool {
	if actionsBound(list) <= MaxActionBytes { // all but very few
		return true
	}
	for v := minVersion; v <= maxVersion; v++ {
		b, err := appendInstructions(tellingContext(v), nil, list)
		if err != nil || len(b) > MaxActionBytes {
			return false
		}
	}
	return true
}

// GroupFits reports whether every version can tell of a group.
func GroupFits(g *GroupDesc) bool {
	const groupHead, bucketHead, methodSize, fieldSize = 16, 32, 64, 24
	bound := groupHead + methodSize + fieldSize*len(g.Props.Fields)
	for i := range g.Buckets {
		bound += bucketHead + actionsBound(g.Buckets[i].Actions)
	}
	if bound <= maxEntry {
		return true
	}
	told := *g
	for v := minVersion; v <= maxVersion; v++ {
		if told.Props = g.Props; !groups15(v) {
			told.Props = GroupProps{}
		}
		b, err := appendGroupDesc(tellingContext(v), nil, &told)
		if err != nil || len(b) > maxEntry {
			return false
		}
	}
	return true
}

// tellingContext is that of replies to those who did not make what they are told of.
// The protocol is one whose ports set_field can set, which is the longest way.
func tellingContext(v Version) context {
	return context{v: v, tells: true, ipProto: flow.ProtoTCP, dialect: plainDialect, t: codec}
}

// actionsBound is at least the size of a list of actions in any version. It is for
// every flow that is added, and does not encode anything.
//
//size:table
func actionsBound(list []Action) (n int) {
	for _, a := range list {
		n += maxPlain
		switch a := a.(type) {
		case SetField:
			switch {
			case a.Wide != nil:
				n += len(a.Wide) + len(a.WideMask)
			case !a.exact():
				n += segmentSize * maskBits(a.Mask)
			}
		case Controller:
			n += len(a.UserData)
		case Note:
			n += len(a.Data)
		case Bundle:
			n += 2 * len(a.Members)
		case DecTTL:
			n += 2 * len(a.IDs)
		case Encap:
			for i := range a.Props {
				n += 16 + len(a.Props[i].Data)
			}
		case Learn:
			for i := range a.Specs {
				n += 48 + len(a.Specs[i].Wide)
			}
		case CT:
			n += actionsBound(a.Actions)
		case Clone:
			n += actionsBound(a.Actions)
		case WriteActions:
			n += actionsBound(a.Actions)
		}
	}
	return n
}
