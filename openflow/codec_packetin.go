package openflow

import "vswitch/flow"

//size:table
func packetMessages() []messageRow {
	return []messageRow{
		{kind: KindPacketIn, name: "OFPT_PACKET_IN", from: V10, to: V10, code: 10, size: 10, extra: 1,
			decode: to(decodePacketIn10), encode: from(appendPacketIn10)},
		{kind: KindPacketIn, name: "OFPT_PACKET_IN", from: V11, to: V11, code: 10, size: 16, extra: 1,
			decode: to(decodePacketIn11), encode: from(appendPacketIn11)},
		{kind: KindPacketIn, name: "OFPT_PACKET_IN", from: V12, to: V12, code: 10, size: 8, extra: 1,
			decode: to(decodePacketIn12), encode: from(appendPacketIn12)},
		{kind: KindPacketIn, name: "OFPT_PACKET_IN", from: V13, to: V15, code: 10, size: 16, extra: 1,
			decode: to(decodePacketIn12), encode: from(appendPacketIn12)},
		{kind: KindPacketIn, form: uint8(PacketInNXT), name: "NXT_PACKET_IN", class: classNicira, from: V10, to: V15, code: 17, size: 24, extra: 1,
			decode: to(decodePacketInNXT), encode: from(appendPacketInNXT)},
		{kind: KindPacketIn, form: uint8(PacketInNXT2), name: "NXT_PACKET_IN2", class: classNicira, from: V10, to: V15, code: 30, extra: 8,
			decode: to(decodePacketIn2), encode: from(appendPacketIn2)},
		{kind: KindResume, name: "NXT_RESUME", class: classNicira, from: V10, to: V15, code: 28, extra: 8,
			decode: to(func(c context, b []byte, m *Resume) error { return decodePacketIn2(c, b, &m.PacketIn) }),
			encode: from(func(c context, dst []byte, m *Resume) ([]byte, error) { return appendPacketIn2(c, dst, &m.PacketIn) })},
		{kind: KindPacketOut, name: "OFPT_PACKET_OUT", from: V10, to: V10, code: 13, size: 8, extra: 1,
			decode: to(decodePacketOut), encode: from(appendPacketOut)},
		{kind: KindPacketOut, name: "OFPT_PACKET_OUT", from: V11, to: V14, code: 13, size: 16, extra: 1,
			decode: to(decodePacketOut), encode: from(appendPacketOut)},
		{kind: KindPacketOut, name: "OFPT_PACKET_OUT", from: V15, to: V15, code: 13, size: 8, extra: 1,
			decode: to(decodePacketOut15), encode: from(appendPacketOut15)},
	}
}

func (m *PacketIn) form(Version) uint8 { return uint8(m.Format) }

// InPort is the port that the packet came in by; PortAny where the message does
// not say.
func (m *PacketIn) InPort() PortNo {
	if m.Match.Mask.OFPort == 0 {
		return PortAny
	}
	return PortNo(m.Match.Value.OFPort)
}

// SetInPort makes m say that the packet came in by p.
func (m *PacketIn) SetInPort(p PortNo) { m.Match.setInPort(p) }

func (m *Match) setInPort(p PortNo) { m.Value.OFPort, m.Mask.OFPort = uint32(p), exactIP }

// wire is the reason as a version can tell it.
func (r PacketInReason) wire(v Version) byte {
	switch r {
	case ReasonActionSet, ReasonGroup, ReasonPacketOut:
		if v < V14 {
			return byte(ReasonAction)
		}
	case ReasonExplicitMiss:
		if v < V13 {
			return byte(ReasonAction)
		}
		return byte(ReasonNoMatch)
	case ReasonImplicitMiss:
		return byte(ReasonNoMatch)
	}
	return byte(r)
}

// noTable is PacketIn.Table in OpenFlow 1.0's standard form, which has none.
const noTable = 0

func decodePacketIn10(_ context, b []byte, m *PacketIn) error {
	r := reader{b: b}
	m.Buffer, m.TotalLen = r.u32(), uint32(r.u16())
	m.SetInPort(PortFrom16(r.u16()))
	m.Reason, m.Table, m.Cookie = PacketInReason(r.u8()), noTable, noCookie
	r.skip(1)
	m.Data = clone(r.b)
	return nil
}

func appendPacketIn10(c context, dst []byte, m *PacketIn) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint32(dst, m.Buffer), m.totalLen16())
	dst, err := appendPortNo(c.v, dst, m.InPort())
	if err != nil {
		return dst, err
	}
	return append(append(dst, m.Reason.wire(c.v), 0), m.Data...), nil
}

// totalLen16 is the packet's size where 16 bits tell it.
func (m *PacketIn) totalLen16() uint16 { return uint16(min(m.TotalLen, 0xffff)) }

func decodePacketIn11(_ context, b []byte, m *PacketIn) error {
	r := reader{b: b}
	m.Buffer = r.u32()
	m.SetInPort(PortNo(r.u32()))
	r.skip(4)
	m.TotalLen, m.Reason, m.Table, m.Cookie = uint32(r.u16()), PacketInReason(r.u8()), r.u8(), noCookie
	m.Data = clone(r.b)
	return nil
}

func appendPacketIn11(c context, dst []byte, m *PacketIn) ([]byte, error) {
	for _, n := range [3]uint32{m.Buffer, uint32(m.InPort()), uint32(m.InPort())} {
		dst = be.AppendUint32(dst, n)
	}
	dst = be.AppendUint16(dst, m.totalLen16())
	return append(append(dst, m.Reason.wire(c.v), m.Table), m.Data...), nil
}

// packetPad is the padding between a packet-in's match and its packet, which
// aligns the packet's IP header.
const packetPad = 2

// decodePacketIn12 is for OpenFlow 1.2, and with a cookie for 1.3 and later.
func decodePacketIn12(c context, b []byte, m *PacketIn) error {
	r := reader{b: b}
	m.Buffer, m.TotalLen, m.Reason, m.Table, m.Cookie = r.u32(), uint32(r.u16()), PacketInReason(r.u8()), r.u8(), noCookie
	if c.v >= V13 {
		m.Cookie = r.u64()
	}
	rest, err := decodeMatch(c, r.b, &m.Match)
	if err != nil {
		return err
	}
	return m.setPacket(rest)
}

// setPacket takes the packet behind its padding.
func (m *PacketIn) setPacket(b []byte) error {
	if len(b) < packetPad {
		return ErrRequestBadLen
	}
	m.Data = clone(b[packetPad:])
	return nil
}

func appendPacketIn12(c context, dst []byte, m *PacketIn) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint32(dst, m.Buffer), m.totalLen16())
	dst = append(dst, m.Reason.wire(c.v), m.Table)
	if c.v >= V13 {
		dst = be.AppendUint64(dst, m.Cookie)
	}
	dst, err := appendMatch(c, dst, &m.Match)
	if err != nil {
		return dst, err
	}
	return append(zeros(dst, packetPad), m.Data...), nil
}

func decodePacketInNXT(_ context, b []byte, m *PacketIn) error {
	r := reader{b: b}
	m.Format = PacketInNXT
	m.Buffer, m.TotalLen, m.Reason, m.Table = r.u32(), uint32(r.u16()), PacketInReason(r.u8()), r.u8()
	m.Cookie = r.u64()
	n := int(r.u16())
	r.skip(6)
	rest, err := decodeNXM(r.b, n, &m.Match, nil)
	if err != nil {
		return err
	}
	return m.setPacket(rest)
}

func appendPacketInNXT(c context, dst []byte, m *PacketIn) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint32(dst, m.Buffer), m.totalLen16())
	dst = be.AppendUint64(append(dst, m.Reason.wire(c.v), m.Table), m.Cookie)
	at := len(dst)
	dst, n, err := appendNXM(c, zeros(dst, 8), &m.Match, cookieMatch{})
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return append(zeros(dst, packetPad), m.Data...), nil
}

// Types of the properties of NXT_PACKET_IN2 (NXPINT_*).
const (
	pktInPacket       = 0
	pktInFullLen      = 1
	pktInBuffer       = 2
	pktInTable        = 3
	pktInCookie       = 4
	pktInReason       = 5
	pktInMetadata     = 6
	pktInUserData     = 7
	pktInContinuation = 8
)

func decodePacketIn2(_ context, b []byte, m *PacketIn) error {
	m.Format, m.Buffer, m.Cookie = PacketInNXT2, NoBuffer, noCookie
	props := properties{b: b}
	packet := false
	for props.next() {
		r := reader{b: props.body}
		switch props.typ {
		case pktInPacket:
			m.Data, packet = clone(props.body), true
		case pktInFullLen:
			m.TotalLen = r.u32()
		case pktInBuffer:
			m.Buffer = r.u32()
		case pktInTable:
			m.Table = r.u8()
		case pktInCookie:
			r.skip(4)
			m.Cookie = r.u64()
		case pktInReason:
			m.Reason = PacketInReason(r.u8())
		case pktInMetadata:
			if err := decodeOXM(props.body, &m.Match, nil); err != nil {
				return err
			}
		case pktInUserData:
			m.UserData = append([]byte{}, props.body...)
		case pktInContinuation:
			m.Continuation = append([]byte{}, props.body...)
		default:
			return props.unknown()
		}
		if r.short {
			return ErrPropertyBadLen
		}
	}
	if props.err != nil {
		return props.err
	}
	size := uint32(len(m.Data))
	switch {
	case !packet && m.TotalLen == 0:
		return NewError(ErrRequestBadLen, "packet-in without a packet")
	case m.TotalLen == 0:
		m.TotalLen = size
	case m.TotalLen < size:
		return NewError(ErrRequestBadLen, "packet of %d bytes of which %d are there", m.TotalLen, size)
	}
	return nil
}

func appendPacketIn2(c context, dst []byte, m *PacketIn) ([]byte, error) {
	dst = appendPropBytes(dst, pktInPacket, m.Data)
	if m.TotalLen != uint32(len(m.Data)) {
		dst = be.AppendUint32(appendPropertyHead(dst, pktInFullLen, 8), m.TotalLen)
	}
	if m.Buffer != NoBuffer {
		dst = be.AppendUint32(appendPropertyHead(dst, pktInBuffer, 8), m.Buffer)
	}
	dst = appendProp8(dst, pktInTable, m.Table)
	if m.Cookie != noCookie {
		dst = be.AppendUint64(zeros(appendPropertyHead(dst, pktInCookie, 16), 4), m.Cookie)
	}
	dst = appendProp8(dst, pktInReason, m.Reason.wire(c.v))
	start := len(dst)
	out, err := appendOXMFields(c.v, false, beginProperty(dst, pktInMetadata), &m.Match)
	if err != nil && !c.tells {
		return dst, err
	}
	dst = endProperty(out, start)
	if m.Continuation != nil {
		dst = appendPropBytes(dst, pktInContinuation, m.Continuation)
	}
	if m.UserData != nil {
		dst = appendPropBytes(dst, pktInUserData, m.UserData)
	}
	return dst, nil
}

// decodePacketOut is for OpenFlow 1.0 to 1.4.
func decodePacketOut(c context, b []byte, m *PacketOut) error {
	r := reader{b: b}
	m.Buffer, m.InPort = r.u32(), r.port(c.v)
	n := int(r.u16())
	if c.v > V10 {
		r.skip(6)
	}
	m.Match.setInPort(m.InPort)
	if err := checkOrigin(m.InPort); err != nil {
		return err
	}
	return m.finish(c, &r, n)
}

// checkOrigin refuses ports that no packet can come from.
func checkOrigin(p PortNo) error {
	if p >= PortMax && p != PortLocal && p != PortAny && p != PortController {
		return NewError(ErrRequestBadPort, "packet from port %s", p)
	}
	return nil
}

// finish reads n bytes of actions, and the packet.
func (m *PacketOut) finish(c context, r *reader, n int) (err error) {
	rest := len(r.b)
	actions := r.bytes(n)
	if r.short || n%8 != 0 {
		return NewError(ErrRequestBadLen, "%d bytes of actions in %d", n, rest)
	}
	decode := decodeApplied
	if c.v == V10 {
		decode = decodeActions
	}
	if m.Actions, err = decode(c, actions, nil); err != nil {
		return err
	}
	if m.Buffer == NoBuffer {
		m.Data = clone(r.b)
	}
	return nil
}

func appendPacketOut(c context, dst []byte, m *PacketOut) ([]byte, error) {
	dst, err := appendPortNo(c.v, be.AppendUint32(dst, m.Buffer), m.InPort)
	if err != nil {
		return dst, err
	}
	at := len(dst)
	dst = zeros(dst, 2)
	if c.v > V10 {
		dst = zeros(dst, 6)
	}
	return m.appendEnd(c, dst, at)
}

// appendEnd appends actions and packet, and writes the actions' length at at.
func (m *PacketOut) appendEnd(c context, dst []byte, at int) ([]byte, error) {
	start := len(dst)
	dst, err := appendActions(c, dst, m.Actions)
	if err != nil {
		return dst, err
	}
	if len(dst)-start > MaxLen {
		return dst, unencodable(c.v, "%d bytes of actions", len(dst)-start)
	}
	setLen16(dst, at, start)
	if m.Buffer == NoBuffer {
		dst = append(dst, m.Data...)
	}
	return dst, nil
}

func decodePacketOut15(c context, b []byte, m *PacketOut) error {
	r := reader{b: b}
	m.Buffer = r.u32()
	n := int(r.u16())
	r.skip(2)
	rest, err := decodeMatch(c, r.b, &m.Match)
	if err != nil {
		return err
	}
	if err := checkPipelineOnly(&m.Match); err != nil {
		return err
	}
	if m.Match.Mask.OFPort == 0 { // OpenFlow 1.5.1 §7.3.6: it must be there
		return NewError(ErrRequestBadPort, "packet-out without in_port")
	}
	m.InPort = PortNo(m.Match.Value.OFPort)
	if err := checkOrigin(m.InPort); err != nil {
		return err
	}
	r.b = rest
	return m.finish(c, &r, n)
}

// checkPipelineOnly refuses a packet-out's match on what the packet itself says
// (OpenFlow 1.5.1 §7.3.6).
func checkPipelineOnly(m *Match) error {
	for f := range m.Fields() {
		if f.Prereq != flow.PrereqNone && f.Prereq != flow.PrereqCT {
			return NewError(ErrRequestPipelineFieldsOnly, "%s in a packet-out", f.Name)
		}
	}
	return nil
}

func appendPacketOut15(c context, dst []byte, m *PacketOut) ([]byte, error) {
	dst = be.AppendUint32(dst, m.Buffer)
	at := len(dst)
	match := m.Match
	if match.Mask.OFPort == 0 {
		match.setInPort(m.InPort)
	}
	dst, err := appendMatch(c, zeros(dst, 4), &match)
	if err != nil {
		return dst, err
	}
	return m.appendEnd(c, dst, at)
}
