package cmd

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"

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
}

// Dialer opens a connection: network "unix" and a path, or "tcp" and HOST:PORT.
// (*net.Dialer).DialContext is one.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

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
