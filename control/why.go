package control

import (
	"fmt"
	"strings"
	"time"
)

// WhyReply is the reply to why: what ports did not forward, and why.
type WhyReply []PortWhy

// PortWhy is one port's account.
type PortWhy struct {
	Bridge string        `json:"bridge"`
	Port   string        `json:"port"`
	State  string        `json:"state"`  // what keeps the port as a whole from forwarding; "" for nothing
	Missed uint64        `json:"missed"` // received by the kernel and lost before the switch saw it
	Errors uint64        `json:"errors"` // of the device, both directions
	Drops  List[WhyDrop] `json:"drops"`  // most frequent first
}

// WhyDrop is one reason, with a frame that it met.
type WhyDrop struct {
	DropCount
	Flows  List[FlowName] `json:"flows"`  // that decided about the sample
	By     *Culprit       `json:"by"`     // what else did; nil for nothing that is known
	Sample *FrameSample   `json:"sample"` // nil where none was kept
}

// Culprit names what dropped a frame and is no flow.
type Culprit struct {
	Bridge string `json:"bridge"`
	Kind   string `json:"kind"` // table (no flow matched), group (no bucket is live), meter
	Name   string `json:"name"`
}

func (c Culprit) String() string { return fmt.Sprintf("%s %s of bridge %s", c.Kind, c.Name, c.Bridge) }

// FlowName names a flow.
type FlowName struct {
	Bridge   string `json:"bridge"`
	Table    uint8  `json:"table"`
	Priority uint16 `json:"priority"`
	Cookie   uint64 `json:"cookie"`
}

func (f FlowName) String() string {
	return fmt.Sprintf("table=%d, priority=%d, cookie=%#x of bridge %s", f.Table, f.Priority, f.Cookie, f.Bridge)
}

// FlowsReply is the reply to flows: flows in use.
type FlowsReply []FlowActivity

// FlowActivity is what a flow has counted.
type FlowActivity struct {
	FlowName
	Match   string `json:"match"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Text is a line for each.
func (r FlowsReply) Text() string {
	var b strings.Builder
	for _, f := range r {
		fmt.Fprintf(&b, "%s: packets=%d, bytes=%d, match %s\n", f.FlowName, f.Packets, f.Bytes, f.Match)
	}
	return b.String()
}

// FrameSample is a frame that was dropped.
type FrameSample struct {
	Age    float64 `json:"age"`     // seconds since it was dropped
	InPort string  `json:"in_port"` // the name of the port that it came in by; "" where there is none
	Bridge string  `json:"bridge"`  // of that port
	Size   int     `json:"size"`
	Flow   string  `json:"flow"`
	Frame  string  `json:"frame"` // its first bytes, in hexadecimal digits
}

// Text tells of each port.
func (r WhyReply) Text() string {
	var b strings.Builder
	for _, p := range r {
		p.write(&b)
	}
	return b.String()
}

func (p *PortWhy) write(b *strings.Builder) {
	total := uint64(0)
	for _, d := range p.Drops {
		total += d.Frames
	}
	fmt.Fprintf(b, "port %s of bridge %s: %d frames dropped\n", p.Port, p.Bridge, total)
	if p.State != "" {
		fmt.Fprintf(b, "  %s\n", p.State)
	}
	if p.Missed > 0 {
		fmt.Fprintf(b, "  %d more were lost in the kernel, before the switch read them: the switch was too slow for them\n", p.Missed)
	}
	if p.Errors > 0 {
		fmt.Fprintf(b, "  %d errors of the device\n", p.Errors)
	}
	for _, d := range p.Drops {
		fmt.Fprintf(b, "  %d %s %s: %s\n", d.Frames, d.Direction, d.Reason, d.Meaning)
		for _, f := range d.Flows {
			fmt.Fprintf(b, "      flow %s\n", f)
		}
		if d.By != nil {
			fmt.Fprintf(b, "      by %s\n", d.By)
		}
		if s := d.Sample; s != nil {
			age := time.Duration(s.Age * float64(time.Second)).Round(10 * time.Millisecond)
			fmt.Fprintf(b, "      last %v ago, %d bytes: %s\n", age, s.Size, s.Flow)
			if s.InPort != "" {
				fmt.Fprintf(b, "      ofctl trace %s in_port=%s %s\n", s.Bridge, s.InPort, s.Frame)
			}
		}
	}
}
