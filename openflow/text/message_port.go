package text

import (
	"slices"
	"strconv"
	"strings"

	"vswitch/openflow"
)

// portMessages are the rows of messages about ports.
func portMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, h *openflow.Header, m *openflow.PortStatus) {
			w.byte(' ').nameOf([]string{"ADD:", "DEL:", "MOD:"}, int(m.Reason))
			w.portDesc(h.Version, &m.Port)
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PortMod) { w.portMod(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PortDescRequest) { w.str(" port=").port(m.Port) }),
		prints(func(w *printer, h *openflow.Header, m *openflow.PortDescReply) {
			w.byte('\n').ports(h.Version, m.Ports)
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PortStatsRequest) { w.str(" port_no=").port(m.Port) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.PortStatsReply) {
			w.byte(' ').uint(uint64(len(m.Ports))).str(" ports\n")
			for i := range m.Ports {
				w.portStats(&m.Ports[i])
			}
		}),
	}
}

// Names of bits, the lowest first.
var (
	portConfigs  = [...]string{"PORT_DOWN", "NO_STP", "NO_RECV", "NO_RECV_STP", "NO_FLOOD", "NO_FWD", "NO_PACKET_IN"}
	portStates   = [...]string{"LINK_DOWN", "BLOCKED", "LIVE"}
	portFeatures = [...]string{"10MB-HD", "10MB-FD", "100MB-HD", "100MB-FD", "1GB-HD", "1GB-FD", "10GB-FD", "40GB-FD",
		"100GB-FD", "1TB-FD", "OTHER", "COPPER", "FIBER", "AUTO_NEG", "AUTO_PAUSE", "AUTO_PAUSE_ASYM"}
)

// AppendPorts appends the descriptions of ports to dst, as show and
// dump-ports-desc write them: ascending. v is the version they came in.
func AppendPorts(dst []byte, v openflow.Version, ports []openflow.Port, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.ports(v, ports)
	return w.dst
}

func (w *printer) ports(v openflow.Version, ports []openflow.Port) {
	sorted := slices.Clone(ports)
	slices.SortStableFunc(sorted, func(a, b openflow.Port) int {
		switch {
		case a.No < b.No:
			return -1
		case a.No > b.No:
			return 1
		}
		return 0
	})
	for i := range sorted {
		w.portDesc(v, &sorted[i])
	}
}

func (w *printer) portDesc(v openflow.Version, p *openflow.Port) {
	name := p.Name
	if end := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r > '~' }); end >= 0 {
		name = name[:end]
	}
	w.byte(' ').str(p.No.String()).byte('(').str(name).str("): addr:").mac(p.MAC).byte('\n')
	w.str("     config:     ").bits(uint64(p.Config), portConfigs[:], " ").byte('\n')
	w.str("     state:      ").portState(p.State).byte('\n')
	feature := func(what string, f openflow.PortFeatures) {
		if f != 0 {
			w.str(what).bits(uint64(f), portFeatures[:], " ").byte('\n')
		}
	}
	feature("     current:    ", p.Current)
	feature("     advertised: ", p.Advertised)
	feature("     supported:  ", p.Supported)
	feature("     peer:       ", p.Peer)
	const kbpsPerMbps = 1000
	now, most := p.CurrentSpeed/kbpsPerMbps, p.MaxSpeed/kbpsPerMbps
	if v == openflow.V10 {
		now, most = speedOf(p.Current), speedOf(p.Supported)
	}
	w.str("     speed: ").uint(uint64(now)).str(" Mbps now, ").uint(uint64(most)).str(" Mbps max\n")
}

// speedOf is the speed of the fastest of link modes, in Mbps. OpenFlow 1.0 says no
// more of speeds.
func speedOf(f openflow.PortFeatures) uint32 {
	for _, mode := range [...]struct {
		features openflow.PortFeatures
		mbps     uint32
	}{
		{openflow.Feature1TbFD, 1000000},
		{openflow.Feature100GbFD, 100000},
		{openflow.Feature40GbFD, 40000},
		{openflow.Feature10GbFD, 10000},
		{openflow.Feature1GbHD | openflow.Feature1GbFD, 1000},
		{openflow.Feature100MbHD | openflow.Feature100MbFD, 100},
		{openflow.Feature10MbHD | openflow.Feature10MbFD, 10},
	} {
		if f&mode.features != 0 {
			return mode.mbps
		}
	}
	return 0
}

// portState writes a port's state; the spanning tree's part of it comes first,
// and "listening", which is 0, is left out.
func (w *printer) portState(s openflow.PortState) *printer {
	const firstSTP = 8
	stp := s & openflow.PortSTPMask
	if stp == 0 {
		return w.bits(uint64(s), portStates[:], " ")
	}
	w.str([...]string{"", "STP_LEARN", "STP_FORWARD", "STP_BLOCK"}[stp>>firstSTP])
	if s &^= openflow.PortSTPMask; s != 0 {
		w.bits(uint64(s), portStates[:], " ")
	}
	return w
}

func (w *printer) portMod(m *openflow.PortMod) {
	w.str(" port: ").port(m.Port).str(": addr:").mac(m.MAC).byte('\n')
	w.str("     config: ").bits(uint64(m.Config), portConfigs[:], " ").byte('\n')
	w.str("     mask:   ").bits(uint64(m.Mask), portConfigs[:], " ").byte('\n')
	w.str("     advertise: ")
	if m.Advertise == 0 {
		w.str("UNCHANGED\n")
		return
	}
	w.bits(uint64(m.Advertise), portFeatures[:], " ").byte('\n')
}

// count writes a counter, "?" where it is not kept.
func (w *printer) count(n uint64) *printer {
	if n == openflow.NoCount {
		return w.byte('?')
	}
	return w.uint(n)
}

// counter is a name and a number.
type counter struct {
	name string
	n    uint64
}

// counters writes "name=n, name=n".
func (w *printer) counters(list ...counter) *printer {
	for i, c := range list {
		if i > 0 {
			w.str(", ")
		}
		w.str(c.name).byte('=').count(c.n)
	}
	return w
}

func (w *printer) portStats(p *openflow.PortStats) {
	w.str("  port ")
	if p.Port < 10 {
		w.byte(' ')
	}
	w.port(p.Port).str(": rx ").counters(counter{"pkts", p.RxPackets}, counter{"bytes", p.RxBytes}, counter{"drop", p.RxDropped},
		counter{"errs", p.RxErrors}, counter{"frame", p.RxFrameErr}, counter{"over", p.RxOverErr}, counter{"crc", p.RxCRCErr})
	w.str("\n           tx ").counters(counter{"pkts", p.TxPackets}, counter{"bytes", p.TxBytes}, counter{"drop", p.TxDropped},
		counter{"errs", p.TxErrors}, counter{"coll", p.Collisions}).byte('\n')
	if p.Duration != openflow.DurationUnknown {
		w.str("           duration=").duration(p.Duration).byte('\n')
	}
	if r := p.RFC2819; r != nil {
		w.rfc2819("           rx rfc2819 ", counter{"1_to_64_packets", r.Rx1To64}, counter{"65_to_127_packets", r.Rx65To127},
			counter{"128_to_255_packets", r.Rx128To255}, counter{"256_to_511_packets", r.Rx256To511},
			counter{"512_to_1023_packets", r.Rx512To1023}, counter{"1024_to_1522_packets", r.Rx1024To1522},
			counter{"1523_to_max_packets", r.Rx1523ToMax}, counter{"broadcast_packets", r.RxBroadcast},
			counter{"undersized_errors", r.RxUndersized}, counter{"oversize_errors", r.RxOversized},
			counter{"rx_fragmented_errors", r.RxFragmented}, counter{"rx_jabber_errors", r.RxJabber})
		w.rfc2819("           tx rfc2819 ", counter{"1_to_64_packets", r.Tx1To64}, counter{"65_to_127_packets", r.Tx65To127},
			counter{"128_to_255_packets", r.Tx128To255}, counter{"256_to_511_packets", r.Tx256To511},
			counter{"512_to_1023_packets", r.Tx512To1023}, counter{"1024_to_1522_packets", r.Tx1024To1522},
			counter{"1523_to_max_packets", r.Tx1523ToMax}, counter{"multicast_packets", r.TxMulticast},
			counter{"broadcast_packets", r.TxBroadcast})
	}
	w.customCounters(p.Custom)
}

// rfc2819 writes a line of those counters that are kept, if any is.
func (w *printer) rfc2819(head string, list ...counter) {
	start := len(w.dst)
	w.str(head)
	some := false
	for _, c := range list {
		if c.n != openflow.NoCount {
			some = true
			w.str(c.name).byte('=').uint(c.n).str(", ")
		}
	}
	if !some {
		w.dst = w.dst[:start]
		return
	}
	w.byte('\n')
}

func (w *printer) customCounters(list []openflow.CustomCounter) {
	const perLine = 3
	if len(list) == 0 {
		return
	}
	w.str("           CUSTOM Statistics")
	for i, c := range list {
		if c.Name == "" {
			continue
		}
		if i%perLine == 0 {
			w.str("\n                      ")
		} else {
			w.byte(' ')
		}
		w.str(c.Name).byte('=').uint(c.Value).byte(',')
	}
	w.byte('\n')
}

// queueMessages are the rows of messages about queues.
func queueMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueConfigRequest) { w.str(" port=").port(m.Port) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueConfigReply) {
			queues := slices.Clone(m.Queues)
			for i := range queues {
				queues[i].Port = m.Port
			}
			w.queues(queues)
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueDescRequest) {
			w.str(" port=").port(m.Port)
			if m.Queue != openflow.QueueAll {
				w.str(" queue=").queue(m.Queue)
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueDescReply) { w.queues(slices.Clone(m.Queues)) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueStatsRequest) {
			w.str(" port=").port(m.Port).str(" queue=").queue(m.Queue)
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.QueueStatsReply) {
			w.byte(' ').uint(uint64(len(m.Queues))).str(" queues\n")
			for i := range m.Queues {
				w.queueStats(&m.Queues[i])
			}
		}),
	}
}

func (w *printer) queue(id uint32) *printer {
	if id == openflow.QueueAll {
		return w.str("ALL")
	}
	return w.uint(uint64(id))
}

// queues writes the configuration of queues, by port and number, and sorts its
// argument so.
func (w *printer) queues(queues []openflow.Queue) {
	slices.SortStableFunc(queues, func(a, b openflow.Queue) int {
		if a.Port != b.Port {
			return comparePorts(a.Port, b.Port)
		}
		return int(int64(a.ID) - int64(b.ID))
	})
	w.byte(' ')
	port := openflow.PortNo(0)
	for i := range queues {
		q := &queues[i]
		if q.Port != port {
			port = q.Port
			w.str("port=").port(port).byte('\n')
		}
		w.str("queue ").uint(uint64(q.ID)).byte(':').rate(" min_rate:", q.MinRate).rate(" max_rate:", q.MaxRate).byte('\n')
	}
	w.chomp(' ')
}

func comparePorts(a, b openflow.PortNo) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rate writes a queue's rate, nothing where it has none.
func (w *printer) rate(name string, tenths uint16) *printer {
	const whole = 1000
	switch {
	case tenths <= whole:
		w.str(name).str(strconv.FormatFloat(float64(tenths)/10, 'f', 1, 64)).byte('%')
	case tenths != openflow.RateUnset:
		w.str(name).str("(disabled)")
	}
	return w
}

func (w *printer) queueStats(q *openflow.QueueStats) {
	w.str("  port ").port(q.Port).str(" queue ").queue(q.Queue).str(": ")
	w.counters(counter{"bytes", q.TxBytes}, counter{"pkts", q.TxPackets}, counter{"errors", q.TxErrors}).str(", duration=")
	if q.Duration == openflow.DurationUnknown {
		w.byte('?')
	} else {
		w.duration(q.Duration)
	}
	w.byte('\n')
}
