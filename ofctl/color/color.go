package color

import (
	"bytes"
	"fmt"
	"strings"
)

// Role is what a word is in a flow.
type Role uint8

// Roles, with the names that they have in $OVS_COLORS.
const (
	plain   Role = iota
	Actions      // ac: the word "actions="
	Drop         // dr: the action drop
	Learn        // le: the action learn
	Param        // pm: what has a value
	Paren        // pr: what has arguments in parentheses
	Special      // sp: table, priority, and the actions that matter most
	Value        // vl: a word that stands for itself
	numRoles
)

// roleNames are the names of roles in $OVS_COLORS.
var roleNames = [numRoles]string{Actions: "ac", Drop: "dr", Learn: "le", Param: "pm", Paren: "pr", Special: "sp", Value: "vl"}

// Palette gives each role the parameters of an SGR sequence, such as "01;31".
type Palette [numRoles]string

// Default is the palette of ovs-ofctl.
func Default() Palette {
	return Palette{Actions: "1;31", Drop: "34", Learn: "31", Param: "36", Paren: "35", Special: "33", Value: "32"}
}

// Parse is the default palette changed by a text such as "ac=01;31:dr=34", in which
// $OVS_COLORS is written.
func Parse(s string) (Palette, error) {
	p := Default()
	for part := range strings.SplitSeq(s, ":") {
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found || strings.Trim(value, "0123456789;") != "" {
			return p, fmt.Errorf("colors: %q is not NAME=NUMBER;NUMBER…", part)
		}
		known := false
		for role, n := range roleNames {
			if n == name && n != "" {
				p[role], known = value, true
			}
		}
		if !known {
			return p, fmt.Errorf("colors: no part of flows is called %q: there are ac, dr, le, pm, pr, sp, vl", name)
		}
	}
	return p, nil
}

// roleOf is the role of a word. One without a row of its own has that of its kind:
// "name=" and "name:" are Param, "name(" is Paren, a lone word is Value in the match
// and plain among the actions.
func roleOf(word string, inActions bool) Role {
	switch word {
	case "actions=":
		return Actions
	case "drop":
		return Drop
	case "learn(":
		return Learn
	case "table=", "priority=", "load:", "output:", "output(", "move:", "group:", "set_field:", "resubmit:", "exit":
		return Special
	case "dec_ttl", "nat":
		return Paren
	case "src", "dst", "egress", "ingress", "check_pkt_larger(":
		return Param
	case "strip_vlan", "pop_vlan", "pop_queue", "commit", "force", "hash", "random", "persistent", "pause", "ct_clear", "clear_actions",
		"dec_mpls_ttl", "delete_learned":
		return Value
	case "send_flow_rem":
		if inActions {
			return Value
		}
		return plain
	case "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts":
		return plain
	case "CONTROLLER:", "tun_gbp_flags=", "gtpu_flags=", "gtpu_msgtype=", "packet_type=":
		return plain
	}
	switch last := word[len(word)-1]; {
	case strings.HasPrefix(word, "tun_metadata"):
		return plain
	case last == '=' || last == ':':
		return Param
	case last == '(':
		return Paren
	case inActions:
		return plain
	}
	return Value
}

// painter colours one flow.
type painter struct {
	palette   *Palette
	dst, rest []byte
	inActions bool
	open      []Role // of the parentheses that are open
}

// AppendFlow appends the text of a flow in colours.
func (p *Palette) AppendFlow(dst, flow []byte) []byte {
	w := painter{palette: p, dst: dst, rest: flow}
	for len(w.rest) > 0 {
		w.token()
	}
	return w.dst
}

// paint takes n bytes and writes them as a role has it.
func (w *painter) paint(role Role, n int) {
	if role != plain {
		w.dst = append(w.dst, "\x1b["...)
		w.dst = append(w.dst, w.palette[role]...)
		w.dst = append(w.dst, "m\x1b[K"...)
	}
	w.dst = append(w.dst, w.rest[:n]...)
	w.rest = w.rest[n:]
	if role != plain {
		w.dst = append(w.dst, "\x1b[m\x1b[K"...)
	}
}

// token takes a word with what follows it.
func (w *painter) token() {
	switch c := w.rest[0]; {
	case c == ')':
		role := Paren
		if n := len(w.open); n > 0 {
			role = w.open[n-1]
			w.open = w.open[:n-1]
		}
		w.paint(role, 1)
		return
	case bytes.HasPrefix(w.rest, []byte("->")):
		w.value()
		return
	case c == ',' || c == ' ' || c == '\n':
		w.paint(plain, 1)
		return
	}
	n := wordLen(w.rest, ",()=: \n")
	if n == len(w.rest) || strings.IndexByte(",) \n", w.rest[n]) >= 0 {
		n = max(n, 1)
		role := roleOf(string(w.rest[:n]), w.inActions)
		if w.inLearn() && w.rest[n-1] == ']' {
			role = Param // a field that is copied
		}
		w.paint(role, n)
		return
	}
	word := string(w.rest[:n+1])
	role := roleOf(word, w.inActions)
	switch {
	case word == "conj_id=":
		w.paint(role, n)
		w.value()
	case word == "actions=":
		w.paint(role, n+1)
		w.inActions = true
	case word == "output(":
		w.paint(role, n)
		w.value()
	case word == "check_pkt_larger(":
		w.paint(role, n+1)
		w.paint(plain, len(w.rest)-len(bytes.TrimLeft(w.rest, "0123456789)")))
		w.paint(plain, wordLen(w.rest, ",) \n"))
	case word == "encap(", word == "decap(":
		w.paint(role, n+1)
		w.value()
		w.open = append(w.open, role)
	case word[n] == '(':
		w.paint(role, n+1)
		w.open = append(w.open, role)
	default:
		w.paint(role, n+1)
		w.value()
	}
}

// inLearn reports whether the innermost parentheses are those of learn.
func (w *painter) inLearn() bool { return len(w.open) > 0 && w.open[len(w.open)-1] == Learn }

// value takes what stands behind "name=" or "name:", up to the comma, blank or
// parenthesis that ends it; one in parentheses it takes whole. Arrows in it are
// Special.
func (w *painter) value() {
	for depth := 0; len(w.rest) > 0; {
		n := wordLen(w.rest, ",() \n-")
		if n > 0 {
			w.paint(plain, n)
			continue
		}
		switch c := w.rest[0]; {
		case bytes.HasPrefix(w.rest, []byte("->")):
			w.paint(Special, 2)
			continue
		case c == '(':
			depth++
		case depth == 0 && c != '-':
			return
		case c == ')':
			depth--
		}
		w.paint(plain, 1)
	}
}

// wordLen is how many bytes come before one of ends, quoted ones not looked at.
func wordLen(b []byte, ends string) int {
	quoted := false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(ends, c) >= 0:
			return i
		}
	}
	return len(b)
}
