package flow

import (
	"encoding/binary"
	"hash/crc32"

	"vswitch/packet"
)

// maxIP is the most that an IP length field can say.
const maxIP = 1<<16 - 1

func (c *composer) ipv4() error {
	k, u := c.k, &c.used
	start := len(c.out)
	h := c.grow(packet.IPv4Size)
	h[0] = 0x45
	h[1] = k.IPTOS
	h[8] = k.IPTTL
	h[9] = k.IPProto
	binary.BigEndian.PutUint32(h[12:], k.IPSrc)
	binary.BigEndian.PutUint32(h[16:], k.IPDst)
	switch k.IPFrag {
	case FragAny:
		binary.BigEndian.PutUint16(h[6:], packet.IPv4MoreFragments)
	case FragAny | FragLater:
		binary.BigEndian.PutUint16(h[6:], 1)
	}
	u.IPTOS, u.IPTTL, u.IPProto, u.IPSrc, u.IPDst = k.IPTOS, k.IPTTL, k.IPProto, k.IPSrc, k.IPDst
	c.ipFrag()
	transport := len(c.out)
	c.transport()
	total := len(c.out) - start
	if total > maxIP {
		return cannot("%d bytes do not fit an IPv4 packet", total)
	}
	h = c.out[start:transport]
	binary.BigEndian.PutUint16(h[2:], uint16(total))
	binary.BigEndian.PutUint16(h[10:], ^packet.Sum(h))
	c.checksum(transport, packet.PseudoSumIPv4(k.IPSrc, k.IPDst, k.IPProto, len(c.out)-transport))
	return nil
}

// ipFrag notes what the fragment bits are read as.
func (c *composer) ipFrag() {
	if c.k.IPFrag&FragAny != 0 {
		c.used.IPFrag = c.k.IPFrag & (FragAny | FragLater)
	}
}

func (c *composer) ipv6() error {
	k, u := c.k, &c.used
	start := len(c.out)
	h := c.grow(packet.IPv6Size)
	u.IPv6Label = k.IPv6Label & 0xfffff
	binary.BigEndian.PutUint32(h, 6<<28|uint32(k.IPTOS)<<20|u.IPv6Label)
	h[7] = k.IPTTL
	copy(h[8:], k.IPv6Src[:])
	copy(h[24:], k.IPv6Dst[:])
	u.IPTOS, u.IPTTL, u.IPProto, u.IPv6Src, u.IPv6Dst = k.IPTOS, k.IPTTL, k.IPProto, k.IPv6Src, k.IPv6Dst
	if err := c.extensions(start + 6); err != nil {
		return err
	}
	transport := len(c.out)
	c.transport()
	if c.isND && len(c.payload) >= 8 {
		return cannot("a payload behind a neighbour discovery message reads as options")
	}
	size := len(c.out) - start - packet.IPv6Size
	if size > maxIP {
		return cannot("%d bytes do not fit an IPv6 packet", size)
	}
	binary.BigEndian.PutUint16(c.out[start+4:], uint16(size))
	c.checksum(transport, packet.PseudoSumIPv6(k.IPv6Src, k.IPv6Dst, k.IPProto, len(c.out)-transport))
	return nil
}

// extensions writes the extension headers of ipv6_exthdr, in RFC 8200's order.
// next is where the protocol of the first header goes.
func (c *composer) extensions(next int) error {
	k, u := c.k, &c.used
	last := k.IPProto
	if k.IPFrag&FragLater != 0 {
		if last != packet.ProtoFragment {
			return cannot("nw_proto of a later IPv6 fragment is %d, not 44", last)
		}
		if k.IPv6ExtHdr&(ExtAuth|ExtESP|ExtNoNext) != 0 {
			return cannot("a later IPv6 fragment shows no header behind its fragment header")
		}
		last = packet.ProtoNoNext // never looked at
	} else if isExtension(last) && last != packet.ProtoESP && last != packet.ProtoNoNext {
		return cannot("nw_proto=%d is an extension header", last)
	}
	for _, e := range []struct {
		bit   uint16
		proto uint8
		size  int
	}{
		{ExtHop, packet.ProtoHopByHop, 8},
		{ExtDest, packet.ProtoDestOptions, 8},
		{ExtRouting, packet.ProtoRouting, 8},
		{ExtFrag, packet.ProtoFragment, 8},
		{ExtAuth, packet.ProtoAH, 16},
	} {
		if k.IPv6ExtHdr&e.bit == 0 {
			continue
		}
		u.IPv6ExtHdr |= e.bit
		c.out[next] = e.proto
		next = len(c.out)
		c.extension(c.grow(e.size), e.proto)
	}
	c.out[next] = last
	if k.IPFrag&FragLater == 0 {
		switch last {
		case packet.ProtoESP:
			u.IPv6ExtHdr |= ExtESP
		case packet.ProtoNoNext:
			u.IPv6ExtHdr |= ExtNoNext
		}
	}
	return nil
}

// extension fills in an extension header of zeros.
func (c *composer) extension(h []byte, proto uint8) {
	switch proto {
	case packet.ProtoHopByHop, packet.ProtoDestOptions:
		h[2], h[3] = 1, 4 // PadN over the rest
	case packet.ProtoAH:
		h[1] = uint8(len(h)/4 - 2)
	case packet.ProtoFragment:
		switch c.k.IPFrag {
		case FragAny:
			h[3] = 1
		case FragAny | FragLater:
			h[3] = 8
		}
		c.ipFrag()
	}
}

// transport writes the transport header and the payload.
func (c *composer) transport() {
	k, u := c.k, &c.used
	if k.IPFrag&FragLater == 0 {
		switch k.IPProto {
		case packet.ProtoTCP:
			h := c.ports(packet.TCPSize)
			u.TCPFlags = k.TCPFlags & 0xfff
			binary.BigEndian.PutUint16(h[12:], packet.TCPSize/4<<12|u.TCPFlags)
		case packet.ProtoUDP:
			h := c.ports(packet.UDPSize)
			binary.BigEndian.PutUint16(h[4:], uint16(packet.UDPSize+len(c.payload)))
		case packet.ProtoSCTP:
			c.ports(packet.SCTPSize)
		case packet.ProtoICMP, packet.ProtoIGMP, packet.ProtoICMPv6:
			c.message()
		}
	}
	c.out = append(c.out, c.payload...)
}

// ports writes a header of size bytes that starts with two ports.
func (c *composer) ports(size int) []byte {
	h := c.grow(size)
	binary.BigEndian.PutUint16(h, c.k.TPSrc)
	binary.BigEndian.PutUint16(h[2:], c.k.TPDst)
	c.used.TPSrc, c.used.TPDst = c.k.TPSrc, c.k.TPDst
	return h
}

func (c *composer) message() {
	k, u := c.k, &c.used
	h := c.grow(packet.ICMPSize)
	h[0], h[1] = uint8(k.TPSrc), uint8(k.TPDst)
	u.TPSrc, u.TPDst = k.TPSrc&0xff, k.TPDst&0xff
	isND := h[0] == packet.ICMPv6NeighborSolicit || h[0] == packet.ICMPv6NeighborAdvert
	switch {
	case k.IPProto == packet.ProtoIGMP:
		binary.BigEndian.PutUint32(h[4:], k.IGMPGroup)
		u.IGMPGroup = k.IGMPGroup
	case k.IPProto == packet.ProtoICMPv6 && isND && h[1] == 0 && k.EthType == packet.EthTypeIPv6:
		binary.BigEndian.PutUint32(h[4:], k.NDReserved)
		c.nd()
	}
}

// nd writes the target and the link-layer address options of a neighbour
// solicitation or advertisement, that of type NDOptType first.
func (c *composer) nd() {
	k, u := c.k, &c.used
	c.isND = true
	u.NDReserved, u.NDTarget = k.NDReserved, k.NDTarget
	c.out = append(c.out, k.NDTarget[:]...)
	option := func(kind uint8, from, to *MAC) {
		if kind != k.NDOptType && *from == (MAC{}) {
			return
		}
		c.out = append(append(c.out, kind, 1), from[:]...)
		*to = *from
		if u.NDOptType == 0 {
			u.NDOptType = kind
		}
	}
	if k.NDOptType == packet.NDOptTargetLinkAddr {
		option(packet.NDOptTargetLinkAddr, &k.ARPTHA, &u.ARPTHA)
		option(packet.NDOptSourceLinkAddr, &k.ARPSHA, &u.ARPSHA)
		return
	}
	option(packet.NDOptSourceLinkAddr, &k.ARPSHA, &u.ARPSHA)
	option(packet.NDOptTargetLinkAddr, &k.ARPTHA, &u.ARPTHA)
}

// checksum completes the transport header at offset at. pseudo is the sum of
// the pseudo header.
func (c *composer) checksum(at int, pseudo uint16) {
	if c.k.IPFrag&FragLater != 0 {
		return
	}
	h := c.out[at:]
	switch c.k.IPProto {
	case packet.ProtoTCP:
		binary.BigEndian.PutUint16(h[16:], ^packet.AddSums(pseudo, packet.Sum(h)))
	case packet.ProtoUDP:
		sum := ^packet.AddSums(pseudo, packet.Sum(h))
		if sum == 0 {
			sum = 0xffff // 0 says that there is no checksum (RFC 768)
		}
		binary.BigEndian.PutUint16(h[6:], sum)
	case packet.ProtoSCTP:
		crc := crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(h[8:], crc)
	case packet.ProtoICMPv6:
		binary.BigEndian.PutUint16(h[2:], ^packet.AddSums(pseudo, packet.Sum(h)))
	case packet.ProtoICMP, packet.ProtoIGMP:
		binary.BigEndian.PutUint16(h[2:], ^packet.Sum(h))
	}
}
