// Package daemon is the switch as a process: it reads the configuration, opens
// ports, and moves bytes between sockets and the packages that understand them.
// It owns every socket, signal and goroutine but the workers'.
//
// # Not here
//
// Forwarding (datapath), OpenFlow (ofproto), what a configuration means
// (config).
//
// # Invariants
//
//   - What the switch made (devices, namespaces, sockets, the pid file) is
//     removed when it ends.
//   - One bad port, listener or controller does not stop the others: its error
//     is in the status.
//   - A reload that fails to load changes nothing.
//
// # Concurrency
//
// daemon.mu serializes reconciliation: start, reload, end. Connections and
// timers run beside it; ofproto has its own lock.
package daemon
