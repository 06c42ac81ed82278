package datapath

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// BenchmarkWorkers compares two workers with one, in memory: how many cached frames
// they forward in all, each from a port of its own to another one: the best of five
// rounds of either, in turn. Where two workers do not get two processors nothing can
// be said, and it does not.
func BenchmarkWorkers(b *testing.B) {
	if n := runtime.NumCPU(); n < 2 {
		b.Skipf("there is %d processor", n)
	}
	const rounds, enough = 5, 0.95 // of a processor for each
	var best, most [3]float64      // by the number of workers
	for b.Loop() {
		for range rounds {
			for _, n := range []int{1, 2} {
				rate, processors := forwardAll(b, n)
				best[n], most[n] = max(best[n], rate), max(most[n], processors)
			}
		}
	}
	if most[1] < enough || most[2] < 2*enough {
		b.Skipf("the processors are busy: one worker had no more than %.2f of one, two had %.2f", most[1], most[2])
	}
	b.ReportMetric(best[2]/best[1], "two/one")
	b.ReportMetric(0, "ns/op")
}

// forwardAll has each of so many workers forward a lot of frames of 1,000 flows. It
// returns how many a second there were in all, and how many processors the process had.
func forwardAll(b *testing.B, workers int) (rate, processors float64) {
	b.Helper()
	const flows, times = 1000, 2000
	began := time.Now()
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(PortID(u.Key.InPort+1)))
		v.Mask.EthType, v.Mask.IPProto, v.Mask.IPSrc, v.Mask.TPSrc = 0xffff, 0xff, ^uint32(0), 0xffff
		return nil
	})
	dp, err := New(slow, Options{Workers: workers, Poll: PollBusy, Clock: func() int64 { return int64(time.Since(began)) },
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }})
	if err != nil {
		b.Fatal(err)
	}
	defer dp.Close()
	frames := make([][]byte, flows)
	for i := range frames {
		frames[i] = frame(i)
	}
	var from, to []*dummy.Port
	for w := range workers {
		for _, list := range []*[]*dummy.Port{&from, &to} {
			p := dummy.New(dummy.Options{Name: fmt.Sprint("p", w), Discard: true})
			if _, err := dp.AddPort(p, PortOptions{Affinity: []int{w}}); err != nil {
				b.Fatal(err)
			}
			*list = append(*list, p)
		}
	}
	dp.Start()
	run := func(times int) {
		var last []uint64
		for i, p := range from {
			last = append(last, to[i].Count()+flows*uint64(times))
			p.Repeat(0, times, frames...)
		}
		for i, p := range to {
			for p.Count() < last[i] {
				time.Sleep(time.Millisecond)
			}
		}
	}
	run(1)
	start, spent := time.Now(), processorTime(b)
	run(times)
	took := time.Since(start).Seconds()
	return float64(workers*flows*times) / took, (processorTime(b) - spent).Seconds() / took
}

// processorTime is how much of the processors this process has had.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
