package system

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// probed is a switch that probes cross, with a way to have it collect garbage.
const probed = `
metrics: {listen: "127.0.0.1:9475", pprof: true}
datapath: {workers: 1}
bridges:
  - name: br0
    fail_mode: secure
    flows: in_port=h1,actions=output:h2
    ports:
      - {name: h1, type: tap, netns: $h1}
      - {name: h2, type: tap, netns: $h2}
`

const (
	probeRounds = 7
	probeTime   = 4 * time.Second
	probePause  = 200 * time.Microsecond
	manyFlows   = 500_000
)

// BenchmarkCollections compares how long frames take through a switch with 500,000
// flows that collects garbage every second with another that never does. Rounds of
// both in turn; it reports the medians of the median and of the 99.9th percentile of
// either, and of the ratios within a round. Once (-benchtime 1x) is enough.
func BenchmarkCollections(b *testing.B) {
	run := func() *vswitch {
		l := newLab(b)
		l.makeQuietHost("h1")
		l.makeQuietHost("h2")
		s := l.run(probed)
		s.ofctl("add-flows", "br0", l.write("flows.txt", randomFlows(manyFlows)))
		return s
	}
	collecting := run()
	b.Setenv("GOGC", "off")
	quiet := run()
	for b.Loop() {
		var medians, tails [2][]float64
		var ratios []float64
		for range probeRounds {
			for i, s := range []*vswitch{collecting, quiet} {
				took := s.probe(i == 0)
				medians[i] = append(medians[i], took[len(took)/2])
				tails[i] = append(tails[i], took[len(took)*999/1000])
			}
			last := len(ratios)
			ratios = append(ratios, tails[0][last]/tails[1][last])
		}
		for i, name := range []string{"collecting", "quiet"} {
			b.ReportMetric(median(medians[i]), name+"-p50-µs")
			b.ReportMetric(median(tails[i]), name+"-p99.9-µs")
		}
		b.ReportMetric(median(ratios), "p99.9-ratio")
		b.ReportMetric(slices.Min(ratios), "least")
		b.ReportMetric(slices.Max(ratios), "most")
	}
	b.ReportMetric(0, "ns/op")
}

// randomFlows are five-tuple flows, the same each time, that no probe matches.
func randomFlows(n int) string {
	r := rand.New(rand.NewPCG(1, 1))
	var text strings.Builder
	for range n {
		fmt.Fprintf(&text, "cookie=0x1,priority=100,tcp,nw_src=21.%d.%d.%d,nw_dst=4.%d.%d.%d,tp_src=%d,tp_dst=%d,actions=output:1\n",
			r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(65536), r.IntN(65536))
	}
	return text.String()
}

// probe sends frames from h1 to h2, one after the other with a pause between, and
// returns how long each took, sorted, in microseconds. The switch collects garbage
// once a second meanwhile where it is to.
func (s *vswitch) probe(collects bool) []float64 {
	s.Helper()
	// The kernel prefers this thread, and at once, so that what it waits for is the switch.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	prefer := func(nice int32, slice time.Duration) {
		s.must("", unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Nice: nice, Runtime: uint64(slice)}, 0))
	}
	prefer(-20, 100*time.Microsecond)
	defer prefer(0, 0)
	from, to := s.packetSocket("h1"), s.packetSocket("h2")
	defer unix.Close(from)
	defer unix.Close(to)
	collected := make(chan error, 1)
	go func() {
		var err error
		for i := 0; collects && err == nil && i < int(probeTime/time.Second); i++ {
			began := time.Now()
			err = s.collect()
			time.Sleep(time.Second - time.Since(began))
		}
		collected <- err
	}()
	frame := [64]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5} // EtherType for experiments (IEEE 802)
	var took []float64
	var got [128]byte
	for end, n := time.Now().Add(probeTime), uint64(1); time.Now().Before(end); n++ {
		binary.BigEndian.PutUint64(frame[16:], n)
		began := time.Now()
		if _, err := unix.Write(from, frame[:]); err != nil {
			s.Fatal(err)
		}
		for {
			size, err := restarted(func() (int, error) { return unix.Read(to, got[:]) })
			if err != nil {
				s.Fatalf("probe %d does not arrive: %v", n, err)
			}
			if size == len(frame) && binary.BigEndian.Uint64(got[16:]) == n {
				break
			}
		}
		took = append(took, float64(time.Since(began).Nanoseconds())/1000)
		time.Sleep(probePause)
	}
	if err := <-collected; err != nil {
		s.Fatal(err)
	}
	slices.Sort(took)
	return took
}

// packetSocket opens a socket for frames of the device of a host that is named like it.
// It waits for nothing longer than patience.
func (s *vswitch) packetSocket(host string) (fd int) {
	s.Helper()
	err := inSpace(s.space(host), func() (err error) {
		const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		index, err := indexOf(fd, host)
		limit := unix.NsecToTimeval(int64(patience))
		return errors.Join(err, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
	})
	if err != nil {
		s.Fatal(err)
	}
	return fd
}

// collect has the switch collect its garbage, which a profile of the heap begins with.
func (s *vswitch) collect() error {
	fd := -1
	err := inSpace(s.space("switch"), func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return err
	}
	conn := os.NewFile(uintptr(fd), "metrics")
	defer conn.Close()
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9475}); err != nil {
		return err
	}
	if _, err := conn.WriteString("GET /debug/pprof/heap?gc=1 HTTP/1.0\r\n\r\n"); err != nil {
		return err
	}
	reply, err := io.ReadAll(conn)
	if err == nil && !strings.HasPrefix(string(reply), "HTTP/1.0 200 ") {
		err = fmt.Errorf("the profile of the heap: %.100q", reply)
	}
	return err
}

// BenchmarkIdle reports what a switch with 100 TAPs, each with an address, costs while
// nothing happens: part of a processor, in %, and memory.
func BenchmarkIdle(b *testing.B) {
	const n, idle = 100, 10 * time.Second
	l := newLab(b, "ping")
	l.makeQuietHost("h")
	var config strings.Builder
	config.WriteString("bridges:\n  - name: br0\n    ports:\n")
	for i := range n {
		fmt.Fprintf(&config, "      - {name: t%d, type: tap, netns: $h, address: [10.0.%d.1/24]}\n", i, i)
	}
	s := l.run(config.String())
	for b.Loop() {
		time.Sleep(idle / 5) // what follows from making ports is over
		before := s.spent()
		time.Sleep(idle)
		b.ReportMetric(100*(s.spent()-before).Seconds()/idle.Seconds(), "%-of-a-core")
		b.ReportMetric(float64(s.resident())/(1<<20), "MiB")
	}
	b.ReportMetric(0, "ns/op")
}

// resident is how much memory the switch has, in bytes.
func (s *vswitch) resident() int {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.status().PID))
	if err != nil {
		s.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kB, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "kB", 2)[0]))
	if err != nil {
		s.Fatal(err)
	}
	return kB << 10
}
