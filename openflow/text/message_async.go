package text

import "vswitch/openflow"

// asyncNames are the names of asynchronous messages, and of the reasons for
// which they are sent: reason i is bit i.
var asyncNames = [openflow.NumAsync]struct {
	name    string
	reasons []string
}{
	openflow.AsyncPacketIn:       {"PACKET_IN", packetInReasons[:]},
	openflow.AsyncPortStatus:     {"PORT_STATUS", []string{"add", "delete", "modify"}},
	openflow.AsyncFlowRemoved:    {"FLOW_REMOVED", removedReasons[:]},
	openflow.AsyncRoleStatus:     {"ROLE_STATUS", roleReasons[:]},
	openflow.AsyncTableStatus:    {"TABLE_STATUS", []string{3: "vacancy_down", 4: "vacancy_up"}},
	openflow.AsyncRequestForward: {"REQUESTFORWARD", []string{"group_mod_request", "meter_mod_request"}},
	openflow.AsyncFlowStats:      {"FLOW_STATS", nil},
	openflow.AsyncContStatus:     {"CONT_STATUS", nil},
}

// asyncWidth is the width that the names of asynchronous messages are written in.
const asyncWidth = 16

func (w *printer) asyncConfig(c *openflow.AsyncConfig) {
	w.str("\n primary:\n").asyncMask(&c.Primary)
	w.str("\n secondary:\n").asyncMask(&c.Secondary)
}

// asyncMask writes what is sent. Open vSwitch knows no messages of OpenFlow 1.5:
// they are shown where the configuration mentions them.
func (w *printer) asyncMask(m *openflow.AsyncMask) {
	for i, a := range asyncNames {
		if openflow.AsyncMessage(i) >= openflow.AsyncFlowStats && m.Set>>i&1 == 0 {
			continue
		}
		for range asyncWidth - len(a.name) {
			w.byte(' ')
		}
		w.str(a.name).byte(':')
		for bit := range 32 {
			if m.Reasons[i]>>bit&1 == 0 {
				continue
			}
			w.byte(' ')
			if bit < len(a.reasons) && a.reasons[bit] != "" {
				w.str(a.reasons[bit])
			} else {
				w.uint(uint64(bit))
			}
		}
		if m.Reasons[i] == 0 {
			w.str(" (off)")
		}
		w.byte('\n')
	}
}
