// Package harness is a switch in a jar: bridges over a datapath with dummy
// ports, workers that are stepped by hand, a clock that stands still, and ofctl
// in the same process. Nothing sleeps and nothing needs root.
//
// A script is a txtar archive. Its comment holds commands, one a line; the file
// "want" what they print. Run executes a script in three modes, cache off, cache
// on, and every megaflow revalidated after each packet, which must print the
// same, and balances the ledger at the end.
//
//	bridge NAME [standalone|secure] [VERSION,…]      make a bridge
//	port BRIDGE NAME NUMBER [KEY=VALUE…]             tag, trunks, mode, peer, mtu, offloads
//	unport BRIDGE NAME                               remove a port
//	ofctl ARG…                                       run ofctl; ! before a command: it must fail
//	send PORT FLOW [KEY=VALUE…]                      inject a frame: flow text or hex:BYTES
//	frames [PORT…]                                   print and forget what was sent
//	bytes [PORT…]                                    the same in hexadecimal digits
//	trace BRIDGE FLOW                                print what would become of the flow's packet
//	head LINES COMMAND…                              print only the first lines of what a command prints
//	warp DURATION                                    let time pass
//	table BRIDGE NUMBER [KEY=VALUE…]                 configure a flow table: name, limit, overflow=evict
//	link PORT up|down, admin PORT up|down            change a port's carrier, or the state of its device
//	controller NAME BRIDGE VERSION                   open an OpenFlow connection of the script's own
//	tell CONTROLLER TYPE [BODY…]                     send a message (hexadecimal digits, u8:N … u64:N, pad:N, text:SIZE:TEXT), print the answers
//	heard CONTROLLER                                 print what the switch said by itself: packet-ins, port-status …
//	hangup CONTROLLER                                end its connection
//	drops, fdb BRIDGE, counters PORT, megaflows      print the state
//
// A Jar belongs to one goroutine.
package harness
