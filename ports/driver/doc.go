// Package driver has the two parts that every port driver is built from: State,
// which keeps a port's Info and publishes its changes, and Finished, which holds
// sent frames until they are reaped.
//
// # Not here
//
// Anything that moves frames.
//
// # Concurrency
//
// State may be used by any goroutine. Finished belongs to its queue's worker.
//
// # Ownership
//
// Finished owns the frames that it holds.
package driver
