// Package afpacket is the port type "system": a network device that exists
// already, a NIC or one end of a veth pair, read and written through AF_PACKET
// sockets.
//
// # Not here
//
// Making devices (package tap). AF_XDP.
//
// # Invariants
//
//   - Frames are received as the device got them: VLAN tags that the kernel took
//     out are put back, super-frames come whole.
//   - What the switch or the host sends over the device is not received.
//   - Unless ShareWithHost is set, what the device receives is for the switch
//     alone: a filter behind the sockets drops it before the host's stack.
//   - Send sockets have protocol 0, so that the kernel queues nothing on them.
//
// # Concurrency
//
// Port may be used by any goroutine. A queue belongs to the worker whose Engine
// it was opened with. Locks are taken in the order netdev.Control, Port.
//
// # Ownership
//
// A socket is closed when the port and the queue on it are closed. Sockets lie
// in the device's namespace and keep it alive that long, also when its name was
// deleted: the port is absent then, and is to be closed.
package afpacket
