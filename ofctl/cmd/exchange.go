package cmd

import (
	"errors"
	"fmt"
	"slices"

	"vswitch/openflow"
)

// call sends a request and returns its reply. An error of the switch is a *refusal.
func (c *conn) call(request openflow.Message) (message, error) {
	xid, err := c.send(request)
	if err != nil {
		return message{}, err
	}
	return c.await(xid)
}

// await reads up to the reply to a request.
func (c *conn) await(xid uint32) (message, error) {
	for {
		m, err := c.read()
		switch {
		case err != nil:
			return m, err
		case m.header.XID != xid:
			c.setAside(m)
			continue
		case m.err != nil:
			return m, fmt.Errorf("%s: the reply cannot be read: %w", c.target.name, m.err)
		}
		if e, isError := m.body.(*openflow.Error); isError {
			return m, c.refusal(m, e)
		}
		return m, nil
	}
}

// ask is call for a reply of a type. Any other reply is an error.
func ask[T openflow.Message](c *conn, request openflow.Message) (reply T, err error) {
	m, err := c.call(request)
	if err != nil {
		return reply, err
	}
	return as[T](c, m)
}

// as is the message as the type that it must have.
func as[T openflow.Message](c *conn, m message) (T, error) {
	reply, ok := m.body.(T)
	if !ok {
		return reply, fmt.Errorf("%s: the reply is %s, which answers something else", c.target.name, m.header.Name)
	}
	return reply, nil
}

// each sends a request and gives each part of the reply to use, as it comes.
func (c *conn) each(request openflow.Message, use func(m message) error) error {
	xid, err := c.send(request)
	if err != nil {
		return err
	}
	for {
		m, err := c.await(xid)
		if err != nil {
			return err
		}
		if err := use(m); err != nil {
			return err
		}
		if !m.header.More {
			return nil
		}
	}
}

// eachOf is each for replies of a type.
func eachOf[T openflow.Message](c *conn, request openflow.Message, use func(reply T)) error {
	return c.each(request, func(m message) error {
		reply, err := as[T](c, m)
		if err == nil {
			use(reply)
		}
		return err
	})
}

// apply sends messages one behind the other, and a barrier, and returns what the
// switch refused of them. A message that the version cannot carry is an
// *unencodable, and nothing was sent.
func (c *conn) apply(messages []openflow.Message) ([]fault, error) {
	b := batch{first: c.xid + 1, n: uint32(len(messages))}
	var err error
	for i, m := range messages {
		if b.data, err = c.append(b.data, b.first+uint32(i), m); err != nil {
			return nil, &unencodable{i, err}
		}
	}
	c.xid += b.n
	faults, _, err := c.finish(b, &openflow.BarrierRequest{})
	return faults, err
}

// batch are messages whose errors belong together.
type batch struct {
	data     []byte // what is still to be sent of them
	first, n uint32 // transaction numbers
}

// finish sends what is left of a batch and a last message, whose reply ends it.
// It returns what the switch refused of the batch.
func (c *conn) finish(b batch, last openflow.Message) ([]fault, message, error) {
	xid := c.nextXID()
	data, err := c.append(b.data, xid, last)
	if err != nil {
		return nil, message{}, err
	}
	c.sender.send(data)
	return c.gather(b, xid)
}

// gather reads up to the reply to last, and collects errors of the batch.
func (c *conn) gather(b batch, last uint32) (faults []fault, m message, err error) {
	for {
		if m, err = c.read(); err != nil {
			return faults, m, err
		}
		e, isError := m.body.(*openflow.Error)
		switch {
		case m.header.XID == last && isError:
			return faults, m, c.refusal(m, e)
		case m.header.XID == last && m.err != nil:
			return faults, m, fmt.Errorf("%s: the reply cannot be read: %w", c.target.name, m.err)
		case m.header.XID == last:
			return faults, m, nil
		case isError && m.header.XID-b.first < b.n:
			faults = append(faults, fault{int(m.header.XID - b.first), c.refusal(m, e)})
		default:
			c.setAside(m)
		}
	}
}

// unencodable is the error of a message that the version cannot carry.
type unencodable struct {
	index int
	err   error
}

func (e *unencodable) Error() string { return e.err.Error() }
func (e *unencodable) Unwrap() error { return e.err }

// fault is a refusal of one message among many.
type fault struct {
	index int // of the message
	err   *refusal
}

// nxmState is whether the switch takes Nicira's extended matches in OpenFlow 1.0.
type nxmState uint8

const (
	nxmUnknown nxmState = iota
	nxmYes
	nxmNo
)

// useNXM asks a switch that speaks OpenFlow 1.0 for flows in Nicira's form, which
// carries what the standard one has no room for. It reports whether the switch can.
func (c *conn) useNXM() (bool, error) {
	if c.version != openflow.V10 || c.app.option.flows == formStandard {
		return false, nil
	}
	if c.nxm != nxmUnknown {
		return c.nxm == nxmYes, nil
	}
	faults, err := c.apply([]openflow.Message{&openflow.SetFlowFormat{Format: openflow.FlowFormatNXM}})
	var refused *refusal
	if err != nil && !errors.As(err, &refused) {
		return false, err
	}
	c.nxm = nxmYes
	if len(faults) > 0 || refused != nil {
		c.nxm = nxmNo
	}
	return c.nxm == nxmYes, nil
}

// useTables asks a switch to read the table in flow-mods of OpenFlow 1.0 and of the
// Nicira form, where one of the messages names one. It is off until then, and the
// table's place must be 0.
func (c *conn) useTables(messages []openflow.Message) error {
	if !c.dialect.NoTableID || c.version > openflow.V11 || !slices.ContainsFunc(messages, namesTable) {
		return nil
	}
	faults, err := c.apply([]openflow.Message{&openflow.FlowModTableID{On: true}})
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%w\nofctl: without Open vSwitch's extension only table 0 can be named in %v: try -O OpenFlow13", faults[0].err, c.version)
	}
	c.dialect.NoTableID = err != nil
	return err
}

func namesTable(m openflow.Message) bool {
	mod, ok := m.(*openflow.FlowMod)
	return ok && mod.Table != openflow.TableAll && (mod.Table != 0 || mod.Command != openflow.FlowAdd)
}
