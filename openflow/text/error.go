package text

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"vswitch/flow"
)

// Error is text that cannot be read as what it should be.
type Error struct {
	In     string // the whole text
	Msg    string // what is wrong with it
	At     int    // byte of In where the offending token begins
	Len    int    // of that token, in bytes; 0 at the end of the text
	Remedy string // what to do about it, or ""
	// Err is the cause, where another package found it: a *flow.PrereqError, a
	// *flow.TextError.
	Err error
}

// Error is one line: the message, the column of the token, the remedy.
func (e *Error) Error() string {
	s := e.Msg
	if e.In != "" {
		s = fmt.Sprintf("column %d: %s", e.column()+1, s)
	}
	if e.Remedy != "" {
		s += ": " + e.Remedy
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// column is how many characters stand before the token.
func (e *Error) column() int { return utf8.RuneCountInString(e.In[:e.At]) }

// caretWidth is how much of a long text Caret shows, in characters.
const caretWidth = 76

// Caret is the message, the text with the offending token underlined, and the
// remedy, on lines of their own. Of a long text it shows the surroundings.
func (e *Error) Caret() string {
	var b strings.Builder
	b.WriteString(e.Msg)
	b.WriteByte('\n')
	if e.In != "" {
		line, at := []rune(oneLine(e.In)), e.column()
		length := utf8.RuneCountInString(e.In[e.At:min(len(e.In), e.At+max(1, e.Len))])
		line, at = window(line, at)
		length = max(1, min(length, len(line)-at))
		fmt.Fprintf(&b, "  %s\n  %s%s\n", string(line), strings.Repeat(" ", at), strings.Repeat("^", length))
	}
	if e.Remedy != "" {
		b.WriteString(e.Remedy)
		b.WriteByte('\n')
	}
	return b.String()
}

// oneLine replaces what would spoil the alignment of the caret by blanks.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// window cuts caretWidth characters around position at out of line, and says
// where the position is in them.
func window(line []rune, at int) ([]rune, int) {
	if len(line) <= caretWidth {
		return line, at
	}
	from := max(0, min(at-caretWidth/3, len(line)-caretWidth))
	cut := append([]rune(nil), line[from:min(len(line), from+caretWidth)]...)
	if from > 0 {
		copy(cut, []rune("..."))
	}
	if from+caretWidth < len(line) {
		copy(cut[len(cut)-3:], []rune("..."))
	}
	return cut, at - from
}

// fail makes the error of a token.
func (p *parser) fail(at span, format string, args ...any) *Error {
	return &Error{In: p.in, Msg: fmt.Sprintf(format, args...), At: at.at, Len: len(at.text)}
}

// valueError is err, which reading a field's value gave, as an error at value.
func (p *parser) valueError(name string, value span, err error) error {
	var t *flow.TextError
	if !errors.As(err, &t) {
		e := p.fail(value, "%s: %v", name, err)
		e.Err = err
		return e
	}
	if value.text == "" {
		return p.fail(value, "%s: a value is missing", name).remedy("write %s=VALUE", name)
	}
	at := min(max(t.At, 0), len(value.text))
	e := p.fail(value.from(at), "%s: %s", name, t.Msg)
	e.Err = err
	return e
}

// remedy says what to do about the error.
func (e *Error) remedy(format string, args ...any) *Error {
	e.Remedy = fmt.Sprintf(format, args...)
	return e
}

// suggest makes "did you mean" the remedy where there is something to suggest.
func (e *Error) suggest(name string) *Error {
	if name != "" && e.Remedy == "" {
		e.Remedy = fmt.Sprintf("did you mean %q?", name)
	}
	return e
}
