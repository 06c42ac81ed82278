// Package ofproto is the OpenFlow half of the switch: bridges with their ports,
// flow tables and forwarding databases, the translation of a packet's way
// through them into datapath actions, and the OpenFlow sessions that program
// all this.
//
// # Not here
//
// Sockets and goroutines: a Session takes bytes and gives bytes, the daemon
// moves them. Port drivers: a Port knows its datapath number and what the
// daemon says of its state. Clocks: now is an argument, in nanoseconds of one
// monotonic clock; Options.Clock only bounds how long the control lock is held.
// Configuration files.
//
// # Translation
//
// Translate turns (state, packet) into a Result and changes nothing. What has
// to change because of the packet (a station learned) is in the Result as
// Effects, which only the upcall of a real packet commits; what later hits of
// the megaflow count toward is in it as Credits. `ofproto/trace` is the same
// code with a tracer.
//
// While it goes, Translate notes in a mask which bits of the packet it looked
// at. Bits that an action overwrote with a constant are no longer the packet's:
// looking at them needs no mask bit (xlate.known). Writes reach the packet late:
// xlate.dirty has the bits that are written but not yet in an action, and commit
// turns them into one OpSet before something needs the packet as it is.
//
// The way through the tables is kept on an explicit stack of frames, not on
// Go's: a translation can be frozen at any point into a recirculation state and
// go on later from there, after the datapath has looked into the packet again.
//
// # Versions and epochs
//
// Rules carry the table versions at which they appear and vanish; a lookup names
// the version that it wants to see, so a bundle of changes becomes visible in
// one step of Switch.version. Everything that translation reads and that is not
// a rule (ports, stations, settings) is replaced whole behind an atomic pointer.
// After any change is visible, Switch.epoch is stepped; a verdict carries the
// epoch read before its translation began, so the datapath can tell verdicts
// that may be stale.
//
// Settle ends every batch of changes: megaflows whose translation is no longer
// the same leave the datapath, their counts are folded into the rules, and only
// then are removed rules reported and their memory used again.
//
// # Concurrency
//
// Switch.mu is the control lock: sessions, configuration and timers run under
// it, one at a time. What may take long goes in slices and lets others in between
// two of them (Session.Input). Upcalls come from worker goroutines without it; they read
// what is published and take only the small locks of the forwarding database,
// of a session's output and of the recirculation table. No small lock is held
// while the datapath is called, and no worker ever waits for Switch.mu.
package ofproto
