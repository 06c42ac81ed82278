package openflow

// Experimenter properties of port statistics (vendor Intel in Open vSwitch).
const (
	vendorIntel    = 0x0000aa01
	intelRFC2819   = 1
	intelCustom    = 2
	customNameSize = 255
)

// portCounters are the counters in the order of OpenFlow 1.0 to 1.3, of which
// 1.4 has the first portCounters14 in its fixed part and the others in the
// Ethernet property, in ethernetCounters' order.
func (m *PortStats) portCounters() [12]*uint64 {
	return [12]*uint64{
		&m.RxPackets, &m.TxPackets, &m.RxBytes, &m.TxBytes, &m.RxDropped, &m.TxDropped,
		&m.RxErrors, &m.TxErrors, &m.RxFrameErr, &m.RxOverErr, &m.RxCRCErr, &m.Collisions,
	}
}

const (
	portCounters14 = 8
	portStatsSize  = 80 // of 1.4's fixed part
)

func decodePortStats(c context, b []byte, m *PortStatsReply) error {
	r := reader{b: b}
	for len(r.b) > 0 {
		m.Ports = append(m.Ports, PortStats{})
		if err := decodePortStatsEntry(c, &r, &m.Ports[len(m.Ports)-1]); err != nil {
			return err
		}
	}
	return nil
}

func decodePortStatsEntry(c context, r *reader, m *PortStats) error {
	m.Duration = DurationUnknown
	if c.v >= V14 {
		n, err := entryLen(r.b, 0, portStatsSize)
		if err != nil {
			return err
		}
		return decodePortStats14(r.bytes(n), m)
	}
	m.Port = r.port(c.v)
	if c.v == V10 {
		r.skip(6)
	} else {
		r.skip(4)
	}
	for _, p := range m.portCounters() {
		*p = r.u64()
	}
	if c.v >= V13 {
		m.Duration = r.duration()
	}
	return nil
}

func decodePortStats14(b []byte, m *PortStats) error {
	r := reader{b: b[4:]}
	m.Port, m.Duration = PortNo(r.u32()), r.duration()
	counters := m.portCounters()
	for _, p := range counters[:portCounters14] {
		*p = r.u64()
	}
	for _, p := range counters[portCounters14:] {
		*p = NoCount
	}
	props := properties{b: r.b}
	for props.next() {
		body := reader{b: props.body}
		if props.typ == propEthernet {
			body.skip(4)
			for _, p := range counters[portCounters14:] {
				*p = body.u64()
			}
		}
		vendor, typ, data, found := props.experimenter()
		body2 := reader{b: data}
		switch {
		case props.typ == propEthernet:
		case !found || vendor != vendorIntel || typ != intelRFC2819 && typ != intelCustom:
			m.Props = append(m.Props, props.keep())
		case typ == intelRFC2819:
			body2.skip(4)
			m.RFC2819 = new(PortStatsRFC2819)
			for _, p := range m.RFC2819.counters() {
				*p = body2.u64()
			}
		default:
			m.Custom = decodeCustom(&body2)
		}
		if body.short || body2.short {
			return ErrPropertyBadLen
		}
	}
	return props.err
}

// counters are the counters in the order of the wire.
func (s *PortStatsRFC2819) counters() [21]*uint64 {
	return [21]*uint64{
		&s.Rx1To64, &s.Rx65To127, &s.Rx128To255, &s.Rx256To511, &s.Rx512To1023, &s.Rx1024To1522, &s.Rx1523ToMax,
		&s.Tx1To64, &s.Tx65To127, &s.Tx128To255, &s.Tx256To511, &s.Tx512To1023, &s.Tx1024To1522, &s.Tx1523ToMax,
		&s.TxMulticast, &s.RxBroadcast, &s.TxBroadcast, &s.RxUndersized, &s.RxOversized, &s.RxFragmented, &s.RxJabber,
	}
}

// decodeCustom reads counters of names with a length byte.
func decodeCustom(r *reader) (counters []CustomCounter) {
	r.skip(2)
	n := int(r.u16())
	for range n {
		name := r.bytes(int(r.u8()))
		value := r.u64()
		if r.short {
			return nil
		}
		counters = append(counters, CustomCounter{Name: string(name), Value: value})
	}
	return counters
}

func appendPortStats(c context, dst []byte, _ *PortStatsReply, m *PortStats) ([]byte, error) {
	if c.v >= V14 {
		return appendPortStats14(dst, m), nil
	}
	start := len(dst)
	dst, err := appendPortNo(c.v, dst, m.Port)
	if err != nil {
		return dst, err
	}
	dst = pad8(dst, start)
	for _, p := range m.portCounters() {
		dst = be.AppendUint64(dst, *p)
	}
	if c.v >= V13 {
		dst = appendDuration(dst, m.Duration)
	}
	return dst, noProperties(c.v, m.Props)
}

func appendPortStats14(dst []byte, m *PortStats) []byte {
	start := len(dst)
	dst = zeros(dst, 4)
	dst = be.AppendUint32(dst, uint32(m.Port))
	dst = appendDuration(dst, m.Duration)
	counters := m.portCounters()
	for _, p := range counters[:portCounters14] {
		dst = be.AppendUint64(dst, *p)
	}
	dst = zeros(appendPropertyHead(dst, propEthernet, 40), 4)
	for _, p := range counters[portCounters14:] {
		dst = be.AppendUint64(dst, *p)
	}
	if m.RFC2819 != nil {
		prop := len(dst)
		dst = zeros(beginExperimenter(dst, vendorIntel, intelRFC2819), 4)
		for _, p := range m.RFC2819.counters() {
			dst = be.AppendUint64(dst, *p)
		}
		dst = endProperty(dst, prop)
	}
	if len(m.Custom) > 0 {
		prop := len(dst)
		dst = zeros(beginExperimenter(dst, vendorIntel, intelCustom), 2)
		dst = be.AppendUint16(dst, uint16(len(m.Custom)))
		for _, counter := range m.Custom {
			name := counter.Name[:min(len(counter.Name), customNameSize)]
			dst = append(append(dst, byte(len(name))), name...)
			dst = be.AppendUint64(dst, counter.Value)
		}
		dst = endProperty(dst, prop)
	}
	dst = appendProperties(dst, m.Props)
	setLen16(dst, start, start)
	return dst
}
