package system

import (
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
)

// TestOfctl has our own tool do to a running switch what the tests of its package do
// with a switch in a jar.
func TestOfctl(t *testing.T) {
	s := newLab(t, "ping", "tcpdump").run(twoHosts)
	ofctl := binaries + "/ofctl"
	shows(t, s.ofctl("show", "br0"), `dpid:[0-9a-f]{16}`, `1\(h1\): addr:`+mac1, `LOCAL\(br0\)`)

	// What is in a file becomes what is in the switch, and only that.
	file := s.write("flows.txt", "priority=9,arp,actions=NORMAL\npriority=9,icmp,actions=NORMAL\n")
	s.ofctl("replace-flows", "br0", file)
	shows(t, s.ofctl("dump-flows", "br0", "--sort", "--no-stats"), `(?s)priority=9,arp actions=NORMAL.*priority=9,icmp actions=NORMAL`)
	if out := s.ofctl("diff-flows", "br0", file); out != "" {
		t.Errorf("the flows differ from what was asked for:\n%s", out)
	}
	s.reaches("h1", ip2)
	s.ofctl("mod-flows", "br0", "icmp,actions=drop")
	s.missesOut("h1", ip2)
	out, err := s.tryOfctl("diff-flows", "br0", file)
	s.fails(out, err, "-priority=9,icmp actions=drop", "+priority=9,icmp actions=NORMAL")

	// A packet that it sends leaves by the port, and one for the controller comes to the
	// monitor, while snoop listens to the other connection.
	const frame = mac2hex + mac1hex + "88b5" + "766f7573"
	host := s.capture("h2", "h2", "ether proto 0x88b5")
	s.ofctl("packet-out", "br0", "in_port=controller packet="+frame+" actions=output:h2")
	host.says(mac1 + " > " + mac2)
	monitor := s.spawn("switch", ofctl, "monitor", "br0", "65534")
	s.ofctl("add-flow", "br0", "dl_type=0x88b5,actions=controller")
	s.await("a packet reaches the monitor", func() error {
		s.ofctl("packet-out", "br0", "in_port=h1 packet="+frame+" actions=TABLE")
		if !strings.Contains(monitor.out.String(), "PACKET_IN") {
			return errors.New("none yet")
		}
		return nil
	})
	monitor.says(`PACKET_IN.*in_port="?(1|h1)"?`)
	monitor.interrupt()
}

// TestGarbage sends what is not OpenFlow and not JSON to every socket, and wants the
// switch to go on as if nothing had happened.
func TestGarbage(t *testing.T) {
	s := newLab(t, "ping").run(strings.Replace(twoHosts, "ports:", "listen: [\"punix:$dir/of.sock\"]\n    ports:", 1))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	hello := "\x04\x00\x00\x08\x00\x00\x00\x01"
	for _, socket := range []string{"br0.mgmt", "of.sock", "br0.snoop", controlSocket(s)} {
		for i := range 40 {
			garbage := make([]byte, random.IntN(4096))
			for at := range garbage {
				garbage[at] = byte(random.Uint32())
			}
			if i%2 == 0 {
				// A session that has begun, and a message with a length.
				garbage = append([]byte(hello+"\x04"+string(rune(random.IntN(30)))+"\x01\x00"), garbage...)
			}
			c, err := net.Dial("unix", s.path(socket))
			if err != nil {
				t.Fatalf("%s after %d connections: %v", socket, i, err)
			}
			// The switch may close the connection while it is written to.
			_, _ = c.Write(garbage)
			c.Close()
		}
	}
	s.reaches("h1", ip2)
	shows(t, s.ofctl("show", "unix:$dir/of.sock"), `1\(h1\)`)
}

// controlSocket is the file name of the switch's control socket.
func controlSocket(s *vswitch) string {
	names := strings.Fields(s.must(s.exec("ls", s.dir)))
	for _, name := range names {
		if strings.HasSuffix(name, ".ctl") {
			return name
		}
	}
	s.Fatalf("no control socket among %q", names)
	return ""
}
