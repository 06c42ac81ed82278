package datapath

import (
	"vswitch/flow"
	"vswitch/packet"
)

// SlowPath decides what happens to packets that no cache knows. Upcall is
// called by worker goroutines, several at a time; it must not block on other
// workers, and it must not call back into the Datapath.
type SlowPath interface {
	// Upcall fills v for the packet of u. v comes zeroed but for the capacity
	// of its slices. An error drops the packet as upcall_error.
	Upcall(u *Upcall, v *Verdict) error
}

// UpcallReason says why a packet goes up.
type UpcallReason uint8

// Reasons of an upcall.
const (
	UpcallMiss      UpcallReason = iota // no megaflow knows the packet
	UpcallAction                        // an OpUserspace: nothing is executed, the verdict is ignored
	UpcallPacketOut                     // Inject: Handle says what the controller wants
)

// Upcall is one question to the slow path. All of it is borrowed until the
// call returns.
type Upcall struct {
	Reason UpcallReason
	Key    *flow.Key
	Packet *packet.Buf
	Handle any   // of the OpUserspace or of Inject
	Now    int64 // nanoseconds of the worker's clock
}

// Verdict is the answer. Actions hold for every packet that equals the upcall's
// key under Mask.
type Verdict struct {
	Actions []Action
	Mask    flow.Key // the bits of the key that the answer depends on
	Credits []Credit // what each hit counts toward
	Version uint64   // state of the slow path that the answer was made from
	Tags    uint64   // Bloom bits of what it depends on, for Revalidate
	NoCache bool     // holds for this packet only
}

// Credit is something that a packet's hits count toward or keep alive: a flow,
// a table, a learned address. Calls are serialized by the datapath.
type Credit interface{ Credit(h Hits) }

// Hits is how often, how much and when last a megaflow was hit.
type Hits struct {
	Packets, Bytes uint64
	Used           int64 // nanoseconds of the worker's clock; 0: never
}
