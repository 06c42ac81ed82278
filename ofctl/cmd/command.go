package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vswitch/openflow"
)

// command is a row of the table: what can be done, and all that help and
// completion say about it.
type command struct {
	group       *group
	name        string
	alias       string // another name, or ""
	operands    string // "SWITCH [FLOW]"
	least, most int    // operands
	summary     string // what it does, in one line
	more        string // what else there is to say, or ""
	example     string
	flags       string // those that mean something to it, by name
	writes      bool   // it changes the switch
	run         func(a *app, args []string) error
}

// group is a heading in the list of commands.
type group struct{ id, title string }

// unlimited is for commands that take a list.
const unlimited = 1 << 20

// everyFlag are the flags that count for all commands that speak OpenFlow.
const everyFlag = "protocols timeout rundir"

// newRoot makes the command line of one run.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ofctl [flags] COMMAND [SWITCH] [operands]",
		Short: "operate OpenFlow switches",
		Long: `ofctl shows and changes what an OpenFlow switch does.

SWITCH is the name of a bridge of the local vswitchd, unix:PATH, tcp:HOST[:PORT]
or ssl:HOST[:PORT]. Flags may stand anywhere. The exit code is 0 when all was
done, 1 when the switch or the way to it refused, 2 when the command line or
the text of a flow is wrong.`,
		Example:       "  ofctl add-flow br0 'in_port=h1,actions=output:h2'\n  ofctl dump-flows br0 --sort",
		Version:       a.stdio.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          func(_ *cobra.Command, args []string) error { return a.noCommand(args) },
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(a.stdio.In)
	root.SetOut(a.out)
	root.SetErr(a.stdio.Err)
	root.SetVersionTemplate("ofctl {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(root, err) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.help(c) })
	root.PersistentFlags().SortFlags = false
	flags := newFlags(&a.option)
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	root.SetGlobalNormalizationFunc(wholeName(names))
	root.PersistentFlags().AddFlagSet(flags)
	for _, g := range groups() {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
	}
	for _, row := range commands() {
		root.AddCommand(a.cobra(row))
	}
	root.SetHelpCommandGroupID(groupTool.id)
	root.SetCompletionCommandGroupID(groupTool.id)
	return root
}

// cobra makes a row of the table a command.
func (a *app) cobra(row command) *cobra.Command {
	var aliases []string
	if row.alias != "" {
		aliases = []string{row.alias}
	}
	return &cobra.Command{
		Aliases: aliases,
		Use:     strings.TrimSpace(row.name + " " + row.operands),
		Short:   row.summary,
		Long:    row.more,
		Example: row.example,
		GroupID: row.group.id,
		Args:    func(_ *cobra.Command, args []string) error { return checkCount(&row, len(args)) },
		RunE: func(_ *cobra.Command, args []string) error {
			if row.writes && a.option.readOnly {
				return usagef("%s changes the switch, which --read-only refuses", row.name)
			}
			if a.stdio.Name == ovsName && a.option.versions == 0 {
				a.option.versions = openflow.Versions(openflow.V10)
			}
			return row.run(a, args)
		},
		ValidArgsFunction: a.complete(row.operands),
	}
}

// checkCount refuses a wrong number of operands.
func checkCount(row *command, n int) error {
	switch {
	case n < row.least:
		return usagef("%s: operands are missing: usage: ofctl %s %s\n  for example: %s", row.name, row.name, row.operands, row.example)
	case n > row.most:
		return usagef("%s: too many operands (quote a flow that has blanks): usage: ofctl %s %s\n  for example: %s", row.name, row.name, row.operands, row.example)
	}
	return nil
}

// noCommand is the error of a first word that is no command.
func (a *app) noCommand(args []string) error {
	if len(args) == 0 {
		return nil
	}
	names := []string{"help", "completion"}
	for _, row := range commands() {
		names = append(names, row.name)
	}
	if near := nearest(args[0], names); near != "" {
		return usagef("no command %q: did you mean %s?", args[0], near)
	}
	return usagef("no command %q: ofctl help lists the commands", args[0])
}

// flagError says what is wrong with a flag, and which one may have been meant.
func flagError(root *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return usagef("%w", err)
	}
	var names []string
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(unknown.GetSpecifiedName(), names); near != "" {
		return usagef("no flag --%s: did you mean --%s?", unknown.GetSpecifiedName(), near)
	}
	return usagef("no flag --%s: ofctl help COMMAND lists the flags", unknown.GetSpecifiedName())
}

// help prints what the table says about a command, or the list of commands.
func (a *app) help(c *cobra.Command) {
	rows := commands()
	i := slices.IndexFunc(rows, func(r command) bool { return r.name == c.Name() && c.HasParent() })
	switch {
	case i >= 0:
		a.helpCommand(c, &rows[i])
	case c.HasParent():
		fmt.Fprintf(a.out, "%s\n\nusage: %s\n", c.Long, c.UseLine())
	default:
		a.helpAll(c)
	}
}

func (a *app) helpAll(root *cobra.Command) {
	fmt.Fprintf(a.out, "%s\n\nusage: %s\n\nfor example:\n%s\n", root.Long, root.Use, root.Example)
	for _, g := range groups() {
		fmt.Fprintf(a.out, "\n%s\n", g.title)
		for _, row := range commands() {
			if row.group.id == g.id {
				a.line(row.name+" "+row.operands, row.summary)
			}
		}
	}
	a.line("completion SHELL", "print the completion script of bash, zsh, fish or powershell")
	a.line("help [COMMAND]", "say more about a command")
	fmt.Fprintf(a.out, "\nFlags\n%s", flagUsages(root.PersistentFlags(), nil))
}

// listedCommand is a command as JSON.
type listedCommand struct{ Name, Operands, Summary string }

func listedCommands() any {
	var document struct{ Commands []listedCommand }
	for _, row := range commands() {
		document.Commands = append(document.Commands, listedCommand{row.name, row.operands, row.summary})
	}
	return document
}

// runListCommands is list-commands.
func runListCommands(a *app, _ []string) error {
	if a.option.json {
		return a.document(listedCommands())
	}
	for _, row := range commands() {
		for _, name := range []string{row.name, row.alias} {
			if name != "" {
				fmt.Fprintln(a.out, strings.TrimSpace(name+" "+row.operands))
			}
		}
	}
	return nil
}

// line prints a name and what it is, on two lines where the name is long.
func (a *app) line(name, summary string) {
	const column = 34
	if len(name) >= column {
		fmt.Fprintf(a.out, "  %s\n", name)
		name = ""
	}
	fmt.Fprintf(a.out, "  %-*s%s\n", column, name, summary)
}

func (a *app) helpCommand(c *cobra.Command, row *command) {
	fmt.Fprintf(a.out, "%s: %s\n\nusage: ofctl %s\n\nfor example:\n  %s\n", row.name, row.summary, c.Use, row.example)
	if row.alias != "" {
		fmt.Fprintf(a.out, "\nalso: ofctl %s\n", row.alias)
	}
	if row.more != "" {
		fmt.Fprintf(a.out, "\n%s\n", row.more)
	}
	if names := strings.Fields(row.flags); len(names) > 0 {
		fmt.Fprintf(a.out, "\nFlags\n%s", flagUsages(c.Root().PersistentFlags(), names))
	}
}

// flagUsages describes the flags with the names, or all.
func flagUsages(all *pflag.FlagSet, names []string) string {
	some := pflag.NewFlagSet("", pflag.ContinueOnError)
	some.SortFlags = false
	all.VisitAll(func(f *pflag.Flag) {
		if names == nil || slices.Contains(names, f.Name) {
			some.AddFlag(f)
		}
	})
	return some.FlagUsages()
}

// complete gives the bridges where an operand is a switch, and the words where it
// is one of a list ("up|down"). Files are the shell's affair.
func (a *app) complete(operands string) cobra.CompletionFunc {
	words := strings.Fields(operands)
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(words) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word := strings.Trim(words[min(len(args), len(words)-1)], "[].")
		switch {
		case len(args) >= len(words) && !strings.HasSuffix(operands, "..."), word == "FLOW", word == "PORT":
			return nil, cobra.ShellCompDirectiveNoFileComp
		case word == "SWITCH", word == "SOURCE", word == "BRIDGE":
			return a.bridges(), cobra.ShellCompDirectiveDefault
		case strings.Contains(word, "|") && word == strings.ToLower(word):
			return strings.Split(word, "|"), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
}
