package datapath

import (
	"errors"
	"slices"

	"vswitch/flow"
	"vswitch/packet"
)

func (v *Verdict) reset() {
	*v = Verdict{Actions: v.Actions[:0], Credits: v.Credits[:0]}
}

// miss asks the slow path about frame i of the batch, does what it says, and
// remembers it.
func (w *Worker) miss(i int) {
	s := &w.scratch
	b, k := s.bufs[i], &s.keys[i]
	s.bufs[i], w.current = nil, b
	w.stats.now[wMisses]++
	p := w.portOrNone(b.InPort)
	if k.RecircID == 0 { // a frame that is on its way goes on
		if p.upcall >= w.dp.options.UpcallBudget {
			w.drop(b, DropUpcallBudget)
			return
		}
		w.touch(p) // ends the count with the breath
		p.upcall++
	}
	v := w.ask(Upcall{Reason: UpcallMiss, Key: k, Packet: b, Now: w.now})
	if v == nil {
		w.drop(b, DropUpcallError)
		return
	}
	hits := Hits{1, uint64(b.Size()), w.now}
	actions := v.Actions
	if m := w.install(k, v, hits); m != nil {
		actions = m.actions
		w.cache.remember(s.hashes[i], m)
	} else {
		w.dp.flows.credit(v.Credits, hits)
	}
	w.credits = v.Credits
	if len(w.captures) > 0 {
		w.credits = slices.Clone(v.Credits) // the verdict's memory is used again
		if k.RecircID == 0 {
			w.capture(Captured{Point: CaptureReceive, Port: PortID(b.InPort), Actions: slices.Clone(actions), Credits: w.credits}, b, k)
		}
	}
	w.execute(b, actions, k)
	w.credits = nil
}

// ask puts one question to the slow path. The verdict is valid until the next
// question; nil means that there is no answer.
func (w *Worker) ask(u Upcall) *Verdict {
	w.upcall = u
	w.stats.now[wUpcalls]++
	w.verdict.reset()
	if err := w.dp.slow.Upcall(&w.upcall, &w.verdict); err != nil {
		return nil
	}
	return &w.verdict
}

// install remembers the verdict for k. It returns nil where the verdict must
// not be kept: the caller uses it once.
func (w *Worker) install(k *flow.Key, v *Verdict, first Hits) *Megaflow {
	if v.NoCache || w.dp.options.NoCache {
		return nil
	}
	finishMask(&v.Mask, k)
	m := &Megaflow{
		credits: append([]Credit(nil), v.Credits...),
		worker:  uint16(w.id),
		tags:    v.Tags,
		created: w.now,
	}
	m.actions = append(m.one[:0], v.Actions...)
	m.packets.Store(first.Packets)
	m.bytes.Store(first.Bytes)
	m.used.Store(first.Used)
	w.cache.insert(m, k, &v.Mask)
	if kept, full := w.dp.flows.add(m, v.Version); !kept {
		w.cache.remove(m)
		if full {
			w.stats.now[wFlowLimit]++
		}
		return nil
	}
	return m
}

// finishMask adds what every megaflow depends on: port, recirculation, packet
// type and which segments are present. Words of an absent segment are zero in
// every key that gets that far, so they need no comparison.
func finishMask(mask, k *flow.Key) {
	mask.InPort, mask.RecircID = ^uint32(0), ^uint32(0)
	mask.PacketType, mask.Present = ^uint32(0), ^uint16(0)
	if k.Present&flow.PresentConn == 0 {
		mask.Conn = flow.Conn{}
	}
	if k.Present&flow.PresentTunnel == 0 {
		mask.Tunnel = flow.Tunnel{}
	}
}

// originate forwards a copy of o's frame.
func (w *Worker) originate(o *Origin) {
	b := packet.FromBytes(o.Frame, w.engine.Pool(), w.engine.Spill())
	if b == nil {
		o.Err = errors.New("packet out: the worker has no buffer left")
		return
	}
	b.InPort, b.Time = uint32(o.InPort), w.now
	w.guard(func() { w.inject(b, o.Handle) })
}

// inject forwards a frame that the switch itself sends: the slow path says how.
// Takes b.
func (w *Worker) inject(b *packet.Buf, handle any) {
	w.stats.now[wOriginated]++
	k := &w.scratch.keys[0]
	flow.Extract(b, k)
	w.current = b
	v := w.ask(Upcall{Reason: UpcallPacketOut, Key: k, Packet: b, Handle: handle, Now: w.now})
	if v == nil {
		w.drop(b, DropUpcallError)
		return
	}
	w.dp.flows.credit(v.Credits, Hits{1, uint64(b.Size()), w.now})
	w.execute(b, v.Actions, k)
}
