package datapath

import (
	"vswitch/flow"
	"vswitch/packet"
)

// PortID numbers the ports of a datapath. 0 is no port.
type PortID uint32

// Op is the operation of one Action.
type Op uint8

// Operations. Those that end a frame's way (drop, recirc, check_len) must come last.
const (
	OpOutput    Op = iota // send on port Arg
	OpUserspace           // hand the frame, as it is now, to the slow path with X.Handle
	OpSet                 // rewrite the fields of X.Set
	OpSetQueue            // Arg is the queue plus 1, 0 the default one
	OpPushVLAN            // Arg is TPID<<16 | TCI
	OpPopVLAN
	OpPushMPLS // Arg is the label stack entry, Short the Ethernet type
	OpPopMPLS  // Short is the Ethernet type afterwards
	OpPushPBB  // Arg is the I-TAG's I-SID and bits, see packet.PushPBB
	OpPopPBB
	OpPushEth   // an Ethernet header with addresses of zeros, before a frame that has none
	OpPopEth    // what follows is the frame
	OpEncapMPLS // a label before the whole frame; Arg and Short as for OpPushMPLS
	OpPushNSH   // X.NSH before the whole frame
	OpPopNSH
	OpCopyTTLOut // from the next header that has one to the outermost
	OpCopyTTLIn
	OpSetEthType // Short, behind the tags
	OpSetIPProto // Short
	OpClone      // execute X.Sub on a copy
	OpTrunc      // the next output sends at most Arg bytes
	OpHash       // compute dp_hash over the frame's addresses and ports, with Arg as basis
	OpMeter      // drop or remark the frame where X.Meter says so
	OpRecirc     // look the frame up again with recirculation id Arg
	OpCheckLen   // OpRecirc with id Arg if the frame, less its outermost tag, is larger than Short bytes, X.Else if not
	OpDrop       // drop for Reason
)

// Action is one step of what happens to a frame.
type Action struct {
	Op     Op
	Reason DropReason // OpDrop
	Short  uint16
	Arg    uint32
	X      *Extra // for the operations that name it
}

// Extra holds what does not fit an Action.
type Extra struct {
	Set    *Set     // OpSet
	Sub    []Action // OpClone
	Handle any      // OpUserspace: opaque to the datapath
	Meter  *Meter   // OpMeter; OpUserspace: nil, or what limits it
	NSH    *NSH     // OpPushNSH
	Else   uint32   // OpCheckLen
}

// NSH is a network service header to be pushed.
type NSH struct {
	Fields packet.NSHFields
	TLVs   string // the context headers of metadata type 2, as bytes
}

// Headers is a set of headers that a Set rewrites.
type Headers uint16

// Headers of a Set.
const (
	HdrEth Headers = 1 << iota
	HdrVLAN
	HdrMPLS
	HdrIPv4
	HdrIPv6
	HdrARP
	HdrPorts // TCP, UDP or SCTP ports, by the packet's protocol
	HdrICMP  // type and code
	HdrND
	HdrPBB
	HdrMark // pkt_mark: metadata, not bytes
	HdrNSH
)

// Set rewrites, in the named headers, the bits of Value that are set in Mask.
type Set struct {
	Headers     Headers
	Value, Mask flow.Base
}

// Output is the action that sends on port id.
func Output(id PortID) Action { return Action{Op: OpOutput, Arg: uint32(id)} }

// Drop is the action that ends a frame for reason r.
func Drop(r DropReason) Action { return Action{Op: OpDrop, Reason: r} }

// ActionsEqual reports whether two action lists do the same. same compares the
// handles of OpUserspace.
func ActionsEqual(a, b []Action, same func(x, y any) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Op != b[i].Op || a[i].Reason != b[i].Reason || a[i].Short != b[i].Short || a[i].Arg != b[i].Arg {
			return false
		}
		if !a[i].X.equal(b[i].X, same) {
			return false
		}
	}
	return true
}

func (x *Extra) equal(y *Extra, same func(x, y any) bool) bool {
	switch {
	case x == y:
		return true
	case x == nil || y == nil || x.Meter != y.Meter || x.Else != y.Else || (x.NSH == nil) != (y.NSH == nil) || (x.Set == nil) != (y.Set == nil):
		return false
	case x.Set != nil && *x.Set != *y.Set:
		return false
	case x.NSH != nil && *x.NSH != *y.NSH:
		return false
	case (x.Handle == nil) != (y.Handle == nil):
		return false
	case x.Handle != nil && !same(x.Handle, y.Handle):
		return false
	}
	return ActionsEqual(x.Sub, y.Sub, same)
}
