// Package packet knows bytes: the buffers that frames live in, the pools they
// come from, views of the protocol headers inside them, edits of those headers,
// checksums, and the splitting and joining of super-frames.
//
// # Not here
//
// What a packet means (package flow), where it came from or goes to (packages
// ports and datapath), clocks and logs.
//
// # Invariants
//
//   - A frame is one Buf or a chain of them (segments). Metadata, layer offsets
//     and the frame's size live in the first one. Every protocol header up to
//     the transport layer lies in the first segment; a driver that reads a
//     frame fills the first segment (at least MinHead bytes, or the whole
//     frame) before it uses another.
//   - Layer offsets are the truth for editing. flow.Extract sets them; every
//     function here that moves headers keeps them right, and Offload too.
//   - Offload is believed only after ValidateOffload: a driver calls it for
//     every frame whose sender left something to the network card.
//   - A wrong checksum never becomes right: edits correct checksums by what they
//     change and do not compute them anew. A checksum that is left to the
//     network card (Offload.NeedsCsum) holds the sum of the pseudo header, so an
//     edit of addresses corrects it and one of ports does not.
//   - Buffer memory is mapped, never on the Go heap, so the collector does not
//     see it. Nothing that works on a frame allocates.
//
// # Concurrency
//
// A Pool is owned by one goroutine, the only one that may call its methods.
// Buf.Free may be called by any goroutine that owns the Buf. Nothing else here
// is safe for concurrent use of the same Buf.
//
// # Ownership
//
// A Buf has one owner at a time. A function that "takes b" is the new owner
// whatever happens; one that "borrows b" gives it back on return. A Buf knows
// its home pool: Free gives it back there, directly for the pool's owner and
// over the return list for everybody else.
package packet
