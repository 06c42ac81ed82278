package yaml

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder walks the nodes of one source.
type decoder struct {
	source Source
	errors Errors
	at     map[string]*yaml.Node // the value of each path that was seen
	values int                   // seen so far, aliases each time
}

// key is one key of a mapping and what to do with its value.
type key struct {
	name string
	into decode
}

// decode takes a value that is not an alias and the value's path.
type decode func(n *yaml.Node, path string)

// fail reports a value that is wrong. Nobody reads more than maxErrors of them.
func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	if len(d.errors) == maxErrors {
		return
	}
	d.errors = append(d.errors, Error{d.source.Name, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// value follows aliases and notes where a path's value is. It returns nil when the
// value cannot be used, which is reported.
func (d *decoder) value(n *yaml.Node, path string) *yaml.Node {
	d.values++
	if d.values == maxValues+1 {
		d.fail(n, "more than %d values, counting an alias each time it is used", maxValues)
	}
	if d.values > maxValues {
		return nil
	}
	d.at[path] = n
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.fail(n, "%s has no value: give it one or leave the key out", lastStep(path))
		return nil
	}
	return n
}

// lastStep is the last key of a path, for messages.
func lastStep(path string) string {
	return path[strings.LastIndexByte(path, '.')+1:]
}

// mapping decodes a mapping with these keys and no others. what names the mapping
// in messages.
func (d *decoder) mapping(n *yaml.Node, path, what string, keys []key) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s is %s: use a mapping, key: value", what, kind(n))
		return
	}
	if path != "" {
		path += "."
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if line, twice := seen[name.Value]; twice {
			d.fail(name, "key %q is given twice: first in line %d", name.Value, line)
			continue
		}
		seen[name.Value] = name.Line
		into := find(keys, name)
		if into == nil {
			d.unknown(name, what, keys)
			continue
		}
		if v := d.value(value, path+name.Value); v != nil {
			into(v, path+name.Value)
		}
	}
}

// find returns what to do with a key; nil for one that is not known.
func find(keys []key, name *yaml.Node) decode {
	for _, k := range keys {
		if name.Kind == yaml.ScalarNode && k.name == name.Value {
			return k.into
		}
	}
	return nil
}

func (d *decoder) unknown(name *yaml.Node, what string, keys []key) {
	known := make([]string, len(keys))
	for i, k := range keys {
		known[i] = k.name
	}
	switch near := nearest(name.Value, known); {
	case name.ShortTag() == "!!merge":
		d.fail(name, "a merge key (<<): repeat the keys, or use an alias for a whole value")
	case near != "":
		d.fail(name, "unknown key %q in %s: did you mean %q?", name.Value, what, near)
	default:
		d.fail(name, "unknown key %q in %s: it can have %s", name.Value, what, strings.Join(known, ", "))
	}
}

// list decodes a sequence element by element.
func (d *decoder) list(into decode) decode {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.SequenceNode {
			d.fail(n, "%s is %s: use a list, [a, b]", lastStep(path), kind(n))
			return
		}
		for i, element := range n.Content {
			where := fmt.Sprintf("%s[%d]", path, i)
			if v := d.value(element, where); v != nil {
				into(v, where)
			}
		}
	}
}

// kind names what a node is, for messages.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the truth value " + n.Value
	case "!!str":
		return "the text " + strconv.Quote(n.Value)
	}
	return "of type " + n.ShortTag()
}

// scalar checks that a value is one of the tags, and reports it otherwise.
func (d *decoder) scalar(n *yaml.Node, path, want string, tags ...string) bool {
	if n.Kind == yaml.ScalarNode {
		for _, tag := range tags {
			if n.ShortTag() == tag {
				return true
			}
		}
	}
	d.fail(n, "%s is %s: use %s", lastStep(path), kind(n), want)
	return false
}

// wantText is what stands for a string in messages.
const wantText = "a text, in quotes if it looks like something else"

// text decodes a string that is not empty: what is not wanted is not said by an
// empty string.
func text[T ~string](d *decoder, to *T) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, wantText, "!!str") {
			return
		}
		if n.Value == "" {
			d.fail(n, "%s is empty: give it a value or leave the key out", lastStep(path))
		}
		*to = T(n.Value)
	}
}

// block decodes a string that may be empty.
func (d *decoder) block(to *string) decode {
	return func(n *yaml.Node, path string) {
		if d.scalar(n, path, wantText, "!!str") {
			*to = n.Value
		}
	}
}

// flag decodes true or false.
func (d *decoder) flag(to *bool) decode {
	return func(n *yaml.Node, path string) {
		if d.scalar(n, path, "true or false", "!!bool") {
			*to = strings.EqualFold(n.Value, "true")
		}
	}
}

// decimal reads an integer in its one plain form: a leading zero, which some
// readers of YAML take for octal, a sign or an underscore is not part of it.
func decimal(s string) (v int64, ok bool) {
	v, err := strconv.ParseInt(s, 10, 32)
	return v, err == nil && v >= 0 && strconv.FormatInt(v, 10) == s
}

// number decodes a decimal integer of at least 1: where 0 would mean the default,
// it is not said by writing 0.
func number[T ~int | ~uint32](d *decoder, to *T) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "a number", "!!int") {
			return
		}
		v, isDecimal := decimal(n.Value)
		if !isDecimal || v < 1 {
			d.fail(n, "%s %s: use a decimal number from 1", lastStep(path), n.Value)
			return
		}
		*to = T(v)
	}
}

// natural decodes a decimal integer that may be 0.
func (d *decoder) natural(to *int) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "a number", "!!int") {
			return
		}
		v, isDecimal := decimal(n.Value)
		if !isDecimal {
			d.fail(n, "%s %s: use a decimal number from 0", lastStep(path), n.Value)
			return
		}
		*to = int(v)
	}
}

// numberOr decodes a word that stands for zero, or a number of at least 1.
func (d *decoder) numberOr(word string, to *int) decode {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode && n.Value == word {
			*to = 0
			return
		}
		if d.scalar(n, path, word+" or a number", "!!int") {
			number(d, to)(n, path)
		}
	}
}

// duration decodes "300s", "5m" or a plain number of seconds.
func (d *decoder) duration(to *time.Duration) decode {
	return func(n *yaml.Node, path string) {
		const want = "a time such as 300s or 5m, or a number of seconds"
		if !d.scalar(n, path, want, "!!str", "!!int") {
			return
		}
		v, err := time.ParseDuration(n.Value)
		if seconds, isDecimal := decimal(n.Value); isDecimal {
			v, err = time.Duration(seconds)*time.Second, nil
		}
		if err != nil {
			d.fail(n, "%s %q: use %s", lastStep(path), n.Value, want)
			return
		}
		*to = v
	}
}

// parsed decodes a string with a parser whose error says what is wrong with it.
func parsed[T any](d *decoder, to *T, parse func(string) (T, error)) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, wantText, "!!str") {
			return
		}
		v, err := parse(n.Value)
		if err != nil {
			d.fail(n, "%s: %v", lastStep(path), err)
			return
		}
		*to = v
	}
}

// appended decodes each element of a list and appends it.
func appended[T any](to *[]T, into func(to *T) decode) decode {
	return func(n *yaml.Node, path string) {
		var v T
		into(&v)(n, path)
		*to = append(*to, v)
	}
}
