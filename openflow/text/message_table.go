package text

import (
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
)

// tableMessages are the rows of messages about tables.
func tableMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, h *openflow.Header, m *openflow.TableMod) { w.tableMod(m) }),
		bare(openflow.KindTableDescRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.TableDescReply) {
			for i := range m.Tables {
				w.tableDesc(&m.Tables[i])
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.TableStatus) {
			switch m.Reason {
			case vacancyDown:
				w.str(" reason=VACANCY_DOWN")
			case vacancyUp:
				w.str(" reason=VACANCY_UP")
			}
			w.str("\ntable_desc:-").tableDesc(&m.Desc)
		}),
		bare(openflow.KindTableStatsRequest),
		prints(func(w *printer, h *openflow.Header, m *openflow.TableStatsReply) {
			w.tables(h.Version, m.Features, m.Tables)
		}),
		prints(func(w *printer, h *openflow.Header, m *openflow.TableFeaturesRequest) {
			w.tables(h.Version, m.Tables, nil)
		}),
		prints(func(w *printer, h *openflow.Header, m *openflow.TableFeaturesReply) {
			w.tables(h.Version, m.Tables, nil)
		}),
	}
}

// Reasons of a table's status.
const (
	vacancyDown = 3
	vacancyUp   = 4
)

var (
	tableMisses   = [...]string{openflow.MissDefault: "default", openflow.MissController: "controller", openflow.MissContinue: "continue", openflow.MissDrop: "drop"}
	tristates     = [...]string{openflow.Unset: "default", openflow.Off: "off", openflow.On: "on"}
	evictionFlags = [...]string{"OTHER", "IMPORTANCE", "LIFETIME"}
)

// evictionUnset stands for eviction flags that are not given.
const evictionUnset = ^uint32(0)

func (w *printer) evictionFlags(f uint32) *printer {
	if f == evictionUnset {
		return w.str("(default)")
	}
	return w.bits(uint64(f), evictionFlags[:], "|")
}

func (w *printer) tableMod(m *openflow.TableMod) {
	if m.Table == openflow.TableAll {
		w.str(" table_id: ALL_TABLES")
	} else {
		w.str(" table_id=").table(m.Table)
	}
	if m.Miss != openflow.MissDefault {
		w.str(", flow_miss_config=").nameOf(tableMisses[:], int(m.Miss))
	}
	if m.Eviction != openflow.Unset {
		w.str(", eviction=").nameOf(tristates[:], int(m.Eviction))
	}
	if m.EvictionFlags != evictionUnset {
		w.str("eviction_flags=").evictionFlags(m.EvictionFlags)
	}
	if m.Vacancy == openflow.Unset {
		return
	}
	w.str(", vacancy=").nameOf(tristates[:], int(m.Vacancy))
	if m.Vacancy == openflow.On {
		w.str(" vacancy:").uint(uint64(m.VacancyDown)).byte(',').uint(uint64(m.VacancyUp))
	}
}

func (w *printer) tableDesc(d *openflow.TableDesc) {
	w.str("\n  table ").table(d.Table).str(":\n   eviction=").nameOf(tristates[:], int(d.Eviction))
	w.str(" eviction_flags=").evictionFlags(d.EvictionFlags)
	w.str("\n   vacancy=").nameOf(tristates[:], int(d.Vacancy))
	if d.Vacancy == openflow.On {
		w.str(" vacancy_down=").uint(uint64(d.Down)).str("% vacancy_up=").uint(uint64(d.Up)).str("% vacancy=").uint(uint64(d.Current)).byte('%')
	}
	w.byte('\n')
}

// AppendTables appends to dst what tables can do, as dump-table-features writes
// it: a table that is like the one before it says "ditto". The tables of a reply
// of several parts belong in one call.
func AppendTables(dst []byte, v openflow.Version, tables []openflow.TableFeatures, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.tables(v, tables, nil)
	return w.dst
}

// AppendTableStats appends tables' counters to dst, as dump-tables writes them.
// features is empty, or has an entry for each of stats.
func AppendTableStats(dst []byte, v openflow.Version, features []openflow.TableFeatures, stats []openflow.TableStats, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.tables(v, features, stats)
	return w.dst
}

// tableWriter writes a list of tables, each with regard to the one before it.
type tableWriter struct {
	*printer
	v        openflow.Version
	features []openflow.TableFeatures
	stats    []openflow.TableStats
	// dittos are the tables, ending with the last one looked at, that say nothing
	// new, have no name, and are not written yet.
	dittos int
}

func (w *printer) tables(v openflow.Version, features []openflow.TableFeatures, stats []openflow.TableStats) {
	t := tableWriter{printer: w, v: v, features: features, stats: stats}
	n := max(len(features), len(stats))
	for i := range n {
		if i > 0 && t.sameFeatures(i) && t.sameStats(i) {
			if name := t.name(i); name != "" {
				t.flush(i)
				t.str("\n  table ").table(t.id(i)).str(name).str(": ditto\n")
			} else {
				t.dittos++
			}
			continue
		}
		t.flush(i)
		t.write(i)
	}
	t.flush(n)
}

// flush writes that the tables before i are as the one before them.
func (t *tableWriter) flush(i int) {
	if t.dittos == 0 {
		return
	}
	first, last := t.id(i-t.dittos), t.id(i-1)
	t.dittos = 0
	t.str("\n  table")
	if first != last {
		t.str("s ").table(first).str("...").table(last)
	} else {
		t.byte(' ').table(first)
	}
	t.str(": ditto\n")
}

// name is what the i-th table calls itself, as it stands behind its number.
func (t *tableWriter) name(i int) string {
	if i >= len(t.features) || t.features[i].Name == "" {
		return ""
	}
	return " (\"" + t.features[i].Name + "\")"
}

// id is the number of the i-th table.
func (t *tableWriter) id(i int) uint8 {
	if i < len(t.features) {
		return t.features[i].Table
	}
	return t.stats[i].Table
}

func (t *tableWriter) sameStats(i int) bool {
	if len(t.stats) == 0 {
		return true
	}
	a, b := t.stats[i], t.stats[i-1]
	return a.Active == b.Active && a.Lookups == b.Lookups && a.Matched == b.Matched
}

func (t *tableWriter) sameFeatures(i int) bool {
	if len(t.features) == 0 {
		return true
	}
	a, b := &t.features[i], &t.features[i-1]
	return a.MetadataMatch == b.MetadataMatch && a.MetadataWrite == b.MetadataWrite && a.Config == b.Config &&
		a.MaxEntries == b.MaxEntries && slices.Equal(a.Match, b.Match) &&
		t.sameInstructions(i)
}

// sameInstructions reports whether flows of the i-th table may do what those of
// the one before it may. That they cannot go to their own table, where those
// before could, makes no difference.
func (t *tableWriter) sameInstructions(i int) bool {
	a, b := &t.features[i], &t.features[i-1]
	same := func(a, b openflow.TableInstructions) bool {
		own := t.features[i-1].Table + 1
		b.Next[own/64] &^= 1 << (own % 64)
		return equalInstructions(&a, &b)
	}
	return same(a.Flows, b.Flows) && same(t.misses(a), t.misses(b))
}

// misses are the instructions of a table-miss flow. Before OpenFlow 1.3 they are
// those of all flows.
func (t *tableWriter) misses(f *openflow.TableFeatures) openflow.TableInstructions {
	if t.v < openflow.V13 {
		return f.Flows
	}
	return f.Misses
}

func equalInstructions(a, b *openflow.TableInstructions) bool {
	return a.Instructions == b.Instructions && a.Next == b.Next && sameActions(&a.Write, &b.Write) && sameActions(&a.Apply, &b.Apply)
}

func sameActions(a, b *openflow.TableActions) bool {
	return a.Actions == b.Actions && slices.Equal(a.SetField, b.SetField)
}

// write writes one table.
func (t *tableWriter) write(i int) {
	t.str("\n  table ").table(t.id(i)).str(t.name(i)).str(":\n")
	if i < len(t.stats) {
		s := &t.stats[i]
		t.str("    active=").uint(uint64(s.Active)).str(", lookup=").uint(s.Lookups).str(", matched=").uint(s.Matched).byte('\n')
	}
	if len(t.features) == 0 {
		return
	}
	if i > 0 && t.sameFeatures(i) {
		t.str("    (same features)\n")
		return
	}
	f := &t.features[i]
	t.limits(f)
	t.instructionsOf(i)
	switch {
	case len(f.Match) == 0:
	case i > 0 && slices.Equal(f.Match, t.features[i-1].Match):
		t.str("    (same matching)\n")
	default:
		t.matching(f)
	}
}

// limits writes what a table says of itself as a whole.
func (t *tableWriter) limits(f *openflow.TableFeatures) {
	if f.MetadataMatch != 0 || f.MetadataWrite != 0 {
		t.str("    metadata: match=").hexSharp(f.MetadataMatch).str(" write=").hexSharp(f.MetadataWrite).byte('\n')
	}
	if t.v == openflow.V11 || t.v == openflow.V12 {
		t.str("    config=").nameOf(tableMisses[:], int(f.Config&openflow.TableConfigMissMask)+1).byte('\n')
	}
	if t.v >= openflow.V14 {
		t.supported("eviction", f.Config&openflow.TableConfigEviction != 0)
		t.supported("vacancy events", f.Config&openflow.TableConfigVacancy != 0)
	}
	if f.MaxEntries != 0 {
		t.str("    max_entries=").uint(uint64(f.MaxEntries)).byte('\n')
	}
}

func (t *tableWriter) supported(what string, is bool) {
	t.str("    ").str(what).str(": ")
	if !is {
		t.str("not ")
	}
	t.str("supported\n")
}

// instructionsOf writes what flows and the table-miss flow may do.
func (t *tableWriter) instructionsOf(i int) {
	f, misses := &t.features[i], t.misses(&t.features[i])
	var before, beforeMisses *openflow.TableInstructions
	if i > 0 {
		m := t.misses(&t.features[i-1])
		before, beforeMisses = &t.features[i-1].Flows, &m
	}
	empty := isEmpty(&f.Flows)
	switch {
	case before != nil && t.sameInstructions(i):
		if !empty {
			t.str("    (same instructions)\n")
		}
	case !equalInstructions(&f.Flows, &misses):
		t.str("    instructions (other than table miss):\n")
		t.instructions(&f.Flows, before)
		t.str("    instructions (table miss):\n")
		t.instructions(&misses, beforeMisses)
	case !empty:
		t.str("    instructions (table miss and others):\n")
		t.instructions(&f.Flows, before)
	}
}

func isEmpty(a *openflow.TableInstructions) bool {
	return equalInstructions(a, &openflow.TableInstructions{})
}

// instructionNames are the names of instructions in the order of printing, with
// their types on the wire.
var instructionNames = [...]struct {
	bit  uint8
	name string
}{
	{6, "meter"}, {4, "apply_actions"}, {5, "clear_actions"}, {3, "write_actions"}, {2, "write_metadata"}, {1, "goto_table"},
}

func (t *tableWriter) instructions(f, before *openflow.TableInstructions) {
	if f.Next != (openflow.TableSet{}) {
		t.str("      next tables: ").tableSet(&f.Next).byte('\n')
	}
	switch {
	case f.Instructions == 0:
	case before != nil && before.Instructions == f.Instructions:
		t.str("      (same instructions)\n")
	default:
		t.str("      instructions:")
		rest := f.Instructions
		for _, n := range instructionNames {
			if rest>>n.bit&1 != 0 {
				t.byte(' ').str(n.name)
				rest &^= 1 << n.bit
			}
		}
		for bit := range 32 {
			if rest>>bit&1 != 0 {
				t.byte(' ').uint(uint64(bit))
			}
		}
		t.byte('\n')
	}
	switch {
	case before != nil && sameActions(&f.Write, &before.Write) && sameActions(&f.Apply, &before.Apply) && len(f.Write.SetField) > 0:
		t.str("      (same actions)\n")
	case !sameActions(&f.Write, &f.Apply):
		t.str("      Write-Actions features:\n")
		t.actionFeatures(&f.Write)
		t.str("      Apply-Actions features:\n")
		t.actionFeatures(&f.Apply)
	case !sameActions(&f.Write, &openflow.TableActions{}):
		t.str("      Write-Actions and Apply-Actions features:\n")
		t.actionFeatures(&f.Write)
	}
}

// tableSet writes the tables of a set, runs of them as "1-5".
func (w *printer) tableSet(s *openflow.TableSet) *printer {
	has := func(t int) bool { return t <= openflow.TableMax && s[t/64]>>(t%64)&1 != 0 }
	first := true
	for from := 0; from <= openflow.TableMax; from++ {
		if !has(from) {
			continue
		}
		to := from
		for has(to + 1) {
			to++
		}
		if !first {
			w.byte(',')
		}
		first = false
		w.uint(uint64(from))
		if to > from {
			w.byte('-').uint(uint64(to))
		}
		from = to
	}
	return w
}

func (t *tableWriter) actionFeatures(a *openflow.TableActions) {
	if a.Actions != (openflow.ActionSet{}) {
		t.str("        actions: ").actionSet(a.Actions).byte('\n')
	}
	if len(a.SetField) > 0 {
		t.str("        supported on Set-Field: ").fieldSet(a.SetField).byte('\n')
	}
}

// matching writes the fields that can be matched, by how.
func (t *tableWriter) matching(f *openflow.TableFeatures) {
	t.str("    matching:\n")
	for _, how := range [...]struct {
		name               string
		maskable, wildcard bool
	}{
		{"arbitrary mask", true, true},
		{"exact match or wildcard", false, true},
		{"must exact match", false, false},
	} {
		var fields openflow.FieldSet
		for _, m := range f.Match {
			if m.Maskable == how.maskable && (m.Maskable || m.Wildcard == how.wildcard) {
				fields = t.appendField(fields, m.Field)
			}
		}
		if len(fields) > 0 {
			t.str("      ").str(how.name).str(": ").fieldSet(fields).byte('\n')
		}
	}
}

// appendField adds a field as the version has it. The fixed matches of OpenFlow
// 1.0 and 1.1 have the DSCP in its place, not as a number; the sets of 1.2 may name
// fields that came later.
func (t *tableWriter) appendField(fields openflow.FieldSet, id flow.FieldID) openflow.FieldSet {
	switch {
	case id == flow.FieldIPDSCP && t.v <= openflow.V11:
		id = flow.FieldIPTOS
	case t.v == openflow.V12:
		if w, _ := flow.FieldByID(id).WireFor(uint8(t.v)); w.Since == 0 || w.Since > uint8(t.v) {
			return fields
		}
	}
	return append(fields, id)
}

// fieldSet writes the names of fields, abbreviated.
func (w *printer) fieldSet(s openflow.FieldSet) *printer {
	ids := slices.Clone(s)
	slices.SortFunc(ids, func(a, b flow.FieldID) int { return fieldRank(a) - fieldRank(b) })
	var names []string
	for _, id := range ids {
		if f := flow.FieldByID(id); f != nil {
			names = append(names, f.Name)
		}
	}
	return w.names(names, " ")
}

// fieldRank is a field's place in lists. Open vSwitch has nsh_ttl at the end.
func fieldRank(id flow.FieldID) int {
	if id == flow.FieldNSHTTL {
		return int(flow.FieldNSHC4)
	}
	if id > flow.FieldNSHTTL && id <= flow.FieldNSHC4 {
		return int(id) - 1
	}
	return int(id)
}
