package cmd

import (
	"strings"

	"github.com/spf13/pflag"
)

// whole writes flags out that were shortened, as ovs-ofctl's may be: --no-name is
// --no-names. The beginning of several flags stays, and is refused as unknown.
func whole(args []string, flags *pflag.FlagSet) []string {
	list := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(list, args[i:]...)
		}
		list = append(list, wholeFlag(arg, flags))
	}
	return list
}

func wholeFlag(arg string, flags *pflag.FlagSet) string {
	start, isFlag := strings.CutPrefix(arg, "--")
	start, value, hasValue := strings.Cut(start, "=")
	if !isFlag || start == "" || flags.Lookup(start) != nil {
		return arg
	}
	name, n := "", 0
	flags.VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Name, start) {
			name = f.Name
			n++
		}
	})
	switch {
	case n != 1:
		return arg
	case hasValue:
		return "--" + name + "=" + value
	}
	return "--" + name
}
