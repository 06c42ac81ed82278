package ofproto

import (
	"fmt"
	"testing"
	"time"

	"vswitch/openflow"
)

// puntAll is a bridge with two ports of which every packet goes to the controllers,
// and a session with limits.
func puntAll(t *testing.T, l PacketInLimits) (*jar, *peer) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	p := &peer{t: t, j: j, s: b.NewSession(SessionOptions{Kind: Controller, Name: "test", PacketIns: l}, j.now), version: openflow.V13}
	p.send(&openflow.Hello{Versions: openflow.Versions(openflow.V13), Bitmap: true})
	p.receive()
	p.send(&openflow.FlowMod{Command: openflow.FlowAdd, Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny,
		Priority: 1, Actions: []openflow.Action{openflow.Output{Port: openflow.PortController, MaxLen: 0xffff}}})
	return j, p
}

// sources counts packet-ins by input port, and says in which order they came.
func sources(messages []openflow.Message) (count map[uint32]int, order string) {
	count = map[uint32]int{}
	for _, m := range messages {
		if in, ok := m.(*openflow.PacketIn); ok {
			port := in.Match.Value.OFPort
			count[port]++
			order += fmt.Sprint(port)
		}
	}
	return count, order
}

// TestPacketInRate sends a thousand packets by one port and five by another. What is
// above the rate waits, ports take turns, and for want of room those go that are many.
func TestPacketInRate(t *testing.T) {
	j, p := puntAll(t, PacketInLimits{Rate: 100, Burst: 10, Queue: 20})
	for i := range 1000 {
		j.send("br0p1", udp(1, byte(i), nil))
	}
	for range 5 {
		j.send("br0p2", udp(2, 3, nil))
	}
	if got, _ := sources(p.receive()); got[1] != 10 || got[2] != 0 {
		t.Errorf("at once came %v, want the burst", got)
	}
	if !p.s.Holds() {
		t.Error("nothing waits")
	}
	j.now += int64(100 * time.Millisecond)
	p.s.Tick(j.now)
	if got, order := sources(p.receive()); order != "1212121212" {
		t.Errorf("in a tenth of a second came %v in order %s", got, order)
	}
	j.now += int64(time.Hour)
	p.s.Tick(j.now)
	if got, _ := sources(p.receive()); got[1] != 10 || p.s.Holds() {
		t.Errorf("an hour later came %v", got)
	}
	if n := p.s.dropped; n != 1000-10-15 {
		t.Errorf("%d were dropped", n)
	}
}

// TestPacketInsDoNotDelayAnswers has a peer read nothing while packet-ins for it pile
// up. What it asks for then overtakes them.
func TestPacketInsDoNotDelayAnswers(t *testing.T) {
	j, p := puntAll(t, PacketInLimits{})
	for i := range 1000 {
		j.send("br0p1", append(udp(1, byte(i), nil), make([]byte, 1000)...))
	}
	p.send(&openflow.BarrierRequest{})
	before, found, first := 0, false, p.s.Output()
	for rest := first; len(rest) > 0 && !found; {
		m, next, err := openflow.Next(rest)
		if err != nil {
			t.Fatal(err)
		}
		if found = m[1] == 21; !found {
			before += len(m)
		}
		rest = next
	}
	if !found || before > directOutput+2000 {
		t.Errorf("the barrier's reply came (%v) behind %d bytes", found, before)
	}
	p.rest = first
	got, _ := sources(p.receive())
	for {
		more, _ := sources(p.receive())
		if more[1] == 0 {
			break
		}
		got[1] += more[1]
	}
	if got[1] != 1000 {
		t.Errorf("%d packet-ins came in the end", got[1])
	}
}

// TestPacketInDropsAreBounded counts drops of more ports than there can be, which
// packet-outs may name.
func TestPacketInDropsAreBounded(t *testing.T) {
	var d packetInDrops
	const n = 2 * maxSources
	for port := range openflow.PortNo(n) {
		d.add([]packetInSource{{port + 1, openflow.ReasonAction}, {port + 1, openflow.ReasonInvalidTTL}})
	}
	sum := uint64(0)
	for _, dropped := range d.n {
		sum += dropped
	}
	if sum != 2*n || len(d.n) > maxSources+2 {
		t.Errorf("%d drops by %d sources, want %d by %d", sum, len(d.n), 2*n, maxSources+2)
	}
}
