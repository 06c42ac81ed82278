package ofproto

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

func packetOutTo(port openflow.PortNo, frame []byte) *openflow.PacketOut {
	return &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: 1, Actions: []openflow.Action{openflow.Output{Port: port}}, Data: frame}
}

// TestPacketOutsOfOneRead has packet-outs between other messages, all in one read:
// each packet meets what the messages before it have made, and each message what the
// packets before it have.
func TestPacketOutsOfOneRead(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 4, FailSecure)
	p := j.connect(b, Controller, openflow.V13)
	to := func(port openflow.PortNo) *openflow.FlowMod {
		return &openflow.FlowMod{Buffer: openflow.NoBuffer, Priority: 5, Actions: []openflow.Action{openflow.Output{Port: port}}}
	}
	frames := func() (got string) {
		for i := range 4 {
			for _, f := range j.ports[fmt.Sprintf("br0p%d", i+1)].Sent() {
				got += fmt.Sprintf("%d:%d ", i+1, f.Data[5])
			}
		}
		return got
	}
	p.send(packetOutTo(2, udp(1, 1, nil)), packetOutTo(2, udp(1, 2, nil)), packetOutTo(openflow.PortTable, udp(1, 3, nil)), to(3),
		packetOutTo(openflow.PortTable, udp(1, 4, nil)), packetOutTo(2, []byte{1, 2, 3}), packetOutTo(2, udp(1, 5, nil)), to(4),
		packetOutTo(openflow.PortTable, udp(1, 6, nil)), &openflow.FlowStatsRequest{Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny},
		packetOutTo(openflow.PortTable, udp(1, 7, nil)))
	if got, want := frames(), "2:1 2:2 2:5 3:4 4:6 4:7 "; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	got := p.receive()
	if len(got) != 2 || got[0].Kind() != openflow.KindError {
		t.Fatalf("answered with %v", got)
	}
	if r, ok := got[1].(*openflow.FlowStatsReply); !ok || len(r.Flows) != 1 || r.Flows[0].Packets != 2 {
		t.Errorf("%T: the flow is to have seen the two packets before the request", got[1])
	}
	many := make([]openflow.Message, 3*datapath.BatchSize+1)
	for i := range many {
		many[i] = packetOutTo(2, udp(1, byte(i), nil))
	}
	p.send(many...)
	for i, f := range j.ports["br0p2"].Sent() {
		if f.Data[5] != byte(i) {
			t.Fatalf("frame %d is %d", i, f.Data[5])
		}
		many = many[1:]
	}
	if len(many) > 0 {
		t.Errorf("%d frames lost", len(many))
	}
}

// TestPacketOutTeaches has one packet-out of a read teach a flow that a later one meets
// behind a recirculation, where a cached decision says otherwise.
func TestPacketOutTeaches(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 4, FailSecure)
	j.flows(b, `
table=0,priority=9,udp,tp_dst=7,actions=learn(table=1,priority=9,eth_type=0x0800,output:NXM_OF_IN_PORT[])
table=0,priority=5,mpls,actions=pop_mpls:0x0800,resubmit(,1)
table=1,priority=1,ip,actions=output:3`)
	p := j.connect(b, Controller, openflow.V13)
	labelled := func() *openflow.PacketOut {
		return &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: 2, Data: udp(1, 2, nil),
			Actions: []openflow.Action{openflow.PushMPLS{EthType: flow.EthTypeMPLS}, openflow.Output{Port: openflow.PortTable}}}
	}
	teacher := packetOutTo(openflow.PortTable, udp(1, 2, func(k *flow.Key) { k.TPDst = 7 }))
	teacher.InPort = 4
	p.send(labelled(), labelled(), teacher, labelled())
	for port, want := range map[string]int{"br0p3": 2, "br0p4": 1} {
		if got := len(j.ports[port].Sent()); got != want {
			t.Errorf("%s: %d frames, want %d", port, got, want)
		}
	}
	if got := p.receive(); len(got) > 0 {
		t.Errorf("answered with %v", got)
	}
}

// BenchmarkPacketOut is the processor time that a packet-out costs, of all threads,
// where a read brings that many.
func BenchmarkPacketOut(b *testing.B) {
	for _, n := range []int{1, 4, 32, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dp, bridge, devices, clock := runWorkers(b, datapath.Options{})
			defer dp.Close()
			s := bridge.NewSession(SessionOptions{Kind: Controller, Name: "test"}, clock())
			hello, err := openflow.Append(nil, openflow.V13, 1, &openflow.Hello{Versions: openflow.Versions(openflow.V13), Bitmap: true})
			if err != nil {
				b.Fatal(err)
			}
			s.Input(hello, clock())
			one, err := openflow.Append(nil, openflow.V13, 2, packetOutTo(2, udp(1, 2, nil)))
			if err != nil {
				b.Fatal(err)
			}
			read := []byte(strings.Repeat(string(one), n))
			began, sent := processorTime(b), 0
			for b.Loop() {
				s.Input(read, clock())
				if sent += n; sent%1024 == 0 {
					devices[1].Sent()
				}
			}
			b.ReportMetric(float64(processorTime(b)-began)/float64(sent), "cpu-ns/packet")
			if got := devices[1].Count(); got != uint64(sent) {
				b.Errorf("%d of %d frames left", got, sent)
			}
		})
	}
}
