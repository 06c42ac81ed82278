// Package vlog gives each module of the daemon a logger with a level of its own,
// over log/slog, and changes levels while the switch runs, in the words of Open
// vSwitch's vlog/set.
//
// # Not here
//
// Which modules there are (package config), where messages go (the caller says).
// There is one destination, which Open vSwitch calls console: standard error.
//
// # Invariants
//
//   - A logger stays good for ever: a change of level or format holds for loggers
//     that were given out before.
//   - A specification that is wrong in any word changes nothing.
//
// # Concurrency
//
// Any goroutine may log, and call any method.
package vlog
