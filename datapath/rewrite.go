package datapath

import (
	"vswitch/flow"
	"vswitch/packet"
)

// rewrite does a Set. A header that the frame does not have is left out: what
// the slow path knows of the packet may be more than this fragment carries.
func rewrite(b *packet.Buf, s *Set) {
	v, m := &s.Value, &s.Mask
	if s.Headers&HdrEth != 0 {
		b.SetEth(&packet.EthFields{Dst: v.EthDst, Src: v.EthSrc}, &packet.EthFields{Dst: m.EthDst, Src: m.EthSrc})
	}
	if s.Headers&HdrVLAN != 0 {
		b.SetVLAN(v.VLAN[0].TCI, m.VLAN[0].TCI)
	}
	if s.Headers&HdrMPLS != 0 {
		b.SetMPLS(packet.LSE(v.MPLS[0]), packet.LSE(m.MPLS[0]))
	}
	if s.Headers&HdrPBB != 0 {
		b.SetPBB(wireITag(v.PBB), wireITag(m.PBB))
	}
	if s.Headers&HdrIPv4 != 0 {
		b.SetIPv4(&packet.IPv4Fields{Src: v.IPSrc, Dst: v.IPDst, TOS: v.IPTOS, TTL: v.IPTTL},
			&packet.IPv4Fields{Src: m.IPSrc, Dst: m.IPDst, TOS: m.IPTOS, TTL: m.IPTTL})
	}
	if s.Headers&HdrIPv6 != 0 {
		b.SetIPv6(&packet.IPv6Fields{Src: v.IPv6Src, Dst: v.IPv6Dst, Label: v.IPv6Label, TrafficClass: v.IPTOS, HopLimit: v.IPTTL},
			&packet.IPv6Fields{Src: m.IPv6Src, Dst: m.IPv6Dst, Label: m.IPv6Label, TrafficClass: m.IPTOS, HopLimit: m.IPTTL})
	}
	if s.Headers&HdrARP != 0 {
		b.SetARP(&packet.ARPFields{Op: v.ARPOp, SPA: v.IPSrc, TPA: v.IPDst, SHA: v.ARPSHA, THA: v.ARPTHA},
			&packet.ARPFields{Op: m.ARPOp, SPA: m.IPSrc, TPA: m.IPDst, SHA: m.ARPSHA, THA: m.ARPTHA})
	}
	if s.Headers&HdrPorts != 0 {
		rewritePorts(b, s)
	}
	if s.Headers&HdrICMP != 0 {
		b.SetICMP(&packet.ICMPFields{Type: uint8(v.TPSrc), Code: uint8(v.TPDst)},
			&packet.ICMPFields{Type: uint8(m.TPSrc), Code: uint8(m.TPDst)})
	}
	if s.Headers&HdrND != 0 {
		b.SetND(&packet.NDFields{Target: v.NDTarget, SLL: v.ARPSHA, TLL: v.ARPTHA, Reserved: v.NDReserved, OptType: v.NDOptType},
			&packet.NDFields{Target: m.NDTarget, SLL: m.ARPSHA, TLL: m.ARPTHA, Reserved: m.NDReserved, OptType: m.NDOptType})
	}
	if s.Headers&HdrNSH != 0 {
		value, mask := nshFields(v), nshFields(m)
		b.SetNSH(&value, &mask)
	}
	if s.Headers&HdrMark != 0 {
		b.Mark = b.Mark&^m.PktMark | v.PktMark&m.PktMark
	}
}

// rewritePorts changes the ports of the transport protocol that the frame has.
func rewritePorts(b *packet.Buf, s *Set) {
	value := packet.PortFields{Src: s.Value.TPSrc, Dst: s.Value.TPDst}
	mask := packet.PortFields{Src: s.Mask.TPSrc, Dst: s.Mask.TPDst}
	_ = b.SetTCP(&value, &mask) || b.SetUDP(&value, &mask) || b.SetSCTP(&value, &mask)
}

// nshFields are a key's NSH fields that can be set.
func nshFields(k *flow.Base) packet.NSHFields {
	return packet.NSHFields{Flags: k.NSHFlags, TTL: k.NSHTTL, SI: k.NSHSI, SPI: k.NSHSPI, Context: k.NSHC}
}

// wireITag is the key's PBB word as an I-TAG has it: UCA is bit 27 there.
func wireITag(pbb uint32) uint32 { return pbb&0xffffff | (pbb>>24&1)*packet.ITagUCA }
