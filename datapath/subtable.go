package datapath

import (
	"slices"

	"vswitch/flow"
)

// portCache has the megaflows of packets that come in by one port. All of them match
// the port, and those of one port cannot make lookups for another slower.
type portCache struct {
	subtables []*subtable // those that are hit most come first
}

type wordMask struct {
	word int
	mask uint64
}

// subtable holds the megaflows of one mask.
type subtable struct {
	of       *portCache
	words    []wordMask
	segments uint16 // Present bits that a key needs, since words lie in those segments
	hits     uint64
	n        int

	// Open addressing: a megaflow is in the slot that its hash leads to, or behind it with
	// no empty slot between. Slots are a power of two, at most a quarter of them in use.
	tags  []uint16 // part of a hash, 0 in an empty slot: all that a lookup in vain reads
	flows []*Megaflow
}

// subtableFor is the subtable for megaflows of packets like k under a mask of words. Where
// limit masks are there already it is that of whole keys: a megaflow that matches
// more than it must serves fewer packets and never a wrong one. So nobody can make
// lookups slow by packets that are each decided by other bits (tuple-space
// explosion).
func (c *portCache) subtableFor(words []wordMask, k *flow.Key, limit int) (t *subtable, made bool) {
	if t := c.find(words); t != nil {
		return t, false
	}
	if len(c.subtables) >= limit {
		words = appendWords(nil, wholeMask(k))
		if t := c.find(words); t != nil {
			return t, false
		}
	}
	t = &subtable{of: c, words: slices.Clone(words)}
	t.resize(16)
	for _, wm := range words {
		switch {
		case wm.word >= flow.BaseWords+flow.ConnWords:
			t.segments |= flow.PresentTunnel
		case wm.word >= flow.BaseWords:
			t.segments |= flow.PresentConn
		}
	}
	c.subtables = append(c.subtables, t)
	return t, true
}

func (c *portCache) find(words []wordMask) *subtable {
	for _, t := range c.subtables {
		if slices.Equal(t.words, words) {
			return t
		}
	}
	return nil
}

// remove takes an empty subtable out.
func (c *portCache) remove(t *subtable) {
	c.subtables = slices.DeleteFunc(c.subtables, func(x *subtable) bool { return x == t })
}

// appendWords appends the words of a mask that match something to words.
func appendWords(words []wordMask, mask *flow.Key) []wordMask {
	for i, v := range mask.Words() {
		if v != 0 {
			words = append(words, wordMask{i, v})
		}
	}
	return words
}

// wholeMask is the mask of all that k has.
func wholeMask(k *flow.Key) *flow.Key {
	var whole flow.Key
	for i := range whole.Words() {
		whole.Words()[i] = ^uint64(0)
	}
	finishMask(&whole, k)
	return &whole
}

// has reports whether m is in the cache and has k.
func (m *Megaflow) has(k *flow.Key) bool { return !m.dead && m.mask.matches(m, k) }

func (t *subtable) matches(m *Megaflow, k *flow.Key) bool {
	if t.segments&^k.Present != 0 {
		return false
	}
	w, values, differ := k.Words(), m.values(len(t.words)), uint64(0)
	for i, wm := range t.words {
		differ |= w[wm.word]&wm.mask ^ values[i]
	}
	return differ == 0
}

// hash is the hash of a key's words, as far as the mask has them.
func (t *subtable) hash(s *flow.Secret, w *[flow.KeyWords]uint64) (h uint64) {
	words := t.words
	for ; len(words) >= 2; words = words[2:] {
		a, b := &words[0], &words[1]
		h += s.Product(a.word, b.word, w[a.word]&a.mask, w[b.word]&b.mask)
	}
	if len(words) > 0 {
		a := &words[0]
		h += s.Product(a.word, 0, w[a.word]&a.mask, 0)
	}
	return h ^ h>>29
}

// tagOf is what stands for hash h in its slot. Other bits lead to the slot.
func tagOf(h uint64) uint16 { return max(1, uint16(h>>48)) }

func (t *subtable) slot(h uint64) int { return int(h & uint64(len(t.tags)-1)) }

// candidate is the first slot with hash h's tag on the way from its own to an empty one, or -1.
func (t *subtable) candidate(h uint64) int {
	for i := t.slot(h); ; i = t.slot(uint64(i + 1)) {
		switch t.tags[i] {
		case 0:
			return -1
		case tagOf(h):
			return i
		}
	}
}

// find is the megaflow that matches k, or nil.
func (t *subtable) find(h uint64, k *flow.Key) *Megaflow {
	for i := t.slot(h); t.tags[i] != 0; i = t.slot(uint64(i + 1)) {
		if t.tags[i] == tagOf(h) && t.matches(t.flows[i], k) {
			return t.flows[i]
		}
	}
	return nil
}

func (t *subtable) add(m *Megaflow) {
	if t.n++; 4*t.n > len(t.tags) {
		t.resize(2 * len(t.tags))
	}
	t.put(m)
}

func (t *subtable) put(m *Megaflow) {
	i := t.slot(m.hash)
	for t.tags[i] != 0 {
		i = t.slot(uint64(i + 1))
	}
	t.tags[i], t.flows[i] = tagOf(m.hash), m
}

func (t *subtable) resize(slots int) {
	old := t.flows
	t.tags, t.flows = make([]uint16, slots), make([]*Megaflow, slots)
	for _, m := range old {
		if m != nil {
			t.put(m)
		}
	}
}

// remove takes m out, which is in. Those behind it that its place had kept from theirs
// move up.
func (t *subtable) remove(m *Megaflow) {
	i := t.slot(m.hash)
	for t.flows[i] != m {
		i = t.slot(uint64(i + 1))
	}
	t.tags[i], t.flows[i] = 0, nil
	t.n--
	for i = t.slot(uint64(i + 1)); t.tags[i] != 0; i = t.slot(uint64(i + 1)) {
		m := t.flows[i]
		t.tags[i], t.flows[i] = 0, nil
		t.put(m)
	}
}

// MaskInfo describes a mask of the megaflows of one port and worker.
type MaskInfo struct {
	Worker    int
	Port      PortID
	Mask      flow.Key
	Example   flow.Key // key of one of its megaflows
	Megaflows int
	Hits      uint64 // packets that it was found for beyond the first cache
}

// Masks are the masks of all workers, by port, in the order in which they are tried.
func (d *Datapath) Masks() (list []MaskInfo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([][]MaskInfo, len(d.workers))
	d.each(func(w *Worker) { all[w.id] = w.masks() })
	return slices.Concat(all...)
}

func (w *Worker) masks() (list []MaskInfo) {
	for id, p := range w.cache.ports {
		if p == nil {
			continue
		}
		for _, t := range p.subtables {
			i := slices.IndexFunc(t.flows, func(m *Megaflow) bool { return m != nil })
			if i >= 0 {
				m := t.flows[i]
				list = append(list, MaskInfo{w.id, PortID(id), m.Mask(), m.Key(), t.n, t.hits})
			}
		}
	}
	return list
}
