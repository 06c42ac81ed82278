package openflow

import "fmt"

// MaxActionDepth bounds how deeply lists of actions may nest.
const MaxActionDepth = 16

// actionRow is one row of the action table: one wire form of an action.
type actionRow struct {
	kind     ActionKind
	form     uint8  // which form, where a version has several: what formOfAction gives
	vendor   uint32 // 0: standard
	from, to Version
	code     uint16
	size     int  // of the whole action in bytes, or its least where it is variable
	variable bool // a multiple of 8 bytes
	obsolete bool // the version understands it, and has set_field instead

	decode actionDecoder
	encode actionEncoder
}

type (
	// actionDecoder reads the body behind the header; a fixed action's body is
	// as long as size says, a variable one's at least.
	actionDecoder func(c context, b []byte) (Action, error)
	// actionEncoder appends the body; padding to 8 bytes is its caller's affair.
	actionEncoder func(c context, dst []byte, a Action) ([]byte, error)
)

// Sizes of action headers.
const (
	actionHeadSize   = 4
	nxActionHeadSize = 10
	actionMaxSize    = 65528
)

// actionTables are the action table with its indices.
type actionTables struct {
	rows     []actionRow
	standard [numVersions][32]*actionRow
	nicira   [numVersions][256]*actionRow
	onf      map[rowKey]*actionRow
	kinds    [numVersions][numActionKinds][]*actionRow // to write
}

func buildActionTables() (t actionTables) {
	for _, group := range [][]actionRow{
		outputActions(), headerActions(), fieldActions(), setActions(), pipelineActions(),
		conntrackActions(), programActions(),
	} {
		t.rows = append(t.rows, group...)
	}
	t.onf = make(map[rowKey]*actionRow)
	for i := range t.rows {
		row := &t.rows[i]
		for v := row.from; v <= row.to; v++ {
			switch row.vendor {
			case 0:
				t.standard[v][row.code] = row
			case VendorNicira:
				t.nicira[v][row.code] = row
			default:
				t.onf[rowKey{v: v, code: uint32(row.code)}] = row
			}
			if !row.obsolete || row.kind == ActSetTPSrc || row.kind == ActSetTPDst {
				// What to set for a transport port depends on a protocol that may
				// be unknown.
				t.kinds[v][row.kind] = append(t.kinds[v][row.kind], row)
			}
		}
	}
	return t
}

// find is the row for the action at the front of b, whose header is whole.
func (t *actionTables) find(v Version, b []byte) (row *actionRow, body []byte, err error) {
	code := be.Uint16(b)
	if code != 0xffff {
		if int(code) < len(t.standard[v]) {
			row = t.standard[v][code]
		}
		if row == nil {
			return nil, nil, NewError(ErrActionBadType, "type %d in %s", code, v)
		}
		return row, b[actionHeadSize:], nil
	}
	vendor := be.Uint32(b[4:])
	if vendor != VendorNicira && vendor != VendorONF {
		return nil, nil, NewError(ErrActionBadVendor, "vendor %#x", vendor)
	}
	if len(b) < nxActionHeadSize+6 {
		return nil, nil, NewError(ErrActionBadLen, "experimenter action of %d bytes", len(b))
	}
	subtype := be.Uint16(b[8:])
	switch vendor {
	case VendorNicira:
		if int(subtype) < len(t.nicira[v]) {
			row = t.nicira[v][subtype]
		}
	case VendorONF:
		row = t.onf[rowKey{v: v, code: uint32(subtype)}]
	}
	if row == nil {
		return nil, nil, NewError(ErrActionBadVendorType, "vendor %#x action %d in %s", vendor, subtype, v)
	}
	return row, b[nxActionHeadSize:], nil
}

// decodeActions appends the actions in b to list. It checks each by itself; what
// depends on others and on the match is CheckActions' affair.
func decodeActions(c context, b []byte, list []Action) ([]Action, error) {
	if c.depth++; c.depth > MaxActionDepth {
		return list, NewError(ErrActionBadArgument, "actions nest deeper than %d", MaxActionDepth)
	}
	for len(b) > 0 {
		if len(b) < actionHeadSize {
			return list, NewError(ErrActionBadLen, "%d bytes left", len(b))
		}
		n := int(be.Uint16(b[2:]))
		if n < 8 || n%8 != 0 || n > len(b) {
			return list, NewError(ErrActionBadLen, "action of %d bytes in %d", n, len(b))
		}
		row, body, err := c.t.actions.find(c.v, b[:n:n])
		if err != nil {
			return list, err
		}
		if n < row.size || !row.variable && n != row.size {
			return list, NewError(ErrActionBadLen, "%s of %d bytes", row.kind, n)
		}
		if err := c.allows(row.kind); err != nil {
			return list, err
		}
		a, err := row.decode(c, body)
		if err != nil {
			return list, err
		}
		list = append(list, a)
		b = b[n:]
	}
	return list, nil
}

// allows refuses actions where they cannot stand: nat outside ct, a meter inside
// another action.
func (c context) allows(k ActionKind) error {
	if k == ActNAT && c.within != ActCT || k == ActMeter && c.depth > 1 {
		return NewError(ErrActionBadArgument, "%s stands where it cannot", k)
	}
	return nil
}

// inside is c for the list in an action.
func (c context) inside(k ActionKind) context {
	c.within = k
	return c
}

// appendActions appends actions in the order of the list.
func appendActions(c context, dst []byte, list []Action) ([]byte, error) {
	if c.depth++; c.depth > MaxActionDepth {
		return dst, fmt.Errorf("actions nest deeper than %d", MaxActionDepth)
	}
	var err error
	for _, a := range list {
		if dst, err = appendAction(&c, dst, a); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendAction appends one action, in the form that the version has for it, and
// tells c of what it does to tags.
func appendAction(c *context, dst []byte, a Action) ([]byte, error) {
	if lowered := lower(*c, a); lowered != nil {
		var err error
		for _, a := range lowered {
			if dst, err = appendAction(c, dst, a); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	row := c.t.actions.rowFor(c.v, a)
	switch {
	case row == nil && c.tells:
		return dst, nil
	case row == nil:
		return dst, unencodable(c.v, "the action %s", a.ActionKind())
	}
	start := len(dst)
	dst = row.appendHead(dst)
	dst, err := row.encode(*c, dst, a)
	if err != nil {
		if c.tells {
			return dst[:start], nil
		}
		return dst, err
	}
	if len(dst)-start < row.size {
		dst = zeros(dst, row.size-(len(dst)-start))
	}
	dst = pad8(dst, start)
	if len(dst)-start > actionMaxSize {
		return dst, unencodable(c.v, "%d bytes of %s", len(dst)-start, a.ActionKind())
	}
	setLen16(dst, start+2, start)
	c.follow(a)
	return dst, nil
}

func (row *actionRow) appendHead(dst []byte) []byte {
	if row.vendor == 0 {
		return append(be.AppendUint16(dst, row.code), 0, 0)
	}
	dst = append(dst, 0xff, 0xff, 0, 0)
	dst = be.AppendUint32(dst, row.vendor)
	return be.AppendUint16(dst, row.code)
}

// rowFor is the form in which to write an action: the one that it asks for, or
// the first one that the version has.
func (t *actionTables) rowFor(v Version, a Action) *actionRow {
	rows := t.kinds[v][a.ActionKind()]
	if len(rows) == 0 {
		return nil
	}
	if len(rows) > 1 {
		form := formOfAction(a)
		for _, row := range rows {
			if row.form == form {
				return row
			}
		}
	}
	return rows[0]
}

// fromBits is the set of the standard actions whose types have a bit.
func (t *actionTables) fromBits(v Version, bits uint32) (set ActionSet) {
	for code, row := range t.standard[v] {
		if row != nil && bits>>code&1 != 0 {
			set.Add(row.kind)
		}
	}
	return set
}

// toBits are the bits of a set's standard actions.
func (t *actionTables) toBits(v Version, set ActionSet) (bits uint32) {
	for code, row := range t.standard[v] {
		if row != nil && !row.obsolete && set.Has(row.kind) {
			bits |= 1 << code
		}
	}
	return bits
}

// follow keeps what later actions' forms depend on: whether there is a tag.
func (c *context) follow(a Action) {
	switch a.(type) {
	case PushVLAN, SetVLANVID, SetVLANPCP:
		c.tagged = true
	case PopVLAN:
		c.tagged = false
	}
}

// with makes an actionEncoder of a function over a struct.
func with[T Action](f func(c context, dst []byte, a T) ([]byte, error)) actionEncoder {
	return func(c context, dst []byte, a Action) ([]byte, error) { return f(c, dst, a.(T)) }
}

// plain is with, for what neither fails nor depends on the version.
func plain[T Action](f func(dst []byte, a T) []byte) actionEncoder {
	return func(_ context, dst []byte, a Action) ([]byte, error) { return f(dst, a.(T)), nil }
}

// constant is the codec of an action without arguments.
func constant(a Action) actionDecoder {
	return func(context, []byte) (Action, error) { return a, nil }
}

func noBody(_ context, dst []byte, _ Action) ([]byte, error) { return dst, nil }

// Arguments of one number, at the place where all actions have it: right behind
// the header, aligned to its size.
func arg8(f func(n uint8) (Action, error)) actionDecoder {
	return func(_ context, b []byte) (Action, error) { return f(b[0]) }
}

func arg16(f func(n uint16) (Action, error)) actionDecoder {
	return func(_ context, b []byte) (Action, error) { return f(be.Uint16(b)) }
}

// arg32 is for standard and extension actions: the latter have two bytes of
// padding before.
func arg32(at int, f func(n uint32) (Action, error)) actionDecoder {
	return func(_ context, b []byte) (Action, error) { return f(be.Uint32(b[at:])) }
}

func put8[T Action](f func(a T) uint8) actionEncoder {
	return plain(func(dst []byte, a T) []byte { return append(dst, f(a)) })
}

func put16[T Action](f func(a T) uint16) actionEncoder {
	return plain(func(dst []byte, a T) []byte { return be.AppendUint16(dst, f(a)) })
}

func put32[T Action](at int, f func(a T) uint32) actionEncoder {
	return plain(func(dst []byte, a T) []byte { return be.AppendUint32(zeros(dst, at), f(a)) })
}

// Offsets of 32-bit arguments.
const (
	atStandard = 0
	atNicira   = 2
)
