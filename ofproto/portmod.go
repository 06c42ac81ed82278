package ofproto

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// portMod changes a port's configuration (OpenFlow 1.0.0 §5.3.3, 1.3.5 §7.3.4.3).
// Nothing changes in the user's device but, for PortDown, its carrier.
func (b *Bridge) portMod(m *openflow.PortMod, v openflow.Version) error {
	p := b.ports.Load().byNo[m.Port]
	if p == nil {
		return openflow.NewError(openflow.ErrPortModBadPort, "bridge %s has no port %v", b.Name, m.Port)
	}
	st := p.state.Load()
	if m.MAC != st.info.MAC {
		return openflow.NewError(openflow.ErrPortModBadHWAddr, "port %s has address %s", p.Name, macString(st.info.MAC))
	}
	d := p.describe()
	if able := d.Current | d.Advertised | d.Supported; m.Advertise&^able != 0 {
		return openflow.NewError(openflow.ErrPortModBadAdvertise, "port %s cannot advertise %#x, only %#x", p.Name, uint32(m.Advertise), uint32(able))
	}
	b.atOnce(func() { b.changePort(p, m, v) })
	return nil
}

// changePort changes bits of a port's configuration.
func (b *Bridge) changePort(p *Port, m *openflow.PortMod, v openflow.Version) {
	st := *p.state.Load()
	config := st.config&^m.Mask | m.Config&m.Mask
	if v > openflow.V10 && m.Mask&openflow.PortNoRecv != 0 {
		// Only OpenFlow 1.0 receives spanning tree frames apart from the others.
		config &^= openflow.PortNoRecvSTP
		if config&openflow.PortNoRecv != 0 {
			config |= openflow.PortNoRecvSTP
		}
	}
	if config == st.config {
		return
	}
	down := (config ^ st.config) & openflow.PortDown
	st.config = config
	p.publish(st)
	b.sw.touch(settingsTag)
	b.portStatus(openflow.PortModified, p)
	if down != 0 && st.peer != nil {
		st.peer.Bridge.portStatus(openflow.PortModified, st.peer)
	}
	if f := b.sw.options.PortDown; down != 0 && f != nil {
		f(p, config&openflow.PortDown != 0)
	}
}

// stpAddress is where bridges send what their spanning tree is made of (IEEE
// 802.1D-2004 §7.12.3).
var stpAddress = flow.MAC{0x01, 0x80, 0xc2, 0, 0, 0}

// refuses reports whether a port with a configuration does not receive the packet.
func (x *xlate) refuses(config openflow.PortConfig) bool {
	const both = openflow.PortNoRecv | openflow.PortNoRecvSTP
	if config&both == 0 || config&both == both {
		return config&both != 0
	}
	x.look(flow.FieldEthDst)
	if x.p.EthDst == stpAddress {
		return config&openflow.PortNoRecvSTP != 0
	}
	return config&openflow.PortNoRecv != 0
}
