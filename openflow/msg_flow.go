package openflow

import "time"

// Special table numbers.
const (
	TableAll = 0xff // OFPTT_ALL: every table, in requests and deletions
	TableMax = 0xfe // the last table there can be
)

// NoBuffer is OFP_NO_BUFFER: the message carries the whole packet.
const NoBuffer = 0xffffffff

// GroupAny and GroupAll are reserved group numbers; a real one is at most
// GroupMax.
const (
	GroupMax = 0xffffff00
	GroupAll = 0xfffffffc
	GroupAny = 0xffffffff
)

// FlowModCommand says what a FlowMod does (OFPFC_*).
type FlowModCommand uint8

// Commands of a FlowMod.
const (
	FlowAdd FlowModCommand = iota
	FlowModify
	FlowModifyStrict
	FlowDelete
	FlowDeleteStrict
)

// FlowFlags are the flags of a FlowMod (OFPFF_*) with OpenFlow 1.3's bits;
// FlowEmergency is OpenFlow 1.0's, whose wire bit is the one of FlowResetCounts.
type FlowFlags uint16

// Flags of a FlowMod.
const (
	FlowSendRemoved  FlowFlags = 1 << 0
	FlowCheckOverlap FlowFlags = 1 << 1
	FlowResetCounts  FlowFlags = 1 << 2 // 1.2+; implied by FlowAdd and, in 1.0 and 1.1, by modifications
	FlowNoPktCounts  FlowFlags = 1 << 3 // 1.3+
	FlowNoByteCounts FlowFlags = 1 << 4 // 1.3+
	FlowEmergency    FlowFlags = 1 << 15
)

// DefaultPriority is the priority of a flow that names none.
const DefaultPriority = 0x8000

// FlowMod adds, changes or deletes flows: OFPT_FLOW_MOD or NXT_FLOW_MOD.
type FlowMod struct {
	Command FlowModCommand
	// Nicira: came as, or is to be sent as, NXT_FLOW_MOD. In OpenFlow 1.0 Append
	// also chooses that form where the fixed match cannot carry the match or a
	// cookie mask is given.
	Nicira   bool
	Table    uint8 // TableAll: any (deletions), or the switch's choice (1.0)
	Priority uint16
	Flags    FlowFlags
	// Cookie is what an added flow gets. With modifications and deletions it
	// restricts them to flows whose cookies have its bits where CookieMask has ones.
	Cookie, CookieMask uint64
	// NewCookie is what a modification gives to the flows it changes iff
	// ModifyCookie (OpenFlow 1.0 and the Nicira form), and to those that it adds
	// because there are none (1.0, 1.1 without CookieMask).
	NewCookie                uint64
	ModifyCookie             bool
	IdleTimeout, HardTimeout uint16   // seconds, 0: none
	Importance               uint16   // 1.4+
	Buffer                   uint32   // NoBuffer, or a buffered packet to apply the flow to
	OutPort                  PortNo   // deletions: only flows that output there; PortAny
	OutGroup                 uint32   // deletions: only flows that use this group; GroupAny
	Actions                  []Action // a decoded list may be shared: it is not to be changed
	Match                    Match
}

// RemovedReason says why a flow went (OFPRR_*).
type RemovedReason uint8

// Reasons of a FlowRemoved.
const (
	RemovedIdleTimeout RemovedReason = iota
	RemovedHardTimeout
	RemovedDelete
	RemovedGroupDelete
	RemovedMeterDelete // 1.4+
	RemovedEviction    // 1.4+
)

// FlowRemoved tells that a flow with FlowSendRemoved went.
type FlowRemoved struct {
	Nicira                   bool // NXT_FLOW_REMOVED
	Reason                   RemovedReason
	Table                    uint8 // TableAll: unknown (1.0's standard form)
	Priority                 uint16
	Cookie                   uint64
	IdleTimeout, HardTimeout uint16 // seconds; HardTimeout 1.1+ (1.1 of Open vSwitch)
	Duration                 time.Duration
	Packets, Bytes           uint64 // all ones: unknown
	Match                    Match
}

// FlowStatsRequest asks for the flows that fit: OFPST_FLOW, NXST_FLOW.
type FlowStatsRequest struct {
	Nicira             bool // NXST_FLOW; chosen by Append in OpenFlow 1.0 as for FlowMod
	Table              uint8
	OutPort            PortNo
	OutGroup           uint32
	Cookie, CookieMask uint64
	// StatsOnly: OFPMP_FLOW_STATS of OpenFlow 1.5, whose reply has no actions.
	StatsOnly bool
	Reason    uint8 // StatsOnly: OFPFSR_*
	Match     Match
}

// FlowStatsReply answers it in its form.
type FlowStatsReply struct {
	Nicira    bool
	StatsOnly bool
	Flows     []FlowStats
}

// AgeUnknown stands for an idle or hard age that the wire form does not carry.
const AgeUnknown = -1

// FlowStats is one flow of a FlowStatsReply.
type FlowStats struct {
	Table                    uint8
	Priority                 uint16
	Flags                    FlowFlags // 1.3+
	Cookie                   uint64
	Duration                 time.Duration
	IdleTimeout, HardTimeout uint16 // seconds
	Importance               uint16 // 1.4+
	IdleAge, HardAge         int32  // seconds; NXST_FLOW only (IdleAge 1.5 too), else AgeUnknown
	Packets, Bytes           uint64 // all ones: unknown
	Actions                  []Action
	Reason                   uint8 // StatsOnly: OFPFSR_*
	Match                    Match
}

// AggregateRequest asks for the sums over the flows that fit.
type AggregateRequest FlowStatsRequest

// AggregateReply answers it in its form.
type AggregateReply struct {
	Nicira         bool
	Packets, Bytes uint64 // all ones: unknown
	Flows          uint32
}
