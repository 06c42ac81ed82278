package datapath

import (
	"math"
	"math/bits"
	"sync/atomic"

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

type meterBand struct {
	MeterBand
	depth          int64        // time that the full bucket lasts, in ticks
	full           atomic.Int64 // when the bucket will be full again, in ticks
	packets, bytes atomic.Uint64
}

// ticksPerNanosecond makes the smallest frame at 40 Gbit/s cost some hundred ticks.
const ticksPerNanosecond = 64

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
		b.depth = b.ticks(b.Burst)
	}
	return m
}

// ticks is how long tokens take to come, as long as an int64 of ticks can say.
func (b *meterBand) ticks(tokens uint64) int64 {
	hi, lo := bits.Mul64(tokens, 1_000_000_000*ticksPerNanosecond)
	if hi >= b.Rate {
		return math.MaxInt64 / 4
	}
	n, _ := bits.Div64(hi, lo, b.Rate)
	return int64(min(n, math.MaxInt64/4))
}

// take charges a frame to the band and reports whether it was within the rate.
func (b *meterBand) take(now int64, cost int64) bool {
	for {
		old := b.full.Load()
		from := max(old, now)
		if from-now > b.depth-min(cost, b.depth) {
			return false
		}
		if b.full.CompareAndSwap(old, from+cost) {
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
		if !b.take(now*ticksPerNanosecond, b.ticks(tokens)) && (exceeded < 0 || b.Rate > m.bands[exceeded].Rate) {
			exceeded = i
		}
	}
	if exceeded >= 0 {
		m.bands[exceeded].packets.Add(frames)
		m.bands[exceeded].bytes.Add(bytes)
	}
	return exceeded
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

// Inherit takes over what another meter has counted, in as many bands as both
// have.
func (m *Meter) Inherit(from *Meter) {
	c := from.Counters()
	m.packets.Store(c.Packets)
	m.bytes.Store(c.Bytes)
	for i := range min(len(m.bands), len(c.Bands)) {
		m.bands[i].packets.Store(c.Bands[i].Packets)
		m.bands[i].bytes.Store(c.Bands[i].Bytes)
	}
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

// onWire is the number of bytes that b has on the wire: a super-frame's headers
// count once a segment.
func onWire(b *packet.Buf) uint64 {
	size := uint64(b.Size())
	if o := &b.Offload; o.GSO != packet.GSONone {
		size += (segments(b) - 1) * uint64(o.HdrLen)
	}
	return size
}

// remark raises the drop precedence of an assured forwarding class, at most to 3
// (RFC 2597 §6). Other code points have none and stay.
func remark(b *packet.Buf, level uint8) {
	head := b.Bytes()
	if b.L3 == 0 || int(b.L3)+2 > len(head) {
		return
	}
	l3 := head[b.L3:]
	v4 := l3[0]>>4 == 4
	tos := l3[1]
	if !v4 {
		tos = l3[0]<<4 | l3[1]>>4
	}
	class, drop := tos>>5, tos>>3&3
	if class < 1 || class > 4 || drop == 0 || tos&4 != 0 {
		return
	}
	value := class<<5 | min(3, drop+level)<<3
	if v4 {
		b.SetIPv4(&packet.IPv4Fields{TOS: value}, &packet.IPv4Fields{TOS: 0xfc})
	} else {
		b.SetIPv6(&packet.IPv6Fields{TrafficClass: value}, &packet.IPv6Fields{TrafficClass: 0xfc})
	}
}
