package openflow

import (
	"math/rand/v2"
	"testing"

	"vswitch/flow"
)

// TestClassesAgreeWithFlow compares classes with flow.Match.CheckPrereqs over
// random matches on the fields that prerequisites look at.
func TestClassesAgreeWithFlow(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(values ...uint64) uint64 { return values[rng.IntN(len(values))] }
	for range 20000 {
		var m Match
		set := func(id flow.FieldID, value uint64) {
			f := flow.FieldByID(id)
			mask := f.Full()
			switch rng.IntN(4) {
			case 0:
				return
			case 1:
				if f.Maskable {
					mask = flow.U64(pick(1, 2, 0x20, mask.Lo))
				}
			}
			m.SetField(f, flow.U64(value).And(mask), mask)
		}
		set(flow.FieldPacketType, pick(0, 0, 1<<16|0x894f, 1<<16|0x0800, 5))
		set(flow.FieldEthType, pick(0x800, 0x86dd, 0x806, 0x8035, 0x8847, 0x8848, 0x894f, 0x88e7, 1))
		set(flow.FieldVLANTCI, pick(0, 0x1000, 0x1005))
		set(flow.FieldIPProto, pick(1, 6, 17, 58, 132, 2))
		set(flow.FieldIPFrag, pick(0, 1, 2, 3))
		set(flow.FieldICMPv6Type, pick(135, 136, 1))
		set(flow.FieldICMPv6Code, pick(0, 1))
		set(flow.FieldCTState, pick(0, 0x20, 0x21, 0x30, 0x10))
		set(flow.FieldCTNWProto, pick(0, 6))
		classes := m.classes()
		for i := range flow.Fields() {
			f := &flow.Fields()[i]
			if want := m.CheckPrereqs(f.ID) == nil; classes.has(f.Prereq) != want {
				t.Fatalf("seed %d: %s: classes say %v, flow says %v: %v", seed, f.Name, !want, want, m.CheckPrereqs(f.ID))
			}
		}
	}
}
