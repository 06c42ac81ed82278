package ofproto

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// state is all that a bundle may change, as text, and with stats what has been
// counted and since when.
func (p *peer) state(stats bool) string {
	p.t.Helper()
	requests := []openflow.Message{statsRequest(), &openflow.GroupDescRequest{Group: openflow.GroupAll}, &openflow.GroupStatsRequest{Group: openflow.GroupAll},
		&openflow.MeterConfigRequest{Meter: openflow.MeterAll}, &openflow.PortDescRequest{Port: openflow.PortAny}, &openflow.TableStatsRequest{}}
	if p.version >= openflow.V14 {
		requests = append(requests, &openflow.TableDescRequest{})
	}
	if stats {
		requests = append(requests, &openflow.MeterStatsRequest{Meter: openflow.MeterAll}, &openflow.PortStatsRequest{Port: openflow.PortAny})
	}
	var out []byte
	for _, m := range p.ask(requests...) {
		if e, ok := m.(*openflow.Error); ok {
			p.t.Fatal(e)
		}
		if s, ok := m.(*openflow.FlowStatsReply); ok {
			slices.SortFunc(s.Flows, func(a, b openflow.FlowStats) int {
				return strings.Compare(string(text.AppendFlowStats(nil, &a, text.PrintOptions{})), string(text.AppendFlowStats(nil, &b, text.PrintOptions{})))
			})
		}
		out = text.AppendMessage(out, openflow.Header{Version: p.version}, m, text.PrintOptions{NoStats: !stats})
		out = append(out, '\n')
	}
	return string(out)
}

// bundle sends messages as a bundle and returns what comes back after its opening.
func (p *peer) bundle(messages ...openflow.Message) []openflow.Message {
	p.t.Helper()
	const flags = openflow.BundleAtomic | openflow.BundleOrdered
	id := p.xid
	all := []openflow.Message{&openflow.BundleControl{ID: id, Type: openflow.BundleOpenRequest, Flags: flags}}
	for i, m := range messages {
		all = append(all, &openflow.BundleAdd{ID: id, Flags: flags, Message: m, XID: p.xid + uint32(i) + 2})
	}
	all = append(all, &openflow.BundleControl{ID: id, Type: openflow.BundleCloseRequest, Flags: flags},
		&openflow.BundleControl{ID: id, Type: openflow.BundleCommitRequest, Flags: flags})
	got := p.ask(all...)
	for _, want := range []openflow.BundleControlType{openflow.BundleOpenReply, openflow.BundleCloseReply} {
		if len(got) == 0 {
			p.t.Fatalf("no reply %d", want)
		}
		if c, ok := got[0].(*openflow.BundleControl); !ok || c.Type != want {
			p.t.Fatalf("got %s, want reply %d", describeAll(got), want)
		}
		got = got[1:]
	}
	return got
}

// commits sends steps as a bundle that succeeds.
func (p *peer) commits(steps []openflow.Message) {
	p.t.Helper()
	got := p.bundle(steps...)
	if c, ok := got[len(got)-1].(*openflow.BundleControl); !ok || c.Type != openflow.BundleCommitReply || refused(got) {
		p.t.Fatalf("committed with %s", describeAll(got))
	}
}

func refused(list []openflow.Message) bool {
	return slices.ContainsFunc(list, func(m openflow.Message) bool { return m.Kind() == openflow.KindError })
}

func groupOf(t testing.TB, command openflow.GroupModCommand, line string) *openflow.GroupMod {
	t.Helper()
	m, err := text.ParseGroup(line, command, text.Options{Version: openflow.V14})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// steps are changes of all kinds that a version has, each of which can be done after
// those before.
func steps(t *testing.T, b *Bridge, v openflow.Version) []openflow.Message {
	meter := func(c openflow.MeterModCommand, id, rate uint32) *openflow.MeterMod {
		return &openflow.MeterMod{Command: c, MeterConfig: openflow.MeterConfig{Meter: id, Flags: openflow.MeterKbps, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: rate}}}}
	}
	list := []openflow.Message{
		flowOf(t, "add table=1,priority=5,udp,actions=2"),
		groupOf(t, openflow.GroupAdd, "group_id=7,type=all,bucket=actions=output:2"),
		groupOf(t, openflow.GroupAdd, "group_id=8,type=select,bucket=weight=1,actions=group:7"),
		flowOf(t, "add priority=9,tcp,actions=group:8"),
		meter(openflow.MeterAdd, 3, 1000),
		flowOf(t, "add priority=8,arp,actions=meter:3,2"),
		&openflow.PortMod{Port: 2, MAC: b.ports.Load().byNo[2].state.Load().info.MAC, Config: openflow.PortNoFlood, Mask: openflow.PortNoFlood},
		flowOf(t, "modify udp,actions=1"),
		groupOf(t, openflow.GroupModify, "group_id=7,type=all,bucket=actions=output:1"),
		meter(openflow.MeterModify, 3, 2000),
		flowOf(t, "add priority=1,actions=learn(table=5,cookie=0x9,delete_learned,NXM_OF_ETH_SRC[])"),
		flowOf(t, "delete_strict priority=2,in_port=1"),
		&openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: openflow.PortController, Actions: []openflow.Action{openflow.Group{ID: 7}}, Data: udp(1, 2, nil)},
		groupOf(t, openflow.GroupDelete, "group_id=8"),
		meter(openflow.MeterDelete, 3, 1),
		flowOf(t, "add priority=2,in_port=1,actions=group:7"),
		groupOf(t, openflow.GroupDelete, "group_id=1"), // and the flow that uses it
		flowOf(t, "add table=1,priority=4,udp,udp_dst=5,reset_counts,cookie=0x77,actions=2"),
		flowOf(t, "delete table=1"),
	}
	if v >= openflow.V14 {
		list = append(list, &openflow.TableMod{Table: 3, Eviction: openflow.On, EvictionFlags: evictOther, Vacancy: openflow.On, VacancyDown: 10, VacancyUp: 20},
			flowOf(t, "add table=3,actions=drop"), flowOf(t, "add table=3,priority=7,actions=drop")) // one goes for the other
	}
	if v >= openflow.V15 {
		list = append(list, groupOf(t, openflow.GroupInsertBucket, "group_id=2,command_bucket_id=first,bucket=bucket_id:4,actions=output:1"),
			groupOf(t, openflow.GroupRemoveBucket, "group_id=2,command_bucket_id=last"))
	}
	return list
}

func bundlePeer(t *testing.T, v openflow.Version) (*jar, *Bridge, *peer) {
	j := newJar(t, false)
	b := j.bridge("br0", 3, FailSecure)
	c := b.Config()
	c.Tables = []TableConfig{{Table: 3, Limit: 1}, {Table: 4, Limit: 1}}
	b.Configure(c, j.now)
	p := j.connect(b, Controller, v)
	p.ask(flowOf(t, "add priority=2,in_port=1,actions=3"), flowOf(t, "add table=1,priority=4,udp,udp_dst=5,actions=drop"),
		groupOf(t, openflow.GroupAdd, "group_id=1,type=indirect,bucket=actions=output:3"), flowOf(t, "add priority=3,icmp,send_flow_rem,actions=group:1"),
		groupOf(t, openflow.GroupAdd, "group_id=2,type=all,bucket=bucket_id:1,actions=output:2,bucket=bucket_id:2,actions=output:3"),
		&openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 2, Flags: openflow.MeterPktps, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1000}}}},
		flowOf(t, "add priority=2,in_port=2,cookie=0x22,actions=meter:2,group:2"), flowOf(t, "add table=4,actions=drop"))
	return j, b, p
}

// TestBundleEqualsSteps makes the same changes in a bundle and one by one.
func TestBundleEqualsSteps(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V13, openflow.V14, openflow.V15} {
		t.Run(v.String(), func(t *testing.T) {
			j, b, p := bundlePeer(t, v)
			p.commits(steps(t, b, v))
			j.settle()
			if out := j.sent(); !strings.HasPrefix(out, "br0p1 ") || strings.Contains(out, "br0p2") {
				t.Errorf("the packet of the bundle went to\n%s", out)
			}
			_, b2, p2 := bundlePeer(t, v)
			if got := p2.ask(steps(t, b2, v)...); refused(got) {
				t.Fatalf("single steps answered with %s", describeAll(got))
			}
			if one, many := p.state(false), p2.state(false); one != many {
				t.Errorf("in a bundle:\n%s\none by one:\n%s", one, many)
			}
		})
	}
}

// TestBundleFailsAtEveryStep lets each step of a bundle fail, which must leave all
// as it was, counters too: packets go as before, and nobody is told of anything.
func TestBundleFailsAtEveryStep(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V13, openflow.V14, openflow.V15} {
		t.Run(v.String(), func(t *testing.T) {
			j, b, p := bundlePeer(t, v)
			other := j.connect(b, Controller, v)
			watch := &openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 1, Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny,
				Flags: openflow.MonitorAdd | openflow.MonitorDelete | openflow.MonitorModify | openflow.MonitorActions}}}
			if v >= openflow.V14 {
				other.ask(watch)
			}
			list := steps(t, b, v)
			forward := func() string { return j.send("br0p1", udp(1, 2, nil)) + "\n" + j.send("br0p2", udp(2, 1, nil)) }
			way := forward()
			for i := range len(list) + 1 {
				for _, x := range failures(t, v) {
					before := p.state(true)
					got := p.bundle(slices.Insert(slices.Clone(list[:i]), i, x.m)...)
					if len(got) != 2 {
						t.Fatalf("step %d, %T: answered with %s", i, x.m, describeAll(got))
					}
					first, second := got[0].(*openflow.Error), got[1].(*openflow.Error)
					if first.Code != x.code || second.Code != openflow.ErrBundleMsgFailed {
						t.Errorf("step %d, %T: %v and %v", i, x.m, first.Code, second.Code)
					}
					j.settle()
					if after := p.state(true); after != before {
						t.Fatalf("step %d, %T: afterwards\n%s\nbefore\n%s", i, x.m, after, before)
					}
					if out := j.sent(); out != "" {
						t.Fatalf("step %d, %T: sent %s", i, x.m, out)
					}
					if w := forward(); w != way {
						t.Fatalf("step %d, %T: a packet now goes to %s", i, x.m, w)
					}
					if told := other.ask(); len(told) != 0 {
						t.Fatalf("step %d, %T: told %s", i, x.m, describeAll(told))
					}
				}
			}
			if n := len(b.learners); n != 0 {
				t.Errorf("%d kinds of learners are left", n)
			}
			// What failed leaves nothing that is in the way of the same without the failure.
			p.commits(list)
		})
	}
}

// failure is a message that fails after any of steps.
type failure struct {
	code openflow.ErrorCode
	m    openflow.Message
}

func failures(t *testing.T, v openflow.Version) []failure {
	list := []failure{
		{openflow.ErrActionBadOutGroup, flowOf(t, "add actions=group:99")},
		{openflow.ErrGroupModLoop, groupOf(t, openflow.GroupAdd, "group_id=55,type=all,bucket=actions=group:55")},
		{openflow.ErrGroupModUnknownGroup, groupOf(t, openflow.GroupModify, "group_id=55,type=all")},
		{openflow.ErrMeterModUnknownMeter, &openflow.MeterMod{Command: openflow.MeterModify, MeterConfig: openflow.MeterConfig{Meter: 77, Flags: openflow.MeterKbps}}},
		{openflow.ErrPortModBadPort, &openflow.PortMod{Port: 99}},
		{openflow.ErrRequestBadPort, &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: 99, Actions: []openflow.Action{openflow.Output{Port: 1}}, Data: udp(1, 2, nil)}},
		{openflow.ErrFlowModOverlap, flowOf(t, "add check_overlap,priority=2,actions=1")},
		{openflow.ErrFlowModTableFull, flowOf(t, "add table=4,priority=9,actions=1")},
	}
	if v >= openflow.V15 {
		list = append(list, failure{openflow.ErrGroupModUnknownBucket, groupOf(t, openflow.GroupInsertBucket, "group_id=2,command_bucket_id=77,bucket=bucket_id:78,actions=output:1")},
			failure{openflow.ErrGroupModUnknownBucket, groupOf(t, openflow.GroupRemoveBucket, "group_id=2,command_bucket_id=77")})
	}
	return list
}

// TestBundleErrors asks for what a bundle's state does not allow.
func TestBundleErrors(t *testing.T) {
	j, _, p := bundlePeer(t, openflow.V14)
	const flags = openflow.BundleAtomic
	control := func(id uint32, kind openflow.BundleControlType, f openflow.BundleFlags) *openflow.BundleControl {
		return &openflow.BundleControl{ID: id, Type: kind, Flags: f}
	}
	add := func(id uint32, f openflow.BundleFlags, m openflow.Message, ahead uint32) *openflow.BundleAdd {
		return &openflow.BundleAdd{ID: id, Flags: f, Message: m, XID: p.xid + ahead}
	}
	one := flowOf(t, "add actions=1")
	for _, kind := range []openflow.BundleControlType{openflow.BundleCloseRequest, openflow.BundleCommitRequest, openflow.BundleDiscardRequest} {
		p.fails(openflow.ErrBundleBadID, control(1, kind, flags))
	}
	p.fails(openflow.ErrBundleBadType, control(1, openflow.BundleOpenReply, flags))
	p.ask(control(1, openflow.BundleOpenRequest, flags))
	p.fails(openflow.ErrBundleBundleExist, control(1, openflow.BundleOpenRequest, flags))
	p.fails(openflow.ErrBundleBadID, control(1, openflow.BundleCommitRequest, flags))
	p.ask(control(1, openflow.BundleOpenRequest, flags))
	p.fails(openflow.ErrBundleBadFlags, add(1, openflow.BundleOrdered, one, 1))
	p.ask(control(1, openflow.BundleOpenRequest, flags), control(1, openflow.BundleCloseRequest, flags))
	p.fails(openflow.ErrBundleBundleClosed, add(1, flags, one, 1))
	p.ask(control(1, openflow.BundleOpenRequest, flags))
	p.fails(openflow.ErrBundleMsgUnsup, add(1, flags, &openflow.FlowModTableID{On: true}, 1))
	p.fails(openflow.ErrBundleBadFlags, control(1, openflow.BundleCommitRequest, 0))
	// Opened by what is added, committed without being closed.
	if got := p.ask(add(5, flags, one, 1), control(5, openflow.BundleCommitRequest, flags)); len(got) != 1 {
		t.Errorf("answered with %s", describeAll(got))
	}
	for i := range uint32(maxBundles) {
		p.ask(control(100+i, openflow.BundleOpenRequest, flags))
	}
	p.fails(openflow.ErrBundleOutOfBundles, control(1, openflow.BundleOpenRequest, flags))
	// Idle ones are given up.
	j.now += int64(bundleIdle + time.Second)
	j.sw.Run(j.now)
	got := p.ask()
	if len(got) != maxBundles {
		t.Errorf("%d bundles timed out", len(got))
	}
	for _, m := range got {
		if e, ok := m.(*openflow.Error); !ok || e.Code != openflow.ErrBundleTimeout {
			t.Errorf("got %s", describeAll([]openflow.Message{m}))
		}
	}
}

// TestBundleIsOneStep forwards packets while bundles swap two ways through flow and
// group: none may see a mixture.
func TestBundleIsOneStep(t *testing.T) {
	dp, b, devices, clock := runWorkers(t, datapath.Options{NoCache: true})
	s := b.NewSession(SessionOptions{Kind: Service}, clock())
	p := &peer{t: t, j: &jar{t: t, now: clock()}, s: s, version: openflow.V14}
	p.send(&openflow.Hello{Versions: openflow.Versions(openflow.V14), Bitmap: true})
	p.receive()
	p.ask(groupOf(t, openflow.GroupAdd, "group_id=1,type=all,bucket=actions=drop"))
	// Way n marks packets with n in the flow and in the group.
	way := func(n int) {
		p.bundle(groupOf(t, openflow.GroupModify, fmt.Sprintf("group_id=1,type=all,bucket=actions=set_field:02:00:00:00:00:%02x->eth_src,output:2", n)),
			flowOf(t, fmt.Sprintf("add priority=9,udp,actions=set_field:02:00:00:00:00:%02x->eth_dst,group:1", n)))
	}
	way(1)
	stop := make(chan struct{})
	var noise sync.WaitGroup
	noise.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				devices[0].Inject(0, udp(3, 4, nil))
				if n%32 == 0 {
					time.Sleep(100 * time.Microsecond)
				}
			}
		}
	})
	seen := map[byte]int{}
	for i := 0; i < 300 || i < 100_000 && (seen[1] == 0 || seen[2] == 0); i++ {
		way(1 + i%2)
		for _, f := range devices[1].Sent() {
			if seen[f.Data[5]]++; f.Data[5] != f.Data[11] {
				t.Fatalf("a packet was marked %d by the flow and %d by the group", f.Data[5], f.Data[11])
			}
		}
	}
	close(stop)
	noise.Wait()
	if seen[1] == 0 || seen[2] == 0 {
		t.Errorf("marks seen: %v", seen)
	}
	if err := dp.Close(); err != nil {
		t.Error(err)
	}
}
