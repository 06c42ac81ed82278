package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/ports/dummy"
)

// seen is what the switch did with a packet.
type seen struct {
	sent, packetIns, drops []string
	refused                bool // the packet-out was
}

func (s seen) String() string {
	var b strings.Builder
	if s.refused {
		b.WriteString("\trefused\n")
	}
	for _, line := range s.sent {
		fmt.Fprintln(&b, "\tsent", line)
	}
	for _, line := range s.packetIns {
		fmt.Fprintln(&b, "\tpacket-in", line)
	}
	for _, line := range s.drops {
		fmt.Fprintln(&b, "\tdropped", line)
	}
	return b.String()
}

// send has a packet come in, and collects what happens.
func (j *jar) send(p Packet, out *openflow.PacketOut) (s seen, err error) {
	if p.Wait > 0 {
		j.Warp(p.Wait)
	}
	if out != nil {
		bridge, _ := p.from()
		answers, err := j.conns[bridge][1].Ask(out)
		if err != nil || len(answers) > 0 {
			return seen{refused: len(answers) > 0}, err
		}
	} else if err := j.Send(p.Port, dummy.Frame{Data: p.Data}); err != nil {
		return s, err
	}
	for _, name := range []string{"p1", "p2", "p3", "p4", "q1", "q2"} {
		for _, f := range j.Sent(name) {
			s.sent = append(s.sent, fmt.Sprintf("%s %x", name, f.Data))
		}
	}
	for _, bridge := range []string{"br0", "br1"} {
		answers, err := j.hears[bridge].Heard()
		if err != nil {
			return s, err
		}
		for _, a := range answers {
			in, ok := a.Message.(*openflow.PacketIn)
			if !ok {
				return s, fmt.Errorf("the switch said %T", a.Message)
			}
			port, _, _ := in.Match.Field(flow.FieldByID(flow.FieldInPortOXM))
			s.packetIns = append(s.packetIns, fmt.Sprintf("%s table %d cookie %s in_port %d %x", bridge, in.Table, cookieText(in.Cookie), port.Lo, in.Data))
		}
	}
	drops := j.Drops()
	for _, d := range drops {
		if !slices.Contains(j.drops, d) {
			s.drops = append(s.drops, strings.Fields(d)[1])
		}
	}
	j.drops = drops
	slices.Sort(s.sent)
	slices.Sort(s.packetIns)
	slices.Sort(s.drops)
	return s, nil
}

// differs says how what was seen is not what has to happen; "": it is.
func (o *outcome) differs(s *seen) string {
	want := seen{sent: slices.Sorted(slices.Values(o.sent)), packetIns: slices.Sorted(slices.Values(o.packetIns))}
	if !slices.Equal(want.sent, s.sent) || !slices.Equal(want.packetIns, s.packetIns) {
		return want.String() + "\t.\n"
	}
	if len(s.sent)+len(s.packetIns) > 0 {
		return ""
	}
	if len(s.drops) == 0 {
		return "\ta drop that is counted\n"
	}
	if len(s.drops) == 1 && !o.reasons[s.drops[0]] && s.drops[0] != "no_output" {
		return fmt.Sprintf("\tdropped for one of %v\n", o.reasons)
	}
	return ""
}

// compareCounters compares the counters of flows, tables and groups.
func (j *jar) compareCounters(r *Reference) error {
	j.Datapath.Fold()
	var errs []error
	for name, b := range r.bridges {
		conn := j.conns[name][1]
		for _, ask := range []openflow.Message{
			&openflow.FlowStatsRequest{Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny},
			&openflow.TableStatsRequest{}, &openflow.MeterStatsRequest{Meter: openflow.MeterAll}, &openflow.GroupStatsRequest{Group: openflow.GroupAll},
		} {
			answers, err := conn.Ask(ask)
			if err != nil {
				return err
			}
			for _, a := range answers {
				errs = append(errs, b.compare(a.Message))
			}
		}
	}
	return errors.Join(errs...)
}

func (b *bridge) compare(m openflow.Message) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(b.name+" "+format, args...)) }
	switch m := m.(type) {
	case *openflow.FlowStatsReply:
		for i := range m.Flows {
			f := &m.Flows[i]
			r := b.table(f.Table).find(f)
			switch {
			case r == nil:
				fault("table %d has a flow with cookie %d: %s", f.Table, f.Cookie, text.AppendMatch(nil, &f.Match, text.PrintOptions{}))
			case r.unsure:
			case r.packets != f.Packets:
				fault("table %d cookie %d: %d packets and not %d", f.Table, f.Cookie, f.Packets, r.packets)
			case !r.inexact && r.bytes != f.Bytes:
				fault("table %d cookie %d: %d bytes and not %d", f.Table, f.Cookie, f.Bytes, r.bytes)
			}
		}
	case *openflow.TableStatsReply:
		for _, s := range m.Tables {
			t := b.table(s.Table)
			if len(t.rules) != int(s.Active) {
				fault("table %d has %d flows and not %d", s.Table, s.Active, len(t.rules))
			}
			if !t.unsure && (t.lookups != s.Lookups || t.matched != s.Matched) {
				fault("table %d: %d lookups, %d matched and not %d, %d", s.Table, s.Lookups, s.Matched, t.lookups, t.matched)
			}
		}
	case *openflow.MeterStatsReply:
		b.compareMeters(m, fault)
	case *openflow.GroupStatsReply:
		for _, s := range m.Groups {
			g := b.groups[s.Group]
			if g.unsure {
				continue
			}
			if g.packets != s.Packets {
				fault("group %d: %d packets and not %d", s.Group, s.Packets, g.packets)
			}
			for i := range s.Buckets {
				if s.Buckets[i].Packets != g.buckets[i] {
					fault("group %d, bucket %d: %d packets and not %d", s.Group, i, s.Buckets[i].Packets, g.buckets[i])
				}
			}
		}
	default:
		fault("the switch said %T", m)
	}
	return errors.Join(errs...)
}

// find is the flow that the switch tells of.
func (t *table) find(f *openflow.FlowStats) *rule {
	for _, r := range t.rules {
		// OpenFlow 1.5 cannot say all of some matches on vlan_tci.
		if r.Cookie == f.Cookie && r.Priority == f.Priority && (r.Cookie < learnedCookie || r.Match.Equal(&f.Match.Match)) {
			return r
		}
	}
	return nil
}
