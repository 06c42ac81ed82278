package openflow

// ErrorCode names an error of OpenFlow or of an extension, whatever its numbers
// in the version at hand. It is an error itself: functions return it where
// there is nothing to add, and errors.Is(err, ErrMatchBadPrereq) finds it in an
// *Error.
type ErrorCode uint16

// ErrUnknown is the code of an error message whose numbers no row of the error
// table has.
const ErrUnknown ErrorCode = 0

// Hello failed (OFPET_HELLO_FAILED).
const (
	ErrHelloIncompatible ErrorCode = iota + 1 // OFPHFC_INCOMPATIBLE
	ErrHelloPermission                        // OFPHFC_EPERM
)

// Bad request (OFPET_BAD_REQUEST).
const (
	ErrRequestBadVersion              ErrorCode = iota + ErrHelloPermission + 1 // OFPBRC_BAD_VERSION
	ErrRequestBadType                                                           // OFPBRC_BAD_TYPE
	ErrRequestBadStat                                                           // OFPBRC_BAD_STAT
	ErrRequestBadVendor                                                         // OFPBRC_BAD_VENDOR
	ErrRequestBadSubtype                                                        // OFPBRC_BAD_SUBTYPE
	ErrRequestPermission                                                        // OFPBRC_EPERM
	ErrRequestBadLen                                                            // OFPBRC_BAD_LEN
	ErrRequestBufferEmpty                                                       // OFPBRC_BUFFER_EMPTY
	ErrRequestBufferUnknown                                                     // OFPBRC_BUFFER_UNKNOWN
	ErrRequestBadTableID                                                        // OFPBRC_BAD_TABLE_ID
	ErrRequestIsSecondary                                                       // OFPBRC_IS_SECONDARY
	ErrRequestBadPort                                                           // OFPBRC_BAD_PORT
	ErrRequestBadPacket                                                         // OFPBRC_BAD_PACKET
	ErrRequestMultipartBufferOverflow                                           // OFPBRC_MULTIPART_BUFFER_OVERFLOW
	ErrRequestMultipartRequestTimeout                                           // OFPBRC_MULTIPART_REQUEST_TIMEOUT
	ErrRequestMultipartReplyTimeout                                             // OFPBRC_MULTIPART_REPLY_TIMEOUT
	ErrRequestMultipartBadSched                                                 // OFPBRC_MULTIPART_BAD_SCHED
	ErrRequestPipelineFieldsOnly                                                // OFPBRC_PIPELINE_FIELDS_ONLY
	ErrRequestUnknown                                                           // OFPBRC_UNKNOWN
)

// Bad request, Nicira.
const (
	ErrNXRequestNXMInvalid       ErrorCode = iota + ErrRequestUnknown + 1 // NXBRC_NXM_INVALID
	ErrNXRequestNXMBadType                                                // NXBRC_NXM_BAD_TYPE
	ErrNXRequestMustBeZero                                                // NXBRC_MUST_BE_ZERO
	ErrNXRequestBadReason                                                 // NXBRC_BAD_REASON
	ErrNXRequestFMBadEvent                                                // NXBRC_FM_BAD_EVENT
	ErrNXRequestUnencodableError                                          // NXBRC_UNENCODABLE_ERROR
)

// Bad action (OFPET_BAD_ACTION).
const (
	ErrActionBadType           ErrorCode = iota + ErrNXRequestUnencodableError + 1 // OFPBAC_BAD_TYPE
	ErrActionBadLen                                                                // OFPBAC_BAD_LEN
	ErrActionBadVendor                                                             // OFPBAC_BAD_VENDOR
	ErrActionBadVendorType                                                         // OFPBAC_BAD_VENDOR_TYPE
	ErrActionBadOutPort                                                            // OFPBAC_BAD_OUT_PORT
	ErrActionBadArgument                                                           // OFPBAC_BAD_ARGUMENT
	ErrActionPermission                                                            // OFPBAC_EPERM
	ErrActionTooMany                                                               // OFPBAC_TOO_MANY
	ErrActionBadQueue                                                              // OFPBAC_BAD_QUEUE
	ErrActionBadOutGroup                                                           // OFPBAC_BAD_OUT_GROUP
	ErrActionMatchInconsistent                                                     // OFPBAC_MATCH_INCONSISTENT
	ErrActionUnsupportedOrder                                                      // OFPBAC_UNSUPPORTED_ORDER
	ErrActionBadTag                                                                // OFPBAC_BAD_TAG
	ErrActionBadSetType                                                            // OFPBAC_BAD_SET_TYPE
	ErrActionBadSetLen                                                             // OFPBAC_BAD_SET_LEN
	ErrActionBadSetArgument                                                        // OFPBAC_BAD_SET_ARGUMENT
	ErrActionBadSetMask                                                            // OFPBAC_BAD_SET_MASK
	ErrActionBadMeter                                                              // OFPBAC_BAD_METER
)

// Bad action, Nicira.
const (
	ErrNXActionMustBeZero        ErrorCode = iota + ErrActionBadMeter + 1 // NXBAC_MUST_BE_ZERO
	ErrNXActionBadConjunction                                             // NXBAC_BAD_CONJUNCTION
	ErrNXActionBadHeaderType                                              // NXBAC_BAD_HEADER_TYPE
	ErrNXActionUnknownEDProp                                              // NXBAC_UNKNOWN_ED_PROP
	ErrNXActionBadEDProp                                                  // NXBAC_BAD_ED_PROP
	ErrNXActionCTDatapathSupport                                          // NXBAC_CT_DATAPATH_SUPPORT
)

// Bad instruction (OFPET_BAD_INSTRUCTION, 1.1+).
const (
	ErrInstructionUnknownInst       ErrorCode = iota + ErrNXActionCTDatapathSupport + 1 // OFPBIC_UNKNOWN_INST
	ErrInstructionUnsupInst                                                             // OFPBIC_UNSUP_INST
	ErrInstructionBadTableID                                                            // OFPBIC_BAD_TABLE_ID
	ErrInstructionUnsupMetadata                                                         // OFPBIC_UNSUP_METADATA
	ErrInstructionUnsupMetadataMask                                                     // OFPBIC_UNSUP_METADATA_MASK
	ErrInstructionBadExperimenter                                                       // OFPBIC_BAD_EXPERIMENTER
	ErrInstructionBadExpType                                                            // OFPBIC_BAD_EXP_TYPE
	ErrInstructionBadLen                                                                // OFPBIC_BAD_LEN
	ErrInstructionPermission                                                            // OFPBIC_EPERM
	ErrInstructionDupInst                                                               // OFPBIC_DUP_INST
)

// Bad match (OFPET_BAD_MATCH, 1.1+).
const (
	ErrMatchBadType       ErrorCode = iota + ErrInstructionDupInst + 1 // OFPBMC_BAD_TYPE
	ErrMatchBadLen                                                     // OFPBMC_BAD_LEN
	ErrMatchBadTag                                                     // OFPBMC_BAD_TAG
	ErrMatchBadDLAddrMask                                              // OFPBMC_BAD_DL_ADDR_MASK
	ErrMatchBadNWAddrMask                                              // OFPBMC_BAD_NW_ADDR_MASK
	ErrMatchBadWildcards                                               // OFPBMC_BAD_WILDCARDS
	ErrMatchBadField                                                   // OFPBMC_BAD_FIELD
	ErrMatchBadValue                                                   // OFPBMC_BAD_VALUE
	ErrMatchBadMask                                                    // OFPBMC_BAD_MASK
	ErrMatchBadPrereq                                                  // OFPBMC_BAD_PREREQ
	ErrMatchDupField                                                   // OFPBMC_DUP_FIELD
	ErrMatchPermission                                                 // OFPBMC_EPERM
)

// Bad match, Nicira.
const (
	ErrNXMatchCTDatapathSupport ErrorCode = iota + ErrMatchPermission + 1 // NXBMC_CT_DATAPATH_SUPPORT
)

// Flow modification failed (OFPET_FLOW_MOD_FAILED).
const (
	ErrFlowModUnknown         ErrorCode = iota + ErrNXMatchCTDatapathSupport + 1 // OFPFMFC_UNKNOWN
	ErrFlowModTableFull                                                          // OFPFMFC_TABLE_FULL
	ErrFlowModBadTableID                                                         // OFPFMFC_BAD_TABLE_ID
	ErrFlowModOverlap                                                            // OFPFMFC_OVERLAP
	ErrFlowModPermission                                                         // OFPFMFC_EPERM
	ErrFlowModBadTimeout                                                         // OFPFMFC_BAD_TIMEOUT
	ErrFlowModBadEmergTimeout                                                    // OFPFMFC_BAD_EMERG_TIMEOUT
	ErrFlowModBadCommand                                                         // OFPFMFC_BAD_COMMAND
	ErrFlowModBadFlags                                                           // OFPFMFC_BAD_FLAGS
	ErrFlowModCantSync                                                           // OFPFMFC_CANT_SYNC
	ErrFlowModBadPriority                                                        // OFPFMFC_BAD_PRIORITY
	ErrFlowModIsSync                                                             // OFPFMFC_IS_SYNC
	ErrFlowModUnsupported                                                        // OFPFMFC_UNSUPPORTED
)

// Flow modification failed, Nicira.
const (
	ErrNXFlowModHardware        ErrorCode = iota + ErrFlowModUnsupported + 1 // NXFMFC_HARDWARE
	ErrNXFlowModBadTableID                                                   // NXFMFC_BAD_TABLE_ID
	ErrNXFlowModInvalidTLVField                                              // NXFMFC_INVALID_TLV_FIELD
)

// Group modification failed (OFPET_GROUP_MOD_FAILED, 1.1+).
const (
	ErrGroupModGroupExists         ErrorCode = iota + ErrNXFlowModInvalidTLVField + 1 // OFPGMFC_GROUP_EXISTS
	ErrGroupModInvalidGroup                                                           // OFPGMFC_INVALID_GROUP
	ErrGroupModWeightUnsupported                                                      // OFPGMFC_WEIGHT_UNSUPPORTED
	ErrGroupModOutOfGroups                                                            // OFPGMFC_OUT_OF_GROUPS
	ErrGroupModOutOfBuckets                                                           // OFPGMFC_OUT_OF_BUCKETS
	ErrGroupModChainingUnsupported                                                    // OFPGMFC_CHAINING_UNSUPPORTED
	ErrGroupModWatchUnsupported                                                       // OFPGMFC_WATCH_UNSUPPORTED
	ErrGroupModLoop                                                                   // OFPGMFC_LOOP
	ErrGroupModUnknownGroup                                                           // OFPGMFC_UNKNOWN_GROUP
	ErrGroupModChainedGroup                                                           // OFPGMFC_CHAINED_GROUP
	ErrGroupModBadType                                                                // OFPGMFC_BAD_TYPE
	ErrGroupModBadCommand                                                             // OFPGMFC_BAD_COMMAND
	ErrGroupModBadBucket                                                              // OFPGMFC_BAD_BUCKET
	ErrGroupModBadWatch                                                               // OFPGMFC_BAD_WATCH
	ErrGroupModPermission                                                             // OFPGMFC_EPERM
	ErrGroupModUnknownBucket                                                          // OFPGMFC_UNKNOWN_BUCKET
	ErrGroupModBucketExists                                                           // OFPGMFC_BUCKET_EXISTS
)

// Port modification failed (OFPET_PORT_MOD_FAILED).
const (
	ErrPortModBadPort      ErrorCode = iota + ErrGroupModBucketExists + 1 // OFPPMFC_BAD_PORT
	ErrPortModBadHWAddr                                                   // OFPPMFC_BAD_HW_ADDR
	ErrPortModBadConfig                                                   // OFPPMFC_BAD_CONFIG
	ErrPortModBadAdvertise                                                // OFPPMFC_BAD_ADVERTISE
	ErrPortModPermission                                                  // OFPPMFC_EPERM
)

// Table modification failed (OFPET_TABLE_MOD_FAILED, 1.1+).
const (
	ErrTableModBadTable   ErrorCode = iota + ErrPortModPermission + 1 // OFPTMFC_BAD_TABLE
	ErrTableModBadConfig                                              // OFPTMFC_BAD_CONFIG
	ErrTableModPermission                                             // OFPTMFC_EPERM
)

// Queue operation failed (OFPET_QUEUE_OP_FAILED).
const (
	ErrQueueOpBadPort    ErrorCode = iota + ErrTableModPermission + 1 // OFPQOFC_BAD_PORT
	ErrQueueOpBadQueue                                                // OFPQOFC_BAD_QUEUE
	ErrQueueOpPermission                                              // OFPQOFC_EPERM
)

// Queue operation failed, Nicira.
const (
	ErrNXQueueOpQueueError ErrorCode = iota + ErrQueueOpPermission + 1 // NXQOFC_QUEUE_ERROR
)

// Switch configuration failed (OFPET_SWITCH_CONFIG_FAILED, 1.1+).
const (
	ErrSwitchConfigBadFlags   ErrorCode = iota + ErrNXQueueOpQueueError + 1 // OFPSCFC_BAD_FLAGS
	ErrSwitchConfigBadLen                                                   // OFPSCFC_BAD_LEN
	ErrSwitchConfigPermission                                               // OFPSCFC_EPERM
)

// Role request failed (OFPET_ROLE_REQUEST_FAILED, 1.2+).
const (
	ErrRoleStale   ErrorCode = iota + ErrSwitchConfigPermission + 1 // OFPRRFC_STALE
	ErrRoleUnsup                                                    // OFPRRFC_UNSUP
	ErrRoleBadRole                                                  // OFPRRFC_BAD_ROLE
	ErrRoleIDUnsup                                                  // OFPRRFC_ID_UNSUP
	ErrRoleIDInUse                                                  // OFPRRFC_ID_IN_USE
)

// Meter modification failed (OFPET_METER_MOD_FAILED, 1.3+).
const (
	ErrMeterModUnknown      ErrorCode = iota + ErrRoleIDInUse + 1 // OFPMMFC_UNKNOWN
	ErrMeterModMeterExists                                        // OFPMMFC_METER_EXISTS
	ErrMeterModInvalidMeter                                       // OFPMMFC_INVALID_METER
	ErrMeterModUnknownMeter                                       // OFPMMFC_UNKNOWN_METER
	ErrMeterModBadCommand                                         // OFPMMFC_BAD_COMMAND
	ErrMeterModBadFlags                                           // OFPMMFC_BAD_FLAGS
	ErrMeterModBadRate                                            // OFPMMFC_BAD_RATE
	ErrMeterModBadBurst                                           // OFPMMFC_BAD_BURST
	ErrMeterModBadBand                                            // OFPMMFC_BAD_BAND
	ErrMeterModBadBandValue                                       // OFPMMFC_BAD_BAND_VALUE
	ErrMeterModOutOfMeters                                        // OFPMMFC_OUT_OF_METERS
	ErrMeterModOutOfBands                                         // OFPMMFC_OUT_OF_BANDS
)

// Table features failed (OFPET_TABLE_FEATURES_FAILED, 1.3+).
const (
	ErrTableFeaturesBadTable    ErrorCode = iota + ErrMeterModOutOfBands + 1 // OFPTFFC_BAD_TABLE
	ErrTableFeaturesBadMetadata                                              // OFPTFFC_BAD_METADATA
	ErrTableFeaturesPermission                                               // OFPTFFC_EPERM
	ErrTableFeaturesBadCapa                                                  // OFPTFFC_BAD_CAPA
	ErrTableFeaturesBadMaxEnt                                                // OFPTFFC_BAD_MAX_ENT
	ErrTableFeaturesBadFeatures                                              // OFPTFFC_BAD_FEATURES
	ErrTableFeaturesBadCommand                                               // OFPTFFC_BAD_COMMAND
	ErrTableFeaturesTooMany                                                  // OFPTFFC_TOO_MANY
)

// Table features failed, Nicira.
const (
	ErrNXTableFeaturesDupTable ErrorCode = iota + ErrTableFeaturesTooMany + 1 // NXTFFC_DUP_TABLE
)

// Bad property (OFPET_BAD_PROPERTY, 1.4+).
const (
	ErrPropertyBadType         ErrorCode = iota + ErrNXTableFeaturesDupTable + 1 // OFPBPC_BAD_TYPE
	ErrPropertyBadLen                                                            // OFPBPC_BAD_LEN
	ErrPropertyBadValue                                                          // OFPBPC_BAD_VALUE
	ErrPropertyTooMany                                                           // OFPBPC_TOO_MANY
	ErrPropertyDupType                                                           // OFPBPC_DUP_TYPE
	ErrPropertyBadExperimenter                                                   // OFPBPC_BAD_EXPERIMENTER
	ErrPropertyBadExpType                                                        // OFPBPC_BAD_EXP_TYPE
	ErrPropertyBadExpValue                                                       // OFPBPC_BAD_EXP_VALUE
	ErrPropertyPermission                                                        // OFPBPC_EPERM
)

// Asynchronous configuration failed (OFPET_ASYNC_CONFIG_FAILED, 1.4+).
const (
	ErrAsyncInvalid     ErrorCode = iota + ErrPropertyPermission + 1 // OFPACFC_INVALID
	ErrAsyncUnsupported                                              // OFPACFC_UNSUPPORTED
	ErrAsyncPermission                                               // OFPACFC_EPERM
)

// Bundle operation failed (OFPET_BUNDLE_FAILED, 1.4+).
const (
	ErrBundleUnknown           ErrorCode = iota + ErrAsyncPermission + 1 // OFPBFC_UNKNOWN
	ErrBundlePermission                                                  // OFPBFC_EPERM
	ErrBundleBadID                                                       // OFPBFC_BAD_ID
	ErrBundleBundleExist                                                 // OFPBFC_BUNDLE_EXIST
	ErrBundleBundleClosed                                                // OFPBFC_BUNDLE_CLOSED
	ErrBundleOutOfBundles                                                // OFPBFC_OUT_OF_BUNDLES
	ErrBundleBadType                                                     // OFPBFC_BAD_TYPE
	ErrBundleBadFlags                                                    // OFPBFC_BAD_FLAGS
	ErrBundleMsgBadLen                                                   // OFPBFC_MSG_BAD_LEN
	ErrBundleMsgBadXID                                                   // OFPBFC_MSG_BAD_XID
	ErrBundleMsgUnsup                                                    // OFPBFC_MSG_UNSUP
	ErrBundleMsgConflict                                                 // OFPBFC_MSG_CONFLICT
	ErrBundleMsgTooMany                                                  // OFPBFC_MSG_TOO_MANY
	ErrBundleMsgFailed                                                   // OFPBFC_MSG_FAILED
	ErrBundleTimeout                                                     // OFPBFC_TIMEOUT
	ErrBundleBundleInProgress                                            // OFPBFC_BUNDLE_IN_PROGRESS
	ErrBundleSchedNotSupported                                           // OFPBFC_SCHED_NOT_SUPPORTED
	ErrBundleSchedFuture                                                 // OFPBFC_SCHED_FUTURE
	ErrBundleSchedPast                                                   // OFPBFC_SCHED_PAST
	ErrBundleBadVersion                                                  // OFPBFC_BAD_VERSION
)

// Flow monitor failed (OFPET_FLOW_MONITOR_FAILED, 1.4+).
const (
	ErrMonitorUnknown        ErrorCode = iota + ErrBundleBadVersion + 1 // OFPMOFC_UNKNOWN
	ErrMonitorMonitorExists                                             // OFPMOFC_MONITOR_EXISTS
	ErrMonitorInvalidMonitor                                            // OFPMOFC_INVALID_MONITOR
	ErrMonitorUnknownMonitor                                            // OFPMOFC_UNKNOWN_MONITOR
	ErrMonitorBadCommand                                                // OFPMOFC_BAD_COMMAND
	ErrMonitorBadFlags                                                  // OFPMOFC_BAD_FLAGS
	ErrMonitorBadTableID                                                // OFPMOFC_BAD_TABLE_ID
	ErrMonitorBadOut                                                    // OFPMOFC_BAD_OUT
)

// TLV table modification failed, Nicira.
const (
	ErrTLVTableBadCommand    ErrorCode = iota + ErrMonitorBadOut + 1 // NXTTMFC_BAD_COMMAND
	ErrTLVTableBadOptLen                                             // NXTTMFC_BAD_OPT_LEN
	ErrTLVTableBadFieldIdx                                           // NXTTMFC_BAD_FIELD_IDX
	ErrTLVTableTableFull                                             // NXTTMFC_TABLE_FULL
	ErrTLVTableAlreadyMapped                                         // NXTTMFC_ALREADY_MAPPED
	ErrTLVTableDupEntry                                              // NXTTMFC_DUP_ENTRY
	ErrTLVTableInvalidTLVDel                                         // NXTTMFC_INVALID_TLV_DEL
)

// NXT_RESUME failed, Nicira.
const (
	ErrResumeNotSupported ErrorCode = iota + ErrTLVTableInvalidTLVDel + 1 // NXR_NOT_SUPPORTED
	ErrResumeStale                                                        // NXR_STALE
)

// Statistics request failed, Nicira.
const (
	ErrNXStatsNotConfigured ErrorCode = iota + ErrResumeStale + 1 // NXST_NOT_CONFIGURED
)

const numErrorCodes = int(ErrNXStatsNotConfigured) + 1
