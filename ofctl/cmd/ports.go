package cmd

import (
	"slices"
	"strconv"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// runDumpPorts is dump-ports.
func runDumpPorts(a *app, args []string) error {
	return a.showOne(args[0], openflow.AllVersions, func(c *conn) (openflow.Message, error) {
		port, err := c.optionalPort(args, 1)
		return &openflow.PortStatsRequest{Port: port}, err
	})
}

// optionalPort is the port that operand i names, or where there is none, or it says
// all or any, PortAny.
func (c *conn) optionalPort(args []string, i int) (openflow.PortNo, error) {
	if len(args) <= i || isAny(args[i]) {
		return openflow.PortAny, nil
	}
	return c.port(args[i])
}

// runDumpPortsDesc is dump-ports-desc. Before OpenFlow 1.5 a switch tells of all
// ports at once, and the one that was asked for is picked here.
func runDumpPortsDesc(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	port, err := c.optionalPort(args, 1)
	if err != nil {
		return err
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	request := &openflow.PortDescRequest{Port: openflow.PortAny}
	if c.version >= openflow.V15 {
		request.Port = port
	}
	if a.option.json {
		reply, err := c.whole(request)
		if err != nil {
			return err
		}
		pickPort(reply, port)
		return p.document(reply)
	}
	return c.each(request, func(m message) error {
		pickPort(m.body, port)
		return p.message(m)
	})
}

func pickPort(m openflow.Message, port openflow.PortNo) {
	if r, ok := m.(*openflow.PortDescReply); ok && port != openflow.PortAny {
		r.Ports = slices.DeleteFunc(r.Ports, func(p openflow.Port) bool { return p.No != port })
	}
}

// only10 are settings that no version but OpenFlow 1.0 can carry.
const only10 = openflow.PortNoSTP | openflow.PortNoRecvSTP | openflow.PortNoFlood

// runModPort is mod-port.
func runModPort(a *app, args []string) error {
	config, mask, err := text.ParsePortAction(args[2])
	if err != nil {
		return syntax(err)
	}
	able := openflow.AllVersions
	if mask&only10 != 0 {
		able = openflow.Versions(openflow.V10)
	}
	c, err := a.connectWith(args[0], able)
	if err != nil {
		return err
	}
	defer c.close()
	port, err := c.findPort(args[1])
	if err != nil {
		return err
	}
	mod := &openflow.PortMod{Port: port.No, MAC: port.MAC, Config: config, Mask: mask}
	return c.changeAll([]openflow.Message{mod}, []line{{text: args[1]}})
}

// findPort is the description of a port that is given by its number or name.
func (c *conn) findPort(word string) (openflow.Port, error) {
	ports, err := c.describePorts()
	if err != nil {
		return openflow.Port{}, err
	}
	number, isNumber := openflow.ParsePortNo(word)
	for _, p := range ports {
		if isNumber && p.No == number || !isNumber && p.Name == word {
			return p, nil
		}
	}
	return openflow.Port{}, c.noPort(word)
}

// runQueueStats is queue-stats.
func runQueueStats(a *app, args []string) error {
	return a.showOne(args[0], openflow.AllVersions, func(c *conn) (openflow.Message, error) {
		port, err := c.optionalPort(args, 1)
		if err != nil {
			return nil, err
		}
		queue, err := optionalQueue(args, 2)
		return &openflow.QueueStatsRequest{Port: port, Queue: queue}, err
	})
}

// isAny reports whether an operand means all that there are.
func isAny(word string) bool { return strings.EqualFold(word, "all") || strings.EqualFold(word, "any") }

// optionalQueue is the queue that operand i names, or where there is none, or it says
// all or any, QueueAll.
func optionalQueue(args []string, i int) (uint32, error) {
	if len(args) <= i || isAny(args[i]) {
		return openflow.QueueAll, nil
	}
	n, err := strconv.ParseUint(args[i], 0, 32)
	if err != nil {
		return 0, usagef("%q is no queue number", args[i])
	}
	return uint32(n), nil
}

// queueConfigs is what queue-get-config prints as JSON.
type queueConfigs struct{ Queues []openflow.Queue }

// runQueueGetConfig is queue-get-config.
func runQueueGetConfig(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	port, err := c.optionalPort(args, 1)
	if err != nil {
		return err
	}
	queue, err := optionalQueue(args, 2)
	if err != nil {
		return err
	}
	if c.version >= openflow.V14 {
		return c.show(&openflow.QueueDescRequest{Port: port, Queue: queue})
	}
	ports := []openflow.PortNo{port}
	if port == openflow.PortAny && c.version == openflow.V10 {
		if ports, err = c.realPorts(); err != nil {
			return err
		}
	}
	return c.showQueues(ports, queue)
}

// realPorts are the ports that are no reserved ones. OpenFlow 1.0 tells of the
// queues of one port at a time.
func (c *conn) realPorts() ([]openflow.PortNo, error) {
	ports, err := c.describePorts()
	var list []openflow.PortNo
	for i := range ports {
		if !ports[i].No.Reserved() {
			list = append(list, ports[i].No)
		}
	}
	return list, err
}

// showQueues prints the queues of ports, as versions before OpenFlow 1.4 tell them.
func (c *conn) showQueues(ports []openflow.PortNo, queue uint32) error {
	p, err := c.printer()
	if err != nil {
		return err
	}
	all := queueConfigs{[]openflow.Queue{}}
	for _, port := range ports {
		m, err := c.call(&openflow.QueueConfigRequest{Port: port})
		if err != nil {
			return err
		}
		reply, err := as[*openflow.QueueConfigReply](c, m)
		if err != nil {
			return err
		}
		if queue != openflow.QueueAll {
			reply.Queues = slices.DeleteFunc(reply.Queues, func(q openflow.Queue) bool { return q.ID != queue })
		}
		all.Queues = append(all.Queues, reply.Queues...)
		if !c.app.option.json {
			if err := p.message(m); err != nil {
				return err
			}
		}
	}
	if c.app.option.json {
		return p.document(&all)
	}
	return nil
}
