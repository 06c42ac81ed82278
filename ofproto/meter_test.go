package ofproto

import (
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

func TestMeters(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Service, openflow.V13)
	drop := &openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 1,
		Flags: openflow.MeterPktps | openflow.MeterBurst | openflow.MeterStatistics, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 10, Burst: 5}}}}
	remark := &openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 2,
		Flags: openflow.MeterPktps | openflow.MeterBurst, Bands: []openflow.MeterBand{{Type: openflow.BandDSCPRemark, Rate: 1, Burst: 1, PrecLevel: 1}}}}
	if got := p.ask(drop, remark, flowOf(t, "add in_port=1,actions=meter:1,output:2")); len(got) != 0 {
		t.Fatal(describeAll(got))
	}
	for range 20 {
		j.send("br0p1", udp(1, 2, nil))
	}
	if n := j.ports["br0p2"].Count(); n != 5 {
		t.Errorf("%d frames passed, the burst is 5", n)
	}
	j.now += int64(time.Second)
	for range 20 {
		j.send("br0p1", udp(1, 2, nil))
	}
	if n := j.ports["br0p2"].Count(); n != 10 {
		t.Errorf("%d frames passed after a second, want 10: the bucket holds 5", n)
	}
	c, _ := j.dp.PortCounters(1)
	s := p.ask(&openflow.MeterStatsRequest{Meter: 1})[0].(*openflow.MeterStatsReply).Meters[0]
	if c.Drops[datapath.DropMeter] != 30 || s.Packets != 40 || s.Bands[0].Packets != 30 || s.Flows != 1 {
		t.Errorf("dropped %d; %+v", c.Drops[datapath.DropMeter], s)
	}
	config := p.ask(&openflow.MeterConfigRequest{Meter: openflow.MeterAll})[0].(*openflow.MeterConfigReply).Meters
	if len(config) != 2 || config[0].Bands[0] != drop.Bands[0] || config[0].Flags != drop.Flags {
		t.Errorf("config %+v", config)
	}
	// Remarked packets can be told apart by a later table.
	p.ask(flowOf(t, "add in_port=1,actions=meter:2,goto_table:1"), flowOf(t, "add table=1,ip,nw_tos=48,actions=output:2"), flowOf(t, "add table=1,priority=1,actions=in_port"))
	af11 := func(k *flow.Key) { k.IPTOS = 10 << 2 }
	if got := j.send("br0p1", udp(1, 2, af11)); got != "br0p1 01>02 1:1000>2:2000 ttl64 tos40" {
		t.Errorf("within the rate:\n%s", got)
	}
	if got := j.send("br0p1", udp(1, 2, af11)); got != "br0p2 01>02 1:1000>2:2000 ttl64 tos48" {
		t.Errorf("above the rate:\n%s", got)
	}
	// A deleted meter takes its flows along.
	p.ask(&openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{Meter: openflow.MeterAll}})
	if got := p.ask(statsRequest()); len(got[0].(*openflow.FlowStatsReply).Flows) != 2 {
		t.Errorf("flows left: %s", describeAll(got))
	}
	p.fails(openflow.ErrMeterModUnknownMeter, &openflow.MeterMod{Command: openflow.MeterModify, MeterConfig: drop.MeterConfig})
	p.fails(openflow.ErrMeterModInvalidMeter, &openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: 0, Flags: openflow.MeterKbps}})
	p.fails(openflow.ErrMeterModInvalidMeter, flowOf(t, "add actions=meter:9,output:1"))
	p.fails(openflow.ErrMeterModUnknownMeter, &openflow.MeterStatsRequest{Meter: 9})
}

// TestSlowPathMeter limits the first packets of flows, not the others.
func TestSlowPathMeter(t *testing.T) {
	j := newJar(t, false)
	p := j.connect(j.bridge("br0", 2, FailSecure), Service, openflow.V13)
	limit := &openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{Meter: openflow.MeterSlowPath,
		Flags: openflow.MeterPktps | openflow.MeterBurst, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1, Burst: 3}}}}
	if got := p.ask(limit, flowOf(t, "add udp,in_port=1,tp_src=1,priority=1,actions=output:2"), flowOf(t, "add udp,in_port=1,tp_src=2,priority=1,actions=output:2"),
		flowOf(t, "add udp,in_port=1,tp_src=3,priority=1,actions=output:2"), flowOf(t, "add udp,in_port=1,tp_src=4,priority=1,actions=output:2")); len(got) != 0 {
		t.Fatal(describeAll(got))
	}
	// Four flows, of which three get a decision.
	flows := func() {
		for port := range uint16(4) {
			j.send("br0p1", udp(1, 2, func(k *flow.Key) { k.TPSrc = 1 + port }))
		}
	}
	flows()
	flows()
	c, _ := j.dp.PortCounters(1)
	dropped := c.Drops[datapath.DropMeter]
	s := p.ask(&openflow.MeterStatsRequest{Meter: openflow.MeterSlowPath})[0].(*openflow.MeterStatsReply).Meters[0]
	if dropped != 2 || s.Bands[0].Packets != dropped || s.Packets != dropped+3 {
		t.Errorf("%d dropped; %+v", dropped, s)
	}
	p.ask(&openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{Meter: openflow.MeterSlowPath}})
	flows()
	if c, _ = j.dp.PortCounters(1); c.Drops[datapath.DropMeter] != dropped {
		t.Error("the deleted meter still drops")
	}
}
