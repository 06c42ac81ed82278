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
		return list.sorted(c, request)
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
	if p.palette != nil && !p.app.option.json {
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

// forgetAges: ovs-ofctl does not look at the ages that Nicira's form carries once it
// does something to flows, and ofctl prints what it prints.
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

// eachPart gives the parts of the reply to a request to use.
func (p *flowPrinter) eachPart(c *conn, request *openflow.FlowStatsRequest, use func(flows []openflow.FlowStats) error) error {
	return c.each(request, func(m message) error {
		r, err := as[*openflow.FlowStatsReply](c, m)
		if err != nil {
			return err
		}
		if r.Nicira && !p.app.option.json {
			forgetAges(r.Flows)
		}
		return use(r.Flows)
	})
}

// each prints the flows that fit a request as they come.
func (p *flowPrinter) each(c *conn, request *openflow.FlowStatsRequest) error {
	p.begin()
	err := p.eachPart(c, request, func(flows []openflow.FlowStats) error {
		p.buf = p.buf[:0]
		for i := range flows {
			p.append(&flows[i])
		}
		return p.write()
	})
	if err != nil {
		return err
	}
	return p.end()
}

// sorted prints the flows that fit a request in the order that --sort asks for.
func (p *flowPrinter) sorted(c *conn, request *openflow.FlowStatsRequest) error {
	s := newFlowSorter(p.app.option.sort)
	err := p.eachPart(c, request, func(flows []openflow.FlowStats) error {
		for i := range flows {
			p.buf, p.n = p.buf[:0], 0
			p.append(&flows[i])
			s.add(&flows[i], p.buf)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.begin()
	for n, i := range s.order() {
		p.buf = p.buf[:0]
		if n > 0 && p.app.option.json {
			p.buf = append(p.buf, ',')
		}
		p.n = n + 1
		p.buf = append(p.buf, s.texts[i]...)
		if err := p.write(); err != nil {
			return err
		}
	}
	return p.end()
}

func (p *flowPrinter) begin() {
	if p.app.option.json {
		p.app.out.WriteString("{\n  \"flows\": [")
	}
}

// append appends a flow to buf.
func (p *flowPrinter) append(f *openflow.FlowStats) {
	if !p.app.option.json {
		p.buf = append(text.AppendFlowStats(append(p.buf, ' '), f, p.o), '\n')
		return
	}
	if p.n > 0 {
		p.buf = append(p.buf, ',')
	}
	p.n++
	p.json.Reset()
	p.json.Value(f)
	p.buf = append(append(p.buf, "\n    "...), p.json.Bytes()...)
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

// flowSorter sorts by criteria, then by falling priority; equal flows stay as the
// switch sent them. Flows that do not match a field come after those that do,
// whichever way the field is sorted. Of each flow it keeps what it is sorted by and
// the text that it is printed as, which is a fraction of the flow.
type flowSorter struct {
	by    []criterion
	keys  []sortKey // len(by) of each flow
	texts [][]byte
	chunk []byte // where the next texts go
}

func newFlowSorter(by []criterion) *flowSorter {
	return &flowSorter{by: append(slices.Clip(by), criterion{descending: true})}
}

// add takes a flow, and a copy of its text.
func (s *flowSorter) add(f *openflow.FlowStats, text []byte) {
	for _, c := range s.by {
		s.keys = append(s.keys, c.key(f))
	}
	if cap(s.chunk)-len(s.chunk) < len(text) {
		s.chunk = make([]byte, 0, max(chunkSize, len(text)))
	}
	at := len(s.chunk)
	s.chunk = append(s.chunk, text...)
	s.texts = append(s.texts, s.chunk[at:len(s.chunk):len(s.chunk)])
}

// order is the flows by number, as they are sorted.
func (s *flowSorter) order() []int {
	order := make([]int, len(s.texts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		for k := range s.by {
			if c := s.keys[a*len(s.by)+k].compare(&s.keys[b*len(s.by)+k], s.by[k].descending); c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	})
	return order
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

func (k *sortKey) compare(o *sortKey, descending bool) int {
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
