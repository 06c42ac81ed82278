package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// StatusReply is the reply to status.
type StatusReply struct {
	Version  string             `json:"version"`
	PID      int                `json:"pid"`
	Uptime   float64            `json:"uptime"` // seconds
	Ready    bool               `json:"ready"`  // every object was tried; Troubles says which failed
	Config   string             `json:"config"` // the file that was read last with success
	Workers  List[WorkerStatus] `json:"workers"`
	Bridges  List[BridgeStatus] `json:"bridges"`
	Troubles List[Trouble]      `json:"troubles"` // everything that is not as it was asked for
	Notes    List[string]       `json:"notes"`    // about the switch as a whole, a sentence each
}

// WorkerStatus describes one forwarding thread.
type WorkerStatus struct {
	Worker   int          `json:"worker"`
	Engine   string       `json:"engine"`             // how it moves frames: "syscall", …
	Queues   List[string] `json:"queues"`             // that it receives from: "h1:0"
	Coalesce string       `json:"coalesce,omitempty"` // how long the frame that wakes it may wait for others: "50µs or 32 frames"
}

// Trouble is one object that is not as it was asked for.
type Trouble struct {
	Object string `json:"object"` // "port h1", "controllers of bridge br0", "setting rundir"
	State  string `json:"state"`  // "failed", "absent", "restart"
	Reason string `json:"reason"`
}

// BridgeStatus describes one bridge.
type BridgeStatus struct {
	Name        string                 `json:"name"`
	DatapathID  string                 `json:"datapath_id"` // 16 hexadecimal digits
	FailMode    string                 `json:"fail_mode"`
	Flows       int                    `json:"flows"`
	MACs        int                    `json:"macs"`
	Controllers List[ControllerStatus] `json:"controllers"`
	Listen      List[string]           `json:"listen"`
	Ports       List[PortStatus]       `json:"ports"`
}

// ControllerStatus describes one connection that a bridge keeps up.
type ControllerStatus struct {
	Target    string  `json:"target"`
	Connected bool    `json:"connected"`
	Since     float64 `json:"since"`   // seconds in this state
	Version   string  `json:"version"` // OpenFlow13; valid iff Connected
	Role      string  `json:"role"`    // equal, primary, secondary; valid iff Connected
	Error     string  `json:"error"`   // why the last attempt failed; valid iff not Connected
}

// PortStatus describes one port.
type PortStatus struct {
	Name     string   `json:"name"`
	OFPort   uint32   `json:"ofport"`
	Type     string   `json:"type"`
	State    string   `json:"state"`             // "ok", "failed", "absent"
	Reason   string   `json:"reason,omitempty"`  // valid iff State is not "ok"
	Device   string   `json:"device,omitempty"`  // its name, where it differs from the port's
	Netns    string   `json:"netns,omitempty"`   // "" is the switch's own
	Peer     string   `json:"peer,omitempty"`    // of a patch port
	MAC      string   `json:"mac,omitempty"`     // "" where there is none
	MTU      int      `json:"mtu,omitempty"`     // 0: no limit
	Address  []string `json:"address,omitempty"` // with their lengths
	Queues   int      `json:"queues,omitempty"`
	Carrier  bool     `json:"carrier"`
	AdminUp  bool     `json:"admin_up"`
	Offloads []string `json:"offloads,omitempty"` // that it takes: "csum", "tso4", …
	IO       string   `json:"io,omitempty"`       // how its frames are moved: "syscall", "uring (…)"
	Notes    []string `json:"notes,omitempty"`    // what was asked for and could not be had
}

// Text is an outline: what is wrong first, then the bridges with their parts.
func (s StatusReply) Text() string {
	var b strings.Builder
	state := "starting"
	if s.Ready {
		state = "ready"
	}
	fmt.Fprintf(&b, "vswitchd %s, pid %d, %s, up %s\n", s.Version, s.PID, state, seconds(s.Uptime))
	fmt.Fprintf(&b, "configuration: %s\n", s.Config)
	for _, t := range s.Troubles {
		fmt.Fprintf(&b, "%s: %s: %s\n", strings.ToUpper(t.State), t.Object, t.Reason)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, w := range s.Workers {
		coalesces := ""
		if w.Coalesce != "" {
			coalesces = "waits for " + w.Coalesce + ", "
		}
		fmt.Fprintf(&b, "worker %d: %s, %squeues: %s\n", w.Worker, w.Engine, coalesces, orNone(strings.Join(w.Queues, " ")))
	}
	for i := range s.Bridges {
		s.Bridges[i].write(&b)
	}
	return b.String()
}

func (s *BridgeStatus) write(b *strings.Builder) {
	fmt.Fprintf(b, "bridge %s: datapath %s, %s, %d flows, %d MACs\n", s.Name, s.DatapathID, s.FailMode, s.Flows, s.MACs)
	for _, l := range s.Listen {
		fmt.Fprintf(b, "  listens on %s\n", l)
	}
	for _, c := range s.Controllers {
		if c.Connected {
			fmt.Fprintf(b, "  controller %s: connected for %s, %s, role %s\n", c.Target, seconds(c.Since), c.Version, c.Role)
		} else {
			fmt.Fprintf(b, "  controller %s: not connected for %s: %s\n", c.Target, seconds(c.Since), c.Error)
		}
	}
	for i := range s.Ports {
		s.Ports[i].write(b)
	}
}

func (p *PortStatus) write(b *strings.Builder) {
	fmt.Fprintf(b, "  port %s: %s", p.Name, p.State)
	if p.Reason != "" {
		fmt.Fprintf(b, ": %s", p.Reason)
	}
	fmt.Fprintf(b, "; %s %s", portNumber(p.OFPort), p.Type)
	part := func(isThere bool, format string, args ...any) {
		if isThere {
			fmt.Fprintf(b, ", "+format, args...)
		}
	}
	part(p.Device != "", "device %s", p.Device)
	part(p.Netns != "", "in namespace %s", p.Netns)
	part(p.Peer != "", "peer %s", p.Peer)
	part(p.MAC != "", "%s", p.MAC)
	part(p.MTU != 0, "mtu %d", p.MTU)
	part(len(p.Address) > 0, "%s", strings.Join(p.Address, " "))
	part(p.Queues > 1, "%d queues", p.Queues)
	part(p.State == "ok" && !p.AdminUp, "set down")
	part(p.State == "ok" && p.AdminUp && !p.Carrier, "no carrier")
	part(len(p.Offloads) > 0, "offloads %s", strings.Join(p.Offloads, " "))
	part(p.IO != "", "io %s", p.IO)
	b.WriteByte('\n')
	for _, n := range p.Notes {
		fmt.Fprintf(b, "    note: %s\n", n)
	}
}

// seconds writes a time as people read it, to the second.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Truncate(time.Second).String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// ofpLocal is OFPP_LOCAL (OpenFlow 1.3.5 §7.2.1).
const ofpLocal = 0xfffffffe

// portNumber writes an OpenFlow port number.
func portNumber(n uint32) string {
	if n == ofpLocal {
		return "LOCAL"
	}
	return strconv.FormatUint(uint64(n), 10)
}

// ReloadReply is the reply to reload. A configuration that is wrong as a whole is an
// error instead, and changes nothing.
type ReloadReply struct {
	Steps    List[string]  `json:"steps"`    // what was done: "add port h1"
	Troubles List[Trouble] `json:"troubles"` // what did not work
}

// Text is a line for each step and trouble.
func (r ReloadReply) Text() string {
	var b strings.Builder
	for _, s := range r.Steps {
		b.WriteString(s + "\n")
	}
	for _, t := range r.Troubles {
		fmt.Fprintf(&b, "%s: %s: %s\n", strings.ToUpper(t.State), t.Object, t.Reason)
	}
	if b.Len() == 0 {
		return "nothing has changed\n"
	}
	return b.String()
}
