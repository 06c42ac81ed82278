package packet

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// gopacketBytes is the frame as gopacket writes it, its checksums computed by
// gopacket.
func (f *testFrame) gopacketBytes(t *testing.T) []byte {
	t.Helper()
	var stack []gopacket.SerializableLayer
	next := layers.EthernetType(f.l3Type())
	if len(f.tags) > 0 {
		next = layers.EthernetType(f.tags[0].tpid)
	}
	stack = append(stack, &layers.Ethernet{
		DstMAC: f.eth.Dst[:], SrcMAC: f.eth.Src[:], EthernetType: next,
	})
	for i, tag := range f.tags {
		next = layers.EthernetType(f.l3Type())
		if i+1 < len(f.tags) {
			next = layers.EthernetType(f.tags[i+1].tpid)
		}
		stack = append(stack, &layers.Dot1Q{
			Priority: uint8(tag.tci >> 13), DropEligible: tag.tci&0x1000 != 0,
			VLANIdentifier: tag.tci & 0xfff, Type: next,
		})
	}
	network := f.gopacketNetwork(&stack)
	f.gopacketTransport(t, network, &stack)
	out := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(out, opts, stack...); err != nil {
		t.Fatal(err)
	}
	s := out.Bytes()
	// gopacket pads short frames; the twin says by how much itself.
	return s[:min(len(s), len(f.bytes()))]
}

func (f *testFrame) gopacketNetwork(stack *[]gopacket.SerializableLayer) gopacket.NetworkLayer {
	if f.version == 6 {
		ip := &layers.IPv6{
			Version: 6, TrafficClass: f.ip6.TrafficClass, FlowLabel: f.ip6.Label,
			NextHeader: layers.IPProtocol(f.proto), HopLimit: f.ip6.HopLimit,
			SrcIP: f.ip6.Src[:], DstIP: f.ip6.Dst[:],
		}
		*stack = append(*stack, ip)
		return ip
	}
	ip := &layers.IPv4{
		Version: 4, TOS: f.ip4.TOS, Id: f.id, Flags: layers.IPv4Flag(f.frag >> 13),
		FragOffset: f.frag & 0x1fff, TTL: f.ip4.TTL, Protocol: layers.IPProtocol(f.proto),
		SrcIP: binary.BigEndian.AppendUint32(net.IP{}, f.ip4.Src),
		DstIP: binary.BigEndian.AppendUint32(net.IP{}, f.ip4.Dst),
	}
	*stack = append(*stack, ip)
	return ip
}

func (f *testFrame) gopacketTransport(t *testing.T, network gopacket.NetworkLayer, stack *[]gopacket.SerializableLayer) {
	t.Helper()
	payload := gopacket.Payload(f.payload)
	switch f.proto {
	case ProtoTCP:
		flags := f.tcp.flags
		tcp := &layers.TCP{
			SrcPort: layers.TCPPort(f.ports.Src), DstPort: layers.TCPPort(f.ports.Dst),
			Seq: f.tcp.seq, Ack: f.tcp.ack, Window: f.tcp.window,
			FIN: flags&TCPFin != 0, SYN: flags&TCPSyn != 0, RST: flags&TCPRst != 0,
			PSH: flags&TCPPsh != 0, ACK: flags&TCPAck != 0, URG: flags&TCPUrg != 0,
			ECE: flags&TCPEce != 0, CWR: flags&TCPCwr != 0, NS: flags&TCPNs != 0,
		}
		if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
			t.Fatal(err)
		}
		*stack = append(*stack, tcp, payload)
	case ProtoUDP:
		udp := &layers.UDP{SrcPort: layers.UDPPort(f.ports.Src), DstPort: layers.UDPPort(f.ports.Dst)}
		if err := udp.SetNetworkLayerForChecksum(network); err != nil {
			t.Fatal(err)
		}
		*stack = append(*stack, udp, payload)
	case ProtoSCTP:
		sctp := &layers.SCTP{
			SrcPort: layers.SCTPPort(f.ports.Src), DstPort: layers.SCTPPort(f.ports.Dst),
			VerificationTag: 0x01020304,
		}
		*stack = append(*stack, sctp, payload)
	case ProtoICMP:
		*stack = append(*stack, &layers.ICMPv4{
			TypeCode: layers.CreateICMPv4TypeCode(f.icmp.Type, f.icmp.Code), Id: 7, Seq: 9,
		}, payload)
	case ProtoICMPv6:
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(f.icmp.Type, f.icmp.Code)}
		if err := icmp.SetNetworkLayerForChecksum(network); err != nil {
			t.Fatal(err)
		}
		*stack = append(*stack, icmp, gopacket.Payload(append([]byte{0, 7, 0, 9}, f.payload...)))
	default:
		t.Fatalf("protocol %d", f.proto)
	}
}

// randomPlainFrame is a frame of a kind that gopacket can write.
func randomPlainFrame(r *rand.Rand) *testFrame {
	for {
		f := randomFrame(r)
		f.labels, f.options, f.exts, f.final4, f.final6 = nil, nil, nil, nil, nil
		f.pad, f.wrongBy, f.ipWrong, f.noSum, f.nd = 0, 0, 0, false, nil
		f.tcp.options, f.tcp.flags = nil, f.tcp.flags&0x1ff
		f.frag, f.fragment, f.later = 0, false, false
		switch f.proto {
		case ProtoTCP, ProtoUDP, ProtoSCTP, ProtoICMP, ProtoICMPv6:
			if f.version != 0 {
				return f
			}
		}
	}
}

// TestNaiveFramesLikeGopacket holds the twin of all edit tests against an
// implementation that is not ours.
func TestNaiveFramesLikeGopacket(t *testing.T) {
	r := newRand(t)
	for range 3000 {
		f := randomPlainFrame(r)
		if got, want := f.bytes(), f.gopacketBytes(t); !bytes.Equal(got, want) {
			t.Fatalf("protocol %d over IPv%d\n got %x\nwant %x", f.proto, f.version, got, want)
		}
	}
}

// TestViewsLikeGopacket reads fields of random frames with the header views and
// with gopacket.
func TestViewsLikeGopacket(t *testing.T) {
	r := newRand(t)
	for range 3000 {
		f := randomPlainFrame(r)
		s := f.bytes()
		l := f.layers()
		p := gopacket.NewPacket(s, layers.LayerTypeEthernet, gopacket.Default)
		eth := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
		check := func(name string, got, want any) {
			t.Helper()
			if got != want {
				t.Fatalf("%s of %x: %v, want %v", name, s, got, want)
			}
		}
		check("eth dst", Ethernet(s).Dst(), [6]byte(eth.DstMAC))
		check("eth src", Ethernet(s).Src(), [6]byte(eth.SrcMAC))
		check("eth type", Ethernet(s).Type(), uint16(eth.EthernetType))
		if len(f.tags) > 0 {
			tag := p.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q)
			v := VLAN(s[EthSize:])
			check("vid", v.VID(), tag.VLANIdentifier)
			check("pcp", v.PCP(), tag.Priority)
			check("dei", v.DEI(), tag.DropEligible)
			check("tag type", v.Type(), uint16(tag.Type))
		}
		checkNetworkViews(check, p, s[l.L3:])
		checkTransportViews(check, p, s[l.L4:])
	}
}

func checkNetworkViews(check func(string, any, any), p gopacket.Packet, s []byte) {
	if ip, ok := p.NetworkLayer().(*layers.IPv4); ok {
		h := IPv4(s)
		check("version", h.Version(), ip.Version)
		check("header length", h.HeaderLen(), int(ip.IHL)*4)
		check("tos", h.TOS(), ip.TOS)
		check("total length", h.TotalLen(), int(ip.Length))
		check("id", h.ID(), ip.Id)
		check("frag", h.Frag(), uint16(ip.Flags)<<13|ip.FragOffset)
		check("ttl", h.TTL(), ip.TTL)
		check("protocol", h.Protocol(), uint8(ip.Protocol))
		check("checksum", h.Checksum(), ip.Checksum)
		check("src", h.Src(), binary.BigEndian.Uint32(ip.SrcIP))
		check("dst", h.Dst(), binary.BigEndian.Uint32(ip.DstIP))
		return
	}
	ip := p.NetworkLayer().(*layers.IPv6)
	h := IPv6(s)
	check("version", h.Version(), ip.Version)
	check("traffic class", h.TrafficClass(), ip.TrafficClass)
	check("flow label", h.FlowLabel(), ip.FlowLabel)
	check("payload length", h.PayloadLen(), int(ip.Length))
	check("next header", h.NextHeader(), uint8(ip.NextHeader))
	check("hop limit", h.HopLimit(), ip.HopLimit)
	check("src", h.Src(), [16]byte(ip.SrcIP))
	check("dst", h.Dst(), [16]byte(ip.DstIP))
}

func checkTransportViews(check func(string, any, any), p gopacket.Packet, s []byte) {
	if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok {
		h := TCP(s)
		check("tcp src", h.SrcPort(), uint16(tcp.SrcPort))
		check("tcp dst", h.DstPort(), uint16(tcp.DstPort))
		check("seq", h.Seq(), tcp.Seq)
		check("ack", h.Ack(), tcp.Ack)
		check("header length", h.HeaderLen(), int(tcp.DataOffset)*4)
		check("syn", h.Flags()&TCPSyn != 0, tcp.SYN)
		check("fin", h.Flags()&TCPFin != 0, tcp.FIN)
		check("psh", h.Flags()&TCPPsh != 0, tcp.PSH)
		check("cwr", h.Flags()&TCPCwr != 0, tcp.CWR)
		check("ns", h.Flags()&TCPNs != 0, tcp.NS)
		check("window", h.Window(), tcp.Window)
		check("checksum", h.Checksum(), tcp.Checksum)
	}
	if udp, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP); ok {
		h := UDP(s)
		check("udp src", h.SrcPort(), uint16(udp.SrcPort))
		check("udp dst", h.DstPort(), uint16(udp.DstPort))
		check("udp length", h.Len(), int(udp.Length))
		check("checksum", h.Checksum(), udp.Checksum)
	}
	if sctp, ok := p.Layer(layers.LayerTypeSCTP).(*layers.SCTP); ok {
		h := SCTP(s)
		check("sctp src", h.SrcPort(), uint16(sctp.SrcPort))
		check("sctp dst", h.DstPort(), uint16(sctp.DstPort))
		check("tag", h.VerificationTag(), sctp.VerificationTag)
		check("crc", binary.BigEndian.Uint32(s[8:]), sctp.Checksum)
	}
	if icmp, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		h := ICMP(s)
		check("icmp type", h.Type(), icmp.TypeCode.Type())
		check("icmp code", h.Code(), icmp.TypeCode.Code())
		check("icmp rest", h.Rest(), uint32(icmp.Id)<<16|uint32(icmp.Seq))
		check("checksum", h.Checksum(), icmp.Checksum)
	}
	if icmp, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		h := ICMP(s)
		check("icmpv6 type", h.Type(), icmp.TypeCode.Type())
		check("icmpv6 code", h.Code(), icmp.TypeCode.Code())
		check("checksum", h.Checksum(), icmp.Checksum)
	}
}
