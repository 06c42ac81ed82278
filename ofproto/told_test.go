package ofproto

import (
	"testing"

	"vswitch/openflow"
)

// outputs are so many outputs, which take 8 bytes in OpenFlow 1.0 and 16 later.
func outputs(n int) []openflow.Action {
	list := make([]openflow.Action, n)
	for i := range list {
		list[i] = openflow.Output{Port: 2}
	}
	return list
}

// TestWhatIsTooLargeToBeToldIsRefused: flows and groups that fit into the message
// that makes them, and not into what a version tells of them.
func TestWhatIsTooLargeToBeToldIsRefused(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Controller, openflow.V10)
	p.ask(flowOf(t, "add priority=1,actions=1"))
	flow := flowOf(t, "add priority=2,actions=1")
	flow.Actions = outputs(8000)
	p.fails(openflow.ErrActionTooMany, flow)
	flow = flowOf(t, "modify actions=1")
	flow.Actions = outputs(8000)
	p.fails(openflow.ErrActionTooMany, flow)

	p = j.connect(b, Controller, openflow.V15)
	p.ask(groupOf(t, openflow.GroupAdd, "group_id=1,type=all,bucket=bucket_id=1,actions=1"))
	insert := func(id uint32) *openflow.GroupMod {
		bucket := openflow.Bucket{ID: id, WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: outputs(2500)}
		return &openflow.GroupMod{Command: openflow.GroupInsertBucket, Group: 1, CommandBucket: openflow.BucketLast, Buckets: []openflow.Bucket{bucket}}
	}
	p.ask(insert(2))
	p.fails(openflow.ErrGroupModOutOfBuckets, insert(3))

	got := p.ask(statsRequest(), &openflow.GroupDescRequest{Group: openflow.GroupAll})
	if len(got) != 2 {
		t.Fatalf("answers: %s", describeAll(got))
	}
	if flows := got[0].(*openflow.FlowStatsReply).Flows; len(flows) != 1 {
		t.Errorf("%d flows", len(flows))
	}
	if groups := got[1].(*openflow.GroupDescReply).Groups; len(groups) != 1 || len(groups[0].Buckets) != 2 {
		t.Errorf("%+v", groups)
	}
}
