// Package lobby bounds how many connections may wait to be worth something: for
// the end of a TLS handshake, for a request. Who comes when it is full pushes out
// who has waited longest, so peers that open connections and then say nothing
// cost a bounded number of descriptors and keep nobody out: whoever gets on with
// it is gone from the lobby before as many others have come.
//
// # Not here
//
// Deadlines: they are the connection's own.
//
// # Concurrency
//
// Any goroutine may call any method.
package lobby
