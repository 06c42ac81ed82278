package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"vswitch/control/jsonrpc"
)

// Client asks a server over one connection, one command after the other.
type Client struct {
	conn   *jsonrpc.Conn
	calls  int
	asJSON bool // what the connection is set to
}

// NewClient speaks over stream, which the caller closes.
func NewClient(stream io.ReadWriter) *Client {
	return &Client{conn: jsonrpc.NewConn(stream, maxReply)}
}

// RemoteError is what the server answered instead of a result.
type RemoteError struct{ Text string }

func (e *RemoteError) Error() string { return strings.TrimRight(e.Text, "\n") }

// Text returns a command's reply for people. An error of the server's is a
// *RemoteError; after any other the connection cannot be used any more.
func (c *Client) Text(method Method, args ...string) (string, error) {
	if err := c.setFormat(false); err != nil {
		return "", err
	}
	result, err := c.call(method, args)
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(result, &text); err != nil {
		return "", fmt.Errorf("control: %s: the result is not a string: %w", method, err)
	}
	return text, nil
}

// JSON returns a command's reply as its JSON value. Errors are as Text's.
func (c *Client) JSON(method Method, args ...string) (json.RawMessage, error) {
	if err := c.setFormat(true); err != nil {
		return nil, err
	}
	return c.call(method, args)
}

// Ask returns a command's reply as the type that the command answers with. Errors are
// as Text's.
func Ask[T Reply](c *Client, method Method, args ...string) (T, error) {
	var reply T
	result, err := c.JSON(method, args...)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal(result, &reply); err != nil {
		return reply, fmt.Errorf("control: %s: %w", method, err)
	}
	return reply, nil
}

// Stream asks for a command that takes the connection over. What the command says is
// then read from the client's stream. Errors are as Text's.
func (c *Client) Stream(method Method, args ...string) error {
	if _, err := c.Text(method, args...); err != nil {
		return err
	}
	return c.conn.Ready()
}

// setFormat makes the connection answer in a form. A fresh one answers in text, as
// servers that know nothing else do.
func (c *Client) setFormat(asJSON bool) error {
	if c.asJSON == asJSON {
		return nil
	}
	format := "text"
	if asJSON {
		format = "json"
	}
	if _, err := c.call(SetOptions, []string{"--format", format}); err != nil {
		return err
	}
	c.asJSON = asJSON
	return nil
}

func (c *Client) call(method Method, args []string) (json.RawMessage, error) {
	if args == nil {
		args = []string{}
	}
	params, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("control: %s: arguments: %w", method, err)
	}
	id := json.RawMessage(fmt.Sprint(c.calls))
	c.calls++
	request := jsonrpc.Message{Kind: jsonrpc.Request, Method: string(method), Params: params, ID: id}
	if err := c.conn.Send(&request); err != nil {
		return nil, fmt.Errorf("control: %s: %w", method, err)
	}
	reply, err := c.conn.Receive()
	if err != nil {
		return nil, fmt.Errorf("control: %s: %w", method, err)
	}
	if !bytes.Equal(reply.ID, id) {
		return nil, fmt.Errorf("control: %s: the reply is to another request", method)
	}
	switch reply.Kind {
	case jsonrpc.Result:
		return reply.Result, nil
	case jsonrpc.Failure:
		return nil, remoteError(reply.Error)
	}
	return nil, fmt.Errorf("control: %s: received a %s instead of a reply", method, reply.Kind)
}

// remoteError reads an error, which is a string unless the server is a stranger.
func remoteError(value json.RawMessage) error {
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		text = string(value)
	}
	return &RemoteError{text}
}

// IsRemote reports whether an error is the server's answer rather than the
// connection's trouble.
func IsRemote(err error) bool {
	var remote *RemoteError
	return errors.As(err, &remote)
}
