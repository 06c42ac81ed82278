package ofproto

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/openflow"
)

// watch asks for a monitor of everything, but what off leaves out.
func watch(id uint32, flags openflow.MonitorFlags) *openflow.FlowMonitorRequest {
	return &openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: id, Flags: flags, Table: openflow.TableAll,
		OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}}}
}

const watchAll = openflow.MonitorInitial | openflow.MonitorAdd | openflow.MonitorDelete | openflow.MonitorModify | openflow.MonitorActions | openflow.MonitorOwn

// updates are the events among messages, a word each.
func updates(t *testing.T, list []openflow.Message) string {
	t.Helper()
	names := []string{"initial", "added", "removed", "modified", "abbrev", "paused", "resumed"}
	var words []string
	for _, m := range list {
		switch m := m.(type) {
		case *openflow.FlowMonitorReply:
			for _, u := range m.Updates {
				word := fmt.Sprintf("%s:%d", names[u.Event], u.Priority)
				if len(u.Actions) > 0 {
					word += "+"
				}
				words = append(words, word)
			}
		case *openflow.FlowMonitorPaused:
			words = append(words, "paused:0")
		case *openflow.FlowMonitorResumed:
			words = append(words, "resumed:0")
		default:
			t.Fatalf("got %s", describeAll([]openflow.Message{m}))
		}
	}
	return strings.Join(words, " ")
}

func TestFlowMonitor(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V10, openflow.V13, openflow.V14, openflow.V15} {
		t.Run(v.String(), func(t *testing.T) {
			j := newJar(t, false)
			b := j.bridge("br0", 2, FailSecure)
			own, other := j.connect(b, Controller, v), j.connect(b, Controller, v)
			own.ask(flowOf(t, "add priority=1,actions=1"), flowOf(t, "add table=3,priority=2,actions=2"))
			initial, removed := "initial", "removed:9" // without its actions
			if v < openflow.V14 {
				initial = "added" // the older forms have no event of its own
				removed = "removed:9+"
			}
			want := func(p *peer, events string, messages ...openflow.Message) {
				t.Helper()
				if got := updates(t, p.ask(messages...)); got != events {
					t.Errorf("got %q, want %q", got, events)
				}
			}
			want(own, initial+":1+ "+initial+":2+", watch(5, watchAll))
			only := watch(1, openflow.MonitorAdd|openflow.MonitorDelete)
			only.Monitors[0].OutPort = 2
			want(other, "", only)
			want(own, "added:9+", flowOf(t, "add priority=9,udp,actions=1"))
			want(other, "")
			want(own, "modified:9+", flowOf(t, "modify udp,actions=2"))
			want(other, "")
			want(own, "added:9+", flowOf(t, "add priority=9,udp,actions=1")) // in place of the other
			want(other, "added:9")                                           // which had its port
			want(own, "added:9+", flowOf(t, "add priority=9,udp,actions=2"))
			want(other, "added:9")
			want(own, removed, flowOf(t, "delete udp"))
			want(other, "removed:9")
			want(other, "abbrev:0", flowOf(t, "add priority=8,tcp,actions=2"))
			want(own, "added:8+")
			other.fails(openflow.ErrMonitorMonitorExists, only)
			cancel := func(id uint32) openflow.Message {
				if v < openflow.V14 {
					return &openflow.FlowMonitorCancel{ID: id}
				}
				m := watch(id, 0)
				m.Monitors[0].Command = openflow.MonitorCmdDelete
				return m
			}
			want(own, "", cancel(5), flowOf(t, "add priority=4,actions=2"))
			other.ask()
			other.fails(openflow.ErrMonitorUnknownMonitor, cancel(5))
			own.s.Close(j.now)
			other.s.Close(j.now)
			if b.monitored != 0 {
				t.Errorf("%d monitors are left", b.monitored)
			}
		})
	}
}

// TestFlowMonitorPauses lets a peer read nothing while many flows change: what it
// then hears must be what there is.
func TestFlowMonitorPauses(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V10, openflow.V14} {
		t.Run(v.String(), func(t *testing.T) {
			j := newJar(t, false)
			b := j.bridge("br0", 2, FailSecure)
			slow, busy := j.connect(b, Controller, v), j.connect(b, Controller, v)
			busy.ask(flowOf(t, "add priority=1,actions=1"), flowOf(t, "add priority=2,actions=1"))
			slow.ask(watch(5, watchAll&^openflow.MonitorInitial))
			known := map[uint16]bool{1: true, 2: true}
			for i := range 3000 {
				j.now++
				busy.send(flowOf(t, fmt.Sprintf("add priority=%d,actions=1", 10+i%4000)))
			}
			j.now++
			busy.send(flowOf(t, "delete_strict priority=2"), flowOf(t, "modify_strict priority=1,actions=2"), flowOf(t, "delete_strict priority=2500"))
			heard, paused, resumed := 0, 0, 0
			for range 50 {
				for _, m := range slow.receive() {
					for _, word := range strings.Fields(updates(t, []openflow.Message{m})) {
						var kind string
						var priority uint16
						kind, rest, _ := strings.Cut(strings.TrimSuffix(word, "+"), ":")
						_, _ = fmt.Sscan(rest, &priority)
						heard++
						switch kind {
						case "added":
							known[priority] = true
						case "removed":
							delete(known, priority)
						case "paused":
							paused++
						case "resumed":
							resumed++
						}
					}
				}
				j.now++
				j.sw.Run(j.now)
			}
			if paused == 0 || paused != resumed {
				t.Errorf("paused %d times, resumed %d times", paused, resumed)
			}
			if n := b.Flows(); len(known) != n || known[2] || known[2500] {
				t.Errorf("the peer knows %d flows, there are %d", len(known), n)
			}
		})
	}
}
