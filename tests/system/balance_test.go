package system

import (
	"fmt"
	"slices"
	"testing"
)

// workersOf are the workers of a port's queues.
func (s *vswitch) workersOf(port string) (list []int) {
	s.Helper()
	for _, q := range s.counters(port).Queues {
		list = append(list, q.Worker)
	}
	return list
}

// TestAffinity gives queues of TAPs to workers by name, and moves them at a reload
// while pings cross, of which none is lost.
func TestAffinity(t *testing.T) {
	for _, io := range []string{"syscall", "uring"} {
		t.Run(io, func(t *testing.T) { testAffinity(t, io) })
	}
}

func testAffinity(t *testing.T, io string) {
	config := "datapath: {workers: 2, io: " + io + "}" + `
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, queues: 2, address: [10.0.0.1/24], affinity: [%s]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24]}
`
	s := newLab(t, "ping").run(fmt.Sprintf(config, "1, 1"))
	if h1, h2 := s.workersOf("h1"), s.workersOf("h2"); !slices.Equal(h1, []int{1, 1}) || !slices.Equal(h2, []int{0}) {
		t.Errorf("workers of h1's queues: %v, of h2's %v", h1, h2)
	}
	s.reaches("h1", ip2)
	before := s.echoReplies("h1")
	const n = 400
	pings := s.spawn("h1", "ping", "-n", "-q", "-c", fmt.Sprint(n), "-i", "0.001", "-W", "4", ip2)
	for _, affinity := range []string{"0, 1", "1, 0", "0, 0"} {
		s.reload(fmt.Sprintf(config, affinity))
		if got := fmt.Sprint(s.workersOf("h1")); got != fmt.Sprint("[", affinity[:1], " ", affinity[3:], "]") {
			t.Errorf("workers of h1's queues after the reload for %s: %s", affinity, got)
		}
	}
	if err := pings.wait(); err != nil {
		t.Errorf("ping: %v", err)
	}
	s.awaitReplies("h1", before+n) // not one is lost

	s.faulty = true
	file := s.write(configFile, fmt.Sprintf(config, "0, 2"))
	out, err := s.tryOfctl("reload")
	s.fails(out, err, file, "affinity 2", "no such worker", "use 0 to 1")
	s.reaches("h1", ip2)
}
