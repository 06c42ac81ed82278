package cmd

import (
	"fmt"
	"math/bits"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// The buffer that packets are looked at in: the longest that a message carries,
// with the headroom that packet expects.
const (
	summarySize     = openflow.MaxLen + 1
	summaryHeadroom = 256
)

// packetSummary appends what a packet contains, in one line as ovs-ofctl describes
// it: the flow that it belongs to, and the checksum of its transport header.
func (a *app) packetSummary(dst, data []byte) []byte {
	if a.pool == nil {
		pool, err := packet.NewPool(1, summarySize+summaryHeadroom, summaryHeadroom)
		if err != nil {
			return fmt.Appendf(dst, "%d bytes", len(data))
		}
		a.pool = pool
	}
	b := packet.FromBytes(data, a.pool, nil)
	if b == nil {
		return fmt.Appendf(dst, "%d bytes", len(data))
	}
	defer b.Free(a.pool)
	var k flow.Key
	flow.Extract(b, &k)
	m := openflow.Match{Match: *matchOf(&k)}
	dst = text.AppendMatch(dst, &m, text.PrintOptions{})
	return appendChecksum(dst, &k, b)
}

// matchOf matches exactly what the headers of k's packet have.
func matchOf(k *flow.Key) *flow.Match {
	m := new(flow.Match)
	m.Value.Load(k)
	fields := flow.Fields()
	for i := range fields {
		if f := &fields[i]; f.Exists(&m.Value, nil) {
			f.Unwildcard(&m.Mask, f.Full())
		}
	}
	// Only what is in the frame counts, and of that what ovs-ofctl tells.
	base := m.Mask.Base
	m.Mask = flow.Mask{}
	m.Mask.Base = base
	m.Mask.InPort, m.Mask.RecircID, m.Mask.DPHash, m.Mask.PktMark, m.Mask.PacketType, m.Mask.Present = 0, 0, 0, 0, 0, 0
	m.Mask.IPv6ExtHdr, m.Mask.NDReserved, m.Mask.NDOptType = 0, 0, 0
	if isND := m.Mask.NDTarget != (flow.IPv6{}); isND {
		for i := range m.Mask.ARPSHA {
			m.Mask.ARPSHA[i], m.Mask.ARPTHA[i] = 0xff, 0xff
		}
	}
	m.Mask.VLAN[0] = flow.VLANTag{TCI: 0xffff}
	m.Mask.VLAN[1] = flow.VLANTag{}
	if k.VLAN[0].TCI != 0 {
		m.Mask.VLAN[1].TCI = 0xffff
	}
	return m
}

// appendChecksum appends the checksum of the transport header, where the frame has
// one in full.
func appendChecksum(dst []byte, k *flow.Key, b *packet.Buf) []byte {
	at := int(b.Layers.L4)
	if at == 0 {
		return dst
	}
	header := b.Bytes()[at:]
	has := func(proto uint8, size int) bool { return k.IPProto == proto && len(header) >= size }
	switch {
	case has(packet.ProtoTCP, packet.TCPSize):
		return fmt.Appendf(dst, " tcp_csum:%x", packet.TCP(header).Checksum())
	case has(packet.ProtoUDP, packet.UDPSize):
		return fmt.Appendf(dst, " udp_csum:%x", packet.UDP(header).Checksum())
	case has(packet.ProtoSCTP, packet.SCTPSize):
		return fmt.Appendf(dst, " sctp_csum:%x", bits.ReverseBytes32(packet.SCTP(header).Checksum()))
	case has(packet.ProtoICMP, packet.ICMPSize) && k.EthType == packet.EthTypeIPv4:
		return fmt.Appendf(dst, " icmp_csum:%x", packet.ICMP(header).Checksum())
	case has(packet.ProtoICMPv6, packet.ICMPSize) && k.EthType == packet.EthTypeIPv6:
		return fmt.Appendf(dst, " icmp6_csum:%x", packet.ICMP(header).Checksum())
	}
	return dst
}
