package openflow

import "vswitch/flow"

// The functions here follow what actions do to the headers, as far as later
// actions' prerequisites depend on it.

func (c *checker) tagged() bool { return c.m.Value.VLAN[0].TCI&flow.VLANPresent != 0 }

func (c *checker) setTCI(tci uint16) {
	c.m.Value.VLAN[0].TCI, c.m.Mask.VLAN[0].TCI = tci, 0xffff
}

// setTag is set_vlan_vid and set_vlan_pcp: without a tag they push one, or do
// nothing.
func (c *checker) setTag(a Action, push bool) error {
	had := c.tagged()
	c.m.Value.VLAN[0].TCI |= flow.VLANPresent
	c.m.Mask.VLAN[0].TCI |= flow.VLANPresent
	if !had && !push {
		return c.inconsistent(a)
	}
	return c.need(a, flow.PrereqEthernet)
}

// pushTag refuses a third tag: the key has room for two.
func (c *checker) pushTag(a Action) error {
	v, k := &c.m.Value.VLAN, &c.m.Mask.VLAN
	if v[len(v)-1].TCI&flow.VLANPresent != 0 {
		return NewError(ErrActionBadTag, "push_vlan on %d tags", len(v))
	}
	copy(v[1:], v[:len(v)-1])
	copy(k[1:], k[:len(k)-1])
	v[0], k[0] = flow.VLANTag{TCI: flow.VLANPresent}, flow.VLANTag{TCI: 0xffff}
	return c.need(a, flow.PrereqEthernet)
}

func (c *checker) popTag(a Action) error {
	had := c.tagged()
	v, k := &c.m.Value.VLAN, &c.m.Mask.VLAN
	copy(v[:], v[1:])
	copy(k[:], k[1:])
	v[len(v)-1], k[len(k)-1] = flow.VLANTag{}, flow.VLANTag{}
	if !had {
		return c.inconsistent(a)
	}
	return c.need(a, flow.PrereqEthernet)
}

// setEthType makes the packets ones of another type, of which nothing else is
// known.
func (c *checker) setEthType(ethType uint16) {
	c.m.Value.EthType, c.m.Mask.EthType = ethType, 0xffff
	c.m.Value.IPProto, c.m.Mask.IPProto = 0, 0
}

func (c *checker) unknownEthType() {
	c.setEthType(0)
	c.m.Mask.EthType = 0
}

func (c *checker) setPacketType(packetType uint32) {
	c.m.Value.PacketType, c.m.Mask.PacketType = packetType, 0xffffffff
}

// namespaceEthType is the namespace of packet types that are Ethernet types.
const namespaceEthType = 1

// encap leaves what the packet carries known: an Ethernet header says what the packet
// was without it.
func (c *checker) encap(a Encap) {
	c.setPacketType(a.PacketType)
	if a.PacketType>>16 == namespaceEthType {
		c.setEthType(uint16(a.PacketType))
	}
}

// popMPLS refuses packets without an Ethernet header, whose type it would have to
// change, while other actions on labels do not mind.
func (c *checker) popMPLS(a PopMPLS) error {
	err := c.need(a, flow.PrereqMPLS)
	if err == nil {
		err = c.need(a, flow.PrereqEthernet)
	}
	c.setEthType(a.EthType)
	return err
}

// packetTypeUnknown is one that no packet has.
const packetTypeUnknown = 0xffffffff

// decap leaves packets without their Ethernet header, or of an unknown kind.
func (c *checker) decap() {
	if c.m.Value.PacketType&c.m.Mask.PacketType == PacketTypeEthernet {
		ethType := c.m.Value.EthType & c.m.Mask.EthType
		c.setPacketType(namespaceEthType<<16 | uint32(ethType))
		return
	}
	c.setPacketType(packetTypeUnknown)
	c.unknownEthType()
}

// transport checks mod_tp_src and mod_tp_dst, which are for any transport
// protocol with ports.
func (c *checker) transport(a Action) error {
	classes := c.m.classes()
	if classes.has(flow.PrereqTCP) || classes.has(flow.PrereqUDP) || classes.has(flow.PrereqSCTP) {
		return nil
	}
	return c.inconsistent(a)
}
