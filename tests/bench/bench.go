package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/ports/netdev"
)

const (
	// patience is how long a condition may take to come true.
	patience = 15 * time.Second
	pollTime = 20 * time.Millisecond
	// termTime is how long a process may take to end when told to.
	termTime = 5 * time.Second
)

// bench is what all rounds share.
type bench struct {
	options
	ctx     context.Context
	dir     string // of everything that is written
	control *netdev.Control
	visits  int
}

// word says why there is no value, where nothing is wrong.
type word string

func (w word) Error() string { return string(w) }

func newBench(ctx context.Context, o options) (*bench, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("needs root, because it makes namespaces and devices: sudo make bench")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return nil, fmt.Errorf("needs TAP devices: %w", err)
	}
	for _, program := range []string{"vswitchd", "ofctl"} {
		path, err := filepath.Abs(filepath.Join(o.bin, program))
		if err != nil {
			return nil, err
		}
		if _, err := exec.LookPath(path); err != nil {
			return nil, fmt.Errorf("%w: run make build, or say where it is with -bin", err)
		}
	}
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return nil, err
	}
	o.bin = bin
	control, err := netdev.Open()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vsb-")
	if err != nil {
		return nil, errors.Join(err, control.Close())
	}
	return &bench{options: o, ctx: ctx, dir: dir, control: control}, nil
}

func (b *bench) close() error { return errors.Join(b.control.Close(), os.RemoveAll(b.dir)) }

// visit runs a subject and takes all metrics of it.
func (b *bench) visit(r *report, s subject, round int) (map[string]float64, error) {
	values := map[string]float64{}
	var failed []error
	for _, mtu := range []int{plainMTU, jumboMTU} {
		var wanted []metric
		for _, name := range b.metrics {
			if m := metricOf(name); m.mtu == mtu && r.note(s.name, name) == "" {
				wanted = append(wanted, m)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		if err := b.take(r, s, setting{mtu, round}, wanted, values); err != nil {
			failed = append(failed, err)
		}
	}
	return values, errors.Join(failed...)
}

// setting is what a subject is run for.
type setting struct{ mtu, round int }

// take runs a subject and takes some metrics of it. What it cannot do, and what
// fails, is noted.
func (b *bench) take(r *report, s subject, set setting, wanted []metric, values map[string]float64) (err error) {
	failed := func(what string, names []metric, cause error) {
		if b.ctx.Err() != nil {
			return
		}
		for _, m := range names {
			r.setNote(s.name, m.name, cause.Error())
		}
		// What others cannot do is their affair.
		if _, isWord := cause.(word); !isWord && s.isOwn {
			err = errors.Join(err, fmt.Errorf("%s%w", what, cause))
		}
	}
	g, startErr := b.newRig(s, set)
	defer func() { err = errors.Join(err, g.close()) }()
	if startErr != nil {
		failed("", wanted, startErr)
		return err
	}
	for _, m := range wanted {
		v, metricErr := m.take(g)
		if b.ctx.Err() != nil {
			return err
		}
		if metricErr != nil {
			failed(m.name+": ", []metric{m}, metricErr)
			continue
		}
		values[m.name] = v
	}
	return err
}

// rig is a subject that runs between two hosts.
type rig struct {
	*bench
	setting
	dir     string
	hosts   [2]*netdev.Namespace
	names   [2]string         // of the hosts' namespaces
	space   *netdev.Namespace // where the subject runs
	process *process          // that moves the frames; nil for the kernel
	mgmt    string            // where it speaks OpenFlow; "" if it does not
	loads   map[int]load      // that were measured, by number of flows
	undo    []func() error
}

// newRig makes hosts, starts the subject, and waits until the hosts reach each
// other. The rig must be closed in any case.
func (b *bench) newRig(s subject, set setting) (*rig, error) {
	b.visits++
	g := &rig{bench: b, setting: set, dir: filepath.Join(b.dir, fmt.Sprint(b.visits)), loads: map[int]load{}}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return g, err
	}
	var spaces []*netdev.Namespace
	for _, role := range []string{"a", "b", "s"} {
		n, err := g.makeSpace(fmt.Sprintf("vsb-%d-%d-%s", os.Getpid(), b.visits, role))
		if err != nil {
			return g, err
		}
		spaces = append(spaces, n)
	}
	g.hosts, g.space = [2]*netdev.Namespace(spaces), spaces[2]
	g.names = [2]string{spaces[0].Name(), spaces[1].Name()}
	if err := s.start(g); err != nil {
		return g, g.explain(err)
	}
	if err := g.connect(); err != nil {
		return g, g.explain(err)
	}
	return g, nil
}

// makeSpace makes a namespace in which nobody speaks of his own accord.
func (g *rig) makeSpace(name string) (*netdev.Namespace, error) {
	n, err := g.control.Namespace(name)
	if err != nil {
		return nil, err
	}
	g.atEnd(n.Release)
	return n, n.Do(func() error {
		for _, scope := range []string{"all", "default"} {
			err := os.WriteFile("/proc/sys/net/ipv6/conf/"+scope+"/disable_ipv6", []byte("1"), 0)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}

// atEnd has f called by close, before what was given earlier.
func (g *rig) atEnd(f func() error) { g.undo = append(g.undo, f) }

// close ends the subject and removes what the rig is made of.
func (g *rig) close() error {
	var errs []error
	for _, f := range slices.Backward(g.undo) {
		errs = append(errs, f())
	}
	return errors.Join(append(errs, os.RemoveAll(g.dir))...)
}

// await calls try until it returns nil.
func (g *rig) await(what string, try func() error) error {
	for end := time.Now().Add(patience); ; {
		err := try()
		switch {
		case err == nil:
			return nil
		case g.ctx.Err() != nil:
			return g.ctx.Err()
		case g.process.hasEnded():
			return fmt.Errorf("%s: the subject has ended: %w", what, err)
		case time.Now().After(end):
			return fmt.Errorf("%s: not within %v: %w", what, patience, err)
		}
		time.Sleep(pollTime)
	}
}

// process is a command that runs beside.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// spawn starts a command where the subject runs, until the rig is closed. What
// it says goes to a file.
func (g *rig) spawn(argv ...string) (*process, error) {
	log, err := os.Create(filepath.Join(g.dir, filepath.Base(argv[0])+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{command: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	p.command.Env = g.environment()
	p.command.Stdout, p.command.Stderr = log, log
	// A terminal's interrupt is for this program, which ends the others in order.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.space.Do(p.command.Start); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait() // how it ended is in its log
		close(p.ended)
	}()
	g.atEnd(p.stop)
	return p, nil
}

func (p *process) hasEnded() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) pid() int { return p.command.Process.Pid }

// stop ends the process and waits until it has.
func (p *process) stop() error {
	for _, s := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		select {
		case <-p.ended:
			return nil
		case <-time.After(termTime):
		}
	}
	return fmt.Errorf("process %d: still there %v after it was killed", p.pid(), termTime)
}

// execute runs a command to its end where the subject runs.
func (g *rig) execute(argv ...string) error {
	_, err := g.output(g.ctx, g.space, argv...)
	return err
}

// output is what a command prints that runs to its end in a namespace.
func (g *rig) output(ctx context.Context, n *netdev.Namespace, argv ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+2*g.spent)
	defer cancel()
	var out, complaint bytes.Buffer
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = g.environment()
	c.Stdout, c.Stderr = &out, &complaint
	if err := n.Do(c.Run); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, tail(complaint.String()+out.String()))
	}
	return out.Bytes(), nil
}

// environment makes Open vSwitch's programs use the rig's directory, and vswitchd
// follow its configuration alone.
func (g *rig) environment() []string {
	list := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "VSWITCH_") })
	for _, kind := range []string{"RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR"} {
		list = append(list, "OVS_"+kind+"="+g.dir)
	}
	return append(list, "LC_ALL=C")
}

// explain adds to an error what the subject said last.
func (g *rig) explain(err error) error {
	logs, globErr := filepath.Glob(filepath.Join(g.dir, "*.log"))
	if _, isWord := err.(word); isWord || globErr != nil {
		return err
	}
	for _, log := range logs {
		if text, readErr := os.ReadFile(log); readErr == nil && len(text) > 0 {
			err = fmt.Errorf("%w; %s: %s", err, filepath.Base(log), tail(string(text)))
		}
	}
	return err
}

// tail is the end of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
