package openflow

import (
	"time"

	"vswitch/flow"
)

// GroupType is a group's type (OFPGT_*).
type GroupType uint8

// Group types.
const (
	GroupTypeAll GroupType = iota
	GroupTypeSelect
	GroupTypeIndirect
	GroupTypeFF // fast failover
)

// GroupModCommand says what a GroupMod does (OFPGC_*).
type GroupModCommand uint16

// Commands of a GroupMod.
const (
	GroupAdd          GroupModCommand = 0
	GroupModify       GroupModCommand = 1
	GroupDelete       GroupModCommand = 2
	GroupInsertBucket GroupModCommand = 3      // 1.5
	GroupRemoveBucket GroupModCommand = 5      // 1.5
	GroupAddOrModify  GroupModCommand = 0x8000 // Nicira
)

// Reserved bucket numbers (1.5).
const (
	BucketMax   = 0xffffff00
	BucketFirst = 0xfffffffd
	BucketLast  = 0xfffffffe
	BucketAll   = 0xffffffff
)

// Bucket is one bucket of a group.
type Bucket struct {
	ID         uint32 // 1.5; elsewhere the bucket's place
	Weight     uint16 // select
	WatchPort  PortNo // PortAny: none
	WatchGroup uint32 // GroupAny: none
	Actions    []Action
}

// GroupProps are a group's selection method (Netronome's NTR_SELECTION_METHOD).
type GroupProps struct {
	Method string // "", "hash", "dp_hash"; at most 15 bytes
	Param  uint64
	Fields []FieldMask // what "hash" hashes
}

// FieldMask is a field and the bits of it that count.
type FieldMask struct {
	Field flow.FieldID
	Mask  flow.Value
}

// GroupMod changes the group table.
type GroupMod struct {
	Nicira        bool // NXT_GROUP_MOD
	Command       GroupModCommand
	Type          GroupType
	Group         uint32
	CommandBucket uint32 // 1.5: where to insert, what to remove; other commands: ignored
	Props         GroupProps
	Buckets       []Bucket
}

// GroupStatsRequest asks for the counters of a group, or with GroupAll of all.
type GroupStatsRequest struct {
	Nicira bool // always so in 1.0
	Group  uint32
}

// GroupStatsReply has groups' counters.
type GroupStatsReply struct {
	Nicira bool
	Groups []GroupStats
}

// GroupStats are one group's counters.
type GroupStats struct {
	Group          uint32
	RefCount       uint32
	Packets, Bytes uint64
	Duration       time.Duration // 1.3+ and Nicira; else DurationUnknown
	Buckets        []BucketStats
}

// BucketStats are one bucket's counters.
type BucketStats struct{ Packets, Bytes uint64 }

// GroupDescRequest asks for a group's description (1.5), or with GroupAll for all.
type GroupDescRequest struct {
	Nicira bool
	Group  uint32
}

// GroupDescReply describes groups.
type GroupDescReply struct {
	Nicira bool
	Groups []GroupDesc
}

// GroupDesc is one group.
type GroupDesc struct {
	Type    GroupType
	Group   uint32
	Props   GroupProps
	Buckets []Bucket
}

// GroupFeaturesRequest asks for what groups can do.
type GroupFeaturesRequest struct{ Nicira bool }

// GroupFeaturesReply is what groups can do. Arrays go by GroupType.
type GroupFeaturesReply struct {
	Nicira       bool
	Types        uint32 // bit t: GroupType t is supported
	Capabilities uint32 // OFPGFC_*
	MaxGroups    [4]uint32
	Actions      [4]ActionSet
}

// RequestForward tells other controllers of a group or meter change (1.4+).
type RequestForward struct {
	Group *GroupMod // exactly one of the two is there
	Meter *MeterMod
	XID   uint32 // of the change as it was sent
}
