package datapath

import "vswitch/packet"

// DropReason says why a frame was dropped. Every reason has one counter a port.
type DropReason uint8

// Reasons. Those of the translation end as OpDrop in a megaflow.
const (
	DropNone DropReason = iota

	// At receive, charged to the port that received the frame.
	DropTruncated
	DropBadOffload
	DropUnfinishedCsum
	DropRunt
	DropNoBuffers
	DropUpcallBudget
	DropRecircDepth
	DropRecircUnknown
	DropUpcallError
	DropPanic
	DropPortUnknown

	// Decided by the slow path, charged to the port that received the frame. All but
	// DropPortNoRecv and DropPortDown are no matter of the port: see RxRefused.
	DropFlow
	DropTableMiss
	DropNoOutput
	DropPortNoRecv
	DropPortDown
	DropOwnPort
	DropVLANMismatch
	DropReservedMAC
	DropNoFloodPort
	DropNoPacketIn
	DropPortNoForward
	DropOutputDown
	DropInvalidTTL
	DropTooManyResubmits
	DropTooDeep
	DropNotReady
	DropFragment
	DropUnsupported
	DropSecureMiss
	DropNoBucket
	DropMeter
	DropConntrack
	DropPacketType
	DropRecircFull
	DropTooManyActions

	// At transmit, charged to the port that the frame was to leave by.
	DropMTU
	DropTxFull
	DropTxDown
	DropTxGone
	DropTxTooBig
	DropTxError
	DropSegmentation

	NumDropReasons
)

// DropInfo describes a reason.
type DropInfo struct {
	Name string // snake_case, stable: used in counters and metrics
	Tx   bool   // charged to the port that the frame was to leave by
	Help string // one sentence for an operator
}

// dropTable is indexed by DropReason.
var dropTable = [NumDropReasons]DropInfo{
	DropNone:             {"none", false, "not dropped"},
	DropTruncated:        {"truncated", false, "the frame was longer than the buffer that it was read into"},
	DropBadOffload:       {"bad_offload", false, "the offload header contradicted the frame (offsets beyond it, segment size 0, wrong protocol)"},
	DropUnfinishedCsum:   {"unfinished_checksum", false, "the sender left its checksum to a network card, and AF_XDP does not tell: turn that off at the sender (ethtool -K DEVICE tx off)"},
	DropRunt:             {"runt", false, "shorter than an Ethernet header"},
	DropNoBuffers:        {"no_buffers", false, "the worker's buffer pool was empty when a copy was needed"},
	DropUpcallBudget:     {"upcall_budget", false, "the port had spent its decisions of this turn (datapath.upcall_budget)"},
	DropRecircDepth:      {"recirculation_depth", false, "looked up again too many times, it or its copies"},
	DropRecircUnknown:    {"recirculation_unknown", false, "its recirculation state was gone when it was looked up again"},
	DropUpcallError:      {"upcall_error", false, "the slow path could not decide"},
	DropPanic:            {"panic", false, "forwarding hit a bug of the switch; the frame is dumped in the log"},
	DropPortUnknown:      {"port_unknown", false, "came in by or was to leave by a port that does not exist"},
	DropFlow:             {"flow", false, "a flow matched whose actions are drop"},
	DropTableMiss:        {"table_miss", false, "no flow matched and the table's miss behaviour is drop"},
	DropNoOutput:         {"no_output", false, "the matching flows' actions ended without any output"},
	DropPortNoRecv:       {"port_no_recv", false, "the input port is configured not to receive (OFPPC_NO_RECV)"},
	DropPortDown:         {"port_down", false, "the input port is administratively down (OFPPC_PORT_DOWN)"},
	DropOwnPort:          {"input_port_output", false, "was to leave by the port it came in by, and by no other"},
	DropVLANMismatch:     {"vlan_mismatch", false, "the input port, or the one that its destination is on, does not carry the frame's VLAN, or would show a second tag"},
	DropReservedMAC:      {"reserved_multicast", false, "sent to a link-local address that bridges do not forward (01:80:c2:00:00:0X)"},
	DropNoPacketIn:       {"port_no_packet_in", false, "the input port is configured not to send packet-ins (OFPPC_NO_PACKET_IN)"},
	DropNoFloodPort:      {"no_flood_port", false, "no other port that is up carries its VLAN"},
	DropPortNoForward:    {"port_no_forward", false, "the output port is configured not to send (OFPPC_NO_FWD)"},
	DropOutputDown:       {"output_port_down", false, "the output port is administratively down (OFPPC_PORT_DOWN)"},
	DropInvalidTTL:       {"invalid_ttl", false, "its TTL or hop limit ran out"},
	DropTooManyResubmits: {"too_many_resubmits", false, "more table lookups than one packet may cause"},
	DropTooDeep:          {"recursion_too_deep", false, "tables, groups or patch ports nested too deeply"},
	DropNotReady:         {"not_ready", false, "the bridge did not know the input port yet"},
	DropFragment:         {"fragment", false, "a fragment, and the bridge is set to drop them"},
	DropUnsupported:      {"unsupported", false, "an action that the datapath does not have, or that the frame has no room for"},
	DropSecureMiss:       {"secure_mode", false, "no flow matched on a bridge with fail_mode secure"},
	DropNoBucket:         {"group_no_bucket", false, "a group had no live bucket for it"},
	DropMeter:            {"meter", false, "above the rate of a meter"},
	DropConntrack:        {"conntrack_unavailable", false, "a flow sent it to connection tracking (ct), which the switch does not have yet"},
	DropPacketType:       {"packet_type", false, "not Ethernet where it had to be, or an encap or decap that its packet type does not have"},
	DropRecircFull:       {"recirculation_full", false, "more states of packets that have to be looked up again than the switch keeps"},
	DropTooManyActions:   {"too_many_actions", false, "more actions, or flows learned, than one packet may cause"},
	DropMTU:              {"mtu_exceeded", true, "larger than the output port's MTU"},
	DropTxFull:           {"tx_queue_full", true, "the output port's queue had no room"},
	DropTxDown:           {"tx_down", true, "the output port was down or had no carrier"},
	DropTxGone:           {"tx_gone", true, "the output port's device no longer exists"},
	DropTxTooBig:         {"tx_too_big", true, "the output port's device refused the size"},
	DropTxError:          {"tx_error", true, "the system refused the frame"},
	DropSegmentation:     {"segmentation", true, "a super-frame could not be split for a port that does not take it"},
}

// Info describes r.
func (r DropReason) Info() DropInfo { return dropTable[r] }

// String is the reason's stable name.
func (r DropReason) String() string { return dropTable[r].Name }

// DropSample is a frame that was dropped, kept to be shown: the first for its port
// and reason of the last breath in which there was one.
type DropSample struct {
	Reason  DropReason
	InPort  PortID // that the frame came in by
	Time    int64  // nanoseconds of the worker's clock
	Size    int
	Head    []byte   // its first bytes
	Credits []Credit // of the decision that it was dropped by; nil where none is known
	Meter   *Meter   // of DropMeter: that the frame was too much for; nil: none that an action names
}

// sampleSize is how much of a dropped frame is kept.
const sampleSize = 256

// sample keeps b, of which a storm costs no more than a comparison.
func (w *Worker) sample(p *workerPort, b *packet.Buf, r DropReason) {
	s := p.samples[r]
	if s == nil {
		s = &DropSample{Reason: r, Head: make([]byte, 0, sampleSize), Time: -1}
		p.samples[r] = s
	}
	if s.Time == w.now {
		return
	}
	s.InPort, s.Time, s.Size = PortID(b.InPort), w.now, b.Size()
	s.Head = s.Head[:b.CopyTo(s.Head[:sampleSize])]
	s.Credits = append(s.Credits[:0], w.credits...)
	s.Meter = w.above
}

// DropSamples are samples of what port id dropped, one a reason.
func (d *Datapath) DropSamples(id PortID) (list []DropSample) {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := [NumDropReasons]*DropSample{}
	all := make([][NumDropReasons]*DropSample, len(d.workers))
	d.each(func(w *Worker) {
		p := w.port(uint32(id))
		if p == nil {
			return
		}
		for r, s := range p.samples {
			if s != nil {
				c := *s
				c.Head = append([]byte(nil), s.Head...)
				c.Credits = append([]Credit(nil), s.Credits...)
				all[w.id][r] = &c
			}
		}
	})
	for _, samples := range all {
		for r, s := range samples {
			if s != nil && (newest[r] == nil || s.Time > newest[r].Time) {
				newest[r] = s
			}
		}
	}
	for _, s := range newest {
		if s != nil {
			list = append(list, *s)
		}
	}
	return list
}
