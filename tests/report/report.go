package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of `go test -json` (cmd/test2json). Test is empty for what
// concerns the whole package.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// key names a test within a run. An empty test is the package itself.
type key struct{ pkg, test string }

// skip is a test that did not run, and why.
type skip struct {
	key
	reason string
}

// report gathers events. Tests that have subtests are not counted themselves
// unless they failed or were skipped: they pass when their subtests do.
type report struct {
	out     io.Writer
	output  map[key][]string // of what is still running
	parents map[key]bool     // tests that have subtests
	running map[key]bool     // packages and tests without an end so far

	passed, failed int
	skips          []skip
	badPackages    []string // failed without a failed test: build, panic, TestMain
	failedTests    map[string]int
}

func newReport(out io.Writer) *report {
	return &report{
		out:         out,
		output:      map[key][]string{},
		parents:     map[key]bool{},
		running:     map[key]bool{},
		failedTests: map[string]int{},
	}
}

// maxLine bounds one line of input: a test's output line may be long, but not
// without end.
const maxLine = 16 << 20

// read takes events until the input ends. Lines that are not JSON are what the go
// command says for itself (downloads, for instance) and are passed on.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if line[0] != '{' {
			fmt.Fprintf(r.out, "%s\n", line)
			continue
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("test event: %w", err)
		}
		r.take(e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("test events: read: %w", err)
	}
	for k := range r.running {
		if k.test == "" {
			return fmt.Errorf("test events: package %s: %w", k.pkg, errUnfinished)
		}
	}
	return nil
}

var errUnfinished = errors.New("input ends before its result")

// take handles one event.
func (r *report) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "start", "run":
		r.running[k] = true
		for i, c := range e.Test {
			if c == '/' {
				r.parents[key{e.Package, e.Test[:i]}] = true
			}
		}
	case "output":
		r.note(k, e.Output)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass", "fail", "skip":
		r.end(k, e.Action)
	}
}

// packageLine recognizes go test's own line for a package, which is printed at
// once; what else a package says is kept until it is known to have failed.
var packageLine = regexp.MustCompile(`^(ok|FAIL|\?)\s*\t`)

func (r *report) note(k key, text string) {
	if k.test == "" && packageLine.MatchString(text) {
		fmt.Fprint(r.out, text)
		return
	}
	r.output[k] = append(r.output[k], text)
}

// end closes a test or, when k has no test, a package.
func (r *report) end(k key, result string) {
	output := r.output[k]
	delete(r.output, k)
	delete(r.running, k)
	if k.test == "" {
		r.endPackage(k, result, output)
		return
	}
	switch result {
	case "pass":
		if !r.parents[k] {
			r.passed++
		}
	case "fail":
		r.failed++
		r.failedTests[k.pkg]++
		for _, line := range output {
			fmt.Fprint(r.out, line)
		}
	case "skip":
		r.skips = append(r.skips, skip{k, reason(output)})
	}
}

// endPackage prints what a package said when it failed; a test that was still
// running then (a panic or a timeout ends the process) shows its output too.
func (r *report) endPackage(k key, result string, output []string) {
	if result != "fail" {
		return
	}
	for open := range r.running {
		if open.pkg == k.pkg {
			r.failed++
			r.failedTests[k.pkg]++
			output = append(r.output[open], output...)
			delete(r.running, open)
		}
	}
	for _, line := range output {
		fmt.Fprint(r.out, line)
	}
	if r.failedTests[k.pkg] == 0 {
		r.badPackages = append(r.badPackages, k.pkg)
	}
}

// logLine is what t.Skip, t.Log and t.Error print: file, line, text.
var logLine = regexp.MustCompile(`^\s+[^\s:]+\.go:\d+: (.*)`)

// reason finds why a test was skipped: the last thing that it logged, with the
// lines that continue it.
func reason(output []string) string {
	var why []string
	for _, line := range output {
		line = strings.TrimRight(line, "\n")
		switch m := logLine.FindStringSubmatch(line); {
		case m != nil:
			why = []string{m[1]}
		case strings.HasPrefix(strings.TrimSpace(line), "--- ") || strings.HasPrefix(line, "=== "):
		case len(why) > 0:
			why = append(why, strings.TrimSpace(line))
		}
	}
	if len(why) == 0 {
		return "no reason given"
	}
	return strings.Join(why, " ")
}

// summarize prints the skipped tests, the packages that did not come as far as a
// test, and the sums.
func (r *report) summarize() {
	if len(r.skips) > 0 {
		fmt.Fprintf(r.out, "\nskipped tests (%d):\n", len(r.skips))
	}
	for _, s := range r.skips {
		fmt.Fprintf(r.out, "  %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	for _, pkg := range r.badPackages {
		fmt.Fprintf(r.out, "failed outside its tests: %s\n", pkg)
	}
	fmt.Fprintf(r.out, "tests: %d passed, %d failed, %d skipped\n", r.passed, r.failed+len(r.badPackages), len(r.skips))
}
