package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Kind is what a message is.
type Kind uint8

// Kinds of messages.
const (
	Request      Kind = iota // Method, Params and an ID: a reply is expected
	Notification             // Method and Params
	Result                   // Result and the request's ID
	Failure                  // Error and the request's ID
)

func (k Kind) String() string {
	return [...]string{"request", "notification", "result", "failure"}[k]
}

// Message is one message of any kind. Members that its kind does not have are nil.
type Message struct {
	Kind   Kind
	Method string
	Params json.RawMessage // an array
	Result json.RawMessage
	Error  json.RawMessage // never null
	ID     json.RawMessage // never null
}

// noValue is how an absent member may be written (JSON-RPC 1.0 §1.1, §1.2).
var noValue = []byte("null")

// Decode reads one message.
func Decode(text []byte) (Message, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return Message{}, fmt.Errorf("json-rpc: byte %d: %w", syntax.Offset, err)
		}
		return Message{}, ErrNotObject
	}
	take := func(name string) json.RawMessage {
		value := members[name]
		delete(members, name)
		if bytes.Equal(value, noValue) {
			return nil
		}
		return value
	}
	resultIsThere := members["result"] != nil
	method := take("method")
	m := Message{Params: take("params"), Result: take("result"), Error: take("error"), ID: take("id")}
	if len(members) > 0 {
		least := slices.Min(slices.Collect(maps.Keys(members)))
		return Message{}, fmt.Errorf("json-rpc: unexpected member %q", least)
	}
	if method != nil {
		return decodeCall(m, method)
	}
	return decodeReply(m, resultIsThere)
}

// decodeCall completes a request or notification.
func decodeCall(m Message, method json.RawMessage) (Message, error) {
	if err := json.Unmarshal(method, &m.Method); err != nil {
		return Message{}, errors.New(`json-rpc: "method" is not a string`)
	}
	if len(m.Params) == 0 || m.Params[0] != '[' {
		return Message{}, errors.New(`json-rpc: a request must have "params", an array`)
	}
	if m.Result != nil || m.Error != nil {
		return Message{}, errors.New(`json-rpc: a request must not have "result" or "error"`)
	}
	m.Kind = Request
	if m.ID == nil {
		m.Kind = Notification
	}
	return m, nil
}

// decodeReply completes a result or failure. A result may be null, but then it must
// say so.
func decodeReply(m Message, resultIsThere bool) (Message, error) {
	switch {
	case m.Params != nil:
		return Message{}, errors.New(`json-rpc: "params" without "method"`)
	case m.ID == nil:
		return Message{}, errors.New(`json-rpc: a reply must have an "id"`)
	case m.Error != nil && m.Result != nil:
		return Message{}, errors.New(`json-rpc: a reply must not have both "result" and "error"`)
	case m.Error != nil:
		m.Kind = Failure
		return m, nil
	case !resultIsThere:
		return Message{}, errors.New(`json-rpc: neither "method" nor "result" nor "error"`)
	}
	m.Kind = Result
	if m.Result == nil {
		m.Result = noValue[:len(noValue):len(noValue)]
	}
	return m, nil
}

// Encode writes the message, without a blank or newline at its end. The raw members
// must be valid JSON.
func (m *Message) Encode() ([]byte, error) {
	type call struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	type reply struct {
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	var text []byte
	var err error
	switch m.Kind {
	case Request:
		text, err = json.Marshal(call{m.ID, m.Method, m.Params})
	case Notification:
		text, err = json.Marshal(call{nil, m.Method, m.Params})
	case Result:
		text, err = json.Marshal(reply{m.ID, m.Result, nil})
	case Failure:
		text, err = json.Marshal(reply{m.ID, nil, m.Error})
	default:
		panic(fmt.Sprintf("jsonrpc: message of kind %d", m.Kind))
	}
	if err != nil {
		return nil, fmt.Errorf("json-rpc: encode %s: %w", m.Kind, err)
	}
	return text, nil
}

// ReplyTo makes the result of a request.
func ReplyTo(request *Message, result any) (Message, error) {
	text, err := json.Marshal(result)
	if err != nil {
		return Message{}, fmt.Errorf("json-rpc: encode result: %w", err)
	}
	return Message{Kind: Result, Result: text, ID: request.ID}, nil
}

// FailureOf makes the failure of a request, whose error is a string.
func FailureOf(request *Message, text string) Message {
	// A string can always be encoded.
	quoted, _ := json.Marshal(text)
	return Message{Kind: Failure, Error: quoted, ID: request.ID}
}
