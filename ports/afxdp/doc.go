// Package afxdp is the port type "afxdp": a network device that exists already,
// read and written through AF_XDP sockets. A program on the device hands every
// frame to the socket of its receive queue before the host's stack makes a packet
// of it.
//
// # Not here
//
// Devices with offloads (package afpacket): XDP hands over bytes and nothing
// else, neither the state of a checksum, nor segments, nor a VLAN tag that the
// device took out.
//
// # Invariants
//
//   - A socket's memory is the small pool of the worker that owns it: a received
//     frame is a Buf of the pool, and one that lies in the pool is sent from where
//     it is. Others are copied into it.
//   - Each socket registers that memory for itself, so that no socket depends on
//     the device of another. The kernel holds the pages once.
//   - A Buf that the kernel has is in the socket's slots, and in one ring at most.
//   - A frame whose checksum was left to a network card is a fault, since nobody
//     would finish it. One that is sent has its checksum and is no super-frame:
//     Info promises no offloads.
//   - What the device receives is for the switch alone, also while a queue has no
//     socket: it is dropped then.
//   - The program is held by a BPF link, which ends with the process.
//   - The kernel takes one memory a queue. So a worker sends through the socket of
//     a queue that it receives from; one that receives from none sends through
//     AF_PACKET.
//
// # Concurrency
//
// Port may be used by any goroutine. Sockets and queues belong to the worker whose
// Engine they were opened with; Port.mu guards which of them there are. Locks are
// taken in the order netdev.Control, Port.
//
// # Ownership
//
// A receive queue owns its socket; the send queue of the same worker borrows it.
// The port owns program, map and link, which Close takes off the device.
package afxdp
