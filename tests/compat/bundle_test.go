package compat

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkBundle has ovs-ofctl add 100,000 flows as one bundle, to vswitchd and to Open
// vSwitch in turn, and reports the medians and the median of the ratios (-benchtime 1x).
func BenchmarkBundle(b *testing.B) {
	const flows, rounds = 100_000, 7
	o, dir := startOVS(b), startVswitchd(b)
	var list bytes.Buffer
	for i := range flows {
		fmt.Fprintf(&list, "priority=%d,ip,nw_src=10.%d.%d.%d,nw_dst=192.168.0.0/16,actions=output:%d\n", 1+i%100, i>>16, i>>8&255, i&255, 1+i%2)
	}
	file := filepath.Join(o.dir, "flows")
	if err := os.WriteFile(file, list.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	took := func(rundir string) float64 {
		target := "unix:" + filepath.Join(rundir, "br0.mgmt")
		o.must("-O", "OpenFlow14", "del-flows", target)
		begin := time.Now()
		o.tool("ovs-ofctl", "--timeout=60", "-O", "OpenFlow14", "--bundle", "add-flows", target, file)
		return time.Since(begin).Seconds()
	}
	middle := func(x []float64) float64 { return slices.Sorted(slices.Values(x))[len(x)/2] }
	for b.Loop() {
		var ours, theirs, ratios []float64
		for i := range rounds {
			ours, theirs = append(ours, took(dir)), append(theirs, took(o.dir))
			ratios = append(ratios, ours[i]/theirs[i])
		}
		b.ReportMetric(middle(ours), "s-vswitchd")
		b.ReportMetric(middle(theirs), "s-ovs")
		b.ReportMetric(middle(ratios), "ratio")
		b.ReportMetric(slices.Min(ratios), "least")
		b.ReportMetric(slices.Max(ratios), "most")
	}
}
