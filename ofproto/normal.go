package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// normal forwards the packet as an IEEE 802.1Q bridge that learns stations:
// OFPP_NORMAL.
func (x *xlate) normal() {
	x.look(flow.FieldEthSrc)
	x.look(flow.FieldEthDst)
	x.look(flow.FieldVLANTCI)
	if reservedMulticast(x.p.EthDst) {
		x.drop(datapath.DropReservedMAC)
		return
	}
	in, known := x.ingress()
	if !known {
		x.drop(datapath.DropPortUnknown)
		return
	}
	vlan := x.p.VLAN[0].TCI & 0xfff
	if in != nil {
		var carried bool
		if vlan, carried = inputVLAN(in.state.Load(), x.p.VLAN[0].TCI); !carried {
			x.drop(datapath.DropVLANMismatch)
			return
		}
		x.learn(in, vlan)
	}
	if x.p.EthDst[0]&1 != 0 {
		x.note(TraceDetail, "no learned MAC for destination, flooding")
		x.floodVLAN(in, vlan)
		return
	}
	k := fdbKey{x.p.EthDst, vlan}
	x.result.Tags |= x.bridge.stationTag(k)
	switch e := x.bridge.fdb.lookup(k); {
	case e == nil:
		x.note(TraceDetail, "no learned MAC for destination, flooding")
		x.floodVLAN(in, vlan)
	case e.port == in:
		x.drop(datapath.DropOwnPort)
	default:
		x.note(TraceDetail, "forwarding to learned port")
		x.sendVLAN(e.port, vlan)
	}
}

// ingress is the port that the packet came in by as far as the flows say: in_port,
// which may have been set. It is nil for what is no port, such as the controller.
func (x *xlate) ingress() (in *Port, known bool) {
	no := openflow.PortNo(x.p.OFPort)
	in = x.bridge.ports.Load().byNo[no]
	return in, in != nil || no.Reserved()
}

// reservedMulticast reports whether a bridge must not forward frames to m
// (IEEE 802.1Q-2018 §8.6.3).
func reservedMulticast(m flow.MAC) bool {
	return m[0] == 0x01 && m[1] == 0x80 && m[2] == 0xc2 && m[3] == 0 && m[4] == 0 && m[5]&0xf0 == 0
}

// inputVLAN is the VLAN of a packet with tci that came in by a port in state s,
// if the port carries it.
func inputVLAN(s *portState, tci uint16) (vlan uint16, carried bool) {
	vid := tci & 0xfff
	if s.vlan.Mode == VLANAccess {
		// A priority tag, VLAN 0, is no VLAN of its own.
		return s.vlan.Tag, vid == 0
	}
	if vid == 0 && s.vlan.Mode != VLANTrunk {
		vid = s.vlan.Tag
	}
	return vid, s.carries(vid)
}

// learn notes where the packet's sender is. What is known already is kept alive
// by the packets that follow.
func (x *xlate) learn(in *Port, vlan uint16) {
	if x.p.EthSrc[0]&1 != 0 {
		return
	}
	k := fdbKey{x.p.EthSrc, vlan}
	x.result.Tags |= x.bridge.stationTag(k)
	x.result.Credits = append(x.result.Credits, stationCredit{x.bridge, k, in})
	if e := x.bridge.fdb.lookup(k); e == nil || e.port != in && !e.static {
		x.result.Effects = append(x.result.Effects, learned{x.bridge, k, in})
		if x.trace != nil {
			x.note(TraceDetail, "learned that %s is on port %s in VLAN %d", macString(k.mac), in.Name, vlan)
		}
	}
}

// learned is the Effect of a packet from a station that was not known there.
type learned struct {
	bridge *Bridge
	key    fdbKey
	port   *Port
}

func (l learned) commit(s *Switch, now int64) {
	if l.bridge.fdb.learn(l.key, l.port, now) {
		s.touch(l.bridge.stationTag(l.key))
		s.wake()
	}
}

// floodVLAN sends the packet to all ports that carry a VLAN, but where it came
// from. Ports that take the packet as it is come first: they need no copy of a
// changed one.
func (x *xlate) floodVLAN(in *Port, vlan uint16) {
	tagged := x.p.VLAN[0].TCI != 0
	var changed []*Port
	sent := false
	for _, p := range x.bridge.ports.Load().ordered {
		s := p.state.Load()
		if p == in || s.config&openflow.PortNoFlood != 0 || !s.usable() || !x.carriedBy(s, vlan) {
			continue
		}
		sent = true
		if outputTagged(s, vlan) != tagged || tagged && x.p.VLAN[0].TCI&0xfff != vlan {
			changed = append(changed, p)
			continue
		}
		x.send(p)
	}
	for _, p := range changed {
		x.sendVLAN(p, vlan)
	}
	if !sent {
		x.drop(datapath.DropNoFloodPort)
	}
}

// outputTagged reports whether frames of a VLAN leave by a port with a tag.
func outputTagged(s *portState, vlan uint16) bool {
	switch s.vlan.Mode {
	case VLANAccess:
		return false
	case VLANNativeUntagged:
		if vlan == s.vlan.Tag {
			return false
		}
	}
	return vlan != 0
}

// carriedBy reports whether a port in state s carries the packet, which belongs to
// a VLAN. An access port does not where another tag would come to light that leads
// into a VLAN behind it.
func (x *xlate) carriedBy(s *portState, vlan uint16) bool {
	if s.vlan.Mode == VLANAccess && x.p.VLAN[0].TCI != 0 {
		if x.lookAll(flow.VLANTag{TCI: 0xfff}, 1); x.p.VLAN[1].TCI&0xfff != 0 {
			return false
		}
	}
	return s.carries(vlan)
}

// sendVLAN sends the packet, which belongs to a VLAN, to p with the tag that p
// wants on it.
func (x *xlate) sendVLAN(p *Port, vlan uint16) {
	s := p.state.Load()
	if !x.carriedBy(s, vlan) {
		x.drop(datapath.DropVLANMismatch)
		return
	}
	has := x.p.VLAN[0].TCI != 0
	wants := outputTagged(s, vlan)
	if has == wants && (!has || x.p.VLAN[0].TCI&0xfff == vlan) {
		x.send(p)
		return
	}
	x.branch(func() {
		switch {
		case !wants:
			x.popVLAN()
		case !has:
			x.pushVLAN(packet.EthTypeVLAN)
		}
		if wants {
			x.write(flow.FieldByID(flow.FieldVLANTCI), flow.U64(uint64(vlan)), flow.U64(0xfff))
		}
		x.send(p)
	})
}
