package openflow

import "time"

func flowRemovedMessages() []messageRow {
	return []messageRow{
		{kind: KindFlowRemoved, name: "OFPT_FLOW_REMOVED", from: V10, to: V10, code: 11, size: 80,
			decode: to(decodeFlowRemoved10), encode: from(appendFlowRemoved10)},
		{kind: KindFlowRemoved, name: "OFPT_FLOW_REMOVED", from: V11, to: V14, code: 11, size: 40, extra: 8,
			decode: to(decodeFlowRemoved11), encode: from(appendFlowRemoved11)},
		{kind: KindFlowRemoved, name: "OFPT_FLOW_REMOVED", from: V15, to: V15, code: 11, size: 16, extra: 8,
			decode: to(decodeFlowRemoved15), encode: from(appendFlowRemoved15)},
		{kind: KindFlowRemoved, form: formNicira, name: "NXT_FLOW_REMOVED", class: classNicira, from: V10, to: V15, code: 14, size: 40, extra: 8,
			decode: to(decodeFlowRemovedNX), encode: from(appendFlowRemovedNX)},
	}
}

func (m *FlowRemoved) form(Version) uint8 { return formOf(m.Nicira) }

// In is the reason as a version can tell it.
func (r RemovedReason) In(v Version) RemovedReason {
	if v < V14 && r > RemovedGroupDelete || v == V10 && r > RemovedDelete {
		return RemovedDelete
	}
	return r
}

func (r RemovedReason) wire(v Version) byte { return byte(r.In(v)) }

func decodeFlowRemoved10(_ context, b []byte, m *FlowRemoved) error {
	if err := decodeMatch10(b[:matchSize10], &m.Match); err != nil {
		return err
	}
	r := reader{b: b[matchSize10:]}
	m.Cookie, m.Priority, m.Reason, m.Table = r.u64(), r.u16(), RemovedReason(r.u8()), TableAll
	r.skip(1)
	m.Duration = durationOf(r.u32(), r.u32())
	m.IdleTimeout = r.u16()
	r.skip(2)
	m.Packets, m.Bytes = r.u64(), r.u64()
	return nil
}

func appendFlowRemoved10(c context, dst []byte, m *FlowRemoved) ([]byte, error) {
	dst = be.AppendUint64(appendMatch10(dst, &m.Match), m.Cookie)
	dst = append(be.AppendUint16(dst, m.Priority), m.Reason.wire(c.v), 0)
	dst = appendDuration(dst, m.Duration)
	dst = zeros(be.AppendUint16(dst, m.IdleTimeout), 2)
	return be.AppendUint64(be.AppendUint64(dst, m.Packets), m.Bytes), nil
}

func decodeFlowRemoved11(c context, b []byte, m *FlowRemoved) error {
	r := reader{b: b}
	m.Cookie, m.Priority, m.Reason, m.Table = r.u64(), r.u16(), RemovedReason(r.u8()), r.u8()
	m.Duration = durationOf(r.u32(), r.u32())
	m.IdleTimeout, m.HardTimeout = r.u16(), r.u16()
	m.Packets, m.Bytes = r.u64(), r.u64()
	_, err := decodeMatch(c, r.b, &m.Match)
	return err
}

func appendFlowRemoved11(c context, dst []byte, m *FlowRemoved) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint64(dst, m.Cookie), m.Priority)
	dst = appendDuration(append(dst, m.Reason.wire(c.v), m.Table), m.Duration)
	dst = be.AppendUint16(be.AppendUint16(dst, m.IdleTimeout), m.HardTimeout)
	dst = be.AppendUint64(be.AppendUint64(dst, m.Packets), m.Bytes)
	return appendMatch(c, dst, &m.Match)
}

func decodeFlowRemoved15(c context, b []byte, m *FlowRemoved) error {
	r := reader{b: b}
	m.Table, m.Reason, m.Priority = r.u8(), RemovedReason(r.u8()), r.u16()
	m.IdleTimeout, m.HardTimeout, m.Cookie = r.u16(), r.u16(), r.u64()
	rest, err := decodeMatch(c, r.b, &m.Match)
	if err != nil {
		return err
	}
	var s oxsStats
	if _, err := s.decode(rest); err != nil {
		return err
	}
	m.Duration, m.Packets, m.Bytes = s.duration, s.packets, s.bytes
	return nil
}

func appendFlowRemoved15(c context, dst []byte, m *FlowRemoved) ([]byte, error) {
	dst = append(dst, m.Table, m.Reason.wire(c.v))
	for _, n := range [3]uint16{m.Priority, m.IdleTimeout, m.HardTimeout} {
		dst = be.AppendUint16(dst, n)
	}
	dst, err := appendMatch(c, be.AppendUint64(dst, m.Cookie), &m.Match)
	if err != nil {
		return dst, err
	}
	s := noOXS
	s.duration, s.packets, s.bytes = m.Duration, m.Packets, m.Bytes
	return s.append(dst), nil
}

func decodeFlowRemovedNX(_ context, b []byte, m *FlowRemoved) error {
	r := reader{b: b}
	m.Nicira = true
	m.Cookie, m.Priority, m.Reason = r.u64(), r.u16(), RemovedReason(r.u8())
	m.Table = r.u8() - 1 // 0 is "unknown": TableAll
	m.Duration = durationOf(r.u32(), r.u32())
	m.IdleTimeout = r.u16()
	n := int(r.u16())
	m.Packets, m.Bytes = r.u64(), r.u64()
	_, err := decodeNXM(r.b, n, &m.Match, nil)
	return err
}

func appendFlowRemovedNX(c context, dst []byte, m *FlowRemoved) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint64(dst, m.Cookie), m.Priority)
	dst = appendDuration(append(dst, m.Reason.wire(c.v), m.Table+1), m.Duration)
	dst = be.AppendUint16(dst, m.IdleTimeout)
	at := len(dst)
	dst = be.AppendUint64(be.AppendUint64(zeros(dst, 2), m.Packets), m.Bytes)
	dst, n, err := appendNXM(c, dst, &m.Match, cookieMatch{})
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return dst, nil
}

// oxsStats are the statistics of OpenFlow 1.5 (§7.2.4), which travel as a list
// of fields like a match. Each has a value that says that it is not there.
type oxsStats struct {
	duration, idle time.Duration // DurationUnknown
	flows          int64         // -1
	packets, bytes uint64        // NoCount
}

// noOXS is nothing.
var noOXS = oxsStats{duration: DurationUnknown, idle: DurationUnknown, flows: -1, packets: NoCount, bytes: NoCount}

const (
	classOXS = 0x8002

	oxsDuration = 0
	oxsIdle     = 1
	oxsFlows    = 3
	oxsPackets  = 4
	oxsBytes    = 5
)

// decode reads the statistics at the front of b, with their padding, and gives
// what follows.
func (s *oxsStats) decode(b []byte) ([]byte, error) {
	*s = noOXS
	if len(b) < 4 {
		return nil, ErrRequestBadLen
	}
	n := int(be.Uint16(b[2:]))
	if n < 4 || roundUp8(n) > len(b) {
		return nil, NewError(ErrRequestBadLen, "statistics of %d bytes in %d", n, len(b))
	}
	for fields := b[4:n]; len(fields) > 0; {
		var h oxmHeader
		head, err := h.parse(fields)
		if err != nil || head+h.size > len(fields) {
			return nil, NewError(ErrRequestBadLen, "statistics field of %d bytes in %d", h.size, len(fields))
		}
		r := reader{b: fields[head : head+h.size]}
		fields = fields[head+h.size:]
		if h.class != classOXS {
			continue
		}
		switch h.code {
		case oxsDuration:
			s.duration = durationOf(r.u32(), r.u32())
		case oxsIdle:
			s.idle = durationOf(r.u32(), r.u32())
		case oxsFlows:
			s.flows = int64(r.u32())
		case oxsPackets:
			s.packets = r.u64()
		case oxsBytes:
			s.bytes = r.u64()
		}
		if r.short || len(r.b) > 0 {
			return nil, NewError(ErrRequestBadLen, "statistics field %d of %d bytes", h.code, h.size)
		}
	}
	return b[roundUp8(n):], nil
}

func (s *oxsStats) append(dst []byte) []byte {
	start := len(dst)
	dst = zeros(dst, 4)
	head := func(code, size byte) {
		dst = append(be.AppendUint16(dst, classOXS), code<<1, size)
	}
	if s.duration >= 0 {
		head(oxsDuration, 8)
		dst = appendDuration(dst, s.duration)
	}
	if s.idle >= 0 {
		head(oxsIdle, 8)
		dst = appendDuration(dst, s.idle)
	}
	if s.packets != NoCount {
		head(oxsPackets, 8)
		dst = be.AppendUint64(dst, s.packets)
	}
	if s.bytes != NoCount {
		head(oxsBytes, 8)
		dst = be.AppendUint64(dst, s.bytes)
	}
	if s.flows >= 0 {
		head(oxsFlows, 4)
		dst = be.AppendUint32(dst, uint32(s.flows))
	}
	setLen16(dst, start+2, start)
	return pad8(dst, start)
}
