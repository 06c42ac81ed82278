// Package classifier finds the rule of highest priority that matches a packet,
// in tables of up to millions of rules, while the tables change.
//
// # What
//
// A rule is a flow.Sparse match and a priority. Rules whose matches have the
// same mask share a subtable, a hash table from the masked words of a packet to
// the rules that match them; one probe tells whether the subtable has any.
// Lookup probes subtables in descending order of the highest priority in each
// and stops where none can be higher than the best found.
//
// Lookup also says which bits of the packet its answer depended on. A cache
// entry for the answer matches on these bits. A bit too many costs speed; a bit
// too few is a wrong verdict for other packets. Two things keep them few:
//
//   - Stages. A subtable's mask is divided by layers: what exists beside the
//     frame, L2, L3, L4. The subtable knows the hashes of its rules' words up to
//     each layer. A packet whose hash after a layer is none of them has not been
//     looked at beyond it.
//   - Tries. Of IP addresses and transport ports, a trie holds the prefixes that
//     rules have. A packet for which no rule has a prefix of the subtable's
//     length is told apart by its first bits: as many as it takes to leave
//     the way to every prefix of that length.
//
// Most subtables a lookup never looks at: neighbours in the order of priorities
// whose masks begin alike form a run, and what prefixes a packet has tells of a
// whole run which of its subtables may have a rule.
//
// What is looked at, and in which order, depends on nothing but what was looked
// at before, so what two packets' masks say never overlaps. All bits are added in
// Classifier.Lookup's helpers: lookup.unwildcard, lookup.tellFailed and lookup.finish.
//
// A rule may be a clause of conjunctions instead of a rule by itself; see Clause.
//
// # Versions
//
// A table is not copied to be changed. A rule appears at one version and
// vanishes at another, and a reader sees the rules of the version that it
// names. The writer prepares a version that nobody names yet: it inserts and
// removes at it as it likes, takes that back if need be, and whoever owns the
// version number makes it current by a store.
//
//	Insert(m, prio, v)  Remove(id, v)       ... the owner publishes v ...
//	                    Restore(id)         undoes Remove before that
//	Remove(id, v)                           with Insert's v undoes Insert
//	Free(id)                                after all readers were quiescent since Remove
//
// # Not here
//
// What a rule does, counters, timeouts, limits, the version number itself, and
// quiescence: who reads, and when a reader is done, the caller knows.
//
// # Invariants
//
//   - A rule is visible at version v iff appears <= v < vanishes. A published
//     version is never changed: Insert and Remove take later ones.
//   - At one version at most one visible rule has a given match and priority;
//     the caller sees to it with Find.
//   - In a chain of rules with the same match, priorities descend.
//   - The priority listed for a subtable is at least that of all its rules, and
//     the list is in descending order of it.
//   - What a rule's words are hashed to, and its prefixes, are known to stages
//     and tries from before the rule is linked until after it is unlinked. They
//     may know more than one version's rules, which costs bits, not answers.
//
// # Concurrency
//
// One writer at a time calls Insert, Remove, Restore, Free, Find, Overlapping
// and Stats. Any number of readers call Lookup, All, Len, Match and Priority at
// any time, without locks and without waiting. What readers look at changes by
// single atomic stores only.
//
// # Ownership
//
// Rules live in slabs and arenas without Go pointers, linked by number, so a
// collector that scans a table of a million rules sees some thousand objects. A
// freed rule is first unlinked; its memory is used again when the caller says,
// by freeing a rule that was removed later, that no reader can be looking at it
// any more.
package classifier
