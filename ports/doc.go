// Package ports is the contract between the datapath and the ways to get frames
// in and out of it: what a port, a queue and an engine are, and nothing else.
// The drivers are its subpackages.
//
// # Invariants
//
//   - A queue is bound to one worker's Engine when it is opened and is used by
//     that worker's goroutine alone.
//   - Buffers have one owner: Recv gives them to the caller, Send takes them,
//     Reap gives them back.
//   - Nothing here blocks but Engine.Wait, and Close where it says so.
//   - A port that vanished (device deleted, namespace gone) answers io.EOF from
//     its queues, says so over Changes, and stays that way: it is re-made by
//     opening a new Port.
package ports
