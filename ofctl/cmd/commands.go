package cmd

import (
	"slices"

	"vswitch/openflow"
)

// Groups of commands, in the order of help.
var (
	groupFlow    = &group{"flow", "Flows"}
	groupGroup   = &group{"group", "Groups and meters"}
	groupPort    = &group{"port", "Ports and queues"}
	groupSwitch  = &group{"switch", "The switch and its tables"}
	groupWatch   = &group{"watch", "Packets and messages"}
	groupControl = &group{"control", "The local vswitchd"}
	groupTool    = &group{"tool", "Tools"}
)

func groups() []*group {
	return []*group{groupFlow, groupGroup, groupPort, groupSwitch, groupWatch, groupControl, groupTool}
}

// commands is the table, in the order of help.
func commands() []command {
	return slices.Concat(flowCommands(), groupCommands(), portCommands(), switchCommands(), watchCommands(), controlCommands(), toolCommands())
}

// every are the versions of commands that all versions can carry.
const every = openflow.AllVersions

// flowCommands are those about flows.
//
//size:table
func flowCommands() []command {
	const flags = everyFlag + " flow-format no-names "
	const source = "A FLOW of - reads flows from the standard input, one a line."
	return []command{
		{
			group: groupFlow, name: "dump-flows", operands: "SWITCH [FLOW]", least: 1, most: 2, run: runDumpFlows,
			flags:   flags + "json sort rsort names no-stats stats more color",
			summary: "show flows",
			example: "ofctl dump-flows br0 'table=0,ip' --sort",
			more:    "FLOW chooses flows by their match, table, cookie=VALUE/MASK, out_port and out_group.",
		},
		{
			group: groupFlow, name: "dump-aggregate", operands: "SWITCH [FLOW]", least: 1, most: 2, run: runDumpAggregate,
			flags:   flags + "json",
			summary: "show the number of flows, and the sums of their counters",
			example: "ofctl dump-aggregate br0 'table=0'",
		},
		{
			group: groupFlow, name: "add-flow", operands: "SWITCH FLOW", least: 2, most: 2, writes: true, run: runFlowMod(openflow.FlowAdd),
			flags:   flags + "bundle",
			summary: "add a flow, or replace the one with the same match and priority",
			example: "ofctl add-flow br0 'priority=10,tcp,tp_dst=80,actions=output:h2'",
			more:    source + " A line may begin with another command: add, modify,\nmodify_strict, delete, delete_strict.",
		},
		{
			group: groupFlow, name: "add-flows", operands: "SWITCH FILE", least: 2, most: 2, writes: true, run: runAddFlows,
			flags:   flags + "bundle",
			summary: "add the flows of a file, one a line",
			example: "ofctl add-flows br0 flows.txt --bundle",
			more: `A line may begin with another command: add, modify, modify_strict, delete,
delete_strict. "#" starts a comment, and the FILE "-" is the standard input.
Nothing is sent unless every line is understood.`,
		},
		{
			group: groupFlow, name: "mod-flows", operands: "SWITCH FLOW", least: 2, most: 2, writes: true, run: runFlowMod(openflow.FlowModify),
			flags:   flags + "bundle strict",
			summary: "change the actions of flows",
			example: "ofctl mod-flows br0 'tcp,actions=drop'",
			more:    "All flows change that FLOW's match covers. " + source,
		},
		{
			group: groupFlow, name: "del-flows", operands: "SWITCH [FLOW]", least: 1, most: 2, writes: true, run: runFlowMod(openflow.FlowDelete),
			flags:   flags + "bundle strict",
			summary: "delete flows: those that FLOW covers, or all",
			example: "ofctl del-flows br0 'cookie=0x5/-1'",
			more:    source,
		},
		{
			group: groupFlow, name: "replace-flows", operands: "SWITCH FILE", least: 2, most: 2, writes: true, run: runReplaceFlows,
			flags:   flags + "bundle readd",
			summary: "make the switch's flows those of a file, changing only what differs",
			example: "ofctl replace-flows br0 flows.txt",
			more: `Flows that are alike are not touched and keep their counters. New flows are added
before old ones are deleted, those of later tables first, so that no packet
meets a gap; where the switch refuses new flows, the old ones stay. With --bundle
all changes take effect in one moment.`,
		},
		{
			group: groupFlow, name: "diff-flows", operands: "SOURCE SOURCE", least: 2, most: 2, run: runDiffFlows,
			flags:   flags + "json names",
			summary: "compare the flows of two switches or files",
			example: "ofctl diff-flows br0 flows.txt",
			more:    "Lines with - are what only the first one has, with + the second one. The exit code\nis 2 where they differ.",
		},
		{
			group: groupFlow, name: "bundle", operands: "SWITCH FILE", least: 2, most: 2, writes: true, run: runBundle,
			flags:   flags,
			summary: "make changes of flows, groups and packets as one: all of them or none",
			example: "ofctl bundle br0 changes.txt",
			more: `Each line begins with flow, group or packet-out and goes on as for add-flows,
add-groups and packet-out: "flow add priority=1,actions=drop".`,
		},
	}
}

// groupCommands are those about groups and meters.
//
//size:table
func groupCommands() []command {
	const flags = everyFlag + " no-names "
	return []command{
		{
			group: groupGroup, name: "dump-groups", operands: "SWITCH [GROUP]", least: 1, most: 2, run: runDumpGroups, flags: flags + "json names",
			summary: "show groups and their buckets",
			example: "ofctl dump-groups br0 1",
		},
		{
			group: groupGroup, name: "dump-group-stats", operands: "SWITCH [GROUP]", least: 1, most: 2, run: runDumpGroupStats, flags: flags + "json",
			summary: "show the counters of groups and buckets",
			example: "ofctl dump-group-stats br0",
		},
		{
			group: groupGroup, name: "dump-group-features", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.GroupFeaturesRequest{}), flags: flags + "json",
			summary: "show what groups can do",
			example: "ofctl dump-group-features br0",
		},
		{
			group: groupGroup, name: "add-group", operands: "SWITCH GROUP", least: 2, most: 2, writes: true, run: runGroupMod(openflow.GroupAdd), flags: flags + "bundle",
			summary: "add a group",
			example: "ofctl add-group br0 'group_id=1,type=select,bucket=output:1,bucket=output:2'",
			more:    "A GROUP of - reads groups from the standard input, one a line.",
		},
		{
			group: groupGroup, name: "add-groups", operands: "SWITCH FILE", least: 2, most: 2, writes: true, run: runAddGroups, flags: flags + "bundle",
			summary: "add the groups of a file, one a line",
			example: "ofctl add-groups br0 groups.txt",
			more:    "A line may begin with another command: add, modify, add_or_mod, delete,\ninsert_bucket, remove_bucket.",
		},
		{
			group: groupGroup, name: "mod-group", operands: "SWITCH GROUP", least: 2, most: 2, writes: true, run: runGroupMod(openflow.GroupModify), flags: flags + "bundle may-create",
			summary: "change a group",
			example: "ofctl mod-group br0 'group_id=1,type=all,bucket=output:1' --may-create",
		},
		{
			group: groupGroup, name: "del-groups", operands: "SWITCH [GROUP]", least: 1, most: 2, writes: true, run: runGroupMod(openflow.GroupDelete), flags: flags + "bundle",
			summary: "delete a group, or all",
			example: "ofctl del-groups br0 group_id=1",
		},
		{
			group: groupGroup, name: "insert-buckets", operands: "SWITCH GROUP", least: 2, most: 2, writes: true, run: runGroupMod(openflow.GroupInsertBucket), flags: flags + "bundle",
			summary: "add buckets to a group",
			example: "ofctl insert-buckets br0 'group_id=1,command_bucket_id=last,bucket=bucket_id:3,output:3'",
		},
		{
			group: groupGroup, name: "remove-buckets", operands: "SWITCH GROUP", least: 2, most: 2, writes: true, run: runGroupMod(openflow.GroupRemoveBucket), flags: flags + "bundle",
			summary: "remove buckets from a group: one, or all where none is named",
			example: "ofctl remove-buckets br0 'group_id=1,command_bucket_id=3'",
		},
		{
			group: groupGroup, name: "dump-meters", alias: "dump-meter", operands: "SWITCH [METER]", least: 1, most: 2, flags: flags + "json",
			run:     runMeterRequest(func(m uint32) openflow.Message { return &openflow.MeterConfigRequest{Meter: m} }),
			summary: "show meters and their bands",
			example: "ofctl dump-meters br0 meter=1",
		},
		{
			group: groupGroup, name: "meter-stats", operands: "SWITCH [METER]", least: 1, most: 2, flags: flags + "json",
			run:     runMeterRequest(func(m uint32) openflow.Message { return &openflow.MeterStatsRequest{Meter: m} }),
			summary: "show the counters of meters and bands",
			example: "ofctl meter-stats br0",
		},
		{
			group: groupGroup, name: "meter-features", operands: "SWITCH", least: 1, most: 1, flags: flags + "json",
			run:     runRequest(versionsFrom(openflow.V13), &openflow.MeterFeaturesRequest{}),
			summary: "show what meters can do",
			example: "ofctl meter-features br0",
		},
		{
			group: groupGroup, name: "add-meter", operands: "SWITCH METER", least: 2, most: 2, writes: true, run: runMeterMod(openflow.MeterAdd), flags: flags,
			summary: "add a meter",
			more:    "Rates and bursts in kilobits count Ethernet frames without FCS. Without a burst the\nbucket holds one second.",
			example: "ofctl add-meter br0 'meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=100'",
		},
		{
			group: groupGroup, name: "mod-meter", operands: "SWITCH METER", least: 2, most: 2, writes: true, run: runMeterMod(openflow.MeterModify), flags: flags,
			summary: "change a meter",
			example: "ofctl mod-meter br0 'meter=1,pktps,bands=type=drop,rate=500'",
		},
		{
			group: groupGroup, name: "del-meters", alias: "del-meter", operands: "SWITCH [METER]", least: 1, most: 2, writes: true, run: runMeterMod(openflow.MeterDelete), flags: flags,
			summary: "delete a meter, or all",
			example: "ofctl del-meters br0 meter=1",
		},
	}
}

// portCommands are those about ports and queues.
//
//size:table
func portCommands() []command {
	const flags = everyFlag + " no-names "
	return []command{
		{
			group: groupPort, name: "dump-ports", operands: "SWITCH [PORT]", least: 1, most: 2, run: runDumpPorts, flags: flags + "json names",
			summary: "show the counters of ports",
			example: "ofctl dump-ports br0 h1",
		},
		{
			group: groupPort, name: "dump-ports-desc", operands: "SWITCH [PORT]", least: 1, most: 2, run: runDumpPortsDesc, flags: flags + "json",
			summary: "show the ports, their settings and states",
			example: "ofctl dump-ports-desc br0",
		},
		{
			group: groupPort, name: "mod-port", operands: "SWITCH PORT ACTION", least: 3, most: 3, writes: true, run: runModPort, flags: flags,
			summary: "change a port's settings",
			example: "ofctl mod-port br0 h1 down",
			more: `ACTION is one of up, down, receive, no-receive, forward, no-forward, packet-in,
no-packet-in, and in OpenFlow 1.0 of flood, no-flood, stp, no-stp, receive-stp,
no-receive-stp.`,
		},
		{
			group: groupPort, name: "queue-stats", operands: "SWITCH [PORT [QUEUE]]", least: 1, most: 3, run: runQueueStats, flags: flags + "json names",
			summary: "show the counters of queues",
			example: "ofctl queue-stats br0 h1",
		},
		{
			group: groupPort, name: "queue-get-config", operands: "SWITCH [PORT [QUEUE]]", least: 1, most: 3, run: runQueueGetConfig, flags: flags + "json names",
			summary: "show the queues of ports, and their rates",
			example: "ofctl queue-get-config br0 h1",
		},
	}
}

// switchCommands are those about the switch as a whole and its tables.
//
//size:table
func switchCommands() []command {
	const flags = everyFlag + " "
	return []command{
		{
			group: groupSwitch, name: "show", operands: "SWITCH", least: 1, most: 1, run: runShow, flags: flags + "json",
			summary: "show who the switch is, what it can do, and its ports",
			example: "ofctl show br0",
		},
		{
			group: groupSwitch, name: "dump-desc", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.DescRequest{}), flags: flags + "json",
			summary: "show who made the switch",
			example: "ofctl dump-desc br0",
		},
		{
			group: groupSwitch, name: "dump-tables", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.TableStatsRequest{}), flags: flags + "json names",
			summary: "show the counters of tables",
			example: "ofctl dump-tables br0",
		},
		{
			group: groupSwitch, name: "dump-table-features", operands: "SWITCH", least: 1, most: 1, run: runDumpTableFeatures, flags: flags + "json",
			summary: "show what tables can do",
			example: "ofctl dump-table-features br0",
		},
		{
			group: groupSwitch, name: "dump-table-desc", operands: "SWITCH", least: 1, most: 1, flags: flags + "json names",
			run:     runRequest(versionsFrom(openflow.V14), &openflow.TableDescRequest{}),
			summary: "show how tables are configured",
			example: "ofctl dump-table-desc br0",
		},
		{
			group: groupSwitch, name: "mod-table", operands: "SWITCH TABLE SETTING", least: 3, most: 3, writes: true, run: runModTable, flags: flags + "no-names",
			summary: "change how a table, or ALL, is configured",
			example: "ofctl mod-table br0 0 evict",
			more: `SETTING is evict, noevict, vacancy:LOW,HIGH or novacancy (OpenFlow 1.4 and later), controller,
continue or drop for packets without a flow (OpenFlow 1.1 and 1.2), or name:NAME.`,
		},
		{
			group: groupSwitch, name: "get-frags", operands: "SWITCH", least: 1, most: 1, run: runGetFrags, flags: flags + "json",
			summary: "show how the switch treats IP fragments",
			example: "ofctl get-frags br0",
		},
		{
			group: groupSwitch, name: "set-frags", operands: "SWITCH normal|drop|reassemble|nx-match", least: 2, most: 2, writes: true, run: runSetFrags, flags: flags,
			summary: "change how the switch treats IP fragments",
			example: "ofctl set-frags br0 nx-match",
		},
		{
			group: groupSwitch, name: "dump-tlv-map", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.TLVTableRequest{}), flags: flags + "json",
			summary: "show which Geneve option is in which tun_metadata field",
			example: "ofctl dump-tlv-map br0",
		},
		{
			group: groupSwitch, name: "add-tlv-map", operands: "SWITCH MAP", least: 2, most: 2, writes: true, run: runTLVMap(openflow.TLVAdd), flags: flags,
			summary: "map Geneve options to tun_metadata fields",
			example: "ofctl add-tlv-map br0 '{class=0xffff,type=0,len=4}->tun_metadata0'",
		},
		{
			group: groupSwitch, name: "del-tlv-map", operands: "SWITCH [MAP]", least: 1, most: 2, writes: true, run: runTLVMap(openflow.TLVDelete), flags: flags,
			summary: "remove maps of Geneve options, or all",
			example: "ofctl del-tlv-map br0",
		},
		{
			group: groupSwitch, name: "dump-ipfix-bridge", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.IPFIXBridgeRequest{}), flags: flags + "json",
			summary: "show the counters of the bridge's IPFIX exporter",
			example: "ofctl dump-ipfix-bridge br0",
		},
		{
			group: groupSwitch, name: "dump-ipfix-flow", operands: "SWITCH", least: 1, most: 1, run: runRequest(every, &openflow.IPFIXFlowRequest{}), flags: flags + "json",
			summary: "show the counters of IPFIX exporters that flows sample for",
			example: "ofctl dump-ipfix-flow br0",
		},
		{
			group: groupSwitch, name: "ct-flush", operands: "SWITCH [zone=N] [mark=X/MASK] [labels=X/MASK] [TUPLE [TUPLE]]", least: 1, most: 6, writes: true, run: runCTFlush, flags: flags,
			summary: "forget tracked connections: those that fit, or all",
			example: "ofctl ct-flush br0 zone=5 'ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_dst=80'",
			more:    "The first TUPLE is of the original direction, the second of the reply direction.",
		},
		{
			group: groupSwitch, name: "ct-flush-zone", operands: "SWITCH ZONE", least: 2, most: 2, writes: true, run: runCTFlushZone, flags: flags,
			summary: "forget the tracked connections of a zone",
			example: "ofctl ct-flush-zone br0 5",
		},
	}
}

// watchCommands are those about packets and messages.
//
//size:table
func watchCommands() []command {
	const flags = everyFlag + " "
	return []command{
		{
			group: groupWatch, name: "monitor", operands: "SWITCH [MISSLEN] [invalid_ttl] [resume] [watch:[MATCH]]...", least: 1, most: unlimited, run: runMonitor,
			flags:   flags + "json packet-in-format timestamp names no-names more unixctl",
			summary: "print packets and other messages that the switch sends to controllers",
			example: "ofctl monitor br0 65535 'watch:table=0'",
			more: `It goes on until it is interrupted, the switch ends, or --timeout has passed.
MISSLEN is how many bytes of packets without a flow are wanted (all); with 0 only what
flows send to controllers comes. invalid_ttl asks for packets whose TTL has run
out, resume gives packets back that wait for it, and watch: reports changes of
flows: !initial, !add, !delete, !modify, !actions and !own leave some out.

With --unixctl it takes control commands on a socket (ofctl appctl --control SOCKET,
ovs-appctl -t SOCKET): ofctl/send HEX..., ofctl/packet-out PACKET-OUT, ofctl/barrier,
ofctl/set-output-file FILE, ofctl/block, ofctl/unblock, exit, list-commands.`,
		},
		{
			group: groupWatch, name: "snoop", operands: "SWITCH", least: 1, most: 1, run: runSnoop, flags: flags + "json timestamp more unixctl",
			summary: "print what the switch and its controllers say to each other",
			example: "ofctl snoop br0 --timestamp",
		},
		{
			group: groupWatch, name: "packet-out", operands: "SWITCH PACKET-OUT", least: 2, most: unlimited, writes: true, run: runPacketOut, flags: flags + "no-names",
			summary: "have the switch send a packet",
			example: "ofctl packet-out br0 'in_port=h1,packet=ffffffffffff0200000000010806,actions=FLOOD'",
			more:    "The packet is given in hexadecimal. Also: packet-out SWITCH IN_PORT ACTIONS PACKET...",
		},
		{
			group: groupWatch, name: "probe", operands: "SWITCH", least: 1, most: 1, run: runProbe, flags: flags,
			summary: "find out whether the switch answers",
			example: "ofctl probe br0 -t 2",
		},
		{
			group: groupWatch, name: "ping", operands: "SWITCH [BYTES]", least: 1, most: 2, run: runPing, flags: flags + "json",
			summary: "measure how long the switch takes to answer ten echoes",
			example: "ofctl ping br0",
		},
		{
			group: groupWatch, name: "benchmark", operands: "SWITCH BYTES COUNT", least: 3, most: 3, run: runBenchmark, flags: flags + "json",
			summary: "measure how many echoes the switch answers in a second",
			example: "ofctl benchmark br0 0 10000",
		},
	}
}
