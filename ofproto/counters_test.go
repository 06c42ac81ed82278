package ofproto

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	"vswitch/openflow"
)

// TestCounters wants flows summed by cookie and by table, and messages counted by
// kind, also those of a session that is over.
func TestCounters(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	j.flows(b, `cookie=0x12,priority=5,udp,actions=resubmit(,3)
cookie=0x13,table=3,actions=output:2
cookie=0x20,priority=1,tcp,actions=drop`)
	frame := udp(1, 2, nil)
	for range 3 {
		j.send("br0p1", frame)
	}
	j.dp.Fold()
	size := uint64(len(frame))
	want := []FlowSum{{2, 6, 6 * size}, {1, 3, 3 * size}, {1, 0, 0}, {3, 6, 6 * size}, {}}
	got := b.SumFlows([]CookieMatch{{0x10, 0xf0}, {0x12, ^uint64(0)}, {0x20, ^uint64(0)}, {0, 0}, {0x99, ^uint64(0)}})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("flows by cookie: %+v, want %+v", got, want)
	}
	tables := []TableCounters{{0, 2, 3, 3}, {3, 1, 3, 3}}
	if got := b.TableCounters(); !reflect.DeepEqual(got, tables) {
		t.Errorf("tables: %+v, want %+v", got, tables)
	}
	active := []FlowActivity{
		{RuleName{"br0", 0, 5, 0x12}, "udp", 3, 3 * size},
		{RuleName{"br0", 3, 0x8000, 0x13}, "", 3, 3 * size},
	}
	in := j.sw.ActiveFlows(j.now, 10)
	slices.SortFunc(in, func(a, b FlowActivity) int { return cmp.Compare(a.Table, b.Table) })
	if !reflect.DeepEqual(in, active) {
		t.Errorf("active: %+v, want %+v", in, active)
	}
	if n := len(j.sw.ActiveFlows(j.now, 1)); n != 1 {
		t.Errorf("%d of at most 1 active flows", n)
	}
	if in := j.sw.ActiveFlows(j.now+1, 10); len(in) != 0 {
		t.Errorf("active in the future: %+v", in)
	}
	p := j.connect(b, Controller, openflow.V13)
	p.ask(&openflow.EchoRequest{}, &openflow.EchoRequest{}, &openflow.RoleRequest{Role: openflow.RolePrimary})
	p.s.Input([]byte{4, 99, 0, 8, 0, 0, 0, 1}, j.now)
	info := b.Sessions()[0]
	if info.Received != info.Sent || info.Received != 6 || info.Role != "primary" || info.Version != "OpenFlow13" {
		t.Errorf("session: %+v", info)
	}
	p.s.Close(j.now)
	counts := map[MessageCount]bool{}
	for _, c := range b.Messages() {
		counts[c] = true
	}
	for _, c := range []MessageCount{{"OFPT_ECHO_REQUEST", false, 2}, {"OFPT_ECHO_REPLY", true, 2}, {"undecodable", false, 1}, {"OFPT_ERROR", true, 1}} {
		if !counts[c] {
			t.Errorf("messages: no %+v among %v", c, counts)
		}
	}
}

// TestNextRun wants a loop that looks over megaflows for long to rest for as long.
func TestNextRun(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, c := range []struct {
		begin, end, next, at int64
		rests                bool
	}{
		{0, ms / 10, 500 * ms, 500 * ms, false},
		{10 * ms, 13 * ms, 500 * ms, 16 * ms, true},
		{0, 2000 * ms, 500 * ms, 2050 * ms, true},
	} {
		if at, rests := NextRun(c.begin, c.end, c.next); at != c.at || rests != c.rests {
			t.Errorf("%+v: at %d, rests %v", c, at, rests)
		}
	}
}
