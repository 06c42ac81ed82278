// Package driver has the parts that port drivers and engines are built from:
// State keeps a port's Info and publishes its changes, Finished holds sent frames
// until they are reaped, Pools and Notices are what every engine needs.
//
// # Not here
//
// Anything that moves frames or waits.
//
// # Concurrency
//
// State and Notices may be used by any goroutine. Finished and Pools belong to
// one worker.
//
// # Ownership
//
// Finished owns the frames that it holds, Pools own their memory.
package driver
