package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the command without its process: it reads events from in, writes the
// report to out and complaints to errs, and returns the exit code.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(errs)
	noSkips := flags.Bool("no-skips", false, "a skipped test is a failure")
	least := flags.Int("min", 1, "fewest tests that must run")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	r := newReport(out)
	if err := r.read(in); err != nil {
		fmt.Fprintf(errs, "report: %v\n", err)
		return 1
	}
	r.summarize()
	code := 0
	complain := func(format string, args ...any) {
		fmt.Fprintf(errs, "report: "+format+"\n", args...)
		code = 1
	}
	if n := r.failed + len(r.badPackages); n > 0 {
		complain("%d failures", n)
	}
	if *noSkips && len(r.skips) > 0 {
		complain("%d tests skipped where none may be", len(r.skips))
	}
	if n := r.passed + r.failed; n < *least {
		complain("%d tests ran, at least %d expected", n, *least)
	}
	return code
}
