package main

// goal is a comparison that the switch is to win.
type goal struct {
	metric, subject, over string // over is "" where the metric is a ratio
	floor, target         float64
	spread                // valid in what goals returns
}

// goals are those of which both sides were measured.
func (r *report) goals() []goal {
	var list []goal
	for _, g := range []goal{
		{metric: "tcp", subject: "vswitchd", over: "copier", floor: 0.95, target: 1.1},
		{metric: "tcp", subject: "vswitchd", over: "ovs-tso", floor: 1, target: 1.15},
		{metric: "tcp", subject: "vswitchd", over: "ovs", floor: 7, target: 8},
		{metric: "pps1", subject: "vswitchd", over: "copier", floor: 1, target: 1.1},
		{metric: "pps1000", subject: "vswitchd", over: "copier", floor: 1, target: 1.1},
		{metric: "pps1", subject: "vswitchd", over: "ovs-tso", floor: 1.6, target: 1.8},
		{metric: "pps1000", subject: "vswitchd", over: "ovs-tso", floor: 1.6, target: 1.8},
		{metric: "pipeline", subject: "vswitchd", floor: 0.95, target: 1},
		{metric: "rtt", subject: "vswitchd", over: "copier", floor: 1.3, target: 0.7},
		{metric: "tcp", subject: "vswitchd-veth", over: "ovs-tso-veth", floor: 1, target: 1.2},
		{metric: "jumbo", subject: "vswitchd", over: "ovs", floor: 1.1, target: 1.3},
		{metric: "pps1", subject: "vswitchd-afxdp", over: "vswitchd-veth", floor: 1, target: 1.5},
		{metric: "pps1000", subject: "vswitchd-afxdp", over: "vswitchd-veth", floor: 1, target: 1.5},
	} {
		if g.over == "" {
			g.spread = r.values(g.subject, g.metric)
		} else {
			g.spread = r.ratios(g.subject, g.over, g.metric)
		}
		if g.n > 0 {
			list = append(list, g)
		}
	}
	return list
}

// pair names the two sides.
func (g goal) pair() string {
	if g.over == "" {
		return g.subject
	}
	return g.subject + " over " + g.over
}

// bound is which side of the floor is wanted.
func (g goal) bound() string {
	if metricOf(g.metric).isLessBetter {
		return "most"
	}
	return "least"
}

// verdict says what the median reaches.
func (g goal) verdict() string {
	sign := 1.0
	if metricOf(g.metric).isLessBetter {
		sign = -1
	}
	switch {
	case sign*g.median >= sign*g.target:
		return "better than wanted"
	case sign*g.median >= sign*g.floor:
		return "reached"
	}
	return "missed"
}
