package system

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"vswitch/control"
)

func TestPing(t *testing.T) {
	s := newLab(t, "ping").run(twoHosts)
	s.reaches("h1", ip2)
	s.reaches("h2", v61, "-6")
}

// TestCountersAreExact sends a known number of frames of a known size between hosts
// that send nothing else. The switch, its flows and the kernel must agree on them.
func TestCountersAreExact(t *testing.T) {
	const (
		n         = 100
		frameSize = 14 + 20 + 8 + 56 // of a ping
	)
	l := newLab(t, "ping", "sysctl")
	l.makeQuietHost("h1")
	l.makeQuietHost("h2")
	s := l.run(`
bridges:
  - name: br0
    flows: |
      priority=10,icmp,icmp_type=8,actions=NORMAL
      priority=10,icmp,icmp_type=0,actions=NORMAL
      priority=0,actions=NORMAL
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, mac: "02:00:00:00:00:01", address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, mac: "02:00:00:00:00:02", address: [10.0.0.2/24]}
`)
	s.neighbour("h1", "h1", ip2, mac2)
	s.neighbour("h2", "h2", ip1, mac1)
	s.answers("h1", ip2, n)
	for _, port := range []string{"h1", "h2"} {
		c := s.counters(port)
		want := control.Counters{Packets: n, Bytes: n * frameSize, Segments: n}
		if c.Rx != want {
			t.Errorf("%s received %+v, want %+v", port, c.Rx, want)
		}
		if c.Tx != want {
			t.Errorf("%s sent %+v, want %+v", port, c.Tx, want)
		}
		rx, tx := s.kernelCounters(port, port)
		if same := (linkCounters{n, n * frameSize}); rx != same || tx != same {
			t.Errorf("%s: the kernel counted rx %+v, tx %+v, want %+v", port, rx, tx, same)
		}
	}
	for _, filter := range []string{"icmp,icmp_type=8", "icmp,icmp_type=0"} {
		packets, bytes := s.flowCount("br0", filter)
		if packets != n || bytes != n*frameSize {
			t.Errorf("flow %s: %d packets, %d bytes, want %d, %d", filter, packets, bytes, n, n*frameSize)
		}
	}
	want := fmt.Sprintf("rx pkts=%d, bytes=%d, drop=0, errs=0", n, n*frameSize)
	if text := s.ofctl("dump-ports", "br0", "1"); !strings.Contains(text, want) {
		t.Errorf("dump-ports does not say %q:\n%s", want, text)
	}
	if text := s.ofctl("dump-aggregate", "br0"); !strings.Contains(text, fmt.Sprintf("packet_count=%d byte_count=%d ", 2*n, 2*n*frameSize)) {
		t.Errorf("dump-aggregate:\n%s", text)
	}
	if l := mustAsk[control.LedgerReply](s, "ledger"); l.Received != 2*n || l.Sent != 2*n || l.Dropped != 0 {
		t.Errorf("ledger: %+v, want %d received and sent", l, 2*n)
	}
}

// TestIperfTCP wants TCP to cross in super-frames, both ways, by IPv4 and IPv6.
func TestIperfTCP(t *testing.T) {
	s := newLab(t, "iperf3").run(twoHosts)
	const size = 64 << 20
	for _, test := range []struct {
		name, address string
		flags         []string
		from, to      string // which way the data go
	}{
		{"v4", ip2, nil, "h1", "h2"},
		{"v4 reverse", ip2, []string{"-R"}, "h2", "h1"},
		{"v6", v62, []string{"-6"}, "h1", "h2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, beforeTo := s.counters(test.from).Rx, s.counters(test.to).Tx
			r := s.iperf("h1", "h2", test.address, append(test.flags, "-n", fmt.Sprint(size))...)
			// The receiver's report leaves out what arrives after the sender has said that it is done.
			sent, got := r.End.SumSent.Bytes, r.End.SumReceived.Bytes
			if sent < size || got < size/2 {
				t.Errorf("%d bytes were sent and %d arrived, want %d", sent, got, size)
			}
			assertSuperFrames(t, test.from+" rx", before, s.counters(test.from).Rx, got)
			assertSuperFrames(t, test.to+" tx", beforeTo, s.counters(test.to).Tx, got)
		})
	}
}

// assertSuperFrames wants a transfer to have been counted whole, most of it in frames
// that stand for several segments each.
func assertSuperFrames(t *testing.T, what string, before, after control.Counters, size uint64) {
	t.Helper()
	packets, segments := after.Packets-before.Packets, after.Segments-before.Segments
	if after.Bytes-before.Bytes < size {
		t.Errorf("%s: %d bytes counted of %d", what, after.Bytes-before.Bytes, size)
	}
	if segments < 4*packets {
		t.Errorf("%s: %d segments in %d packets: these are no super-frames", what, segments, packets)
	}
	if after.Dropped != before.Dropped {
		t.Errorf("%s: %d frames dropped", what, after.Dropped-before.Dropped)
	}
}

// TestIperfUDP sends at a rate that any machine carries, and wants nothing lost.
func TestIperfUDP(t *testing.T) {
	s := newLab(t, "iperf3").run(twoHosts)
	const n, size = 4000, 1200
	before := s.counters("h2").Tx
	r := s.iperf("h1", "h2", ip2, "-u", "-b", "40M", "-l", fmt.Sprint(size), "-n", fmt.Sprint(n*size))
	// On a busy machine the hosts themselves may have no room for some.
	dropped := s.number("h1", "dev", "h1:", 12) + s.number("h2", "snmp", "Udp:", 5)
	if r.End.Sum.Packets < n || r.End.Sum.LostPackets > dropped {
		t.Errorf("%+v, want %d packets and none lost but the %d that hosts dropped", r.End.Sum, n, dropped)
	}
	if sent := s.counters("h2").Tx.Packets - before.Packets; sent < n {
		t.Errorf("%d packets counted, want at least %d", sent, n)
	}
}

// number is the number in a column of the line that begins with a word, in a file of a
// host's /proc/net.
func (l *lab) number(host, file, word string, column int) int64 {
	l.Helper()
	for line := range strings.Lines(l.in(host, "cat", "/proc/self/net/"+file)) {
		if f := strings.Fields(line); f[0] == word {
			if n, err := strconv.ParseInt(f[column], 10, 64); err == nil {
				return n
			}
		}
	}
	l.Fatalf("%s has no number in column %d of %s", file, column, word)
	return 0
}

func TestJumboFrames(t *testing.T) {
	s := newLab(t, "ping").run(`
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, mtu: 9000, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, mtu: 9000, address: [10.0.0.2/24]}
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24]}
`)
	const largest = "8972" // 9000 without the headers of IPv4 and ICMP
	s.reaches("h1", ip2, "-M", "do", "-s", largest)
	// h3 has an MTU of 1500: what is too long for it is dropped with that reason, not cut.
	s.reaches("h1", ip3)
	s.missesOut("h1", ip3, "-M", "do", "-s", largest)
	if text := s.ofctl("drops", "h3"); !strings.Contains(text, "mtu") {
		t.Errorf("drops of h3:\n%s", text)
	}
}

// TestMultiQueue wants a TAP with several queues to spread flows over them, and their
// counters to add up.
func TestMultiQueue(t *testing.T) {
	s := newLab(t, "iperf3").run(`
datapath: {workers: 2}
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, queues: 4, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, queues: 2, address: [10.0.0.2/24]}
`)
	r := s.iperf("h1", "h2", ip2, "-P", "8", "-n", fmt.Sprint(32<<20))
	if r.End.SumReceived.Bytes == 0 {
		t.Error("nothing arrived")
	}
	if link := s.in("h1", "ip", "-d", "-j", "link", "show", "h1"); !strings.Contains(link, `"numqueues":4`) {
		t.Errorf("h1 has not 4 queues:\n%s", link)
	}
	for port, n := range map[string]int{"h1": 4, "h2": 2} {
		c := s.counters(port)
		if len(c.Queues) != n {
			t.Fatalf("%s: %d queues, want %d", port, len(c.Queues), n)
		}
		var sum uint64
		used := 0
		for _, q := range c.Queues {
			sum += q.Packets
			if q.Packets > 0 {
				used++
			}
		}
		if sum != c.Rx.Packets {
			t.Errorf("%s: %d packets in the queues, %d in all", port, sum, c.Rx.Packets)
		}
		if used < 2 {
			t.Errorf("%s: all packets came by one queue: %+v", port, c.Queues)
		}
	}
}
