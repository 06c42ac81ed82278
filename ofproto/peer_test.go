package ofproto

import (
	"errors"
	"fmt"
	"testing"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// peer is the other end of a session.
type peer struct {
	t       testing.TB
	j       *jar
	s       *Session
	version openflow.Version
	xid     uint32
	rest    []byte
}

// connect opens a session that speaks version v.
func (j *jar) connect(b *Bridge, kind SessionKind, v openflow.Version) *peer {
	j.t.Helper()
	p := &peer{t: j.t, j: j, s: b.NewSession(SessionOptions{Kind: kind, Name: "test"}, j.now), version: v}
	p.send(&openflow.Hello{Versions: openflow.Versions(v), Bitmap: true})
	if got := p.receive(); len(got) != 1 || got[0].Kind() != openflow.KindHello {
		j.t.Fatalf("greeted with %v", got)
	}
	if v == openflow.V10 { // as ovs-ofctl does
		p.send(&openflow.FlowModTableID{On: true})
	}
	return p
}

func (p *peer) send(messages ...openflow.Message) {
	p.t.Helper()
	var data []byte
	for _, m := range messages {
		p.xid++
		var err error
		if data, err = openflow.Append(data, p.version, p.xid, m); err != nil {
			p.t.Fatal(err)
		}
	}
	p.s.Input(data, p.j.now)
}

// receive decodes what the session has said.
func (p *peer) receive() (got []openflow.Message) {
	p.t.Helper()
	p.rest = append(p.rest, p.s.Output()...)
	for {
		message, rest, err := openflow.Next(p.rest)
		if err != nil {
			p.t.Fatal(err)
		}
		if message == nil {
			return got
		}
		p.rest = rest
		h, m, err := openflow.Decode(message)
		if err != nil {
			p.t.Fatalf("%x: %v", message, err)
		}
		if h.Version != p.version && m.Kind() != openflow.KindHello {
			p.t.Errorf("%s in %v on a connection of %v", h.Name, h.Version, p.version)
		}
		got = append(got, m)
	}
}

// ask sends messages and a barrier, and returns what comes before its reply.
func (p *peer) ask(messages ...openflow.Message) []openflow.Message {
	p.t.Helper()
	p.send(append(messages, &openflow.BarrierRequest{})...)
	got := p.receive()
	if n := len(got); n == 0 || got[n-1].Kind() != openflow.KindBarrierReply {
		p.t.Fatalf("the barrier was answered with %v", got)
	}
	return got[:len(got)-1]
}

// fails checks that a message is answered with an error.
func (p *peer) fails(code openflow.ErrorCode, m openflow.Message) {
	p.t.Helper()
	got := p.ask(m)
	if len(got) == 1 {
		if e, ok := got[0].(*openflow.Error); ok && errors.Is(e, code) {
			return
		}
	}
	p.t.Errorf("%T answered with %v, want %v", m, describeAll(got), code)
}

func describeAll(list []openflow.Message) (s string) {
	for _, m := range list {
		s += fmt.Sprintf("%T%+v ", m, m)
	}
	return s
}

// flowOf reads a flow.
func flowOf(t testing.TB, line string) *openflow.FlowMod {
	t.Helper()
	m, err := text.ParseFlow(line, text.Options{CommandWord: true})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// statsRequest names all flows.
func statsRequest() *openflow.FlowStatsRequest {
	return &openflow.FlowStatsRequest{Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
}

// versions are those that the tests of sessions run in.
var versions = []openflow.Version{openflow.V10, openflow.V13}

func eachVersion(t *testing.T, f func(t *testing.T, v openflow.Version)) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) { f(t, v) })
	}
}
