package openflow

import "slices"

// Types of instructions (OFPIT_*).
const (
	instGotoTable     = 1
	instWriteMetadata = 2
	instWriteActions  = 3
	instApplyActions  = 4
	instClearActions  = 5
	instMeter         = 6
	instStatTrigger   = 7 // 1.5: known, not supported
	instExperimenter  = 0xffff
)

// instSizes are the sizes of instructions in bytes; those with actions have at
// least that.
var instSizes = [...]int{
	instGotoTable: 8, instWriteMetadata: 24, instWriteActions: 8, instApplyActions: 8, instClearActions: 8, instMeter: 8,
}

// usualActions is how many actions most flows have at most.
const usualActions = 8

// decodeInstructions reads what a flow does: in OpenFlow 1.0 its actions, later
// its instructions, which become the end of the list. See Action for the order.
// The list has no room to spare and nothing else lies beside it in memory, because
// a switch keeps it for as long as the flow lives. Flows with the same output may
// have the same list.
func decodeInstructions(c context, b []byte) ([]Action, error) {
	var room [usualActions]Action
	list, err := room[:0], error(nil)
	if c.v == V10 {
		list, err = decodeActions(c, b, list)
	} else {
		list, err = decodeInstructionList(c, b, list)
	}
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if len(list) == 1 {
		if o, ok := list[0].(Output); ok && o.isUsual() {
			return usualLists[o.Port], nil
		}
	}
	return append(make([]Action, 0, len(list)), list...), nil
}

// decodeInstructionList appends what the instructions in b say to list.
func decodeInstructionList(c context, b []byte, list []Action) ([]Action, error) {
	if n := len(b); n >= 8 && n%8 == 0 && be.Uint16(b) == instApplyActions && int(be.Uint16(b[2:])) == n {
		list, err := decodeApplied(c, b[8:], list) // most flows have no other instruction
		if err != nil {
			return list, err
		}
		return list, checkOrder(c.v, list)
	}
	var found [len(instSizes)][]byte
	for len(b) > 0 {
		if len(b) < 8 {
			return list, NewError(ErrInstructionBadLen, "%d bytes left", len(b))
		}
		typ, n := be.Uint16(b), int(be.Uint16(b[2:]))
		if n < 8 || n%8 != 0 || n > len(b) {
			return list, NewError(ErrInstructionBadLen, "instruction of %d bytes in %d", n, len(b))
		}
		if err := checkInstruction(c.v, typ, n); err != nil {
			return list, err
		}
		if found[typ] != nil {
			return list, NewError(ErrInstructionDupInst, "type %d", typ)
		}
		found[typ] = b[4:n:n]
		b = b[n:]
	}
	return joinInstructions(c, &found, list)
}

func checkInstruction(v Version, typ uint16, n int) error {
	known := typ >= instGotoTable && int(typ) < len(instSizes) && (typ != instMeter || v == V13 || v == V14)
	switch {
	case typ == instExperimenter:
		return NewError(ErrInstructionBadExperimenter, "experimenter instruction")
	case typ == instStatTrigger && v >= V15:
		return NewError(ErrInstructionUnsupInst, "stat_trigger")
	case !known:
		return NewError(ErrInstructionUnknownInst, "type %d in %s", typ, v)
	case n != instSizes[typ] && typ != instWriteActions && typ != instApplyActions:
		return NewError(ErrInstructionBadLen, "instruction type %d of %d bytes", typ, n)
	}
	return nil
}

// joinInstructions makes the list of the bodies of instructions, in the order in
// which they are executed.
func joinInstructions(c context, found *[len(instSizes)][]byte, list []Action) (_ []Action, err error) {
	if b := found[instMeter]; b != nil {
		id := be.Uint32(b)
		if id == 0 || id > MeterMax {
			return list, NewError(ErrMeterModInvalidMeter, "meter %#x", id)
		}
		list = append(list, Meter{ID: id})
	}
	if b := found[instApplyActions]; b != nil {
		if list, err = decodeApplied(c, b[4:], list); err != nil {
			return list, err
		}
	}
	if found[instClearActions] != nil {
		list = append(list, ClearActions{})
	}
	if b := found[instWriteActions]; b != nil {
		inner, err := decodeActions(c, b[4:], nil)
		if err != nil {
			return list, err
		}
		if err := checkActionSet(inner); err != nil {
			return list, err
		}
		list = append(list, WriteActions{Actions: inner})
	}
	if b := found[instWriteMetadata]; b != nil {
		list = append(list, WriteMetadata{Metadata: be.Uint64(b[4:]), Mask: be.Uint64(b[12:])})
	}
	if b := found[instGotoTable]; b != nil {
		list = append(list, GotoTable{Table: b[0]})
	}
	return list, checkOrder(c.v, list)
}

// decodeApplied appends the actions of an instruction, a bucket or a packet-out to
// list. Nicira's write_metadata is none of them.
func decodeApplied(c context, b []byte, list []Action) ([]Action, error) {
	start := len(list)
	list, err := decodeActions(c, b, list)
	if err != nil {
		return list, err
	}
	for _, a := range list[start:] {
		if a.ActionKind() == ActWriteMetadata {
			return list, NewError(ErrInstructionUnsupInst, "%s among actions in %s", a.ActionKind(), c.v)
		}
	}
	return list, nil
}

// checkActionSet refuses actions that an action set cannot have (OpenFlow 1.3.5
// §5.10 and Open vSwitch's additions).
func checkActionSet(list []Action) error { //size:table
	for _, a := range list {
		switch k := a.ActionKind(); k {
		case ActOutput, ActGroup, ActPushVLAN, ActPopVLAN, ActPushMPLS, ActPopMPLS, ActPushPBB, ActPopPBB, ActEncap, ActDecap,
			ActSetField, ActMove, ActSetVLANVID, ActSetVLANPCP, ActSetEthSrc, ActSetEthDst,
			ActSetIPSrc, ActSetIPDst, ActSetIPDSCP, ActSetIPECN, ActSetIPTTL, ActSetTPSrc, ActSetTPDst,
			ActDecTTL, ActCopyTTLOut, ActCopyTTLIn, ActSetMPLSLabel, ActSetMPLSTC, ActSetMPLSTTL, ActDecMPLSTTL,
			ActDecNSHTTL, ActSetTunnel, ActSetQueue, ActMeter, ActResubmit, ActCT, ActCTClear:
		default:
			return NewError(ErrActionBadType, "%s in an action set", k)
		}
	}
	return nil
}

// stage is where in a flow's list an action may stand, ascending: meter,
// actions, then the other instructions.
func stage(a Action) int { return int(stages[a.ActionKind()]) }

var stages = buildStages()

func buildStages() (stages [256]uint8) {
	for k := range stages {
		stages[k] = applied
	}
	for s, k := range map[uint8]ActionKind{0: ActMeter, 2: ActClearActions, 3: ActWriteActions, 4: ActWriteMetadata, 5: ActGotoTable} {
		stages[k] = s
	}
	return stages
}

// applied is the stage of what apply_actions does.
const applied = 1

// checkOrder refuses lists that are not in the order of execution, or have an
// instruction twice, as Open vSwitch does.
func checkOrder(v Version, list []Action) error {
	last := -1
	for _, a := range list {
		s := stage(a)
		if v >= V15 && a.ActionKind() == ActMeter {
			s = applied // an action like others, as often as one likes
		}
		if s < last || s == last && s != applied {
			return NewError(ErrActionUnsupportedOrder, "%s stands too late or twice", a.ActionKind())
		}
		last = s
	}
	return nil
}

// appendInstructions is the reverse of decodeInstructions. OpenFlow 1.5 lets meters
// stand among actions; what tells of such a flow in another version has the first
// of them before all actions.
func appendInstructions(c context, dst []byte, list []Action) (_ []byte, err error) {
	if c.v == V10 {
		return appendActions(c, dst, list)
	}
	if err := checkOrder(c.v, list); err != nil {
		if !c.tells {
			return dst, err
		}
		list = inOrder(list)
	}
	for i := 0; i < len(list); {
		if !isApplied(c.v, list[i]) {
			if dst, err = appendInstruction(c, dst, list[i]); err != nil {
				return dst, err
			}
			i++
			continue
		}
		end := i
		for end < len(list) && isApplied(c.v, list[end]) {
			end++
		}
		start := len(dst)
		dst = zeros(append(dst, 0, instApplyActions), 6)
		if dst, err = appendActions(c, dst, list[i:end]); err != nil {
			return dst, err
		}
		setLen16(dst, start+2, start)
		i = end
	}
	return dst, nil
}

// inOrder is a list by stages, with one instruction of each.
func inOrder(list []Action) []Action {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Action) int { return stage(a) - stage(b) })
	return slices.CompactFunc(list, func(a, b Action) bool { return stage(a) == stage(b) && stage(a) != applied })
}

// isApplied reports whether a travels within apply_actions: all actions, and in
// OpenFlow 1.5 meters.
func isApplied(v Version, a Action) bool {
	return stage(a) == applied || v >= V15 && a.ActionKind() == ActMeter
}

func appendInstruction(c context, dst []byte, a Action) ([]byte, error) {
	start := len(dst)
	var err error
	switch a := a.(type) {
	case Meter:
		if c.v < V13 {
			if c.tells {
				return dst, nil
			}
			return dst, unencodable(c.v, "the instruction meter")
		}
		dst = be.AppendUint32(append(dst, 0, instMeter, 0, 0), a.ID)
	case ClearActions:
		dst = zeros(append(dst, 0, instClearActions, 0, 0), 4)
	case WriteActions:
		dst = zeros(append(dst, 0, instWriteActions, 0, 0), 4)
		if dst, err = appendActions(c, dst, a.Actions); err != nil {
			return dst, err
		}
	case WriteMetadata:
		dst = zeros(append(dst, 0, instWriteMetadata, 0, 0), 4)
		dst = be.AppendUint64(be.AppendUint64(dst, a.Metadata), a.Mask)
	case GotoTable:
		dst = zeros(append(dst, 0, instGotoTable, 0, 0, a.Table), 3)
	}
	setLen16(dst, start+2, start)
	return dst, nil
}
