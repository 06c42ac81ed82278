package oracle

import (
	"encoding/binary"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// edit does an action that changes the packet's headers.
//
//size:table
func (w *walk) edit(a openflow.Action) {
	set := func(id flow.FieldID, v uint64) { w.setField(id, flow.U64(v), flow.FieldByID(id).Full()) }
	if len(w.ghosts) > 0 {
		w.unknown("a change of headers that are broken")
	}
	switch a := a.(type) {
	case openflow.PushVLAN:
		w.pushVLAN(a.EthType)
	case openflow.PopVLAN:
		if w.packetType == 0 && isTag(w.data) {
			w.remove(12, 4)
		}
	case openflow.PushMPLS:
		w.pushMPLS(a.EthType)
	case openflow.PopMPLS:
		w.popMPLS(a.EthType)
	case openflow.PushPBB:
		w.pushPBB()
	case openflow.PopPBB:
		w.popPBB()
	case openflow.Encap:
		w.encap(a)
	case openflow.Decap:
		w.decap(a)
	case openflow.CopyTTLOut:
		w.copyTTL(true)
	case openflow.CopyTTLIn:
		w.copyTTL(false)
	case openflow.SetVLANVID:
		w.setTag(a.VID, 0xfff, a.PushIfAbsent)
	case openflow.SetVLANPCP:
		w.setTag(uint16(a.PCP)<<13, 0xe000, a.PushIfAbsent)
	case openflow.SetEthSrc:
		w.setField(flow.FieldEthSrc, flow.ValueOf(a.Addr[:]), flow.Ones(48))
	case openflow.SetEthDst:
		w.setField(flow.FieldEthDst, flow.ValueOf(a.Addr[:]), flow.Ones(48))
	case openflow.SetIPSrc:
		set(flow.FieldIPSrc, uint64(a.Addr))
	case openflow.SetIPDst:
		set(flow.FieldIPDst, uint64(a.Addr))
	case openflow.SetIPDSCP:
		set(flow.FieldIPTOS, uint64(a.TOS))
	case openflow.SetIPECN:
		set(flow.FieldIPECN, uint64(a.ECN))
	case openflow.SetIPTTL:
		set(flow.FieldIPTTL, uint64(a.TTL))
	case openflow.SetTPSrc:
		for _, id := range []flow.FieldID{flow.FieldTCPSrc, flow.FieldUDPSrc, flow.FieldSCTPSrc} {
			set(id, uint64(a.Port))
		}
	case openflow.SetTPDst:
		for _, id := range []flow.FieldID{flow.FieldTCPDst, flow.FieldUDPDst, flow.FieldSCTPDst} {
			set(id, uint64(a.Port))
		}
	case openflow.SetMPLSLabel:
		set(flow.FieldMPLSLabel, uint64(a.Label))
	case openflow.SetMPLSTC:
		set(flow.FieldMPLSTC, uint64(a.TC))
	case openflow.SetMPLSTTL:
		set(flow.FieldMPLSTTL, uint64(a.TTL))
	default:
		w.unknown("%T", a)
	}
}

// isTag reports whether a frame has a whole VLAN tag.
func isTag(s []byte) bool {
	return len(s) >= 18 && packet.IsVLAN(binary.BigEndian.Uint16(s[12:]))
}

// setField sets bits of a field.
func (w *walk) setField(id flow.FieldID, value, mask flow.Value) {
	f := flow.FieldByID(id)
	switch id {
	case flow.FieldVLANTCI:
		w.setTCI(uint16(value.Lo), uint16(mask.Lo))
	case flow.FieldVLANVID, flow.FieldDLVLAN:
		w.setTag(uint16(value.Lo), uint16(mask.Lo)&0xfff, false)
	case flow.FieldVLANPCP, flow.FieldDLVLANPCP:
		w.setTag(uint16(value.Lo)<<13, uint16(mask.Lo)<<13, false)
	case flow.FieldEthType:
		w.lookAgain()
		w.setEthType(value, mask)
	case flow.FieldIPProto:
		w.lookAgain()
		w.setIPProto(uint8(value.Lo), uint8(mask.Lo))
	default:
		w.r.set(&w.frame, f, value, mask)
	}
}

// setTag sets bits of the outermost tag, but the DEI.
func (w *walk) setTag(tci, mask uint16, push bool) {
	if w.packetType != 0 {
		return
	}
	if !isTag(w.data) {
		if !push {
			return
		}
		w.pushVLAN(packet.EthTypeVLAN)
		if w.dead || !isTag(w.data) {
			return
		}
	}
	mask &^= 0x1000
	w.frame = w.frame.clone()
	old := binary.BigEndian.Uint16(w.data[14:])
	binary.BigEndian.PutUint16(w.data[14:], old&^mask|tci&mask)
}

// setTCI writes vlan_tci: its bit 12 says whether there is a tag.
func (w *walk) setTCI(v, mask uint16) {
	switch has := isTag(w.data); {
	case mask&0x1000 != 0 && v&0x1000 == 0:
		w.edit(openflow.PopVLAN{})
	case !has && mask&0x1000 == 0:
	default:
		if !has {
			w.pushVLAN(packet.EthTypeVLAN)
		}
		w.setTag(v, mask, false)
	}
}

func (w *walk) setEthType(value, mask flow.Value) {
	at, old := behindTags(w.data)
	if w.packetType != 0 {
		w.unknown("eth_type of a packet without Ethernet header")
		return
	}
	if old < packet.EthTypeMin {
		return
	}
	w.frame = w.frame.clone()
	binary.BigEndian.PutUint16(w.data[at-2:], old&^uint16(mask.Lo)|uint16(value.And(mask).Lo))
}

// setIPProto changes what the last IP or extension header announces.
func (w *walk) setIPProto(value, mask uint8) {
	v := w.r.look(&w.frame)
	if v.EthType != packet.EthTypeIPv4 && v.EthType != packet.EthTypeIPv6 {
		return
	}
	if !v.hasNetwork() || v.EthType == packet.EthTypeIPv6 && v.IPFrag&flow.FragLater != 0 {
		return
	}
	at := int(v.L3) + 9
	if v.EthType == packet.EthTypeIPv6 {
		at, _ = lastNext(w.data, int(v.L3))
	}
	if at < 0 {
		return
	}
	w.r.rewrite(&w.frame, func(s []byte) { s[at] = s[at]&^mask | value&mask })
}

// lastNext is where an IPv6 packet says what follows its extension headers, and
// where that is; -1 where they are not whole before the packet's end.
func lastNext(s []byte, l3 int) (at, next int) {
	at, next = l3+6, l3+40
	end := min(len(s), next+int(s[l3+4])<<8+int(s[l3+5]))
	for packet.IsIPv6Ext(s[at]) {
		if next+8 > end || next+extSize(s, next, s[at]) > end {
			return -1, -1
		}
		at, next = next, next+extSize(s, next, s[at])
	}
	return at, next
}

// extSize is the size of the extension header of protocol proto at offset at.
func extSize(s []byte, at int, proto uint8) int {
	switch proto {
	case packet.ProtoAH:
		return (int(s[at+1]) + 2) * 4
	case packet.ProtoFragment:
		return 8
	}
	return (int(s[at+1]) + 1) * 8
}

// decrement takes one from a TTL. False: it has run out.
func (w *walk) decrement(id flow.FieldID) bool {
	v := w.r.look(&w.frame)
	f := flow.FieldByID(id)
	if !f.Exists(&v.Pipeline, nil) {
		return true
	}
	if ttl := f.Load(&v.Pipeline).Lo; ttl > 1 {
		w.r.set(&w.frame, f, flow.U64(ttl-1), f.Full())
		return true
	}
	w.toController()
	w.drop("invalid_ttl")
	return false
}
