package ofproto

import (
	"errors"
	"testing"

	"vswitch/openflow"
)

// TestFlowForABufferedPacket names a packet that the switch would have to keep: nothing is
// changed.
func TestFlowForABufferedPacket(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Controller, v)
		m := flowOf(t, "actions=output:2")
		m.Buffer = 5
		p.fails(openflow.ErrRequestBufferUnknown, m)
		if n := len(p.ask(statsRequest())[0].(*openflow.FlowStatsReply).Flows); n != 0 {
			t.Errorf("%d flows are there", n)
		}
	})
}

// TestLateHello has a peer say hello again, which means nothing, or in another version.
func TestLateHello(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Controller, openflow.V13)
	if got := p.ask(&openflow.Hello{}); len(got) != 0 {
		t.Errorf("a second hello is answered: %s", describeAll(got))
	}
	for _, version := range []byte{0, 1, 5, 9} {
		p.s.Input([]byte{version, 0, 0, 8, 0, 0, 0, 1}, j.now)
		got := p.receive()
		if e, ok := got[0].(*openflow.Error); !ok || !errors.Is(e, openflow.ErrHelloIncompatible) {
			t.Errorf("a hello of version %d: %s", version, describeAll(got))
		}
	}
}
