package afxdp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/netdev"
	"vswitch/ports/porttest"
)

// cable is a veth pair: the switch's end and the user's end, in two namespaces.
type cable struct {
	control    *netdev.Control
	mine, user *netdev.Namespace
}

var (
	mineMAC  = [6]byte{2, 0, 0, 0, 0, 0x71}
	userMAC  = [6]byte{2, 0, 0, 0, 0, 0x72}
	mineNet  = netip.MustParsePrefix("10.212.9.1/24")
	userNet  = netip.MustParsePrefix("10.212.9.2/24")
	userNet6 = netip.MustParsePrefix("fd00:d9::2/64")
)

// lay makes a cable with queues queues whose ends are up and are both called dev.
// The user's end has an address, and sends nothing unfinished.
func lay(t testing.TB, role string, queues int) cable {
	t.Helper()
	c := cable{control: porttest.Control(t)}
	c.mine = porttest.Namespace(t, c.control, porttest.Unusual("xdp-"+role+"-m"))
	c.user = porttest.Namespace(t, c.control, porttest.Unusual("xdp-"+role+"-u"))
	h, err := c.mine.Handle()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	target, err := c.user.File()
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	attributes := netlink.LinkAttrs{Name: "dev", NumRxQueues: queues, NumTxQueues: queues}
	err = h.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: "dev", PeerNumRxQueues: uint32(queues), PeerNumTxQueues: uint32(queues),
		PeerNamespace: netlink.NsFd(target.Fd())})
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []struct {
		n *netdev.Namespace
		s netdev.Setup
	}{
		{c.mine, netdev.Setup{MAC: mineMAC, Up: true}},
		{c.user, netdev.Setup{MAC: userMAC, Addresses: []netip.Prefix{userNet, userNet6}, Up: true}},
	} {
		link, err := end.n.LinkByName("dev")
		if err == nil {
			err = end.n.Apply(link, end.s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	finish(t, c.user, "dev", true)
	return c
}

// finish says whether the device's stack finishes checksums and segments itself.
func finish(t testing.TB, n *netdev.Namespace, device string, on bool) {
	t.Helper()
	for _, set := range []uint32{unix.ETHTOOL_STXCSUM, unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO} {
		value := struct{ cmd, data uint32 }{cmd: set}
		if !on {
			value.data = 1
		}
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], device)
		if err := n.Do(func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
				return errno
			}
			return nil
		}); err != nil && (set == unix.ETHTOOL_STXCSUM || err != unix.EOPNOTSUPP) {
			// A program in native mode takes segmentation away from the other end.
			t.Fatalf("ethtool command %#x: %v", set, err)
		}
	}
}

func (c cable) open(t testing.TB, o Options) *Port {
	t.Helper()
	o.Name, o.Ifname, o.Netns = "up", "dev", c.mine.Name()
	p, err := Open(c.control, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	porttest.AwaitUp(t, p)
	return p
}

// modes runs a test in both modes.
func modes(t *testing.T, test func(*testing.T, Mode)) {
	for _, m := range []Mode{ModeNative, ModeGeneric} {
		t.Run(string(m), func(t *testing.T) { test(t, m) })
	}
}

// send sends one frame and wants it to end with result want.
func send(t testing.TB, e ports.Engine, q ports.TxQueue, b *packet.Buf, want ports.TxResult) {
	t.Helper()
	if b == nil {
		t.Fatal("no buffers")
	}
	q.Send([]*packet.Buf{b})
	var done [2]ports.TxDone
	n := 0
	for deadline := time.Now().Add(porttest.Patience); n == 0 && time.Now().Before(deadline); n = q.Reap(done[:]) {
		// Nothing tells when the kernel is done with a frame.
		if err := e.Wait(100 * time.Microsecond); err != nil {
			t.Fatal(err)
		}
	}
	if n != 1 || done[0].Buf != b || done[0].Result != want {
		t.Fatalf("sent: %d frames, first %+v, want result %v", n, done[0], want)
	}
	b.Free(e.Pool())
}

func frame(e ports.Engine, data []byte) *packet.Buf {
	return packet.FromBytes(data, e.Pool(), e.Spill())
}

// arpRequest asks, as from, who has the address of to.
func arpRequest(mac [6]byte, from, to netip.Prefix) []byte {
	frame := append(bytes.Repeat([]byte{0xff}, 6), mac[:]...)
	frame = append(frame, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	frame = append(append(frame, mac[:]...), from.Addr().AsSlice()...)
	return append(append(frame, make([]byte, 6)...), to.Addr().AsSlice()...)
}

func isARPReply(frame []byte) bool {
	return len(frame) >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2
}

func TestFramesCross(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "cross", 1), porttest.Engine(t)
		p := c.open(t, Options{Mode: m})
		rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
		info := p.Info()
		if info.Name != "dev" || info.MAC != mineMAC || info.MTU != 1500 || info.RxQueues != 1 || info.Driver != "afxdp" ||
			info.Netns != c.mine.Name() || info.Ifindex == 0 || info.SpeedMbs != 10000 || info.Offloads != (ports.Offloads{}) ||
			!strings.HasPrefix(info.IO, "xdp "+string(m)+", copy, need-wakeup") {
			t.Errorf("info: %+v", info)
		}
		if len(info.Notes) != 1 || !strings.Contains(info.Notes[0], "ethtool -K DEVICE tx off") {
			t.Errorf("notes: %q", info.Notes)
		}
		if tx.(*txQueue).socket == nil {
			t.Error("the worker does not send through the socket that it receives from")
		}
		send(t, e, tx, frame(e, arpRequest(mineMAC, mineNet, userNet)), ports.TxSent)
		porttest.AwaitFrame(t, e, rx, "ARP reply", func(_ *packet.Buf, frame []byte) bool { return isARPReply(frame) })
	})
}

// TestSendersWithoutQueue sends from workers that receive from no queue of the
// device, before and after they do.
func TestSendersWithoutQueue(t *testing.T) {
	c, e := lay(t, "tx", 1), porttest.Engine(t)
	p := c.open(t, Options{})
	ear := porttest.PacketSocket(t, c.user, "dev", false)
	hear(t, ear)
	tx := porttest.OpenTx(t, p, e)
	say := func(text string, want ports.TxResult) {
		t.Helper()
		data := append(bytes.Clone(userMAC[:]), mineMAC[:]...)
		data = append(append(data, 0x88, 0xb5), text...)
		data = append(data, make([]byte, 60)...)
		send(t, e, tx, frame(e, data), want)
		if want == ports.TxSent {
			wantHeard(t, ear, data)
		}
	}
	say("by AF_PACKET", ports.TxSent)
	rx, err := p.OpenRx(0, e)
	if err != nil {
		t.Fatal(err)
	}
	say("by the socket", ports.TxSent)
	if tx.(*txQueue).socket == nil || strings.Contains(p.Info().IO, "AF_PACKET") {
		t.Errorf("not by the socket: %s", p.Info().IO)
	}
	if err := rx.Close(); err != nil {
		t.Fatal(err)
	}
	say("by AF_PACKET again", ports.TxSent)
	// The queue can be opened again, although the kernel lets go of it late.
	rx = porttest.OpenRx(t, p, 0, e)
	say("by the new socket", ports.TxSent)
	if _, err := p.OpenRx(0, e); !errors.Is(err, unix.EBUSY) {
		t.Errorf("opened twice: %v", err)
	}
	_ = rx
}

// hear lets a packet socket receive.
func hear(t testing.TB, fd int) {
	t.Helper()
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := name.(*unix.SockaddrLinklayer)
	wait := unix.NsecToTimeval(int64(porttest.Patience))
	if err := errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: address.Ifindex, Protocol: 0x0300})); err != nil {
		t.Fatal(err)
	}
}

func wantHeard(t testing.TB, fd int, want []byte) {
	t.Helper()
	buf := make([]byte, 70000)
	for {
		n, err := unix.Read(fd, buf)
		if err != nil && err != unix.EINTR {
			t.Fatalf("frame of %d bytes not heard: %v", len(want), err)
		}
		if err == nil && bytes.Equal(buf[:n], want) {
			return
		}
	}
}

// TestSizes sends and receives frames of many sizes, one Buf or several, in the
// pool or not.
func TestSizes(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "size", 1), porttest.Engine(t)
		for _, end := range []*netdev.Namespace{c.mine, c.user} {
			porttest.Inside(t, end, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 9000) })
		}
		p := c.open(t, Options{Mode: m})
		rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
		raw := porttest.PacketSocket(t, c.user, "dev", false)
		hear(t, raw)
		if !strings.Contains(p.Info().IO, "multi-buffer") {
			t.Skip("no frames in several buffers here: ", p.Info().IO)
		}
		for _, size := range []int{14, 60, 511, 1514, 1792, 1793, 3584, 3585, 5000, 9014} {
			data := porttest.RandomData(size)
			copy(data, mineMAC[:])
			copy(data[6:], userMAC[:])
			binary.BigEndian.PutUint16(data[12:], 0x88b5)
			if _, err := unix.Write(raw, data); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			porttest.AwaitFrame(t, e, rx, "the same", func(b *packet.Buf, got []byte) bool { return bytes.Equal(got, data) })
			copy(data, userMAC[:])
			copy(data[6:], mineMAC[:])
			send(t, e, tx, frame(e, data), ports.TxSent)
			wantHeard(t, raw, data)
			b := packet.FromBytes(data, e.Spill(), e.Spill()) // not in the socket's memory
			send(t, e, tx, b, ports.TxSent)
			wantHeard(t, raw, data)
		}
		send(t, e, tx, frame(e, make([]byte, 9019)), ports.TxTooBig)
		send(t, e, tx, frame(e, make([]byte, 13)), ports.TxError)
	})
}

// TestUnfinishedChecksums wants frames whose sender left the checksum to a network
// card to be told apart.
func TestUnfinishedChecksums(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "csum", 1), porttest.Engine(t)
		p := c.open(t, Options{Mode: m})
		rx := porttest.OpenRx(t, p, 0, e)
		for _, on := range []bool{true, false} {
			finish(t, c.user, "dev", on)
			port := uint16(4000)
			if on {
				port++
			}
			sendUDP(t, c.user, port)
			porttest.AwaitFrame(t, e, rx, "the datagram", func(b *packet.Buf, got []byte) bool {
				if len(got) < 42 || binary.BigEndian.Uint16(got[12:]) != packet.EthTypeIPv4 || binary.BigEndian.Uint16(got[36:]) != port {
					return false
				}
				if want := !on; (b.Fault == packet.FaultUnfinishedCsum) != want {
					t.Errorf("offload off %v: fault %v of %x", on, b.Fault, got)
				}
				return true
			})
		}
	})
}

// sendUDP sends a datagram to the switch's end without asking for its address.
func sendUDP(t testing.TB, n *netdev.Namespace, port uint16) {
	t.Helper()
	porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error {
		return h.NeighSet(&netlink.Neigh{LinkIndex: l.Attrs().Index, IP: mineNet.Addr().AsSlice(), HardwareAddr: mineMAC[:], State: netlink.NUD_PERMANENT})
	})
	if err := n.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, []byte("datagram"), 0, &unix.SockaddrInet4{Port: int(port), Addr: mineNet.Addr().As4()})
	}); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	c := lay(t, "err", 2)
	open := func(o Options) error {
		o.Name, o.Netns = "up", c.mine.Name()
		p, err := Open(c.control, o)
		if err == nil {
			p.Close()
		}
		return err
	}
	for _, test := range []struct {
		name string
		o    Options
		want string
	}{
		{"no device", Options{Ifname: "none"}, "make the device first"},
		{"too few queues", Options{Ifname: "dev"}, "set queues: 2"},
		{"queues", Options{Ifname: "dev", Queues: 300}, "1 to 256"},
		{"MTU", Options{Ifname: "dev", Queues: 2, MTU: 70000}, "set MTU 70000"},
	} {
		if err := open(test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	c.open(t, Options{Queues: 2})
	if err := open(Options{Ifname: "dev", Queues: 2}); err == nil || !strings.Contains(err.Error(), "has an XDP program already") {
		t.Errorf("second program: %v", err)
	}
}

// TestNothingIsLeft wants the device as it was after Close.
func TestNothingIsLeft(t *testing.T) {
	modes(t, func(t *testing.T, m Mode) {
		c, e := lay(t, "left", 1), porttest.Engine(t)
		attached := func() bool {
			found := false
			porttest.Inside(t, c.mine, "dev", func(_ *netlink.Handle, l netlink.Link) error {
				found = l.Attrs().Xdp != nil && l.Attrs().Xdp.Attached || l.Attrs().Promisc != 0
				return nil
			})
			return found
		}
		p := c.open(t, Options{Mode: m})
		rx, err := p.OpenRx(0, e)
		if err != nil {
			t.Fatal(err)
		}
		if !attached() {
			t.Error("no program on the device")
		}
		if err := errors.Join(rx.Close(), p.Close()); err != nil {
			t.Error(err)
		}
		if attached() {
			t.Error("something is left on the device")
		}
	})
}
