package ofproto

import (
	"fmt"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// out is an output action as a bucket has it.
func out(port openflow.PortNo, more ...openflow.Action) openflow.Bucket {
	return openflow.Bucket{ID: uint32(port), WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny,
		Actions: append(more, openflow.Output{Port: port})}
}

func addGroup(id uint32, kind openflow.GroupType, buckets ...openflow.Bucket) *openflow.GroupMod {
	for i := range buckets {
		buckets[i].ID = uint32(i)
	}
	return &openflow.GroupMod{Command: openflow.GroupAdd, Type: kind, Group: id, Buckets: buckets, CommandBucket: openflow.BucketAll}
}

func TestGroupTypes(t *testing.T) {
	const rest = " 1:1000>2:2000 ttl64 tos0"
	for _, noCache := range []bool{true, false} {
		j := newJar(t, noCache)
		b := j.bridge("br0", 4, FailSecure)
		p := j.connect(b, Service, openflow.V13)
		watch := func(k openflow.Bucket, port openflow.PortNo) openflow.Bucket { k.WatchPort = port; return k }
		if got := p.ask(
			addGroup(1, openflow.GroupTypeAll, out(2, openflow.SetIPDSCP{TOS: 8}), out(3), out(1)),
			addGroup(2, openflow.GroupTypeIndirect, out(3)),
			addGroup(3, openflow.GroupTypeFF, watch(out(2), 2), watch(out(3), 3)),
			addGroup(4, openflow.GroupTypeAll, openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: []openflow.Action{openflow.Group{ID: 2}}}, out(4)),
			addGroup(5, openflow.GroupTypeAll),
			flowOf(t, "add udp,tp_dst=2000,in_port=1,priority=1,actions=group:1"),
		); len(got) != 0 {
			t.Fatal(describeAll(got))
		}
		send := func(group int, want string) {
			t.Helper()
			if got := p.ask(flowOf(t, fmt.Sprintf("add udp,tp_dst=2000,in_port=1,priority=1,actions=group:%d", group))); len(got) != 0 {
				t.Fatal(describeAll(got))
			}
			for range 2 {
				if got := j.send("br0p1", udp(1, 2, nil)); got != want {
					t.Errorf("group %d: got\n%s\nwant\n%s", group, got, want)
				}
			}
		}
		send(1, "br0p2 01>02 1:1000>2:2000 ttl64 tos8\nbr0p3 01>02"+rest)
		send(2, "br0p3 01>02"+rest)
		send(3, "br0p2 01>02"+rest)
		send(4, "br0p3 01>02"+rest+"\nbr0p4 01>02"+rest)
		send(5, "")
		// The first port goes down: the next one takes over, at once.
		port := b.Port("br0p2")
		info := port.Info()
		info.Carrier = false
		port.SetDevice(port.state.Load().id, info, j.now)
		j.settle()
		send(3, "br0p3 01>02"+rest)
		got := p.ask(&openflow.GroupStatsRequest{Group: 4})
		s := got[0].(*openflow.GroupStatsReply).Groups[0]
		if s.Packets != 2 || len(s.Buckets) != 2 || s.Buckets[0].Packets != 2 || s.RefCount != 0 {
			t.Errorf("statistics %+v", s)
		}
	}
}

func TestGroupErrors(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 3, FailSecure), Service, openflow.V13)
	p.ask(addGroup(1, openflow.GroupTypeAll, out(2)))
	chain := func(id, to uint32) *openflow.GroupMod {
		return addGroup(id, openflow.GroupTypeAll, openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: []openflow.Action{openflow.Group{ID: to}}})
	}
	p.fails(openflow.ErrGroupModGroupExists, addGroup(1, openflow.GroupTypeAll, out(2)))
	p.fails(openflow.ErrGroupModInvalidGroup, addGroup(2, openflow.GroupTypeIndirect, out(2), out(3)))
	p.fails(openflow.ErrGroupModInvalidGroup, addGroup(2, openflow.GroupTypeFF, out(2)))
	p.fails(openflow.ErrGroupModInvalidGroup, addGroup(0xffffff01, openflow.GroupTypeAll, out(2)))
	modify := addGroup(9, openflow.GroupTypeAll, out(2))
	modify.Command = openflow.GroupModify
	p.fails(openflow.ErrGroupModUnknownGroup, modify)
	p.fails(openflow.ErrGroupModLoop, chain(3, 3))
	p.ask(chain(3, 1))
	back := chain(1, 3)
	back.Command = openflow.GroupModify
	p.fails(openflow.ErrGroupModLoop, back)
	p.fails(openflow.ErrGroupModChainedGroup, &openflow.GroupMod{Command: openflow.GroupDelete, Group: 1})
	p.fails(openflow.ErrActionBadOutGroup, flowOf(t, "add actions=group:77"))
	// A deleted group takes its flows along.
	p.ask(flowOf(t, "add actions=group:3"))
	p.ask(&openflow.GroupMod{Command: openflow.GroupDelete, Group: 3})
	if got := p.ask(statsRequest()); len(got[0].(*openflow.FlowStatsReply).Flows) != 0 {
		t.Error("the flow outlived its group")
	}
}

// TestSelectGroupWeights spreads 20,000 flows of several kinds over a select group.
func TestSelectGroupWeights(t *testing.T) {
	for _, method := range []string{"", "hash", "dp_hash"} {
		j := newJar(t, false)
		b := j.bridge("br0", 4, FailSecure)
		p := j.connect(b, Service, openflow.V15)
		g := addGroup(1, openflow.GroupTypeSelect, out(2), out(3), out(4))
		g.Props.Method = method
		weights := []float64{5, 3, 2}
		for i := range g.Buckets {
			g.Buckets[i].Weight = uint16(weights[i])
		}
		if got := p.ask(g, flowOf(t, "add actions=group:1")); len(got) != 0 {
			t.Fatal(describeAll(got))
		}
		const n = 20_000
		for i := range n {
			f := udp(byte(i), byte(i>>8), func(k *flow.Key) {
				switch i % 3 {
				case 0:
					k.TPSrc, k.TPDst = uint16(i), uint16(i>>4)
				case 1:
					k.EthType, k.IPProto, k.TPSrc, k.TPDst, k.IPTTL = packet.EthTypeARP, 0, 0, 0, 0
					k.ARPOp, k.IPSrc = 1, uint32(i)
				default:
					k.EthType, k.IPProto, k.IPSrc, k.IPDst, k.IPTTL, k.TPSrc, k.TPDst = 0x1234, 0, 0, 0, 0, 0, 0
					k.EthSrc[3], k.EthSrc[4] = byte(i), byte(i>>8)
				}
			})
			j.ports["br0p1"].Inject(0, f)
			if i%500 == 499 {
				j.settle()
			}
		}
		j.settle()
		for i := range weights {
			share := float64(j.ports[fmt.Sprintf("br0p%d", i+2)].Count()) / n
			if d := share - weights[i]/10; d > 0.02 || d < -0.02 {
				t.Errorf("method %q: bucket %d got %.1f %%, its weight is %.0f %%", method, i, share*100, weights[i]*10)
			}
		}
		if m := len(j.dp.Megaflows()); method != "hash" && m > 1000 {
			t.Errorf("method %q: %d megaflows for %d flows", method, m, n)
		}
	}
}
