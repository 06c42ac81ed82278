package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// criterion is one --sort or --rsort.
type criterion struct {
	field      *flow.Field // nil: the priority
	descending bool
}

// defaultCriterion is what --sort alone sorts by.
const defaultCriterion = "priority"

// sortFlag appends criteria to a list.
type sortFlag struct {
	list       *[]criterion
	descending bool
}

func (f *sortFlag) Set(s string) error {
	c := criterion{descending: f.descending}
	if s != defaultCriterion {
		if c.field = flow.FieldByName(s); c.field == nil {
			if near := flow.NearestField(s, defaultCriterion); near != "" {
				return fmt.Errorf("no field %q: did you mean %s?", s, near)
			}
			return fmt.Errorf("no field %q", s)
		}
	}
	*f.list = append(*f.list, c)
	return nil
}

func (f *sortFlag) String() string { return "" }

// Type names the value in help texts.
func (f *sortFlag) Type() string { return "field" }

// sortFlows sorts by the criteria, then by falling priority; equal flows stay as
// the switch sent them. Flows that do not match a field come after those that do,
// whichever way the field is sorted.
func sortFlows(flows []openflow.FlowStats, by []criterion) {
	by = append(slices.Clip(by), criterion{descending: true})
	type entry struct {
		flow openflow.FlowStats
		keys []sortKey
	}
	entries := make([]entry, len(flows))
	for i := range flows {
		keys := make([]sortKey, len(by))
		for k := range by {
			keys[k] = by[k].key(&flows[i])
		}
		entries[i] = entry{flows[i], keys}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		for k := range by {
			if order := a.keys[k].compare(b.keys[k], by[k].descending); order != 0 {
				return order
			}
		}
		return 0
	})
	for i := range entries {
		flows[i] = entries[i].flow
	}
}

// sortKey is what a criterion sees of a flow.
type sortKey struct {
	missing bool
	value   flow.Value
	wide    string // of fields that are longer than a value
}

func (c criterion) key(f *openflow.FlowStats) sortKey {
	switch {
	case c.field == nil:
		return sortKey{value: flow.U64(uint64(f.Priority))}
	case c.field.Wide():
		for _, w := range f.Match.Wide {
			if w.Field == c.field.ID {
				return sortKey{wide: strings.TrimLeft(string(w.Value), "\x00")}
			}
		}
		return sortKey{missing: true}
	}
	value, _, kind := f.Match.Field(c.field)
	if kind == flow.MatchNone || f.Match.CheckPrereqs(c.field.ID) != nil {
		return sortKey{missing: true}
	}
	return sortKey{value: value}
}

func (k sortKey) compare(o sortKey, descending bool) int {
	if k.missing != o.missing {
		if k.missing {
			return 1
		}
		return -1
	}
	order := cmp.Or(cmp.Compare(k.value.Hi, o.value.Hi), cmp.Compare(k.value.Lo, o.value.Lo),
		cmp.Compare(len(k.wide), len(o.wide)), strings.Compare(k.wide, o.wide))
	if descending {
		return -order
	}
	return order
}
