package flow

import (
	"encoding/binary"
	"fmt"

	"vswitch/packet"
)

// Compose builds a frame that reads as k: Extract of it gives k's Base again
// where the caller gives the Buf k's metadata (InPort, RecircID, DPHash, PktMark,
// PacketType). Segments of k are not in the bytes. payload comes behind the last
// header; checksums and lengths are right, but that the transport checksum of a
// first fragment is as if the fragment were the whole datagram.
//
// It fails with a *ComposeError for a k that no frame reads as, and for these,
// which it does not build: extension headers repeated or out of order, and
// headers cut short.
func Compose(k *Key, payload []byte) ([]byte, error) {
	c := composer{k: &k.Base, payload: payload}
	c.used.InPort, c.used.RecircID = k.Base.InPort, k.RecircID
	c.used.DPHash, c.used.PktMark = k.DPHash, k.PktMark
	c.used.PacketType, c.used.Present = k.PacketType, k.Present
	if err := c.link(); err != nil {
		return nil, err
	}
	if err := c.network(); err != nil {
		return nil, err
	}
	if *c.used.Words() != *k.Base.Words() {
		return nil, &ComposeError{What: c.difference()}
	}
	return c.out, nil
}

// ComposeError says what of a key no frame can have.
type ComposeError struct{ What string }

func (e *ComposeError) Error() string { return "compose frame: " + e.What }

func cannot(format string, args ...any) error {
	return &ComposeError{What: fmt.Sprintf(format, args...)}
}

// composer writes headers front to back. Beside the bytes it keeps what they
// will be read as, so that in the end whatever of the key was not written, or
// did not fit, shows.
type composer struct {
	k       *Base
	used    Base
	out     []byte
	payload []byte
	isND    bool // a neighbour discovery message is being written
}

// grow appends n zero bytes and returns them. They move at the next grow.
func (c *composer) grow(n int) []byte {
	c.out = append(c.out, make([]byte, n)...)
	return c.out[len(c.out)-n:]
}

// link writes the Ethernet header and the tags.
func (c *composer) link() error {
	k, u := c.k, &c.used
	u.EthType = k.EthType
	if k.PacketType != 0 {
		if k.PacketType != packet.PacketTypeOf(k.EthType) {
			return cannot("packet_type %#x does not go with eth_type %#x", k.PacketType, k.EthType)
		}
		return nil
	}
	u.EthDst, u.EthSrc = k.EthDst, k.EthSrc
	h := c.grow(12)
	copy(h, k.EthDst[:])
	copy(h[6:], k.EthSrc[:])
	for i, tag := range k.VLAN {
		if tag == (VLANTag{}) {
			break
		}
		if !packet.IsVLAN(tag.TPID) || tag.TCI&VLANPresent == 0 {
			return cannot("VLAN tag %d has TPID %#x and TCI %#x", i, tag.TPID, tag.TCI)
		}
		c.put16(tag.TPID)
		c.put16(tag.TCI &^ VLANPresent)
		u.VLAN[i] = tag
	}
	switch {
	case packet.IsVLAN(k.EthType) && k.VLAN[1] == VLANTag{}:
		return cannot("eth_type %#x is a tag of its own", k.EthType)
	case k.EthType == EthTypeNone:
		// IEEE 802.3 length and the LLC header of the spanning tree protocol.
		if len(c.payload) > 1497 {
			return cannot("%d bytes do not fit an 802.3 frame", len(c.payload))
		}
		c.put16(uint16(3 + len(c.payload)))
		copy(c.grow(3), []byte{0x42, 0x42, 0x03})
	case k.EthType < packet.EthTypeMin:
		return cannot("eth_type %#x is an 802.3 length", k.EthType)
	default:
		c.put16(k.EthType)
	}
	return nil
}

func (c *composer) put16(v uint16) { c.out = binary.BigEndian.AppendUint16(c.out, v) }

func (c *composer) put32(v uint32) { c.out = binary.BigEndian.AppendUint32(c.out, v) }

// network writes what comes behind the Ethernet header.
func (c *composer) network() error {
	switch c.k.EthType {
	case packet.EthTypeIPv4:
		return c.ipv4()
	case packet.EthTypeIPv6:
		return c.ipv6()
	case packet.EthTypeARP, packet.EthTypeRARP:
		c.arp()
	case packet.EthTypeMPLS, packet.EthTypeMPLSMulticast:
		c.mpls()
	case packet.EthTypePBB:
		c.pbb()
	case packet.EthTypeNSH:
		if err := c.nsh(); err != nil {
			return err
		}
	}
	c.out = append(c.out, c.payload...)
	return nil
}

func (c *composer) arp() {
	k, u := c.k, &c.used
	c.put32(0x0001_0800)
	c.put16(0x0604)
	c.put16(k.ARPOp)
	c.out = append(c.out, k.ARPSHA[:]...)
	c.put32(k.IPSrc)
	c.out = append(c.out, k.ARPTHA[:]...)
	c.put32(k.IPDst)
	u.ARPOp, u.ARPSHA, u.ARPTHA, u.IPSrc, u.IPDst = k.ARPOp, k.ARPSHA, k.ARPTHA, k.IPSrc, k.IPDst
}

// mpls writes the stack as far as the key knows it, and a bottom where the key
// knows none.
func (c *composer) mpls() {
	bottom := false
	for i, entry := range c.k.MPLS {
		c.put32(entry)
		c.used.MPLS[i] = entry
		if bottom = entry&mplsBottom != 0; bottom {
			return
		}
	}
	c.put32(mplsBottom | 64)
}

// pbb writes an I-TAG, and a customer frame of the same addresses around the
// payload.
func (c *composer) pbb() {
	const localExperiment = 0x88b5 // IEEE 802, Local Experimental EtherType 1
	k := c.k
	c.used.PBB = k.PBB & (1<<25 - 1)
	c.put32(k.PBB&0xffffff | k.PBB&(1<<24)<<3)
	c.out = append(append(c.out, k.EthDst[:]...), k.EthSrc[:]...)
	c.put16(localExperiment)
}

func (c *composer) nsh() error {
	k, u := c.k, &c.used
	words := uint16(packet.NSHBaseSize / 4)
	switch k.NSHMDType {
	case packet.NSHMD1:
		words = packet.NSHMD1Size / 4
	case packet.NSHMD2:
	default:
		return cannot("nsh_mdtype=%d is not 1 or 2", k.NSHMDType)
	}
	u.NSHFlags, u.NSHTTL, u.NSHNP = k.NSHFlags&3, k.NSHTTL&0x3f, k.NSHNP
	u.NSHSPI, u.NSHSI, u.NSHMDType = k.NSHSPI&0xffffff, k.NSHSI, k.NSHMDType
	c.put16(uint16(u.NSHFlags)<<12 | uint16(u.NSHTTL)<<6 | words)
	c.put16(uint16(k.NSHMDType)<<8 | uint16(k.NSHNP))
	c.put32(k.NSHSPI<<8 | uint32(k.NSHSI))
	if k.NSHMDType == packet.NSHMD1 {
		for i, context := range k.NSHC {
			c.put32(context)
			u.NSHC[i] = context
		}
	}
	return nil
}

// difference names a field of the key that the frame does not have.
func (c *composer) difference() string {
	var want, got Pipeline
	want.Base, got.Base = *c.k, c.used
	var other *Field
	for i := range fields {
		f := &fields[i]
		v := f.Load(&want)
		if f.Wide() || v == f.Load(&got) {
			continue
		}
		if f.Exists(&want, nil) {
			return f.Name + "=" + string(f.AppendMatch(nil, v, f.full, nil)) + " cannot be in such a frame"
		}
		if other == nil {
			other = f
		}
	}
	if other != nil {
		return other.Name + " cannot be in such a frame"
	}
	return "the inner tag, an inner label or the IGMP group cannot be in such a frame"
}

// ComposeMatch makes a frame that m matches: one with the values of m, and zeros
// where m says nothing. What m does not say of an IPv6 packet is that nothing
// follows its header, of a frame that it has no type, and of a neighbour message that
// an address in it is in an option.
func ComposeMatch(m *Match, payload []byte) ([]byte, error) {
	k := m.Value.Key
	if m.Mask.EthType == 0 {
		k.EthType = EthTypeNone
	}
	if k.EthType == packet.EthTypeIPv6 && m.Mask.IPProto == 0 {
		k.IPProto = packet.ProtoNoNext
	}
	if isND := k.EthType == packet.EthTypeIPv6 && k.IPProto == packet.ProtoICMPv6; isND && m.Mask.NDOptType == 0 {
		switch {
		case k.ARPSHA != MAC{}:
			k.NDOptType = packet.NDOptSourceLinkAddr
		case k.ARPTHA != MAC{}:
			k.NDOptType = packet.NDOptTargetLinkAddr
		}
	}
	for i := range k.VLAN {
		if k.VLAN[i].TCI != 0 && k.VLAN[i].TPID == 0 {
			k.VLAN[i].TPID = packet.EthTypeVLAN
		}
	}
	return Compose(&k, payload)
}
