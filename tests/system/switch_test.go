package system

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"vswitch/control"
)

// vswitch is a running vswitchd.
type vswitch struct {
	*process
	faulty bool // the test provokes errors in the log
}

// configFile is what a lab's switch is configured with.
const configFile = "switch.yaml"

// run starts vswitchd with a configuration and waits until all of it is there. At the
// end of the test it is ended and inspected.
func (l *lab) run(config string) *vswitch {
	l.Helper()
	s := l.launch(config)
	if troubles := s.status().Troubles; len(troubles) > 0 {
		l.Fatalf("troubles: %+v", troubles)
	}
	return s
}

// launch is run for a configuration of which something may fail.
func (l *lab) launch(config string) *vswitch {
	l.Helper()
	file := l.write(configFile, config)
	s := &vswitch{process: l.spawn("switch", filepath.Join(binaries, "vswitchd"), "-c", file, "--rundir", l.dir)}
	l.Cleanup(func() {
		if s.hasEnded() && s.err == nil {
			return // the test has ended it
		}
		defer s.end()
		if !l.Failed() {
			s.audit()
		}
	})
	s.await("vswitchd is ready", func() error {
		if s.hasEnded() {
			l.Fatalf("vswitchd ended: %v\n%s", s.err, s.log.String())
		}
		if r, err := ask[control.StatusReply](s, "status"); err != nil || !r.Ready {
			return fmt.Errorf("ready %v: %w", r.Ready, err)
		}
		return nil
	})
	return s
}

// ask gives ofctl a command and decodes its reply.
func ask[T any](s *vswitch, words ...string) (reply T, err error) {
	out, err := s.tryOfctl(append(words, "--json")...)
	if err != nil {
		return reply, err
	}
	err = json.Unmarshal([]byte(out), &reply)
	return reply, err
}

// mustAsk is ask for a command that must succeed.
func mustAsk[T any](s *vswitch, words ...string) T {
	s.Helper()
	reply, err := ask[T](s, words...)
	if err != nil {
		s.Fatal(err)
	}
	return reply
}

// ofctl runs a command of ofctl, which must succeed.
func (s *vswitch) ofctl(words ...string) string {
	s.Helper()
	return s.must(s.tryOfctl(words...))
}

// tryOfctl is ofctl for a command that may fail.
func (s *vswitch) tryOfctl(words ...string) (string, error) {
	return s.tryIn("switch", append([]string{filepath.Join(binaries, "ofctl")}, words...)...)
}

func (s *vswitch) status() control.StatusReply {
	s.Helper()
	return mustAsk[control.StatusReply](s, "status")
}

// portStatus finds a port in the status.
func (s *vswitch) portStatus(name string) (control.PortStatus, error) {
	status, err := ask[control.StatusReply](s, "status")
	if err != nil {
		return control.PortStatus{}, err
	}
	for _, b := range status.Bridges {
		for _, p := range b.Ports {
			if p.Name == name {
				return p, nil
			}
		}
	}
	return control.PortStatus{}, fmt.Errorf("no port %s", name)
}

// awaitPort waits until a port's status satisfies a condition.
func (s *vswitch) awaitPort(name, what string, holds func(control.PortStatus) bool) {
	s.Helper()
	s.await(fmt.Sprintf("port %s: %s", name, what), func() error {
		p, err := s.portStatus(name)
		if err == nil && !holds(p) {
			err = fmt.Errorf("it is %+v", p)
		}
		return err
	})
}

// trouble finds what the status says is wrong with an object.
func (s *vswitch) trouble(object string) (control.Trouble, error) {
	status, err := ask[control.StatusReply](s, "status")
	if err != nil {
		return control.Trouble{}, err
	}
	i := slices.IndexFunc(status.Troubles, func(t control.Trouble) bool { return t.Object == object })
	if i < 0 {
		return control.Trouble{}, fmt.Errorf("no trouble with %s among %+v", object, status.Troubles)
	}
	return status.Troubles[i], nil
}

// counters are those of one port.
func (s *vswitch) counters(port string) control.PortCounters {
	s.Helper()
	reply := mustAsk[control.PortsReply](s, "counters", port)
	if len(reply) != 1 {
		s.Fatalf("counters of %s: %+v", port, reply)
	}
	return reply[0]
}

// packetCount is the number of packets that the flows selected by a filter have
// matched.
func (s *vswitch) packetCount(bridge, filter string) int {
	s.Helper()
	packets, _ := s.flowCount(bridge, filter)
	return packets
}

var (
	packetsOfFlow = regexp.MustCompile(`n_packets=(\d+)`)
	bytesOfFlow   = regexp.MustCompile(`n_bytes=(\d+)`)
)

// flowCount adds up the packets and bytes of the flows selected by a filter.
func (s *vswitch) flowCount(bridge, filter string) (packets, bytes int) {
	s.Helper()
	text := s.ofctl("dump-flows", bridge, filter)
	return total(s, packetsOfFlow, text), total(s, bytesOfFlow, text)
}

// total adds up the first group of all matches.
func total(s *vswitch, re *regexp.Regexp, text string) (sum int) {
	s.Helper()
	found := re.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		s.Fatalf("no %s in:\n%s", re, text)
	}
	for _, m := range found {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			s.Fatal(err)
		}
		sum += n
	}
	return sum
}

// reload replaces the configuration and has it read on SIGHUP. It returns once the
// switch says that it was.
func (s *vswitch) reload(config string) {
	s.Helper()
	s.write(configFile, config)
	loaded := func() int { return strings.Count(s.log.String(), `msg="configuration loaded again"`) }
	before := loaded()
	s.signal(syscall.SIGHUP)
	s.await("reload", func() error {
		if loaded() == before {
			return errors.New(s.log.String())
		}
		return nil
	})
}

// audit wants the account of all frames to balance, no worker to have panicked, and
// no error in the log.
func (s *vswitch) audit() {
	s.Helper()
	// Between two counters that belong together a frame may pass; it does not always.
	s.await("the ledger balances", func() error {
		l, err := ask[control.LedgerReply](s, "ledger")
		in, out := l.Received+l.Cloned+l.Originated+l.Split, l.Sent+l.Dropped+l.Consumed+l.Merged+l.Held
		if err == nil && (l.Imbalance != 0 || in != out) {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	for _, w := range mustAsk[control.WorkersReply](s, "workers") {
		if w.Panics != 0 {
			s.Errorf("worker %d panicked %d times", w.Worker, w.Panics)
		}
	}
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "level=ERROR") && !s.faulty {
			s.Errorf("in the log: %s", line)
		}
	}
}

// end ends vswitchd by SIGTERM and wants it to have removed what it made.
func (s *vswitch) end() {
	s.Helper()
	s.signal(syscall.SIGTERM)
	if err := s.wait(); err != nil {
		s.Errorf("vswitchd ended: %v", err)
	}
	left, err := os.ReadDir(s.dir)
	if err != nil {
		s.Error(err)
	}
	for _, e := range left {
		if e.Type()&os.ModeSocket != 0 || strings.HasSuffix(e.Name(), ".pid") {
			s.Errorf("%s is left behind in the run directory", e.Name())
		}
	}
}
