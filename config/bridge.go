package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bridge is one OpenFlow switch.
type Bridge struct {
	Name        string
	DatapathID  uint64 // 0: DatapathIDOf the bridge's MAC
	FailMode    FailMode
	Protocols   Protocols // 0 until Complete: all
	Controllers []Controller
	Listen      []Endpoint

	// Flows is what the file installs, in the syntax of ovs-ofctl, one flow a line.
	// FlowsFile is where it was read from; "" when the configuration holds it.
	Flows     string
	FlowsFile string

	MACAging     time.Duration // whole seconds
	MACTableSize int
	StaticMACs   []StaticMAC
	Tables       []Table // flow tables that are not as all are at first

	// The device of OpenFlow's LOCAL port. Without Local there is none; an address
	// asks for one.
	Local   bool
	Address []netip.Prefix
	MAC     MAC // zero: the switch chooses
	MTU     int // 0: 1500

	Ports []Port
}

// FailMode says what a bridge does while no controller is connected.
type FailMode string

// Fail modes.
const (
	// FailStandalone bridges act as learning switches.
	FailStandalone FailMode = "standalone"
	// FailSecure bridges do only what their flows say.
	FailSecure FailMode = "secure"
)

// Protocols is a set of OpenFlow versions: bit n stands for wire version n, as in
// the version bitmap of a hello message (OpenFlow 1.3.5 §7.5.1).
type Protocols uint32

// OpenFlow versions.
const (
	OpenFlow10 Protocols = 1 << (iota + 1)
	OpenFlow11
	OpenFlow12
	OpenFlow13
	OpenFlow14
	OpenFlow15

	AllProtocols = OpenFlow10 | OpenFlow11 | OpenFlow12 | OpenFlow13 | OpenFlow14 | OpenFlow15
)

// protocolNames are in the order of the bits, from bit 1.
var protocolNames = []string{"OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"}

// ProtocolNamed finds a version by the name that Open vSwitch gives it.
func ProtocolNamed(name string) (Protocols, bool) {
	i := slices.Index(protocolNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << (i + 1), true
}

// Names lists the versions, lowest first.
func (p Protocols) Names() []string {
	var names []string
	for i, name := range protocolNames {
		if p&(1<<(i+1)) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (p Protocols) String() string { return strings.Join(p.Names(), ",") }

// Controller is a controller that a bridge connects to.
type Controller struct {
	Target          Endpoint
	InactivityProbe time.Duration // of silence until an echo request; 0: never
	MaxBackoff      time.Duration // between attempts to connect
	RateLimit       int           // packet-ins a second; 0: none
	BurstLimit      int           // packet-ins above the rate at once; 0: a quarter of a second's
	QueueSize       int           // packet-ins that may wait
}

// StaticMAC is an entry of the MAC table that neither ages nor moves.
type StaticMAC struct {
	MAC  MAC
	VLAN uint16
	Port string // a port of the bridge, or the bridge's name for LOCAL
}

// Table is a flow table.
type Table struct {
	Table    int // 0 to MaxTable
	Name     string
	Limit    int      // flows at most; 0: MaxTableLimit
	Overflow Overflow // what a flow too many does
}

// MaxTable is the number of the last flow table, MaxTableLimit the most flows that
// a table takes.
const (
	MaxTable      = 254
	MaxTableLimit = 1_000_000
)

// Overflow says what becomes of a flow for which a table has no room.
type Overflow string

// Ways to overflow.
const (
	OverflowRefuse Overflow = "refuse"
	OverflowEvict  Overflow = "evict" // another flow goes instead
)

// NewTable is a table about which only the number was said.
func NewTable(n int) Table { return Table{Table: n, Overflow: OverflowRefuse} }

// Default values of a bridge and of its controllers.
const (
	DefaultMACAging        = 300 * time.Second
	DefaultMACTableSize    = 8192
	DefaultInactivityProbe = 5 * time.Second
	DefaultMaxBackoff      = 8 * time.Second
	DefaultQueueSize       = 8192
)

// NewBridge is a bridge about which only the name was said.
func NewBridge(name string) Bridge {
	return Bridge{
		Name:         name,
		FailMode:     FailStandalone,
		MACAging:     DefaultMACAging,
		MACTableSize: DefaultMACTableSize,
	}
}

// NewController is a controller about which only the target was said.
func NewController(target Endpoint) Controller {
	return Controller{Target: target, InactivityProbe: DefaultInactivityProbe, MaxBackoff: DefaultMaxBackoff, QueueSize: DefaultQueueSize}
}

// DatapathIDOf is the datapath identifier that follows from a bridge's MAC
// (OpenFlow 1.3.5 §7.3.1: the lower 48 bits are a MAC address).
func DatapathIDOf(m MAC) uint64 {
	id := uint64(0)
	for _, b := range m {
		id = id<<8 | uint64(b)
	}
	return id
}

// Port finds a port by name; nil without one.
func (b *Bridge) Port(name string) *Port {
	for i := range b.Ports {
		if b.Ports[i].Name == name {
			return &b.Ports[i]
		}
	}
	return nil
}

// LocalPort describes the device of the LOCAL port as a port of type internal
// whose name is the bridge's and whose number is OFPortLocal. found is false for a
// bridge without one.
func (b *Bridge) LocalPort() (p Port, found bool) {
	if !b.Local {
		return Port{}, false
	}
	p = NewPort(b.Name)
	p.Type, p.OFPort = Internal, OFPortLocal
	p.Address, p.MAC, p.MTU = b.Address, b.MAC, b.MTU
	return p.complete(), true
}

// dropLocal takes the device away from LOCAL.
func (b *Bridge) dropLocal() {
	b.Local, b.Address, b.MAC, b.MTU = false, nil, MAC{}, 0
}

// setPort adds or replaces a port. One with the bridge's name is LOCAL's device.
func (b *Bridge) setPort(p Port) {
	if p.Name == b.Name {
		b.Local, b.Address, b.MAC, b.MTU = true, p.Address, p.MAC, p.MTU
	} else if old := b.Port(p.Name); old != nil {
		*old = p
	} else {
		b.Ports = append(b.Ports, p)
	}
}

// removePort is the inverse of setPort.
func (b *Bridge) removePort(name string) {
	if name == b.Name {
		b.dropLocal()
	}
	b.Ports = slices.DeleteFunc(b.Ports, func(p Port) bool { return p.Name == name })
}

// device finds one of devices by name.
func (b *Bridge) device(name string) (Port, bool) {
	if name == b.Name {
		return b.LocalPort()
	}
	if p := b.Port(name); p != nil {
		return *p, true
	}
	return Port{}, false
}

// devices are all ports of the bridge that the switch opens: its ports, and
// the device of LOCAL.
func (b *Bridge) devices() []Port {
	local, found := b.LocalPort()
	if !found {
		return b.Ports
	}
	return append([]Port{local}, b.Ports...)
}

func (b Bridge) complete() Bridge {
	if b.Protocols == 0 {
		b.Protocols = AllProtocols
	}
	b.Local = b.Local || len(b.Address) > 0
	b.Ports = slices.Clone(b.Ports)
	for i := range b.Ports {
		b.Ports[i] = b.Ports[i].complete()
	}
	return b
}

// MAC is an Ethernet address. The zero value stands for none.
type MAC [6]byte

// ParseMAC reads six hexadecimal bytes with colons between them.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	parts := strings.Split(s, ":")
	if len(parts) != len(m) {
		return MAC{}, fmt.Errorf("%q is not a MAC address: use six bytes such as 02:00:00:00:00:01", s)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(part) != 2 {
			return MAC{}, fmt.Errorf("%q is not a MAC address: byte %q", s, part)
		}
		m[i] = byte(n)
	}
	return m, nil
}

func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}
