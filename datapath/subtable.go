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
	slots    []*Megaflow
	n        int
	hits     uint64
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
	t = &subtable{of: c, words: slices.Clone(words), slots: make([]*Megaflow, 16)}
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

func (t *subtable) matches(m *Megaflow, k *flow.Key) bool {
	if t.segments&^k.Present != 0 {
		return false
	}
	w := k.Words()
	for i, wm := range t.words {
		if w[wm.word]&wm.mask != m.values[i] {
			return false
		}
	}
	return true
}

func (t *subtable) lookup(seed uint64, k *flow.Key) *Megaflow {
	h, w := seed, k.Words()
	for _, wm := range t.words {
		h = flow.MixWord(h, w[wm.word]&wm.mask)
	}
	h = flow.FinishHash(h)
	for m := t.slots[h&uint64(len(t.slots)-1)]; m != nil; m = m.next {
		if m.hash == h && t.matches(m, k) {
			return m
		}
	}
	return nil
}

func (t *subtable) grow() {
	old := t.slots
	t.slots = make([]*Megaflow, 2*len(old))
	for _, m := range old {
		for m != nil {
			next := m.next
			s := &t.slots[m.hash&uint64(len(t.slots)-1)]
			m.next, *s = *s, m
			m = next
		}
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
			i := slices.IndexFunc(t.slots, func(m *Megaflow) bool { return m != nil })
			if i >= 0 {
				list = append(list, MaskInfo{w.id, PortID(id), t.slots[i].Mask(), t.slots[i].Key(), t.n, t.hits})
			}
		}
	}
	return list
}
