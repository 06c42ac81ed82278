package attack

import (
	"fmt"
	"testing"
	"time"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// storm sends flow-mods, perSecond of them in messages as they come, until stop is
// closed, and says how many.
func (a *arena) storm(mods [][]byte, perSecond int, stop <-chan struct{}) (sent int) {
	const step = 500 * time.Microsecond
	s := a.session()
	defer s.Close(a.clock())
	ticks := time.NewTicker(step)
	defer ticks.Stop()
	for begin := a.clock(); ; {
		select {
		case <-stop:
			return sent
		case <-ticks.C:
		}
		var data []byte
		for due := int((a.clock() - begin) * int64(perSecond) / int64(time.Second)); sent < due; sent++ {
			data = append(data, mods[sent%len(mods)]...)
		}
		s.Input(data, a.clock())
		s.Output()
	}
}

// stormMods add 10,000 flows and delete them, one by one, which the traffic's packets
// are looked up among.
func stormMods(tb testing.TB) (mods [][]byte) {
	const flows = 10_000
	for _, command := range []string{"add", "delete_strict"} {
		for i := range flows {
			line := fmt.Sprintf("%s priority=100,tcp,nw_src=10.9.%d.%d,nw_dst=10.0.0.2,tp_src=7", command, i>>8, i&255)
			if command == "add" {
				line += ",actions=drop"
			}
			m, err := text.ParseFlow(line, text.Options{CommandWord: true})
			if err != nil {
				tb.Fatal(err)
			}
			data, err := openflow.Append(nil, openflow.V13, 1, m)
			if err != nil {
				tb.Fatal(err)
			}
			mods = append(mods, data)
		}
	}
	return mods
}

// BenchmarkFlowModStorm reports the share that 100 flows of traffic keep, 100,000 frames
// a second and as many as go, beside 20,000 flow-mods a second.
func BenchmarkFlowModStorm(b *testing.B) {
	const rounds, slice, storm = 10, 150 * time.Millisecond, 20_000
	mods := stormMods(b)
	var frames [][]byte
	var rules []string
	for i := range uint32(100) {
		frames = append(frames, frame(b, 0x0a000001+i, 0x0a000002, 1000, 80))
		rules = append(rules, fmt.Sprintf("priority=1,tcp,nw_src=%s,actions=output:2", address(0x0a000001+i)))
	}
	for name, rate := range rates() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				quiet, stormy := newArena(b, rules...), newArena(b, rules...)
				var calm, beside, shares []float64
				sent := 0
				for range rounds {
					calm = append(calm, quiet.traffic(frames, rate, slice))
					stop, done := make(chan struct{}), make(chan int)
					go func() { done <- stormy.storm(mods, storm, stop) }()
					beside = append(beside, stormy.traffic(frames, rate, slice))
					close(stop)
					sent += <-done
					shares = append(shares, beside[len(beside)-1]/calm[len(calm)-1])
				}
				b.ReportMetric(median(shares), "share")
				b.ReportMetric(median(calm)/1e3, "kf/s-calm")
				b.ReportMetric(median(beside)/1e3, "kf/s-beside")
				b.ReportMetric(float64(sent)/(rounds*slice.Seconds()), "flow-mods/s")
				b.ReportMetric(float64(stormy.dp.WorkerCounters()[0].Megaflows), "megaflows")
			}
		})
	}
}
