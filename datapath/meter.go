package datapath

import (
	"math"
	"math/bits"
	"sync/atomic"

	"vswitch/flow"
	"vswitch/packet"
)

// Meter limits the rate of the frames that pass it (OpenFlow 1.3.5 §5.7). It is
// shared by all workers: each frame costs one atomic operation a band.
//
// A band is a token bucket, kept as the time at which it will be full again. A
// frame that costs more than the whole bucket, such as a super-frame, passes a
// full one and takes it into debt, which later frames wait for: in the long run
// the rate is exact whatever the sizes.
type Meter struct {
	bands          []meterBand
	packets, bytes atomic.Uint64
}

// BandKind says what a band does to frames above its rate.
type BandKind uint8

// Kinds of bands.
const (
	BandDrop   BandKind = iota
	BandRemark          // raises the drop precedence of the DSCP
)

// MeterBand describes a band.
type MeterBand struct {
	Kind      BandKind
	Packets   bool   // Rate and Burst count packets rather than bits
	Rate      uint64 // a second; at least 1
	Burst     uint64 // tokens that the full bucket holds; 0: those of one second
	PrecLevel uint8  // BandRemark: added to the drop precedence
}

// meterBand is a band at work. Its clock ticks as finely as leaves room for the
// bucket: frames cost many ticks, so that rounding to whole ones does not show.
// Ticks are counted modulo 2^64, and only their differences mean anything.
type meterBand struct {
	MeterBand
	shift          int          // a nanosecond is 2^shift ticks
	depth          int64        // ticks that filling the empty bucket takes
	horizon        int64        // nanoseconds of silence after which it is full for certain
	full           atomic.Int64 // tick at which the bucket will be full again
	charged        atomic.Int64 // nanosecond at which a frame was charged, or shortly before
	packets, bytes atomic.Uint64
}

// Limits of meterBand.shift and of ticks, which leave room for a debt of a bucket.
const (
	maxShift = 24
	minShift = -9
	maxTicks = 1 << 60
)

// NewMeter makes a meter whose buckets are full.
func NewMeter(bands []MeterBand) *Meter {
	m := &Meter{bands: make([]meterBand, len(bands))}
	for i := range bands {
		b := &m.bands[i]
		b.MeterBand = bands[i]
		b.Rate = max(b.Rate, 1)
		if b.Burst == 0 {
			b.Burst = b.Rate
		}
		for b.shift = maxShift; b.shift > minShift && b.ticks(b.Burst) >= maxTicks; {
			b.shift--
		}
		b.depth = b.ticks(b.Burst)
		b.horizon = math.MaxInt64 // ticks longer than a nanosecond do not run out
		if b.shift >= 0 {
			b.horizon = shifted(2*maxTicks, -b.shift)
		}
	}
	return m
}

// shifted is n times 2^by.
func shifted(n int64, by int) int64 {
	if by < 0 {
		return n >> -by
	}
	return n << by
}

// ticks is how long tokens take to come, at most maxTicks.
func (b *meterBand) ticks(tokens uint64) int64 {
	second := uint64(shifted(1_000_000_000, b.shift)) // exact: 10^9 is a multiple of 2^9
	hi, lo := bits.Mul64(tokens, second)
	lo, carry := bits.Add64(lo, b.Rate/2, 0) // rounds to the nearest
	if hi += carry; hi >= b.Rate {
		return maxTicks
	}
	n, _ := bits.Div64(hi, lo, b.Rate)
	return int64(min(n, maxTicks))
}

// take charges a frame to the band at a time in nanoseconds, and reports whether it
// was within the rate.
func (b *meterBand) take(now, cost int64) bool {
	at := shifted(now, b.shift)
	if last := b.charged.Load(); now-last > b.horizon/4 && b.charged.CompareAndSwap(last, now) && now-last > b.horizon {
		b.full.Store(at)
	}
	for {
		old := b.full.Load()
		behind := max(old-at, 0) // what the bucket lacks
		if behind > b.depth-min(cost, b.depth) {
			return false
		}
		if b.full.CompareAndSwap(old, at+behind+cost) {
			return true
		}
	}
}

// Pass charges frames of a number of bytes (of Ethernet, without FCS) at a time
// in nanoseconds. It returns the band of the highest rate that is exceeded, or
// -1 where none is.
func (m *Meter) Pass(now int64, frames, bytes uint64) int {
	m.packets.Add(frames)
	m.bytes.Add(bytes)
	exceeded := -1
	for i := range m.bands {
		b := &m.bands[i]
		tokens := bytes * 8
		if b.Packets {
			tokens = frames
		}
		if !b.take(now, b.ticks(tokens)) && (exceeded < 0 || b.Rate > m.bands[exceeded].Rate) {
			exceeded = i
		}
	}
	if exceeded >= 0 {
		m.bands[exceeded].packets.Add(frames)
		m.bands[exceeded].bytes.Add(bytes)
	}
	return exceeded
}

// Admit charges b at a time in nanoseconds and reports whether no band drops it.
// Bands that would remark it only count.
func (m *Meter) Admit(now int64, b *packet.Buf) bool {
	band := m.Pass(now, segments(b), onWire(b))
	return band < 0 || m.bands[band].Kind != BandDrop
}

// MeterCounters are a meter's counters.
type MeterCounters struct {
	Packets, Bytes uint64
	Bands          []Hits // frames that exceeded the band
}

// Counters is what the meter has counted.
func (m *Meter) Counters() MeterCounters {
	c := MeterCounters{Packets: m.packets.Load(), Bytes: m.bytes.Load()}
	for i := range m.bands {
		c.Bands = append(c.Bands, Hits{Packets: m.bands[i].packets.Load(), Bytes: m.bands[i].bytes.Load()})
	}
	return c
}

// meter charges b and reports whether it may go on.
func (w *Worker) meter(b *packet.Buf, m *Meter) bool {
	band := m.Pass(w.now, segments(b), onWire(b))
	if band < 0 {
		return true
	}
	if m.bands[band].Kind == BandDrop {
		return false
	}
	remark(b, m.bands[band].PrecLevel)
	return true
}

// userspace hands b up where the meter of the action, if it has one, admits it. A
// band that remarks does so to the copy that goes up.
func (w *Worker) userspace(b *packet.Buf, k *flow.Key, x *Extra) {
	if x.Meter != nil {
		band := x.Meter.Pass(w.now, segments(b), onWire(b))
		switch {
		case band < 0:
		case x.Meter.bands[band].Kind == BandDrop:
			return
		default:
			c := w.clone(b)
			if c == nil {
				return
			}
			remark(c, x.Meter.bands[band].PrecLevel)
			w.handUp(c, k, x.Handle)
			w.consume(c)
			w.current = b
			return
		}
	}
	w.handUp(b, k, x.Handle)
}

// onWire is the number of bytes that b has on the wire: a super-frame's headers
// count once a segment.
func onWire(b *packet.Buf) uint64 {
	size := uint64(b.Size())
	if o := &b.Offload; o.GSO != packet.GSONone {
		size += (segments(b) - 1) * uint64(o.HdrLen)
	}
	return size
}

// remark makes a packet one to drop sooner: it raises the drop precedence of an
// assured forwarding class, at most to 3 (RFC 2597 §6), and lowers the precedence
// of a class selector, at most to 0 (RFC 2474 §4.2.2). Other code points have
// neither and stay. What stands before the IP header now has to be looked at: an
// action may have pushed a label or a customer's header there.
func remark(b *packet.Buf, level uint8) {
	layers := b.Layers
	defer func() { b.Layers = layers }()
	var k flow.Key
	flow.Extract(b, &k)
	v4 := k.EthType == packet.EthTypeIPv4
	if b.L3 == 0 || !v4 && k.EthType != packet.EthTypeIPv6 {
		return
	}
	tos := k.IPTOS
	class, drop := tos>>5, tos>>3&3
	var value uint8
	switch {
	case tos&0x1c == 0:
		value = (class - min(class, level)) << 5
	case class >= 1 && class <= 4 && drop != 0 && tos&4 == 0:
		value = class<<5 | (drop+min(3-drop, level))<<3
	default:
		return
	}
	if v4 {
		b.SetIPv4(&packet.IPv4Fields{TOS: value}, &packet.IPv4Fields{TOS: 0xfc})
	} else {
		b.SetIPv6(&packet.IPv6Fields{TrafficClass: value}, &packet.IPv6Fields{TrafficClass: 0xfc})
	}
}
