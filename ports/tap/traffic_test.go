package tap

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/epoll"
	"vswitch/ports/netdev"
	"vswitch/ports/porttest"
)

// wire copies every frame from one port to the other, as it is, with one worker.
type wire struct {
	engine *epoll.Engine
	peers  map[ports.RxQueue]ports.TxQueue
	sends  []ports.TxQueue
	stop   atomic.Bool
	ended  chan error

	frames, super, partial, faults, refused atomic.Int64
	largest                                 atomic.Int64
}

func connect(t testing.TB, a, b *Port) *wire {
	t.Helper()
	e, err := epoll.New(epoll.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{engine: e, peers: map[ports.RxQueue]ports.TxQueue{}, ended: make(chan error, 1)}
	for _, pair := range [][2]*Port{{a, b}, {b, a}} {
		tx, err := pair[1].OpenTx(e)
		if err != nil {
			t.Fatal(err)
		}
		w.sends = append(w.sends, tx)
		for i := range pair[0].Info().RxQueues {
			rx, err := pair[0].OpenRx(i, e)
			if err != nil {
				t.Fatal(err)
			}
			w.peers[rx] = tx
		}
	}
	go w.run()
	t.Cleanup(func() {
		w.stop.Store(true)
		e.Wake()
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *wire) run() {
	ready, batch := make([]ports.RxQueue, 8), make([]*packet.Buf, 64)
	done := make([]ports.TxDone, 64)
	var active []ports.RxQueue
	for !w.stop.Load() {
		active = append(active[:0], ready[:w.engine.Ready(ready)]...)
		if len(active) == 0 {
			if err := w.engine.Wait(-1); err != nil {
				w.ended <- err
				return
			}
		}
		for len(active) > 0 && !w.stop.Load() {
			rest := active[:0]
			for _, rx := range active {
				n, err := rx.Recv(batch)
				if n > 0 && err == nil {
					rest = append(rest, rx)
				}
				tx := w.peers[rx]
				w.count(batch[:n])
				tx.Send(batch[:n])
				for m := tx.Reap(done); m > 0; m = tx.Reap(done) {
					for _, d := range done[:m] {
						if d.Result != ports.TxSent {
							w.refused.Add(1)
						}
						d.Buf.Free(w.engine.Pool())
					}
				}
			}
			active = rest
		}
	}
	var errs []error
	for rx := range w.peers {
		errs = append(errs, rx.Close())
	}
	for _, tx := range w.sends {
		errs = append(errs, tx.Close())
	}
	w.ended <- errors.Join(append(errs, w.engine.Close())...)
}

func (w *wire) count(batch []*packet.Buf) {
	w.frames.Add(int64(len(batch)))
	for _, b := range batch {
		if b.Fault != packet.FaultNone {
			w.faults.Add(1)
		}
		if b.Offload.GSO != packet.GSONone {
			w.super.Add(1)
		} else if b.Offload.NeedsCsum {
			w.partial.Add(1)
		}
		w.largest.Store(max(w.largest.Load(), int64(b.Size())))
	}
}

// addresses of the two ends, in IPv4 and IPv6.
var ends = [2][]netip.Prefix{
	{netip.MustParsePrefix("10.211.8.1/24"), netip.MustParsePrefix("fd00:d4::1/64")},
	{netip.MustParsePrefix("10.211.8.2/24"), netip.MustParsePrefix("fd00:d4::2/64")},
}

// pair makes two namespaces with a TAP each and a wire between them.
func pair(t testing.TB, o Options) ([2]*netdev.Namespace, *wire) {
	t.Helper()
	c := porttest.Control(t)
	var spaces [2]*netdev.Namespace
	var taps [2]*Port
	for i := range taps {
		o.Name, o.Netns, o.Addresses = "dev", porttest.Unusual("tap-"+[]string{"left", "right"}[i]), ends[i]
		taps[i] = open(t, c, o)
		spaces[i] = space(t, c, taps[i])
	}
	return spaces, connect(t, taps[0], taps[1])
}

// transfer sends data over TCP from one namespace to the other and wants it to
// arrive unchanged.
func transfer(t testing.TB, spaces [2]*netdev.Namespace, to netip.Addr, data []byte) {
	t.Helper()
	var listener net.Listener
	if err := spaces[1].Do(func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(to, 0).String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	type result struct {
		sum [32]byte
		err error
	}
	received := make(chan result, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			received <- result{err: err}
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(porttest.Patience))
		h := sha256.New()
		_, err = io.Copy(h, conn)
		received <- result{[32]byte(h.Sum(nil)), err}
	}()
	var conn net.Conn
	if err := spaces[0].Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", listener.Addr().String(), porttest.Patience)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(porttest.Patience))
	_, err := io.Copy(conn, bytes.NewReader(data))
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	if got := <-received; got.err != nil || got.sum != sha256.Sum256(data) {
		t.Fatalf("received something else than was sent (%v)", got.err)
	}
}

func randomData(n int) []byte {
	data := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(data)
	return data
}

func TestTCPCrossesAsSuperFrames(t *testing.T) {
	spaces, w := pair(t, Options{})
	data := randomData(8 << 20)
	for _, to := range []netip.Addr{ends[1][0].Addr(), ends[1][1].Addr()} {
		t.Run(to.String(), func(t *testing.T) {
			before := w.super.Load()
			w.largest.Store(0)
			transfer(t, spaces, to, data)
			if w.super.Load() == before || w.largest.Load() < 32<<10 {
				t.Errorf("%d super-frames, the largest frame had %d bytes: no TSO", w.super.Load()-before, w.largest.Load())
			}
			if w.faults.Load() != 0 || w.refused.Load() != 0 {
				t.Errorf("%d faults, %d refused, want none", w.faults.Load(), w.refused.Load())
			}
		})
	}
	if w.partial.Load() == 0 {
		t.Error("no frame with a partial checksum")
	}
}

func TestTCPCrossesWithoutOffloads(t *testing.T) {
	spaces, w := pair(t, Options{Refuse: ports.Offloads{Csum: true}, MTU: 9000})
	transfer(t, spaces, ends[1][0].Addr(), randomData(4<<20))
	if w.super.Load() != 0 || w.partial.Load() != 0 {
		t.Errorf("%d super-frames, %d partial checksums, want none", w.super.Load(), w.partial.Load())
	}
	if got := w.largest.Load(); got != 9014 {
		t.Errorf("largest frame %d bytes, want 9014", got)
	}
}

func TestUDPCrossesAsSuperFrames(t *testing.T) {
	spaces, w := pair(t, Options{})
	for _, to := range []netip.Addr{ends[1][0].Addr(), ends[1][1].Addr()} {
		t.Run(to.String(), func(t *testing.T) {
			before := w.super.Load()
			burst(t, spaces, to)
			if w.super.Load() == before {
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
	data := randomData(segment * count)
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
func TestQueues(t *testing.T) {
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
	engines := make([]*epoll.Engine, 4)
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

func TestQueuesCanBeTakenAway(t *testing.T) {
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

// TestQueueMovesWithoutLoss closes a queue and opens it with another engine.
func TestQueueMovesWithoutLoss(t *testing.T) {
	c := porttest.Control(t)
	p := open(t, c, Options{Name: "dev", Netns: porttest.Unusual("tap-move"), MAC: deviceMAC, Addresses: []netip.Prefix{devicePref}})
	first, second := porttest.Engine(t), porttest.Engine(t)
	q, err := p.OpenRx(0, first)
	if err != nil {
		t.Fatal(err)
	}
	tx := porttest.OpenTx(t, p, first)
	porttest.Send(t, first, tx, arpRequest(), ports.TxSent)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	porttest.AwaitFrame(t, second, porttest.OpenRx(t, p, 0, second), "the reply from before the move", isARPReply)
}

func TestNothingIsAllocatedForAFrame(t *testing.T) {
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
	data := randomData(64 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		transfer(b, spaces, ends[1][0].Addr(), data)
	}
}
