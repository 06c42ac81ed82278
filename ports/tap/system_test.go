package tap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
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

// eachIO runs a test over both ways to move frames. The subtest's name says which,
// and open heeds it.
func eachIO(t *testing.T, test func(*testing.T)) {
	t.Run("syscall", test)
	t.Run("uring", test)
}

func overRing(t testing.TB) bool { return strings.Contains(t.Name(), "/uring") }

func open(t testing.TB, c *netdev.Control, o Options) *Port {
	t.Helper()
	if overRing(t) {
		o.IO = IORing
	}
	p, err := Open(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// space holds the namespace of p for looking around in it.
func space(t testing.TB, c *netdev.Control, p *Port) *netdev.Namespace {
	t.Helper()
	return porttest.Namespace(t, c, p.options.Netns)
}

var (
	switchMAC  = [6]byte{2, 0, 0, 0, 0, 0x51}
	deviceMAC  = [6]byte{2, 0, 0, 0, 0, 0x52}
	switchIP   = netip.MustParseAddr("10.211.7.1")
	devicePref = netip.MustParsePrefix("10.211.7.2/24")
)

// arpRequest asks who has the device's address.
func arpRequest() []byte {
	frame := append(bytes.Repeat([]byte{0xff}, 6), switchMAC[:]...)
	frame = append(frame, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	frame = append(frame, switchMAC[:]...)
	frame = append(frame, switchIP.AsSlice()...)
	frame = append(frame, make([]byte, 6)...)
	return append(frame, devicePref.Addr().AsSlice()...)
}

func isARPReply(_ *packet.Buf, frame []byte) bool {
	return len(frame) >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2 && bytes.Equal(frame[:6], switchMAC[:]) &&
		bytes.Equal(frame[22:28], deviceMAC[:])
}

func TestDeviceLooksAsAskedAndFramesCross(t *testing.T) {
	eachIO(t, testDeviceLooksAsAskedAndFramesCross)
}

func testDeviceLooksAsAskedAndFramesCross(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	addresses := []netip.Prefix{devicePref, netip.MustParsePrefix("fd00:d3::2/64")}
	p := open(t, c, Options{Name: "port-with-a-long-name", Ifname: "eth.7", Netns: porttest.Unusual("tap-look"), MAC: deviceMAC, MTU: 1600, Addresses: addresses})
	info := porttest.AwaitUp(t, p)
	if info.Name != "eth.7" || info.MAC != deviceMAC || info.MTU != 1600 || info.RxQueues != 1 || info.Driver != "tap" ||
		info.Netns != p.options.Netns || info.Ifindex == 0 || info.Absent != "" || len(info.Address) != 2 {
		t.Errorf("info: %+v", info)
	}
	if want := (ports.Offloads{Csum: true, TSO4: true, TSO6: true, ECN: true, USO: true}); info.Offloads != want {
		t.Logf("offloads: %+v (%v)", info.Offloads, info.Notes)
	}
	n := space(t, c, p)
	if lo, err := n.LinkByName("lo"); err != nil || !lo.Up {
		t.Errorf("loopback: %+v %v, want it up", lo, err)
	}
	porttest.Inside(t, n, "eth.7", func(h *netlink.Handle, link netlink.Link) error {
		list, err := h.AddrList(link, unix.AF_UNSPEC)
		for _, want := range addresses {
			found := false
			for _, a := range list {
				found = found || a.IPNet.String() == want.String() && a.Flags&unix.IFA_F_TENTATIVE == 0
			}
			if !found {
				t.Errorf("address %s is not ready: %v", want, list)
			}
		}
		return err
	})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
	porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
}

func TestLocalDevice(t *testing.T) {
	c := porttest.Control(t)
	name := fmt.Sprintf("vsl%d", os.Getpid())
	p := open(t, c, Options{Name: name, Down: true})
	own, err := c.Namespace("")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Release()
	link, err := own.LinkByName(name)
	if err != nil || link.Kind != "tun" || link.Up {
		t.Errorf("device: %+v, %v; want a TUN device, down", link, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := own.LinkByName(name); !errors.Is(err, netdev.ErrNoDevice) {
		t.Errorf("after Close: %v, want %v", err, netdev.ErrNoDevice)
	}
}

func TestCarrierIsSeenInside(t *testing.T) { eachIO(t, testCarrierIsSeenInside) }

func testCarrierIsSeenInside(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-carrier"), Addresses: []netip.Prefix{devicePref}})
	tx, n := porttest.OpenTx(t, p, e), space(t, c, p)
	porttest.AwaitInfo(t, p, "carrier", func(i ports.Info) bool { return i.Carrier })
	if err := p.SetCarrier(false); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitInfo(t, p, "no carrier", func(i ports.Info) bool { return !i.Carrier && i.AdminUp })
	if link, err := n.LinkByName("dev"); err != nil || link.Carrier || !link.Up {
		t.Errorf("inside: %+v, %v; want it up without carrier", link, err)
	}
	porttest.Send(t, e, tx, arpRequest(), ports.TxDown)
	if err := p.SetCarrier(true); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitInfo(t, p, "carrier", func(i ports.Info) bool { return i.Carrier })
	porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
}

func TestStateFollowsTheDevice(t *testing.T) { eachIO(t, testStateFollowsTheDevice) }

func testStateFollowsTheDevice(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-state")})
	tx, n := porttest.OpenTx(t, p, e), space(t, c, p)
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1280) })
	porttest.AwaitInfo(t, p, "the MTU", func(i ports.Info) bool { return i.MTU == 1280 })
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetDown(l) })
	porttest.AwaitInfo(t, p, "down", func(i ports.Info) bool { return !i.AdminUp })
	porttest.Send(t, e, tx, arpRequest(), ports.TxDown)
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetHardwareAddr(l, deviceMAC[:]) })
	porttest.AwaitInfo(t, p, "the MAC", func(i ports.Info) bool { return i.MAC == deviceMAC })
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, "eth9") })
	porttest.AwaitInfo(t, p, "the name", func(i ports.Info) bool { return i.Name == "eth9" })
	porttest.Inside(t, n, "eth9", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
	porttest.AwaitInfo(t, p, "up", func(i ports.Info) bool { return i.AdminUp })
	porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
	porttest.Send(t, e, tx, arpRequest()[:13], ports.TxError)
	if s := p.Stats(); s.TxErrors != 2 {
		t.Errorf("%d send errors, want 2: %+v", s.TxErrors, s)
	}
}

func TestDeletedDeviceIsAbsent(t *testing.T) { eachIO(t, testDeletedDeviceIsAbsent) }

func testDeletedDeviceIsAbsent(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-del")})
	rx, tx, n := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e), space(t, c, p)
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
	porttest.AwaitEOF(t, e, rx)
	porttest.AwaitInfo(t, p, "the reason", func(i ports.Info) bool {
		return i.Absent == "device dev in namespace "+p.options.Netns+" was deleted"
	})
	porttest.Send(t, e, tx, arpRequest(), ports.TxGone)
	if _, err := rx.Recv(make([]*packet.Buf, 1)); err != io.EOF {
		t.Errorf("Recv: %v, want %v for ever", err, io.EOF)
	}
}

// TestDeadDescriptorIsAbsent has only the descriptor's word for the end.
func TestDeadDescriptorIsAbsent(t *testing.T) { eachIO(t, testDeadDescriptorIsAbsent) }

func testDeadDescriptorIsAbsent(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-dead")})
	p.unfollow()
	rx, tx, n := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e), space(t, c, p)
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
	porttest.Send(t, e, tx, arpRequest(), ports.TxGone)
	porttest.AwaitEOF(t, e, rx)
	if info := p.Info(); info.Absent != "device dev is gone" || info.Carrier {
		t.Errorf("info: %+v", info)
	}
}

func TestDeletedNamespaceIsAbsent(t *testing.T) { eachIO(t, testDeletedNamespaceIsAbsent) }

func testDeletedNamespaceIsAbsent(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-nsdel")})
	rx := porttest.OpenRx(t, p, 0, e)
	path := filepath.Join("/run/netns", p.options.Netns)
	if err := errors.Join(unix.Unmount(path, unix.MNT_DETACH), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitEOF(t, e, rx)
	porttest.AwaitInfo(t, p, "the reason", func(i ports.Info) bool {
		return i.Absent == "namespace "+p.options.Netns+" was deleted"
	})
	// The port keeps nothing of the namespace alive: the device is dead too.
	for deadline := time.Now().Add(porttest.Patience); ; {
		_, err := unix.Write(p.queues[0].fd, make([]byte, 100))
		if err == unix.EBADFD {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("write: %v, want %v", err, unix.EBADFD)
		}
	}
	// A new port of that name is made from nothing.
	again := open(t, c, Options{Name: "dev", Netns: p.options.Netns})
	porttest.AwaitUp(t, again)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	c := porttest.Control(t)
	name := porttest.Unusual("tap-errors")
	open(t, c, Options{Name: "taken", Netns: name})
	for _, test := range []struct {
		name string
		o    Options
		want string
	}{
		{"name taken", Options{Name: "taken", Netns: name},
			"tap taken: a device named taken already exists in namespace " + name + ": remove it (`ip -n " + name + " link del taken`)"},
		{"long name", Options{Name: "a-name-of-sixteen"}, "set ifname to one of at most 15 characters"},
		{"no name", Options{}, "cannot be a device's name"},
		{"slash", Options{Name: "a/b"}, "cannot be a device's name"},
		{"MTU", Options{Name: "dev", Netns: name, MTU: 70000}, "set MTU 70000: invalid argument: an Ethernet device takes 68 to 65521"},
		{"MAC", Options{Name: "dev", Netns: name, MAC: [6]byte{1}}, "set MAC 01:00:00:00:00:00: cannot assign requested address: it must be a unicast address"},
		{"address", Options{Name: "dev", Netns: name, Addresses: []netip.Prefix{{}}}, "add address invalid Prefix: not an address with a prefix length"},
		{"queues", Options{Name: "dev", Netns: name, Queues: 300}, "the kernel takes 1 to 256"},
		{"namespace", Options{Name: "dev", Netns: ".."}, "not a name"},
		{"missing path", Options{Name: "dev", Netns: "/proc/0/ns/net"}, "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Open(c, test.o)
			if err == nil {
				p.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, want %q in it", err, test.want)
			}
		})
	}
	n, err := c.Namespace(name)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Release()
	if _, err := n.LinkByName("dev"); !errors.Is(err, netdev.ErrNoDevice) {
		t.Errorf("a failed port left its device behind: %v", err)
	}
}

func TestExplanationsNameTheRemedy(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{explainOpen(unix.ENOENT), "modprobe tun"},
		{explainOpen(unix.EACCES), "run vswitchd as root"},
		{explainMake(unix.EPERM), "CAP_NET_ADMIN"},
	} {
		if !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%q, want %q in it", test.err, test.want)
		}
	}
}

func TestRefusedOffloadsAreNotAskedFor(t *testing.T) {
	c := porttest.Control(t)
	for _, test := range []struct {
		name         string
		refuse, want ports.Offloads
	}{
		{"all", ports.Offloads{Csum: true}, ports.Offloads{}},
		{"TCP", ports.Offloads{TSO4: true, TSO6: true, USO: true}, ports.Offloads{Csum: true}},
		{"IPv6", ports.Offloads{TSO6: true, ECN: true, USO: true}, ports.Offloads{Csum: true, TSO4: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-refuse"), Refuse: test.refuse})
			if info := p.Info(); info.Offloads != test.want || len(info.Notes) > 0 {
				t.Errorf("offloads %+v %q, want %+v", info.Offloads, info.Notes, test.want)
			}
		})
	}
}

// TestMissedFramesAreCounted lets the device's queue overflow.
func TestMissedFramesAreCounted(t *testing.T) {
	c := porttest.Control(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-missed"), Addresses: []netip.Prefix{devicePref}})
	porttest.AwaitUp(t, p)
	n := space(t, c, p)
	raw := porttest.PacketSocket(t, n, "dev", false)
	frame := arpRequest()
	for deadline := time.Now().Add(porttest.Patience); p.Stats().RxMissed == 0; {
		if _, err := unix.Write(raw, frame); err != nil && err != unix.ENOBUFS {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("no frame was missed")
		}
	}
}
