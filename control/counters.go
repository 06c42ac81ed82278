package control

import (
	"fmt"
	"strings"
)

// DropsReply is the reply to drops: ports that have dropped something.
type DropsReply []PortDrops

// PortDrops are one port's drops by reason.
type PortDrops struct {
	Bridge  string          `json:"bridge"` // "" for what no port can be charged with
	Port    string          `json:"port"`
	Reasons List[DropCount] `json:"reasons"` // those that are not 0
}

// DropCount is how many frames were dropped for one reason.
type DropCount struct {
	Reason    string `json:"reason"`    // its stable name: "table_miss"
	Frames    uint64 `json:"frames"`    // since the port was opened
	Direction string `json:"direction"` // "rx" or "tx"
	Meaning   string `json:"meaning"`   // a phrase
}

// Text is a table with a line for each reason.
func (r DropsReply) Text() string {
	if len(r) == 0 {
		return "no drops\n"
	}
	var b strings.Builder
	for _, p := range r {
		if p.Port == "" {
			b.WriteString("no port\n")
		} else {
			fmt.Fprintf(&b, "port %s of bridge %s\n", p.Port, p.Bridge)
		}
		for _, d := range p.Reasons {
			fmt.Fprintf(&b, "  %12d  %s  %-22s %s\n", d.Frames, d.Direction, d.Reason, d.Meaning)
		}
	}
	return b.String()
}

// PortsReply is the reply to ports.
type PortsReply []PortCounters

// PortCounters are one port's counters since it was opened. A super-frame counts
// once in packets; the segments that it stands for count in segments.
type PortCounters struct {
	Bridge string              `json:"bridge"`
	Port   string              `json:"port"`
	OFPort uint32              `json:"ofport"`
	Rx     Counters            `json:"rx"`
	Tx     Counters            `json:"tx"`
	Queues List[QueueCounters] `json:"queues"` // receive queues
}

// Counters are those of one direction.
type Counters struct {
	Packets   uint64 `json:"packets"`
	Bytes     uint64 `json:"bytes"`
	Segments  uint64 `json:"segments"`
	Multicast uint64 `json:"multicast"`
	Broadcast uint64 `json:"broadcast"`
	Dropped   uint64 `json:"dropped"` // by the switch, with a reason
	Errors    uint64 `json:"errors"`  // by the device
	Missed    uint64 `json:"missed"`  // received by the kernel and lost before the switch saw it; only rx
}

// QueueCounters are those of one receive queue.
type QueueCounters struct {
	Queue   int     `json:"queue"`
	Worker  int     `json:"worker"`
	Packets uint64  `json:"packets"`
	Bytes   uint64  `json:"bytes"`
	Busy    float64 `json:"busy"`  // seconds that the worker has spent on it since it has it
	Share   float64 `json:"share"` // of the time in which the worker had something to do; 0 to 1
}

// Text is two lines a port, and one for each queue where there are several.
func (r PortsReply) Text() string {
	var b strings.Builder
	for _, p := range r {
		fmt.Fprintf(&b, "port %s of bridge %s (%s)\n", p.Port, p.Bridge, portNumber(p.OFPort))
		p.Rx.write(&b, "rx")
		p.Tx.write(&b, "tx")
		if len(p.Queues) < 2 {
			continue
		}
		for _, q := range p.Queues {
			fmt.Fprintf(&b, "  queue %d: packets=%d, bytes=%d, worker %d, %.0f %% of its busy time\n", q.Queue, q.Packets, q.Bytes, q.Worker, 100*q.Share)
		}
	}
	return b.String()
}

func (c *Counters) write(b *strings.Builder, direction string) {
	fmt.Fprintf(b, "  %s: packets=%d, bytes=%d, segments=%d, multicast=%d, broadcast=%d, dropped=%d, errors=%d",
		direction, c.Packets, c.Bytes, c.Segments, c.Multicast, c.Broadcast, c.Dropped, c.Errors)
	if direction == "rx" {
		fmt.Fprintf(b, ", missed=%d", c.Missed)
	}
	b.WriteByte('\n')
}

// LedgerReply is the reply to ledger: what became of every frame. Received + Cloned +
// Originated + Split equals Sent + Dropped + Consumed + Merged + Held.
type LedgerReply struct {
	Received   uint64 `json:"received"`
	Cloned     uint64 `json:"cloned"`
	Originated uint64 `json:"originated"`
	Split      uint64 `json:"split"`
	Sent       uint64 `json:"sent"`
	Dropped    uint64 `json:"dropped"`
	Consumed   uint64 `json:"consumed"`
	Merged     uint64 `json:"merged"`
	Held       uint64 `json:"held"`
	Imbalance  int64  `json:"imbalance"` // 0 unless the switch has a bug
}

// Text is the two sides and their difference.
func (l LedgerReply) Text() string {
	return fmt.Sprintf("in:  received=%d, cloned=%d, originated=%d, split=%d\n"+
		"out: sent=%d, dropped=%d, consumed=%d, merged=%d, held=%d\nimbalance: %d\n",
		l.Received, l.Cloned, l.Originated, l.Split, l.Sent, l.Dropped, l.Consumed, l.Merged, l.Held, l.Imbalance)
}

// WorkersReply is the reply to workers.
type WorkersReply []WorkerCounters

// WorkerCounters describe one forwarding thread's work.
type WorkerCounters struct {
	Worker          int     `json:"worker"`
	ExactHits       uint64  `json:"exact_hits"` // packets that the first cache knew
	MegaflowHits    uint64  `json:"megaflow_hits"`
	Misses          uint64  `json:"misses"`
	SubtablesProbed uint64  `json:"subtables_probed"`
	Recirculations  uint64  `json:"recirculations"`
	Upcalls         uint64  `json:"upcalls"`
	Breaths         uint64  `json:"breaths"`
	Busy            float64 `json:"busy_seconds"` // time in which there were frames to work on
	Panics          uint64  `json:"panics"`
	FlowLimitHits   uint64  `json:"flow_limit_hits"` // decisions not kept because of the limit
	Megaflows       int     `json:"megaflows"`
	Subtables       int     `json:"subtables"`
	Narrowed        uint64  `json:"narrowed"` // decisions cached for fewer packets because of the mask limit
	BuffersInUse    int     `json:"buffers_in_use"`
	Buffers         int     `json:"buffers"`
}

// Text is a block of lines for each worker.
func (r WorkersReply) Text() string {
	var b strings.Builder
	for _, w := range r {
		fmt.Fprintf(&b, "worker %d\n", w.Worker)
		fmt.Fprintf(&b, "  lookups: exact=%d, megaflow=%d, missed=%d, subtables probed=%d\n",
			w.ExactHits, w.MegaflowHits, w.Misses, w.SubtablesProbed)
		fmt.Fprintf(&b, "  cache: megaflows=%d, subtables=%d, over the limit=%d, narrowed=%d\n", w.Megaflows, w.Subtables, w.FlowLimitHits, w.Narrowed)
		fmt.Fprintf(&b, "  work: upcalls=%d, recirculations=%d, breaths=%d, panics=%d, busy=%.3fs\n", w.Upcalls, w.Recirculations, w.Breaths, w.Panics, w.Busy)
		fmt.Fprintf(&b, "  buffers: %d of %d in use\n", w.BuffersInUse, w.Buffers)
	}
	return b.String()
}
