package flow

import (
	"math/bits"

	"vswitch/packet"
)

// The hash is multiplicative: two 64-bit numbers, each disturbed by a secret,
// are multiplied and the halves of the product folded. With a random seed
// nobody outside can choose packets that fall together.
const (
	secret0 = 0xa0761d6478bd642f
	secret1 = 0xe7037ed1a0b428db
	secret2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	return fold(a^secret0, b^secret1)
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

// Secret is what a cache hashes its keys with.
type Secret struct {
	words [KeyWords]uint64
}

// NewSecret is the secret that seed stands for.
func NewSecret(seed uint64) *Secret {
	s := new(Secret)
	for i := range s.words {
		s.words[i] = mix(seed^uint64(i), secret2)
	}
	return s
}

// Hash is a hash of all that Equal compares, as far as Extract would set it.
func (k *Key) Hash(s *Secret) uint64 {
	w := k.Base.Words()
	h := s.hashCommon(w)
	if k.EthType != packet.EthTypeIPv4 || k.IPProto == packet.ProtoIGMP {
		h += s.hashOthers(w)
	}
	h ^= h >> 29
	if k.Present&PresentConn != 0 {
		h = HashWords(k.Conn.words()[:], h)
	}
	if k.Present&PresentTunnel != 0 {
		h = HashWords(k.Tunnel.words()[:], h)
	}
	return h
}

// hashCommon hashes the words that IPv4 packets have: metadata, Ethernet header,
// addresses, the rest of the IP header and ports. It and hashOthers add up products of two
// words, each disturbed by a number of its own (UMAC's NH, RFC 4418 §5.2.2, with folded
// products). None waits for another, so a processor multiplies them side by side.
func (s *Secret) hashCommon(w *[24]uint64) uint64 {
	k := &s.words
	return fold(w[0]^k[0], w[1]^k[1]) + fold(w[2]^k[2], w[3]^k[3]) + fold(w[4]^k[4], w[5]^k[5]) +
		fold(w[8]^k[8], w[13]^k[13]) + fold(w[14]^k[14], k[6])
}

// hashOthers hashes all other words of a base.
func (s *Secret) hashOthers(w *[24]uint64) uint64 {
	k := &s.words
	return fold(w[6]^k[6], w[7]^k[7]) + fold(w[9]^k[9], w[10]^k[10]) + fold(w[11]^k[11], w[12]^k[12]) +
		fold(w[15]^k[15], w[16]^k[16]) + fold(w[17]^k[17], w[18]^k[18]) + fold(w[19]^k[19], w[20]^k[20]) +
		fold(w[21]^k[21], w[22]^k[22]) + fold(w[23]^k[23], k[8])
}

// Product is what words a and b of a key, as far as they count, add to a hash like Hash's.
func (s *Secret) Product(a, b int, va, vb uint64) uint64 {
	return fold(va^s.words[a], vb^s.words[b])
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
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
