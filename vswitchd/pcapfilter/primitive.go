package pcapfilter

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Types of frames.
const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeRARP = 0x8035
	typeIPv6 = 0x86dd
)

func etherTypes(word string) uint32 {
	switch word {
	case "ip":
		return typeIPv4
	case "ip6":
		return typeIPv6
	case "arp":
		return typeARP
	case "rarp":
		return typeRARP
	}
	return 0
}

// net is where the network header begins.
func (p *parser) net() uint32 { return 14 + 4*p.tags }

func (p *parser) etherType(t uint32) test { return is(field(p.net()-2, 2), 0xffff, t) }

func (p *parser) firstFragment() test { return is(field(p.net()+6, 2), 0x1fff, 0) }

// ipv4Payload is where the transport header begins in IPv4.
func (p *parser) ipv4Payload() value {
	first := field(p.net(), 1)
	return calculate("+", constant(p.net()), calculate("<<", calculate("&", first, constant(15)), constant(2)))
}

func ipProtocol(word string) (n uint32, v4, v6 bool) {
	switch word {
	case "icmp":
		return 1, true, false
	case "igmp":
		return 2, true, false
	case "tcp":
		return 6, true, true
	case "igrp":
		return 9, true, false
	case "udp":
		return 17, true, true
	case "esp":
		return 50, true, true
	case "ah":
		return 51, true, true
	case "icmp6":
		return 58, false, true
	case "pim":
		return 103, true, true
	case "vrrp", "carp":
		return 112, true, false
	case "sctp":
		return 132, true, true
	}
	return 0, false, false
}

func (p *parser) ipv4Has(protocol uint32) test {
	return and(p.etherType(typeIPv4), is(field(p.net()+9, 1), 0xff, protocol))
}

func (p *parser) ipv6Has(protocol uint32) test {
	next := field(p.net()+6, 1)
	return and(p.etherType(typeIPv6), or(is(next, 0xff, protocol), and(is(next, 0xff, 44), is(field(p.net()+40, 1), 0xff, protocol))))
}

// protocolWord is the test that a protocol's name alone is.
func (p *parser) protocolWord(word string) (test, bool) {
	if t := etherTypes(word); t != 0 {
		return p.etherType(t), true
	}
	switch n, v4, v6 := ipProtocol(word); {
	case v4 && v6:
		return or(p.ipv4Has(n), p.ipv6Has(n)), true
	case v4:
		return p.ipv4Has(n), true
	case v6:
		return p.ipv6Has(n), true
	}
	return nil, false
}

// qualifiers say what an address or a number is about.
type qualifiers struct {
	protocol  string // "": any
	direction string // src, dst, and, or
	kind      string // host, net, port, portrange, proto
}

// primitive is one test in words.
func (p *parser) primitive() (test, error) {
	switch word := p.peek(); word {
	case "":
		return nil, p.fail("something is missing here")
	case "vlan":
		p.take()
		return p.vlan()
	case "less", "greater":
		p.take()
		n, found := number(p.peek())
		if !found {
			return nil, p.fail("%s is followed by a number of bytes", word)
		}
		p.take()
		p.last = nil
		size := func(f frame) (uint32, bool) { return f.size, true }
		if word == "less" {
			return between(size, 0, n), nil
		}
		return between(size, n, 1<<32-1), nil
	case "broadcast", "multicast":
		return p.group("ether")
	}
	q := qualifiers{}
	start := p.next
	_, isProtocol := p.protocolWord(p.peek())
	if isProtocol || p.peek() == "ether" {
		q.protocol = p.take()
		if p.peek() == "broadcast" || p.peek() == "multicast" {
			return p.group(q.protocol)
		}
	}
	p.direction(&q)
	if slices.Contains([]string{"host", "net", "port", "portrange", "proto"}, p.peek()) {
		q.kind = p.take()
	}
	if q.direction == "" && q.kind == "" {
		if isProtocol {
			p.last = nil
			t, _ := p.protocolWord(q.protocol)
			return t, nil
		}
		if p.next == start {
			if _, isNumber := number(p.peek()); p.last != nil && (isNumber || strings.ContainsAny(p.peek(), ".:")) {
				return p.about(*p.last)
			}
			return nil, p.unknown()
		}
	}
	if q.kind == "proto" && q.direction != "" {
		return nil, p.failBack("a protocol has no direction")
	}
	p.last = &q
	return p.about(q)
}

func (p *parser) direction(q *qualifiers) {
	if p.peek() != "src" && p.peek() != "dst" {
		return
	}
	first := p.take()
	q.direction = first
	other := map[string]string{"src": "dst", "dst": "src"}[first]
	if (p.peek() == "or" || p.peek() == "and") && p.after() == other && first == "src" {
		q.direction = p.take()
		p.take()
	}
}

// unknown says why a word begins nothing.
func (p *parser) unknown() error {
	switch w := p.peek(); w {
	case "gateway", "protochain", "mpls", "pppoed", "pppoes", "geneve", "vxlan", "inbound", "outbound", "ifindex", "llc", "iso", "stp", "ipx",
		"netbeui", "atalk", "aarp", "decnet", "wlan", "fddi", "tr", "type", "subtype", "dir", "link", "ppp", "slip":
		return p.fail("%q is an expression of tcpdump that is not supported here", w)
	default:
		if _, err := netip.ParseAddr(w); err == nil {
			return p.fail("say what %s is: host, src, dst or net", w)
		}
		return p.fail("%q begins no expression: use for example host, net, port, tcp, arp, vlan or tcp[13]", w)
	}
}

// vlan is vlan or vlan ID. What follows is behind the tag.
func (p *parser) vlan() (test, error) {
	p.last = nil
	t := or(p.etherType(0x8100), or(p.etherType(0x88a8), p.etherType(0x9100)))
	if n, found := number(p.peek()); found {
		if n > 4095 {
			return nil, p.fail("a VLAN is a number to 4095")
		}
		p.take()
		t = and(t, is(field(p.net(), 2), 0x0fff, n))
	}
	p.tags++
	return t, nil
}

// group is broadcast or multicast.
func (p *parser) group(protocol string) (test, error) {
	word := p.take()
	p.last = nil
	switch {
	case protocol == "ether" && word == "broadcast":
		return and(is(field(2, 4), ^uint32(0), ^uint32(0)), is(field(0, 2), 0xffff, 0xffff)), nil
	case protocol == "ether":
		return is(field(0, 1), 1, 1), nil
	case protocol == "ip" && word == "multicast":
		return and(p.etherType(typeIPv4), between(field(p.net()+16, 1), 224, 255)), nil
	case protocol == "ip6" && word == "multicast":
		return and(p.etherType(typeIPv6), is(field(p.net()+24, 1), 0xff, 255)), nil
	}
	return nil, p.failBack("%s %s is not supported: use ether broadcast, or multicast of ether, ip or ip6", protocol, word)
}

// about is the test of qualifiers and the value that follows, or of several in parentheses.
func (p *parser) about(q qualifiers) (test, error) {
	if !p.accept("(") {
		return p.one(q)
	}
	t, err := p.one(q)
	for err == nil && !p.accept(")") {
		join := or
		if p.accept("and", "&&") {
			join = and
		} else if !p.accept("or", "||") {
			return nil, p.fail("a ) is missing")
		}
		var next test
		if next, err = p.one(q); err == nil {
			t = join(t, next)
		}
	}
	return t, err
}

func (p *parser) one(q qualifiers) (test, error) {
	switch q.kind {
	case "proto":
		return p.proto(q)
	case "port", "portrange":
		return p.port(q)
	}
	if q.protocol == "ether" {
		return p.etherHost(q)
	}
	if q.protocol != "" && etherTypes(q.protocol) == 0 {
		return nil, p.fail("%s has no addresses: use ip, ip6, arp, rarp or ether, as in %s and host …", q.protocol, q.protocol)
	}
	return p.host(q)
}

// directed tests the source, the destination, one of them or both.
func directed(q qualifiers, src, dst test) test {
	switch q.direction {
	case "src":
		return src
	case "dst":
		return dst
	case "and":
		return and(src, dst)
	}
	return or(src, dst)
}

func (p *parser) proto(q qualifiers) (test, error) {
	word := strings.TrimPrefix(p.peek(), `\`)
	n, found := number(word)
	if q.protocol == "ether" {
		if !found {
			n = etherTypes(word)
		}
		// Smaller ones are lengths, and these two are looked for behind LLC too.
		if n <= 1500 || n > 0xffff || n == 0x809b || n == 0x80f3 {
			return nil, p.fail("ether proto %s is not supported: use a type from 1501 to 0xffff, ip, ip6, arp or rarp", p.peek())
		}
		p.take()
		return p.etherType(n), nil
	}
	if !found {
		n, _, _ = ipProtocol(word)
	}
	if !found && n == 0 || n > 255 {
		return nil, p.fail("%q is no protocol of IP: use a number to 255, or a name such as \\tcp", p.peek())
	}
	p.take()
	switch q.protocol {
	case "":
		return or(p.ipv4Has(n), p.ipv6Has(n)), nil
	case "ip":
		return p.ipv4Has(n), nil
	case "ip6":
		return p.ipv6Has(n), nil
	}
	return nil, p.failBack("%s proto is not supported: use ether, ip or ip6", q.protocol)
}

// port is port N and portrange N-N, of TCP, UDP and SCTP.
func (p *parser) port(q qualifiers) (test, error) {
	low, high, isRange := strings.Cut(p.peek(), "-")
	if !isRange {
		high = low
	}
	least, found := number(low)
	most, foundToo := number(high)
	if !found || !foundToo || least > 65535 || most > 65535 || isRange && q.kind == "port" {
		return nil, p.fail("%q is no %s: use numbers to 65535; names of services are not known", p.peek(), q.kind)
	}
	least, most = min(least, most), max(least, most)
	list := []uint32{6, 17, 132}
	switch q.protocol {
	case "tcp", "udp", "sctp":
		n, _, _ := ipProtocol(q.protocol)
		list = []uint32{n}
	case "":
	default:
		return nil, p.fail("%s has no ports: use tcp, udp or sctp", q.protocol)
	}
	p.take()
	payload := p.ipv4Payload()
	ports4 := directed(q, between(load(payload, 0, 2), least, most), between(load(payload, 2, 2), least, most))
	ports6 := directed(q, between(field(p.net()+40, 2), least, most), between(field(p.net()+42, 2), least, most))
	var v4, v6 test
	for _, n := range list {
		t4 := and(is(field(p.net()+9, 1), 0xff, n), and(p.firstFragment(), ports4))
		t6 := and(is(field(p.net()+6, 1), 0xff, n), ports6)
		if v4 == nil {
			v4, v6 = t4, t6
		} else {
			v4, v6 = or(v4, t4), or(v6, t6)
		}
	}
	return or(and(p.etherType(typeIPv6), v6), and(p.etherType(typeIPv4), v4)), nil
}

func (p *parser) etherHost(q qualifiers) (test, error) {
	parts := strings.Split(p.peek(), ":")
	var mac [6]byte
	ok := len(parts) == 6 && q.kind != "net"
	for i := 0; ok && i < 6; i++ {
		n, err := strconv.ParseUint(parts[i], 16, 8)
		ok = err == nil && len(parts[i]) <= 2
		mac[i] = byte(n)
	}
	if !ok {
		return nil, p.fail("%q is no Ethernet address: write it as 02:00:00:00:00:01", p.peek())
	}
	p.take()
	at := func(base uint32) test {
		return and(is(field(base+2, 4), ^uint32(0), binary.BigEndian.Uint32(mac[2:])), is(field(base, 2), 0xffff, uint32(binary.BigEndian.Uint16(mac[:]))))
	}
	return directed(q, at(6), at(0)), nil
}
