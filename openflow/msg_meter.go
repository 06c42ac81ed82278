package openflow

import "time"

// Reserved meters (1.3+); a real one is 1 to MeterMax.
const (
	MeterMax        = 0xffff0000
	MeterSlowPath   = 0xfffffffd
	MeterController = 0xfffffffe
	MeterAll        = 0xffffffff
)

// MeterModCommand says what a MeterMod does (OFPMC_*).
type MeterModCommand uint16

// Commands of a MeterMod.
const (
	MeterAdd MeterModCommand = iota
	MeterModify
	MeterDelete
)

// MeterFlags are a meter's flags (OFPMF_*).
type MeterFlags uint16

// Meter flags.
const (
	MeterKbps  MeterFlags = 1 << iota // rates in kbit/s, bursts in kbit
	MeterPktps                        // rates in packets/s, bursts in packets
	MeterBurst                        // bursts count
	MeterStatistics
)

// MeterBandType is what a band does (OFPMBT_*).
type MeterBandType uint16

// Meter bands.
const (
	BandDrop       MeterBandType = 1
	BandDSCPRemark MeterBandType = 2
)

// MeterBand is one band of a meter; rate and burst in the meter's unit.
type MeterBand struct {
	Type      MeterBandType
	Rate      uint32
	Burst     uint32
	PrecLevel uint8 // BandDSCPRemark: drop precedences to add
}

// MeterConfig is a meter.
type MeterConfig struct {
	Meter uint32
	Flags MeterFlags
	Bands []MeterBand
}

// MeterMod changes the meter table.
type MeterMod struct {
	Command MeterModCommand
	MeterConfig
}

// MeterStatsRequest asks for the counters of a meter, or with MeterAll of all.
type MeterStatsRequest struct{ Meter uint32 }

// MeterStatsReply has meters' counters.
type MeterStatsReply struct{ Meters []MeterStats }

// MeterStats are one meter's counters.
type MeterStats struct {
	Meter          uint32
	Flows          uint32 // before 1.5
	Packets, Bytes uint64
	Duration       time.Duration
	Bands          []BandStats
}

// BandStats are one band's counters.
type BandStats struct{ Packets, Bytes uint64 }

// MeterConfigRequest asks for a meter's configuration, or with MeterAll for all.
type MeterConfigRequest struct{ Meter uint32 }

// MeterConfigReply has the configuration of meters.
type MeterConfigReply struct{ Meters []MeterConfig }

// MeterFeaturesRequest asks for what meters can do.
type MeterFeaturesRequest struct{}

// MeterFeatures is where a meter action may stand.
type MeterFeatures uint32

// Places of meter actions.
const (
	MeterInActionSet MeterFeatures = 1 << iota // in an action set
	MeterAnywhere                              // at any place of a list
	MeterRepeated                              // more than once in a list
)

// MeterFeaturesReply is what meters can do.
type MeterFeaturesReply struct {
	MaxMeters    uint32
	BandTypes    uint32 // bit t: MeterBandType t is supported
	Capabilities uint32 // bits of MeterFlags
	MaxBands     uint8
	MaxColor     uint8
	Features     MeterFeatures // 1.5
}
