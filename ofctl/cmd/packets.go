package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"vswitch/ofctl/jsontext"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// runPacketOut is packet-out: one text, or as earlier versions of ovs-ofctl have it
// a port, actions and any number of packets.
func runPacketOut(a *app, args []string) error {
	var lines []line
	switch len(args) {
	case 2:
		lines = []line{{text: args[1]}}
	case 3:
		return usagef("packet-out: no packet: write packet-out %s %s %s PACKET, or quote 'in_port=PORT,packet=HEX,actions=ACTIONS'", args[0], args[1], args[2])
	default:
		for _, packet := range args[3:] {
			lines = append(lines, line{text: fmt.Sprintf("in_port=%s packet=%s actions=%s", args[1], strings.Join(strings.Fields(packet), ""), args[2])})
		}
	}
	return a.sendLines(args[0], openflow.AllVersions, lines, func(s string, o text.Options) (openflow.Message, error) {
		return nilOnError(text.ParsePacketOut(s, o))
	})
}

// defaultMissLen is how much of packets monitor asks for: all.
const defaultMissLen = 0xffff

// monitoring is what monitor's operands ask for.
type monitoring struct {
	missLen    uint16
	invalidTTL bool
	resume     bool
	watches    []string
}

func parseMonitoring(words []string) (m monitoring, err error) {
	m.missLen = defaultMissLen
	for _, word := range words {
		watch, isWatch := strings.CutPrefix(word, "watch:")
		n, failed := strconv.ParseUint(word, 0, 16)
		switch {
		case isWatch:
			m.watches = append(m.watches, watch)
		case word == "invalid_ttl":
			m.invalidTTL = true
		case word == "resume":
			m.resume = true
		case failed == nil:
			m.missLen = uint16(n)
		default:
			return m, usagef("monitor: %q is no number of bytes, and none of invalid_ttl, resume, watch:[MATCH]", word)
		}
	}
	return m, nil
}

// runMonitor is monitor. It ends when the switch closes the connection, or the user
// has enough.
func runMonitor(a *app, args []string) error {
	m, err := parseMonitoring(args[1:])
	if err != nil {
		return err
	}
	able := openflow.AllVersions
	if m.invalidTTL {
		able = openflow.Versions(openflow.V10, openflow.V11, openflow.V12)
	}
	c, err := a.connectWith(args[0], able)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.startMonitor(m); err != nil {
		return err
	}
	return c.watch(reaction{echo: true, resume: m.resume})
}

// startMonitor asks the switch for what is to be printed.
func (c *conn) startMonitor(m monitoring) error {
	if err := c.choosePacketIn(); err != nil {
		return err
	}
	config, err := ask[*openflow.GetConfigReply](c, &openflow.GetConfigRequest{})
	if err != nil {
		return err
	}
	// From here on packets may come.
	c.keeping = true
	config.MissSendLen = m.missLen
	config.InvalidTTL = m.invalidTTL
	if err := c.changeAll([]openflow.Message{&openflow.SetConfig{SwitchConfig: config.SwitchConfig}}, []line{{text: "set-config"}}); err != nil {
		return err
	}
	for i, spec := range m.watches {
		if err := c.watchFlows(uint32(i), spec); err != nil {
			return err
		}
	}
	return nil
}

// choosePacketIn asks for packets in the form that --packet-in-format names, else in
// the one that tells most of what the switch has.
func (c *conn) choosePacketIn() error {
	forms := []openflow.PacketInFormat{openflow.PacketInNXT2}
	switch {
	case c.app.option.setIn:
		forms = []openflow.PacketInFormat{c.app.option.packetIn}
	case c.version == openflow.V10:
		forms = append(forms, openflow.PacketInNXT)
	}
	for _, form := range forms {
		faults, err := c.apply(&openflow.SetPacketInFormat{Format: form})
		if err != nil {
			return err
		}
		if len(faults) == 0 {
			return nil
		}
		if c.app.option.setIn {
			return faults[0].err
		}
	}
	return nil
}

// watchFlows asks for the changes of flows that spec describes.
func (c *conn) watchFlows(id uint32, spec string) error {
	var monitor *openflow.FlowMonitor
	err := c.reading(func(o text.Options) (err error) {
		if monitor, err = text.ParseMonitor(spec, o); err != nil {
			return syntax(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	monitor.ID = id
	_, err = c.send(&openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{*monitor}})
	return err
}

// runSnoop is snoop: a copy of what the bridge's controllers and the bridge say.
func runSnoop(a *app, args []string) error {
	t, err := a.resolve(args[0], snoopSuffix)
	if err != nil {
		return err
	}
	c, err := a.openConn(t)
	if err != nil {
		return err
	}
	defer c.close()
	c.mute = true
	offer := openflow.AllVersions
	if a.option.versions != 0 {
		offer = a.option.versions
	}
	if err := c.hello(offer); err != nil {
		return err
	}
	return c.watch(reaction{})
}

// watch prints messages until there are no more. That --timeout has passed is no
// failure.
func (c *conn) watch(r reaction) error {
	p, err := c.printer()
	if err != nil {
		return err
	}
	s, err := c.supervise(p)
	if err != nil {
		return err
	}
	defer s.close()
	c.keeping = false
	for first := true; ; first = false {
		m, err := c.next()
		if !s.waitUnblocked() {
			return nil
		}
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, errNoAnswer):
			return nil
		case errors.Is(err, io.EOF):
			fmt.Fprintf(c.app.stdio.Err, "ofctl: %v\n", err)
			return nil
		case err != nil:
			return err
		}
		if _, isHello := m.body.(*openflow.Hello); isHello && first {
			continue // the other half of this connection's own greeting
		}
		if err := s.print(m, ""); err != nil {
			return err
		}
		if err := s.react(m, r); err != nil {
			return err
		}
		s.replied(m)
	}
}

// reaction says which messages of a switch are answered.
type reaction struct {
	echo   bool // requests for an echo; not those that only are somebody's copy
	resume bool // packets that wait to be given back
}

// react answers a message.
func (s *supervisor) react(m message, r reaction) error {
	switch body := m.body.(type) {
	case *openflow.EchoRequest:
		if r.echo {
			return s.conn.sendAs(m.header.XID, &openflow.EchoReply{Data: body.Data})
		}
	case *openflow.PacketIn:
		if r.resume && body.Continuation != nil {
			data, err := s.conn.append(nil, s.conn.nextXID(), &openflow.Resume{PacketIn: *body})
			if err != nil {
				return err
			}
			return s.transmit(data, "send: ")
		}
	}
	return nil
}

// event prints a message of monitor or snoop at once, behind a word of its own.
func (p *printer) event(m message, word string) error {
	now := ""
	if p.app.option.timestamp {
		now = time.Now().UTC().Format("2006-01-02 15:04:05.000")
	}
	switch {
	case p.app.option.json:
		p.json.Reset()
		p.json.Event(jsontext.Event{Time: now, Sent: word != "", Header: m.header, Body: m.body, Err: m.err, Bytes: m.raw})
		p.buf = append(p.buf[:0], p.json.Bytes()...)
	default:
		p.buf = p.buf[:0]
		if now != "" {
			p.buf = append(append(p.buf, now...), ": "...)
		}
		p.buf = text.AppendWire(append(p.buf, word...), m.raw, p.o)
	}
	if _, err := p.app.out.Write(p.buf); err != nil {
		return err
	}
	return p.app.out.Flush()
}

// runProbe is probe: whether the switch answers.
func runProbe(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	_, err = ask[*openflow.EchoReply](c, &openflow.EchoRequest{})
	return err
}

// pings is how many echoes ping sends.
const pings = 10

// runPing is ping: how long echoes of a size take.
func runPing(a *app, args []string) error {
	size, err := payloadSize(args, 1, 64)
	if err != nil {
		return err
	}
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	times := []time.Duration{}
	for range pings {
		took, reply, err := c.echo(size)
		if err != nil {
			return err
		}
		times = append(times, took)
		if !a.option.json {
			fmt.Fprintf(a.out, "%d bytes from %s: xid=%08x time=%.1f ms\n", size, args[0], reply.header.XID, float64(took.Microseconds())/1000)
			a.out.Flush()
		}
	}
	if !a.option.json {
		return nil
	}
	return a.document(struct {
		Bytes int
		Times []time.Duration
	}{size, times})
}

// echo sends one echo request and waits for the same bytes to come back.
func (c *conn) echo(size int) (time.Duration, message, error) {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i)
	}
	start := time.Now()
	m, err := c.call(&openflow.EchoRequest{Data: data})
	took := time.Since(start)
	if err != nil {
		return 0, m, err
	}
	reply, err := as[*openflow.EchoReply](c, m)
	if err == nil && string(reply.Data) != string(data) {
		err = fmt.Errorf("%s: the echo came back with other bytes", c.target.name)
	}
	return took, m, err
}

// payloadSize is how many bytes operand i asks for.
func payloadSize(args []string, i, unless int) (int, error) {
	if len(args) <= i {
		return unless, nil
	}
	n, err := strconv.ParseUint(args[i], 0, 16)
	if err != nil || n > openflow.MaxLen-openflow.HeaderLen {
		return 0, usagef("%q is no number of bytes up to %d", args[i], openflow.MaxLen-openflow.HeaderLen)
	}
	return int(n), nil
}

// runBenchmark is benchmark: how many echoes of a size the switch answers in a
// second.
func runBenchmark(a *app, args []string) error {
	size, err := payloadSize(args, 1, 0)
	if err != nil {
		return err
	}
	count, err := strconv.ParseUint(args[2], 0, 31)
	if err != nil {
		return usagef("%q is no number of echoes", args[2])
	}
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	whole := size + openflow.HeaderLen
	if !a.option.json {
		fmt.Fprintf(a.out, "Sending %d packets * %d bytes (with header) = %d bytes total\n", count, whole, uint64(whole)*count)
		a.out.Flush()
	}
	start := time.Now()
	for range count {
		if _, _, err := c.echo(size); err != nil {
			return err
		}
	}
	took := time.Since(start)
	if a.option.json {
		return a.document(struct {
			Packets uint64
			Bytes   uint64
			Time    time.Duration
		}{count, uint64(whole) * count, took})
	}
	ms := max(float64(took.Microseconds())/1000, 0.001)
	_, err = fmt.Fprintf(a.out, "Finished in %.1f ms (%.0f packets/s) (%.0f bytes/s)\n", ms, float64(count)/ms*1000, float64(whole)*float64(count)/ms*1000)
	return err
}
