package afpacket

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
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

// cable is a veth pair: the switch's end and the user's end, in two namespaces.
type cable struct {
	control    *netdev.Control
	mine, user *netdev.Namespace
}

var (
	mineMAC  = [6]byte{2, 0, 0, 0, 0, 0x61}
	userMAC  = [6]byte{2, 0, 0, 0, 0, 0x62}
	mineNet  = netip.MustParsePrefix("10.212.7.1/24")
	userNet  = netip.MustParsePrefix("10.212.7.2/24")
	userNet6 = netip.MustParsePrefix("fd00:d5::2/64")
)

// lay makes a cable whose ends are up and are both called dev. The user's end
// has an address; so has the switch's if the test wants the host to answer.
func lay(t testing.TB, role string, mine ...netip.Prefix) cable {
	t.Helper()
	c := cable{control: porttest.Control(t)}
	c.mine = porttest.Namespace(t, c.control, porttest.Unusual("afp-"+role+"-m"))
	c.user = porttest.Namespace(t, c.control, porttest.Unusual("afp-"+role+"-u"))
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
	err = h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "dev"}, PeerName: "dev", PeerNamespace: netlink.NsFd(target.Fd())})
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []struct {
		n *netdev.Namespace
		s netdev.Setup
	}{
		{c.mine, netdev.Setup{MAC: mineMAC, Addresses: mine, Up: true}},
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
	return c
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
	if len(p.Info().Notes) > 0 {
		t.Errorf("notes: %q", p.Info().Notes)
	}
	porttest.AwaitUp(t, p)
	return p
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
	c, e := lay(t, "cross"), porttest.Engine(t)
	p := c.open(t, Options{})
	info := p.Info()
	if info.Name != "dev" || info.MAC != mineMAC || info.MTU != 1500 || info.RxQueues != 1 || info.Driver != "system" ||
		info.Netns != c.mine.Name() || info.Ifindex == 0 || info.SpeedMbs != 10000 {
		t.Errorf("info: %+v", info)
	}
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	porttest.Send(t, e, tx, arpRequest(mineMAC, mineNet, userNet), ports.TxSent)
	// The request itself must not come back: only others' frames are received.
	porttest.AwaitFrame(t, e, rx, "ARP reply", func(_ *packet.Buf, frame []byte) bool {
		if bytes.Equal(frame[6:12], mineMAC[:]) {
			t.Errorf("received what was sent: %x", frame)
		}
		return isARPReply(frame)
	})
}

// tagged puts VLAN tags behind the addresses of a frame.
func tagged(frame []byte, tags ...uint32) []byte {
	out := bytes.Clone(frame[:12])
	for _, tag := range tags {
		out = binary.BigEndian.AppendUint32(out, tag)
	}
	return append(out, frame[12:]...)
}

func TestVLANTagsAreRestored(t *testing.T) {
	c, e := lay(t, "vlan"), porttest.Engine(t)
	p := c.open(t, Options{})
	rx := porttest.OpenRx(t, p, 0, e)
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	request := arpRequest(userMAC, userNet, mineNet)
	long := append(bytes.Clone(request), bytes.Repeat([]byte{0xab}, 1460)...)
	for _, test := range []struct {
		name  string
		frame []byte
	}{
		{"802.1Q", tagged(request, 0x8100_6007)},
		{"priority tag", tagged(request, 0x8100_e000)},
		{"802.1ad", tagged(request, 0x88a8_0064)},
		{"two tags", tagged(request, 0x88a8_0064, 0x8100_0065)},
		{"three tags", tagged(request, 0x8100_0001, 0x8100_0002, 0x8100_0003)},
		{"full size", tagged(long, 0x8100_0042)[:1518]},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := unix.Write(raw, test.frame); err != nil {
				t.Fatal(err)
			}
			porttest.AwaitFrame(t, e, rx, "the frame with its tags", func(b *packet.Buf, frame []byte) bool {
				return bytes.Equal(frame, test.frame) && b.Fault == packet.FaultNone
			})
		})
	}
}

// TestOffloadsOfTaggedFrames sends unfinished frames from a socket that says so,
// as the kernel's VLAN devices do.
func TestOffloadsOfTaggedFrames(t *testing.T) {
	c, e := lay(t, "offl"), porttest.Engine(t)
	p := c.open(t, Options{})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	raw := porttest.PacketSocket(t, c.user, "dev", true)
	for _, test := range []struct {
		name string
		tags []uint32
		size int // of the IP packet
	}{
		{"partial", nil, 100},
		{"partial, tagged", []uint32{0x8100_0007}, 100},
		{"TSO", nil, 60000},
		{"TSO, tagged", []uint32{0x8100_0007}, 60000},
		{"TSO, two tags", []uint32{0x88a8_0007, 0x8100_0008}, 30000},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame := tagged(tcpFrame(test.size), test.tags...)
			ip := uint16(14 + 4*len(test.tags))
			want := packet.Offload{NeedsCsum: true, CsumStart: ip + 20, CsumOffset: 16}
			if test.size > 1500 {
				want.GSO, want.GSOSize, want.IPStart, want.HdrLen = packet.GSOTCPv4, 1400, ip, ip+40
			}
			header := make([]byte, 10)
			header[0] = unix.VIRTIO_NET_HDR_F_NEEDS_CSUM
			if want.GSO != packet.GSONone {
				header[1] = unix.VIRTIO_NET_HDR_GSO_TCPV4
			}
			for i, v := range []uint16{want.HdrLen, want.GSOSize, want.CsumStart, want.CsumOffset} {
				binary.NativeEndian.PutUint16(header[2+2*i:], v)
			}
			if _, err := unix.Write(raw, append(header, frame...)); err != nil {
				t.Fatal(err)
			}
			porttest.AwaitFrame(t, e, rx, "the unfinished frame", func(b *packet.Buf, got []byte) bool {
				if len(got) != len(frame) || !bytes.Equal(got, frame) {
					return false
				}
				if b.Offload != want || b.Fault != packet.FaultNone {
					t.Errorf("offload %+v fault %d\nwant %+v", b.Offload, b.Fault, want)
				}
				return true
			})
			// And the other way, to a kernel that takes it as it is.
			b := packet.FromBytes(frame, e.Pool(), e.Spill())
			b.Offload = want
			porttest.SendBuf(t, e, tx, b, ports.TxSent)
		})
	}
}

// tcpFrame is an IPv4 packet of size bytes in a frame to nobody, with the
// pseudo-header sum in its TCP checksum field.
func tcpFrame(size int) []byte {
	frame := make([]byte, 14+size)
	copy(frame, []byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 8, 0, 0x45})
	ip := frame[14:]
	binary.BigEndian.PutUint16(ip[2:], uint16(size))
	ip[8], ip[9] = 64, unix.IPPROTO_TCP
	copy(ip[12:], []byte{10, 1, 0, 1, 10, 1, 0, 2})
	binary.BigEndian.PutUint16(ip[10:], ^packet.Sum(ip[:20]))
	ip[32] = 5 << 4
	binary.BigEndian.PutUint16(ip[36:], packet.PseudoSumIPv4(0x0a010001, 0x0a010002, unix.IPPROTO_TCP, size-20))
	for i := 40; i < size; i++ {
		ip[i] = byte(i)
	}
	return frame
}

func TestStateFollowsTheDevice(t *testing.T) {
	c, e := lay(t, "state"), porttest.Engine(t)
	p := c.open(t, Options{MTU: 1400})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	porttest.AwaitInfo(t, p, "the MTU", func(i ports.Info) bool { return i.MTU == 1400 })
	porttest.Send(t, e, tx, make([]byte, 1415), ports.TxTooBig)
	porttest.Inside(t, c.user, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetDown(l) })
	porttest.AwaitInfo(t, p, "no carrier", func(i ports.Info) bool { return !i.Carrier && i.AdminUp })
	porttest.Inside(t, c.user, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
	porttest.AwaitUp(t, p)
	porttest.Inside(t, c.mine, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetDown(l) })
	porttest.AwaitInfo(t, p, "down", func(i ports.Info) bool { return !i.AdminUp })
	porttest.Send(t, e, tx, arpRequest(mineMAC, mineNet, userNet), ports.TxDown)
	drain(t, e, rx)
	porttest.Inside(t, c.mine, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
	porttest.AwaitUp(t, p)
	porttest.Send(t, e, tx, arpRequest(mineMAC, mineNet, userNet), ports.TxSent)
	porttest.AwaitFrame(t, e, rx, "ARP reply after down and up", func(_ *packet.Buf, frame []byte) bool { return isARPReply(frame) })
	if s := p.Stats(); s.TxErrors != 2 {
		t.Errorf("%d send errors, want 2: %+v", s.TxErrors, s)
	}
}

// drain receives until nothing waits.
func drain(t *testing.T, e ports.Engine, q ports.RxQueue) {
	t.Helper()
	dst := make([]*packet.Buf, 8)
	for n := len(dst); n == len(dst); {
		var err error
		if n, err = q.Recv(dst); err != nil {
			t.Fatal(err)
		}
		for _, b := range dst[:n] {
			b.Free(e.Pool())
		}
	}
}

func TestDeletedDeviceIsAbsent(t *testing.T) {
	c, e := lay(t, "del"), porttest.Engine(t)
	p := c.open(t, Options{})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	porttest.Inside(t, c.user, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
	porttest.AwaitEOF(t, e, rx)
	info := p.Info()
	if want := "device dev in namespace " + c.mine.Name() + " was deleted"; info.Absent != want {
		t.Errorf("absent: %q, want %q", info.Absent, want)
	}
	porttest.Send(t, e, tx, arpRequest(mineMAC, mineNet, userNet), ports.TxGone)
}

// TestDeletedNamespaceIsAbsent deletes the name of a namespace that the port's
// own sockets keep alive.
func TestDeletedNamespaceIsAbsent(t *testing.T) {
	c, e := lay(t, "nsdel"), porttest.Engine(t)
	p := c.open(t, Options{})
	rx := porttest.OpenRx(t, p, 0, e)
	path := "/run/netns/" + c.mine.Name()
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitEOF(t, e, rx)
	if info := p.Info(); info.Absent != "namespace "+c.mine.Name()+" was deleted" {
		t.Errorf("absent: %q", info.Absent)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	c := lay(t, "errors")
	for _, test := range []struct {
		name string
		o    Options
		want string
	}{
		{"missing device", Options{Name: "nic9", Netns: c.mine.Name()}, "system nic9: device nic9 in namespace " + c.mine.Name()},
		{"remedy", Options{Name: "nic9", Netns: c.mine.Name()}, "make the device first, or correct ifname or netns"},
		{"queues", Options{Name: "dev", Queues: -1}, "1 to 256 can be had"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Open(c.control, test.o)
			if err == nil {
				p.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, want %q in it", err, test.want)
			}
		})
	}
}

func TestQueuesShareFlowsWithoutCopies(t *testing.T) {
	c := lay(t, "queues")
	p := c.open(t, Options{Queues: 3})
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	const flows, each = 64, 4
	for i := range flows * each {
		frame := tcpFrame(60)
		binary.BigEndian.PutUint16(frame[34:], uint16(i%flows))
		binary.BigEndian.PutUint32(frame[38:], uint32(i))
		if _, err := unix.Write(raw, frame); err != nil {
			t.Fatal(err)
		}
	}
	// Frames wait in the sockets for a queue to be opened.
	seen, home := map[uint32]bool{}, map[uint16]int{}
	used := map[int]bool{}
	for number := range 3 {
		e := porttest.Engine(t)
		q := porttest.OpenRx(t, p, number, e)
		dst := make([]*packet.Buf, 512)
		n, err := q.Recv(dst)
		if err != nil {
			t.Fatal(err)
		}
		last := map[uint16]uint32{}
		for _, b := range dst[:n] {
			data := b.Bytes()
			if len(data) == 74 && data[0] == 2 && data[1] == 9 {
				flow, serial := binary.BigEndian.Uint16(data[34:]), binary.BigEndian.Uint32(data[38:])
				if other, known := home[flow]; seen[serial] || known && other != number || serial < last[flow] {
					t.Errorf("frame %d of flow %d on queue %d: seen %v, flow on queue %d, last one %d", serial, flow, number, seen[serial], other, last[flow])
				}
				seen[serial], home[flow], used[number], last[flow] = true, number, true, serial
			}
			b.Free(e.Pool())
		}
	}
	if len(seen) != flows*each || len(used) != 3 {
		t.Errorf("%d of %d frames on %d queues", len(seen), flows*each, len(used))
	}
}

func TestMissedFramesAreCounted(t *testing.T) {
	c := lay(t, "missed")
	p := c.open(t, Options{})
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	frame := append(arpRequest(userMAC, userNet, mineNet), make([]byte, 1400)...)
	for deadline := time.Now().Add(porttest.Patience); p.Stats().RxMissed == 0; {
		for range 1000 {
			if _, err := unix.Write(raw, frame); err != nil && err != unix.ENOBUFS {
				t.Fatal(err)
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no frame was missed")
		}
	}
	// The kernel forgets a count that it told; the port must not.
	if p.Stats().RxMissed == 0 {
		t.Error("missed frames are forgotten")
	}
}

func TestNothingIsAllocatedForAFrame(t *testing.T) {
	c, e := lay(t, "alloc"), porttest.Engine(t)
	p := c.open(t, Options{})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	request := arpRequest(mineMAC, mineNet, userNet)
	batch, dst, done := make([]*packet.Buf, 40), make([]*packet.Buf, 40), make([]ports.TxDone, 40)
	received := 0
	allocs := testing.AllocsPerRun(100, func() {
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
	})
	if allocs != 0 || received == 0 {
		t.Errorf("%v allocations a turn, %d frames received; want 0, and some", allocs, received)
	}
}

func TestFrameWithoutSpillIsTruncated(t *testing.T) {
	c, e := lay(t, "trunc"), porttest.Engine(t)
	for _, n := range []*netdev.Namespace{c.mine, c.user} {
		porttest.Inside(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 9000) })
	}
	p := c.open(t, Options{})
	rx := porttest.OpenRx(t, p, 0, e)
	var hoard []*packet.Buf
	for b := e.Spill().Get(); b != nil; b = e.Spill().Get() {
		hoard = append(hoard, b)
	}
	defer func() {
		for _, b := range hoard {
			b.Free(e.Pool())
		}
	}()
	raw := porttest.PacketSocket(t, c.user, "dev", false)
	if _, err := unix.Write(raw, append(arpRequest(userMAC, userNet, mineNet), make([]byte, 5000)...)); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitFrame(t, e, rx, "a truncated frame", func(b *packet.Buf, _ []byte) bool { return b.Fault == packet.FaultTruncated })
	if got := p.Stats().RxErrors; got != 1 {
		t.Errorf("%d receive errors, want 1", got)
	}
}
