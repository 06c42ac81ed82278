package cmd

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vswitch/control"
	"vswitch/openflow"
)

func TestColor(t *testing.T) {
	f := newFakeSwitch()
	f.add(t, "priority=5,ip,actions=drop")
	red := func(name string) string { return map[string]string{"OVS_COLORS": "dr=31", "TERM": "xterm"}[name] }
	const colored = "\x1b[31m\x1b[Kdrop\x1b[m\x1b[K"
	for _, c := range []struct {
		line     string
		terminal bool
		colored  bool
	}{
		{"dump-flows br0", true, false},
		{"dump-flows br0 --color=always", false, true},
		{"dump-flows br0 --color=always --sort", false, true},
		{"dump-flows br0 --color", true, true},
		{"dump-flows br0 --color=auto", false, false},
		{"dump-flows br0 --color=never", true, false},
	} {
		r := f.runWith(t, Stdio{Terminal: c.terminal, Getenv: red}, strings.Fields(c.line)...)
		wantExit(t, r, exitOK)
		if strings.Contains(r.out, colored) != c.colored {
			t.Errorf("%s: %q", c.line, r.out)
		}
	}
	wantExit(t, f.run(t, "dump-flows", "br0", "--color=blue"), exitUsage, "always, never, auto")
	bad := func(string) string { return "xx=1" }
	wantExit(t, f.runWith(t, Stdio{Getenv: bad}, "dump-flows", "br0", "--color=always"), exitUsage, "$OVS_COLORS", `"xx"`)
}

// TestShortenedFlags writes flags as getopt_long takes them.
func TestShortenedFlags(t *testing.T) {
	f := newFakeSwitch()
	f.add(t, "priority=5,ip,actions=drop")
	want := f.run(t, "dump-flows", "br0", "--no-stats", "--protocols", "OpenFlow13").out
	for _, line := range []string{"dump-flows br0 --no-stat --protocol OpenFlow13", "--no-st --proto=openflow13 dump-flows br0"} {
		if r := f.run(t, strings.Fields(line)...); r.code != exitOK || r.out != want {
			t.Errorf("%s: %v", line, r)
		}
	}
	// Several flags begin with --s.
	wantExit(t, f.run(t, "dump-flows", "br0", "--s"), exitUsage, "no flag --s")
	// Behind -- are operands.
	wantExit(t, f.run(t, "dump-flows", "br0", "--", "--no-stat"), exitUsage, "--no-stat")
}

// TestCalledOvsOfctl wants OpenFlow 1.0 under that name, unless -O says otherwise.
func TestCalledOvsOfctl(t *testing.T) {
	f := newFakeSwitch()
	for line, version := range map[string]string{
		"dump-desc br0":                    "OFPST_DESC reply (xid",
		"dump-desc br0 -O OpenFlow13":      "OFPST_DESC reply (OF1.3)",
		"-F OXM-OpenFlow14 dump-flows br0": "OFPST_FLOW reply (OF1.4)",
		"-F any dump-desc br0":             "OFPST_DESC reply (xid",
	} {
		r := f.runWith(t, Stdio{Name: ovsName}, strings.Fields(line)...)
		if wantExit(t, r, exitOK); !strings.HasPrefix(r.out, version) {
			t.Errorf("%s: %s", line, r.out)
		}
	}
}

// TestSupervise gives a monitor control commands.
func TestSupervise(t *testing.T) {
	f := newFakeSwitch()
	socket := filepath.Join(t.TempDir(), "m.ctl")
	var out, errs bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- Run([]string{"monitor", "br0", "-O", "OpenFlow13", "--unixctl", socket}, Stdio{Out: &out, Err: &errs}, f.dialer(t))
	}()
	var stream net.Conn
	waitFor(t, func() (err error) { stream, err = net.Dial("unix", socket); return err })
	defer stream.Close()
	client := control.NewClient(stream)
	ask := func(want, wrong string, words ...string) {
		t.Helper()
		reply, err := client.Text(control.Method(words[0]), words[1:]...)
		switch {
		case wrong == "" && (err != nil || reply != want):
			t.Errorf("%q: %q, %v", words, reply, err)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%q: %q, %v, want %q", words, reply, err, wrong)
		}
	}
	ask("sent\n", "", "ofctl/send", "0402 0008 00000007")
	ask("", "no whole OpenFlow message", "ofctl/send", "0402000800000007", "04020009")
	ask("", "invalid byte", "ofctl/send", "zz")
	ask("", "requires at least 1", "ofctl/send")
	ask("", "", "ofctl/barrier")
	ask("", "", "ofctl/packet-out", "in_port=h1,packet=02000000000202000000000188b5,actions=2")
	ask("", "nosuch", "ofctl/packet-out", "in_port=nosuch,packet=00,actions=2")
	ask("", "", "ofctl/barrier")
	ask("", "", "ofctl/block")
	ask("already blocking\n", "", "ofctl/block")
	ask("", "", "ofctl/unblock")
	ask("", "not a directory", "ofctl/set-output-file", socket+"/file")
	ask("", "", "exit")
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if n := len(f.heard(openflow.KindPacketOut)); n != 1 {
		t.Errorf("the switch was told of %d packets", n)
	}
	if !strings.Contains(out.String(), "send: OFPT_ECHO_REQUEST") || !strings.Contains(out.String(), "OFPT_ECHO_REPLY") {
		t.Errorf("printed: %s", out.String())
	}
	r := f.run(t, "monitor", "br0", "--unixctl", filepath.Join(t.TempDir(), "no", "dir"))
	wantExit(t, r, exitRefused, "--unixctl", "no such file")
}

// waitFor waits until something succeeds.
func waitFor(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-time.After(time.Millisecond)
	}
}

func TestIsTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if IsTerminal(null) || !IsTerminal(terminal) {
		t.Errorf("%s: %t, %s: %t", null.Name(), IsTerminal(null), terminal.Name(), IsTerminal(terminal))
	}
}
