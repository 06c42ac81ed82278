package cmd

import (
	"strconv"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// groupParser reads groups for a command; with word a line may begin with another.
func groupParser(command openflow.GroupModCommand, word bool) parser {
	return func(s string, o text.Options) (openflow.Message, error) {
		o.CommandWord = word
		return nilOnError(text.ParseGroup(s, command, o))
	}
}

// runGroupMod is add-group, mod-group, del-groups, insert-buckets, remove-buckets.
func runGroupMod(command openflow.GroupModCommand) func(*app, []string) error {
	return func(a *app, args []string) error {
		lines, err := a.operandOrStdin(args, 1)
		if err != nil {
			return err
		}
		isFile := len(args) > 1 && args[1] == stdinName
		command := command
		if command == openflow.GroupModify && a.option.mayCreate {
			command = openflow.GroupAddOrModify
		}
		return a.sendLines(args[0], openflow.AllVersions, lines, groupParser(command, isFile && command == openflow.GroupAdd))
	}
}

// runAddGroups is add-groups.
func runAddGroups(a *app, args []string) error {
	lines, err := a.readLines(args[1])
	if err != nil {
		return err
	}
	return a.sendLines(args[0], openflow.AllVersions, lines, groupParser(openflow.GroupAdd, true))
}

// groupID reads which group a command is about: a number, "group_id=1", "all".
func groupID(args []string, i int) (uint32, error) {
	if len(args) <= i {
		return openflow.GroupAll, nil
	}
	word := strings.TrimPrefix(args[i], "group_id=")
	if strings.EqualFold(word, "all") {
		return openflow.GroupAll, nil
	}
	n, err := strconv.ParseUint(word, 0, 32)
	if err != nil || n > openflow.GroupMax {
		return 0, usagef("%q is no group: write its number, or all", args[i])
	}
	return uint32(n), nil
}

// runDumpGroups is dump-groups. Before OpenFlow 1.5 a switch tells of all groups at
// once, and the one that was asked for is picked here.
func runDumpGroups(a *app, args []string) error {
	id, err := groupID(args, 1)
	if err != nil {
		return err
	}
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	request := &openflow.GroupDescRequest{Group: id}
	if c.version >= openflow.V15 || id == openflow.GroupAll {
		return c.show(request)
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	request.Group = openflow.GroupAll
	if a.option.json {
		reply, err := c.whole(request)
		if err != nil {
			return err
		}
		pickGroup(reply, id)
		return p.document(reply)
	}
	return c.each(request, func(m message) error {
		pickGroup(m.body, id)
		return p.message(m)
	})
}

func pickGroup(m openflow.Message, id uint32) {
	if r, ok := m.(*openflow.GroupDescReply); ok {
		var some []openflow.GroupDesc
		for _, g := range r.Groups {
			if g.Group == id {
				some = append(some, g)
			}
		}
		r.Groups = some
	}
}

// runDumpGroupStats is dump-group-stats.
func runDumpGroupStats(a *app, args []string) error {
	id, err := groupID(args, 1)
	if err != nil {
		return err
	}
	return a.showOne(args[0], openflow.AllVersions, func(*conn) (openflow.Message, error) {
		return &openflow.GroupStatsRequest{Group: id}, nil
	})
}

// runMeterMod is add-meter, mod-meter, del-meters.
func runMeterMod(command openflow.MeterModCommand) func(*app, []string) error {
	return func(a *app, args []string) error {
		lines := []line{{text: "meter=all"}}
		if len(args) > 1 {
			lines[0].text = args[1]
		}
		return a.sendLines(args[0], versionsFrom(openflow.V13), lines, func(s string, o text.Options) (openflow.Message, error) {
			return nilOnError(text.ParseMeter(s, command, o))
		})
	}
}

// runMeterRequest is dump-meters and meter-stats.
func runMeterRequest(request func(meter uint32) openflow.Message) func(*app, []string) error {
	return func(a *app, args []string) error {
		meter := uint32(openflow.MeterAll)
		if len(args) > 1 {
			var err error
			if meter, err = text.ParseMeterID(args[1]); err != nil {
				return syntax(err)
			}
		}
		return a.showOne(args[0], versionsFrom(openflow.V13), func(*conn) (openflow.Message, error) { return request(meter), nil })
	}
}
