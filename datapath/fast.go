package datapath

import (
	"runtime/debug"

	"vswitch/flow"
	"vswitch/packet"
)

// maxRounds is how often one frame may be looked up again.
const maxRounds = 32

// maxRelooks is how often all frames of a batch may be looked up again, copies of them
// included: a flow whose copies come back to it doubles them every time. It is far more
// than a batch of honest frames needs, and as many as a worker has buffers.
const maxRelooks = 8192

// forward handles the first n frames of the scratch batch, and then those that
// they leave for another lookup, until nothing is left. A frame that makes
// forwarding panic is dropped, and the others go on without it.
func (w *Worker) forward(n int) {
	w.rounds, w.relooks, w.pending = 0, 0, n
	for !w.attempt() {
	}
}

// attempt works off the batch and the recirculated frames. It reports false
// when it was ended by a panic and has to be called again.
func (w *Worker) attempt() (finished bool) {
	defer func() {
		if p := recover(); p != nil {
			w.blame(p)
		}
	}()
	w.classify(w.pending)
	w.pending = 0
	for len(w.recirc) > 0 || len(w.again) > 0 {
		if len(w.again) == 0 {
			w.rounds++
			w.again, w.recirc = w.recirc, w.again[:0]
		}
		n := copy(w.scratch.bufs[:], w.again)
		w.again = append(w.again[:0], w.again[n:]...)
		w.stats.now[wRecirculations] += uint64(n)
		w.pending = n
		w.classify(n)
		w.pending = 0
	}
	return true
}

// classify finds the megaflow of each of the first n frames of the batch and
// executes it. A frame leaves scratch.bufs when it is taken into work, so what
// is there after a panic is what is still to be done.
//
// Each step goes over the whole batch before the next begins, so that a processor that
// waits for the memory of one frame works at others meanwhile.
func (w *Worker) classify(n int) {
	n = w.extract(n)
	w.pending, w.searching = n, true
	for todo := w.guess(n); len(todo) > 0; {
		todo = w.cache.lookupAll(&w.scratch, todo)
	}
	w.searching = false
	w.dispatch(n)
}

// extract fills the keys of the first n frames of the batch, and drops what cannot be
// forwarded. It returns how many frames are left.
func (w *Worker) extract(n int) (kept int) {
	s := &w.scratch
	for i, b := range s.bufs[:n] {
		if b == nil { // taken before a panic
			continue
		}
		s.bufs[i], w.current = nil, b
		if b.Fault != packet.FaultNone || b.Size() < packet.EthSize {
			w.dropFaulty(b)
			continue
		}
		flow.Extract(b, &s.keys[kept])
		s.bufs[kept] = b
		kept++
	}
	w.current = nil
	return kept
}

// guess looks the first n frames of the batch up by the hashes of their whole keys. It
// returns the numbers of those that it has no megaflow for.
func (w *Worker) guess(n int) []int {
	s := &w.scratch
	for i := range n {
		s.hashes[i] = s.keys[i].Hash(w.cache.secret)
	}
	for i := range n {
		s.touched[i] = w.cache.sigSet(s.hashes[i])[0].hash
	}
	for i := range n {
		s.flows[i] = w.cache.guess(s.hashes[i])
	}
	for i := range n {
		if m := s.flows[i]; m != nil {
			s.touched[i] = m.touch()
		}
	}
	todo := s.todo[:0]
	for i := range n {
		if m := s.flows[i]; m != nil && m.has(&s.keys[i]) {
			w.stats.now[wSignatureHits]++
		} else {
			s.flows[i] = nil
			todo = append(todo, i)
		}
	}
	return todo
}

// dispatch executes the first n frames of the batch in order. Frames without a
// megaflow go up, unless a frame before them has got them one; a run of frames of one
// megaflow is counted with one store.
func (w *Worker) dispatch(n int) {
	s, inserted := &w.scratch, w.cache.inserted
	for i := 0; i < n; {
		m := s.flows[i]
		if m == nil && w.cache.inserted != inserted {
			m = w.find(i)
		}
		if m == nil {
			w.credits = nil // of the frame before
			w.miss(i)
			i++
			continue
		}
		end := i + 1
		bytes := uint64(s.bufs[i].Size())
		for ; end < n && s.flows[end] == m; end++ {
			bytes += uint64(s.bufs[end].Size())
		}
		m.packets.Store(m.packets.Load() + uint64(end-i))
		m.bytes.Store(m.bytes.Load() + bytes)
		m.used.Store(w.now)
		w.credits = m.credits
		if p := w.onlyPort(m.actions); p != nil && len(w.captures) == 0 {
			w.current = nil // a frame is the port's as soon as it is taken
			for ; i < end; i++ {
				b := s.bufs[i]
				s.bufs[i] = nil
				w.outputTo(b, p)
			}
			continue
		}
		for ; i < end; i++ {
			b := s.bufs[i]
			s.bufs[i], w.current = nil, b
			if len(w.captures) > 0 && b.RecircID == 0 {
				w.capture(Captured{Point: CaptureReceive, Port: PortID(b.InPort), Actions: m.actions, Credits: m.credits}, b, &s.keys[i])
			}
			w.execute(b, m.actions, &s.keys[i])
		}
	}
	w.credits = nil
}

// onlyPort is the port that frames are sent to by actions which do no more, nil where
// there is more to do or the port cannot send.
func (w *Worker) onlyPort(actions []Action) *workerPort {
	if len(actions) != 1 || actions[0].Op != OpOutput {
		return nil
	}
	if p := w.port(actions[0].Arg); p != nil && p.tx != nil {
		return p
	}
	return nil
}

// find looks frame i up among the megaflows, and remembers the answer.
func (w *Worker) find(i int) *Megaflow {
	s := &w.scratch
	m := w.cache.lookup(&s.keys[i])
	if m == nil {
		return nil
	}
	w.cache.remember(s.hashes[i], m)
	return m
}

func (w *Worker) dropFaulty(b *packet.Buf) {
	switch b.Fault {
	case packet.FaultTruncated:
		w.drop(b, DropTruncated)
	case packet.FaultBadOffload:
		w.drop(b, DropBadOffload)
	case packet.FaultUnfinishedCsum:
		w.drop(b, DropUnfinishedCsum)
	default:
		w.drop(b, DropRunt)
	}
}

// blame counts, shows and drops the frame that was in work when forwarding
// panicked. A search goes over a batch at once: it shows the first, and drops all.
func (w *Worker) blame(p any) {
	w.stats.now[wPanics]++
	b := w.current
	w.current = nil
	if w.searching {
		w.searching = false
		b = w.scratch.bufs[0]
		for _, other := range w.scratch.bufs[1:w.pending] {
			w.drop(other, DropPanic)
		}
		clear(w.scratch.bufs[:w.pending])
	}
	if f := w.dp.options.OnPanic; f != nil {
		var frame []byte
		if b != nil {
			frame = append(frame, b.Bytes()...)
		}
		f(w.id, p, frame, debug.Stack())
	}
	if b != nil {
		w.drop(b, DropPanic)
	}
}

// guard runs f, which may panic like all forwarding, and then forwards what it
// left for another lookup.
func (w *Worker) guard(f func()) {
	func() {
		defer func() {
			if p := recover(); p != nil {
				w.blame(p)
			}
		}()
		f()
	}()
	w.forward(0)
}
