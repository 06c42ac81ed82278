package tap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/netdev"
	"vswitch/ports/porttest"
)

// addresses of the two ends, in IPv4 and IPv6.
var ends = [2][]netip.Prefix{
	{netip.MustParsePrefix("10.211.8.1/24"), netip.MustParsePrefix("fd00:d4::1/64")},
	{netip.MustParsePrefix("10.211.8.2/24"), netip.MustParsePrefix("fd00:d4::2/64")},
}

// pair makes two namespaces with a TAP each and a wire between them.
func pair(t testing.TB, o Options) ([2]*netdev.Namespace, *porttest.Wire) {
	t.Helper()
	c := porttest.Control(t)
	var spaces [2]*netdev.Namespace
	var taps [2]*Port
	for i := range taps {
		o.Name, o.Netns, o.Addresses = "dev", porttest.Unusual("tap-"+[]string{"left", "right"}[i]), ends[i]
		taps[i] = open(t, c, o)
		spaces[i] = space(t, c, taps[i])
	}
	return spaces, porttest.Connect(t, taps[0], taps[1])
}

func TestTCPCrossesAsSuperFrames(t *testing.T) { eachIO(t, testTCPCrossesAsSuperFrames) }

func testTCPCrossesAsSuperFrames(t *testing.T) {
	spaces, w := pair(t, Options{})
	data := porttest.RandomData(8 << 20)
	for _, to := range []netip.Addr{ends[1][0].Addr(), ends[1][1].Addr()} {
		t.Run(to.String(), func(t *testing.T) {
			before := w.Super.Load()
			w.Largest.Store(0)
			porttest.Transfer(t, spaces[0], spaces[1], to, data)
			if w.Super.Load() == before || w.Largest.Load() < 32<<10 {
				t.Errorf("%d super-frames, the largest frame had %d bytes: no TSO", w.Super.Load()-before, w.Largest.Load())
			}
			if w.Faults.Load() != 0 || w.Refused.Load() != 0 {
				t.Errorf("%d faults, %d refused, want none", w.Faults.Load(), w.Refused.Load())
			}
		})
	}
	if w.Partial.Load() == 0 {
		t.Error("no frame with a partial checksum")
	}
}

func TestTCPCrossesWithoutOffloads(t *testing.T) { eachIO(t, testTCPCrossesWithoutOffloads) }

func testTCPCrossesWithoutOffloads(t *testing.T) {
	spaces, w := pair(t, Options{Refuse: ports.Offloads{Csum: true}, MTU: 9000})
	porttest.Transfer(t, spaces[0], spaces[1], ends[1][0].Addr(), porttest.RandomData(4<<20))
	if w.Super.Load() != 0 || w.Partial.Load() != 0 {
		t.Errorf("%d super-frames, %d partial checksums, want none", w.Super.Load(), w.Partial.Load())
	}
	if got := w.Largest.Load(); got != 9014 {
		t.Errorf("largest frame %d bytes, want 9014", got)
	}
}

func TestUDPCrossesAsSuperFrames(t *testing.T) { eachIO(t, testUDPCrossesAsSuperFrames) }

func testUDPCrossesAsSuperFrames(t *testing.T) {
	spaces, w := pair(t, Options{})
	for _, to := range []netip.Addr{ends[1][0].Addr(), ends[1][1].Addr()} {
		t.Run(to.String(), func(t *testing.T) {
			before := w.Super.Load()
			burst(t, spaces, to)
			if w.Super.Load() == before {
				t.Error("no super-frame: no USO")
			}
		})
	}
}

// burst sends one UDP_SEGMENT burst and wants all its datagrams to arrive.
func burst(t *testing.T, spaces [2]*netdev.Namespace, to netip.Addr) {
	t.Helper()
	var from, into *net.UDPConn
	dial := func(n *netdev.Namespace, f func() error) {
		if err := n.Do(f); err != nil {
			t.Fatal(err)
		}
	}
	dial(spaces[1], func() (err error) {
		into, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 0)))
		return err
	})
	defer into.Close()
	dial(spaces[0], func() (err error) {
		from, err = net.DialUDP("udp", nil, into.LocalAddr().(*net.UDPAddr))
		return err
	})
	defer from.Close()
	raw, err := from.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const segment, count = 1000, 20
	raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT, segment) })
	if err != nil {
		t.Skipf("this kernel has no UDP_SEGMENT: %v", err)
	}
	data := porttest.RandomData(segment * count)
	if _, err := from.Write(data); err != nil {
		t.Fatal(err)
	}
	into.SetReadDeadline(time.Now().Add(porttest.Patience))
	buf := make([]byte, 2*segment)
	for i := range count {
		n, err := into.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], data[i*segment:(i+1)*segment]) {
			t.Fatalf("datagram %d: %d bytes, %v", i, n, err)
		}
	}
}

// TestQueues wants a flow to come back on the queue that it was written to, and
// a queue that SetQueues took away to get nothing.
func TestQueues(t *testing.T) { eachIO(t, testQueues) }

func testQueues(t *testing.T) {
	c := porttest.Control(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-queues"), MAC: deviceMAC, Addresses: []netip.Prefix{devicePref}, Queues: 2, MaxQueues: 4})
	if err := p.SetQueues(5); err == nil {
		t.Error("more queues than MaxQueues")
	}
	if err := p.SetQueues(4); err != nil {
		t.Fatal(err)
	}
	if got := p.Info().RxQueues; got != 4 {
		t.Errorf("%d queues, want 4", got)
	}
	engines := make([]ports.Engine, 4)
	rxs, txs := make([]ports.RxQueue, 4), make([]ports.TxQueue, 4)
	for i := range engines {
		engines[i] = porttest.Engine(t)
		rxs[i] = porttest.OpenRx(t, p, i, engines[i])
		txs[i] = porttest.OpenTx(t, p, engines[i])
	}
	if _, err := p.OpenRx(1, engines[0]); !errors.Is(err, unix.EBUSY) {
		t.Errorf("opened twice: %v, want %v", err, unix.EBUSY)
	}
	if err := p.SetQueues(2); !errors.Is(err, unix.EBUSY) {
		t.Errorf("took an open queue away: %v, want %v", err, unix.EBUSY)
	}
	porttest.Inside(t, space(t, c, p), "dev", func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighAdd(&netlink.Neigh{LinkIndex: link.Attrs().Index, State: netlink.NUD_PERMANENT,
			IP: switchIP.AsSlice(), HardwareAddr: switchMAC[:]})
	})
	for flow := range 40 {
		i := flow % len(txs)
		port := uint16(2000 + flow)
		// The kernel answers the first frame of a flow before it learns the queue.
		porttest.Send(t, engines[i], txs[i], tcpSYN(port), ports.TxSent)
		porttest.Send(t, engines[i], txs[i], tcpSYN(port), ports.TxSent)
		porttest.AwaitFrame(t, engines[i], rxs[i], "the reset on the queue of the SYN", func(b *packet.Buf, frame []byte) bool {
			return len(frame) >= 54 && frame[23] == unix.IPPROTO_TCP && binary.BigEndian.Uint16(frame[36:]) == port && int(b.RxQueue) == i
		})
	}
}

// tcpSYN asks a port of the device that nobody listens on, so that its kernel
// answers with a reset.
func tcpSYN(from uint16) []byte {
	frame := append(append(deviceMAC[:len(deviceMAC):len(deviceMAC)], switchMAC[:]...), 8, 0)
	ip := []byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, unix.IPPROTO_TCP, 0, 0}
	ip = append(append(ip, switchIP.AsSlice()...), devicePref.Addr().AsSlice()...)
	binary.BigEndian.PutUint16(ip[10:], ^onesSum(0, ip))
	tcp := make([]byte, 20)
	binary.BigEndian.PutUint16(tcp, from)
	binary.BigEndian.PutUint16(tcp[2:], 9)
	tcp[12], tcp[13] = 5<<4, 2
	pseudo := onesSum(onesSum(unix.IPPROTO_TCP+20, ip[12:20]), tcp)
	binary.BigEndian.PutUint16(tcp[16:], ^pseudo)
	return append(append(frame, ip...), tcp...)
}

// onesSum adds data to sum in ones' complement (RFC 1071).
func onesSum(sum uint16, data []byte) uint16 {
	total := uint32(sum)
	for ; len(data) > 1; data = data[2:] {
		total += uint32(binary.BigEndian.Uint16(data))
	}
	total = total&0xffff + total>>16
	return uint16(total + total>>16)
}

func TestQueuesCanBeTakenAway(t *testing.T) { eachIO(t, testQueuesCanBeTakenAway) }

func testQueuesCanBeTakenAway(t *testing.T) {
	c := porttest.Control(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-shrink"), MAC: deviceMAC, Addresses: []netip.Prefix{devicePref}, Queues: 3})
	if err := p.SetQueues(1); err != nil {
		t.Fatal(err)
	}
	e := porttest.Engine(t)
	if _, err := p.OpenRx(1, e); !errors.Is(err, unix.EINVAL) {
		t.Errorf("opened a queue that is not there: %v, want %v", err, unix.EINVAL)
	}
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	for range 10 {
		porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
		porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
	}
}

// TestQueueMovesWithoutLoss has two engines take turns at a queue that frames wait in.
func TestQueueMovesWithoutLoss(t *testing.T) { eachIO(t, testQueueMovesWithoutLoss) }

func testQueueMovesWithoutLoss(t *testing.T) {
	c := porttest.Control(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-move")})
	if !p.Movable() {
		t.Error("not movable")
	}
	porttest.AwaitUp(t, p)
	raw := porttest.PacketSocket(t, space(t, c, p), "dev", false)
	const frames = 300
	for i := range frames {
		frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
		binary.BigEndian.PutUint16(frame[14:], uint16(i))
		if _, err := unix.Write(raw, frame); err != nil {
			t.Fatal(err)
		}
	}
	engines := []ports.Engine{porttest.Engine(t), porttest.Engine(t)}
	var ready [4]ports.RxQueue
	next := 0
	take := func(e ports.Engine, q ports.RxQueue) int {
		var dst [8]*packet.Buf
		n, err := q.Recv(dst[:])
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range dst[:n] {
			if frame := b.Bytes(); binary.BigEndian.Uint16(frame[12:]) == 0x88b5 {
				if got := int(binary.BigEndian.Uint16(frame[14:])); got != next {
					t.Fatalf("frame %d, want %d", got, next)
				}
				next++
			}
			b.Free(e.Pool())
		}
		return n
	}
	for turn := 0; next < frames; turn++ {
		e := engines[turn%2]
		q, err := p.OpenRx(0, e)
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(porttest.Patience); take(e, q) == 0; e.Ready(ready[:]) {
			if err := e.Wait(time.Until(deadline)); err != nil || time.Now().After(deadline) {
				t.Fatalf("no frame %d: %v", next, err)
			}
		}
		if s, ok := q.(ports.Stopper); ok {
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			for take(e, q) > 0 {
			}
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s := p.Stats(); s.RxMissed != 0 {
		t.Errorf("%d frames missed", s.RxMissed)
	}
}

func TestNothingIsAllocatedForAFrame(t *testing.T) { eachIO(t, testNothingIsAllocatedForAFrame) }

func testNothingIsAllocatedForAFrame(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-alloc"), MAC: deviceMAC, Addresses: []netip.Prefix{devicePref}})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	frame := arpRequest()
	batch, dst, done := make([]*packet.Buf, 1), make([]*packet.Buf, 8), make([]ports.TxDone, 8)
	received := 0
	allocs := testing.AllocsPerRun(200, func() {
		batch[0] = packet.FromBytes(frame, e.Pool(), e.Spill())
		tx.Send(batch)
		for n := tx.Reap(done); n > 0; n-- {
			done[n-1].Buf.Free(e.Pool())
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

// TestExhaustedPoolOnlyDelays takes all buffers away and gives them back.
func TestExhaustedPoolOnlyDelays(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-pool"), MAC: deviceMAC, Addresses: []netip.Prefix{devicePref}})
	rx, tx := porttest.OpenRx(t, p, 0, e), porttest.OpenTx(t, p, e)
	porttest.Send(t, e, tx, arpRequest(), ports.TxSent)
	var hoard []*packet.Buf
	for b := e.Pool().Get(); b != nil; b = e.Pool().Get() {
		hoard = append(hoard, b)
	}
	if n, err := rx.Recv(make([]*packet.Buf, 1)); n != 0 || err != nil {
		t.Fatalf("received %d, %v without a buffer", n, err)
	}
	for _, b := range hoard {
		b.Free(e.Pool())
	}
	ready := make([]ports.RxQueue, 1)
	if e.Ready(ready) != 1 || ready[0] != rx {
		t.Error("the queue is not reported again")
	}
	porttest.AwaitFrame(t, e, rx, "ARP reply", isARPReply)
}

// TestFrameWithoutSpillIsTruncated reads a super-frame into a small buffer.
func TestFrameWithoutSpillIsTruncated(t *testing.T) {
	c, e := porttest.Control(t), porttest.Engine(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-trunc"), MTU: 9000})
	porttest.AwaitUp(t, p)
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
	frame := append(arpRequest(), make([]byte, 5000)...)
	if _, err := unix.Write(porttest.PacketSocket(t, space(t, c, p), "dev", false), frame); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitFrame(t, e, rx, "a truncated frame", func(b *packet.Buf, _ []byte) bool { return b.Fault == packet.FaultTruncated })
	if got := p.Stats().RxErrors; got != 1 {
		t.Errorf("%d receive errors, want 1", got)
	}
}

func BenchmarkTCPOverWire(b *testing.B) {
	spaces, _ := pair(b, Options{})
	data := porttest.RandomData(64 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		porttest.Transfer(b, spaces[0], spaces[1], ends[1][0].Addr(), data)
	}
}
