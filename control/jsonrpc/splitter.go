package jsonrpc

import (
	"errors"
	"fmt"
)

// MaxDepth is how deep objects and arrays of a message may be nested.
const MaxDepth = 1000

// Errors of a stream. None of them can be recovered from.
var (
	ErrTooLarge  = errors.New("json-rpc: message too large")
	ErrTooDeep   = fmt.Errorf("json-rpc: message nested deeper than %d", MaxDepth)
	ErrNotObject = errors.New("json-rpc: message is not a JSON object")
)

// Splitter cuts a stream of bytes into messages. It only looks for where an object
// ends; whether it is right is for Decode to say.
type Splitter struct {
	buf  []byte // what was written and not returned
	done int    // bytes of buf that belong to messages already returned
	seen int    // bytes of buf that were looked at
	max  int
	err  error

	depth    int
	inString bool
	escaped  bool // the next byte of a string stands for itself
}

// NewSplitter returns a splitter for messages of at most size bytes.
func NewSplitter(size int) *Splitter { return &Splitter{max: size} }

// Write takes the next bytes of the stream. It always takes all of them.
func (s *Splitter) Write(p []byte) (int, error) {
	if s.done > 0 {
		s.buf = s.buf[:copy(s.buf, s.buf[s.done:])]
		s.seen -= s.done
		s.done = 0
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}

// Next returns the next whole message, without blanks around it, or nil when more
// bytes are needed. The message is borrowed until the next Write. Once it has
// returned an error it always does.
func (s *Splitter) Next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	for ; s.seen < len(s.buf); s.seen++ {
		isEnd, err := s.step(s.buf[s.seen])
		if err == nil && s.seen-s.done >= s.max {
			err = ErrTooLarge
		}
		if err != nil {
			s.err = err
			return nil, err
		}
		if isEnd {
			s.seen++
			message := s.buf[s.done:s.seen]
			s.done = s.seen
			return message, nil
		}
	}
	return nil, nil
}

// Partial reports whether the stream stands within a message.
func (s *Splitter) Partial() bool { return s.depth > 0 }

// step takes one byte and reports whether a message ends with it.
func (s *Splitter) step(c byte) (isEnd bool, err error) {
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString:
		s.escaped = c == '\\'
		s.inString = c != '"'
	case s.depth == 0:
		return false, s.begin(c)
	case c == '"':
		s.inString = true
	case c == '{' || c == '[':
		if s.depth == MaxDepth {
			return false, ErrTooDeep
		}
		s.depth++
	case c == '}' || c == ']':
		s.depth--
		return s.depth == 0, nil
	}
	return false, nil
}

// begin takes a byte between messages: a blank, or the start of an object.
func (s *Splitter) begin(c byte) error {
	switch c {
	case ' ', '\t', '\n', '\r':
		s.done = s.seen + 1
		return nil
	case '{':
		s.depth = 1
		return nil
	}
	return ErrNotObject
}
