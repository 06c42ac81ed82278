package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/packet"
)

// Numbers that translation asks about.
const (
	ethTypeIPv4 = packet.EthTypeIPv4
	ethTypeARP  = packet.EthTypeARP
	ethTypeRARP = packet.EthTypeRARP
	ethTypeIPv6 = packet.EthTypeIPv6
	protoICMP   = packet.ProtoICMP
	protoICMPv6 = packet.ProtoICMPv6
)

// tagged reports whether the packet has a tag; its way depends on that.
func (x *xlate) tagged() bool {
	x.lookBits(flow.FieldByID(flow.FieldVLANTCI), flow.U64(flow.VLANPresent))
	return x.p.VLAN[0].TCI&flow.VLANPresent != 0
}

// pushVLAN puts a tag before the others. It takes VLAN and priority from the tag
// that was outermost, or zeros (OpenFlow 1.3.5 §5.12.1).
func (x *xlate) pushVLAN(tpid uint16) {
	if x.p.PacketType != typeEthernet {
		return
	}
	all := flow.VLANTag{TPID: 0xffff, TCI: 0xffff}
	x.lookAll(all, 0)
	x.lookAll(all, 1)
	tag := flow.VLANTag{TPID: tpid, TCI: x.p.VLAN[0].TCI | flow.VLANPresent}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPushVLAN, Arg: uint32(tpid)<<16 | uint32(tag.TCI&^flow.VLANPresent)})
	if x.p.VLAN[1].TCI != 0 {
		// Three tags: the key has room for two, and the type behind them is a tag's.
		x.p.EthType, x.known.EthType = x.p.VLAN[1].TPID, 0xffff
		x.stale = max(x.stale, staleNetwork)
	}
	x.p.VLAN[0], x.p.VLAN[1] = tag, x.p.VLAN[0]
	// The tags no longer stand where the mask has a place for them, so they were
	// looked at whole before.
	x.known.VLAN[0], x.known.VLAN[1] = all, all
}

// lookAll adds bits of the packet's tag number i to the mask.
func (x *xlate) lookAll(bits flow.VLANTag, i int) {
	x.mask.VLAN[i].TPID |= bits.TPID &^ x.known.VLAN[i].TPID
	x.mask.VLAN[i].TCI |= bits.TCI &^ x.known.VLAN[i].TCI
}

// popVLAN removes the outermost tag, if there is one.
func (x *xlate) popVLAN() {
	if !x.tagged() {
		return
	}
	// What comes to be outermost stands where the mask has another place for
	// it, so it is looked at whole while it is still there.
	all := flow.VLANTag{TPID: 0xffff, TCI: 0xffff}
	x.lookAll(all, 1)
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPopVLAN})
	x.p.VLAN[0], x.p.VLAN[1] = x.p.VLAN[1], flow.VLANTag{}
	x.known.VLAN[0], x.known.VLAN[1] = all, all
	if x.p.VLAN[0].TCI != 0 {
		x.look(flow.FieldEthType)
		if packet.IsVLAN(x.p.EthType) {
			x.stale = staleAll // a third tag comes into view
		}
	}
}

// setTCI sets bits of the outermost tag, where there is one.
func (x *xlate) setTCI(f *flow.Field, v, mask flow.Value) {
	if f.ID == flow.FieldVLANTCI {
		x.loadTCI(uint16(v.Lo), uint16(mask.Lo))
		return
	}
	if !x.tagged() {
		return
	}
	if f.ID == flow.FieldVLANVID || f.ID == flow.FieldDLVLAN {
		v, mask = v.And(flow.U64(0xfff)), mask.And(flow.U64(0xfff))
	}
	x.write(f, v, mask)
}

// loadTCI writes vlan_tci as Nicira's extension has it: its present bit pushes a
// tag where there is none, and clearing it removes the one there is
// (ovs-fields(7), vlan_tci).
func (x *xlate) loadTCI(v, mask uint16) {
	had := x.tagged()
	wants := had
	if mask&flow.VLANPresent != 0 {
		wants = v&flow.VLANPresent != 0
	}
	switch {
	case !wants:
		x.popVLAN()
		return
	case !had && mask&flow.VLANPresent == 0:
		return
	case !had:
		x.pushVLAN(packet.EthTypeVLAN)
	}
	bits := mask &^ flow.VLANPresent
	x.write(flow.FieldByID(flow.FieldVLANTCI), flow.U64(uint64(v&bits)), flow.U64(uint64(bits)))
}

// setVLAN sets bits of the outermost tag, which a packet without one gets first
// where the action says so (OpenFlow 1.0).
func (x *xlate) setVLAN(tci, mask uint16, push bool) {
	if !x.tagged() {
		if !push {
			return
		}
		x.pushVLAN(packet.EthTypeVLAN)
	}
	x.write(flow.FieldByID(flow.FieldVLANTCI), flow.U64(uint64(tci&mask)), flow.U64(uint64(mask)))
}

// pushMPLS puts a label before the others. It is a copy of what was outermost, or
// has the IP header's TTL; all else is zero (OpenFlow 1.3.5 §5.12.1).
func (x *xlate) pushMPLS(ethType uint16) {
	if x.p.PacketType != typeEthernet {
		return
	}
	x.look(flow.FieldEthType)
	if packet.IsVLAN(x.p.EthType) {
		// The label goes behind a third tag, where the key does not reach.
		x.stale = max(x.stale, staleNetwork)
	}
	lse := x.newLabel(packet.IsMPLS(x.p.EthType))
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPushMPLS, Short: ethType, Arg: uint32(lse)})
	x.p.EthType, x.known.EthType = ethType, 0xffff
	x.setLabels([3]uint32{uint32(lse), x.p.MPLS[0], x.p.MPLS[1]})
	x.forgetNetwork()
}

// newLabel is the label that is put before the packet: on a stack of others or
// not.
func (x *xlate) newLabel(onStack bool) packet.LSE {
	x.look(flow.FieldEthType)
	switch old := x.p.EthType; {
	case onStack:
		x.lookMPLS()
		return packet.LSE(x.p.MPLS[0]) &^ packet.MakeLSE(0, 0, true, 0)
	case old == ethTypeIPv4 || old == ethTypeIPv6:
		x.look(flow.FieldIPTTL)
		return packet.MakeLSE(0, 0, true, x.p.IPTTL)
	}
	return packet.MakeLSE(0, 0, true, 0)
}

// setLabels makes the label stack one that does not come from the packet.
func (x *xlate) setLabels(labels [3]uint32) {
	x.p.MPLS, x.known.MPLS = labels, [3]uint32{^uint32(0), ^uint32(0), ^uint32(0)}
}

// lookMPLS notes that the packet's way depends on its labels.
func (x *xlate) lookMPLS() {
	for i := range x.mask.MPLS {
		x.mask.MPLS[i] |= ^x.known.MPLS[i]
	}
}

// popMPLS removes the outermost label. What follows is not known before the
// datapath has looked into the packet again.
func (x *xlate) popMPLS(ethType uint16) {
	x.look(flow.FieldEthType)
	if !packet.IsMPLS(x.p.EthType) {
		return
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPopMPLS, Short: ethType})
	x.p.EthType, x.known.EthType = ethType, 0xffff
	x.stale = max(x.stale, staleNetwork)
}

// forgetNetwork clears what a label now hides.
func (x *xlate) forgetNetwork() {
	p, known := &x.p.Base, &x.known.Base
	clean := flow.Base{InPort: p.InPort, RecircID: p.RecircID, DPHash: p.DPHash, PktMark: p.PktMark,
		PacketType: p.PacketType, Present: p.Present, EthDst: p.EthDst, EthSrc: p.EthSrc, VLAN: p.VLAN, EthType: p.EthType, MPLS: p.MPLS}
	*p = clean
	all := flow.Base{}
	for i := range all.Words() {
		all.Words()[i] = ^uint64(0)
	}
	keep := *known
	*known = all
	known.InPort, known.RecircID, known.DPHash, known.PktMark = keep.InPort, keep.RecircID, keep.DPHash, keep.PktMark
	known.PacketType, known.Present, known.EthDst, known.EthSrc = keep.PacketType, keep.Present, keep.EthDst, keep.EthSrc
	known.VLAN, known.EthType, known.MPLS = keep.VLAN, keep.EthType, keep.MPLS
}
