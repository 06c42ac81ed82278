package ofproto

import (
	"slices"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// do translates one action.
//
//size:table
func (x *xlate) do(a openflow.Action) {
	if x.staleFor(a) {
		x.work[len(x.work)-1].next--
		x.freeze()
		return
	}
	if x.trace != nil {
		x.noteAction(a)
	}
	switch a := a.(type) {
	case openflow.Output:
		x.outputTo(a.Port, a.MaxLen)
	case openflow.OutputReg:
		x.outputTo(portOf(x.read(a.Src)), a.MaxLen)
	case openflow.OutputTrunc:
		x.outputCut(a.Port, a.MaxLen)
	case openflow.Enqueue:
		old := x.p.Priority
		x.setQueue(a.Queue + 1)
		x.outputTo(a.Port, 0)
		x.setQueue(old)
	case openflow.Controller:
		x.controller(a)
	case openflow.Group:
		x.group(a.ID)
	case openflow.Meter:
		x.meter(a.ID)
	case openflow.PushVLAN:
		x.pushVLAN(a.EthType)
	case openflow.PopVLAN:
		x.popVLAN()
	case openflow.PushMPLS:
		x.pushMPLS(a.EthType)
	case openflow.PopMPLS:
		x.popMPLS(a.EthType)
	case openflow.PushPBB:
		x.pushPBB()
	case openflow.PopPBB:
		x.popPBB()
	case openflow.Encap:
		x.encap(a)
	case openflow.Decap:
		x.decap(a)
	case openflow.CopyTTLOut:
		x.copyTTL(datapath.OpCopyTTLOut)
	case openflow.CopyTTLIn:
		x.copyTTL(datapath.OpCopyTTLIn)
	case openflow.DecNSHTTL:
		x.decrement(flow.FieldNSHTTL, nil)
	case openflow.SetField:
		if f := flow.FieldByID(a.Field); f.Wide() {
			x.setWide(f, a.Wide, a.WideMask)
		} else {
			x.setField(f, a.Value, a.Mask)
		}
	case openflow.Move:
		if x.exists(flow.FieldByID(a.Src.Field)) { // else there is nothing to copy
			x.writeSubfield(a.Dst, x.read(a.Src))
		}
	case openflow.SetVLANVID:
		x.setVLAN(a.VID, 0x0fff, a.PushIfAbsent)
	case openflow.SetVLANPCP:
		x.setVLAN(uint16(a.PCP)<<13, 0xe000, a.PushIfAbsent)
	case openflow.DecTTL:
		x.decrement(flow.FieldIPTTL, a.IDs)
	case openflow.DecMPLSTTL:
		x.decrement(flow.FieldMPLSTTL, nil)
	case openflow.SetQueue:
		x.setQueue(a.Queue + 1)
	case openflow.PopQueue:
		x.setQueue(0)
	case openflow.Resubmit:
		x.resubmit(a)
	case openflow.Clone:
		x.branch(func() { x.nest(a.Actions) })
	case openflow.StackPush:
		x.push(x.read(a.Src))
	case openflow.StackPop:
		x.popTo(a.Dst)
	case openflow.Exit:
		x.exit()
	case openflow.CT:
		// Without connection tracking nothing that was to pass it may pass.
		x.abort(datapath.DropConntrack)
	case openflow.Multipath:
		x.multipath(a)
	case openflow.Bundle:
		x.bundle(a)
	case openflow.Learn:
		x.learnFlow(a)
	case openflow.FinTimeout:
		x.finTimeout(a)
	case openflow.CheckPktLarger:
		x.checkLarger(a)
	case openflow.DeleteField:
		x.deleteField(a.Field)
	case openflow.DebugSlow:
		x.result.NoCache = true
	case openflow.Note, openflow.CTClear, openflow.Sample, openflow.Conjunction:
		// No collector of samples can be configured yet, so there are none to take.
	case openflow.DebugRecirc:
		x.freeze()
	case openflow.ClearActions:
		x.noteActionSet("was")
		x.setActionSet(nil)
	case openflow.WriteActions:
		x.setActionSet(append(slices.Clip(x.actionSet), a.Actions))
		x.noteActionSet("is")
	case openflow.WriteMetadata:
		x.p.Metadata = x.p.Metadata&^a.Mask | a.Metadata&a.Mask
	case openflow.GotoTable:
		x.gotoTable(a.Table)
	default:
		x.doSimple(a)
	}
}

// doSimple translates the actions that set one field (OpenFlow 1.0 and 1.1).
func (x *xlate) doSimple(a openflow.Action) {
	set := func(id flow.FieldID, v flow.Value) {
		f := flow.FieldByID(id)
		x.setField(f, v, f.Full())
	}
	switch a := a.(type) {
	case openflow.SetEthSrc:
		set(flow.FieldEthSrc, flow.ValueOf(a.Addr[:]))
	case openflow.SetEthDst:
		set(flow.FieldEthDst, flow.ValueOf(a.Addr[:]))
	case openflow.SetIPSrc:
		set(flow.FieldIPSrc, flow.U64(uint64(a.Addr)))
	case openflow.SetIPDst:
		set(flow.FieldIPDst, flow.U64(uint64(a.Addr)))
	case openflow.SetIPDSCP:
		set(flow.FieldIPTOS, flow.U64(uint64(a.TOS)))
	case openflow.SetIPECN:
		set(flow.FieldIPECN, flow.U64(uint64(a.ECN)))
	case openflow.SetIPTTL:
		set(flow.FieldIPTTL, flow.U64(uint64(a.TTL)))
	case openflow.SetTPSrc:
		x.setPort(flow.FieldTCPSrc, a.Port)
	case openflow.SetTPDst:
		x.setPort(flow.FieldTCPDst, a.Port)
	case openflow.SetMPLSLabel:
		set(flow.FieldMPLSLabel, flow.U64(uint64(a.Label)))
	case openflow.SetMPLSTC:
		set(flow.FieldMPLSTC, flow.U64(uint64(a.TC)))
	case openflow.SetMPLSTTL:
		set(flow.FieldMPLSTTL, flow.U64(uint64(a.TTL)))
	case openflow.SetTunnel:
		set(flow.FieldTunID, flow.U64(a.ID))
	default:
		// checkSupported lets nothing else into a table.
		x.drop(datapath.DropUnsupported)
	}
}

// looks is how much of the packet an action looks at or changes.
type looks uint8

const (
	looksNowhere looks = iota // but at metadata
	looksAtLink               // the Ethernet header and its tags
	looksAtAll
)

// staleFor reports whether an action has to wait until the datapath has looked
// into the packet again.
func (x *xlate) staleFor(a openflow.Action) bool {
	switch x.stale {
	case fresh:
		return false
	case staleNetwork:
		return looksOf(a) == looksAtAll
	default:
		return looksOf(a) >= looksAtLink
	}
}

func looksOf(a openflow.Action) looks {
	switch a := a.(type) {
	case openflow.Controller, openflow.SetQueue, openflow.PopQueue, openflow.Note, openflow.Conjunction, openflow.ClearActions,
		openflow.WriteActions, openflow.WriteMetadata, openflow.Exit, openflow.Clone, openflow.Meter:
		return looksNowhere
	case openflow.Output:
		return looksOfPort(a.Port)
	case openflow.OutputTrunc:
		return looksOfPort(a.Port)
	case openflow.Enqueue:
		return looksOfPort(a.Port)
	case openflow.SetEthSrc, openflow.SetEthDst:
		return looksAtLink
	case openflow.SetField:
		switch {
		case pipelineOnly(flow.FieldByID(a.Field)):
			return looksNowhere
		case a.Field == flow.FieldEthSrc || a.Field == flow.FieldEthDst:
			return looksAtLink
		}
	}
	return looksAtAll
}

func looksOfPort(p openflow.PortNo) looks {
	if p == openflow.PortNormal {
		return looksAtLink
	}
	return looksNowhere
}

// nest puts an action's own list into work.
func (x *xlate) nest(actions []openflow.Action) {
	x.work = append(x.work, frame{actions: actions, kind: frameNested, table: x.table, rule: x.rule})
}

// gotoTable goes on in table n. It is the last of its list, which ends without
// ending the pipeline.
func (x *xlate) gotoTable(n uint8) {
	last := len(x.work) - 1
	f := x.work[last]
	if f.lookup {
		x.depth--
	}
	x.work[last] = frame{}
	x.work = x.work[:last]
	x.lookup(n, x.p.OFPort, false)
	if len(x.work) > last {
		x.work[last].story = f.story
	} else {
		x.tellOn(f.story)
	}
}

// resubmit looks the packet up again, and comes back.
func (x *xlate) resubmit(a openflow.Resubmit) {
	port, from, table := x.p.OFPort, x.table, a.Table
	if a.InPort != openflow.PortInPort {
		port = uint32(a.InPort)
	}
	if table == openflow.TableAll {
		table = from
	}
	n := len(x.work)
	x.lookup(table, port, true)
	if table > from && len(x.work) > n {
		// Going forward ends by itself, so it does not count as depth
		// (ovs-actions(7), resubmit).
		x.work[n].lookup = false
		x.depth--
	}
}

// exit ends the pipeline up to the branch it is in; the action set is not
// executed.
func (x *xlate) exit() {
	n := len(x.work)
	for n > 0 && x.work[n-1].kind != frameBranch {
		n--
	}
	x.cut(n)
}

// read is the value of a subfield; the packet's way depends on it.
func (x *xlate) read(s openflow.Subfield) flow.Value {
	f := flow.FieldByID(s.Field)
	if f.Wide() {
		return x.readWide(f, s)
	}
	x.lookBits(f, flow.Ones(int(s.Bits)).Shl(int(s.Ofs)))
	return f.Load(&x.p).Shr(int(s.Ofs)).And(flow.Ones(int(s.Bits)))
}

// writeSubfield gives a subfield a value.
func (x *xlate) writeSubfield(s openflow.Subfield, v flow.Value) {
	f := flow.FieldByID(s.Field)
	if f.Wide() {
		x.writeWide(f, s, v)
		return
	}
	x.setField(f, v.Shl(int(s.Ofs)), flow.Ones(int(s.Bits)).Shl(int(s.Ofs)))
}

// setField sets bits of a field of a packet that has the field, and does nothing
// to others: what a flow's match does not guarantee is looked at here.
func (x *xlate) setField(f *flow.Field, v, mask flow.Value) {
	switch f.ID {
	case flow.FieldVLANVID, flow.FieldDLVLAN, flow.FieldVLANPCP, flow.FieldDLVLANPCP, flow.FieldVLANTCI:
		x.setTCI(f, v, mask)
		return
	}
	if !x.exists(f) {
		return
	}
	switch f.ID {
	case flow.FieldEthType:
		x.setType(f, v, mask, datapath.OpSetEthType)
	case flow.FieldIPProto:
		// A later fragment of IPv6 shows the fragment header's own number.
		if x.p.EthType == ethTypeIPv6 {
			if x.look(flow.FieldIPFrag); x.p.IPFrag&flow.FragLater != 0 {
				return
			}
		}
		x.setType(f, v, mask, datapath.OpSetIPProto)
	default:
		x.write(f, v, mask)
	}
	if f.ID == flow.FieldMPLSBOS {
		x.stale = max(x.stale, staleNetwork)
	}
}

// setType changes what a header says of the next one, so that the rest of the
// packet is another than before.
func (x *xlate) setType(f *flow.Field, v, mask flow.Value, op datapath.Op) {
	x.lookBits(f, f.Full().AndNot(mask))
	x.commit()
	f.Store(&x.p, v, mask)
	f.Unwildcard(&x.known, f.Full())
	x.emit(datapath.Action{Op: op, Short: uint16(f.Load(&x.p).Lo)})
	x.stale = max(x.stale, staleNetwork)
}

// exists reports whether the packet has field f, and notes what says so.
func (x *xlate) exists(f *flow.Field) bool {
	return f.ExistsBeyond(&x.p, &x.mask, &x.known)
}

// setPort sets a transport port of whichever protocol the packet has.
func (x *xlate) setPort(tcp flow.FieldID, port uint16) {
	ids := [...]flow.FieldID{flow.FieldTCPSrc, flow.FieldUDPSrc, flow.FieldSCTPSrc}
	if tcp == flow.FieldTCPDst {
		ids = [...]flow.FieldID{flow.FieldTCPDst, flow.FieldUDPDst, flow.FieldSCTPDst}
	}
	for _, id := range ids {
		if f := flow.FieldByID(id); x.exists(f) {
			x.write(f, flow.U64(uint64(port)), f.Full())
			return
		}
	}
}

func (x *xlate) setQueue(q uint32) {
	x.p.Priority = q
	x.queue = true
}

// decrement takes one from a TTL or hop limit. A packet at the end of its life
// goes to the controllers with ids, and its pipeline ends.
func (x *xlate) decrement(id flow.FieldID, ids []uint16) {
	f := flow.FieldByID(id)
	if !x.exists(f) {
		return
	}
	x.look(id)
	if ttl := f.Load(&x.p).Lo; ttl > 1 {
		x.write(f, flow.U64(ttl-1), f.Full())
		return
	}
	x.expired(ids)
}

// expired ends the way of a packet whose TTL has run out.
func (x *xlate) expired(ids []uint16) {
	if len(ids) == 0 {
		ids = []uint16{0}
	}
	for _, id := range ids {
		x.packetIn(openflow.Controller{Reason: openflow.ReasonInvalidTTL, MaxLen: noLimit, ID: id})
	}
	x.drop(datapath.DropInvalidTTL)
	x.exit()
}

func (x *xlate) push(v flow.Value) {
	if len(x.stack) >= maxStack {
		x.abort(datapath.DropTooDeep)
		return
	}
	x.stack = append(slices.Clip(x.stack), v)
}

// popTo takes the top of the stack; an empty stack leaves the field alone
// (ovs-actions(7), pop).
func (x *xlate) popTo(s openflow.Subfield) {
	if n := len(x.stack); n > 0 {
		v := x.stack[n-1]
		x.stack = x.stack[:n-1]
		x.writeSubfield(s, v.And(flow.Ones(int(s.Bits))))
	}
}

// pipelineOnly reports whether a field exists only while a packet is translated.
func pipelineOnly(f *flow.Field) bool { return int(f.Offset) >= 8*flow.KeyWords }
