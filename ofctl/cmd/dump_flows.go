package cmd

import (
	"reflect"

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
	switch {
	case len(a.option.sort) > 0:
		flows, err := c.flows(request)
		if err != nil {
			return err
		}
		sortFlows(flows, a.option.sort)
		list := flowPrinter{printer: p}
		return list.all(flows)
	case a.option.json, a.option.noStats, a.showNames():
		list := flowPrinter{printer: p}
		return list.each(c, request)
	}
	return c.each(request, p.message)
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

// flowPrinter prints flows without the messages that they came in.
type flowPrinter struct {
	*printer
	n int // how many were printed
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
	p.buf = p.buf[:0]
	for i := range flows {
		if p.app.option.json {
			if p.n > 0 {
				p.buf = append(p.buf, ',')
			}
			p.json.dst = append(p.buf, "\n    "...)
			p.json.value("", reflect.ValueOf(&flows[i]))
			p.buf = p.json.dst
		} else {
			p.buf = append(p.buf, ' ')
			p.buf = append(text.AppendFlowStats(p.buf, &flows[i], p.o), '\n')
		}
		p.n++
	}
	_, err := p.app.out.Write(p.buf)
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
