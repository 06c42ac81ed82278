package ofproto

import (
	"slices"
	"sync/atomic"

	"vswitch/datapath"
	"vswitch/openflow"
)

// Group is a group entry. It does not change once it is published: a modified
// group is a new one, which goes on counting where the old one was.
type Group struct {
	id      uint32
	kind    openflow.GroupType
	props   openflow.GroupProps
	buckets []*bucket
	next    []uint32 // the groups that buckets use, in order, each once
	slots   []uint16 // of a select group: hash to bucket, a power of two of them
	dealt   atomic.Pointer[dealtSlots]
	created int64
	counts  *hitCounts

	depth  int    // how many groups follow at most, as it was when Bridge.chains was chains
	chains uint64 // guarded by Switch.mu, as depth is
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

// maxGroups bounds the groups of a bridge, maxBuckets those of one group: about
// as many as a message can carry.
const (
	maxGroups  = 1 << 16
	maxBuckets = 2048
)

// groupsSelected lists the groups that a request names.
func (b *Bridge) groupsSelected(id uint32) []*Group {
	if id == openflow.GroupAll {
		return b.groups.all()
	}
	if g := b.groups.get(id); g != nil {
		return []*Group{g}
	}
	return nil
}

// watches reports whether the liveness of a bucket depends on anything. Clients
// that leave both fields 0 where they do not matter mean neither: port 0 does not
// exist.
func (g *Group) watches(k *bucket) bool {
	if k.WatchPort == 0 && k.WatchGroup == 0 && g.kind != openflow.GroupTypeFF {
		return false
	}
	return k.WatchPort != openflow.PortAny || k.WatchGroup != openflow.GroupAny
}

// liveness finds out what is live. It knows the groups that it has met, so that
// groups which watch each other, or one many times, are asked once.
type liveness struct {
	bridge *Bridge
	groups map[uint32]bool
}

// bucket reports whether a bucket is live: the port that it watches is, or the
// group (OpenFlow 1.3.5 §6.7.1). A bucket that watches nothing is live.
func (l *liveness) bucket(g *Group, k *bucket) bool {
	if !g.watches(k) {
		return true
	}
	return k.WatchPort != openflow.PortAny && l.port(k.WatchPort) || k.WatchGroup != openflow.GroupAny && l.group(k.WatchGroup)
}

func (l *liveness) port(no openflow.PortNo) bool {
	p := l.bridge.ports.Load().byNo[no]
	return p != nil && p.live()
}

// group reports whether some bucket of a group is live. One that depends on itself
// is not, unless something else of it is.
func (l *liveness) group(id uint32) bool {
	if live, known := l.groups[id]; known {
		return live
	}
	g := l.bridge.groups.lookup(id)
	if g == nil {
		return false
	}
	if l.groups == nil {
		l.groups = map[uint32]bool{}
	}
	l.groups[id] = false
	l.groups[id] = slices.ContainsFunc(g.buckets, func(k *bucket) bool { return l.bucket(g, k) })
	return l.groups[id]
}

// minSlots and maxSlots bound the number of hash values that a select group tells
// apart. The share of a bucket is its weight's to within one slot.
const (
	minSlots = 256
	maxSlots = 8192
)

// fillSlots deals hash values out to the buckets by their weights, after Webster:
// each goes to the bucket that is furthest behind.
func (g *Group) fillSlots() {
	g.slots = nil
	n := minSlots
	for n < 4*len(g.buckets) && n < maxSlots {
		n *= 2
	}
	var order slotHeap
	for i, k := range g.buckets {
		if k.Weight > 0 {
			order = append(order, slotClaim{bucket: uint16(i), weight: k.Weight})
		}
	}
	if len(order) == 0 {
		return
	}
	order.init()
	for range n {
		g.slots = append(g.slots, order.take())
	}
}

// choose is the bucket of a select group for a hash; nil where none is live.
func (g *Group) choose(l *liveness, hash uint32) *bucket {
	if len(g.slots) == 0 {
		return nil
	}
	slot := hash % uint32(len(g.slots))
	if k := g.buckets[g.slots[slot]]; l.bucket(g, k) {
		return k
	}
	live := g.candidates(l)
	if len(live) == 0 {
		return nil
	}
	d := g.dealt.Load()
	if d == nil || !slices.Equal(d.live, live) {
		d = g.deal(live)
		g.dealt.Store(d)
	}
	return g.buckets[d.slots[slot]]
}

// dealtSlots are a select group's slots while only some buckets are live.
type dealtSlots struct {
	live  []*bucket
	slots []uint16
}

// deal shares the slots of dead buckets out to the live ones, whose own stay.
func (g *Group) deal(live []*bucket) *dealtSlots {
	d := &dealtSlots{live: live, slots: slices.Clone(g.slots)}
	claims := make([]slotClaim, len(g.buckets))
	for i, k := range g.buckets {
		if slices.Contains(live, k) {
			claims[i] = slotClaim{bucket: uint16(i), weight: k.Weight}
		}
	}
	for _, b := range g.slots {
		claims[b].given++
	}
	order := slotHeap(slices.DeleteFunc(slices.Clone(claims), func(c slotClaim) bool { return c.weight == 0 }))
	order.init()
	for i, b := range g.slots {
		if claims[b].weight == 0 {
			d.slots[i] = order.take()
		}
	}
	return d
}

// candidates are the buckets that a select group may choose now.
func (g *Group) candidates(l *liveness) (live []*bucket) {
	for _, k := range g.buckets {
		if k.Weight > 0 && l.bucket(g, k) {
			live = append(live, k)
		}
	}
	return live
}

// slotClaim is a bucket's claim to the next slot.
type slotClaim struct {
	bucket, weight uint16
	given          uint32
}

// before reports whether c is further behind than o: weight/(2*given+1) is larger.
func (c slotClaim) before(o slotClaim) bool {
	x, y := uint64(c.weight)*uint64(2*o.given+1), uint64(o.weight)*uint64(2*c.given+1)
	return x > y || x == y && c.bucket < o.bucket
}

// slotHeap has the claim that is furthest behind at its front.
type slotHeap []slotClaim

func (h slotHeap) init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

// take gives a slot to the bucket in front.
func (h slotHeap) take() uint16 {
	b := h[0].bucket
	h[0].given++
	h.down(0)
	return b
}

func (h slotHeap) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
