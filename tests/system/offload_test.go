package system

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recorded is a switch whose flows send what comes from h1 to h2, and a copy to a port
// that takes neither super-frames nor unfinished checksums, and writes them to a file.
const recorded = `
datapath: {io: $io}
bridges:
  - name: br0
    fail_mode: secure
    flows: |
      in_port=h1,actions=output:h2,output:file
      in_port=h2,actions=output:h1
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24, "fd00::1/64"]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24, "fd00::2/64"]}
      - {name: file, type: pcap, record: $dir/record.pcap}
`

// python runs the tests' scripts.
const python = "/usr/bin/python3"

// TestSuperFramesAreSplit wants super-frames of TCP and UDP to reach a port that cannot
// take them as whole segments with right checksums, which tcpdump judges.
func TestSuperFramesAreSplit(t *testing.T) {
	for _, io := range []string{"syscall", "uring"} {
		t.Run(io, func(t *testing.T) { testSuperFramesAreSplit(t, io) })
	}
}

func testSuperFramesAreSplit(t *testing.T, io string) {
	l := newLab(t, "iperf3", "tcpdump", python)
	s := l.run(strings.Replace(recorded, "$io", io, 1))
	s.movesBy(t, io, "h1", "h2")
	for _, test := range []struct {
		name, filter string
		send         func(*testing.T)
	}{
		{"TCP v4", "ip and tcp dst port 5201", func(*testing.T) { s.iperf("h1", "h2", ip2, "-n", "4M") }},
		{"TCP v6", "ip6 and tcp dst port 5201", func(*testing.T) { s.iperf("h1", "h2", v62, "-n", "4M") }},
		{"UDP v4", "ip and udp", func(t *testing.T) { s.sendTrain(t, ip2) }},
		{"UDP v6", "ip6 and udp", func(t *testing.T) { s.sendTrain(t, v62) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := s.counters("h1").Rx
			test.send(t)
			after := s.counters("h1").Rx
			if packets, segments := after.Packets-before.Packets, after.Segments-before.Segments; segments <= packets {
				t.Errorf("%d segments in %d packets: h1 sent no super-frames", segments, packets)
			}
			text := s.in("switch", "tcpdump", "-nnvv", "-r", "$dir/record.pcap", test.filter)
			right := strings.Count(text, "(correct)") + strings.Count(text, "udp sum ok")
			if right < 20 || strings.Contains(text, "(incorrect") || strings.Contains(text, "bad udp cksum") || strings.Contains(text, "bad cksum") {
				t.Errorf("%d right checksums, some wrong:\n%.2000s", right, text)
			}
			long := s.in("switch", "tcpdump", "-nn", "-r", "$dir/record.pcap", test.filter+" and greater "+fmt.Sprint(1500+15))
			if long != "" {
				t.Errorf("frames longer than the MTU:\n%.2000s", long)
			}
		})
	}
	if c := s.counters("file"); c.Tx.Dropped != 0 || c.Tx.Errors != 0 || c.Tx.Packets == 0 {
		t.Errorf("the port that records: %+v", c.Tx)
	}
}

// sendTrain sends datagrams in one super-frame from h1 to h2, which has the address.
func (s *vswitch) sendTrain(t *testing.T, address string) {
	t.Helper()
	script, err := filepath.Abs("testdata/udp_gso.py")
	if err != nil {
		t.Fatal(err)
	}
	const port, size, n = "7777", "1300", "30"
	receiver := s.spawn("h2", python, script, "receive", address, port, size, n)
	receiver.says("listening")
	s.in("h1", python, script, "send", address, port, size, n)
	receiver.says("received " + n)
}

// movesBy wants ports to have the I/O engine that was configured, or to say why not.
func (s *vswitch) movesBy(t *testing.T, io string, ports ...string) {
	t.Helper()
	for _, name := range ports {
		p, err := s.portStatus(name)
		isExcused := io == "uring" && slices.ContainsFunc(p.Notes, func(n string) bool { return strings.HasPrefix(n, "io_uring was asked for") })
		if err != nil || !strings.HasPrefix(p.IO, io) && !isExcused {
			t.Errorf("port %s: I/O by %q (%v, %q), want %s", name, p.IO, err, p.Notes, io)
		}
	}
}
