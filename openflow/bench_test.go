package openflow

import (
	"encoding/hex"
	"testing"
)

// typicalFlowMod is the flow-mod of testdata/corpus/of4_basic_56_t14.bin: five
// match fields and one output.
const typicalFlowMod = "040e0078000000020000000000000000000000000000000000000000000000" +
	"64ffffffffffffffffffffffff0000000000010029800000040000000180000a020800800017080a000000ff00" +
	"0000800014010680001c02005000000000000000000400180000000000000010000000020000000000000000"

func decodeHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// BenchmarkFlowMod13 decodes and encodes as a connection does.
func BenchmarkFlowMod13(b *testing.B) {
	msg := decodeHex(b, typicalFlowMod)
	var d Decoder
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		h, m, err := d.Decode(msg)
		if err != nil {
			b.Fatal(err)
		}
		if out, err = Append(out[:0], h.Version, h.XID, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeFlowMod13(b *testing.B) {
	msg := decodeHex(b, typicalFlowMod)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Decode(msg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendFlowStats13(b *testing.B) {
	_, m, err := Decode(decodeHex(b, typicalFlowMod))
	if err != nil {
		b.Fatal(err)
	}
	fm := m.(*FlowMod)
	reply := &FlowStatsReply{Flows: []FlowStats{{Match: fm.Match, Actions: fm.Actions, IdleAge: AgeUnknown, HardAge: AgeUnknown}}}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = Append(out[:0], V13, 1, reply); err != nil {
			b.Fatal(err)
		}
	}
}
