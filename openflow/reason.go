package openflow

// PacketInReason says why a packet came to the controller (OFPR_*).
type PacketInReason uint8

// Reasons of a packet-in. Those of OpenFlow 1.4 are told apart only there and in
// the Nicira forms; ReasonExplicitMiss and ReasonImplicitMiss are ours: both are
// ReasonNoMatch on the wire.
const (
	ReasonNoMatch    PacketInReason = 0
	ReasonAction     PacketInReason = 1
	ReasonInvalidTTL PacketInReason = 2 // 1.2+
	ReasonActionSet  PacketInReason = 3 // 1.4+
	ReasonGroup      PacketInReason = 4 // 1.4+
	ReasonPacketOut  PacketInReason = 5 // 1.4+

	ReasonExplicitMiss PacketInReason = 6 // by a table-miss flow
	ReasonImplicitMiss PacketInReason = 7 // by no flow at all
)
