package ofproto

import (
	"encoding/hex"
	"errors"
	"fmt"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// Trace is the story of one packet: what translation did, without anything being
// done. Then are the parts after recirculations.
type Trace struct {
	RecircID uint32        `json:"recirc_id"` // 0 at the beginning
	Flow     string        `json:"flow"`      // the packet at the beginning
	Story    []*TraceNode  `json:"story"`
	Final    string        `json:"final,omitempty"`   // the packet at the end, where it has changed
	Megaflow string        `json:"megaflow"`          // the packets that go the same way
	Actions  string        `json:"actions"`           // of the datapath
	Failed   string        `json:"failed,omitempty"`  // why nothing of it happens
	Outputs  []TraceOutput `json:"outputs,omitempty"` // what would be sent
	Then     []*Trace      `json:"then,omitempty"`    // what comes after recirculations
}

// TraceOutput is a frame that would be sent.
type TraceOutput struct {
	Port  string `json:"port"`
	Frame string `json:"frame"` // in hexadecimal digits
}

// TraceKind says what a TraceNode tells of.
type TraceKind uint8

// Kinds of nodes, after Open vSwitch's trace.
const (
	TraceBridge TraceKind = iota
	TraceTable
	TraceAction
	TraceBucket
	TraceDetail // how an action went
	TraceWarning
	TraceError
)

// TraceNode is a step of the story, with the steps that it led to.
type TraceNode struct {
	Kind TraceKind    `json:"kind"`
	Text string       `json:"text"`
	Sub  []*TraceNode `json:"sub,omitempty"`
}

// MarshalText gives the kind its name in JSON.
func (k TraceKind) MarshalText() ([]byte, error) {
	return []byte([...]string{"bridge", "table", "action", "bucket", "detail", "warning", "error"}[k]), nil
}

// TraceOptions say how a trace is told.
type TraceOptions struct {
	Names bool              // ports by name
	From  []openflow.Action // actions of a packet-out, instead of the pipeline
	Out   bool              // From counts
	Given *flow.Match       // registers and metadata that the packet has from the start; nil: none
}

// tracer tells the story of a translation. Nil tells nothing, at no cost.
type tracer struct {
	place
	o text.PrintOptions
}

// place is where in the story the next step goes.
type place struct {
	list     *[]*TraceNode // that grows
	pipeline *[]*TraceNode // of the bridge's first table: the action set ends it
}

// tell adds a step, and returns it.
func (t *tracer) tell(kind TraceKind, text string) *TraceNode {
	n := &TraceNode{Kind: kind, Text: text}
	*t.list = append(*t.list, n)
	return n
}

// told is the place in the story now.
func (x *xlate) told() place {
	if x.trace == nil {
		return place{}
	}
	return x.trace.place
}

// noteEnd begins the story of an action set.
func (x *xlate) noteEnd() {
	if x.trace == nil {
		return
	}
	if x.trace.pipeline != nil {
		x.trace.list = x.trace.pipeline
	}
	x.trace.list = &x.trace.tell(TraceTable, "--. Executing action set:").Sub
}

// tellOn goes on telling in a list; nil is the present one.
func (x *xlate) tellOn(list *[]*TraceNode) {
	if x.trace != nil && list != nil {
		x.trace.list = list
	}
}

// forgetStories makes frames ones that outlive a trace.
func forgetStories(work []frame) []frame {
	for i := range work {
		work[i].story = nil
	}
	return work
}

// note tells how an action goes. format is not looked at without a tracer.
func (x *xlate) note(kind TraceKind, format string, args ...any) {
	if x.trace != nil {
		x.trace.tell(kind, fmt.Sprintf(format, args...))
	}
}

// noteTable begins the story of a lookup in table n: with the rule found, or nil.
func (x *xlate) noteTable(n uint8, r *Rule) {
	line := fmt.Sprintf("%2d. ", n)
	if r == nil {
		line += "No match."
	} else {
		m := openflow.Match{}
		r.match().Expand(&m.Match)
		if match := text.AppendMatch(nil, &m, x.trace.o); len(match) > 0 {
			line += string(match) + ", "
		}
		line += fmt.Sprintf("priority %d", r.priority)
		if r.cookie != 0 {
			line += fmt.Sprintf(", cookie %#x", r.cookie)
		}
	}
	node := x.trace.tell(TraceTable, line)
	if r == nil {
		node.Sub = append(node.Sub, &TraceNode{Kind: TraceAction, Text: x.missText()})
	} else if len(r.actions) == 0 {
		node.Sub = append(node.Sub, &TraceNode{Kind: TraceAction, Text: "drop"})
	}
	x.trace.list = &node.Sub
	if x.trace.pipeline == nil {
		x.trace.pipeline = &node.Sub
	}
}

func (x *xlate) missText() string {
	if x.bridge.wantMiss.Load() > 0 {
		return "CONTROLLER"
	}
	return "drop"
}

// noteAction tells that an action is about to be done.
func (x *xlate) noteAction(a openflow.Action) {
	x.trace.tell(TraceAction, string(text.AppendActions(nil, []openflow.Action{a}, x.trace.o)))
}

// noteActionSet tells what the action set is, or was.
func (x *xlate) noteActionSet(verb string) {
	if x.trace != nil && len(x.actionSet) > 0 {
		x.note(TraceDetail, "action set %s: %s", verb, text.AppendActions(nil, orderActionSet(x.actionSet), x.trace.o))
	}
}

// noteBridge begins the story of a bridge.
func (x *xlate) noteBridge() {
	if x.trace != nil {
		x.trace.place = place{list: &x.trace.tell(TraceBridge, fmt.Sprintf("bridge(%q)", x.bridge.Name)).Sub}
	}
}

// Trace tells what would become of a frame that came in by port in, or nil for
// none. Nothing of it happens.
func (b *Bridge) Trace(frame []byte, in *Port, o TraceOptions, now int64) (*Trace, error) {
	defer b.sw.lock(now)()
	pool, err := packet.NewPool(64, 128<<10, packet.Headroom)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	buf := packet.FromBytes(frame, pool, pool)
	if buf == nil {
		return nil, fmt.Errorf("a frame of %d bytes is too long to trace", len(frame))
	}
	defer buf.Free(pool)
	if in != nil {
		buf.InPort = uint32(in.state.Load().id)
	}
	t := &tracing{bridge: b, in: in, no: openflow.PortAny, o: o, now: now, pool: pool}
	switch {
	case in != nil:
		t.no = in.No
	case o.Out:
		t.no = openflow.PortController
	}
	return t.follow(buf)
}

// tracing follows a frame over its recirculations.
type tracing struct {
	bridge *Bridge
	in     *Port
	no     openflow.PortNo // of in, or what stands for it
	o      TraceOptions
	now    int64
	pool   *packet.Pool
	rounds int
	like   *flow.Key // what is known of the packets that actions are for; nil: nothing
}

// maxTraced bounds the recirculations of a trace.
const maxTraced = 64

// follow tells the story of a frame from one look into it to the next.
func (t *tracing) follow(b *packet.Buf) (*Trace, error) {
	if t.rounds++; t.rounds > maxTraced {
		return nil, errors.New("recirculated too often to follow")
	}
	var k flow.Key
	flow.Extract(b, &k)
	x := t.bridge.sw.getXlate()
	defer t.bridge.sw.putXlate(x)
	out := &Trace{RecircID: k.RecircID}
	x.trace = &tracer{place: place{list: &out.Story}, o: t.printing()}
	defer func() { x.trace = nil }()
	x.now = t.now
	if err := t.translate(x, &k); err != nil {
		return nil, err
	}
	t.describe(out, x, &k)
	if x.aborted {
		out.Failed = x.dropped.Info().Help
		return out, nil
	}
	return out, t.rehearse(out, b, &k, x.result.Actions)
}

func (t *tracing) translate(x *xlate, k *flow.Key) error {
	if t.o.Out && k.RecircID == 0 {
		return x.packetOut(t.bridge.sw, k, &packetOut{bridge: t.bridge, in: t.in, inPort: t.no, match: &flow.Match{}, actions: t.o.From})
	}
	if k.RecircID != 0 {
		return x.run(t.bridge.sw, k)
	}
	x.reset(t.bridge.sw, k)
	x.given = t.o.Given
	if t.in != nil {
		x.enterBridge(t.in)
	} else {
		x.bridge = t.bridge
		x.noteBridge()
		x.p.OFPort, x.p.ActsetOutput = uint32(t.no), uint32(openflow.PortUnset)
		x.know()
		x.begin()
	}
	x.loop(0)
	x.finish()
	return nil
}

// rehearse does to a copy of the frame what the datapath would, and follows what
// comes back.
func (t *tracing) rehearse(out *Trace, b *packet.Buf, k *flow.Key, actions []datapath.Action) error {
	return datapath.Rehearse(b, k, actions, t.pool, func(a *datapath.Action, id uint32, b *packet.Buf) error {
		switch a.Op {
		case datapath.OpOutput:
			out.Outputs = append(out.Outputs, TraceOutput{Port: t.portName(id), Frame: hex.EncodeToString(wireFrame(b))})
		case datapath.OpRecirc, datapath.OpCheckLen:
			b.RecircID = id
			then, err := t.follow(b)
			if err != nil {
				return err
			}
			out.Then = append(out.Then, then)
		}
		return nil
	})
}

func (t *tracing) portName(id uint32) string {
	if p := (*t.bridge.sw.byID.Load())[datapath.PortID(id)]; p != nil {
		return p.Name
	}
	return fmt.Sprint(id)
}

// printing is how matches and actions are written.
func (t *tracing) printing() text.PrintOptions {
	o := text.PrintOptions{}
	if t.o.Names {
		o.Ports = &text.Names{}
		for _, p := range t.bridge.ports.Load().ordered {
			o.Ports.Add(uint32(p.No), p.Name)
		}
	}
	return o
}
