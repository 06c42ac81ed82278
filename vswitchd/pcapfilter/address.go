package pcapfilter

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// host is host ADDRESS and net ADDRESS, with the length or mask that follows.
func (p *parser) host(q qualifiers) (test, error) {
	at := p.next
	word := p.take()
	if a, err := netip.ParseAddr(word); err == nil && a.Is6() && a.Zone() == "" {
		return p.host6(q, a, at)
	}
	addr, mask, ok := partial(word, q.kind == "net")
	if !ok {
		p.next = at
		return nil, p.fail("%q is no address: names are not resolved, so use one such as 10.0.0.1 or fd00::1", word)
	}
	if p.peek() == "/" || p.peek() == "mask" {
		if q.kind != "net" {
			return nil, p.fail("only a net has a mask: use net %s%s…", word, p.peek())
		}
		if !strings.Contains(word, ".") {
			p.next = at
			return nil, p.fail("a mask needs more than a number: write %s.0", word)
		}
		if p.take() == "/" {
			n, found := number(p.peek())
			if !found || n > 32 {
				return nil, p.fail("the length of a net's prefix is a number to 32")
			}
			mask = uint32(uint64(1<<32-1) << (32 - n))
		} else if mask, _, ok = partial(p.peek(), true); !ok {
			return nil, p.fail("%q is no mask", p.peek())
		}
		if addr&^mask != 0 {
			p.next = at
			return nil, p.fail("%s has bits outside of the mask", word)
		}
		p.take()
	}
	in := func(ethertype, src, dst uint32) test {
		at := func(off uint32) test {
			return and(p.etherType(ethertype), is(field(p.net()+off, 4), mask, addr))
		}
		return directed(q, at(src), at(dst))
	}
	switch q.protocol {
	case "ip":
		return in(typeIPv4, 12, 16), nil
	case "arp", "rarp":
		return in(etherTypes(q.protocol), 14, 24), nil
	case "":
		return or(in(typeIPv4, 12, 16), or(in(typeARP, 14, 24), in(typeRARP, 14, 24))), nil
	}
	p.next = at
	return nil, p.fail("%s is no address of %s", word, q.protocol)
}

// partial reads an address of which the last parts may be missing.
func partial(word string, isNet bool) (addr, mask uint32, ok bool) {
	if n, found := number(word); found {
		for mask = ^uint32(0); isNet && n != 0 && n&0xff000000 == 0; mask <<= 8 {
			n <<= 8
		}
		return n, mask, !isNet || n != 0
	}
	parts := strings.Split(word, ".")
	if len(parts) > 4 || len(parts) < 2 {
		return 0, 0, false
	}
	for _, s := range parts {
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil || len(s) > 1 && s[0] == '0' {
			return 0, 0, false
		}
		addr, mask = addr<<8|uint32(n), mask<<8|0xff
	}
	shift := 32 - 8*len(parts)
	return addr << shift, mask << shift, true
}

func (p *parser) host6(q qualifiers, a netip.Addr, at int) (test, error) {
	bits := 128
	if q.protocol != "" && q.protocol != "ip6" {
		p.next = at
		return nil, p.fail("%s is no address of %s", a, q.protocol)
	}
	if p.peek() == "/" && q.kind == "net" {
		p.take()
		n, found := number(p.peek())
		if !found || n > 128 {
			return nil, p.fail("the length of a net's prefix is a number to 128")
		}
		bits = int(n)
		if netip.PrefixFrom(a, bits).Masked().Addr() != a {
			p.next = at
			return nil, p.fail("%s has bits outside of the prefix", a)
		}
		p.take()
	} else if p.peek() == "/" {
		return nil, p.fail("only a net has a prefix: use net %s/…", a)
	}
	b := a.As16()
	in := func(off uint32) test {
		t := p.etherType(typeIPv6)
		for i := uint32(0); i < 4; i++ {
			n := min(max(bits-int(32*i), 0), 32)
			// Words of which nothing counts must be there all the same, as for libpcap.
			mask := uint32(uint64(1<<32-1) << (32 - n))
			t = and(t, is(field(p.net()+off+4*i, 4), mask, binary.BigEndian.Uint32(b[4*i:])))
		}
		return t
	}
	return directed(q, in(8), in(24)), nil
}
