package openflow

import "time"

// Sizes of port descriptions, in bytes; 1.4's is followed by properties.
const (
	portSize10 = 48
	portSize11 = 64
	portSize14 = 40

	portNameSize = 16
)

//size:table
func portMessages() []messageRow {
	portDesc := listOf(func(m *PortDescReply) []Port { return m.Ports },
		func(c context, dst []byte, _ *PortDescReply, e *Port) ([]byte, error) { return appendPort(c, dst, e) })
	portStats := listOf(func(m *PortStatsReply) []PortStats { return m.Ports }, appendPortStats)
	return []messageRow{
		{kind: KindPortStatus, name: "OFPT_PORT_STATUS", from: V10, to: V10, code: 12, size: 8 + portSize10,
			decode: to(decodePortStatus), encode: from(appendPortStatus)},
		{kind: KindPortStatus, name: "OFPT_PORT_STATUS", from: V11, to: V13, code: 12, size: 8 + portSize11,
			decode: to(decodePortStatus), encode: from(appendPortStatus)},
		{kind: KindPortStatus, name: "OFPT_PORT_STATUS", from: V14, to: V15, code: 12, size: 8 + portSize14, extra: 8,
			decode: to(decodePortStatus), encode: from(appendPortStatus)},
		{kind: KindPortMod, name: "OFPT_PORT_MOD", from: V10, to: V10, code: 15, size: 24,
			decode: to(decodePortMod), encode: from(appendPortMod)},
		{kind: KindPortMod, name: "OFPT_PORT_MOD", from: V11, to: V13, code: 16, size: 32,
			decode: to(decodePortMod), encode: from(appendPortMod)},
		{kind: KindPortMod, name: "OFPT_PORT_MOD", from: V14, to: V15, code: 16, size: 24, extra: 8,
			decode: to(decodePortMod), encode: from(appendPortMod)},
		{kind: KindPortDescRequest, name: "OFPST_PORT_DESC request", class: classRequest, from: V10, to: V14, code: 13,
			decode: to(func(_ context, _ []byte, m *PortDescRequest) error { m.Port = PortAny; return nil }),
			encode: from(appendPortDescRequest)},
		{kind: KindPortDescRequest, name: "OFPST_PORT_DESC request", class: classRequest, from: V15, to: V15, code: 13, size: 8,
			decode: to(func(_ context, b []byte, m *PortDescRequest) error { m.Port = PortNo(be.Uint32(b)); return nil }),
			encode: from(appendPortDescRequest)},
		{kind: KindPortDescReply, name: "OFPST_PORT_DESC reply", class: classReply, from: V10, to: V10, code: 13, extra: portSize10,
			decode: to(decodePortDesc), list: portDesc},
		{kind: KindPortDescReply, name: "OFPST_PORT_DESC reply", class: classReply, from: V11, to: V13, code: 13, extra: portSize11,
			decode: to(decodePortDesc), list: portDesc},
		{kind: KindPortDescReply, name: "OFPST_PORT_DESC reply", class: classReply, from: V14, to: V15, code: 13, extra: 8,
			decode: to(decodePortDesc), list: portDesc},
		{kind: KindPortStatsRequest, name: "OFPST_PORT request", class: classRequest, from: V10, to: V15, code: 4, size: 8,
			decode: to(decodePortStatsRequest), encode: from(appendPortStatsRequest)},
		{kind: KindPortStatsReply, name: "OFPST_PORT reply", class: classReply, from: V10, to: V12, code: 4, extra: 104,
			decode: to(decodePortStats), list: portStats},
		{kind: KindPortStatsReply, name: "OFPST_PORT reply", class: classReply, from: V13, to: V13, code: 4, extra: 112,
			decode: to(decodePortStats), list: portStats},
		{kind: KindPortStatsReply, name: "OFPST_PORT reply", class: classReply, from: V14, to: V15, code: 4, extra: 8,
			decode: to(decodePortStats), list: portStats},
	}
}

// port reads a port number as the version has it.
func (r *reader) port(v Version) PortNo {
	if v == V10 {
		return PortFrom16(r.u16())
	}
	return PortNo(r.u32())
}

// appendPortNo appends a port number as the version has it.
func appendPortNo(v Version, dst []byte, p PortNo) ([]byte, error) {
	if v > V10 {
		return be.AppendUint32(dst, uint32(p)), nil
	}
	n, ok := p.To16()
	if !ok {
		return dst, unencodable(v, "port %d", uint32(p))
	}
	return be.AppendUint16(dst, n), nil
}

// featureLow are the link modes at the same bits in all versions; the others lie
// featureShift bits lower in OpenFlow 1.0, which lacks those between.
const (
	featureLow   = Feature40GbFD - 1
	featureShift = 4
	featuresAll  = 2*FeaturePauseAsym - 1
)

func featuresFrom(v Version, bits uint32) PortFeatures {
	f := PortFeatures(bits)
	if v == V10 {
		f = f&featureLow | (f&^featureLow&0xf80)<<featureShift
	}
	return f
}

func (f PortFeatures) wire(v Version) uint32 {
	if v == V10 {
		f = f&featureLow | f>>featureShift&0xf80
	}
	return uint32(f)
}

// Masks of settings and states that each version has on the wire.
const (
	portConfig10 = PortDown | PortNoSTP | PortNoRecv | PortNoRecvSTP | PortNoFlood | PortNoFwd | PortNoPacketIn
	portConfig11 = PortDown | PortNoRecv | PortNoFwd | PortNoPacketIn
	portState10  = PortLinkDown | PortSTPMask
	portState11  = PortLinkDown | PortBlocked | PortLive
)

func (p PortConfig) wire(v Version) uint32 {
	if v == V10 {
		return uint32(p & portConfig10)
	}
	return uint32(p & portConfig11)
}

func configFrom(v Version, bits uint32) PortConfig {
	if v == V10 {
		return PortConfig(bits) & portConfig10
	}
	return PortConfig(bits) & portConfig11
}

func (s PortState) wire(v Version) uint32 {
	if v == V10 {
		return uint32(s & portState10)
	}
	return uint32(s & portState11)
}

func stateFrom(v Version, bits uint32) PortState {
	if v == V10 {
		return PortState(bits) & portState10
	}
	return PortState(bits) & portState11
}

// propEthernet is the type of the Ethernet property of ports.
const propEthernet = 0

// decodePort reads a port description from the front of r.
func decodePort(c context, r *reader, m *Port) error {
	m.No = r.port(c.v)
	size := portSize10
	switch {
	case c.v >= V14:
		size = int(r.u16())
		r.skip(2)
	case c.v > V10:
		r.skip(4)
	}
	copy(m.MAC[:], r.bytes(6))
	if c.v > V10 {
		r.skip(2)
	}
	m.Name = r.text(portNameSize)
	m.Config, m.State = configFrom(c.v, r.u32()), stateFrom(c.v, r.u32())
	if c.v >= V14 {
		if r.short || size < portSize14 {
			return ErrRequestBadLen
		}
		props := properties{b: r.bytes(size - portSize14)}
		if r.short {
			return ErrRequestBadLen
		}
		return decodePortProps(&props, m)
	}
	m.Current, m.Advertised = featuresFrom(c.v, r.u32()), featuresFrom(c.v, r.u32())
	m.Supported, m.Peer = featuresFrom(c.v, r.u32()), featuresFrom(c.v, r.u32())
	if c.v > V10 {
		m.CurrentSpeed, m.MaxSpeed = r.u32(), r.u32()
	}
	if r.short {
		return ErrRequestBadLen
	}
	return nil
}

// decodePortProps takes the Ethernet property and keeps what it does not know,
// because a description is never refused.
func decodePortProps(props *properties, m *Port) error {
	for props.next() {
		if props.typ != propEthernet {
			m.Props = append(m.Props, props.keep())
			continue
		}
		if len(props.body) != 28 {
			return ErrPropertyBadLen
		}
		r := reader{b: props.body[4:]}
		m.Current, m.Advertised = PortFeatures(r.u32()), PortFeatures(r.u32())
		m.Supported, m.Peer = PortFeatures(r.u32()), PortFeatures(r.u32())
		m.CurrentSpeed, m.MaxSpeed = r.u32(), r.u32()
	}
	return props.err
}

func appendPort(c context, dst []byte, m *Port) ([]byte, error) {
	start := len(dst)
	dst, err := appendPortNo(c.v, dst, m.No)
	if err != nil {
		return dst, err
	}
	if c.v > V10 {
		dst = zeros(dst, 4)
	}
	dst = append(dst, m.MAC[:]...)
	if c.v > V10 {
		dst = zeros(dst, 2)
	}
	dst = appendText(dst, m.Name, portNameSize)
	dst = be.AppendUint32(dst, m.Config.wire(c.v))
	dst = be.AppendUint32(dst, m.State.wire(c.v))
	if c.v >= V14 {
		dst = zeros(appendPropertyHead(dst, propEthernet, 32), 4)
	}
	for _, f := range [4]PortFeatures{m.Current, m.Advertised, m.Supported, m.Peer} {
		dst = be.AppendUint32(dst, f.wire(c.v))
	}
	if c.v > V10 {
		dst = be.AppendUint32(dst, m.CurrentSpeed)
		dst = be.AppendUint32(dst, m.MaxSpeed)
	}
	if c.v < V14 {
		return dst, noProperties(c.v, m.Props)
	}
	dst = appendProperties(dst, m.Props)
	setLen16(dst, start+4, start)
	return dst, nil
}

func decodePorts(c context, b []byte) (ports []Port, err error) {
	r := reader{b: b}
	for len(r.b) > 0 && err == nil {
		ports = append(ports, Port{})
		err = decodePort(c, &r, &ports[len(ports)-1])
	}
	return ports, err
}

func decodePortDesc(c context, b []byte, m *PortDescReply) (err error) {
	m.Ports, err = decodePorts(c, b)
	return err
}

func appendPortDescRequest(c context, dst []byte, m *PortDescRequest) ([]byte, error) {
	if c.v >= V15 {
		return zeros(be.AppendUint32(dst, uint32(m.Port)), 4), nil
	}
	if m.Port != PortAny {
		return dst, unencodable(c.v, "a request for the description of one port")
	}
	return dst, nil
}

func decodePortStatus(c context, b []byte, m *PortStatus) error {
	m.Reason = PortReason(b[0])
	if m.Reason > PortModified {
		return NewError(ErrNXRequestBadReason, "port status reason %d", b[0])
	}
	r := reader{b: b[8:]}
	return decodePort(c, &r, &m.Port)
}

func appendPortStatus(c context, dst []byte, m *PortStatus) ([]byte, error) {
	return appendPort(c, zeros(append(dst, byte(m.Reason)), 7), &m.Port)
}

func decodePortMod(c context, b []byte, m *PortMod) error {
	r := reader{b: b}
	m.Port = r.port(c.v)
	if c.v > V10 {
		r.skip(4)
	}
	copy(m.MAC[:], r.bytes(6))
	if c.v > V10 {
		r.skip(2)
	}
	config, mask := r.u32(), r.u32()
	m.Config, m.Mask = configFrom(c.v, config), configFrom(c.v, mask)
	if unknown := config & mask &^ m.Config.wire(c.v); unknown != 0 {
		return NewError(ErrPortModBadConfig, "settings %#x in %s", unknown, c.v)
	}
	if c.v < V14 {
		return m.setAdvertise(c.v, r.u32())
	}
	props := properties{b: r.b}
	for props.next() {
		if props.typ != propEthernet {
			return props.unknown()
		}
		if err := props.onceOf32(); err != nil {
			return err
		}
		if err := m.setAdvertise(c.v, be.Uint32(props.body)); err != nil {
			return err
		}
	}
	return props.err
}

func (m *PortMod) setAdvertise(v Version, bits uint32) error {
	m.Advertise = featuresFrom(v, bits)
	if unknown := bits &^ (m.Advertise & featuresAll).wire(v); unknown != 0 {
		return NewError(ErrPortModBadAdvertise, "link modes %#x in %s", unknown, v)
	}
	return nil
}

func appendPortMod(c context, dst []byte, m *PortMod) ([]byte, error) {
	dst, err := appendPortNo(c.v, dst, m.Port)
	if err != nil {
		return dst, err
	}
	if c.v > V10 {
		dst = zeros(dst, 4)
	}
	dst = append(dst, m.MAC[:]...)
	if c.v > V10 {
		dst = zeros(dst, 2)
	}
	dst = be.AppendUint32(dst, m.Config.wire(c.v))
	dst = be.AppendUint32(dst, m.Mask.wire(c.v))
	if c.v < V14 {
		return zeros(be.AppendUint32(dst, m.Advertise.wire(c.v)), 4), nil
	}
	if m.Advertise != 0 {
		dst = appendPropertyHead(dst, propEthernet, 8)
		dst = be.AppendUint32(dst, uint32(m.Advertise))
	}
	return dst, nil
}

func decodePortStatsRequest(c context, b []byte, m *PortStatsRequest) error {
	r := reader{b: b}
	m.Port = r.port(c.v)
	return nil
}

func appendPortStatsRequest(c context, dst []byte, m *PortStatsRequest) ([]byte, error) {
	start := len(dst)
	dst, err := appendPortNo(c.v, dst, m.Port)
	return pad8(dst, start), err
}

// durationOf joins the seconds and nanoseconds of the wire.
func durationOf(sec, nsec uint32) time.Duration {
	return time.Duration(sec)*time.Second + time.Duration(nsec)
}

// durationMissing is what both parts of a duration say where there is none.
const durationMissing = 0xffffffff

// duration reads a duration that may be missing.
func (r *reader) duration() time.Duration {
	sec, nsec := r.u32(), r.u32()
	if sec == durationMissing && nsec == durationMissing {
		return DurationUnknown
	}
	return durationOf(sec, nsec)
}

// appendDuration appends seconds and nanoseconds; DurationUnknown as all ones.
func appendDuration(dst []byte, d time.Duration) []byte {
	sec, nsec := uint32(durationMissing), uint32(durationMissing)
	if d >= 0 {
		sec, nsec = uint32(d/time.Second), uint32(d%time.Second)
	}
	return be.AppendUint32(be.AppendUint32(dst, sec), nsec)
}
