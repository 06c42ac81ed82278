// Package jsontext writes values of package openflow, and structs made of them, as
// JSON.
//
// Names of members are those of the struct's fields in lower_snake. Counters that the
// switch does not keep are null, durations seconds, flags lists of names, words of
// bits strings in hexadecimal, matches objects of texts, actions lists of texts.
//
// # Not here
//
// Reading JSON; what is a document of its own for a command (ofctl/cmd).
//
// # Invariants
//
//   - What is written is valid JSON whatever the switch has sent: names are made valid
//     UTF-8.
//   - A type without a form of its own is a panic, found by the test that writes every
//     message.
package jsontext
