package ofproto

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// randomFlowKey is a flow of one of the kinds that select groups have to spread.
func randomFlowKey(rng *rand.Rand) (k flow.Key) {
	k.InPort = 1
	k.EthSrc, k.EthDst = flow.MAC{2, 0, 0, 0, 0, 1}, flow.MAC{2, 0, 0, 0, 0, 2}
	switch rng.IntN(4) {
	case 0:
		k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv4, packet.ProtoTCP, 64
		k.IPSrc, k.IPDst, k.TPSrc, k.TPDst = rng.Uint32(), rng.Uint32(), uint16(rng.Uint32()), uint16(rng.Uint32())
	case 1:
		k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv6, packet.ProtoUDP, 64
		for i := range k.IPv6Src {
			k.IPv6Src[i], k.IPv6Dst[i] = byte(rng.Uint32()), byte(rng.Uint32())
		}
		k.TPSrc, k.TPDst = uint16(rng.Uint32()), uint16(rng.Uint32())
	case 2:
		k.EthType, k.ARPOp = packet.EthTypeARP, 1
		k.IPSrc, k.IPDst = rng.Uint32(), rng.Uint32()
	default:
		k.EthType = 0x88b5
		k.EthSrc = flow.MAC{2, byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()), 0, 1}
	}
	return k
}

// TestSelectShares: over 100,000 flows each bucket's share is its weight's within 2
// percentage points, whatever the weights, and also where some buckets are dead.
func TestSelectShares(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	for range 12 {
		g := &Group{id: rng.Uint32(), kind: openflow.GroupTypeSelect}
		for range 1 + rng.IntN(40) {
			k := openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Weight: uint16(rng.IntN(20))}
			if rng.IntN(4) == 0 {
				k.Weight = uint16(rng.IntN(65536))
			}
			if rng.IntN(4) == 0 {
				k.WatchPort = 2 // which is not there
			}
			g.buckets = append(g.buckets, newBucket(k))
		}
		g.fillSlots()
		l := &liveness{bridge: b}
		total := 0
		for _, k := range g.candidates(l) {
			total += int(k.Weight)
		}
		const n = 100_000
		got := map[*bucket]int{}
		for range n {
			k := randomFlowKey(rng)
			got[g.choose(l, k.HashFlow(uint64(g.basis())))]++
		}
		for i, k := range g.buckets {
			want := 0.0
			if l.bucket(g, k) && total > 0 {
				want = float64(k.Weight) / float64(total)
			}
			if share := float64(got[k]) / n; math.Abs(share-want) > 0.02 {
				t.Errorf("seed %d: bucket %d of %d got %.2f %%, want %.2f %%", seed, i, len(g.buckets), 100*share, 100*want)
			}
		}
		if got[nil] != 0 && total > 0 {
			t.Errorf("%d flows got no bucket", got[nil])
		}
	}
}

// TestGroupExplosion: groups that lead to others many times over end at a limit.
func TestGroupExplosion(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Service, openflow.V13)
	to := func(id uint32) openflow.Bucket {
		return openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: []openflow.Action{openflow.Group{ID: id}}}
	}
	if got := p.ask(addGroup(0, openflow.GroupTypeAll, out(2))); len(got) != 0 {
		t.Fatal(describeAll(got))
	}
	last := uint32(0)
	for last < maxDepth-1 {
		last++
		if got := p.ask(addGroup(last, openflow.GroupTypeAll, to(last-1), to(last-1))); len(got) != 0 {
			t.Fatal(describeAll(got))
		}
	}
	p.fails(openflow.ErrGroupModChainingUnsupported, addGroup(last+1, openflow.GroupTypeAll, to(last)))
	modify := addGroup(0, openflow.GroupTypeAll, to(last))
	modify.Command = openflow.GroupModify
	p.fails(openflow.ErrGroupModLoop, modify)
	p.ask(flowOf(t, "add in_port=1,actions=group:63"))
	if got := j.send("br0p1", udp(1, 2, nil)); got != "" {
		t.Errorf("sent %q", got)
	}
	// Buckets that watch groups in a circle, many times over, are dead and quickly so.
	watch := func(id uint32) openflow.Bucket {
		k := to(0)
		k.WatchPort, k.WatchGroup = openflow.PortAny, id
		return k
	}
	for id := uint32(100); id < 160; id++ {
		next := id + 1
		if next == 160 {
			next = 100
		}
		p.ask(addGroup(id, openflow.GroupTypeFF, watch(next), watch(next), watch(next)))
	}
	p.ask(flowOf(t, "add in_port=1,actions=group:100"))
	if got := j.send("br0p1", udp(1, 2, nil)); got != "" {
		t.Errorf("sent %q", got)
	}
}

// TestDepth: a packet passes 64 tables backward, or 64 groups, and no more
// (ovs-actions(7), "Recursion too deep").
func TestDepth(t *testing.T) {
	for _, c := range []struct {
		steps  int
		passes bool
	}{{64, true}, {65, false}} {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
		p.ask(flowOf(t, fmt.Sprintf("add table=0,actions=resubmit(,%d)", c.steps+1)))
		for n := c.steps + 1; n > 1; n-- {
			p.ask(flowOf(t, fmt.Sprintf("add table=%d,actions=resubmit(,%d)", n, n-1)))
		}
		p.ask(flowOf(t, "add table=1,actions=output:2"))
		if got := j.send("br0p1", udp(1, 2, nil)); (got != "") != c.passes {
			t.Errorf("%d tables backward: sent %q", c.steps, got)
		}
	}
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
	p.ask(addGroup(1, openflow.GroupTypeIndirect, out(2)))
	for id := uint32(2); id <= 64; id++ {
		to := openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: []openflow.Action{openflow.Group{ID: id - 1}}}
		p.ask(addGroup(id, openflow.GroupTypeIndirect, to))
	}
	p.ask(flowOf(t, "add actions=group:64"))
	if got := j.send("br0p1", udp(1, 2, nil)); got == "" {
		t.Error("64 groups: nothing was sent")
	}
}
