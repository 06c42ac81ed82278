package cmd

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vswitch/flow"
	"vswitch/ofctl/color"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// flowRequest asks for the flows that the operands behind the switch choose.
func (c *conn) flowRequest(operands []string) (request *openflow.FlowStatsRequest, err error) {
	filter := ""
	if len(operands) > 0 {
		filter = operands[0]
	}
	err = c.reading(func(o text.Options) error {
		if request, err = text.ParseFlowRequest(filter, o); err != nil {
			return syntax(err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	request.Nicira, err = c.useNXM()
	return request, err
}

// runDumpFlows is dump-flows. Like ovs-ofctl it prints the messages as they come,
// unless something has to be done to the flows first.
func runDumpFlows(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	request, err := c.flowRequest(args[1:])
	if err != nil {
		return err
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	palette, err := a.palette()
	if err != nil {
		return err
	}
	list := flowPrinter{printer: p, palette: palette}
	switch {
	case len(a.option.sort) > 0:
		flows, err := c.flows(request)
		if err != nil {
			return err
		}
		sortFlows(flows, a.option.sort)
		return list.all(flows)
	case a.option.json, a.option.noStats, a.showNames():
		return list.each(c, request)
	}
	return c.each(request, list.message)
}

// message prints flows in the message that they came in.
func (p *flowPrinter) message(m message) error {
	p.buf = text.AppendMessage(p.buf[:0], m.header, m.body, p.o)
	return p.write()
}

// write writes buf, in colours where there are some. A line with a flow begins with a
// blank.
func (p *flowPrinter) write() error {
	out := p.buf
	if p.palette != nil {
		p.colored = p.colored[:0]
		for line := range bytes.Lines(p.buf) {
			if line[0] == ' ' {
				p.colored = p.palette.AppendFlow(p.colored, line)
			} else {
				p.colored = append(p.colored, line...)
			}
		}
		out = p.colored
	}
	_, err := p.app.out.Write(out)
	return err
}

// flows collects the flows that fit a request. ovs-ofctl does not look at the ages
// that Nicira's form carries once it collects flows, and ofctl prints what it prints.
func (c *conn) flows(request *openflow.FlowStatsRequest) (flows []openflow.FlowStats, err error) {
	err = eachOf(c, request, func(r *openflow.FlowStatsReply) {
		if r.Nicira && !c.app.option.json {
			forgetAges(r.Flows)
		}
		flows = append(flows, r.Flows...)
	})
	return flows, err
}

func forgetAges(flows []openflow.FlowStats) {
	for i := range flows {
		flows[i].IdleAge, flows[i].HardAge = openflow.AgeUnknown, openflow.AgeUnknown
	}
}

// flowPrinter prints flows.
type flowPrinter struct {
	*printer
	palette *color.Palette // nil: no colours
	colored []byte
	n       int // how many were printed as JSON
}

// each prints the flows that fit a request as they come.
func (p *flowPrinter) each(c *conn, request *openflow.FlowStatsRequest) error {
	p.begin()
	err := c.each(request, func(m message) error {
		r, err := as[*openflow.FlowStatsReply](c, m)
		if err != nil {
			return err
		}
		if r.Nicira && !p.app.option.json {
			forgetAges(r.Flows)
		}
		return p.some(r.Flows)
	})
	if err != nil {
		return err
	}
	return p.end()
}

// all prints flows.
func (p *flowPrinter) all(flows []openflow.FlowStats) error {
	p.begin()
	if err := p.some(flows); err != nil {
		return err
	}
	return p.end()
}

func (p *flowPrinter) begin() {
	if p.app.option.json {
		p.app.out.WriteString("{\n  \"flows\": [")
	}
}

func (p *flowPrinter) some(flows []openflow.FlowStats) error {
	if p.app.option.json {
		return p.someJSON(flows)
	}
	p.buf = p.buf[:0]
	for i := range flows {
		p.buf = append(p.buf, ' ')
		p.buf = append(text.AppendFlowStats(p.buf, &flows[i], p.o), '\n')
	}
	return p.write()
}

func (p *flowPrinter) someJSON(flows []openflow.FlowStats) error {
	p.json.Reset()
	for i := range flows {
		if p.n > 0 {
			p.json.Raw(",")
		}
		p.n++
		p.json.Raw("\n    ")
		p.json.Value(&flows[i])
	}
	_, err := p.app.out.Write(p.json.Bytes())
	return err
}

func (p *flowPrinter) end() error {
	if !p.app.option.json {
		return nil
	}
	closing := "\n  ]\n}\n"
	if p.n == 0 {
		closing = "]\n}\n"
	}
	_, err := p.app.out.WriteString(closing)
	return err
}

// runDumpAggregate is dump-aggregate.
func runDumpAggregate(a *app, args []string) error {
	return a.showOne(args[0], openflow.AllVersions, func(c *conn) (openflow.Message, error) {
		request, err := c.flowRequest(args[1:])
		if err != nil {
			return nil, err
		}
		aggregate := openflow.AggregateRequest(*request)
		return &aggregate, nil
	})
}

// criterion is one --sort or --rsort.
type criterion struct {
	field      *flow.Field // nil: the priority
	descending bool
}

// defaultCriterion is what --sort alone sorts by.
const defaultCriterion = "priority"

// sortFlag appends criteria to a list.
type sortFlag struct {
	list       *[]criterion
	descending bool
}

func (f *sortFlag) Set(s string) error {
	c := criterion{descending: f.descending}
	if s != defaultCriterion {
		if c.field = flow.FieldByName(s); c.field == nil {
			if near := flow.NearestField(s, defaultCriterion); near != "" {
				return fmt.Errorf("no field %q: did you mean %s?", s, near)
			}
			return fmt.Errorf("no field %q", s)
		}
	}
	*f.list = append(*f.list, c)
	return nil
}

func (f *sortFlag) String() string { return "" }

// Type names the value in help texts.
func (f *sortFlag) Type() string { return "field" }

// sortFlows sorts by the criteria, then by falling priority; equal flows stay as
// the switch sent them. Flows that do not match a field come after those that do,
// whichever way the field is sorted.
func sortFlows(flows []openflow.FlowStats, by []criterion) {
	by = append(slices.Clip(by), criterion{descending: true})
	type entry struct {
		flow openflow.FlowStats
		keys []sortKey
	}
	entries := make([]entry, len(flows))
	for i := range flows {
		keys := make([]sortKey, len(by))
		for k := range by {
			keys[k] = by[k].key(&flows[i])
		}
		entries[i] = entry{flows[i], keys}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		for k := range by {
			if order := a.keys[k].compare(b.keys[k], by[k].descending); order != 0 {
				return order
			}
		}
		return 0
	})
	for i := range entries {
		flows[i] = entries[i].flow
	}
}

// sortKey is what a criterion sees of a flow.
type sortKey struct {
	missing bool
	value   flow.Value
	wide    string // of fields that are longer than a value
}

func (c criterion) key(f *openflow.FlowStats) sortKey {
	switch {
	case c.field == nil:
		return sortKey{value: flow.U64(uint64(f.Priority))}
	case c.field.Wide():
		for _, w := range f.Match.Wide {
			if w.Field == c.field.ID {
				return sortKey{wide: strings.TrimLeft(string(w.Value), "\x00")}
			}
		}
		return sortKey{missing: true}
	}
	value, _, kind := f.Match.Field(c.field)
	if kind == flow.MatchNone || f.Match.CheckPrereqs(c.field.ID) != nil {
		return sortKey{missing: true}
	}
	return sortKey{value: value}
}

func (k sortKey) compare(o sortKey, descending bool) int {
	if k.missing != o.missing {
		if k.missing {
			return 1
		}
		return -1
	}
	order := cmp.Or(cmp.Compare(k.value.Hi, o.value.Hi), cmp.Compare(k.value.Lo, o.value.Lo),
		cmp.Compare(len(k.wide), len(o.wide)), strings.Compare(k.wide, o.wide))
	if descending {
		return -order
	}
	return order
}
