package openflow

import "vswitch/flow"

// Action is an action or, in a flow's list, an instruction: one of the structs
// of this package, by value. A list is what apply_actions does, followed by the
// instructions in the order in which OpenFlow 1.3.5 §5.9 executes them, as
// ovs-ofctl writes them: meter first, then actions, clear_actions,
// write_actions, write_metadata, goto_table.
//
// Actions are values: whoever holds a list may share it and must not change
// what its slices hold.
type Action interface {
	ActionKind() ActionKind
}

// ActionKind says which action it is.
type ActionKind uint8

// Kinds of actions, then instructions.
const (
	ActOutput ActionKind = iota
	ActOutputReg
	ActOutputTrunc
	ActController
	ActEnqueue
	ActBundle
	ActGroup
	ActPushVLAN
	ActPopVLAN
	ActPushMPLS
	ActPopMPLS
	ActPushPBB
	ActPopPBB
	ActEncap
	ActDecap
	ActSetField
	ActMove
	ActSetVLANVID
	ActSetVLANPCP
	ActSetEthSrc
	ActSetEthDst
	ActSetIPSrc
	ActSetIPDst
	ActSetIPDSCP
	ActSetIPECN
	ActSetIPTTL
	ActSetTPSrc
	ActSetTPDst
	ActDecTTL
	ActCopyTTLOut
	ActCopyTTLIn
	ActSetMPLSLabel
	ActSetMPLSTC
	ActSetMPLSTTL
	ActDecMPLSTTL
	ActDecNSHTTL
	ActCheckPktLarger
	ActDeleteField
	ActSetTunnel
	ActSetQueue
	ActPopQueue
	ActCT
	ActNAT
	ActCTClear
	ActLearn
	ActFinTimeout
	ActResubmit
	ActClone
	ActStackPush
	ActStackPop
	ActExit
	ActMultipath
	ActConjunction
	ActNote
	ActSample
	ActDebugRecirc
	ActDebugSlow

	ActMeter
	ActClearActions
	ActWriteActions
	ActWriteMetadata
	ActGotoTable

	numActionKinds = int(ActGotoTable) + 1
)

// Add puts kinds into the set.
func (s *ActionSet) Add(kinds ...ActionKind) {
	for _, k := range kinds {
		s[k/64] |= 1 << (k % 64)
	}
}

// Has reports whether k is in the set.
func (s ActionSet) Has(k ActionKind) bool { return s[k/64]>>(k%64)&1 != 0 }

// Subfield is a field or a run of its bits.
type Subfield struct {
	Field flow.FieldID
	Ofs   uint16 // of the least significant bit
	Bits  uint16
}

// HashFields names what multipath, bundle and groups hash (NX_HASH_FIELDS_*).
type HashFields uint16

// Hashed fields.
const (
	HashEthSrc HashFields = iota
	HashSymmetricL4
	HashSymmetricL3L4
	HashSymmetricL3L4UDP
	HashNWSrc
	HashNWDst
	HashSymmetricL3
)
