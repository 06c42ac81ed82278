package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"vswitch/tests/harness"
)

func TestMakeFrames(t *testing.T) {
	for flows, want := range map[int]int{1: 64, 48: 96, 64: 64, 1000: 1000} {
		frames := makeFrames(net.HardwareAddr{2, 0, 0, 0, 0, 1}, flows)
		if len(frames) != want {
			t.Errorf("%d flows: %d frames, not %d", flows, len(frames), want)
		}
		different := map[[frameSize]byte]int{}
		for _, f := range frames {
			different[f]++
			if onesSum(f[14:34]) != 0xffff {
				t.Fatalf("%d flows: wrong IP checksum: %x", flows, f)
			}
		}
		if len(different) != flows {
			t.Errorf("%d flows: %d different frames", flows, len(different))
		}
	}
}

// TestPipelineIsCrossed takes the flows that let what does not match go on away. What
// comes out then matches a flow of every table.
func TestPipelineIsCrossed(t *testing.T) {
	var flows, script strings.Builder
	n := 0
	for line := range strings.Lines(pipelineFlows()) {
		if !strings.Contains(line, "priority=0,") {
			flows.WriteString(line)
			n++
		}
	}
	if n != pipelineTables*tableFlows {
		t.Errorf("%d flows, not %d", n, pipelineTables*tableFlows)
	}
	script.WriteString("bridge br0 secure\nport br0 p1 1\nport br0 p2 2\nofctl add-flows br0 flows.txt -O OpenFlow13\n")
	frames := makeFrames(net.HardwareAddr{2, 0, 0, 0, 0, 1}, tableFlows)
	for _, f := range frames {
		fmt.Fprintf(&script, "send p1 hex:%x\n", f)
	}
	script.WriteString("frames p2\n")
	out, err := harness.Run(&txtar.Archive{
		Comment: []byte(script.String()),
		Files:   []txtar.File{{Name: "flows.txt", Data: []byte(flows.String())}},
	}, harness.CacheOn)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "p2: "); n != len(frames) {
		t.Errorf("of %d frames %d come out:\n%.1000s", len(frames), n, out)
	}
}

// TestTimeOf burns time of the processor and wants the kernel to know.
func TestTimeOf(t *testing.T) {
	before, err := timeOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		now, err := timeOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now > before {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("still %v", now)
		}
	}
}
