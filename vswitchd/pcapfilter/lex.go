package pcapfilter

import (
	"fmt"
	"strings"
)

// Error says what is wrong with an expression, and where.
type Error struct {
	In, Msg string
	At      int // offset in In
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s\n  %s\n  %s^", e.Msg, e.In, strings.Repeat(" ", e.At))
}

// token is a word, a number, an address or an operator.
type token struct {
	text string
	at   int
}

// symbols, the longer ones first.
var symbols = [...]string{"&&", "||", "<<", ">>", "<=", ">=", "==", "!=", "(", ")", "[", "]", "!", "=", "<", ">", "&", "|", "^", "+", "*", "/", "%", "-", ":"}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '_' || c == '\\'
}

// wordEnd is where a word ends that begins at the first byte. Words that begin with a letter
// have dashes in them (tcp-syn), as have ranges of ports after isRange; in addresses are
// colons. Within brackets a colon says a size.
func wordEnd(s string, isRange, brackets bool) int {
	if !brackets {
		n := 0
		for n < len(s) && (isWordByte(s[n]) || s[n] == ':') {
			n++
		}
		if strings.Count(s[:n], ":") >= 2 {
			return n
		}
	}
	dashes, n := isRange || s[0] > '9', 0
	for n < len(s) && (isWordByte(s[n]) || dashes && s[n] == '-') {
		n++
	}
	return n
}

func lex(in string) (list []token, err error) {
	depth := 0
next:
	for i := 0; i < len(in); {
		if strings.IndexByte(" \t\r\n", in[i]) >= 0 {
			i++
			continue
		}
		isRange := len(list) > 0 && list[len(list)-1].text == "portrange"
		if n := wordEnd(in[i:], isRange, depth > 0); n > 0 {
			list = append(list, token{in[i : i+n], i})
			i += n
			continue
		}
		if strings.HasPrefix(in[i:], "::") && depth == 0 {
			n := 2
			for i+n < len(in) && (isWordByte(in[i+n]) || in[i+n] == ':') {
				n++
			}
			list = append(list, token{in[i : i+n], i})
			i += n
			continue
		}
		for _, s := range symbols {
			if strings.HasPrefix(in[i:], s) {
				switch s {
				case "[":
					depth++
				case "]":
					depth--
				}
				list = append(list, token{s, i})
				i += len(s)
				continue next
			}
		}
		return nil, &Error{in, fmt.Sprintf("no expression has a %q", in[i:i+1]), i}
	}
	return append(list, token{"", len(in)}), nil
}
