package flow

// FieldID names a row of the field table. The order of the constants is the
// order of the table.
type FieldID uint8

// Value is a field's value or mask as a number of up to 128 bits, right-aligned:
// a MAC is 48 bits, an IPv6 address 128. tun_metadata fields, which may be
// wider, travel as bytes (see Field.Wide).
type Value struct{ Hi, Lo uint64 }

// Format says how a field's value is written as text.
type Format uint8

// Formats, named as ovs-fields(7) does.
const (
	Decimal Format = iota
	Hexadecimal
	Ethernet   // 00:11:22:33:44:55
	IPv4       // 10.0.0.1
	IPv6Addr   // fd00::1
	FragFormat // no, yes, first, later, not_later
	CTStateFormat
	TCPFlagsFormat
	TunFlagsFormat
	PacketTypeFormat
	PortFormat   // 32-bit OpenFlow port, name or number
	Port10Format // 16-bit OpenFlow 1.0 port
)

// Prereq is a class of prerequisites: what a match must fix before the field
// means anything (OpenFlow 1.3.5 §7.2.3.8).
type Prereq uint8

// Prerequisite classes, named as ovs-fields(7) does.
const (
	PrereqNone Prereq = iota
	PrereqEthernet
	PrereqVLAN
	PrereqARP
	PrereqIPv4
	PrereqIPv6
	PrereqIP
	PrereqMPLS
	PrereqTCP
	PrereqUDP
	PrereqSCTP
	PrereqICMPv4
	PrereqICMPv6
	PrereqND
	PrereqNDSolicit
	PrereqNDAdvert
	PrereqNSH
	PrereqPBB
	PrereqCT
)

// Wire is one wire identity of a field: an OXM or NXM header without its
// has-mask bit and length.
type Wire struct {
	Class        uint16 // 0xffff: experimenter
	Code         uint8  // the 7-bit field number
	Experimenter uint32 // valid iff Class is 0xffff
	Since        uint8  // least OpenFlow wire version that has it as a standard field; 0: any (extension)
}

// Field is one row of the field table: all that the codec, the text syntax,
// translation, documentation and fuzzing know about a field.
type Field struct {
	ID       FieldID
	Name     string   // as ovs-ofctl prints it
	Aliases  []string // other names that are read
	Bits     int      // significant bits
	Bytes    int      // bytes on the wire
	Offset   uint16   // of its container in Pipeline, in bytes
	Size     uint8    // of its container: 1, 2, 4, 8, or 6 and 16 for byte arrays
	Shift    uint8    // of its least significant bit in the container
	Maskable bool     // any bits may be wildcarded; otherwise all or none
	Writable bool     // may be the target of set_field, load and move
	Format   Format
	Prereq   Prereq
	Wires    []Wire // preferred first
}
