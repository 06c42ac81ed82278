package system

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/control"
)

// TestTraceOfMegaflows traces what caches hold as it is written there: each trace must
// come to the same actions of the datapath.
func TestTraceOfMegaflows(t *testing.T) {
	s := newLab(t, "ping").run(`
bridges:
  - name: br0
    flows: |
      table=0,priority=5,icmp,nw_src=10.0.0.0/24,actions=load:7->NXM_NX_REG3[],resubmit(,3)
      table=0,priority=4,icmp6,actions=drop
      table=0,priority=1,actions=NORMAL
      table=3,icmp,nw_dst=10.0.0.2,actions=dec_ttl,mod_nw_tos:32,NORMAL
      table=3,priority=0,actions=NORMAL
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24], tag: 0}
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24], tag: 9}
`)
	s.reaches("h1", ip2)
	s.ping("h2", ip1, 2)
	list := mustAsk[control.DatapathFlowsReply](s, "appctl", string(control.DumpAllFlows), control.DatapathName)
	if len(list.Flows) < 4 {
		t.Fatalf("%d megaflows: %+v", len(list.Flows), list)
	}
	for _, f := range list.Flows {
		for _, words := range [][]string{{f.Match}, {control.DatapathName, f.Match}, {"br0", f.Match}} {
			text, err := s.tryOfctl(append([]string{"trace"}, words...)...)
			if want := "Datapath actions: " + f.Actions + "\n"; err != nil || !strings.Contains(text, want) {
				t.Errorf("trace %s:\n%s%v\nwant %s", words, text, err, want)
			}
		}
	}
	shows(t, s.ofctl("trace", "br0", "in_port=h1,icmp6,icmp_type=136,nd_target=fd00::1,nd_tll=02:00:00:00:00:01"), "Flow: icmp6,in_port=1,.*nd_tll=02:00:00:00:00:01")
	for match, complaint := range map[string]string{
		"in_port(99),eth_type(0x0800)":       "in_port(99): the datapath has no such port",
		"in_port(h9),eth_type(0x0800)":       "no port named h9",
		"eth_type(0x0800)":                   "names no port",
		"recirc_id(0x5),in_port(h1)":         "recirc_id(0)",
		"in_port(h1),eth_type(0x0800),ip4()": "unknown part",
	} {
		out, err := s.tryOfctl("trace", match)
		s.fails(out, err, complaint)
	}
	shows(t, s.ofctl("trace", "in_port(h1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0806),arp(op=1)"), fmt.Sprintf("Flow: arp,in_port=%d,", 1))
	for _, from := range []string{"in_port=controller,icmp,nw_src=10.0.0.1", "icmp,nw_src=10.0.0.1"} {
		shows(t, s.ofctl("appctl", "ofproto/trace-packet-out", "br0", from, "output:2"), "Flow: icmp,in_port=CONTROLLER,", `Megaflow: .*in_port=CONTROLLER`, "Datapath actions: 2")
	}
}
