package config

import "net/netip"

// Port is one port of a bridge. Which fields mean something depends on Type: see
// the table in fields.go.
type Port struct {
	Name   string
	Type   PortType
	OFPort uint32 // OpenFlow number; 0: the switch chooses once and remembers
	VLAN   VLAN

	IfName   string // name of the device; "" until Complete: the port's
	Netns    string // network namespace; "": the switch's own
	MAC      MAC    // zero: the switch chooses
	MTU      int    // 0: 1500 for a device that the switch makes, unchanged for another
	Queues   int    // receive queues; 0 until Complete: 1
	Address  []netip.Prefix
	IO       IOMode   // "": as the datapath's
	GRO      GROMode  // "" until Complete: by type
	Coalesce Coalesce // not given: as the datapath's
	Affinity []int    // worker of each receive queue; nil: the switch chooses

	XDPMode XDPMode // "": auto

	Peer          string // the other patch port
	ShareWithHost bool   // the host's own stack sees received frames too
	File          string // capture that is replayed; "": nothing is received
	Record        string // capture that is written; "": what is sent is gone
}

// PortType says what kind of thing a port is.
type PortType string

// Port types.
const (
	Tap      PortType = "tap"      // a device that the switch makes, in any namespace
	System   PortType = "system"   // a device that exists
	AFXDP    PortType = "afxdp"    // a device that exists, by AF_XDP
	Internal PortType = "internal" // a device that the switch makes for the host
	Patch    PortType = "patch"    // a cable to a patch port of another bridge
	Dummy    PortType = "dummy"    // in memory, for tests
	Pcap     PortType = "pcap"     // capture files
)

// portTypes in the order in which messages list them.
var portTypes = []PortType{Tap, System, AFXDP, Internal, Patch, Dummy, Pcap}

// XDPMode says where the program runs that hands frames to AF_XDP.
type XDPMode string

// XDP modes.
const (
	XDPAuto    XDPMode = "auto"    // native where the driver can, else generic
	XDPNative  XDPMode = "native"  // in the device's driver
	XDPGeneric XDPMode = "generic" // behind it
)

// Bounds of OpenFlow port numbers that a port can have. The upper one leaves room
// for the reserved numbers of OpenFlow 1.0, which are 16 bits wide.
const (
	MinOFPort = 1
	MaxOFPort = 0xfeff
	// OFPortLocal is the number of the port that LocalPort describes (OFPP_LOCAL,
	// OpenFlow 1.3.5 §7.2.1).
	OFPortLocal = 0xfffffffe
)

// NewPort is a port about which only the name was said.
func NewPort(name string) Port { return Port{Name: name} }

func (p Port) complete() Port {
	if p.IfName == "" && p.Type.has(FieldIfName) {
		p.IfName = p.Name
	}
	if p.Queues == 0 && p.Type.has(FieldQueues) {
		p.Queues = 1
	}
	if p.GRO == "" && p.Type.has(FieldGRO) {
		p.GRO = GROTCP
		if p.Type == Dummy || p.Type == Pcap {
			p.GRO = GRONone // what a test or a capture has is to come out as it is
		}
	}
	p.VLAN = p.VLAN.complete()
	return p
}
