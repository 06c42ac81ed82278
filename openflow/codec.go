package openflow

import "fmt"

// Dialect is what the two ends of a connection agreed on beyond the version.
// The zero value is how ovs-ofctl's ofp-print reads messages without having
// seen the connection.
type Dialect struct {
	// NoTableID: the high byte of a flow-mod's command is not a table (OpenFlow
	// 1.0 and the Nicira form, until NXT_FLOW_MOD_TABLE_ID turns it on). Flow-mods
	// then read as TableAll, and one whose high byte is not 0 is a bad command.
	NoTableID bool
}

// plainDialect is what the functions of the package speak. Read-only.
var plainDialect = new(Dialect)

// context is what the functions of the codec need to know beside their message.
type context struct {
	v       Version
	depth   uint8      // nesting of action lists
	within  ActionKind // whose list it is, where they nest
	inner   bool       // the message is carried by another one
	xid     uint32     // of the message, or the one that carries it
	tells   bool       // encoding: the message tells of flows, and leaves out what the version cannot say
	tagged  bool       // encoding actions: the packet has a tag at this point
	ipProto uint8      // encoding actions: the flow's protocol, 0 where it fixes none
	dialect *Dialect
	flowMod *[1]FlowMod // decoding: where to put a flow-mod; nil: in memory of its own
	t       *tables
}

// PeekLength is the length in bytes of the message that begins with data, 0
// while there are too few bytes to know. An error is a stream that cannot be
// read on.
func PeekLength(data []byte) (int, error) {
	if len(data) < 4 {
		return 0, nil
	}
	n := int(be.Uint16(data[2:]))
	if n < HeaderLen {
		return 0, NewError(ErrRequestBadLen, "message of %d bytes: the header alone has %d", n, HeaderLen)
	}
	return n, nil
}

// Next cuts the first whole message off a byte stream. It is nil while the
// stream holds only a part.
func Next(stream []byte) (message, rest []byte, err error) {
	n, err := PeekLength(stream)
	if err != nil || n == 0 || n > len(stream) {
		return nil, stream, err
	}
	return stream[:n:n], stream[n:], nil
}

// PeekHeader reads the header of the message that begins with data, which has at
// least HeaderLen bytes.
func PeekHeader(data []byte) Header {
	_ = data[HeaderLen-1]
	return Header{Version: Version(data[0]), Type: data[1], Length: be.Uint16(data[2:]), XID: be.Uint32(data[4:])}
}

// NameOfPart is the name (see Header) of the message that b begins with or is the
// beginning of, "" where too little of it is there to know.
func NameOfPart(b []byte) string {
	if len(b) < HeaderLen || !Version(b[0]).Valid() {
		return ""
	}
	h := PeekHeader(b)
	row, _, err := codec.findRow(&h, b)
	if err != nil {
		return ""
	}
	return row.name
}

// Decode reads one whole message without knowing its connection.
func Decode(data []byte) (Header, Message, error) { return plainDialect.Decode(data) }

// Decode reads one whole message. The header is as good as data allows even
// where there is an error; the error is an *Error ready for AppendError, its
// Data included. An experimenter message of an unknown vendor is returned as
// *Experimenter together with its error.
func (d *Dialect) Decode(data []byte) (Header, Message, error) {
	return decodeWhole(context{dialect: d, t: codec}, data)
}

// Decoder decodes the messages of a connection that carries many flow-mods, which
// are large. They all have the same memory: one is valid until the next message
// is decoded, but for its Actions, which stay, and which nobody may change because
// flow-mods share them. Other messages stay too, those in bundles among them.
type Decoder struct {
	Dialect
	flowMod [1]FlowMod // an array, because clear is quicker than an assignment
}

// Decode is Dialect.Decode, and reuses the memory of flow-mods.
func (d *Decoder) Decode(data []byte) (Header, Message, error) {
	return decodeWhole(context{dialect: &d.Dialect, t: codec, flowMod: &d.flowMod}, data)
}

// decodeWhole decodes a message and makes errors complete.
func decodeWhole(c context, data []byte) (Header, Message, error) {
	h, m, err := c.t.decode(c, data)
	if err != nil {
		e := *AsError(err)
		if e.Data == nil {
			e.Data = clone(data[:min(len(data), errorDataLen)])
		}
		return h, m, &e
	}
	return h, m, nil
}

// decode reads one whole message. c's version is set from the message.
func (t *tables) decode(c context, data []byte) (Header, Message, error) {
	if len(data) < HeaderLen {
		return Header{}, nil, NewError(ErrRequestBadLen, "message of %d bytes: the header alone has %d", len(data), HeaderLen)
	}
	h := PeekHeader(data)
	if int(h.Length) != len(data) {
		return h, nil, NewError(ErrRequestBadLen, "header says %d bytes, message has %d", h.Length, len(data))
	}
	c.v = h.Version
	if !c.inner {
		c.xid = h.XID
	}
	if h.Type == typeHello {
		// A hello is read whatever its version: it is how versions are agreed on.
		m := new(Hello)
		h.Name = "OFPT_HELLO"
		return h, m, decodeHello(c, data[HeaderLen:], m)
	}
	if !h.Version.Valid() {
		return h, nil, NewError(ErrRequestBadVersion, "version %#x", uint8(h.Version))
	}
	row, body, err := t.findRow(&h, data)
	if err != nil {
		m, _ := unknownExperimenter(h, data)
		return h, m, err
	}
	if n := len(body) - row.size; n < 0 || row.extra == 0 && n != 0 || row.extra > 1 && n%row.extra != 0 {
		return h, nil, NewError(ErrRequestBadLen, "%s with a body of %d bytes", row.name, len(body))
	}
	h.Name = row.name
	m, err := row.decode(c, body)
	if err != nil {
		return h, nil, err
	}
	return h, m, nil
}

// unknownExperimenter is the message of a vendor that this package does not
// know; nil for anything else.
func unknownExperimenter(h Header, data []byte) (Message, bool) {
	if h.Type != typeExperimenter || len(data) < HeaderLen+4 {
		return nil, false
	}
	m := &Experimenter{Vendor: be.Uint32(data[HeaderLen:])}
	if m.Vendor == VendorNicira || m.Vendor == VendorONF {
		return nil, false
	}
	b := data[HeaderLen+4:]
	if h.Version > V10 && len(b) >= 4 {
		m.ExpType, b = be.Uint32(b), b[4:]
	}
	m.Data = clone(b)
	return m, true
}

// UnencodableError is the refusal to encode something that a version cannot
// carry.
type UnencodableError struct {
	Version Version
	What    string // "table-features request", "action ct", "field reg0 with a mask"
}

func (e *UnencodableError) Error() string {
	return fmt.Sprintf("%s cannot carry %s", e.Version, e.What)
}

func unencodable(v Version, format string, args ...any) error {
	return &UnencodableError{v, fmt.Sprintf(format, args...)}
}

// Append appends m as one message, or where m is a list that takes more than
// 64 KiB as several with the "more" flag. dst is returned unchanged with an
// error where the version has no such message or cannot carry its contents.
func Append(dst []byte, v Version, xid uint32, m Message) ([]byte, error) {
	return plainDialect.Append(dst, v, xid, m)
}

// Append is the function of that name in the dialect.
func (d *Dialect) Append(dst []byte, v Version, xid uint32, m Message) ([]byte, error) {
	return d.AppendPart(dst, v, xid, m, false)
}

// AppendPart is Append for a part of a multipart message: with more, further
// parts follow.
func (d *Dialect) AppendPart(dst []byte, v Version, xid uint32, m Message, more bool) ([]byte, error) {
	return codec.appendMessage(context{v: v, dialect: d, t: codec}, dst, xid, m, more)
}

// appendMessage appends m in c's version.
func (t *tables) appendMessage(c context, dst []byte, xid uint32, m Message, more bool) ([]byte, error) {
	row, err := t.rowFor(c.v, m)
	if err != nil {
		return dst, err
	}
	c.xid, c.tells = xid, row.tells()
	start := len(dst)
	out := row.appendHead(dst, c.v, xid)
	if row.list.count == nil {
		if out, err = row.encode(c, out, m); err == nil {
			err = row.finish(out, start, more)
		}
	} else {
		out, err = row.appendList(c, out, start, m, more)
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

// tells reports whether messages of the row tell of flows and groups that
// others made, maybe in another version. What this one cannot say of them is left out,
// because to say nothing at all would be worse.
func (row *messageRow) tells() bool {
	switch row.kind {
	case KindFlowStatsReply, KindFlowRemoved, KindFlowMonitorReply, KindGroupDescReply, KindPacketIn, KindRequestForward:
		return true
	}
	return false
}

// finish writes the message's length and, in a multipart message, its flags.
func (row *messageRow) finish(msg []byte, start int, more bool) error {
	n := len(msg) - start
	if n > MaxLen {
		return fmt.Errorf("%s: %d bytes: a message has at most %d", row.name, n, MaxLen)
	}
	be.PutUint16(msg[start+2:], uint16(n))
	if more && row.class.multipart() {
		be.PutUint16(msg[start+10:], 1) // OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE
	}
	return nil
}

// appendList appends the entries of a list behind the head at start, going on in
// a new message where one is full. An entry that no message has room for is left out
// of what tells of flows and groups: the others must be seen all the same.
func (row *messageRow) appendList(c context, out []byte, start int, m Message, more bool) ([]byte, error) {
	head := len(out) - start
	var err error
	if row.encode != nil {
		if out, err = row.encode(c, out, m); err != nil {
			return out, err
		}
		head = len(out) - start
	}
	for i, n := 0, row.list.count(m); i < n; i++ {
		mark := len(out)
		if out, err = row.list.entry(c, out, m, i); err != nil {
			return out, err
		}
		if head+len(out)-mark > MaxLen && c.tells {
			out = out[:mark]
			continue
		}
		if len(out)-start <= MaxLen || mark-start == head {
			continue
		}
		if err = row.finish(out[:mark], start, true); err != nil {
			return out, err
		}
		entry := append([]byte(nil), out[mark:]...)
		out = append(out[:mark], out[start:start+head]...)
		start = mark
		be.PutUint16(out[start+10:], 0)
		out = append(out, entry...)
	}
	return out, row.finish(out, start, more)
}
