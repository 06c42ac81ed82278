package config

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// seeded returns a generator whose seed is printed when the test fails, and which
// can be given back in place of the clock.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// randomConfig makes a complete, valid configuration. Names and values come from
// small sets, so that two of them have much in common.
func randomConfig(r *rand.Rand) Config {
	c := Default()
	if r.IntN(4) == 0 {
		c.RunDir = pick(r, "/run/a", "/run/b")
	}
	c.Log.Level = pick(r, LogInfo, LogDebug)
	c.Log.Modules = pick(r, nil, map[string]LogLevel{LogPort: LogWarn})
	if r.IntN(2) == 0 {
		c.TLS = TLS{TLSFile{"key.pem", "key"}, TLSFile{"cert.pem", pick(r, "one", "two")}, TLSFile{"ca.pem", "ca"}}
	}
	c.Metrics.Listen = pick(r, "", "127.0.0.1:9475")
	c.Metrics.Cookies = pick(r, nil, []Cookie{{1, ^uint64(0)}})
	c.Datapath.Workers = r.IntN(3)
	c.Reload = pick(r, ReloadSignal, ReloadWatch)
	for i := range 4 {
		if r.IntN(3) > 0 {
			c.Bridges = append(c.Bridges, randomBridge(r, i))
		}
	}
	randomPorts(r, &c)
	r.Shuffle(len(c.Bridges), func(i, j int) { c.Bridges[i], c.Bridges[j] = c.Bridges[j], c.Bridges[i] })
	return c.Complete()
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func randomBridge(r *rand.Rand, i int) Bridge {
	b := NewBridge(fmt.Sprintf("br%d", i))
	b.FailMode = pick(r, FailStandalone, FailSecure)
	b.Protocols = pick(r, 0, OpenFlow13, OpenFlow10|OpenFlow15)
	b.DatapathID = pick(r, 0, uint64(i+1))
	b.MACAging = pick(r, DefaultMACAging, 10*time.Second)
	b.MACTableSize = pick(r, DefaultMACTableSize, 100)
	b.Flows = pick(r, "", "priority=0,actions=NORMAL\n", "actions=drop\n")
	b.FlowsFile = pick(r, "", "flows.txt")
	for _, port := range []uint16{6653, 6654} {
		if r.IntN(3) == 0 {
			b.Controllers = append(b.Controllers, NewController(Endpoint{Scheme: TCP, Host: "127.0.0.1", Port: port}))
		}
	}
	if r.IntN(3) == 0 {
		b.Listen = append(b.Listen, Endpoint{Scheme: PassiveTCP, Port: uint16(7000 + i)})
	}
	if r.IntN(2) == 0 {
		b.Local = true
		b.Address = randomAddresses(r)
		b.MTU = pick(r, 0, 9000)
		b.MAC = pick(r, MAC{}, MAC{2, 0, 0, 0, 0, byte(i)})
	}
	return b
}

func randomAddresses(r *rand.Rand) []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{"10.0.0.1/24", "fd00::1/64"} {
		if r.IntN(2) == 0 {
			list = append(list, netip.MustParsePrefix(s))
		}
	}
	return list
}

// randomPorts deals ports out to the bridges; a pair of patch ports is dealt
// together.
func randomPorts(r *rand.Rand, c *Config) {
	if len(c.Bridges) == 0 {
		return
	}
	add := func(p Port) {
		b := &c.Bridges[r.IntN(len(c.Bridges))]
		b.Ports = append(b.Ports, p)
		if b.StaticMACs == nil && r.IntN(4) == 0 {
			b.StaticMACs = []StaticMAC{{MAC{2}, uint16(r.IntN(2)), p.Name}}
		}
		if b.Tables == nil && r.IntN(4) == 0 {
			b.Tables = []Table{{Table: r.IntN(2), Limit: 1 + r.IntN(2), Overflow: OverflowEvict}}
		}
	}
	for i := range 6 {
		if r.IntN(3) > 0 {
			add(randomPort(r, i))
		}
	}
	if r.IntN(2) == 0 {
		a, b := pick(r, "p0", "p1"), "p2"
		add(Port{Name: a, Type: Patch, Peer: b})
		add(Port{Name: b, Type: Patch, Peer: a})
	}
}

func randomPort(r *rand.Rand, i int) Port {
	p := NewPort(fmt.Sprintf("h%d", i))
	p.Type = pick(r, Tap, Tap, Tap, System, AFXDP, Internal, Dummy, Pcap)
	p.OFPort = pick(r, 0, uint32(10+i))
	p.VLAN.HasTag = r.IntN(2) == 0
	if p.VLAN.HasTag {
		p.VLAN.Tag = uint16(10 * r.IntN(3))
		p.VLAN.Mode = pick(r, "", VLANNativeTagged, VLANNativeUntagged)
	}
	if (p.VLAN.Mode != "" || !p.VLAN.HasTag) && r.IntN(2) == 0 {
		p.VLAN.Trunks.Add(20)
	}
	if p.Type.has(FieldNetns) {
		p.Netns = pick(r, "", p.Name)
	}
	if p.Type.has(FieldMTU) {
		p.MTU = pick(r, 0, 9000)
	}
	if p.Type.has(FieldMAC) {
		p.MAC = pick(r, MAC{}, MAC{2, 0, 0, 0, 1, byte(i)})
	}
	if p.Type.has(FieldQueues) {
		p.Queues = pick(r, 0, 2)
	}
	if p.Type.has(FieldAddress) {
		p.Address = randomAddresses(r)
	}
	if p.Type.has(FieldCoalesce) {
		p.Coalesce = pick(r, Coalesce{}, Coalesce{Given: true}, Coalesce{true, 50, 32})
	}
	if p.Type.has(FieldAffinity) && p.Queues < 2 {
		p.Affinity = pick(r, nil, []int{0})
	}
	if p.Type.has(FieldXDPMode) {
		p.XDPMode = pick(r, "", XDPGeneric)
	}
	p.ShareWithHost = p.Type == System && r.IntN(2) == 0
	if p.Type == Pcap {
		p.File, p.Record = "in.pcap", pick(r, "", "out.pcap")
	}
	return p
}
