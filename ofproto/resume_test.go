package ofproto

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// TestPausedPacketGoesOn pauses packets at many places of the pipeline and
// compares what leaves after NXT_RESUME with what leaves without a pause.
func TestPausedPacketGoesOn(t *testing.T) {
	flows := [][]string{
		{"actions=%s,2"},
		{"actions=set_field:02:00:00:00:00:09->eth_dst,%s,2,set_field:02:00:00:00:00:08->eth_dst,3"},
		{"actions=load:7->reg3[],set_field:5->metadata,%s,resubmit(,4),3", "table=4,reg3=7,metadata=5,actions=2"},
		{"actions=push:eth_dst[],load:3->reg1[],push:reg1[0..1],%s,pop:reg2[],pop:eth_src[],output:reg2,2"},
		{"actions=resubmit(,1),2", "table=1,actions=load:1->reg1[],%s,resubmit(,2),4", "table=2,reg1=1,actions=3"},
		{"table=0,actions=write_actions(set_field:02:00:00:00:00:07->eth_dst,output:3),goto_table:5", "table=5,actions=%s,clear_actions,write_actions(output:2)"},
		{"table=0,actions=write_actions(output:3),goto_table:5", "table=5,actions=%s,2,goto_table:6", "table=6,actions=4"},
		{"actions=clone(set_field:02:00:00:00:00:09->eth_dst,%s,2),3"},
		{"actions=push_vlan:0x8100,set_field:4101->vlan_vid,%s,2,pop_vlan,3"},
		{"actions=set_field:3->pkt_mark,%s,resubmit(,1)", "table=1,pkt_mark=3,actions=2"},
		{"udp,actions=push_mpls:0x8847,%s,pop_mpls:0x0800,dec_ttl,2", "tcp,actions=dec_ttl,%s,3"},
		{"in_port=1,actions=load:2->in_port_oxm[],%s,1", "priority=1,actions=drop"},
	}
	for i, list := range flows {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			straight := sendThrough(t, list, "load:0->reg31[]", false)
			paused := sendThrough(t, list, "controller(pause,userdata=01.02)", true)
			if straight != paused {
				t.Errorf("paused and resumed:\n%s\nwithout:\n%s", paused, straight)
			}
			if straight == "" {
				t.Error("nothing left")
			}
		})
	}
}

// sendThrough sends packets through flows with an action where they say %s, and
// resumes what pauses.
func sendThrough(t *testing.T, flows []string, action string, resume bool) (out string) {
	j := newJar(t, false)
	b := j.bridge("br0", 4, FailSecure)
	p := j.connect(b, Controller, openflow.V13)
	p.ask(&openflow.SetPacketInFormat{Format: openflow.PacketInNXT2})
	for _, f := range flows {
		line := strings.ReplaceAll(f, "%s", action)
		if got := p.ask(flowOf(t, line)); len(got) != 0 {
			t.Fatalf("%s: %s", line, describeAll(got))
		}
	}
	asTCP := func(k *flow.Key) { k.IPProto = packet.ProtoTCP }
	for _, frame := range [][]byte{udp(1, 2, nil), udp(1, 2, asTCP)} {
		for range 2 { // a miss, then from the cache
			j.ports["br0p1"].Inject(0, frame)
			j.settle()
			for _, m := range p.ask() {
				in, ok := m.(*openflow.PacketIn)
				if !ok || !resume || len(in.Continuation) == 0 || string(in.UserData) != "\x01\x02" {
					t.Fatalf("got %s", describeAll([]openflow.Message{m}))
				}
				p.ask(&openflow.Resume{PacketIn: *in})
				j.settle()
			}
			for i := 1; i <= 4; i++ {
				for _, f := range j.ports[fmt.Sprintf("br0p%d", i)].Sent() {
					out += fmt.Sprintf("%d: %x\n", i, f.Data)
				}
			}
		}
	}
	return out
}

// TestPausedPacketKeepsCookies pauses a packet wherever two flows let it, which then
// goes on with the cookies and tables of these.
func TestPausedPacketKeepsCookies(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Controller, openflow.V13)
	const pause = "controller(pause)"
	p.ask(&openflow.SetPacketInFormat{Format: openflow.PacketInNXT2},
		flowOf(t, "cookie=0x10,actions="+pause+","+pause+",resubmit(,1),"+pause+",clone(controller)"),
		flowOf(t, "cookie=0x11,table=1,actions="+pause+",clone("+pause+"),load:1->reg1[],"+pause))
	j.send("br0p1", udp(1, 2, nil))
	var got []string
	for messages := p.ask(); len(messages) > 0; {
		in := messages[0].(*openflow.PacketIn)
		got, messages = append(got, fmt.Sprintf("%d:%#x", in.Table, in.Cookie)), messages[1:]
		if len(in.Continuation) > 0 {
			messages = append(messages, p.ask(&openflow.Resume{PacketIn: *in})...)
			j.settle()
			messages = append(messages, p.ask()...)
		}
	}
	if got, want := strings.Join(got, " "), "0:0x10 0:0x10 1:0x11 1:0x11 1:0x11 0:0x10 0:0x10"; got != want {
		t.Errorf("packet-ins of %s, want %s", got, want)
	}
}

// TestResumeRefused gives back what was never paused, or by another bridge.
func TestResumeRefused(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := j.connect(b, Controller, openflow.V13)
	p.ask(&openflow.SetPacketInFormat{Format: openflow.PacketInNXT2}, flowOf(t, "actions=controller(pause),2"))
	j.send("br0p1", udp(1, 2, nil))
	in := p.ask()[0].(*openflow.PacketIn)
	none := *in
	none.Continuation = nil
	p.fails(openflow.ErrPropertyBadLen, &openflow.Resume{PacketIn: none})
	other := *in
	other.Continuation, _ = openflow.AppendContinuation(nil, openflow.V13, &openflow.Continuation{Bridge: [16]byte{1}})
	p.fails(openflow.ErrResumeStale, &openflow.Resume{PacketIn: other})
	short := *in
	short.Data = short.Data[:13]
	p.fails(openflow.ErrRequestBadPacket, &openflow.Resume{PacketIn: short})
	nowhere := *in
	c, err := openflow.DecodeContinuation(openflow.V13, in.Continuation)
	if err != nil {
		t.Fatal(err)
	}
	c.Rest = []openflow.ContinuedActions{{Table: NumTables, Actions: []openflow.Action{openflow.Resubmit{InPort: 1}}}}
	nowhere.Continuation, _ = openflow.AppendContinuation(nil, openflow.V13, c)
	p.fails(openflow.ErrRequestBadTableID, &openflow.Resume{PacketIn: nowhere})
	loop := *in
	c.Rest = []openflow.ContinuedActions{{Actions: []openflow.Action{openflow.Group{ID: 5}}}}
	loop.Continuation, _ = openflow.AppendContinuation(nil, openflow.V13, c)
	p.fails(openflow.ErrActionBadOutGroup, &openflow.Resume{PacketIn: loop})
}
