// Package flow knows what a packet is: the key that the datapath looks up, the
// wider set of fields that the OpenFlow pipeline sees, masks and matches over
// them, and the one table of fields that every codec, parser and printer of the
// project is driven by.
//
// What is here: Field and Value with the field table (fields_table*.go); Match,
// Sparse, Mask and their parts for the pipeline; Key, KeyMask and Secret for
// the datapath; Extract and Compose between frames and keys; ParseValue,
// AppendValue, AppendMatch and AppendKey between values and text.
//
// # Not here
//
// Rules and how they are found (package classifier), what is done to packets
// (packages packet and datapath), OpenFlow messages and the grammar of flows
// (packages openflow and text), names of ports (PortNames is the caller's).
//
// # Two keys
//
// Key is what the datapath can tell packets apart by. Pipeline is Key plus what
// exists only while a packet is translated: registers, metadata, OpenFlow port
// numbers. Pipeline starts with Key, and both are read as arrays of 64-bit
// words, so the first KeyWords words of a Pipeline mask are a Key mask.
//
// # Invariants
//
//   - Padding is zero. Every word of a Key can be compared.
//
//   - A Key's tunnel and conntrack segments are valid iff their Present bit is
//     set. An absent segment is never cleared, hashed or compared; it reads as
//     zero (Pipeline.Load and Match do that).
//
//   - Extract never fails: a layer that the packet does not have in full reads
//     as zero. Extract(Compose(k)) == k for every k that Compose accepts.
//
//   - In a Match, a value bit outside its mask is zero; two Matches that match
//     the same packets by the same fields are equal, and so are their Sparse
//     forms.
//
//   - Multi-byte integers are in host order; a field's Value is its number.
//
//   - Setting a field in a Match checks nothing: Match.CheckPrereqs and
//     Field.Check say beforehand what OpenFlow refuses.
//
// # Concurrency
//
// Values; the field table is read-only after start. A TLVTable is read by many
// and changed by none while it is.
//
// # Ownership
//
// A Sparse shares the words that it was made of; nobody writes to them. Extract
// borrows the Buf.
package flow
