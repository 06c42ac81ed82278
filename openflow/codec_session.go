package openflow

//size:table
func sessionMessages() []messageRow {
	return []messageRow{
		{kind: KindHello, name: "OFPT_HELLO", from: V10, to: V15, code: typeHello, extra: 1,
			decode: to(decodeHello), encode: from(appendHello)},
		{kind: KindError, name: "OFPT_ERROR", from: V10, to: V15, code: 1, size: 4, extra: 1,
			decode: to(decodeError), encode: from(appendError)},
		{kind: KindEchoRequest, name: "OFPT_ECHO_REQUEST", from: V10, to: V15, code: 2, extra: 1,
			decode: to(func(_ context, b []byte, m *EchoRequest) error { m.Data = clone(b); return nil }),
			encode: from(func(_ context, dst []byte, m *EchoRequest) ([]byte, error) { return append(dst, m.Data...), nil })},
		{kind: KindEchoReply, name: "OFPT_ECHO_REPLY", from: V10, to: V15, code: 3, extra: 1,
			decode: to(func(_ context, b []byte, m *EchoReply) error { m.Data = clone(b); return nil }),
			encode: from(func(_ context, dst []byte, m *EchoReply) ([]byte, error) { return append(dst, m.Data...), nil })},
		{kind: KindFeaturesRequest, name: "OFPT_FEATURES_REQUEST", from: V10, to: V15, code: 5,
			decode: toEmpty[FeaturesRequest], encode: fromEmpty},
		{kind: KindFeaturesReply, name: "OFPT_FEATURES_REPLY", from: V10, to: V10, code: 6, size: 24, extra: portSize10,
			decode: to(decodeFeatures), encode: from(appendFeatures)},
		{kind: KindFeaturesReply, name: "OFPT_FEATURES_REPLY", from: V11, to: V12, code: 6, size: 24, extra: portSize11,
			decode: to(decodeFeatures), encode: from(appendFeatures)},
		{kind: KindFeaturesReply, name: "OFPT_FEATURES_REPLY", from: V13, to: V15, code: 6, size: 24,
			decode: to(decodeFeatures), encode: from(appendFeatures)},
		{kind: KindGetConfigRequest, name: "OFPT_GET_CONFIG_REQUEST", from: V10, to: V15, code: 7,
			decode: toEmpty[GetConfigRequest], encode: fromEmpty},
		{kind: KindGetConfigReply, name: "OFPT_GET_CONFIG_REPLY", from: V10, to: V15, code: 8, size: 4,
			decode: to(func(c context, b []byte, m *GetConfigReply) error { return decodeConfig(c, b, &m.SwitchConfig) }),
			encode: from(func(c context, dst []byte, m *GetConfigReply) ([]byte, error) {
				return appendConfig(c, dst, &m.SwitchConfig)
			})},
		{kind: KindSetConfig, name: "OFPT_SET_CONFIG", from: V10, to: V15, code: 9, size: 4,
			decode: to(func(c context, b []byte, m *SetConfig) error { return decodeConfig(c, b, &m.SwitchConfig) }),
			encode: from(func(c context, dst []byte, m *SetConfig) ([]byte, error) {
				return appendConfig(c, dst, &m.SwitchConfig)
			})},
		{kind: KindBarrierRequest, name: "OFPT_BARRIER_REQUEST", from: V10, to: V10, code: 18,
			decode: toEmpty[BarrierRequest], encode: fromEmpty},
		{kind: KindBarrierRequest, name: "OFPT_BARRIER_REQUEST", from: V11, to: V15, code: 20,
			decode: toEmpty[BarrierRequest], encode: fromEmpty},
		{kind: KindBarrierReply, name: "OFPT_BARRIER_REPLY", from: V10, to: V10, code: 19,
			decode: toEmpty[BarrierReply], encode: fromEmpty},
		{kind: KindBarrierReply, name: "OFPT_BARRIER_REPLY", from: V11, to: V15, code: 21,
			decode: toEmpty[BarrierReply], encode: fromEmpty},
		{kind: KindSetFlowFormat, name: "NXT_SET_FLOW_FORMAT", class: classNicira, from: V10, to: V10, code: 12, size: 4,
			decode: to(decodeSetFlowFormat),
			encode: from(func(_ context, dst []byte, m *SetFlowFormat) ([]byte, error) {
				return be.AppendUint32(dst, uint32(m.Format)), nil
			})},
		{kind: KindFlowModTableID, name: "NXT_FLOW_MOD_TABLE_ID", class: classNicira, from: V10, to: V15, code: 15, size: 8,
			decode: to(func(_ context, b []byte, m *FlowModTableID) error { m.On = b[0] != 0; return nil }),
			encode: from(func(_ context, dst []byte, m *FlowModTableID) ([]byte, error) {
				return zeros(append(dst, flag8(m.On)), 7), nil
			})},
		{kind: KindSetPacketInFormat, name: "NXT_SET_PACKET_IN_FORMAT", class: classNicira, from: V10, to: V15, code: 16, size: 4,
			decode: to(decodeSetPacketInFormat),
			encode: from(func(_ context, dst []byte, m *SetPacketInFormat) ([]byte, error) {
				return be.AppendUint32(dst, uint32(m.Format)), nil
			})},
		{kind: KindFlowAge, name: "NXT_FLOW_AGE", class: classNicira, from: V10, to: V15, code: 18,
			decode: toEmpty[FlowAge], encode: fromEmpty},
	}
}

func flag8(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// helloVersionBitmap is OFPHET_VERSIONBITMAP.
const helloVersionBitmap = 1

// decodeHello never fails: a peer whose hello has elements that we do not
// understand is still one to agree with on a version (OpenFlow 1.3.5 §7.5.1).
func decodeHello(c context, b []byte, m *Hello) error {
	m.Versions = versionsUpTo(c.v)
	r := reader{b: b}
	for len(r.b) >= 4 {
		element := r.b
		typ, n := r.u16(), int(r.u16())
		if n < 4 || n > len(element) {
			return nil
		}
		if typ == helloVersionBitmap && n >= 8 {
			if !m.Bitmap {
				m.Versions, m.Bitmap = 0, true
			}
			m.Versions |= VersionSet(be.Uint32(element[4:])) // of several bitmaps, all count
		}
		r.b = element[min(roundUp8(n), len(element)):]
	}
	return nil
}

func appendHello(c context, dst []byte, m *Hello) ([]byte, error) {
	if !m.Bitmap && (m.Versions == 0 || m.Versions == versionsUpTo(c.v)) {
		return dst, nil
	}
	dst = be.AppendUint16(dst, helloVersionBitmap)
	dst = be.AppendUint16(dst, 8)
	return be.AppendUint32(dst, uint32(m.Versions)), nil
}

// versionsUpTo are the versions that a header's version alone offers.
func versionsUpTo(v Version) VersionSet { return VersionSet(1<<(min(v, 31)+1) - 2) }

func decodeFeatures(c context, b []byte, m *FeaturesReply) error {
	r := reader{b: b}
	m.DatapathID, m.Buffers, m.Tables = r.u64(), r.u32(), r.u8()
	aux := r.u8()
	if c.v >= V13 {
		m.Auxiliary = aux
	}
	r.skip(2)
	m.Capabilities = capabilitiesFrom(c.v, r.u32())
	if actions := r.u32(); c.v == V10 {
		m.Actions = c.t.actions.fromBits(V10, actions)
	}
	if c.v >= V13 {
		return nil
	}
	var err error
	m.Ports, err = decodePorts(c, r.b)
	return err
}

// appendFeatures appends a features reply. It is one message, so that of ports that
// are too many for it only the first are told: a switch without an answer could not
// be used at all, and port descriptions have the others.
func appendFeatures(c context, dst []byte, m *FeaturesReply) ([]byte, error) {
	end := len(dst) - HeaderLen + MaxLen
	dst = be.AppendUint64(dst, m.DatapathID)
	dst = be.AppendUint32(dst, m.Buffers)
	dst = append(dst, m.Tables)
	if c.v >= V13 {
		dst = append(dst, m.Auxiliary)
	} else {
		dst = zeros(dst, 1)
	}
	dst = zeros(dst, 2)
	dst = be.AppendUint32(dst, m.Capabilities.wire(c.v))
	if c.v == V10 {
		dst = be.AppendUint32(dst, c.t.actions.toBits(V10, m.Actions))
	} else {
		dst = zeros(dst, 4)
	}
	if c.v >= V13 {
		return dst, nil
	}
	for i := range m.Ports {
		out, err := appendPort(c, dst, &m.Ports[i])
		if err != nil {
			return dst, err
		}
		if len(out) > end {
			break
		}
		dst = out
	}
	return dst, nil
}

// Capabilities that each version can tell, and the bit of CapSTP in OpenFlow 1.0.
const (
	caps10 = CapFlowStats | CapTableStats | CapPortStats | CapIPReassembly | CapQueueStats | CapARPMatchIP
	caps11 = caps10 | CapGroupStats
	caps12 = caps11&^CapARPMatchIP | CapPortBlocked
	caps14 = caps12 | CapBundles | CapFlowMonitor

	capSTP10 = 1 << 3
)

func capabilitiesFrom(v Version, bits uint32) Capabilities {
	if v == V10 && bits&capSTP10 != 0 {
		bits = bits&^capSTP10 | uint32(CapSTP)
	}
	return Capabilities(bits)
}

// wire is the part of the capabilities that a version can tell.
func (caps Capabilities) wire(v Version) uint32 {
	switch {
	case v == V10:
		bits := uint32(caps & caps10)
		if caps&CapSTP != 0 {
			bits |= capSTP10
		}
		return bits
	case v == V11:
		return uint32(caps & caps11)
	case v < V14:
		return uint32(caps & caps12)
	}
	return uint32(caps & caps14)
}

// configInvalidTTL is OFPC_INVALID_TTL_TO_CONTROLLER.
const configInvalidTTL = 1 << 2

func decodeConfig(c context, b []byte, m *SwitchConfig) error {
	flags := be.Uint16(b)
	m.MissSendLen = be.Uint16(b[2:])
	m.Frag = FragHandling(flags & fragMask)
	m.InvalidTTL = flags&configInvalidTTL != 0
	if flags&^(fragMask|configInvalidTTL) != 0 || m.InvalidTTL && c.v >= V13 {
		return NewError(ErrSwitchConfigBadFlags, "flags %#x in %s", flags, c.v)
	}
	return nil
}

func appendConfig(c context, dst []byte, m *SwitchConfig) ([]byte, error) {
	flags := uint16(m.Frag & fragMask)
	if m.InvalidTTL {
		if c.v >= V13 {
			return dst, unencodable(c.v, "the switch configuration invalid_ttl_to_controller")
		}
		flags |= configInvalidTTL
	}
	dst = be.AppendUint16(dst, flags)
	return be.AppendUint16(dst, m.MissSendLen), nil
}

func decodeSetFlowFormat(_ context, b []byte, m *SetFlowFormat) error {
	m.Format = FlowFormat(be.Uint32(b))
	if m.Format != FlowFormatOpenFlow10 && m.Format != FlowFormatNXM {
		return NewError(ErrRequestPermission, "flow format %d", m.Format)
	}
	return nil
}

func decodeSetPacketInFormat(_ context, b []byte, m *SetPacketInFormat) error {
	m.Format = PacketInFormat(be.Uint32(b))
	if m.Format > PacketInNXT2 {
		return NewError(ErrRequestPermission, "packet-in format %d", m.Format)
	}
	return nil
}
