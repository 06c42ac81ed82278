package flow

import "math/bits"

// The hash is multiplicative: two 64-bit numbers, each disturbed by a secret,
// are multiplied and the halves of the product folded. With a random seed
// nobody outside can choose packets that fall together.
const (
	secret0 = 0xa0761d6478bd642f
	secret1 = 0xe7037ed1a0b428db
	secret2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^secret0, b^secret1)
	return hi ^ lo
}

// HashWords is a hash of words that depends on their order.
func HashWords(words []uint64, seed uint64) uint64 {
	h := seed
	for _, w := range words {
		h = MixWord(h, w)
	}
	return h ^ h>>29
}

// MixWord adds a word to a running hash, so that a caller can hash what it has
// no slice of. The result of the last call is a hash after FinishHash.
func MixWord(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^w^secret0, secret2)
	return hi ^ lo ^ h
}

// FinishHash is HashWords' last step.
func FinishHash(h uint64) uint64 { return h ^ h>>29 }

// Hash is a hash of all that Equal compares.
func (k *Key) Hash(seed uint64) uint64 {
	h := hashBase(k.Base.Words(), seed)
	if k.Present&PresentConn != 0 {
		h = HashWords(k.Conn.words()[:], h)
	}
	if k.Present&PresentTunnel != 0 {
		h = HashWords(k.Tunnel.words()[:], h)
	}
	return h
}

// hashBase runs three independent chains, which a processor multiplies at the
// same time.
func hashBase(w *[BaseWords]uint64, seed uint64) uint64 {
	a, b, c := seed, seed^secret1, seed^secret2
	for i := 0; i+6 <= BaseWords; i += 6 {
		a = mix(w[i]^a, w[i+1])
		b = mix(w[i+2]^b, w[i+3])
		c = mix(w[i+4]^c, w[i+5])
	}
	return mix(a^bits.RotateLeft64(b, 21), c^seed)
}

// Equal reports whether two keys are the same: bases, and the segments that
// both have.
func (k *Key) Equal(o *Key) bool {
	if *k.Base.Words() != *o.Base.Words() {
		return false
	}
	if k.Present&PresentConn != 0 && *k.Conn.words() != *o.Conn.words() {
		return false
	}
	return k.Present&PresentTunnel == 0 || *k.Tunnel.words() == *o.Tunnel.words()
}
