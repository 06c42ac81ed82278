package compat

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// changing are parts of output that differ from one run to the next, or between two
// clients that do the same: times, and the numbers of transactions, which ovs-ofctl
// takes for the several connections that it opens for some commands.
var changing = []struct {
	*regexp.Regexp
	string
}{
	{regexp.MustCompile(`xid=0x[0-9a-f]+`), "xid=XID"},
	{regexp.MustCompile(`duration[=:][0-9.]+s?`), "duration=TIME"},
	{regexp.MustCompile(`(idle|hard)_age=\d+`), "${1}_age=TIME"},
	{regexp.MustCompile(`time=[0-9.]+ ms`), "time=TIME ms"},
	{regexp.MustCompile(`Finished in .*`), "Finished"},
	{regexp.MustCompile(`continuation.bridge=.*`), "continuation.bridge=UUID"},
}

func steady(s string) string {
	for _, c := range changing {
		s = c.ReplaceAllString(s, c.string)
	}
	return s
}

// TestBeside runs the lines of testdata/beside.txt with ovs-ofctl on one Open
// vSwitch and with ofctl on another, in each version, and wants the same output and
// the same success.
func TestBeside(t *testing.T) {
	steps := readSteps(t, "testdata/beside.txt")
	a, b := startOVS(t), startOVS(t)
	for _, o := range []*openVSwitch{a, b} {
		files, err := filepath.Glob("testdata/files/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(o.dir, filepath.Base(f)), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, version := range []string{"OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"} {
		t.Run(version, func(t *testing.T) {
			for _, s := range steps {
				if !s.in(version) {
					continue
				}
				args := func(o *openVSwitch) []string {
					list := []string{"-O", version}
					for _, a := range s.args {
						list = append(list, strings.ReplaceAll(a, "$dir", o.dir))
					}
					return list
				}
				var theirs result
				var running sync.WaitGroup
				running.Go(func() { theirs = a.theirs(s.stdin, args(a)...) })
				ours := b.ours(s.stdin, args(b)...)
				running.Wait()
				if s.alike(theirs, ours) == s.differs {
					t.Errorf("line %d: %s\novs-ofctl:\n%v\nofctl:\n%v", s.line, s.text, theirs, ours)
				}
			}
		})
	}
}

// step is a line of a script.
type step struct {
	line     int
	text     string
	versions string // the last digits of the versions it is for; "": all
	// unordered: lines may come in any order. differs: the two are not alike.
	unordered, differs bool
	args               []string
	stdin              string
}

// alike reports whether two clients have done and printed the same.
func (s *step) alike(a, b result) bool {
	x, y := strings.Split(steady(a.out), "\n"), strings.Split(steady(b.out), "\n")
	if s.unordered {
		slices.Sort(x)
		slices.Sort(y)
	}
	return slices.Equal(x, y) && a.failed == b.failed
}

func (s *step) in(version string) bool {
	return s.versions == "" || strings.Contains(s.versions, version[len(version)-1:])
}

// readSteps reads a script, whose first lines say how it is written. Words are in
// single quotes where they have blanks.
func readSteps(t *testing.T, file string) []step {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for i, text := range strings.Split(string(data), "\n") {
		if in, isInput := strings.CutPrefix(text, "< "); isInput && len(steps) > 0 {
			steps[len(steps)-1].stdin += in + "\n"
			continue
		}
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s := step{line: i + 1, text: text}
		if marks, rest, found := strings.Cut(text, ": "); found && strings.Trim(marks, "012345~!") == "" {
			s.versions = strings.TrimRight(marks, "~!")
			s.unordered, s.differs = strings.Contains(marks, "~"), strings.Contains(marks, "!")
			text = rest
		}
		s.args = words(text)
		steps = append(steps, s)
	}
	return steps
}

// words splits at blanks outside single quotes, which it takes off.
func words(s string) (list []string) {
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}
