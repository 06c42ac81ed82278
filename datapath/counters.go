package datapath

import (
	"sync/atomic"
	"time"
)

// Counters of one port. A super-frame counts once in packets, as the kernel
// does; the segments it stands for count in the *Segments fields.
type PortCounters struct {
	RxPackets, RxBytes, RxSegments uint64
	RxMulticast, RxBroadcast       uint64
	RxMissed, RxErrors             uint64 // from the driver
	TxPackets, TxBytes, TxSegments uint64
	TxMulticast, TxBroadcast       uint64
	TxErrors                       uint64 // from the driver
	Drops                          [NumDropReasons]uint64
	Queues                         []QueueCounters // receive queues
}

// QueueCounters are those of one receive queue.
type QueueCounters struct {
	Packets, Bytes uint64
	Worker         int
	Busy           time.Duration // that Worker has spent on the queue since it has it
}

// RxDropped is the sum of the drops charged at receive.
func (c *PortCounters) RxDropped() uint64 { return c.dropped(false) }

// RxRefused is the part of RxDropped that flows, groups, meters and NORMAL had no say in:
// broken frames, what the switch had no room for, and a port that is not to receive.
func (c *PortCounters) RxRefused() (n uint64) {
	for r := DropNone + 1; r < DropFlow; r++ {
		n += c.Drops[r]
	}
	return n + c.Drops[DropPortNoRecv] + c.Drops[DropPortDown]
}

// TxDropped is the sum of the drops charged at transmit.
func (c *PortCounters) TxDropped() uint64 { return c.dropped(true) }

func (c *PortCounters) dropped(tx bool) (n uint64) {
	for r, d := range c.Drops {
		if dropTable[r].Tx == tx {
			n += d
		}
	}
	return n
}

// Indices of a worker's counters of one port; the drop reasons follow.
const (
	cRxPackets = iota
	cRxBytes
	cRxSegments
	cRxMulticast
	cRxBroadcast
	cTxPackets
	cTxBytes
	cTxSegments
	cTxMulticast
	cTxBroadcast
	cDrops
	numPortCounters = cDrops + int(NumDropReasons)
)

// tally is one worker's counters of one port: now has one writer and no
// readers but it; published follows it once a breath, for everybody else.
type tally struct {
	dirty     bool
	now       [numPortCounters]uint64
	_         [64]byte // another worker's tally must not share a cache line
	published [numPortCounters]atomic.Uint64
}

func (t *tally) publish() {
	for i := range t.now {
		if v := t.now[i]; t.published[i].Load() != v {
			t.published[i].Store(v)
		}
	}
	t.dirty = false
}

// addTo adds what is published to c.
func (t *tally) addTo(c *PortCounters) {
	at := func(i int) uint64 { return t.published[i].Load() }
	c.RxPackets += at(cRxPackets)
	c.RxBytes += at(cRxBytes)
	c.RxSegments += at(cRxSegments)
	c.RxMulticast += at(cRxMulticast)
	c.RxBroadcast += at(cRxBroadcast)
	c.TxPackets += at(cTxPackets)
	c.TxBytes += at(cTxBytes)
	c.TxSegments += at(cTxSegments)
	c.TxMulticast += at(cTxMulticast)
	c.TxBroadcast += at(cTxBroadcast)
	for r := range c.Drops {
		c.Drops[r] += at(cDrops + r)
	}
}

// Ledger is the conservation account of a datapath, in frames (design law 5):
// Received + Cloned + Originated + Split = Sent + Dropped + Consumed + Merged + Held.
type Ledger struct {
	Received, Cloned, Originated, Split uint64
	Sent, Dropped, Consumed, Merged     uint64
	Held                                uint64
}

// Imbalance is 0 when every frame is accounted for.
func (l Ledger) Imbalance() int64 {
	in := l.Received + l.Cloned + l.Originated + l.Split
	out := l.Sent + l.Dropped + l.Consumed + l.Merged + l.Held
	return int64(in) - int64(out)
}

// Indices of a worker's own counters.
const (
	wReceived = iota
	wCloned
	wOriginated
	wSplit
	wSent
	wDropped
	wConsumed
	wMerged
	wHeld
	wSignatureHits
	wMegaflowHits
	wMisses
	wProbed // subtables
	wRecirculations
	wUpcalls
	wBreaths
	wBusy // nanoseconds
	wPanics
	wFlowLimit
	wNarrowed
	// States rather than counts, noted when they are published.
	wMegaflows
	wSubtables
	wBuffersInUse
	wBuffers
	wSpillsInUse
	wSpills
	wDelay  // nanoseconds that a woken worker may wait
	wEnough // frames that end the wait
	numWorkerCounters
)

// WorkerCounters describe one worker's work.
type WorkerCounters struct {
	Worker                              int
	SignatureHits, MegaflowHits, Misses uint64
	SubtablesProbed, Recirculations     uint64
	Upcalls, Breaths, Panics            uint64
	Busy                                time.Duration // in which there were frames to work on
	FlowLimit                           uint64        // decisions that were not kept because of the flow limit
	Megaflows, Subtables                int
	Narrowed                            uint64 // decisions kept for fewer packets because of the mask limit
	BuffersInUse, Buffers               int
	SpillsInUse, Spills                 int
	Coalesce                            Coalesce // in force
}

type workerTally struct {
	now       [numWorkerCounters]uint64
	_         [64]byte
	published [numWorkerCounters]atomic.Uint64
}

func (t *workerTally) publish() {
	for i := range t.now {
		if v := t.now[i]; t.published[i].Load() != v {
			t.published[i].Store(v)
		}
	}
}

// counters is what is published.
func (t *workerTally) counters(worker int) WorkerCounters {
	at := func(i int) uint64 { return t.published[i].Load() }
	return WorkerCounters{
		Worker:          worker,
		SignatureHits:   at(wSignatureHits),
		MegaflowHits:    at(wMegaflowHits),
		Misses:          at(wMisses),
		SubtablesProbed: at(wProbed),
		Recirculations:  at(wRecirculations),
		Upcalls:         at(wUpcalls),
		Breaths:         at(wBreaths),
		Busy:            time.Duration(at(wBusy)),
		Panics:          at(wPanics),
		FlowLimit:       at(wFlowLimit),
		Megaflows:       int(at(wMegaflows)),
		Subtables:       int(at(wSubtables)),
		Narrowed:        at(wNarrowed),
		BuffersInUse:    int(at(wBuffersInUse)),
		Buffers:         int(at(wBuffers)),
		SpillsInUse:     int(at(wSpillsInUse)),
		Spills:          int(at(wSpills)),
		Coalesce:        Coalesce{time.Duration(at(wDelay)), int(at(wEnough))},
	}
}

func (t *workerTally) addTo(l *Ledger) {
	at := func(i int) uint64 { return t.published[i].Load() }
	l.Received += at(wReceived)
	l.Cloned += at(wCloned)
	l.Originated += at(wOriginated)
	l.Split += at(wSplit)
	l.Sent += at(wSent)
	l.Dropped += at(wDropped)
	l.Consumed += at(wConsumed)
	l.Merged += at(wMerged)
	l.Held += at(wHeld)
}
