package ofproto

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// multipath writes the number of a link that a hash of the packet chooses
// (ovs-actions(7), multipath; RFC 2992).
func (x *xlate) multipath(a openflow.Multipath) {
	h := x.hashOf(a.Fields, uint32(a.Basis))
	x.writeSubfield(a.Dst, flow.U64(uint64(chooseLink(&a, h))))
}

// chooseLink is the link of 0 to MaxLink for a packet whose hash is h.
func chooseLink(a *openflow.Multipath, h uint32) uint32 {
	n := uint32(a.MaxLink) + 1
	switch a.Algorithm {
	case openflow.MultipathHashThreshold:
		if n == 1 {
			return 0
		}
		return h / (^uint32(0)/n + 1)
	case openflow.MultipathHRW:
		return uint32(highestWeight(h, int(n), func(i int) (uint32, bool) { return uint32(i), true }))
	case openflow.MultipathIterHash:
		modulo := a.Arg
		if modulo < n || modulo > 1<<16 {
			for modulo = 1; modulo < n; modulo *= 2 {
			}
		}
		link := h % modulo
		for i := uint32(1); link >= n; i++ {
			link = mixHash(h, i) % modulo
		}
		return link
	default:
		return h % n
	}
}

// bundle chooses a live port among members, and sends the packet there or writes
// its number (ovs-actions(7), bundle).
func (x *xlate) bundle(a openflow.Bundle) {
	port := openflow.PortAny
	if i := x.chooseMember(&a); i >= 0 {
		port = a.Members[i]
	}
	switch {
	case a.Load:
		x.writeSubfield(a.Dst, flow.U64(uint64(flow.Port32To16(uint32(port)))))
	case port != openflow.PortAny:
		x.outputTo(port, 0)
	}
}

// chooseMember is the place of the chosen member, -1 where none is live.
func (x *xlate) chooseMember(a *openflow.Bundle) int {
	live := func(i int) bool {
		p := x.bridge.ports.Load().byNo[a.Members[i]]
		return p != nil && p.live()
	}
	if a.Algorithm == openflow.BundleHRW {
		h := x.hashOf(a.Fields, uint32(a.Basis))
		return highestWeight(h, len(a.Members), func(i int) (uint32, bool) { return uint32(i), live(i) })
	}
	for i := range a.Members {
		if live(i) {
			return i
		}
	}
	return -1
}

// highestWeight is the member of n whose hash with h is the highest, of those
// that there are; -1 where there is none.
func highestWeight(h uint32, n int, member func(int) (id uint32, there bool)) int {
	best, highest := -1, uint32(0)
	for i := range n {
		id, there := member(i)
		if !there {
			continue
		}
		if w := mixHash(h, id); best < 0 || w > highest {
			best, highest = i, w
		}
	}
	return best
}

func mixHash(h, v uint32) uint32 {
	return uint32(flow.FinishHash(flow.MixWord(uint64(h), uint64(v))) >> 32)
}

// hashOf is a hash of parts of the packet; its way depends on them.
func (x *xlate) hashOf(fields openflow.HashFields, basis uint32) uint32 {
	h := uint64(basis)
	one := func(id flow.FieldID) flow.Value {
		f := flow.FieldByID(id)
		if !x.exists(f) {
			return flow.Value{}
		}
		x.look(id)
		return f.Load(&x.p)
	}
	mix := func(v flow.Value) { h = flow.MixWord(flow.MixWord(h, v.Hi), v.Lo) }
	both := func(a, b flow.FieldID) { mix(one(a).Xor(one(b))) } // the same both ways
	switch fields {
	case openflow.HashEthSrc:
		mix(one(flow.FieldEthSrc))
	case openflow.HashNWSrc:
		mix(one(flow.FieldIPSrc))
		mix(one(flow.FieldIPv6Src))
	case openflow.HashNWDst:
		mix(one(flow.FieldIPDst))
		mix(one(flow.FieldIPv6Dst))
	default:
		if fields == openflow.HashSymmetricL4 {
			both(flow.FieldEthSrc, flow.FieldEthDst)
			mix(one(flow.FieldEthType))
			mix(one(flow.FieldDLVLAN))
		}
		both(flow.FieldIPSrc, flow.FieldIPDst)
		both(flow.FieldIPv6Src, flow.FieldIPv6Dst)
		if fields == openflow.HashSymmetricL3 {
			break
		}
		mix(one(flow.FieldIPProto))
		both(flow.FieldTCPSrc, flow.FieldTCPDst)
		both(flow.FieldSCTPSrc, flow.FieldSCTPDst)
		if fields == openflow.HashSymmetricL3L4UDP {
			both(flow.FieldUDPSrc, flow.FieldUDPDst)
		}
	}
	return uint32(flow.FinishHash(h) >> 32)
}
