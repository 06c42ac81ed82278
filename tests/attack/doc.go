// Package attack measures what a sender who wants to harm others can do to them:
// frames chosen so that no cache helps. Its benchmarks compare the victims' frames a
// second beside such frames with those beside harmless ones of the same number and
// size.
package attack
