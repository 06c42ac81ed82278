package datapath

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/ports/dummy"
)

// TestPauses says of each mode, after frames at certain times, when a worker that
// finds nothing goes to sleep.
func TestPauses(t *testing.T) {
	const spin = 100
	for _, c := range []struct {
		name   string
		mode   PollMode
		frames []int64 // times
		sleeps int64   // after the last frame; -1: never
	}{
		{"interrupt", PollInterrupt, []int64{1000, 1010}, 0},
		{"busy", PollBusy, []int64{1000, 9000}, -1},
		{"adaptive, at first", PollAdaptive, nil, 0},
		{"adaptive, the first frame", PollAdaptive, []int64{1000}, 0},
		{"adaptive, soon another", PollAdaptive, []int64{1000, 1100}, spin},
		{"adaptive, then a rare one", PollAdaptive, []int64{1000, 1100, 1201}, 0},
		{"adaptive, and soon again", PollAdaptive, []int64{1000, 1100, 1201, 1300}, spin},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, now := pauses{mode: c.mode, spin: spin}, int64(900)
			for _, at := range c.frames {
				p.sleeps(now)
				p.worked(at)
				now = at
			}
			for d := int64(0); d <= 2*spin; d++ {
				if got, want := p.sleeps(now+d), c.sleeps >= 0 && d >= c.sleeps; got != want {
					t.Fatalf("%d after the last frame: sleeps %v, want %v", d, got, want)
				}
			}
		})
	}
}

// TestPausesCost holds adaptive polling to its promise: whatever the frames do, it
// spins no longer than the frames that came soon kept it waiting, and one spin
// time for each time that they stopped coming soon.
func TestPausesCost(t *testing.T) {
	const spin = 50
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := pauses{mode: PollAdaptive, spin: spin}
		var now, spun, allowed int64
		before := int64(spin + 1)
		for range 1000 {
			gap := 1 + r.Int64N(1+r.Int64N(3*spin))
			for d := int64(0); d < gap && !p.sleeps(now+d); d++ {
				spun++
			}
			p.sleeps(now)
			if gap <= spin {
				allowed += gap
			} else if before <= spin {
				allowed += spin
			}
			before, now = gap, now+gap
			p.worked(now)
		}
		if spun > allowed {
			t.Fatalf("seed %d: spun for %d, of %d at most", seed, spun, allowed)
		}
	}
}

// TestCrowd has threads wait for processors for a part of each time between looks,
// and says whether a worker that expects a frame sleeps.
func TestCrowd(t *testing.T) {
	const ms = time.Millisecond
	var now, total time.Duration
	now = time.Second
	p := pauses{mode: PollAdaptive, spin: int64(3 * ms), crowd: crowd{waited: func() time.Duration { return total }}}
	for i, c := range []struct {
		passed, waited time.Duration
		sleeps         bool
	}{
		{0, 0, false},              // nothing to compare with
		{10 * ms, 9 * ms, true},    // dense
		{9 * ms, 0, true},          // not looked at again so soon
		{1 * ms, 2 * ms, false},    // 2 of 10
		{10 * ms, 3 * ms, true},    // 3 of 10
		{time.Hour, 9 * ms, false}, // long ago
	} {
		now, total = now+c.passed, total+c.waited
		p.worked(int64(now))
		p.short = true // another came soon
		if got := p.sleeps(int64(now)); got != c.sleeps {
			t.Errorf("step %d: sleeps %v, want %v", i, got, c.sleeps)
		}
	}
	p.mode, total = PollBusy, total+now
	if now += 10 * ms; p.sleeps(int64(now)) {
		t.Error("busy: sleeps")
	}
}

// TestLateReturn has a worker get the processor back after a while, and says for how
// long it sleeps at once then, with and without knowledge of what threads wait.
func TestLateReturn(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name          string
		isKnown       bool
		away          time.Duration
		waited        time.Duration // by others, in the ten milliseconds from then on
		after, before time.Duration // between which it looks for frames again
	}{
		{"at once", true, 99 * time.Microsecond, 0, 0, 0},
		{"at once, not known", false, 99 * time.Microsecond, 0, 0, 0},
		{"late", true, ms, 2 * ms, 9 * ms, 10 * ms},
		{"late, others go on", true, ms, 3 * ms, 19 * ms, 20 * ms},
		{"late, not known", false, ms, 3 * ms, 99 * ms, 100 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := int64(time.Hour)
			var total time.Duration
			d := crowd{looked: began}
			if c.isKnown {
				d.waited = func() time.Duration { return total }
			}
			now := began + int64(c.away)
			d.returned(began, now)
			total += c.waited
			for wait := range 200 * ms / time.Millisecond {
				at := wait * time.Millisecond
				if at <= c.after && c.after > 0 && !d.isThere(now+int64(at)) {
					t.Fatalf("looks for frames after %v", at)
				}
				if at >= c.before && d.isThere(now+int64(at)) {
					t.Fatalf("still sleeps after %v", at)
				}
			}
		})
	}
}

// TestSlice asks the kernel what a worker changes of its thread.
func TestSlice(t *testing.T) {
	type attributes struct{ before, after *unix.SchedAttr }
	done := make(chan attributes, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends
		var a attributes
		a.before, _ = unix.SchedGetAttr(0, 0)
		shorten()
		a.after, _ = unix.SchedGetAttr(0, 0)
		done <- a
	}()
	a := <-done
	if a.before == nil || a.before.Runtime == 0 {
		t.Skip("this kernel does not tell of slices (Linux before 6.12)")
	}
	a.before.Runtime = uint64(slice)
	if *a.after != *a.before {
		t.Errorf("%+v, want %+v", a.after, a.before)
	}
}

// TestGathering says for how long a worker that is woken waits, each time after so
// many frames since it was woken last.
func TestGathering(t *testing.T) {
	const us = time.Microsecond
	type wake struct {
		at     time.Duration
		frames uint64 // received since the wake before
		want   time.Duration
	}
	for _, c := range []struct {
		name  string
		limit Coalesce
		wakes []wake
	}{
		{"off", Coalesce{}, []wake{{us, 1, 0}, {2 * us, 100, 0}}},
		{"by time alone", Coalesce{Delay: 50 * us}, []wake{{us, 0, 50 * us}, {52 * us, 1000, 50 * us}}},
		{"rare frames", Coalesce{50 * us, 32}, []wake{{time.Hour, 1, 50 * us}, {2 * time.Hour, 1, 50 * us}}},
		{"the first frame", Coalesce{50 * us, 32}, []wake{{2400 * time.Hour, 0, 50 * us}}},
		{"one a microsecond", Coalesce{50 * us, 32}, []wake{{0, 0, 50 * us}, {100 * us, 100, 31 * us}, {200 * us, 100, 31 * us}}},
		{"faster, then slower", Coalesce{50 * us, 11}, []wake{{100 * us, 1000, us}, {200 * us, 50, 20 * us}, {300 * us, 2, 50 * us}}},
		{"one frame is enough", Coalesce{50 * us, 1}, []wake{{time.Second, 1, 0}}},
	} {
		g, received := gathering{limit: c.limit}, uint64(0)
		for _, w := range c.wakes {
			received += w.frames
			if got := g.wait(int64(w.at), received); got != w.want {
				t.Errorf("%s: woken at %v after %d frames: waits for %v, want %v", c.name, w.at, w.frames, got, w.want)
			}
		}
	}
}

// TestGather looks at what a worker may wait when its ports differ, are changed and
// go.
func TestGather(t *testing.T) {
	j := newJar(t, slowFunc(func(*Upcall, *Verdict) error { return nil }), 2, Options{}, dummy.Options{})
	ids := j.dp.Ports()
	set := func(port int, c Coalesce) { j.dp.SetOptions(ids[port], PortOptions{Coalesce: c}) }
	check := func(what string, want Coalesce) {
		t.Helper()
		if got := j.dp.WorkerCounters()[0].Coalesce; got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("at first", Coalesce{})
	set(0, Coalesce{50, 32})
	check("one of two", Coalesce{0, 32})
	set(1, Coalesce{80, 0})
	check("both", Coalesce{50, 32})
	set(1, Coalesce{20, 8})
	check("the other less", Coalesce{20, 8})
	if err := j.dp.RemovePort(ids[1]); err != nil {
		t.Fatal(err)
	}
	check("one removed", Coalesce{50, 32})
}
