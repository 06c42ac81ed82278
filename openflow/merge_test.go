package openflow

import (
	"reflect"
	"testing"
)

// TestMerge merges random lists of every kind that is split over messages.
func TestMerge(t *testing.T) {
	g := newGenerator(t)
	lists := 0
	for _, p := range prototypes {
		row := codec.kinds[p.Kind()][0]
		if row.list.count == nil {
			if Merge(p, p) {
				t.Errorf("%s is no list, and was merged", row.name)
			}
			continue
		}
		lists++
		g.v = row.from
		a := reflect.New(reflect.TypeOf(p).Elem()).Interface().(Message)
		b := reflect.New(reflect.TypeOf(p).Elem()).Interface().(Message)
		g.fill(reflect.ValueOf(a).Elem())
		g.fill(reflect.ValueOf(b).Elem())
		want := row.list.count(a) + row.list.count(b)
		if !Merge(a, b) || row.list.count(a) != want {
			t.Errorf("%s: %d entries after merging, want %d", row.name, row.list.count(a), want)
		}
		if Merge(a, &BarrierRequest{}) {
			t.Errorf("%s was merged with a barrier", row.name)
		}
	}
	if lists == 0 {
		t.Error("no lists")
	}
}
