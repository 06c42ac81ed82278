package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/control"
	"vswitch/ofctl/top"
)

// topOptions are the flags of top.
type topOptions struct {
	interval time.Duration
	order    orderFlag
}

// orderFlag reads what views are sorted by.
type orderFlag top.Order

func (o *orderFlag) Set(s string) error {
	if !slices.Contains(top.Orders(), top.Order(s)) {
		return errors.New("use packets, bits, drops or name")
	}
	*o = orderFlag(s)
	return nil
}

func (o *orderFlag) String() string { return string(*o) }

// Type names the value in help texts.
func (o *orderFlag) Type() string { return "order" }

// Least and default pause between two looks at the switch.
const (
	leastInterval   = 100 * time.Millisecond
	defaultInterval = 2 * time.Second
)

// flowsSince is how far back flows in use are looked for, in seconds: longer than a
// cached decision stays without use, so that a flow is known before it is used more.
const flowsSince = "3600"

// runTop is top: views of what the switch is doing, until it is interrupted.
func runTop(a *app, _ []string) error {
	o := &a.option
	interval := o.top.interval
	if interval == 0 {
		interval = defaultInterval
	}
	if interval < leastInterval || o.count < 0 {
		return usagef("--interval is at least %v, and --count a number from 0 on, which is no end", leastInterval)
	}
	stream, where, err := a.dialControl()
	if err != nil {
		return err
	}
	defer stream.Close()
	defer a.closeOnStop(stream)()
	l := &looker{client: control.NewClient(stream)}
	look := func() (*top.Sample, error) {
		if o.timeout > 0 {
			if err := stream.SetDeadline(time.Now().Add(o.timeout)); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
		}
		s := l.look()
		if l.err != nil {
			return nil, a.explainControl(where, l.method, l.err)
		}
		return s, nil
	}
	d := a.newDisplay()
	err = a.watch(d, look, interval)
	d.end()
	if a.ctx.Err() != nil {
		return nil // that is how one stops looking
	}
	return err
}

// watch shows a view after each interval.
func (a *app) watch(d *display, look func() (*top.Sample, error), interval time.Duration) error {
	before, err := look()
	if err != nil {
		return err
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-a.ctx.Done():
			return nil
		case <-tick.C:
		}
		after, err := look()
		if err != nil {
			return err
		}
		if err := d.show(top.Between(before, after, top.Order(a.option.top.order))); err != nil || n == a.option.count {
			return err
		}
		before = after
	}
}

// looker takes samples. The first error is kept, with what was asked for.
type looker struct {
	client *control.Client
	method control.Method
	err    error
}

func (l *looker) look() *top.Sample {
	s := &top.Sample{At: time.Now()}
	askInto(l, &s.Ports, control.Ports)
	askInto(l, &s.Workers, control.Workers)
	askInto(l, &s.Drops, control.Drops)
	askInto(l, &s.Flows, control.Flows, flowsSince)
	askInto(l, &s.Status, control.Status)
	return s
}

func askInto[T control.Reply](l *looker, reply *T, method control.Method, args ...string) {
	if l.err == nil {
		l.method = method
		*reply, l.err = control.Ask[T](l.client, method, args...)
	}
}

// display shows views one after the other, on a terminal one in the place of the other.
type display struct {
	a      *app
	onTerm bool
	shown  bool
	last   *top.View
}

// Control sequences (ECMA-48; 1049 is xterm's other screen).
const (
	otherScreen   = "\x1b[?1049h\x1b[?25l" // and no cursor
	firstScreen   = "\x1b[?25h\x1b[?1049l"
	topLeft       = "\x1b[H"
	clearLine     = "\x1b[K"
	clearFromHere = "\x1b[J"
)

func (a *app) newDisplay() *display {
	return &display{a: a, onTerm: a.stdio.Terminal && !a.option.json}
}

func (d *display) show(v *top.View) error {
	out := d.a.out
	switch {
	case d.a.option.json:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.Write(append(text, '\n'))
	case d.onTerm:
		if !d.shown {
			out.WriteString(otherScreen)
		}
		width, height := d.a.windowSize()
		text := v.Text(width, height-1)
		out.WriteString(topLeft + strings.ReplaceAll(text, "\n", clearLine+"\n") + clearFromHere)
	default:
		if d.shown {
			out.WriteByte('\n')
		}
		out.WriteString(v.Text(0, 0))
	}
	d.shown, d.last = true, v
	return out.Flush()
}

// end leaves the last view where a terminal scrolls.
func (d *display) end() {
	if d.onTerm && d.shown {
		width, _ := d.a.windowSize()
		d.a.out.WriteString(firstScreen + d.last.Text(width, 0))
	}
}

// windowSize is the size of the terminal that is written to, or 80 by 24.
func (a *app) windowSize() (width, height int) {
	if f, isFile := a.stdio.Out.(*os.File); isFile {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 && size.Row > 1 {
			return int(size.Col), int(size.Row)
		}
	}
	return 80, 24
}
