package attack

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// arena is a running switch with a victim, who sends from port 1 to 2, and an
// attacker at port 3.
type arena struct {
	tb               testing.TB
	dp               *datapath.Datapath
	sw               *ofproto.Switch
	bridge           *ofproto.Bridge
	victim, attacker *dummy.Port
	sink             *dummy.Port
	clock            func() int64
	sent             int         // packets that came at a rate
	tick             func(int64) // lets those come whose time it is; may be nil
	woken            atomic.Bool // of the switch's loop
	due              int64
	resting          bool
}

func newArena(tb testing.TB, flows ...string) *arena {
	tb.Helper()
	start := time.Now()
	a := &arena{tb: tb, clock: func() int64 { return int64(time.Since(start)) + 1 }}
	a.sw = ofproto.New(ofproto.Options{Seed: 1, Wake: func() { a.woken.Store(true) }})
	dp, err := datapath.New(a.sw, datapath.Options{
		Clock:     a.clock,
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) },
		OnPanic:   func(_ int, v any, _, stack []byte) { tb.Errorf("panic: %v\n%s", v, stack) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	a.dp = dp
	a.sw.SetDatapath(dp)
	dp.Start()
	b, err := a.sw.AddBridge("br0", ofproto.BridgeConfig{FailMode: ofproto.FailSecure}, a.clock())
	if err != nil {
		tb.Fatal(err)
	}
	for i, p := range []**dummy.Port{&a.victim, &a.sink, &a.attacker} {
		*p = dummy.New(dummy.Options{Name: string(rune('a' + i)), Discard: true})
		id, err := dp.AddPort(*p, datapath.PortOptions{})
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := b.AddPort(ofproto.PortConfig{Name: (*p).Name()}, id, ofproto.PortInfo{Present: true, Carrier: true, AdminUp: true}, a.clock()); err != nil {
			tb.Fatal(err)
		}
	}
	a.bridge = b
	s := a.session()
	for _, f := range flows {
		m, err := text.ParseFlow(f, text.Options{})
		if err != nil {
			tb.Fatal(err)
		}
		a.say(s, m)
	}
	a.sw.Settle(a.clock())
	tb.Cleanup(func() {
		if err := dp.Close(); err != nil {
			tb.Error(err)
		}
	})
	return a
}

// session is a new one, that speaks OpenFlow 1.3.
func (a *arena) session() *ofproto.Session {
	s := a.bridge.NewSession(ofproto.SessionOptions{Kind: ofproto.Service}, a.clock())
	a.say(s, &openflow.Hello{Versions: openflow.Versions(openflow.V13), Bitmap: true})
	return s
}

func (a *arena) say(s *ofproto.Session, m openflow.Message) {
	data, err := openflow.Append(nil, openflow.V13, 1, m)
	if err != nil {
		a.tb.Fatal(err)
	}
	s.Input(data, a.clock())
	s.Output()
}

// frame makes a TCP frame of 64 bytes.
func frame(tb testing.TB, src, dst uint32, sport, dport uint16) []byte {
	k := &flow.Key{}
	k.EthDst, k.EthSrc = flow.MAC{2, 0, 0, 0, 0, 2}, flow.MAC{2, 0, 0, 0, 0, 1}
	k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv4, packet.ProtoTCP, 64
	k.IPSrc, k.IPDst, k.TPSrc, k.TPDst = src, dst, sport, dport
	f, err := flow.Compose(k, make([]byte, 10))
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// explosion are rules and packets of the tuple-space explosion attack (Csikor et al.,
// "Tuple Space Explosion", CoNEXT 2019): each packet differs from what three rules
// allow at another bit of each of their fields, and is denied for a reason of its own.
func explosion(tb testing.TB) (rules []string, packets [][]byte) {
	rules = []string{
		"priority=100,tcp,tp_dst=80,actions=output:2",
		"priority=90,tcp,nw_src=10.0.0.10,actions=output:2",
		"priority=80,tcp,tp_src=12345,actions=output:2",
		"priority=1,actions=drop",
	}
	for i := range 32 {
		for j := range 16 {
			for k := range 16 {
				packets = append(packets, frame(tb, 0x0a00000a^1<<i, 0x0a000002, 12345^1<<k, 80^1<<j))
			}
		}
	}
	return rules, packets
}

// rate is the victim's frames a second during d, while the attacker goes on with
// packets, at perSecond of them or, for 0, as fast as the switch takes them.
func (a *arena) rate(packets [][]byte, perSecond int, d time.Duration) float64 {
	one := frame(a.tb, 0x0a000001, 0x0a000002, 1000, 80)
	a.victim.Repeat(0, forever, one)
	defer a.victim.Repeat(0, 1, one)
	if perSecond == 0 {
		packets = a.next(packets)
	}
	defer a.feed(a.attacker, packets, perSecond)()
	return a.measure(d)
}

// traffic is the victim's frames a second during d, while it sends packets in turn.
func (a *arena) traffic(packets [][]byte, perSecond int, d time.Duration) float64 {
	defer a.feed(a.victim, packets, perSecond)()
	return a.measure(d)
}

const forever = 1 << 40

// feed has a port receive packets in turn, perSecond of them while measure runs or, for
// 0, as many as the switch takes, until stop.
func (a *arena) feed(p *dummy.Port, packets [][]byte, perSecond int) (stop func()) {
	if perSecond == 0 {
		p.Repeat(0, forever, packets...)
		return func() { p.Repeat(0, 1, packets[0]) }
	}
	const step = 500 * time.Microsecond
	next := a.clock()
	a.tick = func(now int64) {
		for ; now >= next; next += int64(step) {
			for range perSecond * int(step) / int(time.Second) {
				p.Inject(0, packets[a.sent%len(packets)])
				a.sent++
			}
		}
	}
	return func() { a.tick = nil }
}

// measure runs the switch for d.
func (a *arena) measure(d time.Duration) float64 {
	begin, before := a.clock(), a.forwarded()
	for a.clock()-begin < int64(d) {
		if a.tick != nil {
			a.tick(a.clock())
		}
		a.run()
		runtime.Gosched()
	}
	return float64(a.forwarded()-before) / float64(a.clock()-begin) * 1e9
}

// run does what the daemon's loop does: what workers left to be done, and what time
// brings, but not for longer than they have in between.
func (a *arena) run() {
	begin := a.clock()
	if begin < a.due && (a.resting || !a.woken.Swap(false)) {
		return
	}
	next := a.sw.Run(begin)
	a.due, a.resting = ofproto.NextRun(begin, a.clock(), next)
}

// next are the packets with which an attacker goes on, more than it can send in a slice
// of time if none of them is like another.
func (a *arena) next(packets [][]byte) (list [][]byte) {
	const enough = 50_000
	at := int(a.attacks())
	for i := range min(len(packets), enough) {
		list = append(list, packets[(at+i)%len(packets)])
	}
	return list
}

// forwarded is how many frames of the victim the switch has forwarded. What arrives at
// port 2 would be no measure: the attacker's frames go there too.
func (a *arena) forwarded() uint64 {
	c, _ := a.dp.PortCounters(1)
	n := c.RxPackets
	for _, dropped := range c.Drops {
		n -= dropped
	}
	return n
}

// attacks is how many frames of the attacker the switch has taken.
func (a *arena) attacks() uint64 {
	c, _ := a.dp.PortCounters(3)
	return c.RxPackets
}

// BenchmarkExplosion and the other benchmarks report the victim's share: frames a
// second beside the attack by those beside harmless frames of the same number.
func BenchmarkExplosion(b *testing.B) {
	rules, packets := explosion(b)
	benchmark(b, rules, packets)
}

// BenchmarkNewFlows is packets that are all different, more than megaflows may be,
// and rules that look at all that differs.
func BenchmarkNewFlows(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	rules := []string{"priority=1,actions=output:2"}
	for range 1000 {
		rules = append(rules, fmt.Sprintf("priority=10,tcp,nw_src=%s,nw_dst=10.0.0.2,tp_src=%d,tp_dst=%d,actions=drop",
			address(r.Uint32()), r.IntN(1<<16), r.IntN(1<<16)))
	}
	packets := make([][]byte, 400_000)
	for i := range packets {
		packets[i] = frame(b, r.Uint32(), 0x0a000002, uint16(r.Uint32()), uint16(r.Uint32()))
	}
	benchmark(b, rules, packets)
}

// BenchmarkMACFlood is senders without number on a learning switch.
func BenchmarkMACFlood(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	packets := make([][]byte, 400_000)
	for i := range packets {
		packets[i] = frame(b, 0x0a000009, 0x0a000002, 1, 2)
		for k := range 12 {
			packets[i][k] = byte(r.Uint32())
		}
		packets[i][0] &^= 1
		packets[i][6] &^= 1
	}
	benchmark(b, []string{"priority=0,actions=NORMAL"}, packets)
}

func address(ip uint32) string {
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}).String()
}

// benchmark compares two switches, of which one is attacked, in turns: what else the
// machine does meets both.
func benchmark(b *testing.B, rules []string, packets [][]byte) {
	const rounds, slice = 10, 150 * time.Millisecond
	for name, rate := range rates() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				quiet, attacked := newArena(b, rules...), newArena(b, rules...)
				quiet.rate(packets[:1], rate, slice)
				attacked.rate(packets, rate, 2*slice) // caches fill
				var harmless, beside, shares []float64
				taken, begin := attacked.attacks(), attacked.clock()
				for range rounds {
					harmless = append(harmless, quiet.rate(packets[:1], rate, slice))
					beside = append(beside, attacked.rate(packets, rate, slice))
					shares = append(shares, beside[len(beside)-1]/harmless[len(harmless)-1])
				}
				attacks := float64(attacked.attacks()-taken) / float64(attacked.clock()-begin) * 2e9 // half of the time
				w := attacked.dp.WorkerCounters()[0]
				b.ReportMetric(median(shares), "share")
				b.ReportMetric(median(harmless)/1e3, "kf/s-harmless")
				b.ReportMetric(median(beside)/1e3, "kf/s-attacked")
				b.ReportMetric(attacks/1e3, "kf/s-attacker")
				b.ReportMetric(float64(w.Subtables), "masks")
				b.ReportMetric(float64(w.Megaflows), "megaflows")
			}
		})
	}
}

// rates are those of frames that benchmarks run at; 0 is as many as go.
func rates() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		_ = yield("100000 a second", 100_000) && yield("as many as go", 0)
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
