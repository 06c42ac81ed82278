package system

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vswitch/control"
)

// roundTrips is how ping reports the shortest and the mean one, in milliseconds.
var roundTrips = regexp.MustCompile(`rtt min/avg/max/mdev = ([0-9.]+)/([0-9.]+)/`)

// coalesced pings n times in so many seconds each and returns the shortest and the
// mean round trip, and how many breaths the worker took for it.
func (s *vswitch) coalesced(n int, seconds string) (shortest, mean float64, breaths uint64) {
	s.Helper()
	count := func() uint64 { return mustAsk[control.WorkersReply](s, "workers")[0].Breaths }
	before := count()
	out := s.in("h1", "ping", "-n", "-q", "-c", strconv.Itoa(n), "-i", seconds, "-W", "4", ip2)
	found := roundTrips.FindStringSubmatch(out)
	if found == nil {
		s.Fatalf("ping said:\n%s", out)
	}
	for i, to := range []*float64{&shortest, &mean} {
		var err error
		if *to, err = strconv.ParseFloat(found[i+1], 64); err != nil {
			s.Fatal(err)
		}
	}
	return shortest, mean, count() - before
}

// TestCoalesce wants frames to wait for as long as they may, workers to be woken less
// for it, and neither once it is off.
func TestCoalesce(t *testing.T) {
	const config = `
datapath: {workers: 1, poll: interrupt, coalesce: {usecs: 10000}}
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24]%s}
`
	s := newLab(t, "ping").run(fmt.Sprintf(config, ""))
	s.reaches("h1", ip2)
	if text := s.ofctl("status"); !regexp.MustCompile(`worker 0: \w+, waits for 10ms, queues: h1:0 h2:0\n`).MatchString(text) {
		t.Errorf("status:\n%s", text)
	}
	// The request waits, and so does the reply.
	if _, mean, _ := s.coalesced(20, "0.05"); mean < 15 {
		t.Errorf("a round trip takes %v ms in the mean, which wait for 20", mean)
	}
	_, _, few := s.coalesced(200, "0.001")

	s.reload(fmt.Sprintf(config, ", coalesce: {usecs: 0}"))
	s.await("h1 shares the worker of a port that may not wait", func() error {
		shortest, _, many := s.coalesced(200, "0.001")
		if shortest >= 10 || 2*many < 3*few {
			return fmt.Errorf("a round trip takes %v ms at least; %d breaths, and %d while frames waited", shortest, many, few)
		}
		return nil
	})
	if text := s.ofctl("status"); strings.Contains(text, "waits for") {
		t.Errorf("status:\n%s", text)
	}
}
