package ofproto

import (
	"sync"
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// runWorkers starts a datapath with a bridge of four ports.
func runWorkers(t testing.TB, o datapath.Options) (*datapath.Datapath, *Bridge, [4]*dummy.Port, func() int64) {
	start := time.Now()
	o.Clock = func() int64 { return int64(time.Since(start)) + 1 }
	o.NewEngine = func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }
	o.OnPanic = func(_ int, v any, _, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) }
	sw := New(Options{})
	dp, err := datapath.New(sw, o)
	if err != nil {
		t.Fatal(err)
	}
	sw.SetDatapath(dp)
	dp.Start()
	b, err := sw.AddBridge("br0", BridgeConfig{FailMode: FailSecure}, o.Clock())
	if err != nil {
		t.Fatal(err)
	}
	var devices [4]*dummy.Port
	for i := range devices {
		devices[i] = dummy.New(dummy.Options{Name: string(rune('a' + i))})
		id, err := dp.AddPort(devices[i], datapath.PortOptions{})
		if err != nil {
			t.Fatal(err)
		}
		info := PortInfo{Present: true, Carrier: true, AdminUp: true}
		if _, err := b.AddPort(PortConfig{Name: devices[i].Name()}, id, info, o.Clock()); err != nil {
			t.Fatal(err)
		}
	}
	return dp, b, devices, o.Clock
}

// TestConcurrent runs two workers while frames come in on all ports and the
// tables change under them. It is for the race detector; what it checks itself is
// that a barrier means what it says: a frame that comes in after the reply is
// never sent to where an older flow said.
func TestConcurrent(t *testing.T) {
	dp, b, devices, clock := runWorkers(t, datapath.Options{Workers: 2})
	stop := make(chan struct{})
	var noise sync.WaitGroup
	for i := range 2 { // learning traffic on ports c and d
		noise.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				devices[2+i].Inject(0, udp(byte(10+n%50), byte(10+(n+7)%50), nil))
				devices[2+i].Sent()
				if n%64 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	s := b.NewSession(SessionOptions{Kind: Service}, clock())
	p := &peer{t: t, j: &jar{t: t, now: clock()}, s: s, version: openflow.V13}
	p.send(&openflow.Hello{Versions: openflow.Versions(openflow.V13), Bitmap: true})
	p.receive()
	p.ask(flowOf(t, "add priority=1,actions=NORMAL"))
	for round := range 60 {
		out := 1 - round%2 // port b, then a, and so on
		action := []string{"actions=in_port", "actions=output:2"}[out]
		p.j.now = clock()
		p.ask(flowOf(t, "add priority=9,in_port=1,"+action))
		for range 20 {
			devices[0].Inject(0, udp(1, 2, func(k *flow.Key) { k.TPSrc = uint16(round) }))
		}
		var got [2]int
		for deadline := time.Now().Add(5 * time.Second); got[0]+got[1] < 20 && time.Now().Before(deadline); {
			for i := range got {
				for _, f := range devices[i].Sent() {
					if f.Data[11] == 1 { // from the sender above, not from the noise
						got[i]++
					}
				}
			}
		}
		if got[out] != 20 || got[1-out] != 0 {
			t.Fatalf("round %d: %d of 20 frames went where the flow says, %d where it said before", round, got[out], got[1-out])
		}
		if round%10 == 0 {
			b.sw.Run(clock())
			b.sw.RevalidateAll(clock())
		}
	}
	close(stop)
	noise.Wait()
	dp.Synchronize()
	if l := dp.Ledger(); l.Imbalance() != 0 || l.Received == 0 {
		t.Errorf("ledger out of balance by %d: %+v", l.Imbalance(), l)
	}
	if err := dp.Close(); err != nil {
		t.Error(err)
	}
}

// TestConcurrentGroups changes a group, a meter and a watched port while two workers
// send through them: no packet is lost to the group's counter, or counted twice.
func TestConcurrentGroups(t *testing.T) {
	dp, b, devices, clock := runWorkers(t, datapath.Options{Workers: 2})
	p := &peer{t: t, j: &jar{t: t, now: clock()}, s: b.NewSession(SessionOptions{Kind: Service}, clock()), version: openflow.V15}
	p.send(&openflow.Hello{Versions: openflow.Versions(openflow.V15), Bitmap: true})
	p.receive()
	change := func(m *openflow.GroupMod, command openflow.GroupModCommand) *openflow.GroupMod {
		m.Command = command
		for i := range m.Buckets {
			m.Buckets[i].Weight = uint16(i + 1)
		}
		return m
	}
	meter := &openflow.MeterMod{MeterConfig: openflow.MeterConfig{Meter: 1, Flags: openflow.MeterKbps, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1 << 31}}}}
	watched := out(2)
	watched.WatchPort = 2
	few := func() *openflow.GroupMod { return addGroup(1, openflow.GroupTypeSelect, watched, out(1)) }
	many := func() *openflow.GroupMod {
		return addGroup(1, openflow.GroupTypeSelect, out(1), watched, out(2), out(1), out(2))
	}
	if got := p.ask(meter, change(few(), openflow.GroupAdd), flowOf(t, "add actions=meter:1,group:1")); len(got) != 0 {
		t.Fatal(describeAll(got))
	}
	const n = 5000
	var noise sync.WaitGroup
	for i := range 2 {
		noise.Go(func() {
			for k := range n {
				devices[2+i].Inject(0, udp(1, 2, func(key *flow.Key) { key.TPSrc = uint16(k) }))
				if k%50 == 49 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { noise.Wait(); close(done) }()
	for round, going := 0, true; going; round++ {
		p.j.now = clock()
		meter.Command = openflow.MeterModify
		m := change(few(), openflow.GroupModify)
		if round%2 == 0 {
			m = change(many(), openflow.GroupModify)
		}
		if got := p.ask(m, meter); len(got) != 0 {
			t.Fatal(describeAll(got))
		}
		port := b.Port("b")
		info := port.Info()
		info.Carrier = round%3 > 0
		port.SetDevice(port.state.Load().id, info, clock())
		select {
		case <-done:
			going = false
		default:
		}
		devices[0].Sent()
		devices[1].Sent()
	}
	received := func() uint64 {
		dp.Synchronize()
		return dp.Ledger().Received
	}
	for deadline := time.Now().Add(20 * time.Second); received() < 2*n && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	p.j.now = clock()
	s := p.ask(&openflow.GroupStatsRequest{Group: 1})[0].(*openflow.GroupStatsReply).Groups[0]
	if s.Packets != 2*n {
		t.Errorf("the group counted %d packets of %d", s.Packets, 2*n)
		for id := range datapath.PortID(5) {
			c, _ := dp.PortCounters(id)
			t.Logf("port %d drops %v", id, c.Drops)
		}
	}
	if l := dp.Ledger(); l.Imbalance() != 0 {
		t.Errorf("ledger out of balance by %d: %+v", l.Imbalance(), l)
	}
	if err := dp.Close(); err != nil {
		t.Error(err)
	}
}
