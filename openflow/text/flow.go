package text

import (
	"slices"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// ParseFlow reads a flow as add-flow, mod-flows and del-flows take it:
// "table=1,priority=5,tcp,tp_dst=80,actions=output:2". o says what is done with
// it. The error is an *Error; for a match without its prerequisites it unwraps to
// a *flow.PrereqError and its remedy is the corrected flow.
func ParseFlow(text string, o Options) (*openflow.FlowMod, error) {
	r := flowReader{parser: parser{in: text, o: &o, actions: actionKeywords}, command: o.Command}
	return r.readFlow()
}

// ParseFlowRequest reads which flows dump-flows and dump-aggregate are to show: a
// match, and table, cookie/mask, out_port, out_group. The error is an *Error.
func ParseFlowRequest(text string, o Options) (*openflow.FlowStatsRequest, error) {
	r := flowReader{parser: parser{in: text, o: &o, actions: actionKeywords}, allowed: forRequest}
	fm := openflow.FlowMod{Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
	r.fm = &fm
	if err := r.read(span{text: text}); err != nil {
		return nil, err
	}
	return &openflow.FlowStatsRequest{Table: fm.Table, OutPort: fm.OutPort, OutGroup: fm.OutGroup,
		Cookie: fm.Cookie, CookieMask: fm.CookieMask, Match: fm.Match}, nil
}

// commandSet says for which commands a key counts.
type commandSet uint8

const (
	forAdd commandSet = 1 << iota
	forModify
	forModifyStrict
	forDelete
	forDeleteStrict
	forRequest

	forNew  = forAdd | forModify | forModifyStrict
	forPick = forDelete | forDeleteStrict | forRequest
	forAll  = forNew | forPick
)

var commands = [...]struct {
	word    string
	allowed commandSet
}{
	openflow.FlowAdd:          {"add", forAdd},
	openflow.FlowModify:       {"modify", forModify},
	openflow.FlowModifyStrict: {"modify_strict", forModifyStrict},
	openflow.FlowDelete:       {"delete", forDelete},
	openflow.FlowDeleteStrict: {"delete_strict", forDeleteStrict},
}

// flowKey is a key of a flow that is no field.
type flowKey struct {
	name    string
	allowed commandSet
	read    func(r *flowReader, a *pair) error
}

// flowKeys are the keys of a flow, flags among them.
//
//size:table
func flowKeys() []flowKey {
	return []flowKey{
		{"table", forAll, func(r *flowReader, a *pair) (err error) { r.fm.Table, err = r.table(a.value, true); return err }},
		{"priority", forNew | forDeleteStrict, func(r *flowReader, a *pair) (err error) {
			r.fm.Priority, err = r.uint16("priority", a.value)
			return err
		}},
		{"cookie", forAll, (*flowReader).cookie},
		{"idle_timeout", forNew, func(r *flowReader, a *pair) (err error) {
			r.fm.IdleTimeout, err = r.uint16("idle_timeout", a.value)
			return err
		}},
		{"hard_timeout", forNew, func(r *flowReader, a *pair) (err error) {
			r.fm.HardTimeout, err = r.uint16("hard_timeout", a.value)
			return err
		}},
		{"importance", forAdd, func(r *flowReader, a *pair) (err error) {
			r.fm.Importance, err = r.uint16("importance", a.value)
			return err
		}},
		{"out_port", forPick, func(r *flowReader, a *pair) (err error) { r.fm.OutPort, err = r.port(a.value); return err }},
		{"out_group", forPick, func(r *flowReader, a *pair) (err error) { r.fm.OutGroup, err = r.anyGroup(a.value); return err }},
		{"send_flow_rem", forNew, flag(openflow.FlowSendRemoved)},
		{"check_overlap", forNew, flag(openflow.FlowCheckOverlap)},
		{"reset_counts", forNew, flag(openflow.FlowResetCounts)},
		{"no_packet_counts", forNew, flag(openflow.FlowNoPktCounts)},
		{"no_byte_counts", forNew, flag(openflow.FlowNoByteCounts)},
		{"eth", forAll | forMatch, func(r *flowReader, a *pair) error {
			f := flow.FieldByID(flow.FieldPacketType)
			r.terms = append(r.terms, term{field: f, key: a.key, text: a.key, mask: f.Full()})
			return nil
		}},
		// What dump-flows prints, and what old versions took, means nothing here.
		{"duration", forAll, ignore}, {"n_packets", forAll, ignore}, {"n_bytes", forAll, ignore},
		{"idle_age", forAll, ignore}, {"hard_age", forAll, ignore},
		{"no_readonly_table", forAll, ignore}, {"allow_hidden_fields", forAll, ignore},
	}
}

// forMatch marks what a bare match may have too.
const forMatch commandSet = 1 << 7

func ignore(*flowReader, *pair) error { return nil }

func flag(f openflow.FlowFlags) func(r *flowReader, a *pair) error {
	return func(r *flowReader, a *pair) error {
		if a.delim != 0 {
			return r.fail(a.value, "%s takes no value", a.key.text)
		}
		r.fm.Flags |= f
		return nil
	}
}

var (
	flowKeyIndex   = indexFlowKeys(flowKeys())
	shorthandIndex = indexShorthands()
)

func indexFlowKeys(rows []flowKey) map[string]*flowKey {
	index := make(map[string]*flowKey, len(rows))
	for i := range rows {
		index[rows[i].name] = &rows[i]
	}
	return index
}

func indexShorthands() map[string]*shorthand {
	index := make(map[string]*shorthand, len(shorthands))
	for i := range shorthands {
		index[shorthands[i].name] = &shorthands[i]
	}
	return index
}

// flowReader reads one flow into fm.
type flowReader struct {
	parser
	fm      *openflow.FlowMod
	command openflow.FlowModCommand
	allowed commandSet
	terms   []term
	space   [8]term // where terms begins
	matchAt int     // where keys and fields begin, behind a command
	// actionsText is what stands behind "actions=", if that was there.
	actionsText span
	hasActions  bool
	known       pipeline // where parser.pipeline begins
	// noRemedy: this is a trial of a remedy itself.
	noRemedy bool
}

func (r *flowReader) readFlow() (*openflow.FlowMod, error) {
	fm := &openflow.FlowMod{Table: openflow.TableAll, Priority: openflow.DefaultPriority, Buffer: openflow.NoBuffer,
		OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
	rest := span{text: r.in}
	if r.o.CommandWord {
		rest = r.commandWord(rest)
	}
	if int(r.command) >= len(commands) {
		return nil, r.fail(rest, "unknown command %d", r.command)
	}
	r.fm, r.allowed, fm.Command = fm, commands[r.command].allowed, r.command
	if err := r.read(rest); err != nil {
		return nil, err
	}
	if r.allowed&forNew == 0 {
		return fm, nil
	}
	if !r.hasActions {
		return nil, r.fail(span{at: len(r.in)}, "a flow has actions").remedy("write %s,actions=..., or actions=drop", strings.TrimRight(r.in, separators))
	}
	r.matchAt = rest.at
	r.known = pipeline{match: &fm.Match.Match, table: fm.Table}
	r.pipeline = &r.known
	r.corrected = r.withMatch
	var err error
	if fm.Actions, err = r.actionList(r.actionsText, contextFlow); err != nil {
		return nil, err
	}
	return fm, nil
}

// commandWord takes a command off the beginning.
func (r *flowReader) commandWord(v span) span {
	v = v.trim()
	n := strings.IndexAny(v.text, separators)
	if n < 0 {
		n = len(v.text)
	}
	for c := range commands {
		if commands[c].word == v.text[:n] {
			r.command = openflow.FlowModCommand(c)
			return v.from(n)
		}
	}
	return v
}

// read reads keys and fields up to "actions=" into fm.
func (r *flowReader) read(v span) error {
	r.terms = r.space[:0]
	s, a := r.scan(v), r.pair()
	for !r.takeActions(&s) && s.next(a) {
		if err := r.readKey(a); err != nil {
			return err
		}
	}
	if s.err != nil {
		return s.err
	}
	if r.hasActions && r.allowed&forNew == 0 {
		at := span{r.in[v.at:r.actionsText.at], v.at}
		if i := strings.LastIndex(at.text, "action"); i >= 0 {
			at = at.from(i)
		}
		return r.fail(at, "actions do not choose flows").remedy("flows are chosen by match, table, cookie, out_port and out_group")
	}
	return r.fillMatch()
}

// takeActions stops at "actions=", behind which all is actions.
func (r *flowReader) takeActions(s *scanner) bool {
	if !s.takeKey("action", "=") {
		return false
	}
	r.actionsText, r.hasActions = s.rest, true
	return true
}

// readKey reads one key or field.
func (r *flowReader) readKey(a *pair) error {
	name := a.key.text
	if s := shorthandIndex[name]; s != nil {
		return r.shorthand(a, s)
	}
	if f := matchFieldByName(name); f != nil {
		return r.matchField(a, f)
	}
	if k := flowKeyIndex[name]; k != nil {
		if k.allowed&(r.allowed|forMatch) == 0 {
			return r.misplaced(a, k)
		}
		return k.read(r, a)
	}
	if base, _, isPart := a.key.cut("["); isPart && flow.FieldByName(base.text) != nil {
		return r.matchPart(a)
	}
	return r.unknown(a)
}

// matchFieldByName finds a field by its name, or by one that ovs-ofctl prints in
// matches and reads nowhere.
func matchFieldByName(name string) *flow.Field {
	switch name {
	case "gtpu_flags", "gtpu_msgtype":
		return flow.FieldByName("tun_" + name)
	}
	return flow.FieldByName(name)
}

// misplaced is the error of a key that does not count for the command.
func (r *flowReader) misplaced(a *pair, k *flowKey) error {
	var words []string
	for _, c := range commands {
		if k.allowed&c.allowed != 0 {
			words = append(words, c.word)
		}
	}
	what := "this match"
	switch {
	case r.allowed&forRequest != 0:
		what = "choosing flows to show"
	case r.allowed != 0:
		what = commands[r.command].word
	}
	e := r.fail(a.key, "%s does not count for %s", a.key.text, what)
	switch {
	case len(words) > 0 && r.allowed == forDelete && k.allowed&forDeleteStrict != 0:
		return e.remedy("it counts with --strict, for delete_strict")
	case len(words) > 0 && r.allowed != 0:
		return e.remedy("it counts for %s", strings.Join(words, ", "))
	}
	return e
}

// unknown is the error of a word that is no key and no field.
func (r *flowReader) unknown(a *pair) error {
	name := a.key.text
	what := "field"
	if a.delim == 0 {
		what = "keyword"
	}
	candidates := []string{"actions"}
	for _, s := range shorthands {
		candidates = append(candidates, s.name)
	}
	for k := range flowKeyIndex {
		candidates = append(candidates, k)
	}
	if r.o.CommandWord && a.delim == 0 {
		candidates = append(candidates, "add", "modify", "modify_strict", "delete", "delete_strict")
	}
	slices.Sort(candidates)
	e := r.fail(a.key, "unknown %s %q", what, name)
	if r.actions[name] != nil {
		return e.remedy("it is an action: write actions=%s", a.whole(r.in).text)
	}
	return e.suggest(nearestField(name, candidates...))
}

// cookie reads "cookie=value", given to flows, or "cookie=value/mask", which
// chooses flows.
func (r *flowReader) cookie(a *pair) error {
	value, mask, masked := a.value.cut("/")
	cookie, err := r.bits64("cookie", value)
	if err != nil {
		return err
	}
	switch {
	case !masked && r.allowed == forAdd:
		r.fm.Cookie = cookie
		return nil
	case !masked && r.allowed&forNew != 0:
		r.fm.NewCookie, r.fm.ModifyCookie = cookie, true
		return nil
	case !masked:
		return r.fail(a.value, "cookie: a mask is needed to choose flows").remedy("write cookie=%s/-1", value.text)
	case r.allowed == forAdd:
		return r.fail(mask, "cookie: a mask chooses flows: it does not go with adding one").remedy("write cookie=%s", value.text)
	}
	r.fm.CookieMask, err = r.bits64("cookie", mask)
	r.fm.Cookie = cookie & r.fm.CookieMask
	return err
}

// wouldRead reports whether another text reads as the command at hand.
func (r *flowReader) wouldRead(text string) bool {
	trial := flowReader{parser: parser{in: text, o: r.o, actions: r.actions}, command: r.command, allowed: r.allowed, noRemedy: true}
	if r.allowed&(forNew|forDelete|forDeleteStrict) != 0 {
		_, err := trial.readFlow()
		return err == nil
	}
	var fm openflow.FlowMod
	trial.fm = &fm
	return trial.read(span{text: text}) == nil
}
