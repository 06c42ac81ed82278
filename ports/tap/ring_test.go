package tap

import (
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
	"vswitch/ports/porttest"
	"vswitch/ports/uring"
	"vswitch/ports/vnet"
)

// needRing skips the test where the kernel has no ring.
func needRing(t testing.TB, e *uring.Engine) {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	w, err := e.OpenWriter(fd)
	if err != nil {
		t.Skipf("this kernel refuses io_uring: %v", err)
	}
	if err := w.Close(e.Pool()); err != nil {
		t.Fatal(err)
	}
}

func openOverRing(t testing.TB, role string, e *uring.Engine) (*Port, ports.RxQueue, ports.TxQueue) {
	t.Helper()
	return openOver(t, role, e, IORing)
}

func openOver(t testing.TB, role string, e *uring.Engine, io IO) (*Port, ports.RxQueue, ports.TxQueue) {
	t.Helper()
	p := open(t, porttest.Control(t), Options{Name: "dev", Netns: porttest.Unusual(role), MAC: deviceMAC, MTU: 9000,
		Addresses: []netip.Prefix{devicePref}, IO: io})
	porttest.AwaitUp(t, p)
	return p, porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
}

// TestKernelsWithLess takes one feature after the other away: frames cross all the
// same, and the port says how.
func TestKernelsWithLess(t *testing.T) {
	for _, test := range []struct {
		name   string
		refuse uring.Features
		io     string
		note   string
	}{
		{"nothing refused", 0, "uring", ""},
		{"no multishot", uring.FeatureMultishot, "uring (single reads", ""},
		{"no deferred work", uring.FeatureDeferred, "task work at any time", ""},
		{"Linux 5.19", uring.FeatureMultishot | uring.FeatureDeferred, "uring (single reads", ""},
		{"no registered descriptors", uring.FeatureFiles, "descriptors looked up", ""},
		{"no ring", uring.FeatureRing, "syscall", "io_uring was asked for, and system calls move the frames: io_uring_setup: operation not permitted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := porttest.EngineWithout(t, test.refuse)
			if test.note == "" {
				needRing(t, e)
			}
			p, rx, tx := openOverRing(t, "tap-less", e)
			for range 200 {
				porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
				porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
			}
			info := p.Info()
			if test.refuse != 0 && !strings.Contains(info.IO, test.io) || test.refuse == 0 && !strings.HasPrefix(info.IO, "uring") {
				t.Errorf("I/O: %q, want %q in it", info.IO, test.io)
			}
			isNoted := slices.ContainsFunc(info.Notes, func(n string) bool { return strings.HasPrefix(n, "io_uring was") && strings.Contains(n, test.note) })
			if isNoted != (test.note != "") {
				t.Errorf("notes: %q, want %q", info.Notes, test.note)
			}
		})
	}
}

// TestBest has a port choose: the ring where it has everything, else system calls.
func TestBest(t *testing.T) {
	for _, test := range []struct {
		name   string
		refuse uring.Features
		io     string
	}{
		{"all", 0, "uring"},
		{"no multishot", uring.FeatureMultishot, "syscall (io_uring: single reads: multishot needs Linux 6.7"},
		{"no registered descriptors", uring.FeatureFiles, "syscall (io_uring: "},
		{"no ring", uring.FeatureRing, "syscall (io_uring_setup: operation not permitted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := porttest.EngineWithout(t, test.refuse)
			if err := e.IsQuickest(); err != nil && test.refuse == 0 {
				t.Skipf("this kernel's ring is not the quickest: %v", err)
			}
			p, rx, tx := openOver(t, "tap-best", e, IOBest)
			porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
			porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
			if info := p.Info(); !strings.HasPrefix(info.IO, test.io) || len(info.Notes) > 0 {
				t.Errorf("I/O %q, want %q; notes %q, want none about what nobody asked for", info.IO, test.io, info.Notes)
			}
		})
	}
}

func TestSingleReadsTakeABurst(t *testing.T) {
	e := porttest.EngineWithout(t, uring.FeatureMultishot)
	needRing(t, e)
	p, rx, _ := openOverRing(t, "tap-burst", e)
	takeBurst(t, e, p, rx)
}

func TestMultishotReadsTakeABurst(t *testing.T) {
	e := porttest.Engine(t)
	needRing(t, e)
	p, rx, _ := openOverRing(t, "tap-burst", e)
	takeBurst(t, e, p, rx)
}

// takeBurst wants more frames than a reader has slots to come in order.
func takeBurst(t *testing.T, e *uring.Engine, p *Port, rx ports.RxQueue) {
	const frames = 5 * uring.SlotsPerReader
	raw := porttest.PacketSocket(t, space(t, porttest.Control(t), p), "dev", false)
	frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
	for i := range frames {
		frame[14], frame[15] = byte(i>>8), byte(i)
		if _, err := unix.Write(raw, frame); err != nil {
			t.Fatal(err)
		}
	}
	want := 0
	dst, ready := make([]*packet.Buf, 16), make([]ports.RxQueue, 4)
	for deadline := time.Now().Add(porttest.Patience); want < frames; {
		n, err := rx.Recv(dst)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d of %d frames, then %v", want, frames, err)
		}
		for _, b := range dst[:n] {
			if got := b.Bytes(); got[12] == 0x88 && got[13] == 0xb5 {
				if number := int(got[14])<<8 | int(got[15]); number != want {
					t.Errorf("frame %d came in place of %d", number, want)
				}
				want++
			}
			b.Free(e.Pool())
		}
		if n < len(dst) {
			if err := e.Wait(time.Until(deadline)); err != nil {
				t.Fatal(err)
			}
			e.Ready(ready)
		}
	}
}

// TestEngineWithoutRing has an engine of another kind.
func TestEngineWithoutRing(t *testing.T) {
	c := porttest.Control(t)
	e, err := dummy.NewEngine(driver.PoolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-other"), IO: IORing})
	porttest.OpenTx(t, p, e)
	if i := p.Info(); i.IO != ioSyscall {
		t.Errorf("I/O: %q", i.IO)
	}
}

// TestSeccompRefusesRing forbids io_uring_setup as container runtimes do.
func TestSeccompRefusesRing(t *testing.T) {
	c := porttest.Control(t)
	failed := make(chan string, 1)
	// The filter is for one thread, which ends with the goroutine.
	go func() {
		runtime.LockOSThread()
		defer close(failed)
		if err := forbid(unix.SYS_IO_URING_SETUP); err != nil {
			failed <- "seccomp: " + err.Error()
			return
		}
		e, err := uring.New(uring.Options{})
		if err != nil {
			failed <- err.Error()
			return
		}
		defer e.Close()
		p, err := Open(c, Options{Name: "dev", Netns: porttest.Unusual("tap-seccomp"), IO: IORing})
		if err != nil {
			failed <- err.Error()
			return
		}
		defer p.Close()
		rx, err := p.OpenRx(0, e)
		if err != nil {
			failed <- err.Error()
			return
		}
		defer rx.Close()
		const want = "io_uring_setup: operation not permitted: forbidden by a seccomp filter"
		if i := p.Info(); i.IO != ioSyscall || len(i.Notes) != 1 || !strings.Contains(i.Notes[0], want) {
			failed <- "I/O " + i.IO + ", notes: " + strings.Join(i.Notes, "; ")
		}
	}()
	if why := <-failed; why != "" {
		t.Error(why)
	}
}

// forbid has a system call of the calling thread fail with EPERM.
func forbid(call uint32) error {
	const loadNumber, jumpEqual, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	filter := []unix.SockFilter{
		{Code: loadNumber, K: 0},
		{Code: jumpEqual, Jf: 1, K: call},
		{Code: answer, K: 0x00050000 | uint32(unix.EPERM)}, // SECCOMP_RET_ERRNO
		{Code: answer, K: 0x7fff0000},                      // SECCOMP_RET_ALLOW
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	runtime.KeepAlive(filter)
	return err
}

// TestHoardedSlotsOnlyDelay keeps every slot of the engine and gives them back.
func TestHoardedSlotsOnlyDelay(t *testing.T) {
	e := porttest.Engine(t)
	needRing(t, e)
	p, rx, tx := openOverRing(t, "tap-hoard", e)
	raw := porttest.PacketSocket(t, space(t, porttest.Control(t), p), "dev", false)
	frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
	var hoard []*packet.Buf
	dst, ready := make([]*packet.Buf, 16), make([]ports.RxQueue, 4)
	// 512 slots, and a queue of 1000 frames.
	for range 900 {
		if _, err := unix.Write(raw, frame); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(porttest.Patience); len(hoard) < 512; {
		n, err := rx.Recv(dst)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d slots hoarded, then %v", len(hoard), err)
		}
		hoard = append(hoard, dst[:n]...)
		e.Ready(ready)
	}
	if n, err := rx.Recv(dst); n != 0 || err != nil {
		t.Fatalf("received %d, %v without a slot", n, err)
	}
	for _, b := range hoard {
		b.Free(e.Pool())
	}
	if e.Ready(ready) != 1 || ready[0] != rx {
		t.Error("the queue is not reported again")
	}
	porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
	porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
}

// TestFullReadIsTruncated has a read that left no room in its slot, which no TAP
// has brought so far.
func TestFullReadIsTruncated(t *testing.T) {
	e := porttest.Engine(t)
	needRing(t, e)
	p, rx, _ := openOverRing(t, "tap-full", e)
	q := rx.(*ringRx)
	for _, test := range []struct {
		size int
		want packet.Fault
	}{{60, packet.FaultNone}, {q.reader.Full(), packet.FaultTruncated}} {
		slot, err := packet.NewPool(1, q.reader.Full()+packet.Headroom, packet.Headroom)
		if err != nil {
			t.Fatal(err)
		}
		got := q.take(uring.Read{Buf: slot.Get(), Size: test.size})
		if got.Fault != test.want || got.Size() != test.size-vnet.HeaderSize {
			t.Errorf("read of %d bytes: a frame of %d, fault %d; want fault %d", test.size, got.Size(), got.Fault, test.want)
		}
		got.Free(slot)
		if err := slot.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := p.Stats().RxErrors; got != 1 {
		t.Errorf("%d receive errors, want 1", got)
	}
}

// TestReadFramesAreMissedAtClose closes a queue that has read and not delivered.
func TestReadFramesAreMissedAtClose(t *testing.T) {
	e := porttest.Engine(t)
	needRing(t, e)
	p, rx, _ := openOverRing(t, "tap-unread", e)
	raw := porttest.PacketSocket(t, space(t, porttest.Control(t), p), "dev", false)
	frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
	dst, ready := make([]*packet.Buf, 16), make([]ports.RxQueue, 4)
	n, err := rx.Recv(dst) // has the ring read
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range dst[:n] {
		b.Free(e.Pool())
	}
	if _, err := unix.Write(raw, frame); err != nil {
		t.Fatal(err)
	}
	for reported := false; !reported; reported = e.Ready(ready) > 0 {
		if err := e.Wait(porttest.Patience); err != nil {
			t.Fatal(err)
		}
	}
	if err := rx.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.Stats().RxMissed; got == 0 {
		t.Error("no frame counts as missed, want at least the one")
	}
}

// TestPortsComeAndGo opens and closes ports under load: no descriptor, no slot and
// no device may stay.
func TestPortsComeAndGo(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	needRing(t, e)
	// Another port reads all the while, which keeps requests of its own in the ring.
	_, otherRx, otherTx := openOverRing(t, "tap-stay", e)
	n := porttest.Namespace(t, c, porttest.Unusual("tap-churn"))
	before := descriptors(t)
	dst := make([]*packet.Buf, 64)
	for turn := range 30 {
		p, err := Open(c, Options{Name: "dev", Netns: porttest.Unusual("tap-churn"), IO: IORing, Queues: 2})
		if err != nil {
			t.Fatal(err) // also where the device of the last turn is still there
		}
		rx, err := p.OpenRx(turn%2, e)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := p.OpenTx(e)
		if err != nil {
			t.Fatal(err)
		}
		tx.Send([]*packet.Buf{packet.FromBytes(arpRequest(), e.Pool(), e.Spill())})
		got, err := rx.Recv(dst)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range dst[:got] {
			b.Free(e.Pool())
		}
		if turn%3 == 0 {
			porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
		}
		for _, closer := range []interface{ Close() error }{rx, tx, p} {
			if err := closer.Close(); err != nil {
				t.Fatal(err)
			}
		}
		porttest.Send(t, e, otherTx, arpRequest(), ports.TxSent)
		porttest.AwaitFrame(t, e, otherRx, "ARP reply", isARPReply)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func descriptors(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
