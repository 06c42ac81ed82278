package openflow

// PacketIn brings a packet to the controller.
type PacketIn struct {
	Format PacketInFormat
	Reason PacketInReason
	Table  uint8  // 1.1+ and Nicira forms
	Cookie uint64 // 1.3+ and Nicira forms; all ones: none
	Buffer uint32
	// TotalLen is the packet's size in bytes, of which Data may be the beginning.
	TotalLen uint32
	Data     []byte
	// Match has the packet's metadata: in_port always, and in OpenFlow 1.2 and
	// later and the Nicira forms registers, tunnel and so on.
	Match Match
	// UserData is what the controller action carried. NXT_PACKET_IN2 only.
	UserData []byte
	// Continuation is there iff the controller action paused: the value of
	// NXPINT_CONTINUATION, opaque to controllers; see DecodeContinuation.
	// NXT_PACKET_IN2 only.
	Continuation []byte
}

// Resume gives a paused packet back: NXT_RESUME.
type Resume struct{ PacketIn }

// PacketOut has the switch send a packet.
type PacketOut struct {
	Buffer uint32
	// InPort is the port the packet seems to come from; PortController or PortAny
	// where there is none.
	InPort  PortNo
	Match   Match // 1.5: in_port and other pipeline fields; otherwise just in_port
	Actions []Action
	Data    []byte // iff Buffer is NoBuffer
}
