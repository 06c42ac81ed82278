package oracle

import (
	"bytes"

	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
)

// normal forwards the packet as a learning bridge with VLANs does.
func (w *walk) normal() {
	if w.packetType != 0 {
		w.unknown("NORMAL for a packet without Ethernet header")
		return
	}
	if w.dead {
		// What does not look into the packet again before is done all the same.
		w.unknown("NORMAL for a packet that could not be changed")
		return
	}
	v := w.r.look(&w.frame)
	if bytes.HasPrefix(v.EthDst[:], []byte{1, 0x80, 0xc2, 0, 0}) && v.EthDst[5] < 16 {
		w.drop("reserved_multicast")
		return
	}
	vid := v.VLAN[0].TCI & 0xfff
	vlan, carried := vid, true
	if w.in != nil {
		vlan, carried = w.in.vlanOf(vid)
	}
	if !carried {
		w.drop("vlan_mismatch")
		return
	}
	if v.EthSrc[0]&1 == 0 && w.in != nil {
		if at := w.o.stations[station{w.bridge, v.EthSrc, vlan}]; at != nil && at != w.in {
			w.o.loops = true
		}
		w.teach(station{w.bridge, v.EthSrc, vlan})
	}
	receiver := station{w.bridge, v.EthDst, vlan}
	to := w.bridge.stations[receiver]
	if now := w.o.stations[receiver]; now != nil && now != to {
		// A copy that is looked into again goes by what the packet itself taught.
		w.o.taught = true
		to = []*port{to, now}[w.o.choose(2)]
	}
	w.o.asks = append(w.o.asks, ask{w, receiver, to})
	switch {
	case v.EthDst[0]&1 != 0 || to == nil:
		w.floodVLAN(vlan)
	case to == w.in:
		w.drop("input_port_output")
	case !to.takes(vlan, &v):
		w.drop("vlan_mismatch")
	default:
		w.sendVLAN(to, vlan)
	}
}

// teach notes that a station is at the port by which the packet came.
func (w *walk) teach(s station) {
	w.o.stations[s] = w.in
	for _, a := range w.o.asks {
		if a.station == s && a.to != w.in && !a.by.precedes(w) {
			// A copy that is looked into again asks later than the reference has it.
			w.o.taught = true
			w.unknown("a copy asks for a station of which another tells")
		}
	}
}

func (w *walk) floodVLAN(vlan uint16) {
	w.drop("no_flood_port")
	for _, p := range w.bridge.ports {
		if v := w.r.look(&w.frame); p != w.in && p.takes(vlan, &v) {
			w.sendVLAN(p, vlan)
		}
	}
}

// vlanOf is the VLAN of a packet with a VLAN id, 0 for none, that comes in by p.
func (p *port) vlanOf(vid uint16) (vlan uint16, carried bool) {
	switch p.Mode {
	case ofproto.VLANAccess:
		return p.Tag, vid == 0
	case ofproto.VLANNativeTagged, ofproto.VLANNativeUntagged:
		if vid == 0 {
			return p.Tag, true
		}
	}
	return vid, p.carries(vid)
}

func (p *port) carries(vlan uint16) bool {
	if p.Mode == ofproto.VLANAccess {
		return vlan == p.Tag
	}
	if p.Mode != ofproto.VLANTrunk && (vlan == p.Tag || vlan == 0) {
		return vlan == p.Tag
	}
	if len(p.Trunks) == 0 {
		return true
	}
	for _, t := range p.Trunks {
		if t == vlan {
			return true
		}
	}
	return false
}

// takes reports whether a packet of a VLAN leaves by the port. A tag inside the
// VLAN's own must not come to light at an access port.
func (p *port) takes(vlan uint16, v *view) bool {
	return p.carries(vlan) && (p.Mode != ofproto.VLANAccess || v.VLAN[1].TCI&0xfff == 0)
}

// sendVLAN sends the packet with the tag that the port wants.
func (w *walk) sendVLAN(p *port, vlan uint16) {
	tag := vlan != 0 && p.Mode != ofproto.VLANAccess && (p.Mode != ofproto.VLANNativeUntagged || vlan != p.Tag)
	w.branch(func(c *walk) {
		v := c.r.look(&c.frame)
		has := v.VLAN[0].TCI != 0
		switch {
		case has && !tag:
			c.edit(openflow.PopVLAN{})
		case !has && tag:
			c.edit(openflow.PushVLAN{EthType: 0x8100})
		}
		if tag {
			c.setField(flow.FieldVLANVID, flow.U64(uint64(vlan)), flow.U64(0xfff))
		}
		c.send(p)
	})
}
