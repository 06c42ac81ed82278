package system

import (
	"fmt"
	"strings"
	"testing"
)

// TestChangedInPlace changes at a reload what docs/reference/switch.yaml.md says is
// changed in place: the devices stay the same, with what their users gave them, and
// so do the counters.
func TestChangedInPlace(t *testing.T) {
	const config = `
bridges:
  - name: br0
    local: true
    %s
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, %s}
      - {name: h2, type: tap, netns: $h2, ofport: 2, mac: "02:00:00:00:00:02", address: [10.0.0.2/24]}
      - {name: cable, type: system%s}
`
	l := newLab(t, "ping")
	l.in("switch", "ip", "link", "add", "cable", "mtu", "1600", "type", "veth", "peer", "name", "end")
	l.in("switch", "ip", "link", "set", "end", "up")
	s := l.run(fmt.Sprintf(config, `address: [10.0.0.9/24]`,
		`mac: "02:00:00:00:00:01", address: [10.0.0.1/24, 10.0.0.11/24, "fd00::1/64"]`, ""))
	s.in("h1", "ip", "address", "add", "192.0.2.1/32", "dev", "h1")
	s.reaches("h1", ip2)
	indexes := func() string {
		one, _, _ := strings.Cut(s.in("h1", "ip", "-o", "link", "show", "dev", "h1"), ":")
		two, _, _ := strings.Cut(s.in("switch", "ip", "-o", "link", "show", "dev", "br0"), ":")
		return one + " and " + two
	}
	before, received := indexes(), s.counters("h1").Rx.Packets
	if received == 0 {
		t.Fatal("nothing was received")
	}
	s.reload(fmt.Sprintf(config, `address: [10.0.0.10/24]`,
		`mac: "02:00:00:00:00:05", mtu: 1400, address: [10.0.0.11/24, "fd00::5/64"]`, ", mtu: 1700"))
	if after := indexes(); after != before {
		t.Errorf("the devices have numbers %q, before %q: they were made anew", after, before)
	}
	if now := s.counters("h1").Rx.Packets; now < received {
		t.Errorf("h1 has received %d frames, before it had %d", now, received)
	}
	s.shows("h1", "h1", []string{"mtu 1400", "02:00:00:00:00:05", "10.0.0.11/24", "fd00::5/64", "192.0.2.1/32"}, []string{"10.0.0.1/24", "fd00::1/64"})
	s.shows("switch", "br0", []string{"10.0.0.10/24"}, []string{"10.0.0.9/24"})
	s.shows("switch", "cable", []string{"mtu 1700"}, nil)
	s.reload(fmt.Sprintf(config, `address: [10.0.0.10/24]`, `mac: "02:00:00:00:00:05", address: [10.0.0.1/24, 10.0.0.11/24]`, ""))
	s.shows("h1", "h1", []string{"mtu 1500", "10.0.0.1/24", "10.0.0.11/24"}, []string{"fd00::5/64"})
	s.shows("switch", "cable", []string{"mtu 1600"}, nil)
	s.in("h2", "ip", "neigh", "flush", "dev", "h2")
	s.reaches("h1", ip2)
	s.reaches("switch", ip2)
}

// shows wants what ip says of a device to have some words and not others.
func (s *vswitch) shows(host, device string, with, without []string) {
	s.Helper()
	said := s.in(host, "ip", "address", "show", "dev", device)
	for _, word := range with {
		if !strings.Contains(said, word) {
			s.Errorf("%s has no %s:\n%s", device, word, said)
		}
	}
	for _, word := range without {
		if strings.Contains(said, word) {
			s.Errorf("%s still has %s:\n%s", device, word, said)
		}
	}
}
