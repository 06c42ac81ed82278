package ofproto

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
)

// shards is a map from numbers that translation reads without a lock. Each shard
// is replaced whole, by one writer at a time. Changes can be staged: the writer
// sees them at once, translation when they are published, all together.
type shards[V comparable] struct {
	maps   [numShards]atomic.Pointer[map[uint32]V]
	n      int          // values, staged changes included
	staged map[uint32]V // the zero value removes; nil: changes are published at once
}

const numShards = 256

// lookup finds the published value of id, or the zero value.
func (t *shards[V]) lookup(id uint32) (v V) {
	if m := t.maps[id%numShards].Load(); m != nil {
		v = (*m)[id]
	}
	return v
}

// published goes through the published values, in no order.
func (t *shards[V]) published() iter.Seq2[uint32, V] {
	return func(yield func(uint32, V) bool) {
		for i := range t.maps {
			if m := t.maps[i].Load(); m != nil {
				for id, v := range *m {
					if !yield(id, v) {
						return
					}
				}
			}
		}
	}
}

// get is lookup for the writer, who sees what is staged.
func (t *shards[V]) get(id uint32) V {
	if v, found := t.staged[id]; found {
		return v
	}
	return t.lookup(id)
}

// stage begins to hold changes back.
func (t *shards[V]) stage() { t.staged = map[uint32]V{} }

// set stages a value, or the zero value to remove one.
func (t *shards[V]) set(id uint32, v V) {
	var none V
	if t.get(id) != none {
		t.n--
	}
	if t.staged[id] = v; v != none {
		t.n++
	}
}

// publish makes what was staged visible.
func (t *shards[V]) publish() {
	staged := t.staged
	t.discard()
	var none V
	var gone []uint32
	for id, v := range staged {
		if v == none {
			gone = append(gone, id)
		} else {
			t.put(id, v)
		}
	}
	t.remove(gone...)
}

// discard forgets what was staged.
func (t *shards[V]) discard() {
	t.staged, t.n = nil, 0
	for i := range t.maps {
		if m := t.maps[i].Load(); m != nil {
			t.n += len(*m)
		}
	}
}

// put adds or replaces a value.
func (t *shards[V]) put(id uint32, v V) {
	if t.staged != nil {
		t.set(id, v)
		return
	}
	t.change(id, func(m map[uint32]V) { m[id] = v })
}

// remove removes the values of ids.
func (t *shards[V]) remove(ids ...uint32) {
	if t.staged != nil {
		for _, id := range ids {
			var none V
			t.set(id, none)
		}
		return
	}
	slices.SortFunc(ids, func(a, b uint32) int { return cmp.Compare(a%numShards, b%numShards) })
	for len(ids) > 0 {
		n := 1
		for n < len(ids) && ids[n]%numShards == ids[0]%numShards {
			n++
		}
		t.change(ids[0], func(m map[uint32]V) {
			for _, id := range ids[:n] {
				delete(m, id)
			}
		})
		ids = ids[n:]
	}
}

// change replaces the shard of id by what f makes of a copy.
func (t *shards[V]) change(id uint32, f func(map[uint32]V)) {
	s := &t.maps[id%numShards]
	m := map[uint32]V{}
	if old := s.Load(); old != nil {
		m = maps.Clone(*old)
	}
	t.n -= len(m)
	f(m)
	t.n += len(m)
	s.Store(&m)
}

// all lists the values by number, as the writer sees them.
func (t *shards[V]) all() []V {
	entries := make(map[uint32]V, t.n)
	for i := range t.maps {
		if m := t.maps[i].Load(); m != nil {
			maps.Copy(entries, *m)
		}
	}
	var none V
	for id, v := range t.staged {
		if entries[id] = v; v == none {
			delete(entries, id)
		}
	}
	list := make([]V, 0, len(entries))
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, entries[id])
	}
	return list
}
