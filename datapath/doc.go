// Package datapath moves frames between ports: workers that own receive queues,
// caches and counters; the caches that remember decisions; the executor of
// actions; and the counters that say where every frame went.
//
// # Not here
//
// Decisions. A frame that no cache knows goes up to the SlowPath, which answers
// with actions, a mask that says for which other packets they hold, and credits
// that every later hit counts toward. The datapath knows nothing of OpenFlow:
// no priorities, no tables, no OpenFlow port numbers. It does not log.
//
// # The life of a frame
//
//	Recv -> faults -> Extract -> signature cache -> megaflows -> [Upcall] -> Execute -> per-port list -> Send -> Reap
//	                     ^                                                      |
//	                     +------------------- recirculation --------------------+
//
// # Invariants
//
//   - drop is the only discard: it counts the frame under a DropReason, once.
//   - Conservation, in frames and per datapath:
//     received + cloned + originated + split = sent + dropped + consumed + merged + held.
//   - Megaflows of one worker that were translated from one state of the slow
//     path say the same where they overlap, which they do only because of the
//     mask limit; so lookup order is free. A stale one leaves the caches before
//     Revalidate returns.
//   - A signature-cache entry is only a guess: it is checked against the
//     megaflow's own mask before it counts, so it needs no invalidation.
//   - A megaflow's counters have one writer, its worker. What they count is
//     folded into its credits when somebody reads, and once more, exactly once,
//     after it has left its worker.
//
// # Concurrency
//
// Each worker's queues, caches and counters belong to its goroutine; others
// reach them through its mailbox. Counters are read by anyone at any time.
// Methods of Datapath may be called by any goroutine but a worker's; one
// control goroutine at a time should do so. Lock order: Datapath.mu, then
// registry.mu.
//
// # Ownership
//
// A frame belongs to the worker from Recv to Send and from Reap to Free. The
// packet of an Upcall is borrowed.
package datapath
