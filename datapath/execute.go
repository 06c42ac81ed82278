package datapath

import (
	"vswitch/flow"
	"vswitch/packet"
)

// execute does what actions say with b, whose key at the lookup was k. Takes b.
func (w *Worker) execute(b *packet.Buf, actions []Action, k *flow.Key) {
	limit := 0 // of OpTrunc, for the next output
	for i := range actions {
		a := &actions[i]
		last := i == len(actions)-1
		switch a.Op {
		case OpOutput:
			if last {
				w.current = nil
				w.outputCut(b, a.Arg, limit)
				return
			}
			w.outputCut(w.clone(b), a.Arg, limit)
			limit = 0
		case OpUserspace:
			w.userspace(b, k, a.X)
		case OpClone:
			if c := w.clone(b); c != nil {
				w.execute(c, a.X.Sub, k)
				w.current = b
			}
		case OpTrunc:
			limit = int(a.Arg)
		case OpMeter:
			if !w.meter(b, a.X.Meter) {
				w.above = a.X.Meter
				w.drop(b, DropMeter)
				w.above = nil
				return
			}
		case OpHash:
			b.Hash = k.HashFlow(uint64(a.Arg))
		case OpRecirc:
			w.recirculate(b, a.Arg)
			return
		case OpCheckLen:
			id := a.X.Else
			if untaggedSize(b) > int(a.Short) {
				id = a.Arg
			}
			w.recirculate(b, id)
			return
		case OpDrop:
			w.drop(b, a.Reason)
			return
		default:
			if !edit(b, a) {
				w.drop(b, impossible(a.Op))
				return
			}
		}
	}
	w.consume(b)
}

// impossible is why a frame is dropped that edit could not change.
func impossible(op Op) DropReason {
	switch op {
	case OpPopEth, OpPopNSH, OpPushEth, OpPushNSH, OpEncapMPLS:
		return DropPacketType
	}
	return DropUnsupported
}

// edit does the actions that change only the frame. It reports false when the
// frame has no room for them, or not what they take away.
func edit(b *packet.Buf, a *Action) bool {
	switch a.Op {
	case OpSet:
		rewrite(b, a.X.Set)
	case OpSetQueue:
		b.Priority = a.Arg
	case OpPushVLAN:
		return b.PushVLAN(uint16(a.Arg>>16), uint16(a.Arg))
	case OpPopVLAN:
		return b.PopVLAN()
	case OpPushMPLS:
		return b.PushMPLS(a.Short, packet.LSE(a.Arg))
	case OpPopMPLS:
		return b.PopMPLS(a.Short)
	case OpPushPBB:
		return b.PushPBB(a.Arg)
	case OpPopPBB:
		return b.PopPBB()
	case OpPushEth:
		return b.PushEth([6]byte{}, [6]byte{})
	case OpPopEth:
		return b.PopEth()
	case OpEncapMPLS:
		return b.EncapMPLS(a.Short, packet.LSE(a.Arg))
	case OpPushNSH:
		return b.PushNSH(&a.X.NSH.Fields, a.X.NSH.TLVs)
	case OpPopNSH:
		return b.PopNSH()
	case OpSetEthType:
		b.SetEthType(a.Short) // a frame without a type, or with a broken header, stays as it is
	case OpSetIPProto:
		b.SetIPProto(uint8(a.Short))
	case OpCopyTTLOut:
		b.CopyTTLOut() // a frame with one TTL stays as it is
	case OpCopyTTLIn:
		b.CopyTTLIn()
	default:
		return false
	}
	return true
}

// consume ends the way of a frame that was handed on by other means than an
// output: a clone's remainder, a packet-out that only went to the controller.
// Takes b.
func (w *Worker) consume(b *packet.Buf) {
	w.stats.now[wConsumed]++
	w.current = nil
	b.Free(w.engine.Pool())
}

// clone copies b, or counts the copy that could not be had and returns nil.
func (w *Worker) clone(b *packet.Buf) *packet.Buf {
	w.stats.now[wCloned]++
	c := b.Clone(w.engine.Pool(), w.engine.Spill())
	if c == nil {
		w.stats.now[wDropped]++
		p := w.portOrNone(b.InPort)
		w.touch(p)
		p.tally.now[cDrops+int(DropNoBuffers)]++
	}
	return c
}

func (w *Worker) recirculate(b *packet.Buf, id uint32) {
	w.current = nil
	if w.rounds >= maxRounds || w.relooks >= maxRelooks {
		w.drop(b, DropRecircDepth)
		return
	}
	w.relooks++
	b.RecircID = id
	w.recirc = append(w.recirc, b)
}

// handUp asks the slow path to take a copy of b.
func (w *Worker) handUp(b *packet.Buf, k *flow.Key, handle any) {
	w.upcall = Upcall{Reason: UpcallAction, Key: k, Packet: b, Handle: handle, Now: w.now}
	w.stats.now[wUpcalls]++
	w.verdict.reset()
	// There is nothing to execute, and what went wrong was counted above.
	_ = w.dp.slow.Upcall(&w.upcall, &w.verdict)
}
