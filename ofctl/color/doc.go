// Package color colours flows as ovs-ofctl does.
//
// It reads the text of a flow that openflow/text has written, and puts the sequences
// of ANSI terminals (ECMA-48's SGR) around its words: that way the text has one form,
// and colours cost nothing where there are none.
//
// # Not here
//
// Whether there are to be colours (ofctl/cmd).
package color
