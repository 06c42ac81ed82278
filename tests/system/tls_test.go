package system

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"vswitch/control"
	"vswitch/tests/authority"
)

const tlsConfig = `
tls: {private_key: switch.key, certificate: switch.pem, ca_cert: ca.pem}
reload: %s
bridges:
  - name: br0
    fail_mode: secure
    controllers: [{target: "ssl:127.0.0.1:16655", max_backoff: 1s}]
    listen: ["pssl:16654:127.0.0.1"]
    ports:
      - {name: h1, type: tap, netns: $h1, ofport: 1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, ofport: 2, address: [10.0.0.2/24]}
`

const tlsTarget = "ssl:127.0.0.1:16654"

// files writes a certificate and its key for somebody, as NAME.pem and NAME.key.
func (l *lab) issue(a *authority.Authority, name string, after time.Duration) {
	l.Helper()
	certificate, key := a.Issue(name, after)
	l.write(name+".pem", certificate)
	l.write(name+".key", key)
}

// tlsFlags are ovs-ofctl's and ofctl's for somebody, with the authority of a file.
func (l *lab) tlsFlags(name, ca string) []string {
	return []string{"--private-key=" + l.path(name+".key"), "--certificate=" + l.path(name+".pem"), "--ca-cert=" + l.path(ca)}
}

// overTLS runs Debian's ovs-ofctl over TLS as somebody.
func (s *vswitch) overTLS(name, ca, command string, operands ...string) (string, error) {
	words := append([]string{"ovs-ofctl", "-O", "OpenFlow14", "--timeout=20"}, s.tlsFlags(name, ca)...)
	return s.tryIn("switch", append(append(words, strings.Fields(command)...), append([]string{tlsTarget}, operands...)...)...)
}

// startTLS starts a switch of authority "a" with an operator of it.
func startTLS(t *testing.T, reload string, tools ...string) (*vswitch, *authority.Authority) {
	t.Helper()
	l := newLab(t, append(tools, "ovs-ofctl")...)
	a := authority.New(t, "a")
	l.write("ca.pem", a.PEM())
	l.write("a.pem", a.PEM())
	l.issue(a, "switch", 24*365*time.Hour)
	l.issue(a, "operator", time.Hour)
	return l.run(fmt.Sprintf(tlsConfig, reload)), a
}

// TestTLS has Debian's ovs-ofctl and ovs-testcontroller talk to the switch over TLS,
// and certificates change while it runs.
func TestTLS(t *testing.T) {
	s, a := startTLS(t, "signal", "ovs-testcontroller", "ping")
	s.faulty = true
	b := authority.New(t, "b")
	s.write("b.pem", b.PEM())
	s.issue(b, "stranger", time.Hour)

	s.missesOut("h1", ip2)
	s.issue(a, "controller", time.Hour)
	// In OpenFlow 1.5 ovs-testcontroller 3.1 dies of its own packet-out.
	s.spawn("switch", append([]string{"ovs-testcontroller", "-O", "OpenFlow13"}, append(s.tlsFlags("controller", "a.pem"), "--unixctl=none", "pssl:16655:127.0.0.1")...)...)
	s.awaitController("OpenFlow13")
	s.reaches("h1", ip2)

	s.must(s.overTLS("operator", "a.pem", "add-flow", "cookie=0x7,priority=9,udp,actions=output:2"))
	s.write("flows", "priority=8,tcp,actions=drop\npriority=7,tcp,actions=drop\n")
	s.must(s.overTLS("operator", "a.pem", "--bundle add-flows", "$dir/flows"))
	shows(t, s.must(s.overTLS("operator", "a.pem", "dump-flows")), `cookie=0x7,.* priority=9,udp actions=output:2`, `priority=8,tcp`, `priority=7,tcp`)
	ours := append(s.tlsFlags("operator", "a.pem"), "dump-flows", tlsTarget)
	shows(t, s.ofctl(ours...), `cookie=0x7,`)

	out, err := s.overTLS("stranger", "a.pem", "dump-flows")
	s.fails(out, err, "ovs-ofctl")
	s.saysInStatus(`note: bridge br0: pssl:16654:127.0.0.1 has refused 1 connections, the last one ssl:127.0.0.1:\d+: TLS: the certificate of the peer, "CN=stranger": x509: certificate signed by unknown authority`)
	out, err = s.overTLS("operator", "b.pem", "dump-flows") // who does not trust the switch
	s.fails(out, err, "ovs-ofctl")
	s.saysInStatus(`has refused 2 connections, .*: TLS: .*tls: `)

	// Files that do not belong together change nothing.
	certificate, key := b.Issue("switch", 24*365*time.Hour)
	s.write("switch.key", key)
	s.ofctl("reload")
	s.saysInStatus(`FAILED: setting tls: private_key switch.key with certificate switch.pem: tls: private key does not match public key`)
	s.must(s.overTLS("operator", "a.pem", "dump-flows"))
	s.must(s.exec("mv", s.path("ca.pem"), s.path("away.pem")))
	out, err = s.tryOfctl("reload")
	s.fails(out, err, configFile+":2:", "ca_cert: ", "no such file")
	s.must(s.overTLS("operator", "a.pem", "dump-flows"))

	before := s.status().Bridges[0].Controllers[0]
	// With the new ones those of the new authority are let in, and nobody else. Who
	// was in already stays.
	s.write("switch.pem", certificate)
	s.write("ca.pem", b.PEM())
	if r := mustAsk[control.ReloadReply](s, "reload"); len(r.Steps) != 1 || len(r.Troubles) != 0 {
		t.Errorf("reload of new certificates: %+v", r)
	}
	s.must(s.overTLS("stranger", "b.pem", "dump-flows"))
	out, err = s.overTLS("operator", "b.pem", "dump-flows")
	s.fails(out, err, "ovs-ofctl")
	if c := s.status().Bridges[0].Controllers[0]; !c.Connected || c.Since <= before.Since {
		t.Errorf("the controller's connection was %+v and is %+v", before, c)
	}
}

// TestTLSLearningController has an application of os-ken, which demands a certificate,
// drive the switch.
func TestTLSLearningController(t *testing.T) {
	s, a := startTLS(t, "signal", "ping")
	s.issue(a, "controller", time.Hour)
	s.missesOut("h1", ip2)
	s.spawnApplication("learning_switch.py", []string{"OPENFLOW=1.3"}, "--ofp-ssl-listen-port", "16655",
		"--ctl-privkey", s.path("controller.key"), "--ctl-cert", s.path("controller.pem"), "--ca-certs", s.path("a.pem"))
	s.awaitController("OpenFlow13")
	s.reaches("h1", ip2)
}

// saysInStatus wants the status to match a pattern.
func (s *vswitch) saysInStatus(pattern string) {
	s.Helper()
	shows(s, s.ofctl("status"), pattern)
}

// TestTLSWatch wants a certificate that ends soon to be told of, and one that takes its
// place to be used without a word, where the configuration is watched.
func TestTLSWatch(t *testing.T) {
	s, a := startTLS(t, "watch")
	s.issue(a, "switch", time.Hour)
	s.await("the new certificate is in use", func() error {
		if text := s.ofctl("status"); !strings.Contains(text, "note: the certificate of tls ends on ") {
			return errorText(text)
		}
		return nil
	})
	s.must(s.overTLS("operator", "a.pem", "dump-flows"))
	s.saysInStatus(`controller ssl:127.0.0.1:16655: not connected .*connection refused`)
}

// TestTLSWatchLinks has the certificate lie behind links, as Kubernetes mounts secrets:
// another one takes its place when a link to its directory is replaced, and once more.
func TestTLSWatchLinks(t *testing.T) {
	l := newLab(t)
	a := authority.New(t, "a")
	l.write("ca.pem", a.PEM())
	for version, after := range map[string]time.Duration{"1": 24 * 365 * time.Hour, "2": time.Hour, "3": 24 * 365 * time.Hour} {
		l.must(l.exec("mkdir", l.path("..v"+version)))
		l.issue(a, "..v"+version+"/switch", after)
	}
	l.must(l.exec("ln", "-s", "..v1", l.path("..data")))
	for _, name := range []string{"switch.pem", "switch.key"} {
		l.must(l.exec("ln", "-s", "..data/"+name, l.path(name)))
	}
	s := l.run(fmt.Sprintf(tlsConfig, "watch"))
	const note = "note: the certificate of tls ends on "
	for _, version := range []string{"2", "3"} {
		s.must(s.exec("ln", "-s", "..v"+version, s.path("..next")))
		s.must(s.exec("mv", "-T", s.path("..next"), s.path("..data")))
		s.await("certificate "+version+" is in use", func() error {
			if text := s.ofctl("status"); strings.Contains(text, note) != (version == "2") {
				return errorText(text)
			}
			return nil
		})
	}
}

// holdOpen opens connections and says nothing on them, or half of a greeting. It tells
// when all are open, and how many have been closed once it is asked.
const holdOpen = `
import socket, select, sys, signal
held = []
for i in range(200):
    c = socket.create_connection(("127.0.0.1", 16654))
    if i % 2:
        c.send(b"\x16\x03\x01\x02\x00")
    held.append(c)
print("open", flush=True)
signal.sigwait([signal.SIGUSR1])
closed = select.select(held, [], [], 0)[0]
print("closed", len(closed), flush=True)
`

// TestTLSHalfOpen has many peers begin a handshake and not go on. Others must get
// through, and the many must be let go.
func TestTLSHalfOpen(t *testing.T) {
	s, _ := startTLS(t, "signal", python)
	holder := s.spawn("switch", "env", "--block-signal=USR1", python, "-c", holdOpen)
	holder.says("open")
	for range 5 {
		began := time.Now()
		s.must(s.overTLS("operator", "a.pem", "dump-flows"))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("an operator waited %v", took)
		}
	}
	holder.signal(syscall.SIGUSR1)
	var closed int
	if _, err := fmt.Sscan(holder.says(`closed (\d+)`)[1], &closed); err != nil || closed < 200-64 {
		t.Errorf("%d of 200 silent connections were closed, want all but 64 (%v)", closed, err)
	}
}
