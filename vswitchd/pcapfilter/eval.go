package pcapfilter

import "encoding/binary"

// Filter is an expression that was read.
type Filter struct{ test test }

// Match reports whether the expression lets through a frame of size bytes, of which data
// are there. Borrows data.
func (f *Filter) Match(data []byte, size int) bool {
	return f.test(frame{data, uint32(size)}) == yes
}

type frame struct {
	data []byte
	size uint32
}

// verdict of a test. A frame too short for a test is refused at once, as by libpcap.
type verdict uint8

const (
	no verdict = iota
	yes
	refused
)

type (
	test  func(frame) verdict
	value func(frame) (v uint32, found bool)
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

func and(a, b test) test {
	return func(f frame) verdict {
		if v := a(f); v != yes {
			return v
		}
		return b(f)
	}
}

func or(a, b test) test {
	return func(f frame) verdict {
		if v := a(f); v != no {
			return v
		}
		return b(f)
	}
}

func not(a test) test {
	return func(f frame) verdict {
		switch a(f) {
		case yes:
			return no
		case no:
			return yes
		}
		return refused
	}
}

func constant(c uint32) value { return func(frame) (uint32, bool) { return c, true } }

// load reads size bytes (1, 2 or 4), base bytes behind at.
func load(at value, base, size uint32) value {
	return func(f frame) (uint32, bool) {
		i, found := at(f)
		i += base
		if !found || uint64(i)+uint64(size) > uint64(len(f.data)) {
			return 0, false
		}
		switch d := f.data[i:]; size {
		case 1:
			return uint32(d[0]), true
		case 2:
			return uint32(binary.BigEndian.Uint16(d)), true
		default:
			return binary.BigEndian.Uint32(d), true
		}
	}
}

// field is a number at a fixed place.
func field(at, size uint32) value { return load(constant(0), at, size) }

// is compares the bits of mask.
func is(v value, mask, want uint32) test {
	return func(f frame) verdict {
		got, found := v(f)
		if !found {
			return refused
		}
		return verdictOf(got&mask == want&mask)
	}
}

func between(v value, least, most uint32) test {
	return func(f frame) verdict {
		got, found := v(f)
		if !found {
			return refused
		}
		return verdictOf(least <= got && got <= most)
	}
}

// compare relates two values.
func compare(op string, a, b value) test {
	return func(f frame) verdict {
		x, foundX := a(f)
		y, foundY := b(f)
		if !foundX || !foundY {
			return refused
		}
		switch op {
		case "=", "==":
			return verdictOf(x == y)
		case "!=":
			return verdictOf(x != y)
		case "<":
			return verdictOf(x < y)
		case "<=":
			return verdictOf(x <= y)
		case ">":
			return verdictOf(x > y)
		default:
			return verdictOf(x >= y)
		}
	}
}

// calculate computes with 32 bits. There is no value where the divisor is 0.
func calculate(op string, a, b value) value {
	return func(f frame) (uint32, bool) {
		x, foundX := a(f)
		y, foundY := b(f)
		if !foundX || !foundY || y == 0 && (op == "/" || op == "%") {
			return 0, false
		}
		switch op {
		case "+":
			return x + y, true
		case "-":
			return x - y, true
		case "*":
			return x * y, true
		case "/":
			return x / y, true
		case "%":
			return x % y, true
		case "&":
			return x & y, true
		case "|":
			return x | y, true
		case "^":
			return x ^ y, true
		case "<<":
			return x << y, true
		default:
			return x >> y, true
		}
	}
}
