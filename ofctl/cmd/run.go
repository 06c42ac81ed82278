package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"vswitch/openflow/text"
	"vswitch/packet"
)

// Stdio is what a command reads, writes and knows of its surroundings.
type Stdio struct {
	In       io.Reader // nil: empty
	Out, Err io.Writer // nil: discarded
	// Terminal says that a person reads Out: ports are shown by their names.
	Terminal bool
	// Getenv reads an environment variable; nil: there are none.
	Getenv func(name string) string
	// Stop ends the command, and a monitor well, once it is closed. May be nil.
	Stop <-chan struct{}
	// Version is what --version prints.
	Version string
	// Name is what the program was called as. As "ovs-ofctl" it speaks OpenFlow 1.0
	// unless -O says otherwise, because that is what scripts for ovs-ofctl read.
	Name string
}

// IsTerminal reports whether a person reads what is written to f. Other devices, such
// as /dev/null, are no terminals.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// Dialer opens a connection: network "unix" and a path, or "tcp" and HOST:PORT.
// (*net.Dialer).DialContext is one.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// ovsName is the name of the program that ofctl can stand in for.
const ovsName = "ovs-ofctl"

// Exit codes of Run.
const (
	exitOK      = 0
	exitRefused = 1 // by the switch, or on the way to it
	exitUsage   = 2 // the command line or the text of a flow is wrong
	exitDiffer  = 2 // diff-flows found differences, which is ovs-ofctl's code for it
)

// app is one run of ofctl.
type app struct {
	stdio  Stdio
	dial   Dialer
	ctx    context.Context
	out    *bufio.Writer
	option options
	pool   *packet.Pool // of the buffer that packets are looked at in; nil until one is
}

// Run does what a command line says, and returns the exit code. args are without
// the program's name.
func Run(args []string, stdio Stdio, dial Dialer) int {
	if stdio.In == nil {
		stdio.In = strings.NewReader("")
	}
	if stdio.Out == nil {
		stdio.Out = io.Discard
	}
	if stdio.Err == nil {
		stdio.Err = io.Discard
	}
	if stdio.Getenv == nil {
		stdio.Getenv = func(string) string { return "" }
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if stdio.Stop != nil {
		go func() {
			select {
			case <-stdio.Stop:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	if stdio.Name == "" {
		stdio.Name = "ofctl"
	}
	a := &app{stdio: stdio, dial: dial, ctx: ctx, out: bufio.NewWriterSize(stdio.Out, 64<<10)}
	defer a.close()
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if flushed := a.out.Flush(); err == nil {
		err = flushed
	}
	return a.report(err)
}

// close gives back what the run has taken.
func (a *app) close() {
	if a.pool != nil {
		// Memory that cannot be unmapped goes with the process.
		_ = a.pool.Close()
	}
}

// deadline is the context of one connection or exchange: it ends with the
// command, and by --timeout.
func (a *app) deadline() (context.Context, context.CancelFunc) {
	if a.option.timeout > 0 {
		return context.WithTimeout(a.ctx, a.option.timeout)
	}
	return context.WithCancel(a.ctx)
}

// closeOnStop closes c when the command is to stop, so that whoever waits for c
// wakes. The function that it returns ends the watch.
func (a *app) closeOnStop(c io.Closer) (release func()) {
	stop := context.AfterFunc(a.ctx, func() { c.Close() })
	return func() { stop() }
}

// usageError is a wrong command line, or input that cannot be read.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// syntaxErrors are texts that cannot be read, each with where it is.
type syntaxErrors struct {
	list []syntaxError
	more int // mistakes beyond those of list
}

// syntaxError is one of them. where is "FILE:LINE", or "" for an argument.
type syntaxError struct {
	where string
	err   error
}

// mostSyntaxErrors bounds what is shown of a file that is wrong throughout.
const mostSyntaxErrors = 20

func (e *syntaxErrors) add(where string, err error) {
	if len(e.list) == mostSyntaxErrors {
		e.more++
		return
	}
	e.list = append(e.list, syntaxError{where, err})
}

func (e *syntaxErrors) Error() string {
	var b strings.Builder
	for i, s := range e.list {
		if i > 0 {
			b.WriteByte('\n')
		}
		if s.where != "" {
			b.WriteString(s.where + ": ")
		}
		b.WriteString(s.err.Error())
	}
	return b.String()
}

// orNil is e as an error, nil where nothing was added.
func (e *syntaxErrors) orNil() error {
	if len(e.list) == 0 {
		return nil
	}
	return e
}

// print shows each text with a caret below its wrong token.
func (e *syntaxErrors) print(w io.Writer) {
	for _, s := range e.list {
		where := "ofctl: "
		if s.where != "" {
			where = s.where + ": "
		}
		var t *text.Error
		if errors.As(s.err, &t) {
			fmt.Fprint(w, where, strings.TrimSuffix(s.err.Error(), t.Error()), t.Caret())
		} else {
			fmt.Fprintf(w, "%s%v\n", where, s.err)
		}
	}
	if e.more > 0 {
		fmt.Fprintf(w, "ofctl: and %d more mistakes\n", e.more)
	}
	if e.list[0].where != "" {
		fmt.Fprintln(w, "ofctl: nothing was sent to the switch")
	}
}

// syntax makes the error of one argument.
func syntax(err error) error { return &syntaxErrors{list: []syntaxError{{"", err}}} }

// errRefused stands for refusals that were printed where they came up.
var errRefused = errors.New("the switch refused")

// report prints an error, and returns what to exit with.
func (a *app) report(err error) int {
	var usage *usageError
	var syntax *syntaxErrors
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		// Whoever reads the output of a pipe that broke has seen enough.
		return exitOK
	case errors.As(err, &syntax):
		syntax.print(a.stdio.Err)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(a.stdio.Err, "ofctl: %v\n", err)
		return exitUsage
	case errors.Is(err, errDiffer):
		return exitDiffer
	case errors.Is(err, errRefused):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stdio.Err, "ofctl: interrupted")
	default:
		fmt.Fprintf(a.stdio.Err, "ofctl: %v\n", err)
	}
	return exitRefused
}

// nearest is the one of names that word is most probably a misspelling of, or "".
func nearest(word string, names []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that make b of a.
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
