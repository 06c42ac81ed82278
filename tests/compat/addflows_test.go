package compat

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BenchmarkBundle has ovs-ofctl add 100,000 flows as one bundle, to vswitchd and to Open
// vSwitch in turn, and reports the medians and the median of the ratios (-benchtime 1x).
func BenchmarkBundle(b *testing.B) {
	const rounds = 7
	o, dir := startOVS(b), startVswitchd(b)
	file := o.writeFlows()
	took := func(rundir string) float64 {
		target := "unix:" + filepath.Join(rundir, "br0.mgmt")
		o.must("-O", "OpenFlow14", "del-flows", target)
		begin := time.Now()
		o.tool("ovs-ofctl", "--timeout=60", "-O", "OpenFlow14", "--bundle", "add-flows", target, file)
		return time.Since(begin).Seconds()
	}
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

// BenchmarkAddFlows has ovs-ofctl add 100,000 flows one by one, each with a barrier that it
// waits for, to vswitchd, to Open vSwitch and to programs that add no flows in turn. The
// latter show what the client leaves to a switch. It reports medians of flows/s and of the
// ratios to Open vSwitch's (-benchtime 1x).
func BenchmarkAddFlows(b *testing.B) {
	const rounds = 3
	o, dir := startOVS(b), startVswitchd(b)
	file := o.writeFlows()
	rate := func(socket string) float64 {
		begin := time.Now()
		o.tool("ovs-ofctl", "--timeout=60", "add-flows", "unix:"+socket, file)
		return flows / time.Since(begin).Seconds()
	}
	subjects := []struct {
		name string
		add  func() float64
	}{
		{"ovs", func() float64 { return rate(filepath.Join(o.dir, "br0.mgmt")) }},
		{"vswitchd", func() float64 { return rate(filepath.Join(dir, "br0.mgmt")) }},
		{"nothing", func() float64 { return rate(o.answer(0)) }},
		{"nothing-in-2µs", func() float64 { return rate(o.answer(2 * time.Microsecond)) }},
		{"nothing-in-8µs", func() float64 { return rate(o.answer(8 * time.Microsecond)) }},
	}
	for b.Loop() {
		rates, ratios := map[string][]float64{}, map[string][]float64{}
		for range rounds {
			for _, bridge := range []string{o.dir, dir} {
				o.must("del-flows", "unix:"+filepath.Join(bridge, "br0.mgmt"))
			}
			for _, s := range subjects {
				r := s.add()
				rates[s.name] = append(rates[s.name], r)
				ratios[s.name] = append(ratios[s.name], r/rates["ovs"][len(rates[s.name])-1])
			}
		}
		for _, s := range subjects {
			b.ReportMetric(middle(rates[s.name]), "flows/s-"+s.name)
			b.ReportMetric(middle(ratios[s.name]), "ratio-"+s.name)
		}
	}
}

const flows = 100_000

// writeFlows writes them into a file, whose name it returns.
func (o *openVSwitch) writeFlows() string {
	o.Helper()
	var list bytes.Buffer
	for i := range flows {
		fmt.Fprintf(&list, "priority=%d,ip,nw_src=10.%d.%d.%d,nw_dst=192.168.0.0/16,actions=output:%d\n", 1+i%100, i>>16, i>>8&255, i&255, 1+i%2)
	}
	file := filepath.Join(o.dir, "flows")
	if err := os.WriteFile(file, list.Bytes(), 0o644); err != nil {
		o.Fatal(err)
	}
	return file
}

func middle(x []float64) float64 { return slices.Sorted(slices.Values(x))[len(x)/2] }

// answer listens at a socket, whose name it returns, for clients of OpenFlow 1.0, which it
// answers at once, without a look at what flow-mods say. Each of them takes it a time.
func (o *openVSwitch) answer(work time.Duration) string {
	o.Helper()
	name := filepath.Join(o.dir, fmt.Sprintf("answer-%v", work))
	if o.has(filepath.Base(name)) {
		return name
	}
	listener, err := net.Listen("unix", name)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if f, err := conn.(*net.UnixConn).File(); err == nil {
				serve(int(f.Fd()), work)
				f.Close()
			}
			conn.Close()
		}
	}()
	return name
}

// serve answers a client until it is gone. It never sleeps, and the Go runtime, whose
// monitor would take the client's processor, is not told of its system calls.
func serve(client int, work time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	call := func(number uintptr, b []byte) (int, syscall.Errno) {
		n, _, err := unix.RawSyscall6(number, uintptr(client), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
		return int(n), err
	}
	buf := make([]byte, 0, 1<<16)
	for {
		n, err := call(unix.SYS_RECVFROM, buf[len(buf):cap(buf)])
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != 0 || n == 0 {
			return
		}
		buf = buf[:len(buf)+n]
		rest := buf
		for len(rest) >= 8 {
			size := int(rest[2])<<8 | int(rest[3])
			if len(rest) < size {
				break
			}
			if reply := replyTo(rest[:size], work); reply != nil {
				if _, err := call(unix.SYS_SENDTO, reply); err != 0 {
					return
				}
			}
			rest = rest[size:]
		}
		buf = buf[:copy(buf, rest)]
	}
}

// replyTo is the answer to a message of OpenFlow 1.0, or nil.
func replyTo(m []byte, work time.Duration) []byte {
	const hello, featuresRequest, flowMod, statsRequest, barrierRequest = 0, 5, 14, 16, 18 // OpenFlow 1.0.0 §5.1
	kind, size := byte(0), 8
	switch m[1] {
	case hello:
	case featuresRequest:
		kind, size = featuresRequest+1, 32
	case statsRequest: // of tables: none
		kind, size = statsRequest+1, 12
	case barrierRequest:
		kind = barrierRequest + 1
	case flowMod:
		for begin := time.Now(); time.Since(begin) < work; {
		}
		return nil
	default:
		return nil
	}
	reply := make([]byte, size)
	reply[0], reply[1], reply[3] = 1, kind, byte(size)
	copy(reply[4:8], m[4:8])
	if kind == statsRequest+1 {
		copy(reply[8:], m[8:10])
	}
	return reply
}
