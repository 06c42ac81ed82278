// Package vnet is the virtio network header: ten bytes before every frame that
// crosses a TAP or an AF_PACKET socket, which say what the sender left to the
// receiver: a checksum to finish, a super-frame to split. It translates them to
// packet.Offload and back.
//
// # Not here
//
// Comparing the header with the frame, finishing checksums and splitting
// super-frames (package packet), and the system calls that carry the header
// (packages tap and afpacket).
//
// # Invariants
//
//   - A frame has either offloads that packet.ValidateOffload found good, its
//     unfinished checksum in the first segment, or packet.FaultBadOffload and no
//     offloads.
//   - Only checksums of the internet kind stay unfinished, since the header
//     cannot say that one is another.
//
// # Concurrency
//
// Functions without state.
package vnet
