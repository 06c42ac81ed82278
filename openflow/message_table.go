package openflow

import "fmt"

// class is how a message is told from others: by its type, its statistics type,
// or a vendor's number in either.
type class uint8

const (
	classType class = iota
	classNicira
	classONF
	classRequest // statistics (1.0), multipart
	classReply
	classNiciraRequest
	classNiciraReply
	classONFRequest
	classONFReply
)

// multipart reports whether messages of the class have the flags of multipart
// messages.
func (c class) multipart() bool { return c >= classRequest }

// Types of messages that the framing itself knows.
const (
	typeHello        = 0
	typeExperimenter = 4
	typeStats10      = 16 // request; the reply is the next number
	typeStats11      = 18

	statsExperimenter = 0xffff
)

// StatsRequestType is the type of OFPT_STATS_REQUEST, or OFPT_MULTIPART_REQUEST.
func StatsRequestType(v Version) uint8 {
	if v > V10 {
		return typeStats11
	}
	return typeStats10
}

// messageRow is one row of the message table: one wire form of a message.
type messageRow struct {
	kind     Kind
	form     uint8 // which form, where a version has several: what formed.form gives
	name     string
	class    class
	from, to Version
	code     uint32
	size     int // least bytes of body
	extra    int // 0: exactly size; 1: any more; else: a multiple of extra more

	decode decodeFunc
	// encode appends the body; for a list, what stands before the entries, or nil.
	encode encodeFunc
	list   listCodec
}

type (
	decodeFunc func(c context, body []byte) (Message, error)
	encodeFunc func(c context, dst []byte, m Message) ([]byte, error)
)

// listCodec encodes a message whose body is a list that may be split over several
// messages.
type listCodec struct {
	count func(m Message) int
	entry func(c context, dst []byte, m Message, i int) ([]byte, error)
}

// formed is a message that has several wire forms in a version.
type formed interface {
	form(v Version) uint8
}

// Forms of messages.
const (
	formStandard uint8 = iota
	formNicira
	formNicira2 // the newer of two
)

func formOf(nicira bool) uint8 {
	if nicira {
		return formNicira
	}
	return formStandard
}

// rowKey is what distinguishes a wire form from all others.
type rowKey struct {
	v     Version
	class class
	code  uint32
}

// tables are the codec's tables with their indices. The functions of the rows
// reach them through their context, because a row may hold messages and actions
// in its turn.
type tables struct {
	messages []messageRow
	standard [numVersions][64]*messageRow // rows of classType, by version and type
	others   map[rowKey]*messageRow       // all rows
	kinds    [NumKinds][]*messageRow
	actions  actionTables
}

// codec is read-only after start.
var codec = buildTables()

func buildTables() *tables {
	t := &tables{actions: buildActionTables()}
	for _, group := range [][]messageRow{
		sessionMessages(), controllerMessages(), flowMessages(), packetMessages(), portMessages(),
		tableMessages(), groupMessages(), meterMessages(), queueMessages(), bundleMessages(),
		monitorMessages(), statsMessages(), extensionMessages(),
	} {
		t.messages = append(t.messages, group...)
	}
	t.standard = indexStandard(t.messages)
	t.others = indexOthers(t.messages)
	t.kinds = indexKinds(t.messages)
	return t
}

func indexStandard(rows []messageRow) (index [numVersions][64]*messageRow) {
	for i := range rows {
		for v := rows[i].from; v <= rows[i].to && rows[i].class == classType; v++ {
			index[v][rows[i].code] = &rows[i]
		}
	}
	return index
}

func indexOthers(rows []messageRow) map[rowKey]*messageRow {
	index := make(map[rowKey]*messageRow)
	for i := range rows {
		for v := rows[i].from; v <= rows[i].to; v++ {
			index[rowKey{v, rows[i].class, rows[i].code}] = &rows[i]
		}
	}
	return index
}

func indexKinds(rows []messageRow) (index [NumKinds][]*messageRow) {
	for i := range rows {
		index[rows[i].kind] = append(index[rows[i].kind], &rows[i])
	}
	return index
}

// rowFor is the wire form in which m travels in a version: the one it asks for,
// or where the version does not have that, the first one there is.
func (t *tables) rowFor(v Version, m Message) (*messageRow, error) {
	if !v.Valid() {
		return nil, ErrRequestBadVersion
	}
	k := m.Kind()
	var form uint8
	if f, ok := m.(formed); ok {
		form = f.form(v)
	}
	var first *messageRow
	for _, row := range t.kinds[k] {
		if v < row.from || v > row.to {
			continue
		}
		if row.form == form {
			return row, nil
		}
		if first == nil {
			first = row
		}
	}
	if first == nil {
		return nil, unencodable(v, "%s", t.name(k))
	}
	return first, nil
}

// name is the name of the kind's first wire form.
func (t *tables) name(k Kind) string {
	if int(k) >= NumKinds || len(t.kinds[k]) == 0 {
		return fmt.Sprintf("message kind %d", uint8(k))
	}
	return t.kinds[k][0].name
}

// String is the name of the kind's first wire form: "OFPT_FLOW_MOD".
func (k Kind) String() string { return codec.name(k) }

// findRow finds a message's row and body, and sets what h knows from them.
func (t *tables) findRow(h *Header, data []byte) (*messageRow, []byte, error) {
	stats := StatsRequestType(h.Version)
	switch h.Type {
	case typeExperimenter:
		return t.findVendorRow(h.Version, data)
	case stats, stats + 1:
		return t.findStatsRow(h, data, class(h.Type-stats))
	}
	if int(h.Type) < len(t.standard[0]) {
		if row := t.standard[h.Version][h.Type]; row != nil {
			return row, data[HeaderLen:], nil
		}
	}
	return nil, nil, NewError(ErrRequestBadType, "type %d in %s", h.Type, h.Version)
}

func (t *tables) findVendorRow(v Version, data []byte) (*messageRow, []byte, error) {
	r := reader{b: data[HeaderLen:]}
	vendor := r.u32()
	if r.short {
		return nil, nil, NewError(ErrRequestBadLen, "experimenter message without a vendor")
	}
	classes := map[uint32]class{VendorNicira: classNicira, VendorONF: classONF}
	cl, known := classes[vendor]
	if !known {
		return nil, nil, NewError(ErrRequestBadVendor, "vendor %#x", vendor)
	}
	code := r.u32()
	if r.short {
		return nil, nil, NewError(ErrRequestBadLen, "experimenter message without a type")
	}
	row := t.others[rowKey{v, cl, code}]
	if row == nil {
		return nil, nil, NewError(ErrRequestBadSubtype, "vendor %#x message %d in %s", vendor, code, v)
	}
	return row, r.b, nil
}

// findStatsRow finds a statistics message; reply is 0 for a request, 1 for a
// reply, because the classes of replies follow those of requests.
func (t *tables) findStatsRow(h *Header, data []byte, reply class) (*messageRow, []byte, error) {
	r := reader{b: data[HeaderLen:]}
	typ, flags := r.u16(), r.u16()
	if h.Version > V10 {
		r.u32()
	}
	cl, code := classRequest, uint32(typ)
	if typ == statsExperimenter {
		switch vendor := r.u32(); {
		case r.short:
		case vendor == VendorNicira:
			cl = classNiciraRequest
		case vendor == VendorONF:
			cl = classONFRequest
		default:
			return nil, nil, NewError(ErrRequestBadVendor, "statistics of vendor %#x", vendor)
		}
		code = r.u32()
		if h.Version == V10 {
			r.u32()
		}
	}
	if r.short {
		return nil, nil, NewError(ErrRequestBadLen, "statistics message of %d bytes", len(data))
	}
	h.More = flags&1 != 0
	row := t.others[rowKey{h.Version, cl + reply, code}]
	switch {
	case row != nil:
		return row, r.b, nil
	case typ == statsExperimenter:
		return nil, nil, NewError(ErrRequestBadSubtype, "vendor statistics %d in %s", code, h.Version)
	}
	return nil, nil, NewError(ErrRequestBadStat, "statistics type %d in %s", code, h.Version)
}

// appendHead appends all that stands before the body. The length is written by
// finish.
func (row *messageRow) appendHead(dst []byte, v Version, xid uint32) []byte {
	typ := uint8(row.code)
	switch row.class {
	case classNicira, classONF:
		typ = typeExperimenter
	case classRequest, classNiciraRequest, classONFRequest:
		typ = typeStats11
	case classReply, classNiciraReply, classONFReply:
		typ = typeStats11 + 1
	}
	if row.class.multipart() && v == V10 {
		typ -= typeStats11 - typeStats10
	}
	dst = append(dst, byte(v), typ, 0, 0)
	dst = be.AppendUint32(dst, xid)
	vendor := uint32(VendorNicira)
	switch row.class {
	case classType:
		return dst
	case classONF, classONFRequest, classONFReply:
		vendor = VendorONF
	}
	if !row.class.multipart() {
		dst = be.AppendUint32(dst, vendor)
		return be.AppendUint32(dst, row.code)
	}
	code := uint16(row.code)
	if row.class >= classNiciraRequest {
		code = statsExperimenter
	}
	dst = be.AppendUint16(dst, code)
	dst = zeros(dst, 2)
	if v > V10 {
		dst = zeros(dst, 4)
	}
	if code == statsExperimenter {
		dst = be.AppendUint32(dst, vendor)
		dst = be.AppendUint32(dst, row.code)
		if v == V10 {
			dst = zeros(dst, 4)
		}
	}
	return dst
}

// to makes a decodeFunc of a function that fills a struct.
func to[T any, P interface {
	*T
	Message
}](f func(c context, b []byte, m P) error) decodeFunc {
	return func(c context, b []byte) (Message, error) {
		m := P(new(T))
		if err := f(c, b, m); err != nil {
			return nil, err
		}
		return m, nil
	}
}

// from makes an encodeFunc of a function that takes a struct. rowFor has seen to
// it that the message is a P.
func from[T any, P interface {
	*T
	Message
}](f func(c context, dst []byte, m P) ([]byte, error)) encodeFunc {
	return func(c context, dst []byte, m Message) ([]byte, error) { return f(c, dst, m.(P)) }
}

// listOf makes a listCodec of a message's list and a function that appends one
// entry of it.
func listOf[E, T any, P interface {
	*T
	Message
}](entries func(m P) []E, f func(c context, dst []byte, m P, e *E) ([]byte, error)) listCodec {
	return listCodec{
		count: func(m Message) int { return len(entries(m.(P))) },
		entry: func(c context, dst []byte, m Message, i int) ([]byte, error) {
			return f(c, dst, m.(P), &entries(m.(P))[i])
		},
	}
}

// toEmpty and fromEmpty are for messages without a body.
func toEmpty[T any, P interface {
	*T
	Message
}](context, []byte) (Message, error) {
	return P(new(T)), nil
}

func fromEmpty(_ context, dst []byte, _ Message) ([]byte, error) { return dst, nil }
