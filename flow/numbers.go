package flow

import "vswitch/packet"

// Numbers that matches and actions name, for packages that know fields and not
// bytes (IEEE 802 and IANA registries).
const (
	EthTypeIPv4    = packet.EthTypeIPv4
	EthTypeARP     = packet.EthTypeARP
	EthTypeRARP    = packet.EthTypeRARP
	EthTypeVLAN    = packet.EthTypeVLAN
	EthTypeIPv6    = packet.EthTypeIPv6
	EthTypeMPLS    = packet.EthTypeMPLS
	EthTypeMPLSMul = packet.EthTypeMPLSMulticast
	EthTypeSVLAN   = packet.EthTypeSVLAN
	EthTypePBB     = packet.EthTypePBB
	EthTypeNSH     = packet.EthTypeNSH

	ProtoICMP   = packet.ProtoICMP
	ProtoTCP    = packet.ProtoTCP
	ProtoUDP    = packet.ProtoUDP
	ProtoICMPv6 = packet.ProtoICMPv6
	ProtoSCTP   = packet.ProtoSCTP
)
