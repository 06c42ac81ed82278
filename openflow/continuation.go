package openflow

// Continuation is what a packet-in that pauses the packet carries so that
// NXT_RESUME can go on (the value of NXPINT_CONTINUATION). Controllers give it
// back as it came; the switch makes and reads it. Of instructions only
// write_metadata can be carried, and in OpenFlow 1.0 goto_table.
type Continuation struct {
	Bridge      [16]byte // UUID
	Stack       [][]byte // bottom first
	Mirrors     uint32   // bit i: mirror i has seen the packet
	Conntracked bool
	Rest        []ContinuedActions // innermost table first
	ActionSet   []Action
	ODPPort     uint32 // datapath port
	HasODPPort  bool
}

// ContinuedActions are the actions that are left to do of one flow.
type ContinuedActions struct {
	Table   uint8
	Cookie  uint64
	Actions []Action
}

// Types of the properties of a continuation (NXCPT_*).
const (
	contBridge      = 0x8000
	contStack       = 0x8001
	contMirrors     = 0x8002
	contConntracked = 0x8003
	contTable       = 0x8004
	contCookie      = 0x8005
	contActions     = 0x8006
	contActionSet   = 0x8007
	contODPPort     = 0x8008
)

// contActionsPad aligns the actions behind a property's head.
const contActionsPad = 4

// DecodeContinuation reads a packet-in's Continuation. v is the connection's
// version.
func DecodeContinuation(v Version, b []byte) (*Continuation, error) {
	c := context{v: v, dialect: plainDialect, t: codec}
	m := new(Continuation)
	if len(b) < 4 {
		return nil, ErrPropertyBadLen
	}
	props := properties{b: b[4:]}
	var flow ContinuedActions // table and cookie last given
	for props.next() {
		if err := m.decodeProperty(c, &props, &flow); err != nil {
			return nil, err
		}
	}
	if props.err != nil {
		return nil, props.err
	}
	return m, nil
}

func (m *Continuation) decodeProperty(c context, p *properties, flow *ContinuedActions) (err error) {
	r := reader{b: p.body}
	switch p.typ {
	case contBridge:
		copy(m.Bridge[:], r.bytes(16))
	case contStack:
		m.Stack = append(m.Stack, clone(p.body))
	case contMirrors:
		m.Mirrors = r.u32()
	case contConntracked:
		m.Conntracked = true
	case contTable:
		flow.Table = r.u8()
	case contCookie:
		r.skip(4)
		flow.Cookie = r.u64()
	case contActions:
		r.skip(contActionsPad)
		flow.Actions, err = decodeActions(c, r.b, nil)
		m.Rest = append(m.Rest, *flow)
	case contActionSet:
		r.skip(contActionsPad)
		m.ActionSet, err = decodeActions(c, r.b, nil)
	case contODPPort:
		m.ODPPort, m.HasODPPort = r.u32(), true
	default:
		err = p.unknown()
	}
	if err == nil && r.short {
		err = ErrPropertyBadLen
	}
	return err
}

// AppendContinuation is the reverse of DecodeContinuation.
func AppendContinuation(dst []byte, v Version, m *Continuation) (_ []byte, err error) {
	c := context{v: v, dialect: plainDialect, t: codec}
	out := zeros(dst, 4)
	out = appendPropBytes(out, contBridge, m.Bridge[:])
	for _, entry := range m.Stack {
		out = appendPropBytes(out, contStack, entry)
	}
	if m.Mirrors != 0 {
		out = be.AppendUint32(appendPropertyHead(out, contMirrors, 8), m.Mirrors)
	}
	if m.Conntracked {
		out = zeros(appendPropertyHead(out, contConntracked, 4), 4)
	}
	var last ContinuedActions
	for _, flow := range m.Rest {
		if flow.Table != last.Table {
			out = appendProp8(out, contTable, flow.Table)
		}
		if flow.Cookie != last.Cookie {
			out = be.AppendUint64(zeros(appendPropertyHead(out, contCookie, 16), 4), flow.Cookie)
		}
		last = flow
		start := len(out)
		if out, err = appendActions(c, zeros(beginProperty(out, contActions), contActionsPad), flow.Actions); err != nil {
			return dst, err
		}
		out = endProperty(out, start)
	}
	if len(m.ActionSet) > 0 {
		start := len(out)
		if out, err = appendActions(c, zeros(beginProperty(out, contActionSet), contActionsPad), m.ActionSet); err != nil {
			return dst, err
		}
		out = endProperty(out, start)
	}
	if m.HasODPPort {
		out = be.AppendUint32(appendPropertyHead(out, contODPPort, 8), m.ODPPort)
	}
	return out, nil
}
