package datapath

import (
	"slices"
	"sync/atomic"

	"vswitch/flow"
)

// Megaflow is a remembered decision: it holds for every packet whose key equals
// Key under its subtable's mask. It lives in one worker's cache; the worker is
// the only writer of its counters.
type Megaflow struct {
	actions []Action
	credits []Credit
	mask    *subtable
	values  []uint64 // the key's words under the mask, in the mask's order
	hash    uint64
	dead    bool // out of the cache; the worker's alone
	// narrowed: it matches more bits than its verdict depends on, for want of a mask.
	narrowed bool
	worker   *Worker

	version uint64
	tags    uint64
	created int64
	next    *Megaflow // hash chain of the subtable
	index   int       // in the registry, guarded by its mutex

	packets, bytes atomic.Uint64
	used           atomic.Int64
	folded         Hits // what the credits already have; guarded by the registry's mutex
}

// Key is the megaflow's key; bits outside its mask are zero.
func (m *Megaflow) Key() flow.Key {
	var k flow.Key
	w := k.Words()
	for i, wm := range m.mask.words {
		w[wm.word] = m.values[i]
	}
	return k
}

// Mask is the megaflow's mask.
func (m *Megaflow) Mask() flow.Key {
	var k flow.Key
	w := k.Words()
	for _, wm := range m.mask.words {
		w[wm.word] = wm.mask
	}
	return k
}

// MaskIs reports whether a verdict with the given mask would be kept for the
// same packets as m, or for more where m was narrowed.
func (m *Megaflow) MaskIs(mask *flow.Key) bool {
	k, other := m.Key(), *mask
	finishMask(&other, &k)
	mine := m.Mask()
	if !m.narrowed {
		return *other.Words() == *mine.Words()
	}
	for i, w := range other.Words() {
		if w&^mine.Words()[i] != 0 {
			return false
		}
	}
	return true
}

// Narrowed reports whether m matches more than its decision depends on, for want of a
// mask.
func (m *Megaflow) Narrowed() bool { return m.narrowed }

// Actions are borrowed and must not be changed.
func (m *Megaflow) Actions() []Action { return m.actions }

// Credits are borrowed and must not be changed.
func (m *Megaflow) Credits() []Credit { return m.credits }

// Hits is what the megaflow has counted.
func (m *Megaflow) Hits() Hits {
	return Hits{m.packets.Load(), m.bytes.Load(), m.used.Load()}
}

// Tags are the Bloom bits that its verdict came with.
func (m *Megaflow) Tags() uint64 { return m.tags }

// Created is when it was installed, in nanoseconds of the worker's clock.
func (m *Megaflow) Created() int64 { return m.created }

// Worker is the number of the worker that has it.
func (m *Megaflow) Worker() int { return m.worker.id }

// cache is a worker's memory of decisions. It belongs to the worker alone.
type cache struct {
	seed     uint64
	limit    int          // masks of a port
	ports    []*portCache // by the port that packets come in by; nil where there are none
	n        int          // megaflows
	masks    int
	probed   uint64     // subtables looked into, ever
	narrowed uint64     // megaflows that got a narrower mask for want of another one
	words    []wordMask // of the mask in work
	sigs     [sigEntries]signature
}

// signature guesses the megaflow of a whole key from its hash.
type signature struct {
	hash uint64
	flow *Megaflow
}

const sigEntries = 8192

// guess is the signature cache's answer for a key with hash h, or nil.
func (c *cache) guess(h uint64, k *flow.Key) *Megaflow {
	s := &c.sigs[h%sigEntries]
	if s.hash != h || s.flow == nil {
		return nil
	}
	if s.flow.dead {
		s.flow = nil
		return nil
	}
	if !s.flow.mask.matches(s.flow, k) {
		return nil
	}
	return s.flow
}

func (c *cache) remember(h uint64, m *Megaflow) { c.sigs[h%sigEntries] = signature{h, m} }

// lookup finds a megaflow that matches k, or nil. Where there are several, they say
// the same.
func (c *cache) lookup(k *flow.Key) *Megaflow {
	if int(k.InPort) >= len(c.ports) || c.ports[k.InPort] == nil {
		return nil
	}
	subtables := c.ports[k.InPort].subtables
	for i, t := range subtables {
		if t.segments&^k.Present != 0 {
			continue
		}
		c.probed++
		if m := t.lookup(c.seed, k); m != nil {
			t.hits++
			if i > 0 && t.hits > subtables[i-1].hits {
				subtables[i-1], subtables[i] = t, subtables[i-1]
			}
			return m
		}
	}
	return nil
}

// port is the cache of what comes in by a port.
func (c *cache) port(id uint32) *portCache {
	for int(id) >= len(c.ports) {
		c.ports = append(c.ports, nil)
	}
	if c.ports[id] == nil {
		c.ports[id] = &portCache{}
	}
	return c.ports[id]
}

// insert puts m, whose key is k, under mask. It sets mask, values and hash.
func (c *cache) insert(m *Megaflow, k *flow.Key, mask *flow.Key) {
	c.words = appendWords(c.words[:0], mask)
	t, made := c.port(k.InPort).subtableFor(c.words, k, c.limit)
	if made {
		c.masks++
	}
	m.mask = t
	if m.narrowed = !slices.Equal(t.words, c.words); m.narrowed {
		c.narrowed++
	}
	m.values = make([]uint64, len(t.words))
	h, w := c.seed, k.Words()
	for i, wm := range t.words {
		m.values[i] = w[wm.word] & wm.mask
		h = flow.MixWord(h, m.values[i])
	}
	m.hash = flow.FinishHash(h)
	if t.n >= len(t.slots) {
		t.grow()
	}
	s := &t.slots[m.hash&uint64(len(t.slots)-1)]
	m.next, *s = *s, m
	t.n++
	c.n++
}

// remove takes m out; a second time is harmless.
func (c *cache) remove(m *Megaflow) {
	if m.dead {
		return
	}
	m.dead = true
	t := m.mask
	p := &t.slots[m.hash&uint64(len(t.slots)-1)]
	for *p != m {
		p = &(*p).next
	}
	*p = m.next
	m.next = nil
	t.n--
	c.n--
	if t.n == 0 {
		t.of.remove(t)
		c.masks--
	}
}
