package ofproto

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
)

// TestMonitorOwnChanges: OFPFMF_NO_ABBREV has the sender's own changes told in full, and
// a monitor may want no events (OpenFlow 1.4.1 §7.3.5.17).
func TestMonitorOwnChanges(t *testing.T) {
	for flags, want := range map[openflow.MonitorFlags]string{0: "abbrev:0", openflow.MonitorNoAbbrev: "added:1"} {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Controller, openflow.V14)
		p.ask(watch(5, openflow.MonitorAdd|flags))
		if got := updates(t, p.ask(flowOf(t, "add priority=1,actions=1"))); got != want {
			t.Errorf("flags %#x: own changes are told as %q, want %q", flags, got, want)
		}
		if got := updates(t, p.ask(watch(6, openflow.MonitorInitial))); got != "initial:1" {
			t.Errorf("a monitor of the flows that there are: %q", got)
		}
	}
}

// TestPacketInCause: where an action set or a group sends the packet no flow's cookie
// is told, and a packet-out's own output is told from that of a flow which it meets.
func TestPacketInCause(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V13, openflow.V14, openflow.V15} {
		j := newJar(t, false)
		b := j.bridge("br0", 2, FailSecure)
		p := j.connect(b, Controller, v)
		out := func(port openflow.PortNo) *openflow.PacketOut {
			return &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: openflow.PortController, Actions: []openflow.Action{openflow.Output{Port: port}}, Data: udp(1, 2, nil)}
		}
		p.ask(groupOf(t, openflow.GroupAdd, "group_id=1,type=all,bucket=actions=output:CONTROLLER"))
		for _, c := range []struct {
			flow   string
			out    openflow.PortNo // 0: the packet comes in by a port
			reason openflow.PacketInReason
			cookie uint64
		}{
			{"add cookie=7,udp,actions=output:CONTROLLER", 0, openflow.ReasonAction, 7},
			{"add cookie=7,udp,actions=write_actions(output:CONTROLLER)", 0, openflow.ReasonActionSet, noCookie},
			{"add cookie=7,udp,actions=group:1", 0, openflow.ReasonGroup, noCookie},
			{"add cookie=7,udp,actions=write_actions(group:1)", 0, openflow.ReasonGroup, noCookie},
			{"add cookie=7,priority=0,actions=output:CONTROLLER", 0, openflow.ReasonNoMatch, 7},
			{"add cookie=7,udp,actions=output:CONTROLLER", openflow.PortTable, openflow.ReasonAction, 7},
			{"add cookie=7,priority=0,actions=output:CONTROLLER", openflow.PortTable, openflow.ReasonNoMatch, 7},
			{"add cookie=7,priority=0,actions=output:CONTROLLER", openflow.PortController, openflow.ReasonPacketOut, noCookie},
		} {
			p.ask(flowOf(t, "delete"), flowOf(t, c.flow))
			if c.out == 0 {
				j.send("br0p1", udp(1, 2, nil))
			} else {
				p.send(out(c.out))
				j.settle()
			}
			want := c.reason
			if v < openflow.V14 && want > openflow.ReasonInvalidTTL {
				want = openflow.ReasonAction
			}
			got := p.receive()
			if len(got) != 1 {
				t.Fatalf("%v %s, packet-out %v: %s", v, c.flow, c.out, describeAll(got))
			}
			if in := got[0].(*openflow.PacketIn); in.Reason != want || in.Cookie != c.cookie {
				t.Errorf("%v %s, packet-out %v: reason %d, cookie %#x, want %d and %#x", v, c.flow, c.out, in.Reason, in.Cookie, want, c.cookie)
			}
		}
	}
}

// TestCapabilities: bundles and flow monitors are announced (OpenFlow 1.4.1 §7.3.1).
func TestCapabilities(t *testing.T) {
	for v := openflow.V10; v <= openflow.V15; v++ {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 1, FailSecure), Service, v)
		const both = openflow.CapBundles | openflow.CapFlowMonitor
		want := openflow.Capabilities(0)
		if v >= openflow.V14 {
			want = both
		}
		if f := p.ask(&openflow.FeaturesRequest{})[0].(*openflow.FeaturesReply); f.Capabilities&both != want {
			t.Errorf("%v: capabilities %#x", v, f.Capabilities)
		}
	}
}

// raw sends a message as it is and returns the first error that comes back.
func (p *peer) raw(data string) *openflow.Error {
	p.t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(data, " ", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	p.s.Input(b, p.j.now)
	for _, m := range p.receive() {
		if e, ok := m.(*openflow.Error); ok {
			return e
		}
	}
	return nil
}

// TestShortLength: a message that says it is shorter than its header is refused by an
// error before the connection ends, for nobody knows where the next one begins.
func TestShortLength(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 1, FailSecure), Controller, openflow.V13)
	if e := p.raw("04 14 0007 00000055"); e == nil || e.Code != openflow.ErrRequestBadLen || p.s.Err() == nil {
		t.Errorf("answered with %v, session %v", e, p.s.Err())
	}
}

// TestHelloVersions: without bitmaps the lower version of both headers is spoken or
// none (OpenFlow 1.3.5 §6.3.1).
func TestHelloVersions(t *testing.T) {
	for _, c := range []struct {
		name, hello string
		want        openflow.Version // 0: refused
	}{
		{"1.2 alone", "03 00 0008 00000001", 0},
		{"1.3 alone", "04 00 0008 00000001", openflow.V13},
		{"1.5 alone", "06 00 0008 00000001", openflow.V13},
		{"1.2 with a bitmap", "03 00 0010 00000001 0001 0008 0000000a", openflow.V10},
		{"two bitmaps", "04 00 0018 00000001 0001 0008 00000010 0001 0008 00000002", openflow.V13},
		{"an unknown element", "04 00 0018 00000001 0005 0008 00000002 0001 0008 00000010", openflow.V13},
	} {
		j := newJar(t, false)
		b := j.bridge("br0", 1, FailSecure)
		config := b.Config()
		config.Versions = openflow.Versions(openflow.V10, openflow.V13)
		b.Configure(config, j.now)
		p := &peer{t: t, j: j, s: b.NewSession(SessionOptions{Kind: Controller}, j.now), version: c.want}
		p.s.Output()
		if c.want == 0 {
			p.version = openflow.V12
		}
		e := p.raw(c.hello)
		if refused := e != nil && e.Code == openflow.ErrHelloIncompatible && p.s.Err() != nil; refused != (c.want == 0) || c.want != 0 && p.s.version != c.want {
			t.Errorf("%s: speaks %v, error %v, session %v", c.name, p.s.version, e, p.s.Err())
		}
	}
}

// TestRemovedReasonOfOlderVersions: a reason that a version does not have counts as
// the one that it is told as.
func TestRemovedReasonOfOlderVersions(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Controller, openflow.V13)
	async := openflow.AsyncConfig{}
	async.Primary.Reasons[openflow.AsyncFlowRemoved] = 1 << openflow.RemovedDelete
	async.Primary.Set, async.Secondary.Set = 7, 7
	got := p.ask(&openflow.SetAsync{AsyncConfig: async},
		&openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 1, Flags: openflow.MeterKbps}},
		flowOf(t, "add send_flow_rem,actions=meter:1,1"), &openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{Meter: 1}})
	if len(got) != 1 || got[0].(*openflow.FlowRemoved).Reason != openflow.RemovedDelete {
		t.Errorf("got %s", describeAll(got))
	}
}

// TestAsyncForManagement: who connects to manage the switch hears of nothing until it
// asks, be it by set-config or by set-async.
func TestAsyncForManagement(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
	remove := []openflow.Message{flowOf(t, "add send_flow_rem,actions=1"), flowOf(t, "delete")}
	if got := p.ask(remove...); len(got) != 0 {
		t.Errorf("unasked, it hears %s", describeAll(got))
	}
	async := openflow.AsyncConfig{}
	async.Primary.Reasons[openflow.AsyncFlowRemoved] = 1 << openflow.RemovedDelete
	async.Primary.Set, async.Secondary.Set = 7, 7
	if got := p.ask(append([]openflow.Message{&openflow.SetAsync{AsyncConfig: async}}, remove...)...); len(got) != 1 || got[0].Kind() != openflow.KindFlowRemoved {
		t.Errorf("asked for, it hears %s", describeAll(got))
	}
}

// TestBundleAddValidates: what can never be done is refused when it is added, and the
// bundle goes on (OpenFlow 1.4.1 §7.3.9.7).
func TestBundleAddValidates(t *testing.T) {
	_, _, p := bundlePeer(t, openflow.V14)
	const flags = openflow.BundleAtomic
	p.ask(&openflow.BundleControl{ID: 1, Type: openflow.BundleOpenRequest, Flags: flags})
	back := flowOf(t, "add table=5,actions=drop")
	back.Actions = []openflow.Action{openflow.GotoTable{Table: 3}}
	p.fails(openflow.ErrInstructionBadTableID, &openflow.BundleAdd{ID: 1, Flags: flags, Message: back, XID: p.xid + 1})
	if got := p.ask(&openflow.BundleControl{ID: 1, Type: openflow.BundleCommitRequest, Flags: flags}); len(got) != 1 || refused(got) {
		t.Errorf("committed with %s", describeAll(got))
	}
}

// TestRepliesAreNoRequests: a multipart reply is a type of message that a switch does
// not take.
func TestRepliesAreNoRequests(t *testing.T) {
	for v, data := range map[openflow.Version]string{openflow.V10: "01 11 000c 00000009 0003 0000", openflow.V13: "04 13 0010 00000009 0003 0000 00000000"} {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 1, FailSecure), Controller, v)
		if e := p.raw(data); e == nil || e.Code != openflow.ErrRequestBadType {
			t.Errorf("%v: answered with %v", v, e)
		}
	}
}

// TestOtherMessagesBetweenParts: only multipart messages need a transaction of their
// own while a request in parts is under way (OpenFlow 1.3.5 §7.3.5).
func TestOtherMessagesBetweenParts(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 1, FailSecure), Controller, openflow.V13)
	if e := p.raw("04 12 0010 00000009 000c 0001 00000000  04 02 0008 00000009"); e != nil {
		t.Errorf("answered with %v", e)
	}
	if e := p.raw("04 12 0010 00000009 000c 0000 00000000"); e != nil {
		t.Errorf("the last part was answered with %v", e)
	}
}

// TestNoIPFIX: the requests are known, and what they ask about is not there.
func TestNoIPFIX(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 1, FailSecure), Controller, v)
		p.fails(openflow.ErrNXStatsNotConfigured, &openflow.IPFIXBridgeRequest{})
		p.fails(openflow.ErrNXStatsNotConfigured, &openflow.IPFIXFlowRequest{})
	})
}

// TestTableFeaturesHaveSettableFields: in_port, which set_field does not set, is not
// among the fields that it sets.
func TestTableFeaturesHaveSettableFields(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V13, openflow.V14, openflow.V15} {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 1, FailSecure), Controller, v)
		got := p.ask(&openflow.TableFeaturesRequest{})
		f := got[0].(*openflow.TableFeaturesReply).Tables[0]
		for _, list := range []openflow.FieldSet{f.Flows.Apply.SetField, f.Flows.Write.SetField, f.Misses.Apply.SetField, f.Misses.Write.SetField} {
			if len(list) < 50 || slices.Contains(list, flow.FieldInPortOXM) {
				t.Errorf("%s: %d fields can be set: %v", v, len(list), list)
			}
		}
	}
}
