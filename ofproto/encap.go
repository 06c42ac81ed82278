package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// Packet types: what a frame starts with (OpenFlow 1.5.1 §7.2.3.11).
const (
	typeEthernet = 0
	typeIPv4     = 1<<16 | packet.EthTypeIPv4
	typeIPv6     = 1<<16 | packet.EthTypeIPv6
	typeMPLS     = 1<<16 | packet.EthTypeMPLS
	typeMPLSMC   = 1<<16 | packet.EthTypeMPLSMulticast
	typeNSH      = 1<<16 | packet.EthTypeNSH
	typeNext     = 0xfffe // of a decap: whatever the header says
)

// encap puts a header before the whole frame (ovs-actions(7), encap).
func (x *xlate) encap(a openflow.Encap) {
	switch a.PacketType {
	case typeEthernet:
		x.encapEthernet()
	case typeNSH:
		x.encapNSH(a.Props)
	case typeMPLS, typeMPLSMC:
		x.encapMPLS(uint16(a.PacketType))
	default:
		x.abort(datapath.DropPacketType)
	}
}

// encapEthernet gives a packet without an Ethernet header one, whose addresses
// are zeros.
func (x *xlate) encapEthernet() {
	if x.p.PacketType == typeEthernet {
		x.abort(datapath.DropPacketType)
		return
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPushEth})
	x.p.PacketType = typeEthernet
	x.forgetLink()
}

// forgetLink makes the Ethernet addresses and tags what they are without an
// Ethernet header, or in one just made.
func (x *xlate) forgetLink() {
	none, all := flow.MAC{}, flow.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	x.p.EthDst, x.p.EthSrc, x.p.VLAN = none, none, [2]flow.VLANTag{}
	tag := flow.VLANTag{TPID: 0xffff, TCI: 0xffff}
	x.known.PacketType, x.known.EthDst, x.known.EthSrc, x.known.VLAN = ^uint32(0), all, all, [2]flow.VLANTag{tag, tag}
}

// encapNSH puts a network service header before the packet (RFC 8300 §2).
func (x *xlate) encapNSH(props []openflow.EncapProp) {
	next := nshNext(x.p.PacketType)
	if next == 0 {
		x.abort(datapath.DropPacketType)
		return
	}
	h := datapath.NSH{Fields: packet.NSHFields{TTL: 63, MDType: packet.NSHMD1, SI: 255}}
	for _, p := range props {
		switch {
		case p.Class != openflow.EncapPropNSH:
		case p.Type == openflow.EncapPropNSHMDType && len(p.Data) > 0:
			h.Fields.MDType = p.Data[0]
		case p.Type == openflow.EncapPropNSHTLV:
			h.TLVs += nshTLV(p.Data)
		}
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPushNSH, X: &datapath.Extra{NSH: &h}})
	x.p.PacketType, x.p.EthType, x.known.EthType = typeNSH, packet.EthTypeNSH, 0xffff
	x.forgetLink()
	x.setLabels([3]uint32{})
	x.forgetNetwork()
	p := &x.p.Base
	p.NSHTTL, p.NSHMDType, p.NSHNP, p.NSHSI = h.Fields.TTL, h.Fields.MDType, next, h.Fields.SI
}

// nshTLV is a context header of metadata type 2 as the packet has it: class,
// type, length and value, filled up to words of 4 bytes (RFC 8300 §2.5.1).
func nshTLV(data []byte) string {
	return string(append(data[:len(data):len(data)], make([]byte, -len(data)&3)...))
}

// nshNext is the next protocol of a network service header before a packet of a
// type; 0 where there is none.
func nshNext(packetType uint32) uint8 {
	switch packetType {
	case typeEthernet:
		return packet.NSHNextEthernet
	case typeIPv4:
		return packet.NSHNextIPv4
	case typeIPv6:
		return packet.NSHNextIPv6
	case typeNSH:
		return packet.NSHNextNSH
	case typeMPLS:
		return packet.NSHNextMPLS
	}
	return 0
}

// encapMPLS puts a label before the packet, its Ethernet header included.
func (x *xlate) encapMPLS(ethType uint16) {
	if t := x.p.PacketType; t != typeEthernet && t>>16 != 1 {
		x.abort(datapath.DropPacketType)
		return
	}
	onStack := packet.IsMPLS(uint16(x.p.PacketType))
	lse := x.newLabel(onStack)
	x.commit() // what is set goes into the label that is outermost until now
	if !onStack {
		x.setLabels([3]uint32{}) // what there is behind an Ethernet header is another stack
	}
	x.emit(datapath.Action{Op: datapath.OpEncapMPLS, Short: ethType, Arg: uint32(lse)})
	x.p.PacketType, x.p.EthType, x.known.EthType = 1<<16|uint32(ethType), ethType, 0xffff
	x.setLabels([3]uint32{uint32(lse), x.p.MPLS[0], x.p.MPLS[1]})
	x.forgetLink()
	x.forgetNetwork()
}

// decap takes the outermost header away (ovs-actions(7), decap). What is then
// outermost the datapath has to see.
func (x *xlate) decap(a openflow.Decap) {
	next := uint32(typeNext)
	switch t := x.p.PacketType; t {
	case typeEthernet:
		x.look(flow.FieldEthType)
		if x.tagged() || x.p.EthType < packet.EthTypeMin {
			x.abort(datapath.DropPacketType)
			return
		}
		next = 1<<16 | uint32(x.p.EthType)
		x.strip(datapath.Action{Op: datapath.OpPopEth})
	case typeNSH:
		x.lookBits(flow.FieldByID(flow.FieldNSHNP), flow.U64(0xff))
		for _, p := range []uint32{typeEthernet, typeIPv4, typeIPv6, typeNSH, typeMPLS} {
			if nshNext(p) == x.p.NSHNP {
				next = p
			}
		}
		x.strip(datapath.Action{Op: datapath.OpPopNSH})
	case typeMPLS, typeMPLSMC:
		x.lookMPLS()
		if next = a.PacketType; !packet.LSE(x.p.MPLS[0]).Bottom() {
			next = t
		}
		x.strip(datapath.Action{Op: datapath.OpPopMPLS, Short: uint16(next)})
	}
	if next == typeNext || a.PacketType != typeNext && a.PacketType != next {
		x.abort(datapath.DropPacketType)
		return
	}
	x.p.PacketType, x.p.EthType = next, uint16(next)
	x.known.PacketType, x.known.EthType = ^uint32(0), 0xffff
}

// strip emits an action after which the packet has to be looked into again.
func (x *xlate) strip(a datapath.Action) {
	x.commit()
	x.emit(a)
	x.stale = staleAll
}

// pushPBB makes the packet the customer's of a backbone frame with the same
// addresses, and takes over the service of a backbone frame and the priority of
// a tag (OpenFlow 1.3.5 §5.12.1).
func (x *xlate) pushPBB() {
	if x.p.PacketType != typeEthernet {
		return
	}
	x.look(flow.FieldEthType)
	var tci uint32
	if x.p.EthType == packet.EthTypePBB {
		x.look(flow.FieldPBBISID)
		tci = x.p.PBB & packet.ITagSIDMask
	}
	if x.tagged() {
		x.lookBits(flow.FieldByID(flow.FieldVLANTCI), flow.U64(0xe000))
		tci |= uint32(x.p.VLAN[0].TCI>>13) << packet.ITagPCPShift
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpPushPBB, Arg: tci})
	tag := flow.VLANTag{TPID: 0xffff, TCI: 0xffff}
	x.p.VLAN, x.known.VLAN = [2]flow.VLANTag{}, [2]flow.VLANTag{tag, tag}
	x.p.EthType, x.known.EthType = packet.EthTypePBB, 0xffff
	x.setLabels([3]uint32{})
	x.forgetNetwork()
	x.p.PBB = tci & packet.ITagSIDMask
}

// popPBB takes the backbone header away: the customer's frame comes to light.
func (x *xlate) popPBB() {
	x.look(flow.FieldEthType)
	if x.p.EthType == packet.EthTypePBB {
		x.strip(datapath.Action{Op: datapath.OpPopPBB})
	}
}

// copyTTL copies a TTL between the two outermost headers that have one. Where
// there are not two, nothing happens.
func (x *xlate) copyTTL(op datapath.Op) {
	x.commit()
	x.emit(datapath.Action{Op: op})
	x.stale = max(x.stale, staleNetwork)
}
