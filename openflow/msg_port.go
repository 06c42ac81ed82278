package openflow

import (
	"time"

	"vswitch/flow"
)

// Port describes a port: ofp_phy_port, ofp_port.
type Port struct {
	No     PortNo
	MAC    flow.MAC
	Name   string // at most 15 bytes travel
	Config PortConfig
	State  PortState

	Current, Advertised, Supported, Peer PortFeatures

	// CurrentSpeed and MaxSpeed are in kbps. OpenFlow 1.0 does not carry them.
	CurrentSpeed, MaxSpeed uint32

	Props []Property // 1.4+: others than the Ethernet one, as they came: optical, pipeline, experimenters'
}

// PortReason says what happened to a port (OFPPR_*).
type PortReason uint8

// Reasons of a PortStatus.
const (
	PortAdded PortReason = iota
	PortDeleted
	PortModified
)

// PortStatus tells of a port that came, went or changed.
type PortStatus struct {
	Reason PortReason
	Port   Port
}

// PortMod changes a port's configuration.
type PortMod struct {
	Port      PortNo
	MAC       flow.MAC // must be the port's own: a check that both mean the same port
	Config    PortConfig
	Mask      PortConfig   // bits of Config to change
	Advertise PortFeatures // 0: unchanged
}

// PortDescRequest asks for the description of one port (1.5) or all.
type PortDescRequest struct{ Port PortNo }

// PortDescReply describes ports.
type PortDescReply struct{ Ports []Port }

// PortStatsRequest asks for the counters of one port, or with PortAny of all.
type PortStatsRequest struct{ Port PortNo }

// PortStatsReply has ports' counters.
type PortStatsReply struct{ Ports []PortStats }

// NoCount stands for a counter that the switch does not keep.
const NoCount = ^uint64(0)

// PortStats are one port's counters; NoCount where there is none.
type PortStats struct {
	Port                 PortNo
	RxPackets, TxPackets uint64
	RxBytes, TxBytes     uint64
	RxDropped, TxDropped uint64
	RxErrors, TxErrors   uint64
	RxFrameErr           uint64
	RxOverErr            uint64
	RxCRCErr             uint64
	Collisions           uint64
	Duration             time.Duration // 1.3+; DurationUnknown where it is not carried
	// Custom and RFC2819 are properties of OpenFlow 1.4 and later.
	RFC2819 *PortStatsRFC2819
	Custom  []CustomCounter
	Props   []Property // 1.4+: others, as they came
}

// DurationUnknown stands for a duration that the switch or the wire form does
// not give.
const DurationUnknown time.Duration = -1

// PortStatsRFC2819 are the counters of Nicira's INTEL_PORT_STATS_RFC2819 property;
// NoCount where there is none.
type PortStatsRFC2819 struct {
	Rx1To64, Rx65To127, Rx128To255, Rx256To511, Rx512To1023, Rx1024To1522, Rx1523ToMax uint64
	Tx1To64, Tx65To127, Tx128To255, Tx256To511, Tx512To1023, Tx1024To1522, Tx1523ToMax uint64

	TxMulticast, RxBroadcast, TxBroadcast             uint64
	RxUndersized, RxOversized, RxFragmented, RxJabber uint64
}

// CustomCounter is one counter of the Nicira custom statistics property.
type CustomCounter struct {
	Name  string // at most 63 bytes
	Value uint64
}

// QueueAll is OFPQ_ALL: every queue.
const QueueAll = 0xffffffff

// QueueStatsRequest asks for the counters of queues.
type QueueStatsRequest struct {
	Port  PortNo // PortAny: all
	Queue uint32 // QueueAll: all
}

// QueueStatsReply has queues' counters.
type QueueStatsReply struct{ Queues []QueueStats }

// QueueStats are one queue's counters; NoCount where there is none.
type QueueStats struct {
	Port                         PortNo
	Queue                        uint32
	TxBytes, TxPackets, TxErrors uint64
	Duration                     time.Duration // 1.3+; DurationUnknown where it is not carried
	Props                        []Property    // 1.4+, as they came
}

// QueueConfigRequest asks for the queues of a port; PortAny (1.1+) of all.
type QueueConfigRequest struct{ Port PortNo }

// RateUnset says that a queue has no such rate.
const RateUnset = 0xffff

// Queue is a queue's configuration. Rates are in tenths of a percent, more than
// 1000: disabled; RateUnset: not configured.
type Queue struct {
	Port             PortNo
	ID               uint32
	MinRate, MaxRate uint16
	Props            []Property // others than the two rates, as they came
}

// QueueConfigReply has a port's queues.
type QueueConfigReply struct {
	Port   PortNo
	Queues []Queue
}

// QueueDescRequest asks for the configuration of queues (1.4+).
type QueueDescRequest struct {
	Port  PortNo
	Queue uint32
}

// QueueDescReply has the configuration of queues.
type QueueDescReply struct{ Queues []Queue }
