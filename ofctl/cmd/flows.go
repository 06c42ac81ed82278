package cmd

import (
	"fmt"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// line is one line of input that says something.
type line struct {
	from string // the file, or what else it is; "" for an argument
	n    int    // its number in the file; 0: it has none
	text string
}

// where is the line's place as FILE:LINE, "" for an argument.
func (l line) where() string {
	if l.n == 0 {
		return l.from
	}
	return fmt.Sprintf("%s:%d", l.from, l.n)
}

// stdinName is the operand that stands for the standard input.
const stdinName = "-"

// readLines reads a file of flows or the like: "#" starts a comment, and lines of
// blanks alone count for nothing.
func (a *app) readLines(file string) ([]line, error) {
	data, err := a.readAll(file)
	if err != nil {
		return nil, err
	}
	name := file
	if file == stdinName {
		name = "stdin"
	}
	var lines []line
	n := 0
	for s := range strings.Lines(string(data)) {
		n++
		s, _, _ = strings.Cut(s, "#")
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, line{name, n, s})
		}
	}
	return lines, nil
}

// operandOrStdin is the operand i as a line, or for "-" those of the standard input.
// Without the operand it is an empty line.
func (a *app) operandOrStdin(args []string, i int) ([]line, error) {
	switch {
	case len(args) <= i:
		return []line{{}}, nil
	case args[i] == stdinName:
		return a.readLines(stdinName)
	}
	return []line{{text: args[i]}}, nil
}

// parseLines reads lines. All mistakes of all lines are found.
func parseLines[T openflow.Message](lines []line, parse func(s string) (T, error)) ([]T, error) {
	messages := make([]T, 0, len(lines))
	var wrong syntaxErrors
	for _, l := range lines {
		m, err := parse(l.text)
		if err != nil {
			wrong.add(l.where(), err)
			continue
		}
		messages = append(messages, m)
	}
	return messages, wrong.orNil()
}

// parser reads a line as a message.
type parser func(s string, o text.Options) (openflow.Message, error)

// connectReading is connectWith, and then read, which reads text for the version
// that was agreed on. Text that only OpenFlow 1.0 lets pass, and can carry, gets a
// connection of that version, as ovs-ofctl gives it, unless -O has chosen: an action
// may there be without the match that it needs, and does nothing to other packets.
// read tells apart what it cannot understand and what the version cannot carry; the
// latter is the caller's to report.
func (a *app) connectReading(name string, able openflow.VersionSet, read func(c *conn) (uncarried, err error)) (*conn, error) {
	c, err := a.connectWith(name, able)
	if err != nil {
		return nil, err
	}
	_, err = read(c)
	if err == nil {
		return c, nil
	}
	c.close()
	if c.version == openflow.V10 || !able.Has(openflow.V10) || !c.theirs.Has(openflow.V10) || a.option.versions != 0 || a.option.bundle {
		return nil, err
	}
	old, failed := a.connectWith(name, openflow.Versions(openflow.V10))
	if failed != nil {
		return nil, err
	}
	if uncarried, wrong := read(old); uncarried != nil || wrong != nil {
		old.close()
		return nil, err
	}
	return old, nil
}

// sendLines sends what lines say, once all of them are understood.
func (a *app) sendLines(name string, able openflow.VersionSet, lines []line, parse parser) error {
	var b *batch
	c, err := a.connectReading(name, able, func(c *conn) (uncarried, err error) {
		if b, err = c.compose(lines, parse); err != nil {
			return nil, err
		}
		return b.failed, nil
	})
	if err != nil {
		return err
	}
	defer c.close()
	return c.change(b, lines)
}

// compose reads lines as the messages of a batch. A batch of 100,000 flows is much
// smaller than the flows are, so no line's message is kept.
func (c *conn) compose(lines []line, parse parser) (b *batch, err error) {
	err = c.reading(func(o text.Options) error {
		for {
			b = c.newBatch(c.app.option.bundle)
			var wrong syntaxErrors
			for _, l := range lines {
				if m, err := parse(l.text, o); err != nil {
					wrong.add(l.where(), err)
				} else {
					b.add(m)
				}
			}
			if wrong.orNil() != nil || !b.needsTables {
				return wrong.orNil()
			}
			if err := c.useTables(); err != nil {
				return err
			}
		}
	})
	return b, err
}

// flowParser reads flows for a command; with word a line may begin with another.
func flowParser(command openflow.FlowModCommand, word bool) parser {
	return func(s string, o text.Options) (openflow.Message, error) {
		o.Command, o.CommandWord = command, word
		return nilOnError(text.ParseFlow(s, o))
	}
}

// nilOnError keeps a nil pointer from becoming a message.
func nilOnError[T openflow.Message](m T, err error) (openflow.Message, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// runFlowMod is add-flow, mod-flows and del-flows.
func runFlowMod(command openflow.FlowModCommand) func(*app, []string) error {
	return func(a *app, args []string) error {
		lines, err := a.operandOrStdin(args, 1)
		if err != nil {
			return err
		}
		isFile := len(args) > 1 && args[1] == stdinName
		return a.sendLines(args[0], openflow.AllVersions, lines, flowParser(a.strictly(command), isFile && command == openflow.FlowAdd))
	}
}

// runAddFlows is add-flows.
func runAddFlows(a *app, args []string) error {
	lines, err := a.readLines(args[1])
	if err != nil {
		return err
	}
	return a.sendLines(args[0], openflow.AllVersions, lines, flowParser(openflow.FlowAdd, true))
}

// strictly is the command as --strict makes it.
func (a *app) strictly(command openflow.FlowModCommand) openflow.FlowModCommand {
	switch {
	case a.option.strict && command == openflow.FlowModify:
		return openflow.FlowModifyStrict
	case a.option.strict && command == openflow.FlowDelete:
		return openflow.FlowDeleteStrict
	}
	return command
}

// change sends a batch, as a bundle where it is one, and reports what the switch
// refuses of it: message i was made from lines[i].
func (c *conn) change(b *batch, lines []line) error {
	if b.failed != nil {
		l := lines[b.failedAt]
		if l.from == "" {
			return usagef("%w", b.failed)
		}
		return usagef("%s: %w\n  %s\nofctl: nothing was sent to the switch", l.where(), b.failed, l.text)
	}
	send := c.sendBatch
	if b.bundled {
		send = c.commit
	}
	faults, err := send(b)
	if len(faults) == 1 && len(lines) == 1 {
		faults[0].err.refused = c.describe(b.last, faults[0].err.xid)
	}
	if reported := c.reportFaults(faults, lines); err == nil {
		err = reported
	}
	return err
}

// changeAll is change for messages that were not read from lines.
func (c *conn) changeAll(messages []openflow.Message, lines []line) error {
	b, err := c.batchOf(messages, c.app.option.bundle)
	if err != nil {
		return err
	}
	return c.change(b, lines)
}

// reportFaults prints what the switch refused, with the lines that asked for it.
func (c *conn) reportFaults(faults []fault, lines []line) error {
	if len(faults) == 0 {
		return nil
	}
	if len(lines) == 1 && lines[0].from == "" {
		return faults[0].err
	}
	for _, f := range faults {
		l := lines[f.index]
		fmt.Fprintf(c.app.stdio.Err, "%s: %s\n  %s\n", l.where(), f.err.detail(), l.text)
	}
	outcome := "the others are done"
	if c.app.option.bundle {
		outcome = "nothing has changed"
	}
	fmt.Fprintf(c.app.stdio.Err, "ofctl: %s refused %d of %d lines; %s\n", c.target.name, len(faults), len(lines), outcome)
	return errRefused
}

// describe shows a message that is sent as ofp-print does.
func (c *conn) describe(m openflow.Message, xid uint32) string {
	data, err := c.dialect.Append(nil, c.version, xid, m)
	if err != nil {
		return ""
	}
	return c.describeWire(data)
}
