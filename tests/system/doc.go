// Package system tests the built switch as its users meet it: the real vswitchd and
// ofctl, real network namespaces, and the tools of the trade (ping, iperf3, tcpdump,
// ovs-ofctl, os-ken).
//
// Each test has a lab: a namespace in which vswitchd runs, so that the host's own
// network is never touched, and others for the hosts that it connects. In the texts
// of a test "$h1" stands for the namespace of host h1 and "$dir" for the run
// directory. When a test ends, the ledger of frames must balance, no forwarding panic
// may have been counted, no error may be in the log, and everything that the switch
// made must be gone.
//
// # Not here
//
// What needs no kernel: scripts and laws run on package tests/harness.
//
// # Invariants
//
//   - Nothing waits for a time, only for conditions, with a deadline.
//   - Names of namespaces start with "vs-PID-", and none is left behind.
//   - Without root, or without a tool, a test skips itself and says so.
package system
