// Package packet knows bytes: the buffers that frames live in, the pools they
// come from, views of the protocol headers inside them, checksums, and the
// splitting of super-frames.
//
// # Not here
//
// What a packet means (package flow), where it came from or goes to (packages
// ports and datapath), clocks and logs.
//
// # Invariants
//
//   - A Buf has one owner at a time. A function that "takes b" is the new owner
//     whatever happens; one that "borrows b" gives it back on return.
//   - A frame is one Buf or a chain of them (segments). Metadata, layer offsets
//     and the frame's size live in the first one. Every protocol header up to
//     the transport layer lies in the first segment; a driver that reads a
//     frame fills the first segment (at least MinHead bytes, or the whole
//     frame) before it uses another.
//   - Buffer memory is mapped, never on the Go heap, so the collector does not
//     see it. A Buf knows its home pool: Free gives it back there, directly for
//     the pool's owner and over the return list for everybody else.
//   - Layer offsets are the truth for editing. flow.Extract sets them; every
//     function here that moves headers keeps them right, and Offload too.
//
// # Concurrency
//
// A Pool is owned by one goroutine, the only one that may call its methods.
// Buf.Free may be called by any goroutine that owns the Buf. Nothing else here
// is safe for concurrent use of the same Buf.
package packet
