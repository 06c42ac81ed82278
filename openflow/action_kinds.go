package openflow

// ActionKind implements Action.
func (Output) ActionKind() ActionKind { return ActOutput }

// ActionKind implements Action.
func (OutputReg) ActionKind() ActionKind { return ActOutputReg }

// ActionKind implements Action.
func (OutputTrunc) ActionKind() ActionKind { return ActOutputTrunc }

// ActionKind implements Action.
func (Controller) ActionKind() ActionKind { return ActController }

// ActionKind implements Action.
func (Enqueue) ActionKind() ActionKind { return ActEnqueue }

// ActionKind implements Action.
func (Bundle) ActionKind() ActionKind { return ActBundle }

// ActionKind implements Action.
func (Group) ActionKind() ActionKind { return ActGroup }

// ActionKind implements Action.
func (PushVLAN) ActionKind() ActionKind { return ActPushVLAN }

// ActionKind implements Action.
func (PopVLAN) ActionKind() ActionKind { return ActPopVLAN }

// ActionKind implements Action.
func (PushMPLS) ActionKind() ActionKind { return ActPushMPLS }

// ActionKind implements Action.
func (PopMPLS) ActionKind() ActionKind { return ActPopMPLS }

// ActionKind implements Action.
func (PushPBB) ActionKind() ActionKind { return ActPushPBB }

// ActionKind implements Action.
func (PopPBB) ActionKind() ActionKind { return ActPopPBB }

// ActionKind implements Action.
func (Encap) ActionKind() ActionKind { return ActEncap }

// ActionKind implements Action.
func (Decap) ActionKind() ActionKind { return ActDecap }

// ActionKind implements Action.
func (SetField) ActionKind() ActionKind { return ActSetField }

// ActionKind implements Action.
func (Move) ActionKind() ActionKind { return ActMove }

// ActionKind implements Action.
func (SetVLANVID) ActionKind() ActionKind { return ActSetVLANVID }

// ActionKind implements Action.
func (SetVLANPCP) ActionKind() ActionKind { return ActSetVLANPCP }

// ActionKind implements Action.
func (SetEthSrc) ActionKind() ActionKind { return ActSetEthSrc }

// ActionKind implements Action.
func (SetEthDst) ActionKind() ActionKind { return ActSetEthDst }

// ActionKind implements Action.
func (SetIPSrc) ActionKind() ActionKind { return ActSetIPSrc }

// ActionKind implements Action.
func (SetIPDst) ActionKind() ActionKind { return ActSetIPDst }

// ActionKind implements Action.
func (SetIPDSCP) ActionKind() ActionKind { return ActSetIPDSCP }

// ActionKind implements Action.
func (SetIPECN) ActionKind() ActionKind { return ActSetIPECN }

// ActionKind implements Action.
func (SetIPTTL) ActionKind() ActionKind { return ActSetIPTTL }

// ActionKind implements Action.
func (SetTPSrc) ActionKind() ActionKind { return ActSetTPSrc }

// ActionKind implements Action.
func (SetTPDst) ActionKind() ActionKind { return ActSetTPDst }

// ActionKind implements Action.
func (DecTTL) ActionKind() ActionKind { return ActDecTTL }

// ActionKind implements Action.
func (CopyTTLOut) ActionKind() ActionKind { return ActCopyTTLOut }

// ActionKind implements Action.
func (CopyTTLIn) ActionKind() ActionKind { return ActCopyTTLIn }

// ActionKind implements Action.
func (SetMPLSLabel) ActionKind() ActionKind { return ActSetMPLSLabel }

// ActionKind implements Action.
func (SetMPLSTC) ActionKind() ActionKind { return ActSetMPLSTC }

// ActionKind implements Action.
func (SetMPLSTTL) ActionKind() ActionKind { return ActSetMPLSTTL }

// ActionKind implements Action.
func (DecMPLSTTL) ActionKind() ActionKind { return ActDecMPLSTTL }

// ActionKind implements Action.
func (DecNSHTTL) ActionKind() ActionKind { return ActDecNSHTTL }

// ActionKind implements Action.
func (CheckPktLarger) ActionKind() ActionKind { return ActCheckPktLarger }

// ActionKind implements Action.
func (DeleteField) ActionKind() ActionKind { return ActDeleteField }

// ActionKind implements Action.
func (SetTunnel) ActionKind() ActionKind { return ActSetTunnel }

// ActionKind implements Action.
func (SetQueue) ActionKind() ActionKind { return ActSetQueue }

// ActionKind implements Action.
func (PopQueue) ActionKind() ActionKind { return ActPopQueue }

// ActionKind implements Action.
func (CT) ActionKind() ActionKind { return ActCT }

// ActionKind implements Action.
func (NAT) ActionKind() ActionKind { return ActNAT }

// ActionKind implements Action.
func (CTClear) ActionKind() ActionKind { return ActCTClear }

// ActionKind implements Action.
func (Learn) ActionKind() ActionKind { return ActLearn }

// ActionKind implements Action.
func (FinTimeout) ActionKind() ActionKind { return ActFinTimeout }

// ActionKind implements Action.
func (Resubmit) ActionKind() ActionKind { return ActResubmit }

// ActionKind implements Action.
func (Clone) ActionKind() ActionKind { return ActClone }

// ActionKind implements Action.
func (StackPush) ActionKind() ActionKind { return ActStackPush }

// ActionKind implements Action.
func (StackPop) ActionKind() ActionKind { return ActStackPop }

// ActionKind implements Action.
func (Exit) ActionKind() ActionKind { return ActExit }

// ActionKind implements Action.
func (Multipath) ActionKind() ActionKind { return ActMultipath }

// ActionKind implements Action.
func (Conjunction) ActionKind() ActionKind { return ActConjunction }

// ActionKind implements Action.
func (Note) ActionKind() ActionKind { return ActNote }

// ActionKind implements Action.
func (Sample) ActionKind() ActionKind { return ActSample }

// ActionKind implements Action.
func (DebugRecirc) ActionKind() ActionKind { return ActDebugRecirc }

// ActionKind implements Action.
func (DebugSlow) ActionKind() ActionKind { return ActDebugSlow }

// ActionKind implements Action.
func (Meter) ActionKind() ActionKind { return ActMeter }

// ActionKind implements Action.
func (ClearActions) ActionKind() ActionKind { return ActClearActions }

// ActionKind implements Action.
func (WriteActions) ActionKind() ActionKind { return ActWriteActions }

// ActionKind implements Action.
func (WriteMetadata) ActionKind() ActionKind { return ActWriteMetadata }

// ActionKind implements Action.
func (GotoTable) ActionKind() ActionKind { return ActGotoTable }
