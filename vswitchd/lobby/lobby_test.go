package lobby

import (
	"io"
	"testing"
)

// guest notes that it was closed.
type guest struct{ isOut bool }

func (g *guest) Close() error {
	g.isOut = true
	return io.ErrClosedPipe
}

func TestLobby(t *testing.T) {
	l := New(2)
	a, b, c, d := &guest{}, &guest{}, &guest{}, &guest{}
	check := func(what string, out ...*guest) {
		t.Helper()
		for i, g := range []*guest{a, b, c, d} {
			want := false
			for _, o := range out {
				want = want || o == g
			}
			if g.isOut != want {
				t.Errorf("%s: connection %d closed: %v", what, i, g.isOut)
			}
		}
		if n := l.PushedOut(); n != uint64(len(out)) {
			t.Errorf("%s: %d pushed out", what, n)
		}
	}
	l.Enter(a)
	l.Enter(b)
	l.Enter(a)
	check("room for both")
	l.Enter(c)
	check("b is now the one that has waited longest", b)
	l.Leave(a)
	l.Leave(b)
	l.Enter(d)
	check("a has left its place", b)
	l.Enter(b)
	check("c goes", b, c)
	if n := len(l.waiting); n != 2 {
		t.Errorf("%d wait", n)
	}
}
