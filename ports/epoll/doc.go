// Package epoll is the system-call engine: a worker waits with epoll, and its
// queues read and write with one system call a frame or a batch.
//
// # Not here
//
// The calls that move frames, which belong to the drivers; polling without
// sleeping, which is the worker's decision.
//
// # Invariants
//
//   - Descriptors are watched edge-triggered: one report for each time that
//     something arrived after a queue was empty.
//   - Waking a worker that is awake is one atomic exchange. Only one that sleeps
//     costs a system call.
//   - A wake-up is never lost: what happens between the worker's last look and
//     its sleep ends that sleep.
//
// # Concurrency
//
// Notify and Wake may be called by any goroutine, everything else by the
// worker's alone.
//
// # Ownership
//
// The engine owns its pools; Close refuses while buffers are in use.
package epoll
