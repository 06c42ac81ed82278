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

// sendPacketOut executes a packet-out. It returns when the packet has gone its
// way.
func (b *Bridge) sendPacketOut(m *openflow.PacketOut, v openflow.Version) error {
	send, err := b.checkPacketOut(m, v)
	if err != nil {
		return err
	}
	return send()
}

// checkPacketOut refuses a packet-out, or returns what executes it.
func (b *Bridge) checkPacketOut(m *openflow.PacketOut, v openflow.Version) (send func() error, err error) {
	if m.Buffer != openflow.NoBuffer {
		return nil, openflow.NewError(openflow.ErrRequestBufferUnknown, "packets are not buffered")
	}
	ports := b.ports.Load()
	o := &packetOut{bridge: b, inPort: m.InPort, actions: m.Actions, in: ports.byNo[m.InPort]}
	if o.in == nil && m.InPort < openflow.PortMax {
		return nil, openflow.NewError(openflow.ErrRequestBadPort, "in_port %d: bridge %s has no such port", m.InPort, b.Name)
	}
	match, err := m.Match.Resolve(b.tlvs.Load())
	if err != nil {
		return nil, err
	}
	o.match = match
	var id datapath.PortID
	if o.in != nil {
		id = o.in.state.Load().id
	}
	if len(m.Data) < packet.EthSize {
		return nil, openflow.NewError(openflow.ErrRequestBadPacket, "%d bytes are no Ethernet frame", len(m.Data))
	}
	headers := headersIn(m.Data, *match)
	if err := openflow.CheckActions(m.Actions, &openflow.CheckParams{Version: v, Match: &headers, Table: openflow.TableAll, Tables: NumTables}); err != nil {
		return nil, meterError(err, v)
	}
	if err := b.checkSupported(m.Actions); err != nil {
		return nil, meterError(err, v)
	}
	return func() error {
		if err := b.sw.dp.Inject(m.Data, id, o); err != nil {
			return fmt.Errorf("bridge %s: %w", b.Name, err)
		}
		return nil
	}, nil
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
