package ofproto

import (
	"cmp"
	"slices"
	"sync/atomic"

	"vswitch/datapath"
	"vswitch/openflow"
)

// Group is a group entry. It does not change once it is published, but for what
// it counts: a modified group is a new one.
type Group struct {
	id      uint32
	kind    openflow.GroupType
	props   openflow.GroupProps
	buckets []*bucket
	slots   []uint8 // of a select group: hash to bucket, a power of two of them
	created int64
	counts  hitCounts
}

// bucket is one bucket of a group.
type bucket struct {
	openflow.Bucket
	set    []openflow.Action // the actions in the order of an action set
	counts hitCounts
}

func newBucket(k openflow.Bucket) *bucket {
	return &bucket{Bucket: k, set: orderActionSet([][]openflow.Action{k.Actions})}
}

// hitCounts count packets and bytes; they are a datapath.Credit.
type hitCounts struct{ packets, bytes atomic.Uint64 }

// Credit implements datapath.Credit.
func (c *hitCounts) Credit(h datapath.Hits) {
	c.packets.Add(h.Packets)
	c.bytes.Add(h.Bytes)
}

// groupTable is a bridge's groups. Translation reads it without a lock; each shard
// is replaced whole.
type groupTable struct {
	shards [groupShards]atomic.Pointer[map[uint32]*Group]
	n      int
}

const groupShards = 64

func (t *groupTable) shard(id uint32) *atomic.Pointer[map[uint32]*Group] {
	return &t.shards[id%groupShards]
}

// lookup finds a group, or nil.
func (t *groupTable) lookup(id uint32) *Group {
	if m := t.shard(id).Load(); m != nil {
		return (*m)[id]
	}
	return nil
}

// put adds or replaces a group, or with nil removes it.
func (t *groupTable) put(id uint32, g *Group) {
	s := t.shard(id)
	var m map[uint32]*Group
	if old := s.Load(); old != nil {
		m = cloneMap(*old)
	} else {
		m = map[uint32]*Group{}
	}
	t.n -= len(m)
	if g == nil {
		delete(m, id)
	} else {
		m[id] = g
	}
	t.n += len(m)
	s.Store(&m)
}

// all lists the groups by number.
func (t *groupTable) all() (list []*Group) {
	for i := range t.shards {
		if m := t.shards[i].Load(); m != nil {
			for _, g := range *m {
				list = append(list, g)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Group) int { return cmp.Compare(a.id, b.id) })
	return list
}

// selected lists the groups that a request names.
func (t *groupTable) selected(id uint32) []*Group {
	if id == openflow.GroupAll {
		return t.all()
	}
	if g := t.lookup(id); g != nil {
		return []*Group{g}
	}
	return nil
}

// maxGroups bounds the groups of a bridge, maxBuckets those of one group.
const (
	maxGroups  = 1 << 16
	maxBuckets = 255
)

// forwardsTo reports whether some bucket's actions use group id.
func (g *Group) forwardsTo(id uint32) bool {
	return slices.ContainsFunc(g.buckets, func(b *bucket) bool { return usesGroup(b.Actions, id) })
}

// live reports whether the group forwards now: some bucket of it does.
func (g *Group) live(b *Bridge, depth int) bool {
	return slices.ContainsFunc(g.buckets, func(k *bucket) bool { return k.live(b, depth) })
}

// live reports whether what the bucket watches is live. A bucket that watches
// nothing is.
func (k *bucket) live(b *Bridge, depth int) bool {
	if k.WatchPort != openflow.PortAny {
		p := b.ports.Load().byNo[k.WatchPort]
		if p == nil || !p.live() {
			return false
		}
	}
	if k.WatchGroup != openflow.GroupAny {
		g := b.groups.lookup(k.WatchGroup)
		return g != nil && depth < maxDepth && g.live(b, depth+1)
	}
	return true
}

// selectSlots is the number of hash values that a select group tells apart. The
// share of a bucket is its weight's to within half of 1/selectSlots.
const selectSlots = 256

// fillSlots deals hash values out to the buckets by their weights, after Webster:
// each goes to the bucket that is furthest behind.
func (g *Group) fillSlots() {
	g.slots = nil
	given := make([]int, len(g.buckets))
	for range selectSlots {
		best, bestScore := -1, 0.0
		for i, k := range g.buckets {
			if score := float64(k.Weight) / float64(2*given[i]+1); score > bestScore {
				best, bestScore = i, score
			}
		}
		if best < 0 {
			return // no bucket has a weight
		}
		given[best]++
		g.slots = append(g.slots, uint8(best))
	}
}

// choose is the bucket of a select group for a hash: that of its slot, or where
// that is not live the next live one with a weight. nil where there is none.
func (g *Group) choose(b *Bridge, hash uint32) *bucket {
	if len(g.slots) == 0 {
		return nil
	}
	k := g.buckets[g.slots[hash%selectSlots]]
	if k.live(b, 0) {
		return k
	}
	var live []*bucket
	total := uint32(0)
	for _, k := range g.buckets {
		if k.Weight > 0 && k.live(b, 0) {
			live = append(live, k)
			total += uint32(k.Weight)
		}
	}
	if total == 0 {
		return nil
	}
	at := uint32(uint64(hash%selectSlots) * uint64(total) / selectSlots)
	for _, k := range live {
		if at < uint32(k.Weight) {
			return k
		}
		at -= uint32(k.Weight)
	}
	return nil
}
