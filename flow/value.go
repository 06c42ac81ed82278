package flow

import (
	"encoding/binary"
	"math/bits"
)

// Value is a field's value or mask as a number of up to 128 bits, right-aligned:
// a MAC is 48 bits, an IPv6 address 128. tun_metadata fields, which may be
// wider, travel as bytes (see Field.Wide).
type Value struct{ Hi, Lo uint64 }

// U64 is v as a Value.
func U64(v uint64) Value { return Value{Lo: v} }

// Ones is the number whose n low bits are set; n may be 0 to 128, and more
// counts as 128.
func Ones(n int) Value {
	switch {
	case n >= 128:
		return Value{^uint64(0), ^uint64(0)}
	case n > 64:
		return Value{^uint64(0) >> (128 - n), ^uint64(0)}
	case n == 64:
		return Value{0, ^uint64(0)}
	default:
		return Value{0, 1<<n - 1}
	}
}

// ValueOf reads b, most significant byte first. Only the last 16 bytes count.
func ValueOf(b []byte) Value {
	if len(b) > 16 {
		b = b[len(b)-16:]
	}
	var v Value
	for _, c := range b {
		v = Value{v.Hi<<8 | v.Lo>>56, v.Lo<<8 | uint64(c)}
	}
	return v
}

// AppendBytes appends the n low bytes of v to dst, most significant first. For
// n over 16 zeros come before.
func (v Value) AppendBytes(dst []byte, n int) []byte {
	for ; n > 16; n-- {
		dst = append(dst, 0)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], v.Hi)
	binary.BigEndian.PutUint64(b[8:], v.Lo)
	return append(dst, b[16-n:]...)
}

// IsZero reports whether v is 0.
func (v Value) IsZero() bool { return v.Hi|v.Lo == 0 }

// And is the bits that both have.
func (v Value) And(o Value) Value { return Value{v.Hi & o.Hi, v.Lo & o.Lo} }

// Or is the bits that either has.
func (v Value) Or(o Value) Value { return Value{v.Hi | o.Hi, v.Lo | o.Lo} }

// Xor is the bits in which they differ.
func (v Value) Xor(o Value) Value { return Value{v.Hi ^ o.Hi, v.Lo ^ o.Lo} }

// AndNot is the bits of v that o does not have.
func (v Value) AndNot(o Value) Value { return Value{v.Hi &^ o.Hi, v.Lo &^ o.Lo} }

// Shl is v shifted left by n bits; what leaves the 128 bits is lost.
func (v Value) Shl(n int) Value {
	if n >= 64 {
		return Value{v.Lo << (n - 64), 0}
	}
	return Value{v.Hi<<n | v.Lo>>(64-n), v.Lo << n}
}

// Shr is v shifted right by n bits.
func (v Value) Shr(n int) Value {
	if n >= 64 {
		return Value{0, v.Hi >> (n - 64)}
	}
	return Value{v.Hi >> n, v.Lo>>n | v.Hi<<(64-n)}
}

// Cmp is negative, zero or positive as v is less than, equal to or greater
// than o.
func (v Value) Cmp(o Value) int {
	switch {
	case v == o:
		return 0
	case v.Hi < o.Hi || v.Hi == o.Hi && v.Lo < o.Lo:
		return -1
	default:
		return 1
	}
}

// Len is the number of bits up to the highest one that is set.
func (v Value) Len() int {
	if v.Hi != 0 {
		return 64 + bits.Len64(v.Hi)
	}
	return bits.Len64(v.Lo)
}

// Prefix reports whether v, as a mask of width bits, is a prefix (ones, then
// zeros), and of how many ones.
func (v Value) Prefix(width int) (n int, found bool) {
	n = bits.OnesCount64(v.Hi) + bits.OnesCount64(v.Lo)
	return n, v == PrefixMask(n, width)
}

// PrefixMask is the mask of a prefix of n bits in a field of width bits.
func PrefixMask(n, width int) Value { return Ones(width).AndNot(Ones(width - n)) }
