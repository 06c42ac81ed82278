package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/ports/dummy"
	"vswitch/tests/harness"
)

// Case is tables and packets that the switches have to agree on: bridge br0 has
// the meters, groups and flows, br1 behind a patch port has Flows1, both have Both.
type Case struct {
	Meters, Groups, Flows, Flows1, Both []string
	Packets                             []Packet
}

// Packet is a frame that comes in by a port, Wait after the one before.
type Packet struct {
	Port string
	Data []byte
	Wait time.Duration
	// Out: a controller sends the frame and says what to do with it. The port may be
	// "controller" then.
	Out string
}

func (p *Packet) String() string {
	s := fmt.Sprintf("%s %x", p.Port, p.Data)
	if p.Wait > 0 {
		s = fmt.Sprintf("after %v ", p.Wait) + s
	}
	if p.Out != "" {
		s = "packet-out " + s + " actions=" + p.Out
	}
	return s
}

// casePorts are the ports of every case.
func casePorts() map[string][]ofproto.PortConfig {
	return map[string][]ofproto.PortConfig{
		"br0": {
			{Name: "p1", No: 1}, {Name: "p2", No: 2, Mode: ofproto.VLANAccess, Tag: 2},
			{Name: "p3", No: 3, Mode: ofproto.VLANNativeUntagged, Tag: 3}, {Name: "p4", No: 4, Trunks: []uint16{0, 1, 2}},
			{Name: "pa", No: 5, Peer: "pb"},
		},
		"br1": {{Name: "q1", No: 1}, {Name: "q2", No: 2, Mode: ofproto.VLANAccess, Tag: 2}, {Name: "pb", No: 5, Peer: "pa"}},
	}
}

// String is the case as a script that shows it.
func (c *Case) String() string {
	var b strings.Builder
	for _, m := range c.Meters {
		fmt.Fprintln(&b, "br0 meter", m)
	}
	for _, g := range c.Groups {
		fmt.Fprintln(&b, "br0 group", g)
	}
	for _, f := range c.Both {
		fmt.Fprintln(&b, "br0 and br1", f)
	}
	for _, f := range c.Flows {
		fmt.Fprintln(&b, "br0", f)
	}
	for _, f := range c.Flows1 {
		fmt.Fprintln(&b, "br1", f)
	}
	for _, p := range c.Packets {
		fmt.Fprintln(&b, p.String())
	}
	return b.String()
}

// jar is the switch in one cache mode.
type jar struct {
	*harness.Jar
	mode  harness.Mode
	conns map[string][2]*harness.Conn // of a bridge, for versions 1.0 and 1.5
	hears map[string]*harness.Conn    // controllers that get packet-ins
	drops []string                    // counters after the packet before
}

func newJar(mode harness.Mode) (*jar, error) {
	h, err := harness.New(mode)
	if err != nil {
		return nil, err
	}
	j := &jar{Jar: h, mode: mode, conns: map[string][2]*harness.Conn{}, hears: map[string]*harness.Conn{}}
	for _, name := range []string{"br0", "br1"} {
		if err := j.addBridge(name); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return j, nil
}

func (j *jar) addBridge(name string) error {
	if err := j.AddBridge(name, ofproto.BridgeConfig{FailMode: ofproto.FailSecure}); err != nil {
		return err
	}
	for _, p := range casePorts()[name] {
		if err := j.AddPort(name, p, dummy.Options{MTU: 9000}); err != nil {
			return err
		}
	}
	var conns [2]*harness.Conn
	for i, v := range []openflow.Version{openflow.V10, openflow.V15} {
		var err error
		if conns[i], err = j.Connect(name, ofproto.Service, v); err != nil {
			return err
		}
	}
	j.conns[name] = conns
	c, err := j.Connect(name, ofproto.Controller, openflow.V13)
	if err != nil {
		return err
	}
	j.hears[name] = c
	all := openflow.AsyncConfig{}
	all.Primary.Reasons[openflow.AsyncPacketIn], all.Primary.Set = 7, 7
	all.Secondary.Set = 7
	_, err = c.Ask(&openflow.SetAsync{AsyncConfig: all})
	return err
}

// tell tries a message in OpenFlow 1.0, which is the most lenient, and in 1.5. It
// returns what the switch has accepted: a version may say a thing in another way.
func (j *jar) tell(bridge string, m openflow.Message) (openflow.Message, error) {
	for i, c := range j.conns[bridge] {
		v := []openflow.Version{openflow.V10, openflow.V15}[i]
		if f, ok := m.(*openflow.FlowMod); ok && i == 0 && slices.ContainsFunc(f.Actions, isGoto) {
			continue // 1.0 makes a resubmit of it, which is something else
		}
		wire, err := openflow.Append(nil, v, 0, m)
		if err != nil {
			continue // the version cannot say it
		}
		_, told, err := openflow.Decode(wire)
		if err != nil {
			continue
		}
		answers, err := c.Ask(m)
		if err != nil {
			return nil, err
		}
		if len(answers) == 0 {
			return told, nil
		}
	}
	return nil, nil
}

func isGoto(a openflow.Action) bool {
	k := a.ActionKind()
	return k == openflow.ActGotoTable || k == openflow.ActWriteMetadata
}

// Trial runs cases.
type Trial struct {
	Modes []harness.Mode
	// Judged counts packets, SetAside cases by why the reference could not judge a
	// packet and so none after it, and Left the packets that were not judged.
	Judged, Left int
	SetAside     map[string]int
}

// install gives the switches the flows and groups that they accept.
func (t *Trial) install(c *Case, jars []*jar, r *Reference) error {
	for name, ports := range casePorts() {
		for _, p := range ports {
			r.AddPort(name, p)
		}
	}
	for _, line := range c.Meters {
		m, err := text.ParseMeter(line, openflow.MeterAdd, text.Options{})
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		accepted, err := everywhere(jars, "br0", m)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if accepted != nil {
			r.AddMeter("br0", accepted.(*openflow.MeterMod).MeterConfig)
		}
	}
	for _, line := range c.Groups {
		m, err := text.ParseGroup(line, openflow.GroupAdd, text.Options{})
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		accepted, err := everywhere(jars, "br0", m)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if accepted != nil {
			r.AddGroup("br0", accepted.(*openflow.GroupMod))
		}
	}
	for name, lines := range map[string][]string{"br0": slices.Concat(c.Flows, c.Both), "br1": slices.Concat(c.Flows1, c.Both)} {
		for _, line := range lines {
			m, err := text.ParseFlow(line, text.Options{})
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			accepted, err := everywhere(jars, name, m)
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			if accepted != nil {
				r.AddFlow(name, accepted.(*openflow.FlowMod))
			}
		}
	}
	return nil
}

// everywhere tells all switches, which must judge alike.
func everywhere(jars []*jar, bridge string, m openflow.Message) (accepted openflow.Message, err error) {
	for i, j := range jars {
		told, err := j.tell(bridge, m)
		if err != nil {
			return nil, err
		}
		if i > 0 && (told == nil) != (accepted == nil) {
			return nil, errors.New("accepted in one mode and not in another")
		}
		accepted = told
	}
	return accepted, nil
}

// Run has the switches agree on a case. The error says where they do not.
func (t *Trial) Run(c *Case) (err error) {
	r, err := NewReference()
	if err != nil {
		return err
	}
	var jars []*jar
	defer func() {
		for _, j := range jars {
			err = errors.Join(err, j.Close())
		}
		err = errors.Join(err, r.Close())
	}()
	for _, mode := range t.Modes {
		j, err := newJar(mode)
		if err != nil {
			return err
		}
		jars = append(jars, j)
	}
	if err := t.install(c, jars, r); err != nil {
		return err
	}
	for i, p := range c.Packets {
		why, err := t.packet(jars, r, p)
		if err != nil {
			return fmt.Errorf("packet %d, %v: %w", i, &p, err)
		}
		if why != "" {
			t.SetAside[why]++
			t.Left += len(c.Packets) - i
			return nil
		}
		t.Judged++
	}
	for _, j := range jars {
		if err := j.compareCounters(r); err != nil {
			return fmt.Errorf("%v: %w", j.mode, err)
		}
	}
	return nil
}

// packet sends one packet through all switches. It says why when the reference
// cannot judge this packet, and so none after it.
func (t *Trial) packet(jars []*jar, r *Reference, p Packet) (setAside string, err error) {
	var out *openflow.PacketOut
	if p.Out != "" {
		if out, err = p.message(); err != nil || out == nil {
			return "", err
		}
	}
	r.now += p.Wait.Seconds()
	all := r.Outcomes(p, out)
	loops := slices.ContainsFunc(all, func(o *outcome) bool { return o.loops })
	var seen seen
	for i, j := range jars {
		s, err := j.send(p, out)
		if err != nil {
			return "", fmt.Errorf("%v: %w", j.mode, err)
		}
		if i > 0 && s.String() != seen.String() && !loops {
			if slices.ContainsFunc(all, func(o *outcome) bool { return o.taught }) {
				return "a copy may or may not see what the packet itself taught", nil
			}
			return "", fmt.Errorf("%v\n%vbut %v\n%v", jars[0].mode, seen, j.mode, s)
		}
		seen = s
	}
	if seen.refused {
		return "", nil
	}
	if loops {
		return "the packet comes back, and its sender seems to have moved", nil
	}
	var faults []string
	var alike []*outcome // that fit what was seen; the first of them is without lags
	for _, o := range all {
		if o.unknown != "" {
			return o.unknown, nil
		}
		fault := o.differs(&seen)
		switch {
		case fault != "":
			if !slices.Contains(faults, fault) {
				faults = append(faults, fault)
			}
		case o.lags:
			alike = append(alike, o)
		default:
			alike = append([]*outcome{o}, alike...)
		}
	}
	if len(alike) > 0 && !alike[0].lags {
		return r.take(alike), nil
	}
	return "", fmt.Errorf("the switch\n%vbut by the reference\n%s", seen, strings.Join(faults, "or\n"))
}

// take has the reference go one of several ways that look alike. It says why it
// cannot.
func (r *Reference) take(alike []*outcome) string {
	found := alike[0]
	r.Commit(found)
	for _, o := range alike[1:] {
		if o.lesson() != found.lesson() {
			return "ways that look alike and teach differently"
		}
		if o.way() != found.way() {
			r.Unsure(o)
			r.Unsure(found)
		}
	}
	return ""
}
