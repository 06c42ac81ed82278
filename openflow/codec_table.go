package openflow

//size:table
func tableMessages() []messageRow {
	features := listOf(func(m *TableFeaturesReply) []TableFeatures { return m.Tables },
		func(c context, dst []byte, _ *TableFeaturesReply, e *TableFeatures) ([]byte, error) {
			return appendTableFeatures(c, dst, e)
		})
	requested := listOf(func(m *TableFeaturesRequest) []TableFeatures { return m.Tables },
		func(c context, dst []byte, _ *TableFeaturesRequest, e *TableFeatures) ([]byte, error) {
			return appendTableFeatures(c, dst, e)
		})
	return []messageRow{
		{kind: KindTableMod, name: "OFPT_TABLE_MOD", from: V11, to: V13, code: 17, size: 8,
			decode: to(decodeTableMod), encode: from(appendTableMod)},
		{kind: KindTableMod, name: "OFPT_TABLE_MOD", from: V14, to: V15, code: 17, size: 8, extra: 8,
			decode: to(decodeTableMod), encode: from(appendTableMod)},
		{kind: KindTableStatus, name: "OFPT_TABLE_STATUS", from: V14, to: V15, code: 31, size: 16, extra: 8,
			decode: to(decodeTableStatus), encode: from(appendTableStatus)},
		{kind: KindTableDescRequest, name: "OFPST_TABLE_DESC request", class: classRequest, from: V14, to: V15, code: 14,
			decode: toEmpty[TableDescRequest], encode: fromEmpty},
		{kind: KindTableDescReply, name: "OFPST_TABLE_DESC reply", class: classReply, from: V14, to: V15, code: 14, extra: 8,
			decode: to(decodeTableDescReply),
			list: listOf(func(m *TableDescReply) []TableDesc { return m.Tables },
				func(_ context, dst []byte, _ *TableDescReply, e *TableDesc) ([]byte, error) {
					return appendTableDesc(dst, e), nil
				})},
		{kind: KindTableStatsRequest, name: "OFPST_TABLE request", class: classRequest, from: V10, to: V15, code: 3,
			decode: toEmpty[TableStatsRequest], encode: fromEmpty},
		{kind: KindTableStatsReply, name: "OFPST_TABLE reply", class: classReply, from: V10, to: V10, code: 3, extra: 64,
			decode: to(decodeTableStats), list: tableStatsList},
		{kind: KindTableStatsReply, name: "OFPST_TABLE reply", class: classReply, from: V11, to: V11, code: 3, extra: 88,
			decode: to(decodeTableStats), list: tableStatsList},
		{kind: KindTableStatsReply, name: "OFPST_TABLE reply", class: classReply, from: V12, to: V12, code: 3, extra: 128,
			decode: to(decodeTableStats), list: tableStatsList},
		{kind: KindTableStatsReply, name: "OFPST_TABLE reply", class: classReply, from: V13, to: V15, code: 3, extra: 24,
			decode: to(decodeTableStats), list: tableStatsList},
		{kind: KindTableFeaturesRequest, name: "OFPST_TABLE_FEATURES request", class: classRequest, from: V13, to: V15, code: 12, extra: 8,
			decode: to(func(c context, b []byte, m *TableFeaturesRequest) (err error) {
				m.Tables, err = decodeTableFeaturesList(c, b, false)
				return err
			}), list: requested},
		{kind: KindTableFeaturesReply, name: "OFPST_TABLE_FEATURES reply", class: classReply, from: V13, to: V15, code: 12, extra: 8,
			decode: to(func(c context, b []byte, m *TableFeaturesReply) (err error) {
				m.Tables, err = decodeTableFeaturesList(c, b, true)
				return err
			}), list: features},
	}
}

// Types of table properties (OFPTMPT_*).
const (
	tablePropEviction = 2
	tablePropVacancy  = 3
)

func tristate(on bool) Tristate {
	if on {
		return On
	}
	return Off
}

func decodeTableMod(c context, b []byte, m *TableMod) error {
	m.Table = b[0]
	config := be.Uint32(b[4:])
	m.EvictionFlags = noEvictionFlags
	if config&^tableConfigs(c.v) != 0 || c.v < V13 && config == TableConfigMissMask {
		return NewError(ErrTableModBadConfig, "config %#x in %s", config, c.v)
	}
	if c.v < V13 {
		m.Miss = TableMiss(config) + MissController
	}
	if c.v < V14 {
		return nil
	}
	m.Eviction, m.Vacancy = tristate(config&TableConfigEviction != 0), tristate(config&TableConfigVacancy != 0)
	props := properties{b: b[8:]}
	for props.next() {
		if props.typ != tablePropEviction && props.typ != tablePropVacancy {
			return props.unknown()
		}
		if err := props.onceOf32(); err != nil {
			return err
		}
		switch props.typ {
		case tablePropEviction:
			m.EvictionFlags = be.Uint32(props.body)
			if m.EvictionFlags &^= 7; m.EvictionFlags != 0 {
				return NewError(ErrPropertyBadValue, "eviction flags %#x", m.EvictionFlags)
			}
			m.EvictionFlags = be.Uint32(props.body)
		default:
			m.VacancyDown, m.VacancyUp = props.body[0], props.body[1]
			if m.VacancyUp < m.VacancyDown || m.VacancyUp > 100 {
				return NewError(ErrPropertyBadValue, "vacancy %d to %d", m.VacancyDown, m.VacancyUp)
			}
			if current := props.body[2]; current != 0 {
				return NewError(ErrPropertyBadValue, "a vacancy of %d that is only the switch's to tell", current)
			}
		}
	}
	return props.err
}

// tableConfigs are the bits that a table's configuration may have; those of table
// misses mean nothing any more from OpenFlow 1.3 on.
func tableConfigs(v Version) uint32 {
	if v < V14 {
		return TableConfigMissMask
	}
	return TableConfigMissMask | TableConfigEviction | TableConfigVacancy
}

// noEvictionFlags is TableMod.EvictionFlags where the message has none.
const noEvictionFlags = 0xffffffff

func appendTableMod(c context, dst []byte, m *TableMod) ([]byte, error) {
	dst = zeros(append(dst, m.Table), 3)
	var config uint32
	switch {
	case c.v < V13:
		if m.Miss != MissDefault {
			config = uint32(m.Miss - MissController)
		}
	case c.v >= V14:
		config = tableConfig(m.Eviction, m.Vacancy)
	}
	if c.v >= V13 && m.Miss != MissDefault {
		return dst, unencodable(c.v, "the configuration of table misses")
	}
	if c.v < V14 && (m.Eviction != Unset || m.Vacancy != Unset) {
		return dst, unencodable(c.v, "eviction and vacancy of tables")
	}
	dst = be.AppendUint32(dst, config)
	if c.v < V14 {
		return dst, nil
	}
	if m.EvictionFlags != noEvictionFlags {
		dst = appendEviction(dst, m.EvictionFlags)
	}
	if m.Vacancy == On {
		dst = appendVacancy(dst, VacancyEvents{Down: m.VacancyDown, Up: m.VacancyUp})
	}
	return dst, nil
}

func tableConfig(eviction, vacancy Tristate) (config uint32) {
	if eviction == On {
		config |= TableConfigEviction
	}
	if vacancy == On {
		config |= TableConfigVacancy
	}
	return config
}

func appendEviction(dst []byte, flags uint32) []byte {
	return be.AppendUint32(appendPropertyHead(dst, tablePropEviction, 8), flags)
}

func appendVacancy(dst []byte, v VacancyEvents) []byte {
	return append(appendPropertyHead(dst, tablePropVacancy, 8), v.Down, v.Up, v.Current, 0)
}

const tableDescSize = 8

// decodeTableDesc reads one entry, whose length the caller has checked.
func decodeTableDesc(b []byte, m *TableDesc) error {
	m.Table = b[2]
	config := be.Uint32(b[4:])
	m.Eviction, m.Vacancy = tristate(config&TableConfigEviction != 0), tristate(config&TableConfigVacancy != 0)
	m.EvictionFlags = noEvictionFlags
	props := properties{b: b[tableDescSize:]}
	for props.next() {
		switch {
		case props.typ != tablePropEviction && props.typ != tablePropVacancy:
			m.Props = append(m.Props, props.keep())
		case len(props.body) != 4:
			return ErrPropertyBadLen
		case props.typ == tablePropEviction:
			m.EvictionFlags = be.Uint32(props.body)
		default:
			m.VacancyEvents = VacancyEvents{props.body[0], props.body[1], props.body[2]}
		}
	}
	return props.err
}

func appendTableDesc(dst []byte, m *TableDesc) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, m.Table, 0)
	dst = be.AppendUint32(dst, tableConfig(m.Eviction, m.Vacancy))
	if m.EvictionFlags != noEvictionFlags {
		dst = appendEviction(dst, m.EvictionFlags)
	}
	if m.Vacancy == On {
		dst = appendVacancy(dst, m.VacancyEvents)
	}
	dst = appendProperties(dst, m.Props)
	setLen16(dst, start, start)
	return dst
}

func decodeTableDescReply(_ context, b []byte, m *TableDescReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 0, tableDescSize)
		if err != nil {
			return err
		}
		m.Tables = append(m.Tables, TableDesc{})
		if err := decodeTableDesc(b[:n], &m.Tables[len(m.Tables)-1]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Reasons of a TableStatus.
const (
	TableVacancyDown = 3
	TableVacancyUp   = 4
)

func decodeTableStatus(_ context, b []byte, m *TableStatus) error {
	m.Reason = b[0]
	if m.Reason != TableVacancyDown && m.Reason != TableVacancyUp {
		return NewError(ErrPropertyBadValue, "table status reason %d", m.Reason)
	}
	n, err := entryLen(b[8:], 0, tableDescSize)
	if err != nil {
		return err
	}
	return decodeTableDesc(b[8:8+n], &m.Desc)
}

func appendTableStatus(_ context, dst []byte, m *TableStatus) ([]byte, error) {
	return appendTableDesc(zeros(append(dst, m.Reason), 7), &m.Desc), nil
}
