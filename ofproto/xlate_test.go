package ofproto

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// pipelineCases are flows, a frame sent into port 1, and what must come out.
var pipelineCases = []struct {
	name  string
	flows string
	edit  func(*flow.Key)
	want  string
}{
	{"output", "in_port=1,actions=output:2,output:3", nil,
		"br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"not back to the input port", "actions=output:1,output:2", nil, "br0p2 01>02 1:1000>2:2000 ttl64 tos0"},
	{"in_port", "actions=in_port", nil, "br0p1 01>02 1:1000>2:2000 ttl64 tos0"},
	{"all", "actions=all", nil, "br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"priorities", "priority=1,actions=output:2\npriority=2,udp,actions=output:3", nil, "br0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"drop", "actions=drop", nil, ""},
	{"goto and metadata", `table=0,actions=write_metadata:0x1234,goto_table:1
		table=1,priority=1,actions=drop
		table=1,priority=2,metadata=0x1234,actions=output:2`, nil, "br0p2 01>02 1:1000>2:2000 ttl64 tos0"},
	{"set fields", "udp,actions=mod_nw_src:10.0.0.9,mod_nw_tos:8,mod_tp_dst:99,mod_dl_dst:02:00:00:00:00:77,output:2", nil,
		"br0p2 01>77 9:1000>2:99 ttl64 tos8"},
	{"output between edits", "udp,actions=output:2,mod_tp_dst:99,output:3", nil,
		"br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:99 ttl64 tos0"},
	{"push vlan", "actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:2", nil, "br0p2 01>02 vlan10/0 1:1000>2:2000 ttl64 tos0"},
	{"push second vlan copies the first", "actions=push_vlan:0x88a8,output:2", func(k *flow.Key) {
		k.VLAN[0] = flow.VLANTag{TPID: 0x8100, TCI: 7 | 3<<13 | flow.VLANPresent}
	}, "br0p2 01>02 vlan7/3 vlan7/3 1:1000>2:2000 ttl64 tos0"},
	{"pop vlan", "actions=pop_vlan,output:2", func(k *flow.Key) {
		k.VLAN[0] = flow.VLANTag{TPID: 0x8100, TCI: 7 | flow.VLANPresent}
	}, "br0p2 01>02 1:1000>2:2000 ttl64 tos0"},
	{"pop vlan without one", "actions=pop_vlan,output:2", nil, "br0p2 01>02 1:1000>2:2000 ttl64 tos0"},
	{"1.0 sets a tag where there is none", "actions=mod_vlan_vid:5,mod_vlan_pcp:2,output:2", nil, "br0p2 01>02 vlan5/2 1:1000>2:2000 ttl64 tos0"},
	{"dec_ttl", "ip,actions=dec_ttl,output:2", nil, "br0p2 01>02 1:1000>2:2000 ttl63 tos0"},
	{"dec_ttl at its end", "ip,actions=dec_ttl,output:2", func(k *flow.Key) { k.IPTTL = 1 }, ""},
	{"action set", "ip,actions=write_actions(output:2,dec_ttl,set_field:10.0.0.7->ip_src),goto_table:5\ntable=5,actions=write_actions(output:3)", nil,
		"br0p3 01>02 7:1000>2:2000 ttl63 tos0"},
	{"clear_actions", "actions=write_actions(output:2),goto_table:1\ntable=1,actions=clear_actions,write_actions(output:3)", nil,
		"br0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"resubmit comes back", "actions=resubmit(,1),output:3\ntable=1,udp,actions=mod_tp_src:1,output:2", nil,
		"br0p2 01>02 1:1>2:2000 ttl64 tos0\nbr0p3 01>02 1:1>2:2000 ttl64 tos0"},
	{"resubmit with another port", "in_port=1,actions=resubmit:7,output:3\nin_port=7,actions=output:2", nil,
		"br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"clone gives all back", "udp,actions=clone(mod_tp_src:1,output:2),output:3", nil,
		"br0p2 01>02 1:1>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"registers", "actions=load:0x3->NXM_NX_REG0[0..15],output:NXM_NX_REG0[0..15]", nil, "br0p3 01>02 1:1000>2:2000 ttl64 tos0"},
	{"move", "udp,actions=move:NXM_OF_UDP_SRC[]->NXM_OF_UDP_DST[],output:2", nil, "br0p2 01>02 1:1000>2:1000 ttl64 tos0"},
	{"stack", "udp,actions=push:NXM_OF_UDP_SRC[],pop:NXM_OF_UDP_DST[],output:2", nil, "br0p2 01>02 1:1000>2:1000 ttl64 tos0"},
	{"exit", "actions=resubmit(,1),output:3\ntable=1,actions=output:2,exit", nil, "br0p2 01>02 1:1000>2:2000 ttl64 tos0"},
	{"mpls push, pop and match behind", `table=0,ip,actions=push_mpls:0x8847,set_field:9->mpls_label,pop_mpls:0x0800,goto_table:1
		table=1,udp,tp_dst=2000,actions=dec_ttl,output:2`, nil, "br0p2 01>02 1:1000>2:2000 ttl63 tos0"},
	{"push mpls", "ip,actions=push_mpls:0x8847,set_field:9->mpls_label,output:2", nil, "br0p2 01>02 mpls9 ttl64"},
	{"ct drops, whatever went before", "ip,actions=output:2,ct(commit),output:3", nil, ""},
	{"table miss", "in_port=2,actions=output:3", nil, ""},
}

func TestPipeline(t *testing.T) {
	for _, c := range pipelineCases {
		for _, noCache := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				j := newJar(t, noCache)
				b := j.bridge("br0", 3, FailSecure)
				j.flows(b, c.flows)
				for range 2 { // a miss, then a hit
					if got := j.send("br0p1", udp(1, 2, c.edit)); got != c.want {
						t.Errorf("no cache %v: got\n%s\nwant\n%s", noCache, got, c.want)
					}
				}
				j.sw.RevalidateAll(j.now)
				if got := j.send("br0p1", udp(1, 2, c.edit)); got != c.want {
					t.Errorf("revalidated: got\n%s\nwant\n%s", got, c.want)
				}
				if m := j.dp.WorkerCounters()[0].Misses; !noCache && m > 2 {
					t.Errorf("%d misses: revalidation removed what it should keep", m)
				}
			})
		}
	}
}

func TestNormalLearns(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 3, FailStandalone)
	if got := j.send("br0p1", udp(1, 2, nil)); got != "br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr0p3 01>02 1:1000>2:2000 ttl64 tos0" {
		t.Errorf("unknown destination:\n%s", got)
	}
	if got := j.send("br0p2", udp(2, 1, nil)); got != "br0p1 02>01 2:1000>1:2000 ttl64 tos0" {
		t.Errorf("answer:\n%s", got)
	}
	if got := j.send("br0p1", udp(1, 2, nil)); got != "br0p2 01>02 1:1000>2:2000 ttl64 tos0" {
		t.Errorf("known destination:\n%s", got)
	}
	// The station moves, and moves back.
	for _, port := range []string{"br0p3", "br0p1"} {
		j.send(port, udp(1, 9, nil))
		if got := j.send("br0p2", udp(2, 1, nil)); got != port+" 02>01 2:1000>1:2000 ttl64 tos0" {
			t.Errorf("to the station at %s:\n%s", port, got)
		}
	}
	if s := b.FDBStats(); s.Entries != 2 || s.Moved != 2 || s.Learned != 2 {
		t.Errorf("%+v", s)
	}
	// Traffic keeps an entry alive, silence ends it.
	for range 10 {
		j.now += int64(100 * time.Second)
		j.send("br0p1", udp(1, 2, nil))
		j.sw.Run(j.now)
	}
	if s := b.Stations(j.now); len(s) != 1 || s[0].Port.Name != "br0p1" {
		t.Errorf("stations after 1000 s: %+v", s)
	}
}

func TestNormalVLANs(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 0, FailStandalone)
	j.port(b, PortConfig{Name: "a1", No: 1, Mode: VLANAccess, Tag: 10})
	j.port(b, PortConfig{Name: "a2", No: 2, Mode: VLANAccess, Tag: 10})
	j.port(b, PortConfig{Name: "a3", No: 3, Mode: VLANAccess, Tag: 20})
	j.port(b, PortConfig{Name: "t4", No: 4, Mode: VLANTrunk})
	j.port(b, PortConfig{Name: "t5", No: 5, Mode: VLANTrunk, Trunks: []uint16{20}})
	j.port(b, PortConfig{Name: "n6", No: 6, Mode: VLANNativeUntagged, Tag: 10})
	j.port(b, PortConfig{Name: "n7", No: 7, Mode: VLANNativeTagged, Tag: 10})
	const rest = " 1:1000>2:2000 ttl64 tos0"
	tag := func(vid uint16) func(*flow.Key) {
		return func(k *flow.Key) { k.VLAN[0] = flow.VLANTag{TPID: 0x8100, TCI: vid | flow.VLANPresent} }
	}
	for _, c := range []struct {
		name, port string
		edit       func(*flow.Key)
		want       string
	}{
		{"from access", "a1", nil, "a2 01>02" + rest + "\nn6 01>02" + rest + "\nn7 01>02 vlan10/0" + rest + "\nt4 01>02 vlan10/0" + rest},
		{"from trunk", "t4", tag(10), "a1 01>02" + rest + "\na2 01>02" + rest + "\nn6 01>02" + rest + "\nn7 01>02 vlan10/0" + rest},
		{"other VLAN", "a3", nil, "n6 01>02 vlan20/0" + rest + "\nn7 01>02 vlan20/0" + rest + "\nt4 01>02 vlan20/0" + rest + "\nt5 01>02 vlan20/0" + rest},
		{"untagged on a trunk comes out in no VLAN's port", "t4", nil, ""},
		{"a tag in a tag stays off access ports", "t4", func(k *flow.Key) {
			k.VLAN = [2]flow.VLANTag{{TPID: 0x8100, TCI: 20 | flow.VLANPresent}, {TPID: 0x8100, TCI: 10 | flow.VLANPresent}}
		}, "n6 01>02 vlan20/0 vlan10/0" + rest + "\nn7 01>02 vlan20/0 vlan10/0" + rest + "\nt5 01>02 vlan20/0 vlan10/0" + rest},
		{"tagged into an access port", "a1", tag(10), ""},
		{"VLAN that a trunk does not carry", "t5", tag(10), ""},
		{"native", "n6", nil, "a1 01>02" + rest + "\na2 01>02" + rest + "\nn7 01>02 vlan10/0" + rest + "\nt4 01>02 vlan10/0" + rest},
	} {
		for range 2 {
			b.FlushStations(j.now)
			if got := j.send(c.port, udp(1, 2, c.edit)); got != c.want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
			}
		}
	}
}

func TestReservedMulticastIsNotForwarded(t *testing.T) {
	j := newJar(t, false)
	j.bridge("br0", 2, FailStandalone)
	stp := func(k *flow.Key) { k.EthDst = flow.MAC{1, 0x80, 0xc2, 0, 0, 0} }
	if got := j.send("br0p1", udp(1, 0, stp)); got != "" {
		t.Errorf("forwarded:\n%s", got)
	}
	if c, _ := j.dp.PortCounters(1); c.Drops[datapath.DropReservedMAC] != 1 {
		t.Errorf("drops %v", c.Drops)
	}
}

func TestPatchPorts(t *testing.T) {
	j := newJar(t, false)
	b0, b1 := j.bridge("br0", 2, FailStandalone), j.bridge("br1", 2, FailStandalone)
	j.port(b0, PortConfig{Name: "to1", No: 9, Peer: "to0"})
	p := j.port(b1, PortConfig{Name: "to0", No: 9, Peer: "to1"})
	if got := j.send("br0p1", udp(1, 2, nil)); got != "br0p2 01>02 1:1000>2:2000 ttl64 tos0\nbr1p1 01>02 1:1000>2:2000 ttl64 tos0\nbr1p2 01>02 1:1000>2:2000 ttl64 tos0" {
		t.Errorf("flooded over the patch:\n%s", got)
	}
	if got := j.send("br1p1", udp(2, 1, nil)); got != "br0p1 02>01 2:1000>1:2000 ttl64 tos0" {
		t.Errorf("answer:\n%s", got)
	}
	j.dp.Fold()
	if c := p.Counters(); c.RxPackets != 1 || c.TxPackets != 1 {
		t.Errorf("patch port counted %d received, %d sent", c.RxPackets, c.TxPackets)
	}
	j.send("br0p1", udp(1, 2, nil))
	if n := len(j.dp.Megaflows()); n != 2 {
		t.Errorf("%d megaflows, want one over both bridges for each direction", n)
	}
}

// TestPatchLoopEnds joins two bridges by two cables: a broadcast goes round and
// round, and must end at the limit.
func TestPatchLoopEnds(t *testing.T) {
	j := newJar(t, false)
	b0, b1 := j.bridge("br0", 1, FailSecure), j.bridge("br1", 1, FailSecure)
	for i, names := range [][2]string{{"a0", "a1"}, {"b0", "b1"}} {
		j.port(b0, PortConfig{Name: names[0], No: openflow.PortNo(5 + i), Peer: names[1]})
		j.port(b1, PortConfig{Name: names[1], No: openflow.PortNo(5 + i), Peer: names[0]})
	}
	j.flows(b0, "actions=all")
	j.flows(b1, "actions=all")
	if got := j.send("br0p1", udp(1, 2, nil)); got != "" {
		t.Errorf("sent:\n%s", got)
	}
	if c, _ := j.dp.PortCounters(1); c.Drops[datapath.DropTooDeep]+c.Drops[datapath.DropTooManyResubmits] != 1 {
		t.Errorf("drops %v", c.Drops)
	}
}

func TestResubmitLoopEnds(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	j.flows(b, "actions=resubmit(,0),resubmit(,0)")
	j.send("br0p1", udp(1, 2, nil))
	if c, _ := j.dp.PortCounters(1); c.Drops[datapath.DropTooDeep] != 1 {
		t.Errorf("drops %v", c.Drops)
	}
}

// TestLimits has packets ask for more than one may have: they are dropped by name, and
// quickly.
func TestLimits(t *testing.T) {
	many := func(what string, n int) string { return strings.TrimSuffix(strings.Repeat(what+",", n), ",") }
	again := func(n int) string { return "priority=2,actions=" + many("resubmit(,1)", n) + "\n" }
	learning := func(n int) string {
		flows, first := "", "priority=2,actions="
		for i := range n {
			if i%256 == 0 {
				first += fmt.Sprintf("resubmit(,%d),", 1+i/256)
				flows += fmt.Sprintf("\ntable=%d,actions=load:0->NXM_NX_REG0[]", 1+i/256)
			}
			flows += fmt.Sprintf(",load:%d->NXM_NX_REG1[],learn(table=99,NXM_NX_REG1[])", i)
		}
		return first + "output:2" + flows
	}
	for name, c := range map[string]struct {
		flows string
		want  datapath.DropReason
		sent  int
	}{
		"as many outputs as may be": {again(16) + "table=1,actions=" + many("output:2", maxActions/16), datapath.DropNone, maxActions},
		"outputs":                   {again(16) + "table=1,actions=" + many("output:2", maxActions/16+1), datapath.DropTooManyActions, 0},
		"outputs in copies":         {again(16) + "table=1,actions=" + many("clone(dec_ttl,output:2)", maxActions/16), datapath.DropTooManyActions, 0},
		"actions without an output": {again(40) + "table=1,actions=" + many("load:1->NXM_NX_REG0[]", maxSteps/40), datapath.DropTooManyActions, 0},
		"learned flows":             {learning(maxLearned + 1), datapath.DropTooManyActions, 0},
		"as many as may be":         {learning(maxLearned), datapath.DropNone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJar(t, false)
			j.flows(j.bridge("br0", 2, FailSecure), c.flows)
			for range 2 {
				j.ports["br0p1"].Inject(0, udp(1, 2, nil))
				j.settle()
			}
			counters, _ := j.dp.PortCounters(1)
			if n := len(j.ports["br0p2"].Sent()); n != 2*c.sent || c.want != datapath.DropNone && counters.Drops[c.want] != 2 {
				t.Errorf("%d frames are sent, want %d; dropped: %v", n, 2*c.sent, counters.Drops)
			}
		})
	}
}
