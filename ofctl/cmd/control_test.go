package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vswitch/control"
)

// fakeDaemon answers control commands: it says what it was asked.
func fakeDaemon(t *testing.T) Dialer {
	echo := func(m control.Method) control.Handler {
		return func(args []string) (control.Reply, error) {
			if len(args) > 0 && args[0] == "br9" {
				return nil, errors.New("no such bridge")
			}
			return control.Plain(fmt.Sprintf("%s %q", m, args)), nil
		}
	}
	handlers := map[control.Method]control.Handler{
		control.FDBShow: func(args []string) (control.Reply, error) {
			var reply control.FDBReply
			for _, a := range args {
				reply = append(reply, control.FDB{Bridge: a, Entries: []control.FDBEntry{{Port: 1, Name: "h1", VLAN: 10, MAC: "02:00:00:00:00:01", Age: 3.5}}})
			}
			return reply, nil
		},
	}
	for _, c := range control.Commands() {
		if _, special := handlers[c.Method]; !special && c.Method != control.ListCommands && c.Method != control.SetOptions {
			handlers[c.Method] = echo(c.Method)
		}
	}
	server := control.NewServer(handlers)
	f := newFakeSwitch()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if filepath.Base(address) != "vswitchd.4711.ctl" {
			return f.dialer(t)(ctx, network, address)
		}
		return scripted(t, func(c net.Conn) {
			// How the connection ends is the client's affair.
			_ = server.Serve(c)
		})(ctx, network, address)
	}
}

// rundir makes a run directory of a vswitchd with bridges br0 and br1.
func rundir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"vswitchd.pid": "4711\n", "br0.mgmt": "", "br1.mgmt": "", "br0.snoop": "", "db.sock": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func runControlLine(t *testing.T, dir string, args ...string) result {
	t.Helper()
	var out, errs strings.Builder
	environment := map[string]string{"VSWITCH_RUNDIR": dir, "OVS_RUNDIR": "/nonexistent"}
	code := Run(args, Stdio{Out: &out, Err: &errs, Getenv: func(name string) string { return environment[name] }}, fakeDaemon(t))
	return result{out.String(), errs.String(), code}
}

func TestControl(t *testing.T) {
	tests := []struct{ line, want string }{
		{"status", "status []\n"},
		{"drops", "drops []\n"},
		{"log", "vlog/list []\n"},
		{"log controller:dbg main:warn", "vlog/set [\"controller:dbg\" \"main:warn\"]\n"},
		{"drops br0 h1", "drops [\"br0\" \"h1\"]\n"},
		{"trace --last h1", "ofproto/trace [\"--last\" \"h1\"]\n"},
		{"trace br0 in_port=1", "ofproto/trace [\"br0\" \"in_port=1\"]\n"},
		{"counters h1", "ports [\"h1\"]\n"},
		{"reload", "reload []\n"},
		{"exit", "exit []\n"},
		{"fdb br0", " port  VLAN  MAC                Age\n    1    10  02:00:00:00:00:01    3\n"},
		{"fdb", "bridge br0\n port  VLAN  MAC                Age\n    1    10  02:00:00:00:00:01    3\nbridge br1\n port  VLAN  MAC                Age\n    1    10  02:00:00:00:00:01    3\n"},
		{"fdb-add br0 h1 0 02:00:00:00:00:01", "fdb/add [\"br0\" \"h1\" \"0\" \"02:00:00:00:00:01\"]\n"},
		{"appctl fdb/flush br0", "fdb/flush [\"br0\"]\n"},
		{"fdb br0 --json", `[
  {
    "bridge": "br0",
    "entries": [
      {
        "port": 1,
        "name": "h1",
        "vlan": 10,
        "mac": "02:00:00:00:00:01",
        "age": 3.5,
        "static": false
      }
    ]
  }
]
`},
	}
	dir := rundir(t)
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			r := runControlLine(t, dir, strings.Fields(test.line)...)
			wantExit(t, r, exitOK)
			if r.out != test.want {
				t.Errorf("got\n%swant\n%s", r.out, test.want)
			}
		})
	}
}

func TestControlRefused(t *testing.T) {
	dir := rundir(t)
	wantExit(t, runControlLine(t, dir, "drops", "br9"), exitRefused, "ofctl: drops: no such bridge\n")
	wantExit(t, runControlLine(t, dir, "appctl", "fdb/shwo"), exitRefused, "is not a valid command")
	wantExit(t, runControlLine(t, dir, "fdb-flush", "br0", "--read-only"), exitUsage, "--read-only")
	wantExit(t, runControlLine(t, dir, "status", "--control", filepath.Join(dir, "other.ctl")), exitRefused, "no socket", "is the switch running?")
	empty := t.TempDir()
	wantExit(t, runControlLine(t, empty, "status"), exitRefused, "no "+empty+"/vswitchd.pid: is vswitchd running?")
	wantExit(t, runControlLine(t, empty, "fdb"), exitRefused, "no bridge has a socket in "+empty)
	if err := os.WriteFile(filepath.Join(empty, "vswitchd.pid"), []byte("many\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantExit(t, runControlLine(t, empty, "status"), exitRefused, "no process number in it")
}

func TestBridges(t *testing.T) {
	dir := rundir(t)
	wantExit(t, runControlLine(t, dir, "show", "br2"), exitRefused, "br2: no such bridge: did you mean br0? Bridges in "+dir+": br0, br1")
	wantExit(t, runControlLine(t, dir, "show", "internal"), exitRefused, "internal: no such bridge. Bridges in "+dir+": br0, br1")
	wantExit(t, runControlLine(t, t.TempDir(), "show", "br2"), exitRefused, "no bridge has a socket in", "is vswitchd running?", "--rundir")
	wantExit(t, runControlLine(t, "/nonexistent", "show", "br2"), exitRefused, "there is no directory /nonexistent", "is vswitchd running?")
	wantExit(t, runControlLine(t, dir, "get-frags", "system@br0"), exitOK)
}

func TestCompletion(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"add-fl"}, "add-flow\tadd a flow, or replace the one with the same match and priority\nadd-flows\tadd the flows of a file, one a line\n:4\n"},
		{[]string{"add-flow", ""}, "br0\nbr1\n:0\n"},
		{[]string{"fdb", "br0", ""}, "br0\nbr1\n:0\n"},
		{[]string{"show", "br0", ""}, ":4\n"},
		{[]string{"set-frags", "br0", ""}, "normal\ndrop\nreassemble\nnx-match\n:4\n"},
		{[]string{"add-flows", "br0", ""}, ":0\n"},
	}
	dir := rundir(t)
	for _, test := range tests {
		r := runControlLine(t, dir, append([]string{"__complete"}, test.args...)...)
		if r.out != test.want {
			t.Errorf("%q: got\n%swant\n%s", test.args, r.out, test.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := runControlLine(t, dir, "completion", shell)
		wantExit(t, r, exitOK)
		if !strings.Contains(r.out, "ofctl") {
			t.Errorf("%s: %s", shell, r.out)
		}
	}
}
