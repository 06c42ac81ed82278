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
// one of them has to fit (Reference.choices). Packets that the specification
// leaves to the switch end their case: see outcome.unknown.
package oracle
