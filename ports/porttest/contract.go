package porttest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
)

// EngineContract tests what ports.Engine promises, each promise on a new engine.
// The engine belongs to the goroutine of the test that open gets.
func EngineContract(t *testing.T, open func(testing.TB) ports.Engine) {
	for _, test := range []struct {
		name string
		test func(*testing.T, ports.Engine)
	}{
		{"watchReportsAtFirstAndAtEdges", watchReportsAtFirstAndAtEdges},
		{"unwatchForgetsWhatWasToBeReported", unwatchForgetsWhatWasToBeReported},
		{"readyKeepsWhatDoesNotFit", readyKeepsWhatDoesNotFit},
		{"notifyEndsWaitAndReportsOnce", notifyEndsWaitAndReportsOnce},
		{"wakeBeforeWaitIsNotLost", wakeBeforeWaitIsNotLost},
		{"noWakeIsLost", noWakeIsLost},
		{"nothingIsAllocated", nothingIsAllocated},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, open(t)) })
	}
}

// queue stands for a receive queue; the engine only tells them apart.
type queue struct{ name string }

func (*queue) Recv([]*packet.Buf) (int, error) { return 0, nil }
func (*queue) Close() error                    { return nil }

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

func ready(e ports.Engine, limit int) []ports.RxQueue {
	dst := make([]ports.RxQueue, limit)
	return dst[:e.Ready(dst)]
}

func wantReady(t *testing.T, e ports.Engine, want ...ports.RxQueue) {
	t.Helper()
	if got := ready(e, 8); !slices.Equal(got, want) {
		t.Fatalf("ready: %v, want %v", got, want)
	}
}

// wantReturn waits for at most Patience and wants to be woken before.
func wantReturn(t *testing.T, e ports.Engine) {
	t.Helper()
	begin := time.Now()
	if err := e.Wait(Patience); err != nil {
		t.Fatal(err)
	}
	if time.Since(begin) >= Patience {
		t.Fatal("not woken")
	}
}

func watchReportsAtFirstAndAtEdges(t *testing.T, e ports.Engine) {
	fd, q := eventfd(t), &queue{"a"}
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

func unwatchForgetsWhatWasToBeReported(t *testing.T, e ports.Engine) {
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

func readyKeepsWhatDoesNotFit(t *testing.T, e ports.Engine) {
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

func notifyEndsWaitAndReportsOnce(t *testing.T, e ports.Engine) {
	q := &queue{"a"}
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

func wakeBeforeWaitIsNotLost(t *testing.T, e ports.Engine) {
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

// noWakeIsLost lets a waker and a sleeper take turns: each turn hangs if the
// wake-up gets lost between the sleeper's last look and its sleep.
func noWakeIsLost(t *testing.T, e ports.Engine) {
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
		if err := e.Wait(Patience); err != nil || time.Since(begin) >= Patience {
			t.Fatalf("turn %d: wake-up lost (%v)", turn, err)
		}
	}
}

func nothingIsAllocated(t *testing.T, e ports.Engine) {
	fd, q := eventfd(t), &queue{"a"}
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
