package cmd

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"vswitch/openflow"
)

// fuzzLines are commands that between them read every kind of reply.
var fuzzLines = []string{
	"show br0", "show br0 --json", "dump-flows br0", "dump-flows br0 --json --sort", "dump-flows br0 --names", "diff-flows br0 br0",
	"dump-ports br0 --json", "dump-tables br0 --json", "dump-table-features br0", "dump-groups br0 1", "queue-get-config br0",
	"monitor br0", "monitor br0 --json resume", "snoop br0 -mm", "mod-port br0 h1 up", "mod-table br0 0 evict",
	"replace-flows br0 -", "--bundle add-flow br0 priority=1,actions=1",
}

// FuzzReplies lets a switch say anything after its hello. ofctl must end, with one of
// its exit codes.
func FuzzReplies(f *testing.F) {
	for _, version := range []openflow.Version{openflow.V10, openflow.V13, openflow.V15} {
		for _, m := range []openflow.Message{
			&openflow.FeaturesReply{DatapathID: 1, Ports: []openflow.Port{{No: 1, Name: "h1"}}}, &openflow.FlowStatsReply{}, &openflow.BarrierReply{},
			&openflow.PortDescReply{Ports: []openflow.Port{{No: 1, Name: "h1"}}}, &openflow.GetConfigReply{}, &openflow.EchoRequest{},
			&openflow.Error{Code: openflow.ErrRequestPermission}, &openflow.TableStatsReply{},
		} {
			data, err := openflow.Append(nil, version, 2, m)
			if err != nil {
				continue
			}
			for i := range fuzzLines {
				f.Add(uint8(i), uint8(version), data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, line, version uint8, data []byte) {
		v := openflow.Version(version)
		if !v.Valid() {
			v = openflow.V13
		}
		hello, err := openflow.Append(nil, v, 1, &openflow.Hello{Versions: openflow.Versions(v)})
		if err != nil {
			t.Fatal(err)
		}
		dial := func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() {
				defer there.Close()
				go io.Copy(io.Discard, there)
				there.Write(append(hello, data...))
			}()
			return here, nil
		}
		args := strings.Fields(fuzzLines[int(line)%len(fuzzLines)])
		if code := Run(args, Stdio{Out: io.Discard, Err: io.Discard}, dial); code > exitUsage {
			t.Errorf("exit %d", code)
		}
	})
}

// FuzzCommandLine gives ofctl any words. It must end, with one of its exit codes.
func FuzzCommandLine(f *testing.F) {
	for _, row := range commands() {
		f.Add(strings.TrimPrefix(row.example, "ofctl "))
	}
	for _, g := range golden {
		f.Add(g.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		for _, a := range args {
			// Files are not the subject, and a fuzzer finds some that never end.
			if strings.ContainsAny(a, "/.") {
				return
			}
		}
		dial := func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }
		if code := Run(args, Stdio{Out: io.Discard, Err: io.Discard}, dial); code < exitOK || code > exitUsage {
			t.Errorf("exit %d", code)
		}
	})
}
