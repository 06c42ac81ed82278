package cmd

import (
	"errors"
	"fmt"

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
// switch refused of them.
func (c *conn) apply(messages ...openflow.Message) ([]fault, error) {
	b := c.newBatch(false)
	for _, m := range messages {
		b.add(m)
	}
	if b.failed != nil {
		return nil, b.failed
	}
	return c.sendBatch(b)
}

// sendBatch sends a batch and a barrier, and returns what the switch refused of it.
func (c *conn) sendBatch(b *batch) ([]fault, error) {
	c.xid += b.n
	for _, data := range b.chunks {
		c.sender.send(data)
	}
	faults, _, err := c.finish(b.span, &openflow.BarrierRequest{})
	return faults, err
}

// finish sends the last message of those whose errors belong together. It returns
// what the switch refused of the earlier ones, and the reply.
func (c *conn) finish(s span, last openflow.Message) ([]fault, message, error) {
	xid, err := c.send(last)
	if err != nil {
		return nil, message{}, err
	}
	return c.gather(s, xid)
}

// gather reads up to the reply to last, and collects errors of the span.
func (c *conn) gather(s span, last uint32) (faults []fault, m message, err error) {
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
		case isError && m.header.XID-s.first < s.n:
			faults = append(faults, fault{int(m.header.XID - s.first), c.refusal(m, e)})
		default:
			c.setAside(m)
		}
	}
}

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
	faults, err := c.apply(&openflow.SetFlowFormat{Format: openflow.FlowFormatNXM})
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
// Nicira form. It is off until then, and the table's place must be 0.
func (c *conn) useTables() error {
	faults, err := c.apply(&openflow.FlowModTableID{On: true})
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%w\nofctl: without Open vSwitch's extension only table 0 can be named in %v: try -O OpenFlow13", faults[0].err, c.version)
	}
	c.dialect.NoTableID = err != nil
	return err
}
