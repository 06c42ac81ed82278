package text

import (
	"errors"

	"vswitch/openflow"
)

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
		if name := nameOfPart(b); name != "" {
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

// nameOfPart is the name of the message that b is the beginning of, "" where too
// little is there to know.
func nameOfPart(b []byte) string {
	whole := append([]byte(nil), b...)
	whole[2], whole[3] = byte(len(b)>>8), byte(len(b))
	h, _, _ := openflow.Decode(whole)
	return h.Name
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

func (w *printer) message(h *openflow.Header, m openflow.Message) {
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
			case i >= len(line):
				w.str("   ")
			case i == perLine/2-1:
				w.digits(uint64(line[i]), 2).byte('-')
			default:
				w.digits(uint64(line[i]), 2).byte(' ')
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

// bundleMessages are the rows of messages about bundles.
func bundleMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleControl) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" type=").nameOr(bundleTypes[:], int(m.Type), "")
			w.str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ")
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleAdd) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ").byte('\n')
			if m.Message == nil || w.depth >= maxMessageDepth {
				return
			}
			h := m.Header
			h.XID = m.XID
			w.depth++
			w.message(&h, m.Message)
			w.depth--
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesRequest) {
			w.str(" flags=").hex(uint64(m.Flags))
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesReply) {
			w.str(" capabilities=").hex(uint64(m.Capabilities))
		}),
	}
}

var (
	bundleFlags = [...]string{"atomic", "ordered"}
	bundleTypes = [...]string{
		openflow.BundleOpenRequest:    "OPEN_REQUEST",
		openflow.BundleOpenReply:      "OPEN_REPLY",
		openflow.BundleCloseRequest:   "CLOSE_REQUEST",
		openflow.BundleCloseReply:     "CLOSE_REPLY",
		openflow.BundleCommitRequest:  "COMMIT_REQUEST",
		openflow.BundleCommitReply:    "COMMIT_REPLY",
		openflow.BundleDiscardRequest: "DISCARD_REQUEST",
		openflow.BundleDiscardReply:   "DISCARD_REPLY",
	}
)
