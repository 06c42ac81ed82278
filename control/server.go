package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"vswitch/control/jsonrpc"
)

// maxRequest bounds a request, and the size of a reply that a client takes is
// maxReply: a MAC table or the counters of many ports may be long.
const (
	maxRequest = 1 << 20
	maxReply   = 256 << 20
)

// Handler carries out a command. Its arguments are as many as the command takes. The
// text of an error is all that the caller gets to see.
type Handler func(args []string) (Reply, error)

// Stream is a reply that takes the connection over: nothing else is answered on it.
// It is called once the other side has sent a byte in answer to the (empty) reply, so
// that what the stream writes is not taken for a part of that.
type Stream func(connection io.ReadWriter) error

// Text implements Reply.
func (Stream) Text() string { return "" }

// MarshalJSON implements json.Marshaler.
func (Stream) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

// Server answers commands.
type Server struct {
	handlers map[Method]Handler
}

// NewServer makes a server of functions for commands of the table. It answers
// list-commands and set-options itself. A method that is not in the table is a bug
// of the caller: it panics.
func NewServer(handlers map[Method]Handler) *Server {
	for m := range handlers {
		if _, found := find(m); !found || m == ListCommands || m == SetOptions {
			panic(fmt.Sprintf("control: a handler for %q", m))
		}
	}
	return &Server{handlers}
}

// Serve answers the commands of one connection until it ends. The error is nil when
// the other side has closed it between two messages.
func (s *Server) Serve(stream io.ReadWriter) error {
	conn := jsonrpc.NewConn(stream, maxRequest)
	session := session{server: s}
	for {
		request, err := conn.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("control: %w", err)
		}
		if request.Kind != jsonrpc.Request {
			return fmt.Errorf("control: received a %s where only requests are expected", request.Kind)
		}
		message, reply := session.answer(&request)
		if err := conn.Send(&message); err != nil {
			return fmt.Errorf("control: %s: %w", request.Method, err)
		}
		if run, isStream := reply.(Stream); isStream {
			if _, err := stream.Read(make([]byte, 1)); err != nil {
				return nil // somebody who only looks at the reply
			}
			return run(stream)
		}
	}
}

// session is what one connection has asked for.
type session struct {
	server *Server
	asJSON bool
}

// answer carries out a request. reply is nil where it failed.
func (s *session) answer(request *jsonrpc.Message) (message jsonrpc.Message, reply Reply) {
	reply, err := s.run(request)
	if err != nil {
		return jsonrpc.FailureOf(request, withNewline(err.Error())), nil
	}
	var result any = reply
	switch plain, isPlain := reply.(Plain); {
	case !s.asJSON:
		result = withNewline(reply.Text())
	case isPlain:
		result = plainReply{"plain", withNewline(string(plain))}
	case isNilSlice(reply):
		result = []any{}
	}
	message, err = jsonrpc.ReplyTo(request, result)
	if err != nil {
		return jsonrpc.FailureOf(request, withNewline(err.Error())), nil
	}
	return message, reply
}

// isNilSlice recognizes a reply that is an empty list, whose JSON value would be
// null.
func isNilSlice(r Reply) bool {
	v := reflect.ValueOf(r)
	return v.Kind() == reflect.Slice && v.IsNil()
}

// withNewline ends a text as ovs-appctl prints it. Nothing stays nothing.
func withNewline(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

func (s *session) run(request *jsonrpc.Message) (Reply, error) {
	method := Method(request.Method)
	command, found := find(method)
	handler := s.server.handlers[method]
	if !found || handler == nil && method != ListCommands && method != SetOptions {
		return nil, fmt.Errorf("%q is not a valid command (use %q to see a list of valid commands)", request.Method, ListCommands)
	}
	var args []string
	if err := json.Unmarshal(request.Params, &args); err != nil {
		return nil, fmt.Errorf("%q command takes only strings as arguments", request.Method)
	}
	if err := command.checkCount(len(args)); err != nil {
		return nil, err
	}
	switch method {
	case ListCommands:
		return s.list(), nil
	case SetOptions:
		return Plain(""), s.setOptions(args)
	}
	return handler(args)
}

func (s *session) list() CommandList {
	var list CommandList
	for _, c := range commands {
		if s.server.handlers[c.Method] != nil || c.Method == ListCommands || c.Method == SetOptions {
			list = append(list, c)
		}
	}
	return list
}

// setOptions takes --format FORMAT and --format=FORMAT.
func (s *session) setOptions(args []string) error {
	options := strings.Split(strings.Join(args, "="), "=")
	switch {
	case len(args) == 0:
		return nil
	case len(options) != 2 || options[0] != "--format":
		return fmt.Errorf("%q command: unknown option %q: use --format text or --format json", SetOptions, strings.Join(args, " "))
	case options[1] != "text" && options[1] != "json":
		return fmt.Errorf("%q command: unknown format %q: use text or json", SetOptions, options[1])
	}
	s.asJSON = options[1] == "json"
	return nil
}
