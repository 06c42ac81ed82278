package flow

// FieldID names a row of the field table. The order of the constants is the
// order of the table.
type FieldID uint8

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

// Prerequisite classes, named as ovs-fields(7) does. CT is refined by what the
// original tuple's fields need beside a tracked packet.
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
	PrereqCTIPv4
	PrereqCTIPv6
	PrereqCTPorts
)

// Native says what the fixed match structures of OpenFlow 1.0 and 1.1, which
// came before OXM, can express of a field.
type Native uint8

// Degrees of native support.
const (
	NativeNone    Native = iota
	NativeExact          // all bits or none
	NativeCIDR           // a prefix
	NativeBitwise        // any mask
)

// Wire is one wire identity of a field: an OXM or NXM header without its
// has-mask bit and length.
type Wire struct {
	Name         string // "NXM_OF_ETH_SRC", as actions name it
	Class        uint16 // 0xffff: experimenter
	Code         uint8  // the 7-bit field number
	Experimenter uint32 // valid iff Class is 0xffff
	Since        uint8  // least OpenFlow wire version that has it as a standard field; 0: any (extension)
}

// layout says how a container's bytes make a number.
type layout uint8

const (
	layoutUint   layout = iota // an unsigned integer of Size bytes
	layoutBytes                // Size bytes, the most significant first
	layoutRegs                 // Size/4 registers, the most significant first
	layoutPort10               // a 32-bit port seen as a 16-bit one
	layoutWide                 // an option of the TLV table
)

// Field is one row of the field table: all that the codec, the text syntax,
// translation, documentation and fuzzing know about a field.
type Field struct {
	ID        FieldID
	Name      string   // as actions print it
	MatchName string   // as a match is printed by ovs-ofctl ("dl_src" for eth_src, "tp_dst" for tcp_dst)
	Aliases   []string // other names that are read
	Bits      int      // significant bits, as actions on subfields count them
	Bytes     int      // bytes on the wire; for a Wide field the most there can be
	Offset    uint16   // of its container in Pipeline, in bytes
	Size      uint8    // of its container: 1, 2, 4, 8, or 6 and 16 for byte arrays; 0 for a Wide field
	Shift     uint8    // of its least significant bit in the container
	Maskable  bool     // any bits may be wildcarded; otherwise all or none
	Writable  bool     // may be the target of set_field, load and move
	Format    Format
	Prereq    Prereq
	Native10  Native // in OpenFlow 1.0's match
	Native11  Native // in OpenFlow 1.1's match
	Wires     []Wire // preferred first; none for a field without OXM or NXM form

	layout layout
	full   Value // bits that a match may look at; zero in a table row means Ones(Bits)
}

// Wide reports whether the field is a tun_metadata field: its place and length
// come from a TLVTable, and it is reached by bytes (LoadBytes, StoreBytes,
// Match.SetBytes) rather than by Value.
func (f *Field) Wide() bool { return f.layout == layoutWide }

// Full is the mask of an exact match. It is Ones(f.Bits) but for vlan_vid,
// whose OFPVID_PRESENT bit is matched too, and for nw_tos and ct_state, of which
// only the bits with a meaning are.
func (f *Field) Full() Value { return f.full }

// WireFor is the form that OpenFlow wire version v prefers: the newest one that
// v has, else the first. found is false for a field that has no wire form.
func (f *Field) WireFor(v uint8) (w Wire, found bool) {
	for _, c := range f.Wires {
		if !found || c.Since <= v && c.Since > w.Since {
			w, found = c, true
		}
	}
	return w, found
}

// String is the field's name.
func (f *Field) String() string { return f.Name }
