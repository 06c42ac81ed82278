package cmd

import (
	"fmt"
	"reflect"

	"vswitch/ofctl/jsontext"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// printer writes what came from a switch, in the form that was asked for.
type printer struct {
	app  *app
	o    text.PrintOptions
	buf  []byte
	json *jsontext.Writer
}

func (c *conn) printer() (*printer, error) {
	o, err := c.printing()
	return &printer{app: c.app, o: o, json: jsontext.NewWriter(o)}, err
}

// message writes one message as ofp-print does.
func (p *printer) message(m message) error {
	p.buf = text.AppendMessage(p.buf[:0], m.header, m.body, p.o)
	_, err := p.app.out.Write(p.buf)
	return err
}

// document writes the members of v as JSON.
func (p *printer) document(v any) error {
	p.json.Reset()
	p.json.Document(v)
	_, err := p.app.out.Write(p.json.Bytes())
	return err
}

// document writes the members of v, which is no switch's, as JSON.
func (a *app) document(v any) error { return a.offlinePrinter().document(v) }

// record writes v as JSON on a line of its own.
func (a *app) record(v any) error {
	w := jsontext.NewWriter(text.PrintOptions{})
	w.Value(v)
	w.Raw("\n")
	_, err := a.out.Write(w.Bytes())
	return err
}

// show sends a request and prints each part of the reply as it comes, or as JSON
// the parts as one.
func (c *conn) show(request openflow.Message) error {
	p, err := c.printer()
	if err != nil {
		return err
	}
	if !c.app.option.json {
		return c.each(request, p.message)
	}
	whole, err := c.whole(request)
	if err != nil {
		return err
	}
	return p.document(whole)
}

// whole sends a request and joins the parts of the reply.
func (c *conn) whole(request openflow.Message) (whole openflow.Message, err error) {
	err = c.each(request, func(m message) error {
		switch {
		case whole == nil:
			whole = m.body
		case whole.Kind() != m.body.Kind():
			return fmt.Errorf("%s: parts of the reply are of different kinds: %s", c.target.name, m.header.Name)
		default:
			merge(whole, m.body)
		}
		return nil
	})
	return whole, err
}

// runRequest is a command that shows the reply to a request without operands, which
// the versions of able can carry.
func runRequest(able openflow.VersionSet, request openflow.Message) func(*app, []string) error {
	return func(a *app, args []string) error {
		return a.showOne(args[0], able, func(*conn) (openflow.Message, error) { return request, nil })
	}
}

// showOne connects, and shows the reply to the request that make returns.
func (a *app) showOne(name string, able openflow.VersionSet, make func(c *conn) (openflow.Message, error)) error {
	c, err := a.connectWith(name, able)
	if err != nil {
		return err
	}
	defer c.close()
	request, err := make(c)
	if err != nil {
		return err
	}
	return c.show(request)
}

// switchDescription is what show prints as JSON.
type switchDescription struct {
	openflow.FeaturesReply
	Config openflow.SwitchConfig
}

// runShow is show: who the switch is, its ports, its configuration.
func runShow(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	if a.option.json {
		return c.showJSON()
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	features, err := c.call(&openflow.FeaturesRequest{})
	if err != nil {
		return err
	}
	if err := p.message(features); err != nil {
		return err
	}
	if reply, ok := features.body.(*openflow.FeaturesReply); ok && len(reply.Ports) == 0 {
		if err := c.each(&openflow.PortDescRequest{Port: openflow.PortAny}, p.message); err != nil {
			return err
		}
	}
	// ovs-ofctl asks for the configuration over another connection, whose hello
	// takes a number.
	c.nextXID()
	config, err := c.call(&openflow.GetConfigRequest{})
	if err != nil {
		return err
	}
	return p.message(config)
}

func (c *conn) showJSON() error {
	features, err := ask[*openflow.FeaturesReply](c, &openflow.FeaturesRequest{})
	if err != nil {
		return err
	}
	if len(features.Ports) == 0 {
		if features.Ports, err = c.describePorts(); err != nil {
			return err
		}
	}
	config, err := ask[*openflow.GetConfigReply](c, &openflow.GetConfigRequest{})
	if err != nil {
		return err
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	return p.document(&switchDescription{*features, config.SwitchConfig})
}

// merge appends the lists of part, a further part of a reply, to those of whole.
func merge(whole, part openflow.Message) {
	to, from := reflect.ValueOf(whole).Elem(), reflect.ValueOf(part).Elem()
	for i := range to.NumField() {
		if f := to.Field(i); f.Kind() == reflect.Slice && f.CanSet() {
			f.Set(reflect.AppendSlice(f, from.Field(i)))
		}
	}
}
