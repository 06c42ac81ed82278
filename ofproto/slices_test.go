package ofproto

import (
	"fmt"
	"testing"
	"time"

	"vswitch/openflow"
)

// tick has the switch's clock go on by step whenever somebody looks at it.
func (j *jar) tick(step time.Duration) {
	at := int64(0)
	j.sw.options.Clock = func() int64 { at += int64(step); return at }
}

// goOn has the session do what it has left, with others in between.
func (p *peer) goOn(between func()) (turns int) {
	p.t.Helper()
	for ; p.s.Stalled(); turns++ {
		between()
		p.s.Input(nil, p.j.now)
	}
	return turns
}

// TestInputInSlices: what takes long is done in slices with others in between, in the
// order in which it came, to its end.
func TestInputInSlices(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p, other := j.connect(b, Controller, openflow.V13), j.connect(b, Service, openflow.V13)
	j.tick(time.Millisecond)
	const n = 40
	var messages []openflow.Message
	for i := range n {
		messages = append(messages, flowOf(t, fmt.Sprintf("add priority=%d,actions=output:1", i)), &openflow.EchoRequest{Data: []byte{byte(i)}})
	}
	p.send(append(messages, &openflow.BarrierRequest{})...)
	if !p.s.Stalled() {
		t.Fatal("all was done in one slice")
	}
	p.send(&openflow.EchoRequest{Data: []byte{n}}) // behind what is left
	before := 0
	turns := p.goOn(func() {
		j.now += int64(time.Second)
		p.s.Tick(j.now) // the peer is not silent: what it has said waits here
		flows := len(other.ask(statsRequest())[0].(*openflow.FlowStatsReply).Flows)
		if flows < before || flows > n {
			t.Errorf("%d flows after %d", flows, before)
		}
		before = flows
	})
	if most := 2*n + 2; turns < most/6 || turns > most/3 {
		t.Errorf("%d messages of a millisecond took %d turns", most, turns)
	}
	if err := p.s.Err(); err != nil {
		t.Fatal(err)
	}
	next := byte(0)
	for _, m := range p.receive() {
		switch m := m.(type) {
		case *openflow.EchoReply:
			if m.Data[0] != next {
				t.Errorf("reply %d in place of %d", m.Data[0], next)
			}
			next++
		case *openflow.BarrierReply:
			if next != n || b.table(0).n != n {
				t.Errorf("the barrier is answered after %d replies, with %d flows", next, b.table(0).n)
			}
		default:
			t.Errorf("got %v", m)
		}
	}
	if next != n+1 {
		t.Errorf("%d replies of %d", next, n+1)
	}
}

// TestSlowMessagesEachGetTheirTurn: each slice does one message, however late it is.
func TestSlowMessagesEachGetTheirTurn(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
	j.tick(time.Second)
	p.send(&openflow.EchoRequest{}, &openflow.EchoRequest{}, &openflow.EchoRequest{})
	if turns := p.goOn(func() {}); turns != 2 {
		t.Errorf("%d turns", turns)
	}
	if got := p.receive(); len(got) != 3 {
		t.Error(describeAll(got))
	}
}

// TestEndedBetweenSlices: a session that ends, or whose bridge goes, does no more.
func TestEndedBetweenSlices(t *testing.T) {
	for name, end := range map[string]func(j *jar, p *peer){
		"failed": func(j *jar, p *peer) { p.s.fail(fmt.Errorf("the peer has gone")) },
		"reconfigured": func(j *jar, p *peer) {
			p.s.bridge.Configure(BridgeConfig{DatapathID: 1, Versions: openflow.Versions(openflow.V10)}, j.now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJar(t, false)
			b := j.bridge("br0", 2, FailSecure)
			p := j.connect(b, Service, openflow.V13)
			j.tick(time.Second)
			p.send(flowOf(t, "add priority=1,actions=drop"), flowOf(t, "add priority=2,actions=drop"))
			end(j, p)
			p.s.Input(nil, j.now)
			if p.s.Stalled() || p.s.Err() == nil || b.table(0).n != 1 {
				t.Errorf("stalled %v, err %v, %d flows", p.s.Stalled(), p.s.Err(), b.table(0).n)
			}
			p.s.Close(j.now)
		})
	}
}

// TestBundleWaitsForItsMessages: a bundle is not idle while what follows may be for it.
func TestBundleWaitsForItsMessages(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Service, openflow.V14)
	j.tick(time.Second)
	p.send(&openflow.BundleControl{ID: 1, Type: openflow.BundleOpenRequest, Flags: openflow.BundleAtomic},
		&openflow.BundleAdd{ID: 1, Flags: openflow.BundleAtomic, XID: 7, Message: flowOf(t, "add priority=1,actions=drop")},
		&openflow.BundleControl{ID: 1, Type: openflow.BundleCommitRequest, Flags: openflow.BundleAtomic})
	p.goOn(func() {
		j.now += 2 * int64(bundleIdle)
		j.sw.Run(j.now)
	})
	if got := p.receive(); b.table(0).n != 1 {
		t.Errorf("%d flows, answers %s", b.table(0).n, describeAll(got))
	}
}

// TestExpiryInSlices: many flows whose time comes at once go some at a time, without a
// pause, each with its message.
func TestExpiryInSlices(t *testing.T) {
	j := newJar(t, false)
	b, second := j.bridge("br0", 2, FailSecure), j.bridge("br1", 2, FailSecure)
	p := j.connect(b, Controller, openflow.V13)
	const n = 3*expiresAtOnce + 7
	added := j.now
	for i := range n {
		p.send(flowOf(t, fmt.Sprintf("add send_flow_rem,priority=%d,hard_timeout=%d,idle_timeout=%d,actions=drop", i, 10*(i%2), 10*(1-i%2))))
	}
	p.ask(flowOf(t, "add table=1,hard_timeout=11,actions=drop"))
	j.connect(second, Controller, openflow.V13).ask(flowOf(t, "add hard_timeout=10,actions=drop"))
	left := n
	for turns := 0; left > 0; turns++ {
		if turns > 2*n/expiresAtOnce {
			t.Fatalf("%d flows are left after %d turns", left, turns)
		}
		next := j.sw.Run(added + int64(10*time.Second) + int64(turns))
		if gone := left - b.table(0).n; gone == 0 || gone > expiresAtOnce {
			t.Errorf("%d flows went at once", gone)
		}
		if left = b.table(0).n; left > 0 && next > added+int64(10*time.Second)+int64(turns) {
			t.Errorf("%d flows are left, and there is a pause of %v", left, time.Duration(next-added-int64(10*time.Second)))
		}
	}
	j.sw.Run(added + int64(10*time.Second) + 100)
	if b.table(1).n != 1 || second.table(0).n != 0 {
		t.Errorf("%d and %d flows are left, want 1 and 0", b.table(1).n, second.table(0).n)
	}
	told := map[uint16]openflow.RemovedReason{}
	for _, m := range p.receive() {
		if r, is := m.(*openflow.FlowRemoved); is {
			told[r.Priority] = r.Reason
		}
	}
	for i := range uint16(n) {
		want := openflow.RemovedHardTimeout
		if i%2 == 0 {
			want = openflow.RemovedIdleTimeout
		}
		if told[i] != want {
			t.Fatalf("flow %d is told to have gone for %v, want %v; %d are told", i, told[i], want, len(told))
		}
	}
}
