package datapath

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"vswitch/flow"
	"vswitch/packet"
)

// TrialResult is what became of one worker's trial.
type TrialResult struct {
	Worker int
	// Err is nil if the frame came through; the error of the context if the worker
	// did not take it up in time, which is a worker that hangs.
	Err error
}

// Trial has every worker take a frame through its buffers, its caches and its
// actions, between two breaths, and says how that went, as far as it did before
// ctx was done. Nothing is sent and no counter moves. It waits for no lock that
// is held while somebody waits for a worker, so it finds a worker that hangs
// although all else waits for it. The datapath must have been started.
func (d *Datapath) Trial(ctx context.Context) []TrialResult {
	d.reading.RLock()
	var runs []*trial
	for _, w := range d.workers {
		runs = append(runs, w.trials.begin(w))
	}
	d.reading.RUnlock()
	results := make([]TrialResult, len(runs))
	for i, r := range runs {
		results[i].Worker = i
		select {
		case <-r.ended:
		case <-ctx.Done():
		}
		select { // where both are so, the frame counts
		case <-r.ended:
			results[i].Err = r.err
		default:
			results[i].Err = ctx.Err()
		}
	}
	return results
}

// trials has the trial that a worker has not taken up yet. Those who ask
// meanwhile share it, so a worker that hangs has at most one in its mailbox.
type trials struct {
	mu      sync.Mutex
	waiting *trial
}

type trial struct {
	ended chan struct{}
	err   error // valid once ended is closed
}

func (t *trials) begin(w *Worker) *trial {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting != nil {
		return t.waiting
	}
	r := &trial{ended: make(chan struct{})}
	t.waiting = r
	w.mail.put(func(w *Worker) {
		r.err = w.try()
		t.mu.Lock()
		t.waiting = nil
		t.mu.Unlock()
		close(r.ended)
	})
	w.engine.Wake()
	return r
}

// Of the frame of a trial: to nobody, of an Ethernet type for experiments
// (IEEE 802 §9.2.3), and the tag that it gets on its way.
const (
	trialFrame = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5vswitch: is anybody there?"
	trialTag   = packet.EthTypeVLAN<<16 | 0x0aaa
)

// try takes a frame from the pool through lookup and actions.
func (w *Worker) try() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	pool := w.engine.Pool()
	b := packet.FromBytes([]byte(trialFrame), pool, w.engine.Spill())
	if b == nil {
		return errors.New("the worker has no buffer left")
	}
	defer b.Free(pool)
	k := &w.scratch.keys[0]
	flow.Extract(b, k)
	if m := w.cache.guess(k.Hash(w.cache.secret)); m != nil && m.has(k) {
		return errors.New("the cache knows a frame that came in by no port")
	}
	came := false
	err = Rehearse(b, k, []Action{{Op: OpPushVLAN, Arg: trialTag}, Output(0)}, pool, func(_ *Action, _ uint32, b *packet.Buf) error {
		if came = bytes.Equal(b.Bytes(), []byte(trialFrame[:12]+"\x81\x00\x0a\xaa"+trialFrame[12:])); !came {
			return fmt.Errorf("the frame came out as %x", b.Bytes())
		}
		return nil
	})
	if err == nil && !came {
		err = errors.New("the worker has no buffer left for a copy")
	}
	return err
}
