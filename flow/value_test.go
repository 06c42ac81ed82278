package flow

import (
	"bytes"
	"math/big"
	"testing"
)

func toBig(v Value) *big.Int {
	n := new(big.Int).SetUint64(v.Hi)
	return n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(v.Lo))
}

// TestValueAgainstBig compares the arithmetic with math/big.
func TestValueAgainstBig(t *testing.T) {
	r := newRand(t)
	all := toBig(Ones(128))
	for range 5000 {
		a, b, n := randomValue(r), randomValue(r), r.IntN(129)
		if r.IntN(4) == 0 {
			a.Hi = 0
		}
		if r.IntN(4) == 0 {
			b = a
		}
		x, y := toBig(a), toBig(b)
		for _, c := range []struct {
			name string
			got  Value
			want *big.Int
		}{
			{"and", a.And(b), new(big.Int).And(x, y)},
			{"or", a.Or(b), new(big.Int).Or(x, y)},
			{"xor", a.Xor(b), new(big.Int).Xor(x, y)},
			{"andnot", a.AndNot(b), new(big.Int).AndNot(x, y)},
			{"shl", a.Shl(n), new(big.Int).And(all, new(big.Int).Lsh(x, uint(n)))},
			{"shr", a.Shr(n), new(big.Int).Rsh(x, uint(n))},
			{"ones", Ones(n), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n)), big.NewInt(1))},
			{"bytes", ValueOf(a.AppendBytes(nil, 16)), x},
			{"few bytes", ValueOf(a.AppendBytes(nil, n%17)), new(big.Int).And(x, toBig(Ones(n%17*8)))},
		} {
			if toBig(c.got).Cmp(c.want) != 0 {
				t.Fatalf("%s(%x, %x, %d) = %x, want %x", c.name, a, b, n, c.got, c.want)
			}
		}
		if a.Cmp(b) != x.Cmp(y) || a.Len() != x.BitLen() || a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("cmp, len or zero of %x, %x", a, b)
		}
	}
}

func TestPrefix(t *testing.T) {
	for n := range 33 {
		if got, found := PrefixMask(n, 32).Prefix(32); !found || got != n {
			t.Errorf("prefix %d: %d, %v", n, got, found)
		}
	}
	if _, found := U64(0xff00ff00).Prefix(32); found {
		t.Error("ff00ff00 taken for a prefix")
	}
	if got := U64(5).AppendBytes(nil, 18); !bytes.Equal(got, append(make([]byte, 17), 5)) {
		t.Errorf("18 bytes of 5: %x", got)
	}
}
