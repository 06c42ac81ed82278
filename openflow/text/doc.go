// Package text is the syntax of ovs-ofctl: flows, matches, actions, groups,
// meters and tunnel options, read into the values of package openflow and
// written from them, and messages of every kind written as `ovs-ofctl ofp-print`
// writes them.
//
// # Not here
//
// Bytes on the wire (openflow), the values of single fields (flow), files and
// connections (ofctl), what a packet's bytes say (the caller gives PrintOptions
// a function).
//
// # Invariants
//
//   - What is printed equals ovs-ofctl's print of the same message to the letter,
//     and what it prints of a flow, group or meter is read back to the same value.
//   - What is read means what it says: a field without its prerequisites, a value
//     that does not fit, a name that is not known, a key that has no effect are
//     refused. Nothing is dropped or widened.
//   - Every error of a Parse function is an *Error that points into the text.
//   - Recursion is bounded by maxDepth.
//   - A keyword is a row of a table (actionTable, flowKeys, …), which the parser,
//     the printer, suggestions and tests walk.
//
// # Concurrency
//
// Values and functions; the tables are read-only after start, Names while it is
// used.
package text
