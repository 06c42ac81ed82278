package datapath

import (
	"testing"

	"vswitch/ports/dummy"
)

// TestTurns has frames of one port that take a hundred times as long to decide about
// as those of another. Both get the same part of the worker's time.
func TestTurns(t *testing.T) {
	const cheap, dear = 1_000, 100_000
	var now int64
	spent := map[uint32]int64{}
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		cost := int64(cheap)
		if u.Key.InPort == 1 {
			cost = dear
		}
		now += cost
		spent[u.Key.InPort] += cost
		v.Actions, v.NoCache = append(v.Actions, Output(3)), true
		return nil
	})
	j := newJar(t, slow, 3, Options{}, dummy.Options{Discard: true})
	w := j.dp.workers[0]
	w.clock = func() int64 { return now }
	for _, p := range j.ports[:2] {
		p.Repeat(0, 1<<30, frame(1))
	}
	for now < 1_000_000_000 {
		j.dp.Step(now)
	}
	const turn = BatchSize * dear // is not interrupted
	if d := spent[1] - spent[2]; d > 2*turn || d < -2*turn {
		t.Errorf("one port had %d ns, the other %d", spent[1], spent[2])
	}
	// The dear port alone has all the time, and has not used up the future.
	j.ports[1].Repeat(0, 1, frame(1))
	for end := now + 1_000_000_000; now < end; {
		j.dp.Step(now)
	}
	j.ports[1].Repeat(0, 1<<30, frame(1))
	before := map[uint32]int64{1: spent[1], 2: spent[2]}
	for end := now + 1_000_000_000; now < end; {
		j.dp.Step(now)
	}
	if d := spent[1] - before[1] - spent[2] + before[2]; d > 2*turn || d < -2*turn {
		t.Errorf("after a pause, one port had %d ns, the other %d", spent[1]-before[1], spent[2]-before[2])
	}
	for _, p := range j.ports[:2] {
		p.Repeat(0, 1, frame(1))
	}
	j.step()
}

// TestTurnsOfNewcomer has a port flood that had nothing to do so far, after others have
// shared the worker's time for long and paused. When one of them has frames again it
// has its part at once, and need not wait until the newcomer has had as much.
func TestTurnsOfNewcomer(t *testing.T) {
	const cost = 1_000
	var now int64
	spent := map[uint32]int64{}
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		now += cost
		spent[u.Key.InPort] += cost
		v.Actions, v.NoCache = append(v.Actions, Output(4)), true
		return nil
	})
	j := newJar(t, slow, 4, Options{}, dummy.Options{Discard: true})
	j.dp.workers[0].clock = func() int64 { return now }
	run := func(time int64) {
		for end := now + time; now < end; {
			j.dp.Step(now)
		}
	}
	for _, p := range j.ports[:2] {
		p.Repeat(0, 1<<30, frame(1))
	}
	run(1_000_000_000)
	for _, p := range j.ports[:2] {
		p.Repeat(0, 1, frame(1))
	}
	j.step()
	j.ports[2].Repeat(0, 1<<30, frame(1))
	run(1_000_000)
	j.ports[0].Repeat(0, 1<<30, frame(1))
	before := map[uint32]int64{1: spent[1], 3: spent[3]}
	run(100_000_000)
	if one, other := spent[1]-before[1], spent[3]-before[3]; one-other > 1_000_000 || other-one > 1_000_000 {
		t.Errorf("one port had %d ns, the newcomer %d", one, other)
	}
	for _, p := range []*dummy.Port{j.ports[0], j.ports[2]} {
		p.Repeat(0, 1, frame(1))
	}
	j.step()
}
