package porttest

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/netdev"
	"vswitch/ports/uring"
)

// Patience is how long a test waits for what must happen.
const Patience = 10 * time.Second

// closeAtEnd closes c when the test ends, and wants that to succeed.
func closeAtEnd(t testing.TB, c io.Closer) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Control opens a netdev.Control, or skips the test for want of root.
func Control(t testing.TB) *netdev.Control {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network devices and namespaces")
	}
	c, err := netdev.Open()
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, c)
	return c
}

// Engine makes an engine with small pools, for ports of both kinds of I/O. The
// test stays on its thread from then on, as a ring needs it.
func Engine(t testing.TB) *uring.Engine {
	t.Helper()
	return EngineWithout(t, 0)
}

// EngineWithout makes an engine as on a kernel that lacks features of io_uring.
func EngineWithout(t testing.TB, refuse uring.Features) *uring.Engine {
	t.Helper()
	runtime.LockOSThread()
	e, err := uring.New(uring.Options{PoolOptions: driver.PoolOptions{SmallBufs: 512, SpillBufs: 128}, Frames: 512, Refuse: refuse})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, e)
	return e
}

// Unusual makes a name for a namespace that nobody else uses.
func Unusual(role string) string { return fmt.Sprintf("vs-%s-%d", role, os.Getpid()) }

// OpenRx opens a receive queue until the test ends.
func OpenRx(t testing.TB, p ports.Port, number int, e ports.Engine) ports.RxQueue {
	t.Helper()
	q, err := p.OpenRx(number, e)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, q)
	return q
}

// OpenTx opens a send queue until the test ends.
func OpenTx(t testing.TB, p ports.Port, e ports.Engine) ports.TxQueue {
	t.Helper()
	q, err := p.OpenTx(e)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, q)
	return q
}

// Namespace holds a namespace until the test ends; it is made if absent.
func Namespace(t testing.TB, c *netdev.Control, name string) *netdev.Namespace {
	t.Helper()
	n, err := c.Namespace(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Release(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// Inside works on a device of n over netlink.
func Inside(t testing.TB, n *netdev.Namespace, device string, f func(*netlink.Handle, netlink.Link) error) {
	t.Helper()
	h, err := n.Handle()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName(device)
	if err == nil {
		err = f(h, link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// PacketSocket makes a socket that sends raw frames out of device of n. Each
// write is one frame, after a virtio network header if header is set.
func PacketSocket(t testing.TB, n *netdev.Namespace, device string, header bool) int {
	t.Helper()
	link, err := n.LinkByName(device)
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := n.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if header {
		err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: link.Index})
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// AwaitInfo waits until the port's state satisfies want.
func AwaitInfo(t testing.TB, p ports.Port, what string, want func(ports.Info) bool) ports.Info {
	t.Helper()
	deadline := time.After(Patience)
	for info := p.Info(); ; {
		if want(info) {
			return info
		}
		select {
		case info = <-p.Changes():
		case <-deadline:
			t.Fatalf("never saw %s: %+v", what, info)
		}
	}
}

// AwaitUp waits until the port's device is up and has carrier.
func AwaitUp(t testing.TB, p ports.Port) ports.Info {
	t.Helper()
	return AwaitInfo(t, p, "the device up with carrier", func(i ports.Info) bool { return i.AdminUp && i.Carrier })
}

// AwaitFrame waits for a frame that want likes and returns its bytes. The other
// frames are freed.
func AwaitFrame(t testing.TB, e ports.Engine, q ports.RxQueue, what string, want func(*packet.Buf, []byte) bool) []byte {
	t.Helper()
	var found []byte
	err := receive(t, e, q, func(b *packet.Buf) bool {
		frame := make([]byte, b.Size())
		b.CopyTo(frame)
		if found == nil && want(b, frame) {
			found = frame
		}
		return found != nil
	})
	if err != nil || found == nil {
		t.Fatalf("no frame: %s (%v)", what, err)
	}
	return found
}

// AwaitEOF wants the queue to end, and the engine to say so.
func AwaitEOF(t testing.TB, e ports.Engine, q ports.RxQueue) {
	t.Helper()
	if err := receive(t, e, q, func(*packet.Buf) bool { return false }); err != io.EOF {
		t.Fatalf("the queue does not end (%v)", err)
	}
}

// receive shows all frames to see until that is true of one or Recv fails or
// patience ends.
func receive(t testing.TB, e ports.Engine, q ports.RxQueue, see func(*packet.Buf) bool) error {
	t.Helper()
	dst, ready := make([]*packet.Buf, 16), make([]ports.RxQueue, 4)
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); {
		n, err := q.Recv(dst)
		seen := false
		for _, b := range dst[:n] {
			seen = see(b) || seen
			b.Free(e.Pool())
		}
		if err != nil || seen {
			return err
		}
		if n == 0 {
			if err := e.Wait(time.Until(deadline)); err != nil {
				return err
			}
			e.Ready(ready)
		}
	}
	return os.ErrDeadlineExceeded
}

// Send sends one frame and wants it to end with result want.
func Send(t testing.TB, e ports.Engine, q ports.TxQueue, frame []byte, want ports.TxResult) {
	t.Helper()
	SendBuf(t, e, q, packet.FromBytes(frame, e.Pool(), e.Spill()), want)
}

// SendBuf is Send for a frame with metadata. Takes b.
func SendBuf(t testing.TB, e ports.Engine, q ports.TxQueue, b *packet.Buf, want ports.TxResult) {
	t.Helper()
	q.Send([]*packet.Buf{b})
	var done [2]ports.TxDone
	n := q.Reap(done[:])
	ready := make([]ports.RxQueue, 4)
	for deadline := time.Now().Add(Patience); n == 0 && time.Now().Before(deadline); n = q.Reap(done[:]) {
		if err := e.Wait(time.Until(deadline)); err != nil {
			t.Fatal(err)
		}
		for _, rx := range ready[:e.Ready(ready)] {
			e.Notify(rx)
		}
	}
	if n != 1 || done[0].Buf != b || done[0].Result != want {
		t.Fatalf("sent: %d frames, first %+v, want result %v", n, done[0], want)
	}
	b.Free(e.Pool())
}
