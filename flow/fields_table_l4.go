package flow

import (
	"strconv"
	"unsafe"
)

// transportFields are tcp_src to nd_options_type.
func transportFields() []Field {
	var p Pipeline
	return []Field{
		{ID: FieldTCPSrc, Name: "tcp_src", Aliases: []string{"tp_src"}, MatchName: "tp_src", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPSrc)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqTCP, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("TCP_SRC", 9), oxmOF("TCP_SRC", 13, 3)}},
		{ID: FieldTCPDst, Name: "tcp_dst", Aliases: []string{"tp_dst"}, MatchName: "tp_dst", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPDst)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqTCP, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("TCP_DST", 10), oxmOF("TCP_DST", 14, 3)}},
		{ID: FieldTCPFlags, Name: "tcp_flags", Bits: 12, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TCPFlags)), Size: 2, Maskable: true, Format: TCPFlagsFormat, Prereq: PrereqTCP,
			Wires: []Wire{nxmNX("TCP_FLAGS", 34), onfOXM("TCP_FLAGS", 42, 4), oxmOF("TCP_FLAGS", 42, 6)}},
		{ID: FieldUDPSrc, Name: "udp_src", MatchName: "tp_src", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPSrc)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqUDP, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("UDP_SRC", 11), oxmOF("UDP_SRC", 15, 3)}},
		{ID: FieldUDPDst, Name: "udp_dst", MatchName: "tp_dst", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPDst)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqUDP, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("UDP_DST", 12), oxmOF("UDP_DST", 16, 3)}},
		{ID: FieldSCTPSrc, Name: "sctp_src", MatchName: "tp_src", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPSrc)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqSCTP, Native11: NativeExact,
			Wires: []Wire{oxmOF("SCTP_SRC", 17, 3)}},
		{ID: FieldSCTPDst, Name: "sctp_dst", MatchName: "tp_dst", Bits: 16, Bytes: 2,
			Offset: off(unsafe.Offsetof(p.TPDst)), Size: 2, Maskable: true, Writable: true, Prereq: PrereqSCTP, Native11: NativeExact,
			Wires: []Wire{oxmOF("SCTP_DST", 18, 3)}},
		{ID: FieldICMPType, Name: "icmp_type", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.TPSrc)), Size: 2, Writable: true, Prereq: PrereqICMPv4, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("ICMP_TYPE", 13), oxmOF("ICMPV4_TYPE", 19, 3)}},
		{ID: FieldICMPCode, Name: "icmp_code", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.TPDst)), Size: 2, Writable: true, Prereq: PrereqICMPv4, Native10: NativeExact, Native11: NativeExact,
			Wires: []Wire{nxmOF("ICMP_CODE", 14), oxmOF("ICMPV4_CODE", 20, 3)}},
		{ID: FieldICMPv6Type, Name: "icmpv6_type", MatchName: "icmp_type", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.TPSrc)), Size: 2, Writable: true, Prereq: PrereqICMPv6,
			Wires: []Wire{nxmNX("ICMPV6_TYPE", 21), oxmOF("ICMPV6_TYPE", 29, 3)}},
		{ID: FieldICMPv6Code, Name: "icmpv6_code", MatchName: "icmp_code", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.TPDst)), Size: 2, Writable: true, Prereq: PrereqICMPv6,
			Wires: []Wire{nxmNX("ICMPV6_CODE", 22), oxmOF("ICMPV6_CODE", 30, 3)}},
		{ID: FieldNDTarget, Name: "nd_target", Bits: 128, Bytes: 16,
			Offset: off(unsafe.Offsetof(p.NDTarget)), Size: 16, layout: layoutBytes, Maskable: true, Writable: true, Format: IPv6Addr, Prereq: PrereqND,
			Wires: []Wire{nxmNX("ND_TARGET", 23), oxmOF("IPV6_ND_TARGET", 31, 3)}},
		{ID: FieldNDSLL, Name: "nd_sll", Bits: 48, Bytes: 6,
			Offset: off(unsafe.Offsetof(p.ARPSHA)), Size: 6, layout: layoutBytes, Maskable: true, Writable: true, Format: Ethernet, Prereq: PrereqNDSolicit,
			Wires: []Wire{nxmNX("ND_SLL", 24), oxmOF("IPV6_ND_SLL", 32, 3)}},
		{ID: FieldNDTLL, Name: "nd_tll", Bits: 48, Bytes: 6,
			Offset: off(unsafe.Offsetof(p.ARPTHA)), Size: 6, layout: layoutBytes, Maskable: true, Writable: true, Format: Ethernet, Prereq: PrereqNDAdvert,
			Wires: []Wire{nxmNX("ND_TLL", 25), oxmOF("IPV6_ND_TLL", 33, 3)}},
		{ID: FieldNDReserved, Name: "nd_reserved", Bits: 32, Bytes: 4,
			Offset: off(unsafe.Offsetof(p.NDReserved)), Size: 4, Writable: true, Prereq: PrereqND,
			Wires: []Wire{ericOXM("ICMPV6_ND_RESERVED", 1)}},
		{ID: FieldNDOptionsType, Name: "nd_options_type", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NDOptType)), Size: 1, Writable: true, Prereq: PrereqND,
			Wires: []Wire{ericOXM("ICMPV6_ND_OPTIONS_TYPE", 2)}},
	}
}

// nshFields are the network service header's fields.
func nshFields() []Field {
	var p Pipeline
	fields := []Field{
		{ID: FieldNSHFlags, Name: "nsh_flags", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NSHFlags)), Size: 1, Maskable: true, Writable: true, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("FLAGS", 1)}},
		{ID: FieldNSHMDType, Name: "nsh_mdtype", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NSHMDType)), Size: 1, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("MDTYPE", 2)}},
		{ID: FieldNSHNP, Name: "nsh_np", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NSHNP)), Size: 1, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("NP", 3)}},
		{ID: FieldNSHSPI, Name: "nsh_spi", Aliases: []string{"nsp"}, Bits: 24, Bytes: 4,
			Offset: off(unsafe.Offsetof(p.NSHSPI)), Size: 4, Writable: true, Format: Hexadecimal, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("SPI", 4)}},
		{ID: FieldNSHSI, Name: "nsh_si", Aliases: []string{"nsi"}, Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NSHSI)), Size: 1, Writable: true, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("SI", 5)}},
		{ID: FieldNSHTTL, Name: "nsh_ttl", Bits: 8, Bytes: 1,
			Offset: off(unsafe.Offsetof(p.NSHTTL)), Size: 1, Writable: true, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("TTL", 10)}},
	}
	for i := range 4 {
		n := strconv.Itoa(i + 1)
		fields = append(fields, Field{
			ID: FieldNSHC1 + FieldID(i), Name: "nsh_c" + n, Aliases: []string{"nshc" + n}, Bits: 32, Bytes: 4,
			Offset: off(unsafe.Offsetof(p.NSHC)) + uint16(4*i), Size: 4,
			Maskable: true, Writable: true, Format: Hexadecimal, Prereq: PrereqNSH,
			Wires: []Wire{nshOXM("C"+n, uint8(6+i))},
		})
	}
	return fields
}
