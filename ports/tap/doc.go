// Package tap is the port type "tap": a network device that the switch makes, in
// a namespace or its own, and whose other side is the switch. Whoever uses the
// namespace sees an ordinary network card.
//
// # Not here
//
// Existing devices (package afpacket). Finishing checksums and splitting
// super-frames for whoever cannot take them (packages packet and datapath).
//
// # Invariants
//
//   - The descriptors are opened in the switch's namespace, so that the port
//     does not keep the device's one alive.
//   - The device is not persistent: it ends with its descriptors, also when the
//     switch is killed.
//   - A frame is read whole or has a Fault. A super-frame is read in place: only
//     its first packet.MinHead bytes are copied.
//   - Each worker writes all its frames to one queue, where possible the one that
//     it reads: the kernel answers a flow on the queue that it was last written
//     to, and keeps its order.
//
// # Concurrency
//
// Port may be used by any goroutine. A queue belongs to the worker whose Engine
// it was opened with. Locks are taken in the order netdev.Control, Port.
//
// # Ownership
//
// A descriptor is closed when the port and all queues on it are closed.
package tap
