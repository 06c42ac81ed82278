package text

import (
	"net/netip"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// trackActions are the rows of actions of connection tracking.
func trackActions() []actionRow {
	return []actionRow{
		{"ct", openflow.ActCT, readCT, writes(writeCT), "ct(commit,table=1,zone=5,nat(src=10.0.0.1-10.0.0.9:5-10,random),exec(set_field:0x1->ct_mark),alg=ftp)"},
		{"nat", openflow.ActNAT, readNAT, writes(writeNAT), "nat(dst=10.0.0.1:80,persistent)"},
		{"ct_clear", openflow.ActCTClear, noValue(openflow.CTClear{}), word("ct_clear"), "ct_clear"},
	}
}

// ctZoneBits is the size of a zone.
const ctZoneBits = 16

// ctHelpers are the application helpers of ct, by the port of their protocol.
var ctHelpers = [...]struct {
	name string
	port uint16
}{
	{"ftp", 21},
	{"tftp", 69},
}

func readCT(p *parser, a *pair) (openflow.Action, error) {
	ct := openflow.CT{Table: openflow.CTNoTable}
	var b pair
	var force, commits span
	s := p.scan(a.value)
	for s.next(&b) {
		switch {
		case b.key.text == "force":
			force = b.key
		case b.key.text == "exec", b.key.text == "nat" && b.value.text != "":
			commits = b.key
		}
		if err := p.ctOption(&ct, &b); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	if ct.Flags&openflow.CTCommit == 0 {
		switch {
		case force.text != "":
			return nil, p.fail(force, "ct: force goes with commit only").remedy("write ct(commit,force,...)")
		case commits.text != "":
			return nil, p.fail(commits, "ct: %s goes with commit only", commits.text).remedy("write ct(commit,%s(...))", commits.text)
		}
	}
	return ct, nil
}

func (p *parser) ctOption(ct *openflow.CT, b *pair) (err error) {
	switch b.key.text {
	case "commit":
		ct.Flags |= openflow.CTCommit
	case "force":
		ct.Flags |= openflow.CTForce
	case "table":
		ct.Table, err = p.table(b.value, false)
	case "zone":
		err = p.ctZone(ct, b.value)
	case "alg":
		for _, h := range ctHelpers {
			if h.name == b.value.text {
				ct.ALG = h.port
				return nil
			}
		}
		return p.fail(b.value, "ct: unknown helper %q", b.value.text).remedy("the helpers are ftp and tftp")
	case "nat":
		var nat openflow.Action
		if nat, err = readNAT(p, b); err == nil {
			ct.Actions = append(ct.Actions, nat)
		}
	case "exec":
		var list []openflow.Action
		if list, err = p.actionList(b.value, contextExec); err == nil {
			ct.Actions = append(ct.Actions, list...)
		}
	default:
		return p.unknownKey(b.key, "ct", "commit", "force", "table", "zone", "alg", "nat", "exec")
	}
	return err
}

func (p *parser) ctZone(ct *openflow.CT, v span) (err error) {
	if !isSubfield(v) {
		ct.Zone, err = p.uint16("zone", v)
		return err
	}
	ct.ZoneSrc, err = p.subfield(v)
	if err == nil && ct.ZoneSrc.Bits != ctZoneBits {
		err = p.fail(v, "zone: a zone has %d bits, %s has %d", ctZoneBits, v.text, ct.ZoneSrc.Bits)
	}
	return err
}

func writeCT(w *printer, a openflow.CT) {
	w.str("ct(")
	if a.Flags&openflow.CTCommit != 0 {
		w.str("commit,")
	}
	if a.Flags&openflow.CTForce != 0 {
		w.str("force,")
	}
	if a.Table != openflow.CTNoTable {
		w.str("table=").table(a.Table).byte(',')
	}
	if a.ZoneSrc.Bits != 0 {
		w.str("zone=").subfield(a.ZoneSrc)
		w.byte(',')
	} else if a.Zone != 0 {
		w.str("zone=").uint(uint64(a.Zone)).byte(',')
	}
	actions := a.Actions
	if len(actions) > 0 && actions[0].ActionKind() == openflow.ActNAT {
		w.action(actions[0])
		w.byte(',')
		actions = actions[1:]
	}
	if len(actions) > 0 {
		w.str("exec(").actionList(actions).str("),")
	}
	if a.ALG != 0 {
		w.str("alg=").helper(a.ALG).byte(',')
	}
	w.chomp(',').byte(')')
}

func (w *printer) helper(port uint16) *printer {
	for _, h := range ctHelpers {
		if h.port == port {
			return w.str(h.name)
		}
	}
	return w.uint(uint64(port))
}

// natFlags are the flags of nat behind its kind, in the order of printing.
var natFlags = [...]struct {
	name string
	bit  uint16
}{
	{"persistent", openflow.NATPersistent},
	{"hash", openflow.NATHash},
	{"random", openflow.NATRandom},
}

const natKinds = openflow.NATSrc | openflow.NATDst

func readNAT(p *parser, a *pair) (openflow.Action, error) {
	var nat openflow.NAT
	var b pair
	s := p.scan(a.value)
	for s.next(&b) {
		if err := p.natOption(&nat, &b); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	switch {
	case nat.Flags&^natKinds != 0 && nat.Flags&natKinds == 0:
		return nil, p.fail(a.value, "nat: flags go with src or dst only")
	case nat.Flags&openflow.NATHash != 0 && nat.Flags&openflow.NATRandom != 0:
		return nil, p.fail(a.value, "nat: hash and random exclude each other")
	}
	return nat, nil
}

func (p *parser) natOption(nat *openflow.NAT, b *pair) error {
	for _, f := range natFlags {
		if f.name == b.key.text {
			nat.Flags |= f.bit
			return nil
		}
	}
	switch b.key.text {
	case "src":
		nat.Flags |= openflow.NATSrc
	case "dst":
		nat.Flags |= openflow.NATDst
	default:
		return p.unknownKey(b.key, "nat", "src", "dst", "persistent", "hash", "random")
	}
	if nat.Flags&natKinds == natKinds {
		return p.fail(b.key, "nat: src and dst exclude each other")
	}
	if b.value.text == "" {
		return nil
	}
	return p.natRange(nat, b.value)
}

// natRange reads "addr[-addr][:port[-port]]", IPv6 addresses in brackets where
// ports follow.
func (p *parser) natRange(nat *openflow.NAT, v span) error {
	low, rest, err := p.natAddr(v)
	if err != nil {
		return err
	}
	high := low
	if strings.HasPrefix(rest.text, "-") {
		at := rest.from(1)
		if high, rest, err = p.natAddr(at); err != nil {
			return err
		}
		if high.Is4() != low.Is4() || high.Less(low) {
			return p.fail(at, "nat: the range ends before it begins")
		}
	}
	if low.IsUnspecified() && rest.text == "" && high == low {
		return nil // ovs-actions(7): only what collides is translated, as without an address
	}
	if low.IsUnspecified() {
		return p.fail(v, "nat: %s is no address to translate to", low)
	}
	setNATAddrs(nat, low, high)
	if !strings.HasPrefix(rest.text, ":") {
		if rest.text != "" {
			return p.fail(rest, "nat: %q follows an address", rest.text)
		}
		return nil
	}
	first, last, ranged := rest.from(1).cut("-")
	if nat.PortMin, err = p.natPort(first); err != nil {
		return err
	}
	nat.Range |= openflow.NATRangeProtoMin
	if !ranged {
		return nil
	}
	if nat.PortMax, err = p.natPort(last); err != nil {
		return err
	}
	if nat.PortMax < nat.PortMin {
		return p.fail(last, "nat: the range ends before it begins")
	}
	if nat.PortMax == nat.PortMin {
		nat.PortMax = 0
		return nil
	}
	nat.Range |= openflow.NATRangeProtoMax
	return nil
}

func (p *parser) natPort(v span) (uint16, error) {
	n, err := p.uint16("nat: port", v)
	if err == nil && n == 0 {
		err = p.fail(v, "nat: 0 is no port to translate to")
	}
	return n, err
}

// natAddr reads the address that v begins with, and is what follows.
func (p *parser) natAddr(v span) (netip.Addr, span, error) {
	addr, rest := v, span{}
	if strings.HasPrefix(v.text, "[") {
		end := strings.IndexByte(v.text, ']')
		if end < 0 {
			return netip.Addr{}, v, p.fail(v, "nat: a bracket is not closed")
		}
		addr, rest = v.slice(1, end), v.from(end+1)
	} else {
		end := strings.IndexByte(v.text, '-')
		if end < 0 {
			end = len(v.text)
		}
		if colon := strings.IndexByte(v.text[:end], ':'); colon >= 0 && strings.Contains(v.text[:colon], ".") {
			end = colon
		}
		addr, rest = v.slice(0, end), v.from(end)
	}
	a, err := netip.ParseAddr(addr.text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, v, p.fail(addr, "nat: %q is no address", addr.text)
	}
	return a, rest, nil
}

func writeNAT(w *printer, a openflow.NAT) {
	w.str("nat")
	if a.Flags&natKinds == 0 {
		return
	}
	w.byte('(')
	if a.Flags&openflow.NATSrc != 0 {
		w.str("src")
	} else {
		w.str("dst")
	}
	if a.Range&(openflow.NATRangeIPv4Min|openflow.NATRangeIPv6Min) != 0 {
		w.byte('=').natRange(&a)
		for _, f := range natFlags {
			if a.Flags&f.bit != 0 {
				w.byte(',').str(f.name)
			}
		}
	}
	w.byte(')')
}

func (w *printer) natRange(a *openflow.NAT) {
	low, high := natAddrs(a)
	brackets := low.Is6() && a.Range&openflow.NATRangeProtoMin != 0
	w.natAddr(low, brackets)
	if high.IsValid() && high != low {
		w.byte('-').natAddr(high, brackets)
	}
	if a.Range&openflow.NATRangeProtoMin == 0 {
		return
	}
	w.byte(':').uint(uint64(a.PortMin))
	if a.Range&openflow.NATRangeProtoMax != 0 && a.PortMax != a.PortMin {
		w.byte('-').uint(uint64(a.PortMax))
	}
}

func (w *printer) natAddr(a netip.Addr, brackets bool) {
	if brackets {
		w.byte('[')
	}
	w.addr(a)
	if brackets {
		w.byte(']')
	}
}

// addr writes an address as package flow writes those of fields.
func (w *printer) addr(a netip.Addr) {
	id := flow.FieldIPSrc
	if a.Is6() {
		id = flow.FieldIPv6Src
	}
	f := flow.FieldByID(id)
	w.dst = f.AppendValue(w.dst, flow.ValueOf(a.AsSlice()), f.Full(), nil)
}

// natAddrs are a range's addresses; the second is not valid where there is one.
func natAddrs(a *openflow.NAT) (low, high netip.Addr) {
	if a.Range&openflow.NATRangeIPv4Min != 0 {
		low = addr4(a.IPv4Min)
		if a.Range&openflow.NATRangeIPv4Max != 0 {
			high = addr4(a.IPv4Max)
		}
		return low, high
	}
	low = netip.AddrFrom16(a.IPv6Min)
	if a.Range&openflow.NATRangeIPv6Max != 0 {
		high = netip.AddrFrom16(a.IPv6Max)
	}
	return low, high
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// setNATAddrs gives the action its addresses.
func setNATAddrs(nat *openflow.NAT, low, high netip.Addr) {
	if low.Is4() {
		nat.Range |= openflow.NATRangeIPv4Min
		nat.IPv4Min = uint32(flow.ValueOf(low.AsSlice()).Lo)
		if high != low {
			nat.Range |= openflow.NATRangeIPv4Max
			nat.IPv4Max = uint32(flow.ValueOf(high.AsSlice()).Lo)
		}
		return
	}
	nat.Range |= openflow.NATRangeIPv6Min
	nat.IPv6Min = low.As16()
	if high != low {
		nat.Range |= openflow.NATRangeIPv6Max
		nat.IPv6Max = high.As16()
	}
}
