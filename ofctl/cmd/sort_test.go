package cmd

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

// TestSortAgainstNaive sorts random flows, and compares with insertion one by one.
func TestSortAgainstNaive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	src, port := flow.FieldByName("nw_src"), flow.FieldByName("in_port")
	ethType := flow.FieldByName("eth_type")
	for range 200 {
		var flows []openflow.FlowStats
		for i := range r.IntN(20) {
			f := openflow.FlowStats{Cookie: uint64(i), Priority: uint16(r.IntN(3))}
			if r.IntN(2) == 0 {
				f.Match.SetField(port, flow.U64(r.Uint64N(3)), port.Full())
			}
			if r.IntN(2) == 0 {
				f.Match.SetField(ethType, flow.U64(0x800), ethType.Full())
				f.Match.SetField(src, flow.U64(r.Uint64N(3)), src.Full())
			}
			flows = append(flows, f)
		}
		var by []criterion
		for range r.IntN(3) {
			by = append(by, criterion{[]*flow.Field{nil, src, port}[r.IntN(3)], r.IntN(2) == 0})
		}
		want := sortedNaively(flows, by)
		s := newFlowSorter(by)
		for i := range flows {
			s.add(&flows[i], fmt.Append(nil, flows[i].Cookie))
		}
		for i, n := range s.order() {
			if got := string(s.texts[n]); got != fmt.Sprint(want[i].Cookie) {
				t.Fatalf("by %v: flow %d is %s, want %d", by, i, got, want[i].Cookie)
			}
		}
	}
}

// sortedNaively puts each flow behind the last one that does not come after it.
func sortedNaively(flows []openflow.FlowStats, by []criterion) (sorted []openflow.FlowStats) {
	for _, f := range flows {
		at := len(sorted)
		for at > 0 && before(&f, &sorted[at-1], by) {
			at--
		}
		sorted = slices.Insert(sorted, at, f)
	}
	return sorted
}

// before says whether a comes before b, in the words of the manual.
func before(a, b *openflow.FlowStats, by []criterion) bool {
	for _, c := range by {
		x, hasX := naiveKey(a, c)
		y, hasY := naiveKey(b, c)
		switch {
		case hasX != hasY:
			return hasX
		case x != y:
			return x < y != c.descending
		}
	}
	return a.Priority > b.Priority
}

func naiveKey(f *openflow.FlowStats, c criterion) (string, bool) {
	if c.field == nil {
		return fmt.Sprintf("%05d", f.Priority), true
	}
	value, mask, _ := f.Match.Field(c.field)
	return fmt.Sprintf("%032x", value.AppendBytes(nil, 16)), !mask.IsZero()
}

// TestSortJSON sorts what is printed as JSON.
func TestSortJSON(t *testing.T) {
	f := newFakeSwitch()
	for _, line := range []string{"priority=7,actions=drop", "priority=5,actions=drop", "priority=6,actions=drop"} {
		f.add(t, line)
		r := f.run(t, "dump-flows", "br0", "--json", "--sort")
		var document struct{ Flows []struct{ Priority int } }
		if err := json.Unmarshal([]byte(r.out), &document); err != nil {
			t.Fatalf("%v: %v", err, r)
		}
		if len(document.Flows) != len(f.flows) || !slices.IsSortedFunc(document.Flows, func(a, b struct{ Priority int }) int { return a.Priority - b.Priority }) {
			t.Errorf("%v", r)
		}
	}
}
