// Package oracle holds a second switch, written to be obviously right and
// nothing else: tables are lists, a lookup compares a packet with each flow in
// turn, and a packet is bytes that every action rewrites at once and every lookup
// reads anew. Its tests have it agree with the real switch over random tables
// and random packets, with caches and without.
//
// # What it shares with the switch
//
// The field table and flow.Extract, which have naive twins of their own, and the
// parser of flow text. Walking tables, actions, checksums, the forwarding
// database, groups and counters it does by itself.
//
// # What it does not know
//
// Hashes: where the switch chooses by one, the reference tries every choice, and
// one of them has to fit (outcome.choose). So it does where it depends on
// recirculations whether a copy of a packet comes before another that teaches a
// flow or a station. Packets that the specification leaves to the switch, and those
// whose copies depend on each other in more ways, end their case: see
// outcome.unknown. The test tells how many packets were not judged because of it
// and why, and fails where they are more than maxAside in a hundred.
//
// Clocks: meters go by the time between packets, which is random, so that it hardly
// ever matters that a switch's clock goes on by nanoseconds meanwhile.
package oracle
