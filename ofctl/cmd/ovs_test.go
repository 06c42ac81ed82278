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

// ovsOfctl runs the real tool, or skips the test where there is none.
func ovsOfctl(t *testing.T, rundir string, stdin []byte, args ...string) (out string) {
	t.Helper()
	tool, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed (package openvswitch-common)")
	}
	var errs bytes.Buffer
	c := exec.Command(tool, append([]string{"--timeout=10"}, args...)...)
	c.Env = []string{"OVS_RUNDIR=" + rundir, "PATH=/usr/bin:/bin"}
	c.Stdin, c.Stderr = bytes.NewReader(stdin), &errs
	data, err := c.Output()
	if err != nil {
		t.Fatalf("ovs-ofctl %q: %v: %s", args, err, errs.String())
	}
	return string(data)
}

// TestOfflineAsOvsOfctl compares the commands that need no switch.
func TestOfflineAsOvsOfctl(t *testing.T) {
	for _, c := range []struct{ line, stdin string }{
		{"parse-flow tcp,tp_dst=80,actions=2", ""},
		{"parse-flow table=1,tcp,tp_dst=80,actions=2", ""},
		{"parse-flow actions=strip_vlan", ""},
		{"parse-flow actions=enqueue(1,2)", ""},
		{"parse-flow tcp,actions=ct(commit,nat(src=1.1.1.1)),2", ""},
		{"parse-flow ip,actions=mod_tp_dst:80", ""},
		{"-O OpenFlow13 parse-flow dl_vlan=1,actions=1", ""},
		{"-F NXM parse-flow dl_vlan=1,actions=1", ""},
		{"parse-group group_id=1,type=all,bucket=output:1", ""},
		{"print-error OFPBAC_BAD_OUT_PORT", ""},
		{"encode-hello 0x12", ""},
		{"encode-error-reply OFPBAC_BAD_OUT_PORT 0101000800000001", ""},
		{"ofp-print 0104000800000001", ""},
		{"ofp-print 01", ""},
		{"ofp-print 04000010000000010001000800000012 2", ""},
		{"parse-actions OpenFlow10", "0000 0008 0001 0000\n0000 0008 0001 00\n00000008000200ff\n"},
		{"parse-instructions OpenFlow13", "0004 0018 00000000 0000 0010 00000001 0000 000000000000\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			want := ovsOfctl(t, "/nonexistent", []byte(c.stdin), strings.Fields(c.line)...)
			got := newFakeSwitch().runWith(t, Stdio{In: strings.NewReader(c.stdin)}, strings.Fields(c.line)...)
			if got.out != want {
				t.Errorf("ofctl prints\n%v\novs-ofctl prints\n%s", got, want)
			}
		})
	}
}

// TestCorpusAsOvsOfctl compares what is printed of the codec's corpus.
func TestCorpusAsOvsOfctl(t *testing.T) {
	files, err := filepath.Glob("../../openflow/testdata/*/*.bin")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files of the corpus: %v", len(files), err)
	}
	for _, file := range files {
		want := ovsOfctl(t, "/nonexistent", nil, "ofp-parse", file)
		if got := newFakeSwitch().run(t, "ofp-parse", file); got.out != want {
			t.Errorf("%s: ofctl prints\n%v\novs-ofctl prints\n%s", file, got, want)
		}
	}
}

// TestAsOvsOfctl runs ofctl and the real ovs-ofctl against the same switch.
func TestAsOvsOfctl(t *testing.T) {
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
				args := append([]string{"-O", version.String()}, strings.Fields(line)...)
				theirs := ovsOfctl(t, rundir, nil, args...)
				ours := f.run(t, args...)
				if ours.code != exitOK {
					t.Fatalf("ofctl: %v", ours)
				}
				got, want := changing.ReplaceAllString(ours.out, "xid"), changing.ReplaceAllString(theirs, "xid")
				if got != want {
					t.Errorf("ofctl prints\n%s\novs-ofctl prints\n%s", got, want)
				}
			})
		}
	}
}
