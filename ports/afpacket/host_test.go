package afpacket

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports/netdev"
	"vswitch/ports/porttest"
)

// wantAnswer wants the host's stack on the switch's end of the cable to answer
// the user.
func (c cable) wantAnswer(t *testing.T) {
	t.Helper()
	user, raw := hear(t, c.user, time.Second), porttest.PacketSocket(t, c.user, "dev", false)
	for deadline := time.Now().Add(porttest.Patience); time.Now().Before(deadline); {
		if _, err := unix.Write(raw, arpRequest(userMAC, userNet, mineNet)); err != nil {
			t.Fatal(err)
		}
		if user.until(t, isARPReply) {
			return
		}
	}
	t.Fatal("the host does not answer")
}

// wantQuiet wants the host's stack not to answer. After each request has arrived
// at the switch's end, a marker goes back: what comes before it would be answers.
func (c cable) wantQuiet(t *testing.T) {
	t.Helper()
	user, mine := hear(t, c.user, porttest.Patience), hear(t, c.mine, porttest.Patience)
	raw, back := porttest.PacketSocket(t, c.user, "dev", false), porttest.PacketSocket(t, c.mine, "dev", false)
	marker := make([]byte, 60)
	copy(marker, []byte{2, 7, 7, 7, 7, 7, 2, 7, 7, 7, 7, 7, 0x88, 0xb5})
	for turn := range 5 {
		marker[14] = byte(turn)
		request := arpRequest(userMAC, userNet, mineNet)
		if _, err := unix.Write(raw, request); err != nil {
			t.Fatal(err)
		}
		if !mine.until(t, func(frame []byte) bool { return bytes.Equal(frame, request) }) {
			t.Fatal("the request does not arrive")
		}
		if _, err := unix.Write(back, marker); err != nil {
			t.Fatal(err)
		}
		if !user.until(t, func(frame []byte) bool {
			if isARPReply(frame) {
				t.Fatal("the host answers")
			}
			return bytes.Equal(frame, marker)
		}) {
			t.Fatal("the marker does not arrive")
		}
	}
}

// ear is a socket that hears what the device of a namespace receives.
type ear int

func hear(t *testing.T, n *netdev.Namespace, limit time.Duration) ear {
	t.Helper()
	link, err := n.LinkByName("dev")
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := n.Do(func() (err error) {
		fd, err = openReceiver(link.Index, false)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	wait := unix.NsecToTimeval(int64(limit))
	for _, err := range []error{
		unix.SetNonblock(fd, false),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 0),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return ear(fd)
}

// until reads frames until one is wanted, and is false if none comes.
func (e ear) until(t *testing.T, want func([]byte) bool) bool {
	t.Helper()
	buf := make([]byte, 2048)
	for {
		n, err := unix.Read(int(e), buf)
		if err == unix.EAGAIN {
			return false
		}
		if err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		if err == nil && want(buf[:n]) {
			return true
		}
	}
}

func TestHostIsQuietUnlessShared(t *testing.T) {
	c := lay(t, "host", mineNet)
	c.wantAnswer(t) // or else the test would prove nothing
	p := c.open(t, Options{})
	c.wantQuiet(t)
	e := porttest.Engine(t)
	rx := porttest.OpenRx(t, p, 0, e)
	if _, err := unix.Write(porttest.PacketSocket(t, c.user, "dev", false), arpRequest(userMAC, userNet, mineNet)); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitFrame(t, e, rx, "the request, at the switch", func(_ *packet.Buf, frame []byte) bool {
		return len(frame) >= 42 && frame[12] == 8 && frame[13] == 6
	})
	if err := rx.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	c.wantAnswer(t)
	c.open(t, Options{ShareWithHost: true})
	c.wantAnswer(t)
}

// TestFilterForOldKernels keeps the host quiet without a BPF link, and leaves
// clsact as it was found.
func TestFilterForOldKernels(t *testing.T) {
	c := lay(t, "clsact", mineNet)
	link, err := c.mine.LinkByName("dev")
	if err != nil {
		t.Fatal(err)
	}
	do := func(f func(int) error) {
		t.Helper()
		if err := c.mine.Do(func() error { return f(link.Index) }); err != nil {
			t.Fatal(err)
		}
	}
	qdiscs := func() (kinds []string) {
		porttest.Inside(t, c.mine, "dev", func(h *netlink.Handle, l netlink.Link) error {
			list, err := h.QdiscList(l)
			for _, q := range list {
				kinds = append(kinds, q.Type())
			}
			return err
		})
		return kinds
	}
	before := len(qdiscs())
	do(filterDrop)
	c.wantQuiet(t)
	do(filterDrop) // as after a switch that was killed
	do(unfilter)
	c.wantAnswer(t)
	if after := qdiscs(); len(after) != before {
		t.Errorf("queueing disciplines left behind: %v", after)
	}
	do(func(index int) error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		return h.QdiscAdd(clsact(index))
	})
	do(filterDrop)
	// Somebody else's filter in the same place keeps clsact alive.
	do(func(index int) error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		return h.FilterAdd(&netlink.U32{FilterAttrs: netlink.FilterAttrs{
			LinkIndex: index, Parent: netlink.HANDLE_MIN_EGRESS, Priority: 9, Protocol: unix.ETH_P_ALL,
		}, ClassId: 1})
	})
	do(unfilter)
	if after := qdiscs(); len(after) != before+1 {
		t.Errorf("queueing disciplines: %v, want clsact with the other's filter", after)
	}
}

// TestTCPCrossesTwoPorts joins two cables in the switch: TCP between the users
// crosses as super-frames, and arrives whole.
func TestTCPCrossesTwoPorts(t *testing.T) {
	left, right := lay(t, "left"), lay(t, "right")
	other := netip.MustParsePrefix("10.212.7.9/24")
	link, err := right.user.LinkByName("dev")
	if err != nil {
		t.Fatal(err)
	}
	porttest.Inside(t, right.user, "dev", func(h *netlink.Handle, l netlink.Link) error {
		if err := h.AddrDel(l, &netlink.Addr{IPNet: &net.IPNet{IP: userNet.Addr().AsSlice(), Mask: net.CIDRMask(24, 32)}}); err != nil {
			return err
		}
		mac := [6]byte{2, 0, 0, 0, 0, 0x69}
		return h.LinkSetHardwareAddr(l, mac[:])
	})
	if err := right.user.Apply(link, netdev.Setup{Addresses: []netip.Prefix{other}}); err != nil {
		t.Fatal(err)
	}
	w := porttest.Connect(t, left.open(t, Options{}), right.open(t, Options{}))
	porttest.Transfer(t, left.user, right.user, other.Addr(), porttest.RandomData(8<<20))
	if w.Super.Load() == 0 || w.Largest.Load() < 32<<10 {
		t.Errorf("%d super-frames, the largest frame had %d bytes: no TSO", w.Super.Load(), w.Largest.Load())
	}
	if w.Faults.Load() != 0 || w.Refused.Load() != 0 {
		t.Errorf("%d faults, %d refused, want none", w.Faults.Load(), w.Refused.Load())
	}
}
