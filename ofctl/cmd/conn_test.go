package cmd

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

func TestVersions(t *testing.T) {
	only13 := openflow.Versions(openflow.V13)
	tests := []struct {
		name   string
		theirs openflow.VersionSet
		flags  string
		code   int
		want   string // of the output, or where it fails of the errors
	}{
		{"highest common", openflow.AllVersions, "", exitOK, "(OF1.5)"},
		{"theirs", openflow.Versions(openflow.V10, openflow.V13), "", exitOK, "(OF1.3)"},
		{"ours", openflow.AllVersions, "-O OpenFlow12", exitOK, "(OF1.2)"},
		{"a list", openflow.AllVersions, "--protocols=OpenFlow10,OpenFlow13", exitOK, "(OF1.3)"},
		{"short names", openflow.AllVersions, "-O 1.1,1.4", exitOK, "(OF1.4)"},
		{"a gap", openflow.Versions(openflow.V10, openflow.V14), "-O OpenFlow10,OpenFlow13", exitOK, "OFPST_DESC reply (xid"},
		{"none common", only13, "-O OpenFlow10", exitRefused, "br0 speaks OpenFlow13, and OpenFlow10 was asked for: use -O OpenFlow13"},
	}
	f := newFakeSwitch()
	f.versions = only13
	wantExit(t, f.run(t, "mod-port", "br0", "h1", "no-flood"), exitRefused, "br0 speaks OpenFlow13, and this takes one of OpenFlow10")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeSwitch()
			f.versions = test.theirs
			r := f.run(t, append(strings.Fields(test.flags), "dump-desc", "br0")...)
			if r.code != test.code || !strings.Contains(r.out+r.err, test.want) {
				t.Errorf("want exit %d and %q: %v", test.code, test.want, r)
			}
		})
	}
}

// scripted is a dialer whose other end is a function.
func scripted(t *testing.T, peer func(c net.Conn)) Dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() { defer there.Close(); peer(there) })
		t.Cleanup(func() { here.Close(); serving.Wait() })
		return here, nil
	}
}

// TestBadPeers runs ofctl against what is no good switch.
func TestBadPeers(t *testing.T) {
	drain := func(c net.Conn) { io.Copy(io.Discard, c) }
	say := func(data []byte) func(c net.Conn) {
		return func(c net.Conn) {
			go drain(c)
			c.Write(data)
		}
	}
	encode := func(xid uint32, m openflow.Message) []byte {
		data, err := openflow.Append(nil, openflow.V13, xid, m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	hello := encode(1, &openflow.Hello{Versions: openflow.Versions(openflow.V13)})
	tests := []struct {
		name string
		peer func(c net.Conn)
		want string
	}{
		{"nothing but silence", drain, "br0: no answer within 50ms"},
		{"end at once", func(c net.Conn) { c.Read(make([]byte, 100)) }, "br0: the switch closed the connection"},
		{"end within a message", say(hello[:5]), "br0: the switch closed the connection"},
		{"end instead of a reply", say(hello), "br0: the switch closed the connection"},
		{"not OpenFlow", say([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), "br0: "},
		{"length 0", say([]byte{4, 0, 0, 0, 0, 0, 0, 0}), "br0: this is not OpenFlow"},
		{"no hello", say(encode(0, &openflow.EchoReply{})), "the first message is OFPT_ECHO_REPLY instead of a hello"},
		{"refused hello", say(encode(1, &openflow.Error{Code: openflow.ErrHelloPermission, Data: []byte("go away")})), "OFPHFC_EPERM: the switch does not let this connection in\n  go away"},
		{"unreadable reply", say(append(hello[:len(hello):len(hello)], 4, 19, 0, 16, 0, 0, 0, 2, 0, 99, 0, 0, 0, 0, 0, 0)), "br0: the reply cannot be read"},
		{"reply to something else", say(append(hello[:len(hello):len(hello)], encode(2, &openflow.EchoReply{})...)), "the reply is OFPT_ECHO_REPLY, which answers something else"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out, errs strings.Builder
			code := Run([]string{"get-frags", "br0", "-t", "50ms"}, Stdio{Out: &out, Err: &errs}, scripted(t, test.peer))
			r := result{out.String(), errs.String(), code}
			wantExit(t, r, exitRefused, test.want)
		})
	}
}

// TestInterruptions checks that echo requests are answered, and other messages left
// alone, while a reply is awaited.
func TestInterruptions(t *testing.T) {
	f := newFakeSwitch()
	f.greets = []openflow.Message{
		&openflow.EchoRequest{Data: []byte("are you there")},
		&openflow.PortStatus{Reason: openflow.PortModified, Port: f.ports[0]},
		&openflow.Error{Code: openflow.ErrRequestBadType},
	}
	wantExit(t, f.run(t, "show", "br0"), exitOK)
	if replies := f.heard(openflow.KindEchoReply); len(replies) != 1 || string(replies[0].(*openflow.EchoReply).Data) != "are you there" {
		t.Errorf("echo replies: %v", replies)
	}
}

// TestManyParts shows a table that takes many messages, over a connection that keeps
// nothing while nobody reads.
func TestManyParts(t *testing.T) {
	const n = 3000
	f := newFakeSwitch()
	f.add(t, "ip,nw_src=10.0.0.0,actions=output:2")
	first := f.flows[0]
	f.flows = nil
	field := flow.FieldByName("nw_src")
	for i := range uint64(n) {
		s := first
		s.Match.SetField(field, flow.U64(10<<24+i), field.Full())
		s.Packets = i
		f.flows = append(f.flows, s)
	}
	for _, version := range []string{"OpenFlow10", "OpenFlow13"} {
		r := f.run(t, "-O", version, "dump-flows", "br0")
		wantExit(t, r, exitOK)
		if parts := strings.Count(r.out, "FLOW reply"); parts < 4 {
			t.Errorf("%d parts", parts)
		}
		if flows := strings.Count(r.out, "\n cookie="); flows != n {
			t.Errorf("%d flows", flows)
		}
	}
	r := f.run(t, "dump-flows", "br0", "--rsort=nw_src", "--no-stats")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if len(lines) != n || !strings.Contains(lines[0], "nw_src=10.0.11.183 ") || !strings.Contains(lines[n-1], "nw_src=10.0.0.0 ") {
		t.Errorf("%d lines from %s to %s", len(lines), lines[0], lines[len(lines)-1])
	}
	r = f.run(t, "dump-flows", "br0", "--json")
	if strings.Count(r.out, `"nw_src"`) != n {
		t.Error("not all flows as JSON")
	}
}

// TestManyRefusals sends more than a connection holds, and has every line refused.
func TestManyRefusals(t *testing.T) {
	const n = 2000
	var file strings.Builder
	for i := range n {
		fmt.Fprintf(&file, "priority=%d,actions=group:1\n", i)
	}
	f := newFakeSwitch()
	f.refuseGroups(openflow.ErrActionBadOutGroup)
	r := f.run(t, "add-flows", "br0", write(t, file.String()))
	wantExit(t, r, exitRefused, fmt.Sprintf("br0 refused %d of %d lines", n, n))
	if got := strings.Count(r.err, "OFPBAC_BAD_OUT_GROUP"); got != n {
		t.Errorf("%d refusals", got)
	}
}

// TestStop ends a command that waits.
func TestStop(t *testing.T) {
	for line, code := range map[string]int{"get-frags br0": exitRefused, "monitor br0": exitOK} {
		f := newFakeSwitch()
		stop := make(chan struct{})
		f.answers[openflow.KindGetConfigRequest] = func(openflow.Header, openflow.Message) []openflow.Message {
			close(stop)
			if strings.HasPrefix(line, "monitor") {
				return []openflow.Message{&openflow.GetConfigReply{}}
			}
			return nil
		}
		r := f.runWith(t, Stdio{Stop: stop}, strings.Fields(line)...)
		if r.code != code && !strings.Contains(r.err, "interrupted") {
			t.Errorf("%s: %v", line, r)
		}
	}
}

func TestPing(t *testing.T) {
	f := newFakeSwitch()
	r := f.run(t, "ping", "br0", "100")
	wantExit(t, r, exitOK)
	if strings.Count(r.out, "100 bytes from br0: xid=0000000") != 10 {
		t.Error(r.out)
	}
	r = f.run(t, "benchmark", "br0", "10", "25")
	wantExit(t, r, exitOK)
	if !strings.HasPrefix(r.out, "Sending 25 packets * 18 bytes (with header) = 450 bytes total\nFinished in ") {
		t.Error(r.out)
	}
	wantExit(t, f.run(t, "ping", "br0", "70000"), exitUsage, "no number of bytes")
	f.answers[openflow.KindEchoRequest] = func(openflow.Header, openflow.Message) []openflow.Message {
		return []openflow.Message{&openflow.EchoReply{Data: []byte("something else")}}
	}
	wantExit(t, f.run(t, "ping", "br0"), exitRefused, "other bytes")
}

// TestTimeout checks that --timeout counts for the command, not for each message.
func TestTimeout(t *testing.T) {
	f := newFakeSwitch()
	f.silent = true
	start := time.Now()
	wantExit(t, f.run(t, "show", "br0", "-t", "50ms"), exitRefused, "br0: no answer within 50ms")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
