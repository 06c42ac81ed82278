package text

import (
	"strconv"
	"strings"

	"vswitch/openflow"
)

// Options say how text is read.
type Options struct {
	// Ports and Tables are names that text may use instead of numbers.
	Ports, Tables *Names
	// Command is what a flow-mod does; with CommandWord the text may begin with
	// another one: add, modify, modify_strict, delete, delete_strict.
	Command     openflow.FlowModCommand
	CommandWord bool
	// Version is what the text is for, 0 for any. From OpenFlow 1.1 on the match
	// must fix that packets have the header that an action changes; in 1.0 such
	// actions do nothing to packets without it.
	Version openflow.Version
}

// PrintOptions say how values are written. The zero value writes what ovs-ofctl
// writes where it is given no options.
type PrintOptions struct {
	// Ports and Tables give numbers names.
	Ports, Tables *Names
	// NoStats leaves out of flows what changes by itself: counters, durations,
	// ages.
	NoStats bool
	// Verbosity is ofp-print's: from 1 on messages with packets say what these
	// contain, from 2 on, which is its default, echo messages show their payload,
	// from 3 on messages with packets show the packets' bytes.
	Verbosity int
	// PacketSummary appends one line that says what a packet contains, without
	// its end of line. Nil: packets are not described.
	PacketSummary func(dst, packet []byte) []byte
}

// Names are the names of ports or of tables. A name that several numbers have,
// and a number that has several names, are as if they had none: which one is
// meant cannot be known. The zero Names and a nil one are empty.
type Names struct {
	numbers map[string]uint32
	names   map[uint32]string
	// ambiguous names and numbers stay in the maps, marked here.
	twiceName   map[string]bool
	twiceNumber map[uint32]bool
}

// Add gives a number a name. Names must not be used at the same time.
func (n *Names) Add(number uint32, name string) {
	if n.numbers == nil {
		n.numbers, n.names = map[string]uint32{}, map[uint32]string{}
		n.twiceName, n.twiceNumber = map[string]bool{}, map[uint32]bool{}
	}
	old, known := n.numbers[name]
	if known && old != number {
		n.twiceName[name] = true
	}
	oldName, known := n.names[number]
	if known && oldName != name {
		n.twiceNumber[number] = true
	}
	n.numbers[name], n.names[number] = number, name
}

// Number is the number that has the name.
func (n *Names) Number(name string) (number uint32, found bool) {
	if n == nil || n.twiceName[name] {
		return 0, false
	}
	number, found = n.numbers[name]
	return number, found
}

// Name is the number's name.
func (n *Names) Name(number uint32) (name string, found bool) {
	if n == nil || n.twiceNumber[number] {
		return "", false
	}
	name, found = n.names[number]
	return name, found && !n.twiceName[name]
}

// all is every name.
func (n *Names) all() []string {
	if n == nil {
		return nil
	}
	list := make([]string, 0, len(n.numbers))
	for name := range n.numbers {
		list = append(list, name)
	}
	return list
}

// ports is Names as package flow reads and writes the values of port fields.
type ports struct{ *Names }

// PortNumber implements flow.PortNames.
func (n ports) PortNumber(name string) (uint32, bool) {
	port, found := n.parse(name)
	return uint32(port), found
}

// AppendPort implements flow.PortNames.
func (n ports) AppendPort(dst []byte, port uint32) []byte {
	return n.append(dst, openflow.PortNo(port))
}

// parse reads a port's decimal number, its reserved name in any case, or its
// name, with or without quotes. Reserved names come before names.
func (n ports) parse(s string) (openflow.PortNo, bool) {
	if s == "" {
		return 0, false
	}
	if s[0] < '0' || s[0] > '9' {
		if port, found := openflow.ParsePortNo(s); found {
			return port, true
		}
		number, found := n.Number(unquoteName(s))
		return openflow.PortNo(number), found
	}
	number, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		number, found := n.Number(s)
		return openflow.PortNo(number), found
	}
	switch port := openflow.PortNo(number); {
	case number < firstPort10Reserved || port.Reserved():
		return port, true
	case number <= 0xffff:
		port = openflow.PortFrom16(uint16(number))
		return port, port.Reserved()
	}
	return 0, false
}

// firstPort10Reserved is OFPP_MAX of OpenFlow 1.0, from which on no port has a
// number that every version can say.
const firstPort10Reserved = 0xff00

func (n ports) append(dst []byte, port openflow.PortNo) []byte {
	if name := port.Name(); name != "" {
		return append(dst, name...)
	}
	if name, found := n.Name(uint32(port)); found {
		return appendName(dst, name)
	}
	return strconv.AppendUint(dst, uint64(port), 10)
}

// appendName writes a name, in quotes unless it is a word that cannot be taken
// for anything else.
func appendName(dst []byte, name string) []byte {
	if isWord(name) {
		return append(dst, name...)
	}
	return appendQuoted(dst, name)
}

// isWord reports whether a name is a letter and then letters and digits.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// unquoteName takes the quotes off a quoted name.
func unquoteName(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	if name, err := strconv.Unquote(s); err == nil {
		return name
	}
	return s
}

// appendQuoted writes s as a JSON string, as ovs-ofctl quotes names.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			dst = append(dst, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		case c < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
