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
	// Three lines of the processor's cache that every packet needs: to compare, to
	// execute, to count.
	few [8]uint64 // values, unless there are more

	mask     *subtable
	actions  []Action
	one      [1]Action // actions, unless there are more
	dead     bool      // out of the cache; the worker's alone
	narrowed bool      // it matches more bits than its verdict depends on, for want of a mask
	worker   uint16
	index    int32 // in the registry, guarded by its mutex
	hash     uint64

	packets, bytes atomic.Uint64
	used           atomic.Int64
	credits        []Credit
	remembered     uint64 // hash of the whole key that it was remembered for last
	tags           uint64

	many    []uint64 // values, where they do not fit few
	created int64
	folded  Hits // what the credits already have; guarded by the registry's mutex
}

// values are the key's n words under the mask, in the mask's order.
func (m *Megaflow) values(n int) []uint64 {
	if n > len(m.few) {
		return m.many
	}
	return m.few[:n]
}

// touch reads a bit of what every packet needs, so that it comes into the processor's cache.
func (m *Megaflow) touch() uint64 {
	return m.few[0] ^ uint64(len(m.actions)) ^ m.packets.Load()
}

// Key is the megaflow's key; bits outside its mask are zero.
func (m *Megaflow) Key() flow.Key {
	var k flow.Key
	w, values := k.Words(), m.values(len(m.mask.words))
	for i, wm := range m.mask.words {
		w[wm.word] = values[i]
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
func (m *Megaflow) Worker() int { return int(m.worker) }

// cache is a worker's memory of decisions. It belongs to the worker alone.
type cache struct {
	secret   *flow.Secret
	limit    int          // masks of a port
	ports    []*portCache // by the port that packets come in by; nil where there are none
	n        int          // megaflows
	inserted uint64       // megaflows, ever
	masks    int
	probed   uint64     // subtables looked into, ever
	found    uint64     // megaflows found in them, ever
	narrowed uint64     // megaflows that got a narrower mask for want of another one
	words    []wordMask // of the mask in work
	turn     uint64     // signatures remembered, ever
	sigs     []sigSet   // a power of two
}

func newCache(seed uint64, limit int) cache {
	return cache{secret: flow.NewSecret(seed), limit: limit, sigs: make([]sigSet, minSigSets)}
}

// sigSet guesses the megaflows of whole keys from their hashes: a line of the
// processor's cache for all keys whose hashes end alike.
type sigSet [4]signature

type signature struct {
	hash uint64
	flow *Megaflow
}

// There are from minSigSets to maxSigSets, as there are megaflows.
const (
	minSigSets = 8192
	maxSigSets = 65536
)

func (c *cache) sigSet(h uint64) *sigSet { return &c.sigs[h&uint64(len(c.sigs)-1)] }

// guess is the megaflow that was remembered for h, or nil. It is the key's only if it
// has the key.
func (c *cache) guess(h uint64) *Megaflow {
	set := c.sigSet(h)
	for i := range set {
		if set[i].hash == h {
			return set[i].flow
		}
	}
	return nil
}

// remember puts m in the place of what was remembered for h, or of another. Of the other
// nothing is read: it may be gone from the processor's caches long since.
func (c *cache) remember(h uint64, m *Megaflow) {
	set := c.sigSet(h)
	c.turn++
	at := c.turn % uint64(len(set))
	for i := range set {
		if set[i].hash == h || set[i].flow == nil {
			at = uint64(i)
			break
		}
	}
	set[at], m.remembered = signature{h, m}, h
}

// forget lets go of m, as far as its last signature goes. Others of it are found to be dead.
func (c *cache) forget(m *Megaflow) {
	set := c.sigSet(m.remembered)
	for i := range set {
		if set[i].flow == m {
			set[i] = signature{}
		}
	}
}

// lookup finds a megaflow that matches k, or nil. Where there are several, they say
// the same.
func (c *cache) lookup(k *flow.Key) *Megaflow {
	for _, t := range c.masksOf(k.InPort) {
		c.probed++
		if m := t.find(t.hash(c.secret, k.Words()), k); m != nil {
			t.hits++
			c.found++
			return m
		}
	}
	return nil
}

// lookupAll is lookup for those frames of a batch in todo that came in by the same port as
// the first, and remembers what it finds. It returns the other frames, in todo's memory.
//
// Each loop goes over all frames before the next begins, and those that read what is
// likely to be in no cache do nothing else: so a processor waits for many at once.
func (c *cache) lookupAll(s *batch, todo []int) (others []int) {
	port, mine := s.keys[todo[0]].InPort, s.mine[:0]
	others = todo[:0]
	for _, i := range todo {
		if s.keys[i].InPort == port {
			mine = append(mine, i)
		} else {
			others = append(others, i)
		}
	}
	found, subtables := s.found[:0], c.masksOf(port)
	for at, t := range subtables {
		for _, i := range mine {
			s.masked[i] = t.hash(c.secret, s.keys[i].Words())
		}
		for _, i := range mine {
			s.touched[i] = uint64(t.tags[t.slot(s.masked[i])])
		}
		c.probed += uint64(len(mine))
		left, before := mine[:0], len(found)
		for _, i := range mine {
			if at := t.candidate(s.masked[i]); at >= 0 {
				s.masked[i] = uint64(at)
				found = append(found, i)
			} else {
				left = append(left, i)
			}
		}
		for _, i := range found[before:] {
			s.flows[i] = t.flows[s.masked[i]]
		}
		t.hits += uint64(len(found) - before)
		if mine = left; len(mine) == 0 {
			break
		}
		if at > 0 && t.hits > subtables[at-1].hits {
			subtables[at-1], subtables[at] = t, subtables[at-1]
		}
	}
	for _, i := range found {
		s.touched[i] = s.flows[i].touch()
	}
	for _, i := range found {
		if m := s.flows[i]; m.has(&s.keys[i]) {
			c.found++
		} else { // another one with the same tag
			s.flows[i] = c.lookup(&s.keys[i])
		}
		if s.flows[i] != nil {
			c.remember(s.hashes[i], s.flows[i])
		}
	}
	return others
}

// masksOf are the subtables of what comes in by a port, those that are hit most first.
func (c *cache) masksOf(port uint32) []*subtable {
	if int(port) >= len(c.ports) || c.ports[port] == nil {
		return nil
	}
	return c.ports[port].subtables
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

// insert puts m, whose key is k, under mask. It sets mask, its values and hash.
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
	if len(t.words) > len(m.few) {
		m.many = make([]uint64, len(t.words))
	}
	w, values := k.Words(), m.values(len(t.words))
	for i, wm := range t.words {
		values[i] = w[wm.word] & wm.mask
	}
	m.hash = t.hash(c.secret, w)
	t.add(m)
	c.n++
	c.inserted++
	if c.n > 2*len(c.sigs) && len(c.sigs) < maxSigSets {
		c.sigs = make([]sigSet, 2*len(c.sigs)) // what was remembered is found again
	}
}

// remove takes m out; a second time is harmless.
func (c *cache) remove(m *Megaflow) {
	if m.dead {
		return
	}
	m.dead = true
	c.forget(m)
	t := m.mask
	t.remove(m)
	c.n--
	if t.n == 0 {
		t.of.remove(t)
		c.masks--
	}
}
