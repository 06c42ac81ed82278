package ofproto

import (
	"errors"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

func TestHandshake(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	for _, c := range []struct {
		name   string
		hello  openflow.Hello
		header openflow.Version
		want   openflow.Version // 0: refused
	}{
		{"bitmap", openflow.Hello{Versions: openflow.Versions(openflow.V10, openflow.V13), Bitmap: true}, openflow.V13, openflow.V13},
		{"no bitmap", openflow.Hello{}, openflow.V10, openflow.V10},
		{"no bitmap, newer", openflow.Hello{}, openflow.V13, openflow.V13},
		{"bitmap without a common version", openflow.Hello{Versions: 1 << 9, Bitmap: true}, openflow.V13, 0},
	} {
		p := &peer{t: t, j: j, s: b.NewSession(SessionOptions{Kind: Service}, j.now), version: c.header}
		p.send(&c.hello)
		p.version = p.s.version
		got := p.receive()
		if c.want == 0 {
			if len(got) != 2 || got[1].Kind() != openflow.KindError || p.s.Err() == nil {
				t.Errorf("%s: %s, err %v", c.name, describeAll(got), p.s.Err())
			}
			continue
		}
		if p.s.version != c.want || p.s.Err() != nil {
			t.Errorf("%s: speaks %v, err %v", c.name, p.s.version, p.s.Err())
		}
	}
	p := &peer{t: t, j: j, s: b.NewSession(SessionOptions{Kind: Service}, j.now), version: openflow.V10}
	p.send(&openflow.EchoRequest{})
	if p.s.Err() == nil {
		t.Error("a first message that is no hello was taken")
	}
}

func TestFeaturesConfigEcho(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Service, v)
		got := p.ask(&openflow.EchoRequest{Data: []byte("hi")}, &openflow.FeaturesRequest{}, &openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 99}},
			&openflow.GetConfigRequest{})
		if len(got) != 3 {
			t.Fatal(describeAll(got))
		}
		if e := got[0].(*openflow.EchoReply); string(e.Data) != "hi" {
			t.Errorf("echo %q", e.Data)
		}
		f := got[1].(*openflow.FeaturesReply)
		if f.DatapathID != 1 || f.Tables != 255 || v == openflow.V10 && len(f.Ports) != 3 {
			t.Errorf("features %+v", f)
		}
		if c := got[2].(*openflow.GetConfigReply); c.MissSendLen != 99 {
			t.Errorf("config %+v", c)
		}
	})
}

func TestFlowModCommands(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 3, FailSecure), Service, v)
		dump := func() (s string) {
			for _, m := range p.ask(statsRequest()) {
				for _, f := range m.(*openflow.FlowStatsReply).Flows {
					s += string(text.AppendFlowStats(nil, &f, text.PrintOptions{NoStats: true})) + ";"
				}
			}
			return s
		}
		for _, step := range []struct{ do, want string }{
			{"add cookie=1,priority=5,udp,actions=output:1", "cookie=0x1, priority=5,udp actions=output:1;"},
			{"add cookie=2,priority=5,udp,actions=output:2", "cookie=0x2, priority=5,udp actions=output:2;"},
			{"add cookie=3,priority=4,udp,tp_dst=53,actions=output:3", "cookie=0x2, priority=5,udp actions=output:2;cookie=0x3, priority=4,udp,tp_dst=53 actions=output:3;"},
			{"modify udp,actions=drop", "cookie=0x2, priority=5,udp actions=drop;cookie=0x3, priority=4,udp,tp_dst=53 actions=drop;"},
			{"modify_strict priority=4,udp,tp_dst=53,actions=output:1", "cookie=0x2, priority=5,udp actions=drop;cookie=0x3, priority=4,udp,tp_dst=53 actions=output:1;"},
			{"delete_strict priority=9,udp", "cookie=0x2, priority=5,udp actions=drop;cookie=0x3, priority=4,udp,tp_dst=53 actions=output:1;"},
			{"delete out_port=1", "cookie=0x2, priority=5,udp actions=drop;"},
			{"delete tcp", "cookie=0x2, priority=5,udp actions=drop;"},
			{"delete cookie=2/-1", ""},
		} {
			if got := p.ask(flowOf(t, step.do)); len(got) != 0 {
				t.Fatalf("%s: %s", step.do, describeAll(got))
			}
			if got := dump(); got != step.want {
				t.Errorf("%s:\n%s\nwant\n%s", step.do, got, step.want)
			}
		}
	})
}

// TestModifyAddsBefore12: a modification that finds nothing adds the flow in OpenFlow
// 1.0 and 1.1, with the cookie that it gives, and does nothing later.
func TestModifyAddsBefore12(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Service, v)
		mod := flowOf(t, "modify udp,actions=output:2")
		mod.NewCookie, mod.ModifyCookie = 0x1234, v == openflow.V10 // as they travel
		p.ask(mod)
		flows := p.ask(statsRequest())[0].(*openflow.FlowStatsReply).Flows
		if v <= openflow.V11 && (len(flows) != 1 || flows[0].Cookie != 0x1234) || v > openflow.V11 && len(flows) != 0 {
			t.Errorf("flows %+v", flows)
		}
	})
}

// TestModifyByCookieAddsNothing: a modification that chooses flows by their cookies
// does not add one whose cookie would be another.
func TestModifyByCookieAddsNothing(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		p := j.connect(j.bridge("br0", 2, FailSecure), Service, v)
		mod := flowOf(t, "modify cookie=5/-1,udp,actions=output:2")
		mod.NewCookie, mod.ModifyCookie = 0x1234, v == openflow.V10
		p.ask(mod)
		if flows := p.ask(statsRequest())[0].(*openflow.FlowStatsReply).Flows; len(flows) != 0 {
			t.Errorf("flows %+v", flows)
		}
	})
}

func TestFlowModErrors(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
	p.ask(flowOf(t, "add priority=5,ip,actions=output:1"))
	overlap := flowOf(t, "add check_overlap,priority=5,udp,actions=output:1")
	p.fails(openflow.ErrFlowModOverlap, overlap)
	all := flowOf(t, "add actions=output:1")
	all.Table = openflow.TableAll
	back := flowOf(t, "add table=5,actions=output:1")
	back.Actions = []openflow.Action{openflow.GotoTable{Table: 3}}
	p.fails(openflow.ErrInstructionBadTableID, back)
	group := flowOf(t, "add actions=output:1")
	group.Actions = []openflow.Action{openflow.Group{ID: 7}}
	p.fails(openflow.ErrActionBadOutGroup, group)
	buffered := flowOf(t, "add priority=77,actions=output:1")
	buffered.Buffer = 5
	p.fails(openflow.ErrRequestBufferUnknown, buffered)
	p.fails(openflow.ErrRequestBadPort, &openflow.PortStatsRequest{Port: 77})
	p.fails(openflow.ErrPortModBadPort, &openflow.PortMod{Port: 77})
	p.fails(openflow.ErrPortModBadHWAddr, &openflow.PortMod{Port: 1, MAC: flow.MAC{9}})
	p.fails(openflow.ErrRequestBufferUnknown, &openflow.PacketOut{Buffer: 3, InPort: openflow.PortController})
}

func TestPacketIn(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		b := j.bridge("br0", 2, FailSecure)
		p := j.connect(b, Controller, v)
		// Without any flow OpenFlow 1.0 sends the packet up, 1.3 drops it.
		j.send("br0p1", udp(1, 2, nil))
		got := p.receive()
		if v == openflow.V10 {
			if len(got) != 1 || got[0].(*openflow.PacketIn).Reason != openflow.ReasonNoMatch {
				t.Fatalf("miss: %s", describeAll(got))
			}
		} else if len(got) != 0 {
			t.Fatalf("miss: %s", describeAll(got))
		}
		p.ask(flowOf(t, "add cookie=0x77,priority=9,udp,actions=mod_nw_tos:8,controller"))
		for range 3 { // also from the cache
			j.send("br0p1", udp(1, 2, nil))
			got = p.receive()
			if len(got) != 1 {
				t.Fatalf("action: %s", describeAll(got))
			}
			in := got[0].(*openflow.PacketIn)
			port, _, _ := in.Match.Field(flow.FieldByID(flow.FieldInPortOXM))
			if in.Reason != openflow.ReasonAction || port.Lo != 1 || in.Buffer != openflow.NoBuffer || in.Data[15] != 8 || int(in.TotalLen) != len(in.Data) {
				t.Errorf("%+v", in)
			}
			if v >= openflow.V13 && in.Cookie != 0x77 {
				t.Errorf("cookie %#x", in.Cookie)
			}
		}
		// A table-miss flow's packets come as such.
		p.ask(flowOf(t, "delete"), flowOf(t, "add priority=0,actions=controller"))
		j.send("br0p1", udp(1, 2, nil))
		reason := openflow.ReasonNoMatch
		if v == openflow.V10 { // which knows no table-miss flows
			reason = openflow.ReasonAction
		}
		if got = p.receive(); len(got) != 1 || got[0].(*openflow.PacketIn).Reason != reason {
			t.Errorf("table-miss flow: %s", describeAll(got))
		}
		// An operator's connection gets nothing it did not ask for.
		service := j.connect(b, Service, v)
		j.send("br0p1", udp(1, 2, nil))
		if got := service.receive(); len(got) != 0 {
			t.Errorf("unasked: %s", describeAll(got))
		}
		service.ask(&openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 0xffff}})
		j.send("br0p1", udp(1, 2, nil))
		if got := service.receive(); len(got) != 1 {
			t.Errorf("asked: %s", describeAll(got))
		}
	})
}

func TestPacketOut(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		b := j.bridge("br0", 3, FailSecure)
		p := j.connect(b, Service, v)
		out := func(in openflow.PortNo, actions ...openflow.Action) string {
			t.Helper()
			m := &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: in, Actions: actions, Data: udp(1, 2, nil)}
			if got := p.ask(m); len(got) != 0 {
				t.Fatal(describeAll(got))
			}
			return j.sent()
		}
		const frame = " 01>02 1:1000>2:2000 ttl64 tos0"
		if got := out(openflow.PortController, openflow.Output{Port: 2}); got != "br0p2"+frame {
			t.Errorf("output:\n%s", got)
		}
		if got := out(1, openflow.Output{Port: openflow.PortFlood}); got != "br0p2"+frame+"\nbr0p3"+frame {
			t.Errorf("flood:\n%s", got)
		}
		p.ask(flowOf(t, "add in_port=1,actions=output:3"))
		if got := out(1, openflow.Output{Port: openflow.PortTable}); got != "br0p3"+frame {
			t.Errorf("table:\n%s", got)
		}
		if got := out(1, openflow.Output{Port: openflow.PortInPort}); got != "br0p1"+frame {
			t.Errorf("in_port:\n%s", got)
		}
	})
}

func TestAsynchronousMessages(t *testing.T) {
	eachVersion(t, func(t *testing.T, v openflow.Version) {
		j := newJar(t, false)
		b := j.bridge("br0", 1, FailSecure)
		p := j.connect(b, Controller, v)
		j.port(b, PortConfig{Name: "new", No: 7})
		got := p.receive()
		if len(got) != 1 || got[0].(*openflow.PortStatus).Reason != openflow.PortAdded || got[0].(*openflow.PortStatus).Port.No != 7 {
			t.Fatalf("new port: %s", describeAll(got))
		}
		p.ask(flowOf(t, "add send_flow_rem,idle_timeout=5,cookie=9,in_port=1,actions=drop"))
		j.send("br0p1", udp(1, 2, nil))
		j.now += int64(6 * time.Second)
		j.sw.Run(j.now)
		got = p.receive()
		if len(got) != 1 {
			t.Fatalf("expiry: %s", describeAll(got))
		}
		r := got[0].(*openflow.FlowRemoved)
		if r.Reason != openflow.RemovedIdleTimeout || r.Packets != 1 || r.Bytes != 60 || r.Cookie != 9 {
			t.Errorf("flow removed %+v", r)
		}
		got = p.ask(flowOf(t, "add send_flow_rem,in_port=1,actions=drop"), flowOf(t, "delete"))
		if len(got) != 1 || got[0].(*openflow.FlowRemoved).Reason != openflow.RemovedDelete {
			t.Errorf("deletion: %s", describeAll(got))
		}
		if got = p.ask(&openflow.PortMod{Port: 7, MAC: flow.MAC{2, 0, 0, 0, 1, 7}, Config: openflow.PortNoFlood, Mask: openflow.PortNoFlood}); v == openflow.V10 {
			if len(got) != 1 || got[0].(*openflow.PortStatus).Port.Config&openflow.PortNoFlood == 0 {
				t.Errorf("port-mod: %s", describeAll(got))
			}
		}
	})
}

func TestRoles(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	p, q := j.connect(b, Controller, openflow.V13), j.connect(b, Controller, openflow.V13)
	role := func(p *peer, r openflow.Role, gen uint64) openflow.Role {
		t.Helper()
		got := p.ask(&openflow.RoleRequest{Role: r, GenerationID: gen, HasGenerationID: true})
		if n := len(got); n > 0 { // behind a role status, perhaps
			if reply, ok := got[n-1].(*openflow.RoleReply); ok {
				return reply.Role
			}
		}
		t.Fatal(describeAll(got))
		return 0
	}
	if r := role(p, openflow.RolePrimary, 5); r != openflow.RolePrimary {
		t.Errorf("role %v", r)
	}
	role(q, openflow.RolePrimary, 6)
	if r := role(p, openflow.RoleNoChange, 0); r != openflow.RoleSecondary {
		t.Errorf("the old primary is %v", r)
	}
	p.fails(openflow.ErrRequestIsSecondary, flowOf(t, "add actions=drop"))
	p.fails(openflow.ErrRoleStale, &openflow.RoleRequest{Role: openflow.RolePrimary, GenerationID: 4, HasGenerationID: true})
}

func TestProbes(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 1, FailSecure), Controller, openflow.V13)
	next := p.s.Tick(j.now)
	if next < j.now+int64(4*time.Second) {
		t.Errorf("wants to be called in %v", time.Duration(next-j.now))
	}
	j.now = next
	p.s.Tick(j.now)
	if got := p.receive(); len(got) != 1 || got[0].Kind() != openflow.KindEchoRequest {
		t.Fatalf("silent for 5 s: %s", describeAll(got))
	}
	p.send(&openflow.EchoReply{})
	j.now += int64(6 * time.Second)
	p.s.Tick(j.now)
	if p.receive(); p.s.Err() != nil {
		t.Errorf("an answered probe ended the session: %v", p.s.Err())
	}
	j.now += int64(6 * time.Second)
	p.s.Tick(j.now)
	if p.s.Err() == nil {
		t.Error("an unanswered probe did not end the session")
	}
}

// FuzzSession feeds a session arbitrary bytes: it answers or ends, and the switch
// goes on.
func FuzzSession(f *testing.F) {
	for _, v := range versions {
		for _, m := range []openflow.Message{&openflow.FeaturesRequest{}, flowOf(f, "add tcp,tp_dst=80,actions=output:1,controller"),
			&openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: 1, Actions: []openflow.Action{openflow.Output{Port: openflow.PortTable}}, Data: udp(1, 2, nil)},
			statsRequest(), &openflow.TableFeaturesRequest{}, &openflow.PortStatsRequest{Port: openflow.PortAny}, &openflow.BarrierRequest{}} {
			if data, err := openflow.Append(nil, v, 1, m); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		j := newJar(t, false)
		b := j.bridge("br0", 2, FailSecure)
		if len(data) == 0 {
			return
		}
		v := openflow.Version(data[0])
		if v != openflow.V10 && v != openflow.V13 {
			return
		}
		p := j.connect(b, Controller, v)
		p.s.Input(data, j.now)
		p.s.Output()
		j.send("br0p1", udp(1, 2, nil))
		other := j.connect(b, Service, openflow.V13)
		other.ask(&openflow.FeaturesRequest{})
	})
}

// TestUnreadAnswers sends many small requests with large answers at once: what
// waits to be read stays bounded, and all are answered as it is read.
func TestUnreadAnswers(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	p := j.connect(b, Service, openflow.V13)
	requests := make([]openflow.Message, 50)
	for i := range requests {
		requests[i] = &openflow.TableFeaturesRequest{}
	}
	p.send(append(requests, &openflow.BarrierRequest{})...)
	ended, turns := false, 0
	for ; !ended; turns++ {
		if turns > 0 {
			if !p.s.Stalled() {
				t.Fatal("requests are left without an answer")
			}
			p.s.Input(nil, j.now)
		}
		out := p.s.Output()
		if limit := maxOutput + 2<<20; len(out) > limit {
			t.Fatalf("%d bytes wait to be sent, more than %d", len(out), limit)
		}
		p.rest = append(p.rest, out...)
		got := p.receive()
		ended = len(got) > 0 && got[len(got)-1].Kind() == openflow.KindBarrierReply
	}
	if turns < 2 {
		t.Error("everything was answered at once")
	}
	if p.s.Stalled() {
		t.Error("stalled with nothing left to do")
	}
}

// TestRequestParts: a request in parts is one request, and one that goes on for too
// long or for ever is given up.
func TestRequestParts(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 1, FailSecure), Service, openflow.V13)
	features := p.ask(&openflow.TableFeaturesRequest{})
	var whole openflow.TableFeaturesRequest
	for _, m := range features {
		whole.Tables = append(whole.Tables, m.(*openflow.TableFeaturesReply).Tables...)
	}
	whole.Tables[7].Name = "seven"
	data, err := openflow.Append(nil, openflow.V13, 99, &whole) // many parts
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := openflow.Next(data)
	if err != nil || len(first) == len(data) {
		t.Fatalf("one part of %d bytes: %v", len(data), err)
	}
	p.s.Input(first, j.now)
	if got := p.ask(); len(got) != 0 {
		t.Errorf("a part was answered with %s", describeAll(got))
	}
	p.s.Input(data[len(first):], j.now)
	got := p.receive()
	if len(got) == 0 || got[0].(*openflow.TableFeaturesReply).Tables[7].Name != "seven" {
		t.Errorf("answered with %d messages", len(got))
	}
	// Nothing comes any more.
	p.s.Input(first, j.now)
	j.now += partTimeout + 1
	if e, ok := p.ask()[0].(*openflow.Error); !ok || e.Type != 0xffff { // OpenFlow 1.3 has it as an extension
		t.Errorf("answered with %v", e)
	}
	// It never ends.
	for range maxParts/len(first) + 1 {
		p.s.Input(first, j.now)
	}
	e, ok := p.receive()[0].(*openflow.Error)
	if !ok || !errors.Is(e, openflow.ErrRequestMultipartBufferOverflow) {
		t.Errorf("answered with %v", e)
	}
}

// TestHelloInTime: who does not say hello is given up, whatever else comes, and who
// has said it is not; who only listens need not say anything.
func TestHelloInTime(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 1, FailSecure)
	for _, c := range []struct {
		name   string
		kind   SessionKind
		probe  time.Duration
		hello  bool
		lasts  time.Duration // at least
		isOver bool          // right after that
	}{
		{"tool", Service, 0, false, DefaultProbe, true},
		{"tool with hello", Service, 0, true, time.Hour, false},
		{"controller", Controller, time.Second, false, time.Second, true},
		{"controller that is never probed", Controller, -1, false, DefaultProbe, true},
		{"controller that is never probed, with hello", Controller, -1, true, time.Hour, false},
		{"listener", Snoop, 0, false, time.Hour, false},
	} {
		s := b.NewSession(SessionOptions{Kind: c.kind, Name: "peer", Probe: c.probe}, j.now)
		hello := []byte{4, 0, 0, 8, 0, 0, 0, 1}
		if c.hello {
			s.Input(hello, j.now)
		}
		end := j.now + int64(c.lasts)
		s.Tick(j.now)
		s.Tick(end - 1)
		if !c.hello {
			s.Input(hello[:3], end-1) // a part of it
		}
		if s.Err() != nil {
			t.Errorf("%s: over before its time: %v", c.name, s.Err())
		}
		s.Tick(end)
		if isOver := s.Err() != nil; isOver != c.isOver {
			t.Errorf("%s: after %v: %v", c.name, c.lasts, s.Err())
		}
		s.Close(end)
	}
}
