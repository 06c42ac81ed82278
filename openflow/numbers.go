package openflow

// Ethernet types on which the meaning of a match or action depends.
const (
	ethTypeIPv4    = 0x0800
	ethTypeARP     = 0x0806
	ethTypeRARP    = 0x8035
	ethTypeVLAN    = 0x8100
	ethTypeSVLAN   = 0x88a8
	ethTypeIPv6    = 0x86dd
	ethTypeMPLS    = 0x8847
	ethTypeMPLSMul = 0x8848
	ethTypePBB     = 0x88e7
	ethTypeNSH     = 0x894f
)

// IP protocols on which the meaning of a match or action depends.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132
)
