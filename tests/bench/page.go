package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What -write writes.
const (
	page    = "docs/performance.md"
	picture = "docs/performance.svg"
)

// The section of the page is between these lines.
const (
	sectionBegin = "<!-- bench: made by make bench -->\n"
	sectionEnd   = "<!-- end of bench -->\n"
)

// splitPage reads a page and returns what is before and behind the section.
func splitPage(file string) (before, after string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("%w: -write works in the project's directory", err)
	}
	before, rest, foundBegin := strings.Cut(string(text), sectionBegin)
	_, after, foundEnd := strings.Cut(rest, sectionEnd)
	if !foundBegin || !foundEnd {
		return "", "", fmt.Errorf("%s: the lines %q and %q are missing, between which the figures go",
			file, strings.TrimSpace(sectionBegin), strings.TrimSpace(sectionEnd))
	}
	return before, after, nil
}

// write writes section and plot.
func (r *report) write() error {
	before, after, err := splitPage(page)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(page, []byte(before+sectionBegin+r.section()+sectionEnd+after), 0o644),
		os.WriteFile(picture, []byte(r.plot()), 0o644))
}

// section is the report in Markdown.
func (r *report) section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s; Linux %s, %s, %d processors, load %s when it began; %d rounds, %v s a measurement. A figure is the median; behind it, of\n"+
		"the ratios to `%s` within a round, the median (least, most).\n\n![bars of the medians](%s)\n\n",
		r.Date.Format("2 January 2006"), r.Kernel, r.CPU, r.CPUs, r.Load, len(r.Rounds), r.Seconds, r.Ref, filepath.Base(picture))
	var shown []metric
	for _, name := range r.Metrics {
		if r.shows(name) {
			shown = append(shown, metricOf(name))
		}
	}
	b.WriteString("| |")
	for _, m := range shown {
		fmt.Fprintf(&b, " %s |", m.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(shown)) + "\n")
	for _, s := range r.Subjects {
		fmt.Fprintf(&b, "| `%s` |", s)
		for _, m := range shown {
			fmt.Fprintf(&b, " %s |", r.cell(s, m))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	for _, m := range shown {
		fmt.Fprintf(&b, "- `%s`: %s (%s)\n", m.name, m.what, better(m))
	}
	b.WriteByte('\n')
	for _, name := range r.Subjects {
		fmt.Fprintf(&b, "- `%s`: %s\n", name, subjectOf(name).what)
	}
	if goals := r.goals(); len(goals) > 0 {
		b.WriteString("\n| what is wanted | of | median (least, most) of the ratios | floor | target | |\n|---|---|---|---|---|---|\n")
		for _, g := range goals {
			fmt.Fprintf(&b, "| %s | %s | %.2f (%.2f, %.2f) | at %s %.2f | %.2f | %s |\n",
				g.metric, g.pair(), g.median, g.least, g.most, g.bound(), g.floor, g.target, g.verdict())
		}
	}
	if missing := r.missing(); len(missing) > 0 {
		b.WriteString("\nLeft out:\n\n")
		for _, m := range missing {
			fmt.Fprintf(&b, "- `%s`, %s: %s\n", m[0], m[1], strings.Join(strings.Fields(m[2]), " "))
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// cell is what a subject reaches.
func (r *report) cell(subject string, m metric) string {
	v := r.values(subject, m.name)
	q := r.ratios(subject, r.Ref, m.name)
	switch {
	case v.n == 0:
		return "–"
	case m.isRatio:
		return fmt.Sprintf("%.2f (%.2f, %.2f)", v.median, v.least, v.most)
	case q.n == 0 || subject == r.Ref:
		return figure(v.median)
	}
	return fmt.Sprintf("%s; %.2f (%.2f, %.2f)", figure(v.median), q.median, q.least, q.most)
}
