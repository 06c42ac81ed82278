package openflow

// MonitorFlags say which events of flows a monitor wants, and how
// (NXFMF_*; OpenFlow 1.4's OFPFMF_* are mapped).
type MonitorFlags uint16

// Monitor flags.
const (
	MonitorInitial MonitorFlags = 1 << iota // flows that there are at the start
	MonitorAdd
	MonitorDelete
	MonitorModify
	MonitorActions  // events carry the actions
	MonitorNoAbbrev // 1.4+: the controller's own changes in full; otherwise abbreviated
	MonitorOwn      // before 1.4 the same; there OFPFMF_ONLY_OWN, which Open vSwitch takes for it
)

// MonitorCommand says what a FlowMonitorRequest does (1.4+: OFPFMC_*).
type MonitorCommand uint8

// Commands of a flow monitor.
const (
	MonitorCmdAdd MonitorCommand = iota
	MonitorCmdModify
	MonitorCmdDelete
)

// FlowMonitorRequest makes monitors.
type FlowMonitorRequest struct{ Monitors []FlowMonitor }

// FlowMonitor is one monitor.
type FlowMonitor struct {
	ID       uint32
	Command  MonitorCommand // 1.4+; else MonitorCmdAdd
	Flags    MonitorFlags
	OutPort  PortNo
	OutGroup uint32 // 1.4+; else GroupAny
	Table    uint8
	Match    Match
}

// FlowMonitorReply tells of flows that came, went or changed.
type FlowMonitorReply struct{ Updates []FlowUpdate }

// FlowEvent says what happened to a flow, with OpenFlow 1.4's numbers
// (OFPFME_*).
type FlowEvent uint16

// Flow events.
const (
	FlowEventInitial FlowEvent = iota // Nicira's form has no such event: FlowEventAdded
	FlowEventAdded
	FlowEventRemoved
	FlowEventModified
	FlowEventAbbrev // what the change with this XID did is known to its sender
	FlowEventPaused
	FlowEventResumed
)

// FlowUpdate is one event.
type FlowUpdate struct {
	Event                    FlowEvent
	XID                      uint32 // FlowEventAbbrev only
	Reason                   RemovedReason
	Priority                 uint16
	IdleTimeout, HardTimeout uint16
	Table                    uint8
	Cookie                   uint64
	Actions                  []Action
	Match                    Match
}

// FlowMonitorCancel ends a monitor.
type FlowMonitorCancel struct{ ID uint32 }

// FlowMonitorPaused says that events are held back because the connection is slow.
type FlowMonitorPaused struct{}

// FlowMonitorResumed says that events flow again.
type FlowMonitorResumed struct{}
