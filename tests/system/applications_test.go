package system

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vswitch/control"
)

const standbyPort = "16656"

// pairConfig is a bridge with two controllers, which does nothing without them.
const pairConfig = `
bridges:
  - name: br0
    fail_mode: secure
    controllers:
      - {target: "tcp:127.0.0.1:` + controllerPort + `", max_backoff: 1s}
      - {target: "tcp:127.0.0.1:` + standbyPort + `", max_backoff: 1s}
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24]}
`

// TestStandbyController has two applications of os-ken share a switch: one leads, the
// other takes over when that is gone, and gives the lead back when it returns.
func TestStandbyController(t *testing.T) {
	for _, version := range []string{"1.0", "1.3", "1.4", "1.5"} {
		t.Run(version, func(t *testing.T) { standbyController(t, version) })
	}
}

func standbyController(t *testing.T, version string) {
	s := newLab(t, "ping").run(pairConfig)
	setting := "OPENFLOW=" + version
	spawn := func() *process {
		return s.spawnApplication("standby.py", []string{setting}, "--ofp-tcp-listen-port", controllerPort)
	}
	// The generations of 1.0 are none; the others have 0 first.
	master := func(p *process, generation string) {
		t.Helper()
		if version == "1.0" {
			generation = ""
		} else {
			generation = " generation " + generation + "\n"
		}
		p.says("ROLE master" + generation)
	}
	primary := spawn()
	master(primary, "0")
	standby := s.spawnApplication("standby.py", []string{setting, "PRIMARY=" + controllerPort}, "--ofp-tcp-listen-port", standbyPort)
	standby.says("ROLE slave")
	if version != "1.0" {
		standby.says("REFUSED type=1 code=10") // what it wants to change, as a slave
	}
	s.awaitRoles("primary", "secondary")
	s.reaches("h1", ip2)
	primary.says("PACKET from port 2")
	if said := standby.log.String(); strings.Contains(said, "PACKET") {
		t.Errorf("a slave has been sent packets:\n%s", said)
	}

	primary.signal(syscall.SIGKILL)
	master(standby, "1")
	s.awaitRoles("", "primary")
	s.reaches("h2", ip1)
	standby.says("PACKET from port 1")

	// The first returns, and does not know what has happened since.
	primary = spawn()
	if version != "1.0" {
		primary.says("REFUSED type=11 code=0")
	}
	master(primary, "2")
	s.awaitRoles("primary", "secondary")
	if version == "1.4" || version == "1.5" {
		standby.says("LOST role=3 reason=0 generation 2")
	}
	s.reaches("h1", ip2)
	primary.says("PACKET from port 2")
	noComplaint(t, primary)
	noComplaint(t, standby)
}

// awaitRoles waits until the bridge's controllers have these roles; "": is not
// connected.
func (s *vswitch) awaitRoles(want ...string) {
	s.Helper()
	s.await(fmt.Sprintf("the controllers' roles are %q", want), func() error {
		r, err := ask[control.StatusReply](s, "status")
		if err != nil {
			return err
		}
		var got []string
		for _, c := range r.Bridges[0].Controllers {
			if !c.Connected {
				c.Role = ""
			}
			got = append(got, c.Role)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

// noComplaint fails the test if the application has ended in an exception somewhere.
func noComplaint(t *testing.T, p *process) {
	t.Helper()
	if said := p.out.String() + p.log.String(); strings.Contains(said, "Traceback") || strings.Contains(said, "FAILED") {
		t.Errorf("the application complains:\n%s", said)
	}
}

// TestSelectiveController has an application of os-ken choose what it is told. Of each
// kind the switch has something to tell that it did not ask for, and after it
// something that it did.
func TestSelectiveController(t *testing.T) {
	for _, version := range []string{"1.0", "1.3", "1.4", "1.5"} {
		t.Run(version, func(t *testing.T) { selectiveController(t, version) })
	}
}

func selectiveController(t *testing.T, version string) {
	s := newLab(t, "ping").run(threeSecure)
	controller := s.spawnApplication("selective.py", []string{"OPENFLOW=" + version}, "--ofp-tcp-listen-port", controllerPort)
	controller.says("ASKED")
	switch version {
	case "1.3":
		controller.says(`MASKS packets \[4, 0\] ports \[4, 0\] flows \[4, 0\]`)
	case "1.4", "1.5":
		// Masters' kinds are odd; slaves' have what the specification gives them (1.4.1 §6.3.6).
		controller.says(`\(1, 4\),.* \(3, 4\),.* \(5, 4\),.* \(9, 8\),.* \(11, 1\)`)
	}

	// Packets: one that no flow matches, one that an action sends, one whose time ends.
	s.ofctl("add-flow", "br0", "priority=1,actions=controller")
	s.ofctl("add-flow", "br0", "priority=2,arp,actions=normal")
	s.ofctl("add-flow", "br0", "priority=2,ip,nw_ttl=1,actions=dec_ttl,output:h2")
	s.missesOut("h1", ip2)
	s.missesOut("h1", ip2, "-t", "1")
	controller.says("TOLD packet, reason 2")

	// Flows: one whose time ends, one that is deleted.
	s.ofctl("add-flow", "br0", "cookie=5,priority=5,send_flow_rem,hard_timeout=1,ip,nw_tos=4,actions=drop")
	s.ofctl("add-flow", "br0", "cookie=6,priority=6,send_flow_rem,ip,nw_tos=8,actions=drop")
	s.await("the flow with a timeout is gone", func() error {
		if text := s.ofctl("dump-flows", "br0", "cookie=5/-1"); strings.Contains(text, "cookie=0x5") {
			return errorText(text)
		}
		return nil
	})
	s.ofctl("del-flows", "br0", "cookie=6/-1")
	controller.says("TOLD flow 6, reason 2")

	// Ports: one that goes, one that changes.
	s.reload(strings.Replace(threeSecure, "      - {name: h2,", "      #", 1))
	s.ofctl("mod-port", "br0", "h3", "no-flood")
	controller.says("TOLD port h3, reason 2")

	if version == "1.4" || version == "1.5" {
		s.ofctl("add-meter", "br0", "meter=1,kbps,band=type=drop,rate=1000")
		s.ofctl("add-group", "br0", "group_id=9,type=all")
		controller.says("TOLD OFPGroupMod, command 0, group 9")
	}
	told := controller.log.String()
	for _, wrong := range []string{"packet, reason 0", "packet, reason 1", "flow 5", "port h2", "OFPMeterMod", "REFUSED"} {
		if strings.Contains(told, wrong) {
			t.Errorf("the controller was told of %q, which it did not ask for:\n%s", wrong, told)
		}
	}
	noComplaint(t, controller)
}

// TestTransactionController has an application of os-ken change a switch by bundles,
// good and bad ones, and then swap all flows by bundles while frames pass: each finds
// either the old flows or the new ones.
func TestTransactionController(t *testing.T) {
	for _, version := range []string{"1.3", "1.4", "1.5"} {
		t.Run(version, func(t *testing.T) {
			s := newLab(t, "ping").run(threeSecure)
			controller := s.spawnApplication("transaction.py", []string{"OPENFLOW=" + version}, "--ofp-tcp-listen-port", controllerPort)
			for _, name := range []string{"commit", "discard", "refuse_one", "refuse_last", "close", "mix"} {
				controller.says("PASSED " + name)
			}
			controller.says("SWAPPED")
			s.reaches("h1", ip2)
			const pings = 500
			swaps := func() int { return strings.Count(controller.log.String(), "SWAPPED") }
			before := swaps()
			if n := s.ping("h1", ip2, pings, "-i", "0.002"); n != pings {
				t.Errorf("%d of %d pings came back while the flows were swapped", n, pings)
			}
			if n := swaps() - before; n < 10 {
				t.Errorf("only %d swaps while the pings ran", n)
			}
			noComplaint(t, controller)
		})
	}
}

// TestObservingController has an application of os-ken watch what others do to a table.
func TestObservingController(t *testing.T) {
	for _, version := range []string{"1.3", "1.4", "1.5"} {
		t.Run(version, func(t *testing.T) {
			s := newLab(t).run(threeSecure)
			s.ofctl("add-flow", "br0", "table=1,cookie=1,priority=10,in_port=h1,actions=output:h2")
			s.ofctl("add-flow", "br0", "table=2,cookie=2,priority=10,in_port=h1,actions=output:h2")
			controller := s.spawnApplication("observer.py", []string{"OPENFLOW=" + version}, "--ofp-tcp-listen-port", controllerPort)
			// Its own change comes in short, as the last of the beginning.
			controller.says("SEEN ABBREV")
			s.ofctl("add-flow", "br0", "table=1,cookie=3,priority=20,in_port=h2,actions=output:h1")
			s.ofctl("mod-flows", "br0", "table=1,cookie=3/-1,in_port=h2,actions=output:h3,output:h1")
			s.ofctl("del-flows", "br0", "table=2")
			s.ofctl("del-flows", "br0", "table=1,in_port=h1")
			s.ofctl("del-flows", "br0", "table=1,in_port=h2")
			controller.says("SEEN REMOVED cookie 3")
			var seen []string
			for line := range strings.Lines(controller.log.String()) {
				if _, what, ok := strings.Cut(line, "SEEN "); ok {
					seen = append(seen, strings.TrimSpace(what))
				}
			}
			want := []string{
				"INITIAL cookie 1 priority 10 table 1", "ABBREV", "ADDED cookie 3 priority 20 table 1",
				"MODIFIED cookie 3 priority 20 table 1", "REMOVED cookie 1 priority 10 table 1", "REMOVED cookie 3 priority 20 table 1",
			}
			if version == "1.3" {
				want[0] = strings.Replace(want[0], "INITIAL", "ADDED", 1)
			}
			if len(seen) != len(want) {
				t.Fatalf("seen:\n%s", strings.Join(seen, "\n"))
			}
			for i, line := range seen {
				if !strings.HasPrefix(line, want[i]) {
					t.Errorf("seen %q, want %q", line, want[i])
				}
			}
			noComplaint(t, controller)
		})
	}
}

// TestTopologyController has os-ken find the patch ports that join two bridges, by frames
// of LLDP, and hear of it when a port at one end is taken down. os-ken does not do it in 1.5.
func TestTopologyController(t *testing.T) {
	for version, name := range map[string]string{"1.0": "OpenFlow10", "1.3": "OpenFlow13", "1.4": "OpenFlow14"} {
		t.Run(version, func(t *testing.T) {
			s := newLab(t).run(`
bridges:
  - name: br0
    datapath_id: "0000000000000001"
    fail_mode: secure
    controllers: [{target: "tcp:127.0.0.1:` + controllerPort + `", max_backoff: 1s}]
    ports:
      - {name: to-br1, type: patch, peer: to-br0, ofport: 9}
  - name: br1
    datapath_id: "0000000000000002"
    fail_mode: secure
    controllers: [{target: "tcp:127.0.0.1:` + controllerPort + `", max_backoff: 1s}]
    ports:
      - {name: to-br0, type: patch, peer: to-br1, ofport: 8}
`)
			app := s.spawnApplication("topology.py", []string{"OPENFLOW=" + version}, "--ofp-tcp-listen-port", controllerPort, "--observe-links")
			app.says("JOINED 1.9 -> 2.8")
			app.says("JOINED 2.8 -> 1.9")
			s.ofctl("-O", name, "mod-port", "br1", "to-br0", "down")
			app.says("PARTED 1.9 -> 2.8")
			app.says("PARTED 2.8 -> 1.9")
			noComplaint(t, app)
		})
	}
}
