package datapath

import (
	"bytes"
	"testing"

	"vswitch/ports/dummy"
)

// TestDropSamples keeps a frame for each reason, the newest breath's, with the decision
// that it was dropped by, without allocating for those that come after the first.
func TestDropSamples(t *testing.T) {
	credit := &creditCounter{}
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Credits, v.Mask.IPSrc = append(v.Credits, credit), ^uint32(0)
		v.Actions = append(v.Actions, Drop(DropFlow+DropReason(u.Key.IPSrc&1)))
		return nil
	})
	j := newJar(t, slow, 1, Options{}, dummy.Options{})
	for i := range 10 {
		j.ports[0].Inject(0, frame(i))
		j.step()
	}
	got := j.dp.DropSamples(1)
	if len(got) != 2 {
		t.Fatalf("%d samples, want 2: %+v", len(got), got)
	}
	for i, s := range got {
		want := frame(8 + i)
		if s.Reason != DropFlow+DropReason(i) || !bytes.Equal(s.Head, want) || s.Size != len(want) || s.InPort != 1 || len(s.Credits) != 1 {
			t.Errorf("sample %d: %+v", i, s)
		}
	}
	j.doesNotAllocate(frame(1))
	if j.dp.DropSamples(77) != nil {
		t.Error("samples of a port that does not exist")
	}
}

// TestDropSamplesOfOthers has frames dropped while another one's decision is in work:
// it is not the decision that they were dropped by.
func TestDropSamplesOfOthers(t *testing.T) {
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Credits, v.Mask.IPSrc = append(v.Credits, &creditCounter{}), ^uint32(0)
		v.Actions = append(v.Actions, Output(2))
		return nil
	})
	sample := func(j *jar, id PortID, r DropReason) {
		t.Helper()
		for _, s := range j.dp.DropSamples(id) {
			if s.Reason == r {
				if s.Credits != nil {
					t.Errorf("%s: dropped by %v", r, s.Credits)
				}
				return
			}
		}
		t.Errorf("no frame was dropped for %s", r)
	}

	j := newJar(t, slow, 2, Options{UpcallBudget: 1}, dummy.Options{})
	j.ports[0].Inject(0, frame(1))
	j.step()
	for _, n := range []int{2, 1, 3} { // a decision, one that is known, one too many
		j.ports[0].Inject(0, frame(n))
	}
	j.step()
	sample(j, 1, DropUpcallBudget)

	j = newJar(t, slow, 2, Options{}, dummy.Options{Capacity: 1})
	for i := range BatchSize { // which leave while the last is in work
		j.ports[0].Inject(0, frame(i*2/BatchSize))
	}
	j.step()
	sample(j, 2, DropTxFull)
}
