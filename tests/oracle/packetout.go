package oracle

import (
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// from is where a packet comes in: a bridge, and what in_port reads as. A packet-out
// may name no port of the switch.
func (p *Packet) from() (bridge string, in openflow.PortNo) {
	for bridge, ports := range casePorts() {
		for _, at := range ports {
			if at.Name == p.Port {
				return bridge, at.No
			}
		}
	}
	return "br0", openflow.PortController
}

// message is the packet-out that has the switch do p.Out with the packet, as the
// switch reads it; nil where OpenFlow 1.5 cannot say it.
func (p *Packet) message() (*openflow.PacketOut, error) {
	actions, err := text.ParseActions(p.Out, text.Options{})
	if err != nil {
		return nil, err
	}
	_, in := p.from()
	wire, err := openflow.Append(nil, openflow.V15, 0, &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: in, Actions: actions, Data: p.Data})
	if err != nil {
		return nil, nil
	}
	_, told, err := openflow.Decode(wire)
	if err != nil {
		return nil, nil
	}
	return told.(*openflow.PacketOut), nil
}

// packetOut does what a packet-out says, and then the action set that tables have
// written (as Open vSwitch does).
func (r *Reference) packetOut(o *outcome, p Packet, m *openflow.PacketOut) {
	bridge, in := p.from()
	w := &walk{r: r, o: o, size: len(m.Data), frame: frame{data: m.Data}}
	w.bridge, w.in = r.bridges[bridge], r.ports[p.Port]
	w.meta.OFPort, w.meta.ActsetOutput = uint32(in), uint32(openflow.PortUnset)
	if w.run(m.Actions) {
		w.runSet()
	}
}

// packetOut is what a random packet-out has the switch do.
func (g tables) packetOut(p *Packet) {
	if len(p.Data) < packet.EthSize {
		return
	}
	if g.one(4) {
		p.Port = "controller"
	}
	var list []openflow.Action
	for range g.IntN(4) {
		list = append(list, g.action(-1))
	}
	last := openflow.Output{Port: g.port(), MaxLen: 0xffff}
	if g.one(2) {
		last.Port = openflow.PortTable
	}
	out := string(text.AppendActions(nil, append(list, last), text.PrintOptions{}))
	if _, err := text.ParseActions(out, text.Options{}); err == nil {
		p.Out = out
	}
}
