// Package uring is the io_uring engine: a worker's queues read and write through
// one ring, so that one system call a breath moves many frames.
//
// # Not here
//
// What the bytes of a frame mean, and which errors end a port: that is the
// driver's. Descriptors that only have to be waited for are watched by the epoll
// engine inside this one, which the ring polls.
//
// # Invariants
//
//   - An Engine is an epoll.Engine until the first Reader or Writer is opened; who
//     never opens one pays for one comparison.
//   - Each feature of the kernel is probed by itself and lost by itself; Features
//     says which are in use, the error of OpenReader why there is no ring.
//   - A frame is read into one slot of Frames, with packet.Headroom before it. A
//     Reader has at most SlotsPerReader of them out, of which a small frame touches
//     one page.
//   - What a Writer took is submitted by Flush. It is owned by the ring until Next
//     reports it.
//   - Descriptors are registered with the ring where the kernel lets go of one, and
//     so of a device, at once. Before Linux 6.13 it waits for every older request.
//   - Close of a Reader or Writer returns when the kernel has let go of its
//     memory and of its descriptor.
//
// # Concurrency
//
// Notify and Wake may be called by any goroutine, everything else by the
// worker's alone, which must be locked to its thread: the kernel takes
// submissions from that thread only.
//
// # Ownership
//
// The engine owns its pools; Close refuses while buffers are in use. Descriptors
// stay the driver's.
package uring
