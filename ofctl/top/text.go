package top

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vswitch/control"
)

// section is a heading with rows below it.
type section struct {
	heading string
	rows    []string
}

// Text is the view for people: at most height lines of at most width characters. 0 is
// no bound. Where there is not room for all rows, the first ones of each section are
// shown, and how many are not.
func (v *View) Text(width, height int) string {
	sections := slices.DeleteFunc([]section{v.workersText(), v.portsText(), v.flowsText(), v.dropsText()},
		func(s section) bool { return len(s.rows) == 0 })
	needs := make([]int, len(sections))
	for i, s := range sections {
		needs[i] = len(s.rows)
	}
	if height > 0 {
		needs = share(height-1-2*len(sections), needs)
	}
	lines := []string{v.title()}
	for i, s := range sections {
		lines = append(lines, "", s.heading)
		lines = append(lines, cut(s.rows, needs[i])...)
	}
	if height > 0 {
		lines = lines[:min(height, len(lines))]
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(clip(strings.TrimRight(l, " "), width) + "\n")
	}
	return b.String()
}

// share gives each need what it wants of room, or an equal part of what those leave
// that want less.
func share(room int, needs []int) []int {
	given := make([]int, len(needs))
	for open := len(needs); open > 0 && room > 0; {
		part := max(1, room/open)
		open = 0
		for i, need := range needs {
			more := min(part, need-given[i], room)
			given[i] += more
			room -= more
			if given[i] < need {
				open++
			}
		}
	}
	return given
}

// cut leaves n rows, of which the last one tells of those that are missing.
func cut(rows []string, n int) []string {
	if n >= len(rows) {
		return rows
	}
	if n == 0 {
		return nil
	}
	return append(slices.Clone(rows[:n-1]), fmt.Sprintf("  … and %d more", len(rows)-n+1))
}

// clip ends a line that is too long with an ellipsis.
func clip(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width-1]) + "…"
}

func (v *View) title() string {
	up := time.Duration(v.Uptime * float64(time.Second)).Round(time.Second)
	line := fmt.Sprintf("vswitchd %s, up %v: %s, %s, %s", v.Version, up, number(v.Bridges, "bridge"), number(v.Flows, "flow"), number(v.MACs, "MAC"))
	if v.Controllers > 0 {
		line += fmt.Sprintf(", %d of %s connected", v.Connected, number(v.Controllers, "controller"))
	}
	if v.Troubles > 0 {
		line += ", " + number(v.Troubles, "problem") + " (ofctl status)"
	}
	return line + fmt.Sprintf("; over %.1f s", v.Seconds)
}

func number(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (v *View) workersText() section {
	s := section{heading: "worker   busy  lookups/s  1st cache  megaflow  upcalls/s  megaflows   masks  buffers"}
	for _, w := range v.Workers {
		s.rows = append(s.rows, fmt.Sprintf("%6d %6s %10s %10s %9s %10s %10d %7d  %d of %d", w.Worker, percent(w.Busy), scaled(w.Lookups),
			percent(w.Exact), percent(w.Megaflow), scaled(w.Upcalls), w.Megaflows, w.Masks, w.InUse, w.Buffers))
	}
	return s
}

func (v *View) portsText() section {
	s := section{heading: fmt.Sprintf("%-24s %8s %9s %8s %9s %8s %8s", "port", "rx/s", "bit/s", "tx/s", "bit/s", "drops/s", "lost/s")}
	for i := range v.Ports {
		p := &v.Ports[i]
		s.rows = append(s.rows, fmt.Sprintf("%-24s %8s %9s %8s %9s %8s %8s", p.Bridge+"/"+p.Port, scaled(p.RxPackets), scaled(p.RxBits),
			scaled(p.TxPackets), scaled(p.TxBits), scaled(p.Dropped), scaled(p.Lost)))
	}
	return s
}

func (v *View) flowsText() section {
	s := section{heading: fmt.Sprintf("%8s %9s  %s", "frames/s", "bit/s", "flow")}
	for i := range v.Busiest {
		f := &v.Busiest[i]
		s.rows = append(s.rows, fmt.Sprintf("%8s %9s  %s", scaled(f.Packets), scaled(f.Bits), flowText(f.FlowName, f.Match)))
	}
	return s
}

func flowText(f control.FlowName, match string) string {
	line := fmt.Sprintf("%s table=%d,priority=%d", f.Bridge, f.Table, f.Priority)
	if f.Cookie != 0 {
		line += fmt.Sprintf(",cookie=%#x", f.Cookie)
	}
	if match != "" {
		line += "," + match
	}
	return line
}

func (v *View) dropsText() section {
	s := section{heading: fmt.Sprintf("%8s %12s  %s", "drops/s", "in all", "why")}
	for _, d := range v.Drops {
		where := "no port"
		if d.Port != "" {
			where = d.Bridge + "/" + d.Port
		}
		s.rows = append(s.rows, fmt.Sprintf("%8s %12d  %s %s %s", scaled(d.Packets), d.Total, where, d.Direction, d.Reason))
	}
	return s
}

func percent(part float64) string { return fmt.Sprintf("%.1f%%", 100*part) }

// scaled is a rate with three digits or more that count: 0, 0.5, 12.3, 950, 1.23k, 300k.
func scaled(x float64) string {
	unit := ""
	for _, u := range []string{"k", "M", "G", "T"} {
		if x < 999.5 {
			break
		}
		x, unit = x/1000, u
	}
	switch {
	case x == 0:
		return "0"
	case unit == "" && x < 10:
		return fmt.Sprintf("%.1f", x)
	case unit == "" || x >= 99.95:
		return fmt.Sprintf("%.0f%s", x, unit)
	case x >= 9.995:
		return fmt.Sprintf("%.1f%s", x, unit)
	}
	return fmt.Sprintf("%.2f%s", x, unit)
}
