package afxdp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/netdev"
	"vswitch/ports/porttest"
)

// TestTCPCrosses moves data between two users over two devices, in both modes and
// by one queue and by two.
func TestTCPCrosses(t *testing.T) {
	for _, test := range []struct {
		name   string
		mode   Mode
		queues int
		mtu    int
	}{
		{"native", ModeNative, 1, 1500}, {"native, 2 queues", ModeNative, 2, 1500}, {"native, jumbo frames", ModeNative, 1, 9000},
		{"generic", ModeGeneric, 1, 1500}, {"generic, jumbo frames", ModeGeneric, 1, 9000},
	} {
		t.Run(test.name, func(t *testing.T) {
			var ends [2]cable
			var open [2]*Port
			for i := range ends {
				ends[i] = lay(t, []string{"tcp1", "tcp2"}[i], test.queues)
				for _, n := range []*netdev.Namespace{ends[i].mine, ends[i].user} {
					porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, test.mtu) })
				}
				open[i] = ends[i].open(t, Options{Mode: test.mode, Queues: test.queues})
			}
			other := netip.MustParsePrefix("10.212.9.3/24")
			porttest.Inside(t, ends[1].user, "dev", func(h *netlink.Handle, l netlink.Link) error {
				return h.LinkSetHardwareAddr(l, []byte{2, 0, 0, 0, 0, 0x73})
			})
			link, err := ends[1].user.LinkByName("dev")
			if err == nil {
				err = ends[1].user.Readdress(link, []netip.Prefix{userNet, userNet6}, []netip.Prefix{other})
			}
			if err != nil {
				t.Fatal(err)
			}
			w := porttest.Connect(t, open[0], open[1])
			porttest.Transfer(t, ends[0].user, ends[1].user, other.Addr(), porttest.RandomData(8<<20))
			if w.Faults.Load() != 0 || w.Refused.Load() != 0 || int(w.Largest.Load()) < test.mtu {
				t.Errorf("%d faults, %d refused, largest frame %d", w.Faults.Load(), w.Refused.Load(), w.Largest.Load())
			}
		})
	}
}

// TestTagsAreSeen wants VLAN tags where their sender puts them into the frame.
func TestTagsAreSeen(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "vlan", 1), porttest.Engine(t)
		p := c.open(t, Options{Mode: m})
		rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
		raw := porttest.PacketSocket(t, c.user, "dev", false)
		for _, tags := range [][]uint32{{0x8100_6007}, {0x88a8_0064, 0x8100_0065}} {
			request := arpRequest(userMAC, userNet, mineNet)
			data := bytes.Clone(request[:12])
			for _, tag := range tags {
				data = binary.BigEndian.AppendUint32(data, tag)
			}
			data = append(data, request[12:]...)
			if _, err := unix.Write(raw, data); err != nil {
				t.Fatal(err)
			}
			porttest.AwaitFrame(t, e, rx, "the frame with its tags", func(_ *packet.Buf, got []byte) bool { return bytes.Equal(got, data) })
			send(t, e, tx, frame(e, data), ports.TxSent)
		}
	})
}

// TestDeviceChangesUnderLoad floods a device while everything about it changes.
// The wire must go on, and give all buffers back in the end.
func TestDeviceChangesUnderLoad(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, other := lay(t, "load1", 1), lay(t, "load2", 1)
		w := porttest.Connect(t, c.open(t, Options{Mode: m}), other.open(t, Options{Mode: m}))
		porttest.Flood(t, porttest.PacketSocket(t, c.user, "dev", false))
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
				porttest.Inside(t, c.mine, name, f)
				alive(what)
			}
			act("another MTU", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1400+turn) })
			act("down and up", func(h *netlink.Handle, l netlink.Link) error {
				if err := h.LinkSetDown(l); err != nil {
					return err
				}
				return h.LinkSetUp(l)
			})
			next := map[string]string{"dev": "ved", "ved": "dev"}[name]
			act("another name", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, next) })
			name = next
		}
		porttest.Inside(t, c.mine, name, func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
	})
}

func TestMovedDeviceIsAbsent(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "move", 1), porttest.Engine(t)
		p := c.open(t, Options{Mode: m})
		rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
		aside := porttest.Namespace(t, c.control, porttest.Unusual("xdp-to"))
		file, err := aside.File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		porttest.Inside(t, c.mine, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetNsFd(l, int(file.Fd())) })
		porttest.AwaitEOF(t, e, rx)
		if info := p.Info(); !strings.Contains(info.Absent, "was moved to another namespace") {
			t.Errorf("absent: %q", info.Absent)
		}
		send(t, e, tx, frame(e, make([]byte, 60)), ports.TxGone)
		if err := errors.Join(tx.Close(), rx.Close(), p.Close()); err != nil {
			t.Error(err)
		}
		porttest.Inside(t, aside, "dev", func(_ *netlink.Handle, l netlink.Link) error {
			if l.Attrs().Xdp != nil && l.Attrs().Xdp.Attached {
				t.Error("the program has moved along")
			}
			return nil
		})
	})
}

// TestDownDeviceRefuses wants frames for a device without carrier to be refused.
func TestDownDeviceRefuses(t *testing.T) {
	c, e := lay(t, "down", 1), porttest.Engine(t)
	p := c.open(t, Options{})
	porttest.OpenRx(t, p, 0, e)
	tx := porttest.OpenTx(t, p, e)
	porttest.Inside(t, c.user, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetDown(l) })
	porttest.AwaitInfo(t, p, "no carrier", func(i ports.Info) bool { return !i.Carrier })
	send(t, e, tx, frame(e, make([]byte, 60)), ports.TxDown)
}

func TestMissedFramesAreCounted(t *testing.T) {
	c, e := lay(t, "missed", 1), porttest.Engine(t)
	p := c.open(t, Options{})
	rx, err := p.OpenRx(0, e)
	if err != nil {
		t.Fatal(err)
	}
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	for deadline := time.Now().Add(porttest.Patience); p.Stats().RxMissed == 0; {
		for range 1000 {
			if _, err := unix.Write(raw, arpRequest(userMAC, userNet, mineNet)); err != nil && err != unix.ENOBUFS {
				t.Fatal(err)
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no frame was missed")
		}
	}
	before := p.Stats().RxMissed
	if err := rx.Close(); err != nil {
		t.Error(err)
	}
	if got := p.Stats().RxMissed; got < before {
		t.Errorf("missed frames are forgotten: %d, were %d", got, before)
	}
}

func TestNothingIsAllocatedForAFrame(t *testing.T) {
	c, e := lay(t, "alloc", 1), porttest.Engine(t)
	p := c.open(t, Options{})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	request := arpRequest(mineMAC, mineNet, userNet)
	batch, dst, done := make([]*packet.Buf, 40), make([]*packet.Buf, 40), make([]ports.TxDone, 40)
	received := 0
	turn := func() {
		for i := range batch {
			batch[i] = packet.FromBytes(request, e.Pool(), e.Spill())
		}
		tx.Send(batch)
		for _, d := range done[:tx.Reap(done)] {
			d.Buf.Free(e.Pool())
		}
		n, _ := rx.Recv(dst)
		received += n
		for _, b := range dst[:n] {
			b.Free(e.Pool())
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 || received == 0 {
		t.Errorf("%v allocations a turn, %d frames received; want 0, and some", n, received)
	}
}

// TestWorkerWithoutBuffersGoesOn takes all buffers from a worker, and gives them
// back: what it then receives must arrive without another frame to wake it.
func TestWorkerWithoutBuffersGoesOn(t *testing.T) {
	c, e := lay(t, "poor", 1), porttest.Engine(t)
	p := c.open(t, Options{})
	rx := porttest.OpenRx(t, p, 0, e)
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	request := arpRequest(userMAC, userNet, mineNet)
	var hoard []*packet.Buf
	for p.readers[0].socket.filled > 0 {
		for b := e.Pool().Get(); b != nil; b = e.Pool().Get() {
			hoard = append(hoard, b)
		}
		if _, err := unix.Write(raw, request); err != nil {
			t.Fatal(err)
		}
		dst := make([]*packet.Buf, 16)
		n, err := rx.Recv(dst)
		if err != nil {
			t.Fatal(err)
		}
		hoard = append(hoard, dst[:n]...)
	}
	for _, b := range hoard {
		b.Free(e.Pool())
	}
	ready := make([]ports.RxQueue, 4)
	if n := e.Ready(ready); n != 1 || ready[0] != rx {
		t.Fatalf("%d queues ready: the worker would never look again", n)
	}
	if _, err := rx.Recv(make([]*packet.Buf, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(raw, request); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitFrame(t, e, rx, "the frame after", func(_ *packet.Buf, got []byte) bool { return bytes.Equal(got, request) })
}

// TestDriverWithoutXDP runs on a device that has generic mode only.
func TestDriverWithoutXDP(t *testing.T) {
	control := porttest.Control(t)
	n := porttest.Namespace(t, control, porttest.Unusual("xdp-plain"))
	h, err := n.Handle()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "dev"}}); err != nil {
		t.Fatal(err)
	}
	p, err := Open(control, Options{Name: "up", Ifname: "dev", Netns: n.Name()})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(p.Info().Notes, "; "); !strings.Contains(notes, "runs in generic mode") || !strings.Contains(notes, "ethtool -K dev rxvlan off") {
		t.Errorf("notes: %s", notes)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if p, err := Open(control, Options{Name: "up", Ifname: "dev", Netns: n.Name(), Mode: ModeNative}); err == nil || !strings.Contains(err.Error(), "its driver has no XDP") {
		t.Errorf("native: %v", err)
		if err == nil {
			p.Close()
		}
	}
}

// TestRefusedProgramSaysWhatIsMissing loads one without the right to.
func TestRefusedProgramSaysWhatIsMissing(t *testing.T) {
	porttest.Control(t)
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and stays locked: the thread ends with its rights
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var rights [2]unix.CapUserData
		err := unix.Capset(&header, &rights[0])
		if err == nil {
			_, err = attach(1, 1, ModeAuto)
		}
		result <- err
	}()
	if err := <-result; err == nil || !strings.Contains(err.Error(), "CAP_BPF") {
		t.Errorf("%v", err)
	}
}
