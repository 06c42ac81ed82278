package openflow

import "time"

//size:table
func flowStatsMessages() []messageRow {
	flows := func(f func(c context, dst []byte, e *FlowStats) ([]byte, error)) listCodec {
		return listOf(func(m *FlowStatsReply) []FlowStats { return m.Flows },
			func(c context, dst []byte, _ *FlowStatsReply, e *FlowStats) ([]byte, error) { return f(c, dst, e) })
	}
	return []messageRow{
		{kind: KindFlowStatsRequest, name: "OFPST_FLOW request", class: classRequest, from: V10, to: V10, code: 1, size: 44,
			decode: to(decodeFlowRequest10), encode: from(appendFlowRequest10)},
		{kind: KindFlowStatsRequest, name: "OFPST_FLOW request", class: classRequest, from: V11, to: V15, code: 1, size: 32, extra: 8,
			decode: to(decodeFlowRequest11), encode: from(appendFlowRequest11)},
		{kind: KindFlowStatsRequest, form: formNicira, name: "NXST_FLOW request", class: classNiciraRequest, from: V10, to: V10, code: 0, size: 8, extra: 8,
			decode: to(decodeFlowRequestNX), encode: from(appendFlowRequestNX)},
		{kind: KindFlowStatsRequest, form: formStatsOnly, name: "OFPST_FLOW_STATS request", class: classRequest, from: V15, to: V15, code: 17, size: 32, extra: 8,
			decode: to(func(c context, b []byte, m *FlowStatsRequest) error {
				m.StatsOnly = true
				return decodeFlowRequest11(c, b, m)
			}), encode: from(appendFlowRequest11)},
		{kind: KindFlowStatsReply, name: "OFPST_FLOW reply", class: classReply, from: V10, to: V10, code: 1, extra: 1,
			decode: flowStats(false, decodeFlowStats10), list: flows(appendFlowStats10)},
		{kind: KindFlowStatsReply, name: "OFPST_FLOW reply", class: classReply, from: V11, to: V14, code: 1, extra: 1,
			decode: flowStats(false, decodeFlowStats11), list: flows(appendFlowStats11)},
		{kind: KindFlowStatsReply, name: "OFPST_FLOW reply", class: classReply, from: V15, to: V15, code: 1, extra: 1,
			decode: flowStats(false, decodeFlowStats15), list: flows(appendFlowStats15)},
		{kind: KindFlowStatsReply, form: formNicira, name: "NXST_FLOW reply", class: classNiciraReply, from: V10, to: V10, code: 0, extra: 1,
			decode: flowStats(true, decodeFlowStatsNX), list: flows(appendFlowStatsNX)},
		{kind: KindFlowStatsReply, form: formStatsOnly, name: "OFPST_FLOW_STATS reply", class: classReply, from: V15, to: V15, code: 17, extra: 1,
			decode: decodeFlowStatsOnly, list: flows(appendFlowStatsOnly)},
		{kind: KindAggregateRequest, name: "OFPST_AGGREGATE request", class: classRequest, from: V10, to: V10, code: 2, size: 44,
			decode: aggregate(decodeFlowRequest10), encode: fromAggregate(appendFlowRequest10)},
		{kind: KindAggregateRequest, name: "OFPST_AGGREGATE request", class: classRequest, from: V11, to: V15, code: 2, size: 32, extra: 8,
			decode: aggregate(decodeFlowRequest11), encode: fromAggregate(appendFlowRequest11)},
		{kind: KindAggregateRequest, form: formNicira, name: "NXST_AGGREGATE request", class: classNiciraRequest, from: V10, to: V10, code: 1, size: 8, extra: 8,
			decode: aggregate(decodeFlowRequestNX), encode: fromAggregate(appendFlowRequestNX)},
		{kind: KindAggregateReply, name: "OFPST_AGGREGATE reply", class: classReply, from: V10, to: V14, code: 2, size: 24,
			decode: to(decodeAggregate), encode: from(appendAggregate)},
		{kind: KindAggregateReply, name: "OFPST_AGGREGATE reply", class: classReply, from: V15, to: V15, code: 2, extra: 8,
			decode: to(decodeAggregate15), encode: from(appendAggregate15)},
		{kind: KindAggregateReply, form: formNicira, name: "NXST_AGGREGATE reply", class: classNiciraReply, from: V10, to: V10, code: 1, size: 24,
			decode: to(func(c context, b []byte, m *AggregateReply) error {
				m.Nicira = true
				return decodeAggregate(c, b, m)
			}), encode: from(appendAggregate)},
	}
}

// formStatsOnly is OFPMP_FLOW_STATS of OpenFlow 1.5.
const formStatsOnly = 9

func (m *FlowStatsRequest) form(v Version) uint8 {
	switch {
	case m.StatsOnly:
		return formStatsOnly
	case v > V10:
		return formStandard
	}
	return formOf(m.Nicira || m.CookieMask != 0 || !fitsFixed(v, &m.Match))
}

func (m *AggregateRequest) form(v Version) uint8 { return (*FlowStatsRequest)(m).form(v) }
func (m *AggregateReply) form(Version) uint8     { return formOf(m.Nicira) }

func (m *FlowStatsReply) form(Version) uint8 {
	if m.StatsOnly {
		return formStatsOnly
	}
	return formOf(m.Nicira)
}

// aggregate and fromAggregate make codecs of aggregate requests out of those of
// flow requests, which have the same forms.
func aggregate(f func(c context, b []byte, m *FlowStatsRequest) error) decodeFunc {
	return func(c context, b []byte) (Message, error) {
		m := new(AggregateRequest)
		return m, f(c, b, (*FlowStatsRequest)(m))
	}
}

func fromAggregate(f func(c context, dst []byte, m *FlowStatsRequest) ([]byte, error)) encodeFunc {
	return func(c context, dst []byte, m Message) ([]byte, error) {
		return f(c, dst, (*FlowStatsRequest)(m.(*AggregateRequest)))
	}
}

func decodeFlowRequest10(_ context, b []byte, m *FlowStatsRequest) error {
	if err := decodeMatch10(b[:matchSize10], &m.Match); err != nil {
		return err
	}
	m.Table, m.OutPort, m.OutGroup = b[matchSize10], PortFrom16(be.Uint16(b[matchSize10+2:])), GroupAny
	return nil
}

func appendFlowRequest10(c context, dst []byte, m *FlowStatsRequest) ([]byte, error) {
	dst = append(appendMatch10(dst, &m.Match), m.Table, 0)
	return appendPortNo(c.v, dst, m.OutPort)
}

func decodeFlowRequest11(c context, b []byte, m *FlowStatsRequest) error {
	r := reader{b: b}
	m.Table = r.u8()
	r.skip(3)
	m.OutPort, m.OutGroup = PortNo(r.u32()), r.u32()
	r.skip(4)
	m.Cookie, m.CookieMask = r.u64(), r.u64()
	_, err := decodeMatch(c, r.b, &m.Match)
	return err
}

func appendFlowRequest11(c context, dst []byte, m *FlowStatsRequest) ([]byte, error) {
	dst = zeros(append(dst, m.Table), 3)
	dst = zeros(be.AppendUint32(be.AppendUint32(dst, uint32(m.OutPort)), m.OutGroup), 4)
	dst = be.AppendUint64(be.AppendUint64(dst, m.Cookie), m.CookieMask)
	return appendMatch(c, dst, &m.Match)
}

func decodeFlowRequestNX(_ context, b []byte, m *FlowStatsRequest) error {
	r := reader{b: b}
	m.Nicira, m.OutPort, m.OutGroup = true, PortFrom16(r.u16()), GroupAny
	n := int(r.u16())
	m.Table = r.u8()
	r.skip(3)
	var cookie cookieMatch
	rest, err := decodeNXM(r.b, n, &m.Match, &cookie)
	if err == nil && len(rest) > 0 {
		err = ErrRequestBadLen
	}
	m.Cookie, m.CookieMask = cookie.value, cookie.mask
	return err
}

func appendFlowRequestNX(c context, dst []byte, m *FlowStatsRequest) ([]byte, error) {
	dst, err := appendPortNo(V10, dst, m.OutPort)
	if err != nil {
		return dst, err
	}
	at := len(dst)
	dst = zeros(append(zeros(dst, 2), m.Table), 3)
	dst, n, err := appendNXM(c, dst, &m.Match, cookieMatch{m.Cookie, m.CookieMask})
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return dst, nil
}

// flowStats makes the decoder of a reply of one that reads an entry, behind its
// length. rest is what an entry has in addition.
func flowStats(nicira bool, f func(c context, r *reader, e *FlowStats) error) decodeFunc {
	return func(c context, b []byte) (Message, error) {
		m := &FlowStatsReply{Nicira: nicira}
		m.Flows = make([]FlowStats, 0, countEntries(b))
		for len(b) > 0 {
			n, err := entryLen(b, 0, 8)
			if err != nil {
				return nil, err
			}
			m.Flows = append(m.Flows, FlowStats{})
			e := &m.Flows[len(m.Flows)-1]
			e.IdleAge, e.HardAge = AgeUnknown, AgeUnknown
			r := reader{b: b[2:n]}
			if err := f(c, &r, e); err != nil {
				return nil, err
			}
			if r.short {
				return nil, ErrRequestBadLen
			}
			b = b[n:]
		}
		return m, nil
	}
}

// finish reads match and instructions, which end an entry in all but one form.
func (e *FlowStats) finish(c context, r *reader, b []byte) (err error) {
	if r.short {
		return ErrRequestBadLen
	}
	e.Actions, err = decodeInstructions(c, b)
	return err
}

func decodeFlowStats10(c context, r *reader, e *FlowStats) error {
	e.Table = r.u8()
	r.skip(1)
	if match := r.bytes(matchSize10); match != nil {
		if err := decodeMatch10(match, &e.Match); err != nil {
			return err
		}
	}
	e.Duration = durationOf(r.u32(), r.u32())
	e.Priority, e.IdleTimeout, e.HardTimeout = r.u16(), r.u16(), r.u16()
	r.skip(6)
	e.Cookie, e.Packets, e.Bytes = r.u64(), r.u64(), r.u64()
	return e.finish(c, r, r.b)
}

func appendFlowStats10(c context, dst []byte, e *FlowStats) ([]byte, error) {
	start := len(dst)
	dst = appendMatch10(append(dst, 0, 0, e.Table, 0), &e.Match)
	dst = e.appendTimes(dst)
	dst = zeros(dst, 6)
	return e.appendEnd(c, e.appendCounts(dst), start)
}

// appendTimes appends duration, priority and timeouts.
func (e *FlowStats) appendTimes(dst []byte) []byte {
	dst = appendDuration(dst, e.Duration)
	for _, n := range [3]uint16{e.Priority, e.IdleTimeout, e.HardTimeout} {
		dst = be.AppendUint16(dst, n)
	}
	return dst
}

func (e *FlowStats) appendCounts(dst []byte) []byte {
	for _, n := range [3]uint64{e.Cookie, e.Packets, e.Bytes} {
		dst = be.AppendUint64(dst, n)
	}
	return dst
}

// appendEnd appends the instructions and writes the entry's length. One that has no
// room there is not sent (see appendList).
func (e *FlowStats) appendEnd(c context, dst []byte, start int) ([]byte, error) {
	dst, err := appendInstructions(c.following(&e.Match), dst, e.Actions)
	if err != nil {
		return dst, err
	}
	setLen16(dst, start, start)
	return dst, nil
}

func decodeFlowStats11(c context, r *reader, e *FlowStats) error {
	e.Table = r.u8()
	r.skip(1)
	e.Duration = durationOf(r.u32(), r.u32())
	e.Priority, e.IdleTimeout, e.HardTimeout = r.u16(), r.u16(), r.u16()
	flags, importance := r.u16(), r.u16()
	if c.v >= V13 {
		e.Flags, _ = flagsFrom(c.v, flags)
	}
	if c.v >= V14 {
		e.Importance = importance
	}
	r.skip(2)
	e.Cookie, e.Packets, e.Bytes = r.u64(), r.u64(), r.u64()
	rest, err := decodeMatch(c, r.b, &e.Match)
	if err != nil {
		return err
	}
	return e.finish(c, r, rest)
}

func appendFlowStats11(c context, dst []byte, e *FlowStats) ([]byte, error) {
	start := len(dst)
	dst = e.appendTimes(append(dst, 0, 0, e.Table, 0))
	var flags, importance uint16
	if c.v >= V13 {
		flags = e.Flags.wire(c.v)
	}
	if c.v >= V14 {
		importance = e.Importance
	}
	dst = zeros(be.AppendUint16(be.AppendUint16(dst, flags), importance), 2)
	dst, err := appendMatch(c, e.appendCounts(dst), &e.Match)
	if err != nil {
		return dst, err
	}
	return e.appendEnd(c, dst, start)
}

func decodeFlowStats15(c context, r *reader, e *FlowStats) error {
	r.skip(2)
	e.Table = r.u8()
	r.skip(1)
	e.Priority, e.IdleTimeout, e.HardTimeout = r.u16(), r.u16(), r.u16()
	e.Flags, _ = flagsFrom(c.v, r.u16())
	e.Importance, e.Cookie = r.u16(), r.u64()
	rest, err := decodeMatch(c, r.b, &e.Match)
	if err != nil {
		return err
	}
	if rest, err = e.decodeOXS(rest); err != nil {
		return err
	}
	return e.finish(c, r, rest)
}

func (e *FlowStats) decodeOXS(b []byte) (rest []byte, err error) {
	var s oxsStats
	rest, err = s.decode(b)
	e.Duration, e.Packets, e.Bytes = s.duration, s.packets, s.bytes
	if s.idle >= 0 {
		e.IdleAge = int32(s.idle / time.Second)
	}
	return rest, err
}

func (e *FlowStats) appendOXS(dst []byte) []byte {
	s := noOXS
	s.duration, s.packets, s.bytes = e.Duration, e.Packets, e.Bytes
	if e.IdleAge >= 0 {
		s.idle = time.Duration(e.IdleAge) * time.Second
	}
	return s.append(dst)
}

func appendFlowStats15(c context, dst []byte, e *FlowStats) ([]byte, error) {
	start := len(dst)
	dst = append(zeros(dst, 4), e.Table, 0)
	for _, n := range [5]uint16{e.Priority, e.IdleTimeout, e.HardTimeout, e.Flags.wire(c.v), e.Importance} {
		dst = be.AppendUint16(dst, n)
	}
	dst, err := appendMatch(c, be.AppendUint64(dst, e.Cookie), &e.Match)
	if err != nil {
		return dst, err
	}
	return e.appendEnd(c, e.appendOXS(dst), start)
}

func decodeFlowStatsOnly(c context, b []byte) (Message, error) {
	m, err := flowStats(false, func(c context, r *reader, e *FlowStats) error {
		r.skip(2)
		e.Table, e.Reason, e.Priority = r.u8(), r.u8(), r.u16()
		rest, err := decodeMatch(c, r.b, &e.Match)
		if err != nil {
			return err
		}
		_, err = e.decodeOXS(rest)
		return err
	})(c, b)
	if err != nil {
		return nil, err
	}
	m.(*FlowStatsReply).StatsOnly = true
	return m, nil
}

func appendFlowStatsOnly(c context, dst []byte, e *FlowStats) ([]byte, error) {
	start := len(dst)
	dst = be.AppendUint16(append(zeros(dst, 4), e.Table, e.Reason), e.Priority)
	dst, err := appendMatch(c, dst, &e.Match)
	if err != nil {
		return dst, err
	}
	dst = e.appendOXS(dst)
	setLen16(dst, start, start)
	return dst, nil
}

// Ages travel plus 1, so that 0 is "unknown".
func ageFrom(n uint16) int32 { return int32(n) - 1 }

func ageWire(age int32) uint16 {
	return uint16(min(max(age, AgeUnknown), 0xfffe) + 1)
}

func decodeFlowStatsNX(c context, r *reader, e *FlowStats) error {
	e.Table = r.u8()
	r.skip(1)
	e.Duration = durationOf(r.u32(), r.u32())
	e.Priority, e.IdleTimeout, e.HardTimeout = r.u16(), r.u16(), r.u16()
	n := int(r.u16())
	e.IdleAge, e.HardAge = ageFrom(r.u16()), ageFrom(r.u16())
	e.Cookie, e.Packets, e.Bytes = r.u64(), r.u64(), r.u64()
	rest, err := decodeNXM(r.b, n, &e.Match, nil)
	if err != nil {
		return err
	}
	return e.finish(c, r, rest)
}

func appendFlowStatsNX(c context, dst []byte, e *FlowStats) ([]byte, error) {
	start := len(dst)
	dst = e.appendTimes(append(dst, 0, 0, e.Table, 0))
	at := len(dst)
	dst = be.AppendUint16(be.AppendUint16(zeros(dst, 2), ageWire(e.IdleAge)), ageWire(e.HardAge))
	dst, n, err := appendNXM(c, e.appendCounts(dst), &e.Match, cookieMatch{})
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return e.appendEnd(c, dst, start)
}

func decodeAggregate(_ context, b []byte, m *AggregateReply) error {
	r := reader{b: b}
	m.Packets, m.Bytes, m.Flows = r.u64(), r.u64(), r.u32()
	return nil
}

func appendAggregate(_ context, dst []byte, m *AggregateReply) ([]byte, error) {
	dst = be.AppendUint64(be.AppendUint64(dst, m.Packets), m.Bytes)
	return zeros(be.AppendUint32(dst, m.Flows), 4), nil
}

func decodeAggregate15(_ context, b []byte, m *AggregateReply) error {
	var s oxsStats
	if _, err := s.decode(b); err != nil {
		return err
	}
	m.Packets, m.Bytes, m.Flows = s.packets, s.bytes, uint32(max(s.flows, 0))
	return nil
}

func appendAggregate15(_ context, dst []byte, m *AggregateReply) ([]byte, error) {
	s := noOXS
	s.flows, s.packets, s.bytes = int64(m.Flows), m.Packets, m.Bytes
	return s.append(dst), nil
}
