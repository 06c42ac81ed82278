package cmd

import "vswitch/openflow"

// toolCommands are those that need no switch.
//
//size:table
func toolCommands() []command {
	return []command{
		{
			group: groupTool, name: "list-commands", run: runListCommands, flags: "json",
			summary: "list the commands and their operands, one a line",
			example: "ofctl list-commands",
		},
		{
			group: groupTool, name: "explain", operands: "FLOW", least: 1, most: 1, run: runExplain, flags: "json",
			summary: "say in words what a flow matches and does, and which versions can carry it",
			example: "ofctl explain 'priority=10,tcp,tp_dst=80,actions=dec_ttl,output:2'",
		},
		{
			group: groupTool, name: "parse-flow", operands: "FLOW", least: 1, most: 1, run: runParseFlow, flags: "protocols flow-format strict json",
			summary: "check a flow, and show it as it would travel",
			example: "ofctl parse-flow 'table=1,tcp,actions=output:2' -O OpenFlow13",
		},
		{
			group: groupTool, name: "parse-flows", operands: "FILE", least: 1, most: 1, run: runParseFlows, flags: "protocols flow-format json",
			summary: "check the flows of a file",
			example: "ofctl parse-flows flows.txt",
		},
		{
			group: groupTool, name: "parse-group", operands: "GROUP", least: 1, most: 1, run: runParseGroup, flags: "protocols json",
			summary: "check a group, and show it as it would travel",
			example: "ofctl parse-group 'group_id=1,type=all,bucket=output:1'",
		},
		{
			group: groupTool, name: "parse-meter", operands: "METER", least: 1, most: 1, run: runParseMeter, flags: "protocols json",
			summary: "check a meter, and show it as it would travel",
			example: "ofctl parse-meter 'meter=1,kbps,bands=type=drop,rate=1000'",
		},
		{
			group: groupTool, name: "parse-actions", operands: "VERSION", least: 1, most: 1, run: runParseActions(false), flags: "json",
			summary: "say what actions in hexadecimal mean, one list a line of the standard input",
			example: "ofctl parse-actions OpenFlow10 < actions.txt",
		},
		{
			group: groupTool, name: "parse-instructions", operands: "VERSION", least: 1, most: 1, run: runParseActions(true), flags: "json",
			summary: "say what instructions in hexadecimal mean, one list a line of the standard input",
			example: "ofctl parse-instructions OpenFlow13 < instructions.txt",
		},
		{
			group: groupTool, name: "parse-nxm", alias: "parse-nx-match", run: runParseNXM, flags: "json",
			summary: "show how matches travel in Nicira's form, one a line of the standard input",
			example: "ofctl parse-nxm < matches.txt",
			more:    "A match is a list such as: NXM_OF_ETH_TYPE(0800), NXM_OF_IP_SRC_W(0a000000/ff000000)",
		},
		{
			group: groupTool, name: "parse-oxm", operands: "VERSION", least: 1, most: 1, run: runParseOXM, flags: "json",
			summary: "show how matches travel in a version, one a line of the standard input",
			example: "ofctl parse-oxm OpenFlow13 < matches.txt",
			more:    "A match is a list such as: OXM_OF_ETH_TYPE(0800), OXM_OF_IPV4_SRC_W(0a000000/ff000000)",
		},
		{
			group: groupTool, name: "parse-ofp10-match", run: runParseFixedMatch(openflow.V10), flags: "json",
			summary: "say what matches of OpenFlow 1.0 in hexadecimal are, one a line of the standard input",
			example: "ofctl parse-ofp10-match < matches.txt",
			more:    "Bytes that change when the match is sent again are listed.",
		},
		{
			group: groupTool, name: "parse-ofp11-match", run: runParseFixedMatch(openflow.V11), flags: "json",
			summary: "say what matches of OpenFlow 1.1 in hexadecimal are, one a line of the standard input",
			example: "ofctl parse-ofp11-match < matches.txt",
		},
		{
			group: groupTool, name: "parse-packet", run: runParsePacket, flags: "json",
			summary: "say what frames in hexadecimal are, one a line of the standard input",
			example: "ofctl parse-packet < frames.txt",
		},
		{
			group: groupTool, name: "compose-packet", operands: "MATCH [PAYLOAD]", least: 1, most: 2, run: runComposePacket, flags: "bare json",
			summary: "make a frame that a match describes, in hexadecimal",
			example: "ofctl compose-packet 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=53' 68656c6c6f",
			more:    "TCP, UDP and ICMP have 64 bytes of payload unless some are given.",
		},
		{
			group: groupTool, name: "parse-pcap", operands: "CAPTURE...", least: 1, most: unlimited, run: runParsePcap, flags: "json",
			summary: "say what the frames of captures are",
			example: "ofctl parse-pcap h1.pcap",
		},
		{
			group: groupTool, name: "ofp-print", operands: "HEX|FILE [VERBOSITY]", least: 1, most: 2, run: runOFPPrint, flags: "more json",
			summary: "say what OpenFlow messages mean: one in hexadecimal, or those of a file",
			example: "ofctl ofp-print 0400000800000001",
		},
		{
			group: groupTool, name: "ofp-parse", operands: "FILE", least: 1, most: 1, run: runOFPParse, flags: "more json",
			summary: "say what the OpenFlow messages in a file mean",
			example: "ofctl ofp-parse messages.bin",
		},
		{
			group: groupTool, name: "ofp-parse-pcap", operands: "CAPTURE [PORT]...", least: 1, most: unlimited, run: runOFPParsePcap, flags: "more json",
			summary: "say what the OpenFlow messages in a capture mean",
			example: "ofctl ofp-parse-pcap control.pcap 6653",
			more:    "Messages are looked for on the TCP ports 6653 and 6633, or those given.",
		},
		{
			group: groupTool, name: "print-error", operands: "ERROR", least: 1, most: 1, run: runPrintError, flags: "json",
			summary: "show the numbers of an error in each version",
			example: "ofctl print-error OFPBAC_BAD_OUT_PORT",
		},
		{
			group: groupTool, name: "encode-hello", operands: "BITMAP", least: 1, most: 1, run: runEncodeHello, flags: "json",
			summary: "show the hello that offers some versions: bit 1 is OpenFlow 1.0",
			example: "ofctl encode-hello 0x12",
		},
		{
			group: groupTool, name: "encode-error-reply", operands: "ERROR REQUEST", least: 2, most: 2, run: runEncodeErrorReply, flags: "json",
			summary: "show the error that answers a request in hexadecimal",
			example: "ofctl encode-error-reply OFPBRC_BAD_TYPE 0463000800000001",
		},
	}
}
