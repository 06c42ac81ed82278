package main

import "slices"

const (
	plainMTU = 1500
	jumboMTU = 9000
)

// metric is something that is measured.
type metric struct {
	name string
	what string // with its unit
	mtu  int    // that the hosts' devices have meanwhile
	// isLessBetter is for times.
	isLessBetter bool
	// isOptional metrics are taken only if asked for.
	isOptional bool
	// isRatio is for what is a comparison already.
	isRatio bool
	take    func(*rig) (float64, error)
}

// metrics is the table of what there is, in the order in which it is taken.
func metrics() []metric {
	return []metric{
		{name: "tcp", what: "one TCP stream, Gbit/s received", mtu: plainMTU, take: (*rig).tcp},
		{name: "iperf3", what: "the same by iperf3", mtu: plainMTU, isOptional: true, take: (*rig).iperf3},
		{name: "pps1", what: "64-byte frames received, one flow, thousand/s", mtu: plainMTU, take: rateOf(1)},
		{name: "pps1000", what: "64-byte frames received, 1,000 flows, thousand/s", mtu: plainMTU, take: rateOf(1000)},
		{name: "cpu", what: "processor time of the subject, kernel included, for a million of those of one flow, s", mtu: plainMTU, isLessBetter: true, take: (*rig).processorTime},
		{name: "rtt", what: "round trip of a ping every 2 ms, mean, µs", mtu: plainMTU, isLessBetter: true, take: (*rig).roundTrip},
		{name: "udp", what: "UDP in trains (UDP_SEGMENT), Gbit/s received", mtu: plainMTU, take: (*rig).udp},
		{name: "pipeline", what: "64-byte frames, 1,000 flows, through 10 tables with 10,000 flows, over NORMAL", mtu: plainMTU, isRatio: true, take: (*rig).pipeline},
		{name: "jumbo", what: "one TCP stream, MTU 9000, the host's TSO and GSO off, Gbit/s received", mtu: jumboMTU, take: (*rig).jumbo},
	}
}

func metricNames() []string {
	var names []string
	for _, m := range metrics() {
		names = append(names, m.name)
	}
	return names
}

func defaultMetrics() []string {
	return slices.DeleteFunc(metricNames(), func(name string) bool { return metricOf(name).isOptional })
}

func metricOf(name string) metric {
	all := metrics()
	return all[slices.IndexFunc(all, func(m metric) bool { return m.name == name })]
}

// rateOf is how many thousand frames of so many flows arrive a second.
func rateOf(flows int) func(*rig) (float64, error) {
	return func(g *rig) (float64, error) {
		l, err := g.load(flows)
		return l.rate / 1e3, err
	}
}

// processorTime is what the subject spends on a million frames of one flow.
func (g *rig) processorTime() (float64, error) {
	if g.process == nil {
		return 0, word("is no process")
	}
	l, err := g.load(1)
	return l.cost * 1e6, err
}
