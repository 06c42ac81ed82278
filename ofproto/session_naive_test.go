package ofproto

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vswitch/openflow"
)

// TestSessionsAreCounted has sessions come, change what they want and go, and compares
// what is counted with what a look at all of them says.
func TestSessionsAreCounted(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	var peers []*peer
	for range 5000 {
		if len(peers) == 0 || len(peers) < 6 && r.IntN(3) == 0 {
			v := []openflow.Version{openflow.V10, openflow.V12, openflow.V13}[r.IntN(3)]
			kind := []SessionKind{Controller, Service, Service, Snoop}[r.IntN(4)]
			if r.IntN(4) == 0 { // that has not said hello
				peers = append(peers, &peer{t: t, j: j, s: b.NewSession(SessionOptions{Kind: kind}, j.now), version: v})
			} else {
				peers = append(peers, j.connect(b, kind, v))
			}
		}
		i := r.IntN(len(peers))
		p := peers[i]
		what := r.IntN(5)
		switch {
		case what == 0:
			p.s.Close(j.now)
			if r.IntN(2) == 0 {
				p.s.Close(j.now) // again
			}
			peers = slices.Delete(peers, i, i+1)
		case !p.s.helloed:
		case what == 1:
			p.send(&openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: uint16(r.IntN(2))}})
		case what == 2 && p.version >= openflow.V12:
			p.send(&openflow.RoleRequest{Role: []openflow.Role{openflow.RoleEqual, openflow.RolePrimary, openflow.RoleSecondary}[r.IntN(3)]})
		case what == 3 && p.version == openflow.V13:
			p.send(&openflow.SetAsync{})
		}
		isSnooped, wantsMiss := false, false
		for _, s := range *b.sessions.Load() {
			w := s.wants.Load()
			isSnooped = isSnooped || s.options.Kind == Snoop
			wantsMiss = wantsMiss || w.version != 0 && w.version < openflow.V13 && w.reasons[openflow.AsyncPacketIn] != 0
		}
		if n, m := b.snoops.Load(), b.wantMiss.Load(); n > 0 != isSnooped || m > 0 != wantsMiss {
			t.Fatalf("%d listen, %d want misses, want any: %v and %v", n, m, isSnooped, wantsMiss)
		}
	}
	for _, p := range peers {
		p.s.Close(j.now)
	}
	if n, m := b.snoops.Load(), b.wantMiss.Load(); n != 0 || m != 0 {
		t.Errorf("%d listeners and %d who want misses are left", n, m)
	}
}
