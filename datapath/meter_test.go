package datapath

import (
	"fmt"
	"math"
	"testing"

	"vswitch/flow"
	"vswitch/packet"
)

// TestMeterRates sends twice the rate for a while and looks at what passes.
func TestMeterRates(t *testing.T) {
	for _, rate := range []uint64{1_000, 64_000, 10_000_000, 1_000_000_000, 40_000_000_000} {
		for _, size := range []uint64{64, 1500, 9000, 65000} {
			t.Run(fmt.Sprintf("%d bit/s, %d bytes", rate, size), func(t *testing.T) {
				m := NewMeter([]MeterBand{{Rate: rate, Burst: 4 * size * 8}})
				gap := float64(size*8) / float64(rate) * 1e9 / 2
				const n = 20_000
				passed := 0
				for i := range n {
					if m.Pass(int64(float64(i)*gap), 1, size) < 0 {
						passed++
					}
				}
				if share := float64(passed) / n; math.Abs(share-0.5) > 0.005 {
					t.Errorf("%.2f %% passed, want 50 %%", share*100)
				}
			})
		}
	}
}

func TestMeterBurst(t *testing.T) {
	m := NewMeter([]MeterBand{{Packets: true, Rate: 10, Burst: 100}})
	passed := 0
	for range 1000 {
		if m.Pass(5_000_000_000, 1, 64) < 0 {
			passed++
		}
	}
	if passed != 100 {
		t.Errorf("%d packets passed at once, the burst is 100", passed)
	}
	for range 1000 {
		if m.Pass(7_000_000_000, 1, 64) < 0 {
			passed++
		}
	}
	if passed != 120 {
		t.Errorf("%d packets passed after 2 s at 10 a second, want 120", passed)
	}
	if c := m.Counters(); c.Packets != 2000 || c.Bands[0].Packets != 1880 {
		t.Errorf("%+v", c)
	}
}

func TestMeterChoosesTheHighestBand(t *testing.T) {
	m := NewMeter([]MeterBand{{Packets: true, Rate: 10, Burst: 1, Kind: BandRemark}, {Packets: true, Rate: 20, Burst: 2}})
	var got []int
	for range 4 {
		got = append(got, m.Pass(1, 1, 64))
	}
	if fmt.Sprint(got) != "[-1 0 1 1]" {
		t.Errorf("bands %v", got)
	}
}

func TestMeterDebt(t *testing.T) {
	m := NewMeter([]MeterBand{{Rate: 8_000_000, Burst: 8_000}}) // a megabyte a second
	if m.Pass(1, 45, 65_000) >= 0 {
		t.Error("a super-frame larger than the burst never passes")
	}
	if m.Pass(60_000_000, 1, 64) < 0 {
		t.Error("the debt was forgiven")
	}
	if m.Pass(66_000_000, 1, 64) >= 0 {
		t.Error("the debt is not paid after its time")
	}
}

func TestRemark(t *testing.T) {
	for _, c := range []struct{ dscp, level, want uint8 }{{10, 1, 12}, {10, 2, 14}, {10, 7, 14}, {34, 1, 36}, {46, 1, 46}, {0, 1, 0}, {24, 1, 16}, {8, 2, 0}, {56, 255, 0}, {9, 1, 9}} {
		for _, v6 := range []bool{false, true} {
			k := &flow.Key{}
			k.EthType, k.IPProto, k.IPTTL, k.IPTOS = packet.EthTypeIPv4, packet.ProtoUDP, 64, c.dscp<<2|1
			if v6 {
				k.EthType = packet.EthTypeIPv6
			}
			data, err := flow.Compose(k, nil)
			if err != nil {
				t.Fatal(err)
			}
			pool, err := packet.NewPool(2, 2048, packet.Headroom)
			if err != nil {
				t.Fatal(err)
			}
			b := packet.FromBytes(data, pool, pool)
			flow.Extract(b, k)
			remark(b, c.level)
			flow.Extract(b, k)
			if k.IPTOS != c.want<<2|1 {
				t.Errorf("IPv6 %v: DSCP %d remarked by %d is %d, want %d with ECN 1", v6, c.dscp, c.level, k.IPTOS>>2, c.want)
			}
		}
	}
}

// BenchmarkMeter charges frames to a meter of two bands.
func BenchmarkMeter(b *testing.B) {
	m := NewMeter([]MeterBand{{Rate: 40_000_000_000}, {Rate: 20_000_000_000, Kind: BandRemark}})
	b.ReportAllocs()
	now := int64(0)
	for b.Loop() {
		now += 300
		m.Pass(now, 1, 1500)
	}
}
