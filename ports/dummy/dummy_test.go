package dummy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

func newEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := NewEngine(driver.PoolOptions{SmallBufs: 64, SpillBufs: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func openRx(t testing.TB, p *Port, number int, e *Engine) ports.RxQueue {
	t.Helper()
	q, err := p.OpenRx(number, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func openTx(t testing.TB, p *Port, e *Engine) ports.TxQueue {
	t.Helper()
	q, err := p.OpenTx(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// recv receives up to limit frames as text.
func recv(t testing.TB, e *Engine, q ports.RxQueue, limit int) (frames []string) {
	t.Helper()
	dst := make([]*packet.Buf, limit)
	n, err := q.Recv(dst)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range dst[:n] {
		data := make([]byte, b.Size())
		b.CopyTo(data)
		frames = append(frames, string(data))
		b.Free(e.Pool())
	}
	return frames
}

func send(e *Engine, q ports.TxQueue, f Frame) ports.TxResult {
	b := packet.FromBytes(f.Data, e.Pool(), e.Spill())
	b.Meta = f.Meta
	q.Send([]*packet.Buf{b})
	var done [1]ports.TxDone
	if q.Reap(done[:]) != 1 {
		panic("nothing to reap")
	}
	done[0].Buf.Free(e.Pool())
	return done[0].Result
}

func ready(e *Engine) []ports.RxQueue {
	dst := make([]ports.RxQueue, 8)
	return dst[:e.Ready(dst)]
}

func TestInjectedFramesAreReceivedInOrder(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p", Queues: 2})
	p.Inject(1, []byte("early"))
	first, second := openRx(t, p, 0, e), openRx(t, p, 1, e)
	if got := ready(e); !slices.Equal(got, []ports.RxQueue{first, second}) {
		t.Errorf("ready at first: %v", got)
	}
	if got := recv(t, e, second, 4); !slices.Equal(got, []string{"early"}) {
		t.Errorf("received %q", got)
	}
	p.Inject(0, []byte("a"), []byte("b"), []byte("c"))
	if got := ready(e); !slices.Equal(got, []ports.RxQueue{first}) {
		t.Errorf("ready: %v, want the first queue", got)
	}
	if got := p.Waiting(0); got != 3 {
		t.Errorf("%d waiting, want 3", got)
	}
	if got := recv(t, e, first, 2); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("received %q", got)
	}
	p.Inject(0, []byte("d"))
	if got := recv(t, e, first, 4); !slices.Equal(got, []string{"c", "d"}) {
		t.Errorf("received %q", got)
	}
	if got := recv(t, e, second, 4); len(got) > 0 {
		t.Errorf("received %q on the other queue", got)
	}
}

func TestInjectedFrameBringsItsMetadata(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p", Queues: 2})
	q := openRx(t, p, 1, e)
	data := bytes.Repeat([]byte("0123456789"), 6000)
	offload := packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16, GSO: packet.GSOTCPv4, GSOSize: 1448, HdrLen: 66}
	p.InjectFrames(1, Frame{Data: data, Meta: packet.Meta{Offload: offload, Fault: packet.FaultTruncated}})
	dst := make([]*packet.Buf, 1)
	if n, err := q.Recv(dst); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	b := dst[0]
	defer b.Free(e.Pool())
	got := make([]byte, b.Size())
	b.CopyTo(got)
	if !bytes.Equal(got, data) || b.Offload != offload || b.Fault != packet.FaultTruncated || b.RxQueue != 1 {
		t.Errorf("received %d bytes, %+v", len(got), b.Meta)
	}
	if len(b.Bytes()) < packet.MinHead || b.HeadroomLeft() != packet.Headroom {
		t.Errorf("first segment of %d bytes behind %d of headroom", len(b.Bytes()), b.HeadroomLeft())
	}
}

func TestRepeat(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p"})
	q := openRx(t, p, 0, e)
	p.Repeat(0, 3, []byte("a"), []byte("b"))
	if got := p.Waiting(0); got != 6 {
		t.Errorf("%d waiting, want 6", got)
	}
	if got := recv(t, e, q, 5); fmt.Sprint(got) != "[a b a b a]" || p.Waiting(0) != 1 {
		t.Errorf("received %v, %d waiting", got, p.Waiting(0))
	}
	if got := recv(t, e, q, 5); fmt.Sprint(got) != "[b]" || p.Waiting(0) != 0 {
		t.Errorf("received %v, %d waiting", got, p.Waiting(0))
	}
	p.Inject(0, []byte("c"))
	if got := recv(t, e, q, 5); fmt.Sprint(got) != "[c]" {
		t.Errorf("received %v", got)
	}
}

func TestSentFramesAreKept(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p"})
	q := openTx(t, p, e)
	for i := range 3 {
		if got := send(e, q, Frame{Data: []byte{byte(i)}, Meta: packet.Meta{Mark: uint32(i)}}); got != ports.TxSent {
			t.Errorf("frame %d: result %v", i, got)
		}
	}
	sent := p.Sent()
	if len(sent) != 3 || len(p.Sent()) != 0 || p.Count() != 3 {
		t.Fatalf("sent %v, count %d", sent, p.Count())
	}
	for i, f := range sent {
		if f.Data[0] != byte(i) || f.Meta.Mark != uint32(i) {
			t.Errorf("frame %d: %+v", i, f)
		}
	}
}

func TestPortIsAsStrictAsADevice(t *testing.T) {
	partial := packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16}
	super := func(kind packet.GSOType, size uint16) packet.Offload {
		o := partial
		o.GSO, o.GSOSize, o.HdrLen = kind, size, 66
		return o
	}
	bare := super(packet.GSOTCPv4, 1000)
	bare.NeedsCsum = false
	ecn := super(packet.GSOTCPv4, 1000)
	ecn.ECN = true
	all := ports.Offloads{Csum: true, TSO4: true, TSO6: true, ECN: true, USO: true}
	for _, test := range []struct {
		name    string
		change  func(*ports.Info)
		size    int
		offload packet.Offload
		want    ports.TxResult
	}{
		{"plain", func(*ports.Info) {}, 1514, packet.Offload{}, ports.TxSent},
		{"no carrier", func(i *ports.Info) { i.Carrier = false }, 60, packet.Offload{}, ports.TxDown},
		{"down", func(i *ports.Info) { i.AdminUp = false }, 60, packet.Offload{}, ports.TxDown},
		{"two tags", func(i *ports.Info) { i.MTU = 1500 }, 1522, packet.Offload{}, ports.TxSent},
		{"too big", func(i *ports.Info) { i.MTU = 1500 }, 1523, packet.Offload{}, ports.TxTooBig},
		{"partial refused", func(*ports.Info) {}, 60, partial, ports.TxError},
		{"partial", func(i *ports.Info) { i.Offloads.Csum = true }, 60, partial, ports.TxSent},
		{"TSO refused", func(i *ports.Info) { i.Offloads = all; i.Offloads.TSO4 = false }, 60000, super(packet.GSOTCPv4, 1000), ports.TxError},
		{"TSO6 refused", func(i *ports.Info) { i.Offloads = all; i.Offloads.TSO6 = false }, 60000, super(packet.GSOTCPv6, 1000), ports.TxError},
		{"USO refused", func(i *ports.Info) { i.Offloads = all; i.Offloads.USO = false }, 60000, super(packet.GSOUDP, 1000), ports.TxError},
		{"ECN refused", func(i *ports.Info) { i.Offloads = all; i.Offloads.ECN = false }, 60000, ecn, ports.TxError},
		{"super without partial", func(i *ports.Info) { i.Offloads = all }, 60000, bare, ports.TxError},
		{"TSO", func(i *ports.Info) { i.Offloads, i.MTU = all, 1500 }, 60000, super(packet.GSOTCPv4, 1448), ports.TxSent},
		{"TSO too big", func(i *ports.Info) { i.Offloads, i.MTU = all, 1500 }, 60000, super(packet.GSOTCPv4, 1460), ports.TxTooBig},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, p := newEngine(t), New(Options{Name: "p"})
			q := openTx(t, p, e)
			p.Change(test.change)
			f := Frame{Data: make([]byte, test.size), Meta: packet.Meta{Offload: test.offload}}
			if got := send(e, q, f); got != test.want {
				t.Errorf("result %v, want %v", got, test.want)
			}
			if got, want := len(p.Sent()), test.want == ports.TxSent; (got == 1) != want {
				t.Errorf("%d frames sent", got)
			}
		})
	}
}

func TestCapacity(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p", Capacity: 1})
	q := openTx(t, p, e)
	for i, want := range []ports.TxResult{ports.TxSent, ports.TxFull} {
		if got := send(e, q, Frame{Data: make([]byte, 60)}); got != want {
			t.Errorf("frame %d: result %v, want %v", i, got, want)
		}
	}
	p.Sent()
	if got := send(e, q, Frame{Data: make([]byte, 60)}); got != ports.TxSent {
		t.Errorf("after Sent: result %v", got)
	}
}

func TestHold(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p"})
	q := openTx(t, p, e)
	p.Hold(true)
	b := packet.FromBytes([]byte("x"), e.Pool(), e.Spill())
	q.Send([]*packet.Buf{b})
	var done [2]ports.TxDone
	if n := q.Reap(done[:]); n != 0 {
		t.Errorf("reaped %d while held", n)
	}
	p.Hold(false)
	if n := q.Reap(done[:]); n != 1 || done[0].Buf != b {
		t.Errorf("reaped %d", n)
	}
	b.Free(e.Pool())
}

func TestCableCarriesUnfinishedFrames(t *testing.T) {
	e := newEngine(t)
	offloads := ports.Offloads{Csum: true}
	a, b := New(Options{Name: "a", Offloads: offloads}), New(Options{Name: "b", Offloads: offloads})
	Join(a, b)
	rx := openRx(t, b, 0, e)
	want := packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16}
	send(e, openTx(t, a, e), Frame{Data: make([]byte, 60), Meta: packet.Meta{Offload: want, InPort: 7}})
	dst := make([]*packet.Buf, 2)
	n, err := rx.Recv(dst)
	if n != 1 || err != nil || dst[0].Offload != want || dst[0].InPort != 0 {
		t.Fatalf("received %d, %v", n, err)
	}
	dst[0].Free(e.Pool())
	b.Change(func(i *ports.Info) { i.Carrier = false })
	send(e, openTx(t, a, e), Frame{Data: make([]byte, 60)})
	if got := b.Stats().RxMissed; got != 1 {
		t.Errorf("%d missed without carrier, want 1", got)
	}
}

func TestVanishedPortEnds(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p"})
	rx, tx := openRx(t, p, 0, e), openTx(t, p, e)
	p.Inject(0, []byte("lost"))
	ready(e)
	p.Vanish("device p was deleted")
	if got := ready(e); len(got) != 1 {
		t.Errorf("ready: %v, want the queue", got)
	}
	if n, err := rx.Recv(make([]*packet.Buf, 1)); n != 0 || err != io.EOF {
		t.Errorf("received %d, %v", n, err)
	}
	if got := send(e, tx, Frame{Data: make([]byte, 60)}); got != ports.TxGone {
		t.Errorf("result %v, want TxGone", got)
	}
	if info := <-p.Changes(); info.Absent != "device p was deleted" || info.Carrier {
		t.Errorf("info %+v", info)
	}
	if got := p.Stats().RxMissed; got != 1 {
		t.Errorf("%d missed, want 1", got)
	}
}

func TestExhaustedPoolOnlyDelays(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p"})
	q := openRx(t, p, 0, e)
	for range 65 {
		p.Inject(0, []byte("x"))
	}
	dst := make([]*packet.Buf, 65)
	n, err := q.Recv(dst)
	if n != 64 || err != nil {
		t.Fatalf("received %d, %v; want as many as there are buffers", n, err)
	}
	if got := ready(e); len(got) != 1 {
		t.Errorf("ready: %v, want the queue again", got)
	}
	for _, b := range dst[:n] {
		b.Free(e.Pool())
	}
	if got := recv(t, e, q, 2); len(got) != 1 {
		t.Errorf("received %q, want the last frame", got)
	}
}

func TestQueueMovesBetweenEngines(t *testing.T) {
	first, second, p := newEngine(t), newEngine(t), New(Options{Name: "p"})
	q, err := p.OpenRx(0, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.OpenRx(0, second); !errors.Is(err, unix.EBUSY) {
		t.Errorf("opened twice: %v", err)
	}
	if err := p.Close(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("closed with an open queue: %v", err)
	}
	p.Inject(0, []byte("waits"))
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ready(first); len(got) != 0 {
		t.Errorf("a closed queue is ready: %v", got)
	}
	if got := recv(t, second, openRx(t, p, 0, second), 2); fmt.Sprint(got) != "[waits]" {
		t.Errorf("received %v", got)
	}
}

func TestEngineWaits(t *testing.T) {
	e := newEngine(t)
	e.Wake()
	if err := e.Wait(-1); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := e.Wait(time.Millisecond); err != nil || time.Since(begin) < time.Millisecond {
		t.Errorf("waited %v, %v", time.Since(begin), err)
	}
	p := New(Options{Name: "p"})
	openRx(t, p, 0, e)
	ready(e)
	go p.Inject(0, []byte("x"))
	for len(ready(e)) == 0 {
		if err := e.Wait(-1); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Watch(3, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("watched a descriptor: %v", err)
	}
}

func TestNothingIsAllocatedWhenDiscarding(t *testing.T) {
	e, p := newEngine(t), New(Options{Name: "p", Discard: true})
	rx, tx := openRx(t, p, 0, e), openTx(t, p, e)
	p.Repeat(0, 1000, make([]byte, 60))
	dst, done := make([]*packet.Buf, 4), make([]ports.TxDone, 4)
	if n := testing.AllocsPerRun(100, func() {
		n, _ := rx.Recv(dst)
		tx.Send(dst[:n])
		for _, d := range done[:tx.Reap(done)] {
			d.Buf.Free(e.Pool())
		}
	}); n != 0 {
		t.Errorf("%v allocations a turn, want 0", n)
	}
}
