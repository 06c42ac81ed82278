package flow

import "unsafe"

// Mask is a Pipeline's shape with bits for values: a set bit means that the
// pipeline's bit in that place counts.
type Mask Pipeline

// Words views the mask as 64-bit words.
func (m *Mask) Words() *[PipelineWords]uint64 {
	return (*[PipelineWords]uint64)(unsafe.Pointer(m))
}

// KeyMask is a Key's shape with bits for values. Present bits are not part of
// it: an absent segment compares as zeros.
type KeyMask Key

// Words views the mask as 64-bit words.
func (m *KeyMask) Words() *[KeyWords]uint64 { return (*[KeyWords]uint64)(unsafe.Pointer(m)) }

// KeyMask is the part of the mask that lies on the key. It is the same memory.
func (m *Mask) KeyMask() *KeyMask { return (*KeyMask)(unsafe.Pointer(m)) }

// Or adds o's bits to m.
func (m *KeyMask) Or(o *KeyMask) {
	for i, w := range o.Words() {
		m.Words()[i] |= w
	}
}

func (c *Conn) words() *[ConnWords]uint64 { return (*[ConnWords]uint64)(unsafe.Pointer(c)) }

func (t *Tunnel) words() *[TunnelWords]uint64 { return (*[TunnelWords]uint64)(unsafe.Pointer(t)) }

// word is word i of the key, zero where its segment is absent.
func (k *Key) word(i int) uint64 {
	if i >= BaseWords+ConnWords && k.Present&PresentTunnel == 0 ||
		i >= BaseWords && i < BaseWords+ConnWords && k.Present&PresentConn == 0 {
		return 0
	}
	return k.Words()[i]
}

// Selector is a KeyMask made ready for hashing and comparing many keys under
// it: the words in which it has bits. Keys that agree under the mask have the
// same selected words and the same hash.
type Selector struct {
	base  int // how many of the words lie in Base
	index []uint8
	bits  []uint64
}

// NewSelector makes a Selector of m.
func NewSelector(m *KeyMask) *Selector {
	s := new(Selector)
	for i, w := range m.Words() {
		if i == presentWord {
			w &^= presentBits
		}
		if w == 0 {
			continue
		}
		if i < BaseWords {
			s.base++
		}
		s.index = append(s.index, uint8(i))
		s.bits = append(s.bits, w)
	}
	return s
}

// presentWord and presentBits are where Base.Present lies, which says how a key
// is kept and nothing of the packet.
const presentWord = int(unsafe.Offsetof(Base{}.Present)) / 8

var presentBits = func() uint64 {
	var b Base
	b.Present = ^uint16(0)
	return b.Words()[presentWord]
}()

// Len is the number of words selected.
func (s *Selector) Len() int { return len(s.index) }

// Hash is a hash of k's selected words.
func (s *Selector) Hash(k *Key, seed uint64) uint64 {
	w, h := k.Words(), seed
	bits := s.bits[:len(s.index)]
	for i, at := range s.index[:s.base] {
		h = MixWord(h, w[at]&bits[i])
	}
	for i := s.base; i < len(s.index); i++ {
		h = MixWord(h, k.word(int(s.index[i]))&bits[i])
	}
	return FinishHash(h)
}

// Append appends k's selected words to dst, in the form that Equal compares
// with.
func (s *Selector) Append(dst []uint64, k *Key) []uint64 {
	for i, at := range s.index {
		dst = append(dst, k.word(int(at))&s.bits[i])
	}
	return dst
}

// Equal reports whether k's selected words are words, which Append made.
func (s *Selector) Equal(words []uint64, k *Key) bool {
	w := k.Words()
	words, bits := words[:len(s.index)], s.bits[:len(s.index)]
	for i, at := range s.index[:s.base] {
		if w[at]&bits[i] != words[i] {
			return false
		}
	}
	for i := s.base; i < len(s.index); i++ {
		if k.word(int(s.index[i]))&bits[i] != words[i] {
			return false
		}
	}
	return true
}
