package epoll

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/ports"
)

func newEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Options{SmallBufs: 8, SpillBufs: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestWakeOfAnAwakeWorkerMakesNoSystemCall(t *testing.T) {
	e := newEngine(t)
	for range 100 {
		e.Wake()
	}
	var count [8]byte
	if _, err := unix.Read(e.wakefd, count[:]); err != unix.EAGAIN {
		t.Errorf("eventfd: %v %v, want it untouched", count, err)
	}
}

func TestSleepMilliseconds(t *testing.T) {
	e := newEngine(t)
	begin := time.Now()
	if n, err := e.sleepMilliseconds(begin.Add(1500 * time.Microsecond)); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if d := time.Since(begin); d < 1500*time.Microsecond {
		t.Errorf("slept %v, want at least 1.5 ms", d)
	}
	if _, err := unix.Write(e.wakefd, e.one[:]); err != nil {
		t.Fatal(err)
	}
	if n, err := e.sleepMilliseconds(time.Time{}); n != 1 || err != nil {
		t.Errorf("woken: %d, %v; want one event", n, err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{SmallSize: 512}, {SpillSize: 1500}, {SmallBufs: -1}} {
		if e, err := New(o); err == nil {
			t.Errorf("%+v: accepted", o)
			e.Close()
		}
	}
}

func TestCloseRefusesWhileBuffersAreInUse(t *testing.T) {
	e, err := New(Options{SmallBufs: 1, SpillBufs: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := e.Pool().Get()
	if err := e.Close(); err == nil {
		t.Error("closed with a buffer in use")
	}
	b.Free(e.Pool())
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestWakeRacesWithClose is about the race detector, and about descriptors that
// somebody else gets after Close.
func TestWakeRacesWithClose(t *testing.T) {
	for range 100 {
		e, err := New(Options{SmallBufs: 1, SpillBufs: 1})
		if err != nil {
			t.Fatal(err)
		}
		var ended sync.WaitGroup
		ended.Go(e.Wake)
		if err := e.Wait(-1); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		ended.Wait()
		e.Wake()
	}
}

func BenchmarkWakeAwake(b *testing.B) {
	e := newEngine(b)
	for b.Loop() {
		e.Wake()
	}
}

func BenchmarkReadyNothing(b *testing.B) {
	e := newEngine(b)
	dst := make([]ports.RxQueue, 16)
	for b.Loop() {
		e.Ready(dst)
	}
}
