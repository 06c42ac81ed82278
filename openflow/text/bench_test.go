package text

import (
	"testing"

	"vswitch/openflow"
)

const typicalFlow = "table=3,priority=100,cookie=0x1234,idle_timeout=60,in_port=1,tcp,nw_src=10.0.0.0/8,nw_dst=192.168.1.2,tp_dst=80," +
	"actions=mod_dl_src:00:11:22:33:44:55,dec_ttl,load:0x5->NXM_NX_REG0[0..15],output:2"

// TestParseFlowAllocs keeps the parser from allocating for each word.
func TestParseFlowAllocs(t *testing.T) {
	const most = 12
	n := testing.AllocsPerRun(100, func() {
		if _, err := ParseFlow(typicalFlow, Options{}); err != nil {
			t.Fatal(err)
		}
	})
	if n > most {
		t.Errorf("%v allocations, more than %d", n, most)
	}
}

func BenchmarkParseFlow(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFlow(typicalFlow, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendFlowStats(b *testing.B) {
	fm := must(ParseFlow(typicalFlow, Options{}))
	stats := openflow.FlowStats{Table: fm.Table, Priority: fm.Priority, Match: fm.Match, Duration: 1234567890, Packets: 123456, Bytes: 12345678, Actions: fm.Actions}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendFlowStats(dst[:0], &stats, PrintOptions{})
	}
}
