package cmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"vswitch/ofctl/jsontext"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// entry is a flow in a table that is compared: where it stands, and what it does.
type entry struct {
	flow  openflow.FlowStats
	match string // its priority and match as text: what it is known by in its table
	line  line   // where it comes from; zero for a switch's
}

// entryKey is what only one flow of a switch can have.
type entryKey struct {
	table uint8
	match string
}

func (e *entry) key() entryKey { return entryKey{e.flow.Table, e.match} }

// entries is a table of flows.
type entries map[entryKey]*entry

func newEntry(f openflow.FlowStats) *entry {
	// Numbers, not names: the key must not depend on what is shown.
	match := fmt.Sprintf("%05d,%s", f.Priority, text.AppendMatch(nil, &f.Match, text.PrintOptions{}))
	return &entry{flow: f, match: match}
}

// entriesOf are the flows that a switch has.
func (c *conn) entriesOf() (entries, error) {
	request, err := c.flowRequest(nil)
	if err != nil {
		return nil, err
	}
	all := entries{}
	err = eachOf(c, request, func(r *openflow.FlowStatsReply) {
		for i := range r.Flows {
			e := newEntry(r.Flows[i])
			all[e.key()] = e
		}
	})
	return all, err
}

// entriesIn are the flows that lines add, as c's switch would tell them. Of several
// with the same match the last counts. Without a connection, for two files, they
// are as they were written.
func entriesIn(lines []line, mods []*openflow.FlowMod, c *conn) (entries, error) {
	all := entries{}
	for i, mod := range mods {
		if mod.Command != openflow.FlowAdd {
			return nil, usagef("%s: only flows to have can be compared, not %s", lines[i].where(), flowCommandWord(mod.Command))
		}
		if c != nil {
			var err error
			if mod, err = c.asSent(mod); err != nil {
				return nil, usagef("%s: %w\n  %s", lines[i].where(), err, lines[i].text)
			}
		}
		e := newEntry(statsOf(mod))
		e.line = lines[i]
		all[e.key()] = e
	}
	return all, nil
}

func flowCommandWord(c openflow.FlowModCommand) string {
	return [...]string{"add", "modify", "modify_strict", "delete", "delete_strict"}[c]
}

// asSent is a flow as it reads when it has been on the wire: actions that the
// version writes in another form come back in that form, as they do from the switch.
func (c *conn) asSent(mod *openflow.FlowMod) (*openflow.FlowMod, error) {
	data, err := openflow.Append(nil, c.version, 0, mod)
	if err != nil {
		return nil, err
	}
	_, m, err := openflow.Decode(data)
	if err != nil {
		return nil, err
	}
	sent, ok := m.(*openflow.FlowMod)
	if !ok {
		return nil, fmt.Errorf("the flow is read back as another message")
	}
	return sent, nil
}

// statsOf is a flow to add as a switch would tell it.
func statsOf(mod *openflow.FlowMod) openflow.FlowStats {
	table := mod.Table
	if table == openflow.TableAll {
		table = 0
	}
	return openflow.FlowStats{
		Table: table, Priority: mod.Priority, Match: mod.Match, Cookie: mod.Cookie,
		IdleTimeout: mod.IdleTimeout, HardTimeout: mod.HardTimeout, Importance: mod.Importance,
		Flags: mod.Flags, Actions: mod.Actions,
	}
}

// kept are the flags that stay with a flow: the others say what adding it does.
const kept = openflow.FlowSendRemoved | openflow.FlowNoPktCounts | openflow.FlowNoByteCounts

// same reports whether two flows with the same match are alike. A switch of a
// version that does not tell flags or importance is believed to have those asked
// for.
func same(a, b *entry, version openflow.Version) bool {
	x, y := &a.flow, &b.flow
	return x.Cookie == y.Cookie && x.IdleTimeout == y.IdleTimeout && x.HardTimeout == y.HardTimeout &&
		(version < openflow.V14 || x.Importance == y.Importance) &&
		(version < openflow.V13 || x.Flags&kept == y.Flags&kept) &&
		bytes.Equal(text.AppendActions(nil, x.Actions, text.PrintOptions{}), text.AppendActions(nil, y.Actions, text.PrintOptions{}))
}

// difference is a flow that two tables do not both have alike. One of them is nil
// where it is missing.
type difference struct{ old, new *entry }

// compare lists what has to change in old to make it new, by table, falling
// priority and match.
func compare(old, new entries, version openflow.Version) []difference {
	var list []difference
	for key, e := range old {
		if n := new[key]; n == nil || !same(e, n, version) {
			list = append(list, difference{e, n})
		}
	}
	for key, e := range new {
		if old[key] == nil {
			list = append(list, difference{nil, e})
		}
	}
	slices.SortFunc(list, func(a, b difference) int {
		x, y := a.either(), b.either()
		return cmp.Or(cmp.Compare(x.flow.Table, y.flow.Table), cmp.Compare(y.flow.Priority, x.flow.Priority), cmp.Compare(x.match, y.match))
	})
	return list
}

func (d difference) either() *entry {
	if d.old != nil {
		return d.old
	}
	return d.new
}

// parseFlows reads lines as flows to have. c may be nil: then they have no names.
func (c *conn) parseFlows(lines []line) (mods []*openflow.FlowMod, err error) {
	parse := func(o text.Options) error {
		o.CommandWord = true
		var wrong error
		mods, wrong = parseLines(lines, func(s string) (*openflow.FlowMod, error) { return text.ParseFlow(s, o) })
		return wrong
	}
	if c == nil {
		err = parse(text.Options{})
	} else {
		err = c.reading(parse)
	}
	return mods, err
}

// runReplaceFlows is replace-flows.
func runReplaceFlows(a *app, args []string) error {
	lines, err := a.readLines(args[1])
	if err != nil {
		return err
	}
	var mods []*openflow.FlowMod
	c, err := a.connectReading(args[0], openflow.AllVersions, func(c *conn) (uncarried, err error) {
		if mods, err = c.parseFlows(lines); err != nil {
			return nil, err
		}
		for _, m := range mods {
			if _, uncarried = openflow.Append(nil, c.version, 0, m); uncarried != nil {
				break
			}
		}
		return uncarried, nil
	})
	if err != nil {
		return err
	}
	defer c.close()
	old, err := c.entriesOf()
	if err != nil {
		return err
	}
	wanted, err := entriesIn(lines, mods, c)
	if err != nil {
		return err
	}
	changes := compare(old, wanted, c.version)
	if a.option.readd {
		changes = compare(entries{}, wanted, c.version)
		for key, e := range old {
			if wanted[key] == nil {
				changes = append(changes, difference{e, nil})
			}
		}
	}
	return c.replace(changes)
}

// replace makes the changes. New flows come first, those of later tables before
// those that lead there and exceptions before rules; then old ones go the opposite
// way. So every packet is handled by the old flows or the new ones meanwhile, and
// none falls between. Old flows stay where new ones are refused, unless for want of
// room, which they then make.
func (c *conn) replace(changes []difference) error {
	slices.SortStableFunc(changes, func(a, b difference) int {
		x, y := a.either(), b.either()
		return cmp.Or(cmp.Compare(y.flow.Table, x.flow.Table), cmp.Compare(y.flow.Priority, x.flow.Priority), cmp.Compare(x.match, y.match))
	})
	var adds, deletes changeList
	for _, d := range changes {
		if d.new != nil {
			adds.add(c.modOf(&d.new.flow, openflow.FlowAdd), d.new.line)
		}
	}
	for _, d := range slices.Backward(changes) {
		if d.new == nil {
			deletes.add(c.modOf(&d.old.flow, openflow.FlowDeleteStrict), line{from: c.target.name, text: "delete_strict " + d.old.text(text.PrintOptions{})})
		}
	}
	if c.app.option.bundle {
		deletes.append(adds)
		return c.changeAll(deletes.messages, deletes.lines)
	}
	b, err := c.batchOf(adds.messages, false)
	if err != nil {
		return err
	}
	if b.failed != nil {
		return c.change(b, adds.lines)
	}
	faults, err := c.sendBatch(b)
	if err != nil {
		return err
	}
	full := changeList{}
	for _, f := range faults {
		if f.err.err.Code == openflow.ErrFlowModTableFull {
			full.add(adds.messages[f.index], adds.lines[f.index])
		}
	}
	if len(full.messages) < len(faults) {
		return c.reportFaults(faults, adds.lines)
	}
	deletes.append(full)
	return c.changeAll(deletes.messages, deletes.lines)
}

// changeList are messages and the lines that they come from.
type changeList struct {
	messages []openflow.Message
	lines    []line
}

func (l *changeList) add(m openflow.Message, from line) {
	l.messages, l.lines = append(l.messages, m), append(l.lines, from)
}

func (l *changeList) append(o changeList) {
	l.messages, l.lines = append(l.messages, o.messages...), append(l.lines, o.lines...)
}

// modOf adds or deletes a flow.
func (c *conn) modOf(f *openflow.FlowStats, command openflow.FlowModCommand) *openflow.FlowMod {
	mod := &openflow.FlowMod{
		Command: command, Table: f.Table, Priority: f.Priority, Match: f.Match,
		Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny,
		Nicira: c.nxm == nxmYes,
	}
	if command == openflow.FlowAdd {
		mod.Cookie, mod.Flags, mod.Actions = f.Cookie, f.Flags, f.Actions
		mod.IdleTimeout, mod.HardTimeout, mod.Importance = f.IdleTimeout, f.HardTimeout, f.Importance
	}
	return mod
}

// text is the flow as diff-flows writes it.
func (e *entry) text(o text.PrintOptions) string {
	var b []byte
	f := &e.flow
	if f.Table != 0 {
		b = fmt.Appendf(b, "table=%d ", f.Table)
	}
	start := len(b)
	if f.Priority != openflow.DefaultPriority {
		b = fmt.Appendf(b, "priority=%d,", f.Priority)
	}
	b = text.AppendMatch(b, &f.Match, o)
	if len(b) > start && b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	if f.Cookie != 0 {
		b = fmt.Appendf(b, " cookie=%#x", f.Cookie)
	}
	if f.IdleTimeout != 0 {
		b = fmt.Appendf(b, " idle_timeout=%d", f.IdleTimeout)
	}
	if f.HardTimeout != 0 {
		b = fmt.Appendf(b, " hard_timeout=%d", f.HardTimeout)
	}
	if f.Importance != 0 {
		b = fmt.Appendf(b, " importance=%d", f.Importance)
	}
	return string(text.AppendActions(append(b, " actions="...), f.Actions, o))
}

// source is one side of diff-flows.
type source struct {
	lines []line // of a file
	c     *conn  // to a switch; nil for a file
}

// openSource takes a name for a file where there is one, else for a switch.
func (a *app) openSource(name string) (source, error) {
	info, err := os.Stat(name)
	if name == stdinName || err == nil && info.Mode()&os.ModeSocket == 0 && !info.IsDir() {
		lines, err := a.readLines(name)
		return source{lines: lines}, err
	}
	c, err := a.connect(name)
	return source{c: c}, err
}

func (s source) close() {
	if s.c != nil {
		s.c.close()
	}
}

// errDiffer says that diff-flows found differences. As with ovs-ofctl the exit code
// is then 2.
var errDiffer = errors.New("the flows differ")

// runDiffFlows is diff-flows.
func runDiffFlows(a *app, args []string) error {
	old, err := a.openSource(args[0])
	if err != nil {
		return err
	}
	defer old.close()
	new, err := a.openSource(args[1])
	if err != nil {
		return err
	}
	defer new.close()
	changes, err := a.diff(old, new)
	if err != nil {
		return err
	}
	// Names are one switch's affair: beside a file the switch's, between two
	// switches the first one's.
	o := text.PrintOptions{}
	for _, s := range []source{new, old} {
		if s.c == nil {
			continue
		}
		p, err := s.c.printing()
		if err != nil {
			return err
		}
		o.Ports, o.Tables = p.Ports, p.Tables
	}
	if a.option.json {
		return a.diffJSON(changes, o)
	}
	for _, d := range changes {
		if d.old != nil {
			fmt.Fprintf(a.out, "-%s\n", d.old.text(o))
		}
		if d.new != nil {
			fmt.Fprintf(a.out, "+%s\n", d.new.text(o))
		}
	}
	if len(changes) > 0 {
		return errDiffer
	}
	return nil
}

// diff compares two sources. A file's flows are read with the other side's names
// and as the other side's version writes them.
func (a *app) diff(old, new source) ([]difference, error) {
	peer := old.c
	if peer == nil {
		peer = new.c
	}
	x, err := old.entries(peer)
	if err != nil {
		return nil, err
	}
	y, err := new.entries(peer)
	if err != nil {
		return nil, err
	}
	version := openflow.V15
	for _, s := range []source{old, new} {
		if s.c != nil {
			version = min(version, s.c.version)
		}
	}
	return compare(x, y, version), nil
}

func (s source) entries(peer *conn) (entries, error) {
	if s.c != nil {
		return s.c.entriesOf()
	}
	mods, err := peer.parseFlows(s.lines)
	if err != nil {
		return nil, err
	}
	return entriesIn(s.lines, mods, peer)
}

// flowDifference is a difference as JSON.
type flowDifference struct{ Old, New *openflow.FlowStats }

func (a *app) diffJSON(changes []difference, o text.PrintOptions) error {
	list := make([]flowDifference, len(changes))
	for i, d := range changes {
		if d.old != nil {
			list[i].Old = &d.old.flow
		}
		if d.new != nil {
			list[i].New = &d.new.flow
		}
	}
	p := &printer{app: a, o: o, json: jsontext.NewWriter(o)}
	if err := p.document(struct{ Differences []flowDifference }{list}); err != nil {
		return err
	}
	if len(changes) > 0 {
		return errDiffer
	}
	return nil
}
