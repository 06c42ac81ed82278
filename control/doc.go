// Package control is what the switch's control socket says: the commands it knows,
// and their replies as text for people and ovs-appctl and as typed values for
// programs. It is spoken over JSON-RPC 1.0 (control/jsonrpc).
//
// A command is a method whose parameters are strings. Its result is a string, as
// ovs-appctl expects, until the connection asks for JSON with
//
//	set-options --format json
//
// as the tools of Open vSwitch 3.5 and later do: from then on it is the reply's
// JSON value, or {"reply-format": "plain", "reply": TEXT} for a reply that is only
// text.
//
// # Not here
//
// Anything that acts: a Server hands each command to the function that its maker
// gave it. Sockets and goroutines are the maker's too.
//
// # Invariants
//
//   - The commands are one table (Commands). A server answers those for which it has
//     a function, and list-commands lists no others.
//   - The number of arguments is checked before a command's function is called.
//   - Numbers in replies are exact; times are seconds, sizes bytes.
//   - A malformed message ends its connection and harms no other.
//
// # Concurrency
//
// A Server may serve any number of connections at once, and calls its functions from
// their goroutines. A Client has one user at a time.
package control
