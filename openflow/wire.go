package openflow

import "encoding/binary"

var be = binary.BigEndian

// reader takes bytes apart from the front. Reading past the end gives zeros and
// sets short; whoever makes a reader looks at short once, when done.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) u8() uint8 {
	if len(r.b) < 1 {
		r.short = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u16() uint16 {
	if len(r.b) < 2 {
		r.b, r.short = nil, true
		return 0
	}
	v := be.Uint16(r.b)
	r.b = r.b[2:]
	return v
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.b, r.short = nil, true
		return 0
	}
	v := be.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u64() uint64 {
	if len(r.b) < 8 {
		r.b, r.short = nil, true
		return 0
	}
	v := be.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) skip(n int) { r.bytes(n) }

// bytes are the next n, borrowed from the input.
func (r *reader) bytes(n int) []byte {
	if n < 0 || len(r.b) < n {
		r.b, r.short = nil, true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// text is a fixed-size field that ends at its first zero byte.
func (r *reader) text(n int) string { return cutText(r.bytes(n)) }

func cutText(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// clone copies what a decoded message keeps; nil for nothing.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// zeros appends n zero bytes, n at most 64.
func zeros(dst []byte, n int) []byte {
	var z [64]byte
	return append(dst, z[:n]...)
}

// pad8 appends zeros until the bytes since start fill words of 8.
func pad8(dst []byte, start int) []byte { return zeros(dst, (start-len(dst))&7) }

// appendText appends s in a field of n bytes, of which the last one is zero.
func appendText(dst []byte, s string, n int) []byte {
	if len(s) > n-1 {
		s = s[:n-1]
	}
	dst = append(dst, s...)
	for i := len(s); i < n; i++ {
		dst = append(dst, 0)
	}
	return dst
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// setLen16 writes the size of what was appended since start into the two bytes
// at at.
func setLen16(dst []byte, at, start int) { be.PutUint16(dst[at:], uint16(len(dst)-start)) }

func roundUp8(n int) int { return (n + 7) &^ 7 }
