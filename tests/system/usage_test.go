package system

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestRefusals wants one sentence that says what to do from a switch that cannot start,
// and from an ofctl that does not find it.
func TestRefusals(t *testing.T) {
	l := newLab(t)
	vswitchd, ofctl := binaries+"/vswitchd", binaries+"/ofctl"
	good := l.write("good.yaml", twoHosts)
	for _, test := range []struct {
		name    string
		command []string
		exit    int
		words   []string
	}{
		{"no file", []string{vswitchd, "-c", "$dir/none.yaml", "--rundir", "$dir"}, 1, []string{"none.yaml", "no such file"}},
		{"no arguments", []string{vswitchd}, 2, []string{"usage: vswitchd -c FILE"}},
		{"unknown flag", []string{vswitchd, "--confg", good}, 2, []string{"--confg"}},
		{"typo", []string{vswitchd, "--check", "-c", l.write("typo.yaml", "brigdes: []")}, 1, []string{"$dir/typo.yaml:1", "brigdes", "bridges"}},
		{"bad flow", []string{vswitchd, "--check", "-c", l.write("flow.yaml", "bridges: [{name: br0, flows: 'tp_dts=80,actions=drop'}]")}, 1,
			[]string{"br0", "tp_dts", "tp_dst"}},
		{"no switch", []string{ofctl, "--rundir", "$dir", "status"}, 1, []string{"$dir/vswitchd.pid", "is vswitchd running?"}},
		{"no bridge", []string{ofctl, "--rundir", "$dir", "show", "br0"}, 1, []string{"br0", "is vswitchd running?"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := l.exec(test.command...)
			l.fails(out, err, test.words...)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != test.exit {
				t.Errorf("ended with %v, want exit code %d", err, test.exit)
			}
		})
	}
}

// TestWithoutRoot wants a plain user to be told that root is needed, and nothing to be
// left behind.
func TestWithoutRoot(t *testing.T) {
	l := newLab(t, "setpriv", "chown")
	l.must(l.exec("chown", "65534", l.dir))
	l.must(l.exec("chmod", "755", l.dir))
	file := l.write(configFile, strings.ReplaceAll(twoHosts, "netns: $h1, ", ""))
	p := l.spawn("switch", "setpriv", "--reuid", "65534", "--clear-groups", binaries+"/vswitchd", "-c", file, "--rundir", l.dir)
	p.says(`(?i)root|CAP_NET_ADMIN`)
	p.signal(syscall.SIGTERM)
	_ = p.wait()
	if text := p.log.String(); strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		t.Errorf("it said:\n%s", text)
	}
}

// TestFlowMistakes wants ofctl to refuse flows that are not what they seem, and to
// change nothing.
func TestFlowMistakes(t *testing.T) {
	s := newLab(t).run("bridges: [{name: br0, fail_mode: secure}]")
	for _, test := range []struct {
		flow  string
		words []string
	}{
		{"tp_dst=80,actions=2", []string{"tp_dst", "tcp,tp_dst=80"}},
		{"tp_dts=80,actions=2", []string{"tp_dts", "tp_dst"}},
		{"ip,nw_dst=10.0.0.300,actions=drop", []string{"10.0.0.300"}},
		{"actions=output", []string{"output"}},
	} {
		out, err := s.tryOfctl("add-flow", "br0", test.flow)
		s.fails(out, err, append(test.words, "exit status 2")...)
	}
	if text := s.ofctl("dump-flows", "br0"); strings.Contains(text, "actions=") {
		t.Errorf("flows after refused ones:\n%s", text)
	}
}
