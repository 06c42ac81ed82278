package classifier

import (
	"math/rand/v2"
	"testing"
)

// naiveTrie is a list of prefixes.
type naiveTrie map[naivePrefix]int

type naivePrefix struct {
	key  prefixKey
	size uint8
}

func makePrefix(k prefixKey, size uint8) naivePrefix {
	for i := range k {
		for b := range uint8(32) {
			if uint8(i)*32+b >= size {
				k[i] &^= 1 << (31 - b)
			}
		}
	}
	return naivePrefix{k, size}
}

// common is how many first bits two keys have in common, of at most limit.
func (n naivePrefix) common(k prefixKey, limit uint8) uint8 {
	for i := range min(limit, n.size) {
		if n.key.bit(i) != k.bit(i) {
			return i
		}
	}
	return min(limit, n.size)
}

// looked is how many bits of k tell it from all prefixes that are not its own.
func (n naiveTrie) looked(k prefixKey) (bits uint8) {
	for p := range n {
		if same := p.common(k, p.size); same < p.size {
			bits = max(bits, same+1)
		} else {
			bits = max(bits, same)
		}
	}
	return bits
}

// TestTrieLikeNaive: a trie knows the prefixes of each length, and looks at as
// few bits as can tell.
func TestTrieLikeNaive(t *testing.T) {
	r := newRand(t)
	for _, c := range []struct {
		width    uint8
		steps    int
		pool     int // of different first chunks
		prefixes int
	}{{16, 4000, 40, 60}, {32, 4000, 40, 60}, {128, 4000, 6, 60}, {32, 9000, 1 << 30, 3000}, {128, 4000, 3000, 1500}} {
		trie, naive := &trie{width: c.width}, naiveTrie{}
		var living []naivePrefix
		var waiting []uint32
		pool := make([]uint32, min(c.pool, 4000))
		for i := range pool {
			pool[i] = r.Uint32()
		}
		key := func() (k prefixKey) {
			k[0] = pool[r.IntN(len(pool))] ^ uint32(r.IntN(3))<<r.IntN(31)
			if c.width == 16 {
				k[0] &^= 0xffff
			}
			for i := 1; i < int(c.width)/32; i++ {
				k[i] = uint32(r.IntN(3)) << r.IntN(32)
			}
			return k
		}
		for range c.steps {
			if len(living) < c.prefixes && r.IntN(5) < 3 {
				k := key()
				p := makePrefix(k, uint8(1+r.IntN(int(c.width))))
				if r.IntN(2) == 0 {
					p = makePrefix(k, c.width)
				}
				trie.insert(&p.key, p.size)
				living = append(living, p)
				naive[p]++
			} else if len(living) > 0 {
				i := r.IntN(len(living))
				p := living[i]
				living[i] = living[len(living)-1]
				living = living[:len(living)-1]
				trie.remove(&p.key, p.size, func(n uint32) { waiting = append(waiting, n) })
				if naive[p]--; naive[p] == 0 {
					delete(naive, p)
				}
			}
			if r.IntN(8) == 0 {
				trie.free = append(trie.free, waiting...)
				waiting = nil
			}
			if len(living) > 500 && r.IntN(50) > 0 || trie.chunks.Load() == nil {
				continue
			}
			checkTrie(t, trie, naive, key())
		}
		if c.prefixes >= 3000 && trie.shorts.Load() == nil {
			t.Error("no shortcuts in a large trie")
		}
	}
}

func checkTrie(t *testing.T, trie *trie, naive naiveTrie, k prefixKey) {
	t.Helper()
	var w walk
	trie.lookup(&k, &w)
	if want := naive.looked(k); w.looked > want && w.looked > shortcutBits || w.looked < want {
		t.Fatalf("%x: %d bits looked at, want %d", k, w.looked, want)
	}
	for size := uint8(1); size <= trie.width; size++ {
		if got, want := w.has(size), naive[makePrefix(k, size)] > 0; got != want {
			t.Fatalf("%x: a prefix of %d bits: %v, want %v", k, size, got, want)
		}
	}
}

// TestTrieMemory: an empty trie has given its nodes back.
func TestTrieMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	trie := &trie{width: 128}
	for range 20 {
		var all []naivePrefix
		for range 3000 {
			p := makePrefix(prefixKey{r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32()}, uint8(1+r.IntN(128)))
			trie.insert(&p.key, p.size)
			all = append(all, p)
		}
		for _, p := range all {
			trie.remove(&p.key, p.size, func(n uint32) { trie.free = append(trie.free, n) })
		}
		if used := int(trie.top) - 1 - len(trie.free); used != 1 || trie.nodes != 1 || trie.roots != 0 {
			t.Fatalf("an empty trie has %d nodes, %d of them of %d bits", used, trie.roots, shortcutBits)
		}
	}
}

// TestCrowdedTrie: a narrow field with many prefixes is not told apart any more,
// until none is left.
func TestCrowdedTrie(t *testing.T) {
	trie := &trie{width: 16}
	key := func(i int) prefixKey { return prefixKey{uint32(i*8) << 16} }
	for i := range 3000 {
		k := key(i)
		trie.insert(&k, 16)
	}
	var w walk
	other := prefixKey{1 << 16}
	if trie.lookup(&other, &w); !w.has(16) || w.looked != 16 {
		t.Errorf("crowded: %+v", w)
	}
	for i := range 3000 {
		k := key(i)
		trie.remove(&k, 16, func(uint32) {})
	}
	k := key(0)
	trie.insert(&k, 16)
	if trie.lookup(&other, &w); w.has(16) || w.looked != 16 {
		t.Errorf("empty again: %+v", w)
	}
}
