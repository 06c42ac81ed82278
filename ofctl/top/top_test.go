package top

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vswitch/control"
)

var update = flag.Bool("update", false, "rewrite testdata")

// samples are two looks, two seconds apart, at a switch of which one port was made anew
// and another one vanished meanwhile.
func samples() (before, after *Sample) {
	port := func(name string, rx, tx, dropped uint64) control.PortCounters {
		return control.PortCounters{Bridge: "br0", Port: name,
			Rx: control.Counters{Packets: rx, Bytes: 100 * rx, Dropped: dropped}, Tx: control.Counters{Packets: tx, Bytes: 1000 * tx, Errors: tx / 1000}}
	}
	drops := func(flow, miss uint64) control.DropsReply {
		return control.DropsReply{
			{Reasons: []control.DropCount{{Reason: "no_buffers", Frames: 7, Direction: "rx"}}},
			{Bridge: "br0", Port: "h1", Reasons: []control.DropCount{{Reason: "flow", Frames: flow, Direction: "rx"}, {Reason: "table_miss", Frames: miss, Direction: "rx"}}},
		}
	}
	web := control.FlowName{Bridge: "br0", Table: 1, Priority: 10, Cookie: 0xbeef}
	rest := control.FlowName{Bridge: "br0", Priority: 0}
	start := time.Unix(1000, 0)
	return &Sample{
			At:    start,
			Ports: control.PortsReply{port("h1", 1000, 0, 0), port("h2", 50_000, 0, 0), port("gone", 5, 5, 0)},
			Flows: control.FlowsReply{{FlowName: web, Match: "tcp,tp_dst=80", Packets: 10, Bytes: 1000}, {FlowName: rest, Packets: 5, Bytes: 500}},
			Drops: drops(100, 90),
			Workers: control.WorkersReply{{Worker: 0, Busy: 10, ExactHits: 100, MegaflowHits: 10, Misses: 10, Upcalls: 10},
				{Worker: 1, Busy: 3}},
		}, &Sample{
			At: start.Add(2 * time.Second),
			Status: control.StatusReply{Version: "v1", Uptime: 3723.4, Troubles: []control.Trouble{{}}, Bridges: []control.BridgeStatus{
				{Flows: 3, MACs: 2, Controllers: []control.ControllerStatus{{Connected: true}, {}}}, {Flows: 1}}},
			Ports: control.PortsReply{port("h1", 601_000, 2000, 500), port("h2", 300, 20_000_000, 0), port("new", 3, 0, 0)},
			Flows: control.FlowsReply{{FlowName: web, Match: "tcp,tp_dst=80", Packets: 2010, Bytes: 3_001_000}, {FlowName: rest, Packets: 5, Bytes: 500},
				{FlowName: control.FlowName{Bridge: "br0", Table: 2}, Packets: 1_000_000, Bytes: 1}},
			Drops: drops(101, 590),
			Workers: control.WorkersReply{{Worker: 0, Busy: 11.25, ExactHits: 600_100, MegaflowHits: 300_010, Misses: 100_010, Upcalls: 100_010, Megaflows: 12, Subtables: 3, BuffersInUse: 4, Buffers: 4096},
				{Worker: 1, Busy: 3, Buffers: 4096}},
		}
}

// TestViews compares what is shown of the samples with files.
func TestViews(t *testing.T) {
	before, after := samples()
	for name, text := range map[string]string{
		"packets":      Between(before, after, ByPackets).Text(0, 0),
		"bits":         Between(before, after, ByBits).Text(0, 0),
		"drops":        Between(before, after, ByDrops).Text(0, 0),
		"name":         Between(before, after, ByName).Text(0, 0),
		"small":        Between(before, after, ByPackets).Text(60, 16),
		"idle":         Between(after, after, ByPackets).Text(0, 0),
		"nothing":      Between(&Sample{}, &Sample{}, ByPackets).Text(0, 0),
		"packets.json": asJSON(t, Between(before, after, ByPackets)),
		"nothing.json": asJSON(t, Between(&Sample{}, &Sample{}, ByPackets)),
	} {
		file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || string(want) != text {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, text, want)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// TestFits wants every size to be kept to.
func TestFits(t *testing.T) {
	before, after := samples()
	v := Between(before, after, ByPackets)
	for width := 1; width < 120; width++ {
		for height := 1; height < 30; height++ {
			text := v.Text(width, height)
			if n := strings.Count(text, "\n"); n > height {
				t.Fatalf("%d lines in %d:\n%s", n, height, text)
			}
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(line) - 1; n > width {
					t.Fatalf("%d characters in %d: %q", n, width, line)
				}
			}
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		room        int
		needs, want []int
	}{
		{100, []int{1, 2, 3}, []int{1, 2, 3}},
		{6, []int{10, 10, 10}, []int{2, 2, 2}},
		{10, []int{1, 10, 10}, []int{1, 5, 4}},
		{2, []int{5, 5, 5}, []int{1, 1, 0}},
		{0, []int{5}, []int{0}},
		{-3, []int{5}, []int{0}},
		{9, nil, []int{}},
	} {
		if got := share(c.room, c.needs); !reflect.DeepEqual(got, c.want) {
			t.Errorf("share(%d, %v) = %v, want %v", c.room, c.needs, got, c.want)
		}
	}
}

func Example_scaled() {
	for _, x := range []float64{0, 0.04, 0.5, 9.99, 12.3, 949.6, 999.6, 1234, 12_345, 99_940, 99_960, 123_456, 999_600, 1.5e9, 2.5e15} {
		fmt.Print(scaled(x), " ")
	}
	// Output: 0 0.0 0.5 10.0 12 950 1.00k 1.23k 12.3k 99.9k 100k 123k 1.00M 1.50G 2500T
}
