package pcapfilter

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds on expressions, which keep their evaluation short.
const (
	maxSize  = 4096
	maxDepth = 64
)

// parser reads tokens. tags counts the vlan words read so far: each moves what follows.
type parser struct {
	in     string
	tokens []token
	next   int
	depth  int
	tags   uint32
	last   *qualifiers // of the last primitive: an address after and or or has them too
}

// Parse reads an expression. The empty one lets everything through.
func Parse(in string) (*Filter, error) {
	if len(in) > maxSize {
		return nil, &Error{in[:40], fmt.Sprintf("an expression of %d bytes: there are at most %d", len(in), maxSize), 0}
	}
	tokens, err := lex(in)
	if err != nil {
		return nil, err
	}
	p := &parser{in: in, tokens: tokens}
	if p.peek() == "" {
		return &Filter{func(frame) verdict { return yes }}, nil
	}
	t, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, p.fail("%q does not belong here: combine with and, or, not", p.peek())
	}
	return &Filter{t}, nil
}

func (p *parser) peek() string { return p.tokens[p.next].text }

// after is the token behind the next one.
func (p *parser) after() string {
	return p.tokens[min(p.next+1, len(p.tokens)-1)].text
}

func (p *parser) take() string {
	t := p.peek()
	p.next = min(p.next+1, len(p.tokens)-1)
	return t
}

// accept takes the next token iff it is one of words.
func (p *parser) accept(words ...string) bool {
	for _, w := range words {
		if p.peek() == w {
			p.take()
			return true
		}
	}
	return false
}

// fail points at the next token.
func (p *parser) fail(format string, args ...any) error {
	return &Error{p.in, fmt.Sprintf(format, args...), p.tokens[p.next].at}
}

// failBack points at the token taken last.
func (p *parser) failBack(format string, args ...any) error {
	p.next--
	return p.fail(format, args...)
}

// enter bounds nesting.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail("more than %d levels deep", maxDepth)
	}
	return nil
}

// expression is terms joined by and and or, which bind alike.
func (p *parser) expression() (test, error) {
	t, err := p.term()
	for err == nil {
		join := or
		switch {
		case p.accept("and", "&&"):
			join = and
		case !p.accept("or", "||"):
			return t, nil
		}
		var next test
		if next, err = p.term(); err == nil {
			t = join(t, next)
		}
	}
	return nil, err
}

func (p *parser) term() (test, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if p.accept("not", "!") {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		return not(t), nil
	}
	if p.startsRelation() {
		p.last = nil
		return p.relation()
	}
	if p.accept("(") {
		t, err := p.expression()
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, p.fail("a ) is missing")
		}
		p.last = nil
		return t, nil
	}
	return p.primitive()
}

// startsRelation looks ahead: relations begin with a number that an operator follows, len,
// a load, or a parenthesis with such in it that an operator follows.
func (p *parser) startsRelation() bool {
	i := p.next
	for depth := 0; ; i++ {
		switch t := p.tokens[i].text; {
		case t == "(" || t == "[":
			depth++
		case t == ")" || t == "]":
			depth--
		case depth == 0 && i == p.next && t == "-":
			return true
		}
		if depth <= 0 {
			break
		}
		if p.tokens[i].text == "" {
			return false
		}
	}
	following := p.tokens[min(i+1, len(p.tokens)-1)].text
	if strings.HasPrefix(following, "/") && i == p.next && strings.ContainsAny(p.peek(), ".:") {
		return false
	}
	return following == "[" || following != "" && strings.Contains(" = == != < > <= >= + - * / % & | ^ << >> ", " "+following+" ")
}

// number reads decimal, octal and hexadecimal numbers as C does.
func number(s string) (uint32, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || strings.ContainsAny(s, "_oObB") && !strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "0X") || strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return uint32(n), err == nil
}
