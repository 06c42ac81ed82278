package cmd

import (
	"errors"
	"strconv"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// learnNames asks the switch, once a connection, for the names of its ports and
// tables. A switch that has none of tables to tell is not an error.
func (c *conn) learnNames() error {
	if c.portNames != nil {
		return nil
	}
	ports, err := c.describePorts()
	if err != nil {
		return err
	}
	names := new(text.Names)
	for i := range ports {
		names.Add(uint32(ports[i].No), ports[i].Name)
	}
	tables, err := c.nameTables()
	if err != nil {
		return err
	}
	c.portNames, c.tableNames = names, tables
	return nil
}

// describePorts asks for all ports. OpenFlow 1.0 to 1.2 tell them with the
// switch's features, unless there are more than one message holds.
func (c *conn) describePorts() ([]openflow.Port, error) {
	if c.version < openflow.V13 {
		features, err := ask[*openflow.FeaturesReply](c, &openflow.FeaturesRequest{})
		if err != nil {
			return nil, err
		}
		if len(features.Ports) > 0 {
			return features.Ports, nil
		}
	}
	var ports []openflow.Port
	err := eachOf(c, &openflow.PortDescRequest{Port: openflow.PortAny}, func(r *openflow.PortDescReply) {
		ports = append(ports, r.Ports...)
	})
	return ports, err
}

// nameTables asks for the names of tables.
func (c *conn) nameTables() (*text.Names, error) {
	names := new(text.Names)
	add := func(tables []openflow.TableFeatures) {
		for i := range tables {
			if tables[i].Name != "" {
				names.Add(uint32(tables[i].Table), tables[i].Name)
			}
		}
	}
	var err error
	if c.version < openflow.V13 {
		err = eachOf(c, &openflow.TableStatsRequest{}, func(r *openflow.TableStatsReply) { add(r.Features) })
	} else {
		err = eachOf(c, &openflow.TableFeaturesRequest{}, func(r *openflow.TableFeaturesReply) { add(r.Tables) })
	}
	var refused *refusal
	if errors.As(err, &refused) {
		err = nil
	}
	return names, err
}

// reading parses text. It is tried with numbers alone first, so that a switch is
// asked for names only where the text has some.
func (c *conn) reading(parse func(o text.Options) error) error {
	err := parse(text.Options{Ports: c.portNames, Tables: c.tableNames, Version: c.version})
	if err == nil || c.app.option.noNames || c.portNames != nil {
		return err
	}
	if err := c.learnNames(); err != nil {
		return err
	}
	return parse(text.Options{Ports: c.portNames, Tables: c.tableNames, Version: c.version})
}

// printing are the options for what is printed of the switch.
func (c *conn) printing() (text.PrintOptions, error) {
	o := text.PrintOptions{NoStats: c.app.option.noStats, Verbosity: c.app.option.more + defaultVerbosity, PacketSummary: c.app.packetSummary}
	if c.mute || !c.app.showNames() {
		return o, nil
	}
	if err := c.learnNames(); err != nil {
		return o, err
	}
	o.Ports, o.Tables = c.portNames, c.tableNames
	return o, nil
}

// port is the number of a port that is given by its number or name.
func (c *conn) port(word string) (openflow.PortNo, error) {
	if port, found := openflow.ParsePortNo(word); found {
		return port, nil
	}
	if c.app.option.noNames {
		return 0, usagef("%q is no port number", word)
	}
	if err := c.learnNames(); err != nil {
		return 0, err
	}
	if port, found := c.portNames.Number(word); found {
		return openflow.PortNo(port), nil
	}
	return 0, c.noPort(word)
}

// noPort is the error of a port that the switch does not have.
func (c *conn) noPort(word string) error {
	ports, err := c.describePorts()
	if err != nil {
		return err
	}
	var names []string
	for i := range ports {
		names = append(names, ports[i].Name)
	}
	if near := nearest(word, names); near != "" {
		return usagef("%s has no port %s: did you mean %s?", c.target.name, word, near)
	}
	return usagef("%s has no port %s: ofctl show %s lists its ports", c.target.name, word, c.target.name)
}

// table is the number of a table that is given by its number or name.
func (c *conn) table(word string) (uint8, error) {
	if n, err := strconv.ParseUint(word, 0, 8); err == nil {
		return uint8(n), nil
	}
	if err := c.learnNames(); err != nil {
		return 0, err
	}
	if number, found := c.tableNames.Number(word); found {
		return uint8(number), nil
	}
	return 0, usagef("%s has no table %s", c.target.name, word)
}
