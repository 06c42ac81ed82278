package harness

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// controller is an OpenFlow connection that a script speaks over by itself.
type controller struct {
	session *ofproto.Session
	version openflow.Version
	xid     uint32
	in      []byte
}

// cmdController opens a connection to a bridge.
func cmdController(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 3, "controller NAME BRIDGE VERSION"); err != nil {
		return err
	}
	b := j.Switch.Bridge(args[1])
	v, known := openflow.ParseVersion(args[2])
	switch {
	case b == nil:
		return fmt.Errorf("no bridge %s", args[1])
	case !known:
		return fmt.Errorf("no OpenFlow version %q", args[2])
	case j.controllers[args[0]] != nil:
		return fmt.Errorf("there is a controller %s", args[0])
	}
	c := &controller{version: v, session: b.NewSession(ofproto.SessionOptions{Kind: ofproto.Controller, Name: args[0]}, j.now)}
	hello, err := openflow.Append(nil, v, 0, &openflow.Hello{Versions: openflow.Versions(v), Bitmap: true})
	if err != nil {
		return err
	}
	c.session.Input(hello, j.now)
	c.session.Output() // the switch's hello
	if j.controllers == nil {
		j.controllers = map[string]*controller{}
	}
	j.controllers[args[0]] = c
	return c.session.Err()
}

// controllerNamed is the controller that a command's first word names.
func (j *Jar) controllerNamed(args []string) (*controller, error) {
	if len(args) == 0 || j.controllers[args[0]] == nil {
		return nil, fmt.Errorf("no controller %v", args)
	}
	return j.controllers[args[0]], nil
}

// cmdHangUp ends a controller's connection.
func cmdHangUp(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 1, "hangup CONTROLLER"); err != nil {
		return err
	}
	c, err := j.controllerNamed(args)
	if err != nil {
		return err
	}
	c.session.Close(j.now)
	delete(j.controllers, args[0])
	return nil
}

// cmdTell sends a message and a barrier, and prints what the switch says before
// the barrier's reply.
func cmdTell(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	c, err := j.controllerNamed(args)
	if err != nil {
		return err
	}
	if err := need(args, 2, "tell CONTROLLER TYPE [BODY…]"); err != nil {
		return err
	}
	body, err := parseBody(args[2:])
	if err != nil {
		return err
	}
	typ, err := c.messageType(args[1])
	if err != nil {
		return err
	}
	c.xid++
	message := []byte{byte(c.version), typ, 0, 0, 0, 0, 0, 0}
	message = append(message, body...)
	binary.BigEndian.PutUint16(message[2:], uint16(len(message)))
	binary.BigEndian.PutUint32(message[4:], c.xid)
	message, err = openflow.Append(message, c.version, barrierXID, &openflow.BarrierRequest{})
	if err != nil {
		return err
	}
	c.session.Input(message, j.now)
	j.settle()
	return c.print(out)
}

// barrierXID marks the barriers of tell.
const barrierXID = 0xba44

// cmdHeard prints what the switch has said by itself.
func cmdHeard(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	c, err := j.controllerNamed(args)
	if err != nil {
		return err
	}
	return c.print(out)
}

// print prints the messages that have come, but for the replies to tell's barriers.
func (c *controller) print(out *bytes.Buffer) error {
	c.in = append(c.in, c.session.Output()...)
	for {
		message, rest, err := openflow.Next(c.in)
		if err != nil || message == nil {
			return errors.Join(err, c.session.Err())
		}
		c.in = rest
		if h := openflow.PeekHeader(message); h.XID != barrierXID {
			out.Write(text.AppendWire(nil, message, text.PrintOptions{Verbosity: 2, PacketSummary: summary}))
		}
	}
}

// summary describes a packet in one line.
func summary(dst, data []byte) []byte {
	k, err := keyOf(data)
	if err != nil {
		return append(dst, err.Error()...)
	}
	return append(dst, strings.TrimPrefix(string(flow.AppendKey(nil, &k)), "recirc_id(0),in_port(0),")...)
}

// messageTypes are the types that scripts name, in OpenFlow 1.0 and later.
func messageTypes() map[string][2]uint8 {
	return map[string][2]uint8{
		"echo": {2, 2}, "features": {5, 5}, "get_config": {7, 7}, "set_config": {9, 9}, "packet_out": {13, 13}, "flow_mod": {14, 14},
		"port_mod": {15, 16}, "multipart": {16, 18}, "queue_config": {20, 22}, "group_mod": {0, 15}, "table_mod": {0, 17},
		"role": {0, 24}, "set_async": {0, 28}, "meter_mod": {0, 29}, "vendor": {4, 4},
	}
}

func (c *controller) messageType(word string) (uint8, error) {
	if n, err := strconv.ParseUint(word, 0, 8); err == nil {
		return uint8(n), nil
	}
	at := 1
	if c.version == openflow.V10 {
		at = 0
	}
	t := messageTypes()[word][at]
	if t == 0 {
		return 0, fmt.Errorf("no message %q in %v", word, c.version)
	}
	return t, nil
}

// parseBody reads a message's bytes: hexadecimal digits, or u8:N u16:N u32:N u64:N
// for numbers, pad:N for zeros, text:SIZE:TEXT for text with zeros behind it.
func parseBody(words []string) (b []byte, err error) {
	for _, w := range words {
		kind, value, found := strings.Cut(w, ":")
		if !found {
			digits, err := hex.DecodeString(w)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w, err)
			}
			b = append(b, digits...)
			continue
		}
		if kind == "text" {
			size, s, _ := strings.Cut(value, ":")
			n, err := strconv.Atoi(size)
			if err != nil || n < len(s) {
				return nil, fmt.Errorf("%s: the size is no number or too small", w)
			}
			b = append(append(b, s...), make([]byte, n-len(s))...)
			continue
		}
		n, err := strconv.ParseUint(value, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w, err)
		}
		size, known := map[string]int{"u8": 1, "u16": 2, "u32": 4, "u64": 8}[kind]
		switch {
		case kind == "pad":
			b = append(b, make([]byte, n)...)
		case !known:
			return nil, fmt.Errorf("%s: neither hexadecimal digits nor one of u8, u16, u32, u64, pad, text", w)
		default:
			b = append(b, binary.BigEndian.AppendUint64(nil, n)[8-size:]...)
		}
	}
	return b, nil
}

// cmdLink changes a port's carrier, cmdAdmin whether its device is up.
func cmdLink(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	return j.changePort(args, "link PORT up|down", func(i *ofproto.PortInfo, up bool) { i.Carrier = up })
}

func cmdAdmin(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	return j.changePort(args, "admin PORT up|down", func(i *ofproto.PortInfo, up bool) { i.AdminUp, i.Carrier = up, up })
}

func (j *Jar) changePort(args []string, usage string, change func(*ofproto.PortInfo, bool)) error {
	if err := need(args, 2, usage); err != nil {
		return err
	}
	p := j.ports[args[0]]
	if p == nil || args[1] != "up" && args[1] != "down" {
		return fmt.Errorf("usage: %s", usage)
	}
	info := p.port.Info()
	change(&info, args[1] == "up")
	p.port.SetDevice(p.id, info, j.now)
	j.settle()
	return nil
}
