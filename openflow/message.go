package openflow

// Header is what every message starts with, and what decoding learned about
// its form.
type Header struct {
	Version Version
	Type    uint8
	Length  uint16 // of the whole message, in bytes
	XID     uint32
	// Name is the wire form's name as ofp-print shows it: "OFPT_FLOW_MOD",
	// "NXST_FLOW reply". Set by Decode.
	Name string
	// More says that a multipart message is not the last of its sequence.
	More bool
}

// HeaderLen is the size of a message's header, MaxLen that of the longest
// message, in bytes.
const (
	HeaderLen = 8
	MaxLen    = 0xffff
)

// Message is a version-neutral message: a pointer to one of the structs of this
// package.
type Message interface {
	Kind() Kind
}

// Kind says which message it is, whatever its wire form.
type Kind uint8

// Kinds of messages. Multipart (statistics) messages come after the others.
const (
	KindHello Kind = 1 + iota
	KindError
	KindEchoRequest
	KindEchoReply
	KindExperimenter
	KindFeaturesRequest
	KindFeaturesReply
	KindGetConfigRequest
	KindGetConfigReply
	KindSetConfig
	KindPacketIn
	KindFlowRemoved
	KindPortStatus
	KindPacketOut
	KindFlowMod
	KindGroupMod
	KindPortMod
	KindTableMod
	KindBarrierRequest
	KindBarrierReply
	KindQueueConfigRequest
	KindQueueConfigReply
	KindRoleRequest
	KindRoleReply
	KindGetAsyncRequest
	KindGetAsyncReply
	KindSetAsync
	KindMeterMod
	KindRoleStatus
	KindTableStatus
	KindRequestForward
	KindBundleControl
	KindBundleAdd
	KindControllerStatus
	KindFlowMonitorCancel
	KindFlowMonitorPaused
	KindFlowMonitorResumed
	KindSetFlowFormat
	KindFlowModTableID
	KindSetPacketInFormat
	KindFlowAge
	KindSetControllerID
	KindTLVTableMod
	KindTLVTableRequest
	KindTLVTableReply
	KindResume
	KindCTFlushZone
	KindCTFlush

	KindDescRequest
	KindDescReply
	KindFlowStatsRequest
	KindFlowStatsReply
	KindAggregateRequest
	KindAggregateReply
	KindTableStatsRequest
	KindTableStatsReply
	KindPortStatsRequest
	KindPortStatsReply
	KindQueueStatsRequest
	KindQueueStatsReply
	KindGroupStatsRequest
	KindGroupStatsReply
	KindGroupDescRequest
	KindGroupDescReply
	KindGroupFeaturesRequest
	KindGroupFeaturesReply
	KindMeterStatsRequest
	KindMeterStatsReply
	KindMeterConfigRequest
	KindMeterConfigReply
	KindMeterFeaturesRequest
	KindMeterFeaturesReply
	KindTableFeaturesRequest
	KindTableFeaturesReply
	KindTableDescRequest
	KindTableDescReply
	KindPortDescRequest
	KindPortDescReply
	KindQueueDescRequest
	KindQueueDescReply
	KindFlowMonitorRequest
	KindFlowMonitorReply
	KindControllerStatusRequest
	KindControllerStatusReply
	KindBundleFeaturesRequest
	KindBundleFeaturesReply
	KindIPFIXBridgeRequest
	KindIPFIXBridgeReply
	KindIPFIXFlowRequest
	KindIPFIXFlowReply

	// NumKinds is one more than the last kind.
	NumKinds = int(KindIPFIXFlowReply) + 1
)

// Multipart reports whether messages of the kind are statistics (1.0) or
// multipart messages, which may come as several with the same XID.
func (k Kind) Multipart() bool { return k >= KindDescRequest }
