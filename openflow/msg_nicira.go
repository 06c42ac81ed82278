package openflow

import "vswitch/flow"

// TLVTableCommand says what a TLVTableMod does (NXTTMC_*).
type TLVTableCommand uint16

// Commands of a TLVTableMod.
const (
	TLVAdd TLVTableCommand = iota
	TLVDelete
	TLVClear
)

// TLVMap maps a Geneve option to a tun_metadata field.
type TLVMap struct {
	Class uint16
	Type  uint8
	Len   uint8  // bytes, a multiple of 4 up to 124
	Index uint16 // of tun_metadata
}

// TLVTableMod changes the switch's map of Geneve options.
type TLVTableMod struct {
	Command TLVTableCommand
	Maps    []TLVMap
}

// TLVTableRequest asks for the map of Geneve options.
type TLVTableRequest struct{}

// TLVTableReply is the map of Geneve options.
type TLVTableReply struct {
	MaxSpace  uint32 // bytes for all options
	MaxFields uint16
	Maps      []TLVMap
}

// CTFlushZone forgets the connections of a zone.
type CTFlushZone struct{ Zone uint16 }

// CTFlush forgets the connections that fit.
type CTFlush struct {
	Proto       uint8
	Zone        uint16
	HasZone     bool
	Orig, Reply CTTuple
	Mark        uint32
	MarkMask    uint32 // 0: all bits
	HasMark     bool
	Label       flow.Value
	LabelMask   flow.Value // zero: all bits
	HasLabel    bool
}

// CTTuple restricts one direction of the connections that CTFlush forgets.
// IPv4 addresses are IPv4-mapped IPv6; absent parts are zero.
type CTTuple struct {
	Src, Dst           flow.IPv6
	HasSrc, HasDst     bool
	SrcPort, DstPort   uint16
	HasSrcPort         bool
	HasDstPort         bool
	ICMPID             uint16
	ICMPType, ICMPCode uint8
	HasICMPID          bool
	HasICMPType        bool
	HasICMPCode        bool
}
