package openflow

import "vswitch/flow"

const tableNameSize = 32

// MaxTableName is the longest name of a table, in bytes.
const MaxTableName = tableNameSize - 1

// matchBit is where a field stands in the bitmaps of fields that OpenFlow 1.0
// and 1.1 have in table statistics: in OFPFW_* and OFPFMF_* bits.
type matchBit struct {
	field      flow.FieldID
	of10, of11 uint32 // 0: it has none
}

// matchBits lists each bit once, by its most common meaning.
var matchBits = [...]matchBit{
	{flow.FieldInPort, 1 << 0, 1 << 0},
	{flow.FieldVLANVID, 1 << 1, 1 << 1},
	{flow.FieldEthSrc, 1 << 2, 1 << 11},
	{flow.FieldEthDst, 1 << 3, 1 << 12},
	{flow.FieldEthType, 1 << 4, 1 << 3},
	{flow.FieldIPProto, 1 << 5, 1 << 5},
	{flow.FieldTCPSrc, 1 << 6, 1 << 6},
	{flow.FieldTCPDst, 1 << 7, 1 << 7},
	{flow.FieldIPSrc, 63 << 8, 1 << 13},
	{flow.FieldIPDst, 63 << 14, 1 << 14},
	{flow.FieldVLANPCP, 1 << 20, 1 << 2},
	{flow.FieldIPDSCP, 1 << 21, 1 << 4},
	{flow.FieldMPLSLabel, 0, 1 << 8},
	{flow.FieldMPLSTC, 0, 1 << 9},
	{flow.FieldMetadata, 0, 1 << 15},
}

// bit is the field's bit in v, V10 or V11.
func (b *matchBit) bit(v Version) uint32 {
	if v == V10 {
		return b.of10
	}
	return b.of11
}

func fieldsFromBits(v Version, bits uint32) (set FieldSet) {
	for i := range matchBits {
		if bit := matchBits[i].bit(v); bits&bit != 0 {
			set = append(set, matchBits[i].field)
		}
	}
	return set
}

func fieldsToBits(v Version, has func(flow.FieldID) bool) (bits uint32) {
	for i := range matchBits {
		if has(matchBits[i].field) {
			bits |= matchBits[i].bit(v)
		}
	}
	return bits
}

func fieldsFromBits12(bits uint64) (set FieldSet) {
	for code := range uint8(64) {
		if f := flow.FieldByWire(classBasic, code, 0); f != nil && bits>>code&1 != 0 {
			set = append(set, f.ID)
		}
	}
	return set
}

func fieldsToBits12(has func(flow.FieldID) bool) (bits uint64) {
	for code := range uint8(64) {
		if f := flow.FieldByWire(classBasic, code, 0); f != nil && has(f.ID) {
			bits |= 1 << code
		}
	}
	return bits
}

func (s FieldSet) has(id flow.FieldID) bool {
	for _, f := range s {
		if f == id {
			return true
		}
	}
	return false
}

func (t *TableFeatures) matches(id flow.FieldID) bool {
	for _, f := range t.Match {
		if f.Field == id {
			return true
		}
	}
	return false
}

func (t *TableFeatures) wildcards(id flow.FieldID) bool {
	for _, f := range t.Match {
		if f.Field == id {
			return f.Wildcard
		}
	}
	return false
}

// setMatch makes the list of what can be matched from the two sets of the wire.
func (t *TableFeatures) setMatch(match, wildcards FieldSet) {
	for _, id := range match {
		t.Match = append(t.Match, TableMatchField{Field: id, Wildcard: wildcards.has(id)})
	}
	for _, id := range wildcards {
		if !match.has(id) {
			t.Match = append(t.Match, TableMatchField{Field: id, Wildcard: true})
		}
	}
}

var tableStatsList = listOf(func(m *TableStatsReply) []TableStats { return m.Tables }, appendTableStats)

func decodeTableStats(c context, b []byte, m *TableStatsReply) error {
	r := reader{b: b}
	for len(r.b) > 0 {
		s := TableStats{Table: r.u8()}
		if c.v >= V13 {
			r.skip(3)
		} else {
			f := TableFeatures{Table: s.Table}
			decodeTableAbilities(c, &r, &f)
			m.Features = append(m.Features, f)
		}
		s.Active, s.Lookups, s.Matched = r.u32(), r.u64(), r.u64()
		m.Tables = append(m.Tables, s)
	}
	return nil
}

// decodeTableAbilities reads what OpenFlow 1.0 to 1.2 say of a table beside its
// counters.
func decodeTableAbilities(c context, r *reader, f *TableFeatures) {
	if c.v == V10 {
		r.skip(3)
		f.Name = r.text(tableNameSize)
		wildcards := fieldsFromBits(c.v, r.u32())
		f.setMatch(nil, wildcards)
		f.MaxEntries = r.u32()
		return
	}
	r.skip(7)
	f.Name = r.text(tableNameSize)
	if c.v == V11 {
		wildcards := fieldsFromBits(c.v, r.u32())
		f.setMatch(fieldsFromBits(c.v, r.u32()), wildcards)
		f.Flows.Instructions = InstructionSet(r.u32())
		f.Flows.Write.Actions = c.t.actions.fromBits(c.v, r.u32())
		f.Flows.Apply.Actions = c.t.actions.fromBits(c.v, r.u32())
		f.Config, f.MaxEntries = r.u32(), r.u32()
		return
	}
	match := fieldsFromBits12(r.u64())
	f.setMatch(match, fieldsFromBits12(r.u64()))
	f.Flows.Write.Actions = c.t.actions.fromBits(c.v, r.u32())
	f.Flows.Apply.Actions = c.t.actions.fromBits(c.v, r.u32())
	f.Flows.Write.SetField = fieldsFromBits12(r.u64())
	f.Flows.Apply.SetField = fieldsFromBits12(r.u64())
	f.MetadataMatch, f.MetadataWrite = r.u64(), r.u64()
	f.Flows.Instructions = InstructionSet(r.u32())
	f.Config, f.MaxEntries = r.u32(), r.u32()
}

func appendTableStats(c context, dst []byte, m *TableStatsReply, s *TableStats) ([]byte, error) {
	dst = append(dst, s.Table)
	if c.v >= V13 {
		dst = zeros(dst, 3)
	} else {
		dst = appendTableAbilities(c, dst, m.features(s.Table))
	}
	dst = be.AppendUint32(dst, s.Active)
	dst = be.AppendUint64(dst, s.Lookups)
	return be.AppendUint64(dst, s.Matched), nil
}

// features are those of a table, empty where the message has none of it.
func (m *TableStatsReply) features(table uint8) *TableFeatures {
	for i := range m.Features {
		if m.Features[i].Table == table {
			return &m.Features[i]
		}
	}
	return &TableFeatures{Table: table}
}

func appendTableAbilities(c context, dst []byte, f *TableFeatures) []byte {
	if c.v == V10 {
		dst = appendText(zeros(dst, 3), f.Name, tableNameSize)
		dst = be.AppendUint32(dst, fieldsToBits(c.v, f.wildcards))
		return be.AppendUint32(dst, f.MaxEntries)
	}
	dst = appendText(zeros(dst, 7), f.Name, tableNameSize)
	if c.v == V11 {
		dst = be.AppendUint32(dst, fieldsToBits(c.v, f.wildcards))
		dst = be.AppendUint32(dst, fieldsToBits(c.v, f.matches))
		dst = be.AppendUint32(dst, uint32(f.Flows.Instructions))
		dst = be.AppendUint32(dst, c.t.actions.toBits(c.v, f.Flows.Write.Actions))
		dst = be.AppendUint32(dst, c.t.actions.toBits(c.v, f.Flows.Apply.Actions))
	} else {
		dst = be.AppendUint64(dst, fieldsToBits12(f.matches))
		dst = be.AppendUint64(dst, fieldsToBits12(f.wildcards))
		dst = be.AppendUint32(dst, c.t.actions.toBits(c.v, f.Flows.Write.Actions))
		dst = be.AppendUint32(dst, c.t.actions.toBits(c.v, f.Flows.Apply.Actions))
		dst = be.AppendUint64(dst, fieldsToBits12(f.Flows.Write.SetField.has))
		dst = be.AppendUint64(dst, fieldsToBits12(f.Flows.Apply.SetField.has))
		dst = be.AppendUint64(dst, f.MetadataMatch)
		dst = be.AppendUint64(dst, f.MetadataWrite)
		dst = be.AppendUint32(dst, uint32(f.Flows.Instructions))
	}
	dst = be.AppendUint32(dst, f.Config)
	return be.AppendUint32(dst, f.MaxEntries)
}
