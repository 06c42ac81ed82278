package tap

import (
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/porttest"
	"vswitch/ports/uring"
)

func TestMovedDeviceIsAbsent(t *testing.T) { eachIO(t, testMovedDeviceIsAbsent) }

func testMovedDeviceIsAbsent(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-from")})
	rx, n := porttest.OpenRx(t, p, 0, e), space(t, c, p)
	file, err := porttest.Namespace(t, c, porttest.Unusual("tap-to")).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetNsFd(l, int(file.Fd())) })
	porttest.AwaitEOF(t, e, rx)
	if info := p.Info(); !strings.Contains(info.Absent, "was moved to another namespace") {
		t.Errorf("absent: %q", info.Absent)
	}
}

// TestDeviceChangesUnderLoad floods a device while everything about it changes.
// The wire must go on, and give all buffers back in the end.
func TestDeviceChangesUnderLoad(t *testing.T) { eachIO(t, testDeviceChangesUnderLoad) }

func testDeviceChangesUnderLoad(t *testing.T) {
	spaces, w := pair(t, Options{Queues: 2})
	left := spaces[0]
	porttest.Flood(t, porttest.PacketSocket(t, left, "dev", false))
	alive := func(what string) {
		t.Helper()
		before := w.Frames.Load()
		for deadline := time.Now().Add(porttest.Patience); w.Frames.Load() == before; {
			if time.Now().After(deadline) {
				t.Fatalf("no frame crosses after %s", what)
			}
		}
	}
	alive("the beginning")
	name := "dev"
	for turn := range 10 {
		act := func(what string, f func(*netlink.Handle, netlink.Link) error) {
			t.Helper()
			porttest.Inside(t, left, name, f)
			alive(what)
		}
		act("another MTU", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1400+turn) })
		act("down and up", func(h *netlink.Handle, l netlink.Link) error {
			if err := h.LinkSetDown(l); err != nil {
				return err
			}
			return h.LinkSetUp(l)
		})
		other := map[string]string{"dev": "ved", "ved": "dev"}[name]
		act("another name", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, other) })
		name = other
	}
	porttest.Inside(t, left, name, func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
}

// BenchmarkForward moves 64-byte frames from one TAP to another, as a bare copier
// would, and in batches by each kind of I/O. A frame's way out of and into the kernel's other half
// is not measured.
func BenchmarkForward(b *testing.B) {
	c := porttest.Control(b)
	from := open(b, c, Options{Name: "dev", Netns: porttest.Unusual("tap-bench-1"), IO: IORing})
	to := open(b, c, Options{Name: "dev", Netns: porttest.Unusual("tap-bench-2"), IO: IORing})
	porttest.AwaitUp(b, from)
	raw := porttest.PacketSocket(b, space(b, c, from), "dev", false)
	frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
	const frames = 400 // fewer than the device's queue holds
	measure := func(b *testing.B, forward func()) {
		for b.Loop() {
			b.StopTimer()
			for range frames {
				if _, err := unix.Write(raw, frame); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
			forward()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*frames), "ns/frame")
	}
	buf := make([]byte, 1<<16)
	b.Run("bare", func(b *testing.B) {
		measure(b, func() {
			for range frames {
				n, err := unix.Read(from.queues[0].fd, buf)
				if err == nil {
					_, _ = unix.Write(to.queues[0].fd, buf[:n])
				}
			}
		})
	})
	batch, done, ready := make([]*packet.Buf, 64), make([]ports.TxDone, 64), make([]ports.RxQueue, 4)
	for _, with := range []struct {
		name   string
		refuse uring.Features
	}{{"syscall", uring.FeatureRing}, {"uring", 0}, {"uring with single reads", uring.FeatureMultishot}} {
		b.Run(with.name, func(b *testing.B) {
			e := porttest.EngineWithout(b, with.refuse)
			rx, tx := porttest.OpenRx(b, from, 0, e), porttest.OpenTx(b, to, e)
			measure(b, func() {
				for left := frames; left > 0; {
					n, err := rx.Recv(batch)
					tx.Send(batch[:n])
					for _, d := range done[:tx.Reap(done)] {
						d.Buf.Free(e.Pool())
					}
					if left -= n; n < len(batch) && left > 0 {
						err = e.Wait(porttest.Patience)
						e.Ready(ready)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
