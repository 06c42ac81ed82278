// Package explain says in words what a flow matches and does, which protocols can
// carry a flow, and how matches are written on the wire. Protocols are the versions of
// OpenFlow, and the forms that Open vSwitch has for the first of them.
//
// # Not here
//
// Input and output (ofctl/cmd); the syntax (openflow/text).
//
// # Invariants
//
//   - What is said comes from the tables of fields and actions and from trying: a
//     protocol carries a flow iff the codec encodes it.
package explain
