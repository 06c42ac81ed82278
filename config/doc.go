// Package config is the desired state of a switch as plain data: what the
// bridges, ports, controllers and settings should be, which values are right,
// and which steps lead from one state to another.
//
// # The way of a configuration
//
// A source (config/yaml, later a database) fills a Config that starts from
// Default, NewBridge and NewPort. Complete derives what was left out from what
// was said; Validate finds everything that is wrong at once. Plan compares two
// such states and returns steps: first deletions, because names, numbers and
// devices may be used again, then changes, then additions. Reconcile takes the
// steps to a Target, goes on after an object that failed, and returns both the
// state that was reached and a Status that names each object's trouble. The
// reached state is the next Plan's "have", so what failed is tried again by the
// next reload and what is right is left alone.
//
// # Not here
//
// Files and their syntax (config/yaml), devices and flows (the Target, which the
// daemon implements), the parsing of flow text: a Config carries it as it is.
//
// # Invariants
//
//   - Nothing here acts, reads the clock or keeps state between calls.
//   - Of a Config that is complete and valid: names of bridges are unique, names of
//     ports are unique over all bridges, patch ports come in pairs, and each port
//     has only settings that its type knows.
//   - A port or bridge whose description is the same in both states has no step.
//   - Applying Plan(have, want) step by step to have yields want, but for the order
//     of lists of bridges and ports, which has no meaning.
//   - A change that its object can take while it forwards is a Change step; one that
//     it cannot is a removal and an addition. The tables in fields.go say which
//     is which.
//
// # Concurrency
//
// Values. Reconcile calls its Target from the caller's goroutine, one step at a
// time.
//
// # Ownership
//
// A Config shares its slices with copies of it: whoever has passed one on treats
// it as read-only.
package config
