package ofproto

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
)

// shards is a map from numbers that translation reads without a lock. Each shard
// is replaced whole, by one writer at a time.
type shards[V any] struct {
	maps [numShards]atomic.Pointer[map[uint32]V]
	n    int
}

const numShards = 256

// lookup finds the value of id, or the zero value.
func (t *shards[V]) lookup(id uint32) (v V) {
	if m := t.maps[id%numShards].Load(); m != nil {
		v = (*m)[id]
	}
	return v
}

// put adds or replaces a value.
func (t *shards[V]) put(id uint32, v V) {
	t.change(id, func(m map[uint32]V) { m[id] = v })
}

// remove removes the values of ids.
func (t *shards[V]) remove(ids ...uint32) {
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

// all lists the values by number.
func (t *shards[V]) all() []V {
	entries := make(map[uint32]V, t.n)
	for i := range t.maps {
		if m := t.maps[i].Load(); m != nil {
			maps.Copy(entries, *m)
		}
	}
	list := make([]V, 0, len(entries))
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, entries[id])
	}
	return list
}
