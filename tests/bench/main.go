package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 6 && os.Args[1] == copierCommand {
		fmt.Fprintln(os.Stderr, "bench: copier:", copyFrames(os.Args[2:]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	rounds   int
	spent    time.Duration // on one measurement
	subjects []string
	metrics  []string
	ref      string
	bin      string // directory with vswitchd and ofctl
	json     string
	from     string
	isWrite  bool
}

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// run is the command without its process.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	complain := func(err error, code int) int {
		fmt.Fprintln(errs, "bench:", err)
		return code
	}
	if err != nil {
		return complain(err, exitUsage)
	}
	if o.isWrite { // Nobody wants to hear of it after half an hour.
		if _, _, err := splitPage(page); err != nil {
			return complain(err, exitUsage)
		}
	}
	var r *report
	if o.from != "" {
		r, err = readReport(o.from)
	} else {
		r, err = measure(ctx, o, out)
	}
	if r == nil {
		return complain(err, exitFailed)
	}
	r.Ref = o.ref
	fmt.Fprint(out, r.table())
	if ctx.Err() != nil { // Files are for whole runs.
		return complain(err, exitInterrupted)
	}
	// What failed is named among what is left out; the rest is worth keeping.
	if err = errors.Join(err, save(r, o)); err != nil {
		return complain(err, exitFailed)
	}
	return 0
}

// save writes the files that were asked for.
func save(r *report, o options) error {
	if o.json != "" {
		text, err := json.MarshalIndent(r, "", "\t")
		if err == nil {
			err = os.WriteFile(o.json, append(text, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if o.isWrite {
		return r.write()
	}
	return nil
}

// list is a flag of names with commas or blanks between them.
type list struct{ names *[]string }

func (l list) String() string {
	if l.names == nil {
		return ""
	}
	return strings.Join(*l.names, ",")
}

func (l list) Set(text string) error {
	*l.names = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	return nil
}

func parse(args []string, errs io.Writer) (options, error) {
	o := options{subjects: subjectNames(), metrics: defaultMetrics()}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.IntVar(&o.rounds, "rounds", 9, "how often each subject is measured")
	seconds := flags.Float64("seconds", 2, "how long one measurement takes")
	flags.Var(list{&o.subjects}, "subjects", "what is measured, of "+strings.Join(subjectNames(), ", "))
	flags.Var(list{&o.metrics}, "metrics", "what of it, of "+strings.Join(metricNames(), ", "))
	flags.StringVar(&o.ref, "ref", "copier", "the subject that the others are compared with")
	flags.StringVar(&o.bin, "bin", "bin", "directory with vswitchd and ofctl")
	flags.StringVar(&o.json, "json", "", "also write every value to this file")
	flags.StringVar(&o.from, "from", "", "measure nothing, show what -json wrote to this file")
	flags.BoolVar(&o.isWrite, "write", false, "also write the section of "+page+" and "+picture)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.spent = time.Duration(*seconds * float64(time.Second))
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%s: not a flag: subjects are given as -subjects %s", flags.Arg(0), flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: at least 1 is needed", o.rounds)
	case !(*seconds >= 0.05 && *seconds <= 3600):
		return o, fmt.Errorf("-seconds %v: 0.05 to 3600 are possible", *seconds)
	}
	if o.from != "" {
		return o, nil
	}
	return o, errors.Join(
		known("-subjects", o.subjects, subjectNames()),
		known("-metrics", o.metrics, metricNames()),
		known("-ref", []string{o.ref}, subjectNames()))
}

// known wants every name to be one that there is, once.
func known(flag string, names, there []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s: none given: there are %s", flag, strings.Join(there, ", "))
	}
	for i, name := range names {
		if !slices.Contains(there, name) {
			return fmt.Errorf("%s %s: there is none of that name, but %s", flag, name, strings.Join(there, ", "))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s %s: given twice", flag, name)
		}
	}
	return nil
}

// measure does all rounds. It returns what it has together with what failed.
func measure(ctx context.Context, o options, out io.Writer) (*report, error) {
	b, err := newBench(ctx, o)
	if err != nil {
		return nil, err
	}
	r, err := newReport(o)
	if err == nil {
		// A round's processes take about as long to come and go as one measurement.
		pieces := o.rounds * len(o.subjects)
		estimate := time.Duration(pieces) * (time.Duration(len(o.metrics))*o.spent + 4*time.Second)
		fmt.Fprintf(out, "%d rounds of %d subjects, about %v; load %s\n", o.rounds, len(o.subjects), estimate.Round(time.Second), r.Load)
		err = b.rounds(r, out)
	}
	return r, errors.Join(err, b.close())
}

// rounds measures every subject in every round. What fails is noted and not tried
// again; the others go on.
func (b *bench) rounds(r *report, out io.Writer) error {
	var failed []error
	names := slices.Clone(b.subjects)
	for round := range b.options.rounds {
		values := map[string]map[string]float64{}
		for i := range names {
			// Each has a turn at being first, so that nobody is always behind the same one.
			name := names[(i+round)%len(names)]
			v, err := b.visit(r, subjectOf(name), round)
			if b.ctx.Err() != nil {
				return errors.Join(append(failed, errors.New("interrupted"))...)
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", name, err))
			}
			values[name] = v
			fmt.Fprintf(out, "round %d %-19s%s\n", round+1, name, line(r.Metrics, v))
		}
		r.Rounds = append(r.Rounds, values)
	}
	return errors.Join(failed...)
}

// line is a subject's values in one round.
func line(metrics []string, values map[string]float64) string {
	var b strings.Builder
	for _, name := range metrics {
		if v, found := values[name]; found {
			fmt.Fprintf(&b, "  %s %s", name, figure(v))
		}
	}
	return b.String()
}

// figure writes a value with three digits.
func figure(v float64) string {
	digits := 2
	for limit := 10.0; digits > 0 && math.Abs(v) >= limit; limit *= 10 {
		digits--
	}
	return fmt.Sprintf("%.*f", digits, v)
}
