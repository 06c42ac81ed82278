package datapath

import (
	"vswitch/packet"
	"vswitch/ports"
)

// outputCut sends b on port id, at most limit bytes of it where limit is not 0.
// Takes b; nil is a copy that could not be had.
func (w *Worker) outputCut(b *packet.Buf, id uint32, limit int) {
	if b == nil {
		return
	}
	if limit > 0 && b.Size() > limit {
		// What is left of a super-frame or of an unfinished checksum means
		// nothing any more: the receiver gets the bytes as they are.
		b.Trim(limit, w.engine.Pool())
		b.Offload = packet.Offload{}
	}
	w.output(b, id)
}

// output makes b fit port id and puts it on the port's list. Takes b.
func (w *Worker) output(b *packet.Buf, id uint32) {
	p := w.port(id)
	if p == nil || p.tx == nil {
		w.drop(b, DropPortUnknown)
		return
	}
	w.outputTo(b, p)
}

// outputTo makes b fit a port that can send and puts it on the port's list. Takes b.
func (w *Worker) outputTo(b *packet.Buf, p *workerPort) {
	if b.Size() > p.info.MTU+packet.EthSize && tooBig(b, &p.info) {
		w.dropAt(b, uint32(p.id), DropMTU)
		return
	}
	o := &b.Offload
	switch {
	case o.GSO != packet.GSONone && !(takes(&p.info.Offloads, o) && isPlainIP(b)):
		w.split(b, p)
		return
	case o.NeedsCsum && !p.info.Offloads.Csum:
		packet.FinishChecksum(b)
	}
	w.enqueue(b, p)
}

func (w *Worker) enqueue(b *packet.Buf, p *workerPort) {
	if len(p.out) == 0 {
		w.sending = append(w.sending, p)
	}
	p.out = append(p.out, b)
	if len(p.out) >= BatchSize {
		w.send(p)
	}
}

// takes says whether a port with offloads has takes a super-frame of kind o.
func takes(has *ports.Offloads, o *packet.Offload) bool {
	switch o.GSO {
	case packet.GSOTCPv4:
		return has.TSO4 && (has.ECN || !o.ECN)
	case packet.GSOTCPv6:
		return has.TSO6 && (has.ECN || !o.ECN)
	case packet.GSOUDP:
		return has.USO
	}
	return true
}

// isPlainIP reports whether b is IP behind nothing but VLAN tags. The kernel
// splits no other super-frames: labels and backbone headers are ours to repeat.
func isPlainIP(b *packet.Buf) bool {
	s := b.Bytes()
	for at := packet.EthSize - 2; at+2 <= len(s); at += packet.VLANSize {
		switch t := uint16(s[at])<<8 | uint16(s[at+1]); {
		case t == packet.EthTypeIPv4 || t == packet.EthTypeIPv6:
			return true
		case !packet.IsVLAN(t):
			return false
		}
	}
	return false
}

// tooBig compares what the frame is on the wire (a super-frame: each of its
// segments) with the MTU. Like the kernel's bridge, it leaves room for one
// VLAN tag beside the MTU.
func tooBig(b *packet.Buf, info *ports.Info) bool {
	if info.MTU == 0 {
		return false
	}
	size := wireSize(b)
	limit := info.MTU + packet.EthSize
	if size <= limit {
		return false
	}
	return size > limit+packet.VLANSize || !hasTag(b)
}

// wireSize is the size of the frame on the wire; of a super-frame, that of its
// largest segment.
func wireSize(b *packet.Buf) int {
	if o := &b.Offload; o.GSO != packet.GSONone {
		return min(b.Size(), int(o.HdrLen)+int(o.GSOSize))
	}
	return b.Size()
}

// untaggedSize is wireSize without the outermost VLAN tag.
func untaggedSize(b *packet.Buf) int {
	if hasTag(b) {
		return wireSize(b) - packet.VLANSize
	}
	return wireSize(b)
}

func hasTag(b *packet.Buf) bool {
	head := b.Bytes()
	return len(head) >= packet.EthSize && packet.IsVLAN(packet.Ethernet(head).Type())
}

// split sends the segments of a super-frame that the port does not take whole.
// Takes b.
func (w *Worker) split(b *packet.Buf, p *workerPort) {
	small, spill := w.engine.Pool(), w.engine.Spill()
	w.splitter.Start(b)
	for s := w.splitter.Next(small, spill); s != nil; s = w.splitter.Next(small, spill) {
		w.stats.now[wSplit]++
		w.enqueue(s, p)
	}
	if lost := uint64(w.splitter.Left()); lost > 0 {
		w.touch(p)
		p.tally.now[cDrops+int(DropSegmentation)] += lost
		w.stats.now[wSplit] += lost
		w.stats.now[wDropped] += lost
	}
	w.consume(b)
}

// segments is the number of frames on the wire that b stands for.
func segments(b *packet.Buf) uint64 {
	o := &b.Offload
	if o.GSO == packet.GSONone || o.GSOSize == 0 {
		return 1
	}
	payload := b.Size() - int(o.HdrLen)
	return uint64(max(1, (payload+int(o.GSOSize)-1)/int(o.GSOSize)))
}

// flush sends what the breath has collected, and reaps.
func (w *Worker) flush() {
	for _, p := range w.sending {
		w.send(p)
	}
	w.sending = w.sending[:0]
	w.reapHeld()
}

// superFrames are the kinds that a port with offloads has takes.
func superFrames(has *ports.Offloads) (kinds packet.Kinds) {
	if has.TSO4 {
		kinds |= packet.KindsOf(packet.GSOTCPv4)
	}
	if has.TSO6 {
		kinds |= packet.KindsOf(packet.GSOTCPv6)
	}
	if has.USO {
		kinds |= packet.KindsOf(packet.GSOUDP)
	}
	return kinds
}

// join makes super-frames of what waits for a port that takes them.
func (w *Worker) join(p *workerPort) {
	if len(p.out) < 2 || !p.info.Offloads.Csum {
		return
	}
	n := w.joiner.Join(p.out, superFrames(&p.info.Offloads), w.engine.Pool())
	w.stats.now[wMerged] += uint64(len(p.out) - n)
	clear(p.out[n:])
	p.out = p.out[:n]
}

// send gives the port's list to its queue. The port stays in w.sending until
// the breath ends, so a second send in one breath finds it there.
func (w *Worker) send(p *workerPort) {
	if len(p.out) == 0 {
		return
	}
	w.join(p)
	p.held += len(p.out)
	w.stats.now[wHeld] += uint64(len(p.out))
	if !p.waiting {
		p.waiting = true
		w.holding = append(w.holding, p)
	}
	p.tx.Send(p.out)
	clear(p.out)
	p.out = p.out[:0]
	w.reap(p)
}

// reapHeld takes back what ports with queues of their own have finished.
func (w *Worker) reapHeld() {
	kept := w.holding[:0]
	for _, p := range w.holding {
		w.reap(p)
		if p.waiting = p.held > 0; p.waiting {
			kept = append(kept, p)
		}
	}
	w.holding = kept
}

func (w *Worker) reap(p *workerPort) {
	for p.held > 0 {
		n := p.tx.Reap(w.done[:])
		if n == 0 {
			return
		}
		p.held -= n
		w.stats.now[wHeld] -= uint64(n)
		w.finish(p, w.done[:n])
	}
}

// dropOfResult maps what a driver says to the reason that is counted.
var dropOfResult = [...]DropReason{
	ports.TxFull:   DropTxFull,
	ports.TxDown:   DropTxDown,
	ports.TxGone:   DropTxGone,
	ports.TxTooBig: DropTxTooBig,
	ports.TxError:  DropTxError,
}

// finish counts and frees sent and refused frames. Of what decided about them nothing
// is known any more; the decision in work may be another frame's.
func (w *Worker) finish(p *workerPort, done []ports.TxDone) {
	w.touch(p)
	inWork := w.credits
	w.credits = nil
	t, pool := &p.tally.now, w.engine.Pool()
	var sent, bytes, onWire uint64
	for i := range done {
		b := done[i].Buf
		done[i].Buf = nil
		if r := done[i].Result; r != ports.TxSent {
			w.dropAt(b, uint32(p.id), dropOfResult[r])
			continue
		}
		if len(w.captures) > 0 {
			w.capture(Captured{Point: CaptureTransmit, Port: p.id}, b, nil)
		}
		sent++
		bytes += uint64(b.Size())
		onWire += segments(b)
		if head := b.Bytes(); head[0]&1 != 0 {
			if isBroadcast(head) {
				t[cTxBroadcast]++
			} else {
				t[cTxMulticast]++
			}
		}
		b.Free(pool)
	}
	t[cTxPackets] += sent
	t[cTxBytes] += bytes
	t[cTxSegments] += onWire
	w.stats.now[wSent] += sent
	w.credits = inWork
}
