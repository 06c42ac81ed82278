package ofproto

import (
	"fmt"
	"runtime"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// Upcall decides about a packet. It implements datapath.SlowPath and runs on
// worker goroutines.
func (s *Switch) Upcall(u *datapath.Upcall, v *datapath.Verdict) error {
	switch h := u.Handle.(type) {
	case *packetInHandle:
		h.deliver(u.Packet, u.Now)
		return nil
	case *packetOut:
		return s.decide(v, u.Now, func(x *xlate) error { return x.packetOut(s, u.Key, h) })
	case *resumed:
		return s.decide(v, u.Now, func(x *xlate) error { return x.resume(s, u.Key, h) })
	}
	if u.Key.RecircID == 0 && !s.admit(u) {
		v.Actions, v.NoCache = append(v.Actions, datapath.Drop(datapath.DropMeter)), true
		return nil
	}
	return s.decide(v, u.Now, func(x *xlate) error {
		x.now = u.Now
		return x.run(s, u.Key)
	})
}

// decide translates and commits what one packet causes.
func (s *Switch) decide(v *datapath.Verdict, now int64, translate func(*xlate) error) error {
	x := s.getXlate()
	defer s.putXlate(x)
	for {
		seq := s.commits.Load()
		v.Version = s.epoch.Load() // before anything is read
		if seq&1 == 0 {
			if err := translate(x); err != nil {
				return err
			}
			if s.commits.Load() == seq {
				break // nothing of a bundle became visible meanwhile
			}
		}
		runtime.Gosched()
	}
	r := &x.result
	v.Actions = append(v.Actions, r.Actions...)
	v.Credits = append(v.Credits, r.Credits...)
	v.Mask, v.Tags, v.NoCache = r.Mask, r.Tags, r.NoCache
	for _, e := range r.Effects {
		e.commit(s, now)
	}
	return nil
}

// wake asks for Run.
func (s *Switch) wake() {
	if s.options.Wake != nil {
		s.options.Wake()
	}
}

// packetOut is what a controller asks to be done with a packet.
type packetOut struct {
	bridge  *Bridge
	in      *Port           // nil: from nowhere
	inPort  openflow.PortNo // what in_port reads as
	match   *flow.Match     // pipeline fields that the message sets (OpenFlow 1.5.1 §7.3.6)
	actions []openflow.Action
}

// packetOut translates a packet-out.
func (x *xlate) packetOut(s *Switch, k *flowKey, o *packetOut) error {
	x.reset(s, k)
	x.bridge, x.in, x.fromController = o.bridge, o.in, true
	x.noteBridge()
	x.p.ActsetOutput = uint32(openflow.PortUnset)
	x.know()
	x.setMetadata(o.match)
	x.p.OFPort = uint32(o.inPort)
	x.work = append(x.work, frame{actions: o.actions})
	x.loop(0)
	x.finish()
	x.result.NoCache = true
	return nil
}

// asksNothing tells a packet-out that is to drop its packet: whether that is one, and
// has come from a port, does not matter then.
func asksNothing(m *openflow.PacketOut) bool {
	return len(m.Actions) == 0 && m.Buffer == openflow.NoBuffer
}

// checkPacketOut refuses a packet-out, or returns what is to be injected.
func (b *Bridge) checkPacketOut(m *openflow.PacketOut, v openflow.Version) (out datapath.Origin, err error) {
	if m.Buffer != openflow.NoBuffer {
		return out, openflow.NewError(openflow.ErrRequestBufferUnknown, "packets are not buffered")
	}
	ports := b.ports.Load()
	o := &packetOut{bridge: b, inPort: m.InPort, actions: m.Actions, in: ports.byNo[m.InPort]}
	if o.in == nil && m.InPort < openflow.PortMax && v >= openflow.V12 { // before, there is no error for it
		return out, openflow.NewError(openflow.ErrRequestBadPort, "in_port %d: bridge %s has no such port", m.InPort, b.Name)
	}
	match, err := m.Match.Resolve(b.tlvs.Load())
	if err != nil {
		return out, err
	}
	o.match = match
	if match.Value.PacketType != 0 {
		return out, openflow.NewError(openflow.ErrRequestBadPacket, "only Ethernet frames can be sent, not packets of type %#x", match.Value.PacketType)
	}
	var id datapath.PortID
	if o.in != nil {
		id = o.in.state.Load().id
	}
	if len(m.Data) < packet.EthSize {
		return out, openflow.NewError(openflow.ErrRequestBadPacket, "%d bytes are no Ethernet frame", len(m.Data))
	}
	headers := headersIn(m.Data, *match)
	if err := openflow.CheckActions(m.Actions, &openflow.CheckParams{Version: v, Match: &headers, Table: openflow.TableAll, Tables: NumTables}); err != nil {
		return out, meterError(err, v)
	}
	if err := b.checkSupported(m.Actions); err != nil {
		return out, meterError(err, v)
	}
	return datapath.Origin{Frame: m.Data, InPort: id, Handle: o}, nil
}

// inject sends one packet on its way.
func (b *Bridge) inject(o datapath.Origin) error {
	list := []datapath.Origin{o}
	b.sw.dp.Inject(list, nil)
	if err := list[0].Err; err != nil {
		return fmt.Errorf("bridge %s: %w", b.Name, err)
	}
	return nil
}

// packetOuts are packet-outs that came one behind the other and have not been done yet.
// To hand a packet to a worker costs more than what the worker does with it, so they go
// together, before anything that comes behind them is looked at.
type packetOuts struct {
	packets []datapath.Origin
	asked   []packetOutMessage
}

// packetOutMessage is what an error about a packet-out needs to know.
type packetOutMessage struct {
	xid  uint32
	data []byte
}

// packetOut keeps a packet-out, which data is, for sendPacketOuts.
func (s *Session) packetOut(h openflow.Header, m *openflow.PacketOut, data []byte) error {
	if asksNothing(m) {
		return nil
	}
	o, err := s.bridge.checkPacketOut(m, s.version)
	if err != nil {
		return err
	}
	l := &s.outs
	l.packets, l.asked = append(l.packets, o), append(l.asked, packetOutMessage{h.XID, data})
	return nil
}

// sendPacketOuts does the packet-outs that are kept. When it returns the packets have
// gone their way. Each sees the tables as the messages and packets before it left them.
func (s *Session) sendPacketOuts() {
	b, l := s.bridge, &s.outs
	for done := 0; done < len(l.packets); {
		b.sw.settle()
		n := b.sw.dp.Inject(l.packets[done:], func() bool { return b.sw.stale.Load() != 0 })
		for i := range n {
			if err := l.packets[done+i].Err; err != nil {
				asked := l.asked[done+i]
				s.sendError(asked.xid, fmt.Errorf("bridge %s: %w", b.Name, err), asked.data)
			}
		}
		done += n
	}
	clear(l.packets)
	clear(l.asked)
	l.packets, l.asked = l.packets[:0], l.asked[:0]
}

// headersIn adds to a match which headers a frame has, so that actions for
// headers that it lacks can be refused.
func headersIn(frame []byte, m flow.Match) flow.Match {
	key := flow.Pipeline{Key: m.Value.Key}
	flow.Extract(packet.View(frame), &key.Key)
	for _, id := range []flow.FieldID{
		flow.FieldPacketType, flow.FieldEthType, flow.FieldVLANTCI, flow.FieldIPProto,
		flow.FieldIPFrag, flow.FieldICMPType, flow.FieldICMPv6Type,
	} {
		f := flow.FieldByID(id)
		m.SetField(f, f.Load(&key), f.Full())
	}
	return m
}
