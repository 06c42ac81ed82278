// Package secure makes OpenFlow connections ones with TLS: who the switch is, whom
// it trusts, and the handshake, in either role.
//
// # Not here
//
// Sockets, and files: the configuration has what is in them.
//
// # Invariants
//
//   - Both sides show a certificate, and an authority of the configuration vouches
//     for the peer's, at every connection: nothing is taken over from an earlier
//     one.
//   - A handshake ends within HandshakeTime, whatever the peer does.
//   - The private key is in no error and no log.
//
// # Concurrency
//
// An Identity does not change; any goroutine may use it.
package secure
