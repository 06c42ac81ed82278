package packet

// EtherTypes (IEEE 802 numbers registry).
const (
	EthTypeIPv4          = 0x0800
	EthTypeARP           = 0x0806
	EthTypeTEB           = 0x6558 // transparent Ethernet bridging
	EthTypeRARP          = 0x8035
	EthTypeVLAN          = 0x8100 // 802.1Q customer tag
	EthTypeIPv6          = 0x86dd
	EthTypeMPLS          = 0x8847
	EthTypeMPLSMulticast = 0x8848
	EthTypeSVLAN         = 0x88a8 // 802.1ad service tag
	EthTypePBB           = 0x88e7 // 802.1ah I-TAG
	EthTypeLLDP          = 0x88cc
	EthTypeNSH           = 0x894f

	// EthTypeMin is the least EtherType: a smaller number is an 802.3 length.
	EthTypeMin = 0x0600
)

// IP protocol and IPv6 next-header numbers (IANA).
const (
	ProtoHopByHop    = 0
	ProtoICMP        = 1
	ProtoIGMP        = 2
	ProtoIPv4        = 4
	ProtoTCP         = 6
	ProtoUDP         = 17
	ProtoDCCP        = 33
	ProtoIPv6        = 41
	ProtoRouting     = 43
	ProtoFragment    = 44
	ProtoGRE         = 47
	ProtoESP         = 50
	ProtoAH          = 51
	ProtoICMPv6      = 58
	ProtoNoNext      = 59
	ProtoDestOptions = 60
	ProtoSCTP        = 132
	ProtoMobility    = 135
	ProtoUDPLite     = 136
	ProtoHIP         = 139
	ProtoShim6       = 140
)

// TCP flag bits, as Flags of a TCP header has them.
const (
	TCPFin = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
	TCPEce
	TCPCwr
	TCPNs
)

// ICMP types.
const (
	ICMPEchoReply      = 0
	ICMPDestUnreach    = 3
	ICMPRedirect       = 5
	ICMPEchoRequest    = 8
	ICMPTimeExceeded   = 11
	ICMPParamProblem   = 12
	ICMPTimestamp      = 13
	ICMPTimestampReply = 14
)

// ICMPv6 types, those of neighbour discovery (RFC 4861) and multicast listener
// discovery (RFC 2710, RFC 3810) among them.
const (
	ICMPv6DestUnreach     = 1
	ICMPv6PacketTooBig    = 2
	ICMPv6TimeExceeded    = 3
	ICMPv6ParamProblem    = 4
	ICMPv6EchoRequest     = 128
	ICMPv6EchoReply       = 129
	ICMPv6MLDQuery        = 130
	ICMPv6MLDReport       = 131
	ICMPv6MLDDone         = 132
	ICMPv6RouterSolicit   = 133
	ICMPv6RouterAdvert    = 134
	ICMPv6NeighborSolicit = 135
	ICMPv6NeighborAdvert  = 136
	ICMPv6NeighborRedir   = 137
	ICMPv6MLDv2Report     = 143
)

// Neighbour discovery option types that carry a link-layer address (RFC 4861
// §4.6.1).
const (
	NDOptSourceLinkAddr = 1
	NDOptTargetLinkAddr = 2
)

// IGMP message types (RFC 2236, RFC 3376).
const (
	IGMPQuery    = 0x11
	IGMPv1Report = 0x12
	IGMPv2Report = 0x16
	IGMPv2Leave  = 0x17
	IGMPv3Report = 0x22
)

// ARP operations.
const (
	ARPRequest = 1
	ARPReply   = 2
)

// NSH metadata types and next protocols (RFC 8300 §2.2).
const (
	NSHMD1          = 1
	NSHMD2          = 2
	NSHNextIPv4     = 1
	NSHNextIPv6     = 2
	NSHNextEthernet = 3
	NSHNextNSH      = 4
	NSHNextMPLS     = 5
)

// IsVLAN says whether ethType announces a VLAN tag that the switch handles:
// 802.1Q or 802.1ad.
func IsVLAN(ethType uint16) bool { return ethType == EthTypeVLAN || ethType == EthTypeSVLAN }

// IsMPLS says whether ethType announces an MPLS label stack.
func IsMPLS(ethType uint16) bool { return ethType == EthTypeMPLS || ethType == EthTypeMPLSMulticast }
