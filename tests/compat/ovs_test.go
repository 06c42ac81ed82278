package compat

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vswitch/ofctl/cmd"
)

// patience is how long a condition may take to come true.
const patience = 20 * time.Second

// await waits for a condition. what names it.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// openVSwitch is a live Open vSwitch with the bridge br0, whose ports 1 and 2 are p1
// and p2.
type openVSwitch struct {
	testing.TB
	dir string // its OVS_RUNDIR
}

// hwaddr makes two bridges describe themselves alike.
const hwaddr = "02:00:00:00:00:ff"

// startOVS starts one, or skips the test where Open vSwitch is not installed.
func startOVS(t testing.TB) *openVSwitch {
	t.Helper()
	for _, tool := range []string{"ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl", "ovs-ofctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s (package openvswitch-switch)", tool)
		}
	}
	// Not t.TempDir: paths of sockets have at most 107 bytes.
	dir, err := os.MkdirTemp("", "vs-ovs-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := &openVSwitch{t, dir}
	o.tool("ovsdb-tool", "create", "conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
	o.daemon("ovsdb-server", "conf.db", "--remote=punix:db.sock", "--unixctl=ovsdb.ctl")
	await(t, "the database's socket", func() bool { return o.has("db.sock") })
	o.vsctl("--no-wait", "init")
	o.daemon("ovs-vswitchd", "unix:db.sock", "--enable-dummy=override", "--disable-system", "--disable-system-route", "--unixctl=vswitchd.ctl")
	o.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath-type=dummy", "fail-mode=secure",
		"other-config:datapath-id=0000000000000001", `other-config:hwaddr="`+hwaddr+`"`,
		"protocols=[OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15]",
		"--", "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=1",
		"--", "add-port", "br0", "p2", "--", "set", "interface", "p2", "type=dummy", "ofport_request=2")
	await(t, "the bridge's socket", func() bool { return o.has("br0.mgmt") && o.has("br0.snoop") })
	return o
}

func (o *openVSwitch) has(file string) bool {
	_, err := os.Stat(filepath.Join(o.dir, file))
	return err == nil
}

// command is one of Open vSwitch's programs, in its directory.
func (o *openVSwitch) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = o.dir
	c.Env = append(os.Environ(), "OVS_RUNDIR="+o.dir, "OVS_LOGDIR="+o.dir, "OVS_DBDIR="+o.dir)
	return c
}

// tool runs a program that must succeed.
func (o *openVSwitch) tool(name string, args ...string) string {
	o.Helper()
	out, err := o.command(name, args...).CombinedOutput()
	if err != nil {
		o.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (o *openVSwitch) vsctl(args ...string) {
	o.Helper()
	o.tool("ovs-vsctl", append([]string{"--db=unix:db.sock", "--retry", "--timeout=20"}, args...)...)
}

// daemon starts a program that ends with the test.
func (o *openVSwitch) daemon(name string, args ...string) {
	o.Helper()
	c := o.command(name, args...)
	var log buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() {
		if err := c.Process.Kill(); err != nil {
			o.Errorf("%s: %v\n%s", name, err, log.String())
		}
		// It was killed, and says so.
		_ = c.Wait()
	})
}

// result is what a client has left behind.
type result struct {
	out, err string
	failed   bool
}

// String shows a result in a test's messages.
func (r result) String() string {
	state := "succeeded"
	if r.failed {
		state = "failed"
	}
	return fmt.Sprintf("%s-- stderr --\n%s-- %s --\n", r.out, r.err, state)
}

// theirs runs ovs-ofctl.
func (o *openVSwitch) theirs(stdin string, args ...string) result {
	o.Helper()
	c := o.command("ovs-ofctl", append([]string{"--timeout=20"}, args...)...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	err := c.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		o.Fatal(err)
	}
	return result{out.String(), errs.String(), err != nil}
}

// ours runs ofctl.
func (o *openVSwitch) ours(stdin string, args ...string) result {
	o.Helper()
	var out, errs bytes.Buffer
	code := o.run(o.stdio(strings.NewReader(stdin), &out, &errs), append([]string{"--timeout=20"}, args...)...)
	return result{out.String(), errs.String(), code != 0}
}

func (o *openVSwitch) run(stdio cmd.Stdio, args ...string) int {
	return cmd.Run(args, stdio, new(net.Dialer).DialContext)
}

// must runs ovs-ofctl, which must succeed.
func (o *openVSwitch) must(args ...string) {
	o.Helper()
	if r := o.theirs("", args...); r.failed {
		o.Fatalf("ovs-ofctl %q: %v", args, r)
	}
}

// stdio is what ofctl needs to find the switch.
func (o *openVSwitch) stdio(in io.Reader, out, errs io.Writer) cmd.Stdio {
	return cmd.Stdio{In: in, Out: out, Err: errs, Getenv: func(name string) string {
		if name == "OVS_RUNDIR" {
			return o.dir
		}
		return ""
	}}
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends p.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is what was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
