package text

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"vswitch/openflow"
)

// printer appends to dst. Its methods return it, so that a line of output is a
// line of code.
type printer struct {
	dst []byte
	o   PrintOptions
	// actions are the functions that write actions, by kind; they reach one
	// another through here because they are part of the table themselves.
	actions *[numActionKinds]func(w *printer, a openflow.Action)
	// messages are the rows of kinds of messages, for messages in messages.
	messages *[numKinds]messageRow
	depth    int // of messages in messages
}

const numActionKinds = int(openflow.ActGotoTable) + 1

func newPrinter(dst []byte, o PrintOptions) *printer {
	return &printer{dst: dst, o: o, actions: &actionPrinters, messages: &messagePrinters}
}

func (w *printer) str(s string) *printer {
	w.dst = append(w.dst, s...)
	return w
}

func (w *printer) byte(c byte) *printer {
	w.dst = append(w.dst, c)
	return w
}

func (w *printer) uint(n uint64) *printer {
	w.dst = strconv.AppendUint(w.dst, n, 10)
	return w
}

func (w *printer) int(n int64) *printer {
	w.dst = strconv.AppendInt(w.dst, n, 10)
	return w
}

// hex writes 0x and digits.
func (w *printer) hex(n uint64) *printer {
	w.dst = strconv.AppendUint(append(w.dst, "0x"...), n, 16)
	return w
}

// hexSharp is hex, but a bare 0 for zero, as C's %#x has it.
func (w *printer) hexSharp(n uint64) *printer {
	if n == 0 {
		return w.byte('0')
	}
	return w.hex(n)
}

// digits writes a hexadecimal number of at least so many digits, without 0x.
func (w *printer) digits(n uint64, least int) *printer {
	for i := least - 1; i > 0 && n>>(4*i) == 0; i-- {
		w.byte('0')
	}
	w.dst = strconv.AppendUint(w.dst, n, 16)
	return w
}

// hexWidth writes 0x and at least so many digits.
func (w *printer) hexWidth(n uint64, least int) *printer {
	return w.str("0x").digits(n, least)
}

// padded writes a decimal number in a field of width, right-aligned.
func (w *printer) padded(n uint64, width int) *printer {
	s := strconv.FormatUint(n, 10)
	for i := len(s); i < width; i++ {
		w.byte(' ')
	}
	return w.str(s)
}

// bytesHex writes bytes as pairs of digits with a separator between.
func (w *printer) bytesHex(b []byte, separator string) *printer {
	for i, c := range b {
		if i > 0 {
			w.str(separator)
		}
		w.digits(uint64(c), 2)
	}
	return w
}

func (w *printer) port(p openflow.PortNo) *printer {
	w.dst = ports{w.o.Ports}.append(w.dst, p)
	return w
}

// table writes a table's name or number.
func (w *printer) table(t uint8) *printer {
	if name, found := w.o.Tables.Name(uint32(t)); found {
		w.dst = appendName(w.dst, name)
		return w
	}
	return w.uint(uint64(t))
}

// duration writes seconds: without decimals, with three, or with as many as it
// takes.
func (w *printer) duration(d time.Duration) *printer {
	w.uint(uint64(d / time.Second))
	switch nsec := uint64(d % time.Second); {
	case nsec == 0:
	case nsec%1e6 == 0:
		w.byte('.').zeroed(nsec/1e6, 3)
	default:
		w.byte('.').zeroed(nsec, 9)
		for w.last() == '0' {
			w.chomp('0')
		}
	}
	return w.byte('s')
}

// zeroed writes a decimal number with leading zeros.
func (w *printer) zeroed(n uint64, width int) *printer {
	s := strconv.FormatUint(n, 10)
	for i := len(s); i < width; i++ {
		w.byte('0')
	}
	return w.str(s)
}

// chomp takes a last byte away if it is c.
func (w *printer) chomp(c byte) *printer {
	if n := len(w.dst); n > 0 && w.dst[n-1] == c {
		w.dst = w.dst[:n-1]
	}
	return w
}

// last is the last byte written.
func (w *printer) last() byte {
	if len(w.dst) == 0 {
		return 0
	}
	return w.dst[len(w.dst)-1]
}

// bits writes the names of bits, the lowest first, the rest as a number; "0"
// without any.
func (w *printer) bits(n uint64, names []string, separator string) *printer {
	if n == 0 {
		return w.byte('0')
	}
	first := true
	between := func() {
		if !first {
			w.str(separator)
		}
		first = false
	}
	for i, name := range names {
		if name != "" && n>>i&1 != 0 {
			between()
			w.str(name)
			n &^= 1 << i
		}
	}
	if n != 0 {
		between()
		w.hex(n)
	}
	return w
}

func hexText(n uint64) string { return strconv.FormatUint(n, 16) }

// names writes a list of names. Neighbours that begin alike up to an underscore
// share that beginning, "tcp_{src,dst}", and names that count up are written as
// "reg0...reg15".
func (w *printer) names(list []string, separator string) *printer {
	for i := 0; i < len(list); {
		if i > 0 {
			w.str(separator)
		}
		if n := countUp(list[i:]); n >= minCountUp {
			w.str(list[i]).str("...").str(list[i+n-1])
			i += n
			continue
		}
		prefix, n := sharedPrefix(list[i:])
		if n < 2 {
			w.str(list[i])
			i++
			continue
		}
		rests := make([]string, n)
		for j := range rests {
			rests[j] = list[i+j][len(prefix):]
		}
		w.str(prefix).byte('{').names(rests, ",").byte('}')
		i += n
	}
	return w
}

// minCountUp is the least number of names that are abbreviated as a sequence.
const minCountUp = 2

// countUp is how many names, from the first on, are the same but for a number at
// their ends that goes up by one.
func countUp(list []string) int {
	stem := strings.TrimRight(list[0], "0123456789")
	first, err := strconv.Atoi(list[0][len(stem):])
	if err != nil || stem == "" {
		return 1
	}
	n := 1
	for n < len(list) && list[n] == stem+strconv.Itoa(first+n) {
		n++
	}
	return n
}

// sharedPrefix is what the first name has up to its first underscore, and how
// many names have the same.
func sharedPrefix(list []string) (prefix string, n int) {
	end := strings.IndexByte(list[0], '_') + 1
	if end == 0 {
		return "", 1
	}
	prefix = list[0][:end]
	for n < len(list) && strings.HasPrefix(list[n], prefix) {
		n++
	}
	return prefix, n
}

// AppendMessage appends a message to dst as `ovs-ofctl ofp-print` writes it: a
// line with the message's name, version and transaction id, and what it says. It
// ends with an end of line.
func AppendMessage(dst []byte, h openflow.Header, m openflow.Message, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.message(&h, m)
	return w.dst
}

// AppendWire appends the message that is one message's bytes: what AppendMessage
// writes where the bytes decode, the error and the bytes in hexadecimal where
// they do not.
func AppendWire(dst, message []byte, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.wire(message)
	return w.dst
}

func (w *printer) wire(b []byte) {
	if len(b) == 0 {
		w.str("OpenFlow message is empty\n")
		return
	}
	if len(b) < openflow.HeaderLen {
		w.str("OpenFlow packet too short (only ").uint(uint64(len(b))).str(" bytes):\n").hexDump(b, true)
		return
	}
	h := openflow.PeekHeader(b)
	switch {
	case int(h.Length) > len(b):
		if name := openflow.NameOfPart(b); name != "" {
			h.Name = name
			w.header(&h).byte('\n')
		}
		w.str("(***truncated to ").uint(uint64(len(b))).str(" bytes from ").uint(uint64(h.Length)).str("***)\n").hexDump(b, true)
		return
	case int(h.Length) < len(b):
		w.str("(***only uses ").uint(uint64(h.Length)).str(" bytes out of ").uint(uint64(len(b))).str("***)\n").hexDump(b, true)
		return
	}
	h, m, err := openflow.Decode(b)
	if err == nil {
		w.message(&h, m)
		return
	}
	if h.Name != "" {
		w.header(&h).byte(' ')
	}
	code := openflow.ErrUnknown
	errors.As(err, &code)
	w.str("***decode error: ").str(code.String()).str("***\n").hexDump(b, true)
}

// header writes a message's name, version and transaction id.
func (w *printer) header(h *openflow.Header) *printer {
	w.str(h.Name)
	if h.Version != openflow.V10 {
		w.str(" (OF")
		if h.Version.Valid() {
			w.str(h.Version.Short())
		} else {
			w.str(" ").hexWidth(uint64(h.Version), 2)
		}
		w.byte(')')
	}
	return w.str(" (xid=").hex(uint64(h.XID)).str("):")
}

// message prints what was decoded, or what the caller made: its header need not
// carry a name.
func (w *printer) message(h *openflow.Header, m openflow.Message) {
	if h.Name == "" {
		named := *h
		named.Name = m.Kind().String()
		h = &named
	}
	w.header(h)
	if row := &w.messages[m.Kind()]; row.print != nil {
		if row.flags && h.More {
			w.str(" flags=[more]")
		}
		row.print(w, h, m)
	}
	if w.last() != '\n' {
		w.byte('\n')
	}
}

// messageRow says how one kind of message is written.
type messageRow struct {
	kind openflow.Kind
	// flags: what multipart messages say of being incomplete is written.
	flags bool
	print func(w *printer, h *openflow.Header, m openflow.Message)
}

// prints makes a messageRow of a function for one type of message.
func prints[T any, P interface {
	*T
	openflow.Message
}](f func(w *printer, h *openflow.Header, m *T)) messageRow {
	return messageRow{P(new(T)).Kind(), P(new(T)).Kind().Multipart(), func(w *printer, h *openflow.Header, m openflow.Message) { f(w, h, m.(P)) }}
}

// bare is the messageRow of a message that is its header alone.
func bare(k openflow.Kind) messageRow {
	return messageRow{k, k.Multipart(), func(*printer, *openflow.Header, openflow.Message) {}}
}

// numKinds is more than any kind's number.
const numKinds = 256

// messagePrinters has the row of each kind. It is read-only after start.
var messagePrinters = indexMessages()

func indexMessages() (index [numKinds]messageRow) {
	for _, group := range [][]messageRow{
		sessionMessages(), flowMessages(), packetMessages(), portMessages(), queueMessages(), tableMessages(),
		groupMessages(), meterMessages(), bundleMessages(), monitorMessages(), extensionMessages(),
	} {
		for _, row := range group {
			index[row.kind] = row
		}
	}
	return index
}

// hexDump writes bytes with offsets, sixteen a line; text shows them as
// characters too.
func (w *printer) hexDump(b []byte, text bool) *printer {
	const perLine = 16
	for at := 0; at < len(b); at += perLine {
		line := b[at:min(len(b), at+perLine)]
		w.digits(uint64(at), 8).str("  ")
		for i := range perLine {
			switch {
			case i >= len(line) && !text:
			case i >= len(line):
				w.str("   ")
			case i == perLine/2-1 && (text || i < len(line)-1):
				w.digits(uint64(line[i]), 2).byte('-')
			case text || i < len(line)-1:
				w.digits(uint64(line[i]), 2).byte(' ')
			default:
				w.digits(uint64(line[i]), 2)
			}
		}
		if text {
			w.byte('|').printable(line, '.')
			for range perLine - len(line) {
				w.byte(' ')
			}
			w.byte('|')
		}
		w.byte('\n')
	}
	return w
}

// printable writes bytes, those that are no characters replaced.
func (w *printer) printable(b []byte, replacement byte) *printer {
	for _, c := range b {
		if c < ' ' || c > '~' {
			c = replacement
		}
		w.byte(c)
	}
	return w
}
