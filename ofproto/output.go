package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// noLimit is a packet-in that carries the whole packet (OFPCML_NO_BUFFER).
const noLimit = 0xffff

// outputTo sends the packet to a port or to what a reserved port stands for.
// maxLen is how much of it a controller gets.
func (x *xlate) outputTo(port openflow.PortNo, maxLen uint16) {
	switch port {
	case openflow.PortInPort:
		x.outputInPort()
	case openflow.PortTable:
		// Only a packet-out may say so (openflow.CheckActions).
		x.branch(x.begin)
	case openflow.PortNormal:
		x.normal()
	case openflow.PortFlood:
		x.flood(openflow.PortNoFlood)
	case openflow.PortAll:
		x.flood(0)
	case openflow.PortController:
		x.toController(openflow.ReasonAction, maxLen)
	case openflow.PortAny:
	default:
		if port == openflow.PortNo(x.p.OFPort) {
			x.drop(datapath.DropOwnPort)
			return
		}
		x.outputPort(port)
	}
}

// portOf is the port that a field's value names; in 16 bits it may be a reserved
// port of OpenFlow 1.0.
func portOf(v flow.Value) openflow.PortNo {
	if v.Lo <= 0xffff {
		return openflow.PortNo(flow.Port16To32(uint16(v.Lo)))
	}
	return openflow.PortNo(v.Lo)
}

// outputCut is outputTo with the packet cut to maxLen bytes.
func (x *xlate) outputCut(port openflow.PortNo, maxLen uint32) {
	x.trunc = maxLen
	x.outputTo(port, noLimit)
	x.trunc = 0
}

// outputInPort sends the packet back to where it came from.
func (x *xlate) outputInPort() { x.outputPort(openflow.PortNo(x.p.OFPort)) }

// outputPort sends the packet to the port of that number.
func (x *xlate) outputPort(no openflow.PortNo) {
	p := x.bridge.ports.Load().byNo[no]
	if p == nil {
		x.drop(datapath.DropPortUnknown)
		return
	}
	x.send(p)
}

// send sends the packet, as it is now, to p: to its device, or across a patch.
func (x *xlate) send(p *Port) {
	s := p.state.Load()
	switch {
	case s.config&openflow.PortNoFwd != 0:
		x.drop(datapath.DropPortNoForward)
	case s.config&openflow.PortDown != 0:
		x.drop(datapath.DropOutputDown)
	case s.peer != nil:
		x.cross(p, s.peer)
	case s.id == 0:
		x.drop(datapath.DropPortUnknown)
	case x.p.PacketType != typeEthernet:
		x.drop(datapath.DropPacketType)
	default:
		x.commit()
		if x.queue {
			x.emit(datapath.Action{Op: datapath.OpSetQueue, Arg: x.p.Priority})
			x.queue = false
		}
		if x.trunc != 0 {
			x.emit(datapath.Action{Op: datapath.OpTrunc, Arg: x.trunc})
		}
		x.emit(datapath.Output(s.id))
	}
}

// cross lets the packet into the bridge on the other side of a patch port. What
// happens to it there leaves it as it is here.
func (x *xlate) cross(out, in *Port) {
	if x.depth > maxDepth {
		x.abort(datapath.DropTooDeep)
		return
	}
	x.result.Credits = append(x.result.Credits, patchCredit{out, in})
	x.branch(func() { x.enterBridge(in) })
}

// flood sends the packet to all ports but those with a setting of except, and
// the one it came in by.
func (x *xlate) flood(except openflow.PortConfig) {
	for _, p := range x.bridge.ports.Load().ordered {
		s := p.state.Load()
		if s.config&except == 0 && uint32(p.No) != x.p.OFPort && s.usable() {
			x.send(p)
		}
	}
}

// commit turns what was written to the packet into an action.
func (x *xlate) commit() {
	dirty := &x.dirty.Base
	h := headersOf(dirty, &x.p.Base)
	if h == 0 {
		x.dirty = flow.Mask{}
		return
	}
	set := &datapath.Set{Headers: h, Mask: *dirty, Value: x.p.Base}
	v, m := set.Value.Words(), set.Mask.Words()
	for i := range v {
		v[i] &= m[i]
	}
	x.dirty = flow.Mask{}
	x.foldTCI(set)
	if set.Headers != 0 {
		x.emit(datapath.Action{Op: datapath.OpSet, X: &datapath.Extra{Set: set}})
	}
}

// foldTCI moves a change of a tag that the previous action pushed into that.
func (x *xlate) foldTCI(set *datapath.Set) {
	if set.Headers&datapath.HdrVLAN == 0 || len(*x.out) == 0 {
		return
	}
	last := &(*x.out)[len(*x.out)-1]
	if last.Op != datapath.OpPushVLAN {
		return
	}
	m := uint32(set.Mask.VLAN[0].TCI &^ flow.VLANPresent)
	last.Arg = last.Arg&^m | uint32(set.Value.VLAN[0].TCI)&m
	set.Headers &^= datapath.HdrVLAN
	set.Value.VLAN[0], set.Mask.VLAN[0] = flow.VLANTag{}, flow.VLANTag{}
}

// headersOf says which headers of a packet the written bits belong to. What an
// address or a port is part of is told by the packet's types.
func headersOf(d, p *flow.Base) (h datapath.Headers) {
	add := func(written bool, header datapath.Headers) {
		if written {
			h |= header
		}
	}
	zero := flow.Base{}
	add(d.EthSrc != zero.EthSrc || d.EthDst != zero.EthDst, datapath.HdrEth)
	add(d.VLAN[0].TCI != 0, datapath.HdrVLAN)
	add(d.MPLS[0] != 0, datapath.HdrMPLS)
	add(d.PBB != 0, datapath.HdrPBB)
	add(d.PktMark != 0, datapath.HdrMark)
	add(d.NSHFlags|d.NSHTTL|d.NSHSI != 0 || d.NSHSPI != 0 || d.NSHC != zero.NSHC, datapath.HdrNSH)
	addresses := d.IPSrc|d.IPDst != 0
	small := d.IPTOS|d.IPTTL != 0
	arp := p.EthType == ethTypeARP || p.EthType == ethTypeRARP
	add(!arp && addresses || small && p.EthType == ethTypeIPv4, datapath.HdrIPv4)
	add(d.IPv6Src != zero.IPv6Src || d.IPv6Dst != zero.IPv6Dst || d.IPv6Label != 0 || small && p.EthType == ethTypeIPv6, datapath.HdrIPv6)
	hardware := d.ARPSHA != zero.ARPSHA || d.ARPTHA != zero.ARPTHA
	add(arp && (addresses || hardware || d.ARPOp != 0), datapath.HdrARP)
	icmp := p.EthType == ethTypeIPv4 && p.IPProto == protoICMP || p.EthType == ethTypeIPv6 && p.IPProto == protoICMPv6
	add(!icmp && d.TPSrc|d.TPDst != 0, datapath.HdrPorts)
	add(icmp && d.TPSrc|d.TPDst != 0, datapath.HdrICMP)
	add(!arp && hardware || d.NDTarget != zero.NDTarget || d.NDReserved != 0 || d.NDOptType != 0, datapath.HdrND)
	return h
}
