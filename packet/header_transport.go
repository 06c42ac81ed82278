package packet

import "encoding/binary"

// Sizes of transport headers and where their fields lie, in bytes.
const (
	TCPSize    = 20 // without options
	UDPSize    = 8
	SCTPSize   = 12 // common header
	ICMPSize   = 8
	ICMPv6Size = 8
	IGMPSize   = 8
	MLDSize    = 24 // ICMPv6 header and group address

	tcpSeqAt     = 4
	tcpOffsetAt  = 12
	tcpFlagsAt   = 13
	tcpSumAt     = 16
	udpLenAt     = 4
	udpSumAt     = 6
	dccpSumAt    = 6
	sctpSumAt    = 8
	icmpSumAt    = 2
	ndReservedAt = 4
	ndTargetAt   = 8
	ndOptionsAt  = 24
)

// TCP is a view of a TCP header.
type TCP []byte

// SrcPort is the source port.
func (h TCP) SrcPort() uint16 { return binary.BigEndian.Uint16(h) }

// DstPort is the destination port.
func (h TCP) DstPort() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// Seq is the sequence number.
func (h TCP) Seq() uint32 { return binary.BigEndian.Uint32(h[tcpSeqAt:]) }

// Ack is the acknowledgement number.
func (h TCP) Ack() uint32 { return binary.BigEndian.Uint32(h[8:]) }

// HeaderLen is the size of the header, options included, in bytes.
func (h TCP) HeaderLen() int { return int(h[tcpOffsetAt]>>4) * 4 }

// Flags is the 12 bits of flags, TCPFin and so on, with the reserved ones.
func (h TCP) Flags() uint16 { return binary.BigEndian.Uint16(h[tcpOffsetAt:]) & 0xfff }

// Window is the receive window as the header has it, unscaled.
func (h TCP) Window() uint16 { return binary.BigEndian.Uint16(h[14:]) }

// Checksum is the checksum over pseudo header, header and payload.
func (h TCP) Checksum() uint16 { return binary.BigEndian.Uint16(h[tcpSumAt:]) }

// UDP is a view of a UDP header.
type UDP []byte

// SrcPort is the source port.
func (h UDP) SrcPort() uint16 { return binary.BigEndian.Uint16(h) }

// DstPort is the destination port.
func (h UDP) DstPort() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// Len is the size of header and payload, in bytes.
func (h UDP) Len() int { return int(binary.BigEndian.Uint16(h[udpLenAt:])) }

// Checksum is the checksum over pseudo header, header and payload; 0 is none.
func (h UDP) Checksum() uint16 { return binary.BigEndian.Uint16(h[udpSumAt:]) }

// SCTP is a view of an SCTP common header.
type SCTP []byte

// SrcPort is the source port.
func (h SCTP) SrcPort() uint16 { return binary.BigEndian.Uint16(h) }

// DstPort is the destination port.
func (h SCTP) DstPort() uint16 { return binary.BigEndian.Uint16(h[2:]) }

// VerificationTag is the tag that the receiver chose.
func (h SCTP) VerificationTag() uint32 { return binary.BigEndian.Uint32(h[4:]) }

// Checksum is the CRC32c, as hash/crc32 computes it (RFC 9260 appendix A).
func (h SCTP) Checksum() uint32 { return binary.LittleEndian.Uint32(h[sctpSumAt:]) }

// ICMP is a view of an ICMP or ICMPv6 header.
type ICMP []byte

// Type is the message type.
func (h ICMP) Type() uint8 { return h[0] }

// Code is the message code.
func (h ICMP) Code() uint8 { return h[1] }

// Checksum is the checksum, over a pseudo header too for ICMPv6.
func (h ICMP) Checksum() uint16 { return binary.BigEndian.Uint16(h[icmpSumAt:]) }

// Rest is the 4 bytes behind the checksum: identifier and sequence number of an
// echo, for instance.
func (h ICMP) Rest() uint32 { return binary.BigEndian.Uint32(h[4:]) }

// ND is a view of a neighbour solicitation or advertisement, from its ICMPv6
// header on (RFC 4861 §4.3, §4.4).
type ND []byte

// Reserved is the 4 bytes before the target: flags of an advertisement, else
// reserved.
func (h ND) Reserved() uint32 { return binary.BigEndian.Uint32(h[ndReservedAt:]) }

// Target is the address that is asked for.
func (h ND) Target() [16]byte { return [16]byte(h[ndTargetAt:ndOptionsAt]) }

// Options is the options behind the target.
func (h ND) Options() NDOptions { return NDOptions(h[ndOptionsAt:]) }

// NDOptions is a view of neighbour discovery options, up to the message's end.
type NDOptions []byte

// Next is the first option, whole, and the options behind it. The first result
// is nil at the end and where an option is malformed: its length is 0 or
// reaches beyond the message.
func (o NDOptions) Next() (NDOption, NDOptions) {
	if len(o) < 8 {
		return nil, nil
	}
	n := int(o[1]) * 8
	if n == 0 || n > len(o) {
		return nil, nil
	}
	return NDOption(o[:n]), o[n:]
}

// NDOption is a view of one neighbour discovery option.
type NDOption []byte

// Type is the option's type.
func (o NDOption) Type() uint8 { return o[0] }

// IsLinkAddr says whether the option holds an Ethernet address: a source or
// target link-layer address of 6 bytes.
func (o NDOption) IsLinkAddr() bool {
	return len(o) == 8 && (o[0] == NDOptSourceLinkAddr || o[0] == NDOptTargetLinkAddr)
}

// LinkAddr is the Ethernet address. Valid iff IsLinkAddr.
func (o NDOption) LinkAddr() [6]byte { return [6]byte(o[2:8]) }

// IGMP is a view of an IGMP message's first 8 bytes.
type IGMP []byte

// Type is the message type.
func (h IGMP) Type() uint8 { return h[0] }

// Group is the group address; in a version 3 report the number of records.
func (h IGMP) Group() uint32 { return binary.BigEndian.Uint32(h[4:]) }

// Checksum is the checksum over the message.
func (h IGMP) Checksum() uint16 { return binary.BigEndian.Uint16(h[icmpSumAt:]) }

// MLD is a view of a multicast listener message of version 1 or a query, from
// its ICMPv6 header on (RFC 2710 §3).
type MLD []byte

// Type is the ICMPv6 message type.
func (h MLD) Type() uint8 { return h[0] }

// MaxResponseDelay is in milliseconds (in version 2 queries a code).
func (h MLD) MaxResponseDelay() uint16 { return binary.BigEndian.Uint16(h[4:]) }

// Group is the group address.
func (h MLD) Group() [16]byte { return [16]byte(h[8:24]) }
