package text

import "strings"

// span is a piece of the text that is read, and where in it the piece begins.
type span struct {
	text string
	at   int
}

// from is the piece without its first n bytes.
func (s span) from(n int) span { return span{s.text[n:], s.at + n} }

// slice is the piece's bytes i to j.
func (s span) slice(i, j int) span { return span{s.text[i:j], s.at + i} }

// trim is the piece without blanks around it.
func (s span) trim() span {
	t := strings.TrimLeft(s.text, blanks)
	at := s.at + len(s.text) - len(t)
	return span{strings.TrimRight(t, blanks), at}
}

// cut splits the piece at the first sep. Without one, after is empty and stands
// at the end.
func (s span) cut(sep string) (before, after span, found bool) {
	if i := strings.Index(s.text, sep); i >= 0 {
		return s.slice(0, i), s.from(i + len(sep)), true
	}
	return s, s.from(len(s.text)), false
}

const (
	blanks     = " \t\r\n"
	separators = ", \t\r\n"
)

func isSeparator(c byte) bool { return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// pair is a keyword and its value: "key", "key=value", "key:value",
// "key(value)", "key(value)->arrow".
type pair struct {
	key, value span
	delim      byte // '=', ':', '(' or 0
	arrow      span // what follows ")->"; its text is empty where there is none
}

// bare reports whether the pair is its keyword alone, "key" or "key()".
func (a *pair) bare() bool {
	return a.delim == 0 || a.delim == '(' && a.value.text == "" && a.arrow.text == ""
}

// whole is the text of the pair from its key to the end of its value.
func (a *pair) whole(in string) span {
	end := a.value.at + len(a.value.text)
	switch {
	case a.delim == 0:
		end = a.key.at + len(a.key.text)
	case a.arrow.text != "":
		end = a.arrow.at + len(a.arrow.text)
	case a.delim == '(':
		end++
	}
	return span{in[a.key.at:end], a.key.at}
}

// scanner takes a list of pairs apart.
//
//	for s.next(&a) { … a … }
//	return s.err
type scanner struct {
	p    *parser
	rest span
	err  error
}

// scan makes a scanner of a piece of the text.
func (p *parser) scan(s span) scanner { return scanner{p: p, rest: s} }

// next reads the next pair; it is false at the end of the list and at an error.
func (s *scanner) next(a *pair) bool {
	s.skip()
	if s.rest.text == "" {
		return false
	}
	s.err = s.read(a)
	return s.err == nil
}

// read reads the pair that the rest begins with.
func (s *scanner) read(a *pair) error {
	n, err := s.keyLen()
	if err != nil {
		return err
	}
	*a = pair{key: s.rest.slice(0, n)}
	s.rest = s.rest.from(n)
	a.value = s.rest.slice(0, 0)
	if s.rest.text == "" || isSeparator(s.rest.text[0]) {
		return nil
	}
	if n == 0 {
		return s.p.fail(s.rest.slice(0, 1), "a keyword is missing before %q", s.rest.text[:1])
	}
	a.delim = s.rest.text[0]
	if a.delim == '(' {
		return s.bracketed(a)
	}
	s.rest = s.rest.from(1)
	n, err = s.valueLen()
	if err != nil {
		return err
	}
	a.value, s.rest = s.rest.slice(0, n), s.rest.from(n)
	return nil
}

// bracketed reads "(value)" and what "->" puts behind it.
func (s *scanner) bracketed(a *pair) error {
	n, err := s.closing(0)
	if err != nil {
		return err
	}
	a.value, s.rest = s.rest.slice(1, n), s.rest.from(n+1)
	if strings.HasPrefix(s.rest.text, "->") {
		s.rest = s.rest.from(2)
		if n, err = s.valueLen(); err != nil {
			return err
		}
		a.arrow, s.rest = s.rest.slice(0, n), s.rest.from(n)
		if n == 0 {
			return s.p.fail(s.rest, "a field is missing after %q", "->")
		}
	}
	if s.rest.text != "" && !isSeparator(s.rest.text[0]) {
		return s.p.fail(s.rest.slice(0, 1), "%q follows a closing parenthesis", s.rest.text[:1]).
			remedy("put a comma between")
	}
	return nil
}

// takeKey passes over a keyword and what delimits it from its value, one of delims.
// As ovs-ofctl has it, an s may follow the keyword, and blanks before the delimiter.
func (s *scanner) takeKey(keyword, delims string) bool {
	s.skip()
	rest, found := strings.CutPrefix(s.rest.text, keyword)
	if !found {
		return false
	}
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "s"), blanks)
	if rest == "" || strings.IndexByte(delims, rest[0]) < 0 {
		return false
	}
	s.rest = s.rest.from(len(s.rest.text) - len(rest) + 1)
	return true
}

// skip passes over separators.
func (s *scanner) skip() {
	n := 0
	for n < len(s.rest.text) && isSeparator(s.rest.text[n]) {
		n++
	}
	s.rest = s.rest.from(n)
}

// keyLen is the size of the keyword that the rest begins with; a name in quotes
// counts as one.
func (s *scanner) keyLen() (int, error) {
	t := s.rest.text
	if t[0] == '"' {
		return s.quoted(0)
	}
	for i := range len(t) {
		switch t[i] {
		case ':', '=', '(', ',', ' ', '\t', '\r', '\n':
			return i, nil
		}
	}
	return len(t), nil
}

// valueLen is the size of a value that ends at a separator outside of
// parentheses and quotes.
func (s *scanner) valueLen() (int, error) {
	t := s.rest.text
	for i := 0; i < len(t); i++ {
		var err error
		switch t[i] {
		case '(':
			if i, err = s.closing(i); err != nil {
				return 0, err
			}
		case '"':
			if i, err = s.quoted(i); err != nil {
				return 0, err
			}
			i--
		case ')':
			return 0, s.p.fail(s.rest.slice(i, i+1), "a closing parenthesis without an opening one")
		default:
			if isSeparator(t[i]) {
				return i, nil
			}
		}
	}
	return len(t), nil
}

// closing is where the parenthesis that opens at byte i of the rest closes.
func (s *scanner) closing(i int) (int, error) {
	t, depth := s.rest.text, 0
	for j := i; j < len(t); j++ {
		switch t[j] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j, nil
			}
		case '"':
			end, err := s.quoted(j)
			if err != nil {
				return 0, err
			}
			j = end - 1
		}
	}
	return 0, s.p.fail(s.rest.slice(i, i+1), "a parenthesis is not closed")
}

// quoted is where the quotation that begins at byte i of the rest ends, behind
// its closing mark.
func (s *scanner) quoted(i int) (int, error) {
	t := s.rest.text
	for j := i + 1; j < len(t); j++ {
		switch t[j] {
		case '\\':
			j++
		case '"':
			return j + 1, nil
		}
	}
	return 0, s.p.fail(s.rest.slice(i, i+1), "a quotation mark is not closed")
}

// list splits a value at commas and blanks that stand outside of parentheses.
func (p *parser) list(v span) ([]span, error) {
	var items []span
	s := p.scan(v)
	for {
		s.skip()
		if s.rest.text == "" {
			return items, nil
		}
		n, err := s.valueLen()
		if err != nil {
			return nil, err
		}
		items = append(items, s.rest.slice(0, n))
		s.rest = s.rest.from(n)
	}
}
