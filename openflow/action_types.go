package openflow

import "vswitch/flow"

// Output sends the packet to a port.
type Output struct {
	Port   PortNo
	MaxLen uint16 // PortController: bytes of the packet to send; 0xffff: all
}

// OutputReg sends the packet to the port that Src names. Wide: written as
// NXAST_OUTPUT_REG2 also where Src does not need it.
type OutputReg struct {
	Src    Subfield
	MaxLen uint16
	Wide   bool
}

// OutputTrunc sends the packet, cut to MaxLen bytes, to a port.
type OutputTrunc struct {
	Port   PortNo
	MaxLen uint32
}

// Controller sends the packet to the controllers with an id, in ways that Output
// cannot say.
type Controller struct {
	MaxLen uint16
	ID     uint16
	Reason PacketInReason
	// Extended: written as NXAST_CONTROLLER2 also where UserData, Pause and Meter
	// do not need it.
	Extended bool
	UserData []byte
	Pause    bool
	Meter    uint32 // 0: the switch's meter for packet-ins
}

// Enqueue sends the packet to a queue of a port.
type Enqueue struct {
	Port  PortNo
	Queue uint32
}

// BundleAlgorithm chooses a member of a Bundle.
type BundleAlgorithm uint16

// Bundle algorithms.
const (
	BundleActiveBackup BundleAlgorithm = 0
	BundleHRW          BundleAlgorithm = 1
)

// Bundle chooses a port among members and sends the packet there, or with Load
// writes its number to Dst.
type Bundle struct {
	Fields    HashFields
	Basis     uint16
	Algorithm BundleAlgorithm
	Members   []PortNo
	Load      bool
	Dst       Subfield // valid iff Load
}

// Group sends the packet through a group.
type Group struct{ ID uint32 }

// PushVLAN pushes a tag.
type PushVLAN struct{ EthType uint16 }

// PopVLAN takes the outer tag away, if any. Strip: as OpenFlow 1.0's strip_vlan,
// which does the same.
type PopVLAN struct{ Strip bool }

// PushMPLS pushes a label stack entry.
type PushMPLS struct{ EthType uint16 }

// PopMPLS takes the outer label stack entry away; what follows has EthType.
type PopMPLS struct{ EthType uint16 }

// PushPBB pushes a backbone service tag (802.1ah).
type PushPBB struct{ EthType uint16 }

// PopPBB takes the backbone header away.
type PopPBB struct{}

// Encap pushes a header: Ethernet, NSH, MPLS.
type Encap struct {
	PacketType uint32 // namespace<<16 | type of the new header
	HeaderSize uint16 // 0: the header's own
	Props      []EncapProp
}

// EncapProp is a property of the new header.
type EncapProp struct {
	Class uint16 // 4: NSH
	Type  uint8
	Data  []byte // of NSH type 1: the metadata type; of type 2: class, type, length, value of a TLV
}

// Decap takes the outer header away. PacketType is what must follow, or 0xfffe
// for whatever it says itself.
type Decap struct{ PacketType uint32 }

// SetForm is the wire form of a SetField where several mean the same.
type SetForm uint8

// Forms of SetField.
const (
	FormSetField SetForm = iota // OFPAT_SET_FIELD; where the version has none or it cannot mask, a load
	FormLoad                    // NXAST_REG_LOAD: "load:"
	FormLoad2                   // NXAST_REG_LOAD2
)

// SetField sets the bits of a field that Mask has: set_field, load.
type SetField struct {
	Field flow.FieldID
	Form  SetForm
	// Value and Mask are the field's number; a value bit outside the mask is
	// zero. Wide fields (tun_metadata) have Wide and WideMask instead.
	Value, Mask    flow.Value
	Wide, WideMask []byte
}

// Move copies bits between fields.
type Move struct {
	Src, Dst Subfield // of the same Bits
	// CopyField: ONF's copy_field of OpenFlow 1.3 and 1.4 rather than Nicira's
	// reg_move. OpenFlow 1.5 has only the former.
	CopyField bool
}

// SetVLANVID sets the outer tag's VLAN id. PushIfAbsent: a packet without a tag
// gets one, as OpenFlow 1.0 has it; later versions leave it alone.
type SetVLANVID struct {
	VID          uint16
	PushIfAbsent bool
}

// SetVLANPCP sets the outer tag's priority; PushIfAbsent as in SetVLANVID.
type SetVLANPCP struct {
	PCP          uint8
	PushIfAbsent bool
}

// SetEthSrc is mod_dl_src.
type SetEthSrc struct{ Addr flow.MAC }

// SetEthDst is mod_dl_dst.
type SetEthDst struct{ Addr flow.MAC }

// SetIPSrc is mod_nw_src.
type SetIPSrc struct{ Addr uint32 }

// SetIPDst is mod_nw_dst.
type SetIPDst struct{ Addr uint32 }

// SetIPDSCP is mod_nw_tos. TOS is the whole byte, with zero ECN bits.
type SetIPDSCP struct{ TOS uint8 }

// SetIPECN is mod_nw_ecn.
type SetIPECN struct{ ECN uint8 }

// SetIPTTL is mod_nw_ttl.
type SetIPTTL struct{ TTL uint8 }

// SetTPSrc is mod_tp_src: of TCP, UDP or SCTP.
type SetTPSrc struct{ Port uint16 }

// SetTPDst is mod_tp_dst: of TCP, UDP or SCTP.
type SetTPDst struct{ Port uint16 }

// DecTTL decrements the IP TTL. A packet whose TTL ends goes to the controllers
// with these ids. CountIDs: written as NXAST_DEC_TTL_CNT_IDS; otherwise the only
// id is 0.
type DecTTL struct {
	CountIDs bool
	IDs      []uint16
}

// CopyTTLOut copies the TTL from the next header to the outer one.
type CopyTTLOut struct{}

// CopyTTLIn copies the TTL from the outer header to the next one.
type CopyTTLIn struct{}

// SetMPLSLabel sets the outer label.
type SetMPLSLabel struct{ Label uint32 }

// SetMPLSTC sets the outer label's traffic class.
type SetMPLSTC struct{ TC uint8 }

// SetMPLSTTL sets the outer label's TTL.
type SetMPLSTTL struct{ TTL uint8 }

// DecMPLSTTL decrements the outer label's TTL.
type DecMPLSTTL struct{}

// DecNSHTTL decrements the NSH TTL.
type DecNSHTTL struct{}

// CheckPktLarger sets a bit to whether the packet is longer than Len bytes.
type CheckPktLarger struct {
	Len uint16
	Dst Subfield
}

// DeleteField takes a tun_metadata field away.
type DeleteField struct{ Field flow.FieldID }

// SetTunnel sets the tunnel id. Wide: set_tunnel64.
type SetTunnel struct {
	ID   uint64
	Wide bool
}

// SetQueue sets the queue of later outputs.
type SetQueue struct{ Queue uint32 }

// PopQueue undoes SetQueue.
type PopQueue struct{}

// Resubmit looks the packet up again as if it had come from InPort.
type Resubmit struct {
	InPort PortNo // PortInPort: where it came from
	Table  uint8  // TableAll: the present table
	CT     bool   // match on the original direction's addresses and ports
	// WithTable: written as NXAST_RESUBMIT_TABLE also where Table does not need it.
	WithTable bool
}

// Clone does actions to a copy.
type Clone struct{ Actions []Action }

// StackPush pushes bits onto the stack.
type StackPush struct{ Src Subfield }

// StackPop pops bits from the stack.
type StackPop struct{ Dst Subfield }

// Exit ends the pipeline.
type Exit struct{}

// MultipathAlgorithm chooses a link.
type MultipathAlgorithm uint16

// Multipath algorithms.
const (
	MultipathModuloN MultipathAlgorithm = iota
	MultipathHashThreshold
	MultipathHRW
	MultipathIterHash
)

// Multipath writes the number of a link, chosen by a hash, to Dst.
type Multipath struct {
	Fields    HashFields
	Basis     uint16
	Algorithm MultipathAlgorithm
	MaxLink   uint16 // number of links, minus 1
	Arg       uint32
	Dst       Subfield
}

// Conjunction says that the flow is clause Clause of Of of conjunction ID.
type Conjunction struct {
	ID     uint32
	Clause uint8 // 0-based; text counts from 1
	Of     uint8
}

// Note does nothing.
type Note struct{ Data []byte }

// SampleDirection says which side of a port a sample is taken for.
type SampleDirection uint8

// Sample directions.
const (
	SampleDefault SampleDirection = iota
	SampleIngress
	SampleEgress
)

// Sample sends a share of packets to IPFIX collectors or sFlow.
type Sample struct {
	Probability    uint16 // of 65535
	CollectorSet   uint32
	ObsDomain      uint32
	ObsPoint       uint32
	ObsDomainField Subfield // its Bits are 0 iff ObsDomain counts
	ObsPointField  Subfield // its Bits are 0 iff ObsPoint counts
	Port           PortNo   // PortAny: none
	Direction      SampleDirection
	// Form is the least wire form to write: 1 to 4 for NXAST_SAMPLE to SAMPLE4.
	Form uint8
}

// FinTimeout lowers the flow's timeouts when a FIN or RST passes.
type FinTimeout struct{ Idle, Hard uint16 }

// CT flags.
const (
	CTCommit = 1 << iota // NX_CT_F_COMMIT
	CTForce              // NX_CT_F_FORCE
)

// CTNoTable is CT.Table where the packet does not come back.
const CTNoTable = 0xff

// CT sends the packet to connection tracking.
type CT struct {
	Flags   uint16
	Zone    uint16   // valid iff ZoneSrc.Bits is 0
	ZoneSrc Subfield // zone from a field
	Table   uint8    // where the packet comes back; CTNoTable
	ALG     uint16   // port of the helper: 21 FTP, 69 TFTP; 0: none
	Actions []Action // NAT, and what is done in the connection's context
}

// NAT flags (NX_NAT_F_*).
const (
	NATSrc = 1 << iota
	NATDst
	NATPersistent
	NATHash
	NATRandom
)

// NAT is the nat part of a CT.
type NAT struct {
	Flags uint16
	// Range: which parts are there, as NX_NAT_RANGE_* bits.
	Range            uint16
	IPv4Min, IPv4Max uint32
	IPv6Min, IPv6Max flow.IPv6
	PortMin, PortMax uint16
}

// Parts of a NAT's range.
const (
	NATRangeIPv4Min = 1 << iota
	NATRangeIPv4Max
	NATRangeIPv6Min
	NATRangeIPv6Max
	NATRangeProtoMin
	NATRangeProtoMax
)

// CTClear forgets what connection tracking said of the packet.
type CTClear struct{}

// LearnDst says what a LearnSpec does.
type LearnDst uint8

// What a LearnSpec does with its source.
const (
	LearnMatch  LearnDst = iota // matches Dst
	LearnLoad                   // an action loads it into Dst
	LearnOutput                 // an action outputs to it
)

// LearnSpec is one match field or action of a learned flow.
type LearnSpec struct {
	Dst      LearnDst
	Bits     uint16
	DstField Subfield // not for LearnOutput; its Bits are Bits
	// From says that the source is SrcField; otherwise it is Value (right-aligned)
	// or, for a wide field, Wide.
	From     bool
	SrcField Subfield
	Value    flow.Value
	Wide     []byte
}

// LearnFlags are a learn action's flags (NX_LEARN_F_*).
type LearnFlags uint16

// Learn flags.
const (
	LearnSendFlowRemoved LearnFlags = 1 << iota
	LearnDeleteLearned
	LearnWriteResult
)

// Learn adds a flow made from the packet.
type Learn struct {
	Table                    uint8
	IdleTimeout, HardTimeout uint16
	Priority                 uint16
	Cookie                   uint64
	Flags                    LearnFlags
	FinIdle, FinHard         uint16
	// Extended: written as NXAST_LEARN2 also where Limit and ResultDst do not
	// need it.
	Extended  bool
	Limit     uint32   // most flows learned with Cookie; 0: any
	ResultDst Subfield // valid iff LearnWriteResult
	Specs     []LearnSpec
}

// DebugRecirc forces recirculation.
type DebugRecirc struct{}

// DebugSlow forces the slow path.
type DebugSlow struct{}

// Meter applies a meter: an instruction in OpenFlow 1.3 and 1.4, an action in
// 1.5.
type Meter struct{ ID uint32 }

// ClearActions empties the action set.
type ClearActions struct{}

// WriteActions merges actions into the action set.
type WriteActions struct{ Actions []Action }

// WriteMetadata sets bits of the metadata field.
type WriteMetadata struct{ Metadata, Mask uint64 }

// GotoTable goes on in another table.
type GotoTable struct{ Table uint8 }
