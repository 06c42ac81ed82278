package harness

import (
	"fmt"

	"vswitch/ofproto"
	"vswitch/openflow"
)

// Conn is an OpenFlow connection of a Go test to a bridge of the jar.
type Conn struct {
	jar     *Jar
	session *ofproto.Session
	version openflow.Version
	xid     uint32
}

// Answer is a message that the switch sent.
type Answer struct {
	openflow.Header
	openflow.Message
}

// Connect opens a connection of a kind to a bridge.
func (j *Jar) Connect(bridge string, kind ofproto.SessionKind, v openflow.Version) (*Conn, error) {
	b := j.Switch.Bridge(bridge)
	if b == nil {
		return nil, fmt.Errorf("no bridge %s", bridge)
	}
	c := &Conn{jar: j, version: v, session: b.NewSession(ofproto.SessionOptions{Kind: kind, Name: bridge}, j.now)}
	if err := c.Send(&openflow.Hello{Versions: openflow.Versions(v), Bitmap: true}); err != nil {
		return nil, err
	}
	_, err := c.Heard()
	return c, err
}

// Send sends messages.
func (c *Conn) Send(messages ...openflow.Message) error {
	for _, m := range messages {
		c.xid++
		data, err := openflow.Append(nil, c.version, c.xid, m)
		if err != nil {
			return err
		}
		c.session.Input(data, c.jar.now)
	}
	c.jar.settle()
	return c.session.Err()
}

// Heard takes what the switch has said.
func (c *Conn) Heard() (answers []Answer, err error) {
	data := c.session.Output()
	for len(data) > 0 {
		message, rest, err := openflow.Next(data)
		if err != nil || message == nil {
			return answers, err
		}
		h, m, err := openflow.Decode(message)
		if err != nil {
			return answers, err
		}
		answers = append(answers, Answer{h, m})
		data = rest
	}
	return answers, c.session.Err()
}

// Ask sends a message and takes what the switch has said then.
func (c *Conn) Ask(m openflow.Message) ([]Answer, error) {
	if err := c.Send(m); err != nil {
		return nil, err
	}
	return c.Heard()
}
