// Package dummy has ports and an engine in memory, for tests and benchmarks: no
// system calls, no goroutines, no root. A test injects frames, steps the worker
// and looks at what was sent.
//
// # Not here
//
// Files (package pcap).
//
// # Invariants
//
//   - A port is as strict as a device: what is sent to it must fit its MTU and
//     its Offloads, and it neither sends nor receives without carrier.
//   - Frames that are injected are received in that order, queue by queue.
//   - Joined ports are a cable: what one sends, the other receives, unfinished
//     checksums and super-frames included.
//
// # Concurrency
//
// Port may be used by any goroutine; a queue by its worker; of Engine, Notify and
// Wake by any goroutine. No lock is held while another port is called.
//
// # Ownership
//
// Frames are copied on their way in and out.
package dummy
