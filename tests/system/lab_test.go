package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// patience is how long a condition may take to come true.
	patience = 30 * time.Second
	// commandTime is how long a command may take that ends by itself.
	commandTime = 60 * time.Second
	// pollTime is the pause between two looks at a condition.
	pollTime = 10 * time.Millisecond
)

// labs numbers the labs of this process, so that their names differ.
var labs atomic.Int64

// lab is the world of one test.
type lab struct {
	testing.TB
	dir    string // run directory, and place of the test's files
	prefix string // of the names of its namespaces
}

// newLab makes a lab with a namespace for the switch, or skips the test where root
// or a tool is missing.
func newLab(t testing.TB, tools ...string) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skipf("needs TAP devices: %v", err)
	}
	for _, tool := range append(tools, "ip", "nsenter") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: %v", tool, err)
		}
	}
	l := &lab{TB: t, prefix: fmt.Sprintf("vs-%d-%d-", os.Getpid(), labs.Add(1))}
	// Not t.TempDir: paths of sockets have at most 107 bytes.
	dir, err := os.MkdirTemp("", "vs-lab-")
	if err != nil {
		t.Fatal(err)
	}
	l.dir = dir
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	l.Cleanup(l.sweep)
	l.makeHost("switch")
	return l
}

// sweep wants no namespace of the lab to be left, and removes what is.
func (l *lab) sweep() {
	left, err := filepath.Glob("/run/netns/" + l.prefix + "*")
	if err != nil {
		l.Error(err)
	}
	for _, path := range left {
		l.Errorf("namespace %s is left behind", filepath.Base(path))
		if _, err := l.exec("ip", "netns", "del", filepath.Base(path)); err != nil {
			l.Error(err)
		}
	}
}

// space is the name of a host's namespace.
func (l *lab) space(host string) string { return l.prefix + host }

// expand replaces $dir and $HOST.
func (l *lab) expand(text string) string {
	return os.Expand(text, func(name string) string {
		if name == "dir" {
			return l.dir
		}
		return l.space(name)
	})
}

// path is a file of the lab.
func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// makeHost makes a namespace, which is removed when the test ends.
func (l *lab) makeHost(host string) {
	l.Helper()
	l.must(l.exec("ip", "netns", "add", l.space(host)))
	l.Cleanup(func() {
		if l.hasSpace(host) {
			l.must(l.exec("ip", "netns", "del", l.space(host)))
		}
	})
	l.in(host, "ip", "link", "set", "lo", "up")
}

// makeQuietHost is makeHost for a host that sends nothing of its own accord: it has
// no IPv6, whose neighbour discovery would be counted too.
func (l *lab) makeQuietHost(host string) {
	l.Helper()
	l.makeHost(host)
	l.quieten(host)
}

// quieten takes IPv6 from a host.
func (l *lab) quieten(host string) {
	l.Helper()
	for _, scope := range []string{"all", "default"} {
		l.in(host, "sysctl", "-qw", "net.ipv6.conf."+scope+".disable_ipv6=1")
	}
}

// hasSpace reports whether a host's namespace exists.
func (l *lab) hasSpace(host string) bool {
	_, err := os.Stat("/run/netns/" + l.space(host))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Error(err)
	}
	return err == nil
}

// inside is the command line that runs a command in a host's namespace. Unlike `ip
// netns exec`, nsenter leaves the mounts as they are.
func (l *lab) inside(host string, command ...string) []string {
	return append([]string{"nsenter", "--net=/run/netns/" + l.space(host)}, command...)
}

// in runs a command in a host's namespace, which must succeed, and returns what it
// printed.
func (l *lab) in(host string, command ...string) string {
	l.Helper()
	return l.must(l.tryIn(host, command...))
}

// tryIn is in for a command that may fail.
func (l *lab) tryIn(host string, command ...string) (string, error) {
	return l.exec(l.inside(host, command...)...)
}

// exec runs a command. The error contains what it said on standard error.
func (l *lab) exec(command ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	var out, complaint bytes.Buffer
	c := exec.CommandContext(ctx, l.expand(command[0]))
	for _, word := range command[1:] {
		c.Args = append(c.Args, l.expand(word))
	}
	c.Env = l.environment()
	c.Stdout, c.Stderr = &out, &complaint
	err := c.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no end within %v", commandTime)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s%s", strings.Join(c.Args, " "), err, out.String(), complaint.String())
	}
	return out.String(), err
}

// environment makes tools find the lab's switch by the names of its bridges.
func (l *lab) environment() []string {
	return append(os.Environ(), "VSWITCH_RUNDIR="+l.dir, "OVS_RUNDIR="+l.dir, "LC_ALL=C")
}

// must ends the test unless a command succeeded.
func (l *lab) must(out string, err error) string {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
	return out
}

// fails wants a command to fail and to say words, each of them.
func (l *lab) fails(_ string, err error, words ...string) {
	l.Helper()
	if err == nil {
		l.Error("the command succeeded, which must fail")
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), l.expand(word)) {
			l.Errorf("the error does not say %q: %v", l.expand(word), err)
		}
	}
}

// write makes a file of the lab and returns its path.
func (l *lab) write(name, text string) string {
	l.Helper()
	if err := os.WriteFile(l.path(name), []byte(l.expand(text)), 0o644); err != nil {
		l.Fatal(err)
	}
	return l.path(name)
}

// await calls try until it returns nil; that it does not in time ends the test.
func (l *lab) await(what string, try func() error) {
	l.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-deadline.C:
			l.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}
