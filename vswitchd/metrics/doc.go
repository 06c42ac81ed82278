// Package metrics shows the switch to those who watch it, over HTTP: /metrics in
// the format of Prometheus, /healthz, and /debug/pprof where it was asked for.
//
// # Not here
//
// Counting: whoever does a thing counts it, and is read when somebody asks.
//
// # Invariants
//
//   - The table of families is all there is: docs/reference/metrics.md is made
//     from it, and a family that it does not have cannot be collected. Names and
//     labels in it are stable.
//   - A label's values come from the configuration, from tables of the code, or
//     from a list that configuration gives: no packet and no controller makes a
//     series.
//   - Reading waits for no worker, and for nobody who waits for one: a switch with
//     a worker that hangs still has metrics.
//   - Memory, connections and scrapes at a time are bounded, whatever clients do.
//
// # Concurrency
//
// A Server's methods may be called by any goroutine.
package metrics
