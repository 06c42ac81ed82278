package flow

import (
	"encoding/binary"

	"vswitch/packet"
)

// Extract fills k.Base from the metadata and the first bytes of frame b, and
// sets b.Layers. k has no segments afterwards: what fills Conn or Tunnel sets
// Present.
//
// It never fails. A layer that the frame does not have in full, or whose header
// contradicts itself, reads as zero with all behind it, and its offset in Layers
// stays 0; of an IPv6 packet whose extension headers are cut short the addresses
// and ipv6_exthdr are read. What Open vSwitch reads from a frame is read here too, but that
//   - the version of an IP header counts: another one is no IP header;
//   - the reserved bits of an IPv6 fragment header do not make a fragment;
//   - arp_op has 16 bits, and PBB and IPv6 extension headers are looked at;
//   - the network service header's metadata type must be 1 or 2, and a PBB tag
//     must have its customer header.
//
// Layers.L4 is where the packet behind the IP headers starts, unless its
// protocol is one that has fields and its header is cut short.
func Extract(b *packet.Buf, k *Key) {
	base := &k.Base
	*base = Base{}
	base.InPort = b.InPort
	base.RecircID = b.RecircID
	base.DPHash = b.Hash
	base.PktMark = b.Mark
	b.Layers = packet.Layers{}

	s := b.Bytes()
	if len(s) > maxOffset {
		s = s[:maxOffset]
	}
	at := 0
	if b.PacketType == 0 {
		if len(s) < packet.EthSize {
			return
		}
		base.EthDst = MAC(s[0:6])
		base.EthSrc = MAC(s[6:12])
		base.EthType = binary.BigEndian.Uint16(s[12:14])
		at = packet.EthSize
		if base.EthType < packet.EthTypeMin || packet.IsVLAN(base.EthType) {
			at = extractTags(s, base)
		}
	} else {
		base.PacketType = b.PacketType
		if b.PacketType>>16 == 1 {
			base.EthType = uint16(b.PacketType)
		}
	}

	switch base.EthType {
	case packet.EthTypeIPv4:
		extractIPv4(b, s, at, base)
	case packet.EthTypeIPv6:
		extractIPv6(b, s, at, base)
	case packet.EthTypeARP, packet.EthTypeRARP:
		extractARP(b, s, at, base)
	case packet.EthTypeMPLS, packet.EthTypeMPLSMulticast:
		extractMPLS(b, s, at, base)
	case packet.EthTypePBB:
		extractPBB(s, at, base)
	case packet.EthTypeNSH:
		extractNSH(b, s, at, base)
	}
}

// maxOffset is the most that a layer's offset can be.
const maxOffset = 1<<16 - 1

// extractTags reads the tags and the type behind them, that of an LLC and SNAP
// header where there is one, and returns where the payload starts.
func extractTags(s []byte, base *Base) int {
	at := packet.EthSize
	for i := range base.VLAN {
		if !packet.IsVLAN(base.EthType) || at+packet.VLANSize > len(s) {
			break
		}
		base.VLAN[i] = VLANTag{TPID: base.EthType, TCI: binary.BigEndian.Uint16(s[at:]) | VLANPresent}
		base.EthType = binary.BigEndian.Uint16(s[at+2:])
		at += packet.VLANSize
	}
	if base.EthType >= packet.EthTypeMin {
		return at
	}
	// An 802.3 length. A SNAP header with the organization code of Ethernet
	// brings a type (IEEE 802, RFC 1042), whatever that is: EthTypeNone stands
	// for frames without such a header (OpenFlow 1.0.0 §3.1).
	base.EthType = EthTypeNone
	const snap = 0xaaaa_0300_0000_0000
	if at+8 <= len(s) {
		h := binary.BigEndian.Uint64(s[at:])
		if h&^0xffff == snap {
			base.EthType = uint16(h)
			return at + 8
		}
	}
	return at
}

func extractIPv4(b *packet.Buf, s []byte, at int, base *Base) {
	if at+packet.IPv4Size > len(s) {
		return
	}
	h := s[at : at+packet.IPv4Size : len(s)]
	size, total := int(h[0]&0xf)*4, int(binary.BigEndian.Uint16(h[2:]))
	if h[0]>>4 != 4 || size < packet.IPv4Size || total < size || at+size > len(s) || at+total > b.Size() {
		return
	}
	b.L3 = uint16(at)
	base.IPSrc = binary.BigEndian.Uint32(h[12:])
	base.IPDst = binary.BigEndian.Uint32(h[16:])
	base.IPTOS = h[1]
	base.IPTTL = h[8]
	base.IPProto = h[9]
	if frag := binary.BigEndian.Uint16(h[6:]) & (packet.IPv4MoreFragments | packet.IPv4OffsetMask); frag != 0 {
		base.IPFrag = FragAny
		if frag&packet.IPv4OffsetMask != 0 {
			base.IPFrag = FragAny | FragLater
			return
		}
	}
	// Bytes behind the total length are padding, not transport header.
	extractTransport(b, s[:min(at+total, len(s))], at+size, base)
}

func extractARP(b *packet.Buf, s []byte, at int, base *Base) {
	if at+packet.ARPSize > len(s) {
		return
	}
	h := s[at : at+packet.ARPSize]
	// Ethernet and IPv4 addresses of their sizes, or the layout is another.
	if binary.BigEndian.Uint64(h)>>16 != 0x0001_0800_0604 {
		return
	}
	b.L3 = uint16(at)
	base.ARPOp = binary.BigEndian.Uint16(h[6:])
	base.ARPSHA = MAC(h[8:14])
	base.IPSrc = binary.BigEndian.Uint32(h[14:])
	base.ARPTHA = MAC(h[18:24])
	base.IPDst = binary.BigEndian.Uint32(h[24:])
}

func extractMPLS(b *packet.Buf, s []byte, at int, base *Base) {
	for i := range base.MPLS {
		if at+packet.MPLSSize > len(s) {
			return
		}
		if i == 0 {
			b.L25 = uint16(at)
		}
		entry := binary.BigEndian.Uint32(s[at:])
		base.MPLS[i] = entry
		at += packet.MPLSSize
		if entry&mplsBottom != 0 {
			return
		}
	}
}

// mplsBottom is the bottom-of-stack bit of a label stack entry.
const mplsBottom = 1 << 8

func extractPBB(s []byte, at int, base *Base) {
	if at+packet.ITagSize+packet.EthSize > len(s) {
		return
	}
	// The UCA bit stands above two bits and six that the field table does not
	// have (IEEE 802.1ah §9.7).
	tci := binary.BigEndian.Uint32(s[at:])
	base.PBB = tci&0xffffff | tci>>27&1<<24
}

func extractNSH(b *packet.Buf, s []byte, at int, base *Base) {
	h := packet.NSH(s[at:])
	if !h.Valid() {
		return
	}
	b.L3 = uint16(at)
	base.NSHFlags = h.Flags()
	base.NSHTTL = h.TTL()
	base.NSHMDType = h.MDType()
	base.NSHNP = h.NextProtocol()
	base.NSHSPI = h.SPI()
	base.NSHSI = h.SI()
	if h.MDType() == packet.NSHMD1 {
		for i := range base.NSHC {
			base.NSHC[i] = h.Context(i)
		}
	}
}
