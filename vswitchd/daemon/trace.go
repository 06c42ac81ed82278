package daemon

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"vswitch/control"
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
	for _, a := range args {
		switch a {
		case "--names":
			o.Names = true
		case "--no-names", "-consistent":
		default:
			if strings.HasPrefix(a, "-") {
				return nil, fmt.Errorf("%s: unknown option", a)
			}
			words = append(words, a)
		}
	}
	if len(words) < 2 {
		return nil, errors.New("give a bridge and a flow or a packet: br0 in_port=1,udp")
	}
	b := d.sw.Bridge(words[0])
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
	in, err := portOfFlow(b, match)
	if err != nil {
		return nil, err
	}
	return b.Trace(frame, in, o, d.clock())
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

// portOfFlow is the port that a flow comes in by, nil where it names none.
func portOfFlow(b *ofproto.Bridge, m *openflow.Match) (*ofproto.Port, error) {
	if m.Mask.OFPort == 0 {
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
