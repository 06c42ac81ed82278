package text

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

// must is the value of a Parse function that cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sampleMatch(text string) openflow.Match { return must(ParseMatch(text, Options{})) }

// samples are messages of every kind.
//
//size:table
func samples() []openflow.Message {
	var list []openflow.Message
	for _, group := range [][]openflow.Message{
		sampleSession(), sampleFlows(), samplePackets(), samplePorts(), sampleTables(), sampleGroups(), sampleMeters(), sampleOthers(),
	} {
		list = append(list, group...)
	}
	return list
}

func sampleSession() []openflow.Message {
	async := openflow.AsyncConfig{}
	async.Primary.Reasons = [openflow.NumAsync]uint32{7, 7, 0xf, 7, 0x18, 3}
	async.Secondary.Reasons = [openflow.NumAsync]uint32{1, 7, 0, 0, 0, 0}
	async.Primary.Set, async.Secondary.Set = 0x3f, 0x3f
	masks := async
	masks.Primary.Set, masks.Secondary.Set = 7, 7
	features := openflow.FeaturesReply{DatapathID: 0x123456789abcdef0, Buffers: 256, Tables: 254, Auxiliary: 1,
		Capabilities: openflow.CapFlowStats | openflow.CapTableStats | openflow.CapPortStats | openflow.CapQueueStats | openflow.CapARPMatchIP | openflow.CapGroupStats,
		Ports:        []openflow.Port{samplePort(openflow.PortLocal, "br0"), samplePort(2, "a b\x01c"), samplePort(1, "eth0")}}
	features.Actions.Add(openflow.ActOutput, openflow.ActPopVLAN, openflow.ActSetTPDst, openflow.ActEnqueue)
	return []openflow.Message{
		&openflow.Hello{Versions: openflow.Versions(openflow.V10, openflow.V13), Bitmap: true},
		&openflow.Hello{Versions: openflow.Versions(openflow.V10)},
		&openflow.Error{Code: openflow.ErrMatchBadPrereq, Data: must(openflow.Append(nil, openflow.V13, 9, &openflow.BarrierRequest{}))},
		&openflow.Error{Code: openflow.ErrMatchBadPrereq, Data: must(openflow.Append(nil, openflow.V13, 9, must(ParseFlow("actions=note:00112233445566778899aabbccddeeff", Options{}))))[:64]},
		&openflow.Error{Code: openflow.ErrHelloIncompatible, Data: []byte("no \"common\" version\n")},
		&openflow.EchoRequest{}, &openflow.EchoRequest{Data: []byte("0123456789abcdefgh\x00\xff")}, &openflow.EchoReply{Data: []byte("12345678")},
		&openflow.FeaturesRequest{}, &features, &openflow.FeaturesReply{},
		&openflow.GetConfigRequest{},
		&openflow.GetConfigReply{SwitchConfig: openflow.SwitchConfig{Frag: openflow.FragNXMatch, MissSendLen: 128}},
		&openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{Frag: openflow.FragDrop, InvalidTTL: true, MissSendLen: 0xffff}},
		&openflow.BarrierRequest{}, &openflow.BarrierReply{},
		&openflow.RoleRequest{Role: openflow.RolePrimary, HasGenerationID: true, GenerationID: 77},
		&openflow.RoleRequest{Role: openflow.RoleNoChange}, &openflow.RoleRequest{Nicira: true, Role: openflow.RoleEqual},
		&openflow.RoleReply{Role: openflow.RoleSecondary, HasGenerationID: true, GenerationID: 5},
		&openflow.RoleStatus{Role: openflow.RoleSecondary, Reason: openflow.RoleReasonConfig, GenerationID: 3},
		&openflow.RoleStatus{Role: openflow.RoleEqual, GenerationID: noGeneration},
		&openflow.GetAsyncRequest{}, &openflow.GetAsyncReply{AsyncConfig: async}, &openflow.SetAsync{AsyncConfig: async},
		&openflow.SetAsync{Nicira: true, AsyncConfig: masks}, &openflow.SetAsync{Nicira: true, Properties: true, AsyncConfig: async},
		&openflow.ControllerStatusRequest{},
		&openflow.ControllerStatus{ControllerState: openflow.ControllerState{ShortID: 1, Role: openflow.RoleEqual, URIs: []string{"tcp:127.0.0.1:6653"}}},
		&openflow.ControllerStatusReply{Controllers: []openflow.ControllerState{{ShortID: 2, Role: openflow.RolePrimary, ChannelStatus: 1, URIs: []string{"x"}}}},
		&openflow.DescRequest{}, &openflow.DescReply{Manufacturer: "m", Hardware: "h w", Software: "s", Serial: "1", Datapath: "br0"},
	}
}

func sampleFlows() []openflow.Message {
	actions := must(ParseActions("output:1,ct_clear", Options{}))
	stats := openflow.FlowStats{Table: 3, Priority: 7, Flags: openflow.FlowSendRemoved | openflow.FlowNoPktCounts, Cookie: 0xab,
		Match: sampleMatch("tcp,tp_dst=80"), Duration: 12345678901, IdleTimeout: 5, HardTimeout: 6, Importance: 7,
		IdleAge: 3, HardAge: 4, Packets: 10, Bytes: 20, Actions: actions}
	plain := openflow.FlowStats{Priority: openflow.DefaultPriority, IdleAge: openflow.AgeUnknown, HardAge: openflow.AgeUnknown, Duration: 1500 * time.Millisecond}
	same := plain
	same.IdleAge, same.HardAge, same.Duration, same.Packets = 0, 2, 2*time.Second, openflow.NoCount
	request := openflow.FlowStatsRequest{Table: 3, OutPort: 4, OutGroup: openflow.GroupAny, Cookie: 1, CookieMask: 3, Match: sampleMatch("ip,reg0=5")}
	all := openflow.FlowStatsRequest{Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
	aggregate, allSums := openflow.AggregateRequest(request), openflow.AggregateRequest(all)
	fm := func(text string) openflow.Message { return must(ParseFlow(text, Options{CommandWord: true})) }
	nicira := must(ParseFlow("table=1,cookie=7,priority=9,tcp,tp_src=9/0xff,actions=3", Options{}))
	nicira.Nicira = true
	buffered := must(ParseFlow("actions=3", Options{}))
	buffered.Buffer = 0x123
	return []openflow.Message{
		fm("add,table=0,priority=0,actions=drop"),
		fm("table=1,cookie=0x5,idle_timeout=6,hard_timeout=7,importance=8,send_flow_rem,check_overlap,reset_counts,no_packet_counts,no_byte_counts,ip,actions=1"),
		fm("modify,cookie=5,ip,actions=1"), fm("modify_strict,cookie=5/7,priority=3,actions=1"),
		fm("delete,out_port=3,cookie=1/3"), fm("delete_strict,table=5,priority=3,ip,out_group=9"), nicira, buffered,
		&openflow.FlowRemoved{Reason: openflow.RemovedHardTimeout, Table: 3, Priority: 5, Cookie: 9, Match: sampleMatch("ip"), IdleTimeout: 1, HardTimeout: 2, Duration: 1234567890, Packets: 3, Bytes: 4},
		&openflow.FlowRemoved{Nicira: true, Reason: openflow.RemovedDelete, Table: 0, Priority: openflow.DefaultPriority},
		&openflow.FlowRemoved{Reason: openflow.RemovedMeterDelete, Table: openflow.TableAll, Priority: openflow.DefaultPriority},
		&request, &all, &aggregate, &allSums,
		&openflow.FlowStatsReply{Flows: []openflow.FlowStats{stats, plain, same}}, &openflow.FlowStatsReply{Nicira: true, Flows: []openflow.FlowStats{stats, plain, same}},
		&openflow.FlowStatsReply{}, &openflow.AggregateReply{Packets: 1, Bytes: 2, Flows: 3}, &openflow.AggregateReply{Nicira: true, Packets: 1, Bytes: openflow.NoCount, Flows: 3},
		&openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{
			{ID: 1, Flags: openflow.MonitorAdd | openflow.MonitorOwn, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny, Table: openflow.TableAll},
			{ID: 2, Flags: monitorAll, OutPort: 5, OutGroup: openflow.GroupAny, Table: 3, Match: sampleMatch("tcp")}}},
		&openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 3, Command: openflow.MonitorCmdDelete, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny, Table: openflow.TableAll}}},
		&openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 4, Command: openflow.MonitorCmdModify, Flags: openflow.MonitorAdd, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}}},
		&openflow.FlowMonitorReply{Updates: []openflow.FlowUpdate{
			{Event: openflow.FlowEventAdded, Priority: 5, IdleTimeout: 6, HardTimeout: 7, Table: 8, Cookie: 9, Match: sampleMatch("tcp"), Actions: actions},
			{Event: openflow.FlowEventRemoved, Reason: openflow.RemovedDelete, Priority: 5, Match: sampleMatch("ip,reg0=1")},
			{Event: openflow.FlowEventModified, Priority: 5}, {Event: openflow.FlowEventAbbrev, XID: 0x77}}},
		&openflow.FlowMonitorCancel{ID: 3}, &openflow.FlowMonitorPaused{}, &openflow.FlowMonitorResumed{},
	}
}

func samplePackets() []openflow.Message {
	// Of the same bytes in every version.
	actions := must(ParseActions("resubmit(,3),note:00.11,set_tunnel64:5", Options{}))
	packet := []byte("\xff\xff\xff\xff\xff\xff\x00\x11\x22\x33\x44\x55\x88\xb5hello, world; this is a packet")
	metadata := sampleMatch("in_port=3,reg0=5,metadata=0x7,tun_id=9")
	return []openflow.Message{
		&openflow.PacketIn{Reason: openflow.ReasonNoMatch, Cookie: ^uint64(0), Buffer: openflow.NoBuffer, TotalLen: uint32(len(packet)), Data: packet, Match: sampleMatch("in_port=3")},
		&openflow.PacketIn{Reason: openflow.ReasonAction, Table: 5, Cookie: 0x12, Buffer: 0x77, TotalLen: 1500, Data: packet, Match: metadata},
		&openflow.PacketIn{Format: openflow.PacketInNXT, Reason: openflow.ReasonInvalidTTL, Cookie: 1, Buffer: openflow.NoBuffer, TotalLen: 1500, Data: packet, Match: metadata},
		&openflow.PacketIn{Format: openflow.PacketInNXT2, Reason: openflow.ReasonGroup, Cookie: 1, Buffer: openflow.NoBuffer, TotalLen: uint32(len(packet)), Data: packet, Match: metadata, UserData: []byte{1, 2, 255}},
		paused(openflow.Continuation{}),
		paused(openflow.Continuation{Bridge: [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Stack: [][]byte{{1, 2, 3}, {0, 0, 5}, {0}, {}},
			Mirrors: 5, Conntracked: true, Rest: []openflow.ContinuedActions{{Table: 1, Cookie: 258, Actions: actions}, {Table: 2, Cookie: 5}, {Actions: actions}},
			ActionSet: actions[:1], ODPPort: 7, HasODPPort: true}),
		&openflow.Resume{PacketIn: openflow.PacketIn{Format: openflow.PacketInNXT2, Reason: openflow.ReasonAction, Cookie: ^uint64(0), Buffer: openflow.NoBuffer, TotalLen: uint32(len(packet)), Data: packet, Match: metadata}},
		must(ParsePacketOut("in_port=3 packet=ffffffffffff00112233445588b50011 actions=output:1,NORMAL", Options{})),
		must(ParsePacketOut("packet=ffffffffffff00112233445588b50011 actions=drop", Options{})),
		&openflow.PacketOut{Buffer: 0x5, InPort: openflow.PortController},
	}
}

// paused is a packet-in that carries a continuation.
func paused(c openflow.Continuation) *openflow.PacketIn {
	return &openflow.PacketIn{Format: openflow.PacketInNXT2, Reason: openflow.ReasonAction, Buffer: openflow.NoBuffer, TotalLen: 2, Data: []byte{1, 2}, UserData: []byte{5, 6},
		Match: sampleMatch("in_port=3"), Continuation: must(openflow.AppendContinuation(nil, openflow.V10, &c))}
}

func samplePort(no openflow.PortNo, name string) openflow.Port {
	return openflow.Port{No: no, MAC: flow.MAC{2, 0, 0, 0, 0, byte(no)}, Name: name, Config: openflow.PortDown | openflow.PortNoFwd, State: openflow.PortLinkDown,
		Current: openflow.Feature1GbFD | openflow.FeatureCopper, Advertised: openflow.FeatureAutoneg, Supported: openflow.Feature10GbFD | openflow.FeaturePause, Peer: openflow.Feature10MbHD,
		CurrentSpeed: 1000000, MaxSpeed: 10000000}
}

func samplePorts() []openflow.Message {
	counters := openflow.PortStats{Port: 1, RxPackets: 1, TxPackets: 2, RxBytes: 3, TxBytes: 4, RxDropped: 5, TxDropped: 6, RxErrors: 7, TxErrors: 8,
		RxFrameErr: 9, RxOverErr: 10, RxCRCErr: 11, Collisions: 12, Duration: 99123456789}
	more := counters
	more.Port = openflow.PortLocal
	more.RFC2819 = &openflow.PortStatsRFC2819{Rx1To64: 1, Rx65To127: openflow.NoCount, TxMulticast: 5, RxJabber: 9}
	more.Custom = []openflow.CustomCounter{{Name: "a", Value: 1}, {Name: "b", Value: 2}, {Name: "c", Value: 3}, {Name: "d", Value: 4}}
	none := openflow.PortStats{Port: 12, RxPackets: openflow.NoCount, TxPackets: openflow.NoCount, RxBytes: openflow.NoCount, TxBytes: openflow.NoCount,
		RxDropped: openflow.NoCount, TxDropped: openflow.NoCount, RxErrors: openflow.NoCount, TxErrors: openflow.NoCount,
		RxFrameErr: openflow.NoCount, RxOverErr: openflow.NoCount, RxCRCErr: openflow.NoCount, Collisions: openflow.NoCount, Duration: openflow.DurationUnknown}
	live := samplePort(3, "live")
	live.Config, live.State = 0, openflow.PortLive
	stp := samplePort(4, "stp")
	stp.State |= openflow.PortSTPForward
	ports := []openflow.Port{samplePort(openflow.PortLocal, "br0"), live, stp}
	queues := []openflow.Queue{{Port: 2, ID: 3, MinRate: 15, MaxRate: openflow.RateUnset}, {Port: 2, ID: 1, MinRate: openflow.RateUnset, MaxRate: 1000}, {Port: 2, ID: 9, MinRate: 1001, MaxRate: openflow.RateUnset}}
	return []openflow.Message{
		&openflow.PortStatus{Reason: openflow.PortAdded, Port: live}, &openflow.PortStatus{Reason: openflow.PortDeleted, Port: stp}, &openflow.PortStatus{Reason: openflow.PortModified, Port: ports[0]},
		&openflow.PortMod{Port: 1, MAC: live.MAC, Config: openflow.PortDown, Mask: openflow.PortDown | openflow.PortNoFwd, Advertise: openflow.Feature1GbFD},
		&openflow.PortMod{Port: openflow.PortLocal, Mask: openflow.PortNoPacketIn},
		&openflow.PortDescRequest{Port: openflow.PortAny}, &openflow.PortDescReply{Ports: ports},
		&openflow.PortStatsRequest{Port: openflow.PortAny}, &openflow.PortStatsRequest{Port: 3}, &openflow.PortStatsReply{Ports: []openflow.PortStats{counters, more, none}},
		&openflow.QueueConfigRequest{Port: 3}, &openflow.QueueConfigReply{Port: 2, Queues: queues},
		&openflow.QueueDescRequest{Port: openflow.PortAny, Queue: openflow.QueueAll}, &openflow.QueueDescRequest{Port: 3, Queue: 5}, &openflow.QueueDescReply{Queues: queues},
		&openflow.QueueStatsRequest{Port: openflow.PortAny, Queue: openflow.QueueAll}, &openflow.QueueStatsRequest{Port: 3, Queue: 5},
		&openflow.QueueStatsReply{Queues: []openflow.QueueStats{{Port: 1, Queue: 2, TxBytes: 3, TxPackets: 4, TxErrors: 5, Duration: time.Second}, {Port: openflow.PortLocal, TxBytes: openflow.NoCount, TxPackets: openflow.NoCount, TxErrors: openflow.NoCount, Duration: openflow.DurationUnknown}}},
	}
}

func sampleTables() []openflow.Message {
	desc := openflow.TableDesc{Table: 3, Eviction: openflow.On, EvictionFlags: 7, Vacancy: openflow.On, VacancyEvents: openflow.VacancyEvents{Down: 10, Up: 20, Current: 30}}
	return []openflow.Message{
		must(ParseTableMod("3", "drop", Options{})), must(ParseTableMod("all", "controller", Options{})), must(ParseTableMod("3", "evict", Options{})),
		must(ParseTableMod("3", "noevict", Options{})), must(ParseTableMod("3", "vacancy:10,20", Options{})), must(ParseTableMod("3", "novacancy", Options{})),
		&openflow.TableDescRequest{}, &openflow.TableDescReply{Tables: []openflow.TableDesc{desc, {Table: 4, Eviction: openflow.Off, EvictionFlags: 1, Vacancy: openflow.Off}}},
		&openflow.TableStatus{Reason: vacancyDown, Desc: desc}, &openflow.TableStatus{Reason: vacancyUp, Desc: desc},
		&openflow.TableStatsRequest{}, &openflow.TableFeaturesRequest{},
	}
}

func sampleGroups() []openflow.Message {
	group := func(command openflow.GroupModCommand, text string) *openflow.GroupMod {
		return must(ParseGroup(text, command, Options{}))
	}
	selecting := group(openflow.GroupAdd, "group_id=1,type=select,selection_method=hash,selection_method_param=3,fields(ip_src,tcp_dst=0xff),bucket=weight:5,output:1,bucket=bucket_id=9,actions=drop")
	one := group(openflow.GroupAdd, "group_id=2,type=select,selection_method=hash,fields=ip_src,bucket=output:1")
	failover := group(openflow.GroupModify, "group_id=3,type=ff,bucket=watch_port:1,output:1,bucket=watch_group:7,output:2")
	nicira := group(openflow.GroupAdd, "group_id=4,type=indirect,bucket=output:1")
	nicira.Nicira = true
	desc := func(m *openflow.GroupMod) openflow.GroupDesc {
		return openflow.GroupDesc{Type: m.Type, Group: m.Group, Props: m.Props, Buckets: m.Buckets}
	}
	var outputs openflow.ActionSet
	outputs.Add(openflow.ActOutput, openflow.ActGroup)
	return []openflow.Message{
		selecting, one, failover, nicira, group(openflow.GroupAdd, "group_id=1,type=all"), group(openflow.GroupDelete, ""), group(openflow.GroupDelete, "group_id=7"),
		group(openflow.GroupAddOrModify, "group_id=1,type=all,bucket=3"),
		group(openflow.GroupInsertBucket, "group_id=1,command_bucket_id=last,bucket=bucket_id=3,output:1"), group(openflow.GroupRemoveBucket, "group_id=1,command_bucket_id=all"),
		group(openflow.GroupRemoveBucket, "group_id=1,command_bucket_id=5"),
		&openflow.GroupStatsRequest{Group: openflow.GroupAll}, &openflow.GroupStatsRequest{Nicira: true, Group: 5},
		&openflow.GroupDescRequest{Group: openflow.GroupAll}, &openflow.GroupDescRequest{Group: 5}, &openflow.GroupFeaturesRequest{},
		&openflow.GroupStatsReply{Groups: []openflow.GroupStats{{Group: 1, RefCount: 2, Packets: 3, Bytes: 4, Duration: time.Second, Buckets: []openflow.BucketStats{{Packets: 5, Bytes: 6}, {Packets: openflow.NoCount, Bytes: openflow.NoCount}}}, {Group: 2, Duration: openflow.DurationUnknown}}},
		&openflow.GroupDescReply{Groups: []openflow.GroupDesc{desc(selecting), desc(failover)}}, &openflow.GroupDescReply{Nicira: true, Groups: []openflow.GroupDesc{desc(selecting)}},
		&openflow.GroupFeaturesReply{Types: 0xb, Capabilities: 0xf, MaxGroups: [4]uint32{1, 2, 3, 0}, Actions: [4]openflow.ActionSet{outputs}},
		&openflow.RequestForward{Group: selecting, XID: 3},
	}
}

func sampleMeters() []openflow.Message {
	meter := func(command openflow.MeterModCommand, text string) *openflow.MeterMod {
		return must(ParseMeter(text, command, Options{}))
	}
	two := meter(openflow.MeterModify, "meter=2 pktps burst stats bands=type=drop rate=1 burst_size=2 type=dscp_remark rate=3 burst_size=4 prec_level=1")
	return []openflow.Message{
		meter(openflow.MeterAdd, "meter=1 kbps bands=type=drop rate=1000"), two, meter(openflow.MeterDelete, "meter=5"), meter(openflow.MeterDelete, "meter=all"),
		&openflow.MeterStatsRequest{Meter: 5}, &openflow.MeterStatsRequest{Meter: openflow.MeterAll}, &openflow.MeterConfigRequest{Meter: openflow.MeterController},
		&openflow.MeterFeaturesRequest{}, &openflow.MeterConfigReply{Meters: []openflow.MeterConfig{two.MeterConfig, {Meter: openflow.MeterSlowPath, Flags: openflow.MeterKbps}}},
		&openflow.MeterStatsReply{Meters: []openflow.MeterStats{{Meter: 1, Flows: 2, Packets: 3, Bytes: 4, Duration: 1500 * time.Millisecond, Bands: []openflow.BandStats{{Packets: 5, Bytes: 6}, {}}}, {Meter: 2}}},
		&openflow.MeterFeaturesReply{MaxMeters: 10, BandTypes: 6, Capabilities: 0xf, MaxBands: 3, MaxColor: 1, Features: openflow.MeterInActionSet | openflow.MeterRepeated}, &openflow.MeterFeaturesReply{BandTypes: 0x10},
		&openflow.RequestForward{Meter: two, XID: 3},
	}
}

func sampleOthers() []openflow.Message {
	maps := must(ParseTLVMaps("{class=0xffff,type=0,len=4}->tun_metadata0,{class=0x12,type=0x80,len=124}->tun_metadata63"))
	ipfix := openflow.IPFIXStats{TotalFlows: 1, CurrentFlows: 2, Packets: 3, IPv4Packets: 4, IPv6Packets: 5, ErrorPackets: 6, IPv4ErrorPackets: 7, IPv6ErrorPackets: openflow.NoCount, TxPackets: 9, TxErrors: 10, CollectorSetID: 11}
	return []openflow.Message{
		&openflow.BundleControl{ID: 0, Type: openflow.BundleOpenRequest, Flags: openflow.BundleAtomic | openflow.BundleOrdered},
		&openflow.BundleControl{ID: 5, Type: openflow.BundleDiscardReply},
		&openflow.BundleAdd{ID: 5, Flags: openflow.BundleAtomic, XID: 0x1234, Message: must(ParseFlow("ip,actions=1", Options{}))},
		&openflow.BundleAdd{ID: 5, XID: 0x1234, Message: must(ParseGroup("group_id=1,type=all,bucket=1", openflow.GroupAdd, Options{}))},
		&openflow.BundleFeaturesRequest{Flags: 1}, &openflow.BundleFeaturesReply{Capabilities: 3},
		&openflow.SetFlowFormat{Format: openflow.FlowFormatNXM}, &openflow.SetFlowFormat{Format: openflow.FlowFormatOpenFlow10},
		&openflow.FlowModTableID{On: true}, &openflow.FlowModTableID{}, &openflow.SetPacketInFormat{Format: openflow.PacketInNXT2}, &openflow.SetPacketInFormat{},
		&openflow.FlowAge{}, &openflow.SetControllerID{ID: 77},
		&openflow.TLVTableMod{Command: openflow.TLVAdd, Maps: maps}, &openflow.TLVTableMod{Command: openflow.TLVDelete, Maps: maps[:1]}, &openflow.TLVTableMod{Command: openflow.TLVClear},
		&openflow.TLVTableRequest{}, &openflow.TLVTableReply{MaxSpace: 256, MaxFields: 64, Maps: maps}, &openflow.TLVTableReply{MaxSpace: 256, MaxFields: 64},
		&openflow.CTFlushZone{Zone: 5}, &openflow.CTFlush{Zone: 5, HasZone: true},
		must(ParseCTFlush("zone=7", "ct_nw_src=1.1.1.1,ct_nw_dst=2.2.2.2,ct_nw_proto=6,ct_tp_src=5,ct_tp_dst=80", "ct_nw_dst=3.3.3.3")),
		must(ParseCTFlush("ct_nw_proto=1,icmp_type=8,icmp_code=0,icmp_id=7,ct_nw_src=1.1.1.1")), must(ParseCTFlush("ct_ipv6_src=fe80::1,ct_nw_proto=17,ct_tp_dst=53")),
		must(ParseCTFlush("ct_nw_proto=58,icmp_type=128,icmp_code=0,icmp_id=7,ct_ipv6_dst=fe80::1")),
		&openflow.IPFIXBridgeRequest{}, &openflow.IPFIXFlowRequest{}, &openflow.IPFIXBridgeReply{IPFIXStats: ipfix}, &openflow.IPFIXFlowReply{Exporters: []openflow.IPFIXStats{ipfix, ipfix}},
	}
}

// notInOracle are kinds that ovs-ofctl 3.1 does not know, and why the others are
// here.
var notInOracle = map[openflow.Kind]string{
	openflow.KindControllerStatus:        "OpenFlow 1.5, not in Open vSwitch",
	openflow.KindControllerStatusRequest: "OpenFlow 1.5, not in Open vSwitch",
	openflow.KindControllerStatusReply:   "OpenFlow 1.5, not in Open vSwitch",
	openflow.KindBundleFeaturesRequest:   "OpenFlow 1.5, not in Open vSwitch",
	openflow.KindBundleFeaturesReply:     "OpenFlow 1.5, not in Open vSwitch",
}

// oracleRefuses says why ovs-ofctl does not read a message that it should.
func oracleRefuses(v openflow.Version, m openflow.Message) string {
	if m, is := m.(*openflow.FlowMonitorRequest); is && v >= openflow.V14 && m.Monitors[0].Command == openflow.MonitorCmdDelete {
		return "wants a match, which it does not send itself"
	}
	if m, is := m.(*openflow.SetAsync); is && !m.Nicira && v < openflow.V13 {
		return "there is only Nicira's form"
	}
	if m, is := m.(*openflow.MeterFeaturesReply); is && v >= openflow.V15 && m.Features != 0 {
		return "knows the shorter form of OpenFlow 1.3 alone"
	}
	return ""
}

// TestMessagesAgainstOracle prints every sample in every version that carries it.
func TestMessagesAgainstOracle(t *testing.T) {
	var names []string
	var messages [][]byte
	for i, m := range samples() {
		if notInOracle[m.Kind()] != "" {
			continue
		}
		some := false
		for v := openflow.V10; v <= openflow.V15; v++ {
			b, err := openflow.Append(nil, v, 0x1234, m)
			var un *openflow.UnencodableError
			if errors.As(err, &un) {
				continue
			}
			if err != nil {
				t.Errorf("%T in %s: %v", m, v, err)
				continue
			}
			some = true
			if oracleRefuses(v, m) != "" {
				continue
			}
			for len(b) > 0 {
				one, rest, err := openflow.Next(b)
				if err != nil {
					t.Fatal(err)
				}
				names, messages = append(names, fmt.Sprintf("sample %d, %T in %s", i, m, v)), append(messages, one)
				b = rest
			}
		}
		if !some {
			t.Errorf("%T: in no version", m)
		}
	}
	checkPrints(t, names, messages)
}

// TestEveryKindPrints finds kinds without a printer or without a sample, and
// holds the printers to beginning with the message's name, which the header does
// not carry here, and to ending with an end of line.
func TestEveryKindPrints(t *testing.T) {
	seen := map[openflow.Kind]bool{}
	for _, m := range samples() {
		seen[m.Kind()] = true
		text := string(AppendMessage(nil, openflow.Header{Version: openflow.V13, XID: 1}, m, PrintOptions{}))
		if !strings.HasPrefix(text, m.Kind().String()+" (OF1.3) (xid=0x1):") || text[len(text)-1] != '\n' {
			t.Errorf("%T prints %q", m, text)
		}
	}
	for k := openflow.KindHello; k <= openflow.KindIPFIXFlowReply; k++ {
		if messagePrinters[k].print == nil {
			t.Errorf("%s has no printer", k)
		}
		if !seen[k] && k != openflow.KindExperimenter && k != openflow.KindTableStatsReply && k != openflow.KindTableFeaturesReply {
			t.Errorf("%s has no sample", k)
		}
	}
}
