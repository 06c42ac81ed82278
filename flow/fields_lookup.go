package flow

import "strings"

// fields, fieldNames and fieldWires are read-only after start.
var (
	fields     = buildFields()
	fieldNames = indexNames(fields)
	fieldWires = indexWires(fields)
)

// wireKey is what distinguishes one wire form from all others.
type wireKey struct {
	experimenter uint32
	class        uint16
	code         uint8
}

func indexNames(rows []Field) map[string]*Field {
	index := make(map[string]*Field)
	for i := range rows {
		f := &rows[i]
		index[f.Name] = f
		for _, a := range f.Aliases {
			index[a] = f
		}
		for _, w := range f.Wires {
			index[w.Name] = f
		}
	}
	return index
}

func indexWires(rows []Field) map[wireKey]*Field {
	index := make(map[wireKey]*Field)
	for i := range rows {
		for _, w := range rows[i].Wires {
			index[wireKey{w.Experimenter, w.Class, w.Code}] = &rows[i]
		}
	}
	return index
}

// Fields is the field table in the order of the field numbers. It is shared:
// read-only.
func Fields() []Field { return fields }

// FieldByID is the row of id, nil for FieldNone and numbers out of range.
func FieldByID(id FieldID) *Field {
	if id == FieldNone || int(id) > len(fields) {
		return nil
	}
	return &fields[id-1]
}

// FieldByName is the field called name: its name, an alias or the name of a
// wire form ("NXM_OF_ETH_SRC"). It is nil where there is none. tp_src and
// tp_dst are TCP's: what they mean beside another protocol is the syntax's
// affair.
func FieldByName(name string) *Field { return fieldNames[name] }

// FieldByWire is the field that a wire header names, nil where there is none.
// experimenter counts only where class is 0xffff.
func FieldByWire(class uint16, code uint8, experimenter uint32) *Field {
	if class != classExperimenter {
		experimenter = 0
	}
	return fieldWires[wireKey{experimenter, class, code}]
}

// NearestField is the name of a field, or the one of others (keywords of the
// caller's syntax), that name is most probably a misspelling of; "" where
// nothing is near.
func NearestField(name string, others ...string) string {
	name = strings.ToLower(name)
	best, least := "", 1+max(1, len(name)/3)
	consider := func(candidate string) {
		d := editDistance(name, candidate)
		if d < least || d == least && best != "" && closer(name, candidate, best) {
			best, least = candidate, d
		}
	}
	for i := range fields {
		consider(fields[i].Name)
		for _, a := range fields[i].Aliases {
			consider(a)
		}
	}
	for _, o := range others {
		consider(o)
	}
	return best
}

// closer breaks ties between candidates at the same distance from name: a
// misspelling seldom changes the first letter or the length.
func closer(name, a, b string) bool {
	score := func(s string) (n int) {
		if s[:1] == name[:min(1, len(name))] {
			n += 2
		}
		if len(s) == len(name) {
			n++
		}
		return n
	}
	return score(a) > score(b)
}

// editDistance is the number of insertions, deletions, replacements and swaps
// of neighbours that make a out of b.
func editDistance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
