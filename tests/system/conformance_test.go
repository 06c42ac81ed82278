package system

import (
	"os/exec"
	"strings"
	"testing"
)

// threePorts have their devices beside the switch.
const threePorts = `
bridges:
  - name: br0
    fail_mode: secure
    ports:
      - {name: p1, type: tap, ofport: 1}
      - {name: p2, type: tap, ofport: 2}
      - {name: p3, type: tap, ofport: 3}
`

// TestConformance runs cases from the OpenFlow specifications over the codec of
// os-ken, on real devices.
func TestConformance(t *testing.T) {
	l := newLab(t)
	if out, err := exec.Command(python, "-c", "import os_ken").CombinedOutput(); err != nil {
		t.Skipf("needs os-ken for %s: %v: %s", python, err, out)
	}
	l.quieten("switch")
	s := l.run(threePorts)
	for _, p := range []string{"p1", "p2", "p3"} {
		l.in("switch", "ip", "link", "set", p, "up")
	}
	for _, version := range []string{"1.0", "1.3", "1.4", "1.5"} {
		t.Run(version, func(t *testing.T) {
			out, err := l.tryIn("switch", python, "testdata/conformance.py", s.path("br0.mgmt"), version)
			if err != nil || strings.Contains(out, "FAIL") || !strings.Contains(out, "checks passed") {
				t.Errorf("%v\n%s", err, out)
			}
			t.Log(out)
		})
	}
}
