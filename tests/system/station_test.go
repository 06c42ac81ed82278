package system

import (
	"slices"
	"strings"
	"testing"

	"vswitch/control"
)

// threeHosts are quiet, so that all that a capture sees is the test's.
const threeHosts = `
bridges:
  - name: br0
    static_macs: [{mac: "02:00:00:00:00:99", port: h3}]
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, mac: "02:00:00:00:00:01", address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, mac: "02:00:00:00:00:02", address: [10.0.0.2/24]}
      - {name: h3, type: tap, netns: $h3, ofport: 3, mac: "02:00:00:00:00:03", address: [10.0.0.3/24]}
`

// TestLearning wants the MAC table to show who is where, and unicast to go there only.
func TestLearning(t *testing.T) {
	s := newLab(t, "ping", "tcpdump").run(threeHosts)
	s.reaches("h1", ip2)
	third := s.capture("h3", "h3", "icmp")
	s.reaches("h1", ip2)
	s.reaches("h3", ip2) // what this shows is that the capture works
	third.says(`10\.0\.0\.3 > 10\.0\.0\.2: ICMP echo request`)
	if seen := third.interrupt(); strings.Contains(seen, ip1) {
		t.Errorf("frames between h1 and h2 were flooded:\n%s", seen)
	}
	for mac, port := range map[string]string{mac1: "h1", mac2: "h2", "02:00:00:00:00:03": "h3"} {
		s.wantStation(mac, port, false)
	}
	s.ofctl("fdb-flush", "br0")
	if text := s.ofctl("fdb", "br0"); strings.Contains(text, mac1) {
		t.Errorf("after fdb-flush:\n%s", text)
	}
}

// wantStation wants a MAC to be in the table of br0, at a port.
func (s *vswitch) wantStation(mac, port string, isStatic bool) {
	s.Helper()
	tables := mustAsk[control.FDBReply](s, "fdb", "br0")
	found := slices.ContainsFunc(tables[0].Entries, func(e control.FDBEntry) bool {
		return e.MAC == mac && e.Name == port && e.VLAN == 0 && e.Static == isStatic
	})
	if !found {
		s.Errorf("%s at %s (static: %v) is not in the table: %+v", mac, port, isStatic, tables[0])
	}
}

// TestStaticMACs wants frames to a pinned address to go to its port only, whether the
// configuration pins it or a command.
func TestStaticMACs(t *testing.T) {
	const mac, ip = "02:00:00:00:00:99", "10.0.0.99"
	s := newLab(t, "ping", "tcpdump").run(threeHosts)
	s.neighbour("h1", "h1", ip, mac)
	// goesTo wants what h1 sends to the address to arrive at one host, and not at the other.
	goesTo := func(host, other string) {
		t.Helper()
		wanted, unwanted := s.capture(host, host, "icmp"), s.capture(other, other, "icmp")
		s.ping("h1", ip, 2) // without an answer: nobody has the address
		wanted.says(`10\.0\.0\.1 > 10\.0\.0\.99: ICMP echo request.* seq 2,`)
		wanted.interrupt()
		if seen := unwanted.interrupt(); seen != "" {
			t.Errorf("%s saw what is for %s:\n%s", other, host, seen)
		}
	}
	s.wantStation(mac, "h3", true)
	goesTo("h3", "h2")
	s.ofctl("fdb-add", "br0", "h2", "0", mac)
	s.wantStation(mac, "h2", true)
	goesTo("h2", "h3")
	s.ofctl("fdb-del", "br0", "0", mac)
	s.wantStation(mac, "h3", true)
	goesTo("h3", "h2")

	for _, wrong := range [][]string{
		{"fdb-add", "br7", "h2", "0", mac},
		{"fdb-add", "br0", "h7", "0", mac},
		{"fdb-add", "br0", "h2", "4096", mac},
		{"fdb-add", "br0", "h2", "0", "01:00:00:00:00:99"},
		{"fdb-del", "br0", "0", mac}, // it is the configuration's
	} {
		out, err := s.tryOfctl(wrong...)
		s.fails(out, err, "exit status 1")
	}
}
