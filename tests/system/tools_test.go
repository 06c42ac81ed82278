package system

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Addresses of hosts in the configurations of the tests.
const (
	ip1, ip2, ip3 = "10.0.0.1", "10.0.0.2", "10.0.0.3"
	v61, v62      = "fd00::1", "fd00::2"
)

// twoHosts is a learning switch between two hosts.
const twoHosts = `
bridges:
  - name: br0
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, mac: "02:00:00:00:00:01", address: [10.0.0.1/24, "fd00::1/64"]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, mac: "02:00:00:00:00:02", address: [10.0.0.2/24, "fd00::2/64"]}
`

const mac1, mac2 = "02:00:00:00:00:01", "02:00:00:00:00:02"

// pinged is what ping reports.
var pinged = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

// ping sends n echo requests and returns how many were answered.
func (l *lab) ping(host, to string, n int, flags ...string) int {
	l.Helper()
	command := append([]string{"ping", "-n", "-q", "-c", strconv.Itoa(n), "-i", "0.005", "-W", "0.4"}, flags...)
	out, _ := l.tryIn(host, append(command, to)...) // without an answer its exit code is 1
	found := pinged.FindStringSubmatch(out)
	if found == nil {
		l.Fatalf("ping %s from %s: %s", to, host, out)
	}
	answered, err := strconv.Atoi(found[2])
	if err != nil {
		l.Fatal(err)
	}
	return answered
}

// reaches wants a few pings to be answered, all of them.
func (l *lab) reaches(host, to string, flags ...string) {
	l.Helper()
	l.answers(host, to, 5, flags...)
}

// answers wants n pings to be answered, all of them.
func (l *lab) answers(host, to string, n int, flags ...string) {
	l.Helper()
	before := l.echoReplies(host)
	// Ping waits so long only where nothing at all has been answered.
	if l.ping(host, to, n, append(flags, "-W", "4")...) < n {
		l.awaitReplies(host, before+n)
	}
}

// awaitReplies waits until a host has received so many echo replies. After the first
// answer ping waits for others only twice as long as that one took, which on a busy
// machine is too short; the kernel counts those too.
func (l *lab) awaitReplies(host string, n int) {
	l.Helper()
	l.await(fmt.Sprintf("%s receives %d echo replies", host, n), func() error {
		if received := l.echoReplies(host); received != n {
			return fmt.Errorf("it has received %d", received)
		}
		return nil
	})
}

// echoReplies matches the kernel's counters of received echo replies, of IPv4 (RFC 2011)
// and IPv6 (RFC 2466).
var echoReplies = regexp.MustCompile(`(?m)^IcmpInEchoReps +(\d+)|^Icmp6InEchoReplies +(\d+)`)

// echoReplies is how many echo replies a host has received.
func (l *lab) echoReplies(host string) (n int) {
	l.Helper()
	text := l.in(host, "nstat", "-asz", "IcmpInEchoReps", "Icmp6InEchoReplies")
	found := echoReplies.FindAllStringSubmatch(text, -1)
	if len(found) != 2 {
		l.Fatalf("nstat:\n%s", text)
	}
	for _, m := range found {
		count, err := strconv.Atoi(m[1] + m[2])
		if err != nil {
			l.Fatal(err)
		}
		n += count
	}
	return n
}

// missesOut wants no ping to be answered.
func (l *lab) missesOut(host, to string, flags ...string) {
	l.Helper()
	if answered := l.ping(host, to, 3, flags...); answered != 0 {
		l.Errorf("%s reaches %s with %d pings, it must not", host, to, answered)
	}
	// A host that has asked for the address in vain would go on with that for seconds.
	l.in(host, "ip", "neigh", "flush", "all")
}

// neighbour writes an address into a host's neighbour table, so that it need not ask.
func (l *lab) neighbour(host, device, ip, mac string) {
	l.Helper()
	l.in(host, "ip", "neigh", "replace", ip, "lladdr", mac, "dev", device, "nud", "permanent")
}

// capture starts tcpdump on a host's device and waits until it listens.
func (l *lab) capture(host, device, filter string) *process {
	l.Helper()
	p := l.spawn(host, "tcpdump", "-lnne", "--immediate-mode", "-i", device, filter)
	p.says("listening on")
	return p
}

// transferred is what a run of iperf3 reports.
type transferred struct {
	Error string
	End   struct {
		SumReceived struct{ Bytes uint64 } `json:"sum_received"`
		SumSent     struct{ Bytes uint64 } `json:"sum_sent"`
		Sum         struct {
			Packets     int64
			LostPackets int64 `json:"lost_packets"`
		}
	}
}

// iperf runs iperf3 between two hosts, whose server has an address.
func (l *lab) iperf(client, server, address string, flags ...string) (r transferred) {
	l.Helper()
	s := l.spawn(server, "iperf3", "-s", "-1", "-B", address, "--forceflush")
	s.says("Server listening")
	out := l.in(client, append([]string{"iperf3", "-J", "-c", address}, flags...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		l.Fatal(err)
	}
	if r.Error != "" {
		l.Fatalf("iperf3: %s", r.Error)
	}
	if err := s.wait(); err != nil {
		l.Errorf("iperf3 -s: %v\n%s", err, s.out.String())
	}
	return r
}

// linkCounters are those that the kernel keeps for a device.
type linkCounters struct{ Packets, Bytes uint64 }

// kernelCounters are what a host has received from a device and sent to it.
func (l *lab) kernelCounters(host, device string) (rx, tx linkCounters) {
	l.Helper()
	var links []struct {
		Stats64 struct{ Rx, Tx linkCounters }
	}
	if err := json.Unmarshal([]byte(l.in(host, "ip", "-s", "-j", "link", "show", "dev", device)), &links); err != nil {
		l.Fatal(err)
	}
	return links[0].Stats64.Rx, links[0].Stats64.Tx
}

// linkFlags are the flags of a device, such as UP and NO-CARRIER.
func (l *lab) linkFlags(host, device string) (string, error) {
	var links []struct{ Flags []string }
	out, err := l.tryIn(host, "ip", "-j", "link", "show", "dev", device)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal([]byte(out), &links); err != nil || len(links) != 1 {
		return "", fmt.Errorf("%s: %w", out, err)
	}
	return strings.Join(links[0].Flags, " "), nil
}
