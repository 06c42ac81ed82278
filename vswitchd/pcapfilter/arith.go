package pcapfilter

import "slices"

// arith is a value, and the test without which it has none.
type arith struct {
	value value
	need  test
	fixed *uint32 // the value of a number
}

func (a arith) with(need test) test {
	switch {
	case a.need == nil:
		return need
	case need == nil:
		return a.need
	}
	return and(a.need, need)
}

// names of numbers.
func named(word string) (n uint32, found bool) {
	for i, list := range [...][]string{
		0: {"icmptype", "icmp-echoreply", "icmp6type"}, 1: {"icmpcode", "icmp6code", "tcp-fin"}, 2: {"tcp-syn"},
		3: {"icmp-unreach"}, 4: {"tcp-rst", "icmp-sourcequench"}, 5: {"icmp-redirect"}, 8: {"tcp-push", "icmp-echo"},
		9: {"icmp-routeradvert"}, 10: {"icmp-routersolicit"}, 11: {"icmp-timxceed"}, 12: {"icmp-paramprob"},
		13: {"tcpflags", "icmp-tstamp"}, 14: {"icmp-tstampreply"}, 15: {"icmp-ireq"}, 16: {"tcp-ack", "icmp-ireqreply"},
		17: {"icmp-maskreq"}, 18: {"icmp-maskreply"}, 32: {"tcp-urg"}, 64: {"tcp-ece"}, 128: {"tcp-cwr"},
	} {
		if slices.Contains(list, word) {
			return uint32(i), true
		}
	}
	return 0, false
}

// levels of operators, those that bind least first.
var levels = [...][]string{{"|", "^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}

func (p *parser) relation() (test, error) {
	a, err := p.arith(0)
	if err != nil {
		return nil, err
	}
	op := p.peek()
	if !p.accept("=", "==", "!=", "<", "<=", ">", ">=") {
		return nil, p.fail("a comparison is missing: =, !=, <, <=, > or >=")
	}
	b, err := p.arith(0)
	if err != nil {
		return nil, err
	}
	t := compare(op, a.value, b.value)
	if need := a.with(b.need); need != nil {
		t = and(need, t)
	}
	return t, nil
}

func (p *parser) arith(level int) (a arith, err error) {
	if level == len(levels) {
		return p.operand()
	}
	if a, err = p.arith(level + 1); err != nil {
		return a, err
	}
	for {
		op := p.peek()
		if !p.accept(levels[level]...) {
			return a, nil
		}
		b, err := p.arith(level + 1)
		if err != nil {
			return a, err
		}
		if b.fixed != nil && (*b.fixed == 0 && (op == "/" || op == "%") || *b.fixed > 31 && (op == "<<" || op == ">>")) {
			return a, p.failBack("%s %d has no value", op, *b.fixed)
		}
		// What b needs is forgotten, as libpcap does: "len - ip[0] = 1" is tried on all frames.
		a = arith{value: calculate(op, a.value, b.value), need: a.need}
	}
}

func (p *parser) operand() (a arith, err error) {
	if err := p.enter(); err != nil {
		return a, err
	}
	defer func() { p.depth-- }()
	if p.accept("-") {
		a, err = p.operand()
		return arith{value: calculate("-", constant(0), a.value), need: a.need}, err
	}
	if p.accept("(") {
		if a, err = p.arith(0); err == nil && !p.accept(")") {
			err = p.fail("a ) is missing")
		}
		a.fixed = nil
		return a, err
	}
	if p.accept("len") {
		return arith{value: func(f frame) (uint32, bool) { return f.size, true }}, nil
	}
	if p.after() == "[" {
		return p.load()
	}
	n, found := number(p.peek())
	if !found {
		n, found = named(p.peek())
	}
	if !found {
		return a, p.fail("%q is no number: use one, len, or bytes such as tcp[13]", p.peek())
	}
	p.take()
	return arith{value: constant(n), fixed: &n}, nil
}

// load is protocol[offset] or protocol[offset:size].
func (p *parser) load() (a arith, err error) {
	base, need, found := p.layer(p.peek())
	if !found {
		return a, p.fail("%q has no bytes to look at: use ether, ip, ip6, arp, rarp, tcp, udp, sctp, icmp, icmp6, igmp, pim, vrrp, carp or igrp", p.peek())
	}
	p.take()
	p.take()
	at, err := p.arith(0)
	if err != nil {
		return a, err
	}
	size := uint32(1)
	if p.accept(":") {
		size, found = number(p.peek())
		if !found || size != 1 && size != 2 && size != 4 {
			return a, p.fail("a size is 1, 2 or 4")
		}
		p.take()
	}
	if !p.accept("]") {
		return a, p.fail("a ] is missing")
	}
	return arith{value: load(calculate("+", at.value, base), 0, size), need: at.with(need)}, nil
}

// layer is where a protocol's header begins, and what a frame must be to have one.
func (p *parser) layer(word string) (base value, need test, found bool) {
	switch word {
	case "ether", "link":
		return constant(0), nil, true
	case "ip", "ip6", "arp", "rarp":
		return constant(p.net()), p.etherType(etherTypes(word)), true
	case "icmp6":
		return constant(p.net() + 40), and(p.etherType(typeIPv6), is(field(p.net()+6, 1), 0xff, 58)), true
	case "ah", "esp":
		return nil, nil, false
	}
	t, found := p.protocolWord(word)
	if !found {
		return nil, nil, false
	}
	return p.ipv4Payload(), and(p.etherType(typeIPv4), and(t, p.firstFragment())), true
}
