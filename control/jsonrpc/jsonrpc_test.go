package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// splitNaively is the slow twin of Splitter: it tries the decoder of the standard
// library on the whole text.
func splitNaively(text string) (messages []string, rest string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		d := json.NewDecoder(strings.NewReader(text))
		var m json.RawMessage
		if err := d.Decode(&m); err != nil {
			return messages, text
		}
		messages = append(messages, string(m))
		text = text[d.InputOffset():]
	}
}

func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(6); {
	case n == 0 && depth > 0:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, randomValue(r, depth-1))
		}
		return list
	case n == 1 && depth > 0:
		return randomObject(r, depth-1)
	case n == 2:
		return nil
	case n == 3:
		return r.IntN(1000)
	}
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteString([]string{`"`, `\`, "{", "}", "[", "]", "a", "\u00e9", "\n", "\\\""}[r.IntN(10)])
	}
	return b.String()
}

func randomObject(r *rand.Rand, depth int) any {
	object := map[string]any{}
	for range r.IntN(4) {
		object[fmt.Sprint(randomValue(r, 0))] = randomValue(r, depth)
	}
	return object
}

// TestSplitterAgainstNaive feeds random streams in random pieces.
func TestSplitterAgainstNaive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		var stream bytes.Buffer
		for range r.IntN(5) {
			text, err := json.Marshal(randomObject(r, 4))
			if err != nil {
				t.Fatal(err)
			}
			stream.Write(text)
			stream.WriteString([]string{"", "", " ", "\n\t"}[r.IntN(4)])
		}
		if r.IntN(4) == 0 && stream.Len() > 0 {
			stream.Truncate(r.IntN(stream.Len()))
		}
		want, rest := splitNaively(stream.String())
		s := NewSplitter(1 << 20)
		var got []string
		for text := stream.Bytes(); ; {
			for {
				m, err := s.Next()
				if err != nil {
					t.Fatalf("seed %d: %q: %v", seed, stream.String(), err)
				}
				if m == nil {
					break
				}
				got = append(got, string(m))
			}
			if len(text) == 0 {
				break
			}
			n := 1 + r.IntN(len(text))
			s.Write(text[:n])
			text = text[n:]
		}
		if !slices.Equal(got, want) || s.Partial() != (rest != "") {
			t.Fatalf("seed %d: %q is split into %q, partial %t, want %q and %q", seed, stream.String(), got, s.Partial(), want, rest)
		}
	}
}

func TestSplitterBounds(t *testing.T) {
	object := func(size int) string { return `{"` + strings.Repeat("a", size-6) + `":1}` }
	deep := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
	}
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"largest", object(4096), nil},
		{"several, together larger", strings.Repeat(object(3000), 3), nil},
		{"blanks do not count", strings.Repeat(" ", 10000) + object(4096), nil},
		{"too large", object(4097), ErrTooLarge},
		{"too large and without an end", `{"` + strings.Repeat("a", 5000), ErrTooLarge},
		{"deepest", deep(MaxDepth), nil},
		{"too deep", deep(MaxDepth + 1), ErrTooDeep},
		{"array", "[1]", ErrNotObject},
		{"behind a message", "{}x", ErrNotObject},
		{"closing first", "}", ErrNotObject},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewSplitter(4096)
			s.Write([]byte(c.in))
			var err error
			for m := []byte{}; m != nil && err == nil; {
				m, err = s.Next()
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			s.Write([]byte("{}"))
			if _, again := s.Next(); !errors.Is(again, c.want) {
				t.Errorf("afterwards %v, want %v again", again, c.want)
			}
		})
	}
}

// TestSplitterMemory wants the buffer not to grow with the number of messages.
func TestSplitterMemory(t *testing.T) {
	s := NewSplitter(4096)
	for range 10000 {
		s.Write([]byte(`{"id":1,"method":"m","params":[]}  `))
		if m, err := s.Next(); m == nil || err != nil {
			t.Fatalf("%q, %v", m, err)
		}
	}
	if cap(s.buf) > 4096 {
		t.Errorf("the buffer has grown to %d bytes", cap(s.buf))
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ in, kind, again, err string }{
		{`{"id":0,"method":"version","params":[]}`, "request", `{"id":0,"method":"version","params":[]}`, ""},
		{` { "params" : [ "a" ], "method":"m", "id":"x" } `, "request", `{"id":"x","method":"m","params":["a"]}`, ""},
		{`{"id":null,"method":"m","params":[1]}`, "notification", `{"id":null,"method":"m","params":[1]}`, ""},
		{`{"method":"m","params":[]}`, "notification", `{"id":null,"method":"m","params":[]}`, ""},
		{`{"id":1,"result":"r","error":null}`, "result", `{"id":1,"result":"r","error":null}`, ""},
		{`{"id":1,"result":"r"}`, "result", `{"id":1,"result":"r","error":null}`, ""},
		{`{"id":1,"result":null,"error":null}`, "result", `{"id":1,"result":null,"error":null}`, ""},
		{`{"id":1,"error":"e"}`, "failure", `{"id":1,"result":null,"error":"e"}`, ""},
		{`{"id":[1],"error":{"error":"e"},"result":null}`, "failure", `{"id":[1],"result":null,"error":{"error":"e"}}`, ""},
		{`[]`, "", "", "not a JSON object"},
		{`"a"`, "", "", "not a JSON object"},
		{`null`, "", "", `a reply must have an "id"`},
		{`{`, "", "", "byte 1: unexpected end"},
		{`{"id":0,"method":"m"}`, "", "", `must have "params"`},
		{`{"id":0,"method":"m","params":{}}`, "", "", `must have "params"`},
		{`{"id":0,"method":"m","params":null}`, "", "", `must have "params"`},
		{`{"id":0,"method":7,"params":[]}`, "", "", `"method" is not a string`},
		{`{"id":0,"method":"m","params":[],"result":1}`, "", "", `must not have "result"`},
		{`{"id":0,"method":"m","params":[],"error":1}`, "", "", `must not have "result" or "error"`},
		{`{"id":0,"METHOD":"m","params":[]}`, "", "", `unexpected member "METHOD"`},
		{`{"id":0,"method":"m","params":[],"jsonrpc":"2.0"}`, "", "", `unexpected member "jsonrpc"`},
		{`{"id":0,"params":[]}`, "", "", `"params" without "method"`},
		{`{"id":0}`, "", "", "neither"},
		{`{"id":0,"error":null}`, "", "", "neither"},
		{`{"id":null,"result":1}`, "", "", `must have an "id"`},
		{`{"id":0,"result":1,"error":2}`, "", "", "both"},
	} {
		m, err := Decode([]byte(c.in))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want an error with %q", c.in, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		again, err := m.Encode()
		if m.Kind.String() != c.kind || string(again) != c.again || err != nil {
			t.Errorf("%s: %s %s, %v, want %s %s", c.in, m.Kind, again, err, c.kind, c.again)
		}
	}
}

func TestReplies(t *testing.T) {
	request := &Message{Kind: Request, ID: json.RawMessage("7")}
	ok, err := ReplyTo(request, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	failed := FailureOf(request, "no \"such\" thing")
	for _, c := range []struct {
		m    Message
		want string
	}{
		{ok, `{"id":7,"result":["a"],"error":null}`},
		{failed, `{"id":7,"result":null,"error":"no \"such\" thing"}`},
	} {
		if text, err := c.m.Encode(); string(text) != c.want || err != nil {
			t.Errorf("%s, %v, want %s", text, err, c.want)
		}
	}
	if _, err := ReplyTo(request, func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

// stream is a connection whose incoming side is a text.
type stream struct {
	io.Reader
	bytes.Buffer
}

func (s *stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func TestConn(t *testing.T) {
	s := &stream{Reader: strings.NewReader(`{"id":0,"method":"a","params":[]}{"id":1,"method":"b","params":[]} {"id":`)}
	c := NewConn(s, 4096)
	for _, want := range []string{"a", "b"} {
		m, err := c.Receive()
		if err != nil || m.Method != want {
			t.Fatalf("%+v, %v, want %s", m, err, want)
		}
		reply := FailureOf(&m, "no")
		if err := c.Send(&reply); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Receive(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("within a message: %v", err)
	}
	if got, want := s.String(), `{"id":0,"result":null,"error":"no"}{"id":1,"result":null,"error":"no"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	c = NewConn(&stream{Reader: strings.NewReader("{} ")}, 4096)
	if _, err := c.Receive(); err == nil {
		t.Error("an empty object is no message")
	}
	if _, err := c.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	broken := errors.New("broken")
	c = NewConn(&stream{Reader: io.MultiReader(strings.NewReader("{"), errorReader{broken})}, 4096)
	if _, err := c.Receive(); !errors.Is(err, broken) {
		t.Errorf("broken stream: %v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// FuzzStream wants a stream to be read the same way in one piece and byte by byte,
// and each message that is understood to be written so that it reads the same.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		`{"id":0,"method":"version","params":[]}{"id":1,"result":"a\"}","error":null}`,
		`{"id":0,"error":{"a":[{}]}}`, `{"method":"m","params":[[[[]]]]} {`, "[]", `{"a":"\\"}`, `{]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, errWhole := receiveAll(bytes.NewReader(text))
		pieces, errPieces := receiveAll(oneByte{bytes.NewReader(text)})
		if !slices.Equal(whole, pieces) || fmt.Sprint(errWhole) != fmt.Sprint(errPieces) {
			t.Fatalf("%q: %q, %v in one piece, but %q, %v byte by byte", text, whole, errWhole, pieces, errPieces)
		}
		for _, s := range whole {
			again, err := Decode([]byte(s))
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			if twice, err := again.Encode(); err != nil || string(twice) != s {
				t.Fatalf("%s becomes %s, %v", s, twice, err)
			}
		}
	})
}

// oneByte reads one byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// receiveAll returns the messages of a stream, encoded again.
func receiveAll(r io.Reader) (list []string, err error) {
	c := NewConn(&stream{Reader: r}, 4096)
	for {
		m, err := c.Receive()
		if err != nil {
			return list, err
		}
		text, err := m.Encode()
		if err != nil {
			return list, err
		}
		list = append(list, string(text))
	}
}
