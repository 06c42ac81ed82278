package system

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// TestCapture records pings of which one host's are dropped by a flow, and has tshark say
// what became of each frame.
func TestCapture(t *testing.T) {
	l := newLab(t, "ping", "tshark")
	s := l.run(twoHosts + "    flows: |\n      cookie=0x5,priority=9,icmp,nw_src=10.0.0.2,actions=drop\n      priority=0,actions=NORMAL\n")
	p := s.spawn("switch", binaries+"/ofctl", "capture", "br0", "-w", "$dir/all.pcapng", "--filter", "icmp", "--count", "8")
	text := s.spawn("switch", binaries+"/ofctl", "capture", "h1", "h2", "--points", "drop", "--filter", "src host 10.0.0.2 and icmp[icmptype] = icmp-echoreply")
	p.says("capturing")
	text.says("capturing")
	// Four requests are received, sent on, and the answers received and dropped.
	if n := s.ping("h1", ip2, 4); n != 0 {
		t.Errorf("%d answers came through", n)
	}
	if err := p.wait(); err != nil {
		t.Fatalf("capture: %v\n%s", err, p.log.String())
	}
	out := s.in("switch", "tshark", "-r", "$dir/all.pcapng", "-T", "fields", "-e", "frame.interface_name", "-e", "icmp.type",
		"-e", "frame.comment", "-e", "frame.packet_flags_direction")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 8 {
		t.Fatalf("%d frames of 8:\n%s", len(lines), out)
	}
	shows(t, out, `(?m)^br0/h1\t8\treceived; h2,flow: bridge=br0, table=0, priority=0, cookie=0x0\t`,
		`(?m)^br0/h2\t8\tsent\t`,
		`(?m)^br0/h2\t0\treceived; drop,flow: bridge=br0, table=0, priority=9, cookie=0x5\t`,
		`(?m)^br0/h2\t0\tdropped: flow \(.*\),flow: bridge=br0, table=0, priority=9, cookie=0x5\t`)
	shows(t, text.interrupt(), `br0/h2 98 bytes: icmp,.*nw_src=10\.0\.0\.2,.*; dropped: flow \(.*\); flow: bridge=br0, table=0, priority=9, cookie=0x5`)
	if text.err != nil {
		t.Errorf("an interrupted capture: %v", text.err)
	}
	why := s.ofctl("why", "h2")
	shows(t, why, `^port h2 of bridge br0: 4 frames dropped\n  4 rx flow: a flow matched whose actions are drop\n`,
		`flow table=0, priority=9, cookie=0x5 of bridge br0\n`, `last .* ago, 98 bytes: icmp,in_port=h2,.*nw_src=10\.0\.0\.2,`)
	shows(t, s.ofctl("megaflows", "h2"), `icmp,in_port=h2,nw_src=10\.0\.0\.2.*packets:[34], .* actions:drop\n    from table=0, priority=9, cookie=0x5 of bridge br0\n`)
	shows(t, s.ofctl("cache"), `worker 0: \d+ lookups\n`, `h2 +1 megaflows .*  eth_type, ip_src, nw_proto\n`)
	// The command that it names tells the story of just this frame.
	trace := regexp.MustCompile(`ofctl (trace br0 in_port=h2 [0-9a-f]+)`).FindStringSubmatch(why)
	if trace == nil {
		t.Fatal(why)
	}
	shows(t, s.ofctl(strings.Fields(trace[1])...), `priority 9, cookie 0x5\n\s+drop`)
	// So does the last frame of a port, which need not be remembered by anybody.
	s.await("a ping to be the last frame", func() error {
		s.ping("h1", ip2, 1, "-s", "1000")
		last := s.ofctl("trace", "--last", "h2", "--names")
		if !strings.Contains(last, "Flow: icmp,in_port=h2,") {
			return errors.New(last)
		}
		shows(t, last, `^Last frame of h2: .* ago, 1042 bytes, of which the first 128 are known\n`, `priority 9, cookie 0x5\n\s+drop`)
		return nil
	})
	// Where no flow dropped it, the table is named.
	s.ofctl("add-flow", "br0", "priority=10,icmp,nw_src=10.0.0.2,actions=goto_table:9")
	s.await("a table to be named", func() error {
		s.ping("h1", ip2, 1)
		if why := s.ofctl("why", "h2"); !strings.Contains(why, " rx table_miss: ") || !strings.Contains(why, "\n      by table 9 of bridge br0\n") {
			return errors.New(why)
		}
		return nil
	})
	shows(t, s.ofctl("trace", "--last", "br0/h2", "--json"), `"port": "h2"`, `"story": \[`)
	for _, port := range []string{"h9", "br0"} {
		out, err := s.tryOfctl("trace", "--last", port)
		s.fails(out, err, "no port named "+port+" that has a device")
	}
	for _, c := range []struct{ words, complaint string }{
		{"nowhere", "no bridge or port of that name"},
		{"h1 --points rx,up", `no point "up"`},
		{"h1 --filter reg0=1", "only headers of frames"},
		{"h1 --filter tcp,foo=1", "foo"},
		{"h1 --filter pppoes", "not supported here"},
		{"h1 --filter host(nobody)", "names are not resolved"},
	} {
		out, err := s.tryOfctl(append([]string{"capture"}, strings.Fields(c.words)...)...)
		s.fails(out, err, c.complaint)
	}
}
