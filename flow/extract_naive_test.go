package flow

import "vswitch/packet"

// naiveExtract is Extract as a reader of the documents would write it: a cursor
// that goes over the frame and stops the walk where bytes are missing.
func naiveExtract(meta packet.Meta, frame []byte) (base Base, layers packet.Layers) {
	base.InPort, base.RecircID = meta.InPort, meta.RecircID
	base.DPHash, base.PktMark, base.PacketType = meta.Hash, meta.Mark, meta.PacketType
	c := &cursor{all: frame, end: len(frame)}
	switch {
	case meta.PacketType == 0:
		c.ethernet(&base)
	case meta.PacketType>>16 == 1:
		base.EthType = uint16(meta.PacketType)
	default:
		return base, layers
	}
	if c.short {
		return base, layers
	}
	switch base.EthType {
	case 0x0800:
		c.ipv4(&base, &layers)
	case 0x86dd:
		c.ipv6(&base, &layers)
	case 0x0806, 0x8035:
		c.arp(&base, &layers)
	case 0x8847, 0x8848:
		for i := range 3 {
			at := c.at
			entry := c.number(4)
			if c.short {
				break
			}
			if i == 0 {
				layers.L25 = uint16(at)
			}
			base.MPLS[i] = uint32(entry)
			if entry>>8&1 == 1 {
				break
			}
		}
	case 0x88e7:
		if c.has(18) {
			tci := c.number(4)
			base.PBB = uint32(tci%(1<<24) + tci>>27%2<<24)
		}
	case 0x894f:
		c.nsh(&base, &layers)
	}
	return base, layers
}

type cursor struct {
	all     []byte
	at, end int
	short   bool // bytes were asked for that are not there
}

func (c *cursor) has(n int) bool { return c.at+n <= c.end }

func (c *cursor) take(n int) []byte {
	if c.short || !c.has(n) {
		c.short = true
		return make([]byte, n)
	}
	b := c.all[c.at : c.at+n]
	c.at += n
	return b
}

func (c *cursor) number(n int) (v uint64) {
	for _, b := range c.take(n) {
		v = v<<8 + uint64(b)
	}
	return v
}

func (c *cursor) ethernet(base *Base) {
	if !c.has(14) {
		c.short = true
		return
	}
	base.EthDst, base.EthSrc = MAC(c.take(6)), MAC(c.take(6))
	kind := c.number(2)
	for i := 0; i < 2 && (kind == 0x8100 || kind == 0x88a8) && c.has(4); i++ {
		base.VLAN[i].TPID = uint16(kind)
		base.VLAN[i].TCI = uint16(c.number(2)) | 0x1000
		kind = c.number(2)
	}
	if kind < 0x600 {
		kind = 0x5ff
		if c.has(8) {
			start := c.at
			llc, org, snap := c.number(3), c.number(3), c.number(2)
			if llc == 0xaaaa03 && org == 0 {
				kind = snap
			} else {
				c.at = start
			}
		}
	}
	base.EthType = uint16(kind)
}

func (c *cursor) ipv4(base *Base, layers *packet.Layers) {
	start := c.at
	if !c.has(20) {
		return
	}
	version := c.number(1)
	tos, total := c.number(1), int(c.number(2))
	c.take(2)
	frag := c.number(2)
	ttl, proto := c.number(1), c.number(1)
	c.take(2)
	src, dst := c.number(4), c.number(4)
	header := int(version%16) * 4
	if version/16 != 4 || header < 20 || total < header || start+header > c.end || start+total > c.end {
		return
	}
	layers.L3 = uint16(start)
	base.IPTOS, base.IPTTL, base.IPProto = uint8(tos), uint8(ttl), uint8(proto)
	base.IPSrc, base.IPDst = uint32(src), uint32(dst)
	switch {
	case frag%8192 != 0:
		base.IPFrag = 3
		return
	case frag/8192%2 == 1:
		base.IPFrag = 1
	}
	c.at, c.end = start+header, start+total
	c.transport(base, layers)
}

func (c *cursor) ipv6(base *Base, layers *packet.Layers) {
	start := c.at
	if !c.has(40) {
		return
	}
	first := c.number(4)
	length, next, hops := int(c.number(2)), c.number(1), c.number(1)
	src, dst := IPv6(c.take(16)), IPv6(c.take(16))
	if first>>28 != 6 || !c.has(length) {
		return
	}
	layers.L3 = uint16(start)
	base.IPv6Src, base.IPv6Dst = src, dst
	c.end = c.at + length
	var seen []int
	var frag uint8
	later := false
	for extension := true; extension && !later; {
		switch next {
		case 0, 43, 44, 51, 60:
			if len(seen) == 32 {
				seen = append(seen, int(next))
				base.IPv6ExtHdr = naiveExtBits(seen)
				return
			}
			seen = append(seen, int(next))
			base.IPv6ExtHdr = naiveExtBits(seen)
			header := c.at
			if !c.has(8) {
				return
			}
			after, size, offset := c.number(1), int(c.number(1)), c.number(2)
			size = map[uint64]int{44: 8, 51: size*4 + 8}[next] + map[bool]int{true: size*8 + 8}[next != 44 && next != 51]
			c.at = header
			if c.take(size); c.short {
				return
			}
			if next == 44 && offset/8 != 0 {
				frag, later = 3, true
				break
			}
			if next == 44 && offset%2 == 1 {
				frag = 1
			}
			next = after
		case 50, 59:
			seen = append(seen, int(next))
			extension = false
		default:
			extension = false
		}
	}
	base.IPv6ExtHdr, base.IPFrag, base.IPv6Label = naiveExtBits(seen), frag, uint32(first%(1<<20))
	base.IPProto, base.IPTTL, base.IPTOS = uint8(next), uint8(hops), uint8(first>>20)
	if !later {
		c.transport(base, layers)
	}
}

// naiveExtBits says of a list of extension headers what OpenFlow 1.3.5
// §7.2.3.7 does, sentence by sentence.
func naiveExtBits(seen []int) (bits uint16) {
	count := map[int]int{}
	for i, h := range seen {
		count[h]++
		// "In the order preferred by RFC 2460": nothing but what belongs before.
		place := map[int]int{0: 0, 43: 2, 44: 3, 51: 4, 50: 5}
		for _, before := range seen[:i] {
			if p, ordered := place[h]; ordered && (place[before] > p && before != 60 && before != 59 || h == 0) {
				bits |= ExtOrder
			}
		}
		if _, ordered := place[h]; ordered && count[60] >= 2 || h == 0 && i > 0 {
			bits |= ExtOrder
		}
		repeats := 1
		if h == 60 {
			repeats = 2
		}
		if count[h] > repeats && (h != 0 || seen[0] == 0) && h != 59 {
			bits |= ExtRepeated
		}
		switch h {
		case 59:
			bits |= ExtNoNext
		case 50:
			bits |= ExtESP
		case 51:
			bits |= ExtAuth
		case 60:
			bits |= ExtDest
		case 44:
			bits |= ExtFrag
		case 43:
			bits |= ExtRouting
		case 0:
			if i == 0 {
				bits |= ExtHop
			}
		}
	}
	return bits
}

func (c *cursor) arp(base *Base, layers *packet.Layers) {
	start := c.at
	if !c.has(28) {
		return
	}
	if c.number(2) != 1 || c.number(2) != 0x800 || c.number(1) != 6 || c.number(1) != 4 {
		return
	}
	layers.L3 = uint16(start)
	base.ARPOp = uint16(c.number(2))
	base.ARPSHA, base.IPSrc = MAC(c.take(6)), uint32(c.number(4))
	base.ARPTHA, base.IPDst = MAC(c.take(6)), uint32(c.number(4))
}

func (c *cursor) nsh(base *Base, layers *packet.Layers) {
	start := c.at
	if !c.has(8) {
		return
	}
	first, kind, next := c.number(2), c.number(1), c.number(1)
	path, index := c.number(3), c.number(1)
	size, md := int(first%64)*4, kind%16
	if first>>14 != 0 || start+size > c.end || !(md == 1 && size == 24 || md == 2 && size >= 8) {
		return
	}
	layers.L3 = uint16(start)
	base.NSHFlags, base.NSHTTL = uint8(first>>12%4), uint8(first>>6%64)
	base.NSHMDType, base.NSHNP = uint8(md), uint8(next)
	base.NSHSPI, base.NSHSI = uint32(path), uint8(index)
	for i := 0; md == 1 && i < 4; i++ {
		base.NSHC[i] = uint32(c.number(4))
	}
}

func (c *cursor) transport(base *Base, layers *packet.Layers) {
	start := c.at
	least := map[uint8]int{6: 20, 17: 8, 132: 12, 1: 8, 2: 8, 58: 8}[base.IPProto]
	if !c.has(max(least, 1)) {
		return
	}
	if base.IPProto == 6 {
		if offset := int(c.all[start+12] / 16 * 4); offset < 20 || !c.has(offset) {
			return
		}
	}
	layers.L4 = uint16(start)
	switch base.IPProto {
	case 6:
		base.TCPFlags = uint16(c.all[start+12]%16)<<8 + uint16(c.all[start+13])
		fallthrough
	case 17, 132:
		base.TPSrc, base.TPDst = uint16(c.number(2)), uint16(c.number(2))
	case 1, 2, 58:
		base.TPSrc, base.TPDst = uint16(c.number(1)), uint16(c.number(1))
		c.take(2)
		rest := c.number(4)
		if base.IPProto == 2 {
			base.IGMPGroup = uint32(rest)
		}
		if base.IPProto == 58 && base.EthType == 0x86dd && (base.TPSrc == 135 || base.TPSrc == 136) && base.TPDst == 0 {
			base.NDReserved = uint32(rest)
			c.nd(base)
		}
	}
}

func (c *cursor) nd(base *Base) {
	if !c.has(16) {
		return
	}
	target := IPv6(c.take(16))
	var sll, tll MAC
	var first uint8
	for c.has(8) {
		start := c.at
		kind, size := c.number(1), int(c.number(1))*8
		mac := MAC(c.take(6))
		c.at = start
		if size == 0 || !c.has(size) {
			break
		}
		c.take(size)
		if size != 8 || kind != 1 && kind != 2 {
			continue
		}
		if kind == 1 && sll != (MAC{}) || kind == 2 && tll != (MAC{}) {
			return
		}
		if kind == 1 {
			sll = mac
		} else {
			tll = mac
		}
		if first == 0 {
			first = uint8(kind)
		}
	}
	base.NDTarget, base.ARPSHA, base.ARPTHA, base.NDOptType = target, sll, tll, first
}
