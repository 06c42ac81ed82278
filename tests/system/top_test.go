package system

import (
	"encoding/json"
	"fmt"
	"testing"

	"vswitch/ofctl/top"
)

// TestTop looks at a switch that forwards and drops pings.
func TestTop(t *testing.T) {
	l := newLab(t, "ping")
	s := l.run(twoHosts + "    flows: |\n      cookie=0x5,priority=9,icmp,nw_src=10.0.0.2,actions=drop\n      priority=0,actions=NORMAL\n")
	p := s.spawn("h1", "ping", "-n", "-i", "0.01", ip2)
	s.await("a view of the pings", func() error {
		var v top.View
		if err := json.Unmarshal([]byte(s.ofctl("top", "-n", "1", "--interval", "0.3", "--json")), &v); err != nil {
			t.Fatal(err)
		}
		var dropping, forwarding bool
		for _, f := range v.Busiest {
			dropping = dropping || f.Cookie == 5 && f.Packets > 1 && f.Bits > 98*8 && f.Match == "icmp,nw_src=10.0.0.2"
			forwarding = forwarding || f.Priority == 0 && f.Packets > 1
		}
		busy := false
		for _, w := range v.Workers {
			busy = busy || w.Busy > 0 && w.Busy < 1 && w.Lookups > 1
		}
		received := false
		for _, port := range v.Ports {
			received = received || port.Port == "h1" && port.RxPackets > 1 && port.Dropped == 0
		}
		if !dropping || !forwarding || !busy || !received || len(v.Drops) == 0 || v.Drops[0].Port != "h2" || v.Drops[0].Reason != "flow" {
			return fmt.Errorf("dropping %t, forwarding %t, busy %t, received %t: %+v", dropping, forwarding, busy, received, v)
		}
		return nil
	})
	p.interrupt()
	shows(t, s.ofctl("top", "-n", "1", "--interval", "0.1"), `^vswitchd .*: 1 bridge, 2 flows, 2 MACs; over 0\.\d s\n`, `\nworker `, `\nbr0/h2 `)
}
