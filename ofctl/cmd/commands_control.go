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
