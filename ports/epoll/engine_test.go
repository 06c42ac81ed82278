package epoll

import (
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
)

// patience bounds what must happen at once.
const patience = 10 * time.Second

// queue stands for a receive queue; the engine only tells them apart.
type queue struct{ name string }

func (*queue) Recv([]*packet.Buf) (int, error) { return 0, nil }
func (*queue) Close() error                    { return nil }

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

func eventfd(t testing.TB) int {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func raise(t testing.TB, fd int) {
	t.Helper()
	if _, err := unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
}

func ready(e *Engine, limit int) []ports.RxQueue {
	dst := make([]ports.RxQueue, limit)
	return dst[:e.Ready(dst)]
}

func wantReady(t *testing.T, e *Engine, want ...ports.RxQueue) {
	t.Helper()
	if got := ready(e, 8); !slices.Equal(got, want) {
		t.Fatalf("ready: %v, want %v", got, want)
	}
}

// wantReturn waits for at most patience and wants to be woken before.
func wantReturn(t *testing.T, e *Engine) {
	t.Helper()
	begin := time.Now()
	if err := e.Wait(patience); err != nil {
		t.Fatal(err)
	}
	if time.Since(begin) >= patience {
		t.Fatal("not woken")
	}
}

func TestWatchReportsAtFirstAndAtEdges(t *testing.T) {
	e, fd, q := newEngine(t), eventfd(t), &queue{"a"}
	if err := e.Watch(fd, q); err != nil {
		t.Fatal(err)
	}
	wantReady(t, e, q)
	wantReady(t, e)
	raise(t, fd)
	wantReturn(t, e)
	wantReady(t, e, q)
	wantReady(t, e) // level-triggered epoll would report again
	raise(t, fd)
	wantReady(t, e, q)
	if err := e.Unwatch(fd, q); err != nil {
		t.Fatal(err)
	}
	raise(t, fd)
	wantReady(t, e)
	if err := e.Unwatch(fd, q); err == nil {
		t.Error("unwatched twice")
	}
}

func TestUnwatchForgetsWhatWasToBeReported(t *testing.T) {
	e := newEngine(t)
	q, fd := &queue{"a"}, eventfd(t)
	other, otherFD := &queue{"b"}, eventfd(t)
	if err := e.Watch(fd, q); err != nil {
		t.Fatal(err)
	}
	wantReady(t, e, q)
	raise(t, fd)
	wantReturn(t, e) // takes the edge from the kernel
	e.Notify(q)
	if err := e.Unwatch(fd, q); err != nil {
		t.Fatal(err)
	}
	// The new one gets the place of the old one in the engine's table.
	if err := e.Watch(otherFD, other); err != nil {
		t.Fatal(err)
	}
	wantReady(t, e, other)
	wantReady(t, e)
}

func TestReadyKeepsWhatDoesNotFit(t *testing.T) {
	e := newEngine(t)
	queues := []*queue{{"a"}, {"b"}, {"c"}, {"d"}}
	fds := make([]int, len(queues))
	for i, q := range queues {
		fds[i] = eventfd(t)
		if err := e.Watch(fds[i], q); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[ports.RxQueue]int{}
	count := func(list []ports.RxQueue) {
		for _, q := range list {
			seen[q]++
		}
	}
	for range queues {
		wantReturn(t, e)
		count(ready(e, 1))
	}
	for _, fd := range fds {
		raise(t, fd)
	}
	for range queues {
		wantReturn(t, e)
		count(ready(e, 1))
	}
	for _, q := range queues {
		if seen[q] != 2 {
			t.Errorf("queue %s reported %d times, want 2", q.name, seen[q])
		}
	}
}

func TestNotifyEndsWaitAndReportsOnce(t *testing.T) {
	e, q := newEngine(t), &queue{"a"}
	go func() {
		e.Notify(q)
		e.Notify(q)
	}()
	for len(ready(e, 1)) == 0 {
		wantReturn(t, e)
	}
	// The second Notify may come after the first was reported; then nothing is left.
	_ = ready(e, 1)
	e.Notify(q)
	e.Notify(q)
	wantReturn(t, e)
	wantReady(t, e, q)
}

func TestWakeBeforeWaitIsNotLost(t *testing.T) {
	e := newEngine(t)
	e.Wake()
	e.Wake()
	if err := e.Wait(-1); err != nil {
		t.Fatal(err)
	}
	// Two wake-ups ended one Wait; the next one lasts as long as it should.
	begin := time.Now()
	const short = 3 * time.Millisecond
	if err := e.Wait(short); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begin); d < short {
		t.Errorf("waited %v, want at least %v", d, short)
	}
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

// TestNoWakeIsLost lets a waker and a sleeper take turns: each turn hangs if the
// wake-up gets lost between the sleeper's last look and its sleep.
func TestNoWakeIsLost(t *testing.T) {
	e := newEngine(t)
	const turns = 20000
	var mu sync.Mutex
	posted := 0
	taken := make(chan int)
	go func() {
		for i := range turns {
			mu.Lock()
			posted = i + 1
			mu.Unlock()
			e.Wake()
			if <-taken < 0 {
				return
			}
		}
	}()
	for turn := 1; turn <= turns; {
		mu.Lock()
		got := posted
		mu.Unlock()
		if got == turn {
			turn++
			taken <- got
			continue
		}
		begin := time.Now()
		if err := e.Wait(patience); err != nil || time.Since(begin) >= patience {
			t.Fatalf("turn %d: wake-up lost (%v)", turn, err)
		}
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
	raise(t, e.wakefd)
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

func TestNothingIsAllocated(t *testing.T) {
	e, fd, q := newEngine(t), eventfd(t), &queue{"a"}
	if err := e.Watch(fd, q); err != nil {
		t.Fatal(err)
	}
	dst := make([]ports.RxQueue, 4)
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	if n := testing.AllocsPerRun(100, func() {
		unix.Write(fd, one)
		e.Notify(q)
		e.Wait(time.Second)
		e.Ready(dst)
		unix.Write(fd, one)
		e.Wait(time.Second)
		e.Wait(time.Microsecond)
		e.Ready(dst)
		e.Wake()
	}); n != 0 {
		t.Errorf("%v allocations a turn, want 0", n)
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
