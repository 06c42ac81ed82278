package cmd

import (
	"errors"
	"fmt"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// bundleID names the bundle. A connection has one at a time.
const bundleID = 0

// bundleFlags: all or nothing, in the order of the messages.
const bundleFlags = openflow.BundleAtomic | openflow.BundleOrdered

// commit sends a batch that was made to be a bundle, which takes effect as a whole or
// not at all. It returns what the switch refused of it, as sendBatch does.
func (c *conn) commit(b *batch) ([]fault, error) {
	if err := c.openBundle(); err != nil {
		return nil, err
	}
	faults, err := c.sendBatch(b)
	switch {
	case err != nil:
		return faults, err
	case len(faults) > 0:
		return faults, c.discard()
	}
	faults, err = c.bundleStep(b.span, openflow.BundleCommitRequest)
	var refused *refusal
	if errors.As(err, &refused) && len(faults) > 0 {
		err = nil // the faults say why
	}
	return faults, err
}

// openBundle opens the bundle.
func (c *conn) openBundle() error {
	_, err := c.bundleStep(span{}, openflow.BundleOpenRequest)
	var refused *refusal
	if errors.As(err, &refused) {
		return fmt.Errorf("%w\nofctl: without --bundle the changes come one by one", err)
	}
	return err
}

// bundleStep is one step of the bundle's life. It returns what the switch refuses,
// with the answer, of the messages that were added.
func (c *conn) bundleStep(added span, step openflow.BundleControlType) ([]fault, error) {
	faults, m, err := c.finish(added, &openflow.BundleControl{ID: bundleID, Type: step, Flags: bundleFlags})
	if err != nil {
		return faults, err
	}
	reply, err := as[*openflow.BundleControl](c, m)
	if err == nil && reply.Type != step+1 {
		err = fmt.Errorf("%s: step %d of the bundle was answered with %d", c.target.name, step, reply.Type)
	}
	return faults, err
}

// discard gives up the bundle.
func (c *conn) discard() error {
	_, err := c.bundleStep(span{}, openflow.BundleDiscardRequest)
	return err
}

// bundleParsers read the kinds of lines that a bundle may have.
func bundleParsers() map[string]parser {
	return map[string]parser{
		"flow":  flowParser(openflow.FlowAdd, true),
		"group": groupParser(openflow.GroupAdd, true),
		"packet-out": func(s string, o text.Options) (openflow.Message, error) {
			return nilOnError(text.ParsePacketOut(s, o))
		},
	}
}

// runBundle is bundle: a file whose lines say what they change.
func runBundle(a *app, args []string) error {
	lines, err := a.readLines(args[1])
	if err != nil {
		return err
	}
	a.option.bundle = true
	parsers := bundleParsers()
	return a.sendLines(args[0], openflow.AllVersions, lines, func(s string, o text.Options) (openflow.Message, error) {
		kind, rest, _ := strings.Cut(s, " ")
		parse := parsers[kind]
		if parse == nil {
			return nil, &text.Error{In: s, Msg: fmt.Sprintf("%q is nothing that a bundle can have", kind), Len: len(kind),
				Remedy: "begin the line with flow, group or packet-out"}
		}
		m, err := parse(rest, o)
		return m, inLine(err, s, len(s)-len(rest))
	})
}

// inLine makes an error of the end of a line one of the line, so that its caret
// stands below the right place. ahead is how many bytes come before.
func inLine(err error, whole string, ahead int) error {
	var t *text.Error
	if !errors.As(err, &t) {
		return err
	}
	moved := *t
	moved.In, moved.At = whole, t.At+ahead
	return &moved
}
