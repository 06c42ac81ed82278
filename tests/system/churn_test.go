package system

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/control"
)

// churned is a switch whose h1 sends to everybody; h3 and cable come and go.
const churned = `
datapath: {io: $io}
bridges:
  - name: br0
    fail_mode: secure
    flows: in_port=h1,actions=output:h2,output:cable,output:h3
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24]}
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24]}
      - {name: cable, type: $cable}
`

// moves are the ways that frames take: what moves those of TAPs, and the type of the
// cable's port.
var moves = []struct{ io, cable string }{{"syscall", "system"}, {"uring", "system"}, {"syscall", "afxdp"}}

// TestChurn is TestSoakChurn for a moment.
func TestChurn(t *testing.T) {
	for _, m := range moves {
		t.Run(m.io+" "+m.cable, func(t *testing.T) { testChurn(t, m.io, m.cable, 0) })
	}
}

// TestSoakChurn has devices change and vanish under full load, for as long as
// $VSWITCH_SOAK says: nothing stalls, and memory and descriptors do not grow.
func TestSoakChurn(t *testing.T) {
	spent, err := time.ParseDuration(os.Getenv("VSWITCH_SOAK"))
	if err != nil {
		return // TestChurn does it in short
	}
	for _, m := range moves {
		t.Run(m.io+" "+m.cable, func(t *testing.T) { testChurn(t, m.io, m.cable, spent/time.Duration(len(moves))) })
	}
}

func testChurn(t *testing.T, io, cable string, spent time.Duration) {
	l := newLab(t)
	l.makeHost("far")
	l.makeHost("aside")
	l.lay()
	config := strings.NewReplacer("$io", io, "$cable", cable).Replace(churned)
	s := l.run(config)
	l.neighbour("h1", "h1", ip2, "02:00:00:00:00:02")
	s.flood(t)
	s.churn(config) // what is made once is made now
	descriptors, memory := s.descriptors(), s.residentMiB()
	for end := time.Now().Add(spent); ; {
		s.churn(config)
		if time.Now().After(end) {
			break
		}
	}
	s.await("no descriptor leaked", func() error {
		if n := s.descriptors(); n > descriptors {
			return fmt.Errorf("%d descriptors, %d after the first round", n, descriptors)
		}
		return nil
	})
	if n := s.residentMiB(); n > memory+32 {
		t.Errorf("%d MiB resident, %d after the first round", n, memory)
	}
}

// lay makes the cable between the switch and host far.
func (l *lab) lay() {
	l.in("switch", "ip", "link", "add", "cable", "type", "veth", "peer", "name", "eth0", "netns", "$far")
	l.in("switch", "ip", "link", "set", "cable", "up")
	l.in("far", "ip", "link", "set", "eth0", "up")
}

// churn does to devices all that can be done to them while frames go there.
func (s *vswitch) churn(config string) {
	s.Helper()
	inSwitch := func(words ...string) { s.in("switch", append([]string{"ip", "link", "set", "cable"}, words...)...) }
	gone := func(port string) {
		s.await(port+" is absent", func() error {
			_, err := s.trouble("port " + port)
			return err
		})
	}
	back := func(port string) {
		s.reload(config)
		s.awaitPort(port, "ok again", func(p control.PortStatus) bool { return p.State == "ok" })
	}
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"another MTU", func() { inSwitch("mtu", "1300"); inSwitch("mtu", "1500") }},
		{"down and up", func() { inSwitch("down"); inSwitch("up") }},
		{"another name", func() { inSwitch("name", "wire"); s.in("switch", "ip", "link", "set", "wire", "name", "cable") }},
		{"another namespace", func() {
			inSwitch("netns", "$aside")
			gone("cable")
			s.in("aside", "ip", "link", "set", "cable", "netns", "$switch")
			inSwitch("up")
			back("cable")
		}},
		{"deleted", func() {
			s.in("switch", "ip", "link", "del", "cable")
			gone("cable")
			s.lay()
			back("cable")
		}},
		{"namespace deleted", func() {
			s.must(s.exec("ip", "netns", "del", "$h3"))
			gone("h3")
			back("h3")
		}},
		{"TAP down and up", func() {
			s.in("h3", "ip", "link", "set", "h3", "down")
			s.in("h3", "ip", "link", "set", "h3", "up")
		}},
	} {
		step.do()
		before := s.counters("h2").Tx.Packets
		s.await("frames go on: "+step.what, func() error {
			if now := s.counters("h2").Tx.Packets; now < before+1000 {
				return fmt.Errorf("%d frames, after %d", now, before)
			}
			return nil
		})
	}
	before := s.counters("cable").Tx.Packets
	s.await("frames go over the new cable", func() error {
		if now := s.counters("cable").Tx.Packets; now < before+100 {
			return fmt.Errorf("%d frames, after %d: %s", now, before, s.ofctl("drops"))
		}
		return nil
	})
}

// flood has h1 send as much as it can until the test ends.
func (s *vswitch) flood(t *testing.T) {
	t.Helper()
	c := call{from: s.space("h1"), version: 4, host: 2, port: 9}
	fd := c.socket(t, c.from, unix.SOCK_DGRAM, 0)
	must(t, c.connect(fd))
	stop, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-ended })
	go func() {
		defer close(ended)
		for data := make([]byte, 64); ; {
			select {
			case <-stop:
				return
			default:
				// What is refused is sent again.
				_, _ = unix.Write(fd, data)
			}
		}
	}()
}

// descriptors is how many files the switch has open.
func (s *vswitch) descriptors() int {
	s.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.status().PID))
	if err != nil {
		s.Fatal(err)
	}
	return len(open)
}
