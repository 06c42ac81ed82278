package jsontext

import (
	"testing"
	"time"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// BenchmarkFlow writes one flow of a dump.
func BenchmarkFlow(b *testing.B) {
	mod, err := text.ParseFlow("table=1,priority=100,tcp,nw_src=10.0.0.1,tp_dst=80,actions=mod_nw_tos:16,output:2", text.Options{})
	if err != nil {
		b.Fatal(err)
	}
	flows := []openflow.FlowStats{{Table: 1, Priority: 100, Match: mod.Match, Actions: mod.Actions, Duration: 1234567890 * time.Nanosecond, Packets: 17, Bytes: 1700}}
	w := NewWriter(text.PrintOptions{})
	b.ReportAllocs()
	for b.Loop() {
		w.Reset()
		w.Value(&flows[0])
	}
	if len(w.Bytes()) < 100 {
		b.Fatalf("%s", w.Bytes())
	}
}
