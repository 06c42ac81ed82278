package flow

import (
	"fmt"
	"net/netip"
	"strconv"
)

// PortNames knows the names of OpenFlow ports, reserved ones among them, where
// values are read and written. A nil PortNames knows none.
type PortNames interface {
	// PortNumber is the port that name stands for.
	PortNumber(name string) (port uint32, found bool)
	// AppendPort appends the port's name, or its number, to dst.
	AppendPort(dst []byte, port uint32) []byte
}

// TextError is text that is no value of a field.
type TextError struct {
	In  string // all of the text
	Msg string
	At  int // byte of In where reading stopped
}

func (e *TextError) Error() string {
	if e.At <= 0 || e.At >= len(e.In) {
		return fmt.Sprintf("%q: %s", e.In, e.Msg)
	}
	return fmt.Sprintf("%q: %s at %q", e.In, e.Msg, e.In[e.At:])
}

// flagNames are the names of the bits of a flags field, the lowest bit first.
func (f *Field) flagNames() []string {
	switch f.Format {
	case TCPFlagsFormat:
		return []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"}
	case CTStateFormat:
		return []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}
	default:
		return []string{"oam"}
	}
}

// AppendValue appends value, and mask unless it is f.Full(), to dst as
// set_field writes them. ParseValue reads it back. ports may be nil.
func (f *Field) AppendValue(dst []byte, value, mask Value, ports PortNames) []byte {
	exact := mask.And(f.full) == f.full
	switch f.Format {
	case Decimal:
		dst = appendDecimal(dst, value)
		if !exact {
			dst = appendHex(append(dst, '/'), mask, 0)
		}
		return dst
	case TCPFlagsFormat, CTStateFormat, TunFlagsFormat:
		if exact {
			return f.appendFlags(dst, value)
		}
		return f.appendSignedFlags(dst, value, mask)
	case Hexadecimal:
		return appendMasked(dst, value, mask, exact, 0)
	default:
		return f.appendSpecial(dst, value, mask, ports)
	}
}

// AppendMatch appends value, and mask unless it is f.Full(), to dst as a match
// is written after "name=". It differs from AppendValue where ovs-ofctl does:
// in leading zeros, in the base of some numbers, in the sign of flags.
// ParseValue reads it back.
func (f *Field) AppendMatch(dst []byte, value, mask Value, ports PortNames) []byte {
	exact := mask.And(f.full) == f.full
	switch {
	case f.Format == TunFlagsFormat:
		return f.appendSignedFlags(dst, value, mask)
	case f.Format == Decimal && !exact && f.Bytes == 1:
		return appendMasked(dst, value, mask, false, 2)
	case f.Format == Decimal && !exact:
		return appendMasked(dst, value, mask, false, 0)
	case f.ID == FieldEthType, f.ID == FieldVLANTCI:
		return appendMasked(dst, value, mask, exact, 4)
	case f.ID == FieldIPv6Label:
		return appendMasked(dst, value, mask, exact, 5)
	case f.Prereq == PrereqNSH && f.Format == Hexadecimal:
		return appendMasked(dst, value, mask, exact, 1)
	case f.ID == FieldRecircID:
		return appendMasked(dst, value, mask, exact, 0)
	case f.ID == FieldCTZone:
		return appendDecimal(dst, value)
	}
	return f.AppendValue(dst, value, mask, ports)
}

// appendSpecial writes the formats of addresses, ports, fragments and packet
// types.
func (f *Field) appendSpecial(dst []byte, value, mask Value, ports PortNames) []byte {
	switch f.Format {
	case Ethernet:
		dst = appendMAC(dst, value)
		if mask != f.full {
			dst = appendMAC(append(dst, '/'), mask)
		}
	case IPv4, IPv6Addr:
		dst = appendAddr(dst, value, f.Bytes)
		if n, prefix := mask.Prefix(f.Bits); prefix && n < f.Bits {
			dst = strconv.AppendInt(append(dst, '/'), int64(n), 10)
		} else if !prefix {
			dst = appendAddr(append(dst, '/'), mask, f.Bytes)
		}
	case FragFormat:
		return appendFrag(dst, value, mask)
	case PacketTypeFormat:
		dst = strconv.AppendUint(append(dst, '('), value.Lo>>16, 10)
		dst = append(appendHex(append(dst, ','), U64(value.Lo&0xffff), 0), ')')
	case PortFormat, Port10Format:
		port := uint32(value.Lo)
		if f.Format == Port10Format {
			port = Port16To32(uint16(port))
		}
		if ports != nil {
			return ports.AppendPort(dst, port)
		}
		return strconv.AppendUint(dst, value.Lo, 10)
	}
	return dst
}

// fragNames are the values that nw_frag is written with. The first that fits is
// printed; every name is read.
var fragNames = [...]struct {
	name        string
	value, mask uint64
}{
	{"no", 0, FragAny | FragLater},
	{"first", FragAny, FragAny | FragLater},
	{"later", FragAny | FragLater, FragAny | FragLater},
	{"yes", FragAny, FragAny},
	{"not_later", 0, FragLater},
	// What the bits mean makes these the same as others.
	{"no", 0, FragAny},
	{"later", FragLater, FragLater},
}

func appendFrag(dst []byte, value, mask Value) []byte {
	for _, n := range fragNames {
		if n.value == value.Lo && n.mask == mask.Lo {
			return append(dst, n.name...)
		}
	}
	return appendMasked(dst, value, mask, mask.Lo == FragAny|FragLater, 0)
}

// appendFlags writes "syn|ack", unnamed bits as "[800]", no bits as "0".
func (f *Field) appendFlags(dst []byte, value Value) []byte {
	if value.Lo == 0 {
		return append(dst, '0')
	}
	names, first := f.flagNames(), true
	for i := range 64 {
		if value.Lo>>i&1 == 0 {
			continue
		}
		if !first {
			dst = append(dst, '|')
		}
		first = false
		if i < len(names) {
			dst = append(dst, names[i]...)
		} else {
			dst = append(strconv.AppendUint(append(dst, '['), 1<<i, 16), ']')
		}
	}
	return dst
}

// appendSignedFlags writes "+syn-ack": what must be there and what must not.
// With bits that have no name it falls back to numbers.
func (f *Field) appendSignedFlags(dst []byte, value, mask Value) []byte {
	names := f.flagNames()
	if mask.Len() > len(names) {
		return appendMasked(dst, value, mask, false, 0)
	}
	for i, name := range names {
		if mask.Lo>>i&1 == 0 {
			continue
		}
		sign := byte('-')
		if value.Lo>>i&1 != 0 {
			sign = '+'
		}
		dst = append(append(dst, sign), name...)
	}
	return dst
}

// AppendWide appends the value of a Wide field, and mask unless that is all
// ones, to dst. A mask without ones is the option's being there, and gives no
// text.
func AppendWide(dst []byte, value, mask []byte) []byte {
	ones, some := true, false
	for _, m := range mask {
		ones = ones && m == 0xff
		some = some || m != 0
	}
	if len(mask) > 0 && !some {
		return dst
	}
	dst = appendHexBytes(dst, value)
	if !ones {
		dst = appendHexBytes(append(dst, '/'), mask)
	}
	return dst
}

func appendMasked(dst []byte, value, mask Value, exact bool, digits int) []byte {
	dst = appendHex(dst, value, digits)
	if !exact {
		dst = appendHex(append(dst, '/'), mask, digits)
	}
	return dst
}

// appendHex writes v with at least so many digits; without a least number zero
// is a bare "0".
func appendHex(dst []byte, v Value, digits int) []byte {
	if v.IsZero() && digits == 0 {
		return append(dst, '0')
	}
	dst = append(dst, "0x"...)
	for n := max(digits, (v.Len()+3)/4) - 1; n >= 0; n-- {
		dst = append(dst, hexDigits[v.Shr(4*n).Lo&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendHexBytes(dst, b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return append(dst, '0')
	}
	dst = append(dst, "0x"...)
	if b[0] < 16 {
		dst, b = append(dst, hexDigits[b[0]]), b[1:]
	}
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

func appendDecimal(dst []byte, v Value) []byte {
	if v.Hi != 0 {
		return appendHex(dst, v, 0)
	}
	return strconv.AppendUint(dst, v.Lo, 10)
}

func appendMAC(dst []byte, v Value) []byte {
	for i := 40; i >= 0; i -= 8 {
		c := byte(v.Lo >> i)
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		if i > 0 {
			dst = append(dst, ':')
		}
	}
	return dst
}

func appendAddr(dst []byte, v Value, size int) []byte {
	var b [16]byte
	if size == 16 && v.Hi == 0 && v.Lo>>32 == 0 && v.Lo>>16 != 0 {
		// Six zero groups and a seventh that is not: inet_ntop, which
		// ovs-ofctl prints with, takes the rest for an IPv4 address.
		return appendAddr(append(dst, "::"...), v, 4)
	}
	addr, _ := netip.AddrFromSlice(v.AppendBytes(b[:0], size))
	return addr.AppendTo(dst)
}
