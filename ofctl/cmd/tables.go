package cmd

import (
	"fmt"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

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
	_, err = a.out.Write(text.AppendTables(nil, c.version, tables, p.o))
	return err
}

// runModTable is mod-table.
func runModTable(a *app, args []string) error {
	if name, isName := strings.CutPrefix(args[2], "name:"); isName {
		return a.nameTable(args[0], args[1], name)
	}
	able := versionsFrom(openflow.V14)
	switch args[2] {
	case "controller", "continue", "drop":
		able = openflow.Versions(openflow.V11, openflow.V12, openflow.V13)
	}
	return a.sendLines(args[0], able, []line{{text: args[2]}}, func(s string, o text.Options) (openflow.Message, error) {
		return nilOnError(text.ParseTableMod(args[1], s, o))
	})
}

// nameTable gives a table a name: it sends the table's features back with another
// one (OpenFlow 1.3.5 §7.3.5.5).
func (a *app) nameTable(target, word, name string) error {
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
	for i := range tables {
		if tables[i].Table != number {
			continue
		}
		tables[i].Name = name
		_, err := c.whole(&openflow.TableFeaturesRequest{Tables: tables[i : i+1]})
		return err
	}
	return fmt.Errorf("%s has no table %s", target, word)
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
		p := &printer{app: a}
		return p.document(config)
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
	if err := c.change([]openflow.Message{&openflow.SetConfig{SwitchConfig: config.SwitchConfig}}, []line{{text: args[1]}}); err != nil {
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
