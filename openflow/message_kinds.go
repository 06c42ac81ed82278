package openflow

// Kind implements Message.
func (*Hello) Kind() Kind { return KindHello }

// Kind implements Message.
func (*Error) Kind() Kind { return KindError }

// Kind implements Message.
func (*EchoRequest) Kind() Kind { return KindEchoRequest }

// Kind implements Message.
func (*EchoReply) Kind() Kind { return KindEchoReply }

// Kind implements Message.
func (*Experimenter) Kind() Kind { return KindExperimenter }

// Kind implements Message.
func (*FeaturesRequest) Kind() Kind { return KindFeaturesRequest }

// Kind implements Message.
func (*FeaturesReply) Kind() Kind { return KindFeaturesReply }

// Kind implements Message.
func (*GetConfigRequest) Kind() Kind { return KindGetConfigRequest }

// Kind implements Message.
func (*GetConfigReply) Kind() Kind { return KindGetConfigReply }

// Kind implements Message.
func (*SetConfig) Kind() Kind { return KindSetConfig }

// Kind implements Message.
func (*PacketIn) Kind() Kind { return KindPacketIn }

// Kind implements Message.
func (*FlowRemoved) Kind() Kind { return KindFlowRemoved }

// Kind implements Message.
func (*PortStatus) Kind() Kind { return KindPortStatus }

// Kind implements Message.
func (*PacketOut) Kind() Kind { return KindPacketOut }

// Kind implements Message.
func (*FlowMod) Kind() Kind { return KindFlowMod }

// Kind implements Message.
func (*GroupMod) Kind() Kind { return KindGroupMod }

// Kind implements Message.
func (*PortMod) Kind() Kind { return KindPortMod }

// Kind implements Message.
func (*TableMod) Kind() Kind { return KindTableMod }

// Kind implements Message.
func (*BarrierRequest) Kind() Kind { return KindBarrierRequest }

// Kind implements Message.
func (*BarrierReply) Kind() Kind { return KindBarrierReply }

// Kind implements Message.
func (*QueueConfigRequest) Kind() Kind { return KindQueueConfigRequest }

// Kind implements Message.
func (*QueueConfigReply) Kind() Kind { return KindQueueConfigReply }

// Kind implements Message.
func (*RoleRequest) Kind() Kind { return KindRoleRequest }

// Kind implements Message.
func (*RoleReply) Kind() Kind { return KindRoleReply }

// Kind implements Message.
func (*GetAsyncRequest) Kind() Kind { return KindGetAsyncRequest }

// Kind implements Message.
func (*GetAsyncReply) Kind() Kind { return KindGetAsyncReply }

// Kind implements Message.
func (*SetAsync) Kind() Kind { return KindSetAsync }

// Kind implements Message.
func (*MeterMod) Kind() Kind { return KindMeterMod }

// Kind implements Message.
func (*RoleStatus) Kind() Kind { return KindRoleStatus }

// Kind implements Message.
func (*TableStatus) Kind() Kind { return KindTableStatus }

// Kind implements Message.
func (*RequestForward) Kind() Kind { return KindRequestForward }

// Kind implements Message.
func (*BundleControl) Kind() Kind { return KindBundleControl }

// Kind implements Message.
func (*BundleAdd) Kind() Kind { return KindBundleAdd }

// Kind implements Message.
func (*ControllerStatus) Kind() Kind { return KindControllerStatus }

// Kind implements Message.
func (*FlowMonitorCancel) Kind() Kind { return KindFlowMonitorCancel }

// Kind implements Message.
func (*FlowMonitorPaused) Kind() Kind { return KindFlowMonitorPaused }

// Kind implements Message.
func (*FlowMonitorResumed) Kind() Kind { return KindFlowMonitorResumed }

// Kind implements Message.
func (*SetFlowFormat) Kind() Kind { return KindSetFlowFormat }

// Kind implements Message.
func (*FlowModTableID) Kind() Kind { return KindFlowModTableID }

// Kind implements Message.
func (*SetPacketInFormat) Kind() Kind { return KindSetPacketInFormat }

// Kind implements Message.
func (*FlowAge) Kind() Kind { return KindFlowAge }

// Kind implements Message.
func (*SetControllerID) Kind() Kind { return KindSetControllerID }

// Kind implements Message.
func (*TLVTableMod) Kind() Kind { return KindTLVTableMod }

// Kind implements Message.
func (*TLVTableRequest) Kind() Kind { return KindTLVTableRequest }

// Kind implements Message.
func (*TLVTableReply) Kind() Kind { return KindTLVTableReply }

// Kind implements Message.
func (*Resume) Kind() Kind { return KindResume }

// Kind implements Message.
func (*CTFlushZone) Kind() Kind { return KindCTFlushZone }

// Kind implements Message.
func (*CTFlush) Kind() Kind { return KindCTFlush }

// Kind implements Message.
func (*DescRequest) Kind() Kind { return KindDescRequest }

// Kind implements Message.
func (*DescReply) Kind() Kind { return KindDescReply }

// Kind implements Message.
func (*FlowStatsRequest) Kind() Kind { return KindFlowStatsRequest }

// Kind implements Message.
func (*FlowStatsReply) Kind() Kind { return KindFlowStatsReply }

// Kind implements Message.
func (*AggregateRequest) Kind() Kind { return KindAggregateRequest }

// Kind implements Message.
func (*AggregateReply) Kind() Kind { return KindAggregateReply }

// Kind implements Message.
func (*TableStatsRequest) Kind() Kind { return KindTableStatsRequest }

// Kind implements Message.
func (*TableStatsReply) Kind() Kind { return KindTableStatsReply }

// Kind implements Message.
func (*PortStatsRequest) Kind() Kind { return KindPortStatsRequest }

// Kind implements Message.
func (*PortStatsReply) Kind() Kind { return KindPortStatsReply }

// Kind implements Message.
func (*QueueStatsRequest) Kind() Kind { return KindQueueStatsRequest }

// Kind implements Message.
func (*QueueStatsReply) Kind() Kind { return KindQueueStatsReply }

// Kind implements Message.
func (*GroupStatsRequest) Kind() Kind { return KindGroupStatsRequest }

// Kind implements Message.
func (*GroupStatsReply) Kind() Kind { return KindGroupStatsReply }

// Kind implements Message.
func (*GroupDescRequest) Kind() Kind { return KindGroupDescRequest }

// Kind implements Message.
func (*GroupDescReply) Kind() Kind { return KindGroupDescReply }

// Kind implements Message.
func (*GroupFeaturesRequest) Kind() Kind { return KindGroupFeaturesRequest }

// Kind implements Message.
func (*GroupFeaturesReply) Kind() Kind { return KindGroupFeaturesReply }

// Kind implements Message.
func (*MeterStatsRequest) Kind() Kind { return KindMeterStatsRequest }

// Kind implements Message.
func (*MeterStatsReply) Kind() Kind { return KindMeterStatsReply }

// Kind implements Message.
func (*MeterConfigRequest) Kind() Kind { return KindMeterConfigRequest }

// Kind implements Message.
func (*MeterConfigReply) Kind() Kind { return KindMeterConfigReply }

// Kind implements Message.
func (*MeterFeaturesRequest) Kind() Kind { return KindMeterFeaturesRequest }

// Kind implements Message.
func (*MeterFeaturesReply) Kind() Kind { return KindMeterFeaturesReply }

// Kind implements Message.
func (*TableFeaturesRequest) Kind() Kind { return KindTableFeaturesRequest }

// Kind implements Message.
func (*TableFeaturesReply) Kind() Kind { return KindTableFeaturesReply }

// Kind implements Message.
func (*TableDescRequest) Kind() Kind { return KindTableDescRequest }

// Kind implements Message.
func (*TableDescReply) Kind() Kind { return KindTableDescReply }

// Kind implements Message.
func (*PortDescRequest) Kind() Kind { return KindPortDescRequest }

// Kind implements Message.
func (*PortDescReply) Kind() Kind { return KindPortDescReply }

// Kind implements Message.
func (*QueueDescRequest) Kind() Kind { return KindQueueDescRequest }

// Kind implements Message.
func (*QueueDescReply) Kind() Kind { return KindQueueDescReply }

// Kind implements Message.
func (*FlowMonitorRequest) Kind() Kind { return KindFlowMonitorRequest }

// Kind implements Message.
func (*FlowMonitorReply) Kind() Kind { return KindFlowMonitorReply }

// Kind implements Message.
func (*ControllerStatusRequest) Kind() Kind { return KindControllerStatusRequest }

// Kind implements Message.
func (*ControllerStatusReply) Kind() Kind { return KindControllerStatusReply }

// Kind implements Message.
func (*BundleFeaturesRequest) Kind() Kind { return KindBundleFeaturesRequest }

// Kind implements Message.
func (*BundleFeaturesReply) Kind() Kind { return KindBundleFeaturesReply }

// Kind implements Message.
func (*IPFIXBridgeRequest) Kind() Kind { return KindIPFIXBridgeRequest }

// Kind implements Message.
func (*IPFIXBridgeReply) Kind() Kind { return KindIPFIXBridgeReply }

// Kind implements Message.
func (*IPFIXFlowRequest) Kind() Kind { return KindIPFIXFlowRequest }

// Kind implements Message.
func (*IPFIXFlowReply) Kind() Kind { return KindIPFIXFlowReply }
