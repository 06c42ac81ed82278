package text

import (
	"math"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// maxDepth bounds the nesting of actions in actions, as the wire codec does.
const maxDepth = 16

// parser reads one text. in is the whole of it, so that errors of nested pieces
// point into it.
type parser struct {
	in    string
	o     *Options
	depth int
	// actions finds an action keyword's row. Functions of the table reach it
	// through here because they are part of the table themselves.
	actions map[string]*actionRow
	// pipeline is what is known of the packets at the action that is read.
	pipeline *pipeline
	// corrected is the text with something added to its match, "" if that would
	// not do either. It may be nil.
	corrected func(keyword string) string
	// pairs are where lists that are nested little put what they read.
	pairs [2]pair
}

// pair is where a list of the depth at hand puts what it reads.
func (p *parser) pair() *pair {
	if p.depth < len(p.pairs) {
		return &p.pairs[p.depth]
	}
	return new(pair)
}

// ports are the port names, for reading and for flow's values.
func (p *parser) ports() ports { return ports{p.o.Ports} }

// uint reads a number of at most max, with a base as in C.
func (p *parser) uint(what string, v span, max uint64) (uint64, error) {
	n, ok := parseUint(v.text)
	switch {
	case v.text == "":
		return 0, p.fail(v, "%s: a number is missing", what).remedy("write a number from 0 to %d", max)
	case !ok:
		return 0, p.fail(v, "%s: not a number", what).remedy("write a number from 0 to %d", max)
	case n > max:
		return 0, p.fail(v, "%s: at most %d fits", what, max)
	}
	return n, nil
}

// parseUint reads a decimal, octal (0…) or hexadecimal (0x…) number of 64 bits.
func parseUint(s string) (n uint64, ok bool) {
	base, digits := uint64(10), s
	if len(s) > 1 && s[0] == '0' {
		base, digits = 8, s[1:]
		if s[1]|0x20 == 'x' {
			base, digits = 16, s[2:]
		}
	}
	if digits == "" {
		return 0, false
	}
	for i := range len(digits) {
		d := uint64(hexValue(digits[i]))
		if d >= base || n > (math.MaxUint64-d)/base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// hexValue is the value of a hexadecimal digit, 16 for anything else.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

func (p *parser) uint8(what string, v span) (uint8, error) {
	n, err := p.uint(what, v, math.MaxUint8)
	return uint8(n), err
}

func (p *parser) uint16(what string, v span) (uint16, error) {
	n, err := p.uint(what, v, math.MaxUint16)
	return uint16(n), err
}

func (p *parser) uint32(what string, v span) (uint32, error) {
	n, err := p.uint(what, v, math.MaxUint32)
	return uint32(n), err
}

func (p *parser) uint64(what string, v span) (uint64, error) {
	return p.uint(what, v, math.MaxUint64)
}

// bits64 reads a 64-bit number or a small negative one, as cookies and their
// masks are written: -1 is all ones.
func (p *parser) bits64(what string, v span) (uint64, error) {
	if len(v.text) > 1 && v.text[0] == '-' {
		n, err := p.uint(what, v.from(1), math.MaxInt64)
		return -n, err
	}
	return p.uint64(what, v)
}

// port reads a port's number or name.
func (p *parser) port(v span) (openflow.PortNo, error) {
	port, found := p.ports().parse(v.text)
	if !found {
		return 0, p.badPort(v)
	}
	return port, nil
}

// badPort is the error of text that is no port.
func (p *parser) badPort(v span) *Error {
	if v.text == "" {
		return p.fail(v, "a port is missing")
	}
	e := p.fail(v, "no such port: %q", v.text)
	if n, ok := parseUint(v.text); ok {
		return e.remedy("ports have the numbers 0 to %d, %d is too great or not decimal", firstPort10Reserved-1, n)
	}
	return e.suggest(nearest(v.text, append(p.o.Ports.all(), reservedPorts()...)))
}

// reservedPorts are the names of the reserved ports.
func reservedPorts() []string {
	var names []string
	for port := openflow.PortUnset; port != 0; port++ {
		names = append(names, port.Name())
	}
	return names
}

// table reads a table's number or name. all also takes 255 for all tables.
func (p *parser) table(v span, all bool) (uint8, error) {
	n, ok := parseUint(v.text)
	if !ok {
		number, found := p.o.Tables.Number(unquoteName(v.text))
		if !found {
			return 0, p.fail(v, "no such table: %q", v.text).suggest(nearest(v.text, p.o.Tables.all()))
		}
		n = uint64(number)
	}
	switch {
	case n <= openflow.TableMax, all && n == openflow.TableAll:
		return uint8(n), nil
	}
	return 0, p.fail(v, "no such table: tables have the numbers 0 to %d", openflow.TableMax)
}

// mac reads an Ethernet address.
func (p *parser) mac(what string, v span) (flow.MAC, error) {
	value, _, err := flow.FieldByID(flow.FieldEthSrc).ParseValue(v.text, nil)
	if err != nil {
		return flow.MAC{}, p.valueError(what, v, err)
	}
	var mac flow.MAC
	copy(mac[:], value.AppendBytes(nil, len(mac)))
	return mac, nil
}

// nearest is the one of names that name is most probably a misspelling of.
func nearest(name string, names []string) string {
	if len(name) > maxMisspelling {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	for _, n := range names {
		if d := distance(name, n); d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	return best
}

// maxMisspelling is the longest word that suggestions are looked for, in bytes.
const maxMisspelling = 64

// nearestField is flow.NearestField for words that may be misspellings at all.
func nearestField(name string, others ...string) string {
	if len(name) > maxMisspelling {
		return ""
	}
	return flow.NearestField(name, others...)
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that make b of a, in any case of letters.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// field finds a field by its name.
func (p *parser) field(name span) (*flow.Field, error) {
	f := flow.FieldByName(name.text)
	switch {
	case f != nil:
		return f, nil
	case name.text == "":
		return nil, p.fail(name, "a field is missing")
	}
	return nil, p.fail(name, "no such field: %q", name.text).suggest(nearestField(name.text))
}

// target is a field or subfield that an action may write.
func (p *parser) target(v span) (openflow.Subfield, error) {
	s, err := p.subfield(v)
	if err != nil {
		return s, err
	}
	return s, p.checkWritable(v, flow.FieldByID(s.Field))
}

func (p *parser) checkWritable(v span, f *flow.Field) error {
	if !f.Writable {
		return p.fail(v, "%s can be matched but not changed", f.Name)
	}
	return nil
}

// subfield reads "field", "field[]", "field[5]" or "field[0..15]".
func (p *parser) subfield(v span) (openflow.Subfield, error) {
	name, inner, found := v.cut("[")
	f, err := p.field(name)
	if err != nil {
		return openflow.Subfield{}, err
	}
	s := openflow.Subfield{Field: f.ID, Bits: uint16(f.Bits)}
	if !found {
		return s, nil
	}
	if !strings.HasSuffix(inner.text, "]") {
		return s, p.fail(v, "a bracket is not closed").remedy("write %s[FIRST..LAST]", name.text)
	}
	if inner = inner.slice(0, len(inner.text)-1); inner.text == "" {
		return s, nil
	}
	low, high, isRange := inner.cut("..")
	if !isRange {
		high = low
	}
	first, err := p.bit(f, low)
	if err != nil {
		return s, err
	}
	last, err := p.bit(f, high)
	if err != nil {
		return s, err
	}
	if last < first {
		return s, p.fail(inner, "the first bit is %d, the last %d", first, last).remedy("write %s[%d..%d]", name.text, last, first)
	}
	s.Ofs, s.Bits = first, last-first+1
	return s, nil
}

// bit reads the number of a field's bit.
func (p *parser) bit(f *flow.Field, v span) (uint16, error) {
	n, err := p.uint("bit number", v, 1<<16-1)
	if err == nil && n >= uint64(f.Bits) {
		return 0, p.fail(v, "%s has the bits 0 to %d", f.Name, f.Bits-1)
	}
	return uint16(n), err
}

// isSubfield reports whether text looks like a field rather than a number.
func isSubfield(v span) bool {
	name, _, _ := v.cut("[")
	return flow.FieldByName(name.text) != nil
}

// subfield writes a subfield with the name that its wire form has.
func (w *printer) subfield(s openflow.Subfield) {
	f := flow.FieldByID(s.Field)
	if f == nil {
		w.str("<unknown>")
		return
	}
	name := f.Name
	if len(f.Wires) > 0 {
		name = f.Wires[0].Name
	}
	w.str(name)
	switch {
	case s.Ofs == 0 && int(s.Bits) == f.Bits:
		w.str("[]")
	case s.Bits == 1:
		w.str("[").uint(uint64(s.Ofs)).str("]")
	default:
		w.str("[").uint(uint64(s.Ofs)).str("..").uint(uint64(s.Ofs + s.Bits - 1)).str("]")
	}
}
