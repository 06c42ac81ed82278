package system

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a command that runs beside the test.
type process struct {
	*lab
	command *exec.Cmd
	out     recorder // standard output
	log     recorder // standard error
	ended   chan struct{}
	err     error // why it ended; valid once ended is closed
}

// recorder keeps what a process writes. Any number of goroutines may use it.
type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// spawn starts a command in a host's namespace. It is killed at the end of the test if
// it still runs then.
func (l *lab) spawn(host string, command ...string) *process {
	l.Helper()
	words := l.inside(host, command...)
	for i := range words {
		words[i] = l.expand(words[i])
	}
	p := &process{lab: l, command: exec.Command(words[0], words[1:]...), ended: make(chan struct{})}
	p.command.Env = l.environment()
	p.command.Stdout, p.command.Stderr = &p.out, &p.log
	// A helper that outlives the process must not keep Wait from returning.
	p.command.WaitDelay = time.Second
	if err := p.command.Start(); err != nil {
		l.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	l.Cleanup(func() {
		if !p.hasEnded() {
			p.signal(syscall.SIGKILL)
			<-p.ended
		}
		if l.Failed() {
			l.Logf("%s\nsaid:\n%s%s", strings.Join(words, " "), p.out.String(), p.log.String())
		}
	})
	return p
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) signal(s os.Signal) {
	p.Helper()
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.Error(err)
	}
}

// wait waits for the process to end by itself, and returns how it did.
func (p *process) wait() error {
	p.Helper()
	deadline := time.NewTimer(commandTime)
	defer deadline.Stop()
	select {
	case <-p.ended:
		return p.err
	case <-deadline.C:
		p.Fatalf("%s: no end within %v", p.command, commandTime)
		return nil
	}
}

// interrupt ends the process as the user at a terminal would, and returns what it has
// printed, without the blank lines that some tools put around their last words.
func (p *process) interrupt() string {
	p.Helper()
	p.signal(os.Interrupt)
	// Tools differ in what they call the end by a signal: only that it comes matters.
	_ = p.wait()
	return strings.TrimSpace(p.out.String())
}

// says waits until standard output or standard error matches a pattern, and returns
// the match with its groups.
func (p *process) says(pattern string) []string {
	p.Helper()
	re := regexp.MustCompile(p.expand(pattern))
	var found []string
	p.await(fmt.Sprintf("%q from %s", pattern, p.command.Args), func() error {
		// Whether it has ended is looked at first: what it said before counts.
		isOver := p.hasEnded()
		text := p.out.String() + p.log.String()
		if found = re.FindStringSubmatch(text); found != nil {
			return nil
		}
		if isOver {
			p.Fatalf("%s ended (%v) without saying %q:\n%s", p.command.Args, p.err, pattern, text)
		}
		return errors.New(text)
	})
	return found
}
