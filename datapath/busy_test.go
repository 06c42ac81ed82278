package datapath

import (
	"testing"
	"time"

	"vswitch/ports/dummy"
)

// TestBusy counts the time of breaths with frames, and none between them.
func TestBusy(t *testing.T) {
	slow := slowFunc(func(_ *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(2))
		return nil
	})
	j := newJar(t, slow, 2, Options{}, dummy.Options{Discard: true})
	w := j.dp.workers[0]
	// Each line is a breath: whether there are frames, whether it is followed by a
	// pause, and when that begins.
	for _, c := range []struct {
		begins int64
		frames bool
		rests  int64 // 0: the next one follows at once
		want   time.Duration
	}{
		{1000, false, 1001, 0},
		{2000, true, 2010, 10},
		{3000, false, 3005, 10},
		{4000, true, 0, 10},
		{4020, true, 0, 30},
		{4050, true, 4055, 65},
		{9000, false, 9001, 65},
	} {
		if c.frames {
			j.ports[0].Repeat(0, 1, frame(1))
		}
		w.breathe(c.begins)
		if c.rests > 0 {
			w.rest(func() int64 { return c.rests })
		}
		w.publish()
		if busy := j.dp.WorkerCounters()[0].Busy; busy != c.want {
			t.Errorf("after the breath at %d: busy for %d ns, want %d", c.begins, busy, c.want)
		}
	}
}
