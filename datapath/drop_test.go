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
