package ofproto

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// TestRecircTable compares the table with a list in which everything is looked for one
// by one.
func TestRecircTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table recircTable
	table.init()
	var list []*frozen
	rules := []*Rule{nil, {priority: 1}, {priority: 2}, {priority: 3}}
	actions := []openflow.Action{openflow.Output{Port: 1}, openflow.Output{Port: 2}}
	random := func() *frozen {
		f := &frozen{frozenState: frozenState{table: uint8(rng.IntN(2)), rule: rules[rng.IntN(4)], depth: rng.IntN(2)}}
		f.regs[rng.IntN(2)] = uint32(rng.IntN(2))
		for range rng.IntN(3) {
			f.work = append(f.work, frame{rule: rules[rng.IntN(4)], actions: actions[:rng.IntN(3)]})
		}
		for range rng.IntN(2) {
			f.stack = append(f.stack, flow.U64(rng.Uint64N(2)))
		}
		if rng.IntN(3) == 0 {
			f.tunnel = &flow.Match{}
			f.tunnel.Value.TunID, f.tunnel.Mask.TunID = rng.Uint64N(2), 1
		}
		return f
	}
	leads := func(f *frozen, r *Rule) bool {
		return f.rule == r || slices.ContainsFunc(f.work, func(w frame) bool { return w.rule == r })
	}
	for range 20_000 {
		if rng.IntN(400) == 0 {
			gone := rules[1+rng.IntN(3)]
			table.forget([]removal{{rule: gone}})
			list = slices.DeleteFunc(list, func(f *frozen) bool { return leads(f, gone) })
		}
		f := random()
		got, i := table.intern(f), slices.IndexFunc(list, f.same)
		switch {
		case i < 0 && got != f:
			t.Fatalf("%+v stands for %+v", got, f)
		case i < 0:
			list = append(list, f)
		case got != list[i]:
			t.Fatalf("%+v is %+v, not %+v", f, got, list[i])
		}
		if table.len() != len(list) || table.lookup(got.id) != got {
			t.Fatalf("%d states of %d", table.len(), len(list))
		}
	}
	table.forget([]removal{{rule: nil}, {rule: rules[1]}, {rule: rules[2]}, {rule: rules[3]}})
	if table.len() != 0 || len(table.alike) != 0 || len(table.byRule) != 0 {
		t.Errorf("%d states, %d hashes, %d rules are left", table.len(), len(table.alike), len(table.byRule))
	}
}

// TestRecircFull has a packet come when there are as many states as are kept: it is
// dropped by name, and the next one finds room.
func TestRecircFull(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	j.flows(b, "actions=load:1->NXM_NX_REG0[],debug_recirc,output:2")
	var others []*frozen
	for i := range uint64(maxFrozen) {
		others = append(others, j.sw.recircs.intern(&frozen{frozenState: frozenState{metadata: i}}))
	}
	drops := func() uint64 {
		c, _ := j.dp.PortCounters(1)
		return c.Drops[datapath.DropRecircFull]
	}
	if got := j.send("br0p1", udp(1, 2, nil)); got != "" || drops() != 1 {
		t.Errorf("%q comes out, %d packets are dropped, want 1", got, drops())
	}
	j.sw.recircs.mu.Lock()
	j.sw.recircs.drop(others[0])
	j.sw.recircs.mu.Unlock()
	if got := j.send("br0p1", udp(1, 2, nil)); got == "" || drops() != 1 {
		t.Errorf("%q comes out, %d packets are dropped, want 1: the second has room", got, drops())
	}
}
