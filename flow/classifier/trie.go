package classifier

import (
	"math/bits"
	"sync/atomic"
)

// trie holds the prefixes that rules have of one field. A packet's walk through
// it says which lengths of prefix some rule has for the packet, and how many of
// the packet's bits say so: subtables of other lengths need not be looked at,
// and a packet that is far from every prefix is told apart by its first bits.
//
// Nodes are linked by number. A path without branches is one step, but for
// certain sizes at which a node always stands (mustStand): the ends of 32-bit
// chunks, so that a node keeps no more than a chunk of its prefix, and
// shortcutBits. Readers see a node's links change by single stores; what else a
// node says does not change, but for count.
type trie struct {
	width  uint8 // bits of the field
	chunks atomic.Pointer[[]*nodeChunk]
	shorts atomic.Pointer[shortcuts] // nil in a small trie

	// The writer's.
	top   uint32 // the first number never given out
	free  []uint32
	roots int // nodes of shortcutBits

	rules   int    // that have a prefix
	newRoot uint32 // a node of shortcutBits that was just made
	nodes   int    // in use
	epoch   uint8  // how often the trie began anew

	// crowded says that the field is narrow and has many prefixes: a walk would be
	// long, and tell little by few bits. Prefixes are then only counted, until
	// there is none and the trie begins anew.
	crowded atomic.Bool
}

// shortcuts lead from a packet's first bits to the node of these, past the upper
// half of a large trie. An entry is the node's number, 0 for none, and in the
// upper half bit i for a prefix of i+1 bits on the way to it.
type shortcuts [1 << shortcutBits]atomic.Uint64

const (
	shortcutBits = 16
	minShortcuts = 1 << 10 // nodes that a table of shortcuts is made for
	crowd        = 1 << 11 // nodes that are too many for a field of shortcutBits
)

// prefixKey is a field's bits from the first on, 32 in each element.
type prefixKey [4]uint32

func (k *prefixKey) bit(i uint8) uint32 { return k[i/32] >> (31 - i%32) & 1 }

// node is a prefix that some rules have, or where others part.
type node struct {
	child [2]atomic.Uint32 // by the first bit behind the prefix; 0: none
	count atomic.Uint32    // rules that have this prefix
	bits  uint32           // the prefix's last chunk, from the first bit on
	size  uint8            // of the prefix in bits
}

// mustStand reports whether a node of size bits stands on each way that is
// longer.
func (t *trie) mustStand(size uint8) bool {
	return size%chunkBits == 0 || size == shortcutBits && t.width > shortcutBits
}

const (
	chunkNodes = 1024
	chunkBits  = 32
	root       = 1 // the node of the empty prefix
)

type nodeChunk [chunkNodes]node

func (t *trie) at(n uint32) *node { return &(*t.chunks.Load())[n/chunkNodes][n%chunkNodes] }

// newNode gives out a node of the first size bits of k, which nothing leads to
// yet.
func (t *trie) newNode(k *prefixKey, size uint8) uint32 {
	var n uint32
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		chunks := t.chunks.Load()
		if int(t.top/chunkNodes) == len(*chunks) {
			grown := appendCopy(chunks, new(nodeChunk))
			t.chunks.Store(&grown)
		}
		n = t.top
		t.top++
	}
	if size == shortcutBits && t.width > shortcutBits {
		t.roots++
		t.newRoot = n
	}
	if t.nodes++; t.nodes > crowd && t.width <= shortcutBits {
		t.crowded.Store(true)
	}
	p := t.at(n)
	p.child[0].Store(0)
	p.child[1].Store(0)
	p.count.Store(0)
	p.bits, p.size = 0, size
	if size > 0 {
		chunk := (size - 1) / chunkBits
		p.bits = k[chunk] &^ (1<<(chunkBits-uint32(size-chunk*chunkBits)) - 1)
	}
	return n
}

// begin makes the trie empty. Who still walks through it finds what was there.
func (t *trie) begin() {
	t.chunks.Store(&[]*nodeChunk{new(nodeChunk)})
	t.shorts.Store(nil)
	t.top, t.nodes, t.roots, t.free = root+1, 1, 0, nil
	t.epoch++
	t.crowded.Store(false)
}

// common is how many of the bits of c, at most limit, k has as well. They are
// known to agree in all but c's last chunk.
func (c *node) common(k *prefixKey, limit uint8) uint8 {
	chunk := (c.size - 1) / chunkBits
	same := uint8(bits.LeadingZeros32(c.bits^k[chunk])) + chunk*chunkBits
	return min(same, c.size, limit)
}

// insert counts one rule more with the first size bits of k.
func (t *trie) insert(k *prefixKey, size uint8) {
	if t.chunks.Load() == nil {
		t.begin()
	}
	if t.rules++; t.crowded.Load() {
		return
	}
	n, short := t.place(k, size)
	if n.count.Add(1) == 1 && size < shortcutBits {
		t.shorten(k, size, true)
	}
	if t.newRoot != 0 {
		t.shortcut(k, short|uint64(t.newRoot))
		t.newRoot = 0
	}
}

// place is the node of the first size bits of k, made and linked where there is
// none. short has the prefixes on the way to it as a shortcut has them.
func (t *trie) place(k *prefixKey, size uint8) (_ *node, short uint64) {
	n := t.at(root)
	if shorts := t.shorts.Load(); shorts != nil && size >= shortcutBits {
		if short := uint32(shorts[k[0]>>(32-shortcutBits)].Load()); short != 0 {
			n = t.at(short)
		}
	}
	for n.size != size {
		short |= n.short()
		link := &n.child[k.bit(n.size)]
		next := link.Load()
		if next == 0 {
			first, last := t.chain(k, n.size, size)
			link.Store(first)
			return t.at(last), short
		}
		c := t.at(next)
		same := c.common(k, size)
		if same == c.size {
			n = c
			continue
		}
		// c and the new prefix part behind their first same bits.
		split := t.newNode(k, same)
		s, last := t.at(split), split
		s.child[c.bits>>(31-same%chunkBits)&1].Store(next)
		if same < size {
			var first uint32
			first, last = t.chain(k, same, size)
			s.child[k.bit(same)].Store(first)
		}
		link.Store(split)
		return t.at(last), short
	}
	return n, short
}

// short is the node's bit in a shortcut that leads past it.
func (n *node) short() uint64 {
	if n.size == 0 || n.size >= shortcutBits || n.count.Load() == 0 {
		return 0
	}
	return 1 << (32 + n.size - 1)
}

// chain makes the nodes from behind a node of from bits to the first size bits
// of k.
func (t *trie) chain(k *prefixKey, from, size uint8) (first, last uint32) {
	last = t.newNode(k, size)
	first = last
	for end := size - 1; end > from; end-- {
		if t.mustStand(end) {
			n := t.newNode(k, end)
			t.at(n).child[k.bit(end)].Store(first)
			first = n
		}
	}
	return first, last
}

// remove counts one rule less with the first size bits of k. Nodes that are no
// longer needed are unlinked, and unlinked is told of them: a reader may still
// be at one.
func (t *trie) remove(k *prefixKey, size uint8, unlinked func(n uint32)) {
	if t.rules--; t.crowded.Load() {
		if t.rules == 0 {
			t.begin()
		}
		return
	}
	var path [129]uint32 // the nodes on the way, root first
	depth, n := 0, uint32(root)
	for p := t.at(n); p.size < size; p = t.at(n) {
		path[depth] = n
		depth++
		n = p.child[k.bit(p.size)].Load()
	}
	if t.at(n).count.Add(^uint32(0)) == 0 && size < shortcutBits {
		t.shorten(k, size, false)
	}
	for n != root {
		p := t.at(n)
		left, right := p.child[0].Load(), p.child[1].Load()
		if p.count.Load() > 0 || left != 0 && right != 0 {
			return
		}
		only := left | right
		if only != 0 && t.mustStand(p.size) {
			return
		}
		if p.size == shortcutBits && t.width > shortcutBits {
			t.roots--
			if shorts := t.shorts.Load(); shorts != nil {
				shorts[k[0]>>(32-shortcutBits)].Store(0)
			}
		}
		depth--
		parent := t.at(path[depth])
		parent.child[k.bit(parent.size)].Store(only)
		t.nodes--
		unlinked(n)
		if only != 0 {
			return
		}
		n = path[depth]
	}
}

// shorten notes in the shortcuts that a prefix of size bits, fewer than
// shortcutBits, is on the way to what follows it, or no longer is.
func (t *trie) shorten(k *prefixKey, size uint8, there bool) {
	shorts := t.shorts.Load()
	if shorts == nil {
		return
	}
	n := uint32(1) << (shortcutBits - size)
	from := k[0] >> (32 - shortcutBits) &^ (n - 1)
	bit := uint64(1) << (32 + size - 1)
	for i := from; i < from+n; i++ {
		switch e := shorts[i].Load(); {
		case e == 0:
		case there:
			shorts[i].Store(e | bit)
		default:
			shorts[i].Store(e &^ bit)
		}
	}
}

// shortcut adds a shortcut to the node of k's first bits, or makes all of them
// once the trie is large enough.
func (t *trie) shortcut(k *prefixKey, short uint64) {
	if shorts := t.shorts.Load(); shorts != nil {
		shorts[k[0]>>(32-shortcutBits)].Store(short)
		return
	}
	if t.roots < minShortcuts {
		return
	}
	shorts := new(shortcuts)
	for i := range shorts {
		shorts[i].Store(t.way(&prefixKey{uint32(i) << (32 - shortcutBits)}))
	}
	t.shorts.Store(shorts)
}

// way is the shortcut for k: 0 where there is no node for it.
func (t *trie) way(k *prefixKey) (short uint64) {
	for n := uint32(root); ; {
		p := t.at(n)
		if p.size == shortcutBits {
			return short | uint64(n)
		}
		short |= p.short()
		n = p.child[k.bit(p.size)].Load()
		if n == 0 {
			return 0
		}
		if c := t.at(n); c.common(k, c.size) < c.size {
			return 0
		}
	}
}

// walk is what a packet's way through a trie has shown.
type walk struct {
	done    bool
	looked  uint8     // bits of the field that its way depended on
	needed  uint8     // of these, the first ones that decided something
	lengths [2]uint64 // bit i: some rule has the packet's first i+1 bits as its prefix
}

// has reports whether some rule's prefix is the packet's first size bits. Where
// not, the packet's first w.needs(size) bits say so.
func (w *walk) has(size uint8) bool { return w.lengths[(size-1)/64]>>((size-1)%64)&1 != 0 }

func (w *walk) need(size uint8) { w.needed = max(w.needed, min(size, w.looked)) }

// lookup walks along k.
func (t *trie) lookup(k *prefixKey, w *walk) {
	*w = walk{done: true}
	if t.crowded.Load() {
		w.looked, w.lengths = t.width, [2]uint64{^uint64(0), ^uint64(0)}
		return
	}
	chunks := *t.chunks.Load()
	n := &chunks[0][root]
	if shorts := t.shorts.Load(); shorts != nil {
		if e := shorts[k[0]>>(32-shortcutBits)].Load(); e != 0 {
			n = &chunks[uint32(e)/chunkNodes][e%chunkNodes]
			w.looked, w.lengths[0] = shortcutBits, e>>32
			if n.count.Load() > 0 {
				w.lengths[0] |= 1 << (shortcutBits - 1)
			}
		}
	}
	for size := n.size; size < t.width; size = n.size {
		bit := k.bit(size)
		next := n.child[bit].Load()
		if next == 0 {
			if n.child[bit^1].Load() != 0 {
				w.looked = size + 1 // the other way there would have been more
			}
			return
		}
		c := &chunks[next/chunkNodes][next%chunkNodes]
		if same := c.common(k, c.size); same < c.size {
			w.looked = same + 1
			return
		}
		n, w.looked = c, c.size
		if c.count.Load() > 0 {
			w.lengths[(c.size-1)/64] |= 1 << ((c.size - 1) % 64)
		}
	}
}
