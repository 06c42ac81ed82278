package cmd

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// benchFlows is how many flows the switch of a benchmark has.
const benchFlows = 500_000

// encodedDump is the reply to a request for flows, in parts.
func encodedDump(b *testing.B, v openflow.Version) (parts [][]byte) {
	b.Helper()
	var part openflow.FlowStatsReply
	for i := range benchFlows {
		line := fmt.Sprintf("table=%d,priority=%d,tcp,nw_src=10.%d.%d.%d,tp_dst=%d,actions=mod_nw_tos:16,output:%d",
			i%4, 100+i%50, i>>16&255, i>>8&255, i&255, 1000+i%3000, 1+i%2)
		mod, err := text.ParseFlow(line, text.Options{Version: v})
		if err != nil {
			b.Fatal(err)
		}
		s := statsOf(mod)
		s.Duration, s.Packets, s.Bytes = time.Duration(i)*time.Millisecond, uint64(i), 100*uint64(i)
		part.Flows = append(part.Flows, s)
		if last := i == benchFlows-1; last || len(part.Flows) == 300 {
			message, err := openflow.Append(nil, v, 0, &part)
			if err != nil {
				b.Fatal(err)
			}
			if !last {
				message[11] |= 1 // OFPSF_REPLY_MORE
			}
			parts, part.Flows = append(parts, message), part.Flows[:0]
		}
	}
	return parts
}

// serveDump is a switch that only tells of its flows, and needs no time to do so.
func serveDump(b *testing.B, v openflow.Version) (rundir string) {
	b.Helper()
	parts := encodedDump(b, v)
	rundir = b.TempDir()
	l, err := net.Listen("unix", filepath.Join(rundir, "br0.mgmt"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				// How the connection ends is the client's affair.
				_ = tellDump(c, v, parts)
			}()
		}
	}()
	return rundir
}

// tellDump answers requests for flows until the connection ends.
func tellDump(c net.Conn, v openflow.Version, parts [][]byte) error {
	hello, err := openflow.Append(nil, v, 1, &openflow.Hello{Versions: openflow.Versions(v)})
	if err != nil {
		return err
	}
	if _, err := c.Write(hello); err != nil {
		return err
	}
	header := make([]byte, openflow.HeaderLen)
	for {
		if _, err := io.ReadFull(c, header); err != nil {
			return err
		}
		n, err := openflow.PeekLength(header)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c, int64(n-len(header))); err != nil {
			return err
		}
		if openflow.PeekHeader(header).Type != 18 { // OFPT_MULTIPART_REQUEST
			continue
		}
		for _, part := range parts {
			copy(part[4:8], header[4:8]) // the transaction number
			if _, err := c.Write(part); err != nil {
				return err
			}
		}
	}
}

// BenchmarkDumpFlows dumps 500,000 flows of the same switch with ofctl and with
// ovs-ofctl, each a process of its own, and tells the time and the memory that they
// take, which is at least what the process of the benchmark has when it starts them. Run
// it with -benchtime 5x.
func BenchmarkDumpFlows(b *testing.B) {
	ofctl := filepath.Join(b.TempDir(), "ofctl")
	if out, err := exec.Command("go", "build", "-o", ofctl, "vswitch/ofctl").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	rundir := serveDump(b, openflow.V13)
	for _, flag := range []string{"--stats", "--no-stats", "--sort"} {
		for _, tool := range []string{ofctl, "ovs-ofctl"} {
			b.Run(filepath.Base(tool)+" "+flag, func(b *testing.B) {
				if _, err := exec.LookPath(tool); err != nil {
					b.Skip("ovs-ofctl is not installed (package openvswitch-common)")
				}
				var cpu time.Duration
				var memory int64
				for b.Loop() {
					c := exec.Command(tool, "-O", "OpenFlow13", "dump-flows", "br0", flag)
					c.Env = append(os.Environ(), "OVS_RUNDIR="+rundir, "VSWITCH_RUNDIR=")
					var errs bytes.Buffer
					c.Stderr = &errs
					if err := c.Run(); err != nil {
						b.Fatalf("%v: %s", err, errs.String())
					}
					cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
					if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
						memory = max(memory, usage.Maxrss)
					}
				}
				b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/op")
				b.ReportMetric(float64(memory)/1024, "MiB")
			})
		}
	}
}
