package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// examples says for each configuration that the project shows what its comment
// promises. The hosts are those of the example.
var examples = map[string]func(s *vswitch){
	"switch": func(s *vswitch) {
		s.reaches("h1", "10.0.0.2")
		s.reaches("h2", "fd00::1", "-6")
	},
	"vlan": func(s *vswitch) {
		s.reaches("desk1", "10.0.0.3")
		s.reaches("phone1", "10.0.0.4")
		s.missesOut("desk1", "10.0.0.2")
	},
	"firewall": func(s *vswitch) {
		s.reaches("client", "10.0.0.2")
		server := s.spawn("server", python, "-m", "http.server", "80", "--directory", s.dir)
		s.await("a web page", func() error {
			_, err := s.tryIn("client", python, "-c", "import urllib.request as r; r.urlopen('http://10.0.0.2/switch.yaml', timeout=1).read()")
			return err
		})
		server.interrupt()
		out, err := s.tryIn("server", python, "-c", "import socket; socket.create_connection(('10.0.0.1', 80), timeout=0.5)")
		s.fails(out, err, "timed out")
	},
	"controller": func(s *vswitch) {
		s.missesOut("h1", "10.0.0.2")
		s.in("switch", "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "tcp:127.0.0.1:6654", "actions=NORMAL")
		s.reaches("h1", "10.0.0.2")
	},
	"host": func(s *vswitch) {
		s.reaches("switch", "10.20.0.2")
		s.reaches("guest1", "10.20.0.1")
		s.reaches("guest1", "10.20.0.3")
	},
	"jumbo": func(s *vswitch) {
		s.reaches("h1", "10.0.0.2", "-M", "do", "-s", "8972")
	},
	"capture": func(s *vswitch) {
		s.reaches("h1", "10.0.0.2")
		text := s.in("switch", "tcpdump", "-ttttnr", "$dir/h1.pcap", "icmp")
		if strings.Count(text, "10.0.0.1 > 10.0.0.2: ICMP echo request") != 5 || strings.Contains(text, "reply") || strings.Contains(text, "1970") {
			s.Errorf("recorded:\n%s", text)
		}
	},
	"device": func(s *vswitch) { s.reaches("h1", "10.0.0.9") },
}

// namesOfSpaces finds the namespaces of an example.
var namesOfSpaces = regexp.MustCompile(`netns: (\w+)`)

// TestExamples runs every configuration that the project shows, in namespaces of the
// lab.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			l := newLab(t, "ping", "tcpdump", "ovs-ofctl", python)
			if out, err := l.exec(binaries+"/vswitchd", "-c", file, "--check"); err != nil || out != "" {
				t.Fatalf("%v %s", err, out)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if name == "device" {
				l.makeCable("cable", "10.0.0.9/24")
			}
			shows, found := examples[name]
			if !found {
				t.Fatal("what it shows is not tested")
			}
			config := namesOfSpaces.ReplaceAllString(string(text), "netns: $$$1")
			shows(l.run(strings.ReplaceAll(config, "/tmp/h1.pcap", "$dir/h1.pcap")))
		})
	}
}

// makeCable makes a host that is not the switch's doing, with an address, and a device
// of the same name where the switch runs that leads to it.
func (l *lab) makeCable(name, address string) {
	l.Helper()
	l.makeHost(name)
	l.in("switch", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", "$"+name)
	l.in("switch", "ip", "link", "set", name, "up")
	l.in(name, "ip", "address", "add", address, "dev", "eth0")
	l.in(name, "ip", "link", "set", "eth0", "up")
}
