package flow

import (
	"fmt"
	"slices"
	"strings"

	"vswitch/packet"
)

// Bits of ct_state.
const (
	CTNew = 1 << iota
	CTEstablished
	CTRelated
	CTReply
	CTInvalid
	CTTracked
	CTSNAT
	CTDNAT
)

// ctImpliesValid are the bits that only a packet of a valid connection has,
// ctImpliesTracked those that only a tracked packet can have.
const (
	ctImpliesValid   = CTNew | CTEstablished | CTRelated | CTReply | CTSNAT | CTDNAT
	ctImpliesTracked = ctImpliesValid | CTTracked
)

// condition is one thing that a prerequisite class asks for: that a field has
// one of some values.
type condition struct {
	field  FieldID
	values []uint64           // one of them; nil: what accept says
	mask   uint64             // of the bits that count; 0: all
	accept func(v Value) bool // valid iff values is nil
	// matched says what a match must say, where that is more than accept; or nil.
	matched func(value, mask Value) bool
	text    string // what to add to a match; "": field=values[0]

	// unlessFixed: a match may leave the field open, because only another
	// value, which it would have to name, is in the way.
	unlessFixed bool
	// packetOnly: not asked of a match at all.
	packetOnly bool
}

func oneOf(id FieldID, values ...uint64) condition { return condition{field: id, values: values} }

// conditions lists what each class asks for (ENUM of ovs-fields(7), OpenFlow
// 1.3.5 §7.2.3.8). A later fragment has no transport header; a match on ICMP
// need not say so, as one on TCP, UDP and SCTP must not say otherwise.
//
//size:table
func conditions() [PrereqCTPorts + 1][]condition {
	ip := oneOf(FieldEthType, packet.EthTypeIPv4, packet.EthTypeIPv6)
	ipv4, ipv6 := oneOf(FieldEthType, packet.EthTypeIPv4), oneOf(FieldEthType, packet.EthTypeIPv6)
	first := condition{field: FieldIPFrag, values: []uint64{0}, mask: FragLater, text: "ip_frag=not_later", unlessFixed: true}
	firstPacket := first
	firstPacket.packetOnly = true
	icmp6 := []condition{ipv6, oneOf(FieldIPProto, packet.ProtoICMPv6), firstPacket}
	code := condition{field: FieldICMPv6Code, values: []uint64{0}, unlessFixed: true}
	tracked := condition{field: FieldCTState, text: "ct_state=+trk-inv", mask: ctImpliesTracked | CTInvalid,
		accept: func(v Value) bool { return v.Lo&ctImpliesTracked != 0 && v.Lo&CTInvalid == 0 },
		matched: func(v, mask Value) bool {
			return v.Lo&ctImpliesValid != 0 || v.Lo&CTTracked != 0 && mask.Lo&CTInvalid != 0 && v.Lo&CTInvalid == 0
		}}
	ctProto := condition{field: FieldCTNWProto, text: "ct_nw_proto=6",
		accept: func(v Value) bool { return !v.IsZero() }}
	return [...][]condition{
		PrereqEthernet:  {{field: FieldPacketType, values: []uint64{0}, unlessFixed: true, text: "packet_type=(0,0)"}},
		PrereqVLAN:      {{field: FieldVLANTCI, values: []uint64{VLANPresent}, mask: VLANPresent, text: "vlan_tci=0x1000/0x1000"}},
		PrereqARP:       {oneOf(FieldEthType, packet.EthTypeARP, packet.EthTypeRARP)},
		PrereqIPv4:      {ipv4},
		PrereqIPv6:      {ipv6},
		PrereqIP:        {ip},
		PrereqMPLS:      {oneOf(FieldEthType, packet.EthTypeMPLS, packet.EthTypeMPLSMulticast)},
		PrereqTCP:       {ip, oneOf(FieldIPProto, packet.ProtoTCP), first},
		PrereqUDP:       {ip, oneOf(FieldIPProto, packet.ProtoUDP), first},
		PrereqSCTP:      {ip, oneOf(FieldIPProto, packet.ProtoSCTP), first},
		PrereqICMPv4:    {ipv4, oneOf(FieldIPProto, packet.ProtoICMP), firstPacket},
		PrereqICMPv6:    icmp6,
		PrereqND:        append(slices.Clip(icmp6), oneOf(FieldICMPv6Type, packet.ICMPv6NeighborSolicit, packet.ICMPv6NeighborAdvert), code),
		PrereqNDSolicit: append(slices.Clip(icmp6), oneOf(FieldICMPv6Type, packet.ICMPv6NeighborSolicit), code),
		PrereqNDAdvert:  append(slices.Clip(icmp6), oneOf(FieldICMPv6Type, packet.ICMPv6NeighborAdvert), code),
		PrereqNSH:       {oneOf(FieldEthType, packet.EthTypeNSH)},
		PrereqPBB:       {oneOf(FieldEthType, packet.EthTypePBB)},
		PrereqCT:        {tracked},
		PrereqCTIPv4:    {ipv4, tracked},
		PrereqCTIPv6:    {ipv6, tracked},
		PrereqCTPorts:   {ip, tracked, ctProto},
	}
}

// prereqConditions and prereqKeywords are read-only after start. The keywords
// are what ovs-ofctl's syntax would write for a class, over IPv4 where both
// versions of IP will do, and over IPv6.
var (
	prereqConditions = conditions()
	prereqKeywords   = [...][2]string{
		PrereqARP: {"arp", "arp"}, PrereqIPv4: {"ip", "ip"}, PrereqIPv6: {"ipv6", "ipv6"}, PrereqIP: {"ip", "ipv6"},
		PrereqMPLS: {"mpls", "mpls"}, PrereqTCP: {"tcp", "tcp6"}, PrereqUDP: {"udp", "udp6"}, PrereqSCTP: {"sctp", "sctp6"},
		PrereqICMPv4: {"icmp", "icmp"}, PrereqICMPv6: {"icmp6", "icmp6"},
		PrereqND:        {"icmp6,icmp_type=135", "icmp6,icmp_type=135"},
		PrereqNDSolicit: {"icmp6,icmp_type=135", "icmp6,icmp_type=135"},
		PrereqNDAdvert:  {"icmp6,icmp_type=136", "icmp6,icmp_type=136"},
		PrereqCTPorts:   {""},
	}
)

// PrereqError is a match on a field without what the field needs.
type PrereqError struct {
	Field *Field
	// Keyword is what to put before the field in ovs-ofctl's syntax: "tcp",
	// "icmp6,icmp_type=136", "vlan_tci=0x1000/0x1000".
	Keyword string
	// Terms are the fields that are missing, "eth_type=0x0800" for one.
	Terms []string
}

func (e *PrereqError) Error() string {
	terms := strings.Join(e.Terms, ",")
	if e.Keyword == terms {
		return fmt.Sprintf("%s: missing prerequisite %s", e.Field.Name, terms)
	}
	return fmt.Sprintf("%s: missing prerequisite %s (%s)", e.Field.Name, e.Keyword, terms)
}

// CheckPrereqs checks that the match fixes what the field needs to mean
// anything. The error is a *PrereqError.
func (m *Match) CheckPrereqs(id FieldID) error {
	f := FieldByID(id)
	var missing []string
	if m.prereqsHold(f) {
		return nil
	}
	for i := range prereqConditions[f.Prereq] {
		if c := &prereqConditions[f.Prereq][i]; !c.holdsIn(m) {
			missing = append(missing, c.String())
		}
	}
	e := &PrereqError{Field: f, Terms: missing}
	if int(f.Prereq) < len(prereqKeywords) {
		version := 0
		if m.ethType() == packet.EthTypeIPv6 {
			version = 1
		}
		e.Keyword = prereqKeywords[f.Prereq][version]
	}
	if e.Keyword == "" || missing[0] == "ip_frag=not_later" {
		e.Keyword = strings.Join(missing, ",")
	}
	return e
}

// prereqsHold reports whether the match fixes what f needs.
func (m *Match) prereqsHold(f *Field) bool {
	for i := range prereqConditions[f.Prereq] {
		if !prereqConditions[f.Prereq][i].holdsIn(m) {
			return false
		}
	}
	return true
}

// ethType is the Ethernet type that the match fixes, 0 where it fixes none. A
// packet type of the Ethernet types' namespace fixes it too.
func (m *Match) ethType() uint16 {
	if m.Mask.EthType == 0 && m.Mask.PacketType == ^uint32(0) && m.Value.PacketType>>16 == 1 {
		return uint16(m.Value.PacketType)
	}
	return m.Value.EthType & m.Mask.EthType
}

// holdsIn reports whether all packets of m fulfil the condition, as far as a
// match must say so.
func (c *condition) holdsIn(m *Match) bool {
	if c.packetOnly {
		return true
	}
	if c.field == FieldEthType {
		return slices.Contains(c.values, uint64(m.ethType()))
	}
	f := FieldByID(c.field)
	value, mask, _ := m.Field(f)
	if c.matched != nil {
		return c.matched(value, mask)
	}
	if c.accept == nil && !c.unlessFixed && mask.And(c.bits(f)) != c.bits(f) {
		return false
	}
	return c.accepts(value.And(mask).And(c.bits(f)))
}

// holdsFor reports whether p fulfils the condition, and adds to m the bits that
// the answer depends on, but for those that known has.
func (c *condition) holdsFor(p *Pipeline, m, known *Mask) bool {
	f := FieldByID(c.field)
	if m != nil {
		bits := c.bits(f)
		if known != nil {
			bits = bits.AndNot(f.Load((*Pipeline)(known)))
		}
		f.Unwildcard(m, bits)
	}
	return c.accepts(f.Load(p).And(c.bits(f)))
}

func (c *condition) accepts(v Value) bool {
	if c.values == nil {
		return c.accept(v)
	}
	return v.Hi == 0 && slices.Contains(c.values, v.Lo)
}

// bits are the bits of f that the condition looks at.
func (c *condition) bits(f *Field) Value {
	if c.mask == 0 {
		return f.full
	}
	return U64(c.mask)
}

// String is the condition as a term of a match.
func (c *condition) String() string {
	if c.text != "" {
		return c.text
	}
	f := FieldByID(c.field)
	return string(f.AppendMatch([]byte(f.Name+"="), U64(c.values[0]), f.full, nil))
}

// Exists reports whether packet p has the field, and adds to m, where that is
// not nil, the bits that the answer depends on.
func (f *Field) Exists(p *Pipeline, m *Mask) bool { return f.ExistsBeyond(p, m, nil) }

// ExistsBeyond is Exists, but adds to m none of the bits that known has: they are
// not the packet's own.
func (f *Field) ExistsBeyond(p *Pipeline, m, known *Mask) bool {
	for i := range prereqConditions[f.Prereq] {
		if !prereqConditions[f.Prereq][i].holdsFor(p, m, known) {
			return false
		}
	}
	return true
}

// ValueFault says why a field cannot be matched against, or set to, a value.
type ValueFault uint8

// Reasons to refuse a value.
const (
	FaultTooWide     ValueFault = iota + 1 // bits that the field does not have (OFPBMC_BAD_VALUE)
	FaultOutsideMask                       // value bits where the mask has none (OFPBMC_BAD_WILDCARDS)
	FaultMaskRefused                       // part of a field that is not maskable (OFPBMC_BAD_MASK)
)

// ValueError is a value or mask that a field cannot have.
type ValueError struct {
	Field       *Field
	Fault       ValueFault
	Value, Mask Value
}

func (e *ValueError) Error() string {
	show := func(v Value) string { return string(appendHex(nil, v, 0)) }
	switch e.Fault {
	case FaultTooWide:
		return e.Field.Name + ": value " + show(e.Value) + "/" + show(e.Mask) + " has bits outside " + show(e.Field.full)
	case FaultOutsideMask:
		return e.Field.Name + ": value " + show(e.Value) + " has bits outside its mask " + show(e.Mask)
	default:
		return e.Field.Name + ": mask " + show(e.Mask) + ": this field is matched in full or not at all"
	}
}

// Check says whether a match on the field may ask for value/mask. The error is
// a *ValueError. A mask bit beyond the field counts only where it is not part
// of a run of ones that covers the whole field, because controllers write an
// exact match as all ones of the field's bytes.
func (f *Field) Check(value, mask Value) error {
	fault := ValueFault(0)
	switch {
	case f.ID == FieldDLVLAN && value == U64(NoVLAN):
	case !value.AndNot(f.full).IsZero():
		fault = FaultTooWide
	case mask == Ones(8*f.Bytes):
	case !mask.AndNot(f.full).IsZero():
		fault = FaultTooWide
	case !value.AndNot(mask).IsZero():
		fault = FaultOutsideMask
	case !f.Maskable && !mask.IsZero() && mask != f.full:
		fault = FaultMaskRefused
	}
	if fault == 0 {
		return nil
	}
	return &ValueError{Field: f, Fault: fault, Value: value, Mask: mask}
}
