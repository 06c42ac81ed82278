package porttest

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/uring"
)

// Wire copies every frame from one port to the other as it is, with one worker,
// and counts.
type Wire struct {
	engine *uring.Engine
	peers  map[ports.RxQueue]ports.TxQueue
	sends  []ports.TxQueue
	stop   atomic.Bool
	ended  chan error

	Frames  atomic.Int64
	Super   atomic.Int64 // super-frames among them
	Partial atomic.Int64 // others with a partial checksum
	Faults  atomic.Int64
	Refused atomic.Int64 // frames that the other port did not send
	Largest atomic.Int64 // bytes of the largest frame
}

// Connect lays a wire between two ports until the test ends.
func Connect(t testing.TB, a, b ports.Port) *Wire {
	t.Helper()
	w := &Wire{peers: map[ports.RxQueue]ports.TxQueue{}, ended: make(chan error, 1)}
	begun := make(chan error)
	go func() {
		// A ring belongs to a thread.
		runtime.LockOSThread()
		err := w.open(a, b)
		begun <- err
		if err == nil {
			err = w.run()
		}
		w.ended <- errors.Join(err, w.close())
	}()
	if err := <-begun; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.stop.Store(true)
		w.engine.Wake()
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *Wire) open(a, b ports.Port) (err error) {
	if w.engine, err = uring.New(uring.Options{}); err != nil {
		return err
	}
	for _, pair := range [][2]ports.Port{{a, b}, {b, a}} {
		tx, err := pair[1].OpenTx(w.engine)
		if err != nil {
			return err
		}
		w.sends = append(w.sends, tx)
		for i := range pair[0].Info().RxQueues {
			rx, err := pair[0].OpenRx(i, w.engine)
			if err != nil {
				return err
			}
			w.peers[rx] = tx
		}
	}
	return nil
}

func (w *Wire) run() error {
	ready := make([]ports.RxQueue, 8)
	batch, done := make([]*packet.Buf, 64), make([]ports.TxDone, 64)
	var active []ports.RxQueue
	for !w.stop.Load() {
		active = append(active[:0], ready[:w.engine.Ready(ready)]...)
		if len(active) == 0 {
			if err := w.engine.Wait(-1); err != nil {
				return err
			}
		}
		for len(active) > 0 && !w.stop.Load() {
			busy := active[:0]
			for _, rx := range active {
				if w.copy(rx, batch, done) {
					busy = append(busy, rx)
				}
			}
			active = busy
		}
	}
	return nil
}

// copy moves one batch and reports whether more may wait.
func (w *Wire) copy(rx ports.RxQueue, batch []*packet.Buf, done []ports.TxDone) bool {
	n, err := rx.Recv(batch)
	tx := w.peers[rx]
	w.count(batch[:n])
	tx.Send(batch[:n])
	for _, tx := range w.sends {
		w.reap(tx, done)
	}
	return n == len(batch) && err == nil
}

func (w *Wire) reap(tx ports.TxQueue, done []ports.TxDone) {
	for m := tx.Reap(done); m > 0; m = tx.Reap(done) {
		for _, d := range done[:m] {
			if d.Result != ports.TxSent {
				w.Refused.Add(1)
			}
			d.Buf.Free(w.engine.Pool())
		}
	}
}

func (w *Wire) count(batch []*packet.Buf) {
	w.Frames.Add(int64(len(batch)))
	for _, b := range batch {
		if b.Fault != packet.FaultNone {
			w.Faults.Add(1)
		}
		if b.Offload.GSO != packet.GSONone {
			w.Super.Add(1)
		} else if b.Offload.NeedsCsum {
			w.Partial.Add(1)
		}
		w.Largest.Store(max(w.Largest.Load(), int64(b.Size())))
	}
}

func (w *Wire) close() error {
	if w.engine == nil {
		return nil
	}
	var errs []error
	for rx := range w.peers {
		errs = append(errs, rx.Close())
	}
	for _, tx := range w.sends {
		errs = append(errs, tx.Close())
	}
	return errors.Join(append(errs, w.engine.Close())...)
}
