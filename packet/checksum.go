package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A sum here is the ones' complement sum of 16-bit words (RFC 1071), folded to
// 16 bits and not complemented. It is 0 only if all words are 0, so a sum that
// is a multiple of 0xffff reads 0xffff.

// Sum is the sum of data; a last odd byte counts as the upper half of a word.
func Sum(data []byte) uint16 {
	var acc, carry uint64
	// Words are added in the order of bytes that the machine has, eight at a
	// time: the sum does not care (RFC 1071 §2 (B)) but for one swap at the end.
	for len(data) >= 64 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[0:8]), 0)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[8:16]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[16:24]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[24:32]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[32:40]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[40:48]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[48:56]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data[56:64]), carry)
		acc += carry
		data = data[64:]
	}
	for len(data) >= 8 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(data), 0)
		acc += carry
		data = data[8:]
	}
	if len(data) > 0 {
		acc, carry = bits.Add64(acc, lastWord(data), 0)
		acc += carry
	}
	return bits.ReverseBytes16(fold(acc))
}

// lastWord is up to 7 bytes as a little-endian number.
func lastWord(data []byte) uint64 {
	var w uint64
	if len(data) >= 4 {
		w = uint64(binary.LittleEndian.Uint32(data[len(data)-4:])) << (8 * (len(data) & 3))
	}
	switch len(data) & 3 {
	case 1:
		w |= uint64(data[0])
	case 2:
		w |= uint64(binary.LittleEndian.Uint16(data))
	case 3:
		w |= uint64(binary.LittleEndian.Uint16(data)) | uint64(data[2])<<16
	}
	return w
}

// fold reduces a wide sum to 16 bits.
func fold(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	s := uint32(acc)
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}

// AddSums is the sum of two parts that each start at an even offset.
func AddSums(a, b uint16) uint16 {
	s := uint32(a) + uint32(b)
	return uint16(s>>16 + s)
}

// Sum is the sum of the frame's bytes from offset off to end, over all the
// segments; off counts as even.
func (b *Buf) Sum(off, end int) uint16 {
	var total uint16
	odd := false
	for seg := b; seg != nil && end > 0; seg = seg.next {
		s := seg.Bytes()
		size := len(s)
		if off < size {
			part := Sum(s[max(off, 0):min(end, size)])
			// A part that starts in the middle of a word has its bytes in the
			// other halves.
			if odd {
				part = bits.ReverseBytes16(part)
			}
			total = AddSums(total, part)
			odd = odd != ((min(end, size)-max(off, 0))&1 != 0)
		}
		off -= size
		end -= size
	}
	return total
}

// PseudoSumIPv4 is the sum of the pseudo header of a transport segment of size
// bytes (RFC 9293 §3.1).
func PseudoSumIPv4(src, dst uint32, proto uint8, size int) uint16 {
	return fold(uint64(src) + uint64(dst) + uint64(proto) + uint64(size))
}

// PseudoSumIPv6 is the sum of the pseudo header of a transport segment of size
// bytes (RFC 8200 §8.1). dst is the final destination, where there is a routing
// header not the one in the IPv6 header.
func PseudoSumIPv6(src, dst [16]byte, proto uint8, size int) uint16 {
	addresses := AddSums(Sum(src[:]), Sum(dst[:]))
	return fold(uint64(addresses) + uint64(proto) + uint64(size))
}

// UpdateChecksum is a checksum after a word that it covers changed from old to
// new (RFC 1624 eqn. 3). A wrong checksum stays exactly as wrong.
func UpdateChecksum(check, old, new uint16) uint16 {
	return change(0).word(old, new).complete(check)
}

// change is what edits add to the sum of the words that they touch.
type change uint64

// word adds the change of a word. The ones' complement of old is its negative.
func (c change) word(old, new uint16) change { return c + change(^old) + change(new) }

// word32 adds the change of two words that lie side by side.
func (c change) word32(old, new uint32) change { return c + change(^old) + change(new) }

// word64 adds the change of four words that lie side by side.
func (c change) word64(old, new uint64) change {
	return c.word32(uint32(old>>32), uint32(new>>32)).word32(uint32(old), uint32(new))
}

// complete is complemented checksum check after the change.
func (c change) complete(check uint16) uint16 { return ^fold(uint64(^check) + uint64(c)) }

// partial is the sum in the checksum field of a frame that NeedsCsum after the
// change: a sum without complement.
func (c change) partial(sum uint16) uint16 { return fold(uint64(sum) + uint64(c)) }

// CRC32c is the checksum of the frame's bytes from offset off to end, over all
// the segments, as SCTP has it (RFC 9260 appendix A). crc is the checksum of
// what comes before, or 0.
func (b *Buf) CRC32c(crc uint32, off, end int) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	for seg := b; seg != nil && end > 0; seg = seg.next {
		s := seg.Bytes()
		if off < len(s) {
			crc = crc32.Update(crc, table, s[max(off, 0):min(end, len(s))])
		}
		off -= len(s)
		end -= len(s)
	}
	return crc
}
