package cmd

import (
	"fmt"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// refusal is an error message of the switch.
type refusal struct {
	target  string
	name    string // "OFPT_ERROR (OF1.3) (xid=0x6): OFPBAC_BAD_OUT_PORT"
	xid     uint32
	err     *openflow.Error
	refused string // the refused message as ofp-print shows it, or ""
}

// refusal makes a Go error of an error message.
func (c *conn) refusal(m message, e *openflow.Error) *refusal {
	return &refusal{target: c.target.name, name: errorName(m.header, e), xid: m.header.XID, err: e, refused: c.describeRefused(e)}
}

// errorName names an error in the form that ofp-print gives it.
func errorName(h openflow.Header, e *openflow.Error) string {
	version := ""
	if h.Version != openflow.V10 {
		version = " (OF" + h.Version.Short() + ")"
	}
	code := e.Code.String()
	if e.Code == openflow.ErrUnknown {
		code = e.Error()
	}
	return fmt.Sprintf("OFPT_ERROR%s (xid=%#x): %s", version, h.XID, code)
}

// describeRefused shows the message that an error came back with, where it came
// back whole.
func (c *conn) describeRefused(e *openflow.Error) string {
	if e.Code == openflow.ErrHelloIncompatible || e.Code == openflow.ErrHelloPermission {
		return strings.TrimRight(string(e.Data), "\x00\n")
	}
	if n, err := openflow.PeekLength(e.Data); err != nil || n > len(e.Data) {
		return ""
	}
	return c.describeWire(e.Data)
}

// describeWire shows a message of the connection as ofp-print does, "" where it is
// none.
func (c *conn) describeWire(data []byte) string {
	h, m, err := c.dialect.Decode(data)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text.AppendMessage(nil, h, m, text.PrintOptions{})), "\n")
}

// detail is the error's name and what it means.
func (r *refusal) detail() string {
	if words := errorWords[r.err.Code]; words != "" {
		return r.name + ": " + words
	}
	return r.name
}

func (r *refusal) Error() string {
	s := r.target + ": refused: " + r.detail()
	if r.refused != "" {
		s += "\n  " + strings.ReplaceAll(r.refused, "\n", "\n  ")
	}
	return s
}

// Unwrap is the switch's error.
func (r *refusal) Unwrap() error { return r.err }

// errorWords says in words what an error of the switch means to whoever caused it.
var errorWords = map[openflow.ErrorCode]string{
	openflow.ErrHelloIncompatible: "the switch speaks no OpenFlow version in common with ofctl: name others with -O",
	openflow.ErrHelloPermission:   "the switch does not let this connection in",

	openflow.ErrRequestBadVersion:              "the message is of another version than the connection",
	openflow.ErrRequestBadType:                 "the switch does not know this kind of message",
	openflow.ErrRequestBadStat:                 "the switch does not have these statistics",
	openflow.ErrRequestBadVendor:               "the switch does not have this vendor's extensions",
	openflow.ErrRequestBadSubtype:              "the switch does not have this extension",
	openflow.ErrRequestPermission:              "the switch does not allow it",
	openflow.ErrRequestBadLen:                  "the message has a wrong length",
	openflow.ErrRequestBufferEmpty:             "the buffered packet was used already",
	openflow.ErrRequestBufferUnknown:           "there is no such buffered packet",
	openflow.ErrRequestBadTableID:              "there is no such table",
	openflow.ErrRequestIsSecondary:             "this connection is a secondary controller's, which may not change anything",
	openflow.ErrRequestBadPort:                 "there is no such port",
	openflow.ErrRequestBadPacket:               "the packet is malformed",
	openflow.ErrRequestMultipartBufferOverflow: "the request is longer than the switch can keep",
	openflow.ErrRequestMultipartRequestTimeout: "the rest of the request did not come in time",
	openflow.ErrRequestMultipartReplyTimeout:   "the rest of the reply did not come in time",
	openflow.ErrRequestMultipartBadSched:       "the switch cannot schedule this",
	openflow.ErrRequestPipelineFieldsOnly:      "only fields of the pipeline may be given with a packet",
	openflow.ErrRequestUnknown:                 "the switch cannot say why",
	openflow.ErrNXRequestNXMInvalid:            "the match is malformed",
	openflow.ErrNXRequestNXMBadType:            "the match has a field that the switch does not know",
	openflow.ErrNXRequestMustBeZero:            "a part of the message that must be zero is not",
	openflow.ErrNXRequestBadReason:             "the reason is not one there is",
	openflow.ErrNXRequestFMBadEvent:            "the monitor's event is not one there is",
	openflow.ErrNXRequestUnencodableError:      "the switch found an error that this version has no number for",

	openflow.ErrActionBadType:                "the switch does not know the action",
	openflow.ErrActionBadLen:                 "an action has a wrong length",
	openflow.ErrActionBadVendor:              "the switch does not have this vendor's actions",
	openflow.ErrActionBadVendorType:          "the switch does not have this extended action",
	openflow.ErrActionBadOutPort:             "an action outputs to a port that there cannot be",
	openflow.ErrActionBadArgument:            "an action has an argument that it cannot have",
	openflow.ErrActionPermission:             "the switch does not allow the action",
	openflow.ErrActionTooMany:                "these are more actions than the switch takes",
	openflow.ErrActionBadQueue:               "an action names a queue that there is not",
	openflow.ErrActionBadOutGroup:            "an action names a group that there is not: add the group first",
	openflow.ErrActionMatchInconsistent:      "an action needs a packet that the match does not promise: add the prerequisite to the match",
	openflow.ErrActionUnsupportedOrder:       "the switch cannot do the actions in this order",
	openflow.ErrActionBadTag:                 "the tag that an action pushes is none that can be pushed",
	openflow.ErrActionBadSetType:             "the switch cannot set this field",
	openflow.ErrActionBadSetLen:              "the value of a set_field has a wrong length",
	openflow.ErrActionBadSetArgument:         "a field cannot be set to this value",
	openflow.ErrActionBadSetMask:             "the field cannot be set in part",
	openflow.ErrActionBadMeter:               "an action names a meter that there is not: add the meter first",
	openflow.ErrNXActionMustBeZero:           "a part of an action that must be zero is not",
	openflow.ErrNXActionBadConjunction:       "conjunction must be alone among the actions, but for note and learn",
	openflow.ErrNXActionBadHeaderType:        "encap does not know the header",
	openflow.ErrNXActionUnknownEDProp:        "encap does not know the property",
	openflow.ErrNXActionBadEDProp:            "a property of encap has a value that it cannot have",
	openflow.ErrNXActionCTDatapathSupport:    "the datapath cannot track connections so",
	openflow.ErrInstructionUnknownInst:       "the switch does not know the instruction",
	openflow.ErrInstructionUnsupInst:         "the table cannot do the instruction",
	openflow.ErrInstructionBadTableID:        "goto_table must lead to a later table that there is",
	openflow.ErrInstructionUnsupMetadata:     "the table cannot write this metadata",
	openflow.ErrInstructionUnsupMetadataMask: "the table cannot write metadata with this mask",
	openflow.ErrInstructionBadExperimenter:   "the switch does not have this vendor's instructions",
	openflow.ErrInstructionBadExpType:        "the switch does not have this extended instruction",
	openflow.ErrInstructionBadLen:            "an instruction has a wrong length",
	openflow.ErrInstructionPermission:        "the switch does not allow the instruction",
	openflow.ErrInstructionDupInst:           "an instruction is there twice",

	openflow.ErrMatchBadType:             "the switch does not take this form of match",
	openflow.ErrMatchBadLen:              "the match has a wrong length",
	openflow.ErrMatchBadTag:              "the match asks for a tag that there cannot be",
	openflow.ErrMatchBadDLAddrMask:       "the switch cannot match Ethernet addresses with this mask",
	openflow.ErrMatchBadNWAddrMask:       "the switch cannot match IP addresses with this mask",
	openflow.ErrMatchBadWildcards:        "the match leaves open what must be given together",
	openflow.ErrMatchBadField:            "the switch does not know a field of the match",
	openflow.ErrMatchBadValue:            "a field of the match has a value that it cannot have",
	openflow.ErrMatchBadMask:             "a field of the match cannot have this mask",
	openflow.ErrMatchBadPrereq:           "a field of the match means nothing without another one: add its prerequisite",
	openflow.ErrMatchDupField:            "a field is in the match twice",
	openflow.ErrMatchPermission:          "the switch does not allow the match",
	openflow.ErrNXMatchCTDatapathSupport: "the datapath cannot match tracked connections so",

	openflow.ErrFlowModUnknown:           "the switch cannot say why",
	openflow.ErrFlowModTableFull:         "the table is full: delete flows or raise its limit",
	openflow.ErrFlowModBadTableID:        "there is no such table",
	openflow.ErrFlowModOverlap:           "a flow of the same priority matches some of the same packets, which check_overlap forbids",
	openflow.ErrFlowModPermission:        "the switch does not allow it",
	openflow.ErrFlowModBadTimeout:        "the flow has a timeout that the switch cannot keep",
	openflow.ErrFlowModBadEmergTimeout:   "emergency flows have no timeouts",
	openflow.ErrFlowModBadCommand:        "the switch does not know the command",
	openflow.ErrFlowModBadFlags:          "the flow has a flag that the switch does not know",
	openflow.ErrFlowModCantSync:          "the switch cannot keep the tables in step",
	openflow.ErrFlowModBadPriority:       "the table does not take this priority",
	openflow.ErrFlowModIsSync:            "the table follows another one and cannot be changed itself",
	openflow.ErrFlowModUnsupported:       "the switch cannot do this",
	openflow.ErrNXFlowModHardware:        "the hardware of the switch cannot do this",
	openflow.ErrNXFlowModBadTableID:      "there is no such table for this command",
	openflow.ErrNXFlowModInvalidTLVField: "a tun_metadata field is not mapped to an option: map it with add-tlv-map",

	openflow.ErrGroupModGroupExists:         "there is such a group already: use mod-group",
	openflow.ErrGroupModInvalidGroup:        "the group cannot be like this",
	openflow.ErrGroupModWeightUnsupported:   "the switch cannot weigh buckets differently",
	openflow.ErrGroupModOutOfGroups:         "the switch has no room for another group",
	openflow.ErrGroupModOutOfBuckets:        "the group has more buckets than the switch takes",
	openflow.ErrGroupModChainingUnsupported: "the switch cannot have a group in a group",
	openflow.ErrGroupModWatchUnsupported:    "the switch cannot watch ports or groups",
	openflow.ErrGroupModLoop:                "the groups would lead back to themselves",
	openflow.ErrGroupModUnknownGroup:        "there is no such group: use add-group, or mod-group --may-create",
	openflow.ErrGroupModChainedGroup:        "another group uses the group",
	openflow.ErrGroupModBadType:             "the switch does not have this type of group",
	openflow.ErrGroupModBadCommand:          "the switch does not know the command",
	openflow.ErrGroupModBadBucket:           "a bucket cannot be like this",
	openflow.ErrGroupModBadWatch:            "a bucket watches a port or group that there is not",
	openflow.ErrGroupModPermission:          "the switch does not allow it",
	openflow.ErrGroupModUnknownBucket:       "the group has no such bucket",
	openflow.ErrGroupModBucketExists:        "the group has such a bucket already",

	openflow.ErrPortModBadPort:      "there is no such port",
	openflow.ErrPortModBadHWAddr:    "the port has another MAC address by now",
	openflow.ErrPortModBadConfig:    "the port cannot have this setting",
	openflow.ErrPortModBadAdvertise: "the port cannot advertise this",
	openflow.ErrPortModPermission:   "the switch does not allow it",
	openflow.ErrTableModBadTable:    "there is no such table",
	openflow.ErrTableModBadConfig:   "the table cannot have this setting",
	openflow.ErrTableModPermission:  "the switch does not allow it",
	openflow.ErrQueueOpBadPort:      "there is no such port",
	openflow.ErrQueueOpBadQueue:     "there is no such queue",
	openflow.ErrQueueOpPermission:   "the switch does not allow it",
	openflow.ErrNXQueueOpQueueError: "the switch cannot say what the queue is like",

	openflow.ErrSwitchConfigBadFlags:   "the switch cannot treat fragments so",
	openflow.ErrSwitchConfigBadLen:     "the switch cannot send so much of packets",
	openflow.ErrSwitchConfigPermission: "the switch does not allow it",
	openflow.ErrRoleStale:              "another controller has claimed the role later",
	openflow.ErrRoleUnsup:              "the switch has no roles for controllers",
	openflow.ErrRoleBadRole:            "there is no such role",
	openflow.ErrRoleIDUnsup:            "the switch cannot give controllers numbers",
	openflow.ErrRoleIDInUse:            "another controller has this number",

	openflow.ErrMeterModUnknown:      "the switch cannot say why",
	openflow.ErrMeterModMeterExists:  "there is such a meter already: use mod-meter",
	openflow.ErrMeterModInvalidMeter: "the meter cannot have this number",
	openflow.ErrMeterModUnknownMeter: "there is no such meter: use add-meter",
	openflow.ErrMeterModBadCommand:   "the switch does not know the command",
	openflow.ErrMeterModBadFlags:     "the meter cannot have these flags",
	openflow.ErrMeterModBadRate:      "a band cannot have this rate",
	openflow.ErrMeterModBadBurst:     "a band cannot have this burst",
	openflow.ErrMeterModBadBand:      "the switch does not have this type of band",
	openflow.ErrMeterModBadBandValue: "a band has a value that it cannot have",
	openflow.ErrMeterModOutOfMeters:  "the switch has no room for another meter",
	openflow.ErrMeterModOutOfBands:   "the meter has more bands than the switch takes",

	openflow.ErrTableFeaturesBadTable:    "there is no such table",
	openflow.ErrTableFeaturesBadMetadata: "the table cannot match or write this metadata",
	openflow.ErrTableFeaturesPermission:  "the switch does not allow it",
	openflow.ErrTableFeaturesBadCapa:     "the table does not have this capability",
	openflow.ErrTableFeaturesBadMaxEnt:   "the table cannot have so many flows",
	openflow.ErrTableFeaturesBadFeatures: "the table does not have these features",
	openflow.ErrTableFeaturesBadCommand:  "the switch does not know the command",
	openflow.ErrTableFeaturesTooMany:     "these are more tables than the switch can have",
	openflow.ErrNXTableFeaturesDupTable:  "a table is there twice",

	openflow.ErrPropertyBadType:         "the switch does not know a property",
	openflow.ErrPropertyBadLen:          "a property has a wrong length",
	openflow.ErrPropertyBadValue:        "a property has a value that it cannot have",
	openflow.ErrPropertyTooMany:         "these are more properties than the switch takes",
	openflow.ErrPropertyDupType:         "a property is there twice",
	openflow.ErrPropertyBadExperimenter: "the switch does not have this vendor's properties",
	openflow.ErrPropertyBadExpType:      "the switch does not have this extended property",
	openflow.ErrPropertyBadExpValue:     "an extended property has a value that it cannot have",
	openflow.ErrPropertyPermission:      "the switch does not allow the property",
	openflow.ErrAsyncInvalid:            "there is no such kind of message to turn on or off",
	openflow.ErrAsyncUnsupported:        "the switch cannot turn these messages on or off",
	openflow.ErrAsyncPermission:         "the switch does not allow it",

	openflow.ErrBundleUnknown:           "the switch cannot say why",
	openflow.ErrBundlePermission:        "the switch does not allow it",
	openflow.ErrBundleBadID:             "there is no such bundle",
	openflow.ErrBundleBundleExist:       "there is such a bundle already",
	openflow.ErrBundleBundleClosed:      "the bundle is closed",
	openflow.ErrBundleOutOfBundles:      "the switch has no room for another bundle",
	openflow.ErrBundleBadType:           "the switch does not know this step of a bundle",
	openflow.ErrBundleBadFlags:          "the switch cannot do bundles with these flags",
	openflow.ErrBundleMsgBadLen:         "a message in the bundle has a wrong length",
	openflow.ErrBundleMsgBadXID:         "a message in the bundle has another number than the bundle's message",
	openflow.ErrBundleMsgUnsup:          "the switch cannot have this message in a bundle",
	openflow.ErrBundleMsgConflict:       "the messages in the bundle contradict one another",
	openflow.ErrBundleMsgTooMany:        "the bundle has more messages than the switch takes",
	openflow.ErrBundleMsgFailed:         "a message in the bundle was refused: nothing has changed",
	openflow.ErrBundleTimeout:           "the bundle was open for too long",
	openflow.ErrBundleBundleInProgress:  "another bundle is being committed",
	openflow.ErrBundleSchedNotSupported: "the switch cannot commit at a given time",
	openflow.ErrBundleSchedFuture:       "the time to commit is too far in the future",
	openflow.ErrBundleSchedPast:         "the time to commit is in the past",
	openflow.ErrBundleBadVersion:        "a message in the bundle is of another version than the bundle",
	openflow.ErrMonitorUnknown:          "the switch cannot say why",
	openflow.ErrMonitorMonitorExists:    "there is such a monitor already",
	openflow.ErrMonitorInvalidMonitor:   "the monitor cannot be like this",
	openflow.ErrMonitorUnknownMonitor:   "there is no such monitor",
	openflow.ErrMonitorBadCommand:       "the switch does not know the command",
	openflow.ErrMonitorBadFlags:         "the monitor has flags that the switch does not know",
	openflow.ErrMonitorBadTableID:       "there is no such table",
	openflow.ErrMonitorBadOut:           "there is no such port or group to watch",

	openflow.ErrTLVTableBadCommand:    "the switch does not know the command",
	openflow.ErrTLVTableBadOptLen:     "the length of an option is a multiple of 4 from 4 to 124",
	openflow.ErrTLVTableBadFieldIdx:   "there is no such tun_metadata field: they have the numbers 0 to 63",
	openflow.ErrTLVTableTableFull:     "the switch has no room for so many options",
	openflow.ErrTLVTableAlreadyMapped: "the option or the field is mapped already: delete that map first",
	openflow.ErrTLVTableDupEntry:      "an option or a field is there twice",
	openflow.ErrTLVTableInvalidTLVDel: "a flow still matches or sets the field",
	openflow.ErrResumeNotSupported:    "the switch cannot resume packets",
	openflow.ErrResumeStale:           "the switch has changed too much since to resume the packet",
	openflow.ErrNXStatsNotConfigured:  "the switch is not configured for these statistics",
}
