// Command vswitchd is a virtual switch: it makes bridges and ports as a
// configuration file says, and forwards between them as OpenFlow flows say.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"vswitch/config/yaml"
	"vswitch/vswitchd/daemon"
)

// version is set by the linker.
var version = "development"

func main() { os.Exit(run(os.Args[1:])) }

// run is main with an exit code: 0 ended as asked, 1 failed, 2 wrong usage.
func run(args []string) int {
	flags := pflag.NewFlagSet("vswitchd", pflag.ContinueOnError)
	file := flags.StringP("config", "c", "", "configuration `file`, for example switch.yaml")
	check := flags.Bool("check", false, "only check the configuration")
	showVersion := flags.Bool("version", false, "print the version")
	yaml.AddFlags(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "vswitchd: %v\n", err)
		return 2
	case *showVersion:
		fmt.Println("vswitchd", version)
		return 0
	case *file == "" || flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "usage: vswitchd -c FILE [options]\n%s", flags.FlagUsages())
		return 2
	}
	var err error
	o := daemon.Options{File: *file, Flags: flags, Version: version}
	if *check {
		err = daemon.Check(o)
	} else {
		err = daemon.Run(context.Background(), o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "vswitchd: %v\n", err)
		return 1
	}
	return 0
}
