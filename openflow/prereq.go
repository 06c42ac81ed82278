package openflow

import "vswitch/flow"

// classSet is a set of prerequisite classes: bit p is flow.Prereq p.
type classSet uint32

func (s classSet) has(p flow.Prereq) bool { return s>>p&1 != 0 }

// classes are the prerequisite classes that a match fulfils. It says what
// flow.Match.CheckPrereqs says, for all classes at once and without making
// errors; a test compares the two.
func (m *Match) classes() classSet {
	set := classSet(1 << flow.PrereqNone)
	v, k := &m.Value, &m.Mask
	if v.PacketType&k.PacketType == 0 {
		set |= 1 << flow.PrereqEthernet
	}
	if v.VLAN[0].TCI&k.VLAN[0].TCI&flow.VLANPresent != 0 {
		set |= 1 << flow.PrereqVLAN
	}
	tracked := m.tracked()
	if tracked {
		set |= 1 << flow.PrereqCT
	}
	switch m.ethType() {
	case flow.EthTypeIPv4:
		set |= 1<<flow.PrereqIPv4 | 1<<flow.PrereqIP | m.ipClasses(flow.ProtoICMP, 1<<flow.PrereqICMPv4)
		if tracked {
			set |= 1 << flow.PrereqCTIPv4
		}
	case flow.EthTypeIPv6:
		set |= 1<<flow.PrereqIPv6 | 1<<flow.PrereqIP | m.ipClasses(flow.ProtoICMPv6, m.icmp6Classes())
		if tracked {
			set |= 1 << flow.PrereqCTIPv6
		}
	case flow.EthTypeARP, flow.EthTypeRARP:
		return set | 1<<flow.PrereqARP
	case flow.EthTypeMPLS, flow.EthTypeMPLSMul:
		return set | 1<<flow.PrereqMPLS
	case flow.EthTypeNSH:
		return set | 1<<flow.PrereqNSH
	case flow.EthTypePBB:
		return set | 1<<flow.PrereqPBB
	default:
		return set
	}
	if tracked && v.CTProto&k.CTProto != 0 {
		set |= 1 << flow.PrereqCTPorts
	}
	return set
}

// ethType is the Ethernet type that the match fixes, 0 where it fixes none.
func (m *Match) ethType() uint16 {
	if m.Mask.EthType == 0 && m.Mask.PacketType == ^uint32(0) && m.Value.PacketType>>16 == 1 {
		return uint16(m.Value.PacketType)
	}
	return m.Value.EthType & m.Mask.EthType
}

// tracked reports whether the match fixes that the packet is one of a valid
// connection.
func (m *Match) tracked() bool {
	const valid = flow.CTNew | flow.CTEstablished | flow.CTRelated | flow.CTReply | flow.CTSNAT | flow.CTDNAT
	const either = flow.CTTracked | flow.CTInvalid
	state := m.Value.CTState & m.Mask.CTState
	return state&valid != 0 || m.Mask.CTState&either == either && state&either == flow.CTTracked
}

// ipClasses are the classes that the IP protocol brings: icmp for that of ICMP,
// and those of transport protocols for packets that are no later fragments.
func (m *Match) ipClasses(icmpProto uint8, icmp classSet) classSet {
	if m.Mask.IPProto != 0xff {
		return 0
	}
	first := m.Value.IPFrag&m.Mask.IPFrag&flow.FragLater == 0
	switch proto := m.Value.IPProto; {
	case proto == icmpProto:
		return icmp
	case !first:
		return 0
	case proto == flow.ProtoTCP:
		return 1 << flow.PrereqTCP
	case proto == flow.ProtoUDP:
		return 1 << flow.PrereqUDP
	case proto == flow.ProtoSCTP:
		return 1 << flow.PrereqSCTP
	}
	return 0
}

// Neighbour discovery messages.
const (
	ndSolicit = 135
	ndAdvert  = 136
)

// icmp6Classes are ICMPv6 and the neighbour discovery that type and code fix.
func (m *Match) icmp6Classes() classSet {
	set := classSet(1 << flow.PrereqICMPv6)
	if m.Mask.TPSrc&0xff != 0xff || m.Value.TPDst&m.Mask.TPDst&0xff != 0 {
		return set
	}
	switch m.Value.TPSrc & 0xff {
	case ndSolicit:
		set |= 1<<flow.PrereqND | 1<<flow.PrereqNDSolicit
	case ndAdvert:
		set |= 1<<flow.PrereqND | 1<<flow.PrereqNDAdvert
	}
	return set
}
