package datapath

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"vswitch/flow"
	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// slowFunc is a slow path that is one function.
type slowFunc func(u *Upcall, v *Verdict) error

func (f slowFunc) Upcall(u *Upcall, v *Verdict) error { return f(u, v) }

// jar is a datapath with dummy ports that the test steps by hand.
type jar struct {
	t     testing.TB
	dp    *Datapath
	ports []*dummy.Port // port number i+1
	now   int64
}

func newJar(t testing.TB, slow SlowPath, n int, o Options, port dummy.Options) *jar {
	t.Helper()
	o.NewEngine = func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }
	dp, err := New(slow, o)
	if err != nil {
		t.Fatal(err)
	}
	j := &jar{t: t, dp: dp}
	for i := range n {
		port.Name = fmt.Sprintf("p%d", i+1)
		p := dummy.New(port)
		id, err := dp.AddPort(p, PortOptions{})
		if err != nil || id != PortID(i+1) {
			t.Fatalf("port %d: number %d, %v", i+1, id, err)
		}
		j.ports = append(j.ports, p)
	}
	t.Cleanup(func() {
		if l := dp.Ledger(); l.Imbalance() != 0 {
			t.Errorf("ledger out of balance by %d: %+v", l.Imbalance(), l)
		}
		if err := dp.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// step breathes until nothing is left to do.
func (j *jar) step() {
	for range 10_000 {
		j.now++
		if !j.dp.Step(j.now) {
			return
		}
	}
	j.t.Fatal("the workers do not come to rest")
}

// frame is a UDP frame whose source address and port follow from n.
func frame(n int) []byte {
	k := &flow.Key{}
	k.EthDst, k.EthSrc = flow.MAC{2, 0, 0, 0, 0, 2}, flow.MAC{2, 0, 0, 0, 0, 1}
	k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv4, packet.ProtoUDP, 64
	k.IPSrc, k.IPDst = 0x0a000000+uint32(n), 0x0a000002
	k.TPSrc, k.TPDst = uint16(1024+n%60000), 5000
	f, err := flow.Compose(k, make([]byte, 22))
	if err != nil {
		panic(err)
	}
	return f
}

// toPort sends all of a port's packets to another.
func toPort(id PortID) slowFunc {
	return func(u *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(id))
		return nil
	}
}

func TestForwardAndCount(t *testing.T) {
	j := newJar(t, toPort(2), 2, Options{}, dummy.Options{})
	for i := range 100 {
		j.ports[0].Inject(0, frame(i))
	}
	j.step()
	if n := len(j.ports[1].Sent()); n != 100 {
		t.Fatalf("%d frames arrived", n)
	}
	rx, _ := j.dp.PortCounters(1)
	tx, _ := j.dp.PortCounters(2)
	size := uint64(len(frame(0)))
	if rx.RxPackets != 100 || rx.RxBytes != 100*size || tx.TxPackets != 100 || tx.TxBytes != 100*size || rx.Queues[0].Packets != 100 {
		t.Errorf("rx %+v\ntx %+v", rx, tx)
	}
	c := j.dp.WorkerCounters()[0]
	if c.Upcalls != 1 || c.Megaflows != 1 {
		t.Errorf("one decision should serve all: %+v", c)
	}
	if m := j.dp.Megaflows()[0]; m.Hits().Packets != 100 || m.Hits().Bytes != 100*size {
		t.Errorf("megaflow counted %+v", m.Hits())
	}
}

// creditCounter adds up what it is credited.
type creditCounter struct{ Hits }

func (c *creditCounter) Credit(h Hits) {
	c.Packets += h.Packets
	c.Bytes += h.Bytes
	c.Used = max(c.Used, h.Used)
}

func TestCreditsAreFoldedOnce(t *testing.T) {
	credit := &creditCounter{}
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(2))
		v.Credits = append(v.Credits, credit)
		v.Mask.IPSrc = 0xffffffff
		v.Tags, v.Version = 1, 1
		return nil
	})
	j := newJar(t, slow, 2, Options{}, dummy.Options{})
	for round := range 3 {
		for i := range 10 {
			j.ports[0].Inject(0, frame(i))
		}
		j.step()
		j.dp.Fold()
		j.dp.Fold()
		if want := uint64(10 * (round + 1)); credit.Packets != want {
			t.Fatalf("round %d: credited %d packets, want %d", round, credit.Packets, want)
		}
	}
	for i := range 10 {
		j.ports[0].Inject(0, frame(i))
	}
	j.step()
	j.dp.Revalidate(2, 1, func(m *Megaflow) bool { return false })
	if n := len(j.dp.Megaflows()); n != 0 || credit.Packets != 40 {
		t.Errorf("%d megaflows left, %d packets credited, want 0 and 40", n, credit.Packets)
	}
	// An answer of an older version is used, and not kept.
	j.ports[0].Inject(0, frame(0))
	j.step()
	if n := len(j.dp.Megaflows()); n != 0 || credit.Packets != 41 {
		t.Errorf("%d megaflows of an old version, %d packets credited", n, credit.Packets)
	}
}

func TestDropsHaveReasons(t *testing.T) {
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		switch u.Key.TPSrc {
		case 1024:
			v.Actions = append(v.Actions, Drop(DropFlow))
		case 1025:
			return errors.New("no idea")
		case 1026:
			v.Actions = append(v.Actions, Output(99))
		case 1027:
			panic("a bug")
		default:
			v.Actions = append(v.Actions, Output(2))
		}
		v.Mask.TPSrc = 0xffff
		return nil
	})
	j := newJar(t, slow, 2, Options{}, dummy.Options{MTU: 100})
	j.ports[0].Inject(0, frame(0), frame(1), frame(2), frame(3), frame(4), []byte{1, 2, 3}, append(frame(4), make([]byte, 200)...))
	j.ports[0].InjectFrames(0, dummy.Frame{Data: frame(4), Meta: packet.Meta{Fault: packet.FaultTruncated}},
		dummy.Frame{Data: frame(4), Meta: packet.Meta{Fault: packet.FaultBadOffload}},
		dummy.Frame{Data: frame(4), Meta: packet.Meta{Fault: packet.FaultUnfinishedCsum}})
	j.step()
	c, _ := j.dp.PortCounters(1)
	out, _ := j.dp.PortCounters(2)
	for _, r := range []DropReason{DropFlow, DropUpcallError, DropPortUnknown, DropPanic, DropRunt, DropTruncated, DropBadOffload, DropUnfinishedCsum} {
		if c.Drops[r] != 1 {
			t.Errorf("%s counted %d times", r, c.Drops[r])
		}
	}
	if out.Drops[DropMTU] != 1 || out.TxPackets != 1 {
		t.Errorf("output port: %d sent, %d too big", out.TxPackets, out.Drops[DropMTU])
	}
}

func TestDropTable(t *testing.T) {
	names := map[string]DropReason{}
	for r := range NumDropReasons {
		i := r.Info()
		if i.Name == "" || i.Help == "" {
			t.Errorf("reason %d has no name or no help", r)
		}
		if other, taken := names[i.Name]; taken {
			t.Errorf("reasons %d and %d are both called %s", other, r, i.Name)
		}
		names[i.Name] = r
	}
}

func TestPanicGoesOnBehindTheFrame(t *testing.T) {
	var dumped []byte
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		if u.Key.TPSrc == 1024+5 {
			panic("a bug")
		}
		v.Actions = append(v.Actions, Output(2))
		v.Mask.TPSrc = 0xffff
		return nil
	})
	j := newJar(t, slow, 2, Options{OnPanic: func(_ int, _ any, frame, _ []byte) { dumped = frame }}, dummy.Options{})
	for i := range 10 {
		j.ports[0].Inject(0, frame(i))
	}
	j.step()
	if n := len(j.ports[1].Sent()); n != 9 {
		t.Errorf("%d frames arrived, want 9", n)
	}
	if string(dumped) != string(frame(5)) {
		t.Errorf("dumped %x", dumped)
	}
}

// TestPanicInSearch breaks what the cache remembers of one frame: the batch that it is in is
// dropped, and what comes behind it goes on.
func TestPanicInSearch(t *testing.T) {
	panics := 0
	j := newJar(t, toPort(2), 2, Options{OnPanic: func(int, any, []byte, []byte) { panics++ }}, dummy.Options{})
	j.ports[0].Inject(0, frame(0))
	j.step()
	j.dp.Megaflows()[0].mask = nil
	for range 2 * BatchSize {
		j.ports[0].Inject(0, frame(0))
	}
	j.step()
	if c, _ := j.dp.PortCounters(1); panics != 2 || c.Drops[DropPanic] != 2*BatchSize {
		t.Errorf("%d panics, %d frames dropped for them", panics, c.Drops[DropPanic])
	}
	j.dp.workers[0].cache = newCache(0, 64)
	j.ports[0].Inject(0, frame(0))
	j.step()
	if n := len(j.ports[1].Sent()); n != 2 {
		t.Errorf("%d frames arrived, want 2", n)
	}
}

func TestRecirculation(t *testing.T) {
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		switch u.Key.RecircID {
		case 0:
			v.Actions = append(v.Actions, Action{Op: OpPushVLAN, Arg: 0x8100<<16 | 5}, Action{Op: OpRecirc, Arg: 7})
		case 7:
			if u.Key.VLAN[0].TCI != 5|flow.VLANPresent {
				t.Errorf("looked up again with tag %#x", u.Key.VLAN[0].TCI)
			}
			v.Actions = append(v.Actions, Action{Op: OpPopVLAN}, Output(2))
		}
		return nil
	})
	j := newJar(t, slow, 2, Options{}, dummy.Options{})
	for i := range 200 {
		j.ports[0].Inject(0, frame(i))
	}
	j.step()
	sent := j.ports[1].Sent()
	if len(sent) != 200 {
		t.Fatalf("%d frames arrived", len(sent))
	}
	for i, f := range sent {
		if string(f.Data) != string(frame(i)) {
			t.Fatalf("frame %d changed or out of order", i)
		}
	}
}

func TestRecirculationEnds(t *testing.T) {
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Action{Op: OpRecirc, Arg: 1})
		return nil
	})
	j := newJar(t, slow, 1, Options{}, dummy.Options{})
	j.ports[0].Inject(0, frame(0))
	j.step()
	if c, _ := j.dp.PortCounters(1); c.Drops[DropRecircDepth] != 1 {
		t.Errorf("drops: %v", c.Drops)
	}
}

// TestRecirculationOfCopiesEnds has a frame come back twice from every lookup.
func TestRecirculationOfCopiesEnds(t *testing.T) {
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		again := Action{Op: OpRecirc, Arg: 1}
		v.Actions = append(v.Actions, Action{Op: OpClone, X: &Extra{Sub: []Action{again}}}, again)
		return nil
	})
	j := newJar(t, slow, 1, Options{}, dummy.Options{})
	for range 2 { // each has the same limit
		j.ports[0].Inject(0, frame(0))
		j.step()
	}
	w := j.dp.WorkerCounters()[0]
	c, _ := j.dp.PortCounters(1)
	if w.Recirculations != 2*maxRelooks || c.Drops[DropNoBuffers] != 0 || c.Drops[DropRecircDepth] != 2*(maxRelooks+2) {
		t.Errorf("looked up again %d times, want %d; %d dropped as too deep, %d without buffers",
			w.Recirculations, 2*maxRelooks, c.Drops[DropRecircDepth], c.Drops[DropNoBuffers])
	}
}

func TestInject(t *testing.T) {
	var seen []any
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		if u.Reason != UpcallPacketOut || u.Handle != "handle" {
			t.Errorf("upcall %v with %v", u.Reason, u.Handle)
		}
		seen = append(seen, u.Handle)
		v.Actions = append(v.Actions, Output(1), Output(2))
		return nil
	})
	j := newJar(t, slow, 2, Options{}, dummy.Options{})
	list := []Origin{{Frame: frame(1), Handle: "handle"}, {Frame: frame(2), Handle: "handle"}, {Frame: frame(3), Handle: "handle"}}
	if n := j.dp.Inject(list, func() bool { return len(seen) == 2 }); n != 2 || list[0].Err != nil || list[1].Err != nil {
		t.Errorf("%d frames of 2 injected: %v", n, list)
	}
	for i, p := range j.ports {
		if sent := p.Sent(); len(sent) != 2 || !bytes.Equal(sent[0].Data, frame(1)) || !bytes.Equal(sent[1].Data, frame(2)) {
			t.Errorf("port %d sent %d frames", i+1, len(sent))
		}
	}
}

func TestSuperFramesAreSplitForPortsThatTakeNone(t *testing.T) {
	k := &flow.Key{}
	k.EthDst, k.EthSrc, k.EthType = flow.MAC{2, 0, 0, 0, 0, 2}, flow.MAC{2, 0, 0, 0, 0, 1}, packet.EthTypeIPv4
	k.IPProto, k.IPTTL, k.IPSrc, k.IPDst, k.TPSrc, k.TPDst, k.TCPFlags = packet.ProtoTCP, 64, 1, 2, 3, 4, packet.TCPAck
	data, err := flow.Compose(k, make([]byte, 10_000))
	if err != nil {
		t.Fatal(err)
	}
	meta := packet.Meta{Offload: packet.Offload{NeedsCsum: true, CsumStart: 34, CsumOffset: 16, GSO: packet.GSOTCPv4, GSOSize: 1448, HdrLen: 54}}
	j := newJar(t, toPort(2), 2, Options{}, dummy.Options{MTU: 1500})
	j.ports[0].InjectFrames(0, dummy.Frame{Data: data, Meta: meta})
	j.step()
	if n := len(j.ports[1].Sent()); n != 7 {
		t.Errorf("%d segments, want 7", n)
	}
	j.ports[1].Change(func(i *ports.Info) { i.Offloads = ports.Offloads{Csum: true, TSO4: true} })
	j.dp.SetInfo(2, j.ports[1].Info())
	j.ports[0].InjectFrames(0, dummy.Frame{Data: data, Meta: meta})
	j.step()
	if n := len(j.ports[1].Sent()); n != 1 {
		t.Errorf("%d frames, want the super-frame whole", n)
	}
	c, _ := j.dp.PortCounters(1)
	if c.RxPackets != 2 || c.RxSegments != 14 {
		t.Errorf("received %d packets of %d segments", c.RxPackets, c.RxSegments)
	}
}

// TestMasksAgainstNaive compares cached forwarding with asking every time, under
// random masks that a sound slow path could answer with.
func TestMasksAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	decide := func(u *Upcall, v *Verdict) error {
		// A decision tree that looks at different words for different packets.
		k := u.Key
		v.Mask.IPSrc |= 1
		if k.IPSrc&1 == 0 {
			v.Mask.TPSrc |= 6
			v.Actions = append(v.Actions, Output(PortID(2+(k.TPSrc&6)/2)))
			return nil
		}
		v.Mask.IPSrc |= 0x30
		v.Actions = append(v.Actions, Output(PortID(2+k.IPSrc>>4&3)))
		return nil
	}
	var sent [2][5][]string
	for i, noCache := range []bool{false, true} {
		j := newJar(t, slowFunc(decide), 5, Options{NoCache: noCache, Seed: seed}, dummy.Options{})
		rng := rand.New(rand.NewPCG(seed, 1))
		for range 3000 {
			j.ports[0].Inject(0, frame(rng.IntN(1000)))
		}
		j.step()
		for p := range j.ports {
			for _, f := range j.ports[p].Sent() {
				sent[i][p] = append(sent[i][p], string(f.Data))
			}
		}
		if c := j.dp.WorkerCounters()[0]; !noCache && (c.Megaflows != 8 || c.Misses != 8) {
			t.Errorf("%d megaflows from %d misses, want 8: they overlap or are too narrow", c.Megaflows, c.Misses)
		}
	}
	for p := range sent[0] {
		if fmt.Sprint(sent[0][p]) != fmt.Sprint(sent[1][p]) {
			t.Errorf("port %d: the cache changed what is sent", p+1)
		}
	}
}

func TestRemovePortUnderTraffic(t *testing.T) {
	j := newJar(t, toPort(2), 3, Options{}, dummy.Options{})
	j.ports[1].Hold(true)
	j.ports[0].Inject(0, frame(1), frame(2))
	j.step()
	if l := j.dp.Ledger(); l.Held != 2 {
		t.Errorf("%d frames held", l.Held)
	}
	if err := j.dp.RemovePort(2); err != nil {
		t.Fatal(err)
	}
	j.ports[0].Inject(0, frame(1))
	j.step()
	c, _ := j.dp.PortCounters(1)
	if c.Drops[DropPortUnknown] != 1 || j.dp.Ledger().Held != 0 {
		t.Errorf("drops %v, ledger %+v", c.Drops, j.dp.Ledger())
	}
	if id, err := j.dp.AddPort(dummy.New(dummy.Options{Name: "new"}), PortOptions{}); err != nil || id != 4 {
		t.Errorf("new port got number %d, %v", id, err)
	}
}

func TestForwardingAllocatesNothing(t *testing.T) {
	for name, actions := range map[string][]Action{
		"output":  {Output(2)},
		"flood":   {Output(2), Output(3), Output(4)},
		"rewrite": {{Op: OpSet, X: &Extra{Set: rewriteAll()}}, {Op: OpPushVLAN, Arg: 0x8100<<16 | 5}, Output(2)},
		"recirc":  {{Op: OpHash}, {Op: OpRecirc, Arg: 1}},
		"meter":   {{Op: OpMeter, X: &Extra{Meter: NewMeter([]MeterBand{{Rate: 1000}})}}, Output(2)},
		"drop":    {Drop(DropFlow)},
	} {
		t.Run(name, func(t *testing.T) {
			slow := slowFunc(func(u *Upcall, v *Verdict) error {
				if u.Key.RecircID != 0 {
					v.Actions = append(v.Actions, Output(2))
				} else {
					v.Actions = append(v.Actions, actions...)
				}
				return nil
			})
			j := newJar(t, slow, 4, Options{}, dummy.Options{Discard: true})
			j.ports[0].Repeat(0, 1000, frame(1), frame(2), frame(3))
			for range 4 { // the first packets make megaflows and lists
				j.now++
				j.dp.Step(j.now)
			}
			if n := testing.AllocsPerRun(20, func() { j.now++; j.dp.Step(j.now) }); n != 0 {
				t.Errorf("%v allocations in a breath of %d frames", n, BatchSize)
			}
			j.step()
		})
	}
}

// rewriteAll is a Set of most fields of a UDP frame.
func rewriteAll() *Set {
	s := &Set{Headers: HdrEth | HdrIPv4 | HdrPorts}
	s.Value.EthSrc, s.Mask.EthSrc = flow.MAC{2, 1, 1, 1, 1, 1}, flow.MAC{255, 255, 255, 255, 255, 255}
	s.Value.IPSrc, s.Mask.IPSrc = 0x01020304, ^uint32(0)
	s.Value.TPDst, s.Mask.TPDst = 99, 0xffff
	return s
}
