package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// conn is an OpenFlow connection to a switch, of which this end is the controller.
// It has one user.
type conn struct {
	app     *app
	target  target
	stream  net.Conn
	release func() // ends the watch for the end of the command
	reader  *bufio.Reader
	sender  *sender
	dialect openflow.Dialect
	version openflow.Version
	theirs  openflow.VersionSet // what the switch offered
	xid     uint32              // last one used
	raw     []byte              // message last read

	mute    bool      // nothing can be asked: it is a copy of what others say
	keeping bool      // what comes in beside an awaited reply is kept
	kept    []message // for next

	nxm        nxmState
	portNames  *text.Names // nil: not asked for yet
	tableNames *text.Names
}

// message is one message that came in.
type message struct {
	header openflow.Header
	body   openflow.Message // nil iff err is not
	err    error            // why it cannot be decoded
	raw    []byte           // borrowed until the next read
}

// connect opens a connection to a switch, in one of the versions that it and the
// command line allow.
func (a *app) connect(name string) (*conn, error) {
	return a.connectWith(name, openflow.AllVersions)
}

// connectWith is connect for what only some versions can carry.
func (a *app) connectWith(name string, able openflow.VersionSet) (*conn, error) {
	t, err := a.resolve(name, mgmtSuffix)
	if err != nil {
		return nil, err
	}
	offer, err := a.offer(able)
	if err != nil {
		return nil, err
	}
	c, err := a.openConn(t)
	if err != nil {
		return nil, err
	}
	if err := c.negotiate(offer); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// bundled are the versions that have bundles, as their own or as the ONF's extension.
var bundled = versionsFrom(openflow.V13)

// offer are the versions to propose for what those of able can carry. With --bundle
// it is OpenFlow 1.4, the first version with bundles of its own, where none of those
// that were allowed has them, as with ovs-ofctl.
func (a *app) offer(able openflow.VersionSet) (openflow.VersionSet, error) {
	allowed := a.option.versions
	if allowed == 0 {
		allowed = openflow.AllVersions
	}
	if a.option.bundle {
		if allowed &= bundled; allowed == 0 {
			allowed = openflow.Versions(openflow.V14)
		}
	}
	if allowed&able == 0 {
		return 0, usagef("%s cannot do this, which takes %s", versionNames(allowed), versionNames(able))
	}
	return allowed & able, nil
}

// openConn connects, and says nothing yet.
func (a *app) openConn(t target) (*conn, error) {
	ctx, cancel := a.deadline()
	defer cancel()
	stream, err := a.open(ctx, t)
	if err != nil {
		return nil, err
	}
	if a.option.timeout > 0 {
		if err := stream.SetDeadline(time.Now().Add(a.option.timeout)); err != nil {
			stream.Close()
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return &conn{
		app: a, target: t, stream: stream, release: a.closeOnStop(stream),
		reader: bufio.NewReaderSize(stream, 256<<10), sender: newSender(stream),
	}, nil
}

func (c *conn) close() {
	c.release()
	// All that was to be said has been answered; the error could only be that the
	// other side was faster.
	_ = c.stream.Close()
	c.sender.close()
}

// negotiate exchanges hellos (OpenFlow 1.3.5 §6.3.1).
func (c *conn) negotiate(offer openflow.VersionSet) error {
	if err := c.hello(offer); err != nil {
		return err
	}
	m, err := c.read()
	if err != nil {
		return err
	}
	switch body := m.body.(type) {
	case *openflow.Hello:
		c.theirs = body.Versions
		common := offer & body.Versions
		if common == 0 {
			return c.noCommonVersion(offer, body.Versions)
		}
		c.version = common.Max()
		return nil
	case *openflow.Error:
		return c.refusal(m, body)
	}
	if m.err != nil {
		return fmt.Errorf("%s: the first message is no hello of OpenFlow: %w", c.target.name, m.err)
	}
	return fmt.Errorf("%s: the first message is %s instead of a hello", c.target.name, m.header.Name)
}

// hello offers versions.
func (c *conn) hello(offer openflow.VersionSet) error {
	c.version = offer.Max()
	// NXT_FLOW_MOD_TABLE_ID is off until it was asked for.
	c.dialect.NoTableID = true
	_, err := c.send(&openflow.Hello{Versions: offer, Bitmap: true})
	return err
}

func (c *conn) noCommonVersion(ours, theirs openflow.VersionSet) error {
	known := theirs & openflow.AllVersions
	switch {
	case known == 0:
		return fmt.Errorf("%s speaks none of %s", c.target.name, versionNames(ours))
	case c.app.option.versions == 0:
		return fmt.Errorf("%s speaks %s, and this takes one of %s", c.target.name, versionNames(known), versionNames(ours))
	}
	return fmt.Errorf("%s speaks %s, and %s was asked for: use -O %s",
		c.target.name, versionNames(known), versionNames(ours), known.Max())
}

// nextXID is a transaction number that was not used before.
func (c *conn) nextXID() uint32 {
	c.xid++
	return c.xid
}

// send sends a message, and returns its transaction number.
func (c *conn) send(m openflow.Message) (xid uint32, err error) {
	xid = c.nextXID()
	return xid, c.sendAs(xid, m)
}

func (c *conn) sendAs(xid uint32, m openflow.Message) error {
	data, err := c.append(nil, xid, m)
	if err != nil {
		return err
	}
	c.sender.send(data)
	return nil
}

// append encodes a message. The error says what to do about a version that cannot
// carry it.
func (c *conn) append(dst []byte, xid uint32, m openflow.Message) ([]byte, error) {
	dst, err := c.dialect.Append(dst, c.version, xid, m)
	if err == nil {
		return dst, nil
	}
	hint := "try another version with -O"
	if c.app.option.versions != 0 {
		hint = "let -O allow other versions"
	}
	return dst, fmt.Errorf("%s: %w: %s", c.target.name, err, hint)
}

// setAside is for a message that came while another one was awaited: a port's change,
// a packet.
func (c *conn) setAside(m message) {
	if c.keeping {
		m.raw = slices.Clone(m.raw)
		c.kept = append(c.kept, m)
	}
}

// next returns the next message of all, requests for an echo too. What was set aside
// comes first.
func (c *conn) next() (message, error) {
	if len(c.kept) == 0 {
		m, err := c.readAny()
		return m, c.explain(err)
	}
	m := c.kept[0]
	c.kept = c.kept[1:]
	return m, nil
}

// read returns the next message. Requests for an echo are answered here and not
// returned. An error is one of the connection.
func (c *conn) read() (message, error) {
	for {
		m, err := c.readAny()
		if err != nil {
			return m, c.explain(err)
		}
		echo, isEcho := m.body.(*openflow.EchoRequest)
		if !isEcho {
			return m, nil
		}
		if err := c.sendAs(m.header.XID, &openflow.EchoReply{Data: echo.Data}); err != nil {
			return m, err
		}
	}
}

// readAny reads and decodes one message.
func (c *conn) readAny() (message, error) {
	head, err := c.reader.Peek(openflow.HeaderLen)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return message{}, err
	}
	size, err := openflow.PeekLength(head)
	if err != nil {
		return message{}, fmt.Errorf("this is not OpenFlow: %w", err)
	}
	if cap(c.raw) < size {
		c.raw = make([]byte, openflow.MaxLen)
	}
	c.raw = c.raw[:size]
	if _, err := io.ReadFull(c.reader, c.raw); err != nil {
		return message{}, err
	}
	m := message{raw: c.raw}
	m.header, m.body, m.err = c.dialect.Decode(c.raw)
	if m.err != nil {
		m.body = nil
	}
	return m, nil
}

// errNoAnswer: --timeout has passed.
var errNoAnswer = errors.New("no answer")

// explain makes an error of the connection one that says what happened.
func (c *conn) explain(err error) error {
	var timeout net.Error
	switch {
	case err == nil:
		return nil
	case c.app.ctx.Err() != nil:
		return context.Canceled
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: %w within %v", c.target.name, errNoAnswer, c.app.option.timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%s: the switch closed the connection: %w", c.target.name, io.EOF)
	}
	var network *net.OpError
	if errors.As(err, &network) {
		err = rootCause(err)
	}
	return fmt.Errorf("%s: %w", c.target.name, err)
}

// sender writes to a stream while others go on: whoever waits for an answer reads,
// so that two ends that both have much to say never wait for each other.
type sender struct {
	stream io.Writer
	ended  sync.WaitGroup

	mu     sync.Mutex
	wake   *sync.Cond // queue or closed has changed
	queue  [][]byte
	closed bool
}

func newSender(stream io.Writer) *sender {
	s := &sender{stream: stream}
	s.wake = sync.NewCond(&s.mu)
	s.ended.Go(s.run)
	return s
}

// send queues data. It takes data.
func (s *sender) send(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, data)
	s.wake.Signal()
}

// close ends the sender. The stream must be closed, or about to take what is queued.
func (s *sender) close() {
	s.mu.Lock()
	s.closed = true
	s.wake.Signal()
	s.mu.Unlock()
	s.ended.Wait()
}

func (s *sender) run() {
	for {
		data, more := s.next()
		if !more {
			return
		}
		if _, err := s.stream.Write(data); err != nil {
			return // who reads the stream finds out why, after what it still has to say
		}
	}
}

// next waits for something to write.
func (s *sender) next() (data []byte, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.closed {
		s.wake.Wait()
	}
	if len(s.queue) == 0 {
		return nil, false
	}
	data = s.queue[0]
	s.queue = s.queue[1:]
	return data, true
}
