package uring_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/porttest"
	"vswitch/ports/uring"
)

// socketPair makes two connected datagram sockets, which stand for a device.
func socketPair(t testing.TB) [2]int {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]) })
	t.Cleanup(func() { unix.Close(pair[1]) })
	return pair
}

// ringed is an engine whose ring is open, or skips the test.
func ringed(t testing.TB, refuse uring.Features) *uring.Engine {
	t.Helper()
	e := porttest.EngineWithout(t, refuse)
	openWriter(t, e, socketPair(t)[0])
	// As every worker does before it sleeps: the engine looks once at what was
	// watched before it had the ring.
	e.Ready(make([]ports.RxQueue, 1))
	return e
}

func openWriter(t testing.TB, e *uring.Engine, fd int) *uring.Writer {
	t.Helper()
	w, err := e.OpenWriter(fd)
	if err != nil {
		t.Skipf("this kernel refuses io_uring: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(e.Pool()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// queue is what Ready reports of a reader.
type queue struct{ *uring.Reader }

func (*queue) Recv([]*packet.Buf) (int, error) { return 0, nil }
func (*queue) Close() error                    { return nil }

func openReader(t testing.TB, e *uring.Engine, fd int) *queue {
	t.Helper()
	q := &queue{}
	r, err := e.OpenReader(fd, 4, q)
	if err != nil {
		t.Fatal(err)
	}
	q.Reader = r
	t.Cleanup(func() {
		if _, err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

func TestContractBeforeTheRing(t *testing.T) {
	porttest.EngineContract(t, func(t testing.TB) ports.Engine { return porttest.Engine(t) })
}

func TestContractWithTheRing(t *testing.T) {
	porttest.EngineContract(t, func(t testing.TB) ports.Engine { return ringed(t, 0) })
}

func TestContractWithoutDeferredWork(t *testing.T) {
	porttest.EngineContract(t, func(t testing.TB) ports.Engine { return ringed(t, uring.FeatureDeferred) })
}

// await waits until q has something to take.
func await(t testing.TB, e *uring.Engine, q *queue) uring.Read {
	t.Helper()
	ready := make([]ports.RxQueue, 4)
	for deadline := time.Now().Add(porttest.Patience); time.Now().Before(deadline); {
		if read, ok := q.Next(); ok {
			q.Refill()
			return read
		}
		q.Refill()
		if err := e.Wait(time.Until(deadline)); err != nil {
			t.Fatal(err)
		}
		e.Ready(ready)
	}
	t.Fatal("nothing was read")
	return uring.Read{}
}

// kernels are sets of features to be without.
var kernels = []struct {
	name   string
	refuse uring.Features
}{
	{"this", 0},
	{"no multishot", uring.FeatureMultishot},
	{"5.19", uring.FeatureMultishot | uring.FeatureDeferred},
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			pair := socketPair(t)
			e := ringed(t, k.refuse)
			if got := e.Features() & k.refuse; got != 0 {
				t.Errorf("uses %v, which were refused", got)
			}
			w, q := openWriter(t, e, pair[0]), openReader(t, e, pair[1])
			data := porttest.RandomData(60_000)
			for _, size := range []int{4, 5, 100, packet.MinHead + 10, 1500, 3000, 60_000} {
				b := packet.FromBytes(data[4:size], e.Pool(), e.Spill())
				front := b.Room()[b.HeadroomLeft()-4 : b.HeadroomLeft()+len(b.Bytes())]
				copy(front, data[:4])
				if !w.Write(b, front) {
					t.Fatal("the ring is full")
				}
				w.Flush()
				if d, ok := w.Next(); !ok || d.Buf != b || d.Errno != 0 {
					t.Fatalf("%d bytes: written: %v %v", size, d, ok)
				}
				b.Free(e.Pool())
				read := await(t, e, q)
				if read.Errno != 0 || read.Size != size || !bytes.Equal(read.Buf.Room()[packet.Headroom-4:][:size], data[:size]) {
					t.Fatalf("%d bytes: read %d, %v", size, read.Size, read.Errno)
				}
				read.Buf.Free(e.Pool())
			}
		})
	}
}

// TestWritesKeepTheirOrder writes batches of more than a submission takes.
func TestWritesKeepTheirOrder(t *testing.T) {
	pair := socketPair(t)
	e := ringed(t, 0)
	w := openWriter(t, e, pair[0])
	const frames = 400
	sent, got, refused := 0, 0, 0
	buf := make([]byte, 64)
	for sent < frames {
		for range 40 {
			b := packet.FromBytes([]byte{byte(sent >> 8), byte(sent)}, e.Pool(), e.Spill())
			if !w.Write(b, b.Bytes()) {
				t.Fatal("the ring is full")
			}
			sent++
		}
		w.Flush()
		for d, ok := w.Next(); ok; d, ok = w.Next() {
			// The socket takes some ten: the others are refused, not kept.
			if d.Errno == unix.EAGAIN {
				refused++
			} else if d.Errno != 0 {
				t.Fatal(d.Errno)
			}
			d.Buf.Free(e.Pool())
		}
		last := -1
		for n, err := unix.Read(pair[1], buf); err == nil; n, err = unix.Read(pair[1], buf) {
			number := int(buf[0])<<8 | int(buf[1])
			if n != 2 || number <= last {
				t.Fatalf("frame %d came after %d", number, last)
			}
			last = number
			got++
		}
	}
	if got+refused != frames || got == 0 {
		t.Errorf("%d came and %d were refused, of %d", got, refused, frames)
	}
}

// TestErrorsAreReported reads and writes what has no other side.
func TestErrorsAreReported(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := ringed(t, 0)
	w := openWriter(t, e, pair[0])
	unix.Close(pair[1])
	b := packet.FromBytes([]byte{1}, e.Pool(), e.Spill())
	w.Write(b, b.Bytes())
	w.Flush()
	if d, ok := w.Next(); !ok || d.Errno != unix.EPIPE {
		t.Errorf("%v %v, want %v", d, ok, unix.EPIPE)
	}
	b.Free(e.Pool())
	q := openReader(t, e, pair[0])
	unix.Close(pair[0])
	if read := await(t, e, q); read.Size != 0 || read.Buf != nil {
		t.Errorf("the end of a stream reads as %+v", read)
	}
}

// TestLetsGoOfDescriptors wants the other side of a pipe to see its end as soon as
// the reader is closed, while another reader goes on.
func TestLetsGoOfDescriptors(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			e := ringed(t, k.refuse)
			other := openReader(t, e, socketPair(t)[0])
			other.Refill()
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(pair[1])
			q, w := openReader(t, e, pair[0]), openWriter(t, e, pair[0])
			q.Refill()
			e.Ready(make([]ports.RxQueue, 4))
			_, err = q.Reader.Close()
			if err := errors.Join(err, w.Close(e.Pool()), unix.Close(pair[0])); err != nil {
				t.Fatal(err)
			}
			if n, err := unix.Read(pair[1], make([]byte, 1)); n != 0 || err != nil {
				t.Errorf("%d, %v: the descriptor is still open somewhere", n, err)
			}
		})
	}
}

// TestReadersShareTheSlots opens more readers than the engine has slots for.
func TestReadersShareTheSlots(t *testing.T) {
	e := ringed(t, 0)
	var readers []*uring.Reader
	for len(readers) < 100 {
		r, err := e.OpenReader(socketPair(t)[0], 0, &queue{})
		if err != nil {
			if !errors.Is(err, unix.ENOBUFS) || !strings.Contains(err.Error(), "all 512 slots") {
				t.Error(err)
			}
			break
		}
		r.Refill()
		readers = append(readers, r)
	}
	if len(readers) != 512/uring.SlotsPerReader-1 {
		t.Errorf("%d readers of %d slots each", len(readers), uring.SlotsPerReader)
	}
	for _, r := range readers {
		if _, err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	openReader(t, e, socketPair(t)[0])
}

// TestCloseRefusesWhileASlotIsOut is about who would write into it.
func TestCloseRefusesWhileASlotIsOut(t *testing.T) {
	runtime.LockOSThread()
	e, err := uring.New(uring.Options{Frames: 128})
	if err != nil {
		t.Fatal(err)
	}
	pair := socketPair(t)
	r, err := e.OpenReader(pair[0], 0, &queue{})
	if err != nil {
		e.Close()
		t.Skipf("this kernel refuses io_uring: %v", err)
	}
	q := &queue{r}
	if _, err := unix.Write(pair[1], []byte("frame")); err != nil {
		t.Fatal(err)
	}
	read := await(t, e, q)
	if _, err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("closed with a slot in use: %v", err)
	}
	read.Buf.Free(nil)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnotherThreadIsRefused(t *testing.T) {
	e := ringed(t, 0)
	if e.Features()&uring.FeatureDeferred == 0 {
		t.Skip("this kernel lets any thread submit")
	}
	answer := make(chan error)
	go func() {
		runtime.LockOSThread()
		answer <- e.Wait(time.Millisecond)
	}()
	if err := <-answer; !errors.Is(err, unix.EEXIST) {
		t.Errorf("%v, want %v", err, unix.EEXIST)
	}
}

func TestNothingIsAllocatedForAFrame(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			pair := socketPair(t)
			e := ringed(t, k.refuse)
			w, q := openWriter(t, e, pair[0]), openReader(t, e, pair[1])
			ready := make([]ports.RxQueue, 4)
			frame := []byte("frame")
			received := 0
			if n := testing.AllocsPerRun(300, func() {
				b := packet.FromBytes(frame, e.Pool(), e.Spill())
				w.Write(b, b.Bytes())
				w.Flush()
				for d, ok := w.Next(); ok; d, ok = w.Next() {
					d.Buf.Free(e.Pool())
				}
				_ = e.Wait(time.Millisecond)
				e.Ready(ready)
				for read, ok := q.Next(); ok; read, ok = q.Next() {
					received++
					read.Buf.Free(e.Pool())
				}
				q.Refill()
			}); n != 0 || received < 290 {
				t.Errorf("%v allocations a turn, %d frames received; want 0, and nearly 300", n, received)
			}
		})
	}
}
