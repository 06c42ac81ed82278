package datapath

import (
	"bytes"
	"testing"

	"vswitch/ports/dummy"
)

// TestLastFrame wants the last frame of a port whatever became of it, and of a long one
// its beginning.
func TestLastFrame(t *testing.T) {
	slow := slowFunc(func(_ *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Drop(DropFlow))
		return nil
	})
	j := newJar(t, slow, 2, Options{Workers: 2}, dummy.Options{Queues: 2})
	if l, found := j.dp.LastFrame(1); found {
		t.Errorf("before any frame: %+v", l)
	}
	long := append(frame(2), make([]byte, 1000)...)
	j.ports[0].Repeat(0, 1, frame(1), long)
	j.dp.Step(5)
	if l, found := j.dp.LastFrame(1); !found || l.Time != 5 || l.Size != len(long) || !bytes.Equal(l.Head, long[:lastSize]) {
		t.Errorf("%+v, %t", l, found)
	}
	j.ports[0].Repeat(1, 1, frame(3))
	j.dp.Step(7)
	if l, found := j.dp.LastFrame(1); !found || l.Time != 7 || !bytes.Equal(l.Head, frame(3)) {
		t.Errorf("by the other queue: %+v, %t", l, found)
	}
	for _, id := range []PortID{2, 3, 0} {
		if l, found := j.dp.LastFrame(id); found {
			t.Errorf("port %d: %+v", id, l)
		}
	}
}
