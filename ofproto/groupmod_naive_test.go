package ofproto

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vswitch/openflow"
)

// naiveUsers finds who refers to what by looking at everything.
func naiveUsers(b *Bridge) (u users) {
	u.init()
	b.eachTable(openflow.TableAll, func(t *Table) {
		t.all(b.sw.version.Load(), func(r *Rule) {
			for a := range everyAction(r.actions) {
				switch a := a.(type) {
				case openflow.Group:
					u.flowsOfGroup.enter(a.ID, r)
				case openflow.Meter:
					u.flowsOfMeter.enter(a.ID, r)
				}
			}
		})
	})
	for _, g := range b.groups.all() {
		for _, k := range g.buckets {
			for a := range everyAction(k.Actions) {
				switch a := a.(type) {
				case openflow.Group:
					u.groupsOfGroup.enter(a.ID, g.id)
				case openflow.Meter:
					u.groupsOfMeter.enter(a.ID, g.id)
				}
			}
		}
	}
	return u
}

func sameReferrers[K comparable](a, b referrers[uint32, K]) bool {
	return maps.EqualFunc(a, b, func(x, y map[K]struct{}) bool { return maps.Equal(x, y) })
}

// checkUsers compares what the bridge knows with what there is.
func checkUsers(b *Bridge) error {
	have, want := &b.users, naiveUsers(b)
	switch {
	case !sameReferrers(have.flowsOfGroup, want.flowsOfGroup):
		return fmt.Errorf("flows of groups: %v, want %v", have.flowsOfGroup, want.flowsOfGroup)
	case !sameReferrers(have.flowsOfMeter, want.flowsOfMeter):
		return fmt.Errorf("flows of meters: %v, want %v", have.flowsOfMeter, want.flowsOfMeter)
	case !sameReferrers(have.groupsOfGroup, want.groupsOfGroup):
		return fmt.Errorf("groups of groups: %v, want %v", have.groupsOfGroup, want.groupsOfGroup)
	case !sameReferrers(have.groupsOfMeter, want.groupsOfMeter):
		return fmt.Errorf("groups of meters: %v, want %v", have.groupsOfMeter, want.groupsOfMeter)
	}
	return nil
}

// naiveState is what groups there are, with those that each one forwards to, and what
// meters.
type naiveState struct {
	groups map[uint32][]uint32
	meters map[uint32]bool
}

func (n *naiveState) clone() *naiveState {
	return &naiveState{maps.Clone(n.groups), maps.Clone(n.meters)}
}

// longest follows every way on from a group; loop says that one comes to from.
func (n *naiveState) longest(id, from uint32) (longest int, loop bool) {
	for _, next := range n.groups[id] {
		if next == from {
			return 0, true
		}
		below, circle := n.longest(next, from)
		if circle {
			return 0, true
		}
		longest = max(longest, below+1)
	}
	return longest, false
}

// refers says what is wrong with actions for groups and a meter (0: none).
func (n *naiveState) refers(groups []uint32, meter uint32) openflow.ErrorCode {
	if meter != 0 && !n.meters[meter] {
		return openflow.ErrActionBadMeter
	}
	for _, id := range groups {
		if _, found := n.groups[id]; !found {
			return openflow.ErrActionBadOutGroup
		}
	}
	return 0
}

// set makes group id forward to next, or says why not.
func (n *naiveState) set(id uint32, next []uint32) openflow.ErrorCode {
	for _, sub := range next { // in the order of buckets
		if sub == id {
			return openflow.ErrGroupModLoop
		}
		if code := n.refers([]uint32{sub}, 0); code != 0 {
			return code
		}
	}
	old, had := n.groups[id]
	n.groups[id] = next
	longest, loop := n.longest(id, id)
	if !loop && longest < maxDepth {
		return 0
	}
	if n.groups[id] = old; !had {
		delete(n.groups, id)
	}
	if loop {
		return openflow.ErrGroupModLoop
	}
	return openflow.ErrGroupModChainingUnsupported
}

// remove deletes a group that no other forwards to.
func (n *naiveState) remove(id uint32) openflow.ErrorCode {
	for other, next := range n.groups {
		if other != id && slices.Contains(next, id) {
			return openflow.ErrGroupModChainedGroup
		}
	}
	delete(n.groups, id)
	return 0
}

// naiveStep is a message, and what the naive switch makes of it.
type naiveStep struct {
	message openflow.Message
	do      func(*naiveState) openflow.ErrorCode
}

// randomStep changes groups, meters or flows that use them.
func randomStep(t *testing.T, rng *rand.Rand, groups uint32) naiveStep {
	id, meter := 1+rng.Uint32N(groups), rng.Uint32N(4)
	switch rng.IntN(20) {
	case 0, 1:
		return naiveStep{&openflow.GroupMod{Command: openflow.GroupDelete, Group: id, CommandBucket: openflow.BucketAll},
			func(n *naiveState) openflow.ErrorCode { return n.remove(id) }}
	case 2:
		return naiveStep{&openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{Meter: 1 + meter}},
			func(n *naiveState) openflow.ErrorCode { delete(n.meters, 1+meter); return 0 }}
	case 3, 4:
		return naiveStep{&openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 1 + meter}},
			func(n *naiveState) openflow.ErrorCode {
				if n.meters[1+meter] {
					return openflow.ErrMeterModMeterExists
				}
				n.meters[1+meter] = true
				return 0
			}}
	case 5, 6, 7:
		to := []uint32{id, 1 + rng.Uint32N(groups)}
		line := fmt.Sprintf("add table=%d,priority=%d,actions=group:%d,group:%d", rng.IntN(3), rng.IntN(20), to[0], to[1])
		if meter != 0 {
			line = strings.Replace(line, "actions=", fmt.Sprintf("actions=meter:%d,", meter), 1)
		}
		return naiveStep{flowOf(t, line), func(n *naiveState) openflow.ErrorCode { return n.refers(to, meter) }}
	case 8:
		return naiveStep{flowOf(t, fmt.Sprintf("delete_strict priority=%d", rng.IntN(20))), func(*naiveState) openflow.ErrorCode { return 0 }}
	}
	return randomGroup(rng, id)
}

// randomGroup makes or changes a group that goes on in the one before it, most of the
// time: so there are long chains.
func randomGroup(rng *rand.Rand, id uint32) naiveStep {
	var next []uint32
	if id > 1 && rng.IntN(8) > 0 {
		next = append(next, id-1)
	}
	if rng.IntN(8) == 0 {
		next = append(next, 1+rng.Uint32N(id+2))
	}
	meter := uint32(0)
	if rng.IntN(16) == 0 {
		meter = 1 + rng.Uint32N(4)
	}
	return groupStep(id, next, meter)
}

// groupStep makes or changes a group that forwards to others, through a meter if it is
// not 0.
func groupStep(id uint32, next []uint32, meter uint32) naiveStep {
	m := addGroup(id, openflow.GroupTypeAll, out(2))
	m.Command = openflow.GroupAddOrModify
	if meter != 0 {
		m.Buckets[0].Actions = append(m.Buckets[0].Actions, openflow.Meter{ID: meter})
	}
	for _, sub := range next {
		m.Buckets = append(m.Buckets, openflow.Bucket{ID: uint32(len(m.Buckets)), WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny,
			Actions: []openflow.Action{openflow.Group{ID: sub}}})
	}
	return naiveStep{m, func(n *naiveState) openflow.ErrorCode {
		if code := n.refers(nil, meter); code != 0 {
			return code
		}
		return n.set(id, next)
	}}
}

// TestGroupsAgainstNaive makes random changes of groups, meters and flows, some of them
// in bundles that may fail, and compares what is refused, what is left and who is known
// to refer to whom with what a search through everything says.
func TestGroupsAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	refused := map[openflow.ErrorCode]int{}
	for range 4 {
		j := newJar(t, false)
		b := j.bridge("br0", 2, FailSecure)
		p := j.connect(b, Service, openflow.V15)
		want := &naiveState{map[uint32][]uint32{}, map[uint32]bool{}}
		groups := []uint32{8, 100, 150}[rng.IntN(3)]
		for id := uint32(1); id < groups; id++ { // chains nearly as long as can be
			step := groupStep(id, nil, 0)
			if id%(maxDepth-4) != 1 {
				step = groupStep(id, []uint32{id - 1}, 0)
			}
			step.do(want)
			p.ask(step.message)
		}
		for range 400 {
			if rng.IntN(6) == 0 {
				want = tryBundle(t, p, rng, want, groups)
			} else {
				step := randomStep(t, rng, groups)
				code := step.do(want)
				refused[code]++
				if code != 0 {
					p.fails(code, step.message)
				} else if got := p.ask(step.message); len(got) != 0 {
					t.Errorf("%+v: %s", step.message, describeAll(got))
				}
			}
			if err := checkUsers(b); err != nil {
				t.Error(err)
			}
			if err := checkState(b, want); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	t.Log(refused)
}

// tryBundle makes some changes in one step, or none of them.
func tryBundle(t *testing.T, p *peer, rng *rand.Rand, before *naiveState, groups uint32) *naiveState {
	var messages []openflow.Message
	after, fails := before.clone(), false
	for range 1 + rng.IntN(6) {
		step := randomStep(t, rng, groups)
		messages = append(messages, step.message)
		fails = fails || step.do(after) != 0
	}
	if got := p.bundle(messages...); refused(got) != fails {
		t.Errorf("bundle answered with %s, and should fail: %v", describeAll(got), fails)
	}
	if fails {
		return before
	}
	return after
}

// checkState compares groups and meters with those of the naive switch, and looks for
// flows of what is gone.
func checkState(b *Bridge, want *naiveState) error {
	all := b.groups.all()
	for _, g := range all {
		next, found := want.groups[g.id]
		if have := g.forwards(); !found || !slices.Equal(have, slices.Compact(slices.Sorted(slices.Values(next)))) {
			return fmt.Errorf("group %d forwards to %v, want %v", g.id, have, next)
		}
	}
	if len(all) != len(want.groups) || len(b.meters.all()) != len(want.meters) {
		return fmt.Errorf("%d groups and %d meters, want %d and %d", len(all), len(b.meters.all()), len(want.groups), len(want.meters))
	}
	for id := range b.users.flowsOfGroup {
		if _, found := want.groups[id]; !found {
			return fmt.Errorf("a flow still uses group %d", id)
		}
	}
	for id := range b.users.flowsOfMeter {
		if !want.meters[id] {
			return fmt.Errorf("a flow still uses meter %d", id)
		}
	}
	return nil
}
