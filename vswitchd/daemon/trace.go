package daemon

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"vswitch/control"
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// cmdTrace answers ofproto/trace: what would become of a packet.
func (d *Daemon) cmdTrace(args []string) (control.Reply, error) {
	return d.trace(args, false)
}

// cmdTracePacketOut answers ofproto/trace-packet-out: what a packet-out would do.
func (d *Daemon) cmdTracePacketOut(args []string) (control.Reply, error) {
	return d.trace(args, true)
}

func (d *Daemon) trace(args []string, packetOut bool) (control.Reply, error) {
	o := ofproto.TraceOptions{Out: packetOut}
	var words []string
	last := false
	for _, a := range args {
		switch a {
		case "--names":
			o.Names = true
		case "--no-names", "-consistent":
		case "--last":
			last = true
		default:
			if strings.HasPrefix(a, "-") {
				return nil, fmt.Errorf("%s: unknown option", a)
			}
			words = append(words, a)
		}
	}
	if last {
		if packetOut || len(words) != 1 {
			return nil, errors.New("--last takes a port, whose last frame is traced, and nothing else: --last h1")
		}
		return d.traceLast(words[0], o)
	}
	if len(words) > 0 && isOfDatapath(words[0]) {
		words = append([]string{control.DatapathName}, words...)
	}
	if len(words) < 2 {
		return nil, errors.New("give a bridge and a flow or a packet: br0 in_port=1,udp")
	}
	b := d.sw.Bridge(words[0])
	if isOfDatapath(words[1]) && !packetOut && (b != nil || words[0] == control.DatapathName) {
		return d.traceMegaflow(b, words[1:], o)
	}
	if b == nil {
		return nil, fmt.Errorf("%s: unknown bridge", words[0])
	}
	names := portNames(b)
	if packetOut {
		last := len(words) - 1
		list, err := text.ParseActions(words[last], text.Options{Ports: names})
		if err != nil {
			return nil, err
		}
		o.From, words = list, words[:last]
	}
	match, frame, err := readTraced(words[1:], names)
	if err != nil {
		return nil, err
	}
	o.Given = &match.Match
	in, err := portOfFlow(b, match, packetOut)
	if err != nil {
		return nil, err
	}
	return b.Trace(frame, in, o, d.clock())
}

// isOfDatapath reports whether words are a flow as the datapath has them:
// in_port(1),eth_type(0x0800).
func isOfDatapath(words string) bool {
	name, _, isPart := strings.Cut(words, "(")
	return isPart && !strings.ContainsAny(name, "=, ")
}

// traceMegaflow traces a packet of a flow as `dpif/dump-flows` writes them. The port
// that it comes in by says of which bridge; it must be of b, where that is not nil.
func (d *Daemon) traceMegaflow(b *ofproto.Bridge, words []string, o ofproto.TraceOptions) (control.Reply, error) {
	m, err := flow.ParseMegaflow(words[0], func(name string) (uint32, error) {
		p, err := d.portNamed(name)
		if err != nil {
			return 0, err
		}
		return uint32(p.ID()), nil
	})
	if err != nil {
		return nil, err
	}
	in := d.sw.PortOf(datapath.PortID(m.Value.Base.InPort))
	switch {
	case m.Value.RecircID != 0:
		return nil, fmt.Errorf("recirc_id(%#x): what comes after a recirculation is part of the trace of the packet as it came: recirc_id(0)", m.Value.RecircID)
	case m.Mask.Base.InPort == 0:
		return nil, errors.New("the flow names no port that the packet comes in by: in_port(1)")
	case in == nil:
		return nil, fmt.Errorf("in_port(%d): the datapath has no such port", m.Value.Base.InPort)
	case b != nil && in.Bridge != b:
		return nil, fmt.Errorf("in_port(%d): port %s is of bridge %s, not of %s", m.Value.Base.InPort, in.Name, in.Bridge.Name, b.Name)
	case len(words) > 2:
		return nil, fmt.Errorf("%s: a flow and a packet are all there is to give", words[2])
	}
	var frame []byte
	if len(words) == 2 {
		frame, err = hex.DecodeString(strings.ReplaceAll(words[1], " ", ""))
	} else {
		frame, err = flow.ComposeMatch(m, nil)
	}
	if err != nil {
		return nil, err
	}
	o.Given = m
	return in.Bridge.Trace(frame, in, o, d.clock())
}

// lastTrace is the story of the frame that a port received last.
type lastTrace struct {
	Bridge string         `json:"bridge"`
	Port   string         `json:"port"`
	Age    float64        `json:"age"` // seconds
	Size   int            `json:"size"`
	Frame  string         `json:"frame"` // its first bytes, in hexadecimal digits
	Trace  *ofproto.Trace `json:"trace"`
}

// Text is the trace below a line that says of what.
func (l lastTrace) Text() string {
	age := time.Duration(l.Age * float64(time.Second)).Round(time.Millisecond)
	line := fmt.Sprintf("Last frame of %s: %v ago, %d bytes", l.Port, age, l.Size)
	if kept := len(l.Frame) / 2; kept < l.Size {
		line += fmt.Sprintf(", of which the first %d are known", kept)
	}
	return line + "\n" + l.Trace.Text()
}

// traceLast traces the frame that a port received last. Of a long one its beginning is
// known, and what follows is taken for zeros.
func (d *Daemon) traceLast(name string, o ofproto.TraceOptions) (control.Reply, error) {
	p, err := d.portNamed(name)
	if err != nil {
		return nil, err
	}
	last, found := d.dp.LastFrame(p.ID())
	if !found {
		return nil, fmt.Errorf("port %s has not received a frame", name)
	}
	frame := make([]byte, max(last.Size, len(last.Head)))
	copy(frame, last.Head)
	now := d.clock()
	t, err := p.Bridge.Trace(frame, p, o, now)
	if err != nil {
		return nil, err
	}
	return lastTrace{p.Bridge.Name, p.Name, float64(now-last.Time) / 1e9, last.Size, hex.EncodeToString(last.Head), t}, nil
}

// portNamed finds a port with a device by its name, or by BRIDGE/PORT.
func (d *Daemon) portNamed(name string) (found *ofproto.Port, err error) {
	for _, b := range d.sw.Bridges() {
		for _, p := range b.Ports() {
			if p.ID() == 0 || p.Name != name && b.Name+"/"+p.Name != name {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("port %s: bridges %s and %s have one: say which, as in %[2]s/%[1]s", name, found.Bridge.Name, b.Name)
			}
			found = p
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no port named %s that has a device", name)
	}
	return found, nil
}

// readTraced reads a flow, a packet in hexadecimal digits, or a flow and the
// packet that it is about.
func readTraced(words []string, names *text.Names) (m *openflow.Match, frame []byte, err error) {
	m = &openflow.Match{}
	for _, w := range words {
		if digits, err := hex.DecodeString(strings.ReplaceAll(w, " ", "")); err == nil && len(digits) > 0 {
			if frame != nil {
				return nil, nil, errors.New("two packets")
			}
			frame = digits
			continue
		}
		if *m, err = text.ParseMatch(w, text.Options{Ports: names}); err != nil {
			return nil, nil, err
		}
	}
	if frame == nil {
		frame, err = flow.ComposeMatch(&m.Match, nil)
	}
	return m, frame, err
}

// portOfFlow is the port that a flow comes in by, nil where it names none. A packet-out's
// may be CONTROLLER, which is as good as none.
func portOfFlow(b *ofproto.Bridge, m *openflow.Match, packetOut bool) (*ofproto.Port, error) {
	if m.Mask.OFPort == 0 || packetOut && m.Value.OFPort == uint32(openflow.PortController) {
		return nil, nil
	}
	for _, p := range b.Ports() {
		if uint32(p.No) == m.Value.OFPort {
			return p, nil
		}
	}
	return nil, fmt.Errorf("in_port=%d: bridge %s has no such port", m.Value.OFPort, b.Name)
}

func portNames(b *ofproto.Bridge) *text.Names {
	names := &text.Names{}
	for _, p := range b.Ports() {
		names.Add(uint32(p.No), p.Name)
	}
	return names
}
