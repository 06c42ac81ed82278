package flow

import "encoding/binary"

// HashFlow is a hash of what makes packets one flow: Ethernet addresses, VLAN and
// type, and where the packet has them network addresses, protocol and ports.
// Fragments of one packet have the same hash, so they count no ports. It is
// never 0.
func (k *Key) HashFlow(basis uint64) uint32 {
	h := MixWord(basis, k.EthDst.number()<<16|uint64(k.EthType))
	h = MixWord(h, k.EthSrc.number()<<16|uint64(k.VLAN[0].TCI&0xfff))
	h = MixWord(h, uint64(k.IPSrc)<<32|uint64(k.IPDst))
	if k.EthType == EthTypeIPv6 {
		for _, a := range []*IPv6{&k.IPv6Src, &k.IPv6Dst} {
			h = MixWord(h, binary.LittleEndian.Uint64(a[:8]))
			h = MixWord(h, binary.LittleEndian.Uint64(a[8:]))
		}
	}
	last := uint64(k.IPProto) << 32
	if k.IPFrag == 0 {
		last |= uint64(k.TPSrc)<<16 | uint64(k.TPDst)
	}
	h = FinishHash(MixWord(h, last))
	return uint32(h>>32) | 1<<31
}

// number is the address as a number of 48 bits.
func (m MAC) number() uint64 {
	return uint64(binary.BigEndian.Uint32(m[:4]))<<16 | uint64(binary.BigEndian.Uint16(m[4:]))
}
