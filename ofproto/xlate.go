package ofproto

import (
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/flow/classifier"
	"vswitch/openflow"
)

// Limits of one translation (ovs-actions(7), resubmit).
const (
	maxDepth     = 64 // beyond the first table
	maxResubmits = 4096
	maxStack     = 64 << 10 / 16 // pushed values
	maxSteps     = 1 << 16       // actions of flows and buckets
	maxActions   = 1 << 14       // actions of the datapath, twice as many outputs as Open vSwitch has room for
	maxLearned   = 1 << 10       // flows that one packet makes
	maxKept      = 1 << 11       // actions of a verdict that a cache keeps; others are the packet's alone
)

// Result is what translation says of a packet.
type Result struct {
	Actions []datapath.Action
	Mask    flow.Key
	Credits []datapath.Credit
	Effects []Effect
	Tags    uint64
	NoCache bool
}

// Effect is a change of the switch that one packet causes.
type Effect interface{ commit(s *Switch, now int64) }

// xlate is one translation in progress. It is reused.
type xlate struct {
	sw      *Switch
	version uint64

	bridge *Bridge
	in     *Port // where the packet came into the bridge; nil for one that came from nowhere
	state

	mask  flow.Mask // bits of the packet that were looked at
	known flow.Mask // bits of p that no longer come from the packet
	dirty flow.Mask // bits of p that are written but not yet in an action

	work           []frame
	depth          int // of work, in lookups
	resubmits      int
	steps          int // actions done
	emitted        int // actions of the datapath
	now            int64
	hashFor        uint32 // group whose bucket the packet dp_hash chooses, plus 1; 0: none
	trunc          uint32 // bytes that the next output sends; 0: all
	queue          bool   // p.Priority is not yet in an action
	stale          staleness
	dropped        datapath.DropReason
	aborted        bool
	fromController bool // a packet-out
	learned        []*learnEffect
	live           liveness    // of groups, as far as it was asked for
	trace          *tracer     // nil: nobody listens
	given          *flow.Match // metadata of a traced packet, until its pipeline starts
	result         Result
	out            *[]datapath.Action // where actions go: result.Actions or a branch
	scratch        flow.Mask          // what one lookup looks at; zero between them
}

// state is what a clone, a patch port or a group bucket saves and gives back.
type state struct {
	p         flow.Pipeline // the packet as the pipeline sees it now
	table     uint8         // of the rule in work
	rule      *Rule
	actionSet [][]openflow.Action // the lists of write_actions, in their order
	stack     []flow.Value
}

// frame is a list of actions in work. When it is done, what it saved comes back.
type frame struct {
	actions []openflow.Action
	next    int
	kind    frameKind
	table   uint8
	rule    *Rule
	lookup  bool                       // counts toward depth
	set     bool                       // the action set
	group   bool                       // a bucket of a group
	paused  *openflow.ContinuedActions // what it is of, where a controller has given the packet back
	saved   *saved
	story   *[]*TraceNode // of what goes on when the frame is done; nil: the same
}

type frameKind uint8

const (
	frameList   frameKind = iota // what a rule says; at the end of the pipeline the action set follows
	frameNested                  // a list inside an action, or the action set: nothing follows
	frameBranch                  // restores saved when done
)

// staleness is how much of the frame may differ from what the packet's key says,
// until the datapath has looked into it again.
type staleness uint8

const (
	fresh        staleness = iota
	staleNetwork           // what lies behind the Ethernet header and its tags
	staleAll
)

// saved is what a branch gives back when it is done.
type saved struct {
	state
	bridge *Bridge
	in     *Port
	known  flow.Mask
	stale  staleness
	out    *[]datapath.Action
	branch []datapath.Action // actions of the branch
	told   place
}

func newXlate() *xlate { return &xlate{} }

func (s *Switch) getXlate() *xlate { return s.xlates.Get().(*xlate) }

func (s *Switch) putXlate(x *xlate) {
	clear(x.work)
	clear(x.learned)
	clear(x.result.Credits)
	clear(x.result.Effects)
	s.xlates.Put(x)
}

// reset prepares x for a packet with key k.
func (x *xlate) reset(s *Switch, k *flow.Key) {
	x.sw, x.version = s, s.version.Load()
	x.bridge, x.in = nil, nil
	x.state = state{actionSet: x.actionSet[:0], stack: x.stack[:0]}
	x.p.Load(k)
	x.mask, x.known, x.dirty = flow.Mask{}, flow.Mask{}, flow.Mask{}
	x.scratch = flow.Mask{} // a translation that panicked may have left something
	x.work, x.learned = x.work[:0], x.learned[:0]
	x.depth, x.resubmits, x.steps, x.emitted, x.dropped = 0, 0, 0, 0, datapath.DropNone
	x.live = liveness{}
	x.hashFor = 0
	x.trunc, x.queue, x.stale, x.aborted, x.fromController = 0, false, fresh, false, false
	r := &x.result
	*r = Result{Actions: r.Actions[:0], Credits: r.Credits[:0], Effects: r.Effects[:0], Tags: settingsTag}
	x.out = &r.Actions
}

// run translates a packet with key k: one from a port, or one whose translation
// was frozen. Nothing changes but x.
func (x *xlate) run(s *Switch, k *flow.Key) error {
	x.reset(s, k)
	if k.RecircID != 0 {
		if err := x.thaw(k.RecircID); err != nil {
			return err
		}
	} else {
		x.enter(k.InPort)
	}
	x.loop(0)
	x.finish()
	return nil
}

// enter starts the pipeline of the bridge that datapath port id belongs to.
func (x *xlate) enter(id uint32) {
	port := (*x.sw.byID.Load())[datapath.PortID(id)]
	if port == nil {
		x.drop(datapath.DropNotReady)
		return
	}
	x.enterBridge(port)
}

// enterBridge starts the pipeline of a port's bridge for a packet that came in
// by the port, over the wire or over a patch.
func (x *xlate) enterBridge(port *Port) {
	x.bridge, x.in = port.Bridge, port
	x.noteBridge()
	x.p.Regs, x.p.Metadata, x.p.ConjID = [32]uint32{}, 0, 0
	x.p.OFPort, x.p.ActsetOutput = uint32(port.No), uint32(openflow.PortUnset)
	x.actionSet, x.stack = x.actionSet[:0:0], x.stack[:0:0]
	// What the pipeline adds is known; in_port depends on the datapath's port,
	// which is in every mask.
	x.know()
	if x.given != nil {
		x.setMetadata(x.given)
		x.given, x.p.OFPort = nil, uint32(port.No)
	}
	switch config := port.state.Load().config; {
	case config&openflow.PortDown != 0:
		x.drop(datapath.DropPortDown)
	case x.refuses(config):
		x.drop(datapath.DropPortNoRecv)
	case x.isFragmentToDrop():
		x.drop(datapath.DropFragment)
	default:
		x.begin()
	}
}

// startPipeline is what begin leaves to be done.
var startPipeline = []openflow.Action{openflow.GotoTable{Table: 0}}

// begin starts the pipeline, after the datapath has looked into the packet where
// that is needed.
func (x *xlate) begin() {
	if x.stale == fresh {
		x.lookup(0, x.p.OFPort, false)
		return
	}
	x.work = append(x.work, frame{actions: startPipeline, kind: frameNested})
	x.freeze()
}

// know marks what exists only in the pipeline as not coming from the packet.
func (x *xlate) know() {
	w := x.known.Words()
	for i := flow.KeyWords; i < len(w); i++ {
		w[i] = ^uint64(0)
	}
}

func (x *xlate) isFragmentToDrop() bool {
	if openflow.FragHandling(x.bridge.frag.Load()) != openflow.FragDrop {
		return false
	}
	x.look(flow.FieldIPFrag)
	return x.p.IPFrag != 0
}

// hidesPorts reports whether tables must not see the packet's ports: all fragments
// are alike, and only the first has them, unless the bridge is told to look
// (OFPC_FRAG_NX_MATCH).
func (x *xlate) hidesPorts() bool {
	if openflow.FragHandling(x.bridge.frag.Load()) != openflow.FragNormal {
		return false
	}
	x.look(flow.FieldIPFrag)
	return x.p.IPFrag != 0
}

// look notes that all of a field decides the packet's way.
func (x *xlate) look(id flow.FieldID) {
	f := flow.FieldByID(id)
	x.lookBits(f, f.Full())
}

// lookBits notes that bits of a field decide the packet's way.
func (x *xlate) lookBits(f *flow.Field, bits flow.Value) {
	known := f.Load((*flow.Pipeline)(&x.known))
	f.Unwildcard(&x.mask, bits.AndNot(known))
}

// write gives the masked bits of a field a value that no longer depends on the
// packet, and leaves it to commit to change the frame.
func (x *xlate) write(f *flow.Field, v, mask flow.Value) {
	f.Store(&x.p, v, mask)
	f.Unwildcard(&x.known, mask)
	f.Unwildcard(&x.dirty, mask)
}

// lookup finds the packet's rule in table n, as if it had come in by port, and
// puts its actions into work. A packet that no rule matches takes the table's
// miss behaviour, but for a resubmit, which then does nothing.
func (x *xlate) lookup(n uint8, port uint32, resubmit bool) {
	if x.aborted {
		return
	}
	if x.depth > maxDepth {
		x.abort(datapath.DropTooDeep)
		return
	}
	if x.resubmits++; x.resubmits > maxResubmits {
		x.abort(datapath.DropTooManyResubmits)
		return
	}
	old := x.p.OFPort
	x.p.OFPort = port
	t := x.bridge.table(n)
	r := x.match(t)
	e := x.taught(n, r)
	x.p.OFPort = old
	if e != nil {
		x.result.Credits = append(x.result.Credits, &t.hit, e)
		x.enterList(frame{actions: e.flow.Actions, table: n, lookup: true})
		return
	}
	before := x.told()
	if x.trace != nil {
		x.noteTable(n, r)
	}
	if r == nil {
		x.tellOn(before.list)
		x.result.Credits = append(x.result.Credits, &t.miss)
		if !resubmit {
			x.miss(n)
		}
		return
	}
	x.result.Credits = append(x.result.Credits, &t.hit, r)
	x.enterList(frame{actions: r.actions, table: n, rule: r, lookup: true, story: before.list})
}

// enterList puts a rule's actions into work.
func (x *xlate) enterList(f frame) {
	if len(f.actions) == 0 {
		x.drop(datapath.DropFlow)
	}
	x.depth++
	x.work = append(x.work, f)
	x.table, x.rule = f.table, f.rule
}

// match is the rule of t that the packet matches, or nil. What the lookup looked
// at goes into the mask, but for bits that no longer come from the packet.
func (x *xlate) match(t *Table) *Rule {
	id, looked := t.rules.LookupWords(x.version, &x.p, &x.scratch)
	if x.scratch.TPSrc|x.scratch.TPDst != 0 && x.hidesPorts() {
		src, dst := x.p.TPSrc, x.p.TPDst
		x.p.TPSrc, x.p.TPDst = 0, 0
		var again flow.WordSet
		id, again = t.rules.LookupWords(x.version, &x.p, &x.scratch)
		looked = looked.Or(again)
		x.p.TPSrc, x.p.TPDst = src, dst
	}
	mask, scratch, known := x.mask.Words(), x.scratch.Words(), x.known.Words()
	for i := range looked.All() {
		mask[i] |= scratch[i] &^ known[i]
		scratch[i] = 0
	}
	if id == classifier.None {
		return nil
	}
	return t.rule(id)
}

// miss is what happens to a packet that no rule of table n matches: what the table
// is configured to do (OpenFlow 1.1.0 §4.4). Where nothing is, it goes to
// controllers that speak an OpenFlow before 1.3, which have it so, and is dropped
// otherwise (OpenFlow 1.0 §3.4, 1.3.5 §5.4).
func (x *xlate) miss(n uint8) {
	x.table, x.rule = n, nil
	switch openflow.TableMiss(x.bridge.table(n).missConfig.Load()) {
	case openflow.MissController:
		x.packetIn(openflow.Controller{Reason: openflow.ReasonNoMatch, MaxLen: noLimit})
		return
	case openflow.MissContinue:
		if int(n)+1 < NumTables {
			x.lookup(n+1, x.p.OFPort, false)
			return
		}
		fallthrough // as in OpenFlow 1.0, which "continue" stands for: there was no match in any table
	case openflow.MissDefault:
		if x.bridge.wantMiss.Load() > 0 {
			x.packetIn(openflow.Controller{Reason: openflow.ReasonImplicitMiss, MaxLen: noLimit})
			return
		}
	}
	reason := datapath.DropTableMiss
	if x.bridge.config.Load().FailMode == FailSecure && x.isEmpty() {
		reason = datapath.DropSecureMiss
	}
	x.drop(reason)
}

// isEmpty reports whether table 0 has no rule at all.
func (x *xlate) isEmpty() bool {
	t := x.bridge.tables[0].Load()
	return t == nil || t.rules.Len(x.version) == 0
}

// loop works off the frames above the first n.
func (x *xlate) loop(n int) {
	for len(x.work) > n {
		f := &x.work[len(x.work)-1]
		if f.next < len(f.actions) {
			a := f.actions[f.next]
			f.next++
			x.table, x.rule = f.table, f.rule
			if x.steps++; x.steps > maxSteps {
				x.abort(datapath.DropTooManyActions)
				return
			}
			x.do(a)
			continue
		}
		x.pop()
	}
}

// pop ends the topmost frame.
func (x *xlate) pop() {
	last := len(x.work) - 1
	f := x.work[last]
	x.work[last] = frame{}
	x.work = x.work[:last]
	if f.lookup {
		x.depth--
	}
	if f.kind == frameBranch {
		x.leave(f.saved)
		return
	}
	if f.kind == frameList && x.endsPipeline() && len(x.actionSet) > 0 {
		set := orderActionSet(x.actionSet)
		x.actionSet = nil
		x.noteEnd()
		x.work = append(x.work, frame{actions: set, kind: frameNested, set: true, table: f.table, rule: f.rule, story: f.story})
		return
	}
	x.tellOn(f.story)
}

// cut takes the frames above the first n out of work.
func (x *xlate) cut(n int) {
	for i := len(x.work) - 1; i >= n; i-- {
		if x.work[i].lookup {
			x.depth--
		}
		x.tellOn(x.work[i].story)
	}
	clear(x.work[n:])
	x.work = x.work[:n]
}

// endsPipeline reports whether no list of this bridge's pipeline is left.
func (x *xlate) endsPipeline() bool {
	return len(x.work) == 0 || x.work[len(x.work)-1].kind == frameBranch
}
