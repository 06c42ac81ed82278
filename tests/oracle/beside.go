package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/tests/harness"
)

// Peer is a switch with the ports of every case.
type Peer interface {
	// Tell says a message to a bridge in a version, and reports whether the switch
	// accepts it.
	Tell(bridge string, v openflow.Version, m openflow.Message) (bool, error)
	// Inject has a packet come in, and returns what is sent then: "port bytes".
	Inject(p Packet) ([]string, error)
}

// jarPeer is the switch in a jar as a Peer.
type jarPeer struct{ *jar }

func (p jarPeer) Tell(bridge string, v openflow.Version, m openflow.Message) (bool, error) {
	c := p.conns[bridge][0]
	if v != openflow.V10 {
		c = p.conns[bridge][1]
	}
	answers, err := c.Ask(m)
	return len(answers) == 0, err
}

func (p jarPeer) Inject(packet Packet) ([]string, error) {
	s, err := p.send(packet, nil)
	return s.sent, err
}

// ErrNoVerdict is an Inject's error for a packet that the switch gives up.
var ErrNoVerdict = errors.New("the switch gives the packet up")

// Count is what could not be compared.
type Count struct {
	Refused int // flows and groups that only one has accepted; neither has them then
	Apart   int // packets that Open vSwitch gives up, or that have more than two tags
}

// Beside runs a case on another switch and on ours. The error tells of a packet
// that they treat differently.
func Beside(c *Case, other Peer) (count Count, err error) {
	j, err := newJar(harness.CacheOn)
	if err != nil {
		return Count{}, err
	}
	defer func() {
		if e := j.Close(); err == nil {
			err = e
		}
	}()
	ours := jarPeer{j}
	b := beside{ours: ours, theirs: other}
	for _, line := range c.Groups {
		m, err := text.ParseGroup(line, openflow.GroupAdd, text.Options{})
		if err == nil {
			err = b.tell("br0", m, &openflow.GroupMod{Command: openflow.GroupDelete, Group: m.Group})
		}
		if err != nil {
			return Count{}, fmt.Errorf("%s: %w", line, err)
		}
	}
	for _, part := range []struct {
		bridge string
		lines  []string
	}{{"br0", slices.Concat(c.Flows, c.Both)}, {"br1", slices.Concat(c.Flows1, c.Both)}} {
		for _, line := range part.lines {
			m, err := text.ParseFlow(line, text.Options{})
			if err == nil {
				undo := *m
				undo.Command, undo.Actions, undo.OutPort, undo.OutGroup = openflow.FlowDeleteStrict, nil, openflow.PortAny, openflow.GroupAny
				err = b.tell(part.bridge, m, &undo)
			}
			if err != nil {
				return Count{}, fmt.Errorf("%s: %w", line, err)
			}
		}
	}
	for i, p := range c.Packets {
		if err := b.inject(p); err != nil {
			return b.Count, fmt.Errorf("packet %d, %v: %w", i, &p, err)
		}
	}
	return b.Count, nil
}

type beside struct {
	ours, theirs Peer
	Count
}

// tell has both switches do what m says, or none.
func (b *beside) tell(bridge string, m, undo openflow.Message) error {
	for _, v := range []openflow.Version{openflow.V10, openflow.V15} {
		if f, ok := m.(*openflow.FlowMod); ok && v == openflow.V10 && slices.ContainsFunc(f.Actions, isGoto) {
			continue
		}
		if _, err := openflow.Append(nil, v, 0, m); err != nil {
			continue
		}
		x, err := b.ours.Tell(bridge, v, m)
		if err != nil {
			return err
		}
		y, err := b.theirs.Tell(bridge, v, m)
		if err != nil || x && y {
			return err
		}
		if x != y {
			b.Refused++
		}
		if x {
			_, err = b.ours.Tell(bridge, openflow.V15, undo)
		} else if y {
			_, err = b.theirs.Tell(bridge, openflow.V15, undo)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *beside) inject(p Packet) error {
	x, err := b.ours.Inject(p)
	if err != nil {
		return err
	}
	y, err := b.theirs.Inject(p)
	if errors.Is(err, ErrNoVerdict) {
		b.Apart++
		return nil
	}
	if err != nil {
		return err
	}
	slices.Sort(x)
	slices.Sort(y)
	switch {
	case slices.Equal(x, y):
	case slices.ContainsFunc(x, hasThreeTags):
		b.Apart++
	default:
		return fmt.Errorf("we send\n\t%s\nthey send\n\t%s", strings.Join(x, "\n\t"), strings.Join(y, "\n\t"))
	}
	return nil
}

// hasThreeTags reports whether a frame that was sent has more tags than Open
// vSwitch knows of: it forgets the inner ones where another is pushed.
func hasThreeTags(sent string) bool {
	_, digits, _ := strings.Cut(sent, " ")
	for i := range 3 {
		if at := 24 + 8*i; len(digits) < at+4 || digits[at:at+4] != "8100" && digits[at:at+4] != "88a8" {
			return false
		}
	}
	return true
}
