package oracle

import (
	"fmt"
	"slices"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/packet"
)

// meter is buckets of tokens.
type meter struct {
	openflow.MeterConfig
	bands          []band
	at             float64 // second at which the bands were as they are
	packets, bytes uint64
	unsure         bool
	by             *walk // the copy of the packet in work that was charged; nil: none
	tight          bool  // that might have gone otherwise in another order of copies
}

type band struct {
	level          float64 // tokens
	packets, bytes uint64
}

// AddMeter adds a meter that the switch has accepted.
func (r *Reference) AddMeter(to string, c openflow.MeterConfig) {
	m := &meter{MeterConfig: c, at: r.now}
	for i := range c.Bands {
		m.bands = append(m.bands, band{level: m.most(i)})
	}
	r.bridges[to].meters[c.Meter] = m
}

// rate is how many tokens, packets or bits, a band gets a second.
func (m *meter) rate(i int) float64 { return float64(m.Bands[i].Rate) * m.unit() }

// most is how many tokens a band can have: those of a second where nothing is said.
func (m *meter) most(i int) float64 {
	if m.Flags&openflow.MeterBurst == 0 || m.Bands[i].Burst == 0 {
		return m.rate(i)
	}
	return float64(m.Bands[i].Burst) * m.unit()
}

func (m *meter) unit() float64 {
	if m.Flags&openflow.MeterPktps != 0 {
		return 1
	}
	return 1000
}

// clockError is how far the clock of a switch may be off the reference's, in
// seconds: it goes on by nanoseconds while the switch works.
const clockError = 2e-5

// charge takes a packet's tokens from all bands at second now. It returns the
// exceeded band of the highest rate, or -1, and whether the clock alone decided.
func (m *meter) charge(now float64, size int) (exceeded int, close bool) {
	exceeded = -1
	m.packets++
	m.bytes += uint64(size)
	for i := range m.bands {
		b := &m.bands[i]
		cost := float64(size * 8)
		if m.Flags&openflow.MeterPktps != 0 {
			cost = 1
		}
		b.level = min(b.level+(now-m.at)*m.rate(i), m.most(i))
		missing := min(cost, m.most(i)) - b.level // a full bucket is enough for any packet
		margin := clockError * m.rate(i)
		close = close || missing > -margin && missing < margin && b.level < m.most(i)
		m.tight = m.tight || missing > 0 || cost > m.most(i)
		if missing <= 0 {
			b.level -= cost
		} else if exceeded < 0 || m.Bands[i].Rate > m.Bands[exceeded].Rate {
			exceeded = i
		}
	}
	m.at = now
	if exceeded >= 0 {
		m.bands[exceeded].packets++
		m.bands[exceeded].bytes += uint64(size)
	}
	return exceeded, close
}

// meter limits the rate.
func (w *walk) meter(id uint32) {
	m := w.bridge.meters[id]
	if m == nil {
		return
	}
	if w.dead {
		w.unknown("a meter for a packet that could not be changed")
		return
	}
	c := w.o.charged(m)
	other := c.by != nil && c.by != w
	exceeded, close := c.charge(w.r.now, len(w.data))
	c.by = w
	switch {
	case other && c.tight:
		w.unknown("copies that share a meter")
	case close:
		w.unknown("a meter at its limit")
	case exceeded < 0:
	case m.Bands[exceeded].Type == openflow.BandDrop:
		w.drop("meter")
		w.dead, w.metered = true, true
	default:
		w.lookAgain()
		w.remark(m.Bands[exceeded].PrecLevel)
	}
}

// charged is the meter as the packet in work leaves it.
func (o *outcome) charged(m *meter) *meter {
	if o.meters[m] == nil {
		c := *m
		c.bands, c.by, c.tight = slices.Clone(m.bands), nil, false
		o.meters[m] = &c
	}
	return o.meters[m]
}

// remark makes the packet one to drop sooner: by the drop precedence of an assured
// forwarding class, AF11 to AF43 (RFC 2597), or by the class of a selector, CS0 to
// CS7 (RFC 2474).
func (w *walk) remark(level uint8) {
	v := w.r.look(&w.frame)
	if !v.hasNetwork() || v.EthType != packet.EthTypeIPv4 && v.EthType != packet.EthTypeIPv6 {
		return
	}
	f := flow.FieldByID(flow.FieldIPDSCP)
	dscp := int(f.Load(&v.Pipeline).Lo)
	switch class, drop := dscp/8, dscp%8/2; {
	case dscp%8 == 0:
		dscp = 8 * max(class-int(level), 0)
	case dscp%2 == 0 && class >= 1 && class <= 4:
		dscp = 8*class + 2*min(drop+int(level), 3)
	}
	w.setField(f.ID, flow.U64(uint64(dscp)), f.Full())
}

func (b *bridge) compareMeters(reply *openflow.MeterStatsReply, fault func(string, ...any)) {
	for _, s := range reply.Meters {
		m := b.meters[s.Meter]
		if m.unsure {
			continue
		}
		if m.packets != s.Packets || m.bytes != s.Bytes {
			fault("meter %d: %d packets, %d bytes and not %d, %d", s.Meter, s.Packets, s.Bytes, m.packets, m.bytes)
		}
		for i, have := range s.Bands {
			if have.Packets != m.bands[i].packets || have.Bytes != m.bands[i].bytes {
				fault("meter %d band %d: %d packets, %d bytes and not %d, %d", s.Meter, i, have.Packets, have.Bytes, m.bands[i].packets, m.bands[i].bytes)
			}
		}
	}
}

// meters are meters 1 to numMeters as lines of ovs-ofctl's syntax.
func (g tables) meters() (lines []string) {
	for id := 1; id <= numMeters; id++ {
		line, unit := fmt.Sprintf("meter=%d", id), []string{"pktps", "kbps"}[g.IntN(2)]
		rate := map[string]int{"pktps": 20, "kbps": 10}[unit]
		line += " " + unit
		burst := !g.one(4)
		if burst {
			line += " burst"
		}
		line += " bands="
		for range 1 + g.IntN(2) {
			if g.one(2) {
				line += " type=drop"
			} else {
				line += fmt.Sprintf(" type=dscp_remark prec_level=%d", 1+g.IntN(3))
			}
			line += fmt.Sprintf(" rate=%d", rate+g.IntN(rate))
			if burst {
				line += fmt.Sprintf(" burst_size=%d", 1+g.IntN(4))
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// numMeters is how many meters random cases have.
const numMeters = 3
