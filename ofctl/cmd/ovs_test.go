package cmd

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vswitch/openflow"
)

// changing are parts of output in which ovs-ofctl may differ: it opens several
// connections for one command, and their hellos take transaction numbers.
var changing = regexp.MustCompile(`xid=0x[0-9a-f]+`)

// listen serves the switch on the socket of bridge br0 in a directory of its own.
func (f *fakeSwitch) listen(t *testing.T) (rundir string) {
	t.Helper()
	rundir = t.TempDir()
	l, err := net.Listen("unix", filepath.Join(rundir, "br0.mgmt"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				// How the connection ends is the client's affair.
				_ = f.serve(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return rundir
}

// TestAsOvsOfctl runs ofctl and the real ovs-ofctl against the same switch.
func TestAsOvsOfctl(t *testing.T) {
	tool, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed (package openvswitch-common)")
	}
	lines := []string{
		"show br0", "dump-flows br0", "dump-flows br0 table=1", "dump-flows br0 --names", "dump-flows br0 --no-stats",
		"dump-flows br0 --sort", "dump-flows br0 --rsort=nw_dst", "dump-flows br0 --sort=in_port --names", "dump-flows br0 --rsort=priority --no-stats",
		"dump-aggregate br0", "dump-tables br0", "dump-ports br0", "dump-ports br0 1", "dump-ports br0 h2", "dump-ports br0 LOCAL", "dump-ports br0 --names",
		"dump-ports-desc br0", "dump-desc br0", "get-frags br0", "probe br0", "add-flow br0 priority=1,actions=drop", "del-flows br0",
		"mod-port br0 h1 down", "mod-port br0 2 up",
	}
	for _, version := range []openflow.Version{openflow.V10, openflow.V13, openflow.V14, openflow.V15} {
		f := goldenSwitch(t)
		rundir := f.listen(t)
		for _, line := range lines {
			t.Run(fmt.Sprintf("%v %s", version, line), func(t *testing.T) {
				args := append([]string{"-O", version.String(), "--timeout=10"}, strings.Fields(line)...)
				var theirs, errs bytes.Buffer
				c := exec.Command(tool, args...)
				c.Env = []string{"OVS_RUNDIR=" + rundir, "PATH=/usr/bin:/bin"}
				c.Stdout, c.Stderr = &theirs, &errs
				if err := c.Run(); err != nil {
					t.Fatalf("ovs-ofctl: %v: %s", err, errs.String())
				}
				ours := f.run(t, args...)
				if ours.code != exitOK {
					t.Fatalf("ofctl: %v", ours)
				}
				got, want := changing.ReplaceAllString(ours.out, "xid"), changing.ReplaceAllString(theirs.String(), "xid")
				if got != want {
					t.Errorf("ofctl prints\n%s\novs-ofctl prints\n%s", got, want)
				}
			})
		}
	}
}
