package openflow

import (
	"fmt"

	"vswitch/flow"
)

const tableFeaturesSize = 64

// Types of table feature properties (OFPTFPT_*). The odd ones are those of the
// table-miss flow.
const (
	featInstructions  = 0
	featNextTables    = 2
	featWriteActions  = 4
	featApplyActions  = 6
	featMatch         = 8
	featWildcards     = 10
	featWriteSetField = 12
	featApplySetField = 14
)

// featureProperties are the properties in the order in which Open vSwitch writes
// them.
var featureProperties = [...]uint16{
	featInstructions, featNextTables, featWriteActions, featWriteSetField, featApplyActions, featApplySetField,
	featInstructions + 1, featNextTables + 1, featWriteActions + 1, featWriteSetField + 1, featApplyActions + 1, featApplySetField + 1,
	featMatch, featWildcards,
}

// Has reports whether table t is in the set.
func (s *TableSet) Has(t uint8) bool { return s[t/64]>>(t%64)&1 != 0 }

// Add puts table t into the set.
func (s *TableSet) Add(t uint8) { s[t/64] |= 1 << (t % 64) }

// decodeTableFeaturesList reads entries. loose: a reply, of which we take what we
// understand.
func decodeTableFeaturesList(c context, b []byte, loose bool) (tables []TableFeatures, err error) {
	var seen TableSet
	for len(b) > 0 {
		n, err := entryLen(b, 0, tableFeaturesSize)
		if err != nil {
			return nil, err
		}
		if n%8 != 0 {
			return nil, ErrPropertyBadLen
		}
		tables = append(tables, TableFeatures{})
		m := &tables[len(tables)-1]
		if err := decodeTableFeatures(c, b[:n], m, loose); err != nil {
			return nil, err
		}
		if seen.Has(m.Table) && !loose {
			return nil, NewError(ErrNXTableFeaturesDupTable, "table %d", m.Table)
		}
		seen.Add(m.Table)
		b = b[n:]
	}
	return tables, nil
}

func decodeTableFeatures(c context, b []byte, m *TableFeatures, loose bool) error {
	r := reader{b: b[2:]}
	m.Table = r.u8()
	command, features := r.u8(), r.u32()
	if c.v >= V15 {
		m.Command, m.Features = TableCommand(command), features
		if m.Command > TablesDisable {
			return NewError(ErrTableFeaturesBadCommand, "command %d", command)
		}
	}
	m.Name = r.text(tableNameSize)
	m.MetadataMatch, m.MetadataWrite = r.u64(), r.u64()
	m.Config, m.MaxEntries = r.u32(), r.u32()
	if m.Table == TableAll {
		return NewError(ErrTableFeaturesBadTable, "table 255")
	}
	m.Properties = PropertiesCame
	props := properties{b: r.b}
	var match, wildcards FieldSet
	var maskable map[flow.FieldID]bool
	for props.next() {
		var err error
		switch {
		case props.typ == featMatch:
			match, maskable, err = decodeFieldSet(props.body, loose)
		case props.typ == featWildcards:
			wildcards, _, err = decodeFieldSet(props.body, loose)
		case props.typ <= featApplySetField+1:
			err = m.side(props.typ).decode(c, &props, loose)
		case props.typ >= propExperimenterMiss && loose, knownFeature(c.v, props.typ):
			m.Unknown = append(m.Unknown, props.keep())
		case !loose:
			err = props.unknown()
		}
		if err != nil {
			return err
		}
		if props.typ < 31 {
			if m.Properties>>props.typ&1 != 0 && !loose {
				return NewError(ErrPropertyDupType, "type %d", props.typ)
			}
			m.Properties |= 1 << props.typ
		}
	}
	m.setMatch(match, wildcards)
	for i := range m.Match {
		m.Match[i].Maskable = maskable[m.Match[i].Field]
	}
	m.inheritMisses()
	return props.err
}

// knownFeature reports whether a version has a property that is kept as it came:
// table synchronization (1.4), and of 1.5 copy-field and packet types.
func knownFeature(v Version, typ uint16) bool {
	const (
		tableSyncFrom  = 16
		writeCopyField = 18
		packetTypes    = 22
	)
	return typ == tableSyncFrom && v >= V14 || typ >= writeCopyField && typ <= packetTypes && v >= V15
}

// side is the half of the features that a property of instructions describes.
func (m *TableFeatures) side(typ uint16) *TableInstructions {
	if typ&1 != 0 {
		return &m.Misses
	}
	return &m.Flows
}

// inheritMisses fills in what is not said of the table-miss flow: it can do what
// others can (OpenFlow 1.3.5 §7.3.5.5.2).
func (m *TableFeatures) inheritMisses() {
	came := func(typ uint16) bool { return m.Properties>>(typ+1)&1 != 0 }
	if !came(featInstructions) {
		m.Misses.Instructions = m.Flows.Instructions
	}
	if !came(featNextTables) {
		m.Misses.Next = m.Flows.Next
	}
	if !came(featWriteActions) {
		m.Misses.Write.Actions = m.Flows.Write.Actions
	}
	if !came(featApplyActions) {
		m.Misses.Apply.Actions = m.Flows.Apply.Actions
	}
	if !came(featWriteSetField) {
		m.Misses.Write.SetField = m.Flows.Write.SetField
	}
	if !came(featApplySetField) {
		m.Misses.Apply.SetField = m.Flows.Apply.SetField
	}
}

func (t *TableInstructions) decode(c context, p *properties, loose bool) (err error) {
	switch p.typ &^ 1 {
	case featInstructions:
		err = eachID(p.body, func(typ uint16) {
			if typ < 32 {
				t.Instructions |= 1 << typ
			}
		})
	case featNextTables:
		for _, table := range p.body {
			if table == TableAll {
				return NewError(ErrPropertyBadValue, "next table 255")
			}
			t.Next.Add(table)
		}
	case featWriteActions:
		t.Write.Actions, err = decodeActionIDs(c, p.body)
	case featApplyActions:
		t.Apply.Actions, err = decodeActionIDs(c, p.body)
	case featWriteSetField:
		t.Write.SetField, _, err = decodeFieldSet(p.body, loose)
	case featApplySetField:
		t.Apply.SetField, _, err = decodeFieldSet(p.body, loose)
	}
	return err
}

// eachID walks a list of types and lengths, of which experimenter ones are
// longer than the others' 4 bytes.
func eachID(b []byte, f func(typ uint16)) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return ErrPropertyBadLen
		}
		n := int(be.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return ErrPropertyBadLen
		}
		f(be.Uint16(b))
		b = b[n:]
	}
	return nil
}

func decodeActionIDs(c context, b []byte) (set ActionSet, err error) {
	var bits uint32
	err = eachID(b, func(typ uint16) {
		if typ < 32 {
			bits |= 1 << typ
		}
	})
	return c.t.actions.fromBits(c.v, bits), err
}

// decodeFieldSet reads OXM headers.
func decodeFieldSet(b []byte, loose bool) (set FieldSet, maskable map[flow.FieldID]bool, err error) {
	maskable = make(map[flow.FieldID]bool)
	for len(b) > 0 {
		var h oxmHeader
		n, err := h.parse(b)
		if err != nil {
			return nil, nil, ErrPropertyBadLen
		}
		b = b[n:]
		f := h.field()
		if f == nil {
			if loose {
				continue
			}
			return nil, nil, NewError(ErrMatchBadField, "%s", h)
		}
		if !set.has(f.ID) {
			set = append(set, f.ID)
		}
		maskable[f.ID] = h.hasMask
	}
	return set, maskable, nil
}

func appendTableFeatures(c context, dst []byte, m *TableFeatures) ([]byte, error) {
	if err := m.checkFields(); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, 0, 0, m.Table)
	if c.v >= V15 {
		dst = be.AppendUint32(append(dst, byte(m.Command)), m.Features)
	} else {
		dst = zeros(dst, 5)
	}
	dst = appendText(dst, m.Name, tableNameSize)
	dst = be.AppendUint64(dst, m.MetadataMatch)
	dst = be.AppendUint64(dst, m.MetadataWrite)
	dst = be.AppendUint32(dst, m.Config)
	dst = be.AppendUint32(dst, m.MaxEntries)
	for _, typ := range featureProperties {
		if m.Properties != 0 && m.Properties>>typ&1 == 0 {
			continue
		}
		at := len(dst)
		dst = m.appendProperty(c, beginProperty(dst, typ), typ)
		dst = endProperty(dst, at)
	}
	dst = appendProperties(dst, m.Unknown)
	if len(dst)-start > MaxLen {
		return dst, unencodable(c.v, "%d bytes of features of table %d", len(dst)-start, m.Table)
	}
	setLen16(dst, start, start)
	return dst, nil
}

// checkFields refuses numbers that are no field's.
func (m *TableFeatures) checkFields() error {
	for _, set := range [4]FieldSet{m.Flows.Write.SetField, m.Flows.Apply.SetField, m.Misses.Write.SetField, m.Misses.Apply.SetField} {
		for _, id := range set {
			if flow.FieldByID(id) == nil {
				return fmt.Errorf("features of table %d: no field %d", m.Table, id)
			}
		}
	}
	for _, f := range m.Match {
		if flow.FieldByID(f.Field) == nil {
			return fmt.Errorf("features of table %d: no field %d", m.Table, f.Field)
		}
	}
	return nil
}

func (m *TableFeatures) appendProperty(c context, dst []byte, typ uint16) []byte {
	switch t := m.side(typ); typ &^ 1 {
	case featInstructions:
		return appendIDs(dst, uint32(t.Instructions))
	case featNextTables:
		for table := range 256 {
			if t.Next.Has(uint8(table)) {
				dst = append(dst, byte(table))
			}
		}
	case featWriteActions:
		return appendIDs(dst, c.t.actions.toBits(c.v, t.Write.Actions))
	case featApplyActions:
		return appendIDs(dst, c.t.actions.toBits(c.v, t.Apply.Actions))
	case featWriteSetField:
		return appendFieldSet(c.v, dst, t.Write.SetField)
	case featApplySetField:
		return appendFieldSet(c.v, dst, t.Apply.SetField)
	default:
		for _, f := range m.Match {
			if typ == featMatch || f.Wildcard {
				dst = appendOXMHeader(c.v, dst, flow.FieldByID(f.Field), f.Maskable && typ == featMatch)
			}
		}
	}
	return dst
}

func appendIDs(dst []byte, bits uint32) []byte {
	for typ := range uint16(32) {
		if bits>>typ&1 != 0 {
			dst = be.AppendUint16(be.AppendUint16(dst, typ), 4)
		}
	}
	return dst
}

func appendFieldSet(v Version, dst []byte, set FieldSet) []byte {
	for _, id := range set {
		dst = appendOXMHeader(v, dst, flow.FieldByID(id), false)
	}
	return dst
}
