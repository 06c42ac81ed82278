package ofproto

import (
	"testing"

	"vswitch/openflow"
)

// TestUnreadAnswersOfMany: what all peers together do not read is bounded, and the
// first to be kept waiting are those who have most to read.
func TestUnreadAnswersOfMany(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	j.sw.mostWaiting = 16 << 20
	reader := j.connect(b, Service, openflow.V13)
	reader.s.Output()
	long := 0
	for range 40 {
		p := j.connect(b, Service, openflow.V13)
		p.send(&openflow.TableFeaturesRequest{})
		long = max(long, len(p.s.Output())) // is written to a socket, without end
		p.send(&openflow.TableFeaturesRequest{}, &openflow.TableFeaturesRequest{})
		if sum := j.sw.waiting.Load(); sum > j.sw.mostWaiting+int64(long) {
			t.Fatalf("%d bytes wait, more than %d", sum, j.sw.mostWaiting)
		}
	}
	if sum := j.sw.waiting.Load(); sum < j.sw.mostWaiting {
		t.Fatalf("only %d bytes wait", sum)
	}
	// Who reads is answered, but where the answer may be long.
	if got := reader.ask(&openflow.EchoRequest{}, flowOf(t, "add actions=output:1")); len(got) != 1 {
		t.Errorf("answered with %s", describeAll(got))
	}
	reader.fails(openflow.ErrRequestMultipartBufferOverflow, &openflow.PortDescRequest{Port: openflow.PortAny})
	for _, s := range *b.sessions.Load() {
		if s != reader.s {
			s.Close(j.now)
		}
	}
	if got := reader.ask(&openflow.PortDescRequest{Port: openflow.PortAny}); len(got) != 1 || got[0].Kind() != openflow.KindPortDescReply {
		t.Errorf("answered with %s", describeAll(got))
	}
}

// TestHeavyPeersWait: above half of the room a peer gets no more while more than a
// little waits for it, and is answered as it reads.
func TestHeavyPeersWait(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	j.sw.mostWaiting = 2 << 20
	deaf := j.connect(b, Service, openflow.V13)
	deaf.send(&openflow.TableFeaturesRequest{})
	p := j.connect(b, Service, openflow.V13)
	want := 0
	for range 100 {
		p.send(&openflow.EchoRequest{Data: make([]byte, 4000)})
		want++
	}
	if !p.s.Stalled() {
		t.Fatal("it is answered although it has read nothing")
	}
	got := 0
	for got < want {
		out := p.receive()
		if len(out) == 0 {
			t.Fatalf("%d of %d answers came", got, want)
		}
		got += len(out)
		p.s.Output() // all was sent
		p.s.Input(nil, j.now)
	}
	if p.s.Stalled() {
		t.Error("stalled with nothing left to do")
	}
}

// TestGatheredOfMany: bundles, and requests that are not complete, have room for those
// of all peers together, which is free again when they end.
func TestGatheredOfMany(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	one := flowOf(t, "add priority=7,actions=output:1")
	first, second := j.connect(b, Service, openflow.V14), j.connect(b, Controller, openflow.V14)
	add := func(p *peer) *openflow.BundleAdd {
		return &openflow.BundleAdd{ID: 1, Flags: openflow.BundleAtomic, Message: one, XID: p.xid + 1}
	}
	if got := first.ask(add(first)); len(got) != 0 {
		t.Fatal(describeAll(got))
	}
	j.sw.mostGathered = 10*j.sw.gathered + 1
	for range 9 {
		if got := first.ask(add(first)); len(got) != 0 {
			t.Fatal(describeAll(got))
		}
	}
	second.fails(openflow.ErrBundleMsgTooMany, add(second))
	part, err := openflow.Append(nil, openflow.V14, 7, &openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	part[11] = 1 // OFPMPF_REQ_MORE
	second.s.Input(part, j.now)
	if got := second.receive(); len(got) != 1 || got[0].Kind() != openflow.KindError {
		t.Errorf("a part was answered with %s", describeAll(got))
	}
	first.s.Close(j.now)
	if got := second.ask(add(second)); len(got) != 0 {
		t.Error(describeAll(got))
	}
}

// TestPartsCountAsKept: monitors take much more room than their request.
func TestPartsCountAsKept(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 1, FailSecure), Service, openflow.V14)
	request := &openflow.FlowMonitorRequest{Monitors: make([]openflow.FlowMonitor, 1000)}
	part, err := openflow.Append(nil, openflow.V14, 7, request)
	if err != nil {
		t.Fatal(err)
	}
	part[11] = 1 // OFPMPF_REQ_MORE
	n := 0
	for ; len(p.receive()) == 0; n++ {
		p.s.Input(part, j.now)
	}
	if most := maxParts / (1000 << 10); n > most {
		t.Errorf("%d monitors are kept", 1000*n)
	}
}
