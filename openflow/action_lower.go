package openflow

import "vswitch/flow"

// formOfAction is which of several wire forms to write an action in.
func formOfAction(a Action) uint8 {
	second := func(is bool) uint8 {
		if is {
			return 2
		}
		return 0
	}
	switch a := a.(type) {
	case SetField:
		return uint8(a.Form)
	case Move:
		return second(a.CopyField)
	case OutputReg:
		return second(a.Wide || !hasField32(a.Src.Field))
	case Controller:
		return second(a.Extended || len(a.UserData) > 0 || a.Pause || a.Meter != 0)
	case Bundle:
		return second(a.Load)
	case DecTTL:
		return second(a.CountIDs)
	case Resubmit:
		return a.wireForm()
	case SetTunnel:
		return second(a.Wide || a.ID > 0xffffffff)
	case Learn:
		return second(a.Extended || a.Limit != 0 || a.Flags&LearnWriteResult != 0)
	case Sample:
		return a.wireForm()
	}
	return 0
}

// lower is what to write for an action that the version has under another name:
// set_field for what it replaced, push_vlan before what needs a tag, a load for
// what set_field cannot say. nil means that the action is written as it is.
//
//size:table
func lower(c context, a Action) []Action {
	switch a := a.(type) {
	case SetField:
		return lowerSetField(c, a)
	case Enqueue:
		if c.v > V10 {
			return []Action{SetQueue{a.Queue}, Output{Port: a.Port, MaxLen: 0xffff}, PopQueue{}}
		}
	case SetVLANVID:
		return lowerVLAN(c, a, a.PushIfAbsent, set(flow.FieldVLANVID, uint64(a.VID|flow.VLANPresent)))
	case SetVLANPCP:
		return lowerVLAN(c, a, a.PushIfAbsent, set(flow.FieldVLANPCP, uint64(a.PCP)))
	case SetIPTTL:
		if c.v == V10 {
			return []Action{set(flow.FieldIPTTL, uint64(a.TTL))}
		}
	case SetIPECN:
		if c.v != V11 {
			return []Action{set(flow.FieldIPECN, uint64(a.ECN))}
		}
	case GotoTable:
		if c.v == V10 {
			return []Action{Resubmit{InPort: PortInPort, Table: a.Table, WithTable: true}}
		}
	}
	if c.v < V12 {
		return nil
	}
	switch a := a.(type) {
	case SetEthSrc:
		return []Action{set(flow.FieldEthSrc, flow.ValueOf(a.Addr[:]).Lo)}
	case SetEthDst:
		return []Action{set(flow.FieldEthDst, flow.ValueOf(a.Addr[:]).Lo)}
	case SetIPSrc:
		return []Action{set(flow.FieldIPSrc, uint64(a.Addr))}
	case SetIPDst:
		return []Action{set(flow.FieldIPDst, uint64(a.Addr))}
	case SetIPDSCP:
		return []Action{set(flow.FieldIPDSCP, uint64(a.TOS>>2))}
	case SetTPSrc:
		if f, found := transportField(c.ipProto, flow.FieldTCPSrc); found {
			return []Action{set(f, uint64(a.Port))}
		}
	case SetTPDst:
		if f, found := transportField(c.ipProto, flow.FieldTCPDst); found {
			return []Action{set(f, uint64(a.Port))}
		}
	case SetMPLSLabel:
		return []Action{set(flow.FieldMPLSLabel, uint64(a.Label))}
	case SetMPLSTC:
		return []Action{set(flow.FieldMPLSTC, uint64(a.TC))}
	case SetTunnel:
		return []Action{set(flow.FieldTunID, a.ID)}
	}
	return nil
}

// set is the action that sets all of a field.
func set(id flow.FieldID, n uint64) SetField {
	return SetField{Field: id, Value: flow.U64(n), Mask: flow.FieldByID(id).Full()}
}

// transportField is the port field of a protocol that has ports; tcp is TCP's.
func transportField(proto uint8, tcp flow.FieldID) (f flow.FieldID, found bool) {
	switch proto {
	case flow.ProtoTCP:
		return tcp, true
	case flow.ProtoUDP:
		return tcp - flow.FieldTCPSrc + flow.FieldUDPSrc, true
	case flow.ProtoSCTP:
		return tcp - flow.FieldTCPSrc + flow.FieldSCTPSrc, true
	}
	return flow.FieldNone, false
}

func lowerVLAN(c context, a Action, push bool, later SetField) []Action {
	var out []Action
	if c.v > V10 && push && !c.tagged {
		out = append(out, PushVLAN{EthType: flow.EthTypeVLAN})
	}
	switch {
	case c.v >= V12:
		return append(out, later)
	case out == nil:
		return nil
	}
	switch a := a.(type) {
	case SetVLANVID:
		return append(out, SetVLANVID{VID: a.VID})
	case SetVLANPCP:
		return append(out, SetVLANPCP{PCP: a.PCP})
	}
	return out
}

// lowerSetField chooses between set_field and loads as Open vSwitch does: OpenFlow
// 1.5 has only set_field; before, a load stays one, and set_field is written
// where the version has it and all of the field is set.
func lowerSetField(c context, a SetField) []Action {
	form := a.Form
	switch {
	case a.Field == flow.FieldInPortOXM && form != FormLoad2:
		return lowerInPort(c, a)
	case c.v >= V15 && a.Field == flow.FieldVLANVID && (a.Value.Lo&a.Mask.Lo)&flow.VLANPresent == 0:
		// A load need not name the bit, which no set_field changes; 1.5 wants it.
		a.Value.Lo |= flow.VLANPresent
		a.Mask.Lo |= flow.VLANPresent
		return []Action{a}
	case c.v >= V15:
		return nil
	case form == FormSetField && c.v >= V12 && a.exact():
		return nil
	case form == FormSetField && c.v < V12:
		if old := legacySet(c, a); old != nil {
			return old
		}
	}
	if form == FormLoad2 || a.Wide != nil || !hasField32(a.Field) {
		if form == FormLoad2 {
			return nil
		}
		a.Form = FormLoad2
		return []Action{a}
	}
	if _, _, rest := nextRun(a.Value, a.Mask); form == FormLoad && rest.IsZero() {
		return nil
	}
	return a.loadSegments()
}

// lowerInPort is for in_port_oxm, which set_field cannot set (OpenFlow 1.3.5
// §5.12): the port of OpenFlow 1.0 can be set, and part by part both.
func lowerInPort(c context, a SetField) []Action {
	if port, ok := PortNo(a.Value.Lo).To16(); c.v >= V15 && ok && a.exact() {
		return []Action{set(flow.FieldInPort, uint64(port))}
	}
	if _, _, rest := nextRun(a.Value, a.Mask); c.v >= V15 || a.Form == FormLoad && rest.IsZero() {
		return nil
	}
	return a.loadSegments()
}

// legacySet is the action of OpenFlow 1.0 and 1.1 that sets all of a field, nil
// where they have none.
//
//size:table
func legacySet(c context, a SetField) []Action {
	if !a.exact() {
		return nil
	}
	n := a.Value.Lo
	one := func(a Action) []Action { return []Action{a} }
	switch a.Field {
	case flow.FieldVLANTCI:
		if n&flow.VLANPresent == 0 {
			return one(PopVLAN{Strip: c.v == V10})
		}
		return []Action{SetVLANVID{uint16(n & vlanVIDMask), true}, SetVLANPCP{uint8(n >> 13), true}}
	case flow.FieldVLANVID:
		return one(SetVLANVID{VID: uint16(n & vlanVIDMask)})
	case flow.FieldVLANPCP:
		return one(SetVLANPCP{PCP: uint8(n)})
	case flow.FieldEthSrc:
		return one(SetEthSrc{flow.MAC(a.Value.AppendBytes(nil, 6))})
	case flow.FieldEthDst:
		return one(SetEthDst{flow.MAC(a.Value.AppendBytes(nil, 6))})
	case flow.FieldIPSrc:
		return one(SetIPSrc{uint32(n)})
	case flow.FieldIPDst:
		return one(SetIPDst{uint32(n)})
	case flow.FieldIPTOS:
		return one(SetIPDSCP{uint8(n & dscpMask)})
	case flow.FieldIPDSCP:
		return one(SetIPDSCP{uint8(n << 2)})
	case flow.FieldIPECN:
		if c.v == V11 {
			return one(SetIPECN{uint8(n)})
		}
	case flow.FieldTCPSrc, flow.FieldUDPSrc:
		return one(SetTPSrc{uint16(n)})
	case flow.FieldTCPDst, flow.FieldUDPDst:
		return one(SetTPDst{uint16(n)})
	}
	return nil
}
