package system

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startBench starts the program behind `make bench` in the namespace of the switch.
func startBench(l *lab, arguments ...string) *process {
	l.Helper()
	l.Setenv("TMPDIR", l.dir)
	return l.spawn("switch", append([]string{filepath.Join(binaries, "bench"), "-bin", binaries}, arguments...)...)
}

// spacesOf is how the paths of a bench's namespaces begin.
func spacesOf(p *process) string { return fmt.Sprintf("/run/netns/vsb-%d-", p.command.Process.Pid) }

// wantNothingLeft wants a bench that has ended to have removed what it made.
func wantNothingLeft(p *process) {
	p.Helper()
	for _, pattern := range []string{p.path("vsb-*"), spacesOf(p) + "*"} {
		left, err := filepath.Glob(pattern)
		if err != nil || len(left) > 0 {
			p.Errorf("left behind: %q %v", left, err)
		}
	}
	// Each of its processes has a path in its directory or a namespace among its arguments.
	arguments, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(arguments) == 0 {
		p.Fatalf("%d processes: %v", len(arguments), err)
	}
	for _, file := range arguments {
		text, _ := os.ReadFile(file) // of one that ends meanwhile there is none
		if strings.Contains(string(text), p.path("vsb-")) || strings.Contains(string(text), filepath.Base(spacesOf(p))) {
			p.Errorf("process left behind: %q", text)
		}
	}
}

// TestBench takes every metric of two subjects, shortly.
func TestBench(t *testing.T) {
	l := newLab(t)
	file := l.path("values.json")
	p := startBench(l, "-rounds", "1", "-seconds", "0.1", "-subjects", "copier,vswitchd", "-json", file)
	if err := p.wait(); err != nil {
		t.Fatal(err)
	}
	wantNothingLeft(p)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Rounds []map[string]map[string]float64
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Rounds) != 1 {
		t.Fatalf("%d rounds", len(report.Rounds))
	}
	for _, subject := range []string{"copier", "vswitchd"} {
		values := report.Rounds[0][subject]
		for _, metric := range []string{"tcp", "pps1", "pps1000", "rtt", "udp", "jumbo"} {
			if !(values[metric] > 0) {
				t.Errorf("%s: %s: %v", subject, metric, values)
			}
		}
		// The kernel counts a processor's time in steps of 10 ms: that may be none.
		if _, found := values["cpu"]; !found {
			t.Errorf("%s: cpu: %v", subject, values)
		}
	}
	if !(report.Rounds[0]["vswitchd"]["pipeline"] > 0) {
		t.Errorf("pipeline: %v", report.Rounds[0])
	}
}

// TestBenchInterrupted interrupts it while a subject runs.
func TestBenchInterrupted(t *testing.T) {
	l := newLab(t)
	p := startBench(l, "-rounds", "2", "-seconds", "30", "-subjects", "vswitchd,copier", "-metrics", "tcp")
	l.await("a switch", func() error {
		if found, err := filepath.Glob(l.path("vsb-*/1/lab.mgmt")); err != nil || len(found) == 0 {
			return fmt.Errorf("no bridge: %v", err)
		}
		return nil
	})
	p.signal(syscall.SIGINT)
	if err := p.wait(); err == nil || p.command.ProcessState.ExitCode() != 130 {
		t.Errorf("it ended with %v", err)
	}
	wantNothingLeft(p)
}
