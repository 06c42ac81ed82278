package cmd

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"vswitch/openflow"
)

// frame is an ARP request.
const frame = "ffffffffffff0200000000010806" + "0001080006040001" + "0200000000010a000001" + "0000000000000a000002"

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPacketOut(t *testing.T) {
	for _, args := range [][]string{
		{"packet-out", "br0", "in_port=h1 packet=" + frame + " actions=output:h2"},
		{"packet-out", "br0", "h1", "output:h2", frame},
	} {
		f := newFakeSwitch()
		wantExit(t, f.run(t, args...), exitOK)
		sent := f.heard(openflow.KindPacketOut)
		if len(sent) != 1 {
			t.Fatalf("%q: %d packets", args, len(sent))
		}
		m := sent[0].(*openflow.PacketOut)
		if m.InPort != 1 || hex.EncodeToString(m.Data) != frame || len(m.Actions) != 1 || m.Actions[0] != (openflow.Output{Port: 2}) {
			t.Errorf("%q: %+v", args, m)
		}
	}
	f := newFakeSwitch()
	wantExit(t, f.run(t, "packet-out", "br0", "1", "output:2", frame, frame), exitOK)
	if n := len(f.heard(openflow.KindPacketOut)); n != 2 {
		t.Errorf("%d packets", n)
	}
	wantExit(t, f.run(t, "packet-out", "br0", "in_port=1 packet=xyz actions=2"), exitUsage, "\n                   ^\n")
}

// events are messages that a switch sends unasked.
func events(t *testing.T, f *fakeSwitch) []openflow.Message {
	in := &openflow.PacketIn{Reason: openflow.ReasonAction, Cookie: 5, Buffer: openflow.NoBuffer, TotalLen: uint32(len(frame) / 2), Data: unhex(t, frame)}
	in.SetInPort(1)
	return []openflow.Message{in, &openflow.PortStatus{Reason: openflow.PortModified, Port: f.ports[1]}}
}

// monitored is a switch that sends events once they are asked for, and then ends.
func monitored(t *testing.T) *fakeSwitch {
	f := newFakeSwitch()
	f.answers[openflow.KindSetConfig] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		return events(t, f)
	}
	f.hangUp = after(openflow.KindBarrierRequest, 2) // of the packet-in format, and of the configuration
	return f
}

func TestMonitor(t *testing.T) {
	f := monitored(t)
	r := f.run(t, "-O", "OpenFlow13", "monitor", "br0", "128", "-P", "standard", "-mm")
	if r.code != exitOK || !strings.Contains(r.err, "closed the connection") {
		t.Errorf("%v", r)
	}
	for _, want := range []string{
		"OFPT_PACKET_IN (OF1.3) (xid=0x", "cookie=0x5 total_len=42 in_port=1 (via action) data_len=42 (unbuffered)\n" +
			"arp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_op=1,arp_sha=02:00:00:00:00:01,arp_tha=00:00:00:00:00:00\n" +
			"00000000  ff ff ff ff ff ff 02 00-00 00 00 01 08 06 00 01\n",
		"OFPT_PORT_STATUS (OF1.3) (xid=0x", "MOD: 2(h2): addr:02:00:00:00:00:02\n",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in %s", want, r.out)
		}
	}
	if set := f.heard(openflow.KindSetConfig); len(set) != 1 || set[0].(*openflow.SetConfig).MissSendLen != 128 {
		t.Errorf("%v", set)
	}
}

func TestMonitorJSON(t *testing.T) {
	f := monitored(t)
	r := f.run(t, "monitor", "br0", "--json", "--timestamp")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	var names []string
	for _, l := range lines {
		var e struct {
			Time, Message, Version string
			Body                   map[string]any
		}
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		names = append(names, e.Message)
		if e.Time == "" || e.Version != "OpenFlow15" || e.Body == nil {
			t.Errorf("%+v", e)
		}
		if e.Message == "OFPT_PACKET_IN" && e.Body["data"] != frame {
			t.Errorf("data %v", e.Body["data"])
		}
	}
	wantLines(t, "messages", names, "OFPT_PACKET_IN", "OFPT_PORT_STATUS")
}

func TestMonitorWatch(t *testing.T) {
	f := monitored(t)
	f.answers[openflow.KindSetConfig] = nil
	f.hangUp = after(openflow.KindFlowMonitorRequest, 1)
	r := f.run(t, "-O", "OpenFlow13", "monitor", "br0", "watch:!initial,table=3,in_port=h1")
	if r.code != exitOK {
		t.Fatal(r)
	}
	requests := f.heard(openflow.KindFlowMonitorRequest)
	if len(requests) != 1 {
		t.Fatalf("%d requests", len(requests))
	}
	m := requests[0].(*openflow.FlowMonitorRequest).Monitors[0]
	if m.Table != 3 || m.Flags&openflow.MonitorInitial != 0 || m.Flags&openflow.MonitorAdd == 0 || m.Match.Value.OFPort != 1 {
		t.Errorf("%+v", m)
	}
	f = newFakeSwitch()
	wantExit(t, f.run(t, "monitor", "br0", "watch:tabel=3"), exitUsage, "\n  tabel=3\n  ^^^^^\n")
	wantExit(t, f.run(t, "monitor", "br0", "much"), exitUsage, `"much"`)
}

func TestMonitorResume(t *testing.T) {
	f := monitored(t)
	in := events(t, f)[0].(*openflow.PacketIn)
	in.Format, in.Continuation = openflow.PacketInNXT2, []byte{0, 0, 0, 0, 0, 0, 0, 0}
	f.answers[openflow.KindSetConfig] = func(openflow.Header, openflow.Message) []openflow.Message {
		return []openflow.Message{in}
	}
	f.hangUp = after(openflow.KindResume, 1)
	r := f.run(t, "-O", "OpenFlow13", "monitor", "br0", "resume")
	if r.code != exitOK || len(f.heard(openflow.KindResume)) != 1 {
		t.Errorf("%d resumed: %v", len(f.heard(openflow.KindResume)), r)
	}
}

func TestSnoop(t *testing.T) {
	f := newFakeSwitch()
	f.greets = []openflow.Message{&openflow.EchoReply{}, &openflow.BarrierReply{}}
	f.hangUp = after(openflow.KindHello, 1)
	r := f.run(t, "-O", "OpenFlow13", "snoop", "br0")
	if r.code != exitOK || r.out != "OFPT_ECHO_REPLY (OF1.3) (xid=0x0): 0 bytes of payload\nOFPT_BARRIER_REPLY (OF1.3) (xid=0x0):\n" {
		t.Errorf("%v", r)
	}
}

// TestSummary compares with what ovs-ofctl 3.1 says of the same frames.
func TestSummary(t *testing.T) {
	const eth = "020000000002020000000001"
	tests := []struct{ name, frame, want string }{
		{"udp in a VLAN", eth + "81006007" + "08004500001c0000000040110000c0a80001c0a800020005000600081234",
			"udp,dl_vlan=7,dl_vlan_pcp=3,vlan_tci1=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=5,tp_dst=6 udp_csum:1234"},
		{"udp in two VLANs", eth + "88a860078100a008" + "08004500001c0000000040110000c0a80001c0a800020005000600081234",
			"udp,dl_vlan=7,dl_vlan_pcp=3,dl_vlan1=8,dl_vlan_pcp1=5,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=5,tp_dst=6 udp_csum:1234"},
		{"sctp", eth + "0800450000200000000040840000c0a80001c0a80002000500060000000112345678",
			"sctp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=5,tp_dst=6 sctp_csum:12345678"},
		{"tcp with IP options", eth + "08004600002c0000000040060000c0a80001c0a800020101010000050006000000010000000250120000abcd0000",
			"tcp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=5,tp_dst=6,tcp_flags=syn|ack tcp_csum:abcd"},
		{"neighbour solicitation", eth + "86dd6000000000203aff" + "fe800000000000000000000000000001" + "fe800000000000000000000000000002" + "8700123400000000fe8000000000000000000000000000050101020000000001",
			"icmp6,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,ipv6_src=fe80::1,ipv6_dst=fe80::2,ipv6_label=0x00000,nw_tos=0,nw_ecn=0,nw_ttl=255,nw_frag=no,icmp_type=135,icmp_code=0,nd_target=fe80::5,nd_sll=02:00:00:00:00:01,nd_tll=00:00:00:00:00:00 icmp6_csum:1234"},
		{"icmp", eth + "08004500001c0000000040010000c0a80001c0a800020800123400010002",
			"icmp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,icmp_type=8,icmp_code=0 icmp_csum:1234"},
		{"802.3", eth + "0026424203" + strings.Repeat("00", 30), "vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_type=0x05ff"},
		{"unknown type", eth + "1234", "vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_type=0x1234"},
		{"cut short", eth, "vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,dl_type=0x0000"},
		{"nothing", "", "vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,dl_type=0x0000"},
	}
	a := &app{}
	defer a.close()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(a.packetSummary(nil, unhex(t, test.frame))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if got := string(a.packetSummary(nil, make([]byte, openflow.MaxLen))); !strings.Contains(got, "dl_type=") {
		t.Errorf("longest packet: %s", got)
	}
}
