package openflow

import "slices"

//size:table
func meterMessages() []messageRow {
	meterRequest := func(b []byte, meter *uint32) error { *meter = be.Uint32(b); return nil }
	return []messageRow{
		{kind: KindMeterMod, name: "OFPT_METER_MOD", from: V13, to: V15, code: 29, size: 8, extra: 8,
			decode: to(decodeMeterMod), encode: from(appendMeterMod)},
		{kind: KindMeterStatsRequest, name: "OFPST_METER request", class: classRequest, from: V13, to: V15, code: 9, size: 8,
			decode: to(func(_ context, b []byte, m *MeterStatsRequest) error { return meterRequest(b, &m.Meter) }),
			encode: from(func(_ context, dst []byte, m *MeterStatsRequest) ([]byte, error) {
				return zeros(be.AppendUint32(dst, m.Meter), 4), nil
			})},
		{kind: KindMeterStatsReply, name: "OFPST_METER reply", class: classReply, from: V13, to: V15, code: 9, extra: 8,
			decode: to(decodeMeterStats),
			list:   listOf(func(m *MeterStatsReply) []MeterStats { return m.Meters }, appendMeterStats)},
		{kind: KindMeterConfigRequest, name: "OFPST_METER_CONFIG request", class: classRequest, from: V13, to: V15, code: 10, size: 8,
			decode: to(func(_ context, b []byte, m *MeterConfigRequest) error { return meterRequest(b, &m.Meter) }),
			encode: from(func(_ context, dst []byte, m *MeterConfigRequest) ([]byte, error) {
				return zeros(be.AppendUint32(dst, m.Meter), 4), nil
			})},
		{kind: KindMeterConfigReply, name: "OFPST_METER_CONFIG reply", class: classReply, from: V13, to: V15, code: 10, extra: 8,
			decode: to(decodeMeterConfig),
			list:   listOf(func(m *MeterConfigReply) []MeterConfig { return m.Meters }, appendMeterConfig)},
		{kind: KindMeterFeaturesRequest, name: "OFPST_METER_FEATURES request", class: classRequest, from: V13, to: V15, code: 11,
			decode: toEmpty[MeterFeaturesRequest], encode: fromEmpty},
		{kind: KindMeterFeaturesReply, name: "OFPST_METER_FEATURES reply", class: classReply, from: V13, to: V15, code: 11, size: meterFeaturesSize, extra: 8,
			decode: to(decodeMeterFeatures), encode: from(appendMeterFeatures)},
	}
}

const (
	bandSize          = 16
	meterConfigSize   = 8
	meterStatsSize    = 40
	meterFeaturesSize = 16
)

// meterFlagsAll are the flags of OpenFlow 1.3 and later.
const meterFlagsAll = MeterKbps | MeterPktps | MeterBurst | MeterStatistics

func decodeMeterMod(_ context, b []byte, m *MeterMod) error {
	m.Command, m.Flags, m.Meter = MeterModCommand(be.Uint16(b)), MeterFlags(be.Uint16(b[2:])), be.Uint32(b[4:])
	if m.Command > MeterDelete {
		return NewError(ErrMeterModBadCommand, "command %d", m.Command)
	}
	var err error
	if m.Bands, err = decodeBands(b[meterConfigSize:]); err != nil {
		return err
	}
	return checkMeterMod(m)
}

// checkMeterMod refuses what no switch may accept: flags that contradict each
// other, and numbers that no meter has.
func checkMeterMod(m *MeterMod) error {
	const units = MeterKbps | MeterPktps
	switch {
	case m.Command == MeterDelete:
	case m.Flags&^meterFlagsAll != 0 || m.Flags&units == units:
		return NewError(ErrMeterModBadFlags, "flags %#x", m.Flags)
	}
	valid := m.Meter >= 1 && m.Meter <= MeterMax || m.Meter == MeterSlowPath || m.Meter == MeterController
	if !valid && !(m.Command == MeterDelete && m.Meter == MeterAll) {
		return NewError(ErrMeterModInvalidMeter, "meter %#x", m.Meter)
	}
	return nil
}

func decodeBands(b []byte) (bands []MeterBand, err error) {
	for len(b) > 0 {
		n, err := entryLen(b, 2, bandSize)
		if err != nil {
			return nil, err
		}
		band := MeterBand{Type: MeterBandType(be.Uint16(b)), Rate: be.Uint32(b[4:]), Burst: be.Uint32(b[8:])}
		switch {
		case band.Type != BandDrop && band.Type != BandDSCPRemark:
			return nil, NewError(ErrMeterModBadBand, "band type %d", band.Type)
		case n != bandSize:
			return nil, NewError(ErrRequestBadLen, "band of %d bytes", n)
		case band.Type == BandDSCPRemark:
			band.PrecLevel = b[12]
		}
		bands = append(bands, band)
		b = b[n:]
	}
	return bands, nil
}

func appendBands(dst []byte, bands []MeterBand) []byte {
	for i := range bands {
		band := &bands[i]
		dst = be.AppendUint16(dst, uint16(band.Type))
		dst = be.AppendUint16(dst, bandSize)
		dst = be.AppendUint32(dst, band.Rate)
		dst = be.AppendUint32(dst, band.Burst)
		if band.Type == BandDSCPRemark {
			dst = zeros(append(dst, band.PrecLevel), 3)
		} else {
			dst = zeros(dst, 4)
		}
	}
	return dst
}

func appendMeterMod(_ context, dst []byte, m *MeterMod) ([]byte, error) {
	dst = be.AppendUint16(dst, uint16(m.Command))
	dst = be.AppendUint16(dst, uint16(m.Flags))
	dst = be.AppendUint32(dst, m.Meter)
	return appendBands(dst, m.Bands), nil
}

func decodeMeterConfig(_ context, b []byte, m *MeterConfigReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 0, meterConfigSize)
		if err != nil {
			return err
		}
		config := MeterConfig{Flags: MeterFlags(be.Uint16(b[2:])), Meter: be.Uint32(b[4:])}
		if config.Bands, err = decodeBands(b[meterConfigSize:n]); err != nil {
			return err
		}
		m.Meters = append(m.Meters, config)
		b = b[n:]
	}
	return nil
}

func appendMeterConfig(_ context, dst []byte, _ *MeterConfigReply, m *MeterConfig) ([]byte, error) {
	start := len(dst)
	dst = zeros(dst, 2)
	dst = be.AppendUint16(dst, uint16(m.Flags))
	dst = be.AppendUint32(dst, m.Meter)
	dst = appendBands(dst, m.Bands)
	setLen16(dst, start, start)
	return dst, nil
}

func decodeMeterStats(_ context, b []byte, m *MeterStatsReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 4, meterStatsSize)
		if err != nil {
			return err
		}
		if (n-meterStatsSize)%bandSize != 0 {
			return ErrRequestBadLen
		}
		r := reader{b: b[:n]}
		s := MeterStats{Meter: r.u32()}
		r.skip(8)
		s.Flows, s.Packets, s.Bytes = r.u32(), r.u64(), r.u64()
		s.Duration = durationOf(r.u32(), r.u32())
		s.Bands = slices.Grow(s.Bands, len(r.b)/bandSize)
		for len(r.b) > 0 {
			s.Bands = append(s.Bands, BandStats{Packets: r.u64(), Bytes: r.u64()})
		}
		m.Meters = append(m.Meters, s)
		b = b[n:]
	}
	return nil
}

func appendMeterStats(_ context, dst []byte, _ *MeterStatsReply, m *MeterStats) ([]byte, error) {
	start := len(dst)
	dst = zeros(be.AppendUint32(dst, m.Meter), 8)
	dst = be.AppendUint32(dst, m.Flows)
	dst = be.AppendUint64(dst, m.Packets)
	dst = be.AppendUint64(dst, m.Bytes)
	dst = appendDuration(dst, m.Duration)
	for _, band := range m.Bands {
		dst = be.AppendUint64(dst, band.Packets)
		dst = be.AppendUint64(dst, band.Bytes)
	}
	setLen16(dst, start+4, start)
	return dst, nil
}

// decodeMeterFeatures takes OpenFlow 1.5's longer form too, which Open vSwitch
// does not write.
func decodeMeterFeatures(c context, b []byte, m *MeterFeaturesReply) error {
	r := reader{b: b}
	m.MaxMeters, m.BandTypes, m.Capabilities = r.u32(), r.u32(), r.u32()
	m.MaxBands, m.MaxColor = r.u8(), r.u8()
	r.skip(2)
	if len(r.b) > 0 {
		m.Features = MeterFeatures(r.u32())
	}
	if len(b) > meterFeaturesSize && (c.v < V15 || len(b) != meterFeaturesSize+8) {
		return ErrRequestBadLen
	}
	return nil
}

// appendMeterFeatures writes the longer form only where it says something, so that
// what was in Open vSwitch's form stays in it.
func appendMeterFeatures(c context, dst []byte, m *MeterFeaturesReply) ([]byte, error) {
	for _, n := range [3]uint32{m.MaxMeters, m.BandTypes, m.Capabilities} {
		dst = be.AppendUint32(dst, n)
	}
	dst = zeros(append(dst, m.MaxBands, m.MaxColor), 2)
	if c.v < V15 || m.Features == 0 {
		return dst, nil
	}
	return zeros(be.AppendUint32(dst, uint32(m.Features)), 4), nil
}
