package control

import (
	"fmt"
	"strings"
	"time"
)

// MegaflowsReply is the reply to megaflows: what the caches have remembered.
type MegaflowsReply []Megaflow

// Megaflow is a decision that holds for all packets that match.
type Megaflow struct {
	Worker   int            `json:"worker"`
	Bridge   string         `json:"bridge"` // of the port that its packets come in by; "" for none
	Port     string         `json:"port"`
	Match    string         `json:"match"`
	Actions  string         `json:"actions"`
	Packets  uint64         `json:"packets"`
	Bytes    uint64         `json:"bytes"`
	Used     float64        `json:"used"`     // seconds since the last packet
	Narrowed bool           `json:"narrowed"` // it matches more than it must: datapath.mask_limit
	Flows    List[FlowName] `json:"flows"`    // that it came from
}

// Text is two lines for each: the decision, and the flows that it came from.
func (r MegaflowsReply) Text() string {
	var b strings.Builder
	for _, m := range r {
		used := time.Duration(m.Used * float64(time.Second)).Round(time.Millisecond)
		fmt.Fprintf(&b, "%s, packets:%d, bytes:%d, used:%v, actions:%s\n", m.Match, m.Packets, m.Bytes, used, m.Actions)
		for _, f := range m.Flows {
			fmt.Fprintf(&b, "    from %s\n", f)
		}
	}
	return b.String()
}

// DatapathFlowsReply is the reply to dpif/dump-flows and dpctl/dump-flows.
type DatapathFlowsReply struct {
	Workers bool               `json:"-"` // say which worker has them
	Flows   List[DatapathFlow] `json:"flows"`
}

// DatapathFlow is a megaflow in the words of Open vSwitch.
type DatapathFlow struct {
	Worker  int     `json:"worker"`
	Match   string  `json:"match"`
	Actions string  `json:"actions"`
	Packets uint64  `json:"packets"`
	Bytes   uint64  `json:"bytes"`
	Used    float64 `json:"used"` // seconds since the last packet
}

// Text is a line for each, as ovs-appctl prints it.
func (r DatapathFlowsReply) Text() string {
	var b strings.Builder
	for i, f := range r.Flows {
		if r.Workers && (i == 0 || f.Worker != r.Flows[i-1].Worker) {
			fmt.Fprintf(&b, "flow-dump from worker: %d\n", f.Worker)
		}
		fmt.Fprintf(&b, "%s, packets:%d, bytes:%d, used:%.3fs, actions:%s\n", f.Match, f.Packets, f.Bytes, f.Used, f.Actions)
	}
	return b.String()
}

// UpcallsReply is the reply to upcall/show.
type UpcallsReply struct {
	Current int       `json:"current"` // megaflows
	Average int       `json:"average"`
	Most    int       `json:"max"`
	Limit   int       `json:"limit"`
	Took    float64   `json:"duration"` // of the last look at all, in seconds
	Workers List[int] `json:"workers"`  // megaflows of each
}

// Text is as ovs-appctl prints it, with workers where Open vSwitch has revalidators.
func (r UpcallsReply) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n  flows         : (current %d) (avg %d) (max %d) (limit %d)\n  dump duration : %dms\n  ufid enabled : false\n\n",
		DatapathName, r.Current, r.Average, r.Most, r.Limit, int(r.Took*1000))
	for i, n := range r.Workers {
		fmt.Fprintf(&b, "  %d: (keys %d)\n", i, n)
	}
	return b.String()
}

// DatapathReply is the reply to dpif/show.
type DatapathReply struct {
	Hits    uint64               `json:"hits"`   // packets that caches knew what to do with
	Misses  uint64               `json:"misses"` // that they did not
	Bridges List[DatapathBridge] `json:"bridges"`
}

// DatapathBridge is a bridge and its ports, by name.
type DatapathBridge struct {
	Name  string             `json:"name"`
	Ports List[DatapathPort] `json:"ports"`
}

// DatapathPort is a port with its numbers in OpenFlow (1.0: LOCAL is 65534) and in the
// datapath; 0 where it has no device.
type DatapathPort struct {
	Name   string `json:"name"`
	Number uint32 `json:"number"`
	Device uint32 `json:"device"`
	Type   string `json:"type"`
	Peer   string `json:"peer,omitempty"` // of a patch port
}

// Text is as ovs-appctl prints it.
func (r DatapathReply) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: hit:%d missed:%d\n", DatapathName, r.Hits, r.Misses)
	for _, bridge := range r.Bridges {
		fmt.Fprintf(&b, "  %s:\n", bridge.Name)
		for _, p := range bridge.Ports {
			device, kind := "none", p.Type
			if p.Device != 0 {
				device = fmt.Sprint(p.Device)
			}
			if p.Peer != "" {
				kind += ": peer=" + p.Peer
			}
			fmt.Fprintf(&b, "    %s %d/%s: (%s)\n", p.Name, p.Number, device, kind)
		}
	}
	return b.String()
}

// DatapathName is the datapath where Open vSwitch's commands name one: type@name.
const DatapathName = "vswitch@vswitch"

// CacheReply is the reply to cache: how well the caches of the workers do.
type CacheReply struct {
	Workers List[CacheCounters] `json:"workers"`
	Masks   List[CacheMask]     `json:"masks"`
}

// CacheCounters are those of one worker.
type CacheCounters struct {
	Worker       int    `json:"worker"`
	ExactHits    uint64 `json:"exact_hits"`
	MegaflowHits uint64 `json:"megaflow_hits"`
	Misses       uint64 `json:"misses"`
	Probed       uint64 `json:"subtables_probed"`
	Megaflows    int    `json:"megaflows"`
	Masks        int    `json:"masks"`
	Narrowed     uint64 `json:"narrowed"`
	NotKept      uint64 `json:"flow_limit_hits"`
}

// CacheMask is one mask of the megaflows of a port.
type CacheMask struct {
	Worker    int    `json:"worker"`
	Bridge    string `json:"bridge"`
	Port      string `json:"port"`
	Fields    string `json:"fields"` // "eth_type, ip_dst/255.255.255.0"
	Megaflows int    `json:"megaflows"`
	Hits      uint64 `json:"hits"` // beyond the first cache
}

// Text is a block for each worker, and a line for each mask.
func (r CacheReply) Text() string {
	var b strings.Builder
	for _, w := range r.Workers {
		lookups := w.ExactHits + w.MegaflowHits + w.Misses
		fmt.Fprintf(&b, "worker %d: %d lookups\n", w.Worker, lookups)
		fmt.Fprintf(&b, "  first cache %d (%s), megaflows %d (%s), decided anew %d (%s)\n", w.ExactHits, share(w.ExactHits, lookups),
			w.MegaflowHits, share(w.MegaflowHits, lookups), w.Misses, share(w.Misses, lookups))
		fmt.Fprintf(&b, "  %d megaflows with %d masks", w.Megaflows, w.Masks)
		if beyond := w.MegaflowHits + w.Misses; beyond > 0 {
			fmt.Fprintf(&b, ", %.1f looked into for each packet beyond the first cache", float64(w.Probed)/float64(beyond))
		}
		fmt.Fprintf(&b, "\n  %d decisions for fewer packets than could be (mask_limit), %d not kept (flow_limit)\n", w.Narrowed, w.NotKept)
		for _, m := range r.Masks {
			if m.Worker == w.Worker {
				fmt.Fprintf(&b, "    %-12s %8d megaflows %12d hits  %s\n", m.Port, m.Megaflows, m.Hits, m.Fields)
			}
		}
	}
	return b.String()
}

// share is n of all in percent.
func share(n, all uint64) string {
	if all == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(all))
}
