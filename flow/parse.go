package flow

import (
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// ParseValue reads what AppendValue and AppendMatch write, and what else
// ovs-fields(7) allows: decimal, 0x and octal numbers, value/mask, prefix
// lengths, addresses, names of flags, of fragments and of ports, "*" for any
// value. The value has no bits outside the mask. The error is a *TextError.
// ports may be nil.
func (f *Field) ParseValue(text string, ports PortNames) (value, mask Value, err error) {
	p := valueParser{field: f, in: text}
	if text == "" {
		return Value{}, Value{}, p.fail(0, "a value is missing")
	}
	if text == "*" || text == "ANY" && f.Format != PortFormat && f.Format != Port10Format {
		return Value{}, Value{}, nil
	}
	switch f.Format {
	case Ethernet:
		value, mask = p.masked(p.mac)
	case IPv4:
		value, mask = p.address(4)
	case IPv6Addr:
		value, mask = p.address(16)
	case TCPFlagsFormat, CTStateFormat, TunFlagsFormat:
		value, mask = p.flags()
	case FragFormat:
		value, mask = p.frag()
	case PacketTypeFormat:
		value, mask = p.packetType()
	case PortFormat, Port10Format:
		value, mask = p.port(ports)
	default:
		value, mask = p.masked(p.number)
	}
	if p.err == nil {
		p.check(value, mask)
	}
	if p.err != nil {
		return Value{}, Value{}, p.err
	}
	if value.Lo != NoVLAN || f.ID != FieldDLVLAN {
		value = value.And(f.full)
	}
	return value.And(mask), mask.And(f.full), nil
}

// ParseWide reads the value of a Wide field: a number of up to MaxTLVLen bytes,
// with or without a mask; nil mask is an exact match. No text is the option's
// being there.
func ParseWide(text string) (value, mask []byte, err error) {
	p := valueParser{in: text}
	if text == "" {
		return nil, nil, nil
	}
	v, m, masked := strings.Cut(text, "/")
	value = p.bytes(v, 0)
	if masked {
		mask = p.bytes(m, len(v)+1)
	}
	if p.err != nil {
		return nil, nil, p.err
	}
	return value, mask, nil
}

// valueParser reads one value. The first error stays.
type valueParser struct {
	field *Field
	in    string
	err   error
}

func (p *valueParser) fail(at int, msg string) error {
	if p.err == nil {
		p.err = &TextError{In: p.in, Msg: msg, At: at}
	}
	return p.err
}

// check refuses what the field has no bits for or cannot be masked by.
func (p *valueParser) check(value, mask Value) {
	f := p.field
	limit := Ones(8 * f.Bytes)
	switch f.ID {
	case FieldDLVLAN, FieldVLANTCI, FieldIPTOS, FieldCTState:
		// dl_vlan has NoVLAN beyond its 12 bits; of the others ovs-ofctl reads,
		// and drops, bits that are not matched.
	default:
		limit = f.full
	}
	if !value.AndNot(limit).IsZero() {
		p.fail(0, "value does not fit "+strconv.Itoa(limit.Len())+" bits")
	}
	if !f.Maskable && !mask.IsZero() && mask.And(f.full) != f.full {
		p.fail(max(0, strings.IndexByte(p.in, '/')), f.Name+" takes no mask")
	}
	if !mask.AndNot(Ones(8 * f.Bytes)).IsZero() {
		p.fail(max(0, strings.IndexByte(p.in, '/')), "mask does not fit "+strconv.Itoa(f.Bits)+" bits")
	}
}

// masked reads value or value/mask, both of them by read.
func (p *valueParser) masked(read func(text string, at int) Value) (value, mask Value) {
	v, m, found := strings.Cut(p.in, "/")
	value, mask = read(v, 0), p.exact()
	if found {
		mask = read(m, len(v)+1)
	}
	return value, mask
}

// exact is the mask where the text gives none. dl_vlan's is wide enough for
// NoVLAN.
func (p *valueParser) exact() Value {
	if p.field.ID == FieldDLVLAN {
		return U64(0xffff)
	}
	return p.field.full
}

// number reads a number of up to 128 bits.
func (p *valueParser) number(text string, at int) (v Value) {
	base, digits := uint64(10), text
	switch {
	case len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X"):
		base, digits = 16, text[2:]
	case len(text) > 1 && text[0] == '0':
		base, digits = 8, text[1:]
	}
	if digits == "" {
		p.fail(at, "a number is missing")
	}
	for i := range len(digits) {
		d := uint64(digitValue(digits[i]))
		if d >= base {
			p.fail(at+len(text)-len(digits)+i, "not a number")
			return Value{}
		}
		hi, lo := bits.Mul64(v.Lo, base)
		over, top := bits.Mul64(v.Hi, base)
		lo, carry := bits.Add64(lo, d, 0)
		hi, carry = bits.Add64(hi, top, carry)
		if over|carry != 0 {
			p.fail(at, "number does not fit 128 bits")
			return Value{}
		}
		v = Value{hi, lo}
	}
	return v
}

// digitValue is the value of a digit up to base 16, 16 for anything else.
func digitValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// bytes reads a number of up to MaxTLVLen bytes.
func (p *valueParser) bytes(text string, at int) []byte {
	if len(text) < 3 || text[:2] != "0x" && text[:2] != "0X" {
		v := p.number(text, at)
		return v.AppendBytes(nil, max(1, (v.Len()+7)/8))
	}
	digits := text[2:]
	if len(digits) > 2*MaxTLVLen {
		p.fail(at, "value does not fit "+strconv.Itoa(MaxTLVLen)+" bytes")
		return nil
	}
	b := make([]byte, (len(digits)+1)/2)
	for i := range len(digits) {
		d := digitValue(digits[i])
		if d > 15 {
			p.fail(at+2+i, "not a hexadecimal number")
			return nil
		}
		fromEnd := len(digits) - 1 - i
		b[len(b)-1-fromEnd/2] |= d << (fromEnd % 2 * 4)
	}
	return b
}

// mac reads six groups of one or two hexadecimal digits.
func (p *valueParser) mac(text string, at int) (v Value) {
	groups := strings.Split(text, ":")
	if len(groups) != 6 {
		p.fail(at, "not an Ethernet address")
		return Value{}
	}
	for _, g := range groups {
		n, err := strconv.ParseUint(g, 16, 8)
		if err != nil || len(g) > 2 {
			p.fail(at, "not an Ethernet address")
			return Value{}
		}
		v.Lo = v.Lo<<8 | n
		at += len(g) + 1
	}
	return v
}

// address reads an IP address of size bytes, with a mask written as an address
// or as a prefix length.
func (p *valueParser) address(size int) (value, mask Value) {
	read := func(text string, at int) Value {
		a, err := netip.ParseAddr(text)
		if err != nil || a.BitLen() != 8*size || a.Zone() != "" {
			p.fail(at, map[int]string{4: "not an IPv4 address", 16: "not an IPv6 address"}[size])
			return Value{}
		}
		return ValueOf(a.AsSlice())
	}
	v, m, found := strings.Cut(p.in, "/")
	value, mask = read(v, 0), p.field.full
	if !found {
		return value, mask
	}
	if strings.ContainsAny(m, ".:") {
		return value, read(m, len(v)+1)
	}
	n, err := strconv.ParseUint(m, 10, 8)
	if err != nil || int(n) > 8*size {
		p.fail(len(v)+1, "prefix length is not 0 to "+strconv.Itoa(8*size))
		return Value{}, Value{}
	}
	return value, PrefixMask(int(n), 8*size)
}

// flags reads "+syn-ack", "syn|ack", "0x12" or "0x2/0x12".
func (p *valueParser) flags() (value, mask Value) {
	switch c := p.in[0]; {
	case c == '+' || c == '-':
		return p.signedFlags()
	case '0' <= c && c <= '9' && !strings.Contains(p.in, "|"):
		return p.masked(p.number)
	}
	at := 0
	for name := range strings.SplitSeq(p.in, "|") {
		if name != "" {
			value.Lo |= p.flag(name, at)
		}
		at += len(name) + 1
	}
	return value, p.field.full
}

func (p *valueParser) signedFlags() (value, mask Value) {
	for at := 0; at < len(p.in); {
		end := at + 1
		for end < len(p.in) && p.in[end] != '+' && p.in[end] != '-' {
			end++
		}
		name := p.in[at+1 : end]
		if name != "" && '0' <= name[0] && name[0] <= '9' {
			name = "" // is -1 a flag or a number?
		}
		bit := p.flag(name, at+1)
		if p.err != nil {
			return Value{}, Value{}
		}
		if mask.Lo&bit != 0 {
			p.fail(at, "the same flag twice")
		}
		mask.Lo |= bit
		if p.in[at] == '+' {
			value.Lo |= bit
		}
		at = end
	}
	return value, mask
}

// flag reads the name of a bit, or the bit itself as "0x800" or "[800]".
func (p *valueParser) flag(name string, at int) uint64 {
	names := p.field.flagNames()
	for i, n := range names {
		if n == name {
			return 1 << i
		}
	}
	var bit Value
	if n := len(name); n > 2 && name[0] == '[' && name[n-1] == ']' {
		bit = p.number("0x"+name[1:n-1], at)
	} else if name != "" && '0' <= name[0] && name[0] <= '9' {
		bit = p.number(name, at)
	} else {
		p.fail(at, "unknown flag: the flags are "+strings.Join(names, " "))
	}
	if !bit.AndNot(p.field.full).IsZero() {
		p.fail(at, "no such flag")
	}
	return bit.Lo
}

func (p *valueParser) frag() (value, mask Value) {
	for _, n := range fragNames {
		if n.name == p.in {
			return U64(n.value), U64(n.mask)
		}
	}
	if c := p.in[0]; '0' <= c && c <= '9' {
		return p.masked(p.number)
	}
	p.fail(0, "unknown kind of fragment: the kinds are no yes first later not_later")
	return Value{}, Value{}
}

// packetType reads "(namespace,type)", or both as one number.
func (p *valueParser) packetType() (value, mask Value) {
	inner, open := strings.CutPrefix(p.in, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !open && !closed {
		return p.masked(p.number)
	}
	space, kind, both := strings.Cut(inner, ",")
	if !open || !closed || !both {
		p.fail(0, "a packet type is written (namespace,type)")
		return Value{}, Value{}
	}
	n, t := p.number(space, 1), p.number(kind, 2+len(space))
	if n.Len() > 16 || t.Len() > 16 {
		p.fail(1, "namespace and type have 16 bits each")
	}
	return U64(n.Lo<<16 | t.Lo), p.field.full
}

// port reads a port's name or number.
func (p *valueParser) port(ports PortNames) (value, mask Value) {
	narrow := p.field.Format == Port10Format
	if ports != nil {
		if n, found := ports.PortNumber(p.in); found {
			if narrow {
				return U64(uint64(Port32To16(n))), p.field.full
			}
			return U64(uint64(n)), p.field.full
		}
	}
	if c := p.in[0]; c < '0' || c > '9' {
		p.fail(0, "no such port")
		return Value{}, Value{}
	}
	v := p.number(p.in, 0)
	if narrow && v.Len() <= 32 && v.Lo >= 0xffff0000|firstPort16 {
		v.Lo &= 0xffff
	}
	return v, p.field.full
}
