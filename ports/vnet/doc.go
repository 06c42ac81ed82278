// Package vnet is the virtio network header: ten bytes before every frame that
// crosses a TAP or an AF_PACKET socket, which say what the sender left to the
// receiver: a checksum to finish, a super-frame to split. It translates them to
// packet.Offload and back.
//
// # Not here
//
// Finishing checksums and splitting super-frames (package packet) and the
// system calls that carry the header (packages tap and afpacket).
//
// # Invariants
//
//   - What Decode accepts is consistent with the frame: every offset lies in the
//     frame's first segment, the segment size is not zero, the transport header
//     is where the header says and is of the kind it says.
//   - A super-frame that Decode accepts needs its checksum: the field holds the
//     pseudo-header sum, as the kernel wants it back.
//
// # Concurrency
//
// Functions without state.
package vnet
