package cmd

import (
	"bytes"
	"fmt"
	"slices"
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

// versionsFrom are the versions from one on.
func versionsFrom(from openflow.Version) openflow.VersionSet {
	var set openflow.VersionSet
	for v := from; v.Valid(); v++ {
		set |= openflow.Versions(v)
	}
	return set
}

// runDumpTableFeatures is dump-table-features. The tables of all parts are printed
// together, because one may be like the one before.
func runDumpTableFeatures(a *app, args []string) error {
	c, err := a.connectWith(args[0], versionsFrom(openflow.V13))
	if err != nil {
		return err
	}
	defer c.close()
	if a.option.json {
		return c.show(&openflow.TableFeaturesRequest{})
	}
	p, err := c.printer()
	if err != nil {
		return err
	}
	var tables []openflow.TableFeatures
	err = eachOf(c, &openflow.TableFeaturesRequest{}, func(r *openflow.TableFeaturesReply) { tables = append(tables, r.Tables...) })
	if err != nil {
		return err
	}
	// What AppendTables writes stands behind a message's name; here is none.
	list := text.AppendTables(nil, c.version, tables, p.o)
	_, err = a.out.Write(append(bytes.TrimPrefix(list, []byte("\n")), '\n'))
	return err
}

// runModTable is mod-table.
func runModTable(a *app, args []string) error {
	if name, isName := strings.CutPrefix(args[2], "name:"); isName {
		return a.nameTable(args[0], args[1], name)
	}
	if _, err := text.ParseTableMod("all", args[2], text.Options{}); err != nil {
		return syntax(err)
	}
	able := versionsFrom(openflow.V14)
	switch args[2] {
	case "controller", "continue", "drop":
		able = openflow.Versions(openflow.V11, openflow.V12)
	}
	var mod *openflow.TableMod
	c, err := a.connectWith(args[0], able)
	if err != nil {
		return err
	}
	defer c.close()
	err = c.reading(func(o text.Options) (err error) {
		if mod, err = text.ParseTableMod(args[1], args[2], o); err != nil {
			return syntax(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	mods := []openflow.Message{mod}
	if c.version >= openflow.V14 {
		if mods, err = c.wholeTableMods(mod); err != nil {
			return err
		}
	}
	lines := slices.Repeat([]line{{from: "table " + args[1], text: args[2]}}, len(mods))
	return c.changeAll(mods, lines)
}

// wholeTableMods makes table-mods that change only what mod says. The message
// carries all of a table's configuration (OpenFlow 1.4.1 §7.3.4.3), so what is to
// stay is asked for first, and ALL becomes each table.
func (c *conn) wholeTableMods(mod *openflow.TableMod) (mods []openflow.Message, err error) {
	err = eachOf(c, &openflow.TableDescRequest{}, func(r *openflow.TableDescReply) {
		for _, d := range r.Tables {
			if mod.Table != openflow.TableAll && mod.Table != d.Table {
				continue
			}
			whole := *mod
			whole.Table = d.Table
			if whole.Eviction == openflow.Unset {
				whole.Eviction, whole.EvictionFlags = d.Eviction, d.EvictionFlags
			}
			if whole.Vacancy == openflow.Unset {
				whole.Vacancy, whole.VacancyDown, whole.VacancyUp = d.Vacancy, d.Down, d.Up
			}
			mods = append(mods, &whole)
		}
	})
	if err == nil && len(mods) == 0 {
		err = fmt.Errorf("%s has no table %d", c.target.name, mod.Table)
	}
	return mods, err
}

// nameTable gives a table a name: it sends the features back with another one. All
// tables are sent, because those that were left out would be disabled (OpenFlow
// 1.3.5 §7.3.5.5).
func (a *app) nameTable(target, word, name string) error {
	if len(name) > openflow.MaxTableName {
		return usagef("name: at most %d bytes fit, not %d", openflow.MaxTableName, len(name))
	}
	c, err := a.connectWith(target, versionsFrom(openflow.V13))
	if err != nil {
		return err
	}
	defer c.close()
	number, err := c.table(word)
	if err != nil {
		return err
	}
	var tables []openflow.TableFeatures
	err = eachOf(c, &openflow.TableFeaturesRequest{}, func(r *openflow.TableFeaturesReply) { tables = append(tables, r.Tables...) })
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tables, func(t openflow.TableFeatures) bool { return t.Table == number })
	if i < 0 {
		return fmt.Errorf("%s has no table %s", target, word)
	}
	tables[i].Name = name
	_, err = c.whole(&openflow.TableFeaturesRequest{Tables: tables})
	return err
}

// runGetFrags is get-frags.
func runGetFrags(a *app, args []string) error {
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	config, err := ask[*openflow.GetConfigReply](c, &openflow.GetConfigRequest{})
	if err != nil {
		return err
	}
	if a.option.json {
		return a.document(config)
	}
	_, err = fmt.Fprintln(a.out, text.FragName(config.Frag))
	return err
}

// runSetFrags is set-frags. That a switch did not take the mode shows only in its
// configuration, which is therefore read again.
func runSetFrags(a *app, args []string) error {
	frag, found := text.ParseFrag(args[1])
	if !found {
		return usagef("no way to treat fragments %q: there are normal, drop, reassemble, nx-match", args[1])
	}
	c, err := a.connect(args[0])
	if err != nil {
		return err
	}
	defer c.close()
	config, err := ask[*openflow.GetConfigReply](c, &openflow.GetConfigRequest{})
	if err != nil || config.Frag == frag {
		return err
	}
	config.Frag = frag
	if err := c.changeAll([]openflow.Message{&openflow.SetConfig{SwitchConfig: config.SwitchConfig}}, []line{{text: args[1]}}); err != nil {
		return err
	}
	config, err = ask[*openflow.GetConfigReply](c, &openflow.GetConfigRequest{})
	if err == nil && config.Frag != frag {
		err = fmt.Errorf("%s: the switch did not take %s: fragments are treated %s", args[0], args[1], text.FragName(config.Frag))
	}
	return err
}

// runTLVMap is add-tlv-map and del-tlv-map; without maps del-tlv-map removes all.
func runTLVMap(command openflow.TLVTableCommand) func(*app, []string) error {
	return func(a *app, args []string) error {
		lines, err := a.operandOrStdin(args, 1)
		if err != nil {
			return err
		}
		return a.sendLines(args[0], openflow.AllVersions, lines, func(s string, _ text.Options) (openflow.Message, error) {
			if s == "" {
				return &openflow.TLVTableMod{Command: openflow.TLVClear}, nil
			}
			maps, err := text.ParseTLVMaps(s)
			return &openflow.TLVTableMod{Command: command, Maps: maps}, err
		})
	}
}

// runCTFlush is ct-flush.
func runCTFlush(a *app, args []string) error {
	flush, err := text.ParseCTFlush(args[1:]...)
	if err != nil {
		return syntax(err)
	}
	return a.sendLines(args[0], openflow.AllVersions, []line{{text: strings.Join(args[1:], " ")}}, func(string, text.Options) (openflow.Message, error) {
		return flush, nil
	})
}

// runCTFlushZone is ct-flush-zone.
func runCTFlushZone(a *app, args []string) error {
	zone, err := strconv.ParseUint(args[1], 0, 16)
	if err != nil {
		return usagef("%q is no zone: they have the numbers 0 to 65535", args[1])
	}
	return a.sendLines(args[0], openflow.AllVersions, []line{{text: args[1]}}, func(string, text.Options) (openflow.Message, error) {
		return &openflow.CTFlushZone{Zone: uint16(zone)}, nil
	})
}
