package ofproto

import (
	"strings"
	"testing"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// TestCulprits drops packets where no flow says so, and asks who did it.
func TestCulprits(t *testing.T) {
	meter := func(id uint32) *openflow.MeterMod {
		return &openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: id, Flags: openflow.MeterPktps | openflow.MeterBurst,
			Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1, Burst: 1}}}}
	}
	dying := func(id, watch string) *openflow.GroupMod {
		return groupOf(t, openflow.GroupAdd, "group_id="+id+",type=ff,bucket=watch_group:"+watch+",actions=output:2")
	}
	for _, c := range []struct {
		name   string
		change []openflow.Message
		reason datapath.DropReason
		want   *Culprit
	}{
		{"an empty bridge", nil, datapath.DropSecureMiss, &Culprit{"br0", "table", "0"}},
		{"a miss further on", []openflow.Message{flowOf(t, "add udp,actions=goto_table:7"), flowOf(t, "add table=7,tcp,actions=2")}, datapath.DropTableMiss, &Culprit{"br0", "table", "7"}},
		{"a flow", []openflow.Message{flowOf(t, "add udp,actions=drop")}, datapath.DropFlow, nil},
		{"a group behind another", []openflow.Message{groupOf(t, openflow.GroupAdd, "group_id=3,type=all"), dying("4", "3"),
			groupOf(t, openflow.GroupAdd, "group_id=5,type=all,bucket=actions=group:4"), flowOf(t, "add actions=group:5")}, datapath.DropNoBucket, &Culprit{"br0", "group", "4"}},
		{"the second of two meters", []openflow.Message{&openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 1, Flags: openflow.MeterPktps,
			Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1 << 20}}}}, meter(9), flowOf(t, "add actions=meter:1,resubmit(,1)"), flowOf(t, "add table=1,actions=meter:9,2")},
			datapath.DropMeter, &Culprit{"br0", "meter", "9"}},
		{"the meter of decisions", []openflow.Message{meter(openflow.MeterSlowPath), flowOf(t, "add actions=NORMAL")}, datapath.DropMeter, &Culprit{"br0", "meter", "slowpath"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJar(t, false)
			b := j.bridge("br0", 2, FailSecure)
			if got := j.connect(b, Controller, openflow.V15).ask(c.change...); refused(got) {
				t.Fatal(describeAll(got))
			}
			for i := range uint16(3) {
				j.send("br0p1", udp(1, 2, func(k *flow.Key) { k.TPSrc = i; k.EthSrc[4] = byte(i) }))
			}
			samples := j.dp.DropSamples(1)
			if len(samples) != 1 || samples[0].Reason != c.reason {
				t.Fatalf("dropped %+v, want %s", samples, c.reason)
			}
			got := j.sw.CulpritOf(&samples[0])
			if got == nil != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestFlowOfCutFrame reads the headers of a frame of which the beginning is kept.
func TestFlowOfCutFrame(t *testing.T) {
	k := flow.Key{}
	flow.Extract(packet.View(udp(1, 2, nil)), &k)
	whole, err := flow.Compose(&k, make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	var p *Port
	want := p.FlowOf(whole, len(whole))
	if got := p.FlowOf(whole[:256], len(whole)); got != want || !strings.Contains(got, "nw_dst=10.0.0.2") {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
