package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// report is all that was measured, and where. Its JSON is what -json writes.
type report struct {
	Date     time.Time
	Kernel   string
	CPU      string
	CPUs     int
	Load     string // when it began
	Seconds  float64
	Ref      string
	Subjects []string
	Metrics  []string
	// Rounds have values by subject and metric.
	Rounds []map[string]map[string]float64
	// Notes say by subject and metric why there is no value, or none any more.
	Notes map[string]map[string]string
}

func newReport(o options) (*report, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, err
	}
	cpu, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return nil, err
	}
	return &report{
		Date: time.Now(), Kernel: unix.ByteSliceToString(name.Release[:]), CPU: modelOf(cpu), CPUs: runtime.NumCPU(),
		Load: strings.Join(strings.Fields(string(load))[:3], " "), Seconds: o.spent.Seconds(),
		Ref: o.ref, Subjects: o.subjects, Metrics: o.metrics, Notes: map[string]map[string]string{},
	}, nil
}

// modelOf finds the processor's name in /proc/cpuinfo. Not every architecture has one.
func modelOf(cpuinfo []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(cpuinfo)); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// readReport reads what -json wrote.
func readReport(file string) (*report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(r.Rounds) == 0 {
		return nil, fmt.Errorf("%s: no rounds in it: it must be a file that -json wrote", file)
	}
	if err := known(file+": subject", r.Subjects, subjectNames()); err != nil {
		return nil, err
	}
	if err := known(file+": metric", r.Metrics, metricNames()); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *report) note(subject, metric string) string { return r.Notes[subject][metric] }

func (r *report) setNote(subject, metric, text string) {
	if r.Notes[subject] == nil {
		r.Notes[subject] = map[string]string{}
	}
	r.Notes[subject][metric] = text
}

// spread is a list of values in short.
type spread struct {
	n                   int
	median, least, most float64
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{n, (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// values are those of a metric of a subject, of all rounds.
func (r *report) values(subject, metric string) spread {
	var list []float64
	for _, round := range r.Rounds {
		if v, found := round[subject][metric]; found {
			list = append(list, v)
		}
	}
	return spreadOf(list)
}

// ratios are those of a metric of a subject to another's in the same round.
func (r *report) ratios(subject, over, metric string) spread {
	var list []float64
	for _, round := range r.Rounds {
		v, found := round[subject][metric]
		base, foundBase := round[over][metric]
		if found && foundBase && base != 0 {
			list = append(list, v/base)
		}
	}
	return spreadOf(list)
}

// shows reports whether there is any value of a metric.
func (r *report) shows(metric string) bool {
	return slices.ContainsFunc(r.Subjects, func(s string) bool { return r.values(s, metric).n > 0 })
}

// missing lists what is left out: subject, metrics, reason.
func (r *report) missing() [][3]string {
	var list [][3]string
	for _, s := range r.Subjects {
		reasons := map[string][]string{}
		var order []string
		for _, m := range r.Metrics {
			if why := r.note(s, m); why != "" {
				if reasons[why] == nil {
					order = append(order, why)
				}
				reasons[why] = append(reasons[why], m)
			}
		}
		for _, why := range order {
			list = append(list, [3]string{s, strings.Join(reasons[why], ", "), why})
		}
	}
	return list
}

// better says which way a metric is meant.
func better(m metric) string {
	if m.isLessBetter {
		return "less is better"
	}
	return "more is better"
}

// table is the report for a terminal.
func (r *report) table() string {
	var b strings.Builder
	for _, name := range r.Metrics {
		m := metricOf(name)
		if !r.shows(name) {
			continue
		}
		fmt.Fprintf(&b, "\n%s: %s (%s)\n", name, m.what, better(m))
		fmt.Fprintf(&b, "  %-19s%8s%19s   over %s\n", "", "median", "least, most", r.Ref)
		for _, s := range r.Subjects {
			v := r.values(s, name)
			if v.n == 0 {
				continue
			}
			fmt.Fprintf(&b, "  %-19s%8s%19s", s, figure(v.median), figure(v.least)+", "+figure(v.most))
			if q := r.ratios(s, r.Ref, name); q.n > 0 && !m.isRatio {
				fmt.Fprintf(&b, "   %.2f (%.2f, %.2f)", q.median, q.least, q.most)
			}
			b.WriteByte('\n')
		}
	}
	if goals := r.goals(); len(goals) > 0 {
		b.WriteString("\nwhat is wanted:\n")
		for _, g := range goals {
			fmt.Fprintf(&b, "  %-9s%-34s%.2f (%.2f, %.2f)  at %s %.2f, better %.2f: %s\n",
				g.metric, g.pair(), g.median, g.least, g.most, g.bound(), g.floor, g.target, g.verdict())
		}
	}
	if missing := r.missing(); len(missing) > 0 {
		b.WriteString("\nleft out:\n")
		for _, m := range missing {
			fmt.Fprintf(&b, "  %s: %s: %s\n", m[0], m[1], m[2])
		}
	}
	return b.String()
}
