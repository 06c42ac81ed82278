package text

import (
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// ParseActions reads a list of actions and, behind them, instructions:
// "output:1,meter:2" is refused, "meter:2,output:1" is not. "drop" and no text
// are the empty list. The error is an *Error.
func ParseActions(text string, o Options) ([]openflow.Action, error) {
	p := parser{in: text, o: &o, actions: actionKeywords}
	return p.actionList(span{text: text}, contextFlow)
}

// AppendActions appends a list of actions to dst: "drop" for none.
func AppendActions(dst []byte, actions []openflow.Action, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.actionList(actions)
	return w.dst
}

// actionRow is one row of the action table: a keyword that actions are written
// with.
type actionRow struct {
	keyword string
	kind    openflow.ActionKind // what it reads to, in the general case
	read    readAction
	// write writes every action of the kind. One row of each kind has it.
	write writeAction
	// example is a value of the syntax, for tests, suggestions and help. It may
	// stand for itself, or be what Open vSwitch takes only in a flow that
	// matches what the keyword's kind needs.
	example string
}

type (
	readAction  func(p *parser, a *pair) (openflow.Action, error)
	writeAction func(w *printer, a openflow.Action)
)

// writes makes a writeAction of a function for one type of action.
func writes[A openflow.Action](f func(w *printer, a A)) writeAction {
	return func(w *printer, a openflow.Action) { f(w, a.(A)) }
}

// actionKeywords and actionPrinters are read-only after start.
var (
	actionTable    = buildActionTable()
	actionKeywords = indexKeywords(actionTable)
	actionPrinters = indexPrinters(actionTable)
)

func buildActionTable() []actionRow {
	var rows []actionRow
	for _, group := range [][]actionRow{
		outputActions(), headerActions(), fieldActions(), trackActions(), controlActions(), instructions(),
	} {
		rows = append(rows, group...)
	}
	return rows
}

func indexKeywords(rows []actionRow) map[string]*actionRow {
	index := make(map[string]*actionRow, len(rows))
	for i := range rows {
		index[rows[i].keyword] = &rows[i]
	}
	return index
}

func indexPrinters(rows []actionRow) (index [numActionKinds]func(*printer, openflow.Action)) {
	for i := range rows {
		if rows[i].write != nil {
			index[rows[i].kind] = rows[i].write
		}
	}
	return index
}

// listContext is where a list of actions stands.
type listContext uint8

const (
	contextFlow listContext = iota // a flow's: instructions may follow
	contextList                    // packet-outs, buckets, clone, write_actions: no instructions
	contextExec                    // ct(exec(…)): changes of the connection alone
)

// actionList reads a list of actions.
func (p *parser) actionList(v span, c listContext) ([]openflow.Action, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(v, "actions are nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	var (
		list     []openflow.Action
		drop     span
		instruct order
		conjunct conjunctions
	)
	s, a := p.scan(v), p.pair()
	for n := 0; ; n++ {
		more := s.next(a)
		if s.err != nil {
			return nil, s.err
		}
		if drop.text != "" && (more || n > 1) {
			return nil, p.fail(drop, "drop does not go with other actions").remedy("a flow without actions drops: leave drop out")
		}
		if !more {
			return list, nil
		}
		if isDrop(a) {
			drop = a.key
			continue
		}
		action, err := p.action(a, c)
		if err != nil {
			return nil, err
		}
		if err := instruct.add(p, a.key, action.ActionKind()); err != nil {
			return nil, err
		}
		if err := conjunct.add(p, a.key, action.ActionKind()); err != nil {
			return nil, err
		}
		if list == nil {
			list = make([]openflow.Action, 0, usualActions)
		}
		list = append(list, action)
	}
}

// isDrop reports whether the pair is drop, in any case of letters.
func isDrop(a *pair) bool { return a.bare() && strings.EqualFold(a.key.text, "drop") }

// usualActions is how many actions a list has room for at first.
const usualActions = 4

// action reads one action.
func (p *parser) action(a *pair, c listContext) (openflow.Action, error) {
	row := p.actionRow(a.key.text)
	switch {
	case row == nil:
		action, err := p.barePort(a)
		if err != nil {
			return nil, err
		}
		return action, p.checkConnection(a, action, c)
	case row.kind == openflow.ActNAT:
		return nil, p.fail(a.key, "nat stands inside of ct only").remedy("write ct(commit,nat(...))")
	case row.kind >= openflow.ActMeter && c != contextFlow:
		return nil, p.fail(a.key, "%s is an instruction: it stands in a flow's own list only", a.key.text)
	}
	if a.arrow.text != "" && row.kind != openflow.ActCheckPktLarger {
		return nil, p.fail(a.arrow, "%s has no %q", a.key.text, "->")
	}
	action, err := row.read(p, a)
	if err != nil {
		return nil, err
	}
	if err := p.checkConnection(a, action, c); err != nil {
		return nil, err
	}
	return action, p.checkAction(a, action)
}

// checkConnection refuses changes of the connection outside of ct(exec(…)), and
// anything else in there.
func (p *parser) checkConnection(a *pair, action openflow.Action, c listContext) error {
	dst := flow.FieldNone
	switch action := action.(type) {
	case openflow.SetField:
		dst = action.Field
	case openflow.Move:
		dst = action.Dst.Field
	}
	ofConnection := dst == flow.FieldCTMark || dst == flow.FieldCTLabel
	switch {
	case ofConnection && c != contextExec:
		return p.fail(a.key, "%s is the connection's", flow.FieldByID(dst).Name).
			remedy("write ct(commit,exec(%s))", a.whole(p.in).text)
	case !ofConnection && c == contextExec:
		return p.fail(a.key, "ct(exec(...)) takes only set_field, load and move to ct_mark and ct_label")
	}
	return nil
}

// actionRow finds a keyword's row. Keywords are read in any case of letters.
func (p *parser) actionRow(keyword string) *actionRow {
	if row := p.actions[keyword]; row != nil {
		return row
	}
	keyword = strings.ToLower(keyword)
	if keyword == "set_nw_ttl" {
		keyword = "mod_nw_ttl" // OpenFlow 1.1 calls it so
	}
	return p.actions[keyword]
}

// barePort reads an action that is a port's number or name.
func (p *parser) barePort(a *pair) (openflow.Action, error) {
	name := a.key.text
	port, found := p.ports().parse(name)
	switch {
	case found && a.bare():
		return p.outputTo(a.key, port)
	case found:
		return nil, p.fail(a.key, "the port %q takes nothing behind it", name).remedy("write output:%s", name)
	}
	e := p.fail(a.key, "unknown action %q", name)
	candidates := reservedPorts()
	for i := range p.actions {
		candidates = append(candidates, i)
	}
	if near := nearest(name, append(candidates, p.o.Ports.all()...)); near != "" {
		return nil, e.suggest(near)
	}
	switch f := flow.FieldByName(name); {
	case name == "apply_actions":
		e.Remedy = "a list of actions is applied anyway: write them without it"
	case f != nil && a.delim != 0:
		e.Remedy = "a match stands before actions=; an action sets a field with set_field:VALUE->" + f.Name
	}
	return nil, e
}

// order checks the order of instructions in a list.
type order struct {
	last openflow.ActionKind // kind of the last instruction, 0 for none
	some bool                // an action was there
}

// instructionPlace is where instructions stand: the meter before the actions,
// the others behind them in the order of their kinds.
func (o *order) add(p *parser, key span, k openflow.ActionKind) error {
	after := ""
	switch {
	case k == openflow.ActMeter && (o.some || o.last != 0):
		after = "the actions"
	case k < openflow.ActMeter && o.last > openflow.ActMeter:
		return p.fail(key, "%s stands behind an instruction", key.text).
			remedy("instructions come in this order: meter, actions, clear_actions, write_actions, write_metadata, goto_table")
	case k >= openflow.ActMeter && k == o.last:
		return p.fail(key, "%s stands twice", key.text)
	case k > openflow.ActMeter && k < o.last:
		after = "what stands before it"
	}
	if after != "" {
		return p.fail(key, "%s must come before %s", key.text, after).
			remedy("instructions come in this order: meter, actions, clear_actions, write_actions, write_metadata, goto_table")
	}
	if k >= openflow.ActMeter {
		o.last = k
	} else {
		o.some = true
	}
	return nil
}

// actionList writes a list of actions.
func (w *printer) actionList(actions []openflow.Action) *printer {
	if len(actions) == 0 {
		return w.str("drop")
	}
	for i, a := range actions {
		if i > 0 {
			w.byte(',')
		}
		w.action(a)
	}
	return w
}

// action writes one action; nil, and a type of another package, as what they are.
func (w *printer) action(a openflow.Action) {
	if a != nil {
		if k := int(a.ActionKind()); k < numActionKinds && w.actions[k] != nil {
			w.actions[k](w, a)
			return
		}
	}
	w.str("<unknown>")
}

// noValue reads an action that is its keyword alone.
func noValue(a openflow.Action) readAction {
	return func(p *parser, s *pair) (openflow.Action, error) {
		if s.value.text != "" || s.delim == ':' || s.delim == '=' {
			return nil, p.fail(s.value, "%s takes no value", s.key.text)
		}
		return a, nil
	}
}

// word writes an action that is its keyword alone.
func word(s string) writeAction {
	return func(w *printer, _ openflow.Action) { w.str(s) }
}

// number reads an action that is one number of at most max.
func number(max uint64, make func(n uint64) openflow.Action) readAction {
	return func(p *parser, a *pair) (openflow.Action, error) {
		n, err := p.uint(a.key.text, a.value, max)
		if err != nil {
			return nil, err
		}
		return make(n), nil
	}
}

// actionSetNames are the kinds of actions in the order, and with the names, that
// sets of actions are written with.
var actionSetNames = [...]struct {
	kind openflow.ActionKind
	name string
}{
	{openflow.ActOutput, "output"}, {openflow.ActGroup, "group"}, {openflow.ActController, "controller"}, {openflow.ActEnqueue, "enqueue"},
	{openflow.ActOutputReg, "output_reg"}, {openflow.ActBundle, "bundle"}, {openflow.ActSetField, "set_field"},
	{openflow.ActSetVLANVID, "set_vlan_vid"}, {openflow.ActSetVLANPCP, "set_vlan_pcp"}, {openflow.ActPopVLAN, "strip_vlan"}, {openflow.ActPushVLAN, "push_vlan"},
	{openflow.ActSetEthSrc, "mod_dl_src"}, {openflow.ActSetEthDst, "mod_dl_dst"}, {openflow.ActSetIPSrc, "mod_nw_src"}, {openflow.ActSetIPDst, "mod_nw_dst"},
	{openflow.ActSetIPDSCP, "mod_nw_tos"}, {openflow.ActSetIPECN, "mod_nw_ecn"}, {openflow.ActSetIPTTL, "mod_nw_ttl"},
	{openflow.ActSetTPSrc, "mod_tp_src"}, {openflow.ActSetTPDst, "mod_tp_dst"}, {openflow.ActMove, "move"},
	{openflow.ActStackPush, "push"}, {openflow.ActStackPop, "pop"}, {openflow.ActDecTTL, "dec_ttl"},
	{openflow.ActSetMPLSLabel, "set_mpls_label"}, {openflow.ActSetMPLSTC, "set_mpls_tc"}, {openflow.ActSetMPLSTTL, "set_mpls_ttl"}, {openflow.ActDecMPLSTTL, "dec_mpls_ttl"},
	{openflow.ActPushMPLS, "push_mpls"}, {openflow.ActPopMPLS, "pop_mpls"}, {openflow.ActDecNSHTTL, "dec_nsh_ttl"}, {openflow.ActDeleteField, "delete_field"},
	{openflow.ActSetTunnel, "set_tunnel"}, {openflow.ActSetQueue, "set_queue"}, {openflow.ActPopQueue, "pop_queue"}, {openflow.ActFinTimeout, "fin_timeout"},
	{openflow.ActResubmit, "resubmit"}, {openflow.ActLearn, "learn"}, {openflow.ActConjunction, "conjunction"}, {openflow.ActMultipath, "multipath"},
	{openflow.ActNote, "note"}, {openflow.ActExit, "exit"}, {openflow.ActSample, "sample"}, {openflow.ActCT, "ct"}, {openflow.ActCTClear, "ct_clear"},
	{openflow.ActNAT, "nat"}, {openflow.ActOutputTrunc, "output_trunc"}, {openflow.ActClone, "clone"}, {openflow.ActCheckPktLarger, "check_pkt_larger"},
	{openflow.ActEncap, "encap"}, {openflow.ActDecap, "decap"}, {openflow.ActDebugRecirc, "debug_recirc"}, {openflow.ActDebugSlow, "debug_slow"},
	{openflow.ActMeter, "meter"}, {openflow.ActClearActions, "clear_actions"}, {openflow.ActWriteActions, "write_actions"},
	{openflow.ActWriteMetadata, "write_metadata"}, {openflow.ActGotoTable, "goto_table"},
	// Open vSwitch does not have these.
	{openflow.ActCopyTTLOut, "copy_ttl_out"}, {openflow.ActCopyTTLIn, "copy_ttl_in"}, {openflow.ActPushPBB, "push_pbb"}, {openflow.ActPopPBB, "pop_pbb"},
}

// actionSet writes the names of kinds of actions.
func (w *printer) actionSet(s openflow.ActionSet) *printer {
	if s == (openflow.ActionSet{}) {
		return w.str("<none>")
	}
	first := true
	for _, a := range actionSetNames {
		if !s.Has(a.kind) {
			continue
		}
		if !first {
			w.byte(' ')
		}
		first = false
		w.str(a.name)
	}
	return w
}
