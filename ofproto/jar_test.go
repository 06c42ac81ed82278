package ofproto

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// jar is a switch over a datapath with dummy ports, for tests of this package.
type jar struct {
	t     testing.TB
	sw    *Switch
	dp    *datapath.Datapath
	ports map[string]*dummy.Port
	now   int64
}

func newJar(t testing.TB, noCache bool) *jar {
	t.Helper()
	j := &jar{t: t, sw: New(Options{}), ports: map[string]*dummy.Port{}, now: 1}
	dp, err := datapath.New(j.sw, datapath.Options{
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) },
		NoCache:   noCache,
		OnPanic: func(_ int, v any, frame, stack []byte) {
			t.Errorf("forwarding panicked on %x: %v\n%s", frame, v, stack)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	j.dp = dp
	j.sw.SetDatapath(dp)
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

// bridge makes a bridge with ports 1 to n, named like it: br0 has br0p1, ….
func (j *jar) bridge(name string, n int, mode FailMode) *Bridge {
	j.t.Helper()
	b, err := j.sw.AddBridge(name, BridgeConfig{DatapathID: 1, FailMode: mode}, j.now)
	if err != nil {
		j.t.Fatal(err)
	}
	for i := 1; i <= n; i++ {
		j.port(b, PortConfig{Name: fmt.Sprintf("%sp%d", name, i), No: openflow.PortNo(i)})
	}
	return b
}

func (j *jar) port(b *Bridge, c PortConfig) *Port {
	j.t.Helper()
	info := PortInfo{MAC: flow.MAC{2, 0, 0, 0, 1, byte(c.No)}, Carrier: true, AdminUp: true, Present: true}
	var id datapath.PortID
	if c.Peer == "" {
		d := dummy.New(dummy.Options{Name: c.Name})
		var err error
		if id, err = j.dp.AddPort(d, datapath.PortOptions{}); err != nil {
			j.t.Fatal(err)
		}
		j.ports[c.Name] = d
	}
	p, err := b.AddPort(c, id, info, j.now)
	if err != nil {
		j.t.Fatal(err)
	}
	j.settle()
	return p
}

func (j *jar) settle() {
	for range 1000 {
		j.now++
		busy := j.dp.Step(j.now)
		j.sw.Settle(j.now)
		if !busy {
			return
		}
	}
	j.t.Fatal("the switch does not come to rest")
}

// flows adds flows, one a line.
func (j *jar) flows(b *Bridge, lines string) {
	j.t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		m, err := text.ParseFlow(strings.TrimSpace(line), text.Options{})
		if err != nil {
			j.t.Fatal(err)
		}
		unlock := b.sw.lock(j.now)
		err = b.flowMod(m, openflow.V10, "")
		unlock()
		if err != nil {
			j.t.Fatalf("%s: %v", line, err)
		}
	}
	j.settle()
}

// tryFlows adds those of some random flows that are not refused.
func (j *jar) tryFlows(b *Bridge, lines string) {
	defer j.settle()
	defer b.sw.lock(j.now)()
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if m, err := text.ParseFlow(line, text.Options{}); err == nil {
			_ = b.flowMod(m, openflow.V10, "")
		}
	}
}

// udp is a UDP frame.
func udp(src, dst byte, edit func(*flow.Key)) []byte {
	k := &flow.Key{}
	k.EthSrc, k.EthDst = flow.MAC{2, 0, 0, 0, 0, src}, flow.MAC{2, 0, 0, 0, 0, dst}
	k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv4, packet.ProtoUDP, 64
	k.IPSrc, k.IPDst, k.TPSrc, k.TPDst = 0x0a000000+uint32(src), 0x0a000000+uint32(dst), 1000, 2000
	if edit != nil {
		edit(k)
	}
	f, err := flow.Compose(k, make([]byte, 18))
	if err != nil {
		panic(err)
	}
	return f
}

// send injects a frame and returns what came out: "port: key" a line.
func (j *jar) send(port string, frame []byte) string {
	j.t.Helper()
	j.ports[port].Inject(0, frame)
	j.settle()
	return j.sent()
}

// sent describes what was sent: "port key", in order of the ports' names.
func (j *jar) sent() string {
	var lines []string
	for name, p := range j.ports {
		for _, f := range p.Sent() {
			pool, err := packet.NewPool(4, 2048, 256)
			if err != nil {
				j.t.Fatal(err)
			}
			b := packet.FromBytes(f.Data, pool, pool)
			var k flow.Key
			flow.Extract(b, &k)
			b.Free(pool)
			lines = append(lines, name+" "+brief(&k))
		}
	}
	sortStrings(lines)
	return strings.Join(lines, "\n")
}

func sortStrings(s []string) {
	for i := range s {
		for k := i; k > 0 && s[k] < s[k-1]; k-- {
			s[k], s[k-1] = s[k-1], s[k]
		}
	}
}

// brief tells what tests are about of a key.
func brief(k *flow.Key) string {
	s := fmt.Sprintf("%02x>%02x", k.EthSrc[5], k.EthDst[5])
	for _, v := range k.VLAN {
		if v.TCI != 0 {
			s += fmt.Sprintf(" vlan%d/%d", v.TCI&0xfff, v.TCI>>13)
		}
	}
	if k.MPLS[0] != 0 {
		s += fmt.Sprintf(" mpls%d ttl%d", k.MPLS[0]>>12, k.MPLS[0]&0xff)
	}
	if k.EthType == packet.EthTypeIPv4 {
		s += fmt.Sprintf(" %d:%d>%d:%d ttl%d tos%d", k.IPSrc&0xff, k.TPSrc, k.IPDst&0xff, k.TPDst, k.IPTTL, k.IPTOS)
	}
	return s
}
