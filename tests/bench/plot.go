package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Measures of the plot, in its units.
const (
	plotColumns = 2
	panelWidth  = 440
	panelGap    = 20
	titleHeight = 30
	rowHeight   = 17
	barHeight   = 11
	labelWidth  = 125
	barWidth    = 240 // of the largest value
)

// plotStyle has colours for light and for dark surroundings; the ground is left as it is.
const plotStyle = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.own { fill: #0969da } .other { fill: #8c959f } .spread { stroke: #24292f; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.own { fill: #4493f8 } .other { fill: #6e7681 } .spread { stroke: #e6edf3 }
}
</style>
`

// plot draws the medians of every metric as bars, with a line from the least to the
// largest value, as SVG.
func (r *report) plot() string {
	var b strings.Builder
	var bottoms [plotColumns]int
	for _, name := range r.Metrics {
		if !r.shows(name) {
			continue
		}
		column := 0 // the one that is shortest
		for i, bottom := range bottoms {
			if bottom < bottoms[column] {
				column = i
			}
		}
		bottoms[column] = r.panel(&b, metricOf(name), column*(panelWidth+panelGap), bottoms[column])
	}
	width, height := plotColumns*panelWidth+(plotColumns-1)*panelGap, 0
	for _, bottom := range bottoms {
		height = max(height, bottom)
	}
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n%s%s</svg>\n",
		width, height, width, height, plotStyle, b.String())
}

// panel draws a metric below y and returns where it ends.
func (r *report) panel(b *strings.Builder, m metric, x, y int) int {
	largest := 0.0
	for _, s := range r.Subjects {
		largest = max(largest, r.values(s, m.name).most)
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"%d\" y=\"%d\">%s <tspan font-weight=\"400\">%s</tspan></text>\n",
		x, y+titleHeight-10, escape(m.name), escape(unitOf(m)))
	y += titleHeight
	for _, s := range r.Subjects {
		v := r.values(s, m.name)
		if v.n == 0 {
			continue
		}
		scale := func(v float64) float64 { return v / max(largest, 1e-9) * barWidth }
		class := "other"
		if strings.HasPrefix(s, "vswitchd") {
			class = "own"
		}
		left, middle := float64(x+labelWidth), float64(y)+barHeight/2.0
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", x+labelWidth-6, y+barHeight-1, escape(s))
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", class, left, y, scale(v.median), barHeight)
		fmt.Fprintf(b, "<line class=\"spread\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", left+scale(v.least), middle, left+scale(v.most), middle)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", left+max(scale(v.median), scale(v.most))+6, y+barHeight-1, figure(v.median))
		y += rowHeight
	}
	return y
}

// unitOf is the end of what a metric is, and which way it is meant.
func unitOf(m metric) string {
	unit := "ratio"
	if at := strings.LastIndex(m.what, ", "); at >= 0 && !m.isRatio {
		unit = m.what[at+2:]
	}
	return unit + ", " + better(m)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
