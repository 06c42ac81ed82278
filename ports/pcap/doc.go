// Package pcap is the port type "pcap": it receives the frames of a capture file,
// pcap or pcapng, and records what is sent to it in another one.
//
// # Not here
//
// Captures of other ports' traffic.
//
// # Invariants
//
//   - Frames are received in the file's order, as fast as they are taken, or,
//     with Options.Timed, when Step has reached their recorded time. There is no
//     clock here and nothing that sleeps.
//   - What was sent is in the file when Send returns.
//   - Frames that the file has cut short have packet.FaultTruncated.
//
// # Concurrency
//
// Port may be used by any goroutine; a queue by its worker.
//
// # Ownership
//
// The port owns both files, from Open to Close.
package pcap
