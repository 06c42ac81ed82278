package ofproto

import (
	"math/rand/v2"
	"testing"

	"vswitch/openflow"
)

// held counts what peers have the switch keep, by looking at all of it. taken is what
// Output gave each session last.
func held(sessions []*Session, taken map[*Session]int) (waiting int64, gathered int) {
	for _, s := range sessions {
		waiting += int64(len(s.out) + taken[s])
		for _, q := range s.packetIns.queues {
			for _, m := range q.messages {
				waiting += int64(len(m))
			}
		}
		for _, b := range s.bundles {
			for _, m := range b.messages {
				gathered += len(m) + messageCost
			}
		}
		for _, p := range s.parts {
			gathered += p.size
		}
	}
	return waiting, gathered
}

// TestMemoryIsCounted has sessions do all that makes the switch keep something, or no
// more, and compares the sums with what there is.
func TestMemoryIsCounted(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	j.flows(b, "actions=controller")
	var peers []*peer
	taken := map[*Session]int{}
	check := func(what string) {
		t.Helper()
		var sessions []*Session
		for _, p := range peers {
			sessions = append(sessions, p.s)
		}
		if waiting, gathered := held(sessions, taken); j.sw.waiting.Load() != waiting || j.sw.gathered != gathered {
			t.Fatalf("%s: %d bytes wait and %d are gathered, want %d and %d", what, j.sw.waiting.Load(), j.sw.gathered, waiting, gathered)
		}
	}
	part, err := openflow.Append(nil, openflow.V14, 7, &openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	part[11] |= 1 // OFPMPF_REQ_MORE
	flow := flowOf(t, "add priority=1,udp,actions=output:1")
	for range 3000 {
		if len(peers) < 3 {
			p := j.connect(b, SessionKind(r.IntN(3)), openflow.V14)
			taken[p.s] = len(p.s.Output()) // nothing: connect has read
			peers = append(peers, p)
			continue
		}
		i := r.IntN(len(peers))
		p := peers[i]
		id := uint32(r.IntN(3))
		what := []string{"features", "echo", "add", "control", "part", "output", "packet", "time", "close"}[r.IntN(9)]
		switch what {
		case "features":
			if r.IntN(10) == 0 {
				p.send(&openflow.PortDescRequest{Port: openflow.PortAny}, &openflow.TableFeaturesRequest{})
			}
		case "echo":
			p.send(&openflow.EchoRequest{Data: make([]byte, r.IntN(2000))}, &openflow.BarrierRequest{})
		case "add":
			p.send(&openflow.BundleAdd{ID: id, Flags: openflow.BundleFlags(r.IntN(2)), Message: flow, XID: p.xid + uint32(1+r.IntN(20)/19)})
		case "control":
			p.send(&openflow.BundleControl{ID: id, Type: openflow.BundleControlType(r.IntN(8)), Flags: openflow.BundleAtomic})
		case "part":
			part[11] = byte(r.IntN(8)/7) ^ 1
			p.s.Input(part, j.now)
		case "output":
			taken[p.s] = len(p.s.Output())
		case "packet":
			j.send("br0p1", udp(1, 2, nil))
		case "time":
			j.now += int64(bundleIdle) / 4
			j.sw.Run(j.now)
		case "close":
			p.s.Close(j.now)
			peers = append(peers[:i], peers[i+1:]...)
			delete(taken, p.s)
		}
		check(what)
	}
	for _, p := range peers {
		p.s.Close(j.now)
	}
	peers = nil
	check("the end")
}
