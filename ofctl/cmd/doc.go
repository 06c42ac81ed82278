// Package cmd is what ofctl does: each command a function over an OpenFlow
// connection, or over the control socket of a vswitchd.
//
// # Not here
//
// The syntax of flows and the print of messages (openflow/text), the bytes on the
// wire (openflow, control), signals and the process (main).
//
// # Invariants
//
//   - A command that changes a switch has read all of its input before it sends
//     anything: a mistake in line 900 of a file changes nothing.
//   - Text output is that of `ovs-ofctl` to the letter where that has the command.
//   - The exit code is 0 when all was done, 1 when the switch or the way to it
//     refused, 2 when the command line or the text of a flow was wrong.
//   - Every command is a row of the table in commands.go; help, completion and the
//     reference page are made from it.
//
// # Concurrency
//
// Run may be called by many goroutines at once. It returns when all that it
// started has ended.
package cmd
