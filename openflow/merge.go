package openflow

// Merge appends the list of next, a further part of the multipart message that m
// is the beginning of, to m's. It is false where the two are of different kinds
// or are no lists: then nothing is done.
//
//size:table
func Merge(m, next Message) bool {
	switch m := m.(type) {
	case *FlowStatsReply:
		return mergeInto(m, next, func(m *FlowStatsReply) *[]FlowStats { return &m.Flows })
	case *TableStatsReply:
		o, same := next.(*TableStatsReply)
		if same {
			m.Features = append(m.Features, o.Features...)
		}
		return mergeInto(m, next, func(m *TableStatsReply) *[]TableStats { return &m.Tables })
	case *PortStatsReply:
		return mergeInto(m, next, func(m *PortStatsReply) *[]PortStats { return &m.Ports })
	case *QueueStatsReply:
		return mergeInto(m, next, func(m *QueueStatsReply) *[]QueueStats { return &m.Queues })
	case *GroupStatsReply:
		return mergeInto(m, next, func(m *GroupStatsReply) *[]GroupStats { return &m.Groups })
	case *GroupDescReply:
		return mergeInto(m, next, func(m *GroupDescReply) *[]GroupDesc { return &m.Groups })
	case *MeterStatsReply:
		return mergeInto(m, next, func(m *MeterStatsReply) *[]MeterStats { return &m.Meters })
	case *MeterConfigReply:
		return mergeInto(m, next, func(m *MeterConfigReply) *[]MeterConfig { return &m.Meters })
	case *TableFeaturesRequest:
		return mergeInto(m, next, func(m *TableFeaturesRequest) *[]TableFeatures { return &m.Tables })
	case *TableFeaturesReply:
		return mergeInto(m, next, func(m *TableFeaturesReply) *[]TableFeatures { return &m.Tables })
	case *TableDescReply:
		return mergeInto(m, next, func(m *TableDescReply) *[]TableDesc { return &m.Tables })
	case *PortDescReply:
		return mergeInto(m, next, func(m *PortDescReply) *[]Port { return &m.Ports })
	case *QueueDescReply:
		return mergeInto(m, next, func(m *QueueDescReply) *[]Queue { return &m.Queues })
	case *FlowMonitorRequest:
		return mergeInto(m, next, func(m *FlowMonitorRequest) *[]FlowMonitor { return &m.Monitors })
	case *FlowMonitorReply:
		return mergeInto(m, next, func(m *FlowMonitorReply) *[]FlowUpdate { return &m.Updates })
	case *ControllerStatusReply:
		return mergeInto(m, next, func(m *ControllerStatusReply) *[]ControllerState { return &m.Controllers })
	case *IPFIXFlowReply:
		return mergeInto(m, next, func(m *IPFIXFlowReply) *[]IPFIXStats { return &m.Exporters })
	}
	return false
}

func mergeInto[E any, P Message](m P, next Message, list func(P) *[]E) bool {
	o, same := next.(P)
	if same {
		*list(m) = append(*list(m), *list(o)...)
	}
	return same
}
