package ofproto

import (
	"bytes"
	"reflect"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

type flowKey = flow.Key

// packetInHandle is what an OpUserspace carries: all of a packet-in but the
// packet.
type packetInHandle struct {
	bridge   *Bridge
	reason   openflow.PacketInReason
	table    uint8
	cookie   uint64
	maxLen   uint16
	id       uint16 // of the controllers that get it
	userData []byte
	metadata flow.Match             // in_port, registers and so on
	rest     *openflow.Continuation // of a packet that waits for NXT_RESUME; nil: the packet goes on
}

// sameHandle compares handles of OpUserspace.
func sameHandle(a, b any) bool {
	x, ok := a.(*packetInHandle)
	y, ok2 := b.(*packetInHandle)
	return ok && ok2 && x.bridge == y.bridge && x.reason == y.reason && x.table == y.table && x.cookie == y.cookie &&
		x.maxLen == y.maxLen && x.id == y.id && bytes.Equal(x.userData, y.userData) && reflect.DeepEqual(x.rest, y.rest) && x.metadata.Equal(&y.metadata)
}

// noCookie is a packet-in's cookie where no flow caused it.
const noCookie = ^uint64(0)

// toController sends the packet to the controllers because an action says so.
func (x *xlate) toController(reason openflow.PacketInReason, maxLen uint16) {
	switch {
	case x.fromController && x.rule == nil: // not from a flow behind OFPP_TABLE
		reason = openflow.ReasonPacketOut
	case x.rule != nil && x.rule.isTableMiss():
		reason = openflow.ReasonExplicitMiss
	case x.inGroup():
		reason = openflow.ReasonGroup
	case x.inActionSet():
		reason = openflow.ReasonActionSet
	}
	x.packetIn(openflow.Controller{Reason: reason, MaxLen: maxLen})
}

// origin is where the action in work comes from, whichever actions it is inside of: a
// flow's list, the action set, a bucket, a packet-out's own list or what was left of
// one of these when the packet paused; nil: not known any more, after a recirculation
// inside of a clone.
func (x *xlate) origin() *frame {
	for i := len(x.work) - 1; i >= 0; i-- {
		if f := &x.work[i]; f.kind == frameList || f.set || f.group || f.paused != nil {
			return f
		}
	}
	return nil
}

// inActionSet reports whether the action in work is of the action set.
func (x *xlate) inActionSet() bool { f := x.origin(); return f != nil && f.set }

// inGroup reports whether the action in work is of a group's bucket.
func (x *xlate) inGroup() bool { f := x.origin(); return f != nil && f.group }

// isTableMiss reports whether the rule is a table-miss flow (OpenFlow 1.3.5 §5.4).
func (r *Rule) isTableMiss() bool { return r.priority == 0 && r.match().Set() == flow.WordSet{} }

func (x *xlate) controller(a openflow.Controller) {
	if a.Reason == openflow.ReasonAction && x.fromController && x.rule == nil {
		a.Reason = openflow.ReasonPacketOut
	}
	x.packetIn(a)
	if a.Pause {
		x.unwind()
	}
}

// packetIn sends the packet, as it is now, to the controllers with an id.
func (x *xlate) packetIn(a openflow.Controller) {
	miss := a.Reason == openflow.ReasonExplicitMiss || a.Reason == openflow.ReasonImplicitMiss || a.Reason == openflow.ReasonNoMatch
	if miss && x.in != nil && x.in.state.Load().config&openflow.PortNoPacketIn != 0 {
		x.drop(datapath.DropNoPacketIn)
		return
	}
	h := &packetInHandle{bridge: x.bridge, reason: a.Reason, table: x.table, cookie: noCookie, maxLen: a.MaxLen, id: a.ID, userData: a.UserData}
	if a.Pause {
		h.rest = x.pause()
	}
	switch f := x.origin(); {
	case f != nil && (f.set || f.group): // of which no single flow is the cause (OpenFlow 1.3.5 §7.4.1)
	case f != nil && f.paused != nil:
		h.cookie = f.paused.Cookie
	case x.rule != nil:
		h.cookie = x.rule.cookie
	}
	x.metadata(&h.metadata)
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpUserspace, X: &datapath.Extra{Handle: h, Meter: x.bridge.packetInMeter(a.Meter)}})
}

// metadataFields are the pipeline fields that a packet-in shows where they are
// not zero (OpenFlow 1.3.5 §7.4.1).
var metadataFields = func() (ids []flow.FieldID) {
	ids = append(ids, flow.FieldPacketType, flow.FieldTunID, flow.FieldTunSrc, flow.FieldTunDst, flow.FieldTunIPv6Src, flow.FieldTunIPv6Dst,
		flow.FieldTunGBPID, flow.FieldTunGBPFlags, flow.FieldTunERSPANVer, flow.FieldTunERSPANIdx, flow.FieldTunERSPANDir, flow.FieldTunERSPANHWID,
		flow.FieldTunGTPUFlags, flow.FieldTunGTPUMsgType, flow.FieldMetadata, flow.FieldPktMark, flow.FieldCTState, flow.FieldCTZone, flow.FieldCTMark, flow.FieldCTLabel)
	for i := range flow.FieldID(flow.NumRegs) {
		ids = append(ids, flow.FieldReg0+i)
	}
	return ids
}()

// metadata describes the packet beside its bytes. What is shown of the packet's
// own key has to be looked at, or another packet's would be shown.
func (x *xlate) metadata(m *flow.Match) {
	port := flow.FieldByID(flow.FieldInPortOXM)
	m.SetField(port, flow.U64(uint64(x.p.OFPort)), port.Full())
	for _, id := range metadataFields {
		f := flow.FieldByID(id)
		if !pipelineOnly(f) && !x.present(f) && f.Load((*flow.Pipeline)(&x.known)).IsZero() {
			continue // neither the packet's nor set by an action, as tun_id may be
		}
		x.look(id)
		if v := f.Load(&x.p); !v.IsZero() {
			m.SetField(f, v, f.Full())
		}
	}
	for row := range x.bridge.tlvs.Load().All() {
		x.showWide(m, row)
	}
}

// present reports whether the packet has the part of the key that f is in.
func (x *xlate) present(f *flow.Field) bool {
	switch at := int(f.Offset) / 8; {
	case at < flow.BaseWords:
		return true
	case at < flow.BaseWords+flow.ConnWords:
		return x.p.Present&flow.PresentConn != 0
	default:
		return x.p.Present&flow.PresentTunnel != 0
	}
}

// deliver brings the packet to the sessions that want it. It runs on a worker.
func (h *packetInHandle) deliver(b *packet.Buf, now int64) {
	sessions := *h.bridge.sessions.Load()
	var frame []byte
	for _, s := range sessions {
		if !s.wantsPacketIn(h) {
			continue
		}
		if frame == nil {
			frame = wireFrame(b)
		}
		s.packetIn(h, frame, now)
	}
}

// maxPacketIn is the longest packet that fits a packet-in with its metadata.
const maxPacketIn = openflow.MaxLen - 1024

// wireFrame copies the packet as a receiver would see it: with its checksum.
func wireFrame(b *packet.Buf) []byte {
	frame := make([]byte, b.Size())
	b.CopyTo(frame)
	if o := &b.Offload; o.NeedsCsum && int(o.CsumStart) < len(frame) {
		at := int(o.CsumStart) + int(o.CsumOffset)
		if at+2 <= len(frame) {
			// The field holds the pseudo-header's sum, so the sum over all is
			// that of the datagram.
			sum := ^packet.Sum(frame[o.CsumStart:])
			if sum == 0 {
				sum = 0xffff
			}
			frame[at], frame[at+1] = byte(sum>>8), byte(sum)
		}
	}
	return frame
}
