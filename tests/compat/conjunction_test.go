package compat

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"vswitch/tests/harness"
)

// TestConjunctions traces random packets through random tables of conjunctive
// matches, in Open vSwitch and here: both find the same flow.
func TestConjunctions(t *testing.T) {
	o := startOVS(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	met := 0
	for range 8 {
		flows, packets := conjunctiveFlows(rng), make([]string, 40)
		for i := range packets {
			packets[i] = fmt.Sprintf("in_port=%d,tcp,nw_src=10.0.0.%d,nw_dst=10.0.0.%d,tp_src=%d,tp_dst=%d",
				1+rng.IntN(2), rng.IntN(4), rng.IntN(4), rng.IntN(3), rng.IntN(3))
		}
		o.must("del-flows", "br0")
		if r := o.theirs(strings.Join(flows, "\n")+"\n", "add-flows", "br0", "-"); r.failed {
			t.Fatal(r)
		}
		ours := traceHere(t, flows, packets)
		for i, p := range packets {
			theirs := foundIn(o.tool("ovs-appctl", "--timeout=20", "-t", o.dir+"/vswitchd.ctl", "ofproto/trace", "br0", p))
			if slices.ContainsFunc(flows, func(f string) bool {
				return strings.HasPrefix(f, "cookie="+theirs+",") && strings.Contains(f, "conj_id")
			}) {
				met++
			}
			if ours[i] != theirs {
				t.Errorf("seed %d: %s: found %s, Open vSwitch finds %s, in\n%s", seed, p, ours[i], theirs, strings.Join(flows, "\n"))
			}
		}
	}
	t.Logf("%d of %d packets met a conjunction", met, 8*40)
}

// conjunctiveFlows makes flows of several priorities, each with at most one
// conjunction: what two would do is undefined. A match has one flow, since Open
// vSwitch does not look below a clause when it looks conj_id up.
func conjunctiveFlows(rng *rand.Rand) (flows []string) {
	matches := []string{"ip", "tcp", "in_port=1", "ip,nw_src=10.0.0.0/31", "ip,nw_src=10.0.0.2/31", "ip,nw_dst=10.0.0.0/31", "ip,nw_dst=10.0.0.2",
		"ip,nw_src=10.0.0.1", "ip,nw_dst=10.0.0.1", "tcp,tp_src=1", "tcp,tp_dst=1", "tcp,tp_dst=2", "tcp,nw_src=10.0.0.1,tp_dst=1", "tcp,tp_dst=0/2"}
	rng.Shuffle(len(matches), func(i, k int) { matches[i], matches[k] = matches[k], matches[i] })
	add := func(priority int, match, actions string) {
		flows = append(flows, fmt.Sprintf("cookie=%#x,priority=%d,%s,actions=%s", len(flows)+1, priority, match, actions))
	}
	of := map[int]int{10: 2, 20: 2 + rng.IntN(2), 30: 2}
	for _, m := range matches {
		if rng.IntN(4) == 0 {
			// Not the priority of a clause: of two that match, either may be found.
			add(len(flows)*5+3, m, "1")
			continue
		}
		priority := 10 * (1 + rng.IntN(3))
		add(priority, m, fmt.Sprintf("conjunction(%d,%d/%d)", priority, 1+rng.IntN(of[priority]), of[priority]))
	}
	for id := 10; id <= 30; id += 10 {
		if rng.IntN(4) > 0 {
			add(100+id, fmt.Sprintf("conj_id=%d,tcp", id), "2")
		}
	}
	return flows
}

// traceHere is the cookies of the flows that packets find in this switch.
func traceHere(t *testing.T, flows, packets []string) (found []string) {
	t.Helper()
	var script strings.Builder
	script.WriteString("bridge br0 secure\nport br0 p1 1\nport br0 p2 2\n")
	for _, f := range flows {
		fmt.Fprintf(&script, "ofctl add-flow br0 '%s'\n", f)
	}
	for _, p := range packets {
		fmt.Fprintf(&script, "trace br0 %s\n", p)
	}
	out, err := harness.Run(&txtar.Archive{Comment: []byte(script.String())}, harness.CacheOff)
	if err != nil {
		t.Fatal(err)
	}
	traces := strings.Split(out, "Flow: tcp")[1:]
	var whole []string
	for _, s := range traces {
		if !strings.HasPrefix(s, "_") {
			whole = append(whole, foundIn(s))
		}
	}
	return whole
}

var cookie = regexp.MustCompile(`(?m)^ 0\. .*cookie (0x[0-9a-f]+)`)

// foundIn is the cookie of the flow of table 0 in a trace.
func foundIn(trace string) string {
	if m := cookie.FindStringSubmatch(trace); m != nil {
		return m[1]
	}
	return "none"
}
