package flow

import "unsafe"

// MAC is an Ethernet address.
type MAC [6]byte

// IPv6 is an IPv6 address.
type IPv6 [16]byte

// Present bits: which optional segments of a Key are valid.
const (
	PresentConn   = 1 << iota // Key.Conn
	PresentTunnel             // Key.Tunnel
)

// FragAny and FragLater are the bits of Key.IPFrag (nw_frag).
const (
	FragAny   = 1 // a fragment, first or later
	FragLater = 2 // a fragment with an offset: it has no transport header
)

// VLANPresent is the bit of a VLAN TCI that says that there is a tag
// (OFPVID_PRESENT; the place of the frame's own CFI bit, which is not kept).
const VLANPresent = 0x1000

// EthTypeNone stands in Key.EthType for a frame without an Ethernet type
// (802.3 with a length and no SNAP header; 0x05ff as OpenFlow 1.0 has it).
const EthTypeNone = 0x05ff

// VLANTag is one tag as the key keeps it: both zero without a tag.
type VLANTag struct {
	TPID uint16
	TCI  uint16 // VLANPresent is set iff there is a tag
}

// Key is the datapath's view of a packet. Base is compared always, the segments
// only where Present says so.
type Key struct {
	Base
	Conn
	Tunnel
}

// Base is the part of the key that every packet has: metadata, then L2 to L4 in
// wire order.
type Base struct {
	_ [0]uint64 // aligned, for Words

	// Metadata.
	InPort     uint32 // datapath port
	RecircID   uint32
	DPHash     uint32
	PktMark    uint32
	PacketType uint32 // namespace<<16 | type; 0 is Ethernet
	Present    uint16 // PresentConn, PresentTunnel
	_          uint16

	// L2. VLAN[0] is the outermost tag.
	EthDst, EthSrc MAC
	VLAN           [2]VLANTag
	EthType        uint16 // of the payload behind the tags
	_              uint16

	// L2.5. MPLS[0] is the outermost label stack entry.
	MPLS [3]uint32
	PBB  uint32 // bits 0-23 I-SID, bit 24 UCA; valid iff EthType is 0x88e7

	// L3. IPSrc and IPDst are also ARP's and RARP's protocol addresses.
	IPSrc, IPDst     uint32
	IPv6Src, IPv6Dst IPv6
	IPv6Label        uint32
	IPProto          uint8
	IPTOS            uint8 // DSCP and ECN
	IPTTL            uint8
	IPFrag           uint8 // FragAny, FragLater

	// L4. For ICMP and ICMPv6, TPSrc is the type and TPDst the code.
	IPv6ExtHdr   uint16 // OFPIEH_* bits
	TCPFlags     uint16
	TPSrc, TPDst uint16

	// ARP, and the link-layer addresses of neighbour discovery (SLL in ARPSHA,
	// TLL in ARPTHA).
	ARPSHA, ARPTHA MAC
	ARPOp          uint16
	NDOptType      uint8
	_              uint8
	NDTarget       IPv6
	NDReserved     uint32
	IGMPGroup      uint32 // group address of an IGMP message

	// NSH.
	NSHFlags, NSHMDType, NSHNP, NSHSI uint8
	NSHTTL                            uint8
	_                                 [3]uint8
	NSHSPI                            uint32 // 24 bits
	NSHC                              [4]uint32
	_                                 uint32
}

// Conn is the connection tracking segment. Valid iff Present has PresentConn.
type Conn struct {
	CTState              uint32
	CTZone               uint16
	CTProto              uint8
	_                    uint8
	CTMark               uint32
	CTTPSrc, CTTPDst     uint16
	CTLabel              [16]byte
	CTIPSrc, CTIPDst     uint32
	CTIPv6Src, CTIPv6Dst IPv6
}

// Tunnel is the outer header's segment. Valid iff Present has PresentTunnel.
type Tunnel struct {
	TunID              uint64
	TunSrc, TunDst     uint32
	TunIPv6Src         IPv6
	TunIPv6Dst         IPv6
	TunFlags           uint16
	TunTTL, TunTOS     uint8
	TunGBPID           uint16
	TunGBPFlags        uint8
	TunGTPUFlags       uint8
	TunGTPUMsgType     uint8
	TunERSPANVer       uint8
	TunERSPANDir       uint8
	TunERSPANHWID      uint8
	TunERSPANIdx       uint32
	TunMetadataPresent uint64    // bit i: tun_metadata<i> is there
	TunMetadata        [256]byte // laid out by the TLV table
}

// Pipeline is a packet as the OpenFlow pipeline sees it while it is translated.
type Pipeline struct {
	Key

	Regs         [32]uint32
	Metadata     uint64
	OFPort       uint32 // in_port: writable, hence apart from Key.InPort
	ActsetOutput uint32
	ConjID       uint32
	Priority     uint32 // skb_priority: queue chosen by set_queue, plus 1
}

// Sizes in words.
const (
	BaseWords     = int(unsafe.Sizeof(Base{})) / 8
	ConnWords     = int(unsafe.Sizeof(Conn{})) / 8
	TunnelWords   = int(unsafe.Sizeof(Tunnel{})) / 8
	KeyWords      = int(unsafe.Sizeof(Key{})) / 8
	PipelineWords = int(unsafe.Sizeof(Pipeline{})) / 8
)

// The base must stay within 192 bytes, every part must fill whole words, and a
// word number must fit the 128 bits of a WordSet.
var (
	_ [192 - unsafe.Sizeof(Base{})]byte
	_ [0]byte = [unsafe.Sizeof(Base{}) % 8]byte{}
	_ [0]byte = [unsafe.Sizeof(Conn{}) % 8]byte{}
	_ [0]byte = [unsafe.Sizeof(Tunnel{}) % 8]byte{}
	_ [0]byte = [unsafe.Sizeof(Pipeline{}) % 8]byte{}
	_ [128 - PipelineWords]byte
)

// Words views the base as 64-bit words.
func (b *Base) Words() *[BaseWords]uint64 { return (*[BaseWords]uint64)(unsafe.Pointer(b)) }

// Words views the whole key as 64-bit words, absent segments included.
func (k *Key) Words() *[KeyWords]uint64 { return (*[KeyWords]uint64)(unsafe.Pointer(k)) }

// Words views the pipeline's fields as 64-bit words.
func (p *Pipeline) Words() *[PipelineWords]uint64 {
	return (*[PipelineWords]uint64)(unsafe.Pointer(p))
}

// Load makes p start from a received packet's key: absent segments read as
// zero, registers and metadata are zero.
func (p *Pipeline) Load(k *Key) {
	*p = Pipeline{}
	p.Base = k.Base
	if k.Present&PresentConn != 0 {
		p.Conn = k.Conn
	}
	if k.Present&PresentTunnel != 0 {
		p.Tunnel = k.Tunnel
	}
}
