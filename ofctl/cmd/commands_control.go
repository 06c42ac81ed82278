package cmd

import "vswitch/control"

// controlCommands are those that vswitchd's control socket answers.
//
//size:table
func controlCommands() []command {
	const flags = "control timeout rundir json"
	return []command{
		{
			group: groupControl, name: "status", most: 0, run: runControl(control.Status), flags: flags,
			summary: "show bridges, ports and controllers, and what is wrong with them",
			example: "ofctl status",
		},
		{
			group: groupControl, name: "fdb", operands: "[BRIDGE]...", most: unlimited, run: runFDB, flags: flags,
			summary: "show which MAC address is at which port",
			example: "ofctl fdb br0",
			more:    "Without a bridge: of all bridges.",
		},
		{
			group: groupControl, name: "fdb-stats", operands: "BRIDGE", least: 1, most: 1, run: runControl(control.FDBStats), flags: flags,
			summary: "show how many addresses were learned, moved, aged and evicted",
			example: "ofctl fdb-stats br0",
		},
		{
			group: groupControl, name: "fdb-flush", operands: "[BRIDGE]", most: 1, writes: true, run: runControl(control.FDBFlush), flags: flags,
			summary: "forget learned MAC addresses",
			example: "ofctl fdb-flush br0",
		},
		{
			group: groupControl, name: "fdb-add", operands: "BRIDGE PORT VLAN MAC", least: 4, most: 4, writes: true,
			run: runControl(control.FDBAdd), flags: flags,
			summary: "add a MAC address that neither ages nor moves",
			example: "ofctl fdb-add br0 h1 0 02:00:00:00:00:01",
		},
		{
			group: groupControl, name: "fdb-del", operands: "BRIDGE VLAN MAC", least: 3, most: 3, writes: true,
			run: runControl(control.FDBDel), flags: flags,
			summary: "remove a MAC address that fdb-add added",
			example: "ofctl fdb-del br0 0 02:00:00:00:00:01",
		},
		{
			group: groupControl, name: "drops", operands: "[BRIDGE|PORT]...", most: unlimited, run: runControl(control.Drops), flags: flags,
			summary: "show how many frames were dropped, by port and reason",
			example: "ofctl drops br0",
		},
		{
			group: groupControl, name: "trace", operands: "BRIDGE FLOW|PACKET|FILE [PACKET]", most: 3, run: runTrace, flags: flags + " names last",
			summary: "show what would become of a packet, table by table",
			example: "ofctl trace br0 in_port=h1,tcp,tcp_dst=80",
			more: "Nothing is sent and nothing changes. A packet is hexadecimal digits; with a flow before it, it comes in by the flow's in_port.\n" +
				"FILE is a capture (pcap, pcapng): each of its packets is traced, and PACKET is then in_port=PORT.\nA flow as dpif/dump-flows writes them names the port, and so the bridge, itself: ofctl trace 'in_port(1),eth_type(0x0800)'.\n" +
				"With --last PORT, and nothing else, it is the last frame that the port received.",
		},
		{
			group: groupControl, name: "counters", operands: "[BRIDGE|PORT]...", most: unlimited, run: runControl(control.Ports), flags: flags,
			summary: "show all counters of ports, those of queues too",
			example: "ofctl counters h1",
		},
		{
			group: groupControl, name: "workers", run: runControl(control.Workers), flags: flags,
			summary: "show the work and the caches of the forwarding threads",
			example: "ofctl workers",
		},
		{
			group: groupControl, name: "ledger", run: runControl(control.Ledger), flags: flags,
			summary: "show what became of all frames",
			example: "ofctl ledger",
		},
		{
			group: groupControl, name: "megaflows", operands: "[BRIDGE|PORT]...", most: unlimited, run: runMegaflows, flags: flags + " filter",
			summary: "show the decisions that are cached, and the flows that they came from",
			example: "ofctl megaflows h1 --filter tcp,tp_dst=80",
			more:    "With --filter those that can be about packets of FLOW.",
		},
		{
			group: groupControl, name: "cache", run: runControl(control.Cache), flags: flags,
			summary: "show how well the caches of the forwarding threads do",
			example: "ofctl cache",
		},
		{
			group: groupControl, name: "why", operands: "[BRIDGE|PORT]...", most: unlimited, run: runControl(control.Why), flags: flags,
			summary: "show what ports dropped, which flow, table, group or meter did it, and a frame of each kind",
			example: "ofctl why h1",
		},
		{
			group: groupControl, name: "top", run: runTop, flags: flags + " interval count order",
			summary: "watch what the switch is doing: rates of workers, ports, flows and drops",
			example: "ofctl top --interval 1 --order bits",
			more: "Flows are those that cached decisions come from. A worker's busy is the part of the time in which it had frames to work on.\n" +
				"Where the output is no terminal, the views follow each other; -n 1 is one, over one interval.",
		},
		{
			group: groupControl, name: "capture", operands: "[BRIDGE|PORT]...", most: unlimited, run: runCapture,
			flags:   flags + " write filter points snaplen count",
			summary: "show or record frames as they pass, and what becomes of them",
			example: "ofctl capture h1 h2 -w f.pcapng --filter \"host 10.0.0.1 and tcp port 80\"",
			more: "A frame is shown when it was received and its fate decided (rx), when a port has sent it (tx), and when it was dropped, with the flows\n" +
				"that said so, as comments in the pcapng file. Frames that come too fast are left out and counted. Super-frames are shown whole. The filter\n" +
				"is a flow (tcp,tp_dst=80) or, where it is none, an expression of tcpdump (\"host fd00::1 and tcp port 80\"). What is both is the flow: tcp is\n" +
				"IPv4's, tagged or not; \"tcp or tcp\" is IPv6's too, not tagged. More filters are tshark's: -w - | tshark -r - -Y …",
		},
		{
			group: groupControl, name: "log", operands: "[[MODULE:]LEVEL]...", most: unlimited, run: runLog, flags: flags,
			summary: "show how much vswitchd logs, or change it",
			example: "ofctl log controller:dbg",
			more:    "LEVEL is off, emer, err, warn, info or dbg. Without MODULE it is for all.",
		},
		{
			group: groupControl, name: "reload", writes: true, run: runControl(control.Reload), flags: flags,
			summary: "have vswitchd read its configuration again",
			example: "ofctl reload",
		},
		{
			group: groupControl, name: "exit", writes: true, run: runControl(control.Exit), flags: flags,
			summary: "end vswitchd and remove what it made",
			example: "ofctl exit",
		},
		{
			group: groupControl, name: "appctl", operands: "COMMAND [ARGUMENT]...", least: 1, most: unlimited, writes: true, run: runAppctl, flags: flags,
			summary: "give vswitchd a control command as it is",
			example: "ofctl appctl list-commands",
		},
	}
}
