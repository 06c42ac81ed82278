// Package jsonrpc is JSON-RPC 1.0 as Open vSwitch's tools speak it over streams:
// JSON objects one behind the other, with nothing between them. The control socket
// and the database protocol (RFC 7047 §4) share it.
//
// # Not here
//
// Sockets, goroutines, methods and what they do.
//
// # Invariants
//
//   - A Splitter finds the end of each message while bytes come in, in any pieces,
//     and looks at each byte once. Its memory is bounded by the size it was made
//     with, and the depth of nesting by MaxDepth.
//   - Decode accepts exactly the messages of the protocol: one of the four kinds,
//     with no member that is not of it. Encode writes what Decode reads.
//   - After an error a stream cannot be used any more: where the next message
//     begins is not known.
//
// # Concurrency
//
// A Splitter, and each direction of a Conn, has one user at a time.
//
// # Ownership
//
// What Next returns is borrowed until the following Write. A decoded Message owns
// its bytes.
package jsonrpc
