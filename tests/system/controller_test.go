package system

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vswitch/control"
)

const controllerPort = "16653"

// threeSecure is a bridge that does nothing of its own accord, between three hosts.
const threeSecure = `
bridges:
  - name: br0
    fail_mode: secure
    controllers: [{target: "tcp:127.0.0.1:` + controllerPort + `", max_backoff: 1s}]
    ports:
      - {name: h1, type: tap, netns: $h1, address: [10.0.0.1/24]}
      - {name: h2, type: tap, netns: $h2, address: [10.0.0.2/24]}
      - {name: h3, type: tap, netns: $h3, address: [10.0.0.3/24]}
`

// TestLearningController has an application of os-ken drive a switch that does nothing
// of its own accord.
func TestLearningController(t *testing.T) {
	for version, name := range map[string]string{"1.0": "OpenFlow10", "1.3": "OpenFlow13", "1.4": "OpenFlow14", "1.5": "OpenFlow15"} {
		t.Run(version, func(t *testing.T) { learningController(t, version, name) })
	}
}

// spawnApplication starts an application of os-ken, of testdata, with settings in its
// environment: the version that it speaks is OPENFLOW. It listens as the flags say.
func (s *vswitch) spawnApplication(script string, settings []string, flags ...string) *process {
	s.Helper()
	if out, err := exec.Command(python, "-c", "import os_ken").CombinedOutput(); err != nil {
		s.Skipf("needs os-ken for %s: %v: %s", python, err, out)
	}
	manager, err := exec.LookPath("osken-manager")
	if err != nil {
		s.Skipf("needs os-ken: %v", err)
	}
	app, err := filepath.Abs("testdata/" + script)
	if err != nil {
		s.Fatal(err)
	}
	command := append([]string{"env"}, settings...)
	command = append(command, python, manager, "--ofp-listen-host", "127.0.0.1")
	return s.spawn("switch", append(append(command, flags...), app)...)
}

func learningController(t *testing.T, version, name string) {
	l := newLab(t, "ping")
	s := l.run(threeSecure)
	s.missesOut("h1", ip2)
	controller := s.spawnApplication("learning_switch.py", []string{"OPENFLOW=" + version}, "--ofp-tcp-listen-port", controllerPort)
	s.awaitController(name)
	s.await("the application has installed its first flow", func() error {
		if text := s.ofctl("dump-flows", "br0"); !strings.Contains(text, "CONTROLLER") {
			return errorText(text)
		}
		return nil
	})
	addresses := map[string]string{"h1": ip1, "h2": ip2, "h3": ip3}
	for from := range addresses {
		for to, ip := range addresses {
			if from != to {
				s.reaches(from, ip)
			}
		}
	}
	if version != "1.0" {
		// The way leads through a group for each port and a meter.
		if text := s.ofctl("-O", name, "dump-group-stats", "br0"); strings.Count(text, "group_id=") != 3 || strings.Contains(text, "packet_count=0,") {
			t.Errorf("groups:\n%s", text)
		}
		if text := s.ofctl("-O", name, "meter-stats", "br0"); !strings.Contains(text, "flow_count:6") || strings.Contains(text, "packet_in_count:0 ") {
			t.Errorf("meters:\n%s", text)
		}
	}
	// Each of the six directions has a flow, and only first packets went the long way.
	text := s.ofctl("dump-flows", "br0")
	if n := strings.Count(text, "priority=1,in_port="); n != 6 {
		t.Errorf("%d flows for pairs of hosts, want 6:\n%s", n, text)
	}
	if said := controller.out.String() + controller.log.String(); strings.Contains(said, "REFUSED") || strings.Contains(said, "Traceback") {
		t.Errorf("the controller complains:\n%s", said)
	}
	// A secure bridge goes on with its flows when the controller is gone.
	controller.interrupt()
	s.awaitController("")
	s.reaches("h1", ip3)
}

// awaitController waits until the bridge's controller is connected in a version,
// or "": is not.
func (s *vswitch) awaitController(version string) {
	s.Helper()
	want := version != ""
	s.await(fmt.Sprintf("controller connected: %q", version), func() error {
		r, err := ask[control.StatusReply](s, "status")
		if err != nil {
			return err
		}
		c := r.Bridges[0].Controllers
		if len(c) != 1 || c[0].Connected != want || want && c[0].Version != version {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
}
