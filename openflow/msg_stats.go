package openflow

// DescRequest asks who made the switch.
type DescRequest struct{}

// DescReply says who made the switch. The longest texts that travel are 255
// bytes, for Serial 31.
type DescReply struct {
	Manufacturer string
	Hardware     string
	Software     string
	Serial       string
	Datapath     string
}

// IPFIXBridgeRequest asks for the statistics of the bridge's IPFIX exporter.
type IPFIXBridgeRequest struct{}

// IPFIXBridgeReply are the statistics of the bridge's IPFIX exporter.
type IPFIXBridgeReply struct{ IPFIXStats }

// IPFIXFlowRequest asks for the statistics of flow-based IPFIX exporters.
type IPFIXFlowRequest struct{}

// IPFIXFlowReply are the statistics of flow-based IPFIX exporters.
type IPFIXFlowReply struct{ Exporters []IPFIXStats }

// IPFIXStats are one exporter's counters.
type IPFIXStats struct {
	TotalFlows, CurrentFlows           uint64
	Packets, IPv4Packets, IPv6Packets  uint64
	ErrorPackets                       uint64
	IPv4ErrorPackets, IPv6ErrorPackets uint64
	TxPackets, TxErrors                uint64
	CollectorSetID                     uint32
}
