// Package openflow is the wire codec of OpenFlow 1.0 to 1.5 with the ONF and
// Nicira extensions, and the version-neutral messages, matches, actions and
// errors that the rest of the project speaks.
//
// # Not here
//
// The text syntax (openflow/text), connections, sockets and goroutines
// (vswitchd, ofctl), the meaning of a message for a bridge (ofproto).
//
// # Invariants
//
//   - Decode never panics and never reads past its input, whatever the bytes.
//     Memory is bounded by a small multiple of the message, recursion by
//     MaxActionDepth. Its error is an *Error that can be sent back as it is.
//   - Values are neutral: port numbers are those of OpenFlow 1.1 and later,
//     instructions stand in the action list where ovs-ofctl writes them, and
//     one struct serves all wire forms of a message. Where two wire forms mean
//     the same, the value keeps which one it was, so that decoded messages
//     encode again to the same bytes.
//   - Append either appends whole messages or returns dst unchanged with an
//     error that names what the version cannot carry. A match is never widened:
//     what its fields cannot say is refused. (The fixed match of OpenFlow 1.0 in
//     flow statistics and flow-removed is the exception that the protocol forces;
//     NXM is there for those who need to know. And what tells of flows that
//     others made in later versions leaves out what its own cannot say.)
//   - All codecs are rows of tables: messages (message_table.go), actions
//     (action_table.go), errors (errors_table.go), and flow's fields. A row is
//     tested by existing: random values go through every row in every version.
//   - What Open vSwitch has, is written as Open vSwitch writes it, byte for byte;
//     live_test.go names the exceptions.
//
// # Concurrency
//
// Values and functions; the tables are read-only after start. A decoded message
// does not change when its input does: Decode copies what it keeps. A Decoder
// belongs to one connection, and gives all flow-mods the same memory.
package openflow
