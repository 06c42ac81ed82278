package cmd

import (
	_ "embed" // refusals.txt
	"fmt"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// refusal is an error message of the switch.
type refusal struct {
	target  string
	name    string // "OFPT_ERROR (OF1.3) (xid=0x6): OFPBAC_BAD_OUT_PORT"
	xid     uint32
	err     *openflow.Error
	refused string // the refused message as ofp-print shows it, or ""
}

// refusal makes a Go error of an error message.
func (c *conn) refusal(m message, e *openflow.Error) *refusal {
	return &refusal{target: c.target.name, name: errorName(m.header, e), xid: m.header.XID, err: e, refused: c.describeRefused(e)}
}

// errorName names an error in the form that ofp-print gives it.
func errorName(h openflow.Header, e *openflow.Error) string {
	version := ""
	if h.Version != openflow.V10 {
		version = " (OF" + h.Version.Short() + ")"
	}
	code := e.Code.String()
	if e.Code == openflow.ErrUnknown {
		code = e.Error()
	}
	return fmt.Sprintf("OFPT_ERROR%s (xid=%#x): %s", version, h.XID, code)
}

// describeRefused shows the message that an error came back with, where it came
// back whole.
func (c *conn) describeRefused(e *openflow.Error) string {
	if e.Code == openflow.ErrHelloIncompatible || e.Code == openflow.ErrHelloPermission {
		return strings.TrimRight(string(e.Data), "\x00\n")
	}
	if n, err := openflow.PeekLength(e.Data); err != nil || n > len(e.Data) {
		return ""
	}
	return c.describeWire(e.Data)
}

// describeWire shows a message of the connection as ofp-print does, "" where it is
// none.
func (c *conn) describeWire(data []byte) string {
	h, m, err := c.dialect.Decode(data)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text.AppendMessage(nil, h, m, text.PrintOptions{})), "\n")
}

// detail is the error's name and what it means.
func (r *refusal) detail() string {
	if words := errorWords(r.err.Code); words != "" {
		return r.name + ": " + words
	}
	return r.name
}

func (r *refusal) Error() string {
	s := r.target + ": refused: " + r.detail()
	if r.refused != "" {
		s += "\n  " + strings.ReplaceAll(r.refused, "\n", "\n  ")
	}
	return s
}

// Unwrap is the switch's error.
func (r *refusal) Unwrap() error { return r.err }

// refusals is a table of errors: a name a line, and its words.
//
//go:embed refusals.txt
var refusals string

// errorWords says in words what an error of the switch means to whoever caused it,
// or nothing where it has no name.
func errorWords(code openflow.ErrorCode) string {
	name := code.String()
	for row := range strings.Lines(refusals) {
		if rest, found := strings.CutPrefix(row, name+" "); found {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
