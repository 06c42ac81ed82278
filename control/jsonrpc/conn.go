package jsonrpc

import (
	"errors"
	"fmt"
	"io"
)

// Conn sends and receives messages over a stream. It starts nothing: whoever calls
// Receive waits for it.
type Conn struct {
	stream   io.ReadWriter
	splitter *Splitter
	chunk    [4096]byte
}

// NewConn speaks over stream, and refuses to receive messages of more than size
// bytes.
func NewConn(stream io.ReadWriter, size int) *Conn {
	return &Conn{stream: stream, splitter: NewSplitter(size)}
}

// Send writes one message.
func (c *Conn) Send(m *Message) error {
	text, err := m.Encode()
	if err != nil {
		return err
	}
	if _, err := c.stream.Write(text); err != nil {
		return fmt.Errorf("json-rpc: send %s: %w", m.Kind, err)
	}
	return nil
}

// Ready sends the blank that tells the other side to go on in a way of its own. No
// message may be sent or received afterwards.
func (c *Conn) Ready() error {
	if _, err := c.stream.Write([]byte("\n")); err != nil {
		return fmt.Errorf("json-rpc: %w", err)
	}
	return nil
}

// Receive returns the next message. At the end of the stream it returns io.EOF, or
// io.ErrUnexpectedEOF within a message.
func (c *Conn) Receive() (Message, error) {
	for {
		text, err := c.splitter.Next()
		if err != nil {
			return Message{}, err
		}
		if text != nil {
			return Decode(text)
		}
		n, err := c.stream.Read(c.chunk[:])
		if n > 0 {
			c.splitter.Write(c.chunk[:n])
			continue
		}
		switch {
		case errors.Is(err, io.EOF) && c.splitter.Partial():
			return Message{}, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return Message{}, io.EOF
		case err != nil:
			return Message{}, fmt.Errorf("json-rpc: receive: %w", err)
		}
	}
}
