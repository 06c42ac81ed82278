package config

import "strings"

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Path   string // bridges[0].ports[2].mtu: numbers count from 0
	Object string // whose setting it is, as people name it: "port h1"; "" at the top level
	Value  string // as far as it can be shown; "" for what is missing
	Why    string // what is wrong with it
	Right  string // what would be right; "" where Why says it
}

// Error is "port h1: mtu 90000: above what a device can have: use 68 to 65521".
func (p Problem) Error() string {
	var b strings.Builder
	if p.Object != "" {
		b.WriteString(p.Object + ": ")
	}
	key := p.Path[strings.LastIndexByte(p.Path, '.')+1:]
	key, _, _ = strings.Cut(key, "[")
	b.WriteString(key)
	if p.Value != "" {
		b.WriteString(" " + p.Value)
	}
	b.WriteString(": " + p.Why)
	if p.Right != "" {
		b.WriteString(": " + p.Right)
	}
	return b.String()
}

// Problems is everything that is wrong with a configuration, in the order in which
// it was found. As an error it is one line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}
