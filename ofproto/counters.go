package ofproto

import (
	"sync/atomic"

	"vswitch/openflow"
)

// What is here is for those who watch the switch. They wait for nothing that
// waits for a worker: neither for Switch.mu, nor for the datapath. What megaflows
// have counted is in the figures as of the last fold, half a second ago at most.

// TableCounters are those of one flow table.
type TableCounters struct {
	Table            uint8
	Flows            int
	Lookups, Matched uint64
}

// TableCounters lists the tables that have flows or were looked up, and table 0.
func (b *Bridge) TableCounters() (list []TableCounters) {
	for i := range b.tables {
		t := b.table(uint8(i))
		c := TableCounters{Table: t.number, Lookups: t.lookups.Load(), Matched: t.matched.Load()}
		b.sw.tables.Lock()
		c.Flows = t.n
		b.sw.tables.Unlock()
		if i == 0 || c.Flows > 0 || c.Lookups > 0 {
			list = append(list, c)
		}
	}
	return list
}

// CookieMatch selects flows by the bits of their cookies that Mask has.
type CookieMatch struct{ Value, Mask uint64 }

// FlowSum sums flows up.
type FlowSum struct {
	Flows          int
	Packets, Bytes uint64 // of the flows that count them
}

// SumFlows sums, for each of list, the flows that are there now. It looks at every
// flow, and holds up who changes a table while it is at that table.
func (b *Bridge) SumFlows(list []CookieMatch) []FlowSum {
	sums := make([]FlowSum, len(list))
	version := b.sw.version.Load()
	add := func(r *Rule) {
		for i, m := range list {
			if (r.cookie^m.Value)&m.Mask != 0 {
				continue
			}
			s := &sums[i]
			s.Flows++
			if n := r.packets(); n != openflow.NoCount {
				s.Packets += n
			}
			if n := r.bytes(); n != openflow.NoCount {
				s.Bytes += n
			}
		}
	}
	b.eachTable(openflow.TableAll, func(t *Table) {
		// Who changes flows has this lock, and who takes a rule's place away too.
		b.sw.tables.Lock()
		defer b.sw.tables.Unlock()
		if t.n > 0 {
			t.all(version, add)
		}
	})
	return sums
}

// messageCounts counts the messages of a bridge's sessions, over and done with
// ones too, or of one session, by kind. Kind 0 is what could not be decoded.
type messageCounts struct {
	received, sent [openflow.NumKinds]atomic.Uint64
}

// MessageCount says how many messages of a kind came or went.
type MessageCount struct {
	Name  string // as in OpenFlow's headers: "OFPT_FLOW_MOD"
	Sent  bool
	Count uint64
}

// Messages lists the kinds of OpenFlow messages that came from or went to any
// controller or tool since the bridge was made.
func (b *Bridge) Messages() (list []MessageCount) {
	for kind := range openflow.NumKinds {
		name := "undecodable"
		if kind != 0 {
			name = openflow.Kind(kind).String()
		}
		if n := b.messages.received[kind].Load(); n > 0 {
			list = append(list, MessageCount{name, false, n})
		}
		if n := b.messages.sent[kind].Load(); n > 0 {
			list = append(list, MessageCount{name, true, n})
		}
	}
	return list
}

// Dropped counts asynchronous messages that found no room with their receivers.
func (b *Bridge) Dropped() uint64 { return b.dropped.Load() }

// received counts a message that came in; nil is one that could not be decoded.
func (s *Session) countReceived(m openflow.Message) {
	s.received.Add(1)
	s.bridge.messages.received[kindOf(m)].Add(1)
}

// countSent counts a message that is to be sent.
func (s *Session) countSent(k openflow.Kind) {
	s.sent.Add(1)
	s.bridge.messages.sent[k].Add(1)
}

// countDropped counts an asynchronous message that found no room. Called with s.mu.
func (s *Session) countDropped() {
	s.dropped++
	s.bridge.dropped.Add(1)
}

func kindOf(m openflow.Message) openflow.Kind {
	if m == nil {
		return 0
	}
	return m.Kind()
}

// SessionInfo describes a session.
type SessionInfo struct {
	Name           string
	Kind           SessionKind
	Version        string // "" before there is one
	Role           string // "primary", "secondary", "equal"
	Received, Sent uint64 // messages
	Dropped        uint64 // asynchronous messages that found no room
}

// Info describes the session.
func (s *Session) Info() SessionInfo {
	w := s.wants.Load()
	i := SessionInfo{Name: s.options.Name, Kind: s.options.Kind, Received: s.received.Load(), Sent: s.sent.Load()}
	if w.version != 0 {
		i.Version, i.Role = w.version.String(), roleName(w.role)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i.Dropped = s.dropped
	return i
}

// Sessions describes the bridge's open sessions.
func (b *Bridge) Sessions() []SessionInfo {
	var list []SessionInfo
	for _, s := range *b.sessions.Load() {
		list = append(list, s.Info())
	}
	return list
}

func roleName(r openflow.Role) string {
	switch r {
	case openflow.RolePrimary:
		return "primary"
	case openflow.RoleSecondary:
		return "secondary"
	}
	return "equal"
}
