package openflow

//size:table
func queueMessages() []messageRow {
	queueStats := listOf(func(m *QueueStatsReply) []QueueStats { return m.Queues }, appendQueueStats)
	queueDesc := listOf(func(m *QueueDescReply) []Queue { return m.Queues }, appendQueueDesc)
	return []messageRow{
		{kind: KindQueueConfigRequest, name: "OFPT_QUEUE_GET_CONFIG_REQUEST", from: V10, to: V10, code: 20, size: 4,
			decode: to(decodeQueueConfigRequest), encode: from(appendQueueConfigRequest)},
		{kind: KindQueueConfigRequest, name: "OFPT_QUEUE_GET_CONFIG_REQUEST", from: V11, to: V13, code: 22, size: 8,
			decode: to(decodeQueueConfigRequest), encode: from(appendQueueConfigRequest)},
		{kind: KindQueueConfigReply, name: "OFPT_QUEUE_GET_CONFIG_REPLY", from: V10, to: V10, code: 21, size: 8, extra: 8,
			decode: to(decodeQueueConfig), encode: from(appendQueueConfig)},
		{kind: KindQueueConfigReply, name: "OFPT_QUEUE_GET_CONFIG_REPLY", from: V11, to: V13, code: 23, size: 8, extra: 8,
			decode: to(decodeQueueConfig), encode: from(appendQueueConfig)},
		{kind: KindQueueStatsRequest, name: "OFPST_QUEUE request", class: classRequest, from: V10, to: V15, code: 5, size: 8,
			decode: to(decodeQueueStatsRequest), encode: from(appendQueueStatsRequest)},
		{kind: KindQueueStatsReply, name: "OFPST_QUEUE reply", class: classReply, from: V10, to: V12, code: 5, extra: 32,
			decode: to(decodeQueueStats), list: queueStats},
		{kind: KindQueueStatsReply, name: "OFPST_QUEUE reply", class: classReply, from: V13, to: V13, code: 5, extra: 40,
			decode: to(decodeQueueStats), list: queueStats},
		{kind: KindQueueStatsReply, name: "OFPST_QUEUE reply", class: classReply, from: V14, to: V15, code: 5, extra: 8,
			decode: to(decodeQueueStats), list: queueStats},
		{kind: KindQueueDescRequest, name: "OFPST_QUEUE_DESC request", class: classRequest, from: V14, to: V15, code: 15, size: 8,
			decode: to(func(_ context, b []byte, m *QueueDescRequest) error {
				m.Port, m.Queue = PortNo(be.Uint32(b)), be.Uint32(b[4:])
				return nil
			}),
			encode: from(func(_ context, dst []byte, m *QueueDescRequest) ([]byte, error) {
				return be.AppendUint32(be.AppendUint32(dst, uint32(m.Port)), m.Queue), nil
			})},
		{kind: KindQueueDescReply, name: "OFPST_QUEUE_DESC reply", class: classReply, from: V14, to: V15, code: 15, extra: 8,
			decode: to(decodeQueueDesc), list: queueDesc},
	}
}

func decodeQueueConfigRequest(c context, b []byte, m *QueueConfigRequest) error {
	r := reader{b: b}
	m.Port = r.port(c.v)
	if m.Port >= PortMax && (c.v == V10 || m.Port != PortAny) {
		return NewError(ErrQueueOpBadPort, "port %s", m.Port)
	}
	return nil
}

func appendQueueConfigRequest(c context, dst []byte, m *QueueConfigRequest) ([]byte, error) {
	dst, err := appendPortNo(c.v, dst, m.Port)
	if c.v == V10 {
		return zeros(dst, 2), err
	}
	return zeros(dst, 4), err
}

// Types of queue properties.
const (
	queueMinRate = 1
	queueMaxRate = 2
)

// queueSize is the size of a queue's head in queue-get-config replies.
func queueSize(v Version) int {
	if v < V12 {
		return 8
	}
	return 16
}

func decodeQueueConfig(c context, b []byte, m *QueueConfigReply) error {
	r := reader{b: b}
	m.Port = r.port(c.v)
	b = b[8:]
	for len(b) > 0 {
		at, size := 4, queueSize(c.v)
		if c.v >= V12 {
			at = 8
		}
		n, err := entryLen(b, at, size)
		if err != nil {
			return err
		}
		q := Queue{Port: m.Port, ID: be.Uint32(b), MinRate: RateUnset, MaxRate: RateUnset}
		if c.v >= V12 {
			q.Port = PortNo(be.Uint32(b[4:]))
		}
		if err := decodeQueueRates(b[size:n], &q); err != nil {
			return err
		}
		m.Queues = append(m.Queues, q)
		b = b[n:]
	}
	return nil
}

// decodeQueueRates reads queue properties, whose heads before OpenFlow 1.4 have
// 8 bytes: the 4 bytes of padding are at the front of the body here.
func decodeQueueRates(b []byte, q *Queue) error {
	props := properties{b: b}
	for props.next() {
		if props.typ != queueMinRate && props.typ != queueMaxRate {
			q.Props = append(q.Props, props.keep())
			continue
		}
		if len(props.body) != 12 {
			return ErrPropertyBadLen
		}
		*q.rate(props.typ) = be.Uint16(props.body[4:])
	}
	return props.err
}

func (q *Queue) rate(prop uint16) *uint16 {
	if prop == queueMinRate {
		return &q.MinRate
	}
	return &q.MaxRate
}

func appendQueueConfig(c context, dst []byte, m *QueueConfigReply) ([]byte, error) {
	head := len(dst)
	dst, err := appendPortNo(c.v, dst, m.Port)
	if err != nil {
		return dst, err
	}
	dst = pad8(dst, head)
	for i := range m.Queues {
		q := &m.Queues[i]
		start := len(dst)
		dst = be.AppendUint32(dst, q.ID)
		if c.v >= V12 {
			dst = be.AppendUint32(dst, uint32(q.Port))
		}
		at := len(dst)
		dst = pad8(zeros(dst, 2), start)
		for _, typ := range [2]uint16{queueMinRate, queueMaxRate} {
			if rate := *q.rate(typ); rate != RateUnset {
				dst = zeros(appendPropertyHead(dst, typ, 16), 4)
				dst = zeros(be.AppendUint16(dst, rate), 6)
			}
		}
		dst = appendProperties(dst, q.Props)
		setLen16(dst, at, start)
	}
	return dst, nil
}

func decodeQueueStatsRequest(c context, b []byte, m *QueueStatsRequest) error {
	r := reader{b: b}
	m.Port = r.port(c.v)
	if c.v == V10 {
		r.skip(2)
		if m.Port == PortAll { // OFPP_ALL is how 1.0 says "any"
			m.Port = PortAny
		}
	}
	m.Queue = r.u32()
	return nil
}

func appendQueueStatsRequest(c context, dst []byte, m *QueueStatsRequest) ([]byte, error) {
	port := m.Port
	if c.v == V10 && port == PortAny {
		port = PortAll
	}
	dst, err := appendPortNo(c.v, dst, port)
	if c.v == V10 {
		dst = zeros(dst, 2)
	}
	return be.AppendUint32(dst, m.Queue), err
}

func decodeQueueStats(c context, b []byte, m *QueueStatsReply) error {
	r := reader{b: b}
	for len(r.b) > 0 {
		e := reader{}
		if c.v >= V14 {
			n, err := entryLen(r.b, 0, 48)
			if err != nil {
				return err
			}
			e.b = r.bytes(n)
			e.skip(8)
		} else {
			e.b = r.bytes(queueStatsSize(c.v))
		}
		q := QueueStats{Port: e.port(c.v), Duration: DurationUnknown}
		if c.v == V10 {
			e.skip(2)
		}
		q.Queue = e.u32()
		q.TxBytes, q.TxPackets, q.TxErrors = e.u64(), e.u64(), e.u64()
		if c.v >= V13 {
			q.Duration = e.duration()
		}
		var err error
		if q.Props, err = decodeProperties(e.b); err != nil {
			return err
		}
		m.Queues = append(m.Queues, q)
	}
	return nil
}

// queueStatsSize is the size of an entry before OpenFlow 1.4.
func queueStatsSize(v Version) int {
	if v >= V13 {
		return 40
	}
	return 32
}

func appendQueueStats(c context, dst []byte, _ *QueueStatsReply, q *QueueStats) ([]byte, error) {
	start := len(dst)
	if c.v >= V14 {
		dst = zeros(dst, 8)
	}
	dst, err := appendPortNo(c.v, dst, q.Port)
	if err != nil {
		return dst, err
	}
	if c.v == V10 {
		dst = zeros(dst, 2)
	}
	dst = be.AppendUint32(dst, q.Queue)
	for _, n := range [3]uint64{q.TxBytes, q.TxPackets, q.TxErrors} {
		dst = be.AppendUint64(dst, n)
	}
	if c.v >= V13 {
		dst = appendDuration(dst, q.Duration)
	}
	if c.v < V14 {
		return dst, noProperties(c.v, q.Props)
	}
	dst = appendProperties(dst, q.Props)
	setLen16(dst, start, start)
	return dst, nil
}

func decodeQueueDesc(_ context, b []byte, m *QueueDescReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 8, 16)
		if err != nil {
			return err
		}
		q := Queue{Port: PortNo(be.Uint32(b)), ID: be.Uint32(b[4:]), MinRate: RateUnset, MaxRate: RateUnset}
		props := properties{b: b[16:n]}
		for props.next() {
			if props.typ != queueMinRate && props.typ != queueMaxRate {
				q.Props = append(q.Props, props.keep())
				continue
			}
			if len(props.body) != 4 {
				return ErrPropertyBadLen
			}
			*q.rate(props.typ) = be.Uint16(props.body)
		}
		if props.err != nil {
			return props.err
		}
		m.Queues = append(m.Queues, q)
		b = b[n:]
	}
	return nil
}

func appendQueueDesc(_ context, dst []byte, _ *QueueDescReply, q *Queue) ([]byte, error) {
	start := len(dst)
	dst = be.AppendUint32(dst, uint32(q.Port))
	dst = be.AppendUint32(dst, q.ID)
	dst = zeros(dst, 8)
	for _, typ := range [2]uint16{queueMinRate, queueMaxRate} {
		if rate := *q.rate(typ); rate != RateUnset {
			dst = appendPropertyHead(dst, typ, 8)
			dst = zeros(be.AppendUint16(dst, rate), 2)
		}
	}
	dst = appendProperties(dst, q.Props)
	setLen16(dst, start+8, start)
	return dst, nil
}
