package cmd

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"vswitch/control"
	"vswitch/ofctl/top"
)

// topServer answers what top asks. The counters of its port grow by a million frames
// with each answer.
func topServer(t *testing.T) Dialer {
	n := uint64(0)
	server := control.NewServer(map[control.Method]control.Handler{
		control.Ports: func([]string) (control.Reply, error) {
			n += 1_000_000
			return control.PortsReply{{Bridge: "br0", Port: "h1", Rx: control.Counters{Packets: n}}}, nil
		},
		control.Workers: func([]string) (control.Reply, error) { return control.WorkersReply{{Buffers: 64}}, nil },
		control.Drops:   func([]string) (control.Reply, error) { return control.DropsReply{}, nil },
		control.Flows:   func([]string) (control.Reply, error) { return control.FlowsReply{}, nil },
		control.Status:  func([]string) (control.Reply, error) { return control.StatusReply{Version: "v1"}, nil },
	})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return scripted(t, func(c net.Conn) { _ = server.Serve(c) })(ctx, network, address)
	}
}

func runTopLine(t *testing.T, dial Dialer, stop <-chan struct{}, line string) result {
	t.Helper()
	var out, errs strings.Builder
	code := Run(append([]string{"--control", "x.ctl"}, strings.Fields(line)...), Stdio{Out: &out, Err: &errs, Stop: stop}, dial)
	return result{out.String(), errs.String(), code}
}

func TestTop(t *testing.T) {
	r := runTopLine(t, topServer(t), nil, "top -n 2 --interval 0.1")
	wantExit(t, r, exitOK)
	if strings.Count(r.out, "vswitchd v1, ") != 2 || strings.Count(r.out, "\n\nport ") != 2 || strings.Contains(r.out, "\x1b") {
		t.Errorf("two views: %v", r)
	}
	r = runTopLine(t, topServer(t), nil, "top -n 1 --interval 0.1 --json")
	wantExit(t, r, exitOK)
	if strings.Count(r.out, "\n") != 1 || !strings.Contains(r.out, `"port":"h1","rx_packets":`) {
		t.Errorf("JSON: %v", r)
	}
	stop := make(chan struct{})
	close(stop)
	wantExit(t, runTopLine(t, topServer(t), stop, "top"), exitOK)
	for line, want := range map[string]string{
		"top --interval 0.01s": "at least 100ms",
		"top --order size":     "use packets, bits, drops or name",
		"top -n -1":            "from 0 on",
		"top br0":              "too many operands",
	} {
		r := runTopLine(t, topServer(t), nil, line)
		if r.code != exitUsage || !strings.Contains(r.err, want) {
			t.Errorf("%s: want %q: %v", line, want, r)
		}
	}
	// A switch that is older than ofctl.
	old := control.NewServer(map[control.Method]control.Handler{})
	r = runTopLine(t, func(ctx context.Context, network, address string) (net.Conn, error) {
		return scripted(t, func(c net.Conn) { _ = old.Serve(c) })(ctx, network, address)
	}, nil, "top")
	if r.code != exitRefused || !strings.Contains(r.err, `"ports" is not a valid command`) {
		t.Errorf("an old switch: %v", r)
	}
}

// TestTopTerminal wants views in the place of each other on a terminal, and the last
// one to stay when it is over.
func TestTopTerminal(t *testing.T) {
	var out strings.Builder
	a := &app{stdio: Stdio{Out: &out, Terminal: true}, out: bufio.NewWriter(&out)}
	d := a.newDisplay()
	sample := &top.Sample{At: time.Unix(1, 0), Status: control.StatusReply{Version: "v1"}}
	view := top.Between(sample, sample, top.ByPackets)
	for range 2 {
		if err := d.show(view); err != nil {
			t.Fatal(err)
		}
	}
	d.end()
	title := strings.TrimSuffix(view.Text(80, 23), "\n")
	shown := topLeft + title + clearLine + "\n" + clearFromHere
	if err := a.out.Flush(); err != nil || out.String() != otherScreen+shown+shown+firstScreen+title+"\n" {
		t.Errorf("%v %q", err, out.String())
	}
}
