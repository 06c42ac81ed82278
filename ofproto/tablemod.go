package ofproto

import (
	"fmt"
	"math/bits"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// TableConfig is what configuration says of a flow table.
type TableConfig struct {
	Table uint8
	Name  string
	Limit int  // flows at most; 0: MaxRules
	Evict bool // a full table gives up flows for others
}

// tableSettings are a table's settings but for those that translation reads.
// Guarded by Switch.tables.
type tableSettings struct {
	name          string
	limit         int
	configured    bool // eviction, by configuration
	eviction      bool // by a controller
	evictionFlags uint32
	vacancy       bool // tell controllers of the free space
	events        openflow.VacancyEvents
	due           uint8 // the reason of the next event: openflow.TableVacancyDown or TableVacancyUp
}

func (s *tableSettings) evicts() bool { return s.configured || s.eviction }

// configureTables makes tables what configuration says. Flows beyond the limit of
// a table that may evict go.
func (b *Bridge) configureTables(configs []TableConfig) {
	c := b.change("", b.sw.now)
	for n := range uint8(NumTables) {
		t := b.table(n)
		t.settings.name, t.settings.limit, t.settings.configured = "", MaxRules, false
		if i := slices.IndexFunc(configs, func(c TableConfig) bool { return c.Table == n }); i >= 0 {
			k := configs[i]
			t.settings.name, t.settings.configured = k.Name, k.Evict
			if k.Limit > 0 {
				t.settings.limit = min(k.Limit, MaxRules)
			}
		}
		t.followSettings()
		for t.n > t.settings.limit && t.settings.evicts() {
			c.remove(t.evictor.victim(), openflow.RemovedEviction)
		}
	}
	c.commit()
}

// tableMod configures tables (OpenFlow 1.1.0 §A.3.3, 1.4.1 §7.3.4.3). OpenFlow 1.3
// has nothing to configure.
func (b *Bridge) tableMod(m *openflow.TableMod, v openflow.Version) error {
	if m.Table >= NumTables && m.Table != openflow.TableAll {
		return openflow.NewError(openflow.ErrTableModBadTable, "table %d", m.Table)
	}
	if v == openflow.V13 {
		return nil
	}
	if b.bundle != nil { // which has the lock, and is of 1.3 or later: only who changes tables reads what is set
		b.eachTable(m.Table, func(t *Table) {
			old := t.settings
			b.bundle.undo = append(b.bundle.undo, func() {
				t.settings = old
				t.followSettings()
			})
		})
		b.changeTables(m, v)
		return nil
	}
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	b.changeTables(m, v)
	return nil
}

// changeTables configures tables. The caller holds Switch.tables.
func (b *Bridge) changeTables(m *openflow.TableMod, v openflow.Version) {
	b.eachTable(m.Table, func(t *Table) {
		if v < openflow.V13 {
			t.missConfig.Store(uint32(m.Miss))
			return
		}
		t.settings.eviction = m.Eviction == openflow.On
		if m.EvictionFlags != noEvictionFlags {
			t.settings.evictionFlags = m.EvictionFlags
		}
		t.followSettings()
		t.setVacancy(m)
	})
	b.sw.touch(settingsTag)
}

// noEvictionFlags is a TableMod's EvictionFlags where it has none.
const noEvictionFlags = ^uint32(0)

// setVacancy sets which event is due next: the free space has to go beyond one
// threshold before the other one counts again.
func (t *Table) setVacancy(m *openflow.TableMod) {
	s := &t.settings
	s.vacancy = m.Vacancy == openflow.On
	s.events = openflow.VacancyEvents{Down: m.VacancyDown, Up: m.VacancyUp}
	s.due = openflow.TableVacancyDown
	if t.vacancy() < m.VacancyUp {
		s.due = openflow.TableVacancyUp
	}
}

// vacancy is the free space of the table in percent.
func (t *Table) vacancy() uint8 {
	return uint8(max(0, t.settings.limit-t.n) * 100 / t.settings.limit)
}

// checkVacancy tells controllers when the free space has crossed a threshold.
func (t *Table) checkVacancy() {
	s := &t.settings
	now := t.vacancy()
	reason := s.due
	switch {
	case !s.vacancy:
		return
	case reason == openflow.TableVacancyDown && now < s.events.Down:
		s.due = openflow.TableVacancyUp
	case reason == openflow.TableVacancyUp && now > s.events.Up:
		s.due = openflow.TableVacancyDown
	default:
		return
	}
	for _, o := range *t.bridge.sessions.Load() {
		if o.wants.Load().version >= openflow.V14 && o.wantsReason(openflow.AsyncTableStatus, uint32(reason)) {
			o.sendAsync(&openflow.TableStatus{Reason: reason, Desc: t.desc()})
		}
	}
}

// desc describes the table's configuration.
func (t *Table) desc() openflow.TableDesc {
	s := &t.settings
	d := openflow.TableDesc{Table: t.number, Eviction: openflow.Off, EvictionFlags: s.evictionFlags, Vacancy: openflow.Off, VacancyEvents: s.events}
	if s.evicts() {
		d.Eviction = openflow.On
	}
	if s.vacancy {
		d.Vacancy = openflow.On
	}
	d.Current = t.vacancy()
	return d
}

func (b *Bridge) tableDesc() *openflow.TableDescReply {
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	r := &openflow.TableDescReply{}
	b.eachTable(openflow.TableAll, func(t *Table) { r.Tables = append(r.Tables, t.desc()) })
	return r
}

func (b *Bridge) tableStats(v openflow.Version) *openflow.TableStatsReply {
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	r := &openflow.TableStatsReply{}
	b.eachTable(openflow.TableAll, func(t *Table) {
		r.Tables = append(r.Tables, openflow.TableStats{Table: t.number, Active: uint32(t.n), Lookups: t.lookups.Load(), Matched: t.matched.Load()})
		if v < openflow.V13 {
			r.Features = append(r.Features, t.features(v))
		}
	})
	return r
}

// tableFeatures describes every table; a reply of all tables is large, so they
// are described some at a time.
func (s *Session) tableFeatures(xid uint32) {
	const perPart = 16
	for n := 0; n < NumTables; n += perPart {
		r := &openflow.TableFeaturesReply{}
		s.bridge.sw.tables.Lock()
		for i := n; i < min(n+perPart, NumTables); i++ {
			r.Tables = append(r.Tables, s.bridge.table(uint8(i)).features(s.version))
		}
		s.bridge.sw.tables.Unlock()
		s.sendPart(xid, r, n+perPart < NumTables)
	}
}

// Instructions of OpenFlow 1.1 and later as bits (OpenFlow 1.3.5 §7.2.4): goto_table,
// write_metadata, write, apply and clear actions, and meter, which only 1.3 and 1.4 have.
const (
	instructionGotoTable openflow.InstructionSet = 1 << 1
	instructionMeter     openflow.InstructionSet = 1 << 6
	instructionsAll      openflow.InstructionSet = instructionGotoTable | 1<<2 | 1<<3 | 1<<4 | 1<<5 | instructionMeter
)

// allBits is a metadata field without bits that cannot be matched or written.
const allBits = ^uint64(0)

// ingressTable is OFPTFF_INGRESS_TABLE of OpenFlow 1.5.
const ingressTable = 1 << 0

// features is what the table can do in a version: but for its number, all tables
// can do the same.
func (t *Table) features(v openflow.Version) openflow.TableFeatures {
	n := t.number
	f := openflow.TableFeatures{
		Table: n, Name: t.settings.name, MetadataMatch: allBits, MetadataWrite: allBits, MaxEntries: uint32(t.settings.limit), Features: ingressTable,
	}
	switch miss := openflow.TableMiss(t.missConfig.Load()); {
	case v >= openflow.V14:
		f.Config = openflow.TableConfigEviction | openflow.TableConfigVacancy
	case v < openflow.V13 && miss != openflow.MissDefault:
		f.Config = uint32(miss - openflow.MissController)
	}
	f.Flows.Instructions = instructionsAll
	if v != openflow.V13 && v != openflow.V14 {
		f.Flows.Instructions &^= instructionMeter
	}
	for next := int(n) + 1; next < NumTables; next++ {
		f.Flows.Next.Add(uint8(next))
	}
	if int(n) == NumTables-1 {
		f.Flows.Instructions &^= instructionGotoTable
	}
	for _, field := range flow.Fields() {
		if len(field.Wires) == 0 || field.Wide() {
			continue
		}
		f.Match = append(f.Match, openflow.TableMatchField{Field: field.ID, Maskable: field.Maskable, Wildcard: true})
		if field.Writable && field.ID != flow.FieldInPortOXM { // which only a load sets (OpenFlow 1.3.5 §5.12)
			f.Flows.Apply.SetField = append(f.Flows.Apply.SetField, field.ID)
		}
	}
	f.Flows.Apply.Actions = supported
	f.Flows.Write = f.Flows.Apply
	f.Misses = f.Flows
	return f
}

// changeFeatures takes a request to change tables by their features: their names
// change, and all else has to be as it is (OpenFlow 1.3.5 §7.3.5.5).
func (s *Session) changeFeatures(m *openflow.TableFeaturesRequest) error {
	b := s.bridge
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	seen, replaces := map[uint8]bool{}, false
	for i := range m.Tables {
		f := &m.Tables[i]
		replaces = replaces || f.Command == openflow.TablesReplace
		switch {
		case f.Table >= NumTables:
			return openflow.NewError(openflow.ErrTableFeaturesBadTable, "table %d", f.Table)
		case seen[f.Table]:
			return openflow.NewError(openflow.ErrNXTableFeaturesDupTable, "table %d stands twice", f.Table)
		case f.Command == openflow.TablesDisable:
			return openflow.NewError(openflow.ErrTableFeaturesPermission, "table %d: tables are always enabled", f.Table)
		}
		seen[f.Table] = true
		if f.Command == openflow.TablesEnable {
			continue // all are
		}
		if err := b.table(f.Table).sameFeatures(f, s.version); err != nil {
			return err
		}
	}
	if replaces && len(seen) != NumTables {
		// What does not stand in the request would go.
		return openflow.NewError(openflow.ErrTableFeaturesPermission, "%d tables for all %d, none of which can be removed", len(seen), NumTables)
	}
	for i := range m.Tables {
		if f := &m.Tables[i]; f.Command != openflow.TablesEnable {
			b.table(f.Table).settings.name = f.Name
		}
	}
	return nil
}

// sameFeatures refuses features that are not the table's.
func (t *Table) sameFeatures(f *openflow.TableFeatures, v openflow.Version) error {
	whole := &openflow.TableFeaturesReply{Tables: []openflow.TableFeatures{t.features(v)}}
	data, err := openflow.Append(nil, v, 0, whole)
	if err != nil {
		return fmt.Errorf("table %d: %w", t.number, err)
	}
	_, decoded, err := openflow.Decode(data) // as a version can say it
	if err != nil {
		return fmt.Errorf("table %d: %w", t.number, err)
	}
	have := &decoded.(*openflow.TableFeaturesReply).Tables[0]
	switch {
	case f.MetadataMatch != have.MetadataMatch || f.MetadataWrite != have.MetadataWrite:
		return openflow.NewError(openflow.ErrTableFeaturesBadMetadata, "table %d: metadata bits %#x and %#x", t.number, f.MetadataMatch, f.MetadataWrite)
	case f.MaxEntries != have.MaxEntries && v >= openflow.V15:
		return openflow.NewError(openflow.ErrTableFeaturesBadMaxEnt, "table %d takes %d flows, not %d", t.number, have.MaxEntries, f.MaxEntries)
	case f.Config != have.Config && v >= openflow.V15:
		return openflow.NewError(openflow.ErrTableFeaturesBadCapa, "table %d: capabilities %#x", t.number, f.Config)
	case v >= openflow.V15 && f.Features != have.Features && f.Features != 0: // ovs-ofctl leaves them out
		return openflow.NewError(openflow.ErrTableFeaturesBadFeatures, "table %d: features %#x", t.number, f.Features)
	case f.MaxEntries != have.MaxEntries, !sameProperties(f, have):
		return openflow.NewError(openflow.ErrTableFeaturesPermission, "table %d: only names can be changed", t.number)
	}
	// Those of misses may be left out where they are the same (OpenFlow 1.3.5 §7.3.5.5.2).
	const required = 1<<0 | 1<<2 | 1<<4 | 1<<6 | 1<<8 | 1<<10 | 1<<12 | 1<<14
	if missing := required &^ f.Properties; missing != 0 && f.Command == openflow.TablesReplace {
		return openflow.NewError(openflow.ErrTableFeaturesPermission, "table %d: the property of type %d is missing", t.number, bits.TrailingZeros32(uint32(missing)))
	}
	return nil
}

// sameProperties reports whether the properties that came say what the table has.
func sameProperties(f, have *openflow.TableFeatures) bool {
	came := func(typ int) bool { return f.Properties>>typ&1 != 0 }
	side := func(a, b *openflow.TableInstructions, miss int) bool {
		return (!came(0+miss) || a.Instructions == b.Instructions) &&
			(!came(2+miss) || a.Next == b.Next) &&
			(!came(4+miss) || a.Write.Actions == b.Write.Actions) &&
			(!came(6+miss) || a.Apply.Actions == b.Apply.Actions) &&
			(!came(12+miss) || sameFields(a.Write.SetField, b.Write.SetField)) &&
			(!came(14+miss) || sameFields(a.Apply.SetField, b.Apply.SetField))
	}
	return side(&f.Flows, &have.Flows, 0) && side(&f.Misses, &have.Misses, 1) &&
		(!came(8) || sameFields(matchFields(f, false), matchFields(have, false))) &&
		(!came(10) || sameFields(matchFields(f, true), matchFields(have, true)))
}

// matchFields are the fields that a table can match, or those that may be left out.
func matchFields(f *openflow.TableFeatures, wildcards bool) (set openflow.FieldSet) {
	for _, m := range f.Match {
		if !wildcards || m.Wildcard {
			set = append(set, m.Field)
		}
	}
	return set
}

func sameFields(a, b openflow.FieldSet) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
