package text

import "vswitch/openflow"

// Options say how text is read.
type Options struct {
	// Ports and Tables are names that text may use instead of numbers.
	Ports, Tables *Names
	// Command is what a flow-mod does; with CommandWord the text may begin with
	// another one: add, modify, modify_strict, delete, delete_strict.
	Command     openflow.FlowModCommand
	CommandWord bool
}

// PrintOptions say how values are written. The zero value writes what ovs-ofctl
// writes where it is given no options.
type PrintOptions struct {
	// Ports and Tables give numbers names.
	Ports, Tables *Names
	// NoStats leaves out of flows what changes by itself: counters, durations,
	// ages.
	NoStats bool
	// Verbosity is how often ovs-ofctl would be given -m: from 1 on, which is how
	// ofp-print writes, echo messages show their payload; from 2 on messages with
	// packets show the packets' bytes.
	Verbosity int
	// PacketSummary appends one line that says what a packet contains, without
	// its end of line. Nil: packets are not described.
	PacketSummary func(dst, packet []byte) []byte
}
