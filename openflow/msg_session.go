package openflow

// Hello opens a connection and offers versions (OpenFlow 1.3.5 §7.5.1).
type Hello struct {
	// Versions are those of the bitmap, or all up to the header's version where
	// the sender gave no bitmap.
	Versions VersionSet
	// Bitmap says that the sender gave one. Append writes it where this says so,
	// and where the header's version alone would offer others than Versions.
	Bitmap bool
}

// EchoRequest asks for an EchoReply with the same data.
type EchoRequest struct{ Data []byte }

// EchoReply answers an EchoRequest.
type EchoReply struct{ Data []byte }

// Experimenter is a vendor's message that this package does not know; ExpType
// is absent from the wire (and part of Data) in OpenFlow 1.0.
type Experimenter struct {
	Vendor  uint32
	ExpType uint32
	Data    []byte
}

// FeaturesRequest asks for the switch's identity.
type FeaturesRequest struct{}

// Capabilities are OFPC_* bits as OpenFlow 1.1 and later have them.
type Capabilities uint32

// Capabilities. Flow monitoring and bundles of OpenFlow 1.5 keep their bits.
const (
	CapFlowStats    Capabilities = 1 << 0
	CapTableStats   Capabilities = 1 << 1
	CapPortStats    Capabilities = 1 << 2
	CapGroupStats   Capabilities = 1 << 3 // 1.1+
	CapIPReassembly Capabilities = 1 << 5
	CapQueueStats   Capabilities = 1 << 6
	CapARPMatchIP   Capabilities = 1 << 7 // 1.0, 1.1
	CapPortBlocked  Capabilities = 1 << 8 // 1.2+
	CapBundles      Capabilities = 1 << 9 // 1.4+
	CapFlowMonitor  Capabilities = 1 << 10
	CapSTP          Capabilities = 1 << 31 // 1.0; bit 3 on its wire
)

// FeaturesReply is the switch's identity.
type FeaturesReply struct {
	DatapathID   uint64
	Buffers      uint32
	Tables       uint8
	Auxiliary    uint8 // 1.3+: id of the auxiliary connection, 0 for the main one
	Capabilities Capabilities
	Actions      ActionSet // 1.0: actions that the switch supports
	Ports        []Port    // 1.0 to 1.2
}

// FragHandling says what the switch does to IP fragments (OFPC_FRAG_*).
type FragHandling uint16

// Treatments of fragments.
const (
	FragNormal  FragHandling = 0 // transport ports read as zero
	FragDrop    FragHandling = 1
	FragReasm   FragHandling = 2
	FragNXMatch FragHandling = 3 // Nicira: as normal, but first fragments keep their ports
	fragMask                 = 3
)

// SwitchConfig is what GetConfigReply and SetConfig carry.
type SwitchConfig struct {
	Frag FragHandling
	// InvalidTTL is OFPC_INVALID_TTL_TO_CONTROLLER of OpenFlow 1.1 and 1.2, which
	// Open vSwitch knows in 1.0 too.
	InvalidTTL  bool
	MissSendLen uint16 // bytes of a table miss that packet-in carries; 0xffff: all
}

// GetConfigRequest asks for the configuration.
type GetConfigRequest struct{}

// GetConfigReply is the configuration.
type GetConfigReply struct{ SwitchConfig }

// SetConfig changes the configuration.
type SetConfig struct{ SwitchConfig }

// BarrierRequest asks for a BarrierReply once all before it is done.
type BarrierRequest struct{}

// BarrierReply says that all before the request is done.
type BarrierReply struct{}

// Role is a controller's role as OpenFlow 1.2 and later number it.
type Role uint32

// Roles. RoleNoChange asks for the present one; NXT_ROLE_REQUEST has no such value.
const (
	RoleNoChange Role = iota
	RoleEqual         // "other" in Nicira's form
	RolePrimary
	RoleSecondary
)

// RoleRequest changes the role of the controller that sends it.
type RoleRequest struct {
	Nicira          bool // NXT_ROLE_REQUEST rather than OFPT_ROLE_REQUEST
	Role            Role
	ShortID         uint16 // 1.5: short controller id
	HasGenerationID bool   // only RolePrimary and RoleSecondary of the standard form have one
	GenerationID    uint64
}

// RoleReply answers a RoleRequest in its form.
type RoleReply RoleRequest

// RoleReason says why a role changed (OFPCRR_*).
type RoleReason uint8

// Reasons of a role's change.
const (
	RoleReasonPrimaryRequest RoleReason = iota
	RoleReasonConfig
	RoleReasonExperimenter
)

// RoleStatus tells a controller that it lost its role.
type RoleStatus struct {
	Role         Role
	Reason       RoleReason
	GenerationID uint64
	Props        []Property // as they came
}

// AsyncMessage is a kind of asynchronous message that controllers may mask.
type AsyncMessage uint8

// Asynchronous messages, in the order of OpenFlow 1.4's properties.
const (
	AsyncPacketIn AsyncMessage = iota
	AsyncPortStatus
	AsyncFlowRemoved
	AsyncRoleStatus
	AsyncTableStatus
	AsyncRequestForward
	AsyncFlowStats  // 1.5
	AsyncContStatus // 1.5
	NumAsync
)

// AsyncMask has, for each kind of asynchronous message, the bits of the reasons
// for which it is sent. Set says which kinds the message mentions: the mask
// forms mention the first three, the property forms any.
type AsyncMask struct {
	Reasons [NumAsync]uint32
	Set     uint8 // bit i: Reasons[i] is there
}

// AsyncConfig are the masks of controllers that are primary or equal, and of
// secondary ones.
type AsyncConfig struct {
	Primary, Secondary AsyncMask
}

// GetAsyncRequest asks for the sender's asynchronous configuration.
type GetAsyncRequest struct{}

// GetAsyncReply is the sender's asynchronous configuration.
type GetAsyncReply struct{ AsyncConfig }

// SetAsync changes the sender's asynchronous configuration.
type SetAsync struct {
	// Nicira is NXT_SET_ASYNC_CONFIG, and with Properties NXT_SET_ASYNC_CONFIG2.
	Nicira     bool
	Properties bool // by properties rather than masks; always so in 1.4 and later
	AsyncConfig
}

// SetControllerID names the controller for the controller action.
type SetControllerID struct{ ID uint16 }

// ControllerStatus tells controllers of another one's state (OpenFlow 1.5 §7.4.8).
type ControllerStatus struct{ ControllerState }

// Reasons of a ControllerState (OFPCSR_*) that a switch without configuration by
// OpenFlow has.
const (
	ControllerRequested uint8 = iota // it was asked for
	ControllerChannel                // the connection came or went
	ControllerRole                   // the role changed
)

// Channels of a ControllerState (OFPCT_STATUS_*).
const (
	ChannelUp uint8 = iota
	ChannelDown
)

// ControllerState is one controller's entry in ControllerStatus messages.
type ControllerState struct {
	ShortID       uint16
	Role          Role
	Reason        uint8 // ControllerRequested …
	ChannelStatus uint8 // ChannelUp, ChannelDown
	URIs          []string
	Props         []Property // others, as they came
}

// ControllerStatusRequest asks for the state of all controllers.
type ControllerStatusRequest struct{}

// ControllerStatusReply is the state of all controllers.
type ControllerStatusReply struct{ Controllers []ControllerState }

// FlowFormat is how flows travel on an OpenFlow 1.0 connection.
type FlowFormat uint32

// Flow formats of NXT_SET_FLOW_FORMAT.
const (
	FlowFormatOpenFlow10 FlowFormat = 0
	FlowFormatNXM        FlowFormat = 2
)

// SetFlowFormat chooses the form of flow-removed and statistics in OpenFlow 1.0.
type SetFlowFormat struct{ Format FlowFormat }

// FlowModTableID turns on or off that the high byte of a flow-mod's command is a
// table in OpenFlow 1.0 (see Dialect).
type FlowModTableID struct{ On bool }

// PacketInFormat is a form of packet-in messages.
type PacketInFormat uint32

// Packet-in formats of NXT_SET_PACKET_IN_FORMAT.
const (
	PacketInStandard PacketInFormat = 0
	PacketInNXT      PacketInFormat = 1 // NXT_PACKET_IN
	PacketInNXT2     PacketInFormat = 2 // NXT_PACKET_IN2
)

// SetPacketInFormat chooses the form of packet-in messages.
type SetPacketInFormat struct{ Format PacketInFormat }

// FlowAge asks for idle_age and hard_age in flow statistics; Open vSwitch gives
// them always.
type FlowAge struct{}
